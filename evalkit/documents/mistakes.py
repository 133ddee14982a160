"""What YAML's parser complains of, in words that say what to write instead, at the place where it went wrong.

A parser notices late: an open quote at the end of the file, a missing bracket at the next key. Each rule below
knows one mistake by what the parser said and by what stands there.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

_TEMPLATE_BEGINS = re.compile(r"(?:^|[:\-,\[{])[ \t]*(\{[{%])")


@dataclass(frozen=True, slots=True)
class Complaint:
    """What the parser said: `said` at index `at` of `text`, `context` what it was reading since index `since`."""

    text: str
    said: str
    at: int
    context: str = ""
    since: int | None = None

    @property
    def line_start(self) -> int:
        """The index where the line of `at` begins."""
        return max(self.text.rfind(end, 0, self.at) for end in "\r\n") + 1

    @property
    def line(self) -> str:
        """The line of `at`, without its end."""
        return self._line_from(self.line_start)

    @property
    def line_before(self) -> str:
        """The nearest line above that is not blank."""
        above = self.text[: self.line_start].rstrip()
        return above[max(above.rfind(end) for end in "\r\n") + 1 :]

    @property
    def before(self) -> str:
        """What stands on the line before `at`."""
        return self.text[self.line_start : self.at]

    @property
    def character(self) -> str:
        """The character at `at`; "" at the end of the file."""
        return self.text[self.at : self.at + 1]

    def _line_from(self, start: int) -> str:
        return re.split(r"[\r\n]", self.text[start : start + 10_000], maxsplit=1)[0]


@dataclass(frozen=True, slots=True)
class Explained:
    """A complaint in our words, at an index of the text."""

    at: int
    message: str
    help: str = ""


def explained(complaint: Complaint) -> Explained:
    """The first explanation that fits, else the parser's own words."""
    for rule in _RULES:
        found = rule(complaint)
        if found:
            return found
    where = "check indentation and quotes here and on the line before"
    return Explained(complaint.at, f"not YAML: {complaint.said}", where)


def in_quotes(text: str) -> str:
    """A text in quotes, as YAML reads it back unchanged."""
    if '"' in text or "\\" in text:
        return "'" + text.replace("'", "''") + "'"
    return f'"{text}"'


def bare_template(text: str, at: int) -> Explained:
    """`{{ x }}` or `{% … %}` without quotes, which YAML reads as a mapping."""
    rest = re.split(r"[\r\n]", text[at : at + 1000], maxsplit=1)[0].strip()
    closed = re.match(r"\{\{.*?\}\}", rest)
    if closed and re.match(r"[ \t]*([,\]}]|#|$)", rest[closed.end() :]):
        rest = closed.group()
    return Explained(at, "this is YAML's {...}, not a template", f"a template needs quotes: {in_quotes(rest)}")


def _tab(c: Complaint) -> Explained | None:
    if c.character == "\t" or " tab " in c.said:
        return Explained(c.at, "a tab where YAML wants spaces", "indent with spaces")
    return None


def _open_quote(c: Complaint) -> Explained | None:
    if c.since is None or "quoted scalar" not in c.context or "end of stream" not in c.said:
        return None
    quote = c.text[c.since]
    inside = "write '' for an apostrophe" if quote == "'" else 'write \\" for a quote'
    return Explained(c.since, "a quote is opened here and never closed", f"close it with {quote}; inside, {inside}")


def _escape(c: Complaint) -> Explained | None:
    if "escape" not in c.said and "hexdecimal" not in c.said:
        return None
    start = c.at if c.character == "\\" else max(c.text.rfind("\\", 0, c.at), 0)
    written = c.text[start : start + 2]
    if written in ("\\x", "\\u", "\\U"):
        digits = {"x": 2, "u": 4, "U": 8}[written[1]]
        return Explained(start, f"`{c.text[start : start + 2 + digits]}` is no character", "write the character itself")
    return Explained(
        start,
        f"`{written}` is no escape of YAML's",
        "in single quotes a backslash is a backslash: '\\d+'",
    )


def _template(c: Complaint) -> Explained | None:
    for found in _TEMPLATE_BEGINS.finditer(c.line):
        begin = c.line_start + found.start(1)
        if begin <= c.at:
            return bare_template(c.text, begin)
    return None


def _second_anchor(c: Complaint) -> Explained | None:
    if "anchor" not in c.context and "alias" not in c.context:
        return None
    begin = c.at if c.since is None else c.since
    what = "an alias" if "alias" in c.context else "an anchor"
    return Explained(begin, f"`{c.text[begin]}` begins {what} here", "put the whole text in quotes")


def _first_character(c: Complaint) -> Explained | None:
    if "cannot start any token" not in c.said:
        return None
    return Explained(c.at, f"a text cannot begin with `{c.character}`", "put the whole text in quotes")


def _too_deep(c: Complaint) -> Explained | None:
    return Explained(c.at, "nested too deeply") if "maximum nesting" in c.said else None


def _open_bracket(c: Complaint) -> Explained | None:
    if "flow" not in c.context or c.since is None or c.text[c.since : c.since + 1] not in ("[", "{"):
        return None
    bracket = c.text[c.since]
    closing = {"[": "]", "{": "}"}[bracket]
    message = f"what begins with `{bracket}` here does not end as it should"
    return Explained(
        c.since, message, f"close it with `{closing}`, put a comma between items, texts with , : in quotes"
    )


def _colon(c: Complaint) -> Explained | None:
    if "mapping values are not allowed" not in c.said:
        return None
    if ":" in c.before:
        return Explained(c.at, "`:` inside a text without quotes", 'put the whole text in quotes: "…: …"')
    above = c.line_before.strip()
    if ":" not in above:
        begin = c.text.rfind(above, 0, c.line_start)
        return Explained(begin, "a line without `:`", "write `key: value`; a long text stands in quotes or below `|`")
    key = c.before.strip() or c.line.strip()
    return Explained(
        c.line_start + len(c.line) - len(c.line.lstrip()),
        f"`{key}:` continues the text of the line above",
        "indent it like its neighbours, or put the whole text in quotes",
    )


def _no_colon(c: Complaint) -> Explained | None:
    if "could not find expected ':'" not in c.said or c.since is None:
        return None
    return Explained(c.since, "a line without `:`", "write `key: value`; a long text stands in quotes or below `|`")


def _after_quote(c: Complaint) -> Explained | None:
    if "did not find expected" in c.said and re.search(r"[\"'][ \t]*$", c.before):
        return Explained(c.at, "more text after the closing quote", "put the quotes around the whole text")
    return None


def _after_bar(c: Complaint) -> Explained | None:
    if "block scalar" not in c.context:
        return None
    return Explained(c.at, "text on the line of `|` or `>`", "begin the text on the next line, indented")


def _indentation(c: Complaint) -> Explained | None:
    if "did not find expected" not in c.said or c.before.strip():
        return None
    return Explained(
        c.at, "the indentation fits no line above", "put key under key and `-` under `-`, with equal indentation"
    )


_RULES: tuple[Callable[[Complaint], Explained | None], ...] = (
    _tab,
    _open_quote,
    _escape,
    _template,
    _second_anchor,
    _first_character,
    _too_deep,
    _open_bracket,
    _colon,
    _no_colon,
    _after_quote,
    _after_bar,
    _indentation,
)
