"""`evalkit compare` and `evalkit run --against` as users type them."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from tests.projects import Project, complaints, keyed, yes_spec
from tests.repositories import committed, git
from tests.servers import Answer, Server, reply

pytestmark = pytest.mark.skipif(shutil.which("git") is None, reason="there is no git")

WORDS = tuple(f"w{number}" for number in range(60))


def echo(*words: str, prompt: str = "yes") -> str:
    """A spec whose model echoes its prompt; a case passes when that has a yes in it."""
    return "model: echo/x\n" + yes_spec(*words).replace("Say {{ word }}.", f"{prompt} {{{{ word }}}}")


@pytest.fixture
def two_runs(project: Project) -> Project:
    """A project with two runs, `reports/was` and `reports/now`: in the second three of 60 cases fail."""
    project.write("a.yaml", echo(*WORDS))
    assert project.evalkit("run", "a.yaml", "--out", "reports/was").code == 0
    project.write("a.yaml", echo(*WORDS, prompt="{{ 'no' if word in ('w1', 'w2', 'w3') else 'yes' }}!"))
    assert project.evalkit("run", "a.yaml", "--out", "reports/now").code == 1
    return project


def test_two_finished_runs_are_compared_without_a_call(two_runs: Project) -> None:
    shutil.rmtree(two_runs.folder / ".evalkit")
    ran = two_runs.evalkit("compare", "reports/was", "reports/now/run.json")
    assert (ran.code, ran.err) == (0, "")
    for said in ("3 of 60 cases got worse, 0 better", "w1", "yes w1", "no! w1", "undecided"):
        assert said in ran.out, ran.out
    assert not (two_runs.folder / ".evalkit" / "replies.db").exists()


def test_what_a_comparison_requires_decides_the_exit(two_runs: Project) -> None:
    compare = ("compare", "reports/was", "reports/now")
    assert two_runs.evalkit(*compare, "--require", "no worse").code == 1
    assert two_runs.evalkit(*compare, "--require", "no worse", "--margin", "0.2").code == 0
    assert two_runs.evalkit(*compare, "--alpha", "0.2").code == 1
    assert two_runs.evalkit("compare", "reports/now", "reports/was").code == 0


def test_a_comment_for_a_pull_request_is_written_on_request(two_runs: Project) -> None:
    assert two_runs.evalkit("compare", "reports/was", "reports/now", "--markdown").code == 0
    assert "3 of 60 cases got worse" in (two_runs.folder / "reports" / "now" / "summary.md").read_text("utf-8")
    assert two_runs.evalkit("run", "a.yaml", "--out", "reports/more", "--markdown").code == 1
    assert (two_runs.folder / "reports" / "more" / "summary.md").exists()


@pytest.mark.parametrize("names", [("reports/now", "reports/now/run.json"), ("reports/copy", "reports/now")])
def test_a_run_is_not_compared_with_itself(two_runs: Project, names: tuple[str, str]) -> None:
    """It would be unchanged, whatever was changed: two times `latest` is a slip."""
    shutil.copytree(two_runs.folder / "reports" / "now", two_runs.folder / "reports" / "copy")
    ran = two_runs.evalkit("compare", *names)
    assert ran.code == 2
    assert ran.err.startswith("error: both are the same run, 20")
    assert "help: name an earlier run as BASE" in ran.err


def test_the_latest_run_is_not_compared_with_the_latest(project: Project) -> None:
    project.write("a.yaml", echo("x"))
    for _ in range(2):
        assert project.evalkit("run", "a.yaml").code == 0
    ran = project.evalkit("compare", "latest")
    assert (ran.code, ran.err.splitlines()[0]) == (2, f"error: both are the same run, {project.latest().info.id}")


def test_a_comparison_is_printed_for_programs_as_its_schema_says(two_runs: Project) -> None:
    printed = json.loads(two_runs.evalkit("compare", "reports/was", "reports/now", "--json").out)
    assert complaints(printed) == []
    (found,) = printed["comparisons"]
    assert (found["verdict"], found["kind"], printed["exit_code"]) == ("undecided", "run", 0)


def test_earlier_replies_are_scored_by_the_checks_of_now_where_the_specs_are_at_hand(two_runs: Project) -> None:
    """By the new check the old replies fail as well, so nothing got worse."""
    two_runs.write("a.yaml", echo(*WORDS, prompt="no!").replace("contains: yes", "contains: maybe"))
    ran = two_runs.evalkit("run", "a.yaml", "--against", "reports/was", "--json")
    (found,) = json.loads(ran.out)["comparisons"]
    assert (found["before"], found["now"], found["verdict"], ran.code) == (0, 0, "no worse", 0)


@pytest.mark.parametrize("name", ["reports/was", "reports/was/run.json"])
def test_a_run_is_compared_with_an_earlier_one(two_runs: Project, name: str) -> None:
    ran = two_runs.evalkit("run", "a.yaml", "--against", name)
    assert ran.code == 0
    assert "3 of 60 cases got worse" in ran.out


def test_latest_is_the_run_before_this_one(project: Project) -> None:
    project.write("a.yaml", echo("x"))
    assert project.evalkit("run", "a.yaml").code == 0
    ran = project.evalkit("run", "a.yaml", "--against", "latest")
    assert (ran.code, "Nothing that reaches a model changed." in ran.out) == (0, True)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--against", "mian"), "error: git knows no commit `mian`\n  help: did you mean `main`?"),
        (("--against", "latest"), "error: there is no run yet"),
        (
            ("--against", ""),
            "error: --against is empty\n  help: name a git ref or a run; where it comes from a variable",
        ),
        (("--against", " "), "error: --against is empty"),
        (
            ("--against", "a.yaml"),
            "error: git knows no commit `a.yaml`\n  help: --against also takes a run: its folder",
        ),
        (("--margin", "0.1"), "error: --margin is about --against, which is not given"),
        (("--against", "main", "--margin", "5"), "error: `margin` is 5.0\n  help: it is a share between 0 and 1"),
        (("--against", "main", "--alpha", "0.5"), "error: `alpha` is 0.5\n  help: it is a share between 0 and 0.5"),
        (("--against", "main", "--require", "better"), "Error: Invalid value for '--require'"),
        (("--against", "main", "--failed"), "error: --failed and --against do not go together"),
        (("--strict",), "error: --strict is about --against, which is not given"),
    ],
)
def test_what_cannot_be_compared_is_said_before_any_call(project: Project, words: tuple[str, ...], said: str) -> None:
    committed(project, a=echo("x"))
    ran = project.evalkit("run", "a.yaml", *words)
    assert (ran.code, said in ran.err) == (2, True), ran.err
    assert not (project.folder / "reports").exists()


def test_without_git_a_run_can_still_be_named(project: Project) -> None:
    project.write("a.yaml", echo("x"))
    ran = project.evalkit("run", "a.yaml", "--against", "main")
    assert ran.code == 2
    assert "is in no git repository\n  help: --against also takes a run" in ran.err


def test_a_baseline_of_a_newer_format_is_refused(two_runs: Project) -> None:
    path = two_runs.folder / "reports" / "was" / "run.json"
    path.write_text(path.read_text("utf-8").replace('"format_version": 1', '"format_version": 99'), "utf-8")
    ran = two_runs.evalkit("compare", "reports/was", "reports/now")
    assert (ran.code, "has format 99, this evalkit reads 1" in ran.err) == (2, True)


def test_the_plan_says_what_a_comparison_will_see_and_what_the_money_buys(project: Project) -> None:
    prices = '[tool.evalkit.prices."aimlapi/m"]\ninput = 1000\noutput = 1000\n'
    project.write("pyproject.toml", prices)
    text = yes_spec(*WORDS).replace("prompt:", "model: {model: aimlapi/m, params: {max_tokens: 10}}\nprompt:")
    committed(project, a=text)
    project.write("a.yaml", text.replace("Say", "Kindly say"))
    project = replace(project, environ={"AIMLAPI_API_KEY": "sk-0123456789abcdef0123456789abcdef"})
    plan = ("run", "a.yaml", "--against", "main", "--plan")
    ran = project.evalkit(*plan)
    assert "calls     120 to make, 0 recorded; up to 600 more" in ran.out
    assert "and at most $" in ran.out
    assert "60 of 60 cases differ; a drop of 10 points is found" in ran.out
    half = project.evalkit(*plan, "--max-usd", "1")
    assert "the budget buys " in half.out
    assert " of 60 draws an arm" in half.out
    assert ran.code == half.code == 0


def test_other_served_models_are_told_and_with_strict_refused(project: Project) -> None:
    committed(project, a=yes_spec("x", "y").replace("prompt:", "model: aimlapi/m\nprompt:"))
    project.write("a.yaml", (project.folder / "a.yaml").read_text("utf-8").replace("Say", "Kindly say"))

    def served(number: int, body: Any, headers: Mapping[str, str]) -> Answer:
        return reply("yes", model="m-new" if "Kindly" in json.dumps(body) else "m-old")

    with Server(served) as server:
        project = replace(project, environ=keyed(server))
        ran = project.evalkit("run", "a.yaml", "--against", "main")
        strict = project.evalkit("run", "a.yaml", "--against", "main", "--strict")
    assert (ran.code, strict.code) == (0, 3)
    for said in (ran.out, strict.out):
        assert "m-old" in said
        assert "m-new" in said
    assert "cannot judge" in strict.out


def test_a_hook_of_git_does_not_mislead_it(project: Project) -> None:
    """In a hook git tells where its repository is; the specs of then are still those of the commit."""
    committed(project, a=echo(*WORDS))
    project.write("a.yaml", echo(*WORDS, prompt="no!"))
    environ = {"GIT_DIR": str(project.folder / ".git"), "GIT_INDEX_FILE": str(project.folder / ".git" / "index")}
    ran = replace(project, environ=environ).evalkit("run", "a.yaml", "--against", "HEAD")
    assert (ran.code, "regressed" in ran.out) == (1, True)
    assert git(project, "status", "--porcelain") == "M a.yaml"


def test_what_a_comparison_drew_is_not_unused(project: Project) -> None:
    committed(project, a=echo("x", "y"))
    project.write("a.yaml", echo("x", "y", prompt="yes!"))
    buy = ("run", "a.yaml", "--against", "main", "--method", "fixed", "--max-trials", "3")
    assert "12 calls, 0 replayed" in project.evalkit(*buy).out
    assert project.evalkit("replies", "prune", "a.yaml", "--unused").out.startswith("0 replies of 12 deleted")
    project.write("a.yaml", echo("x", "y", prompt="yes?"))
    gone = project.evalkit("replies", "prune", "a.yaml", "--unused")
    assert gone.out.startswith("6 replies of 12 deleted"), "those of a prompt that is no more; the baseline's stay"


@pytest.mark.parametrize(
    ("words", "help"),
    [
        (("compare", "a.yaml"), "compare takes two runs; specs are compared with those at a git ref by: evalkit run "),
        (
            ("compare", "reports/was", "a.yaml"),
            "compare takes two runs; specs are compared with those at a git ref by: ",
        ),
        (("show", "a.yaml"), "a run is named by its folder, its run.json, its id or the beginning of one, or `latest`"),
        (
            ("run", "--failed", "a.yaml"),
            "--failed may be followed by a run; what is to be run stands before it: evalkit run a.yaml --failed",
        ),
    ],
)
def test_a_path_where_a_run_belongs_is_answered_by_what_was_asked(
    two_runs: Project, words: tuple[str, ...], help: str
) -> None:
    two_runs.write("specs/a.yaml", echo("x"))
    ran = two_runs.evalkit(*words)
    assert ran.code == 2
    assert ran.err.startswith(f"error: `a.yaml` is no run: there is no run.json in it\n  help: {help}")


def test_two_runs_without_a_spec_in_common_are_told_with_their_specs(two_runs: Project) -> None:
    two_runs.write("b.yaml", echo("x"))
    two_runs.write("c.yaml", echo("x"))
    assert two_runs.evalkit("run", "b.yaml", "c.yaml", "--out", "reports/other").code == 0
    ran = two_runs.evalkit("compare", "reports/was", "reports/other")
    said = "error: the two runs have no spec in common\n  help: the first has `a`; the second has `b`, `c`\n"
    assert (ran.code, ran.out, ran.err) == (4, "", said)


@pytest.mark.parametrize("cut", ["was", "now"])
def test_a_run_that_lost_results_is_shown_and_not_compared(two_runs: Project, cut: str) -> None:
    """The cases that are gone would seem to be new, and in no test."""
    path = two_runs.folder / "reports" / cut / "results.jsonl"
    path.write_bytes(b"".join(path.read_bytes().splitlines(keepends=True)[:40]))
    ran = two_runs.evalkit("compare", "reports/was", "reports/now")
    said = f"error: reports/{cut}/results.jsonl has 40 results, and the run counted 60 when it ended\n"
    assert (ran.code, ran.err.startswith(said)) == (2, True), ran.err
    assert two_runs.evalkit("run", "a.yaml", "--against", f"reports/{cut}").code == 2
    assert two_runs.evalkit("show", f"reports/{cut}").err == ""


@pytest.mark.parametrize("is_exported", [False, True])
def test_what_a_comparison_lacks_is_recorded_by_the_command_that_it_names(project: Project, is_exported: bool) -> None:
    """Also where only the comparison lacks some; it takes the very draws, of which an export would leave some out."""
    if is_exported:
        project.write("evalkit.toml", 'replies = "replies"\n')
    committed(project, a=echo("x", "y"))
    project.write("a.yaml", echo("x", "y", prompt="yes!"))
    project.evalkit("run", "a.yaml")
    wanted = ("a.yaml", "--against", "main", "--margin", "0.1", "--method", "fixed", "--max-trials", "2", "--reuse")
    ran = project.evalkit("run", *wanted, "--offline")
    assert ran.code == 4
    assert f"    record    evalkit run {' '.join(wanted)}\n" in ran.out
    assert "    then " not in ran.out
    told = "replies holds what the specs ask, and no draws of a baseline: these are kept in .evalkit alone."
    assert (told in " ".join(ran.out.split())) == is_exported
    assert project.evalkit("run", *wanted).code == 0
    assert project.evalkit("run", *wanted, "--offline").code == 0


def test_replies_that_an_earlier_run_is_compared_with_are_recorded_by_a_plain_run(two_runs: Project) -> None:
    shutil.rmtree(two_runs.folder / ".evalkit")
    ran = two_runs.evalkit("run", "a.yaml", "--offline", "--against", "reports/was")
    assert (ran.code, "    record    evalkit run a.yaml\n" in ran.out) == (4, True), ran.out


@pytest.mark.parametrize(
    ("kind", "words"),
    [("tags", ("tag", "latest", "HEAD")), ("heads", ("branch", "latest", "HEAD"))],
)
def test_a_ref_that_is_called_like_the_latest_run_is_named_in_full(
    kind: str, words: tuple[str, ...], project: Project
) -> None:
    committed(project, a=echo("x"))
    git(project, *words)
    project.write("a.yaml", echo("x", prompt="yes!"))
    assert project.evalkit("run", "a.yaml").code == 0
    by_name = {}
    for name in ("latest", f"refs/{kind}/latest"):
        ran = project.evalkit("run", "a.yaml", "--against", name, "--json")
        by_name[name] = json.loads(ran.out)["baseline"]["kind"]
    assert by_name == {"latest": "run", f"refs/{kind}/latest": "revision"}
    told = " ".join(project.evalkit("run", "--help").out.split())
    assert f"refs/{kind}/latest" in told


def test_equal_replies_that_are_scored_otherwise_are_not_unchanged(project: Project) -> None:
    """Each run as it was scored: all passed, and by another check all fail."""
    project.write("a.yaml", echo(*WORDS))
    assert project.evalkit("run", "a.yaml", "--out", "reports/was").code == 0
    project.write("a.yaml", echo(*WORDS).replace("contains: yes", "contains: maybe"))
    assert project.evalkit("run", "a.yaml", "--out", "reports/now").code == 1
    ran = project.evalkit("compare", "reports/was", "reports/now")
    assert ran.code == 1
    assert "have the same replies and other outcomes" in " ".join(ran.out.split())
