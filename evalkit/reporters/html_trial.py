"""One trial as the report shows it: its row, and what opens beneath the row."""

from __future__ import annotations

import hashlib
import json
import re
import shlex
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from evalkit.records.exchange import Attempt, Call, Reply
from evalkit.records.result import Outcome, Result, Score
from evalkit.reporters.figures import NBSP, count, dollars, score, seconds
from evalkit.reporters.html_columns import CELL_LIMIT, LINE_LIMIT, ColumnName, Mark
from evalkit.reporters.interface import one_line

TEXT_LIMIT = 20_000
_NOT_IN_A_SLUG = re.compile(r"[^a-z0-9]+")
_MARKS = {outcome: Mark(str(outcome), str(outcome)) for outcome in Outcome}
_json = json.JSONEncoder(ensure_ascii=False, default=str).encode
_UNASKED = Mark("unasked", "not asked")
_UNRECORDED = Mark("unrecorded", "skipped")  # the reason beside it: not recorded


@dataclass(frozen=True, slots=True)
class Text:
    """A text in full, or its beginning and a note that says where the rest is."""

    text: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class Said:
    """One message of a conversation."""

    role: str
    text: Text


@dataclass(frozen=True, slots=True)
class CheckRow:
    """One check, or a part of a group `depth` levels down."""

    mark: Mark
    name: str
    scorer: str
    value: str
    reason: str
    is_advisory: bool
    depth: int


@dataclass(frozen=True, slots=True)
class CallView:
    """One call: what was asked, what came back, and what it took."""

    role: str
    title: str
    asked: tuple[Said, ...]
    reply: Text | None
    reasoning: Text | None
    reasoning_size: str
    tools: Text | None
    request: str
    took: str
    attempts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class TrialView:
    """One row and its details. `anchor` is the same in every run of the same trial."""

    anchor: str
    mark: Mark
    tags: tuple[str, ...]
    case: str
    column: ColumnName
    first_line: str
    has_reply: bool
    why: str
    error: str
    seconds: str
    call: CallView | None
    other_calls: tuple[CallView, ...]
    checks: tuple[CheckRow, ...]
    where: str
    command: str


def trial_view(result: Result, draws: int, column: ColumnName, command: str) -> TrialView:
    """The view of one trial of a case that has `draws` of them, in the column shown as `column`.

    `command` asks cases of its spec again, and ends before the word that chooses them.
    """
    calls = sorted(result.calls, key=lambda call: call.role != "model")
    asked = [call for call in calls if call.role == "model"]
    call = next((call for call in reversed(asked) if call.reply), asked[-1] if asked else None)
    reply = result.reply
    return TrialView(
        anchor=anchor(result),
        mark=trial_mark(result),
        tags=tuple(_tags(result, draws)),
        case=one_line(result.case, CELL_LIMIT),
        column=column,
        first_line=one_line(reply.text, CELL_LIMIT) if reply else "no reply",
        has_reply=reply is not None,
        why=one_line(_why(result), CELL_LIMIT),
        error=one_line(result.error.message, LINE_LIMIT) if result.error else "",
        seconds=seconds(reply.seconds if reply else None).removesuffix(f"{NBSP}s"),
        call=_call_view(call) if call else None,
        other_calls=tuple(_call_view(other) for other in result.calls if other is not call),
        checks=tuple(_check_rows(result.scores)),
        where=f"{result.where.file}:{result.where.line}" if result.where.file else "",
        command=one_line(f"{command} {shlex.quote(result.case)}", LINE_LIMIT),
    )


def anchor(result: Result) -> str:
    """The trial's id in the page: readable, and the same as long as the trial has its name."""
    names = [result.spec, result.case, result.variant, result.model, str(result.draw)]
    digest = hashlib.sha256(json.dumps(names).encode()).hexdigest()[:12]
    slug = _NOT_IN_A_SLUG.sub("-", result.case[:CELL_LIMIT].lower()).strip("-")[:40]
    return f"{slug or 'trial'}-{digest}"


def trial_mark(result: Result) -> Mark:
    """The outcome; what the user skipped is told from what should have been asked and was not."""
    if result.outcome is Outcome.SKIPPED and not result.is_left_out:
        return _UNRECORDED if result.error and result.error.kind == "unrecorded" else _UNASKED
    return _MARKS[result.outcome]


