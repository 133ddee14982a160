"""The prompts of a spec: one, or several by name; each a list of messages whose texts are templates."""

from __future__ import annotations

from collections.abc import Iterable

from evalkit.documents.nodes import Node
from evalkit.records.spec import History, Message, Variant
from evalkit.spec.parts import Complaints, text_of

ROLES = ("system", "user", "assistant")
_HOW = "write `- user: …`, one item for each message"


def variants_of(root: Node, complain: Complaints) -> tuple[Variant, ...]:
    """The variants of a spec; the only prompt is a variant without a name."""
    prompt, prompts = root.get("prompt"), root.get("prompts")
    if prompt and prompts:
        complain(root.key_place("prompts"), "both `prompt` and `prompts`", "keep one of them")
    if prompts:
        return tuple(Variant(name, _messages(node, complain)) for name, node in prompts.own().items())
    return (Variant("", _messages(prompt, complain)),) if prompt else ()


def _messages(prompt: Node, complain: Complaints) -> tuple[Message | History, ...]:
    if not isinstance(prompt.value, list):
        return (_said("user", prompt, complain),)
    return tuple(message for item in prompt.value for message in _message(item, complain))


def _message(item: Node, complain: Complaints) -> Iterable[Message | History]:
    if not isinstance(item.value, dict):
        complain(item.place, "a message is a mapping, not a bare text", _HOW)
        return
    spoken = [role for role in (*ROLES, "messages") if item.get(role)]
    role, content = item.get("role"), item.get("content")
    if role and content and not spoken:
        yield _said(str(role.value), content, complain)
    elif spoken == ["messages"] and not role and not content:
        node = item.value["messages"]
        complain.about_template(node)
        yield History(str(node.value), node.place, node.body)
    elif len(spoken) == 1 and not role and not content:
        yield _said(spoken[0], item.value[spoken[0]], complain)
    else:
        complain(item.place, "a message has one role", _HOW)


def _said(role: str, node: Node, complain: Complaints) -> Message:
    text = text_of(node, complain)
    if not text.strip():
        complain(node.place, f"the {role} message is empty", "write what is said, or take the message out")
    complain.about_template(node)
    return Message(role, text, node.place, node.body)
