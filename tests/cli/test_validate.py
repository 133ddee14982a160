"""`evalkit validate`, `init`, `schema`: mistakes in every format, a project to start from, what editors read."""

from __future__ import annotations

import json
import re

import pytest
from jsonschema import Draft7Validator

from tests.projects import ROOT, Project, yes_spec

BROKEN = "prompt: 'Say {{ word }}'\nexpect:\n  - contians: yes\ncases: [{vars: {word: a}}]\n"
WARNED = "prompt: hi\nexpect: {contains: yes}\ncases: [{vars: {word: a}}]\n"
COMPOSE = "services:\n  web: {image: nginx}\n"


def test_good_specs_end_with_0_and_a_count(project: Project) -> None:
    project.write("specs/a.yaml", yes_spec("one", "two"))
    ran = project.evalkit("validate")
    assert (ran.code, ran.out, ran.err) == (0, "no problems in 1 spec, 2 cases\n", "")


def test_a_mistake_is_shown_with_its_line_and_a_caret(project: Project) -> None:
    project.write("specs/a.yaml", BROKEN)
    ran = project.evalkit("validate", "specs/")
    assert ran.code == 2
    assert ran.out.splitlines()[:4] == [
        "specs/a.yaml:3:5: error: no scorer is called `contians`",
        "    - contians: yes",
        "      ^",
        "  help: did you mean `contains`?",
    ]


def test_a_warning_does_not_fail_and_a_run_shows_it_too(project: Project) -> None:
    project.write("a.yaml", "model: echo/x\n" + WARNED.replace("prompt: hi", "prompt: yes"))
    ran = project.evalkit("validate", "a.yaml")
    assert ran.code == 0
    assert ran.out.endswith("1 warning in 1 spec, 1 case\n")
    asked = project.evalkit("run", "a.yaml")
    assert asked.code == 0
    assert "a.yaml:4:17: warning: nothing uses the variable `word`" in asked.err


def test_files_that_hold_something_else_are_skipped_with_a_note(project: Project) -> None:
    project.write("specs/a.yaml", yes_spec("one"))
    project.write("specs/compose.yaml", COMPOSE)
    ran = project.evalkit("validate", "specs/")
    said = "specs/compose.yaml: no spec (neither `prompt` nor `cases`), skipped\nno problems in 1 spec, 1 case\n"
    assert (ran.code, ran.out) == (0, said)


def test_a_misspelt_spec_is_not_taken_for_something_else(project: Project) -> None:
    project.write("a.yaml", "promt: hi\ncaes: []\n")
    assert project.evalkit("validate", "a.yaml").code == 2


def test_a_folder_without_specs_is_nothing_measured(project: Project) -> None:
    (project.folder / "specs").mkdir()
    assert project.evalkit("validate").code == 4


def test_nothing_is_asked_and_no_key_is_wanted(project: Project) -> None:
    project.write("a.yaml", "model: openai/gpt-4.1\n" + yes_spec("one"))
    assert project.evalkit("validate", "a.yaml").code == 0
    assert not (project.folder / ".evalkit").exists()


def test_json_has_every_field_of_every_problem(project: Project) -> None:
    project.write("a.yaml", BROKEN)
    ran = project.evalkit("validate", "a.yaml", "--format", "json")
    assert ran.code == 2
    assert json.loads(ran.out) == {
        "format_version": 1,
        "problems": [
            {
                "file": "a.yaml",
                "line": 3,
                "column": 5,
                "severity": "error",
                "message": "no scorer is called `contians`",
                "help": "did you mean `contains`?",
                "more": 0,
                "via": None,
            }
        ],
    }


def test_a_github_annotation_cannot_be_broken_out_of(project: Project) -> None:
    """A key of the spec stands in the message: it must not begin a command of its own."""
    project.write("a,b.yaml", '"x\\n::error::pwned, 100%": 1\n' + yes_spec("one"))
    ran = project.evalkit("validate", "a,b.yaml", "--format", "github")
    (line,) = ran.out.splitlines()
    assert line.startswith(
        "::error file=a%2Cb.yaml,line=1,col=1,title=evalkit::unknown key `x%0A::error::pwned, 100%25`"
    )


