"""Endpoints of one's own: named in the settings, asked for in specs by name, with a key of their own or none."""

from __future__ import annotations

from pathlib import Path

from evalkit.engine.session import Session
from evalkit.records.run import StoredRun
from evalkit.settings import settings_for
from tests.servers import Server, reply

SPEC = "model: mine/some/model\nprompt: hello {{ n }}\nexpect: yes\ncases: [{vars: {n: 1}}]\n"


def run(folder: Path, server: Server, key: str = "", **environ: str) -> StoredRun:
    settings = f'[endpoints.mine]\nbase_url = "{server.url}"\n' + (f'key = "{key}"\n' if key else "")
    (folder / "evalkit.toml").write_text(settings)
    (folder / "spec.yaml").write_text(SPEC)
    return Session(settings_for((folder / "spec.yaml",), environ)).run()


def test_a_spec_asks_an_endpoint_by_its_name(tmp_path: Path) -> None:
    with Server(lambda number, body, headers: reply("yes")) as server:
        stored = run(tmp_path, server)
    assert stored.info.exit_code == 0
    (seen,) = server.seen
    assert (seen.path, seen.json["model"]) == ("/v1/chat/completions", "some/model")
    assert "authorization" not in seen.headers


def test_its_key_comes_from_its_own_variable_and_no_other(tmp_path: Path) -> None:
    with Server(lambda number, body, headers: reply("yes")) as server:
        run(tmp_path, server, "EVALKIT_KEY_MINE", EVALKIT_KEY_MINE="mine-12345678", OPENAI_API_KEY="sk-openai-1234")
    (seen,) = server.seen
    assert seen.headers["authorization"] == "Bearer mine-12345678"


def test_another_address_of_the_same_endpoint_asks_nothing_again(tmp_path: Path) -> None:
    """Replies are kept under the endpoint's name: it moves, they stay."""
    with Server(lambda number, body, headers: reply("yes")) as server:
        run(tmp_path, server)
    with Server(lambda number, body, headers: reply("yes")) as moved:
        run(tmp_path, moved)
    assert (len(server.seen), len(moved.seen)) == (1, 0)
