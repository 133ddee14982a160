"""Templates give values, not Python's print; data is never a template."""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evalkit.errors import TemplateError
from evalkit.templates import (
    check_expression,
    check_template,
    evaluate,
    has_templates,
    render_text,
    render_value,
)

CASE: Mapping[str, Any] = {
    "text": "ab",
    "count": 3,
    "share": 1.0,
    "yes": True,
    "null": None,
    "empty": "",
    "words": ["ä", 'q"', 1, True, None],
    "tags": ["b", "a"],
    "order": {"items": 2, "keys": ["x"], "a b": 1, "eta": {"day": "Friday"}, "none": None},
    "language": "tags",
    "hostile": "{{ text }}{% for n in n %}{# #}",
    "{{ odd }}": 1,
}

PRINTED = [
    ("plain", "plain"),
    ("", ""),
    ("{ text } { {text} }", "{ text } { {text} }"),
    ("a {{ text }} b", "a ab b"),
    ("{{ text }}{{ count }}", "ab3"),
    ("{{ share }} {{ yes }}", "1.0 true"),
    ("{{ words }}!", '["ä", "q\\"", 1, true, null]!'),
    ("{{ order.eta }}!", '{"day": "Friday"}!'),
    ("{{ words[0] }} {{ words[-2] }}", "ä true"),
    ("{{ empty }}", ""),
    # JSON, not Python, however it is joined
    ("{{ 'is ' ~ yes ~ words[3:4] }}.", "is true[true]."),
    ("{{ yes | string }}.", "true."),
    ("{{ words[:4] | join(', ') }}.", 'ä, q", 1, true.'),
    ("{{ [order.eta] | join('-', attribute='day') }}.", "Friday."),
    ("{{ [[true], {}] | join(' ') }}.", "[true] {}."),
    ("{{ words | tojson }}.", '["ä", "q\\"", 1, true, null].'),
    ("{{ '<a & b>' | tojson }}.", '"<a & b>".'),
    ("{{ order.eta | tojson(indent=2) }}.", '{\n  "day": "Friday"\n}.'),
    ("{{ null | tojson }}.", "null."),
    ("{{ ('{\"a\": [1]}' | fromjson).a[0] }}.", "1."),
    ("{{ words | tojson | fromjson | length }}.", "5."),
    # a dot on a mapping is a key
    ("{{ order.items }} {{ order.keys }}", '2 ["x"]'),
    ("{{ order['items'] }} {{ order['a b'] }}", "2 1"),
    ("{{ order.eta | items | list }}", '[["day", "Friday"]]'),
    ("{% for key, value in order.eta | dictsort %}{{ key }}={{ value }}{% endfor %}", "day=Friday"),
    # all variables at once
    ("{{ vars.text }} {{ vars['count'] }} {{ vars[language] }}", 'ab 3 ["b", "a"]'),
    ("{{ vars['{{ odd }}'] }}.", "1."),
    # strict, but for what is asked to be lenient
    ("{{ tone | default('kind') }}", "kind"),
    ("{{ order.tone | default('kind') }}", "kind"),
    ("{{ null | default('none', true) }}", "none"),
    ("{% if tone is defined %}a{% else %}b{% endif %}", "b"),
    # white space: a block's line is no line
    ("a\n{% if yes %}\nb\n{% endif %}\nc\n", "a\nb\nc"),
    ("a\n  {% for tag in tags %}\n  {{ tag }}\n  {% endfor %}\nc", "a\n  b\n  a\nc"),
    ("a\n{# why #}\nb", "a\nb"),
    ("{{ text }}\n", "ab"),
    ("{{ text }}\n\n", "ab\n"),
    ("plain\n", "plain"),
    ("plain\n\n", "plain\n"),
    ("a {{- text -}} b", "aabb"),
    ("{% raw %}{{ text }}{% endraw %}", "{{ text }}"),
    ("{% macro twice(x) %}{{ x }}{{ x }}{% endmacro %}{{ twice(yes) }}", "truetrue"),
    ("{% set a = 5 %}{{ a }}", "5"),
    ("{{ text.upper() }} {{ tags | sort | first }}", "AB a"),
    # data is never a template
    ("{{ hostile }}", "{{ text }}{% for n in n %}{# #}"),
    ("a {{ hostile }} b", "a {{ text }}{% for n in n %}{# #} b"),
    ("{{ hostile ~ '{{ text }}' }}.", "{{ text }}{% for n in n %}{# #}{{ text }}."),
]
KEPT = [
    ("{{ words }}", CASE["words"]),
    ("{{words}}", CASE["words"]),
    ("  {{ words }}\n", '  ["ä", "q\\"", 1, true, null]'),
    ("{{ words }}\n", CASE["words"]),
    ("{{- words -}}", CASE["words"]),
    ("{{ count }}", 3),
    ("{{ share }}", 1.0),
    ("{{ yes }}", True),
    ("{{ null }}", None),
    ("{{ text }}", "ab"),
    ("{{ order.items }}", 2),
    ("{{ order.eta }}", {"day": "Friday"}),
    ("{{ count + 1 }}", 4),
    ("{{ tags | sort }}", ["a", "b"]),
    ("{{ [text, count] }}", ["ab", 3]),
    ("{{ text, count }}", ["ab", 3]),
    ("{{ {'a': {'b': yes}} }}", {"a": {"b": True}}),
    # lists and texts as JSON has them, not Jinja's tuples and numbers for keys: a reply's JSON never equals those
    ("{{ order.eta | items | list }}", [["day", "Friday"]]),
    ("{{ {1: [(2,)]} }}", {"1": [[2]]}),
    ("{{ text | escape }}", "ab"),
    ("{{ '}}' }}", "}}"),
    ("{{ '[1]' | fromjson }}", [1]),
    ("{{ hostile }}", CASE["hostile"]),
    ("{{ text }}{{ count }}", "ab3"),
    ("{{ count }}{# a comment #}", "3"),
    ("is {{ yes }}", "is true"),
    ("plain\n", "plain\n"),
    ({"a": ["{{ yes }}", "x{{ yes }}"], "{{ text }}": 5}, {"a": [True, "xtrue"], "{{ text }}": 5}),
    (("{{ count }}",), [3]),
    (5, 5),
    (None, None),
]


