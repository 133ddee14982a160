"""The real yaml-language-server, installed once for each lock file, with this project as its workspace."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from tests.editor.server import LanguageServer

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
MANIFEST = ("package.json", "package-lock.json", ".npmrc")
START = Path("node_modules", "yaml-language-server", "bin", "yaml-language-server")
SETTINGS = {
    "yaml": {
        "schemas": {"./schemas/spec.schema.json": ["by-settings/*.yaml", "tests/specs/good/*.yaml"]},
        "schemaStore": {"enable": False},  # these tests ask nobody outside
        "validate": True,
        "completion": True,
        "hover": True,
    }
}


@pytest.fixture(scope="session")
def server(pytestconfig: pytest.Config) -> Iterator[LanguageServer]:
    cache = pytestconfig.cache
    assert cache is not None
    folder = _installed(cache.mkdir("yaml-language-server"))
    with LanguageServer(["node", str(folder / START), "--stdio"], ROOT, SETTINGS) as running:
        yield running


def _installed(cache: Path) -> Path:
    """The folder of the cache that holds what the lock file names. Two test runs may fill it at once."""
    lock = (HERE / "package-lock.json").read_bytes()
    folder = cache / hashlib.sha256(lock).hexdigest()[:16]
    if not (folder / START).exists():
        npm = _npm()
        with tempfile.TemporaryDirectory(dir=cache) as scratch:
            fresh = Path(scratch, "fresh")
            fresh.mkdir()
            for name in MANIFEST:
                shutil.copy(HERE / name, fresh)
            done = subprocess.run(
                [npm, "ci", "--ignore-scripts"], cwd=fresh, capture_output=True, text=True, timeout=300
            )
            if done.returncode:
                pytest.fail(f"npm ci: {done.stderr}", pytrace=False)
            with suppress(OSError):  # the other run was first
                fresh.rename(folder)
    return folder


def _npm() -> str:
    npm = shutil.which("npm")
    if npm:
        return npm
    if os.environ.get("CI"):
        pytest.fail("CI must have npm")
    pytest.skip("npm is not installed")
