"""The built wheel works where nothing but the wheel is."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import venv
import zipfile
from dataclasses import dataclass
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


@dataclass(frozen=True)
class Installed:
    """An environment that has the wheel and what it needs, without extras; `size` is what that took, in bytes."""

    home: Path
    size: int

    def evalkit(self, folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run a command in a folder; there is no key."""
        command = [str(self.home / "bin" / "evalkit"), *arguments]
        return subprocess.run(command, cwd=folder, env={}, capture_output=True, text=True, timeout=60, check=False)


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Installed:
    home = tmp_path_factory.mktemp("clean")
    venv.create(home, with_pip=True)
    before = _size(home)
    pip = [str(home / "bin" / "python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", str(wheel)]
    subprocess.run(pip, check=True, timeout=300)
    return Installed(home, _size(home) - before)


@pytest.mark.wheel
def test_an_installed_wheel_runs_from_another_folder_and_is_small(installed: Installed, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "greeting.yaml").write_text(SPEC, "utf-8")

    run = installed.evalkit(elsewhere, "run", "greeting.yaml", "-m", "echo/x", "--json")

    told = json.loads(run.stdout)
    assert run.returncode == 0
    assert told["totals"]["cases"]["passed"] == 1
    assert (elsewhere / "reports" / "latest" / "index.html").read_text("utf-8").startswith("<!doctype html>")
    print(f"installed without extras: {installed.size / 2**20:.1f} MB")  # noqa: T201 - a measurement for the log
    assert installed.size <= INSTALLED_LIMIT


@pytest.mark.wheel
def test_the_examples_are_green_without_a_model_a_key_and_a_call(installed: Installed, tmp_path: Path) -> None:
    """What a fresh clone has is enough."""
    files = subprocess.run(["git", "ls-files", "-z", "specs"], cwd=ROOT, capture_output=True, text=True, check=True)
    for name in ("pyproject.toml", *filter(None, files.stdout.split("\0"))):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(ROOT / name, tmp_path / name)

    run = installed.evalkit(tmp_path, "run", "specs/", "--offline", "--json")

    assert (run.returncode, run.stderr.count("not recorded")) == (0, 0), run.stdout + run.stderr
    told = json.loads(run.stdout)
    assert {column["verdict"] for column in told["columns"]} == {"holds"}
    assert {column["spending"]["fresh"] for column in told["columns"]} == {0}
    assert sum(column["spending"]["replayed"] for column in told["columns"]) == told["planned"] > 200
    asked = installed.evalkit(tmp_path, "run", "specs/", "--fresh")
    assert (asked.returncode, asked.stderr.splitlines()[0]) == (2, "error: the embedded model needs the extra `local`")


def _size(folder: Path) -> int:
    """Bytes of the files below a folder, without what Python compiles."""
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file() and file.suffix != ".pyc")
