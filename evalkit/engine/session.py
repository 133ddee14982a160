"""One run from settings to exit code: load, plan, ask, archive, decide. The only loop over trials."""

from __future__ import annotations

import threading
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager, nullcontext
from dataclasses import replace
from datetime import UTC, datetime
from functools import lru_cache
from itertools import chain
from pathlib import Path

from evalkit import catalog
from evalkit.decide.counts import case_outcome
from evalkit.decide.findings import Findings
from evalkit.decide.gate import exit_code
from evalkit.engine.archive import Archive, find_run, new_run_id, point_at, read_run, stopped, write_info
from evalkit.engine.attempts import Policy
from evalkit.engine.budget import Budget, about_unpriced, caps_of, most_usd
from evalkit.engine.caller import Caller
from evalkit.engine.commands import about_export, commands_that_record, never_recorded
from evalkit.engine.cores import on_one_core
from evalkit.engine.env_file import with_keys_of_env_file
from evalkit.engine.forecast import NOTHING, Forecast, forecast_of
from evalkit.engine.kept import Kept, kept_for
from evalkit.engine.plan import Plan, Selection, Trial
from evalkit.engine.pool import Pool, stopping_on_signals
from evalkit.engine.provenance import provenance_of, with_packages
from evalkit.engine.trial import Performer
from evalkit.engine.work import OneArm, Work
from evalkit.errors import Exit, NothingToMeasure, UserError
from evalkit.price_list import PriceList
from evalkit.prices import Tariff
from evalkit.providers.interface import Provider
from evalkit.providers.vendors import keys_in
from evalkit.records.event import Ended, Event, Finished, Noted, Stopping, Waiting, Warned
from evalkit.records.result import Column, Outcome, Result
from evalkit.records.run import RunInfo, RunState, SpecInfo, StoredRun
from evalkit.records.spec import Spec
from evalkit.secrets import redact
from evalkit.settings import Settings
from evalkit.spec.load import Loaded, load
from evalkit.template_guard import guarded
from evalkit.version import __version__

Hear = Callable[[Event], None]
_Stage = tuple[Iterable[Trial], Forecast]


