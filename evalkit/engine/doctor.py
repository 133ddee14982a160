"""Whether a model can be asked: key, address, name, one small call, what the reply tells, what params are refused."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import urlsplit

from evalkit import catalog
from evalkit.decide.findings import is_same_model
from evalkit.documents.nodes import Node
from evalkit.engine.refusals import Tried, Verdict, verdict_on
from evalkit.errors import Exit, ProviderError, SpecError, UserError, nearest
from evalkit.prices import Tariff
from evalkit.providers.interface import Provider
from evalkit.providers.vendors import keys_in
from evalkit.records.exchange import Reply, Request
from evalkit.records.problem import Place
from evalkit.records.spec import Message, Model
from evalkit.reporters.figures import dollars, seconds
from evalkit.reporters.interface import one_line
from evalkit.secrets import redact
from evalkit.settings import Settings
from evalkit.spec.load import load
from evalkit.spec.models import models_of
from evalkit.spec.parts import Complaints

if TYPE_CHECKING:
    from evalkit.providers.line import Line

CALLS = 8  # at most, for one model; one of them asks a server for the list of its models
QUESTION = "Answer with one word: yes"
_READY = {
    "local": "engine and weights are here",
    "scripted": "the script can be read; its rules are for your cases, so it is not asked",
    "python": "the file has the function",
    "command": "the program is there",
}
_HOME = ("localhost", "127.0.0.1", "::1")

State = Literal["fine", "wrong", "odd", "open"]


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at, how it is, and what to do; `code` is how the command ends for it."""

    name: str
    state: State
    said: str
    help: str = ""
    code: Exit = Exit.OK


def patients(settings: Settings) -> tuple[Model, ...]:
    """The models to be looked at: those of the specs with their params, else that of the settings.

    A model of several specs has the params of all; of those by one name, the first. Raises SpecError.
    """
    if settings.paths:
        models = [model for spec in load(settings).specs for model in spec.models]
    else:
        complain = Complaints()
        models = list(models_of(Node.of({}, Place("")), settings, complain))
        if any(problem.severity == "error" for problem in complain.problems):
            raise SpecError(complain.problems)
    found: dict[tuple[str, str], Model] = {}
    for model in models:
        before = found.setdefault((model.provider, model.id), model)
        found[model.provider, model.id] = replace(before, params={**model.params, **before.params})
    return tuple(found.values())


def examined(model: Model, settings: Settings) -> Iterator[Check]:
    """Every check of a model, as soon as it is made; one that makes the others senseless is the last."""
    provider = catalog.provider(model.provider, settings)
    line: Line | None = getattr(provider, "line", None)
    try:
        provider.ready(model.id)
    except UserError as error:
        name = "ready" if not line else "key" if "key" in error.message else "endpoint"
        yield Check(name, "wrong", error.message, error.help, Exit.USER_ERROR)
        return
    if line:
        yield Check("key", "fine", line.variable or "none is set, and none is needed")
    elif model.provider in _READY:
        yield Check("ready", "fine", _READY[model.provider])
    if model.provider == "scripted":
        return
    yield from _Examination(model, provider, settings).checks(line)


