"""What Jinja complains of, in words that say what to write instead, at the place where it went wrong."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import Any

from evalkit.errors import TemplateError, TemplateMistake, did_you_mean, nearest

_TAG = re.compile(r"\{[{%#]")
_NO_TEMPLATE = "not a template"
_OPEN = {"{{": "}}", "{%": "%}", "{#": "#}"}
_KINDS = {"str": "a text", "int": "a number", "float": "a number", "NoneType": "nothing", "dict": "a mapping"}
_TAGS = ("if", "elif", "else", "endif", "for", "endfor", "set", "endset", "macro", "endmacro", "filter", "raw")


def explained(text: str, said: str, line: int, filters: Collection[str]) -> TemplateMistake:
    """Jinja's complaint about line `line` of `text`, in our words; `filters` are the names of those it knows."""
    unclosed = _unclosed_tag(text)
    if unclosed is not None:
        found = text[unclosed : unclosed + 2]
        return _at(text, unclosed, f"`{found}` is never closed", f"close it with `{_OPEN[found]}`")
    block = re.search(r"innermost block that needs to be closed is '(\w+)'", said)
    if block:
        tag = block.group(1)
        begin = _last(text, rf"\{{%-?\s*{tag}\b")
        return _at(text, begin, f"`{{% {tag} %}}` is never closed", f"write `{{% end{tag} %}}` where it ends")
    named = re.search(r"No (filter|test) named '(\w+)'|unknown (tag) '(\w+)'", said)
    if named:
        kind, name = (group for group in named.groups() if group)
        known = {"filter": filters, "tag": _TAGS}.get(kind, ())
        near = nearest(name, known)
        help = f"did you mean `{near}`?" if near else "they are Jinja's, without `random` and `pprint`"
        return _at(text, _last(text, rf"\b{name}\b"), f"no {kind} is called `{name}`", help)
    return TemplateMistake(f"{_NO_TEMPLATE}: {_lower(said)}", line=line, help=_hint(text, line))


def _at(text: str, index: int, message: str, help: str) -> TemplateMistake:
    """The error that is about what stands at an index of the text."""
    line = text.count("\n", 0, index) + 1
    return TemplateMistake(message, line=line, column=index - text.rfind("\n", 0, index), help=help)


def explained_expression(text: str, said: str, filters: Collection[str]) -> TemplateMistake:
    """The same for an expression, which stands without `{{ }}`."""
    if "{{" in text:
        return TemplateMistake("an expression stands without {{ }}", help=f"write {text.strip(' {}')}")
    if re.search(r"(?<![=!<>])=(?!=)", text):
        return TemplateMistake("`=` compares nothing", help="two values are compared with `==`")
    inner = explained(f"{{{{ {text} }}}}", said, 1, filters)
    if not inner.message.startswith(_NO_TEMPLATE):
        return TemplateMistake(inner.message, help=inner.help)
    message = inner.message.replace(_NO_TEMPLATE, "not an expression").replace("end of template", "end")
    return TemplateMistake(message, help="for example: language == 'de' and score > 0.5")


def _unclosed_tag(text: str) -> int | None:
    """Where the first `{{`, `{%` or `{#` stands that is not closed before the next one, or before the end."""
    at = 0
    while found := _TAG.search(text, at):
        close = text.find(_OPEN[found.group()], found.end())
        following = _TAG.search(text, found.end())
        if close < 0 or (found.group() != "{#" and following and following.start() < close):
            return found.start()
        at = close + 2
    return None


def _last(text: str, pattern: str) -> int:
    return max((match.start() for match in re.finditer(pattern, text)), default=0)


def _lower(said: str) -> str:
    return said[:1].lower() + said[1:].rstrip(".")


def _hint(text: str, line: int) -> str:
    lines = text.split("\n")
    shown = lines[min(line, len(lines)) - 1]
    if re.search(r"\{\{[^}]*\b(and|or|if)\b", shown):
        return "a condition has both sides: {{ a if b else c }}"
    return "inside {{ }} stands a variable, with filters behind `|`: {{ name | upper }}"


def failed(error: Exception) -> TemplateError:
    """What Python says of a template that it cannot work out, in our words where many meet it."""
    compared = re.match(r"'(.+)' not supported between instances of '(\w+)' and '(\w+)'", str(error))
    if not compared:
        return TemplateError(f"the template failed: {error}")
    sign, *kinds = compared.groups()
    left, right = (_KINDS.get(kind, f"a {kind}") for kind in kinds)
    help = "what a CSV file holds is text; `score | int > 3` compares a number" if "a text" in (left, right) else ""
    return TemplateError(f"`{sign}` cannot compare {left} with {right}", help=help)


def undefined(message: str, variables: Mapping[str, Any]) -> TemplateError:
    """Jinja's complaint about a name that is not there, with the variable that is near it."""
    found = re.match(r"'([^']+)' is undefined", message)
    if not found:
        return TemplateError(message)
    name = found.group(1)
    help = did_you_mean(name, variables) or "the case has no variables; give it some below `vars:`"
    return TemplateError(f"`{name}` is undefined", help=help, name=name)
