"""What README and docs show is true: specs validate, commands parse, links lead somewhere."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import click
import pytest

from evalkit.cli.main import cli
from evalkit.settings import settings_for
from evalkit.spec.load import read_all

ROOT = Path(__file__).resolve().parent.parent
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").glob("*.md"))]


def _blocks(page: Path, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", page.read_text("utf-8"), re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_spec_shown_is_a_good_spec(page: Path, tmp_path: Path) -> None:
    (tmp_path / "evalkit.toml").touch()
    for block in _blocks(page, "python"):  # a spec may name code; the first line says which file it is
        (tmp_path / block.splitlines()[0].removeprefix("# ")).write_text(block, "utf-8")
    for number, block in enumerate(_blocks(page, "yaml")):
        if re.search(r"^prompts?:", block, re.MULTILINE) and re.search(r"^cases:", block, re.MULTILINE):
            (tmp_path / f"shown{number}.yaml").write_text(block, "utf-8")
    files = tuple(tmp_path.glob("*.yaml"))
    assert read_all(settings_for(files, {})).problems == () if files else True


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_command_shown_is_one(page: Path) -> None:
    for block in _blocks(page, "sh"):
        for line in block.splitlines():
            words = shlex.split(line, comments=True)
            if words[:1] == ["evalkit"]:
                _parse(words[1:])


def _parse(words: list[str]) -> None:
    with click.Context(cli) as context:
        group: click.Command | None = cli
        while isinstance(group, click.Group) and words:
            name, *words = words
            group = group.get_command(context, name)
            assert group is not None, name
            context = click.Context(group, parent=context)
        assert group is not None
        group.make_context("", words, parent=context)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_within_the_project_leads_somewhere(page: Path) -> None:
    targets = re.findall(r"\]\((?!https?:|#)([^)#]+)", page.read_text("utf-8"))
    missing = [target for target in targets if not (page.parent / target).exists()]
    assert missing == []


def test_the_exit_codes_of_the_readme_are_the_command_s() -> None:
    from evalkit.errors import Exit

    shown = re.findall(r"^\| (\d+) \|", (ROOT / "README.md").read_text("utf-8"), re.MULTILINE)
    assert sorted(map(int, shown)) == sorted(Exit)


def test_every_make_target_of_the_docs_exists() -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
    named = {name for page in PAGES for name in re.findall(r"^make ([a-z]+)", page.read_text("utf-8"), re.MULTILINE)}
    assert named <= targets
