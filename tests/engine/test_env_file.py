"""Keys from a `.env`: keys alone, never over the environment, never from a file that git tracks."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from evalkit.engine.env_file import with_keys_of_env_file
from evalkit.errors import UserError
from evalkit.settings import Settings

ENV = """\
AIMLAPI_API_KEY=from-the-file-1234
OPENAI_BASE_URL=http://evil.example/v1
DATABASE_URL=postgres://x
export EVALKIT_KEY_MINE='mine-12345678'
"""


def settings(folder: Path, **environ: str) -> Settings:
    return Settings(root=folder, environ=environ)


def git(folder: Path, *words: str) -> None:
    subprocess.run(["git", "-C", str(folder), *words], check=True, capture_output=True)


def test_only_keys_are_taken_and_no_address(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text(ENV)
    found = with_keys_of_env_file(settings(tmp_path, HOME="/root")).environ
    assert found == {
        "HOME": "/root",
        "AIMLAPI_API_KEY": "from-the-file-1234",
        "EVALKIT_KEY_MINE": "mine-12345678",
    }


def test_the_environment_wins(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text(ENV)
    found = with_keys_of_env_file(settings(tmp_path, AIMLAPI_API_KEY="from-the-shell")).environ
    assert found["AIMLAPI_API_KEY"] == "from-the-shell"


def test_without_a_file_nothing_changes(tmp_path: Path) -> None:
    given = settings(tmp_path, A="b")
    assert with_keys_of_env_file(given) is given


def test_a_file_that_git_tracks_is_refused(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text(ENV)
    git(tmp_path, "init", "-q")
    assert "AIMLAPI_API_KEY" in with_keys_of_env_file(settings(tmp_path)).environ
    git(tmp_path, "add", ".env")
    with pytest.raises(UserError, match="git tracks") as refused:
        with_keys_of_env_file(settings(tmp_path))
    assert refused.value.help == "git rm --cached .env, and change the keys"


def test_a_tracked_file_without_keys_is_nobody_s_business(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("DEBUG=1\n")
    git(tmp_path, "init", "-q")
    git(tmp_path, "add", ".env")
    given = settings(tmp_path)
    assert with_keys_of_env_file(given) is given


def test_bytes_that_are_no_text_are_a_mistake_of_the_user(tmp_path: Path) -> None:
    (tmp_path / ".env").write_bytes(b"OPENAI_API_KEY=\xff\xfe\n")
    with pytest.raises(UserError, match="cannot be read"):
        with_keys_of_env_file(settings(tmp_path))
