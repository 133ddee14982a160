"""YAML 1.2 into nodes that know their line and column; what cannot be read is a Problem.

PyYAML parses, but resolves and constructs as YAML 1.1: `no` a boolean, `12:30` a number, `0755` octal, the
last of two equal keys the winner. So only its composer is used; scalars are resolved and built here.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar, cast

import yaml

from evalkit.records.problem import Place, Problem

SIZE_LIMIT = 20 * 1024 * 1024  # bytes of one file
DEPTH_LIMIT = 200
ALIAS_BUDGET = 100_000  # nodes that aliases may add to those written out

_STR, _INT, _FLOAT, _BOOL, _NULL, _MERGE = (
    f"tag:yaml.org,2002:{kind}" for kind in ("str", "int", "float", "bool", "null", "merge")
)
_CORE = [
    (_BOOL, r"true|True|TRUE|false|False|FALSE", "tTfF"),
    (_INT, r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+", "-+0123456789"),
    (
        _FLOAT,
        r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)",
        "-+.0123456789",
    ),
    (_NULL, r"~|null|Null|NULL|", "~nN\0"),
    (_MERGE, r"<<", "<"),
]


class _Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]  # C where libyaml is there
    yaml_implicit_resolvers: ClassVar[dict[str, Any]] = {}


for _tag, _pattern, _first in _CORE:
    _Loader.add_implicit_resolver(_tag, re.compile(f"^(?:{_pattern})$"), ["" if c == "\0" else c for c in _first])


@dataclass(slots=True, eq=False)
class Node:
    """A value with its place. `value` is a scalar, a dict of Nodes or a list of Nodes.

    `text` is a scalar as written, `is_plain` whether it stands without quotes; `keys` are the places of a
    mapping's keys.
    """

    place: Place
    value: Any
    text: str = ""
    is_plain: bool = False
    keys: dict[str, Place] = field(default_factory=dict)

    def plain(self) -> Any:
        """The bare data: dicts, lists and scalars."""
        if isinstance(self.value, dict):
            return {key: node.plain() for key, node in self.value.items()}
        if isinstance(self.value, list):
            return [node.plain() for node in self.value]
        return self.value

    def get(self, key: str) -> Node | None:
        """The value under `key` of a mapping; None when there is none."""
        return self.value.get(key) if isinstance(self.value, dict) else None

    def entries(self) -> list[Node]:
        """The items of a list; a value that may stand without its list is a list of one."""
        return self.value if isinstance(self.value, list) else [self]

    def at(self, path: Iterable[str | int]) -> Node:
        """The node at a path of keys and positions (as far as it leads)."""
        node = self
        for step in path:
            try:
                node = node.value[step]
            except (LookupError, TypeError):
                break
        return node

    def key_place(self, key: str) -> Place:
        """Where a mapping's key stands; the mapping's own place when it has no such key."""
        return self.keys.get(key, self.place)


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
        source = path.read_bytes()
        text = _decoded(source, shown)
        return Document(path, shown, _Reading(text, shown).root(), (), source)
    except OSError as error:
        return _unreadable(path, shown, Problem(Place(shown), f"cannot be read: {error.strerror}"))
    except _Unreadable as stop:
        return _unreadable(path, shown, *stop.problems)


def read_text(text: str, place: Place) -> Document:
    """Read YAML that stands in a cell of a data file; all of it has the cell's place."""
    try:
        root = _Reading(text, place.file).root()
    except _Unreadable as stop:
        problems = [Problem(place, f"the cell is not YAML: {p.message}", p.help) for p in stop.problems]
        return _unreadable(Path(place.file), place.file, *problems)
    return Document(Path(place.file), place.file, _moved(root, place), ())


def _moved(node: Node, place: Place) -> Node:
    if isinstance(node.value, dict):
        items = {key: _moved(item, place) for key, item in node.value.items()}
        return Node(place, items, keys=dict.fromkeys(items, place))
    if isinstance(node.value, list):
        return Node(place, [_moved(item, place) for item in node.value])
    return Node(place, node.value, node.text, node.is_plain)


def _unreadable(path: Path, shown: str, *problems: Problem) -> Document:
    return Document(path, shown, None, problems)


class _Unreadable(Exception):
    def __init__(self, *problems: Problem) -> None:
        super().__init__(problems)
        self.problems = problems


def _decoded(source: bytes, shown: str) -> str:
    if len(source) > SIZE_LIMIT:
        raise _Unreadable(
            Problem(
                Place(shown),
                "larger than 20 MB",
                "put the cases into a CSV or JSONL file and name it in `file:`",
            )
        )
    try:
        text = source.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = source.count(b"\n", 0, error.start) + 1
        raise _Unreadable(
            Problem(Place(shown, line), f"not UTF-8: byte 0x{source[error.start]:02x}", "save the file as UTF-8")
        ) from None
    return text


