"""What is kept of earlier runs: the store of this machine, and behind it the recordings of the project."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import closing, contextmanager

from evalkit.engine.claims import Claims
from evalkit.engine.question import Question
from evalkit.engine.recordings import Recordings
from evalkit.engine.replies import KeptReply, ReplyStore
from evalkit.errors import UserError
from evalkit.records.exchange import Recording
from evalkit.settings import Settings


class Kept:
    """Recordings by question: the store's wins over the project's. What is new goes into the store.

    Used by many threads; raises UserError where something cannot be read or written.
    """

    def __init__(self, store: ReplyStore, recordings: Recordings) -> None:
        self.store = store
        self.recordings = recordings

    @property
    def claims(self) -> Claims:
        """Claims on draws, among all that share the store."""
        return self.store.claims

    def get(self, question: Question, since: float = 0.0) -> Recording | None:
        """The recording of a question; None when it was never answered, or before `since` (seconds since 1970)."""
        return self.store.get(question, since) or (None if since else self.recordings.get(question))

    def known(self, questions: Collection[Question], since: float = 0.0) -> set[bytes]:
        """The keys of those of some hundred questions that were answered, since then.

        Raises UserError where a recording of the project is damaged.
        """
        known = self.store.known([question.key for question in questions], since)
        rest = () if since else (question for question in questions if question.key not in known)
        return known | {question.key for question in rest if self.recordings.get(question)}

    def put(self, question: Question, recording: Recording) -> None:
        """Keep a recording; it is on disk when this returns."""
        self.store.put(question, recording)

    def found(self, beginning: str) -> KeptReply:
        """What is kept under the key that begins with these hex digits. Raises UserError unless it is one."""
        files = (key for key in self.recordings.known() if key.hex().startswith(beginning))
        keys = sorted({*self.store.found(beginning), *files})
        if len(keys) > 1:
            several = ", ".join(f"{key.hex()[: len(beginning) + 4]}…" for key in keys[:3])
            raise UserError(f"several keys begin with `{beginning}`", f"give more of it: {several}")
        kept = (self.store.kept(keys[0]) or self.recordings.kept(keys[0])) if keys else None
        if kept is None:
            raise UserError(f"no reply is kept under `{beginning}`", "a key begins each line of an exported file")
        return kept


@contextmanager
def kept_for(settings: Settings) -> Iterator[Kept]:
    """What is kept of a project, as long as it is needed. Raises UserError where the store cannot be used."""
    folders = [settings.recordings] if settings.recordings else []
    with closing(ReplyStore(settings.state / "replies.db")) as store:
        yield Kept(store, Recordings(*folders))
