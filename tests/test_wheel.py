"""The built wheel works where nothing but the wheel is."""

from __future__ import annotations

import json
import subprocess
import sys
import venv
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
INSTALLED_LIMIT = 30 * 1024 * 1024  # bytes, with all dependencies, without extras

SPEC = """
name: greeting
prompt: Say {{ word }}.
expect: [{contains: "{{ word }}"}]
cases:
  - vars: {word: hello}
"""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("dist")
    command = [sys.executable, "-m", "build", "--wheel", "--outdir", str(out), str(ROOT)]
    subprocess.run(command, check=True, capture_output=True, timeout=300)
    (built,) = out.glob("*.whl")
    return built


@pytest.mark.wheel
def test_the_wheel_holds_the_package_its_schemas_and_templates_and_nothing_else(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    assert {"evalkit/schemas/spec.schema.json", "evalkit/schemas/run.schema.json", "evalkit/py.typed"} <= names
    assert any(name.startswith("evalkit/reporters/templates/") for name in names)
    assert {name.split("/")[0].split("-")[0] for name in names} == {"evalkit", "evalkit_specs"}


@pytest.mark.wheel
def test_an_installed_wheel_runs_from_another_folder_and_is_small(wheel: Path, tmp_path: Path) -> None:
    home = tmp_path / "clean"
    venv.create(home, with_pip=True)
    before = _size(home)
    pip = [str(home / "bin" / "python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", str(wheel)]
    subprocess.run(pip, check=True, timeout=300)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "greeting.yaml").write_text(SPEC, "utf-8")

    run = subprocess.run(
        [str(home / "bin" / "evalkit"), "run", "greeting.yaml", "-m", "echo/x", "--json"],
        cwd=elsewhere,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )

    told = json.loads(run.stdout)
    assert told["totals"]["cases"]["passed"] == 1
    assert (elsewhere / "reports" / "latest" / "index.html").read_text("utf-8").startswith("<!doctype html>")
    size = _size(home) - before
    print(f"installed without extras: {size / 2**20:.1f} MB")  # noqa: T201 - a measurement for the log
    assert size <= INSTALLED_LIMIT


def _size(folder: Path) -> int:
    """Bytes of the files below a folder, without what Python compiles."""
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file() and file.suffix != ".pyc")
