"""Everything that plugs in, by its name in YAML; then entry points; then the nearest name.

The tables name where a thing lives, so that nothing is imported before a spec asks for it.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from importlib import import_module
from typing import TYPE_CHECKING, Any

from evalkit.errors import CheckError, UserError, did_you_mean
from evalkit.records.spec import Check

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

    from evalkit.datasets.interface import Loader
    from evalkit.providers.interface import Provider
    from evalkit.providers.params import Fitted
    from evalkit.reporters.interface import Reporter
    from evalkit.scorers.interface import Bound, Scorer
    from evalkit.settings import Settings

SCORERS = {
    "equals": "evalkit.scorers.text:Equals",
    "contains": "evalkit.scorers.text:Contains",
    "starts_with": "evalkit.scorers.text:StartsWith",
    "ends_with": "evalkit.scorers.text:EndsWith",
    "regex": "evalkit.scorers.text:Regex",
    "label": "evalkit.scorers.classification:Label",
    "number": "evalkit.scorers.numbers:Number",
    "word_count": "evalkit.scorers.numbers:WordCount",
    "json_schema": "evalkit.scorers.structure:JsonSchema",
}
GROUPS = {
    "not": "evalkit.scorers.groups:Not",
    "any_of": "evalkit.scorers.groups:AnyOf",
    "all_of": "evalkit.scorers.groups:AllOf",
    "average": "evalkit.scorers.groups:Average",
}
PROVIDERS = {
    "aimlapi": "evalkit.providers.chat:connect",
    "openai": "evalkit.providers.chat:connect",
    "anthropic": "evalkit.providers.anthropic:connect",
    "gemini": "evalkit.providers.gemini:connect",
    "gemini-openai": "evalkit.providers.chat:connect",
    "openrouter": "evalkit.providers.chat:connect",
    "azure": "evalkit.providers.chat:connect",
    "groq": "evalkit.providers.chat:connect",
    "mistral": "evalkit.providers.chat:connect",
    "deepseek": "evalkit.providers.chat:connect",
    "together": "evalkit.providers.chat:connect",
    "litellm": "evalkit.providers.chat:connect",
    "ollama": "evalkit.providers.chat:connect",
    "vllm": "evalkit.providers.chat:connect",
    "llamacpp": "evalkit.providers.chat:connect",
    "lmstudio": "evalkit.providers.chat:connect",
    "local": "evalkit.providers.local:connect",
    "echo": "evalkit.providers.echo:connect",
    "scripted": "evalkit.providers.scripted:connect",
    "python": "evalkit.providers.python:connect",
    "command": "evalkit.providers.command:connect",
}
RUN_CODE = {  # the providers that run code of the user's, and what tells without running it that a name is wrong
    "python": "evalkit.providers.python:complaint",
    "command": "evalkit.providers.command:complaint",
}
OF_THE_PROJECT = (*RUN_CODE, "scripted")  # providers that answer with files of the project, as they stand there
_IN_USE: set[tuple[str, str]] = set()  # (group, name) of the plug-ins that were loaded
OWN_ENDPOINT = "evalkit.providers.chat:connect"  # what the settings name speaks chat completions
DATASETS = {
    ".csv": "evalkit.datasets.delimited:comma_separated",
    ".tsv": "evalkit.datasets.delimited:tab_separated",
    ".jsonl": "evalkit.datasets.jsonl:JsonLines",
}
REPORTERS = {
    "terminal": "evalkit.reporters.terminal:Terminal",
    "json": "evalkit.reporters.machine:Json",
    "html": "evalkit.reporters.html:Html",
    "markdown": "evalkit.reporters.markdown:Markdown",
}


def is_scorer(name: str) -> bool:
    """Whether `name` is a scorer or a group, built in or plugged in."""
    return name in SCORERS or name in GROUPS or name in _plugged("scorers")


def plugged_scorers() -> tuple[str, ...]:
    """The scorers that installed plug-ins bring, by name."""
    return tuple(sorted(name for name in _plugged("scorers") if name not in SCORERS and name not in GROUPS))


def has_plugged_scorers() -> bool:
    """Whether a scorer of a plug-in was made: nobody knows what it waits for."""
    return any(group == "scorers" for group, _ in _IN_USE)


def is_provider(name: str) -> bool:
    """Whether `name` is a provider, built in or plugged in."""
    return name in PROVIDERS or name in _plugged("providers")


def providers() -> tuple[str, ...]:
    """Every provider's name, built in or plugged in."""
    return (*PROVIDERS, *_plugged("providers"))


