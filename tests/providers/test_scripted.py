"""`echo` and `scripted`: providers without a server."""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from evalkit.errors import ProviderError, SpecError, UserError
from evalkit.providers.echo import Echo
from evalkit.providers.scripted import Scripted
from evalkit.records.exchange import Reply, Request
from evalkit.records.spec import Message

REQUEST = Request("scripted", "replies.yaml", (Message("system", "Be brief."), Message("user", "A refund, please?")))


def scripted(folder: Path, script: str) -> Scripted:
    """The provider, with its script."""
    (folder / "replies.yaml").write_text(script, "utf-8")
    return Scripted(folder)


def answer(provider: Scripted | Echo, request: Request = REQUEST) -> Reply:
    """One attempt."""
    return provider.decode(provider.send(request, provider.encode(request)))


def test_echo_answers_with_the_last_user_message() -> None:
    talk = (Message("user", "one"), Message("assistant", "two"), Message("user", "three"), Message("system", "four"))
    assert answer(Echo(), Request("echo", "x", talk)) == Reply("three", model="x", usd=0.0)
    assert answer(Echo(), Request("echo", "x", (Message("system", "hm"),))).text == ""


@pytest.mark.parametrize(
    ("rules", "text"),
    [
        ("- {when: {contains: refund}, reply: yes it does}", "yes it does"),
        ("- {when: {contains: Refund}, reply: a}\n- {reply: b}", "b"),
        ("- {when: {contains: brief}, reply: the system message counts}", "the system message counts"),
        ("- {when: {regex: '^A .*\\?$'}, reply: a}\n- {reply: b}", "b"),
        ("- {when: {regex: '(?m)^A .*\\?$'}, reply: a}", "a"),
        ("- {when: {case: c1}, reply: a}\n- {when: {case: c2}, reply: b}", "b"),
        ("- {when: {case: c2, contains: nothing}, reply: a}\n- {reply: b}", "b"),
        ("- {when: {case: c2, contains: refund}, reply: a}\n- {reply: b}", "a"),
        ("- {reply: first}\n- {reply: second}", "first"),
        ("- {reply: 42}", "42"),
        ("- {reply: {label: ä}}", '{"label": "ä"}'),
        ("- {reply: a, x-why: mine}", "a"),
    ],
)
def test_the_first_rule_that_fits_answers(rules: str, text: str, tmp_path: Path) -> None:
    assert answer(scripted(tmp_path, rules), replace(REQUEST, case="c2")).text == text


def test_no_rule_that_fits_is_this_requests_error(tmp_path: Path) -> None:
    with pytest.raises(ProviderError) as caught:
        answer(scripted(tmp_path, "- {when: {contains: xyz}, reply: a}"))
    assert (caught.value.kind, caught.value.message) == ("rejected", "no rule of replies.yaml fits the request")


@pytest.mark.parametrize(
    ("status", "kind"),
    [(429, "transient"), (500, "transient"), (400, "rejected"), (401, "terminal"), (404, "terminal")],
)
def test_an_error_is_as_a_server_would_send_it(status: int, kind: str, tmp_path: Path) -> None:
    with pytest.raises(ProviderError) as caught:
        answer(scripted(tmp_path, f"- reply: {{error: {status}}}"))
    assert (caught.value.kind, caught.value.status) == (kind, status)


def test_seconds_are_waited_and_recorded(tmp_path: Path) -> None:
    begun = time.monotonic()
    assert answer(scripted(tmp_path, "- {reply: a, seconds: 0.05}")).seconds == 0.05
    assert time.monotonic() - begun >= 0.05


ONE_OF = "- reply: {one_of: [{p: 0.9, reply: often}, {p: 0.1, reply: rarely}, {p: 0, reply: never}]}"


def test_a_draw_depends_on_the_request_and_its_number_alone(tmp_path: Path) -> None:
    def drawn(provider: Scripted) -> list[str]:
        return [answer(provider, replace(REQUEST, draw=draw)).text for draw in range(1, 201)]

    first = drawn(scripted(tmp_path, ONE_OF))
    assert drawn(scripted(tmp_path, ONE_OF)) == first
    assert 150 <= Counter(first)["often"] < 200
    assert set(first) == {"often", "rarely"}
    other = [answer(scripted(tmp_path, ONE_OF), replace(REQUEST, draw=n, case="other")).text for n in range(1, 201)]
    assert other != first


