"""Whatever a user gets wrong is said in words, with an exit code of its own, and never with a traceback."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from evalkit.cli.main import exit_code_of
from tests.projects import yes_spec

SPEC = yes_spec("yes")
DATA = 'prompt: "{{ w }}"\nmodel: echo/x\nexpect: {contains: x}\ncases: {file: data.csv}\n'


@dataclass(frozen=True, slots=True)
class Mistake:
    """What is there, what is typed, how it ends and what it says."""

    typed: str
    said: str
    files: Mapping[str, str | bytes | None] = field(default_factory=dict)  # None is a folder
    code: int = 2
    environ: Mapping[str, str] = field(default_factory=dict)


MISTAKES = [
    Mistake("", "Usage: evalkit"),
    Mistake("rnu", "No such command 'rnu'; did you mean `run`?"),
    Mistake("run", "there is no file or folder `specs`"),
    Mistake("run a.yaml --limt 3", "No such option"),
    Mistake("run a.yaml --limit 0", "Invalid value for '--limit': 0 is not in the range x>=1."),
    Mistake("run a.yaml --limit few", "'few' is not a valid integer"),
    Mistake("run a.yaml --trials 0", "Invalid value for '--trials': 0"),
    Mistake("run a.yaml -j 0", "Invalid value for '-j': 0"),
    Mistake("run a.yaml --max-calls -1", "Invalid value for '--max-calls': -1"),
    Mistake("run a.yaml --timeout 0", "`timeout` is 0"),
    Mistake("run a.yaml --timeout nan", "`timeout` is nan"),
    Mistake("run a.yaml --fresh --offline", "give one of them"),
    Mistake("run a.yaml --fresh-since 2026-11-25 --offline", "give one of them"),
    Mistake("run a.yaml --fresh-since 0001-01-01T00:00:00+23:59", "`0001-01-01T00:00:00+23:59` is no time"),
    Mistake("run a.yaml --fresh-since 9999-12-31T23:59:59-23:59", "`9999-12-31T23:59:59-23:59` is no time"),
    Mistake("run a.yaml --fresh-since yesterday", "`yesterday` is no time; write it as 2026-11-25T05:47:42Z"),
    Mistake("run a.yaml -m", "requires an argument"),
    Mistake("run a.yaml --failed", "there is no run yet"),
    Mistake("run a.yaml --failed 2020", "there is no run `2020`"),
    Mistake("run a.yaml --out a.yaml -m echo/x", "cannot be written: File exists"),
    Mistake("run a.yaml", "", {"evalkit.toml": "model = \n"}),
    Mistake("run a.yaml", "did you mean `model`?", {"evalkit.toml": "modle = 'x'\n"}),
    Mistake("run a.yaml", "`model` in evalkit.toml is not a text", {"evalkit.toml": "model = 1\n"}),
    Mistake("run a.yaml", "", {"evalkit.toml": b"\xff\xfe"}),
    Mistake("run a.yaml -m gpt", "gpt"),
    Mistake("run a.yaml -m /", "/"),
    Mistake("run a.yaml -m opnai/gpt", "opnai"),
    Mistake("run a.yaml", "nobody", environ={"EVALKIT_MODEL": "nobody/x"}),
    Mistake("run a.yaml -m openai/gpt", "the environment has no OPENAI_API_KEY"),
    Mistake("run a.yaml -m local/unknown", "there is no embedded model `unknown`"),
    Mistake("run a.yaml -m local/missing.gguf", "there are no weights at `missing.gguf`"),
    Mistake("run a.yaml -m scripted/missing.yaml", "missing.yaml"),
    Mistake("run a.yaml -m scripted/s.yaml", "has no key `repyl`", {"s.yaml": "- {repyl: x}\n"}),
    Mistake("run a.yaml -m scripted/s.yaml", "is no script", {"s.yaml": "hello\n"}),
    Mistake("run a.yaml -m scripted/s.yaml", "s.yaml:1:", {"s.yaml": "- {reply: x\n"}),
    Mistake("run a.yaml -m echo/x", "cannot be written: File exists", {".evalkit": "a file"}),
    Mistake("run a.yaml -m echo/x", "replies.db cannot be read", {".evalkit/replies.db": None}),
    Mistake("run b.yaml", "b.yaml", {"b.yaml": ""}),
    Mistake("run b.yaml", "b.yaml", {"b.yaml": b"\xff\xfe\x00p"}),
    Mistake("run b.yaml", "b.yaml", {"b.yaml": b"\x00\x01\x02"}),
    Mistake("run b.yaml", "b.yaml:", {"b.yaml": "prompt: [\n"}),
    Mistake("run b.yaml", "b.yaml", {"b.yaml": "[" * 5000}),
    Mistake("run b.yaml", "data.csv", {"b.yaml": DATA}),
    Mistake("run b.yaml", "data.csv", {"b.yaml": DATA, "data.csv": None}),
    Mistake("run b.yaml", "data.csv", {"b.yaml": DATA, "data.csv": ""}),
    Mistake("run b.yaml", "data.csv", {"b.yaml": DATA, "data.csv": b"w\n\xff\n"}),
    Mistake("run b.yaml", "not a pattern", {"b.yaml": SPEC.replace("{contains: yes}", "{regex: '('}")}),
    Mistake("run b.yaml", "word", {"b.yaml": SPEC.replace("{word: yes}", "{w: yes}")}),
    Mistake("run folder", "no spec in `folder`", {"folder": None}, code=4),
    Mistake("run a.yaml -k zzz", "no case is selected", code=4),
    Mistake("run a.yaml --tag zzz --plan", "no case is selected", code=4),
    Mistake("show", "there is no run yet"),
    Mistake("show 2020", "there is no run `2020`"),
    Mistake("show a.yaml", "`a.yaml` is no run"),
    Mistake("show .", "`.` is no run"),
    Mistake("show old", "run.json cannot be read", {"old/run.json": "{"}),
    Mistake("list", "Missing argument"),
    Mistake("list models", "'models' is not one of"),
]


@pytest.mark.parametrize("mistake", MISTAKES, ids=lambda mistake: mistake.typed)
def test_a_mistake_is_said_in_words(
    mistake: Mistake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in [name for name in os.environ if name.startswith(("EVALKIT", "AIML", "OPENAI"))]:
        monkeypatch.delenv(name)
    for name, value in mistake.environ.items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(tmp_path)
    for file, content in {"a.yaml": SPEC, **mistake.files}.items():
        lay_out(tmp_path / file, content)
    code = exit_code_of(mistake.typed.split())
    out, err = capsys.readouterr()
    assert (code, out) == (mistake.code, "")
    assert mistake.said in err
    assert "Traceback" not in err
    assert err.strip()
    assert not (tmp_path / "reports").exists()


def lay_out(path: Path, content: str | bytes | None) -> None:
    """A file with this content, or a folder."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if content is None:
        path.mkdir()
    else:
        path.write_bytes(content.encode() if isinstance(content, str) else content)


def test_a_current_folder_that_was_deleted_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    assert exit_code_of(["run"]) == 2
    assert capsys.readouterr().err == "error: the current folder is no longer there\n  help: cd to one that is\n"
