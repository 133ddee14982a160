"""Cases: ids that stay, rows, matrices, what is nearer wins, what adds up."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evalkit.spec.identity import Names, content_id
from tests.spec.loading import cases_of, loaded, spec_of

PROMPT = "prompt: 'Label: {{ review }}'\nexpect: {contains: a}\n"
ROWS = "review,topic\nI loved it,film\nIt broke,tool\nFine,tool\n"


def test_an_id_is_a_slug_and_a_digest_of_the_case_s_own_variables(tmp_path: Path) -> None:
    spec = spec_of(tmp_path, "vars: {tone: warm}\n" + PROMPT + "cases:\n  - vars: {review: I loved it!}\n")
    assert list(cases_of(spec)) == ["i-loved-it-c642bbc0"] == [content_id({"review": "I loved it!"})]


def test_inserting_a_case_moves_no_other_id(tmp_path: Path) -> None:
    first = "cases:\n  - vars: {review: one}\n  - vars: {review: two}\n"
    more = "cases:\n  - vars: {review: zero}\n  - vars: {review: one}\n  - vars: {review: two}\n"
    before = list(cases_of(spec_of(tmp_path, PROMPT + first)))
    assert list(cases_of(spec_of(tmp_path, PROMPT + more)))[1:] == before


def test_equal_cases_are_numbered(tmp_path: Path) -> None:
    spec = spec_of(tmp_path, PROMPT + "cases:\n" + "  - vars: {review: one}\n" * 3)
    (first, second, third) = cases_of(spec)
    assert (second, third) == (f"{first}#2", f"{first}#3")


@given(st.dictionaries(st.text(), st.one_of(st.text(), st.integers(), st.booleans(), st.lists(st.text())), min_size=1))
def test_the_order_of_variables_changes_no_digest(own: dict[str, object]) -> None:
    backwards = dict(reversed(own.items()))
    assert content_id(own)[-8:] == content_id(backwards)[-8:]


@given(st.lists(st.sampled_from("abc"), max_size=20))
def test_made_ids_are_never_twice(texts: list[str]) -> None:
    names = Names()
    made = [names.of({"text": text}) for text in texts]
    assert len(set(made)) == len(made)


def test_an_integer_id_is_that_text(tmp_path: Path) -> None:
    assert list(cases_of(spec_of(tmp_path, PROMPT + "cases: [{id: 7, vars: {review: a}}]\n"))) == ["7"]


def test_columns_are_variables_and_only_id_and_expect_are_the_case_s_own(tmp_path: Path) -> None:
    rows = 'id,review,tags,group,expect\nx,good,"hard, long",films,good\n'
    spec = spec_of(tmp_path, "prompt: '{{ review }}'\ncases: [{file: rows.csv}]\n", {"rows.csv": rows})
    case = cases_of(spec)["x"]
    assert case.vars == {"id": "x", "review": "good", "tags": "hard, long", "group": "films", "expect": "good"}
    assert (case.tags, case.group, [check.argument for check in case.checks]) == ((), "", ["good"])


def test_tags_and_group_come_through_columns(tmp_path: Path) -> None:
    entry = "cases: [{file: rows.csv, columns: {group: topic, tags: topic, text: review}, tags: [all]}]\n"
    spec = spec_of(tmp_path, "prompt: '{{ text }}'\nexpect: {contains: a}\n" + entry, {"rows.csv": ROWS})
    first = next(iter(spec.cases))
    assert (first.group, first.tags, first.vars["text"]) == ("film", ("all", "film"), "I loved it")


@pytest.mark.parametrize(
    ("options", "reviews"),
    [
        ("where: topic == 'tool'", ["It broke", "Fine"]),
        ("limit: 2", ["I loved it", "It broke"]),
        ("where: topic == 'tool', limit: 1", ["It broke"]),
        ("sample: 2, seed: 1", ["It broke", "Fine"]),
        ("sample: 9", ["I loved it", "It broke", "Fine"]),
    ],
)
def test_where_then_sample_then_limit(tmp_path: Path, options: str, reviews: list[str]) -> None:
    spec = spec_of(tmp_path, PROMPT + f"cases: [{{file: rows.csv, {options}}}]\n", {"rows.csv": ROWS})
    assert [case.vars["review"] for case in spec.cases] == reviews


def test_a_matrix_makes_every_combination_and_adds_to_the_id(tmp_path: Path) -> None:
    text = (
        "prompt: '{{ key }} {{ language }} {{ tone }}'\nexpect: {contains: a}\n"
        "cases: [{file: rows.csv, id: '{{ key }}', matrix: {language: [de, fr], tone: [warm]}}]\n"
    )
    spec = spec_of(tmp_path, text, {"rows.csv": "key\nhi\nbye\n"})
    assert list(cases_of(spec)) == ["hi[de,warm]", "hi[fr,warm]", "bye[de,warm]", "bye[fr,warm]"]


def test_a_matrix_alone_brings_cases(tmp_path: Path) -> None:
    entry = "cases: [{vars: {review: x}, matrix: {n: [1, 2]}, where: n > 1, group: g, trials: 3}]\n"
    (case,) = spec_of(tmp_path, "prompt: '{{ review }} {{ n }}'\nexpect: {contains: a}\n" + entry).cases
    assert (case.id, case.vars, case.group, case.trials.count) == (
        content_id({"review": "x"}) + "[2]",
        {"review": "x", "n": 2},
        "g",
        3,
    )


def test_the_ids_of_a_matrix_over_rows_without_ids_are_of_the_rows(tmp_path: Path) -> None:
    text = "prompt: '{{ review }} {{ n }}'\nexpect: {contains: a}\ncases: [{file: rows.csv, matrix: {n: [1, 2]}}]\n"
    spec = spec_of(tmp_path, text, {"rows.csv": "review\na\n"})
    made = content_id({"review": "a"})
    assert list(cases_of(spec)) == [f"{made}[1]", f"{made}[2]"]


def test_editing_a_shared_file_moves_no_id_of_the_rows_it_is_given_to(tmp_path: Path) -> None:
    text = "prompt: '{{ review }} {{ policy }}'\nexpect: {contains: a}\n"
    policy_of = "vars: {policy: {file: policy.md}}"
    entry = f"cases: [{{file: rows.csv, {policy_of}}}, {{matrix: {{review: [b]}}, {policy_of}}}]\n"
    made = [
        list(cases_of(spec_of(tmp_path, text + entry, {"rows.csv": "review\na\n", "policy.md": policy})))
        for policy in ("strict", "generous")
    ]
    of_row, of_matrix = {"review": "a", "policy": "policy.md"}, {"policy": "policy.md"}
    assert made == [[content_id(of_row), f"{content_id(of_matrix)}[b]"]] * 2


def test_the_id_of_an_entry_names_rows_that_are_whole_cases_too(tmp_path: Path) -> None:
    entry = "cases: [{file: rows.jsonl, id: 'row-{{ review }}', matrix: {n: [1, 2]}}]\n"
    rows = '{"vars": {"review": "a"}}\n{"id": "mine", "vars": {"review": "b"}}\n'
    spec = spec_of(tmp_path, "prompt: '{{ review }} {{ n }}'\nexpect: {contains: a}\n" + entry, {"rows.jsonl": rows})
    assert list(cases_of(spec)) == ["row-a[1]", "row-a[2]", "row-b[1]", "row-b[2]"]


ROWS_OF_NO_USE = [
    ("file: rows.jsonl", '{"vars": {"review": null}}', ("rows.jsonl:1:1", "the variable `review` is null")),
    ("file: rows.jsonl", '{"review": null}', ("rows.jsonl:1:1", "the variable `review` is null")),
    ("file: rows.csv", "vars,review\n1,a", ("rows.csv:2:1", "`vars` is the name for all variables together")),
    (
        "file: rows.jsonl, columns: {tags: topic}",
        '{"vars": {"review": "a"}}',
        ("spec.yaml:3:28", "`columns` of rows that are cases"),
    ),
]


@pytest.mark.parametrize(("entry", "rows", "said"), ROWS_OF_NO_USE)
def test_a_row_that_would_be_read_otherwise_than_it_is_written_is_a_problem(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, entry: str, rows: str, said: tuple[str, str]
) -> None:
    monkeypatch.chdir(tmp_path)
    files = dict.fromkeys(("rows.csv", "rows.jsonl"), rows + "\n")
    found = loaded(tmp_path, PROMPT + f"cases: [{{{entry}}}]\n", files).problems
    assert [(str(problem.place), problem.message) for problem in found] == [said]


def test_the_nearer_variable_wins_and_checks_and_tags_add_up(tmp_path: Path) -> None:
    text = (
        "vars: {tone: warm, x: spec}\nprompt: '{{ tone }} {{ x }} {{ y }}'\nexpect: [{contains: spec}]\n"
        "cases:\n"
        "  - {file: rows.csv, vars: {x: entry, y: entry}, expect: [{contains: entry}], tags: [entry]}\n"
    )
    (case,) = spec_of(tmp_path, text, {"rows.csv": "y,expect\nrow,cell\n"}).cases
    assert case.vars == {"tone": "warm", "x": "entry", "y": "row", "expect": "cell"}
    assert [check.argument for check in case.checks] == ["spec", "entry", "cell"]
    assert case.tags == ("entry",)


def test_a_row_is_never_a_template(tmp_path: Path) -> None:
    rows = '{"review": "{{ 7 * 7 }}", "expect": [{"contains": "{{ 7 * 7 }}"}]}\n'
    spec = spec_of(tmp_path, "prompt: '{{ review }}'\ncases: [{file: rows.jsonl}]\n", {"rows.jsonl": rows})
    (case,) = spec.cases
    assert (case.vars["review"], case.checks[0].argument, case.checks[0].is_static) == ("{{ 7 * 7 }}",) * 2 + (True,)


def test_a_case_is_skipped_with_a_reason(tmp_path: Path) -> None:
    (case,) = spec_of(tmp_path, PROMPT + "cases: [{vars: {review: a}, skip: not today}]\n").cases
    assert case.skip == "not today"


def test_rows_of_one_shape_are_looked_at_once(tmp_path: Path) -> None:
    """2,000 cases with one mistake in their shape are one message."""
    cases = "".join(f"  - {{vars: {{review: text {n}}}, treshold: 1}}\n" for n in range(2000))
    (problem,) = loaded(tmp_path, PROMPT + "cases:\n" + cases).problems
    assert (problem.message, problem.more, problem.place.line) == ("unknown key `treshold`", 1999, 4)


def test_a_few_rows_are_read_once_and_many_in_each_pass(tmp_path: Path) -> None:
    text = PROMPT + "cases: [{file: rows.csv}]\n"
    for rows, then in ((2, 2), (40_000, 1)):
        spec = spec_of(tmp_path, text, {"rows.csv": "review\n" + "good\n" * rows})
        (tmp_path / "rows.csv").write_text("review\nbad\n", "utf-8")
        assert len(list(spec.cases)) == then
