"""The project as it stands at a commit, laid out in a temporary folder; work tree and index are not touched."""

from __future__ import annotations

import os
import re
import shlex
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import NoReturn

from evalkit.engine.git import NOT_IN_TIME, NOT_INSTALLED, Git, Said, git_in
from evalkit.engine.refs import NO_GIT_NEEDED, commit_of, found
from evalkit.errors import UserError
from evalkit.reporters.interface import one_line

_PREFIX = "evalkit-"
_OUR_FOLDER = re.compile(rf"[^\s']*/{_PREFIX}[^/\s]+/(?:tree/)?")  # gone when anybody reads of it
_LONGEST_SHOWN = 72  # characters of a commit's id and subject
_WRITING = 300.0  # seconds to write all files; LFS, and a partial clone, fetch what they lack
_POINTER = b"version https://git-lfs"
_NO_LFS = (*("-c", "filter.lfs.process="), *("-c", "filter.lfs.smudge="), *("-c", "filter.lfs.required=false"))
_SUBMODULE = "160000"  # the mode of a tree's entry


@dataclass(frozen=True, slots=True)
class Revision:
    """A project at a commit.

    `ref` is the commit as the user named it, `commit` its full id, `shown` its short id and subject. `folder` stands
    for the project's root. `missing` are the paths in it, of files and submodules, that this clone does not hold, each
    with the command to type in the project's root that brings it; they are not laid out.
    """

    ref: str
    commit: str
    shown: str
    folder: Path
    missing: Mapping[str, str]


def is_ref(root: Path, name: str, environ: Mapping[str, str]) -> bool:
    """Whether a name means a commit of the repository that the project lies in; not without git or a repository."""
    return not found(git_in(root, environ), name).failed


@contextmanager
def laid_out(root: Path, ref: str, environ: Mapping[str, str]) -> Iterator[Revision]:
    """The project in `root` at a commit, in a folder that is there as long as the context.

    What lies outside `root` in a larger repository is not laid out. Files are as a checkout writes them: line ends,
    filters (LFS), links, modes; no hook runs. Raises UserError where git cannot say or write what stood there.
    """
    top, place = _repository(root, environ)
    commit = commit_of(top, ref)
    if place and top("cat-file", "-t", f"{commit}:{place.rstrip('/')}").text != "tree":
        help = f"name a later commit than `{ref}`, or a run: {NO_GIT_NEEDED}"
        raise UserError(f"there is no folder `{place}` at `{ref}`", help)
    try:
        temporary = tempfile.TemporaryDirectory(prefix=_PREFIX, ignore_cleanup_errors=True)
    except OSError as error:
        raise UserError(f"there is no temporary folder for `{ref}`: {error.strerror}", _room()) from None
    with temporary as folder:
        site = _Site(Path(folder).resolve(), place)
        try:
            site.lay_out(top, commit)
        except OSError as error:
            raise UserError(f"`{ref}` cannot be laid out: {error.strerror}", _room()) from None
        yield Revision(ref, commit, _shown(top, commit), site.tree / place, site.missing)


def _repository(root: Path, environ: Mapping[str, str]) -> tuple[Git, str]:
    """git at the top of the repository, and the root's place in it: "" or a path that ends with `/`."""
    git = git_in(root, environ)
    top = git("rev-parse", "--show-toplevel")
    if top.failed:
        raise _no_repository(root, top)
    return git_in(Path(top.text), environ), git("rev-parse", "--show-prefix").text


def _no_repository(root: Path, said: Said) -> UserError:
    advice = re.search(r"git config --global --add safe\.directory .+", said.complaints)
    if advice:
        return UserError("git does not trust this repository, which another user owns", advice[0])
    if "not a git repository" in said.complaints:
        return UserError(f"{root} is in no git repository", NO_GIT_NEEDED)
    if "work tree" in said.complaints:
        return UserError(f"{root} is in a git repository without a work tree", "run evalkit in a clone of it")
    if said.failed == NOT_INSTALLED:
        return UserError("git is not installed, and only git knows commits", f"install it; {NO_GIT_NEEDED}")
    return UserError(f"git cannot read the repository of {root}: {said.failed}", NO_GIT_NEEDED)


def _shown(git: Git, commit: str) -> str:
    words = ("show", "--no-patch", "--no-show-signature", "--no-color", "--encoding=UTF-8", "--format=%h %s")
    return one_line(git(*words, commit).text, _LONGEST_SHOWN)


