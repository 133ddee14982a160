"""With a guard, templates of strangers can neither hang nor fill memory, and all others come out as without one."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from types import FrameType
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evalkit.errors import TemplateError, TemplateMistake
from evalkit.template_guard import LARGEST, PATIENCE, guarded
from evalkit.templates import check_expression, check_template, evaluate, render_text, render_value
from tests.projects import ROOT
from tests.test_templates import CASE, HOSTILE, KEPT, PRINTED, VALUES
from tests.test_templates_refused import NO_TEMPLATE, REFUSED

SLOW = "the template took more than 1 s"
LARGE = "the template made more than 1 MB"
FULL = "the template took too much memory"
HELP = "with --no-code a template gets 1 s and 1 MB"

BOMBS = [
    ("{% for a in range(99999) %}{% for b in range(99999) %}x{% endfor %}{% endfor %}", SLOW),
    ("{% macro m(n) %}{% if n %}{{ m(n - 1) }}{{ m(n - 1) }}{% endif %}{% endmacro %}{{ m(60) }}", SLOW),
    ("{% macro m(n) %}{{ m(n + 1) }}{% endmacro %}{{ m(0) }}", "the template failed: maximum recursion depth exceeded"),
    ("{{ 10 ** (10 ** 8) }}", SLOW),
    ("{{ count ** (10 ** 8) }}", SLOW),
    ("{{ [1] | slice(10 ** 9) | list | length }}", SLOW),
    ("{{ 'a' * 10 ** 9 }}", FULL),
    ("{{ text * 10 ** 9 }}", FULL),
    ("{{ ('a' * 10 ** 9) | length }}", FULL),
    ("{{ '%1000000000d' | format(1) }}", FULL),
    ("{{ '{:1000000000}'.format(1) }}", FULL),
    ("{{ 'x' | center(10 ** 9) }}", FULL),
    ("{{ 'x'.ljust(10 ** 9) }}", FULL),
    ("{{ 'x' | indent(10 ** 9, true) }}", FULL),
    ("{{ ('a' * 100000) | replace('a', 'b' * 100000) }}", FULL),
    ("{{ (range(99999) | list) * 9999 }}", FULL),
    ("{{ [9] | batch(10 ** 9, 1) | list | length }}", FULL),
    ("{{ 'a' * 1000001 }}", LARGE),
    ("{{ 'ä' * 500001 }}", LARGE),
    ("{{ tags * 150000 }}", LARGE),
    ("{% for a in range(30000) %}{{ text * 30 }}{% endfor %}", LARGE),
]


@pytest.mark.parametrize(("template", "message"), BOMBS, ids=[template[:40] for template, _ in BOMBS])
def test_what_would_hang_or_fill_memory_is_refused_and_harms_nothing_else(template: str, message: str) -> None:
    """Some of these pass their limit when they are compiled, the others when they are rendered."""

    def checked_and_rendered() -> None:
        check_template(template)
        render_value(template, CASE)

    with guarded():
        for _ in range(2):
            with pytest.raises(TemplateError) as caught:
                checked_and_rendered()
            assert caught.value.message == message
        assert render_value({"a": ["{{ text | upper }}"]}, CASE) == {"a": ["AB"]}


def test_the_largest_text_that_is_allowed_is_made() -> None:
    with guarded():
        assert render_text(f"{{{{ 'a' * {LARGEST} }}}}", {}) == "a" * LARGEST
        assert render_text("{{ a }}{{ a }}", {"a": "ä" * (LARGEST // 4)}) == "ä" * (LARGEST // 2)


def test_bare_names_cannot_fill_memory_either() -> None:
    with guarded():
        for template in ("{{ a }}" * 11, "{{ b }}" * 11, "x{{ c }}" * 1000):
            with pytest.raises(TemplateError) as caught:
                render_text(template, {"a": "a" * 99_999, "b": ["a" * 99_999], "c": {"a": "ä" * 500}})
            assert (caught.value.message, caught.value.help) == (LARGE, HELP)


def test_all_texts_of_one_check_share_its_limit() -> None:
    with guarded(), pytest.raises(TemplateError, match=LARGE):
        render_value(["x{{ a }}"] * 11, {"a": "a" * 99_999})


def test_a_bomb_is_no_template_when_it_goes_off_in_any_case() -> None:
    """So that it is told once, where it stands, and not again for each case."""
    with guarded():
        for _ in range(2):
            with pytest.raises(TemplateMistake, match=SLOW):
                check_expression("10 ** (10 ** 8)")
        with pytest.raises(TemplateMistake, match=SLOW):
            evaluate("10 ** (10 ** 8)", CASE)


def test_after_several_bombs_no_more_is_rendered() -> None:
    """Each takes a second; a file has room for thousands."""
    with guarded():
        for number in range(PATIENCE):
            with pytest.raises(TemplateError, match=FULL):
                render_text(f"{{{{ 'x' * 10 ** 9 }}}}{number}", {})
        with pytest.raises(TemplateError) as caught:
            render_text("{{ 'x' | upper }}", {})
        assert caught.value.message == "after 10 templates that passed a limit no more are rendered"
    with guarded():
        assert render_text("{{ 'x' | upper }}", {}) == "X"


Outcome = tuple[Any, ...]


def _outcome(work: Callable[..., Any], *given: Any) -> Outcome:
    """What came of it, with its types: lists are no tuples, and 1 is neither 1.0 nor true."""
    try:
        return ("made", repr(work(*given)))
    except TemplateError as error:
        return (type(error), error.message, error.help, error.line, error.column, error.name)


def _all_outcomes(template: Any) -> list[Outcome]:
    is_text = isinstance(template, str)
    return [
        *([_outcome(work, template) for work in (check_template, check_expression)] if is_text else []),
        *([_outcome(work, template, CASE) for work in (render_text, evaluate)] if is_text else []),
        _outcome(render_value, template, CASE),
        _outcome(render_value, {"a": [template], "b": 1}, CASE),
    ]


TABLES = [row[0] for table in (PRINTED, KEPT, REFUSED, NO_TEMPLATE) for row in table]


def test_everything_comes_out_as_without_a_guard() -> None:
    """Whatever the tables of templates hold: values and their types, messages, help and places."""
    free = [_all_outcomes(template) for template in TABLES]
    with guarded():
        for template, outcomes in zip(TABLES, free, strict=True):
            assert _all_outcomes(template) == outcomes, template


WORDS = [
    *("text", "count", "share", "yes", "null", "words", "tags", "order", "order.eta", "vars", "nothing"),
    *("'a'", "7", "-2.5", "[]", "{}", "none", "range(3)"),
]
FILTERS = [
    *("upper", "list", "length", "tojson", "string", "sort", "first", "last", "join", "reverse", "e"),
    *("items", "dictsort", "default('d')", "map('string')"),
]
OPERATORS = ["+", "-", "*", "/", "~", "==", "<", "in", "and", "or", "if"]
EXPRESSIONS = st.recursive(
    st.sampled_from(WORDS),
    lambda inner: (
        st.tuples(inner, st.sampled_from(FILTERS)).map(" | ".join)
        | st.tuples(inner, st.sampled_from(OPERATORS), inner).map(" ".join)
        | st.lists(inner, max_size=3).map(lambda items: f"[{', '.join(items)}]")
        | inner.map(lambda item: f"({item})[0]")
    ),
    max_leaves=6,
)
TEMPLATES = st.lists(EXPRESSIONS.map(lambda said: f"{{{{ {said} }}}}") | HOSTILE, min_size=1, max_size=3).map("".join)


def test_random_templates_come_out_as_without_a_guard() -> None:
    free: dict[str, list[Outcome]] = {}

    @settings(max_examples=300, derandomize=True, database=None)
    @given(TEMPLATES)
    def note(template: str) -> None:
        free[template] = _all_outcomes(template)

    note()
    with guarded():
        for template, outcomes in free.items():
            assert _all_outcomes(template) == outcomes, template


def test_data_comes_through_the_guard_as_it_is() -> None:
    @settings(max_examples=200, derandomize=True, database=None)
    @given(VALUES | st.text(st.characters(categories=["Cs"])))
    def same(value: Any) -> None:
        assert repr(evaluate("[x][0]", {"x": value})) == repr(value)
        assert repr(render_value(["{{ vars['x'] }}", value], {"x": value})) in (repr([value, value]), repr(value))

    with guarded():
        same()


def test_what_json_lacks_is_refused_in_words() -> None:
    given_: Mapping[str, Any] = {"day": date(2026, 1, 1)}
    assert render_text("{{ day.year }}", given_) == "2026"
    with guarded(), pytest.raises(TemplateError) as caught:
        render_text("{{ day.year }}", given_)
    assert caught.value.message == "with --no-code a template cannot be given a date"


def test_threads_get_their_own_answers() -> None:
    with guarded(), ThreadPoolExecutor(16) as pool:
        made = pool.map(lambda number: render_text("{{ a + 1 }}", {"a": number}), range(500))
        assert list(made) == [str(number + 1) for number in range(500)]


def test_what_interrupts_a_rendering_leaves_no_answer_behind_for_the_next() -> None:
    def interrupt(number: int, frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGALRM, interrupt)
    try:
        with guarded():
            assert render_text("{{ 1 + 1 }}", {}) == "2"
            signal.setitimer(signal.ITIMER_REAL, 0.2)
            with pytest.raises(KeyboardInterrupt):
                render_text("{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}", {})
            assert render_text("{{ 2 + 1 }}", {}) == "3"
    finally:
        signal.signal(signal.SIGALRM, before)


def test_entered_again_it_stands_until_the_last_has_left() -> None:
    with guarded():
        with guarded(), guarded(False):
            pass
        with pytest.raises(TemplateError, match=LARGE):
            render_text("{{ 'a' * 1000001 }}", {})
    assert render_text("{{ 'a' * 1000001 }}", {}) == "a" * 1_000_001


APART = """
from evalkit import templates
from evalkit.template_guard import guarded
with guarded():
    print(sorted(templates.check_template("{{ a | upper }}{{ b }}")), sorted(templates.check_expression("c > 1")))
    print(templates.render_text("{{ a }} {{ a | upper }}", {"a": "x"}), templates.render_value(["{{ a }}"], {"a": 1}))
print(templates._environment.cache_info().currsize)
"""


def test_nothing_of_jinja_runs_in_our_own_process_and_no_code_of_the_folder_in_the_guards(project: Any) -> None:
    for name in ("jinja2", "json", "resource", "evalkit"):
        project.write(f"{name}.py", "raise SystemExit('code of strangers')\n")
    ran = subprocess.run(
        [sys.executable, "-P", "-c", APART],
        cwd=project.folder,
        env={"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (ran.stdout, ran.stderr) == ("['a', 'b'] ['c']\nx X [1]\n0\n", "")
