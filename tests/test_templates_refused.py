"""What a template cannot do, and how it says so."""

from __future__ import annotations

import pytest

from evalkit.errors import TemplateError
from evalkit.templates import check_template, render_value
from tests.test_templates import CASE

KNOWN = "known: " + ", ".join(f"`{name}`" for name in sorted(CASE))
NUMBERS = "what a CSV file holds is text; `score | int > 3` compares a number"
REFUSED = [
    # undefined names
    ("{{ txt }}", "`txt` is undefined", "did you mean `text`?"),
    ("a {{ txt.day }}", "`txt` is undefined", "did you mean `text`?"),
    ("{{ [txt] }}", "`txt` is undefined", "did you mean `text`?"),
    ("{{ {'a': [txt]} }}", "`txt` is undefined", "did you mean `text`?"),
    ("a {{ [[txt]] }}", "`txt` is undefined", "did you mean `text`?"),
    ("a {{ 'a' ~ txt }}", "`txt` is undefined", "did you mean `text`?"),
    ("a {{ txt | tojson }}", "`txt` is undefined", "did you mean `text`?"),
    ("a {{ txt | fromjson }}", "`txt` is undefined", "did you mean `text`?"),
    ("a {{ [txt] | join }}", "`txt` is undefined", "did you mean `text`?"),
    ("a {% if txt %}b{% endif %}", "`txt` is undefined", "did you mean `text`?"),
    ("a {% for t in txt %}b{% endfor %}", "`txt` is undefined", "did you mean `text`?"),
    ("a {{ order.etta }}", "there is no `etta`; did you mean `eta`?", ""),
    ("{{ order['etta'] }}", "there is no `etta`; did you mean `eta`?", ""),
    ("{{ order.eta.daay }}", "there is no `daay`; did you mean `day`?", ""),
    ("{{ vars.txt }}", "there is no `txt`; did you mean `text`?", ""),
    ("{{ {}.a }}", "there is no `a`", ""),
    ("{{ order.get('eta') }}", "there is no `get`; did you mean `eta`?", ""),
    ("{{ tags[2] }}", "list object has no element 2", ""),
    # what has no text
    ("a {{ null }}", "a null has no text", "give it a value, or `default(...)` in the template"),
    ("a {{ order.none }}", "a null has no text", "give it a value, or `default(...)` in the template"),
    ("a {{ 'a' ~ null }}", "a null has no text", "give it a value, or `default(...)` in the template"),
    ("a {{ words | join }}", "a null has no text", "give it a value, or `default(...)` in the template"),
    ("{{ text.upper }}", "a method has no text", "print a value; a chain of filters ends with `| list`"),
    ("a {{ text.upper }}", "a method has no text", "print a value; a chain of filters ends with `| list`"),
    ("a {{ range }}", "a method has no text", "print a value; a chain of filters ends with `| list`"),
    ("{{ tags | map('upper') }}", "a generator has no text", "print a value; a chain of filters ends with `| list`"),
    ("{{ range(3) }}", "a range has no text", "print a value; a chain of filters ends with `| list`"),
    ("a {{ self }}", "a TemplateReference has no text", "print a value; a chain of filters ends with `| list`"),
    ("a {{ namespace() }}", "a Namespace has no text", "print a value; a chain of filters ends with `| list`"),
    # nothing reaches out of the sandbox
    ("{{ text.__class__ }}", "access to attribute '__class__' of 'str' object is unsafe.", ""),
    ("a {{ text['__class__'] }}", "access to attribute '__class__' of 'str' object is unsafe.", ""),
    ("a {{ text | attr('__class__') }}", "access to attribute '__class__' of 'str' object is unsafe.", ""),
    (
        "{{ tags | map(attribute='__doc__') | first }}",
        "access to attribute '__doc__' of 'str' object is unsafe.",
        "",
    ),
    (
        "{{ ().__class__.__bases__[0].__subclasses__() }}",
        "not allowed in a template: access to attribute '__class__' of 'tuple' object is unsafe.",
        "",
    ),
    (
        "{{ '{0.__class__}'.format(text) }}",
        "not allowed in a template: access to attribute '__class__' of 'str' object is unsafe.",
        "",
    ),
    (
        "{{ tags.append(1) }}",
        "not allowed in a template: access to attribute 'append' of 'list' object is unsafe.",
        "",
    ),
    ("a {{ order.__class__ }}", "there is no `__class__`; known: `a b`, `eta`, `items`, `keys`, `none`", ""),
    ("a {{ range.__globals__ }}", "access to attribute '__globals__' of 'function' object is unsafe.", ""),
    ("a {{ lipsum() }}", "`lipsum` is undefined", KNOWN),
    ("a {{ cycler('a') }}", "`cycler` is undefined", KNOWN),
    ("a {{ __import__('os') }}", "`__import__` is undefined", KNOWN),
    (
        "{{ range(200000) | length }}",
        "the template failed: Range too big. The sandbox blocks ranges larger than MAX_RANGE (100000).",
        "",
    ),
    # nothing that would differ from run to run, nothing that prints Python
    ("{{ tags | random }}", "no filter is called `random`", "they are Jinja's, without `random` and `pprint`"),
    ("{{ tags | pprint }}", "no filter is called `pprint`", "did you mean `int`?"),
    # nothing shares text but {file: …}
    ("{% include 'a' %}", "a template cannot `include`", "share text with {file: …}"),
    ("{% import 'a' as b %}", "a template cannot `import`", "share text with {file: …}"),
    ("{% from 'a' import b %}", "a template cannot `import`", "share text with {file: …}"),
    ("{% extends 'a' %}", "a template cannot `extends`", "share text with {file: …}"),
    # what fails
    ("a {{ 1 / 0 }}", "the template failed: division by zero", ""),
    ("a {{ text > 3 }}", "`>` cannot compare a text with a number", NUMBERS),
    ("{{ words == [] or 3 <= words }}", "`<=` cannot compare a number with a list", ""),
    ("a {{ text + 1 }}", 'the template failed: can only concatenate str (not "int") to str', ""),
    ("{{ 'x' | fromjson }}", "`fromjson` got what is not JSON: Expecting value: line 1 column 1 (char 0)", ""),
    ("{{ '[NaN]' | fromjson }}", "`fromjson` got what is not JSON: NaN is no number", ""),
    ("{{ count | fromjson | length }}", "the template failed: object of type 'int' has no len()", ""),
    ("a {{ 1e400 }}", "the template failed: name 'inf' is not defined", ""),
]
NO_TEMPLATE = [
    ("{{ text", 1, "`{{` is never closed"),
    ("a\n{{ text | nofilter }}", 2, "no filter is called `nofilter`"),
    ("a\n\n{% if text %}\nb", 3, "`{% if %}` is never closed"),
    ("{{ text text }}", 1, "not a template: expected token 'end of print statement', got 'text'"),
    ("{% unknown %}", 1, "no tag is called `unknown`"),
    ("{# never closed", 1, "`{#` is never closed"),
    ("a\n{% include 'b' %}", 2, "a template cannot `include`"),
]


@pytest.mark.parametrize(("template", "message", "help"), REFUSED)
def test_what_cannot_be_rendered_says_why(template: str, message: str, help: str) -> None:
    with pytest.raises(TemplateError) as caught:
        render_value(template, CASE)
    assert (caught.value.message, caught.value.help) == (message, help)


@pytest.mark.parametrize(("template", "line", "message"), NO_TEMPLATE)
def test_what_is_no_template_says_where(template: str, line: int, message: str) -> None:
    with pytest.raises(TemplateError) as caught:
        check_template(template)
    assert (caught.value.line, caught.value.message) == (line, message)


@pytest.mark.parametrize(
    "template",
    [
        "{{ " + "1" * 5000 + " }}",
        "{{ " + "(" * 3000 + "1" + ")" * 3000 + " }}",
        "{{ " + "-" * 5000 + "1 }}",
        "{% for a in b %}" * 21 + "{% endfor %}" * 21,
    ],
)
def test_a_template_too_large_to_compile_is_no_bug_of_ours(template: str) -> None:
    with pytest.raises(TemplateError):
        check_template(template)
