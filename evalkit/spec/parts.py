"""Small parts that specs and cases share: texts, variables, tags, trials; and the list of complaints."""

from __future__ import annotations

import json
import re
from collections.abc import Collection
from typing import Any, cast

from evalkit import templates
from evalkit.documents.nodes import Node
from evalkit.errors import TemplateError
from evalkit.records.problem import Place, Problem
from evalkit.records.spec import PassRule, Trials

_TAG = re.compile(r"\{[{%](.*?)[%}]\}", re.DOTALL)


class Complaints:
    """Problems as they are found, and the variables that templates were found to read."""

    def __init__(self) -> None:
        self.problems: list[Problem] = []
        self.used: set[str] = set()

    def __call__(self, place: Place, message: str, help: str = "") -> None:
        self.problems.append(Problem(place, message, help))

    def warn(self, place: Place, message: str, help: str) -> None:
        """Note something that may be meant, and more likely is not."""
        self.problems.append(Problem(place, message, help, "warning"))

    def about_template(self, node: Node) -> None:
        """Complain where a node's text is no valid template."""
        text = str(node.value)
        try:
            self.used |= templates.check_template(text)
        except TemplateError as error:
            self(node.place_in(*_written(text, error)), error.message, error.help)

    def about_templates_in(self, node: Node) -> None:
        """The same for every text below a node."""
        if isinstance(node.value, str):
            self.about_template(node)
        for child in node.children():
            self.about_templates_in(child)

    def about_expression(self, node: Node) -> None:
        """Complain where a node's text is no valid expression."""
        try:
            self.used |= templates.check_expression(str(node.value))
        except TemplateError as error:
            self(node.place, error.message, error.help)


def _written(text: str, error: TemplateError) -> tuple[int, int]:
    """Line and column (from 1) in `text` that an error is about; of the line's first tag where that is not known."""
    if error.column:
        return error.line, error.column
    lines = text.split("\n")
    line = min(error.line, len(lines))
    column = re.search(r"\{[{%#]|[%}]\}", lines[line - 1])
    return line, column.start() + 1 if column else 1


def place_of_name(node: Node, name: str) -> Place:
    """Where a template below `node` reads the variable `name`; the node's own place when none does."""
    for each in node.walk():
        if isinstance(each.value, str) and templates.is_template(each.value):
            found = name_in(each.value, name)
            if found:
                return each.place_in(*found)
    return node.place


def name_in(text: str, name: str) -> tuple[int, int] | None:
    """Line and column (from 1) where a template's tags first read a variable; None when they do not."""
    word = re.compile(rf"(?<![\w.]){re.escape(name)}(?!\w)")
    for tag in _TAG.finditer(text):
        found = word.search(text, tag.start(1), tag.end(1))
        if found:
            before = text[: found.start()]
            return before.count("\n") + 1, found.start() - before.rfind("\n")
    return None


def text_of(node: Node, complain: Complaints) -> str:
    """A node's text. An unquoted number whose text would change when read as a number is a complaint."""
    if isinstance(node.value, str):
        about_comment(node, complain)
        return node.value
    if node.value is None or isinstance(node.value, dict | list):
        complain(node.place, "a text is wanted here", "write it after the colon, in quotes where it has a colon")
        return ""
    printed = json.dumps(node.value)
    if printed != node.text:
        complain(node.place, f"`{node.text}` would be read as the number {printed}", f'quote it: "{node.text}"')
    return printed


def about_comment(node: Node, complain: Complaints) -> None:
    """Warn where a text ends before ` #word`, which YAML takes for a comment."""
    if node.comment:
        help = f'quote the whole text: "{node.text} {node.comment}"; a comment has a space after its #'
        complain.warn(node.place, f"the text ends before `{node.comment}`: YAML reads a comment there", help)


def about_texts(node: Node, complain: Complaints) -> None:
    """Complain of what is wrong with a text, or with each of a list of texts (numbers are texts as written)."""
    for item in node.entries():
        if item.value is not None and not isinstance(item.value, dict | list | bool):
            text_of(item, complain)


def text_list(node: Node | None) -> tuple[str, ...]:
    """One text or a list of them."""
    return tuple(str(item.plain()) for item in node.entries()) if node else ()


def variables_of(node: Node | None, complain: Complaints) -> dict[str, Any]:
    """The variables of a `vars` mapping; null ones and numbers that would change are complaints."""
    if node is None:
        return {}
    for name, value in node.value.items():
        if name == templates.ALL_VARS:
            complain(node.key_place(name), "`vars` is the name for all variables together", "choose another name")
        if value.value is None:
            complain(value.place, f"the variable `{name}` is empty", 'write "" for an empty text, or leave it out')
        about_values(value, complain)
    return {name: "" if value.value is None else value.plain() for name, value in node.value.items()}


def about_values(node: Node, complain: Complaints) -> None:
    """Complain of unquoted numbers that would change, and warn of texts that look like templates or are cut."""
    if isinstance(node.value, dict | list):
        for child in node.children():
            about_values(child, complain)
    elif isinstance(node.value, str):
        about_comment(node, complain)
        if "{{" in node.value and not node.file:
            help = "templates stand in prompts and checks; what a variable holds is never one"
            complain.warn(node.place, "a variable that contains `{{` is sent as it is", help)
    elif node.is_plain and isinstance(node.value, int | float) and not isinstance(node.value, bool):
        text_of(node, complain)


_UNUSED = "nothing uses the variable"


def is_about_unused(problem: Problem) -> bool:
    """Whether a problem is the warning below: beside a mistake it is likely to be no news."""
    return problem.message.startswith(_UNUSED)


def about_unused(node: Node | None, used: Collection[str], complain: Complaints) -> None:
    """Warn of the variables of a `vars` mapping that nothing reads."""
    if node is None or not isinstance(node.value, dict) or templates.ALL_VARS in used:
        return
    for name in node.value:
        if name not in used and not name.startswith("x-"):
            help = f"write `{{{{ {name} }}}}` where it belongs, or take it out"
            complain.warn(node.key_place(name), f"{_UNUSED} `{name}`", help)


def trials_of(node: Node | None, complain: Complaints) -> Trials | None:
    """`5`, or `{count: 5, pass: majority}`; None where nothing is said."""
    if node is None:
        return None
    if not isinstance(node.value, dict):
        return Trials(int(node.value))
    count, rule = int(node.value["count"].value), node.get("pass")
    if rule and isinstance(rule.value, int) and rule.value > count:
        complain(rule.place, f"{rule.value} of {count} draws can never pass", f"`pass` is at most {count}")
    return Trials(count, cast("PassRule | int", rule.value) if rule else "all")
