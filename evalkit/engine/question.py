"""What a reply is kept under: all that reaches the model, and which of equal questions it is."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cached_property

KEY_VERSION = 1
SERIES = "a"  # plain runs and candidates; baselines of comparisons draw from "b"


@dataclass(frozen=True)
class Question:
    """What a reply is kept under: the provider's name, the canonical body, the draw, the series."""

    provider: str
    model: str
    body: bytes
    draw: int = 1
    series: str = SERIES

    @cached_property
    def key(self) -> bytes:
        """SHA-256 of all that reaches the model, of the draw and of the series."""
        head = f"{KEY_VERSION}\n{self.provider}\n{self.series}\n{self.draw}\n"
        return hashlib.sha256(head.encode() + self.body).digest()

    @property
    def print(self) -> int:
        """64 bits of the key, to count equal questions by."""
        return int.from_bytes(self.key[:8])
