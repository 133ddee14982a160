"""Everything that plugs in: what is built in, and what others bring."""

from __future__ import annotations

import json
import pkgutil
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from evalkit import catalog
from evalkit.errors import UserError
from evalkit.settings import Settings
from evalkit.spec.schema import SCORER, definition, is_later, later_scorers, schema
from tests.projects import Project
from tests.scorers.judging import check_of

TABLES = {
    "scorers": catalog.SCORERS,
    "groups": catalog.GROUPS,
    "providers": catalog.PROVIDERS,
    "datasets": catalog.DATASETS,
    "reporters": catalog.REPORTERS,
}
KNOWN = [*catalog.SCORERS, *catalog.GROUPS]
OF_EVERY_CHECK = {"name", "advisory", "source", "extract", "path"}


class Noted(dict[str, Any]):
    """Options that note which of them are looked at."""

    def __init__(self, options: Mapping[str, Any]) -> None:
        super().__init__(options)
        self.read: set[str] = set()

    def get(self, key: str, default: Any = None) -> Any:
        self.read.add(key)
        return super().get(key, default)

    def __getitem__(self, key: str) -> Any:
        self.read.add(key)
        return super().__getitem__(key)


@pytest.mark.parametrize(("table", "name"), [(table, name) for table, names in TABLES.items() for name in names])
def test_every_name_leads_to_something_that_can_be_called(table: str, name: str) -> None:
    assert callable(pkgutil.resolve_name(TABLES[table][name]))


@pytest.mark.parametrize("name", catalog.PROVIDERS)
def test_every_provider_knows_its_name_before_any_key_is_there(name: str) -> None:
    assert catalog.provider(name, Settings()).name == name


@pytest.mark.parametrize("name", catalog.REPORTERS)
def test_every_reporter_names_its_files(name: str) -> None:
    assert isinstance(catalog.reporter(name).files, tuple)


def test_the_schema_has_every_scorer_and_no_other() -> None:
    defined = {name.removeprefix(SCORER) for name in schema("spec")["definitions"] if name.startswith(SCORER)}
    assert defined - later_scorers() == set(KNOWN)


def test_the_schema_leads_from_a_scorers_name_to_its_branch() -> None:
    guard, *branches = definition("check")["allOf"]
    defined = {name.removeprefix(SCORER) for name in schema("spec")["definitions"] if name.startswith(SCORER)}
    led = {branch["if"]["required"][0]: branch["then"]["$ref"] for branch in branches}
    assert led == {name: f"#/definitions/{SCORER}{name}" for name in defined}
    assert {item["required"][0] for item in guard["if"]["not"]["anyOf"]} == defined


@pytest.mark.parametrize("name", KNOWN)
def test_a_scorer_reads_the_options_that_the_schema_offers_and_no_other(name: str) -> None:
    properties = definition(SCORER + name)["properties"]
    offered = {key for key, part in properties.items() if key != name and not is_later(part)} - OF_EVERY_CHECK
    options = Noted({key: properties[key]["examples"][0] for key in offered})
    check = check_of({name: properties[name]["examples"][0], **options})
    catalog.bind(replace(check, options=options))
    assert options.read == offered


def test_a_name_that_nothing_has_is_answered_with_the_nearest() -> None:
    with pytest.raises(UserError, match="no provider is called `opnai`") as caught:
        catalog.provider("opnai", Settings())
    assert caught.value.help == "did you mean `openai`?"
    with pytest.raises(UserError, match=r"no data file is called `\.xlsx`"):
        catalog.loader(".xlsx")


# What others bring: a distribution installed beside ours, as pip would lay it out.

