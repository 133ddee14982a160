"""From the nodes of a well-shaped file to a Spec; what only meaning can tell is wrong is a Problem."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from evalkit import catalog
from evalkit.documents.nodes import Node
from evalkit.documents.read import Document
from evalkit.errors import did_you_mean
from evalkit.records.problem import Place, Problem
from evalkit.records.spec import Message, Model, Rule, Spec, Variant
from evalkit.settings import Settings
from evalkit.spec.cases import CaseDefaults, CaseStream
from evalkit.spec.checks import CheckReader
from evalkit.spec.parts import Complaints, text_list, text_of, trials_of, variables_of

ROLES = ("system", "user", "assistant")


class SpecBuilder:
    """Builds one Spec from one document and gathers what is wrong on the way."""

    def __init__(self, document: Document, settings: Settings) -> None:
        assert document.root is not None
        self._document = document
        self._root = document.root
        self._settings = settings
        self._complain = Complaints()

    def build(self) -> tuple[Spec, list[Problem]]:
        """The Spec and its problems; the Spec is of use only when there are none."""
        root, name = self._root, self._root.get("name")
        checks = CheckReader(self._complain, root.get("extract"), root.get("path"))
        common = checks.read(root.get("expect"))
        defaults = CaseDefaults(
            common,
            variables_of(root.get("vars"), self._complain),
            trials_of(root.get("trials"), self._complain),
        )
        description = root.get("description")
        spec = Spec(
            name=text_of(name, self._complain) if name else Path(self._document.path).stem,
            file=self._document.shown,
            models=self._models(),
            variants=self._variants(),
            cases=CaseStream(self._document, self._settings, checks, defaults),
            gate=self._gate(),
            description=str(description.value) if description else "",
            tags=text_list(root.get("tags")),
            digest=hashlib.sha256(self._document.source).hexdigest(),
        )
        return spec, self._complain.problems

    def _variants(self) -> tuple[Variant, ...]:
        prompt, prompts = self._root.get("prompt"), self._root.get("prompts")
        if prompt and prompts:
            self._complain(self._root.key_place("prompts"), "both `prompt` and `prompts`", "keep one of them")
        if prompts:
            return tuple(Variant(name, self._messages(node)) for name, node in prompts.value.items())
        if prompt:
            return (Variant("", self._messages(prompt)),)
        self._complain(self._root.place, "a spec needs `prompt`", 'for example: prompt: "Translate: {{ text }}"')
        return ()

    def _messages(self, prompt: Node) -> tuple[Message, ...]:
        if not isinstance(prompt.value, list):
            return (Message("user", self._template(prompt), prompt.place),)
        return tuple(message for item in prompt.value for message in self._message(item))

    def _message(self, item: Node) -> Iterable[Message]:
        spoken = [role for role in ROLES if item.get(role)]
        role, content = item.get("role"), item.get("content")
        if role and content and not spoken:
            yield Message(str(role.value), self._template(content), content.place)
        elif len(spoken) == 1 and not role and not content:
            node = item.value[spoken[0]]
            yield Message(spoken[0], self._template(node), node.place)
        else:
            self._complain(item.place, "a message has one role", "write `- user: …`, one item for each message")

    def _template(self, node: Node) -> str:
        text = text_of(node, self._complain)
        self._complain.about_template(text, node.place)
        return text

    def _models(self) -> tuple[Model, ...]:
        one, several = self._root.get("model"), self._root.get("models")
        if one and several:
            self._complain(self._root.key_place("models"), "both `model` and `models`", "keep one of them")
        shared = self._root.get("params")
        params = shared.plain() if shared else {}
        if self._settings.models:
            return tuple(self._named(text, params, Place("-m")) for text in self._settings.models)
        nodes = several.value if several else [one] if one else []
        if not nodes:
            return (self._named(self._settings.default_model, params, Place("EVALKIT_MODEL")),)
        models = tuple(self._model(node, params) for node in nodes)
        names = [model.name for model in models]
        for model in models:
            if names.count(model.name) > 1:
                self._complain(model.place, f"two models are called `{model.name}`", "give each a `name:` of its own")
                break
        return models

    def _model(self, node: Node, shared: Mapping[str, Any]) -> Model:
        if not isinstance(node.value, dict):
            return self._named(str(node.value), shared, node.place)
        own = node.get("params")
        name, timeout = node.get("name"), node.get("timeout")
        model = self._named(
            str(node.value["model"].value),
            {**shared, **(own.plain() if own else {})},
            node.value["model"].place,
        )
        return Model(
            name=str(name.value) if name else model.name,
            provider=model.provider,
            id=model.id,
            params=model.params,
            timeout=float(timeout.value) if timeout else None,
            place=model.place,
        )

    def _named(self, text: str, params: Mapping[str, Any], place: Place) -> Model:
        provider, _, identity = text.partition("/")
        if not catalog.is_provider(provider) or not identity:
            message = f"no provider is called `{provider}`" if identity else f"`{text}` is no model"
            known = did_you_mean(provider, catalog.PROVIDERS)
            self._complain(place, message, f"a model is `provider/id`; {known}")
        kept = {key: value for key, value in params.items() if value is not None}
        return Model(text, provider, identity, kept, place=place)

    def _gate(self) -> tuple[Rule, ...]:
        gate = self._root.get("gate")
        return tuple(self._rule(node) for node in gate.entries()) if gate else ()

    def _rule(self, node: Node) -> Rule:
        rate, errors = node.get("pass_rate"), node.get("max_errors")
        return Rule(
            pass_rate=float(rate.value) if rate else None,
            max_errors=int(errors.value) if errors else 0,
            place=node.place,
        )
