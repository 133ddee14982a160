"""Which replies of a store nobody asks for any more."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from evalkit.engine.plan import Plan
from evalkit.engine.replies import ReplyStore

_BEGINNING = datetime.min.replace(tzinfo=UTC)  # no calendar goes further back


def asked_by(plan: Plan) -> frozenset[bytes]:
    """The keys of all that the specs of a plan ask, as they stand."""
    return frozenset(trial.question.key for trial in plan if trial.question)


def unwanted(store: ReplyStore, asked: Iterable[bytes], older_than: timedelta | None) -> list[bytes]:
    """The keys of replies that are not among `asked`, and that no run asked for in so long a time (None: any)."""
    if older_than is None:
        keys = store.keys()
    else:
        now = datetime.now(UTC)
        age = min(older_than, now - _BEGINNING)
        keys = store.unused_since((now - age).date().isoformat())
    wanted = frozenset(asked)
    return [key for key in keys if key not in wanted]
