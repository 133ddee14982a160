"""`scripted/replies.yaml` answers from a file: for demonstrations without a model, and for tests.

The file is a list of rules; the first whose `when` fits answers. A rule without `when` fits always.

    - when: {contains: refund}        # or regex: …, or case: <id>
      reply: We will pay it back.     # or {error: 429}, or {one_of: [{p: 0.9, reply: …}, {p: 0.1, reply: …}]}
      seconds: 0.05                   # how long it takes
"""

from __future__ import annotations

import hashlib
import json
import random
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from evalkit.documents.read import read
from evalkit.errors import ProviderError, SpecError, UserError, did_you_mean
from evalkit.providers.interface import canonical, kind_of_status
from evalkit.records.exchange import Recording, Reply, Request

if TYPE_CHECKING:
    from evalkit.settings import Settings

Test = Callable[[str, str], bool]  # (what was asked, the case's id) -> does the rule fit?


@dataclass(frozen=True, slots=True)
class _Rule:
    """A rule of a script; `reply` is a text, an HTTP status as a number, or (weight, reply) to draw from."""

    tests: tuple[Test, ...]
    reply: Any
    seconds: float


class Scripted:
    """Answers by rules; what it draws depends on the request and its draw number alone."""

    name = "scripted"
    capacity: int | None = None

    def __init__(self, root: Path) -> None:
        self._root = root
        self._scripts: dict[str, tuple[str, tuple[_Rule, ...]]] = {}

    def ready(self, model: str) -> None:
        """Ready when the script can be read. Raises UserError where it is no script."""
        self._script(model)

    def encode(self, request: Request) -> bytes:
        """Script (its content's hash), case and messages: another script is another question."""
        digest, _ = self._script(request.model)
        messages = [[message.role, message.content] for message in request.messages]
        params = dict(request.params)
        return canonical({"script": digest, "case": request.case, "messages": messages, "params": params})

    def send(self, request: Request, body: bytes) -> Recording:
        """The reply of the first rule that fits."""
        _, rules = self._script(request.model)
        asked = "\n".join(message.content for message in request.messages)
        rule = next((rule for rule in rules if all(fits(asked, request.case) for fits in rule.tests)), None)
        if rule is None:
            raise ProviderError("rejected", f"no rule of {request.model} fits the request")
        time.sleep(rule.seconds)
        text = _chosen(rule.reply, random.Random(body + str(request.draw).encode()))
        return Recording(json.dumps({"text": text, "model": request.model}).encode(), {}, rule.seconds)

    def decode(self, recording: Recording) -> Reply:
        """The recorded text as a reply that cost nothing."""
        body = json.loads(recording.body)
        return Reply(text=body["text"], model=body["model"], usd=0.0, seconds=recording.seconds)

    def _script(self, model: str) -> tuple[str, tuple[_Rule, ...]]:
        if model not in self._scripts:
            document = read(self._root / model, model)
            if document.root is None:
                raise SpecError(document.problems)
            rules = document.root.plain()
            if not isinstance(rules, list):
                raise UserError(f"{model} is no script", "it is a list of rules, each with a `reply`")
            made = tuple(_rule(rule, f"rule {number} of {model}") for number, rule in enumerate(rules, start=1))
            self._scripts[model] = hashlib.sha256(document.source).hexdigest(), made
        return self._scripts[model]


def _chosen(reply: Any, dice: random.Random) -> str:
    """The text of a reply, drawn where there are several. Raises ProviderError where the rule wants an error."""
    if isinstance(reply, tuple):
        weights, replies = zip(*reply, strict=True)
        (drawn,) = dice.choices(replies, weights=weights)
        return _chosen(drawn, dice)
    if isinstance(reply, int):
        raise ProviderError(kind_of_status(reply), f"{reply} from the script", status=reply)
    return str(reply)


def _rule(rule: Any, where: str) -> _Rule:
    """A rule as it was written, or a UserError that says what is wrong with it."""
    _keys(rule, ("when", "reply", "seconds"), where)
    when, seconds = rule.get("when") or {}, rule.get("seconds", 0)
    _keys(when, ("contains", "regex", "case"), f"`when` in {where}")
    if "reply" not in rule:
        raise UserError(f"{where} has no `reply`", "write reply: … beside its `when`")
    if not _is_number(seconds):
        raise UserError(f"`seconds` in {where} is no time", "write a number of seconds")
    return _Rule(
        tuple(_test(key, str(wanted), where) for key, wanted in when.items() if not key.startswith("x-")),
        _reply(rule["reply"], where),
        float(seconds),
    )


def _test(key: str, wanted: str, where: str) -> Test:
    if key == "regex":
        try:
            pattern = re.compile(wanted)
        except re.error as error:
            raise UserError(f"the regex in {where} is of no use: {error}", "see its place") from None
        return lambda asked, case: pattern.search(asked) is not None
    if key == "contains":
        return lambda asked, case: wanted in asked
    return lambda asked, case: wanted == case


def _reply(reply: Any, where: str) -> Any:
    """A text as it is, an error as its status, a choice as (weight, reply) pairs; any other value as its JSON."""
    if isinstance(reply, Mapping) and "one_of" in reply:
        options = reply["one_of"]
        if not isinstance(options, list) or not options:
            raise UserError(f"`one_of` in {where} is no list", "write one_of: [{p: 0.9, reply: …}, …]")
        pairs = tuple(_option(option, where) for option in options)
        if not any(weight for weight, _ in pairs):
            raise UserError(f"no reply of `one_of` in {where} has a chance", "give one of them a `p` above 0")
        return pairs
    if isinstance(reply, Mapping) and "error" in reply:
        if not isinstance(reply["error"], int) or not 300 <= reply["error"] <= 599:
            raise UserError(f"`error` in {where} is no HTTP status", "write for example error: 429")
        return reply["error"]
    return reply if isinstance(reply, str) else json.dumps(reply, ensure_ascii=False)


def _option(option: Any, where: str) -> tuple[float, Any]:
    _keys(option, ("p", "reply"), f"`one_of` in {where}")
    weight = option.get("p", 1)
    if "reply" not in option or not _is_number(weight):
        raise UserError(f"a choice of {where} is of no use", "write {p: 0.9, reply: …}")
    return float(weight), _reply(option["reply"], where)


def _keys(found: Any, known: tuple[str, ...], where: str) -> None:
    if not isinstance(found, Mapping):
        raise UserError(f"{where} is no mapping", f"its keys are {', '.join(known)}")
    for key in found:
        if key not in known and not str(key).startswith("x-"):
            raise UserError(f"{where} has no key `{key}`", did_you_mean(key, known))


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < 1e6


def connect(name: str, settings: Settings) -> Scripted:
    """The provider `scripted`."""
    return Scripted(settings.root)
