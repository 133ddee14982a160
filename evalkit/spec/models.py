"""The tested models of a spec: the command line's, else its own, else the settings'."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from evalkit import catalog
from evalkit.documents.nodes import Node
from evalkit.errors import did_you_mean
from evalkit.providers.retirements import retirement_of
from evalkit.records.problem import Place
from evalkit.records.spec import Model
from evalkit.settings import Settings
from evalkit.spec.parts import Complaints


def models_of(root: Node, settings: Settings, complain: Complaints) -> tuple[Model, ...]:
    """The models that a spec is asked of; each makes columns."""
    one, several, params = root.get("model"), root.get("models"), _params_of(root.get("params"))
    if one and several:
        complain(root.key_place("models"), "both `model` and `models`", "keep one of them")
    own = tuple(
        _model(node, params, settings, complain) for node in (several.value if several else [one] if one else [])
    )
    if settings.models:
        return tuple(_named(text, params, Place("-m"), settings, complain) for text in dict.fromkeys(settings.models))
    if not own:
        return (_named(settings.default_model, params, Place("EVALKIT_MODEL"), settings, complain),)
    names = [model.name for model in own]
    for model in own:
        if names.count(model.name) > 1:
            complain(model.place, f"two models are called `{model.name}`", "give each a `name:` of its own")
            break
    return own


@dataclass(frozen=True, slots=True)
class _Param:
    """A parameter's value, and where it is named."""

    value: Any
    place: Place


def _params_of(node: Node | None) -> dict[str, _Param]:
    """The parameters of a mapping; its `x-` keys are the user's and are not sent."""
    return {name: _Param(item.plain(), node.key_place(name)) for name, item in node.own().items()} if node else {}


def _model(node: Node, shared: Mapping[str, _Param], settings: Settings, complain: Complaints) -> Model:
    if not isinstance(node.value, dict):
        return _named(str(node.value), shared, node.place, settings, complain)
    named, params = node.value["model"], {**shared, **_params_of(node.get("params"))}
    model = _named(str(named.value), params, named.place, settings, complain)
    name, timeout = node.get("name"), node.get("timeout")
    return replace(
        model,
        name=str(name.value) if name else model.name,
        timeout=float(timeout.value) if timeout else None,
    )


def _named(text: str, params: Mapping[str, _Param], place: Place, settings: Settings, complain: Complaints) -> Model:
    provider, _, identity = text.partition("/")
    if not identity or not (provider in settings.endpoints or catalog.is_provider(provider)):
        complain(place, *_no_model(text, provider, identity, (*catalog.providers(), *settings.endpoints)))
    elif provider in catalog.RUN_CODE and settings.no_code:
        complain(place, f"`{text}` runs code, and --no-code refuses that", "name a model that is no code")
    elif wrong := catalog.complaint(provider, identity, settings):
        complain(place, *wrong)
    if ended := retirement_of(provider, identity):
        complain.warn(place, *ended.told(text))
    kept = {name: param.value for name, param in params.items() if param.value is not None}
    fitted = catalog.fitted(provider, identity, kept, settings)
    for remark in fitted.remarks:
        say = complain if remark.is_error else complain.warn
        say(params[remark.name].place, remark.message, remark.help)
    return Model(text, provider, identity, fitted.params, place=place)


def _no_model(text: str, provider: str, identity: str, known: tuple[str, ...]) -> tuple[str, str]:
    """What is wrong with a model's name, and what to write."""
    other, _, rest = text.partition(":")
    if rest and other in known:
        return f"`{text}` is no model", f"a model is `provider/id`: write `{other}/{rest.removeprefix('chat:')}`"
    if identity:
        return f"no provider is called `{provider}`", f"a model is `provider/id`; {did_you_mean(provider, known)}"
    return f"`{text}` is no model", "a model is `provider/id`, for example `local/smollm2`"