def test_choices_nest_and_may_be_errors(tmp_path: Path) -> None:
    inner = "{one_of: [{reply: {error: 429}}]}"
    with pytest.raises(ProviderError, match="429"):
        answer(scripted(tmp_path, f"- reply: {{one_of: [{{reply: {inner}}}]}}"))


def test_another_script_is_another_question_and_a_moved_one_is_the_same(tmp_path: Path) -> None:
    key = scripted(tmp_path, "- {reply: a}").encode(REQUEST)
    assert scripted(tmp_path, "- {reply: b}").encode(REQUEST) != key
    (tmp_path / "moved.yaml").write_text("- {reply: a}", "utf-8")
    assert Scripted(tmp_path).encode(replace(REQUEST, model="moved.yaml")) == key


@pytest.mark.parametrize(
    "change",
    [
        {"case": "other"},
        {"params": {"temperature": 1}},
        {"messages": (Message("user", "x"),)},
        {"messages": (Message("user", "Be brief."), Message("user", "A refund, please?"))},
    ],
)
def test_what_may_change_the_reply_changes_the_question(change: dict[str, Any], tmp_path: Path) -> None:
    provider = scripted(tmp_path, "- {reply: a}")
    assert provider.encode(replace(REQUEST, **change)) != provider.encode(REQUEST)
    assert provider.encode(replace(REQUEST, draw=2, timeout=1.0)) == provider.encode(REQUEST)


@pytest.mark.parametrize(
    ("script", "says"),
    [
        ("reply: a", "replies.yaml is no script"),
        ("- just text", "rule 1 of replies.yaml is no mapping"),
        ("- {reply: a}\n- {when: {contains: x}}", "rule 2 of replies.yaml has no `reply`"),
        ("- {reply: a, secods: 1}", "rule 1 of replies.yaml has no key `secods`"),
        ("- {when: {contain: x}, reply: a}", "`when` in rule 1 of replies.yaml has no key `contain`"),
        ("- {when: x, reply: a}", "`when` in rule 1 of replies.yaml is no mapping"),
        ("- {when: {regex: '('}, reply: a}", "the regex in rule 1 of replies.yaml is of no use"),
        ("- {reply: a, seconds: soon}", "`seconds` in rule 1 of replies.yaml is no time"),
        ("- {reply: a, seconds: -1}", "`seconds` in rule 1 of replies.yaml is no time"),
        ("- {reply: {error: soon}}", "`error` in rule 1 of replies.yaml is no HTTP status"),
        ("- {reply: {error: 200}}", "`error` in rule 1 of replies.yaml is no HTTP status"),
        ("- {reply: {one_of: []}}", "`one_of` in rule 1 of replies.yaml is no list"),
        ("- {reply: {one_of: [{p: 0, reply: a}]}}", "no reply of `one_of` in rule 1 of replies.yaml has a chance"),
        ("- {reply: {one_of: [{p: 1}]}}", "a choice of rule 1 of replies.yaml is of no use"),
        ("- {reply: {one_of: [{q: 1, reply: a}]}}", "`one_of` in rule 1 of replies.yaml has no key `q`"),
    ],
)
def test_a_script_of_no_use_is_said_to_be_so_before_anything_is_asked(script: str, says: str, tmp_path: Path) -> None:
    provider = scripted(tmp_path, script)
    for early in (lambda: provider.ready("replies.yaml"), lambda: provider.encode(REQUEST)):
        with pytest.raises(UserError) as caught:
            early()
        assert says in caught.value.message
        assert caught.value.help


def test_a_script_that_is_not_there_or_no_yaml_is_a_problem_with_a_place(tmp_path: Path) -> None:
    with pytest.raises(SpecError) as missing:
        Scripted(tmp_path).ready("nowhere.yaml")
    assert missing.value.problems[0].place.file == "nowhere.yaml"
    with pytest.raises(SpecError) as broken:
        scripted(tmp_path, "- {reply: a\n").ready("replies.yaml")
    assert broken.value.problems[0].place.file == "replies.yaml"
