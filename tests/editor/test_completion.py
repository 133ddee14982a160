"""What an editor offers where, and that a chosen offer lands where it belongs."""

from __future__ import annotations

import re
from dataclasses import dataclass

import pytest
import yaml

from tests.editor.documents import PARTS, SCHEMA, SCORERS, WAYS, document, spec
from tests.editor.server import CARET, LanguageServer, Message

pytestmark = pytest.mark.editor

COMMON = ["name", "advisory", "source", "extract", "path"]
CASE = [*PARTS["inline_case"]["properties"], "file", "matrix", "python"]  # the last three make it bring many
RULE = list(PARTS["rule"]["properties"])
ROLES = ["system", "user", "assistant", "messages", "file", "role", "content"]
STEPS = ["json", "first_line", "last_line", "strip", "lowercase"]
KEY = 10  # what the protocol calls the kind of a completion that is a property
PLACEHOLDER = re.compile(r"\$\{\d+:(?P<default>(?:\\.|[^\\}])*)\}|\$\d+|\\(?P<escaped>[$}\\])")


@dataclass(frozen=True)
class Offer:
    """A document with a caret, what is to be offered there, and where the mapping is that the caret is in, if any."""

    text: str
    labels: list[str]
    path: tuple[str | int, ...] | None = None


def without(keys: list[str], *present: str) -> list[str]:
    return [key for key in keys if key not in present]


OFFERS = {
    "an empty file": Offer("‸", [*SCHEMA["properties"], SCHEMA["title"]], ()),
    "an empty line at the top": Offer(
        spec("name: greeting\n") + "‸", without(list(SCHEMA["properties"]), "name", "prompt", "cases"), ()
    ),
    # checks
    "below expect, no list yet": Offer(spec("expect:\n  ‸\n"), [*SCORERS, "file"], ("expect",)),
    "an empty item of expect": Offer(spec("expect:\n  - ‸\n"), SCORERS, ("expect", 0)),
    "a second item of expect": Offer(spec("expect:\n  - contains: x\n  - ‸\n"), SCORERS, ("expect", 1)),
    "a scorer begun": Offer(spec("expect:\n  - cont‸\n"), SCORERS, ("expect", 0)),
    "after a name": Offer(spec("expect:\n  - name: polite\n    ‸\n"), SCORERS, ("expect", 0)),
    "an empty item of a case's expect": Offer(
        spec("cases:\n  - vars: {q: a}\n    expect:\n      - ‸\n"), SCORERS, ("cases", 0, "expect", 0)
    ),
    "after contains": Offer(
        spec("expect:\n  - contains: x\n    ‸\n"), ["ignore_case", "whole_word", *COMMON], ("expect", 0)
    ),
    "after contains and a name": Offer(
        spec("expect:\n  - contains: x\n    name: y\n    ‸\n"),
        ["ignore_case", "whole_word", *without(COMMON, "name")],
        ("expect", 0),
    ),
    "after contains without a list": Offer(
        spec("expect:\n  contains: x\n  ‸\n"), ["ignore_case", "whole_word", *COMMON], ("expect",)
    ),
    "after label": Offer(
        spec("expect:\n  - label: x\n    ‸\n"), ["among", "label", "ignore_case", *COMMON], ("expect", 0)
    ),
    "after number": Offer(
        spec("expect:\n  - number: 3\n    ‸\n"), ["tolerance", "relative", "which", *COMMON], ("expect", 0)
    ),
    "below word_count": Offer(spec("expect:\n  - word_count:\n      ‸\n"), ["min", "max"], ("expect", 0, "word_count")),
    "below not": Offer(spec("expect:\n  - not:\n      ‸\n"), SCORERS, ("expect", 0, "not")),
    "after a scorer below not": Offer(
        spec("expect:\n  - not:\n      regex: x\n      ‸\n"), ["full", "flags", *COMMON], ("expect", 0, "not")
    ),
    "an empty item of any_of": Offer(spec("expect:\n  - any_of:\n      - ‸\n"), SCORERS, ("expect", 0, "any_of", 0)),
    "an empty item of average": Offer(
        spec("expect:\n  - average:\n      - ‸\n    min: 0.5\n"), SCORERS, ("expect", 0, "average", 0)
    ),
    "after a scorer in average": Offer(
        spec("expect:\n  - average:\n      - equals: x\n        ‸\n    min: 0.5\n"),
        ["ignore_case", *COMMON, "weight"],
        ("expect", 0, "average", 0),
    ),
    "after average": Offer(
        spec("expect:\n  - average:\n      - equals: x\n    ‸\n"), ["min", "average", *COMMON], ("expect", 0)
    ),
    # cases
    "an empty item of cases": Offer(spec("cases:\n  - ‸\n"), CASE, ("cases", 0)),
    "a second item of cases": Offer(spec("cases:\n  - vars: {q: a}\n  - ‸\n"), CASE, ("cases", 1)),
    "after vars": Offer(spec("cases:\n  - vars: {q: a}\n    ‸\n"), without(CASE, "vars"), ("cases", 0)),
    "after file": Offer(
        spec("cases:\n  - file: a.csv\n    ‸\n"),
        without(list(PARTS["source"]["properties"]), "file"),
        ("cases", 0),
    ),
    # the rest
    "below gate": Offer(spec("gate:\n  ‸\n"), RULE, ("gate",)),
    "an empty item of gate": Offer(spec("gate:\n  - ‸\n"), RULE, ("gate", 0)),
    "after pass_rate": Offer(spec("gate:\n  - pass_rate: 0.8\n    ‸\n"), without(RULE, "pass_rate"), ("gate", 0)),
    "an empty item of prompt": Offer(spec("prompt:\n  - ‸\n"), ROLES, ("prompt", 0)),
    "below a message": Offer(spec("prompt:\n  - system:\n      ‸\n"), ["file"], ("prompt", 0, "system")),
    "an empty item of models": Offer(
        spec("models:\n  - ‸\n"),
        ["local/smollm2", "model", "a model with params", "name", "params", "timeout"],
        ("models", 0),
    ),
    "below trials": Offer(spec("trials:\n  ‸\n"), ["count", "a count with a rule", "pass"], ("trials",)),
    "an empty item of extract": Offer(spec("extract:\n  - ‸\n"), ["regex", "which", "between", *STEPS], ("extract", 0)),
    # values
    "which number": Offer(spec("expect:\n  - number: 3\n    which: ‸\n"), ["last", "first", "only"]),
    "which match": Offer(spec("extract:\n  - regex: a\n    which: ‸\n"), ["first", "last", "only"]),
    "which draws pass": Offer(spec("trials:\n  count: 3\n  pass: ‸\n"), ["all", "any", "majority", "3"]),
    "what is judged": Offer(spec("expect:\n  - regex: x\n    source: ‸\n"), ["reasoning", "tool_calls", "dialogue"]),
    "who speaks": Offer(spec("prompt:\n  - role: ‸\n"), ["system", "user", "assistant"]),
    "yes or no": Offer(spec("expect:\n  - regex: x\n    advisory: ‸\n"), ["true", "false"]),
    "what is extracted": Offer(spec("extract: ‸\n"), [*STEPS, '["last_line",{"regex":"Answer: (.*)"}]']),
}
MAPPINGS = {title: (offer.text, offer.path) for title, offer in OFFERS.items() if offer.path is not None}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("title", OFFERS)
def test_an_editor_offers_exactly_what_may_stand_there(server: LanguageServer, way: str, title: str) -> None:
    offered = server.completions(*document(way, title, OFFERS[title].text))
    assert sorted(item["label"] for item in offered) == sorted(OFFERS[title].labels)


