"""The digest of a spec changes with every file it is read from, and with nothing else."""

from __future__ import annotations

import hashlib

import pytest

from evalkit.spec.load import load
from tests.projects import Project, yes_spec

SHARING = """
prompt: [{system: {file: shared/system.md}}, {user: "{{ word }}"}]
expect: [{file: shared/checks.yaml}]
cases: [{file: data/words.csv}]
"""
FILES = {
    "specs/a.yaml": SHARING,
    "specs/shared/system.md": "Be brief.",
    "specs/shared/checks.yaml": "- {contains: a}\n",
    "specs/data/words.csv": "word\na\n",
}


def digest(project: Project) -> str:
    """The digest of the project's only spec."""
    (spec,) = load(project.settings()).specs
    return spec.digest


def shared(project: Project) -> Project:
    """The project with a spec that reads three other files."""
    for name, text in FILES.items():
        project.write(name, text)
    return project


def test_a_spec_alone_has_the_digest_of_its_file(project: Project) -> None:
    file = project.write("a.yaml", yes_spec("one"))
    assert digest(project) == hashlib.sha256(file.read_bytes()).hexdigest()


def test_a_spec_with_other_files_has_the_digest_of_what_sha256sum_prints(project: Project) -> None:
    names = ["a.yaml", "data/words.csv", "shared/checks.yaml", "shared/system.md"]
    lines = [f"{hashlib.sha256(FILES[f'specs/{name}'].encode()).hexdigest()}  {name}\n" for name in names]
    assert digest(shared(project)) == hashlib.sha256("".join(lines).encode()).hexdigest()


@pytest.mark.parametrize("name", FILES)
def test_a_changed_file_changes_the_digest(name: str, project: Project) -> None:
    before = digest(shared(project))
    project.write(name, FILES[name] + "# b\n")
    assert digest(project) != before


def test_a_file_that_no_spec_reads_changes_nothing(project: Project) -> None:
    before = digest(shared(project))
    project.write("specs/shared/other.md", "Never read.")
    assert digest(project) == before
