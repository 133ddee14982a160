"""Specs as they are against the specs as they were: which columns differ, and what both arms are asked, in turns."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from itertools import count, product

from evalkit.decide.beside import Matcher, columns_beside, side_by_side
from evalkit.decide.contest import Contest, Stage
from evalkit.decide.settle import settled, share_out
from evalkit.engine.plan import Trial
from evalkit.engine.side import Asked, Asks, Side, columns_of
from evalkit.errors import NothingToMeasure
from evalkit.records.comparison import Comparison
from evalkit.records.result import Column, Result, WantedBy
from evalkit.records.spec import Case, Check, Regression, Spec
from evalkit.spec.render import filled

Rules = Callable[[Spec], Regression]
_Asked = tuple[Case, Asks]  # a case, and what each column asks of it


class Duel:
    """Both arms of a run: `next` gives trials to perform, `add` takes what came of them, until `next` gives None.

    Only specs that differ are asked: in a request, in a check, in their cases or in their gate. `unchanged` names the
    others, `new` and `gone` those that only one side has. The argument `others` counts comparisons between columns.
    """

    def __init__(self, candidate: Side, baseline: Side, rules: Rules, others: int = 0) -> None:
        self._candidate = candidate
        self._baseline = baseline
        self._rules = rules
        self._contests: dict[Column, Contest] = {}
        self._against: dict[Column, Contest] = {}  # the same by their baseline's column
        self.numbered = 0  # trials of the stages before that only the comparison wanted
        self._is_begun = False
        ours, theirs = candidate.specs, baseline.specs
        self.new = tuple(name for name in ours if name not in theirs)
        self.gone = tuple(name for name in theirs if name not in ours)
        self.unchanged = tuple(
            name for name, spec in ours.items() if name in theirs and not self._is_changed(spec, theirs[name])
        )
        self.asked = tuple(spec for name, spec in ours.items() if name not in self.unchanged)
        if not self._contests and not any(each[1] for spec in self.asked for each in candidate.cases(spec)):
            raise NothingToMeasure("no case is selected", "loosen -k or --tag; a case that is skipped is not asked")
        self._others = others
        share_out(list(self._contests.values()), others)

    @property
    def contests(self) -> tuple[Contest, ...]:
        """The columns that have a baseline, in their order."""
        return tuple(self._contests.values())

    def next(self) -> _Stage | None:
        """What to ask next, all of which must be added before this is called again; None when all is decided."""
        is_first, self._is_begun = not self._is_begun, True
        stages = {column: stage for column, each in self._contests.items() if (stage := each.next_stage())}
        return _Stage(self, stages, is_first=is_first) if stages or is_first else None

    def further(self, trial: Trial) -> int:
        """How many draws may follow a trial in its arm; 0 unless it is the first that counts."""
        is_former = trial.arm == "baseline"
        contest = (self._against if is_former else self._contests).get(trial.column)
        if contest is None or trial.draw > 1 or not contest.is_tested or trial.case.id not in contest.pairs:
            return 0
        own = 0 if is_former else trial.case.trials.count
        return max(0, contest.most_draws - max(own, contest.first_stage.last))

    def add(self, result: Result) -> None:
        """What came of a trial, of either arm."""
        is_former = result.arm == "baseline"
        contest = (self._against if is_former else self._contests).get(result.column)
        if contest:
            contest.add("baseline" if is_former else "candidate", result)

    def comparisons(self, *, is_strict: bool = False) -> tuple[Comparison, ...]:
        """What came of all columns."""
        return settled(self.contests, self._others, is_strict=is_strict)

    def _is_changed(self, spec: Spec, former: Spec) -> bool:
        """Lay the cases of both side by side; whether anything differs."""
        ours_by_name, matcher = columns_of(spec), Matcher()
        beside = columns_beside(ours_by_name, columns_of(former))
        contests = {ours: Contest(ours, theirs, self._rules(spec)) for ours, theirs in beside.items()}
        is_judged_otherwise = (spec.gate, spec.metrics) != (former.gate, former.metrics)
        for ours, theirs in self._met(spec, former):
            ours, theirs = ours and _wanted(ours), theirs and _wanted(theirs)
            if not matcher.meet(ours and _named(ours[0]), theirs and _named(theirs[0])) or not ours or not theirs:
                continue
            case, has_same_checks = ours[0], _checks(ours[0]) == _checks(theirs[0])
            is_judged_otherwise |= case.trials != theirs[0].trials
            for column, contest in contests.items():
                if has_same_checks and _is_same(ours[1][column], theirs[1][contest.baseline]):
                    contest.keep(case.id)
                else:
                    contest.test(case.id, case.place, case.group)
        for column, contest in contests.items():
            contest.matching = matcher.matching(len(contest.pairs), is_cut=self._candidate.is_cut)
            if not contest.is_about_nothing:
                self._contests[column] = self._against[contest.baseline] = contest
        is_other = any(contest.pairs for contest in contests.values()) or not _is_whole(contests.values())
        return is_other or is_judged_otherwise or len(contests) != len(ours_by_name)

    def _met(self, spec: Spec, former: Spec | None) -> Iterator[tuple[_Asked | None, _Asked | None]]:
        ours = ((each[0].id, each) for each in self._candidate.cases(spec))
        theirs = ((each[0].id, each) for each in self._baseline.cases(former)) if former else ()
        return side_by_side(ours, theirs)

    def trials(self, stages: Mapping[Column, Stage], *, is_first: bool) -> Iterator[Trial]:
        """Those of a stage, not numbered: of each case and column first the candidate's, then the baseline's."""
        specs_with_stages = {column.spec for column in stages}
        for spec in self.asked:
            if is_first or spec.name in specs_with_stages:
                for ours, theirs in self._met(spec, self._baseline.specs.get(spec.name)):
                    if ours:
                        yield from self._of_case(spec, ours, theirs, stages if theirs else {}, is_first)

    def _of_case(
        self, spec: Spec, ours: _Asked, theirs: _Asked | None, stages: Mapping[Column, Stage], is_first: bool
    ) -> Iterator[Trial]:
        case, asks = ours
        if case.skip and is_first:
            yield from (
                Trial(0, spec, case, model, variant, 1) for model, variant in product(spec.models, spec.variants)
            )
        for column, asked in asks.items():
            for draw in range(1, len(asked.own) + 1) if is_first else ():
                yield self._trial(spec, case, asked, draw, "")
            contest = self._contests.get(column)
            if theirs and contest and column in stages and contest.wants(case.id, stages[column]):
                other = theirs[1][contest.baseline]
                for draw in stages[column].draws:
                    if draw > len(asked.own):
                        yield self._trial(spec, case, asked, draw, "candidate")
                    yield self._trial(spec, case, other, draw, "baseline")

    def _trial(self, spec: Spec, case: Case, asked: Asked, draw: int, arm: WantedBy) -> Trial:
        request, question = asked.numbered(draw)
        provider = self._baseline.plan.provider(request.provider) if arm == "baseline" else None
        return Trial(0, spec, case, asked.model, asked.variant, draw, request, question, provider, arm)


class _Stage:
    """The trials of a stage, numbered; can be gone through again."""

    def __init__(self, duel: Duel, stages: Mapping[Column, Stage], *, is_first: bool) -> None:
        self._duel = duel
        self._stages = stages
        self._is_first = is_first
        self._numbered = duel.numbered

    def __iter__(self) -> Iterator[Trial]:
        own, others = count(), count(self._numbered)
        for trial in self._duel.trials(self._stages, is_first=self._is_first):
            yield replace(trial, index=next(others if trial.arm else own))
        self._duel.numbered = next(others)


def _is_whole(contests: Iterable[Contest]) -> bool:
    """Whether both sides have the same cases."""
    return all(contest.matching.is_whole for contest in contests)


def _wanted(asked: _Asked) -> _Asked | None:
    """A case, unless the user skips it."""
    return None if asked[0].skip else asked


def _named(case: Case) -> tuple[str, str]:
    return case.id, case.content


def _is_same(ours: Asked, theirs: Asked) -> bool:
    """Whether the same reaches the same model."""
    mine, other = ours.question, theirs.question
    return (mine.provider, mine.model, mine.body) == (other.provider, other.model, other.body)


def _checks(case: Case) -> list[Check]:
    """The checks of a case with everything in its place, as they are applied."""
    return [filled(check, case) for check in case.checks]