@pytest.mark.parametrize("title", MAPPINGS)
def test_a_chosen_key_is_added_to_the_mapping_at_the_caret(server: LanguageServer, title: str) -> None:
    text, path = MAPPINGS[title]
    name, marked = document("modeline", f"{title} chosen", text)
    before = _keys(re.sub(rf"\w*{CARET}", "", marked), path)
    keys = [item for item in server.completions(name, marked) if item["kind"] == KEY]
    added = {item["label"]: _keys(_chosen(marked.replace(CARET, ""), item), path) for item in keys}
    assert added == {item["label"]: [*before, item["label"]] for item in keys}


def _chosen(text: str, item: Message) -> str:
    """The text after a completion was chosen: placeholders become what they propose, new lines are indented."""
    lines = text.split("\n")
    edit = item["textEdit"]
    start, end = edit["range"]["start"], edit["range"]["end"]
    assert start["line"] == end["line"]
    line = lines[start["line"]]
    indentation = line[: len(line) - len(line.lstrip())]
    new = PLACEHOLDER.sub(_proposed, edit["newText"]).replace("\n", f"\n{indentation}")
    lines[start["line"]] = line[: start["character"]] + new + line[end["character"] :]
    return "\n".join(lines)


def _proposed(found: re.Match[str]) -> str:
    return re.sub(r"\\([$}\\])", r"\1", found["default"] or found["escaped"] or "")


def _keys(text: str, path: tuple[str | int, ...]) -> list[str]:
    """The keys of a mapping in a document; none where there is nothing yet."""
    found = yaml.safe_load(text)
    for step in path:
        found = found[step]
    return list(found or {})
