"""Checks as they stand in YAML, put to replies: what the tables of this folder share."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from evalkit import catalog
from evalkit.documents.read import read_text
from evalkit.errors import CheckError
from evalkit.records.exchange import Reply
from evalkit.records.problem import Place
from evalkit.records.result import Answer, Score
from evalkit.records.spec import Check, Step

CATASTROPHE = "(a|aa)+$"  # its time doubles with every other letter of
ENDLESS = "a" * 60 + "b"
_OF_EVERY_CHECK = ("name", "advisory", "source", "extract", "path", "weight")
_VALUES = {"passed": 1.0, "failed": 0.0, "nothing": 0.0, "errored": None}


def check_of(written: str | Mapping[str, Any]) -> Check:
    """The check that YAML (or what it holds) says."""
    if isinstance(written, str):
        node = read_text(written, Place("spec.yaml")).root
        assert node is not None
        return check_of(node.plain())
    (scorer,) = (key for key in written if catalog.is_scorer(key))
    is_group = scorer in catalog.GROUPS
    parts = written[scorer] if isinstance(written[scorer], list) else [written[scorer]]
    steps = written.get("extract", [])
    return Check(
        scorer=scorer,
        argument=None if is_group else written[scorer],
        options={key: value for key, value in written.items() if key not in (scorer, *_OF_EVERY_CHECK)},
        name=written.get("name", ""),
        is_advisory=written.get("advisory", False),
        source=written.get("source", ""),
        extract=tuple(map(_step, steps if isinstance(steps, list) else [steps])),
        path=written.get("path", ""),
        parts=tuple(map(check_of, parts)) if is_group else (),
        weight=written.get("weight", 1.0),
    )


def judge(written: str | Mapping[str, Any], reply: str) -> Score:
    """The check's score of a reply."""
    text = reply.strip()  # as every reply is before it is judged
    return catalog.bind(check_of(written)).score(Answer(text, Reply(reply), text))


def verdict(written: str | Mapping[str, Any], reply: str) -> tuple[str, str]:
    """What became of the check (passed, failed, errored, or nothing found to judge), and why."""
    score = judge(written, reply)
    word = str(score.outcome) if score.is_found else "nothing"
    assert score.value == _VALUES[word]
    return word, score.reason


def refusal(written: str | Mapping[str, Any]) -> str:
    """Why there is no scorer for a check, before any reply is known; "" if there is one."""
    try:
        catalog.bind(check_of(written))
    except CheckError as error:
        return str(error)
    return ""


def _step(written: str | Mapping[str, Any]) -> Step:
    if isinstance(written, str):
        return Step(written)
    (kind,) = (key for key in written if key != "which")
    return Step(kind, written[kind], {key: value for key, value in written.items() if key == "which"})
