"""`{file: …}`: what other files hold, put in its place before anything else is looked at.

It may stand for a prompt, a message's text, a variable, a check's argument or option, a list of values, and as
an item of a list of messages or checks, where it is replaced by the items of the file. Data is never looked
into: a row that says `file` is a row.
"""

from __future__ import annotations

import json
import operator
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

from evalkit import catalog, templates
from evalkit.documents.nodes import Node, is_too_deep
from evalkit.documents.read import SIZE_LIMIT, Document, read, read_text_file
from evalkit.errors import did_you_mean
from evalkit.records.problem import Place, Problem

_PRIVATE_FOLDERS = frozenset((".git", ".evalkit", ".aws", ".ssh"))
_PRIVATE_FILES = frozenset((".netrc", ".npmrc", ".pypirc", ".git-credentials", ".dockercfg"))
STRUCTURED = (".yaml", ".yml", ".json")
_DEEPEST = 20  # files that name files

Reading = Callable[[Node, "_Desk"], Node]


@dataclass(frozen=True, slots=True)
class _Desk:
    """Where reading goes on: the file that is being read, and the files that led to it."""

    path: Path
    shown: str
    opened: tuple[Path, ...] = ()


@dataclass(slots=True)
class Sharing:
    """Puts shared files into one spec.

    `named` tells where each of them was first named, `lost` the places whose file could not be read.
    """

    root: Path
    problems: list[Problem] = field(default_factory=list)
    named: dict[str, Place] = field(default_factory=dict)
    lost: set[Place] = field(default_factory=set)
    _read: dict[Path, Document] = field(default_factory=dict)

    @property
    def files(self) -> tuple[Path, ...]:
        """The shared files that were read."""
        return tuple(self._read)

    def spread(self, document: Document) -> Node:
        """The root of a spec with all its shared files in their places. What cannot be read is in `problems`."""
        assert document.root is not None
        desk = _Desk(document.path, document.shown)
        readings: dict[str, Reading] = {
            "prompt": self._prompt,
            "prompts": self._each(self._prompt),
            "vars": self._each(self._held),
            "expect": self._expect,
            "cases": self._cases,
        }
        return self._keys(document.root, desk, readings)

    def _keys(self, node: Node, desk: _Desk, readings: dict[str, Reading]) -> Node:
        """The mapping with some of its values read; anything else as it is."""
        if not isinstance(node.value, dict):
            return node
        return _with(node, [readings[key](item, desk) if key in readings else item for key, item in node.value.items()])

    def _each(self, reading: Reading) -> Reading:
        """Every value of a mapping, the mapping itself from a file too."""

        def of(node: Node, desk: _Desk) -> Node:
            if _named_file(node) is not None:
                node, desk = self._opened(node, desk)
            if not isinstance(node.value, dict):
                return node
            return _with(node, [reading(item, desk) for item in node.value.values()])

        return of

    def _prompt(self, node: Node, desk: _Desk) -> Node:
        return self._list(node, desk, self._message)

    def _message(self, node: Node, desk: _Desk) -> Node:
        roles = ("system", "user", "assistant", "content")
        return self._keys(node, desk, dict.fromkeys(roles, self._held))

    def _expect(self, node: Node, desk: _Desk) -> Node:
        return self._list(node, desk, self._check)

    def _check(self, node: Node, desk: _Desk) -> Node:
        if not isinstance(node.value, dict):
            return node
        readings: dict[str, Reading] = {
            key: self._expect if key in catalog.GROUPS else self._held for key in node.value
        }
        return self._keys(node, desk, readings)

    def _list(self, node: Node, desk: _Desk, reading: Reading) -> Node:
        """A list, or one item that may stand without it; items that are files are replaced by theirs."""
        if _named_file(node) is not None:
            node, desk = self._opened(node, desk)
        if not isinstance(node.value, list):
            return reading(node, desk)
        return _with(node, [item for each in node.value for item in self._items(each, desk, reading)])

    def _items(self, node: Node, desk: _Desk, reading: Reading) -> Iterator[Node]:
        if _named_file(node) is None:
            yield reading(node, desk)
            return
        found, inner = self._opened(node, desk)
        for item in found.entries() if isinstance(found.value, list) else [found]:
            yield from self._items(item, inner, reading)

    def _cases(self, node: Node, desk: _Desk) -> Node:
        readings: dict[str, Reading] = {
            "vars": self._each(self._held),
            "expect": self._expect,
            "matrix": self._each(self._held),
        }
        if isinstance(node.value, list):
            return _with(node, [self._keys(item, desk, readings) for item in node.value])
        return self._keys(node, desk, readings)

    def _held(self, node: Node, desk: _Desk) -> Node:
        """The value itself, or what its file holds; files it names are not followed further."""
        return node if _named_file(node) is None else self._opened(node, desk)[0]

    def _opened(self, node: Node, desk: _Desk) -> tuple[Node, _Desk]:
        """What a file holds, and where reading goes on in it. A file of no use is noted and reads as empty."""
        name = node.value["file"]
        path = beside(desk.path, name)
        shown = (Path(desk.shown).parent / name.text).as_posix()
        inner = _Desk(path, shown, (*desk.opened, desk.path.resolve()))
        problem = about_file(path, name, self.root)
        if problem is None and (path in inner.opened or len(inner.opened) > _DEEPEST):
            problem = Problem(name.place, f"`{name.text}` leads back to itself", "a file cannot hold itself")
        if problem is None:
            self.named.setdefault(shown, name.place)
            document = self._document(path, shown)
            if document.root is not None:
                return replace(document.root, file=name.text), inner
            self.problems += [item for item in document.problems if item not in self.problems]
        else:
            self.problems.append(problem)
        self.lost.add(name.place)
        return Node(name.place, ""), inner

    def _document(self, path: Path, shown: str) -> Document:
        if path not in self._read:
            is_text = path.suffix.lower() not in STRUCTURED
            document = read_text_file(path, shown) if is_text else read(path, shown)
            if document.root is None and path.suffix.lower() == ".json":
                document = _json(document)
            self._read[path] = document
        return self._read[path]


