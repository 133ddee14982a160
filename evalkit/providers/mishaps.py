"""The error that a JSON body holds, in any of the shapes that servers use, also inside an HTTP 200."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from evalkit.errors import ProviderError
from evalkit.providers.interface import kind_of_status
from evalkit.secrets import redact

_NO_MONEY = (
    "access_terminated",
    "billing_hard_limit_reached",
    "billing_not_active",
    "insufficient_quota",
    "quota_exceeded",
)
_NO_KEY = ("invalid_api_key", "API_KEY_INVALID")
_NO_MODEL = ("model_not_found", "invalid_model")
_WITHHELD = (
    "content_filter",
    "content_policy_violation",
    "data_inspection_failed",
    "invalid_prompt",
    "ResponsibleAIPolicyViolation",
)
# What only the words tell, of statuses that usually mean something else.
_SAYS_NO_MONEY = re.compile(
    r"free-tier limit|free-models-per-day|insufficient (?:credits|balance|funds)|credit balance is too low", re.I
)
_SAYS_NO_KEY = re.compile(r"api key not valid", re.I)
_SAYS_NO_MODEL = re.compile(r"is not a valid model id|invalid model(?:: | name passed)", re.I)
_SAYS_WITHHELD = re.compile(r"output blocked by content filtering policy|^content exists risk", re.I)
_A_DAY = re.compile(r"per_?day", re.I)  # in the id of a quota; what is used up comes back tomorrow
_DEEPEST = 20  # levels of a body that are looked into
SHOWN = 500  # characters of what a server said that an error quotes


def error_in(body: Any, status: int) -> ProviderError | None:
    """The error a body of that HTTP status holds; None when it holds none. Its message is whole: redact, then cut."""
    body = first_of(body)
    if not isinstance(body, dict):
        return None
    if body.get("error"):
        detail = _detail(body)
        code = as_int(detail.get("code"))
        return _error(detail, code if code and 400 <= code <= 599 else status)
    stated = as_int(body.get("statusCode"))
    if body.get("object") == "error" or (stated and stated >= 400) or ("detail" in body and "choices" not in body):
        return _error(body, stated or as_int(body.get("code")) or status)
    return None


def told(error: ProviderError, keys: Iterable[str] = ()) -> ProviderError:
    """The error as it is shown: without the keys, and only then cut, so that no half of a key is left."""
    message = redact(error.message, keys).strip()
    cut = message if len(message) <= SHOWN else f"{message[: SHOWN - 1]}…"
    return ProviderError(error.kind, cut, status=error.status, retry_after=error.retry_after)


def is_withheld(body: Any) -> bool:
    """Whether a filter of the provider says that it kept the reply back: a reply of a kind, also as HTTP 400."""
    body = first_of(body)
    if not isinstance(body, dict) or not body.get("error"):
        return False
    detail = _detail(body)
    meta, message = detail.get("metadata"), detail.get("message")
    is_flagged = isinstance(meta, dict) and "flagged_input" in meta  # OpenRouter, as HTTP 403
    is_said = isinstance(message, str) and _SAYS_WITHHELD.search(message) is not None
    return is_flagged or is_said or not {*_words_of(detail)}.isdisjoint(_WITHHELD)


def first_of(body: Any) -> Any:
    """A body that is a list stands for its first item (Gemini's errors)."""
    return body[0] if isinstance(body, list) and body else body


def as_int(value: Any) -> int | None:
    """A whole number of at least 0 from a number or its text; None for anything else."""
    if type(value) is int:
        return max(value, 0)
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        return max(int(float(value)), 0)
    except (ValueError, OverflowError):
        return None


def _detail(body: Mapping[str, Any]) -> Mapping[str, Any]:
    error = body["error"]
    if isinstance(error, dict):
        return error
    return {"message": error} if isinstance(error, str) else {key: body[key] for key in body if key != "error"} or body


def _error(detail: Mapping[str, Any], status: int) -> ProviderError:
    words, message = {*_words_of(detail)}, _message(detail)
    if not words.isdisjoint(_NO_KEY) or _SAYS_NO_KEY.search(message):
        return ProviderError("terminal", message, status=401)
    if not words.isdisjoint(_NO_MONEY) or _SAYS_NO_MONEY.search(message) or any(map(_A_DAY.search, words)):
        return ProviderError("terminal", message, status=status if status >= 400 else 402)
    if not words.isdisjoint(_NO_MODEL) or (status < 500 and _SAYS_NO_MODEL.search(message)):
        return ProviderError("terminal", message, status=404)
    return ProviderError(kind_of_status(status) if status >= 400 else "transient", message, status=status)


def _words_of(detail: Mapping[str, Any]) -> Iterator[str]:
    """The words that stand for what went wrong: code and type, and those of the details of Azure and Google."""
    details, inner = detail.get("details"), detail.get("innererror")
    rows = [row for row in details if isinstance(row, dict)] if isinstance(details, list) else []
    quotas = [quota for row in rows if isinstance(row.get("violations"), list) for quota in row["violations"]]
    found = [detail.get("code"), detail.get("type"), *(row.get("reason") for row in rows)]
    found += [quota.get("quotaId") for quota in quotas if isinstance(quota, dict)]
    found += [inner.get("code")] if isinstance(inner, dict) else []
    yield from (word for word in found if isinstance(word, str))


def _message(detail: Mapping[str, Any]) -> str:
    """What the server says went wrong, and where: AI/ML API names the places in a tree of its own."""
    message = detail.get("message") or detail.get("detail") or detail
    text = message if isinstance(message, str) else json.dumps(message, ensure_ascii=False)
    places = "; ".join(f"{place}: {said}" for place, said in _complaints(detail.get("meta"), ""))
    return f"{text} ({places})" if places else text


def _complaints(meta: Any, path: str, depth: int = 0) -> Iterator[tuple[str, str]]:
    """(place, complaint) of a tree `{"messages": {"0": {"role": {"_errors": ["…"]}}}}` (zod's format)."""
    if not isinstance(meta, dict) or depth > _DEEPEST:
        return
    for key, value in meta.items():
        if key == "_errors" and isinstance(value, list):
            yield from ((path or "body", said) for said in value if isinstance(said, str))
        else:
            inner = f"{path}[{key}]" if str(key).isdigit() else f"{path}.{key}".lstrip(".")
            yield from _complaints(value, inner, depth + 1)
