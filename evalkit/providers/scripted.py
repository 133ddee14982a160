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
from pathlib import Path
from typing import TYPE_CHECKING, Any

from evalkit.documents import read
from evalkit.errors import ProviderError, SpecError, UserError
from evalkit.providers.interface import canonical, kind_of_status
from evalkit.records.exchange import Recording, Reply, Request

if TYPE_CHECKING:
    from evalkit.settings import Settings


class Scripted:
    """Answers by rules; what it draws depends on the request and its draw number alone."""

    name = "scripted"
    capacity: int | None = None

    def __init__(self, root: Path) -> None:
        self._root = root
        self._scripts: dict[str, tuple[str, list[Any]]] = {}

    def ready(self) -> None:
        """Always ready; a script that cannot be read says so when it is first needed."""

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
        rule = next((rule for rule in rules if _fits(rule.get("when") or {}, asked, request.case)), None)
        if rule is None:
            raise ProviderError("rejected", f"no rule of {request.model} fits the request")
        seconds = float(rule.get("seconds", 0))
        time.sleep(seconds)
        text = _chosen(rule["reply"], random.Random(body + str(request.draw).encode()))
        return Recording(json.dumps({"text": text, "model": request.model}).encode(), {}, seconds)

    def decode(self, recording: Recording) -> Reply:
        """The recorded text as a reply that cost nothing."""
        body = json.loads(recording.body)
        return Reply(text=body["text"], model=body["model"], usd=0.0, seconds=recording.seconds)

    def _script(self, model: str) -> tuple[str, list[Any]]:
        if model not in self._scripts:
            document = read(self._root / model, model)
            if document.root is None:
                raise SpecError(document.problems)
            rules = document.root.plain()
            if not isinstance(rules, list) or not all(isinstance(r, Mapping) and "reply" in r for r in rules):
                raise UserError(f"{model} is no script", "it is a list of rules, each with a `reply`")
            self._scripts[model] = hashlib.sha256(document.source).hexdigest(), rules
        return self._scripts[model]


def _fits(when: Mapping[str, Any], asked: str, case: str) -> bool:
    tests: dict[str, Callable[[str], bool]] = {
        "contains": lambda wanted: wanted in asked,
        "regex": lambda wanted: re.search(wanted, asked) is not None,
        "case": lambda wanted: wanted == case,
    }
    return all(tests[key](str(wanted)) for key, wanted in when.items() if key in tests)


def _chosen(reply: Any, dice: random.Random) -> str:
    """The text of a reply, drawn where there are several. Raises ProviderError where the rule wants an error."""
    if isinstance(reply, Mapping) and "one_of" in reply:
        options = reply["one_of"]
        (drawn,) = dice.choices(options, weights=[float(option.get("p", 1)) for option in options])
        return _chosen(drawn["reply"], dice)
    if isinstance(reply, Mapping) and "error" in reply:
        status = int(reply["error"])
        raise ProviderError(kind_of_status(status), f"{status} from the script", status=status)
    return reply if isinstance(reply, str) else json.dumps(reply, ensure_ascii=False)


def connect(name: str, settings: Settings) -> Scripted:
    """The provider `scripted`."""
    return Scripted(settings.root)
