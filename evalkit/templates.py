"""Jinja's one door: prompts, checks and expressions, sandboxed and strict, printing values as JSON would.

Data never becomes a template: only what stands in a spec is compiled, and it is rendered once.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import lru_cache
from typing import Any

from jinja2 import StrictUndefined, Template, nodes
from jinja2.environment import TemplateExpression
from jinja2.exceptions import SecurityError, TemplateSyntaxError, UndefinedError
from jinja2.exceptions import TemplateError as JinjaError
from jinja2.meta import find_undeclared_variables
from jinja2.runtime import Undefined
from jinja2.sandbox import ImmutableSandboxedEnvironment

from evalkit.errors import TemplateError, did_you_mean

ALL_VARS = "vars"  # the name under which a template sees every variable
_REACHES_OUT = (nodes.Include, nodes.Import, nodes.FromImport, nodes.Extends)
_SINGLE = re.compile(r"^\{\{-?(.*?)-?\}\}$", re.DOTALL)
_NOT_REPEATABLE = ("random",)  # would change the request, and with it the reply's key, on every run


class _Environment(ImmutableSandboxedEnvironment):
    """On a mapping a dot is always a key, so that `{{ order.items }}` never prints a method."""

    def getattr(self, obj: Any, attribute: str) -> Any:
        if isinstance(obj, Mapping):
            return self.getitem(obj, attribute)
        return super().getattr(obj, attribute)

    def getitem(self, obj: Any, argument: Any) -> Any:
        if isinstance(obj, Mapping):
            return obj[argument] if argument in obj else self.undefined(obj=obj, name=argument)
        return super().getitem(obj, argument)


def to_json(value: Any) -> str:
    """`value` as JSON prints it: letters unescaped, no NaN. Raises ValueError or TypeError for what JSON lacks."""
    return json.dumps(value, ensure_ascii=False, allow_nan=False)


def as_text(value: Any) -> str:
    """`value` as a template prints it: texts as they are, everything else as JSON."""
    if isinstance(value, str):
        return str(value)
    if value is None:
        raise TemplateError("a null has no text", help="give it a value, or `default(...)` in the template")
    if isinstance(value, Undefined):
        raise UndefinedError(value._undefined_message)
    try:
        return to_json(value)
    except (TypeError, ValueError):
        kind = "a method" if callable(value) else f"a {type(value).__name__}"
        raise TemplateError(
            f"{kind} has no text", help="print a value; a chain of filters ends with `| list`"
        ) from None


def _from_json(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError as error:
        raise TemplateError(f"`fromjson` got what is not JSON: {error}") from None


@lru_cache(maxsize=1)
def _environment() -> _Environment:
    environment = _Environment(
        undefined=StrictUndefined, finalize=as_text, trim_blocks=True, lstrip_blocks=True, autoescape=False
    )
    environment.filters["tojson"] = to_json
    environment.filters["fromjson"] = _from_json
    for name in _NOT_REPEATABLE:
        del environment.filters[name]
    environment.globals = {name: environment.globals[name] for name in ("range", "dict", "namespace")}
    return environment


def is_template(text: str) -> bool:
    """Whether there is anything in `text` for Jinja to do."""
    return "{" in text and ("{{" in text or "{%" in text or "{#" in text)


@lru_cache(maxsize=4096)
def _parsed(text: str) -> nodes.Template:
    with _placed():
        tree = _environment().parse(text)
    for node in tree.find_all(_REACHES_OUT):
        raise TemplateError(
            f"a template cannot `{type(node).__name__.lower()}`",
            line=node.lineno,
            help="share text with {file: …}",
        )
    return tree


@lru_cache(maxsize=4096)
def _template(text: str) -> Template:
    _parsed(text)
    with _placed():
        return _environment().from_string(text)


@lru_cache(maxsize=4096)
def _expression(text: str) -> TemplateExpression:
    with _placed():
        return _environment().compile_expression(text, undefined_to_none=False)


@lru_cache(maxsize=4096)
def _single_expression(text: str) -> str | None:
    """The expression of a text that is exactly one `{{ … }}`, else None."""
    body = _parsed(text).body
    inner = _SINGLE.match(text.strip())
    is_single = len(body) == 1 and isinstance(body[0], nodes.Output) and len(body[0].nodes) == 1
    return inner.group(1) if inner and is_single else None


def check_template(text: str) -> frozenset[str]:
    """The variables `text` reads. Raises TemplateError where it is no valid template."""
    if not is_template(text):
        return frozenset()
    _template(text)
    return frozenset(find_undeclared_variables(_parsed(text))) - set(_environment().globals)


def check_expression(text: str) -> frozenset[str]:
    """The variables the expression `text` reads. Raises TemplateError where it is none."""
    _expression(text)
    return check_template("{{ " + text + " }}")


def render_text(text: str, variables: Mapping[str, Any]) -> str:
    """`text` with its templates filled in. Raises TemplateError, among others for an undefined variable."""
    if not is_template(text):
        return text[:-1] if text.endswith("\n") else text
    return str(_run(lambda: _template(text).render(variables, vars=variables), variables))


def render_value(value: Any, variables: Mapping[str, Any]) -> Any:
    """`value` with every text in it rendered; a text that is exactly one `{{ … }}` keeps the value's type."""
    if isinstance(value, str):
        if not is_template(value):
            return value
        expression = _single_expression(value)
        return evaluate(expression, variables) if expression is not None else render_text(value, variables)
    if isinstance(value, Mapping):
        return {key: render_value(item, variables) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [render_value(item, variables) for item in value]
    return value


def evaluate(expression: str, variables: Mapping[str, Any]) -> Any:
    """The value of a Jinja expression, with its own type. Raises TemplateError."""
    value = _run(lambda: _expression(expression.strip())(variables, vars=variables), variables)
    if isinstance(value, Undefined):
        raise _undefined(value._undefined_message, variables)
    if value is not None and not isinstance(value, str | int | float | list | tuple | Mapping):
        as_text(value)  # a generator or a method: says so
    return value


def has_templates(value: Any) -> bool:
    """Whether any text in `value` is a template."""
    if isinstance(value, str):
        return is_template(value)
    if isinstance(value, Mapping):
        return any(has_templates(item) for item in value.values())
    return isinstance(value, list | tuple) and any(has_templates(item) for item in value)


def _run(render: Callable[[], Any], variables: Mapping[str, Any]) -> Any:
    try:
        return render()
    except UndefinedError as error:
        raise _undefined(error.message or "an undefined name", variables) from None
    except SecurityError as error:
        raise TemplateError(f"not allowed in a template: {error.message}") from None
    except JinjaError as error:
        raise TemplateError(str(error.message)) from None
    except (TypeError, ValueError, ArithmeticError, LookupError, AttributeError, RecursionError) as error:
        raise TemplateError(f"the template failed: {error}") from None


def _undefined(message: str, variables: Mapping[str, Any]) -> TemplateError:
    name = re.match(r"'([^']+)' is undefined", message)
    if not name:
        return TemplateError(message)
    return TemplateError(f"`{name.group(1)}` is undefined", help=did_you_mean(name.group(1), variables))


@contextmanager
def _placed() -> Iterator[None]:
    """Turn Jinja's syntax errors into ours, with their line."""
    try:
        yield
    except TemplateSyntaxError as error:
        raise TemplateError(error.message or "not a template", line=error.lineno) from None
    except (JinjaError, RecursionError) as error:
        raise TemplateError(str(error)) from None
