"""Columns of one run beside one another: which prompt, which model?"""

from __future__ import annotations

import pytest

import evalkit
from evalkit.records.comparison import Comparison
from evalkit.records.run import StoredRun
from tests.projects import Project, cases

WORDS = tuple(f"w{number}" for number in range(12))


def spec(gate: str = "", refused: int = 12) -> str:
    """Two prompts; the second fails in the first so many cases."""
    bad = ", ".join(repr(word) for word in WORDS[:refused])
    return (
        "model: echo/x\n"
        f"prompts:\n  long: \"yes, {{{{ word }}}}\"\n  terse: \"{{{{ 'no' if word in [{bad}] else 'yes' }}}}\"\n"
        f"expect: {{contains: 'yes'}}\n{gate}\n{cases(*WORDS)}"
    )


def found(run: StoredRun) -> list[tuple[str, str, str, bool]]:
    """The comparisons of a run: what with what, the verdict, and whether it decides anything."""
    return [_told(each) for each in run.info.comparisons]


def _told(each: Comparison) -> tuple[str, str, str, bool]:
    return each.column.variant, each.baseline.variant, each.verdict, each.gates


def test_each_column_stands_beside_the_first_and_that_decides_nothing(project: Project) -> None:
    project.write("a.yaml", spec("gate: {max_errors: 5}"))
    run = project.session()
    assert (found(run), run.info.exit_code) == ([("terse", "long", "regressed", False)], 0)
    (beside,) = run.info.comparisons
    assert (beside.before, beside.now, beside.effect, beside.kind) == (1.0, 0.0, -1.0, "column")


@pytest.mark.parametrize(
    ("gate", "refused", "verdicts", "code"),
    [
        ("{regression: {against: long}}", 12, [("terse", "long", "regressed", True)], 1),
        ("{regression: {against: terse}}", 12, [("long", "terse", "no worse", True)], 0),
        ("{regression: {against: long}}", 1, [("terse", "long", "undecided", True)], 0),
        ("{regression: {against: long, require: no worse}}", 1, [("terse", "long", "undecided", True)], 1),
        ("{regression: {against: long, require: no worse, margin: 0.5}}", 1, [("terse", "long", "no worse", True)], 0),
    ],
)
def test_a_gate_compares_the_columns_of_a_run(
    project: Project, gate: str, refused: int, verdicts: list[tuple[str, str, str, bool]], code: int
) -> None:
    project.write("a.yaml", spec(f"gate: {gate}", refused))
    run = project.session()
    assert (found(run), run.info.exit_code) == (verdicts, code)


def test_more_trials_tell_more(project: Project) -> None:
    """Of the same columns: one case of 12 fails always, so 12 pairs leave open what 12 × 5 show."""
    project.write("a.yaml", spec("gate: {regression: {against: long}}", refused=2))
    assert found(project.session())[0][2] == "undecided"
    assert found(project.session(trials=5))[0][2] == "regressed"


def test_with_models_each_is_compared_with_the_first(project: Project) -> None:
    project.write(
        "a.yaml", f'models: [echo/x, echo/y]\nprompt: "{{{{ word }}}}"\nexpect: {{contains: w}}\n{cases("w1")}'
    )
    (beside,) = project.session().info.comparisons
    assert (beside.column.model, beside.baseline.model) == ("echo/y", "echo/x")


def test_one_column_has_no_rival(project: Project) -> None:
    project.write("a.yaml", f'model: echo/x\nprompt: "{{{{ word }}}}"\nexpect: {{contains: w}}\n{cases("w1")}')
    assert project.session().info.comparisons == ()


def test_a_case_without_a_verdict_in_one_column_is_missing_there(project: Project) -> None:
    script = "- {when: {contains: 'short w0'}, reply: {error: 400}}\n- {reply: 'yes'}\n"
    project.write("data/s.yaml", script)
    project.write(
        "a.yaml",
        "model: scripted/data/s.yaml\n"
        'prompts: {long: "say {{ word }}", short: "short {{ word }}"}\n'
        f"expect: {{contains: 'yes'}}\ngate: {{max_errors: 5}}\n{cases(*WORDS)}",
    )
    (beside,) = project.session().info.comparisons
    assert (beside.missing, beside.verdict) == ((0, 1), "cannot judge")


def test_runs_are_compared_from_python_as_well(project: Project) -> None:
    project.write("a.yaml", spec("gate: {max_errors: 5}", refused=12))
    was = project.session(out=project.folder / "was")
    project.write("a.yaml", spec("gate: {max_errors: 5}", refused=0))
    now = project.session(out=project.folder / "now")
    changes = {each.column.variant: each.effect for each in evalkit.compare(was.folder, now.folder)}
    assert changes == {"long": 0.0, "terse": 1.0}
