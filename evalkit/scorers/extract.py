"""From a whole reply to what a check judges: steps such as `last_line` or `json`, then a path.

Nothing found fails the check, also under `not`: a Score comes back instead of an Answer.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from threading import Lock
from typing import TYPE_CHECKING, Any, NoReturn

from evalkit.documents.numbers import bounded, finite
from evalkit.errors import CheckError
from evalkit.records.result import Answer, Score, not_found
from evalkit.records.spec import Check, Step

if TYPE_CHECKING:
    import regex

_whole = partial(bounded, digits=4000)  # Python reads no more than 4300
# What makes a text part of another word: non-positive, can't, C++, very_positive; or of another number: -5, 5.5.
_WORD_BEGINS = r"(?<![^\W_](?:_*|[-'’]))(?!(?<=[-+\u2212\u2013])\d)(?!(?<=\d[.,])\d)"
_WORD_ENDS = r"(?!(?:_*|-|['’](?!s(?!\w)))[^\W_])(?![+#])(?!(?<=\d)[.,]\d)"
_SEARCHING = Lock()
TIME_LIMIT = 1.0  # seconds one pattern may search one reply
# A fence closes where its line ends: inside a JSON string stands no line break, so no such fence either.
_FENCE = r"(?ms)```[\w-]*[ \t]*\r?\n(.*?)```[ \t]*$"
_POSITION = re.compile(r"-?\d{1,9}")


def compiled(pattern: str, flags: str = "") -> regex.Pattern[str]:
    """A pattern ready to search with; the line break that ends a YAML block is no part. Raises CheckError."""
    import regex  # takes its time, and many specs have no pattern

    bits = regex.VERSION0
    for letter in flags:
        bits |= regex.RegexFlag[letter.upper()]
    try:
        return regex.compile(pattern.removesuffix("\n"), bits)
    except RecursionError:
        raise CheckError("not a pattern: nested too deeply") from None
    except (regex.error, ValueError) as error:
        help = "put a backslash before a bracket that is meant as one" if "(" in pattern or ")" in pattern else ""
        raise CheckError(f"not a pattern: {error}", help=help) from None


def word(*texts: str, where: str = "{}") -> regex.Pattern[str]:
    """A pattern for the longest of these texts that stands as a whole word, in a pattern around it."""
    longest_first = sorted(texts, key=len, reverse=True)
    return compiled(where.format(_WORD_BEGINS + "(?:" + "|".join(map(re.escape, longest_first)) + ")" + _WORD_ENDS))


def search(pattern: regex.Pattern[str], text: str, *, full: bool = False) -> regex.Match[str] | None:
    """The first match, or with `full` that of the whole text. Raises CheckError at the time limit."""
    with _time_limit():
        return (pattern.fullmatch if full else pattern.search)(text, timeout=TIME_LIMIT)


def matches(pattern: regex.Pattern[str], text: str) -> list[regex.Match[str]]:
    """All matches. Raises CheckError at the time limit."""
    with _time_limit():
        return list(pattern.finditer(text, timeout=TIME_LIMIT))


@contextmanager
def _time_limit() -> Iterator[None]:
    """One search at a time: its limit is about the pattern, not about what else this process is busy with."""
    try:
        with _SEARCHING:
            yield
    except TimeoutError:
        raise CheckError(f"the pattern took more than {TIME_LIMIT:g} s") from None


def parse_json(text: str) -> Any:
    """Strict JSON: no NaN, no number too large to hold. Raises ValueError, also for nesting too deep to read."""
    try:
        return json.loads(text, parse_constant=_refuse, parse_float=finite, parse_int=_whole)
    except RecursionError:
        raise ValueError("nested too deeply") from None


def _refuse(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


def json_in(text: str) -> Any:
    """The JSON value a reply holds: the whole text, or its only code fence. Raises ValueError or CheckError."""
    try:
        return parse_json(text)
    except ValueError as error:
        fenced = matches(compiled(_FENCE), text)
        if len(fenced) != 1:
            raise ValueError(str(error)) from None
        return parse_json(fenced[0].group(1))


@dataclass(frozen=True, slots=True)
class Extraction:
    """The steps and the path of one check, ready to be applied."""

    steps: tuple[Callable[[Answer], Answer | Score], ...]

    def apply(self, answer: Answer) -> Answer | Score:
        """What the check judges, or the failed Score that says what was not found."""
        current: Answer | Score = answer
        for step in self.steps:
            if isinstance(current, Score):
                break
            current = step(current)
        return current


def extraction_of(check: Check) -> Extraction:
    """The extraction a check asks for. Raises CheckError for a bad pattern or path."""
    steps = [_SOURCES[check.source]] if check.source in _SOURCES else []
    steps += [_step(step) for step in check.extract]
    if check.path:
        steps += [_to_json, _path(check.path)]
    return Extraction(tuple(steps))


def _step(step: Step) -> Callable[[Answer], Answer | Score]:
    plain: dict[str, Callable[[Answer], Answer | Score]] = {
        "strip": lambda answer: _with_text(answer, answer.text.strip()),
        "lowercase": lambda answer: _with_text(answer, answer.text.lower()),
        "first_line": lambda answer: _line(answer, 0),
        "last_line": lambda answer: _line(answer, -1),
        "json": _to_json,
    }
    if step.kind in plain:
        return plain[step.kind]
    if step.kind == "regex":
        return _regex_step(compiled(step.argument), str(step.options.get("which", "first")))
    first, last = step.argument
    return _between_step(first, last)


def _with_text(answer: Answer, text: str) -> Answer:
    return replace(answer, text=text, value=text, is_parsed=False)


def with_value(answer: Answer, value: Any) -> Answer:
    """`answer` with a JSON value in place of its text; the text becomes the value's compact JSON."""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return replace(answer, text=text, value=value, is_parsed=True)