def test_sarif_says_where(project: Project) -> None:
    project.write("a.yaml", BROKEN)
    (run,) = json.loads(project.evalkit("validate", "a.yaml", "--format", "sarif").out)["runs"]
    (result,) = run["results"]
    place = result["locations"][0]["physicalLocation"]
    assert (result["level"], place["artifactLocation"]["uri"]) == ("error", "a.yaml")
    assert place["region"] == {"startLine": 3, "startColumn": 5}
    assert result["message"]["text"] == "no scorer is called `contians`\nhelp: did you mean `contains`?"


@pytest.mark.parametrize("form", ["json", "github", "sarif"])
def test_without_problems_every_format_ends_with_0(project: Project, form: str) -> None:
    project.write("a.yaml", yes_spec("one"))
    ran = project.evalkit("validate", "a.yaml", "--format", form)
    assert ran.code == 0
    assert form == "github" or json.loads(ran.out)


def test_init_writes_a_project_without_a_problem(project: Project) -> None:
    ran = project.evalkit("init")
    assert (ran.code, ran.err) == (0, "")
    written = sorted(
        path.relative_to(project.folder).as_posix() for path in project.folder.rglob("*") if path.is_file()
    )
    assert written == [".gitignore", "schemas/spec.schema.json", "specs/data/reviews.csv", "specs/sentiment.yaml"]
    assert project.evalkit("validate").out == "no problems in 1 spec, 6 cases\n"
    first = (project.folder / "specs/sentiment.yaml").read_text("utf-8").splitlines()[0]
    assert first == "# yaml-language-server: $schema=../schemas/spec.schema.json"


def test_init_changes_nothing_that_is_there(project: Project) -> None:
    project.write("specs/sentiment.yaml", "mine")
    project.write(".gitignore", "mine")
    ran = project.evalkit("init")
    assert (ran.code, ran.err.splitlines()[0]) == (2, "error: specs/sentiment.yaml is there already")
    assert project.evalkit("init", "sub").code == 0
    assert (project.folder / ".gitignore").read_text() == "mine"


@pytest.mark.model
def test_what_init_writes_passes_on_the_embedded_model(project: Project) -> None:
    project.evalkit("init")
    ran = project.evalkit("run", "specs/")
    assert (ran.code, ran.out.splitlines()[-2].split(".")[0]) == (0, "Every gate holds")


def test_schema_prints_what_the_project_ships(project: Project) -> None:
    for name in ("spec", "run"):
        shipped = (ROOT / "schemas" / f"{name}.schema.json").read_text("utf-8")
        assert project.evalkit("schema", name).out == shipped
    assert project.evalkit("schema").out == (ROOT / "schemas" / "spec.schema.json").read_text("utf-8")


def test_the_schema_of_an_installation_knows_its_plug_ins(project: Project) -> None:
    folder = project.folder / "site" / "shouting-1.0.dist-info"
    folder.mkdir(parents=True)
    (folder / "METADATA").write_text("Metadata-Version: 2.1\nName: shouting\nVersion: 1.0\n")
    (folder / "entry_points.txt").write_text("[evalkit.scorers]\nshouts = nowhere:Shouts\n")
    there = Project(project.folder, {"PYTHONPATH": str(folder.parent)})
    schema = json.loads(there.evalkit("schema", "--with-plugins").out)
    Draft7Validator.check_schema(schema)
    spec = {"prompt": "hi", "cases": [{"vars": {}, "expect": [{"shouts": True, "loudness": 11}]}]}
    assert list(Draft7Validator(schema).iter_errors(spec)) == []
    plain = json.loads(project.evalkit("schema").out)
    assert list(Draft7Validator(plain).iter_errors(spec)) != []


def test_every_command_stands_in_the_help() -> None:
    from evalkit.cli.main import COMMANDS, cli

    assert cli.help is not None
    assert {"run", "validate", "init", "show"} <= set(re.findall(r"evalkit (\w+)", cli.help)) <= set(COMMANDS)
