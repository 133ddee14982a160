"""The command line at its edges: help, usage, what it imports."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import click
import pytest

from evalkit.cli.main import COMMANDS, exit_code_of
from evalkit.version import __version__

HEAVY = ("requests", "rich", "sqlite3", "regex", "dotenv", "evalkit.engine")
PLUG_INS = ("importlib.metadata", "email")  # what looks for them, once a name is none of ours
GOOD = (
    "model: echo/x\nprompt: hi\ncases: [{id: a}]\n"
    "expect: [{name: n, equals: a, ignore_case: true}, {any_of: [{contains: a}], at_least: 1}]\n"
)
MISTAKES = {
    "a misspelt key": "promt: hi\nexpect: [{contains: x}]\ncases: [{vars: {word: x}}]\n",
    "a misspelt scorer": "prompt: Say {{ word }}.\nexpect: [{contians: x}]\ncases: [{vars: {word: x}}]\n",
    "an option that there is not": 'prompt: hi\nexpect: [{equals: "{{ word }}", ignore_cse: true}]\ncases: [{id: a}]\n',
    "a name that no case has": "prompt: Say {{ wrd }}.\nexpect: [{any_of: [{number: 1}]}]\ncases: [{vars: {w: x}}]\n",
}


def imported_by(*arguments: str | Path) -> set[str]:
    """The modules that a command line has imported by its end."""
    code = "import sys; from evalkit.cli.main import exit_code_of; exit_code_of(sys.argv[1:]); print(*sys.modules)"
    ran = subprocess.run([sys.executable, "-c", code, *arguments], capture_output=True, text=True, check=True)
    return set(ran.stdout.splitlines()[-1].split())


def test_help_imports_nothing_heavy() -> None:
    assert imported_by("--help").isdisjoint((*HEAVY, *PLUG_INS, "jinja2", "jsonschema", "yaml", "evalkit.records.spec"))


@pytest.mark.parametrize("command", ["run", "validate"])
@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_in_a_spec_is_told_before_anything_is_imported_that_only_a_run_needs(
    command: str, mistake: str, tmp_path: Path
) -> None:
    spec = tmp_path / "spec.yaml"
    spec.write_text(MISTAKES[mistake], "utf-8")
    assert imported_by(command, spec).isdisjoint(HEAVY)


def test_plug_ins_are_looked_for_only_where_a_name_is_none_of_ours(tmp_path: Path) -> None:
    spec = tmp_path / "spec.yaml"
    spec.write_text(GOOD, "utf-8")
    assert imported_by("validate", spec).isdisjoint((*HEAVY, *PLUG_INS))


def test_a_run_imports_nothing_of_what_it_has_no_use_for(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    spec = tmp_path / "spec.yaml"
    spec.write_text(GOOD, "utf-8")
    assert imported_by("run", spec).isdisjoint((*PLUG_INS, "requests", "urllib3", "regex", "dotenv", "genai_prices"))
    assert len(list((tmp_path / "reports").glob("*/run.json"))) > 0


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_explains_itself(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert exit_code_of([command, "--help"]) == 0
    assert "evalkit " + command in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["run", "nowhere/"], "there is no file or folder `nowhere"),
        (["run", "--no-such-option"], "No such option"),
        (["rum"], "No such command 'rum'"),
        (["show", "2020"], "there is no run `2020`"),
        (["run", ".", "--fresh", "--offline"], "--fresh asks again and --offline never asks"),
        (["run", ".", "-j", "0"], "Invalid value for '-j'"),
    ],
)
def test_wrong_usage_ends_with_2_and_says_what_is_wrong(
    arguments: list[str], said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert exit_code_of(arguments) == 2
    assert said in capsys.readouterr().err


@click.command()
@click.argument("kind", type=click.Choice(["bug", "ctrl-c"]))
def broken(kind: str) -> None:
    """A command that does not end well."""
    raise KeyboardInterrupt if kind == "ctrl-c" else ZeroDivisionError("a bug")


@pytest.mark.parametrize(
    ("kind", "code", "said"),
    [
        ("bug", 5, f"This is a bug in evalkit {__version__}. Please report it with the lines above."),
        ("ctrl-c", 130, "stopped; every reply that came is kept, the same command continues"),
    ],
)
def test_a_bug_of_ours_and_a_wish_to_stop_end_differently(
    kind: str, code: int, said: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(COMMANDS, "broken", f"{__name__}:broken")
    assert exit_code_of(["broken", kind]) == code
    err = capsys.readouterr().err
    assert err.splitlines()[-1] == said
    assert ("ZeroDivisionError: a bug" in err) == ("Traceback" in err) == (kind == "bug")


def test_a_folder_without_specs_measures_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert exit_code_of(["run", str(tmp_path)]) == 4
    assert "no spec in" in capsys.readouterr().err


def test_show_prints_a_run_again_without_asking(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("a.yaml").write_text("prompt: Say {{ w }}\nexpect: {contains: x}\ncases:\n  - vars: {w: hello}\n", "utf-8")
    assert exit_code_of(["run", "a.yaml", "-m", "echo/x"]) == 1
    first = capsys.readouterr().out
    Path("a.yaml").unlink()
    assert exit_code_of(["show"]) == 0
    assert capsys.readouterr().out == first
    assert exit_code_of(["show", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["exit_code"] == 1


@pytest.mark.parametrize("kind", ["scorers", "providers", "runs"])
def test_list_says_what_there_is(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert exit_code_of(["list", kind]) == 0
    assert {"scorers": "label", "providers": "AIMLAPI_API_KEY", "runs": "no run yet"}[kind] in capsys.readouterr().out