class Session:
    """One run. `hear` is told what happens, from one thread at a time; `loaded` are the specs where they were read.

    Raises UserError where there is a `.env` that cannot be used.
    """

    def __init__(self, settings: Settings, hear: Hear = lambda event: None, loaded: Loaded | None = None) -> None:
        self._settings = settings = with_keys_of_env_file(settings)
        self._hear = hear
        self._loaded = loaded
        self._hearing = threading.Lock()
        self._stop = threading.Event()
        self._provider = lru_cache(lambda name: catalog.provider(name, settings))
        self._tariff = Tariff(settings.prices, PriceList(settings.state / "prices.json"))

    def forecast(self) -> Forecast:
        """The plan in numbers; nothing is asked."""
        with self.prepared() as (plan, kept), self._work(plan) as work:
            forecast = self._forecast(work, kept)
            from evalkit.engine.outlook import further_of, outlook_of  # a run needs no outlook

            further = further_of(work, self._tariff)
            outlook = tuple(outlook_of(work, forecast, self._settings))
            return replace(forecast, outlook=outlook, further=further.calls, further_usd=further.usd)

    def run(self, command: str = "evalkit run") -> StoredRun:
        """Ask what is not recorded, score everything, keep it in a folder. Raises UserError before any call."""
        with self.prepared() as (plan, kept), self._work(plan) as work:
            forecast = self._forecast(work, kept)
            about_unpriced(caps_of(self._settings, plan.specs), forecast.without_price)
            self._make_ready(forecast, kept)
            return self._performed(work, kept, forecast, command)

    @contextmanager
    def prepared(self) -> Iterator[tuple[Plan, Kept]]:
        """The plan and what is kept, as long as they are needed."""
        with guarded(self._settings.no_code):
            plan = self._plan()
            with kept_for(self._settings) as kept:
                for note in kept.store.notes:
                    self._tell(Noted(note))
                yield plan, kept

    def _plan(self) -> Plan:
        settings = self._settings
        loaded = self._loaded or load(settings)
        if loaded.problems:
            self._tell(Warned(loaded.problems))
        only = _failed_in(find_run(settings.reports, settings.failed_of)) if settings.failed_of else None
        selection = Selection(settings.keyword, settings.tags, settings.limit, only)
        return Plan(loaded.specs, selection, settings, self._provider)

    def _work(self, plan: Plan) -> AbstractContextManager[Work]:
        """What is to be done with a plan: its trials, or those of two arms."""
        if not self._settings.against:
            return nullcontext(OneArm(plan))
        from evalkit.engine.against import against  # most runs are compared with nothing

        return against(plan, self._provider)

    def _forecast(self, work: Work, kept: Kept) -> Forecast:
        if not work.specs:
            return NOTHING  # two arms that differ in nothing
        return forecast_of(work.first, kept, self._settings, self._tariff)

    def _make_ready(self, forecast: Forecast, kept: Kept) -> None:
        if forecast.to_ask and kept.store.why_read_only:
            raise kept.store.why_read_only
        for provider, name, model in forecast.askers:
            (provider or self._provider(name)).ready(model)

    def _performed(self, work: Work, kept: Kept, forecast: Forecast, command: str) -> StoredRun:
        settings, begun, keys = self._settings, time.monotonic(), keys_in(self._settings.environ)
        info, findings = _begun(work, forecast, settings, redact(command, keys)), Findings(keys)
        folder = settings.out or settings.reports / info.id
        budget = Budget(self._tariff, caps_of(settings, work.specs), self._stop)
        policy = Policy(settings.attempts, settings.deadline, self._stop, self._tell)
        caller = Caller(kept, self._provider, settings, policy, budget)
        stages = chain([(work.first, forecast)], self._stages(work, kept, caller))
        with (
            Archive(folder, info, keys) as archive,
            closing(self._results(stages, caller)) as results,
        ):
            for result in results:
                findings.add(result)
                archive.add(result)
                work.add(result)
                if archive.trouble:
                    caller.stop_asking(archive.trouble)
                self._tell(Finished(result))
            state: RunState = "interrupted" if self._stop.is_set() else "finished"
            info = replace(
                info,
                state=state,
                seconds=round(time.monotonic() - begun, 3),
                paces=caller.paces.history(),
                notes=tuple(redact(note, keys) for note in _notes(budget, findings, kept, work)),
                provenance=with_packages(info.provenance, {"genai-prices": self._tariff.listed.used}),
            )
            run = archive.finish(stopped(info, caller.trouble))
        return self._decided(run, work)

    def _stages(self, work: Work, kept: Kept, caller: Caller) -> Iterator[_Stage]:
        """The stages after the first, each when the one before is in.

        What a later one lacks, a key for example, stops the asking, not the run.
        """
        while (trials := work.next()) is not None:
            forecast = forecast_of(trials, kept, self._settings, self._tariff)
            try:
                self._make_ready(forecast, kept)
            except UserError as error:
                caller.stop_asking(error)
            yield trials, forecast

    def _results(self, stages: Iterable[_Stage], caller: Caller) -> Generator[Result]:
        """All results as they come, but of trials that were given up because the run is stopped."""
        perform = Performer(caller).perform

        def stopping() -> None:
            caller.paces.release()
            self._tell(Stopping())

        try:
            with stopping_on_signals(self._stop):
                for trials, forecast in stages:
                    workers = _workers(self._settings, forecast, self._provider)
                    self._tell(forecast.planned(workers))
                    pool = Pool(perform, workers, self._stop, stopping)
                    with _cores(forecast, self._provider):
                        yield from (r for r in pool.run(trials) if not (r.error and r.error.kind == "interrupted"))
                    if self._stop.is_set():
                        break
        except BaseException:
            self._stop.set()  # nothing more may be asked when nobody takes the results
            raise
        finally:
            caller.paces.release()
            self._tell(Ended())

    def _decided(self, run: StoredRun, work: Work) -> StoredRun:
        run = work.concluded(run)
        info = run.info
        code = exit_code(info.columns, info.state, info.comparisons)
        if code is Exit.OK and self._settings.require and not any(each.kind != "column" for each in info.comparisons):
            code = Exit.NO_VERDICT  # it was to be shown that nothing got worse, and nothing was compared
        lacking = _lacking(info, work.specs)
        never = never_recorded(lacking, self._settings)
        record = commands_that_record(self._settings, info.baseline) if lacking - never.keys() else ()
        notes = (*info.notes, *never.values(), *(about_export(self._settings, info.baseline) if record else ()))
        run = replace(run, info=replace(info, exit_code=int(code), notes=notes, record=record))
        try:
            write_info(run.folder, run.info)
        except UserError as error:
            info = stopped(run.info, error)
            run = replace(run, info=replace(info, exit_code=int(exit_code(info.columns, info.state, info.comparisons))))
        if self._settings.out is None:
            point_at(self._settings.reports, info.id)
        return run

    def _tell(self, event: Event) -> None:
        if isinstance(event, Waiting):  # what it waits for is told in a server's words
            event = replace(event, why=redact(event.why, keys_in(self._settings.environ)))
        with self._hearing:
            self._hear(event)


