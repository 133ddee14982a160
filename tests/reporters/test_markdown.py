"""A comment on a pull request: whole texts (golden/markdown-*), whatever a model says, never too long."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest
from markdown_it import MarkdownIt
from markdown_it.token import Token

from evalkit.records.result import Column
from evalkit.records.run import StoredRun
from evalkit.reporters.markdown import SUMMARY, Markdown, escaped, fenced
from tests.reporters.comparisons import (
    a_compared_run,
    a_comparison,
    a_hostile_run,
    a_movement,
    a_regressed_run,
    a_regression,
    a_run_of_columns,
    broken_off,
    every_verdict,
    of_few_cases,
    replies,
    untouched,
    with_a_warning,
)
from tests.reporters.golden import held_against
from tests.reporters.runs import MODEL, a_column, a_failed_result, a_realistic_run, a_result, a_run

MOST = 60_000  # characters; GitHub takes 65,536
EVIL = "@" * 60 + "|`<" * 20


def written(run: StoredRun) -> str:
    out = io.StringIO()
    Markdown().write(run, {SUMMARY: out})
    return out.getvalue()


def nothing_tested() -> StoredRun:
    return a_compared_run([untouched(Column(f"spec-{number}", MODEL)) for number in range(11)])


PAGES: dict[str, Callable[[], StoredRun]] = {
    "regression": a_regressed_run,
    "every-verdict": every_verdict,
    "columns": a_run_of_columns,
    "few-cases": of_few_cases,
    "warning": with_a_warning,
    "broken-off": broken_off,
    "nothing-tested": nothing_tested,
    "hostile": a_hostile_run,
    "no-comparison": a_realistic_run,
    "nothing-measured": lambda: a_run(exit_code=4),
}


@pytest.mark.parametrize("name", PAGES)
def test_the_comment_is_as_expected(name: str) -> None:
    said, expected = held_against(f"markdown-{name}", written(PAGES[name]()))
    assert said == expected


def tokens(text: str) -> Iterator[Token]:
    """All that a reader of GitHub's Markdown finds, inner ones too."""
    for token in MarkdownIt("commonmark").enable(["table", "strikethrough"]).parse(text):
        yield token
        yield from token.children or ()


def test_a_hostile_name_is_text_and_a_hostile_reply_is_code() -> None:
    found = list(tokens(written(a_hostile_run())))
    kinds = {token.type for token in found}
    assert (
        kinds & {"link_open", "image", "html_inline", "code_inline", "s_open", "em_open", "hr", "code_block"} == set()
    )
    html = [token.content for token in found if token.type == "html_block"]
    assert {line for block in html for line in block.splitlines() if not line.startswith("<details><summary>")} == {
        "</details>"
    }
    assert all(block.count("<") == 3 for block in html if "<summary>" in block)
    rows = [token for token in found if token.type == "tr_open"]
    cells = [token for token in found if token.type in ("th_open", "td_open")]
    assert (len(rows), len(cells)) == (2 + 3, 2 * 8 + 3 * 6)


@pytest.mark.parametrize(
    "text",
    [
        "@name", "@org/team", "see #12", "owner/repo#12", "GH-12", "gh-12", "https://a.example/b", "HTTP://a.example",
        "www.a.example", "WWW.a.example", "a@b.example", "[a](b)", "![a](b)", "<b>", "<!-- a -->", "&lt;", "`a`", "*a*",
        "__a__", "~~a~~", "a | b", r"a \| b", "$a$", ":tada:", "::error::a", "a\nb", "  a  ",
    ],
)  # fmt: skip
def test_what_means_something_elsewhere_is_text_here(text: str) -> None:
    """Nothing of it is markup, and nothing that GitHub looks for in texts is whole; what a reader sees is the same."""
    rendered = [token for token in tokens(f"a {escaped(text)}") if token.type == "text"]
    inline = next(token for token in tokens(f"a {escaped(text)}") if token.type == "inline")
    assert {child.type for child in inline.children or ()} <= {"text"}
    seen = "".join(token.content for token in rendered)
    assert seen.replace("\u200b", "") == f"a {' '.join(text.split())}"
    for whole in ("@n", "@o", "@b", "#1", "gh-1", "://", "www.", ":tada:"):
        assert whole not in seen.lower()


@pytest.mark.parametrize("said", ["", "a", "```", "a ```` b", "~~~", "`````\n```", "</details>", "\n\n# a", "    a"])
def test_a_reply_cannot_end_its_block(said: str) -> None:
    found = list(tokens(f"{fenced(said)}\nafter\n"))
    assert [(token.type, token.content) for token in found if token.type in ("fence", "inline")] == [
        ("fence", f"{said}\n"),
        ("inline", "after"),
    ]


def test_the_longest_comment_is_one_that_github_takes() -> None:
    columns = [Column(f"{number}{EVIL}", f"{EVIL}{number % 2}", EVIL) for number in range(200)]
    moved = tuple(a_movement(f"{EVIL}{number}") for number in range(300))
    found = [a_regression(column, worse=moved, reason=EVIL * 9) for column in columns]
    beside = [replace(each, baseline=columns[0], kind="column", gates=False) for each in found]
    pairs = [replies(columns[0], movement.case, "`@" * 5_000, "`|" * 5_000) for movement in moved]
    pairs += [replies(column, moved[0].case, "`@" * 5_000, "`|" * 5_000) for column in columns[1:]]
    failed = [
        a_column([a_failed_result(spec=column.spec, variant=column.variant, model=column.model)]) for column in columns
    ]
    page = written(a_compared_run([*beside, *found], pairs, exit_code=1, columns=tuple(failed)))
    assert 40_000 < len(page) < MOST
    assert page.endswith(f"</details>\n\n… and {60_000 - page.count('<details>'):,} more cases moved\n")


def test_where_names_are_short_all_of_a_large_suite_has_room() -> None:
    columns = tuple(a_column([a_result(spec=f"spec-{number}")]) for number in range(100))
    page = written(a_run(columns=columns, comparisons=(a_comparison(),)))
    assert "| spec-99 |" in page
    assert "more" not in page.replace("more call", "")
