"""What a text without quotes stands for by YAML 1.2's core schema: `no` is a text, `1e3` a number."""

from __future__ import annotations

import re
from typing import Any

_NUMBER_BEGINS = frozenset("-+.0123456789")
# No more digits than any number has that can be counted with: what is longer becomes a float, and so infinite.
_INT = re.compile(r"[-+]?[0-9]{1,308}|0o[0-7]{1,340}|0x[0-9a-fA-F]{1,255}")
_FLOAT = re.compile(
    r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)"
)
_WORDS = {
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
    **dict.fromkeys(("null", "Null", "NULL", "~", ""), None),
}


def resolved(text: str) -> Any:
    """The value: a text, a number (it may be infinite or none), true, false or None."""
    if text in _WORDS:
        return _WORDS[text]
    if text[0] not in _NUMBER_BEGINS:
        return text
    if _INT.fullmatch(text):
        return int(text, {"0o": 8, "0x": 16}.get(text[:2], 10))
    return float(text.lower().replace(".inf", "inf").replace(".nan", "nan")) if _FLOAT.fullmatch(text) else text
