"""One run from settings to exit code: load, plan, ask, archive, decide. The only loop over trials."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path

from evalkit import catalog
from evalkit.decide.gate import exit_code
from evalkit.engine.archive import Archive, find_run, new_run_id, point_at, read_run, write_info
from evalkit.engine.attempts import Policy
from evalkit.engine.caller import Caller
from evalkit.engine.plan import Plan, Selection
from evalkit.engine.pool import Pool, stopping_on_signals
from evalkit.engine.replies import ReplyStore
from evalkit.engine.trial import Performer
from evalkit.errors import NothingToMeasure
from evalkit.providers.interface import Provider
from evalkit.records.event import Ended, Event, Finished, Planned, Stopping
from evalkit.records.result import Outcome, Result
from evalkit.records.run import RunInfo, SpecInfo, StoredRun
from evalkit.settings import Settings
from evalkit.spec.load import load
from evalkit.version import __version__

Hear = Callable[[Event], None]


@dataclass(frozen=True, slots=True)
class Forecast:
    """What a plan will ask: trials of each spec, calls to make, calls recorded, tokens of the prompts (about)."""

    specs: tuple[tuple[str, int], ...]
    models: tuple[str, ...]
    trials: int
    to_ask: int
    recorded: int
    prompt_tokens: int
    providers: tuple[str, ...]


class Session:
    """One run. `hear` is told what happens; it is called from one thread at a time."""

    def __init__(self, settings: Settings, hear: Hear = lambda event: None) -> None:
        self._settings = settings
        self._hear = hear
        self._hearing = threading.Lock()
        self._stop = threading.Event()
        self._provider = lru_cache(lambda name: catalog.provider(name, settings))

    def forecast(self) -> Forecast:
        """The plan in numbers; nothing is asked."""
        plan = self._plan()
        store = ReplyStore(self._settings.state / "replies.db")
        try:
            return _forecast(plan, store, self._settings)
        finally:
            store.close()

    def run(self, command: str = "evalkit run") -> StoredRun:
        """Ask what is not recorded, score everything, keep it in a folder. Raises UserError before any call."""
        plan = self._plan()
        store = ReplyStore(self._settings.state / "replies.db")
        try:
            forecast = _forecast(plan, store, self._settings)
            self._make_ready(forecast)
            return self._performed(plan, store, forecast, command)
        finally:
            store.close()

    def _plan(self) -> Plan:
        settings = self._settings
        specs = load(settings)
        only = _failed_in(find_run(settings.reports, settings.failed_of)) if settings.failed_of else None
        selection = Selection(settings.keyword, settings.tags, settings.limit, only)
        return Plan(specs, selection, settings, self._provider)

    def _make_ready(self, forecast: Forecast) -> None:
        if not self._settings.offline:
            for name in forecast.providers:
                self._provider(name).ready()

    def _performed(self, plan: Plan, store: ReplyStore, forecast: Forecast, command: str) -> StoredRun:
        settings, begun = self._settings, time.monotonic()
        info = _begun(plan, forecast, command)
        archive = Archive(settings.out or settings.reports / info.id, info)
        workers = _workers(settings, forecast, self._provider)
        policy = Policy(settings.attempts, settings.deadline, self._stop, self._tell)
        performer = Performer(Caller(store, self._provider, settings, policy))
        self._tell(
            Planned(forecast.specs, forecast.models, forecast.trials, forecast.to_ask, forecast.recorded, workers)
        )
        with stopping_on_signals(self._stop, lambda: self._hear(Stopping())):
            for result in self._wanted(Pool(performer.perform, workers, self._stop).run(plan)):
                archive.add(result)
                self._tell(Finished(result))
        self._tell(Ended())
        run = archive.finish(
            replace(
                info,
                state="interrupted" if self._stop.is_set() else "finished",
                seconds=round(time.monotonic() - begun, 3),
            )
        )
        return self._decided(run)

    def _wanted(self, results: Iterator[Result]) -> Iterator[Result]:
        """All results but of trials that were given up because the run is stopped: they were not begun."""
        for result in results:
            if not (result.error and result.error.kind == "interrupted"):
                yield result

    def _decided(self, run: StoredRun) -> StoredRun:
        info = run.info
        code = exit_code(info.columns, was_interrupted=info.state == "interrupted")
        run = replace(run, info=replace(info, exit_code=int(code)))
        write_info(run.folder, run.info)
        if self._settings.out is None:
            point_at(self._settings.reports, info.id)
        return run

    def _tell(self, event: Event) -> None:
        with self._hearing:
            self._hear(event)


def _forecast(plan: Plan, store: ReplyStore, settings: Settings) -> Forecast:
    trials, to_ask, recorded, characters = 0, 0, 0, 0
    specs: dict[str, int] = {}
    models: dict[str, None] = {}
    providers: dict[str, None] = {}
    for trial in plan:
        trials += 1
        specs[trial.spec.name] = specs.get(trial.spec.name, 0) + 1
        models.setdefault(trial.model.name)
        if trial.question is None or trial.request is None:
            continue
        if not settings.fresh and store.has(trial.question):
            recorded += 1
        else:
            to_ask += 1
            characters += sum(len(message.content) for message in trial.request.messages)
            providers.setdefault(trial.request.provider)
    if not trials:
        raise NothingToMeasure("no case is selected", "loosen -k, --tag, --limit or --failed")
    return Forecast(tuple(specs.items()), tuple(models), trials, to_ask, recorded, characters // 4, tuple(providers))


def _begun(plan: Plan, forecast: Forecast, command: str) -> RunInfo:
    asked = {name for name, _ in forecast.specs}
    return RunInfo(
        id=new_run_id(),
        started=datetime.now(UTC).isoformat(timespec="seconds"),
        version=__version__,
        command=command,
        specs=tuple(SpecInfo(s.name, s.file, s.digest, s.gate) for s in plan.specs if s.name in asked),
        planned=forecast.trials,
    )


def _workers(settings: Settings, forecast: Forecast, provider: Callable[[str], Provider]) -> int:
    """As many threads as can be busy: at most the settings', the trials, and what the providers can take."""
    capacities = [provider(name).capacity for name in forecast.providers]
    useful = sum(c for c in capacities if c is not None) if None not in capacities else settings.workers
    return max(1, min(settings.workers, forecast.trials, useful or 4))


def _failed_in(folder: Path) -> frozenset[tuple[str, str]]:
    run = read_run(folder)
    wanted = frozenset((r.spec, r.case) for r in run.results() if r.outcome in (Outcome.FAILED, Outcome.ERRORED))
    if not wanted:
        raise NothingToMeasure(f"no case failed in {folder.name}", "evalkit run specs/")
    return wanted
