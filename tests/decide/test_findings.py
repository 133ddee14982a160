"""What a run finds out beside its scores: another model than asked for, a key in a reply."""

from __future__ import annotations

from dataclasses import replace

import pytest

from evalkit.decide.findings import Findings, is_same_model
from evalkit.records.exchange import Call, Reply, Request
from evalkit.records.result import Failure, Outcome, Result

KEY = "sk-0123456789"


@pytest.mark.parametrize(
    ("requested", "served"),
    [
        ("gpt-4o", "gpt-4o"),
        ("gpt-4o", "GPT-4o"),
        ("gpt-4o", "openai/gpt-4o"),
        ("google/gemini-2.5-flash", "models/gemini-2.5-flash"),
        ("gpt-4o", "gpt-4o-2024-08-06"),
        ("gpt-4", "gpt-4-0613"),
        ("claude-sonnet-4-5", "claude-sonnet-4-5-20250929"),
        ("gemini-2.5-flash-lite-preview", "gemini-2.5-flash-lite-preview-06-17"),
        ("gemini-2.0-flash", "gemini-2.0-flash-001"),
        ("mistral-large-latest", "mistral-large-2411"),
        ("mistral-large-latest", "mistral-large-latest"),
        ("gpt-4o-2024-08-06", "gpt-4o"),
        ("deepseek/deepseek-r1:free", "deepseek/deepseek-r1"),
        ("claude-sonnet-4@20250514", "claude-sonnet-4"),
    ],
)
def test_a_vendor_or_a_date_makes_no_other_model(requested: str, served: str) -> None:
    assert is_same_model(requested, served)


@pytest.mark.parametrize(
    ("requested", "served"),
    [
        ("deepseek-chat", "deepseek-flash"),
        ("gemini-2.5-pro", "gemini-3.8-flash"),
        ("gpt-4o", "gpt-4o-mini"),
        ("gpt-4o", "gpt-4o-mini-2024-07-18"),
        ("gpt-4o-2024-05-13", "gpt-4o-2024-08-06"),
        ("llama-3.1-8b", "llama-3.1-70b"),
        ("claude-3-5-sonnet", "claude-3-7-sonnet"),
    ],
)
def test_another_model_is_another(requested: str, served: str) -> None:
    assert not is_same_model(requested, served)


def a_result(requested: str, served: str, text: str = "", provider: str = "aimlapi") -> Result:
    """A trial with one reply."""
    call = Call(Request(provider, requested, ()), Reply(text, model=served))
    return Result(0, "s", "c", "m", "", 1, Outcome.PASSED, calls=(call,))


@pytest.mark.parametrize(
    ("results", "notes"),
    [
        ([], []),
        ([a_result("a", "a")], []),
        ([a_result("a", "")], []),
        ([a_result("mine", "gpt-4o", provider="azure")], []),
        ([replace(a_result("a", "b"), calls=(Call(Request("p", "a", ())),))], []),
        ([a_result("a", "b")], ["Asked for aimlapi/a, served b in 1 of 1 reply."]),
        (
            [a_result("a", "a")] * 28 + [a_result("a", "b")] * 12 + [a_result("c", "d")] * 2,
            ["Asked for aimlapi/a, served b in 12 of 40 replies.", "Asked for aimlapi/c, served d in 2 of 2 replies."],
        ),
        ([replace(a_result("a", ""), calls=(), error=Failure("skip", "not recorded"))], []),
        (
            [replace(a_result("a", ""), calls=(), error=Failure("left_out", "not recorded"))],
            ["1 trial has no recording: left out of every number, as --allow-unrecorded says."],
        ),
        ([a_result("a", "a", f"it is {KEY}")], ["1 reply holds a key of yours: shown as [redacted]; change the key."]),
    ],
)
def test_findings_are_told_in_a_sentence_each(results: list[Result], notes: list[str]) -> None:
    findings = Findings([KEY])
    for result in results:
        findings.add(result)
    assert list(findings.notes()) == notes
