"""Scorers of classification: `label`."""

from __future__ import annotations

import unicodedata

from evalkit.errors import CheckError, did_you_mean
from evalkit.records.result import Answer, Score, failed, not_found, passed
from evalkit.records.spec import Check
from evalkit.scorers.extract import word
from evalkit.scorers.interface import quoted, text_argument


class Label:
    """`label`: exactly one of the labels `among` stands in the answer as a whole word, and it is the expected one."""

    def __init__(self, check: Check) -> None:
        among = check.options.get("among")
        if not isinstance(among, list) or len(among) < 2:
            raise CheckError("`label` needs `among`: a list of at least two labels", where=["among"])
        self._ignore_case = bool(check.options.get("ignore_case", True))
        self._labels = {self._key(text): text for text in (text_argument(check, item) for item in among)}
        if "" in self._labels or len(self._labels) < len(among):
            raise CheckError("`among` holds an empty label, or one label twice", where=["among"])
        expected = text_argument(check, check.argument)
        self._expected = self._key(expected)
        if self._expected not in self._labels:
            help = did_you_mean(expected, self._labels.values())
            raise CheckError(f"the label {quoted(expected)} is not in `among`", help=help)
        self._pattern = word(*self._labels)

    def score(self, answer: Answer) -> Score:
        """Passed for the expected label alone; none or several leave nothing to judge."""
        found = sorted({match.group() for match in self._pattern.finditer(self._key(answer.text))})
        if not found:
            return not_found(f"expected {quoted(self._labels[self._expected])}, no label in {quoted(answer.text)}")
        names = [quoted(self._labels[key]) for key in found]
        if len(found) > 1:
            return not_found(f"expected one label, found {len(found)}: {', '.join(names)}")
        if found == [self._expected]:
            return passed(f"is {names[0]}")
        return failed(f"expected {quoted(self._labels[self._expected])}, found {names[0]}")

    def _key(self, text: str) -> str:
        folded = unicodedata.normalize("NFC", text).strip()
        return folded.casefold() if self._ignore_case else folded
