"""Numbers in text: reading them as people write them, ranges, and the scorers `number` and `word_count`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from evalkit.errors import CheckError
from evalkit.records.result import Answer, Score, failed, not_found, passed
from evalkit.records.spec import Check
from evalkit.scorers.interface import kind_of, quoted

_MINUS = str.maketrans({"\u2212": "-", "\u2010": "-", "\u2011": "-", "\u00a0": " ", "\u202f": " "})
# A sign belongs to a number only where nothing that could be an operand or a word stands before it: 3-5 is no -5.
_NUMBER = re.compile(
    r"(?<![\w.,])(?P<sign>(?:(?<![\w)\]%])[-+])?)(?P<currency>[$€£¥]?)"
    r"(?P<digits>\d{1,3}(?:,\d{3})+(?![\d])|\d{1,3}(?:'\d{3})+(?!\d)|\d+|(?=\.\d))"
    r"(?P<fraction>\.\d+)?(?P<exponent>[eE][-+]?\d{1,3})?(?![.,]?\d)"
)


def numbers_in(text: str) -> list[Decimal]:
    """Every number in `text`, in order: signs, thousands separators (1,234), decimals, 1e3, Unicode minus."""
    found = []
    for match in _NUMBER.finditer(text.translate(_MINUS)):
        digits = match["digits"].replace(",", "").replace("'", "")
        literal = f"{match['sign']}{digits or '0'}{match['fraction'] or ''}{match['exponent'] or ''}"
        found.append(Decimal(literal))
    return found


def shown(number: Decimal) -> str:
    """A number as people write it; with an exponent only when it is very large or small."""
    return f"{number:f}" if abs(number.adjusted()) < 20 else str(number)


def as_number(check: Check, value: Any) -> Decimal:
    """A number where one is wanted; a text is read as replies are and must hold exactly one. Raises CheckError."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        number = Decimal(repr(value))
        if number.is_finite():
            return number
    if isinstance(value, str):
        found = numbers_in(value)
        if len(found) == 1:
            return found[0]
        raise CheckError(f"`{check.scorer}` wants one number and got {quoted(value)}")
    raise CheckError(f"`{check.scorer}` wants a number, not {kind_of(value)}")


class Range:
    """`{min, max}`: either may be missing, both ends belong to it."""

    def __init__(self, check: Check, limits: Any) -> None:
        if not isinstance(limits, Mapping) or not {"min", "max"} & set(limits):
            raise CheckError(f"`{check.scorer}` takes {{min: …, max: …}}")
        self.low = as_number(check, limits["min"]) if "min" in limits else None
        self.high = as_number(check, limits["max"]) if "max" in limits else None
        if self.low is not None and self.high is not None and self.low > self.high:
            raise CheckError(f"`min` {self.low} is above `max` {self.high}")

    def holds(self, number: Decimal | int) -> bool:
        """Whether `number` lies in it."""
        return (self.low is None or number >= self.low) and (self.high is None or number <= self.high)

    def __str__(self) -> str:
        if self.low is None:
            return f"at most {shown(self.high or Decimal())}"
        return f"at least {shown(self.low)}" if self.high is None else f"{shown(self.low)} to {shown(self.high)}"


class Number:
    """`number`: the answer's number is the expected one (within tolerance), or lies in a range."""

    def __init__(self, check: Check) -> None:
        self._which = check.options.get("which", "last")
        self._range: Range | None = None
        if isinstance(check.argument, Mapping):
            self._range = Range(check, check.argument)
            if {"tolerance", "relative"} & set(check.options):
                raise CheckError("a range has its own ends; `tolerance` and `relative` go with one number")
            return
        self._expected = as_number(check, check.argument)
        absolute = as_number(check, check.options.get("tolerance", 0))
        relative = as_number(check, check.options.get("relative", 0)) * abs(self._expected)
        self._slack = max(absolute, relative)

    def score(self, answer: Answer) -> Score:
        """Passed when the number is right; a reply without a number has nothing to judge."""
        found = self._numbers(answer)
        if not found:
            return not_found(f"no number in {quoted(answer.text)}")
        if self._which == "only" and len(set(found)) > 1:
            return not_found(f"{len(found)} numbers in {quoted(answer.text)}, only one was wanted")
        number = found[0 if self._which == "first" else -1]
        expected = str(self._range) if self._range else self._said()
        return (
            passed(f"is {shown(number)}")
            if self._holds(number)
            else failed(f"expected {expected}, found {shown(number)}")
        )

    def _numbers(self, answer: Answer) -> list[Decimal]:
        value = answer.value
        if answer.is_parsed and isinstance(value, int | float) and not isinstance(value, bool):
            try:
                return [Decimal(repr(value))]
            except InvalidOperation:
                return []
        return numbers_in(answer.text)

    def _holds(self, number: Decimal) -> bool:
        if self._range:
            return self._range.holds(number)
        return abs(number - self._expected) <= self._slack

    def _said(self) -> str:
        return shown(self._expected) + (f" ± {shown(self._slack)}" if self._slack else "")


class WordCount:
    """`word_count`: how many words the answer has; what holds no letter and no digit is no word."""

    def __init__(self, check: Check) -> None:
        self._range = Range(check, check.argument)

    def score(self, answer: Answer) -> Score:
        """Passed when the count is in range."""
        count = sum(1 for word in answer.text.split() if any(map(str.isalnum, word)))
        words = f"{count} word{'' if count == 1 else 's'}"
        return passed(words) if self._range.holds(count) else failed(f"expected {self._range}, found {words}")
