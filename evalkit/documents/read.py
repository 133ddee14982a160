"""YAML 1.2 into nodes that know their line and column; what cannot be read is a Problem.

PyYAML's parser tells what stands in a file; everything above it follows YAML 1.1 (`no` a boolean, `12:30` a
number, `0755` octal, the last of two equal keys the winner), so values are made here.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from codecs import BOM_UTF8
from dataclasses import dataclass
from math import isfinite
from pathlib import Path
from stat import S_ISDIR, S_ISREG
from typing import Any

import yaml

from evalkit.documents.mistakes import Complaint, Explained, bare_template, explained
from evalkit.documents.nodes import DEPTH_LIMIT, Node
from evalkit.documents.scalars import resolved, stand_ins
from evalkit.records.problem import Place, Problem

SIZE_LIMIT = 20 * 1024 * 1024  # bytes of one file
NODE_LIMIT = 500_000  # values of one file
ALIAS_BUDGET = 100_000  # values that aliases may add to those written out
_TO_DATA = "put the cases into a CSV or JSONL file and name it in `file:`"

_PARSER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # C where libyaml is there
_LINE_END = re.compile(r"\r\n?|\n")
_GLUED_COMMENT = re.compile(r"[ \t]+(#\w[^\r\n]{0,200})")  # `Great #1 product`


@dataclass(frozen=True, slots=True)
class Document:
    """A file as read: its root node (None where it could not be read) and the problems met on the way."""

    path: Path
    shown: str
    root: Node | None
    problems: tuple[Problem, ...]
    source: bytes = b""


def read(path: Path, shown: str) -> Document:
    """Read one YAML file. `shown` is how the user knows it; nothing is raised for what stands in it."""
    try:
        source = _source(path, shown)
        return Document(path, shown, _Reading(_decoded(source, shown), shown).root(), (), source)
    except (OSError, ValueError) as error:
        said = error.strerror if isinstance(error, OSError) else error
        return Document(path, shown, None, (Problem(Place(shown), f"cannot be read: {said}"),))
    except _Unreadable as stop:
        return Document(path, shown, None, stop.problems)


def read_text_file(path: Path, shown: str) -> Document:
    """Read one file of text: its root is one text."""
    try:
        text = _decoded(_source(path, shown), shown).replace("\r\n", "\n")
    except OSError as error:
        return Document(path, shown, None, (Problem(Place(shown), f"cannot be read: {error.strerror}"),))
    except _Unreadable as stop:
        return Document(path, shown, None, stop.problems)
    return Document(path, shown, Node(Place(shown), text, text, body=Place(shown)), ())


def read_text(text: str, place: Place) -> Document:
    """Read YAML that stands in a cell of a data file; all of it has the cell's place."""
    try:
        root = _Reading(text, place.file).root()
    except _Unreadable as stop:
        problems = tuple(Problem(place, f"the cell is not YAML: {p.message}", p.help) for p in stop.problems)
        return Document(Path(place.file), place.file, None, problems)
    return Document(Path(place.file), place.file, root.moved(place), ())


class _Unreadable(Exception):
    def __init__(self, *problems: Problem) -> None:
        super().__init__(problems)
        self.problems = problems


def _source(path: Path, shown: str) -> bytes:
    """The bytes of a file, and one more than are read where there are too many."""
    mode = path.stat().st_mode
    if not S_ISREG(mode) and not S_ISDIR(mode):  # to open a pipe is to wait for whoever writes to it
        raise _Unreadable(Problem(Place(shown), "cannot be read: not a file"))
    with path.open("rb") as file:
        return file.read(SIZE_LIMIT + 1)


def _decoded(source: bytes, shown: str) -> str:
    if len(source) > SIZE_LIMIT:
        raise _Unreadable(Problem(Place(shown), "larger than 20 MB", _TO_DATA))
    source = source.removeprefix(BOM_UTF8)
    try:
        return source.decode("utf-8")
    except UnicodeDecodeError as error:
        *before, last = _LINE_END.split(source[: error.start].decode("utf-8"))
        place = Place(shown, len(before) + 1, len(last) + 1)
        message = f"not UTF-8: byte 0x{source[error.start]:02x}"
        raise _Unreadable(Problem(place, message, "save the file as UTF-8")) from None