@pytest.mark.parametrize(("template", "text"), PRINTED)
def test_values_print_as_json_would_and_texts_as_they_are(template: str, text: str) -> None:
    assert render_text(template, CASE) == text


@pytest.mark.parametrize(("template", "value"), KEPT)
def test_a_text_that_is_one_expression_keeps_the_values_type(template: Any, value: Any) -> None:
    rendered = render_value(template, CASE)
    assert (rendered, type(rendered)) == (value, type(value))


@pytest.mark.parametrize(
    ("template", "names"),
    [
        ("plain { text }", set()),
        ("{{ text }} {{ order.eta }} {{ vars.count }}", {"text", "order", "vars"}),
        ("{% for a in tags %}{{ a ~ b }}{% endfor %}", {"tags", "b"}),
        ("{% set c = 1 %}{{ c }}{{ range(3) | list }}", set()),
        ("{{ tone | default('x') }}", {"tone"}),
        ("{% raw %}{{ a }}{% endraw %}{# {{ b }} #}", set()),
    ],
)
def test_a_template_names_the_variables_it_reads(template: str, names: set[str]) -> None:
    assert check_template(template) == names


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("count > 2 and language in ['tags', 'x']", True),
        ("language not in ['tags']", False),
        ("2 * share / (share + 1)", 1.0),
        (" order.items ", 2),
        ("'}}' ~ yes", "}}true"),
        ("vars[language] | length", 2),
        ("tone is defined", False),
    ],
)
def test_an_expression_has_a_value(expression: str, value: Any) -> None:
    assert evaluate(expression, CASE) == value


@pytest.mark.parametrize("expression", ["count >", "count }} {{ count", "", "{{ count }}", "if count", "count count"])
def test_what_is_no_expression_is_refused(expression: str) -> None:
    with pytest.raises(TemplateError):
        check_expression(expression)


def test_an_expression_names_the_variables_it_reads() -> None:
    assert check_expression("a > 1 and b['}}'] in c | map('upper')") == {"a", "b", "c"}


@pytest.mark.parametrize(
    ("value", "answer"),
    [
        ("{{ x }}", True),
        ("{% if x %}", True),
        ("{# x #}", True),
        ("{ x }", False),
        ({"a": [1, {"b": "{{ x }}"}]}, True),
        ({"{{ x }}": 1}, False),
        ([1, None, "x"], False),
    ],
)
def test_templates_are_seen_at_any_depth(value: Any, answer: bool) -> None:
    assert has_templates(value) is answer


SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text()
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=10,
)
HOSTILE = st.lists(st.sampled_from(["{{ ", " }}", "{% ", " %}", "{#", "#}", "x", "for", "\n", "{", "}"])).map("".join)


@given(HOSTILE | st.text())
def test_data_is_printed_as_it_is_and_never_rendered_again(data: str) -> None:
    assert render_text("{{ x }}", {"x": data}) == data
    assert render_text("a\n{{ x }}\nb", {"x": data}) == f"a\n{data}\nb"
    assert render_text("{% for y in [x] %}{{ y ~ y }}{% endfor %}", {"x": data}) == data * 2
    assert render_value(["{{ x }}", "a{{ x }}"], {"x": data}) == [data, f"a{data}"]
    assert json.loads(render_text("{{ [x] }}", {"x": data})) == [data]


@given(VALUES)
def test_what_is_printed_parses_back(value: Any) -> None:
    assert json.loads(render_text("{{ [x] }}", {"x": value})) == [value]
    assert json.loads(render_text("{{ x | tojson }}", {"x": value})) == value
    assert render_value("{{ x | tojson | fromjson }}", {"x": value}) == value
    if value is not None and not isinstance(value, str):
        assert json.loads(render_text("{{ x }}", {"x": value})) == value


@given(VALUES)
def test_one_expression_gives_the_value_itself(value: Any) -> None:
    assert render_value("{{ x }}", {"x": value}) is value
    assert render_value("{{ x.y }}", {"x": {"y": value}}) is value
    assert render_value("{{ vars['x'] }}", {"x": value}) is value


@given(HOSTILE | st.text())
def test_no_text_breaks_the_compiler_or_the_renderer(text: str) -> None:
    with suppress(TemplateError):
        check_template(text)
        render_value(text, CASE)
