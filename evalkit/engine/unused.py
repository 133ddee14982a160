"""Which replies of a store nobody asks for any more."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from evalkit.engine.plan import Plan
from evalkit.engine.question import SERIES, Question
from evalkit.engine.replies import ReplyStore

_BEGINNING = datetime.min.replace(tzinfo=UTC)  # no calendar goes further back


def asked_by(plan: Plan) -> frozenset[bytes]:
    """The keys of all that the specs of a plan ask, as they stand, whichever draw they ask for."""
    return frozenset(_first(trial.question).key for trial in plan if trial.question)


def unwanted(store: ReplyStore, asked: Collection[bytes] | None, older_than: timedelta | None) -> list[bytes]:
    """The keys of replies that are not among `asked` (None: any), and that no run asked for in so long (None: any).

    A comparison takes further draws of what specs ask, so these are asked, too. What it asked of specs as they were can
    only be told by its age.
    """
    if older_than is None:
        keys = store.keys()
    else:
        now = datetime.now(UTC)
        age = min(older_than, now - _BEGINNING)
        keys = store.unused_since((now - age).date().isoformat())
    if asked is None:
        return list(keys)
    return [key for key in keys if not _is_wanted(store, key, asked, by_age=older_than is not None)]


def _is_wanted(store: ReplyStore, key: bytes, asked: Collection[bytes], *, by_age: bool) -> bool:
    if key in asked:
        return True
    kept = store.kept(key)
    if kept is None:
        return False
    is_of_baseline = kept.question.series != SERIES
    return _first(kept.question).key in asked or (is_of_baseline and not by_age)


def _first(question: Question) -> Question:
    return replace(question, draw=1, series=SERIES)
