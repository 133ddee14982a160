"""Settings: flags beat the environment, the environment beats files, files beat defaults."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from evalkit.errors import UserError
from evalkit.records.machine import Command, OwnEndpoint, Price
from evalkit.settings import DEFAULT_MODEL, Settings, project_root, settings_for

PYPROJECT = "[project]\nname = 'x'\n[tool.evalkit]\nmodel = 'echo/pyproject'\n"
OWN_FILE = "model = 'echo/own'\n"
REPLIES = 'write replies = "specs/replies", a folder of the project'


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder: empty, and a project of its own."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".git").mkdir()
    return tmp_path.resolve()


def write(folder: Path, **files: str) -> None:
    """Write files; `__` in a name is a dot."""
    for name, text in files.items():
        (folder / name.replace("__", ".")).write_text(text, "utf-8")


def refusal(**flags: Any) -> tuple[str, str]:
    """Why there are no such settings, and what to do."""
    with pytest.raises(UserError) as caught:
        settings_for((), {}, **flags)
    return caught.value.message, caught.value.help


def test_without_a_word_everything_has_its_default(folder: Path) -> None:
    assert settings_for((), {}) == Settings(root=folder, default_model=DEFAULT_MODEL)


def test_the_nearer_word_wins(folder: Path) -> None:
    environ = {"EVALKIT_MODEL": "echo/environment"}
    assert settings_for((), {}).default_model == "local/smollm2"
    write(folder, pyproject__toml=PYPROJECT)
    assert settings_for((), {}).default_model == "echo/pyproject"
    write(folder, evalkit__toml=OWN_FILE)
    assert settings_for((), {}).default_model == "echo/own"
    assert settings_for((), {"EVALKIT_MODEL": ""}).default_model == "echo/own"
    assert settings_for((), environ).default_model == "echo/environment"
    assert settings_for((), environ, default_model="echo/flag").default_model == "echo/flag"


def test_a_flag_that_was_not_given_changes_nothing(folder: Path) -> None:
    given = settings_for((), {}, workers=None, models=None, limit=None, fresh=None, out=None, timeout=None)
    assert given == settings_for((), {})


def test_flags_stand_as_they_were_given(folder: Path) -> None:
    paths = (Path("specs"),)
    given = settings_for(
        paths, {}, models="echo/x", tags=["a", "b"], workers=3, limit=2, out="there", timeout=5, fresh_since=5.0
    )
    assert given == Settings(
        paths=paths,
        root=folder,
        models=("echo/x",),
        tags=("a", "b"),
        workers=3,
        limit=2,
        out=Path("there"),
        timeout=5,
        fresh=True,
        fresh_since=5.0,
    )


def test_what_evalkit_keeps_lies_at_the_root(folder: Path) -> None:
    settings = settings_for((), {}, root="elsewhere")
    assert (settings.root, settings.state, settings.reports) == (
        Path("elsewhere"),
        Path("elsewhere/.evalkit"),
        Path("elsewhere/reports"),
    )


def test_the_environment_is_passed_on_and_never_shown(folder: Path) -> None:
    settings = settings_for((), {"AIMLAPI_API_KEY": "sk-12345678"})
    assert settings.environ == {"AIMLAPI_API_KEY": "sk-12345678"}
    assert "sk-12345678" not in repr(settings)


@pytest.mark.parametrize(
    ("flags", "message", "help"),
    [
        ({"worker": 3}, "there is no setting `worker`", "did you mean `workers`?"),
        ({"workers": 0}, "`workers` is 0", "it counts from 1"),
        ({"workers": 1.5}, "`workers` is 1.5", "it counts from 1"),
        ({"workers": True}, "`workers` is True", "it counts from 1"),
        ({"workers": "3"}, "`workers` is 3", "it counts from 1"),
        ({"trials": 0}, "`trials` is 0", "it counts from 1"),
        ({"limit": -1}, "`limit` is -1", "it counts from 1"),
        ({"attempts": 0}, "`attempts` is 0", "it counts from 1"),
        ({"max_calls": -1}, "`max_calls` is -1", "it counts from 0"),
        ({"timeout": 0}, "`timeout` is 0", "it is a number of seconds above 0"),
        ({"timeout": float("nan")}, "`timeout` is nan", "it is a number of seconds above 0"),
        ({"timeout": float("inf")}, "`timeout` is inf", "it is a number of seconds above 0"),
        ({"deadline": -2.0}, "`deadline` is -2.0", "it is a number of seconds above 0"),
        ({"deadline": True}, "`deadline` is True", "it is a number of seconds above 0"),
        ({"deadline": 1e9}, "`deadline` is 1000000000.0", "it is a number of seconds above 0"),
        ({"fresh": True, "offline": True}, "--fresh asks again and --offline never asks", "give one of them"),
        (
            {"allow_unrecorded": True},
            "--allow-unrecorded is about --offline, which is not given",
            "what is not recorded is asked",
        ),
    ],
)
def test_what_is_out_of_range_is_refused(flags: dict[str, Any], message: str, help: str, folder: Path) -> None:
    assert refusal(**flags) == (message, help)


@pytest.mark.parametrize("least", [{"max_calls": 0}, {"limit": 1}, {"timeout": 0.001}, {"trials": 1}])
def test_the_least_that_counts_is_allowed(least: dict[str, Any], folder: Path) -> None:
    (name,) = least
    assert getattr(settings_for((), {}, **least), name) == least[name]


@pytest.mark.parametrize(
    ("file", "text", "message", "help"),
    [
        ("evalkit.toml", "modell = 'x'", "evalkit.toml has no setting `modell`", "did you mean `model`?"),
        ("evalkit.toml", "model = 5", "`model` in evalkit.toml is not a text", 'write model = "…"'),
        ("evalkit.toml", "replies = true", "`replies` in evalkit.toml is not a text", REPLIES),
        ("evalkit.toml", "replies = '../all'", "`replies` in evalkit.toml leads out of the project", REPLIES),
        ("evalkit.toml", "replies = '/tmp'", "`replies` in evalkit.toml leads out of the project", REPLIES),
        ("evalkit.toml", "replies = 'a/../../b'", "`replies` in evalkit.toml leads out of the project", REPLIES),
        ("evalkit.toml", r'replies = "rec\u0000x"', "`replies` in evalkit.toml names no folder", REPLIES),
        (
            "pyproject.toml",
            "[tool.evalkit]\nworkers = 3",
            "[tool.evalkit] in pyproject.toml has no setting `workers`",
            "known: `commands`, `endpoints`, `limits`, `model`, `prices`, `replies`",
        ),
        (
            "pyproject.toml",
            "[tool]\nevalkit = 'local/x'",
            "[tool.evalkit] in pyproject.toml is no table",
            'write [tool.evalkit], and below it model = "…"',
        ),
        (
            "pyproject.toml",
            "[tool.evalkit.endpoints.mine]\nkey = 'EVALKIT_KEY_MINE'",
            "the endpoint `mine` in [tool.evalkit] in pyproject.toml has no base_url",
            'write [tool.evalkit.endpoints.mine], and below it base_url = "https://…/v1"',
        ),
        (
            "evalkit.toml",
            "[endpoints.mine]\nbase_url = ''",
            "the endpoint `mine` in evalkit.toml has no base_url",
            'write [tool.evalkit.endpoints.mine], and below it base_url = "https://…/v1"',
        ),
        (
            "evalkit.toml",
            "endpoints = 3",
            "`endpoints` in evalkit.toml is no table",
            'write [tool.evalkit.endpoints.mine], and below it base_url = "https://…/v1"',
        ),
        (
            "evalkit.toml",
            "[endpoints.mine]\nbase_url = 'http://x/v1'\nkye = 'EVALKIT_KEY_MINE'",
            "the endpoint `mine` in evalkit.toml has no setting `kye`",
            "did you mean `key`?",
        ),
        (
            "evalkit.toml",
            "[endpoints.mine]\nbase_url = 5",
            "`base_url` of the endpoint `mine` in evalkit.toml is not a text",
            'write base_url = "…"',
        ),
        (
            "evalkit.toml",
            "[endpoints.mine]\nbase_url = 'http://x/v1'\nkey = 'OPENAI_API_KEY'",
            "the key variable of the endpoint `mine` in evalkit.toml does not begin with EVALKIT_KEY_",
            'so that no project file can send another key there: write key = "EVALKIT_KEY_MINE"',
        ),
        (
            "evalkit.toml",
            "commands = 3",
            "`commands` in evalkit.toml is no table",
            'write [tool.evalkit.commands], and below it check = ["python", "check.py"]',
        ),
        (
            "evalkit.toml",
            "[commands]\nmine = 'python ask.py'",
            "the command `mine` in evalkit.toml is no list of words",
            'write mine = ["python", "check.py"]',
        ),
        (
            "evalkit.toml",
            "[commands]\nmine = []",
            "the command `mine` in evalkit.toml is no list of words",
            'write mine = ["python", "check.py"]',
        ),
        (
            "pyproject.toml",
            "[tool.evalkit.commands]\nmine = ['python', 3]",
            "the command `mine` in [tool.evalkit] in pyproject.toml is no list of words",
            'write mine = ["python", "check.py"]',
        ),
        (
            "evalkit.toml",
            "[commands.mine]\nversion = '1'",
            "the command `mine` in evalkit.toml is no list of words",
            'write mine = ["python", "check.py"]',
        ),
        (
            "evalkit.toml",
            "[commands]\nmine = {argv = ['python'], versoin = '1'}",
            "the command `mine` in evalkit.toml has no setting `versoin`",
            "did you mean `version`?",
        ),
        (
            "evalkit.toml",
            "[commands]\nmine = {argv = ['python'], version = 1}",
            "`version` of the command `mine` in evalkit.toml is not a text",
            'write version = "1"',
        ),
    ],
)
def test_a_settings_file_that_says_something_else_is_refused(
    file: str, text: str, message: str, help: str, folder: Path
) -> None:
    (folder / file).write_text(text, "utf-8")
    assert refusal() == (message, help)


@pytest.mark.parametrize("file", ["evalkit.toml", "pyproject.toml"])
@pytest.mark.parametrize("text", [b"model = ", b"[tool.evalkit", b"x = 'caf\xe9'", b"a = 1\na = 2"])
def test_a_settings_file_that_cannot_be_read_is_not_passed_over(file: str, text: bytes, folder: Path) -> None:
    (folder / file).write_bytes(text)
    message, help = refusal()
    assert (message.split(":")[0], help) == (f"{file} cannot be read", "mend the file")


def test_a_pyproject_of_other_tools_says_nothing(folder: Path) -> None:
    for text in ("", "[project]\nname = 'x'\n", "[tool.ruff]\nline-length = 3\n", "tool = 3\n"):
        write(folder, pyproject__toml=text)
        assert settings_for((), {}) == Settings(root=folder)


PRICE_HELP = (
    'write [tool.evalkit.prices."mine/model"], and below it input = 0.10 and output = 0.40 (US dollars for a million '
    "tokens)"
)


def test_prices_are_read_by_provider_and_model(folder: Path) -> None:
    write(folder, evalkit__toml="[prices.'mine/m']\ninput = 0.1\noutput = 1\n"
          "[prices.'aimlapi/google/g']\ninput = 0\noutput = 0\ncached = 0.5\n")  # fmt: skip
    assert settings_for((), {}).prices == {
        "mine/m": Price(0.1, 1.0),
        "aimlapi/google/g": Price(0.0, 0.0, 0.5),
    }


@pytest.mark.parametrize(
    ("text", "message", "help"),
    [
        ("prices = 3", "`prices` in evalkit.toml is no table", PRICE_HELP),
        ("prices.m = 3", "the price `m` in evalkit.toml is no table", PRICE_HELP),
        ("prices.m = {input = 1}", "the price `m` in evalkit.toml has no `output`", PRICE_HELP),
        ("prices.m = {output = 1}", "the price `m` in evalkit.toml has no `input`", PRICE_HELP),
        (
            "prices.m = {input = 1, output = -1}",
            "`output` of the price `m` in evalkit.toml is no number from 0 up",
            "write a number",
        ),
        (
            "prices.m = {input = 1, output = '1'}",
            "`output` of the price `m` in evalkit.toml is no number from 0 up",
            "write a number",
        ),
        (
            "prices.m = {input = true, output = 1}",
            "`input` of the price `m` in evalkit.toml is no number from 0 up",
            "write a number",
        ),
        (
            "prices.m = {input = 1, output = nan}",
            "`output` of the price `m` in evalkit.toml is no number from 0 up",
            "write a number",
        ),
        (
            "prices.m = {input = 1, output = 1, cache = 1}",
            "the price `m` in evalkit.toml has no setting `cache`",
            "did you mean `cached`?",
        ),
    ],
)
def test_a_price_that_is_none_is_refused(text: str, message: str, help: str, folder: Path) -> None:
    write(folder, evalkit__toml=text)
    assert refusal() == (message, help)


@pytest.mark.parametrize("budget", [0, -1, float("nan"), float("inf"), True, 1e9])
def test_a_budget_is_a_sum_of_dollars(budget: float) -> None:
    with pytest.raises(UserError) as wrong:
        settings_for((), {}, max_usd=budget)
    assert (wrong.value.message, wrong.value.help) == (f"`max_usd` is {budget}", "it is a sum of US dollars above 0")


def test_endpoints_of_ones_own_are_read(folder: Path) -> None:
    write(folder, evalkit__toml="[endpoints.mine]\nbase_url = 'http://x/v1'\nkey = 'EVALKIT_KEY_MINE'\n"
          "[endpoints.open]\nbase_url = 'http://y/v1'\n")  # fmt: skip
    assert settings_for((), {}).endpoints == {
        "mine": OwnEndpoint("mine", "http://x/v1", "EVALKIT_KEY_MINE"),
        "open": OwnEndpoint("open", "http://y/v1"),
    }


def test_commands_are_words_with_a_version_or_without(folder: Path) -> None:
    write(folder, evalkit__toml="[commands]\nplain = ['python', 'ask.py']\n"
          "told = {argv = ['./ask'], version = '2'}\n")  # fmt: skip
    assert settings_for((), {}).commands == {
        "plain": Command(("python", "ask.py")),
        "told": Command(("./ask",), "2"),
    }


@pytest.mark.parametrize(
    ("marks", "start", "root"),
    [
        ([], "a/b", ""),
        ([".git/"], "a/b", "."),
        (["evalkit.toml"], "a/b", "."),
        (["pyproject.toml=" + PYPROJECT], "a/b", "."),
        (["pyproject.toml=[tool.ruff]\n"], "a/b", ""),
        ([".git/", "a/evalkit.toml"], "a/b", "a"),
        ([".git/", "a/pyproject.toml=[project]\nname = 'x'\n"], "a/b", "."),
        ([".git/", "a/b/pyproject.toml=" + PYPROJECT], "a/b", "a/b"),
        ([".git/", "a/b/pyproject.toml=" + PYPROJECT], "a", "."),
        (["a/.git"], "a/b", "a"),  # a worktree's .git is a file
        (["a/evalkit.toml", "a/b/spec.yaml"], "a/b/spec.yaml", "a"),
        (["a/evalkit.toml"], "a/b/not-there.yaml", "a"),
        ([".git/", "a/pyproject.toml=[broken"], "a/b", "."),
    ],
)
def test_the_root_is_the_nearest_folder_that_says_so_else_here(
    marks: list[str], start: str, root: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project, here = tmp_path.resolve() / "project", tmp_path.resolve() / "here"
    (project / "a" / "b").mkdir(parents=True)
    here.mkdir()
    monkeypatch.chdir(here)
    for mark in marks:
        name, _, text = mark.partition("=")
        if name.endswith("/"):
            (project / name).mkdir()
        else:
            (project / name).write_text(text, "utf-8")
    assert project_root(project / start) == (project / root if root else here)


def test_the_root_is_that_of_the_first_path(folder: Path) -> None:
    for name in ("one", "other"):
        (folder / name).mkdir()
        write(folder / name, evalkit__toml=f"model = 'echo/{name}'")
    settings = settings_for((Path("one/a.yaml"), Path("other/b.yaml")), {})
    assert (settings.root, settings.default_model) == (folder / "one", "echo/one")
    assert settings_for((), {}).root == folder
