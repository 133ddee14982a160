"""A case put into the templates of its spec: the messages that are sent, the checks that are scored."""

from __future__ import annotations

from dataclasses import replace

from evalkit import catalog, templates
from evalkit.errors import TemplateError
from evalkit.records.spec import Case, Check, Message, Variant
from evalkit.scorers.interface import Bound

_KEPT = 1024  # scorers kept; checks that came with rows of data are new in each pass and must not pile up


def render_messages(variant: Variant, case: Case) -> tuple[Message, ...]:
    """The messages for one case. Raises TemplateError with the place of the message."""
    return tuple(_message(message, case) for message in variant.messages)


def _message(message: Message, case: Case) -> Message:
    try:
        return Message(message.role, templates.render_text(message.content, case.vars))
    except TemplateError as error:
        error.place = message.place
        raise


def render_check(check: Check, case: Case) -> Check:
    """The check with its templates filled in. Raises TemplateError with the place of the check."""
    if check.is_static:
        return check
    try:
        return replace(
            check,
            argument=templates.render_value(check.argument, case.vars),
            options=templates.render_value(check.options, case.vars),
            parts=tuple(render_check(part, case) for part in check.parts),
            is_static=True,
        )
    except TemplateError as error:
        error.place = error.place or check.place
        raise


class Binder:
    """Makes the scorers of checks: one for a check that is the same in every case, else one a case."""

    def __init__(self) -> None:
        self._static: dict[int, tuple[Check, Bound]] = {}

    def bound(self, check: Check, case: Case) -> Bound:
        """The check as it is for a case, with its scorer. Raises TemplateError or CheckError."""
        if not check.is_static:
            return catalog.bind(render_check(check, case))
        known = self._static.get(id(check))
        if known is None or known[0] is not check:
            if len(self._static) >= _KEPT:
                self._static.clear()
            known = self._static[id(check)] = (check, catalog.bind(check))
        return known[1]