def _reasoning(answer: Answer) -> Answer | Score:
    thoughts = answer.reply.reasoning.strip()
    return _with_text(answer, thoughts) if thoughts else not_found("the reply has no reasoning")


_SOURCES: dict[str, Callable[[Answer], Answer | Score]] = {"reasoning": _reasoning}


def _line(answer: Answer, position: int) -> Answer | Score:
    lines = [line.strip() for line in answer.text.splitlines() if line.strip()]
    return _with_text(answer, lines[position]) if lines else not_found("the reply has no line")


def _to_json(answer: Answer) -> Answer | Score:
    if answer.is_parsed and not isinstance(answer.value, str):
        return answer
    try:
        return with_value(answer, json_in(answer.text))
    except ValueError as error:
        return not_found(f"the reply is not JSON: {error}")


def _regex_step(pattern: regex.Pattern[str], which: str) -> Callable[[Answer], Answer | Score]:
    def step(answer: Answer) -> Answer | Score:
        found = matches(pattern, answer.text)
        if not found:
            return not_found("the extraction's pattern found nothing")
        if which == "only" and len(found) > 1:
            return not_found(f"the extraction's pattern matched {len(found)} times, not once")
        match = found[-1 if which == "last" else 0]
        text = match.group(1) if pattern.groups else match.group()
        return _with_text(answer, text) if text is not None else not_found("the pattern's group found nothing")

    return step


def _between_step(first: str, last: str) -> Callable[[Answer], Answer | Score]:
    def step(answer: Answer) -> Answer | Score:
        _, opened, rest = answer.text.partition(first)
        inner, closed, _ = rest.partition(last)
        if not (opened and closed):
            return not_found(f"nothing stands between {first} and {last}")
        return _with_text(answer, inner.strip())

    return step


def _path(path: str) -> Callable[[Answer], Answer | Score]:
    steps = path.removeprefix("$.").split(".")
    if not all(steps):
        help = "keys and positions with dots between them: items.0.sku, or items.*.sku for each"
        raise CheckError(f"not a path: `{path}`", help=help, where=["path"])

    def step(answer: Answer) -> Answer | Score:
        try:
            return with_value(answer, _walk(answer.value, steps))
        except LookupError as missing:
            return not_found(f"the reply has no `{missing.args[0]}` (path `{path}`)")

    return step


def _walk(value: Any, steps: list[str]) -> Any:
    """The value at a path; `*` gathers from each item. Raises LookupError with the step that leads nowhere."""
    if not steps:
        return value
    step, rest = steps[0], steps[1:]
    if step == "*" and isinstance(value, list | dict):
        return [_walk(item, rest) for item in (value.values() if isinstance(value, dict) else value)]
    if isinstance(value, dict) and step in value:
        return _walk(value[step], rest)
    if isinstance(value, list) and _POSITION.fullmatch(step) and -len(value) <= int(step) < len(value):
        return _walk(value[int(step)], rest)
    raise LookupError(step)
