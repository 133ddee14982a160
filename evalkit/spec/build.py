"""From the nodes of a well-shaped file to a Spec; what only meaning can tell is wrong is a Problem."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from evalkit.documents.nodes import Node
from evalkit.documents.read import Document
from evalkit.records.spec import Spec
from evalkit.settings import Settings
from evalkit.spec.cases import Around
from evalkit.spec.check import Shape
from evalkit.spec.checks import CheckReader
from evalkit.spec.digest import digest_of
from evalkit.spec.few import Room
from evalkit.spec.gate import gate_of, metrics_of
from evalkit.spec.models import models_of
from evalkit.spec.parts import Complaints, about_unused, text_list, text_of, trials_of, variables_of
from evalkit.spec.prompts import variants_of
from evalkit.spec.sources import EntryReader
from evalkit.spec.stream import CaseStream


class SpecBuilder:
    """Builds the Spec of one document and gathers what is wrong on the way; `shared` are the files read with it.

    There is `room` for its cases if they are few.
    """

    def __init__(
        self, document: Document, settings: Settings, shape: Shape, shared: Iterable[Path], room: Room
    ) -> None:
        self.complain = Complaints()
        self._document = document
        self._settings = settings
        self._shape = shape
        self._shared = tuple(shared)
        self._room = room

    def build(self, root: Node) -> Spec:
        """The Spec; `root` has the document's shared files in their places. Of use only when there are no errors."""
        complain = self.complain
        name, description, max_usd = root.get("name"), root.get("description"), root.get("max_usd")
        cases = self._cases(root)
        spec = Spec(
            name=text_of(name, complain) if name else Path(self._document.path).stem,
            file=self._document.shown,
            models=models_of(root, self._settings, complain),
            variants=variants_of(root, complain),
            cases=cases,
            gate=gate_of(root, complain),
            metrics=metrics_of(root, complain),
            description=str(description.value) if description else "",
            tags=text_list(root.get("tags")),
            digest=digest_of(self._document, (*self._shared, *cases.files)),
            max_usd=float(max_usd.value) if max_usd else None,
        )
        self._about_unused(root)
        return spec

    def _cases(self, root: Node) -> CaseStream:
        checks = CheckReader(self.complain, root.get("extract"), root.get("path"))
        around = Around(
            checks=checks.read(root.get("expect")),
            vars=variables_of(root.get("vars"), self.complain),
            trials=trials_of(root.get("trials"), self.complain),
            asked=self._settings.trials,
        )
        entries = EntryReader(self._document, self._settings.root, checks)
        cases = root.get("cases")
        return CaseStream(cases.entries() if cases else (), around, entries, self._shape, self._room)

    def _about_unused(self, root: Node) -> None:
        """Warn of variables that stand in the file and that no template, expression or rule reads."""
        used = frozenset(self.complain.used)
        cases = root.get("cases")
        for holder in (root, *(cases.entries() if cases else ())):
            about_unused(holder.get("vars"), used, self.complain)
            about_unused(holder.get("matrix"), used, self.complain)
