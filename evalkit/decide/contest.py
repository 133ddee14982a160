"""One column against its baseline: which draws to ask for next, and what came of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from evalkit.decide.looks import Decision, Levels, Look, after_round, at_first, confirmed, of_level
from evalkit.decide.pairs import Pair, missing, value_of
from evalkit.records.comparison import Arm, BaselineKind, Comparison, ComparisonVerdict, Interval, Matching, Movement
from evalkit.records.problem import Place
from evalkit.records.result import Column, Result
from evalkit.records.spec import Regression
from evalkit.stats.paired import discordance, effect_interval, population_interval
from evalkit.stats.power import needed_trials, reach

LEAST_MATCHED = 0.5  # of the candidate's cases
MOST_MISSING = 0.05  # of the matched cases may lack a draw in an arm
_MOST_SERVED = 10  # names of served models that are kept


@dataclass(frozen=True, slots=True)
class Stage:
    """Draws to ask for in both arms, from `first` to `last`: of these cases, or of all that are tested (None)."""

    first: int
    last: int
    cases: frozenset[str] | None = None

    @property
    def draws(self) -> range:
        """The numbers of its draws."""
        return range(self.first, self.last + 1)


@dataclass(slots=True)
class Contest:
    """A column against its baseline. `pairs` are the tested cases by id. Matched cases that differ in nothing count in
    both rates, and in no test; `matching` says what became of the others.

    Results are added as they come; `next_stage` says what else to ask for, once all of a stage are in.
    """

    column: Column
    baseline: Column
    rule: Regression
    kind: BaselineKind = "revision"
    gates: bool = True
    matching: Matching = field(default_factory=Matching)
    level: float = 0.0
    rejudged: int = 0  # tested cases with the same replies on both sides, scored by other checks
    pairs: dict[str, Pair] = field(default_factory=dict)
    _same: dict[str, list[float]] = field(default_factory=dict)  # the candidate's values
    _served: tuple[dict[str, None], dict[str, None]] = field(default_factory=lambda: ({}, {}))
    _unrecorded: int = 0
    _spent: Counter[str] = field(default_factory=Counter)
    _usd: float = 0.0
    _stages: list[Stage] = field(default_factory=list)
    _decision: Decision | None = None

    def __post_init__(self) -> None:
        self.level = self.level or self.rule.alpha

    def test(self, case: str, where: Place, group: str) -> None:
        """A matched case that differs in something."""
        self.pairs[case] = Pair(case, where, group)

    def keep(self, case: str) -> None:
        """A matched case that differs in nothing."""
        self._same[case] = []

    @property
    def is_about_nothing(self) -> bool:
        """Whether neither side has a case."""
        return not self.matching.candidates and not self.matching.gone

    def add(self, arm: Arm, result: Result) -> None:
        """One trial more; those of cases that are not matched change nothing."""
        self._count_calls(result)
        value, pair = value_of(result), self.pairs.get(result.case)
        if pair is None:
            if value is not None and result.case in self._same:
                self._same[result.case].append(value)
            return
        if result.error is not None and result.error.kind == "budget":
            return  # not bought, whatever it would have given: that is no reason to doubt what was
        pair.add(arm, result.draw, value)
        self._unrecorded += result.error is not None and result.error.kind in ("unrecorded", "left_out")
        served = self._served[arm == "candidate"]
        if result.reply and result.reply.model and len(served) < _MOST_SERVED:
            served.setdefault(result.reply.model)

    def _count_calls(self, result: Result) -> None:
        """What a trial took that only the comparison wanted."""
        for call in result.calls if result.arm else ():
            is_fresh = call.origin == "fresh"
            self._spent["bought" if is_fresh else "replayed"] += 1
            if is_fresh and call.reply:
                self._usd += call.reply.usd or 0.0
                self._spent["unpriced"] += call.reply.usd is None

    @property
    def is_tested(self) -> bool:
        """Whether anything that reaches a model or a score differs, and enough of it can be compared."""
        return bool(self.pairs) and not self._is_apart

    @property
    def _is_apart(self) -> bool:
        matched = self.matching.matched
        return not matched or matched < LEAST_MATCHED * self.matching.candidates

    @property
    def _bought(self) -> list[Pair]:
        """The tested cases with a draw in each arm, or with one that is missing."""
        return [pair for pair in self.pairs.values() if pair.before and pair.now]

    @property
    def _margin(self) -> float:
        """The margin among the tested cases: all others differ by nothing."""
        return self.rule.margin * (1 + len(self._same) / max(1, len(self._bought)))

    @property
    def _levels(self) -> Levels:
        return Levels(self.rule.alpha, self.level)

    @property
    def most_draws(self) -> int:
        """The draws of a case in an arm that it may come to."""
        return self.rule.max_trials + (self.rule.method == "confirm")

    def wants(self, case: str, stage: Stage) -> bool:
        """Whether a stage is about a case."""
        return case in self.pairs and (stage.cases is None or case in stage.cases)

    def next_stage(self) -> Stage | None:
        """What to ask for next; None when it is decided, or nothing is to be found out."""
        if not self.is_tested or self._decision:
            return None
        stage = self.first_stage if not self._stages else self._after(self._stages[-1])
        if stage:
            self._stages.append(stage)
        return stage

    @property
    def first_stage(self) -> Stage:
        """What is asked for first."""
        return Stage(1, self.rule.max_trials if self.rule.method == "fixed" else 1)

    def _after(self, last: Stage) -> Stage | None:
        """The next stage after one that is in; None, and a decision, when there is none."""
        if self.rule.method == "fixed":
            self._decision = of_level(Look(self.pairs.values()), self._margin, self._levels)
            return None
        if self.rule.method == "rounds":
            rounds = (last.last, self.rule.max_trials)
            self._decision = after_round(Look(self.pairs.values()), self._margin, self._levels, rounds)
            return None if self._decision else Stage(last.last + 1, last.last + 1)
        first = Look(self.pairs.values(), {1})
        if last.first == 1:
            self._decision = at_first(first, self._margin, self._levels)
            differing = frozenset(case for case, pair in self.pairs.items() if pair.differs(1))
            return None if self._decision else Stage(2, 1 + self.rule.max_trials, differing)
        second = Look(self.pairs.values(), last.draws)
        self._decision = confirmed(first, second, self.level)
        return None

    def decide_once(self) -> None:
        """Decide on what there is, where no draws can be bought."""
        if self.is_tested:
            self._decision = of_level(Look(self.pairs.values()), self._margin, self._levels)

    @property
    def adjustable_p(self) -> float | None:
        """The p value that is to be adjusted for the other columns; None where the level was shared out before."""
        if self.rule.method != "fixed" or self._decision is None:
            return None
        return Look(self.pairs.values()).most_p

    def comparison(self, adjusted_p: float | None = None) -> Comparison:
        """What came of it, with the p value adjusted for the other columns where there is one."""
        verdict, reason = self._verdict(adjusted_p)
        found = Comparison(
            column=self.column,
            baseline=self.baseline,
            rule=self.rule,
            verdict=verdict,
            reason=reason,
            kind=self.kind,
            gates=self.gates,
            matching=self.matching,
            level=self.level,
            p=self._decision.p if self._decision else None,
            second_p=self._decision.second_p if self._decision else None,
            worse=self._moved(-1),
            better=self._moved(1),
            flaky=sum(pair.is_flaky for pair in self.pairs.values()),
            draws=_many_draws(self.pairs.values()),
            missing=missing(self.pairs.values()),
            unrecorded=self._unrecorded,
            rejudged=self.rejudged,
            bought=self._spent["bought"],
            replayed=self._spent["replayed"],
            unpriced=self._spent["unpriced"],
            usd=self._usd,
            served=(tuple(self._served[0]), tuple(self._served[1])),
        )
        return self._with_rates(found)

    def _verdict(self, adjusted_p: float | None) -> tuple[ComparisonVerdict, str]:
        """The verdict, and why where it says nothing by itself."""
        if self._is_apart:
            matched, candidates = self.matching.matched, self.matching.candidates
            if not candidates:
                return "cannot judge", "none of its cases is asked"
            return "cannot judge", f"only {matched} of its {candidates} cases are in the baseline with the same content"
        if not self.pairs:
            return "unchanged", ""
        bought = self._bought
        lacking = sum(pair.movement() is None for pair in bought)
        if lacking > MOST_MISSING * (len(bought) + len(self._same)) or (bought and lacking == len(bought)):
            why = "no recording" if self._unrecorded else "a draw without a verdict"
            return "cannot judge", f"{lacking} of its {self.matching.matched} matched cases have {why} on a side"
        if not bought:
            return "cannot judge", "nothing was bought of it"
        if self._decision is None:
            return "cannot judge", "the run ended before it was decided"
        return self._decided(self._decision.verdict, adjusted_p)

    def _decided(self, verdict: ComparisonVerdict, adjusted_p: float | None) -> tuple[ComparisonVerdict, str]:
        bought = len(self._bought)
        if self.rule.method == "confirm" and len(self._stages) > 1:
            second = [pair for pair in self.pairs.values() if len(pair.before) > 1 and len(pair.now) > 1]
            if not second:
                return "undecided", "the budget bought no second look"
            if not Look(second, self._stages[-1].draws).draws:
                return "cannot judge", "its further draws have no verdict on a side"
        if verdict == "regressed" and adjusted_p is not None and adjusted_p > self.rule.alpha:
            return "undecided", "its p value would do for one column, not for several"
        if bought < len(self.pairs):
            return verdict, f"the budget bought {bought} of its {len(self.pairs)} tested cases"
        return verdict, ""

    @property
    def _estimating(self) -> frozenset[int] | None:
        """The draws that tell how large the change is; None for all.

        Those of the second look of `confirm` do not: it leaves out the cases that are alike by luck.
        """
        return frozenset({1}) if self.rule.method == "confirm" and len(self._stages) > 1 else None

    def _moved(self, side: int) -> tuple[Movement, ...]:
        """The cases that moved to one side at the draws that tell how large the change is, with all they drew."""
        moved = []
        for pair in self.pairs.values():
            told, whole = pair.movement(self._estimating), pair.movement()
            if told and whole and side * told.change > 0:
                moved.append(whole)
        return tuple(sorted(moved, key=lambda movement: (-side * movement.change, movement.case)))

    def _with_rates(self, found: Comparison) -> Comparison:
        """The numbers that need values in both arms."""
        moved = [move for pair in self.pairs.values() if (move := pair.movement(self._estimating))]
        same = {case: sum(values) / len(values) for case, values in self._same.items() if values}
        before = [*same.values(), *(movement.before / movement.before_draws for movement in moved)]
        now = [*same.values(), *(movement.now / movement.now_draws for movement in moved)]
        if not before:
            return found
        found = replace(found, before=sum(before) / len(before), now=sum(now) / len(now))
        if not moved:
            return replace(found, effect=0.0)
        draws, share = Look(self.pairs.values(), self._estimating).draws, len(moved) / len(before)
        effect, low, high = effect_interval(draws, len(same), found.confidence)
        groups = [self.pairs[movement.case].group or movement.case for movement in moved]
        of_population = population_interval(
            [movement.change for movement in moved] + [0.0] * len(same), [*groups, *same], found.confidence
        )
        pairs = discordance(draws)
        apart = (pairs.worse + pairs.better) / pairs.trials
        margin = self.rule.margin / share
        return replace(
            found,
            effect=effect,
            interval=Interval(low, high),
            population=Interval(min(low, of_population[0]), max(high, of_population[1])),
            reach=reach(apart, pairs.trials, self.level) * share,
            more=max(0, needed_trials(apart, margin, self.rule.alpha) - round(pairs.trials)) if margin < 1 else None,
        )


def _many_draws(pairs: Iterable[Pair]) -> tuple[int, int]:
    before = now = 0
    for pair in pairs:
        before += sum(value is not None for value in pair.before.values())
        now += sum(value is not None for value in pair.now.values())
    return before, now
