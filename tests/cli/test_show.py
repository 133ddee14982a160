"""`evalkit show` and `evalkit list`: what was measured and what there is, again and without asking."""

from __future__ import annotations

import json
import shutil

import pytest

from evalkit.engine.archive import RUN
from tests.projects import Project, complaints, yes_spec


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> tuple[Project, str]:
    """A project with one red run, and what was printed of it."""
    project = Project(tmp_path_factory.mktemp("done"), {})
    project.write("specs/a.yaml", yes_spec("yes", *(f"w{number}" for number in range(14))))
    return project, project.evalkit("run", "specs", "-m", "echo/x").out


def test_show_prints_the_same_again_by_every_name_of_the_run(done: tuple[Project, str]) -> None:
    project, printed = done
    run_id = project.latest().info.id
    for name in ([], ["latest"], [run_id], [run_id[:16]], [f"reports/{run_id}"], [f"reports/{run_id}/run.json"]):
        shown = project.evalkit("show", *name)
        assert (shown.code, shown.out, shown.err) == (0, printed, "")


def test_show_writes_the_report_anew_with_the_same_bytes(done: tuple[Project, str]) -> None:
    project, printed = done
    page = project.folder / "reports" / "latest" / "index.html"
    before = page.read_bytes()
    page.unlink()
    shown = project.evalkit("show", "--html")
    assert (shown.code, shown.out) == (0, printed)
    assert shown.err == f"written   reports/{project.latest().info.id}/index.html\n"
    assert page.read_bytes() == before


def test_show_prints_for_programs_what_the_run_would_have(done: tuple[Project, str]) -> None:
    project, _ = done
    shown = json.loads(project.evalkit("show", "--json").out)
    assert complaints(shown) == []
    del shown["folder"]
    assert shown == json.loads((project.folder / "reports" / "latest" / RUN).read_text("utf-8"))


def test_a_few_failures_are_shown_and_all_with_v(done: tuple[Project, str]) -> None:
    project, printed = done
    all_of_them = project.evalkit("show", "-v").out
    assert (printed.count("replied"), all_of_them.count("replied")) == (3, 14)
    assert "… and 11 more; -v shows all" in printed


def test_runs_are_listed_oldest_first_and_one_that_cannot_be_read_hides_no_other(
    done: tuple[Project, str], project: Project
) -> None:
    shutil.copytree(done[0].folder / "reports", project.folder / "reports", symlinks=True)
    run_id = done[0].latest().info.id
    for name, text in (("2020-01-01T00-00-00-aaaa", "{}"), ("2021-01-01T00-00-00-bbbb", '{"format_version": 99}')):
        project.write(f"reports/{name}/run.json", text)
    ran = project.evalkit("list", "runs")
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.splitlines() == [
        "2020-01-01T00-00-00-aaaa  cannot be read",
        "2021-01-01T00-00-00-bbbb  cannot be read",
        f"{run_id}  finished     exit 1         15 trials  a",
    ]


def test_scorers_and_providers_are_listed_one_a_line_with_what_they_are(project: Project) -> None:
    scorers, providers = (project.evalkit("list", kind).out.splitlines() for kind in ("scorers", "providers"))
    assert {"equals", "contains", "not"} <= {line.split()[0] for line in scorers}
    assert {"aimlapi", "local", "echo", "scripted"} <= {line.split()[0] for line in providers}
    assert all(len(line.split()) > 2 for line in scorers + providers)


def test_a_run_that_was_killed_is_shown_up_to_there(done: tuple[Project, str], project: Project) -> None:
    shutil.copytree(done[0].folder / "reports", project.folder / "reports", symlinks=True)
    folder = (project.folder / "reports" / "latest").resolve()
    run = json.loads((folder / RUN).read_text("utf-8"))
    (folder / RUN).write_text(json.dumps({**run, "state": "running", "exit_code": None, "columns": []}), "utf-8")
    lines = (folder / "results.jsonl").read_bytes().splitlines(keepends=True)
    (folder / "results.jsonl").write_bytes(b"".join([*lines[3:1:-1], lines[0], lines[1][:50]]))
    shown = project.evalkit("show")
    assert shown.code == 0
    assert "Not finished: 3 of 15 trials done." in shown.out
    assert "continue  evalkit run specs -m echo/x\n" in shown.out