def _notes(budget: Budget, findings: Findings, kept: Kept, work: Work) -> Iterator[str]:
    for source in (budget.notes(), findings.notes(), kept.store.notes, work.notes()):
        yield from source


def _lacking(info: RunInfo, specs: Iterable[Spec]) -> set[tuple[str, str]]:
    """The models, (provider, id), of columns with trials that have no recording."""
    columns = {(each.column.spec, each.column.model) for each in info.columns if each.trials.unrecorded}
    columns |= {(each.column.spec, each.column.model) for each in info.comparisons if each.unrecorded}
    models = ((spec.name, model) for spec in specs for model in spec.models)
    return {(model.provider, model.id) for spec, model in models if (spec, model.name) in columns}


def _begun(work: Work, forecast: Forecast, settings: Settings, command: str) -> RunInfo:
    asked = {name for name, _ in forecast.specs}
    return RunInfo(
        id=new_run_id(),
        started=datetime.now(UTC).isoformat(timespec="seconds"),
        version=__version__,
        command=command,
        specs=tuple(
            SpecInfo(s.name, s.file, s.digest, s.gate, s.metrics, work.compared.get(s.name, ()))
            for s in work.specs
            if s.name in asked
        ),
        planned=forecast.trials,
        provenance=provenance_of(settings.root, settings.environ),
        max_usd=most_usd(caps_of(settings, work.specs), asked),
        baseline=work.baseline,
    )


def _workers(settings: Settings, forecast: Forecast, provider: Callable[[str], Provider]) -> int:
    """As many threads as can be busy: at most the settings', the trials, and what the providers can take.

    None where all is recorded: nothing waits for a model then. A scorer of a plug-in may wait for something else.
    """
    if not forecast.to_ask:
        return min(settings.workers, forecast.trials) if catalog.has_plugged_scorers() else 0
    capacities = [provider(name).capacity for name in forecast.providers]
    useful = sum(c for c in capacities if c is not None) if None not in capacities else settings.workers
    return max(1, min(settings.workers, forecast.trials, useful))


def _cores(forecast: Forecast, provider: Callable[[str], Provider]) -> AbstractContextManager[None]:
    """One core for threads that only wait for servers; programs, models and plugged-in scorers may want them all."""
    only_wait = all(provider(name).capacity is None for name in forecast.providers)
    return on_one_core() if forecast.to_ask and only_wait and not catalog.has_plugged_scorers() else nullcontext()


def _failed_in(folder: Path) -> frozenset[tuple[str, str]]:
    """(spec, case) of all that should have passed in a run and did not, in any column."""
    draws: defaultdict[tuple[Column, str, int], Counter[Outcome]] = defaultdict(Counter)
    for result in read_run(folder).results():
        if not result.is_left_out:
            draws[result.column, result.case, result.needed][result.outcome] += 1
    wanted = frozenset(
        (column.spec, case)
        for (column, case, needed), outcomes in draws.items()
        if case_outcome(outcomes, needed) is not Outcome.PASSED
    )
    if not wanted:
        raise NothingToMeasure(f"no case failed in {folder.name}", "evalkit run specs/")
    return wanted
