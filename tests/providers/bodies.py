"""Bodies that servers really send, each with what is to be made of it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from evalkit.errors import ErrorKind
from evalkit.records.exchange import Reply, Usage

SAMPLE = Path(__file__).with_name("sample.json").read_bytes()  # from the model page, to the letter


@dataclass(frozen=True)
class Bad:
    """A ProviderError of that kind, whose message has these words."""

    kind: ErrorKind
    says: str


@dataclass(frozen=True)
class Row:
    """A body (as JSON, or as bytes), and the Reply (its seconds apart) or the error it stands for."""

    name: str
    body: Any
    expected: Reply | Bad
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def raw(self) -> bytes:
        return self.body if isinstance(self.body, bytes) else json.dumps(self.body).encode()


def said(content: Any, finish: Any = "stop", **message: Any) -> dict[str, Any]:
    """A body with one choice."""
    return {"choices": [{"finish_reason": finish, "message": {"content": content, **message}}]}


def used(usage: Any, **more: Any) -> dict[str, Any]:
    """A body that says "ok", with a usage."""
    return {**said("ok"), "usage": usage, **more}


_CALL = {"id": "c1", "type": "function", "function": {"name": "get_order", "arguments": "{}"}}

REPLIES = (
    Row(
        "the model page's own sample, which counts no prompt tokens",
        SAMPLE,
        Reply(
            "Hello there! How can I help you today?",
            model="google/gemini-2.5-flash-lite-preview-06-17",
            usage=Usage(None, 9, total_tokens=9),
        ),
    ),
    Row("no more than a choice", said("Paris"), Reply("Paris")),
    Row(
        "blank lines first, as DeepSeek keeps a line open",
        b"\n\n\n" + json.dumps(said("Paris")).encode(),
        Reply("Paris"),
    ),
    Row("a byte order mark first", b"\xef\xbb\xbf" + json.dumps(said("Paris")).encode(), Reply("Paris")),
    Row("white space is the model's own", said(" Paris\n"), Reply(" Paris\n")),
    Row("half of a surrogate pair", said("\ud83d"), Reply("\ud83d")),
    Row("null content", said(None), Reply("")),
    Row("no content at all", {"choices": [{"message": {}}]}, Reply("")),
    Row("a list of parts", said([{"type": "text", "text": "Par"}, {"type": "text", "text": "is"}]), Reply("Paris")),
    Row("a list of texts", said(["Par", "is"]), Reply("Paris")),
    Row("one part without its list", said({"type": "text", "text": "Paris"}), Reply("Paris")),
    Row(
        "Mistral's thinking part",
        said([{"type": "thinking", "thinking": [{"type": "text", "text": "hm"}]}, {"type": "text", "text": "Paris"}]),
        Reply("Paris", reasoning="hm"),
    ),
    Row(
        "a refusal among the parts",
        said([{"type": "refusal", "refusal": "No."}]),
        Reply("No.", finish_reason="refusal"),
    ),
    Row("reasoning_content beside it", said("4", reasoning_content="2+2"), Reply("4", reasoning="2+2")),
    Row("reasoning beside it", said("4", reasoning="2+2"), Reply("4", reasoning="2+2")),
    Row(
        "reasoning in parts, as OpenRouter writes it",
        said("4", reasoning_details=[{"type": "reasoning.text", "text": "2+"}, {"summary": "2"}, {"data": "x"}, "y"]),
        Reply("4", reasoning="2+2"),
    ),
    Row(
        "reasoning details beside the whole",
        said("4", reasoning="2+2", reasoning_details=[{"text": "2+2"}]),
        Reply("4", reasoning="2+2"),
    ),
    Row("thinking inside the answer", said("<think>\n2+2\n</think>\n\n4"), Reply("4", reasoning="2+2")),
    Row("thinking that never ended", said("<think>\n2+", "length"), Reply("", "2+", finish_reason="length")),
    Row("a tag further on is the answer's own", said("Use <think>x</think>"), Reply("Use <think>x</think>")),
    Row(
        "the whole answer beside it, as LM Studio does",
        said("", reasoning_content='{"a": 1}'),
        Reply("", reasoning='{"a": 1}'),
    ),
    Row("reasoning that is no text", said("4", reasoning={"effort": "low"}), Reply("4")),
    Row("reasoning is never the answer", said("", reasoning_content="Paris"), Reply("", reasoning="Paris")),
    Row("a refusal", said(None, refusal="I can't."), Reply("I can't.", finish_reason="refusal")),
    Row("a refusal beside an answer", said("Paris", refusal="I can't."), Reply("Paris")),
    Row("thinking took the whole budget", said(None, "length"), Reply("", finish_reason="length")),
    Row("a filter withheld it", said(None, "content_filter"), Reply("", finish_reason="filter")),
    Row(
        "tool calls",
        said(None, "tool_calls", tool_calls=[_CALL]),
        Reply("", tool_calls=(_CALL,), finish_reason="tools"),
    ),
    Row("tool calls that are null", said("ok", tool_calls=None), Reply("ok")),
    Row("tool calls that are none", said("ok", tool_calls=["x", None]), Reply("ok")),
    Row("two choices", {"choices": [*said("a")["choices"], *said("b")["choices"]]}, Reply("a")),
    Row("an error that is null", {"error": None, **said("ok")}, Reply("ok")),
    Row("a detail beside choices", {"detail": "cached", **said("ok")}, Reply("ok")),
    Row("a statusCode that is no error", {"statusCode": 200, **said("ok")}, Reply("ok")),
    Row("NaN, which is no JSON", b'{"choices": [{"logprobs": NaN, "message": {"content": "ok"}}]}', Reply("ok")),
    Row(
        "fields of an upstream",
        {
            **said("ok"),
            "provider": "Google",
            "native_finish_reason": "STOP",
            "citations": [],
            "system_fingerprint": "fp",
            "timings": {"predicted_ms": 3},
        },
        Reply("ok"),
    ),
    Row("annotations and audio", said("ok", annotations=[], audio=None, refusal=None), Reply("ok")),
    Row(
        "log probabilities",
        {"choices": [{"message": {"content": "ok"}, "logprobs": {"content": [{"logprob": -9999.0}]}}]},
        Reply("ok"),
    ),
    Row(
        "a call of a function and words",
        said("Let me look.", "tool_calls", tool_calls=[_CALL]),
        Reply("Let me look.", tool_calls=(_CALL,), finish_reason="tools"),
    ),
    Row("end_turn, as AI/ML API passes it on", said("ok", "end_turn"), Reply("ok")),
    Row("cut off", said("Par", "length"), Reply("Par", finish_reason="length")),
    Row("a filter cut in", said("Par", "content_filter"), Reply("Par", finish_reason="filter")),
    Row("a finish_reason of its own", said("ok", "pause_turn"), Reply("ok", finish_reason="pause_turn")),
    Row("a served model", {**said("ok"), "model": "gemini-3"}, Reply("ok", model="gemini-3")),
    Row("a model that is no text", {**said("ok"), "model": 7}, Reply("ok")),
    Row(
        "Azure's filter, inside a 200",
        {"error": {"code": "content_filter", "message": "The response was filtered"}},
        Reply("", finish_reason="filter"),
    ),
    Row(
        "plain usage",
        used({"prompt_tokens": 5, "completion_tokens": 3, "total_tokens": 8}),
        Reply("ok", usage=Usage(5, 3, total_tokens=8)),
    ),
    Row(
        "cached prompt tokens",
        used({"prompt_tokens": 5, "completion_tokens": 3, "prompt_tokens_details": {"cached_tokens": 4}}),
        Reply("ok", usage=Usage(5, 3, cached_tokens=4)),
    ),
    Row(
        "cached prompt tokens, as DeepSeek counts",
        used({"prompt_tokens": 5, "completion_tokens": 3, "prompt_cache_hit_tokens": 4}),
        Reply("ok", usage=Usage(5, 3, cached_tokens=4)),
    ),
    Row("usage in floats", used({"prompt_tokens": 5.0, "completion_tokens": 3.0}), Reply("ok", usage=Usage(5, 3))),
    Row("usage in texts", used({"prompt_tokens": "5", "completion_tokens": "3"}), Reply("ok", usage=Usage(5, 3))),
    Row("usage of nothing", used({"prompt_tokens": None, "completion_tokens": []}), Reply("ok")),
    Row("usage that is true", used({"prompt_tokens": True}), Reply("ok")),
    Row("usage below zero", used({"prompt_tokens": -1, "completion_tokens": 3}), Reply("ok", usage=Usage(None, 3))),
    Row("usage beyond numbers", used({"prompt_tokens": "1e999", "completion_tokens": "x"}), Reply("ok")),
    Row("usage that is a list", used([1, 2]), Reply("ok")),
    Row(
        "hidden reasoning, as Gemini 3 counts",
        used({"prompt_tokens": 9, "completion_tokens": 566, "total_tokens": 1521}),
        Reply("ok", usage=Usage(9, 566, 946, total_tokens=1521)),
    ),
    Row(
        "stated reasoning",
        used({"prompt_tokens": 9, "completion_tokens": 20, "completion_tokens_details": {"reasoning_tokens": 15}}),
        Reply("ok", usage=Usage(9, 20, 15)),
    ),
    Row("dollars of AI/ML API", {**said("ok"), "meta": {"usage": {"usd_spent": 0.0012}}}, Reply("ok", usd=0.0012)),
    Row("dollars of OpenRouter", used({"cost": "0.5"}), Reply("ok", usd=0.5)),
    Row("dollars in a header", said("ok"), Reply("ok", usd=0.25), headers={"X-AIMLAPI-USD-Spent": "0.25"}),
    Row("dollars that are zero", used({"cost": 0}), Reply("ok", usd=0.0)),
    Row("dollars that are none", used({"cost": "free"}, meta={"usage": {"usd_spent": None}}), Reply("ok")),
    Row("dollars beyond numbers", used({"cost": 10**400}), Reply("ok")),
    Row("dollars below zero", used({"cost": -1}), Reply("ok")),
)

ERRORS_INSIDE_A_200 = (
    Row("nothing", b"", Bad("transient", "not JSON: it is empty")),
    Row("only keep-alive lines", b"\n\n\n", Bad("transient", "not JSON: it is empty")),
    Row("cut in the middle", SAMPLE[: len(SAMPLE) // 2], Bad("transient", "not JSON: {")),
    Row("a web page", b"<html><body>Sign in to the Wi-Fi</body></html>", Bad("transient", "Sign in to the Wi-Fi")),
    Row(
        "a stream that nobody asked for",
        b'data: {"choices": []}\n\ndata: [DONE]\n\n',
        Bad("transient", "not JSON: data"),
    ),
    Row("bytes that are no text", b"\xff\xfe\x00\x81", Bad("transient", "not JSON")),
    Row("nested without end", b"[" * 100_000, Bad("transient", "not JSON")),
    Row("a number of 5,000 digits", b"9" * 5000, Bad("transient", "not JSON")),
    Row("null", b"null", Bad("transient", "no choices")),
    Row("an empty list", b"[]", Bad("transient", "no choices")),
    Row("lists in lists", b"[" * 500 + b"]" * 500, Bad("transient", "no choices")),
    Row("null choices, as OpenRouter warms up", {"choices": None}, Bad("transient", "no choices")),
    Row("no choice", {"choices": []}, Bad("transient", "no choices")),
    Row("a choice that is null", {"choices": [None]}, Bad("transient", "no choices")),
    Row("a choice without a message", {"choices": [{"finish_reason": "stop"}]}, Bad("transient", "no message")),
    Row("a message that is a text", {"choices": [{"message": "Paris"}]}, Bad("transient", "no message")),
    Row("content that is a number", said(7), Bad("transient", "of a kind not known: 7")),
    Row("content that is true", said(True), Bad("transient", "of a kind not known")),
    Row("finish_reason error", said("Par", "error"), Bad("transient", "broke off")),
    Row(
        "out of resources, as DeepSeek says", said("Par", "insufficient_system_resource"), Bad("transient", "broke off")
    ),
    Row("aborted, as vLLM says", said("Par", "abort"), Bad("transient", "broke off")),
    Row(
        "an error in the choice",
        {"choices": [{"error": {"code": 502, "message": "Bad gateway"}}]},
        Bad("transient", "Bad gateway"),
    ),
    Row("flat, as AI/ML API writes it", {"statusCode": 429, "message": "Too fast"}, Bad("transient", "Too fast")),
    Row("flat, with a text for a number", {"statusCode": "429", "message": "Too fast"}, Bad("transient", "Too fast")),
    Row("flat 401", {"statusCode": 401, "message": "A valid API key"}, Bad("terminal", "A valid API key")),
    Row("flat 403, out of credits", {"statusCode": 403, "message": "No credits"}, Bad("terminal", "No credits")),
    Row(
        "OpenAI's",
        {"error": {"message": "Overloaded", "type": "server_error", "code": None}},
        Bad("transient", "Overloaded"),
    ),
    Row("OpenRouter's", {"error": {"code": 400, "message": "Bad role", "metadata": {}}}, Bad("rejected", "Bad role")),
    Row("OpenRouter's 402", {"error": {"code": 402, "message": "Pay"}}, Bad("terminal", "Pay")),
    Row(
        "Gemini's list",
        [{"error": {"code": 429, "message": "Quota", "status": "RESOURCE_EXHAUSTED"}}],
        Bad("transient", "Quota"),
    ),
    Row("a text, as Ollama writes it", {"error": "model is loading"}, Bad("transient", "model is loading")),
    Row("an error that is only true", {"error": True, "message": "broken"}, Bad("transient", "broken")),
    Row("an error of an unknown shape", {"error": {"reason": "dunno"}}, Bad("transient", '{"reason": "dunno"}')),
    Row("FastAPI's detail", {"detail": "Internal"}, Bad("transient", "Internal")),
    Row(
        "vLLM's flat one",
        {"object": "error", "message": "no such model", "code": 404},
        Bad("terminal", "no such model"),
    ),
    Row(
        "an error beside choices",
        {"error": {"message": "late failure"}, **said("Par")},
        Bad("transient", "late failure"),
    ),
)

_QUOTA = {"@type": "type.googleapis.com/google.rpc.QuotaFailure"}
_PER_DAY = {**_QUOTA, "violations": [{"quotaId": "GenerateRequestsPerDayPerProjectPerModel-FreeTier"}]}
_PER_MINUTE = {**_QUOTA, "violations": [{"quotaId": "GenerateRequestsPerMinutePerProjectPerModel-FreeTier"}]}
_ZOD = {"messages": {"0": {"role": {"_errors": ["Expected 'user', received 'system'"]}, "_errors": []}}, "_errors": []}

ERRORS_BY_STATUS = (
    Row("AI/ML API names the place", {"statusCode": 400, "message": "Invalid input", "meta": _ZOD},
        Bad("rejected", "Invalid input (messages[0].role: Expected 'user', received 'system')"), 400),
    Row("401", {"statusCode": 401, "message": "This request requires a valid API key"},
        Bad("terminal", "401 from HOST: This request requires a valid API key (the key is from AIMLAPI_API_KEY)"), 401),
    Row("402", {"error": {"message": "No balance"}}, Bad("terminal", "No balance"), 402),
    Row("403", {"statusCode": 403, "message": "You have run out of credits"}, Bad("terminal", "out of credits"), 403),
    Row("404", {"statusCode": 404, "message": "No endpoints found"}, Bad("terminal", "No endpoints found"), 404),
    Row("408", b"", Bad("transient", "408 from HOST: no body"), 408),
    Row("409", b"conflict", Bad("transient", "conflict"), 409),
    Row("422, as Mistral writes it", {"detail": [{"type": "extra_forbidden", "loc": ["body", "seed"]}]},
        Bad("rejected", "extra_forbidden"), 422),
    Row("425", b"", Bad("transient", "425"), 425),
    Row("429", {"error": {"message": "Rate limit", "code": "rate_limited"}}, Bad("transient", "Rate limit"), 429),
    Row("429, but the money is gone", {"error": {"message": "You exceeded your quota", "code": "insufficient_quota"}},
        Bad("terminal", "You exceeded your quota"), 429),
    Row("429, the same said by type", {"error": {"message": "Quota", "type": "insufficient_quota", "code": None}},
        Bad("terminal", "Quota"), 429),
    Row("500", {"statusCode": 500, "message": "Internal server error"}, Bad("transient", "Internal server error"), 500),
    Row("502, a web page", b"<html>Bad Gateway</html>", Bad("transient", "<html>Bad Gateway</html>"), 502),
    Row("503, llama.cpp loads", {"error": {"code": 503, "message": "Loading model", "type": "unavailable_error"}},
        Bad("transient", "Loading model"), 503),
    Row("504", b"Generation timeout", Bad("transient", "Generation timeout"), 504),
    Row("529", {"error": {"type": "overloaded_error", "message": "Overloaded"}}, Bad("transient", "Overloaded"), 529),
    Row("400, a list as Gemini writes it", [{"error": {"code": 400, "message": "Unknown name \"seed\""}}],
        Bad("rejected", "Unknown name"), 400),
    Row("400, a text as LM Studio writes it", {"error": "'response_format.type' must be 'json_schema'"},
        Bad("rejected", "response_format.type"), 400),
    Row("400, Azure's filter", {"error": {"code": "content_filter", "message": "The prompt triggered a filter",
        "innererror": {"content_filter_result": {}}}}, Reply("", finish_reason="filter"), 400),
    Row("400, a role that the model has not", {"statusCode": 400, "message":
        "Unsupported value: 'messages[0].role' does not support 'system' with this model."},
        Bad("rejected", "does not support 'system'"), 400),
    Row("400, thinking took the budget", {"statusCode": 400, "message": "max_tokens or model output limit was reached"},
        Bad("rejected", "output limit was reached"), 400),
    Row("400, an unknown field at OpenAI", {"error": {"message": "Unrecognized request argument supplied: sed",
        "type": "invalid_request_error", "param": None, "code": None}}, Bad("rejected", "argument supplied: sed"), 400),
    Row("400, an unknown field at Groq", {"error": {"message": "property 'logprobs' is unsupported",
        "type": "invalid_request_error"}}, Bad("rejected", "'logprobs' is unsupported"), 400),
    Row("400, LiteLLM knows no such param", {"error": {"message": "litellm.UnsupportedParamsError: seed",
        "type": "None", "param": "None", "code": "400"}}, Bad("rejected", "UnsupportedParamsError"), 400),
    Row("400, a template of vLLM", {"object": "error", "message": "System message must be at the beginning.",
        "type": "BadRequestError", "code": 400}, Bad("rejected", "must be at the beginning"), 400),
    Row("400, no such model at OpenRouter", {"error": {"message": "x/y is not a valid model ID", "code": 400}},
        Bad("terminal", "400 from HOST: x/y is not a valid model ID"), 400),
    Row("400, no such model at Mistral", {"object": "error", "message": "Invalid model: x", "type": "invalid_model",
        "code": "1500"}, Bad("terminal", "Invalid model: x"), 400),
    Row("400, no such model at LiteLLM", {"error": {"message": "Invalid model name passed in model=x", "code": "400"}},
        Bad("terminal", "Invalid model name"), 400),
    Row("400, a bad key at Google", [{"error": {"code": 400, "message": "API key not valid.",
        "status": "INVALID_ARGUMENT", "details": [{"reason": "API_KEY_INVALID"}]}}],
        Bad("terminal", "400 from HOST: API key not valid. (the key is from AIMLAPI_API_KEY)"), 400),
    Row("400, no money at Anthropic", {"type": "error", "error": {"type": "invalid_request_error",
        "message": "Your credit balance is too low to access the Anthropic API."}},
        Bad("terminal", "credit balance is too low"), 400),
    Row("400, Azure's policy", {"error": {"code": "BadRequest", "message": "filtered",
        "innererror": {"code": "ResponsibleAIPolicyViolation"}}}, Reply("", finish_reason="filter"), 400),
    Row("400, DeepSeek's filter", {"error": {"message": "Content Exists Risk", "type": "invalid_request_error"}},
        Reply("", finish_reason="filter"), 400),
    Row("400, Qwen's filter", {"error": {"code": "data_inspection_failed", "message": "inappropriate"}},
        Reply("", finish_reason="filter"), 400),
    Row("401, as Mistral writes it", {"detail": "Unauthorized"}, Bad("terminal", "Unauthorized"), 401),
    Row("401, as OpenAI writes it", {"error": {"message": "Incorrect API key provided", "code": "invalid_api_key"}},
        Bad("terminal", "Incorrect API key provided (the key is from AIMLAPI_API_KEY)"), 401),
    Row("402, as DeepSeek writes it", {"error": {"message": "Insufficient Balance", "code": "invalid_request_error"}},
        Bad("terminal", "Insufficient Balance"), 402),
    Row("403, OpenRouter's moderation", {"error": {"code": 403, "message": "Your input was flagged",
        "metadata": {"reasons": ["violence"], "flagged_input": "kill"}}}, Reply("", finish_reason="filter"), 403),
    Row("404, as Ollama writes it", {"error": {"message": "model \"x\" not found", "type": "api_error"}},
        Bad("terminal", "not found"), 404),
    Row("404, a web page", b"<html>404 Not Found</html>", Bad("terminal", "404 from HOST: <html>404"), 404),
    Row("405", b"", Bad("rejected", "405 from HOST: no body"), 405),
    Row("413", {"error": {"message": "Request too large"}}, Bad("rejected", "Request too large"), 413),
    Row("415", b"json, please", Bad("rejected", "json, please"), 415),
    Row("422, as Together writes it", {"error": {"message": "Input validation error", "type": "invalid_request_error"}},
        Bad("rejected", "Input validation error"), 422),
    Row("429, AI/ML API's concurrency", {"statusCode": "429", "message": "Too many concurrent requests"},
        Bad("transient", "concurrent"), 429),
    Row("429, AI/ML API's free tier", {"statusCode": 429, "message": "Free-tier limit: 10 requests for the hour"},
        Bad("terminal", "Free-tier limit"), 429),
    Row("429, Google's minute", [{"error": {"code": 429, "status": "RESOURCE_EXHAUSTED", "details": [_PER_MINUTE],
        "message": "You exceeded your current quota, please check your plan and billing details."}}],
        Bad("transient", "current quota"), 429),
    Row("429, Google's day", [{"error": {"code": 429, "status": "RESOURCE_EXHAUSTED", "details": [_PER_DAY],
        "message": "You exceeded your current quota, please check your plan and billing details."}}],
        Bad("terminal", "current quota"), 429),
    Row("429, OpenRouter's day", {"error": {"code": 429, "message": "Rate limit exceeded: free-models-per-day."}},
        Bad("terminal", "per-day"), 429),
    Row("429, Azure's minute", {"error": {"code": "insufficient_quota", "message": "Quota"}},
        Bad("transient", "Quota"), 429, {"Retry-After": "20"}),
    Row("429, a quota that is back tomorrow", {"error": {"code": "insufficient_quota", "message": "Quota"}},
        Bad("terminal", "Quota"), 429, {"Retry-After": "86400"}),
    Row("429 without a body", b"", Bad("transient", "429 from HOST: no body"), 429),
    Row("500, something wrong", {"statusCode": 500, "message": "Something wrong with the server"},
        Bad("transient", "Something wrong"), 500),
    Row("500, under maintenance", {"statusCode": 500, "message": "model is under maintenance"},
        Bad("transient", "maintenance"), 500),
    Row("500, a coupon", {"statusCode": 500, "message": "Coupon code not found"}, Bad("transient", "Coupon"), 500),
    Row("500, CUDA at vLLM", {"object": "error", "message": "CUDA out of memory", "code": 500},
        Bad("transient", "CUDA"), 500),
    Row("503, a text", b"upstream connect error or disconnect/reset before headers", Bad("transient", "upstream"), 503),
    Row("524, a proxy's time-out", b"error code: 524", Bad("transient", "error code: 524"), 524),
    Row("202", b"{}", Bad("rejected", "202"), 202),
    Row("a reply under another status is none", said("Paris"), Bad("transient", "500"), 500),
)  # fmt: skip