def _with(node: Node, items: list[Node]) -> Node:
    """A mapping or list with other items in the place of its own; itself, where they are the same."""
    own = list(node.children())
    if len(own) == len(items) and all(map(operator.is_, own, items)):
        return node
    return replace(node, value=dict(zip(node.value, items, strict=True)) if isinstance(node.value, dict) else items)


def beside(path: Path, name: Node) -> Path:
    """Where the file is that a file names. A name that none can have leads to none."""
    named = path.parent / name.text
    try:
        return named.resolve()
    except (OSError, RuntimeError, ValueError):  # a circle of links, a name with a NUL in it
        return named


def about_file(path: Path, name: Node, root: Path) -> Problem | None:
    """What is wrong with a file that a spec names, before it is opened: outside the project, not there, empty."""
    if not path.is_relative_to(root.resolve()):
        return Problem(name.place, f"`{name.text}` lies outside the project", "copy it into the project")
    if _may_hold_keys(path.relative_to(root.resolve())):
        help = "no spec reads git's and evalkit's own folders, nor files where keys are kept"
        return Problem(name.place, f"`{name.text}` may hold keys", help)
    if not os.path.isfile(path):  # Path.is_file() raises for a name that is too long
        what = "is a folder" if os.path.isdir(path) else "is no file" if os.path.lexists(path) else "is not there"
        is_folder = os.path.isdir(path.parent)
        siblings = os.listdir(path.parent) if is_folder else []
        folder = "" if is_folder else f"there is no folder `{Path(name.text).parent.as_posix()}`"
        near = did_you_mean(path.name, siblings) if len(siblings) <= 12 else ""
        return Problem(name.place, f"the file `{name.text}` {what}", folder or near)
    if path.stat().st_size == 0:
        return Problem(name.place, f"the file `{name.text}` is empty", "put something into it")
    return None


def _may_hold_keys(path: Path) -> bool:
    """Whether a file of the project is where tools keep keys and tokens, so that a stranger's spec could send them."""
    return not _PRIVATE_FOLDERS.isdisjoint(path.parts) or path.name in _PRIVATE_FILES or path.name.startswith(".env")


def _named_file(node: Node) -> str | None:
    """The file that a mapping of `file` alone names; None for anything else."""
    if isinstance(node.value, dict) and list(node.value) == ["file"]:
        name = node.value["file"]
        return name.text if isinstance(name.value, str) else None
    return None


def _json(document: Document) -> Document:
    """A JSON file that is no YAML (tabs before its keys): its data, all at the file's place."""
    try:
        value = json.loads(document.path.read_bytes()[:SIZE_LIMIT])
        templates.to_json(value)  # raises for numbers that JSON lacks and Python reads
        if is_too_deep(value):
            return document
    except (OSError, ValueError, RecursionError):
        return document
    return replace(document, root=Node.of(value, Place(document.shown)), problems=())
