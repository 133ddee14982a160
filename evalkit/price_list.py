"""The list of genai-prices as prices by the length of the prompt; those in use are kept in a file for a day.

To import the list takes longer than a short run, and to ask it for each call longer than all else about a replayed one.
"""

from __future__ import annotations

import json
import os
import threading
from contextlib import suppress
from datetime import UTC, datetime
from functools import cached_property
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from evalkit.installed import version_of
from evalkit.records.machine import Price

if TYPE_CHECKING:
    from decimal import Decimal

    from genai_prices.types import ModelInfo, ModelPrice, TieredPrices

_Steps = tuple[tuple[int, Price], ...]  # (tokens, price): the price of prompts of so many or more, shortest first
_MOST = 1000  # names that are kept: a server may make up names


class PriceList:
    """What the installed list says today. `file` is where what was found is kept. Used by many threads."""

    def __init__(self, file: Path | None = None) -> None:
        self._file = file
        self._looking = threading.Lock()
        self._fleeting: set[str] = set()  # names of prices that change with the hour: not for the file
        self.used = ""  # the version, once a price was looked for

    @cached_property
    def version(self) -> str:
        """The version of the package, "" where it is not installed."""
        with suppress(ValueError):
            found = find_spec("genai_prices")
            return version_of("genai-prices", found.origin) if found else ""
        return ""

    def price(self, vendor: str | None, model: str, tokens: int) -> Price | None:
        """The price of a model for a prompt of so many tokens; None where it is not listed, or without a price.

        Without a vendor the list looks for the model's maker.
        """
        if not self.version:
            return None
        name = f"{vendor or ''}/{model}"
        with self._looking:
            self.used = self.version
            steps = self._found.get(name)
            if steps is None:
                if len(self._found) >= _MOST:
                    self._found.clear()
                steps = self._found[name] = self._looked_up(name, vendor, model)
                self._keep()
        return next((price for start, price in reversed(steps) if tokens >= start), None)

    @cached_property
    def _found(self) -> dict[str, _Steps]:
        """What was found by name: an empty tuple for what has no price."""
        try:
            kept = json.loads(self._file.read_bytes() if self._file else b"{}")
            prices = kept["prices"] if kept["edition"] == self._edition else {}
            return {name: tuple(_step(*step) for step in steps) for name, steps in prices.items()}
        except (OSError, ValueError, TypeError, LookupError, AttributeError):
            return {}  # not there, or not whole: all of it can be found again

    @cached_property
    def _edition(self) -> str:
        """What the file is good for: this version on this day, because prices change at dates that the list knows."""
        return f"{self.version} on {datetime.now(UTC).date().isoformat()}"

    def _looked_up(self, name: str, vendor: str | None, model: str) -> _Steps:
        import genai_prices

        try:
            found = genai_prices.calc_price(genai_prices.Usage(), model, provider_id=vendor)
        except (LookupError, ValueError):
            return ()
        if _changes_with_the_hour(found.model):
            self._fleeting.add(name)
        return _steps_of(found.model_price, call=found.total_price)  # what no tokens cost

    def _keep(self) -> None:
        """Best effort: what is not kept is looked up again."""
        if self._file is None:
            return
        prices = {
            name: [(start, price.input, price.output, price.cached, price.call) for start, price in steps]
            for name, steps in self._found.items()
            if name not in self._fleeting
        }
        beside = self._file.with_name(f"{self._file.name}.{os.getpid()}")
        with suppress(OSError):
            beside.write_text(json.dumps({"edition": self._edition, "prices": prices}), "utf-8")
            os.replace(beside, self._file)


def _steps_of(listed: ModelPrice, call: Decimal) -> _Steps:
    rates = (listed.input_mtok, listed.output_mtok, listed.cache_read_mtok)
    if rates[0] is None or rates[1] is None:  # it is listed as costing nothing
        return ()
    starts = {0, *(tier.start + 1 for rate in rates for tier in getattr(rate, "tiers", ()))}
    return tuple((start, _price(*(_rate(rate, start) for rate in rates), call=call)) for start in sorted(starts))


def _step(start: Any, input: Any, output: Any, cached: Any, call: Any) -> tuple[int, Price]:
    """One of them as it is kept."""
    return int(start), _price(input, output, cached, call=call)


def _rate(rate: Decimal | TieredPrices | None, tokens: int) -> Decimal | None:
    """US dollars for a million tokens, when the prompt has so many."""
    from genai_prices.types import TieredPrices

    if isinstance(rate, TieredPrices):
        return next((tier.price for tier in reversed(rate.tiers) if tokens > tier.start), rate.base)
    return rate


def _price(input: Any, output: Any, cached: Any, *, call: Any) -> Price:
    return Price(float(input), float(output), None if cached is None else float(cached), float(call))


def _changes_with_the_hour(model: ModelInfo) -> bool:
    from genai_prices.types import TimeOfDateConstraint

    return isinstance(model.prices, list) and any(
        isinstance(each.constraint, TimeOfDateConstraint) for each in model.prices
    )
