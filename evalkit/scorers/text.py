"""Scorers of plain text: equals, contains, starts_with, ends_with, regex."""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING

from evalkit.errors import CheckError
from evalkit.records.result import Answer, Score, failed, passed
from evalkit.records.spec import Check
from evalkit.scorers.extract import compiled, search, word
from evalkit.scorers.interface import quoted, text_argument

if TYPE_CHECKING:
    import regex

_ANYTHING = ("", "a", "Z", "0", "\n", " .", "é", "no\nyes")  # what no useful pattern is found in every one of


def _folded(text: str, ignore_case: bool) -> str:
    """`text` in Unicode NFC, so that composed and decomposed letters are equal."""
    text = unicodedata.normalize("NFC", text)
    return unicodedata.normalize("NFC", text.casefold()) if ignore_case else text


class _Expected:
    """What the scorers of this file share: texts, any of which will do, compared in one form."""

    _verb = ""

    def __init__(self, check: Check) -> None:
        given = check.argument if isinstance(check.argument, list) else [check.argument]
        if not given:
            raise CheckError(f"`{check.scorer}` has an empty list; no reply could pass")
        self._ignore_case = bool(check.options.get("ignore_case"))
        texts = [text_argument(check, item) for item in given]
        self._said = " or ".join(quoted(text) for text in texts[:5]) + (" or …" if len(texts) > 5 else "")
        self._texts = {_folded(self._trimmed(text), self._ignore_case): text for text in texts}

    def _trimmed(self, text: str) -> str:
        """An expected text without the white space that no answer can have there."""
        return text

    def _holds(self, text: str, answer: str) -> bool:
        raise NotImplementedError

    def score(self, answer: Answer) -> Score:
        """Passed when one of the texts stands where it is wanted."""
        folded = _folded(answer.text.strip(), self._ignore_case)
        found = next((text for key, text in self._texts.items() if self._holds(key, folded)), None)
        if found is not None:
            return passed(f"{self._verb} {quoted(found)}")
        return failed(f"expected {self._said}, found {quoted(answer.text.strip())}")


class Equals(_Expected):
    """`equals`: the whole answer, outer white space apart, is the text or number, or one of a list."""

    _verb = "is"

    def _trimmed(self, text: str) -> str:
        return text.strip()

    def _holds(self, text: str, answer: str) -> bool:
        return text == answer


class _Needle(_Expected):
    """A text that stands somewhere in the answer; an empty one would stand in every answer."""

    _where = "{}"  # as a pattern

    def __init__(self, check: Check) -> None:
        self._is_word = bool(check.options.get("whole_word"))
        super().__init__(check)
        if not all(text.strip() for text in self._texts):
            raise CheckError(f"`{check.scorer}` has an empty text, which every reply would pass")
        if self._is_word:
            self._said = f"the word {self._said}"
            self._words = {text: word(text, where=self._where) for text in self._texts}

    def _trimmed(self, text: str) -> str:
        return text.strip() if self._is_word else text

    def _stands(self, text: str, answer: str) -> bool:
        raise NotImplementedError

    def _holds(self, text: str, answer: str) -> bool:
        return bool(self._words[text].search(answer)) if self._is_word else self._stands(text, answer)


class Contains(_Needle):
    """`contains`: the text, or any of a list, stands in the answer."""

    _verb = "contains"

    def _stands(self, text: str, answer: str) -> bool:
        return text in answer


class StartsWith(_Needle):
    """`starts_with`: the answer, outer white space apart, begins with the text, or any of a list."""

    _verb = "starts with"
    _where = r"\A{}"

    def _trimmed(self, text: str) -> str:
        return super()._trimmed(text).lstrip()

    def _stands(self, text: str, answer: str) -> bool:
        return answer.startswith(text)


class EndsWith(_Needle):
    """`ends_with`: the answer, outer white space apart, ends with the text, or any of a list."""

    _verb = "ends with"
    _where = r"{}\Z"

    def _trimmed(self, text: str) -> str:
        return super()._trimmed(text).rstrip()

    def _stands(self, text: str, answer: str) -> bool:
        return answer.endswith(text)


class Regex:
    """`regex`: the pattern is found; with `full`, it matches the whole answer."""

    def __init__(self, check: Check) -> None:
        if not isinstance(check.argument, str) or not check.argument:
            raise CheckError("`regex` takes a pattern")
        self._shown = check.argument
        self._pattern = compiled(_folded(check.argument, ignore_case=False), str(check.options.get("flags", "")))
        self._full = bool(check.options.get("full"))
        if not check.is_advisory and all(map(self._found, _ANYTHING)):
            message = f"the pattern {quoted(self._shown)} matches every reply, so the check can never fail"
            raise CheckError(message, help="say what must be there; `.*` and `x*` are also found in nothing")

    def score(self, answer: Answer) -> Score:
        """Passed when the pattern is found. Raises CheckError at the time limit."""
        match = self._found(answer.text)
        if match:
            return passed(f"matches {quoted(match.group())}")
        return failed(f"expected a match of {quoted(self._shown)}, found {quoted(answer.text)}")

    def _found(self, text: str) -> regex.Match[str] | None:
        return search(self._pattern, _folded(text, ignore_case=False), full=self._full)
