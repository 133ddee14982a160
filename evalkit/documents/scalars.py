"""Where YAML 1.2 differs from the 1.1 that PyYAML reads: in what ends a line, and what a text without quotes is."""

from __future__ import annotations

import re
from typing import Any

_FORMER_LINE_ENDS = (0x85, 0x2028, 0x2029)  # since 1.2 they are characters like others
_PRIVATE_USE = range(0xE000, 0xF900)
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


def stand_ins(text: str) -> dict[int, int]:
    """For those of its characters that would end a line, others that it does not have; one for one, so places hold."""
    met = [end for end in _FORMER_LINE_ENDS if chr(end) in text]
    return dict(zip(met, (code for code in _PRIVATE_USE if chr(code) not in text), strict=False)) if met else {}


def resolved(text: str) -> Any:
    """The value of a text without quotes by the core schema: a text, a number, true, false or None.

    A number may be infinite, or none.
    """
    if text in _WORDS:
        return _WORDS[text]
    if text[0] not in _NUMBER_BEGINS:
        return text
    if _INT.fullmatch(text):
        return int(text, {"0o": 8, "0x": 16}.get(text[:2], 10))
    return float(text.lower().replace(".inf", "inf").replace(".nan", "nan")) if _FLOAT.fullmatch(text) else text
