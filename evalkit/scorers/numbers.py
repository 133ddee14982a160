"""Numbers in text: reading them as people write them, ranges, and the scorers `number` and `word_count`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from evalkit.errors import CheckError
from evalkit.records.result import Answer, Score, failed, not_found, passed
from evalkit.records.spec import Check
from evalkit.scorers.interface import kind_of, one_line, quoted

_MINUS = str.maketrans(dict.fromkeys("\u2212\u2010\u2011\u2013\ufe63\uff0d", "-"))
_RAISED = str.maketrans("⁺⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "+-0123456789")
# 6 × 10^23, 6*10^{23}, 6 × 10²³, and 10^23 alone.
_POWER = re.compile(
    r"(?:(?P<times>(?<=\d)\s?(?:[×x*·⋅]|\\times|\\cdot)\s?)|(?<![\w.,]))"
    r"10(?:\^\{?(?P<power>[-+]?\d{1,3})\}?|(?P<raised>[⁺⁻]?[⁰¹²³⁴-⁹]{1,3}))(?![\d⁰¹²³⁴-⁹])"
)
# A sign belongs to a number only where nothing that could be an operand or a word stands before it: 3-5 is no -5.
# What may be part of a longer number (1.2.3, 1,5, 1_000, 1e5000) is no number: better none than another one.
_NUMBER = re.compile(
    r"(?:(?P<sign>(?<![\w)\]%])[-+])|(?<![\w,])(?:(?<!\.)|(?<=\.\.)(?=\w)))"
    r"(?:[A-Z]{0,2}[$€£¥₹₩₽₺₫₴₦฿₿]\s?)?"
    r"(?P<digits>\d{1,3}(?P<mark>[,'’\u00a0\u2009\u202f])\d{3}(?:(?P=mark)\d{3})*(?!\d)|\d+|(?=\.\d))"
    r"(?P<fraction>\.\d+)?(?P<exponent>[eE][-+]?\d{1,3})?(?![.,_]?\d|[eE][-+]?\d)"
)


def numbers_in(text: str) -> list[Decimal]:
    """Every number in `text`, in order: signs, thousands separators (1,234), decimals, 1e3, Unicode minus."""
    found = []
    for match in _NUMBER.finditer(_POWER.sub(_with_exponent, text.translate(_MINUS))):
        digits = match["digits"].replace(match["mark"] or ",", "")
        literal = f"{match['sign'] or ''}{digits or '0'}{match['fraction'] or ''}{match['exponent'] or ''}"
        found.append(Decimal(literal))
    return found


def _with_exponent(match: re.Match[str]) -> str:
    power = match["power"] or match["raised"].translate(_RAISED)
    return f"e{power}" if match["times"] else f"1e{power}"


def shown(number: Decimal) -> str:
    """A number as people write it; with an exponent only when it is very large or small."""
    return one_line(f"{number:f}" if abs(number.adjusted()) < 20 else str(number))


def as_number(check: Check, value: Any) -> Decimal:
    """A number where one is wanted; a text is read as replies are and must hold exactly one. Raises CheckError."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        number = Decimal(repr(value))
        if not number.is_finite():
            raise CheckError(f"`{check.scorer}` wants a number, not {number}")
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
        names = [name for name in limits if not str(name).startswith("x-")] if isinstance(limits, Mapping) else []
        if not names or not {"min", "max"}.issuperset(names):
            raise CheckError(f"`{check.scorer}` takes {{min: …, max: …}}")
        self.low = as_number(check, limits["min"]) if "min" in limits else None
        self.high = as_number(check, limits["max"]) if "max" in limits else None
        if self.low is not None and self.high is not None and self.low > self.high:
            raise CheckError(f"`min` {shown(self.low)} is above `max` {shown(self.high)}")

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
        self._slack = _slack(check, self._expected)

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


def _slack(check: Check, expected: Decimal) -> Decimal:
    """How far off a number may be: the wider of `tolerance` and `relative`. Raises CheckError."""
    given = [check.options.get(name, 0) for name in ("tolerance", "relative")]
    if any("%" in str(value) for value in given):
        raise CheckError("a share is written without %: `relative: 0.05` is 5 %")
    absolute, relative = (as_number(check, value) for value in given)
    if absolute < 0:
        raise CheckError("`tolerance` is below 0")
    if not 0 <= relative < 1:
        raise CheckError("`relative` is a share, from 0 to below 1: 0.05 is 5 %")
    return max(absolute, relative * abs(expected))


class WordCount:
    """`word_count`: how many words the answer has; what holds no letter and no digit is no word."""

    def __init__(self, check: Check) -> None:
        self._range = Range(check, check.argument)
        is_endless = self._range.high is None and self._range.low is not None and self._range.low <= 0
        if is_endless and not check.is_advisory:
            raise CheckError("every reply has at least 0 words, so the check can never fail", help="write {min: 1}")

    def score(self, answer: Answer) -> Score:
        """Passed when the count is in range."""
        count = sum(1 for word in answer.text.split() if any(map(str.isalnum, word)))
        words = f"{count} word{'' if count == 1 else 's'}"
        return passed(words) if self._range.holds(count) else failed(f"expected {self._range}, found {words}")
