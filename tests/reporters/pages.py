"""The report of a run, written and parsed."""

from __future__ import annotations

import io
from dataclasses import dataclass, field
from html.parser import HTMLParser

from evalkit.records.run import StoredRun
from evalkit.reporters.html import Html


@dataclass(eq=False)
class Element:
    """An element as the parser saw it."""

    tag: str
    attributes: dict[str, str | None]
    pieces: list[str] = field(default_factory=list)

    @property
    def text(self) -> str:
        """All the text inside it."""
        return "".join(self.pieces)

    @property
    def classes(self) -> list[str]:
        """The words of its class attribute."""
        return (self.attributes.get("class") or "").split()


@dataclass
class Page(HTMLParser):
    """A parsed page: its elements in order, and what there is to read."""

    source: str
    elements: list[Element] = field(default_factory=list)
    pieces: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__()
        self._open: list[Element] = []
        self.feed(self.source)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert len(dict(attrs)) == len(attrs), f"<{tag}> has an attribute twice"
        self.elements.append(Element(tag, dict(attrs)))
        if tag != "meta":
            self._open.append(self.elements[-1])

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop().tag == tag

    def handle_data(self, data: str) -> None:
        if not self._open or self._open[-1].tag != "style":
            self.pieces.append(data)
        for element in self._open:
            element.pieces.append(data)

    @property
    def reading(self) -> str:
        """All there is to read, with a blank where an element begins or ends."""
        return " ".join(self.pieces)

    def of_class(self, name: str) -> list[Element]:
        """The elements of a class."""
        return [element for element in self.elements if name in element.classes]

    def text_of(self, tag: str) -> str:
        """The text of the first such element, with plain blanks."""
        text = next(element.text for element in self.elements if element.tag == tag)
        return text.replace("\N{NO-BREAK SPACE}", " ")

    def lines(self) -> list[str]:
        """What there is to read, a line for each line of the source."""
        return [line for line in (" ".join(line.split()) for line in self.reading.splitlines()) if line]


def html_of(run: StoredRun) -> str:
    """The report of a run; it must be encodable as it stands."""
    stream = io.StringIO(newline="")
    Html().write(run, {"index.html": stream})
    stream.getvalue().encode("utf-8")
    return stream.getvalue()


def page_of(run: StoredRun) -> Page:
    """The report of a run, parsed."""
    return Page(html_of(run))
