"""What a plan will ask, in numbers: trials, calls, tokens, dollars."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice

from evalkit.engine.kept import Kept
from evalkit.engine.plan import Trial
from evalkit.errors import NothingToMeasure
from evalkit.prices import Tariff, size_of
from evalkit.providers.interface import Provider
from evalkit.records.event import Planned
from evalkit.records.exchange import Request
from evalkit.settings import Settings

_BATCH = 64  # trials that are looked up at once: quicker than one by one, and few enough to have at hand


@dataclass(slots=True)
class _Cost:
    """The sum over the calls to make."""

    prompt_tokens: int = 0
    usd: float = 0.0
    unpriced: int = 0
    unbounded: int = 0

    def add(self, request: Request, tariff: Tariff) -> bool:
        """Add a call; whether it has a price."""
        size, usd = size_of(request), tariff.estimate(request)
        self.prompt_tokens += size.prompt
        self.usd += usd or 0.0
        self.unpriced += usd is None
        self.unbounded += bool(usd) and not size.is_bounded
        return usd is not None


@dataclass(frozen=True, slots=True)
class Forecast:
    """What a plan will ask: trials of each spec, calls to make, calls recorded, tokens of the prompts (about).

    `unrecorded` counts those that are neither: with --offline nothing is asked.
    `models` are names of columns, `askers` are (provider, its name, model) of the calls to make; the provider is None
    where it is the one of that name. `usd` is what these cost at most, those of unknown price apart: `unpriced` counts
    them, `without_price` are their (spec, `provider/model`).
    `unbounded` counts the calls with a price whose completion nothing bounds. `outlook` is what a comparison will be
    able to see, a sentence each; `further` counts the calls that it may make after these, `further_usd` is what they
    cost at most, None where that is not known.
    """

    specs: tuple[tuple[str, int], ...]
    models: tuple[str, ...]
    trials: int
    to_ask: int
    recorded: int
    prompt_tokens: int
    askers: tuple[tuple[Provider | None, str, str], ...]
    usd: float
    unpriced: int
    without_price: tuple[tuple[str, str], ...]
    unbounded: int
    unrecorded: int = 0
    outlook: tuple[str, ...] = ()
    further: int = 0
    further_usd: float | None = 0.0

    @property
    def asked(self) -> tuple[tuple[str, str], ...]:
        """(provider, model) of the calls to make."""
        return tuple(dict.fromkeys((name, model) for _, name, model in self.askers))

    @property
    def providers(self) -> tuple[str, ...]:
        """The names of the providers that will be asked."""
        return tuple(dict.fromkeys(name for name, _ in self.asked))

    def planned(self, workers: int) -> Planned:
        """The same as whoever listens to a run is told of it."""
        usd = None if self.unpriced else self.usd
        return Planned(self.specs, self.models, self.trials, self.to_ask, self.recorded, workers, usd, self.unrecorded)


NOTHING = Forecast((), (), 0, 0, 0, 0, (), 0.0, 0, (), 0)


def forecast_of(plan: Iterable[Trial], kept: Kept, settings: Settings, tariff: Tariff) -> Forecast:
    """The plan in numbers. Raises NothingToMeasure where it has no trials."""
    trials, to_ask, recorded, unrecorded, cost = 0, 0, 0, 0, _Cost()
    specs: dict[str, int] = {}
    models: dict[str, None] = {}
    askers: dict[tuple[Provider | None, str, str], None] = {}
    without_price: dict[tuple[str, str], None] = {}
    for trial, is_recorded in _looked_up(plan, kept, settings.fresh_since):
        trials += 1
        specs[trial.spec.name] = specs.get(trial.spec.name, 0) + 1
        models.setdefault(trial.model.name)
        request = trial.request
        if request is None:
            continue
        if is_recorded:
            recorded += 1
        elif settings.offline:
            unrecorded += 1
        else:
            to_ask += 1
            askers.setdefault((trial.provider, request.provider, request.model))
            if not cost.add(request, tariff):
                without_price.setdefault((trial.spec.name, f"{request.provider}/{request.model}"))
    if not trials:
        raise NothingToMeasure("no case is selected", "loosen -k, --tag, --limit or --failed")
    return Forecast(
        specs=tuple(specs.items()),
        models=tuple(models),
        trials=trials,
        to_ask=to_ask,
        recorded=recorded,
        prompt_tokens=cost.prompt_tokens,
        askers=tuple(askers),
        usd=cost.usd,
        unpriced=cost.unpriced,
        without_price=tuple(without_price),
        unbounded=cost.unbounded,
        unrecorded=unrecorded,
    )


def _looked_up(plan: Iterable[Trial], kept: Kept, since: float) -> Iterator[tuple[Trial, bool]]:
    """The trials, and whether the reply to each is recorded."""
    trials = iter(plan)
    while batch := list(islice(trials, _BATCH)):
        known = kept.known([trial.question for trial in batch if trial.question], since)
        for trial in batch:
            yield trial, trial.question is not None and trial.question.key in known
