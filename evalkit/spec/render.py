"""A case put into the templates of its spec: messages that are sent, checks that are scored, scopes of the gate."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from evalkit import catalog, templates
from evalkit.errors import TemplateError
from evalkit.records.problem import Place
from evalkit.records.spec import Case, Check, History, Message, Rule, Variant
from evalkit.spec.parts import name_in

if TYPE_CHECKING:
    from evalkit.scorers.interface import Bound

_KEPT = 1024  # scorers kept; checks that came with rows of data are new in each pass and must not pile up
_KEPT_TEXT = 10_000_000  # characters of rendered arguments kept with them
_ROLES = ("system", "user", "assistant")


def render_messages(variant: Variant, case: Case) -> tuple[Message, ...]:
    """The messages for one case, at least one. Raises TemplateError with the place of the message."""
    messages = tuple(said for message in variant.messages for said in _rendered(message, case))
    if variant.messages and not messages:
        error = TemplateError("nothing is said: `messages` is an empty list", help="give the case a message")
        error.place = variant.messages[0].place
        raise error
    return messages


def _rendered(message: Message | History, case: Case) -> Iterator[Message]:
    try:
        if isinstance(message, Message):
            yield Message(message.role, templates.render_text(message.content, case.vars))
        else:
            yield from _history(templates.render_value(message.template, case.vars))
    except TemplateError as error:
        error.place = _place_of(message, error.name)
        raise


def _place_of(message: Message | History, name: str) -> Place:
    """Where a message reads a variable, as exactly as its text is known."""
    text = message.content if isinstance(message, Message) else message.template
    found = name_in(text, name) if name and message.body else None
    if found is None or message.body is None:
        return message.place
    line, column = found
    return Place(message.body.file, message.body.line + line - 1, message.body.column + column - 1)


def _history(value: Any) -> Iterator[Message]:
    """Messages from data: a list of `{role, content}` or `{user: …}`. What they say is never a template."""
    if not isinstance(value, list):
        raise TemplateError("`messages` is no list", help="it takes a list of {role, content}, or of {user: …}")
    for number, item in enumerate(value, start=1):
        pair = _pair(item) if isinstance(item, Mapping) else None
        if pair is None:
            raise TemplateError(f"message {number} has no role and text", help="write {role: user, content: …}")
        yield Message(*pair)


def _pair(item: Mapping[str, Any]) -> tuple[str, str] | None:
    """(role, text) of a message in data; None where it is none."""
    role, content = item.get("role"), item.get("content")
    if role is None and content is None and len(item) == 1:
        ((role, content),) = item.items()
    return (role, content) if role in _ROLES and isinstance(content, str) else None


def scope_of(rule: Rule, case: Case) -> str | None:
    """The group of cases that a case belongs to under a rule: the value of `each`, "" without one, None for none.

    Raises TemplateError with the place of what is wrong.
    """
    key = "where"
    try:
        if rule.where and not templates.evaluate(rule.where, case.vars):
            return None
        key = "each"
        if not rule.each:
            return ""
        if rule.each not in case.vars:
            help = "`each` takes a variable that every case has"
            raise TemplateError(f"`{rule.each}` is undefined", help=help, name=rule.each)
        value = case.vars[rule.each]
        if isinstance(value, Mapping | list):
            raise TemplateError(f"`{rule.each}` is no text or number", help="`each` takes a variable with plain values")
        return templates.as_text(value)
    except TemplateError as error:
        error.place = rule.places.get(key)
        raise


def scopes_of(gate: Sequence[Rule], case: Case) -> dict[int, str]:
    """The rules with a scope that a case belongs to, by their number, with the group it is in."""
    found = ((number, scope_of(rule, case)) for number, rule in enumerate(gate) if rule.is_scoped)
    return {number: scope for number, scope in found if scope is not None}


class Binder:
    """Makes the scorers of checks, and keeps each as long as its rendered arguments are the same."""

    def __init__(self) -> None:
        self._known: dict[tuple[int, str], tuple[Check, Bound]] = {}
        self._text = 0

    def bound(self, check: Check, case: Case) -> Bound:
        """The check as it is for a case, with its scorer. Raises TemplateError or CheckError."""
        values = None if check.is_static else _values(check, case)
        key = (id(check), "" if values is None else repr(values))
        known = self._known.get(key)
        if known is None or known[0] is not check:
            if len(self._known) >= _KEPT or self._text > _KEPT_TEXT:
                self._known.clear()
                self._text = 0
            self._text += len(key[1])
            known = self._known[key] = (check, catalog.bind(check if values is None else _with(check, values)))
        return known[1]


def filled(check: Check, case: Case) -> Check:
    """A check as it is for a case, with nothing left to render. Raises TemplateError."""
    return check if check.is_static else _with(check, _values(check, case))


_Values = tuple[Any, Any, tuple[Any, ...]]  # argument, options, and the same of the parts


def _values(check: Check, case: Case) -> _Values:
    """What the templates of a check give for a case. Raises TemplateError."""
    return (
        templates.render_value(check.argument, case.vars),
        templates.render_value(check.options, case.vars),
        tuple(_values(part, case) for part in check.parts),
    )


def _with(check: Check, values: _Values) -> Check:
    """The check with rendered values in it."""
    argument, options, parts = values
    filled = tuple(_with(part, inner) for part, inner in zip(check.parts, parts, strict=True))
    return replace(check, argument=argument, options=options, parts=filled, is_static=True)
