"""What a scorer is, how a check and its scorer are bound, and the words scorers share."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Protocol

from evalkit.errors import CheckError
from evalkit.records.result import Answer, Score, no_verdict
from evalkit.records.spec import Check
from evalkit.scorers.extract import Extraction

SHOWN = 80  # characters of a reply that a reason quotes


class Scorer(Protocol):
    """Judges answers. Made by its factory for one check, used by many threads, keeps no state."""

    def score(self, answer: Answer) -> Score:
        """The verdict. Pure; may raise CheckError when there is none to be had."""
        ...


Factory = Callable[[Check], Scorer]


@dataclass(frozen=True, slots=True)
class Bound:
    """A check with the scorer made for it."""

    check: Check
    scorer: Scorer
    extraction: Extraction

    def score(self, answer: Answer) -> Score:
        """The check's score of a whole reply: extract, judge, label. Never raises: what breaks is errored."""
        try:
            part = self.extraction.apply(answer)
            score = part if isinstance(part, Score) else self.scorer.score(part)
        except CheckError as error:
            score = no_verdict(str(error))
        except Exception as error:  # noqa: BLE001 - nothing a scorer does can stop the run
            score = no_verdict(f"the scorer broke: {type(error).__name__}: {error}")
        check = self.check
        return replace(score, scorer=check.scorer, name=check.label, is_advisory=check.is_advisory)


def quoted(value: Any) -> str:
    """A value as reasons quote it: on one line, cut when long."""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
    line = " ".join(text[: SHOWN * 4].split())
    cut = line if len(line) <= SHOWN else line[: SHOWN - 1].rstrip() + "…"
    return f'"{cut}"' if isinstance(value, str) else cut


def text_argument(check: Check, value: Any) -> str:
    """A text where one is wanted: numbers and booleans print as JSON. Raises CheckError for anything else."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool | int | float):
        return json.dumps(value)
    raise CheckError(f"`{check.scorer}` takes a text, not {kind_of(value)}")


def kind_of(value: Any) -> str:
    """The kind of a value in the words of YAML."""
    if value is None:
        return "a null"
    if isinstance(value, Mapping):
        return "a mapping"
    if isinstance(value, list | tuple):
        return "a list"
    return {bool: "a boolean", int: "a number", float: "a number", str: "a text"}.get(type(value), "this")
