"""A project in a git repository: what specs were, and what they are."""

from __future__ import annotations

import os
import subprocess

from tests.projects import Project

_WHO = ("-c", "user.name=a", "-c", "user.email=a@example.org", "-c", "commit.gpgsign=false")


def git(project: Project, *words: str) -> str:
    """What git says in the project, in a world without any configuration but its own."""
    environ = {"PATH": os.environ["PATH"], "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
    done = subprocess.run(["git", *_WHO, *words], cwd=project.folder, env=environ, capture_output=True, check=True)
    return done.stdout.decode().strip()


def committed(project: Project, subject: str = "first", **specs: str) -> str:
    """Write specs, `name="text"` as `name.yaml`, and commit all there is; the commit's id."""
    for name, text in specs.items():
        project.write(f"{name}.yaml", text)
    if not (project.folder / ".git").exists():
        git(project, "init", "--quiet", "--initial-branch=main")
        project.write(".gitignore", ".evalkit/\nreports/\n")
    git(project, "add", "--all")
    git(project, "commit", "--quiet", "--allow-empty", "--message", subject)
    return git(project, "rev-parse", "HEAD")
