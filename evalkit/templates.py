"""Jinja's one door: prompts, checks and expressions, sandboxed and strict, printing values as JSON would.

Data never becomes a template: only what stands in a spec is compiled, and it is rendered once.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import lru_cache
from typing import Any, NoReturn

from jinja2 import Environment, StrictUndefined, Template, nodes, pass_environment
from jinja2.environment import TemplateExpression
from jinja2.exceptions import SecurityError, TemplateSyntaxError, UndefinedError
from jinja2.exceptions import TemplateError as JinjaError
from jinja2.filters import make_attrgetter
from jinja2.meta import find_undeclared_variables
from jinja2.runtime import Undefined
from jinja2.sandbox import ImmutableSandboxedEnvironment

from evalkit.errors import TemplateError, TemplateMistake, did_you_mean
from evalkit.template_guard import TOO_MUCH, at_arms_length, within_limit
from evalkit.template_mistakes import explained, explained_expression, failed, undefined

ALL_VARS = "vars"  # the name under which a template sees every variable
_REACHES_OUT = (nodes.Include, nodes.Import, nodes.FromImport, nodes.Extends)
_SINGLE = re.compile(r"^\{\{-?(.*?)-?\}\}$", re.DOTALL)
_WORDS = ("true", "false", "none", "True", "False", "None", ALL_VARS)  # names that are no variables to Jinja
# `random` would change the request, and with it the reply's key, on every run; `pprint` prints Python.
_LEFT_OUT = ("random", "pprint")


class _Missing(StrictUndefined):
    """What is not there; of a mapping, says which key is near."""

    @property
    def _undefined_message(self) -> str:
        if self._undefined_hint is None and isinstance(self._undefined_obj, Mapping):
            near = did_you_mean(str(self._undefined_name), map(str, self._undefined_obj))
            return f"there is no `{self._undefined_name}`; {near}".removesuffix("; ")
        return super()._undefined_message


class _Environment(ImmutableSandboxedEnvironment):
    """On a mapping a dot is always a key, so that `{{ order.items }}` never prints a method; `~` prints JSON too."""

    def getattr(self, obj: Any, attribute: str) -> Any:
        if isinstance(obj, Mapping):
            return self.getitem(obj, attribute)
        return super().getattr(obj, attribute)

    def getitem(self, obj: Any, argument: Any) -> Any:
        if isinstance(obj, Mapping):
            return obj[argument] if argument in obj else self.undefined(obj=obj, name=argument)
        return super().getitem(obj, argument)

    def _generate(self, source: nodes.Template, *names: Any, **options: Any) -> str:
        for joined in source.find_all(nodes.Concat):
            joined.nodes = [nodes.Filter(part, "string", [], [], None, None) for part in joined.nodes]
        return super()._generate(source, *names, **options)


@lru_cache(maxsize=8)
def _json_of(indent: int | None = None) -> json.JSONEncoder:
    return json.JSONEncoder(ensure_ascii=False, allow_nan=False, indent=indent)


def to_json(value: Any, indent: int | None = None) -> str:
    """`value` as JSON prints it: letters unescaped, no NaN. Raises ValueError or TypeError for what JSON lacks."""
    return _json_of(indent).encode(value)


def as_text(value: Any) -> str:
    """`value` as a template prints it: texts as they are, everything else as JSON."""
    if isinstance(value, str):
        return str(value)
    if value is None:
        raise TemplateError("a null has no text", help="give it a value, or `default(...)` in the template")
    return _json(value)


def _json(value: Any, indent: int | None = None) -> str:
    """The filter `tojson`."""
    try:
        return to_json(value, indent)
    except (TypeError, ValueError):
        for missing in _undefined_in(value):
            raise UndefinedError(missing._undefined_message) from None
        kind = "a method" if callable(value) else f"a {type(value).__name__}"
        help = "print a value; a chain of filters ends with `| list`"
        raise TemplateError(f"{kind} has no text", help=help) from None


def _undefined_in(value: Any) -> Iterator[Undefined]:
    if isinstance(value, Undefined):
        yield value
    elif isinstance(value, Mapping | list | tuple):
        for item in value.values() if isinstance(value, Mapping) else value:
            yield from _undefined_in(item)


def _from_json(text: str) -> Any:
    """The filter `fromjson`."""
    try:
        return json.loads(as_text(text), parse_constant=_refuse)
    except ValueError as error:
        raise TemplateError(f"`fromjson` got what is not JSON: {error}") from None


def _refuse(name: str) -> NoReturn:
    raise ValueError(f"{name} is no number")


@pass_environment
def _join(environment: Environment, items: Any, between: str = "", attribute: str | int | None = None) -> str:
    """The filter `join`, printing values as JSON would."""
    item = make_attrgetter(environment, attribute) if attribute is not None else None
    return as_text(between).join(as_text(item(value) if item else value) for value in items)


@lru_cache(maxsize=1)
def _environment() -> _Environment:
    environment = _Environment(
        undefined=_Missing, finalize=as_text, trim_blocks=True, lstrip_blocks=True, autoescape=False
    )
    environment.filters |= {"tojson": _json, "fromjson": _from_json, "string": as_text, "join": _join}
    for name in _LEFT_OUT:
        del environment.filters[name]
    environment.globals = {name: environment.globals[name] for name in ("range", "dict", "namespace")}
    return environment


def is_template(text: str) -> bool:
    """Whether there is anything in `text` for Jinja to do."""
    return "{" in text and ("{{" in text or "{%" in text or "{#" in text)


@lru_cache(maxsize=4096)
def _parsed(text: str) -> nodes.Template:
    with _placed(text):
        tree = _environment().parse(text)
    for node in tree.find_all(_REACHES_OUT):
        name = type(node).__name__.lower().removeprefix("from")
        raise TemplateMistake(f"a template cannot `{name}`", line=node.lineno, help="share text with {file: …}")
    return tree


@lru_cache(maxsize=4096)
def _template(text: str) -> Template:
    _parsed(text)
    with _placed(text):
        return _environment().from_string(text)


@lru_cache(maxsize=4096)
def _expression(text: str) -> TemplateExpression:
    with _placed(text, is_expression=True):
        return _environment().compile_expression(text, undefined_to_none=False)


@lru_cache(maxsize=4096)
@at_arms_length
def _single_expression(text: str) -> str | None:
    """The expression of a text that is exactly one `{{ … }}`, else None."""
    body, inner = _parsed(text).body, _SINGLE.match(text.strip())
    is_single = len(body) == 1 and isinstance(body[0], nodes.Output) and len(body[0].nodes) == 1
    said = inner.group(1).strip() if inner and is_single else None
    return f"({said})" if said and not said.isidentifier() else said  # in brackets, as `{{ a, b }}` is a list too


@lru_cache(maxsize=4096)
@at_arms_length
def _only_names(text: str) -> list[str] | None:
    """A template of texts and bare `{{ name }}`s, for rendering without Jinja: text, name, text, …; else None."""
    parts = [""]
    for output in _parsed(text).body:
        for node in output.nodes if isinstance(output, nodes.Output) else [output]:
            if isinstance(node, nodes.TemplateData):
                parts[-1] += node.data
            elif isinstance(node, nodes.Name):
                parts += [node.name, ""]
            else:
                return None
    return parts


@at_arms_length
def _names_read(text: str, is_expression: bool) -> list[str]:
    if is_expression:
        _expression(text)
        text = "{{ " + text + " }}"
    _template(text)
    return sorted(find_undeclared_variables(_parsed(text)) - set(_environment().globals))


def check_template(text: str) -> frozenset[str]:
    """The variables `text` reads. Raises TemplateError where it is no valid template."""
    return frozenset(_names_read(text, False) if is_template(text) else ())


def check_expression(text: str) -> frozenset[str]:
    """The variables the expression `text` reads. Raises TemplateError where it is none."""
    return frozenset(_names_read(text, True))


@at_arms_length
def _rendered(text: str, variables: Mapping[str, Any]) -> str:
    return str(_run(lambda: _template(text).render(variables, vars=variables), variables))


@at_arms_length
def _evaluated(expression: str, variables: Mapping[str, Any]) -> Any:
    value = _run(lambda: _expression(expression)(variables, vars=variables), variables)
    if isinstance(value, Undefined):
        raise undefined(value._undefined_message, variables)
    if value is None:
        return None
    text = _run(lambda: as_text(value), variables)  # a generator, a method, a list with an undefined name: says so
    if isinstance(value, str):
        return text
    read = json.loads(text)
    return value if read == value else read  # with lists for Jinja's tuples, and texts for its keys


@at_arms_length
def _all_rendered(values: Any, variables: Mapping[str, Any]) -> Any:
    """A mapping or list with every text in it rendered."""
    if isinstance(values, Mapping):
        return {key: render_value(item, variables) for key, item in values.items()}
    return [render_value(item, variables) for item in values]


def render_text(text: str, variables: Mapping[str, Any]) -> str:
    """`text` with its templates filled in. Raises TemplateError, among others for an undefined variable."""
    if not is_template(text):
        return text[:-1] if text.endswith("\n") else text
    parts = _only_names(text)
    if parts is not None and all(name in variables for name in parts[1::2]):  # nothing for Jinja to do
        return "".join(within_limit(as_text(variables[part]) if at % 2 else part for at, part in enumerate(parts)))
    return _rendered(text, variables)


def render_value(value: Any, variables: Mapping[str, Any]) -> Any:
    """`value` with every text in it rendered; a text that is exactly one `{{ … }}` keeps the value's type."""
    if not has_templates(value):
        return list(value) if isinstance(value, tuple) else value
    if isinstance(value, str):
        expression = _single_expression(value)
        return evaluate(expression, variables) if expression is not None else render_text(value, variables)
    return _all_rendered(value, variables)


