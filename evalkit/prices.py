"""What calls cost in US dollars, by the reply, the settings or a price list; unknown is None, never zero."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from evalkit.price_list import PriceList
from evalkit.records.exchange import Reply, Request, Usage
from evalkit.records.machine import Price

FREE = ("local", "echo", "scripted")  # providers that answer on this machine, for nothing
MOST_TOKENS = 4096  # of a completion, at worst, where nothing in its params bounds it
HOW_TO_PRICE = "pip install 'evalkit-specs[prices]' brings a list"
_HEADERS = ("x-aimlapi-usd-spent", "x-litellm-response-cost")
_BOUNDS = ("max_tokens", "max_completion_tokens", "max_output_tokens", "maxOutputTokens", "max_new_tokens")
_INSIDE = ("extra_body", "generationConfig", "generation_config", "options")  # params that may hold such a bound
_LISTED = {  # our names of vendors, and the list's
    "openai": "openai",
    "azure": "azure",
    "anthropic": "anthropic",
    "gemini": "google",
    "groq": "groq",
    "mistral": "mistral",
    "deepseek": "deepseek",
    "together": "together",
    "openrouter": "openrouter",
}
_RESELLERS = ("aimlapi", "litellm")  # the makers' list prices are the nearest thing known
_MAKERS = {"mistralai": "mistral", "xai": "x-ai", "moonshot": "moonshotai"}
_CAUTION = 2  # a prompt of code, digits or rare scripts may have twice the tokens that its letters suggest
_FRAME = 100  # tokens at worst that a model's own template puts around the messages (harmony's are 70)


def stated_usd(body: Mapping[str, Any], headers: Mapping[str, str]) -> float | None:
    """What the reply itself says it cost: `meta.usage.usd_spent`, `usage.cost` or a vendor's header."""
    meta = body.get("meta")
    usage = body.get("usage")
    stated: list[Any] = [headers.get(name) for name in _HEADERS]
    if isinstance(meta, Mapping) and isinstance(meta.get("usage"), Mapping):
        stated.append(meta["usage"].get("usd_spent"))
    if isinstance(usage, Mapping):
        stated.append(usage.get("cost"))
    return next((usd for usd in map(_dollars, stated) if usd is not None), None)


def _dollars(value: Any) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        usd = float(value)
    except (ValueError, OverflowError):
        return None
    return usd if 0 <= usd < 1e6 else None


@dataclass(frozen=True, slots=True)
class Size:
    """Tokens of a call before it is made: of its prompt, about; of its completion, at worst.

    `is_bounded` says whether its params bound the completion; where they do not, MOST_TOKENS are taken.
    """

    prompt: int
    completion: int
    is_bounded: bool = True


def size_of(request: Request) -> Size:
    """A request's size: a token for every four characters (of those that UTF-8 needs more bytes for, more).

    Tools, schemas and whatever else of the params has parts is read by the model, too.
    """
    letters = sum(len(message.content.encode("utf-8", "replace")) for message in request.messages)
    letters += sum(len(json.dumps(value, default=str)) for value in request.params.values() if _has_parts(value))
    inner = (request.params.get(name) for name in _INSIDE)
    params = [request.params, *(params for params in inner if isinstance(params, Mapping))]
    bounds = [bound for each in params for name in _BOUNDS if (bound := _whole(each.get(name)))]
    times = max((_whole(each.get("n")) or 1 for each in params), default=1)
    return Size(-(-letters // 4), max(bounds, default=MOST_TOKENS) * times, bool(bounds))


def _has_parts(value: Any) -> bool:
    return isinstance(value, Mapping) or (isinstance(value, list) and any(isinstance(part, Mapping) for part in value))


def _whole(value: Any) -> int | None:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return int(value) if is_number and 0 < value < 1e9 else None


@dataclass(frozen=True, slots=True)
class Tariff:
    """What models cost: `stated` are the settings' prices by `provider/model`; the rest is looked up in a list."""

    stated: Mapping[str, Price] = field(default_factory=dict)
    listed: PriceList = field(default_factory=PriceList)

    def priced(self, request: Request, reply: Reply) -> Reply:
        """The reply with its price, where it does not say it itself and one is known."""
        usage = reply.usage
        prompt, completion = usage.prompt_tokens, usage.completion_tokens
        if reply.usd is not None or prompt is None or completion is None:
            return reply
        if usage.total_tokens:  # some servers count reasoning apart, and charge for it
            completion = max(completion, usage.total_tokens - prompt)
        usage = Usage(prompt, completion, cached_tokens=min(usage.cached_tokens or 0, prompt))
        usd = self._usd(request.provider, request.model, usage, reply.model)
        return reply if usd is None else replace(reply, usd=usd)

    def estimate(self, request: Request) -> float | None:
        """What a call costs if its completion is as long as it may be; None where its model has no price."""
        size = size_of(request)
        return self._usd(request.provider, request.model, Usage(size.prompt, size.completion))

    def worst(self, request: Request) -> float | None:
        """The same for a budget: with twice the tokens in the prompt, and those of a template around it."""
        size = size_of(request)
        return self._usd(request.provider, request.model, Usage(size.prompt * _CAUTION + _FRAME, size.completion))

    def _usd(self, provider: str, model: str, usage: Usage, served: str = "") -> float | None:
        if provider in FREE:
            return 0.0
        prompt = usage.prompt_tokens or 0
        price = self.stated.get(f"{provider}/{model}") or self._listed(provider, model, served, prompt)
        return None if price is None else price.usd(prompt, usage.completion_tokens or 0, usage.cached_tokens or 0)

    def _listed(self, provider: str, model: str, served: str, prompt: int) -> Price | None:
        """The price in the list: of the model that was served, else of the one asked for."""
        names = (name for model in filter(None, (served, model)) for name in _names_in_list(provider, model))
        return next((price for name in names if (price := self.listed.price(*name, prompt))), None)


def _names_in_list(provider: str, model: str) -> list[tuple[str | None, str]]:
    """(vendor, model) under which the price list may have a model; without a vendor the list finds the maker."""
    maker, _, rest = model.removeprefix("models/").rpartition("/")
    if provider in _LISTED:
        names = [model] if provider == "openrouter" or rest == model else [model, rest]
        return [(_LISTED[provider], name) for name in names]
    if provider in _RESELLERS:
        maker = maker.rpartition("/")[2].lower()
        return [(_MAKERS.get(maker, maker), rest), ("openrouter", model)] if maker else [(None, rest)]
    return []
