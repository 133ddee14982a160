"""A model whose end is announced is a warning at its place; all others are none."""

from __future__ import annotations

import re
from datetime import date

import pytest

from evalkit.providers.retirements import MADE, RETIREMENTS, Retirement, retirement_of
from evalkit.records.problem import Place
from evalkit.spec.load import load
from tests.projects import Project, yes_spec


@pytest.mark.parametrize(
    ("model", "day"),
    [
        ("gemini/gemini-2.5-pro", "2026-12-01"),
        ("gemini/models/gemini-2.5-flash", "2026-12-01"),
        ("aimlapi/google/gemini-2.5-flash", "2026-12-01"),
        ("aimlapi/gpt-4o", "2027-01-14"),
        ("openrouter/openai/gpt-4o-mini", "2027-01-14"),
        ("openai/gpt-4o-2024-05-13", "2026-10-23"),
        ("openai/gpt-5", "2026-12-11"),
        ("anthropic/claude-sonnet-4-20250514", "2026-06-15"),
        ("gemini/gemini-2.5-flash-lite", ""),
        ("aimlapi/google/gemini-2.5-flash-lite-preview", ""),
        ("aimlapi/mine/gpt-4o", ""),
        ("openai/gpt-5.6-sol", ""),
        ("openai/gpt-4o-mini-tts", ""),
        ("anthropic/gpt-4o", ""),
        ("azure/gpt-4o", ""),
        ("mine/gpt-4o", ""),
        ("local/smollm2", ""),
    ],
)
def test_the_announced_end_of_a_model(model: str, day: str) -> None:
    provider, _, identity = model.partition("/")
    found = retirement_of(provider, identity)
    assert (found.day if found else "") == day


@pytest.mark.parametrize("row", RETIREMENTS, ids=lambda row: row.ids)
def test_a_row_of_the_table_is_whole_and_leads_to_no_model_that_ends_sooner(row: Retirement) -> None:
    re.compile(row.ids)
    date.fromisoformat(row.day)
    date.fromisoformat(MADE)
    provider = {"google": "gemini"}.get(row.maker, row.maker)
    assert retirement_of(provider, row.use) is None


def test_a_spec_is_warned_at_its_model(project: Project) -> None:
    project.write("a.yaml", "model: gemini/gemini-2.5-pro\n" + yes_spec("one"))
    (problem,) = load(project.settings()).problems
    assert (problem.severity, problem.place.line, problem.place.column) == ("warning", 1, 8)
    assert problem.message == (
        "`gemini/gemini-2.5-pro` retires on 2026-12-01; "
        "from then on gemini-3.8-flash answers in its place, at its price"
    )
    assert problem.help == f"use gemini-3.8-flash (announced by its maker, as known on {MADE})"


def test_a_model_of_the_command_line_is_warned_of_too(project: Project) -> None:
    project.write("a.yaml", yes_spec("one"))
    (problem,) = load(project.settings(models="openai/gpt-4")).problems
    assert (problem.severity, problem.place) == ("warning", Place("-m"))
    assert problem.message == "`openai/gpt-4` retired on 2026-10-23"


def test_validate_warns_and_run_goes_on(project: Project) -> None:
    project.write("a.yaml", "model: openai/gpt-4o\n" + yes_spec("one"))
    validated = project.evalkit("validate", "a.yaml")
    assert validated.code == 0
    assert "a.yaml:1:8: warning: `openai/gpt-4o` retires on 2027-01-14" in validated.out
    ran = project.evalkit("run", "a.yaml", "--offline")
    assert (ran.code, "`openai/gpt-4o` retires on 2027-01-14" in ran.err) == (4, True)