class _Reading:
    """One pass over one file: from the parser's events to nodes."""

    def __init__(self, text: str, shown: str) -> None:
        hidden = stand_ins(text)
        self._text = text.translate(hidden) if hidden else text
        self._meant = {code: end for end, code in hidden.items()}
        self._shown = shown
        self._starts = [0, *(match.end() for match in _LINE_END.finditer(text))]
        self._anchors: dict[str, tuple[Node, int] | None] = {}  # with their sizes; None while still open
        self._problems: list[Problem] = []
        self._written = 0
        self._repeated = 0

    def root(self) -> Node:
        """The file's one value. Raises _Unreadable with all problems."""
        try:
            parser = _PARSER(self._text)
            try:
                root = self._document(parser)
            finally:
                parser.dispose()
        except yaml.MarkedYAMLError as error:
            self._stop(self._explained(error))
        except yaml.YAMLError as error:  # the reader's, for a character; the C reader counts bytes
            offset = int(getattr(error, "position", 0))
            is_c = _PARSER is not yaml.SafeLoader
            index = len(self._text.encode()[:offset].decode("utf-8", "ignore")) if is_c else offset
            shown = f"U+{ord(self._text[index]):04X}" if index < len(self._text) else "one"
            self._stop(Explained(index, f"a character that YAML does not allow: {shown}", "take it out"))
        except (ValueError, OverflowError, RecursionError) as error:  # lone surrogates in a cell cannot be UTF-8
            self._stop(Explained(0, f"not readable as YAML: {error}"))
        if self._problems:
            raise _Unreadable(*self._problems)
        return root

    def _document(self, parser: Any) -> Node:
        parser.get_event()  # the stream begins
        if isinstance(parser.get_event(), yaml.StreamEndEvent):
            self._stop(Explained(0, "the file is empty", "a spec has at least `prompt` and `cases`"))
        root, _ = self._node(parser, parser.get_event(), 0)
        parser.get_event()  # the document ends
        after = parser.get_event()
        if not isinstance(after, yaml.StreamEndEvent):
            self._stop(
                Explained(after.start_mark.index, "a second document in one file", "one file, one spec; drop `---`")
            )
        return root

    def _explained(self, error: yaml.MarkedYAMLError) -> Explained:
        mark, since = error.problem_mark or error.context_mark, error.context_mark
        return explained(
            Complaint(
                text=self._text,
                said=(error.problem or "").strip(),
                at=min(mark.index, len(self._text)) if mark else 0,
                context=(error.context or "").strip(),
                since=min(since.index, len(self._text)) if since else None,
            )
        )

    def _at(self, index: int) -> Place:
        line = bisect_right(self._starts, index)
        return Place(self._shown, line, index - self._starts[line - 1] + 1)

    def _refuse(self, index: int, message: str, help: str = "") -> None:
        said, advised = (part.translate(self._meant) for part in (message, help))
        self._problems.append(Problem(self._at(index), said, advised))

    def _stop(self, last: Explained) -> Any:
        self._refuse(last.at, last.message, last.help)
        raise _Unreadable(*self._problems)

    def _node(self, parser: Any, event: Any, depth: int) -> tuple[Node, int]:
        """The node that begins with `event`, and how many values it holds with its aliases written out."""
        index = event.start_mark.index
        if isinstance(event, yaml.AliasEvent):
            return self._aliased(str(event.anchor), index)
        self._written += 1
        if depth > DEPTH_LIMIT:
            self._stop(Explained(index, f"nested more than {DEPTH_LIMIT} deep"))
        if self._written > NODE_LIMIT:
            self._stop(Explained(index, f"more than {NODE_LIMIT:,} values in one file", _TO_DATA))
        if event.tag is not None:
            tag = event.tag.replace("tag:yaml.org,2002:", "!!")
            self._refuse(index, f"the tag `{tag}`", "a spec has no tags; put a text that begins with ! in quotes")
        if event.anchor in self._anchors:
            self._refuse(index, f"the anchor `&{event.anchor}` is defined twice", "give each anchor its own name")
        if event.anchor:
            self._anchors[event.anchor] = None
        if isinstance(event, yaml.MappingStartEvent):
            done = self._mapping(parser, event, depth)
        elif isinstance(event, yaml.SequenceStartEvent):
            done = self._sequence(parser, event, depth)
        else:
            done = self._scalar(event), 1
        if event.anchor:
            self._anchors[event.anchor] = done
        return done

    def _aliased(self, name: str, index: int) -> tuple[Node, int]:
        if name not in self._anchors:
            message = f"no anchor is called `&{name}`"
            self._stop(Explained(index, message, "put a text that begins with * in quotes"))
        known = self._anchors[name]
        if known is None:
            self._stop(Explained(index, f"the alias `*{name}` stands inside its own anchor"))
            raise AssertionError
        self._repeated += known[1]
        if self._repeated > ALIAS_BUDGET:
            self._stop(Explained(index, "aliases repeat too much", "write out less, or put the cases into a data file"))
        return known

    def _sequence(self, parser: Any, event: Any, depth: int) -> tuple[Node, int]:
        made = Node(self._at(event.start_mark.index), [], is_flow=bool(event.flow_style))
        size = 1
        while not isinstance(item := parser.get_event(), yaml.SequenceEndEvent):
            node, inner = self._node(parser, item, depth + 1)
            made.value.append(node)
            size += inner
        return made, size

    def _mapping(self, parser: Any, event: Any, depth: int) -> tuple[Node, int]:
        start = event.start_mark.index
        made = Node(self._at(start), {}, is_flow=bool(event.flow_style))
        merged: dict[str, tuple[Node, Place]] = {}
        size = 1
        while not isinstance(item := parser.get_event(), yaml.MappingEndEvent):
            index = item.start_mark.index
            key, _ = self._node(parser, item, depth + 1)
            value, inner = self._node(parser, parser.get_event(), depth + 1)
            size += inner
            if isinstance(key.value, dict | list):
                self._no_key(start, index)
            elif key.is_plain and key.text == "<<":
                self._merge(value, index, merged)
            elif key.text in made.value:
                first = made.keys[key.text].line
                self._refuse(index, f"the key `{key.text}` stands twice", f"it is also on line {first}")
            else:
                made.value[key.text] = value
                made.keys[key.text] = self._at(index)
        for name, (value, place) in merged.items():
            if name not in made.value:
                made.value[name] = value
                made.keys[name] = place
        return made, size

    def _no_key(self, outer: int, index: int) -> None:
        if self._text[outer : outer + 2] == "{{" and index == outer + 1:
            found = bare_template(self._text, outer)
            self._refuse(found.at, found.message, found.help)
        else:
            self._refuse(index, "a key that is no text", "a key is one word or text before a `:`")

    def _merge(self, value: Node, index: int, merged: dict[str, tuple[Node, Place]]) -> None:
        for source in value.entries():
            if not isinstance(source.value, dict):
                self._refuse(index, "`<<` takes a mapping or a list of mappings", "write `<<: *name`")
                return
            for key, item in source.value.items():
                merged.setdefault(key, (item, source.keys[key]))

    def _scalar(self, event: Any) -> Node:
        written, is_plain = str(event.value), not event.style
        text = written.translate(self._meant) if self._meant else written
        place = self._at(event.start_mark.index)
        value = resolved(text) if is_plain else text
        if isinstance(value, float) and not isfinite(value):
            help = "write another number, or put the text in quotes"
            self._refuse(event.start_mark.index, f"`{text[:40]}` is no finite number", help)
        if not isinstance(value, str):
            return Node(place, value, text, is_plain)
        body = self._body(event, written, place) if "{" in text else None
        glued = _GLUED_COMMENT.match(self._text, event.end_mark.index) if is_plain else None
        return Node(place, value, text, is_plain, body=body, comment=glued.group(1) if glued else "")

    def _body(self, event: Any, text: str, place: Place) -> Place | None:
        """Where the first character of a text stands, if the file holds its lines as they are."""
        if event.style == "|":
            content = next(number for number, line in enumerate(text.split("\n")) if line.strip())
            start = self._starts[place.line + content]
            written = _LINE_END.split(self._text[start : start + 10_000], maxsplit=1)[0]
            indent = len(written) - len(text.split("\n")[content])
            return Place(self._shown, place.line + 1, indent + 1)
        begin = event.start_mark.index + len(event.style or "")
        return self._at(begin) if self._text.startswith(text, begin) else None
