"""Ids of cases that have none: made from their own variables, so that no other case changes them."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Mapping
from typing import Any

from evalkit import templates
from evalkit.spec.seen import Seen, fingerprint

_WORD = re.compile(r"\w+")
SLUG = 24  # characters of a variable that an id begins with


class Names:
    """The ids that were made in one pass over a spec's cases; the second of equal ones gets `#2`."""

    def __init__(self, before: Names | None = None) -> None:
        self._seen: Seen = before._seen.copy() if before else Seen()

    def of(self, own: Mapping[str, Any]) -> str:
        """`i-loved-it-3fa2b81c`."""
        return self.numbered(content_id(own))

    def numbered(self, made: str) -> str:
        """An id as it is the first time, then with its number."""
        count = self._seen.times(fingerprint(made))
        return made if count == 1 else f"{made}#{count}"


def digest_of(own: Mapping[str, Any]) -> str:
    """Eight hex digits of the SHA-256 of a case's own variables, in whatever order they stand."""
    listed = templates.to_json(dict(sorted(own.items())))
    return hashlib.sha256(listed.encode("utf-8", "surrogatepass")).hexdigest()[:8]


def content_id(own: Mapping[str, Any]) -> str:
    """A slug of the first text among a case's own variables, and the digest of them all."""
    digest = digest_of(own)
    slug = slugged(next((value for value in own.values() if isinstance(value, str)), ""))
    return f"{slug}-{digest}" if slug else digest


def slugged(text: str) -> str:
    """The first words of a text, lower case, joined by hyphens."""
    start = text[: SLUG * 4]
    plain = start.lower() if start.isascii() else unicodedata.normalize("NFC", start).lower()
    slug = ""
    for found in _WORD.finditer(plain):
        word = found.group()
        if slug and len(slug) + 1 + len(word) > SLUG:
            break
        slug = f"{slug}-{word}" if slug else word[:SLUG]
    return slug
