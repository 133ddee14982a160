"""One digest of all that a spec was read from: its own file, the files it shares, its data files."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable
from pathlib import Path

from evalkit.documents.read import Document


def digest_of(document: Document, others: Iterable[Path]) -> str:
    """The SHA-256 of the spec's file. Where it reads others, of the list of all of them.

    The list has a line for each, `<SHA-256>  <path>` as sha256sum prints it: the spec's own first, the others
    by their paths, which are relative to the spec's folder.
    """
    own, folder = hashlib.sha256(document.source).hexdigest(), document.path.resolve().parent
    names = {Path(os.path.relpath(path.resolve(), folder)).as_posix(): path for path in others}
    if not names:
        return own
    lines = [f"{own}  {document.path.name}", *(f"{_of(path)}  {name}" for name, path in sorted(names.items()))]
    return hashlib.sha256("".join(f"{line}\n" for line in lines).encode("utf-8", "surrogateescape")).hexdigest()


def _of(path: Path) -> str:
    try:
        with open(path, "rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return "-" * 64  # whoever reads the rows says what is wrong with it