def evaluate(expression: str, variables: Mapping[str, Any]) -> Any:
    """The value of a Jinja expression, with its own type. Raises TemplateError."""
    name = expression.strip()
    if name in variables and name.isidentifier() and name not in _WORDS:
        return variables[name]
    return _evaluated(name, variables)


def has_templates(value: Any) -> bool:
    """Whether any text in `value` is a template."""
    if isinstance(value, str):
        return is_template(value)
    items = value.values() if isinstance(value, Mapping) else value if isinstance(value, list | tuple) else ()
    return any(map(has_templates, items))


def _run(render: Callable[[], Any], variables: Mapping[str, Any]) -> Any:
    try:
        return render()
    except UndefinedError as error:
        raise undefined(error.message or "an undefined name", variables) from None
    except SecurityError as error:
        raise TemplateError(f"not allowed in a template: {error.message}") from None
    except JinjaError as error:
        raise TemplateError(str(error.message)) from None
    except MemoryError as error:
        raise TemplateError(TOO_MUCH) from error
    except (TypeError, ValueError, ArithmeticError, LookupError, AttributeError, NameError, RuntimeError) as error:
        raise failed(error) from None


@contextmanager
def _placed(text: str, *, is_expression: bool = False) -> Iterator[None]:
    """Turn Jinja's syntax errors into ours."""
    try:
        yield
    except TemplateSyntaxError as error:
        said, filters = error.message or "it has a mistake", _environment().filters
        if is_expression:
            raise explained_expression(text, said, filters) from None
        raise explained(text, said, error.lineno, filters) from None
    except (RecursionError, MemoryError):
        raise TemplateMistake("the template is too large, or nested too deeply") from None
    except (JinjaError, SyntaxError, ValueError) as error:
        raise TemplateMistake(str(error)) from None