class _Examination:
    """The calls to one model, and what they tell."""

    def __init__(self, model: Model, provider: Provider, settings: Settings) -> None:
        self._model = model
        self._provider = provider
        self._settings = settings
        self._left = CALLS - 1
        self._once = lru_cache(self._called)

    def checks(self, line: Line | None) -> Iterator[Check]:
        first = self._tried(self._model.params) or Tried()
        if line:
            yield _address(line.url(self._model.id), first)
            if not first.arrived:
                return
        verdict = verdict_on(self._model.params, first, self._tried)
        tried = verdict.tried
        if line:
            yield self._listed(line, tried)
            if tried.error and tried.error.status == 404:
                return
        yield from self._refused(verdict)
        if tried.reply:
            yield from (check for check in self._told(tried.reply) if line or check.state != "open")
        elif tried.error:
            yield Check("call", "wrong", tried.error.message, *_next(tried.error, line))

    def _tried(self, params: Mapping[str, Any]) -> Tried | None:
        """A call with so many of the model's params; the same ones are sent once."""
        return self._once(frozenset(params))

    def _called(self, names: frozenset[str]) -> Tried | None:
        if not self._left:
            return None
        self._left -= 1
        model, provider = self._model, self._provider
        request = Request(
            provider=model.provider,
            model=model.id,
            messages=(Message("user", QUESTION),),
            params={name: value for name, value in model.params.items() if name in names},
            timeout=model.timeout or self._settings.timeout,
        )
        arrived = False
        try:
            recording = provider.send(request, provider.encode(request))
            arrived = True
            reply = provider.decode(recording)
        except ProviderError as error:
            return Tried(error=error, arrived=arrived or error.status is not None or error.kind != "transient")
        except (UserError, ValueError) as error:
            return Tried(error=ProviderError("rejected", str(error)))
        except Exception as error:  # noqa: BLE001 - providers are plugged in
            return Tried(error=ProviderError("rejected", f"the provider broke: {type(error).__name__}: {error}"))
        return Tried(Tariff(self._settings.prices).priced(request, reply))

    def _listed(self, line: Line, tried: Tried) -> Check:
        """Whether the server has the model, by its answer and its list."""
        model, ids = self._model.id, line.models.ids()
        near = nearest(model, ids)
        if tried.error and tried.error.status == 404:
            help = f"write {self._model.provider}/{near}" if near else "see which models the vendor has"
            return Check("model", "wrong", tried.error.message, help, Exit.USER_ERROR)
        if not ids:
            return Check("model", "fine" if tried.reply else "open", "the server tells no list to look it up in")
        if model in ids:
            return Check("model", "fine", f"one of the {len(ids):,} in the server's list")
        said = f"not one of the {len(ids):,} in the server's list{', though it answers' if tried.reply else ''}"
        return Check("model", "odd", said, f"did you mean {self._model.provider}/{near}?" if near else "")

    def _refused(self, verdict: Verdict) -> Iterator[Check]:
        for name, words in verdict.refused.items():
            help = f"take it out of the params, or write `{name}: null` for this model"
            yield Check("params", "wrong", f"`{name}` is refused: {words}", help, Exit.USER_ERROR)
        if verdict.suspects:
            names = ", ".join(f"`{name}`" for name in verdict.suspects)
            words = verdict.tried.error.message if verdict.tried.error else ""
            yield Check("params", "wrong", f"one of {names} is refused: {words}", "leave them out one by one",
                        Exit.USER_ERROR)  # fmt: skip
        taken = [name for name in self._model.params if name not in verdict.refused]
        if taken and verdict.tried.reply:
            yield Check("params", "fine", f"taken: {', '.join(taken)}")

    def _told(self, reply: Reply) -> Iterator[Check]:
        """A reply, and what it tells besides its text."""
        text = one_line(redact(reply.text, keys_in(self._settings.environ)), 40)
        cut = "" if reply.finish_reason == "stop" else f" (finish_reason {reply.finish_reason})"
        yield Check("call", "fine", f"“{text}” in {seconds(reply.seconds)}{cut}")
        if not reply.model:
            yield Check("served", "open", "the reply names no model")
        elif is_same_model(self._model.id, reply.model) or self._model.provider == "azure":
            yield Check("served", "fine", reply.model)
        else:
            yield Check("served", "odd", f"{reply.model}, where {self._model.id} was asked for")
        usage = reply.usage
        if usage.prompt_tokens is None and usage.completion_tokens is None:
            yield Check("usage", "open", "the reply counts no tokens")
        else:
            counts = (usage.prompt_tokens, usage.completion_tokens)
            said = ["unknown" if count is None else f"{count:,}" for count in counts]
            yield Check("usage", "fine", f"{said[0]} tokens in the prompt, {said[1]} in the reply")
        if reply.usd is None:
            yield Check("cost", "open", "unknown", f'prices in the settings tell it: [tool.evalkit.prices."'
                        f'{self._model.provider}/{self._model.id}"]')  # fmt: skip
        else:
            yield Check("cost", "fine", dollars(reply.usd))


def _address(url: str, first: Tried) -> Check:
    """Whether somebody answers where the model is asked, and whether others can listen."""
    parts = urlsplit(url)
    if first.error and not first.arrived:
        message = first.error.message
        if "certificate" in message:
            help = "REQUESTS_CA_BUNDLE=FILE names a file with the certificates to trust"
        elif "SSL" in message:
            help = "does the server speak TLS there? An http:// address does without"
        elif "within" in message:
            help = "it may be busy, or waking up: --timeout gives it longer"
        else:
            help = "is it running, and is the base URL right?"
        return Check("endpoint", "wrong", message, help, Exit.NO_VERDICT)
    if parts.scheme == "https":
        return Check("endpoint", "fine", f"{parts.netloc} answers, over TLS")
    if parts.hostname in _HOME:
        return Check("endpoint", "fine", f"{parts.netloc} answers, on this machine")
    return Check("endpoint", "odd", f"{parts.netloc} answers without TLS", "others can read key and prompts: https://")


def _next(error: ProviderError, line: Line | None) -> tuple[str, Exit]:
    """What to do after a call that brought no reply, and whose turn it is."""
    status, variable = error.status or 0, line.variable if line else ""
    if error.kind == "transient":
        if status == 429:
            wait = f"{error.retry_after:.0f} s" if error.retry_after else "a little"
            return f"wait {wait}; a run does so by itself", Exit.NO_VERDICT
        if status < 400 and line:
            return "is the base URL that of such a server?", Exit.NO_VERDICT
        return "try again later; --timeout gives it longer", Exit.NO_VERDICT
    help = ""
    if status == 401:
        help = f"put a valid key into {variable}" if variable else "the server wants a key"
    elif 300 <= status < 400:
        help = "write the address that it leads to as the base URL, if you trust it"
    elif error.kind == "terminal" and line:
        help = "see credits, limits and rights of the key at the vendor"
    return help, Exit.USER_ERROR