def is_data_file(suffix: str) -> bool:
    """Whether there is a loader for data files that end like this (`.csv`)."""
    return suffix.lower() in DATASETS or suffix.lower() in _plugged("datasets")


def bind(check: Check) -> Bound:
    """The check with a scorer made for it, and its parts likewise. Raises CheckError for arguments of no use."""
    from evalkit.scorers.extract import extraction_of
    from evalkit.scorers.interface import Bound

    parts = tuple(bind(part) for part in check.parts)
    try:
        if check.scorer in GROUPS:
            return Bound(check, _load(GROUPS[check.scorer])(check, parts), extraction_of(check))
        return Bound(check, _scorer(check), extraction_of(check))
    except CheckError as error:
        error.check = check
        raise


def _scorer(check: Check) -> Scorer:
    made: Scorer
    factory = _named("scorers", SCORERS, check.scorer, "scorer")
    try:
        made = factory(check)
    except Exception as error:
        if check.scorer in SCORERS or isinstance(error, CheckError):
            raise
        said = f"{type(error).__name__}: {error}"
        raise CheckError(f"the plug-in `{check.scorer}` could not make its scorer: {said}") from error
    return made


def complaint(provider: str, model: str, settings: Settings) -> tuple[str, str] | None:
    """What is wrong with a model of a provider that runs code, and what to write; None where nothing is."""
    said: tuple[str, str] | None = _load(RUN_CODE[provider])(model, settings) if provider in RUN_CODE else None
    return said


def provider(name: str, settings: Settings) -> Provider:
    """The provider of that name. Raises UserError when there is none."""
    if name in settings.endpoints and name in PROVIDERS:
        raise UserError(f"an endpoint in the settings is called `{name}`, like a provider", "give it another name")
    connect = _load(OWN_ENDPOINT) if name in settings.endpoints else _named("providers", PROVIDERS, name, "provider")
    made: Provider = connect(name, settings)
    return made


def fitted(name: str, model: str, params: Mapping[str, Any], settings: Settings) -> Fitted:
    """What the provider `name` is sent of params, and what is to be said of them before it is asked."""
    from evalkit.providers.params import fitted

    return fitted(name, model, params, is_own=name in settings.endpoints)


def loader(suffix: str) -> Loader:
    """The loader of data files that end like this (`.csv`). Raises UserError when there is none."""
    made: Loader = _named("datasets", DATASETS, suffix.lower(), "data file")()
    return made


def reporter(name: str) -> Reporter:
    """The reporter of that name. Raises UserError when there is none."""
    made: Reporter = _named("reporters", REPORTERS, name, "reporter")()
    return made


def _named(group: str, built_in: Mapping[str, str], name: str, kind: str) -> Any:
    if name in built_in:
        return _load(built_in[name])
    plugged = _plugged(group)
    if name not in plugged:
        raise UserError(f"no {kind} is called `{name}`", did_you_mean(name, [*built_in, *plugged]))
    try:
        made = plugged[name].load()
        _IN_USE.add((group, name))
        return made
    except Exception as error:
        found = plugged[name].value
        raise UserError(f"the plug-in `{name}` ({found}) cannot be loaded: {error}") from error


def _load(place: str) -> Any:
    module, _, name = place.partition(":")
    return getattr(import_module(module), name)


@lru_cache
def _plugged(group: str) -> Mapping[str, EntryPoint]:
    from importlib.metadata import entry_points  # takes its time, and most commands do not need it

    return {point.name: point for point in entry_points(group=f"evalkit.{group}")}