@dataclass(frozen=True, slots=True)
class _Site:
    """A temporary folder in which a repository's tree is laid out, as much of it as lies in `place`."""

    folder: Path
    place: str
    missing: dict[str, str] = field(default_factory=dict)

    @property
    def tree(self) -> Path:
        return self.folder / "tree"

    def lay_out(self, top: Git, commit: str, inside: str = "") -> None:
        """Write the files of a commit; `inside` is the path of the submodule whose commit it is, and ends with `/`.

        The folder is the work tree that git is told of, because then it takes attributes from this commit, not from
        files that lie in the project today.
        """
        tree = self.tree / inside
        tree.mkdir(parents=True, exist_ok=True)
        index = self.folder / "index"
        git = git_in(
            top.folder,
            top.environ,
            GIT_WORK_TREE=str(tree),
            GIT_INDEX_FILE=str(index),
            GIT_LFS_SKIP_DOWNLOAD_ERRORS="1",  # a file that is missing is no reason to write no other
        )
        _must(git("read-tree", "--no-sparse-checkout", commit), commit)
        wanted = [f":(top,literal){self.place}"] if self.place and not inside else []
        entries = [
            entry.partition("\t") for entry in _must(git("ls-files", "-z", "--stage", "--", *wanted), commit).names
        ]
        paths = b"".join(os.fsencode(path) + b"\0" for _, _, path in entries)
        _write(git, paths, commit)
        for path in _pointers(git, paths, tree):
            (tree / path).unlink()  # whoever asks for it shall not take the pointer for what it points at
            self.missing[self._seen(inside + path)] = self._fetch_of_lfs(git, commit, inside)
        for stage, _, path in entries:
            mode, submodule_commit, _ = stage.split()
            if mode == _SUBMODULE:
                self._lay_out_submodule(top, submodule_commit, path, inside)

    def _lay_out_submodule(self, top: Git, commit: str, path: str, inside: str) -> None:
        """Write the files of a submodule, where it is checked out today and has the commit."""
        folder, within = top.folder / path, f"{inside}{path}/"
        if not os.path.lexists(folder / ".git"):
            named = shlex.quote(path if inside else self._seen(path))
            self.missing[self._seen(within)] = f"{self._git(inside)} submodule update --init {named}"
        elif (git := git_in(folder, top.environ))("cat-file", "-e", f"{commit}^{{commit}}").failed:
            self.missing[self._seen(within)] = f"{self._git(within)} fetch origin {commit}"
        else:
            self.lay_out(git, commit, within)

    def _fetch_of_lfs(self, git: Git, commit: str, inside: str) -> str:
        """The command that brings what pointers point at, and sets Git LFS up where nobody has."""
        set_up = f"{self._git(inside)} lfs install && " if git("config", "filter.lfs.process").failed else ""
        return f"{set_up}{self._git(inside)} lfs fetch origin {commit}"

    def _git(self, inside: str) -> str:
        """The beginning of a command for a submodule, or for the repository ("")."""
        return f"git -C {shlex.quote(self._seen(inside))}" if inside else "git"

    def _seen(self, path: str) -> str:
        """A path of the repository as it is written in the project's root."""
        return Path(os.path.relpath(path, self.place or ".")).as_posix()


def _write(git: Git, paths: bytes, commit: str) -> None:
    """Write files, without LFS where it fails as a whole, as it does where it is configured and not installed."""
    words = ("checkout-index", "--force", "-z", "--stdin")
    said = git(*words, given=paths, seconds=_WRITING)
    if said.failed and "lfs" in said.complaints:
        said = git(*_NO_LFS, *words, given=paths, seconds=_WRITING)
    _must(said, commit)


def _pointers(git: Git, paths: bytes, tree: Path) -> Iterable[str]:
    """The files that Git LFS should have put in the place of their pointers, and has not."""
    said = git("check-attr", "--cached", "-z", "--stdin", "filter", given=paths).names
    return [
        path for path, value in zip(said[::3], said[2::3], strict=True) if value == "lfs" and _is_pointer(tree / path)
    ]


def _is_pointer(path: Path) -> bool:
    if path.is_symlink() or not path.is_file():
        return False
    with open(path, "rb") as file:
        return file.read(len(_POINTER)) == _POINTER


def _must(said: Said, commit: str) -> Said:
    """What git said. Raises UserError where it failed."""
    if said.failed:
        _give_up(said, commit)
    return said


def _give_up(said: Said, commit: str) -> NoReturn:
    what = f"git cannot lay out commit {commit[:10]}: {_OUR_FOLDER.sub('', said.failed)}"
    if said.failed.startswith(NOT_IN_TIME):
        raise UserError(what, "does it wait for a network, or for a filter of its configuration?")
    if "promisor" in said.complaints:
        raise UserError(what, "the clone is partial, and fetches files from its remote: can that be reached?")
    if "No space left" in said.complaints or "unable to write" in said.complaints:
        raise UserError(what, _room())
    raise UserError(what, "git fsck says whether the repository is whole")


def _room() -> str:
    return f"is there room in {tempfile.gettempdir()}? TMPDIR names another folder"