class _Reading:
    """One pass over one file: from PyYAML's nodes to ours."""

    def __init__(self, text: str, shown: str) -> None:
        self._text = text
        self._shown = shown
        self._newlines = [match.end() for match in re.finditer("\n", text)]
        self._done: dict[int, tuple[Node, int]] = {}
        self._open: set[int] = set()
        self._problems: list[Problem] = []
        self._written = 0

    def root(self) -> Node:
        node = self._composed()
        root, size = self._converted(node, 0)
        if size > self._written + ALIAS_BUDGET:
            self._refuse(root.place, "aliases repeat too much", "write shared parts into a file and use {file: …}")
        if self._problems:
            raise _Unreadable(*self._problems)
        return root

    def _composed(self) -> yaml.Node:
        try:
            loader = _Loader(self._text)
            try:
                node = loader.get_single_node()
            finally:
                loader.dispose()
        except yaml.MarkedYAMLError as error:
            mark = error.problem_mark or error.context_mark
            raise _Unreadable(self._syntax(error, self._place(mark) if mark else Place(self._shown))) from None
        except yaml.YAMLError as error:
            position = getattr(error, "position", 0)
            message = f"a character that YAML does not allow: {str(error).splitlines()[0]}"
            raise _Unreadable(Problem(self._at(position), message)) from None
        except (RecursionError, ValueError, UnicodeError) as error:
            raise _Unreadable(Problem(Place(self._shown), f"not readable as YAML: {error}")) from None
        if node is None:
            raise _Unreadable(
                Problem(Place(self._shown), "the file is empty", "a spec has at least `prompt` and `cases`")
            )
        return cast("yaml.Node", node)

    def _syntax(self, error: yaml.MarkedYAMLError, place: Place) -> Problem:
        said = (error.problem or "").strip()
        if "but found another document" in said:
            return Problem(place, "a second document in one file", "one spec a file; drop the `---`")
        if "found character '\\t'" in said:
            return Problem(place, "a tab where YAML wants spaces", "indent with spaces")
        if "found duplicate anchor" in said:
            return Problem(place, "an anchor defined twice", "give each anchor a name of its own")
        if "mapping values are not allowed" in said:
            return Problem(place, "`:` inside a text without quotes", 'put the whole text in quotes: "…: …"')
        return Problem(place, f"not YAML: {said}", "check indentation and quotes here and on the line before")

    def _at(self, index: int) -> Place:
        line = bisect_right(self._newlines, index)
        start = self._newlines[line - 1] if line else 0
        return Place(self._shown, line + 1, index - start + 1)

    def _place(self, mark: Any) -> Place:
        return self._at(mark.index)

    def _refuse(self, place: Place, message: str, help: str = "") -> None:
        self._problems.append(Problem(place, message, help))

    def _converted(self, node: yaml.Node, depth: int) -> tuple[Node, int]:
        """Our node for theirs, and how many nodes it spans with its aliases written out."""
        known = self._done.get(id(node))
        if known:
            return known
        place = self._place(node.start_mark)
        if id(node) in self._open:
            raise _Unreadable(*self._problems, Problem(place, "an alias that contains itself"))
        if depth > DEPTH_LIMIT:
            raise _Unreadable(*self._problems, Problem(place, f"nested more than {DEPTH_LIMIT} deep"))
        self._written += 1
        self._open.add(id(node))
        if isinstance(node, yaml.MappingNode):
            done = self._mapping(node, place, depth)
        elif isinstance(node, yaml.SequenceNode):
            items = [self._converted(item, depth + 1) for item in node.value]
            done = Node(place, [item for item, _ in items]), 1 + sum(size for _, size in items)
        else:
            done = self._scalar(cast("yaml.ScalarNode", node), place), 1
        self._open.discard(id(node))
        self._done[id(node)] = done
        return done

    def _mapping(self, node: yaml.MappingNode, place: Place, depth: int) -> tuple[Node, int]:
        made = Node(place, {})
        merged: dict[str, tuple[Node, Place]] = {}
        size = 1
        for key_node, value_node in node.value:
            key_place = self._place(key_node.start_mark)
            value, value_size = self._converted(value_node, depth + 1)
            size += value_size
            if key_node.tag == _MERGE and not key_node.style:
                self._merge(value, merged)
            elif not isinstance(key_node, yaml.ScalarNode):
                self._refuse(key_place, "a key that is no text", 'a template needs quotes: "{{ name }}"')
            elif key_node.value in made.value:
                first = made.keys[key_node.value]
                self._refuse(key_place, f"the key `{key_node.value}` stands twice", f"it is also on line {first.line}")
            else:
                made.value[key_node.value] = value
                made.keys[key_node.value] = key_place
        for key, (value, key_place) in merged.items():
            if key not in made.value:
                made.value[key] = value
                made.keys[key] = key_place
        return made, size

    def _merge(self, value: Node, merged: dict[str, tuple[Node, Place]]) -> None:
        for source in value.entries():
            if not isinstance(source.value, dict):
                self._refuse(value.place, "`<<` takes a mapping or a list of mappings")
                return
            for key, item in source.value.items():
                merged.setdefault(key, (item, source.keys[key]))

    def _scalar(self, node: yaml.ScalarNode, place: Place) -> Node:
        is_plain = not node.style
        text = str(node.value)
        tag = node.tag
        if tag not in (_STR, _INT, _FLOAT, _BOOL, _NULL, _MERGE):
            self._refuse(place, f"the tag `{_short(tag)}`", "a spec has no tags; write the value alone")
            return Node(place, text, text, is_plain)
        return Node(place, _scalar_value(tag, text), text, is_plain)


def _short(tag: str) -> str:
    return tag.replace("tag:yaml.org,2002:", "!!")


def _scalar_value(tag: str, text: str) -> Any:
    """The value of a scalar by the YAML 1.2 core schema; what does not fit its tag stays text."""
    if tag == _BOOL:
        return text.lower() == "true"
    if tag == _NULL:
        return None
    try:
        if tag == _INT:
            return int(text, 8) if text.startswith("0o") else int(text, 16) if text.startswith("0x") else int(text)
        if tag == _FLOAT:
            return float(text.lower().replace(".inf", "inf").replace(".nan", "nan"))
    except ValueError:
        pass
    return text
