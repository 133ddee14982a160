"""`{file: …}`: what other files hold stands in their place, relative to the file that names it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.spec.loading import asked, cases_of, loaded, spec_of

CASE = "expect: {contains: a}\ncases: [{id: one, vars: {text: hi}}]\n"


def test_a_text_file_is_a_prompt_and_a_template(tmp_path: Path) -> None:
    spec = spec_of(tmp_path, "prompt: {file: prompts/ask.md}\n" + CASE, {"prompts/ask.md": "Say: {{ text }}\n"})
    assert asked(spec, cases_of(spec)["one"]) == [("user", "Say: hi")]


def test_line_ends_and_byte_order_marks_of_a_shared_text_change_no_request(tmp_path: Path) -> None:
    """Else a checkout on another system would ask a paid model again."""
    spec = spec_of(tmp_path, "prompt: {file: ask.md}\n" + CASE, {"ask.md": "\ufeffSay:\r\n{{ text }}\r\n"})
    assert asked(spec, cases_of(spec)["one"]) == [("user", "Say:\nhi")]


def test_an_item_that_is_a_file_is_replaced_by_its_items_at_any_depth(tmp_path: Path) -> None:
    spec = spec_of(
        tmp_path,
        "prompt:\n  - file: a/shots.yaml\n  - user: '{{ text }}'\n" + CASE,
        {
            "a/shots.yaml": "- system: {file: b/system.md}\n- file: b/more.yaml\n",
            "a/b/system.md": "Be {{ text }}.",
            "a/b/more.yaml": "- user: q\n- assistant: a\n",
        },
    )
    said = [("system", "Be hi."), ("user", "q"), ("assistant", "a"), ("user", "hi")]
    assert asked(spec, cases_of(spec)["one"]) == said


def test_what_a_shared_variable_holds_is_data(tmp_path: Path) -> None:
    text = "prompt: '{{ policy }} {{ text }}'\nvars: {policy: {file: policy.md}}\n" + CASE
    spec = spec_of(tmp_path, text, {"policy.md": "{{ not_rendered }}"})
    assert asked(spec, cases_of(spec)["one"]) == [("user", "{{ not_rendered }} hi")]


def test_a_shared_yaml_or_json_file_keeps_its_types(tmp_path: Path) -> None:
    text = "prompt: '{{ a }} {{ b }} {{ text }}'\nvars: {a: {file: a.yaml}, b: {file: b.json}}\n" + CASE
    spec = spec_of(tmp_path, text, {"a.yaml": "[1, no]", "b.json": '{\n\t"x": 1.0\n}'})
    assert cases_of(spec)["one"].vars == {"a": [1, "no"], "b": {"x": 1.0}, "text": "hi"}


def test_an_id_does_not_change_with_the_content_of_a_shared_file(tmp_path: Path) -> None:
    text = "prompt: '{{ policy }}'\nexpect: {contains: a}\ncases: [{vars: {policy: {file: policy.md}}}]\n"
    before = list(cases_of(spec_of(tmp_path, text, {"policy.md": "one"})))
    assert list(cases_of(spec_of(tmp_path, text, {"policy.md": "two"}))) == before


def test_a_row_of_data_that_says_file_is_a_row(tmp_path: Path) -> None:
    text = "prompt: '{{ file }}'\nexpect: {contains: a}\ncases: [{file: rows.jsonl}]\n"
    spec = spec_of(tmp_path, text, {"rows.jsonl": '{"file": "secret.txt"}\n', "secret.txt": "s3cret"})
    (case,) = spec.cases
    assert asked(spec, case) == [("user", "secret.txt")]


def test_a_whole_case_of_a_data_file_reads_no_file(tmp_path: Path) -> None:
    text = "prompt: '{{ a }}'\nexpect: {contains: a}\ncases: [{file: rows.jsonl}]\n"
    spec = spec_of(tmp_path, text, {"rows.jsonl": '{"vars": {"a": {"file": "secret.txt"}}}\n', "secret.txt": "s3cret"})
    (case,) = spec.cases
    assert case.vars == {"a": {"file": "secret.txt"}}


@pytest.mark.parametrize("name", ["../outside.md", "link.md", "/etc/hostname"])
def test_nothing_outside_the_project_is_read(tmp_path: Path, name: str) -> None:
    project = tmp_path / "project"
    project.mkdir()
    (tmp_path / "outside.md").write_text("s3cret")
    (project / "link.md").symlink_to(tmp_path / "outside.md")
    (problem,) = loaded(project, f"prompt: {{file: {name}}}\n" + CASE).errors
    assert problem.message == f"`{name}` lies outside the project"


@pytest.mark.parametrize("name", [".env", ".env.local", ".git/config", "sub/.netrc", ".evalkit/replies.db"])
def test_files_where_keys_are_kept_are_not_shared(tmp_path: Path, name: str) -> None:
    """A stranger's spec could send them to a model, and the model's reply into a report."""
    path = tmp_path / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("TOKEN=s3cret")
    for text in (f"prompt: {{file: {name}}}\n" + CASE, f"prompt: hi\nexpect: a\ncases: [{{file: {name}}}]\n"):
        (problem,) = loaded(tmp_path, text).errors
        assert problem.message == f"`{name}` may hold keys"


def test_a_mistake_in_a_shared_file_names_both_places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    text = "prompt: '{{ text }}'\nexpect:\n  - file: shared/checks.yaml\ncases: [{vars: {text: hi}}]\n"
    (problem,) = loaded(tmp_path, text, {"shared/checks.yaml": "- contains: a\n- contians: b\n"}).errors
    assert (str(problem.place), str(problem.via)) == ("shared/checks.yaml:2:3", "spec.yaml:3:11")
