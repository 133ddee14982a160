"""A Result as one JSON object of `results.jsonl`, and back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from evalkit.records.exchange import Attempt, Call, Reply, Request, Usage
from evalkit.records.problem import Place
from evalkit.records.result import Failure, Outcome, Result, Score
from evalkit.records.spec import Message

Json = Mapping[str, Any]
_OUTCOMES = {str(outcome): outcome for outcome in Outcome}


def result_to_json(result: Result) -> dict[str, Any]:
    """The object written to `results.jsonl`; `schemas/run.schema.json` describes it."""
    calls = [_call_to_json(call) for call in result.calls]
    replies = [call["reply"] for call in calls if call["role"] == "model" and call["reply"]]
    return {
        "index": result.index,
        "spec": result.spec,
        "case": result.case,
        "model": result.model,
        "variant": result.variant,
        "draw": result.draw,
        "outcome": str(result.outcome),
        "origin": result.origin,
        "tags": list(result.tags),
        "group": result.group,
        "needed": result.needed,
        "content": result.content,
        "arm": result.arm,
        "scopes": {str(number): scope for number, scope in result.scopes.items()},
        "scores": [score_to_json(score) for score in result.scores],
        "calls": calls,
        "reply": replies[-1] if replies else None,
        "error": {"kind": result.error.kind, "message": result.error.message} if result.error else None,
        "where": {"file": result.where.file, "line": result.where.line},
    }


def result_from_json(row: Json) -> Result:
    """The Result that `result_to_json` wrote."""
    error = row["error"]
    return Result(
        index=row["index"],
        spec=row["spec"],
        case=row["case"],
        model=row["model"],
        variant=row["variant"],
        draw=row["draw"],
        outcome=_OUTCOMES[row["outcome"]],
        origin=row["origin"],
        tags=tuple(row["tags"]),
        group=row["group"],
        needed=row["needed"],
        content=row.get("content", ""),
        arm=row.get("arm", ""),
        scopes={int(number): scope for number, scope in row["scopes"].items()},
        scores=tuple(map(_score_from_json, row["scores"])),
        calls=tuple(map(_call_from_json, row["calls"])),
        error=Failure(error["kind"], error["message"]) if error else None,
        where=Place(row["where"]["file"], row["where"]["line"]),
    )


def score_to_json(score: Score) -> dict[str, Any]:
    """A score, with the scores of a group's parts inside it."""
    return {
        "scorer": score.scorer,
        "name": score.name,
        "value": score.value,
        "passed": score.passed,
        "reason": score.reason,
        "advisory": score.is_advisory,
        "found": score.is_found,
        "parts": [score_to_json(part) for part in score.parts],
    }


def _score_from_json(row: Json) -> Score:
    return Score(
        value=row["value"],
        passed=row["passed"],
        reason=row["reason"],
        scorer=row["scorer"],
        name=row["name"],
        is_advisory=row["advisory"],
        is_found=row["found"],
        parts=tuple(map(_score_from_json, row["parts"])),
    )


def _call_to_json(call: Call) -> dict[str, Any]:
    request = call.request
    return {
        "role": call.role,
        "turn": call.turn,
        "request": {
            "provider": request.provider,
            "model": request.model,
            "messages": [{"role": m.role, "content": m.content} for m in request.messages],
            "params": dict(request.params),
            "draw": request.draw,
        },
        "reply": _reply_to_json(call.reply) if call.reply else None,
        "attempts": [{"seconds": a.seconds, "waited": a.waited, "error": a.error} for a in call.attempts],
        "origin": call.origin,
    }


def _call_from_json(row: Json) -> Call:
    request = row["request"]
    return Call(
        request=Request(
            provider=request["provider"],
            model=request["model"],
            messages=tuple([Message(m["role"], m["content"]) for m in request["messages"]]),
            params=request["params"],
            draw=request["draw"],
        ),
        reply=_reply_from_json(row["reply"]) if row["reply"] else None,
        role=row["role"],
        turn=row["turn"],
        attempts=tuple([Attempt(a["seconds"], a["waited"], a["error"]) for a in row["attempts"]]),
        origin=row["origin"],
    )


def _reply_to_json(reply: Reply) -> dict[str, Any]:
    usage = reply.usage
    return {
        "text": reply.text,
        "reasoning": reply.reasoning,
        "tool_calls": [dict(call) for call in reply.tool_calls],
        "finish_reason": reply.finish_reason,
        "model": reply.model,
        "usage": {
            "prompt_tokens": usage.prompt_tokens,
            "completion_tokens": usage.completion_tokens,
            "reasoning_tokens": usage.reasoning_tokens,
            "cached_tokens": usage.cached_tokens,
            "total_tokens": usage.total_tokens,
        },
        "usd": reply.usd,
        "seconds": reply.seconds,
    }


def _reply_from_json(row: Json) -> Reply:
    return Reply(
        text=row["text"],
        reasoning=row["reasoning"],
        tool_calls=tuple(row["tool_calls"]),
        finish_reason=row["finish_reason"],
        model=row["model"],
        usage=Usage(**row["usage"]),
        usd=row["usd"],
        seconds=row["seconds"],
    )
