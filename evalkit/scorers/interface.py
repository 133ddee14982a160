"""What a scorer is, how a check and its scorer are bound, and the words scorers share."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
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
            score = part if isinstance(part, Score) else _sound(self.scorer.score(part))
        except CheckError as error:
            score = no_verdict(str(error))
        except Exception as error:  # noqa: BLE001 - nothing a scorer does can stop the run
            score = no_verdict(f"the scorer broke: {type(error).__name__}: {error}")
        return self._labelled(score)

    def _labelled(self, score: Score) -> Score:
        """A score under the check's name. (`replace` takes three times as long, for every check of every trial.)"""
        name, scorer, is_advisory = self.check.label, self.check.scorer, self.check.is_advisory
        value, parts = score.value, score.parts
        return Score(value, score.passed, score.reason, scorer, name, is_advisory, score.is_found, parts)


def _sound(score: Any) -> Score:
    """What a scorer gave, held to its contract, which a plug-in may break. Raises CheckError."""
    if not isinstance(score, Score):
        raise CheckError(f"the scorer gave {kind_of(score)}, not a Score")
    if score.value is not None and not 0 <= score.value <= 1:
        raise CheckError(f"the scorer gave the value {score.value}, which is not from 0 to 1")
    return score


def quoted(value: Any) -> str:
    """A value as reasons quote it: on one line, cut when long."""
    if isinstance(value, str):
        return f'"{one_line(value)}"'
    return one_line(json.dumps(value, ensure_ascii=False, default=str))


def one_line(text: str, limit: int = SHOWN) -> str:
    """A text on one line of at most `limit` characters; what was cut off shows as `…`."""
    line = re.sub(r"\s+", " ", text[: limit * 4])
    is_whole = len(line) <= limit and len(text) <= limit * 4
    return line if is_whole else line[: limit - 1].rstrip() + "…"


def text_argument(check: Check, value: Any) -> str:
    """A text where one is wanted: numbers and booleans print as JSON. Raises CheckError for anything else.

    The line break that ends a YAML block (`|`) is nothing that a reply must have.
    """
    if isinstance(value, str):
        return value.removesuffix("\n")
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
    known = {bool: "a boolean", int: "a number", float: "a number", str: "a text"}
    return known.get(type(value), f"a {type(value).__name__}")
