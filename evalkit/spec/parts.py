"""Small parts that specs and cases share: texts, variables, tags, trials; and the list of complaints."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, cast

from evalkit import templates
from evalkit.documents.nodes import Node
from evalkit.errors import TemplateError
from evalkit.records.problem import Place, Problem
from evalkit.records.spec import PassRule, Trials


class Complaints:
    """Problems as they are found."""

    def __init__(self) -> None:
        self.problems: list[Problem] = []

    def __call__(self, place: Place, message: str, help: str = "") -> None:
        self.problems.append(Problem(place, message, help))

    def about_template(self, text: str, place: Place) -> None:
        """Complain where `text` is no valid template."""
        try:
            templates.check_template(text)
        except TemplateError as error:
            self(place, _with_line(error, text), error.help)

    def about_templates_in(self, node: Node) -> None:
        """The same for every text below a node."""
        if isinstance(node.value, str):
            self.about_template(node.value, node.place)
        children = node.value.values() if isinstance(node.value, dict) else node.value
        if isinstance(node.value, dict | list):
            for child in children:
                self.about_templates_in(child)

    def about_expression(self, node: Node) -> None:
        """Complain where a node's text is no valid expression."""
        try:
            templates.check_expression(str(node.value))
        except TemplateError as error:
            self(node.place, f"not an expression: {error.message}", error.help)


def _with_line(error: TemplateError, text: str) -> str:
    line = f" (line {error.line} of the text)" if "\n" in text else ""
    return f"not a template: {error.message}{line}"


def text_of(node: Node, complain: Complaints) -> str:
    """A node's text. An unquoted number whose text would change when read as a number is a complaint."""
    if isinstance(node.value, str):
        return node.value
    if node.value is None or isinstance(node.value, dict | list):
        complain(node.place, "a text is wanted here", "write it after the colon, in quotes where it has a colon")
        return ""
    printed = json.dumps(node.value)
    if printed != node.text:
        complain(node.place, f"`{node.text}` would be read as the number {printed}", f'quote it: "{node.text}"')
    return printed


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
        about_numbers(value, complain)
    return {name: value.plain() for name, value in node.value.items()}


def about_numbers(node: Node, complain: Complaints) -> None:
    """Complain of unquoted numbers that would change, in a variable and in all it holds."""
    if isinstance(node.value, dict | list):
        for child in node.value.values() if isinstance(node.value, dict) else node.value:
            about_numbers(child, complain)
    elif node.is_plain and isinstance(node.value, int | float) and not isinstance(node.value, bool):
        text_of(node, complain)


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


def node_of(value: Any, place: Place) -> Node:
    """Nodes for data that came from elsewhere than YAML; all of it has one place."""
    if isinstance(value, Mapping):
        items = {str(key): node_of(item, place) for key, item in value.items()}
        return Node(place, items, keys=dict.fromkeys(items, place))
    if isinstance(value, list):
        return Node(place, [node_of(item, place) for item in value])
    return Node(place, value, value if isinstance(value, str) else json.dumps(value))
