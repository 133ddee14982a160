"""A run says which revision of the project it is of, and what took part in it."""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
from collections.abc import Callable
from importlib.metadata import version

import pytest

from evalkit.engine.provenance import provenance_of
from tests.projects import Project, yes_spec

GIT = ("git", "-c", "user.name=a", "-c", "user.email=a@example.org", "-c", "commit.gpgsign=false")

needs_git = pytest.mark.skipif(shutil.which("git") is None, reason="there is no git")


def git(project: Project, *words: str) -> str:
    """What git says in the project."""
    done = subprocess.run([*GIT, *words], cwd=project.folder, capture_output=True, check=True, text=True)
    return done.stdout.strip()


def committed(project: Project) -> str:
    """Put the project into a repository; the revision."""
    git(project, "init", "-q")
    git(project, "add", ".")
    git(project, "commit", "-q", "-m", "all")
    return git(project, "rev-parse", "HEAD")


@needs_git
@pytest.mark.parametrize(
    ("change", "is_dirty"),
    [
        (lambda project: None, False),
        (lambda project: project.write("a.yaml", "changed"), True),
        (lambda project: project.write("new.yaml", "new"), True),
        (lambda project: (project.folder / "a.yaml").unlink(), True),
        (lambda project: project.write("reports/x/run.json", "{}"), False),
        (lambda project: project.write(".evalkit/replies.db", ""), False),
    ],
    ids=["nothing", "a file changed", "a new file", "a file gone", "a report", "replies"],
)
def test_the_revision_and_whether_the_project_differs_from_it(
    change: Callable[[Project], object], is_dirty: bool, project: Project
) -> None:
    project.write("a.yaml", yes_spec("one"))
    revision = committed(project)
    change(project)
    found = provenance_of(project.folder, os.environ)
    assert (found.revision, found.is_dirty) == (revision, is_dirty)


@needs_git
def test_without_a_repository_or_a_commit_there_is_no_revision(project: Project) -> None:
    found = provenance_of(project.folder, os.environ)
    assert (found.revision, found.is_dirty) == ("", False)
    git(project, "init", "-q")
    found = provenance_of(project.folder, os.environ)
    assert (found.revision, found.is_dirty) == ("", False)


@needs_git
def test_a_hook_of_git_may_run_evalkit_in_a_folder_of_the_repository(project: Project) -> None:
    project.write("apps/bot/a.yaml", yes_spec("one"))
    revision = committed(project)
    of_the_hook = {"GIT_DIR": ".git", "GIT_INDEX_FILE": ".git/index.lock", "GIT_PREFIX": ""}
    found = provenance_of(project.folder / "apps" / "bot", os.environ | of_the_hook)
    assert (found.revision, found.is_dirty) == (revision, False)


def test_a_run_keeps_python_system_and_the_packages_that_took_part(project: Project) -> None:
    project.write("a.yaml", yes_spec("one"))
    project.evalkit("run", "a.yaml", "-m", "echo/x")
    found = project.latest().info.provenance
    assert found.python == platform.python_version()
    assert found.system.split() == [platform.system(), platform.release(), platform.machine()]
    packages = {name: version(name) for name in ("jinja2", "jsonschema", "pyyaml")}
    assert {name: found.packages[name] for name in packages} == packages
    assert "xllamacpp" not in found.packages
    assert "requests" not in found.packages


@needs_git
def test_a_run_shows_its_revision_quietly(project: Project) -> None:
    project.write("a.yaml", yes_spec("yes"))
    revision = committed(project)
    ran = project.evalkit("run", "a.yaml", "-m", "echo/x")
    assert f"revision  {revision[:10]}\n" in ran.out
    project.write("b.yaml", yes_spec("yes"))
    shown = project.evalkit("run", "a.yaml", "-m", "echo/x")
    assert f"revision  {revision[:10]} + changes\n" in shown.out
    assert f"revision  {revision[:10]} + changes\n" in project.evalkit("show", "--html").out
    page = (project.folder / "reports" / "latest" / "index.html").read_text("utf-8")
    assert f"revision {revision[:10]} + changes" in page
