"""`--no-code`: specs of strangers are checked, run and shown, and none of their templates can hang or fill memory."""

from __future__ import annotations

import pytest

from tests.projects import Project, cases

HANGS = "{% for a in range(99999) %}{% for b in range(99999) %}x{% endfor %}{% endfor %}"
GOOD = f"""\
prompt: "Say {{{{ word | upper }}}}."
expect: {{contains: "{{{{ word | upper }}}}"}}
metrics: {{twice: contains * 2}}
gate: {{metrics: {{twice: 2}}}}
{cases("yes", "no")}"""
BOMBS = {
    "prompt": (f'prompt: "Say {HANGS}"\nexpect: {{contains: x}}\n{cases("a", "b", "c")}', "a.yaml:1:9"),
    "check": (f'prompt: hi\nexpect:\n  - contains: "{HANGS}"\n{cases("a", "b", "c")}', "a.yaml:3:5"),
    "option": (f'prompt: hi\nexpect:\n  - label: a\n    among: [a, "{HANGS}"]\n{cases("a")}', "a.yaml:3:5"),
    "where": (
        "prompt: hi\nexpect: {contains: x}\ncases:\n  - where: word * 10 ** 10 != word\n    matrix: {word: [a]}\n",
        "a.yaml:4:12",
    ),
    "id": (
        'prompt: hi\nexpect: {contains: x}\ncases:\n  - id: "{{ word * 10 ** 10 }}"\n    matrix: {word: [a]}\n',
        "a.yaml:4:9",
    ),
    "scope": (
        f"prompt: hi\nexpect: {{contains: x}}\ngate: {{where: word * 10 ** 10, pass_rate: 1}}\n{cases('a', 'b')}",
        "a.yaml:3:15",
    ),
    "metric": (
        f"prompt: hi\nexpect: {{contains: x}}\nmetrics: {{m: contains * 10 ** (10 ** 8)}}\n{cases('a')}",
        "a.yaml:3:14",
    ),
}


@pytest.mark.parametrize(("spec", "place"), BOMBS.values(), ids=BOMBS)
def test_a_bomb_is_an_error_once_at_its_place_whatever_it_stands_in(project: Project, spec: str, place: str) -> None:
    project.write("a.yaml", spec)
    ran = project.evalkit("validate", "--no-code", "a.yaml")
    first = ran.out.splitlines()[0]
    assert ran.code == 2
    assert first.startswith(f"{place}: error: the template took ")
    assert ran.out.count(": error: ") == 1


def test_good_specs_come_out_as_without_it(project: Project) -> None:
    project.write("a.yaml", GOOD)
    free, held = (project.evalkit("validate", "a.yaml", *flag) for flag in ([], ["--no-code"]))
    assert (held.code, held.out, held.err) == (free.code, free.out, free.err) == (0, held.out, "")
    lines = []
    for flag in ([], ["--no-code"]):
        assert project.evalkit("run", "a.yaml", "-m", "echo/x", "--fresh", *flag).code == 0
        lines.append([(each.outcome, each.calls[0].request, each.scores) for each in project.latest().results()])
    assert lines[0] == lines[1]
    assert project.latest().info.columns[0].metrics["twice"].value == 2


def test_a_metric_that_goes_off_only_with_its_values_leaves_its_rule_open_and_can_be_shown(project: Project) -> None:
    rule = "{metrics: {twice: {max: 2}}}"
    boom = "['x'] * ((contains + 1) * 10 ** 9) | int"
    project.write("a.yaml", GOOD.replace("contains * 2", f'"{boom}"').replace("{metrics: {twice: 2}}", rule))
    ran = project.evalkit("run", "a.yaml", "-m", "echo/x", "--no-code")
    assert ran.code == 3
    assert "`twice` cannot be computed: the template took too much memory" in " ".join(ran.out.split())
    shown = project.evalkit("show", "--no-code")
    assert (shown.code, shown.out) == (0, ran.out)


def test_a_run_of_a_bomb_calls_nothing(project: Project) -> None:
    project.write("a.yaml", BOMBS["prompt"][0])
    ran = project.evalkit("run", "a.yaml", "-m", "echo/x", "--no-code")
    assert ran.code == 2
    assert "the template took more than 1 s (in 3 cases, the first is `a`)" in ran.err
    assert ran.err.endswith("nothing was called.\n")
    assert not (project.folder / "reports").exists()
