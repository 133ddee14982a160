"""What is kept of earlier runs: the store of this machine, and behind it the recordings of the project."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager

from evalkit.engine.claims import Claims
from evalkit.engine.question import Question
from evalkit.engine.recordings import Recordings
from evalkit.engine.replies import ReplyStore
from evalkit.records.exchange import Recording
from evalkit.settings import Settings


class Kept:
    """Recordings by question: the store's wins over the project's. What is new goes into the store.

    `claims` says who may ask. Used by many threads; raises UserError where something cannot be read or written.
    """

    def __init__(self, store: ReplyStore, recordings: Recordings) -> None:
        self._store = store
        self._recordings = recordings

    @property
    def claims(self) -> Claims:
        """Claims on draws, among all that share the store."""
        return self._store.claims

    def get(self, question: Question) -> Recording | None:
        """The recording of a question; None when it was never answered."""
        return self._store.get(question) or self._recordings.get(question)

    def has(self, question: Question) -> bool:
        """Whether a question was answered before."""
        return self._store.has(question) or self._recordings.get(question) is not None

    def put(self, question: Question, recording: Recording) -> None:
        """Keep a recording; it is on disk when this returns."""
        self._store.put(question, recording)


@contextmanager
def kept_for(settings: Settings) -> Iterator[Kept]:
    """What is kept of a project, as long as it is needed. Raises UserError where the store cannot be used."""
    folders = [settings.recordings] if settings.recordings else []
    with closing(ReplyStore(settings.state / "replies.db")) as store:
        yield Kept(store, Recordings(*folders))