SHOUTS = """
from evalkit.errors import CheckError
from evalkit.records.result import failed, passed


class Shouts:
    def __init__(self, check):
        self.least = check.options.get("least", 1)
        if not isinstance(self.least, int):
            raise ValueError(f"least is {self.least}")
        if self.least < 1:
            raise CheckError("`least` counts from 1")

    def score(self, answer):
        if answer.text == "BREAK":
            raise RuntimeError("no voice")
        loud = answer.text.count("!")
        return passed(f"shouts {loud} times") if loud >= self.least else failed(f"shouts {loud} times")
"""
LOUD = """
from evalkit.providers.echo import Echo
from evalkit.records.exchange import Reply


class Loud(Echo):
    name = "loud"

    def decode(self, recording):
        reply = super().decode(recording)
        return Reply(reply.text.upper() + "!", model=reply.model, usd=0.0)


def connect(name, settings):
    return Loud()
"""
LINES = """
from evalkit.datasets.interface import Row


class Lines:
    def rows(self, path):
        for number, line in enumerate(path.read_text("utf-8").splitlines(), start=1):
            yield Row({"word": line}, number)
"""
ENTRY_POINTS = """
[evalkit.scorers]
shouts = shouting:Shouts
broken = shouting.gone:Gone
contains = shouting:Shouts

[evalkit.providers]
loud = loud:connect

[evalkit.datasets]
.lines = lines:Lines
"""
SPEC = 'prompt: "{{{{ word }}}}"\nexpect: {check}\ncases:\n  - vars: {{word: {word}}}\n'


@pytest.fixture
def extended(tmp_path: Path) -> Project:
    """A project beside a distribution with plug-ins."""
    others = tmp_path / "others"
    installed = others / "shouting-1.0.dist-info"
    installed.mkdir(parents=True)
    (others / "shouting.py").write_text(SHOUTS, "utf-8")
    (others / "loud.py").write_text(LOUD, "utf-8")
    (others / "lines.py").write_text(LINES, "utf-8")
    (installed / "METADATA").write_text("Metadata-Version: 2.1\nName: shouting\nVersion: 1.0\n", "utf-8")
    (installed / "entry_points.txt").write_text(ENTRY_POINTS, "utf-8")
    project = tmp_path / "project"
    project.mkdir()
    return Project(project, {"PYTHONPATH": str(others)})


@pytest.mark.parametrize(
    ("check", "word", "code", "said"),
    [
        ("{shouts: true}", "hi!", 0, "holds"),
        ("{shouts: true, least: 2}", "hi!", 1, "shouts 1 times"),
        ("{not: {shouts: true}}", "hi!", 1, "must not hold: shouts shouts 1 times"),
        ("{shouts: true}", "BREAK", 3, "the scorer broke: RuntimeError: no voice"),
        ("{not: {shouts: true}}", "BREAK", 3, "the scorer broke: RuntimeError: no voice"),
        ("{shouts: true, least: 0}", "hi!", 2, "`least` counts from 1"),
        (
            "{shouts: true, least: many}",
            "hi!",
            2,
            "the plug-in `shouts` could not make its scorer: ValueError: least is many",
        ),
        ("{broken: true}", "hi!", 2, "the plug-in `broken` (shouting.gone:Gone) cannot be loaded: No module named"),
        ("{shout: true}", "hi!", 2, "no scorer is called `shout`"),
        ("{contains: hi}", "oh hi", 0, "holds"),  # ours is ours: no plug-in takes a name away
    ],
)
def test_a_scorer_of_others_is_a_scorer(check: str, word: str, code: int, said: str, extended: Project) -> None:
    extended.write("spec.yaml", SPEC.format(check=check, word=json.dumps(word)))
    ran = extended.evalkit("run", "spec.yaml", "-m", "echo/x")
    assert (ran.code, said in ran.out + ran.err) == (code, True), ran


def test_a_provider_of_others_is_asked_by_its_name(extended: Project) -> None:
    extended.write("spec.yaml", SPEC.format(check="{equals: HI!}", word="hi"))
    assert extended.evalkit("run", "spec.yaml", "-m", "loud/x").code == 0


def test_a_data_file_of_others_brings_cases(extended: Project) -> None:
    extended.write("words.lines", "one\ntwo\n")
    extended.write("spec.yaml", 'prompt: "{{ word }}"\nexpect: {regex: one|two}\ncases: {file: words.lines}\n')
    assert extended.evalkit("run", "spec.yaml", "-m", "echo/x").code == 0
    assert [result.reply.text for result in extended.latest().results() if result.reply] == ["one", "two"]
