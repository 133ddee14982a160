"""The circumstances of a run: what code asked which server from where, and how fast it was let."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Provenance:
    """Where a run comes from: git revision of the project ("" where there is none) and whether files differ from it,
    Python's version, the system, and the versions of packages that answered or scored.
    """

    revision: str = ""
    is_dirty: bool = False
    python: str = ""
    system: str = ""
    packages: Mapping[str, str] = field(default_factory=dict)

    @property
    def shown(self) -> str:
        """The revision as people read it: short, and whether there were changes; "" where there is none."""
        return f"{self.revision[:10]}{' + changes' if self.is_dirty else ''}" if self.revision else ""


NOT_SAID = Provenance()


@dataclass(frozen=True, slots=True)
class PaceStep:
    """From `seconds` into the run on, at most `limit` calls at once, because of `why`."""

    seconds: float
    limit: int
    why: str


@dataclass(frozen=True, slots=True)
class Pace:
    """How fast one provider was asked: its steps, the most calls at once, 429s met, seconds it was left alone."""

    provider: str
    steps: tuple[PaceStep, ...] = ()
    highest: int = 0
    throttled: int = 0
    paused: float = 0.0
