"""The files that docs/providers.md shows make a project that passes, by its function and by its program."""

from __future__ import annotations

import os
import re
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from tests.projects import Project

PAGE = (Path(__file__).resolve().parent.parent / "docs" / "providers.md").read_text("utf-8")


@pytest.mark.parametrize("model", ["python/shop.py:answer", "command/shop"])
def test_what_the_page_shows_works(model: str, project: Project) -> None:
    project = replace(project, environ={"PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"})
    for name, text in re.findall(r"^```(?:python|yaml)\n# (\S+)\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL):
        project.write(name, text)
    project.write("pyproject.toml", "\n".join(re.findall(r"^```toml\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)))
    ran = project.evalkit("run", "specs", "-m", model)
    assert (ran.code, "2 cases, 2 calls, 0 replayed" in ran.out) == (0, True), ran
    again = project.evalkit("run", "specs", "-m", model)
    assert (again.code, "2 cases, 0 calls, 2 replayed" in again.out) == (0, True), again
