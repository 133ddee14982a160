"""What is asked, in which order, under which draw; what a selection leaves of it."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evalkit.engine.plan import Selection, Trial
from evalkit.errors import NothingToMeasure
from tests.projects import Project

GRID = """
models: [echo/a, echo/b]
prompts: {terse: "{{ w }}", long: "please {{ w }}"}
trials: 2
expect: {contains: x}
cases:
  - {id: c1, vars: {w: x}, tags: [easy]}
  - {id: c2, vars: {w: y}}
"""
TWINS = """
prompt: "Say {{ w }}"
model: echo/x
tags: [twins]
trials: 2
expect: {contains: x}
cases:
  - {id: first, vars: {w: same}}
  - {id: other, vars: {w: apart}, tags: [odd]}
  - {id: left-out, vars: {w: same}, skip: waits for a price}
  - {id: second, vars: {w: same}}
  - {id: third, vars: {w: same}, tags: [odd]}
"""


def asked(trials: Iterable[Trial]) -> list[tuple[str, int, int | None]]:
    """(case, its own draw, the draw of the question) of each trial; None for a case the user skips."""
    return [(trial.case.id, trial.draw, trial.question.draw if trial.question else None) for trial in trials]


def test_the_order_is_case_then_model_variant_and_draw(project: Project) -> None:
    project.write("grid.yaml", GRID)
    found = [(t.index, t.case.id, t.model.name, t.variant.name, t.draw) for t in project.plan()]
    assert [row[1:] for row in found] == [
        (case, model, variant, draw)
        for case in ("c1", "c2")
        for model in ("echo/a", "echo/b")
        for variant in ("terse", "long")
        for draw in (1, 2)
    ]
    assert [row[0] for row in found] == list(range(16))


def test_the_index_goes_on_from_spec_to_spec_and_each_pass_is_the_same(project: Project) -> None:
    project.write("a.yaml", GRID)
    project.write("b.yaml", TWINS)
    plan = project.plan()
    first, second = list(plan), list(plan)
    assert [trial.index for trial in first] == list(range(16 + 9))
    assert [(t.spec.name, t.question) for t in first] == [(t.spec.name, t.question) for t in second]


def test_equal_questions_of_different_cases_have_successive_draws_and_a_skipped_case_has_none(project: Project) -> None:
    project.write("twins.yaml", TWINS)
    assert asked(project.plan()) == [
        ("first", 1, 1),
        ("first", 2, 2),
        ("other", 1, 1),
        ("other", 2, 2),
        ("left-out", 1, None),
        ("second", 1, 3),
        ("second", 2, 4),
        ("third", 1, 5),
        ("third", 2, 6),
    ]


def test_two_names_for_one_model_do_not_share_replies(project: Project) -> None:
    both = "[{model: echo/x, name: one}, {model: echo/x, name: two}]"
    project.write(
        "a.yaml", f"models: {both}\nprompt: hi\nexpect: {{contains: hi}}\ncases: [{{id: only, vars: {{}}}}]\n"
    )
    found = [(trial.model.name, trial.question.draw if trial.question else 0) for trial in project.plan()]
    assert found == [("one", 1), ("two", 2)]


def test_specs_that_ask_the_same_share_their_replies(project: Project) -> None:
    project.write("a.yaml", TWINS)
    project.write("b.yaml", TWINS.replace("contains: x", "contains: y"))
    questions = [(trial.spec.name, trial.question) for trial in project.plan()]
    assert [q for name, q in questions if name == "a"] == [q for name, q in questions if name == "b"]


@pytest.mark.parametrize(
    ("selection", "left"),
    [
        (Selection(keyword="second"), ["second"]),
        (Selection(keyword="SECOND"), ["second"]),
        (Selection(keyword="twins"), ["first", "other", "left-out", "second", "third"]),
        (Selection(tags=("odd",)), ["other", "third"]),
        (Selection(tags=("twins",)), ["first", "other", "left-out", "second", "third"]),
        (Selection(tags=("none", "odd")), ["other", "third"]),
        (Selection(limit=2), ["first", "other"]),
        (Selection(tags=("odd",), limit=1), ["other"]),
        (Selection(only=frozenset({("twins", "third"), ("else", "first")})), ["third"]),
        (Selection(keyword="o", tags=("odd",), only=frozenset({("twins", "other")})), ["other"]),
        (Selection(keyword="nowhere"), []),
    ],
    ids=str,
)
def test_a_selection_leaves_out_cases_and_changes_no_draw_of_the_others(
    selection: Selection, left: list[str], project: Project
) -> None:
    project.write("twins.yaml", TWINS)
    whole = asked(project.plan())
    assert asked(project.plan(selection=selection)) == [row for row in whole if row[0] in left]


WORDS = st.lists(st.sampled_from(["same", "apart", "else"]), min_size=1, max_size=6)


@given(words=WORDS, picks=st.lists(st.booleans(), min_size=6, max_size=6), limit=st.none() | st.integers(1, 6))
def test_whatever_is_selected_asks_what_the_whole_run_asks(
    words: list[str], picks: list[bool], limit: int | None
) -> None:
    ids = [f"c{number}" for number in range(len(words))]
    rows = "".join(f"  - {{id: {case}, vars: {{w: {word}}}}}\n" for case, word in zip(ids, words, strict=True))
    only = frozenset(("a", case) for case, pick in zip(ids, picks, strict=False) if pick)
    with TemporaryDirectory() as folder:
        project = Project(Path(folder), {})
        project.write("a.yaml", f'prompt: "{{{{ w }}}}"\nmodel: echo/x\nexpect: {{contains: e}}\ncases:\n{rows}')
        whole = {trial.case.id: trial.question for trial in project.plan()}
        part = [(trial.case.id, trial.question) for trial in project.plan(selection=Selection("", (), limit, only))]
    assert part == [(case, whole[case]) for case in ids if ("a", case) in only][:limit]


def test_failed_takes_what_failed_or_errored_in_that_run_and_nothing_else(project: Project) -> None:
    project.write(
        "answers.yaml",
        "- {when: {case: bad}, reply: no}\n- {when: {case: broken}, reply: {error: 400}}\n- {reply: yes}\n",
    )
    text = "prompt: hi\nexpect: {contains: yes}\ncases:\n"
    rows = ["{id: good}", "{id: bad}", "{id: broken}", "{id: left, skip: later}"]
    project.write("specs/a.yaml", text + "".join(f"  - {row}\n" for row in rows))
    run = project.session("specs", models="scripted/answers.yaml")
    assert [(r.case, str(r.outcome)) for r in run.results()] == [
        ("good", "passed"),
        ("bad", "failed"),
        ("broken", "errored"),
        ("left", "skipped"),
    ]
    again = project.session("specs", models="scripted/answers.yaml", failed_of=run.info.id)
    assert [(r.case, r.origin) for r in again.results()] == [("bad", "replayed"), ("broken", "fresh")]


def test_a_run_without_failures_has_no_failed_cases(project: Project) -> None:
    project.write("a.yaml", "prompt: yes\nmodel: echo/x\nexpect: {contains: yes}\ncases: [{id: only}]\n")
    project.session()
    with pytest.raises(NothingToMeasure, match="no case failed in"):
        project.session(failed_of="latest")


def test_a_selection_that_leaves_nothing_is_nothing_to_measure(project: Project) -> None:
    project.write("twins.yaml", TWINS)
    with pytest.raises(NothingToMeasure, match="no case is selected"):
        project.session(keyword="nowhere")
    assert not (project.folder / "reports").exists()
