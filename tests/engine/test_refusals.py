"""Which params a server refuses is found, whatever it says of them, and never by more calls than there are."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evalkit.engine.refusals import Ask, Tried, Verdict, verdict_on
from evalkit.errors import ErrorKind, ProviderError
from evalkit.records.exchange import Reply

NAMES = ("temperature", "max_tokens", "top_p", "seed", "stop", "n", "user", "logprobs", "metadata")
TAKEN = Tried(Reply("yes"))


def error(words: str, *, kind: ErrorKind = "rejected", status: int | None = 400) -> Tried:
    """A call that ended with an error."""
    return Tried(error=ProviderError(kind, words, status=status))


def server(refuses: frozenset[str], words: str, most: int = 1000) -> Ask:
    """A server that takes none of some params, and says so; `{}` in its words is the first of them."""
    left = [most]

    def ask(params: Mapping[str, Any]) -> Tried | None:
        if not left[0]:
            return None
        left[0] -= 1
        wrong = [name for name in params if name in refuses]
        return error(words.format(wrong[0])) if wrong else TAKEN

    return ask


def verdict(ask: Ask, names: tuple[str, ...] = NAMES) -> Verdict:
    """What is found out, beginning with all params."""
    params = dict.fromkeys(names, 1)
    first = ask(params)
    assert first is not None
    return verdict_on(params, first, ask)


@given(
    refuses=st.frozensets(st.sampled_from(NAMES)),
    words=st.sampled_from(["Unknown name `{}`", "bad request", "the user has to stop {}", "'user' | 'assistant'"]),
)
def test_exactly_those_that_are_refused_are_found(refuses: frozenset[str], words: str) -> None:
    found = verdict(server(refuses, words))
    assert (found.tried, frozenset(found.refused), list(found.suspects)) == (TAKEN, refuses, [])


@given(most=st.integers(1, 7), refuses=st.frozensets(st.sampled_from(NAMES), min_size=1, max_size=1))
def test_with_too_few_calls_the_one_that_is_refused_is_among_the_suspects(most: int, refuses: frozenset[str]) -> None:
    found = verdict(server(refuses, "bad request", most))
    assert refuses <= {*found.refused, *found.suspects}


@pytest.mark.parametrize(
    "other",
    [
        error("slow down", kind="transient", status=429),
        error("no such model", kind="terminal", status=404),
        error("the function raised", status=None),
    ],
)
def test_what_is_no_refusal_is_not_blamed_on_params(other: Tried) -> None:
    def none(params: Mapping[str, Any]) -> Tried:
        raise AssertionError("nothing is to be asked")

    assert verdict_on({"seed": 1}, other, none) == Verdict(other)


def test_a_request_that_is_refused_without_any_param_is_not_blamed_on_params() -> None:
    refused = error("no seed")
    assert verdict_on({"seed": 1, "stop": 2}, refused, lambda params: refused) == Verdict(refused)