def _tags(result: Result, draws: int) -> Iterator[str]:
    if draws > 1:
        yield f"draw {result.draw}/{max(draws, result.draw)}"
    if result.is_cut_off:
        yield "cut off"


def _why(result: Result) -> str:
    """The error, else the reason of the first check that made the outcome what it is (named among several)."""
    if result.error:
        return result.error.message or result.error.kind
    if result.outcome is Outcome.PASSED:
        return ""
    counted = [check for check in result.scores if not check.is_advisory]
    first = next((check for check in counted if check.outcome is result.outcome), None)
    if first is None:
        return "The reply was cut off." if result.is_cut_off else ""
    return f"{first.name or first.scorer}: {first.reason}" if len(counted) > 1 else first.reason


def _check_rows(scores: Iterable[Score], depth: int = 0) -> Iterator[CheckRow]:
    for check in scores:
        yield CheckRow(
            mark=_MARKS[check.outcome],
            name=one_line(check.name or check.scorer, CELL_LIMIT),
            scorer=one_line(check.scorer, CELL_LIMIT) if check.name not in ("", check.scorer) else "",
            value=score(check.value),
            reason=one_line(check.reason, LINE_LIMIT),
            is_advisory=check.is_advisory,
            depth=min(depth, 4),
        )
        yield from _check_rows(check.parts, depth + 1)


def _call_view(call: Call) -> CallView:
    request, reply = call.request, call.reply
    said = reply.text if reply else "no reply"
    tools = [_json(dict(tool)) for tool in reply.tool_calls] if reply else []
    return CallView(
        role=call.role,
        title=one_line(f"{request.model}, turn {call.turn}: {said[:CELL_LIMIT]}", CELL_LIMIT),
        asked=tuple(Said(one_line(each.role, CELL_LIMIT), _text(each.content)) for each in request.messages),
        reply=_text(reply.text) if reply else None,
        reasoning=_text(reply.reasoning) if reply and reply.reasoning else None,
        reasoning_size=count(len(reply.reasoning), "character") if reply else "",
        tools=_text("\n".join(tools)) if tools else None,
        request=one_line(" ".join([request.provider, request.model, *_params(request.params)]), LINE_LIMIT),
        took=one_line(" · ".join(_took(call)), LINE_LIMIT),
        attempts=tuple(_attempts(call.attempts)),
    )


def _text(text: str) -> Text:
    if len(text) <= TEXT_LIMIT:
        return Text(text)
    shown = f"the first {TEXT_LIMIT:,} of {len(text):,} characters"
    return Text(text[:TEXT_LIMIT], f"{shown}; full text in results.jsonl")


def _params(params: Mapping[str, Any]) -> Iterator[str]:
    for name, value in params.items():
        yield f"{name}={_json(value)}"


def _took(call: Call) -> Iterator[str]:
    if call.reply:
        yield from _reply_took(call.reply)
        yield call.origin
    if call.attempts:
        yield count(len(call.attempts), "attempt")
    if call.reply and call.reply.model:
        yield f"served by {one_line(call.reply.model, CELL_LIMIT)}"


def _reply_took(reply: Reply) -> Iterator[str]:
    usage = reply.usage
    yield seconds(reply.seconds)
    yield f"{_tokens(usage.prompt_tokens)} → {_tokens(usage.completion_tokens)} tokens"
    if usage.reasoning_tokens:
        yield f"{usage.reasoning_tokens:,} of them reasoning"
    yield "cost unknown" if reply.usd is None else dollars(reply.usd)
    yield f"finish {one_line(reply.finish_reason, CELL_LIMIT)}"


def _tokens(many: int | None) -> str:
    return "–" if many is None else f"{many:,}"


def _attempts(attempts: tuple[Attempt, ...]) -> Iterator[str]:
    """How each attempt went, when there is more to tell than that the first one brought the reply."""
    if len(attempts) < 2 and not any(attempt.error for attempt in attempts):
        return
    for attempt in attempts:
        waited = f"waited {seconds(attempt.waited)}, " if attempt.waited else ""
        yield one_line(f"{waited}{seconds(attempt.seconds)}: {attempt.error or 'replied'}", LINE_LIMIT)
