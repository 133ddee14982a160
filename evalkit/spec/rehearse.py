"""Every case put into every template and every scorer made, before anything is asked."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from evalkit import templates
from evalkit.errors import CheckError, TemplateError, TemplateMistake, UserError
from evalkit.records.problem import Place, Problem
from evalkit.records.spec import Case, Check, History, Message, Spec
from evalkit.spec.prune import Pruning
from evalkit.spec.render import Binder, render_messages, scope_of
from evalkit.spec.seen import Seen, fingerprint
from evalkit.spec.stream import CaseStream

LONGEST_ID = 500  # characters


@dataclass(frozen=True, slots=True)
class Rehearsed:
    """What a rehearsal found: problems, the names under which checks are metrics, and how many cases there are."""

    problems: list[Problem]
    labels: frozenset[str]
    cases: int


class _Named(NamedTuple):
    """A case by its number in its spec."""

    number: int
    id: str
    place: Place


def rehearse(spec: Spec, pruning: Pruning) -> Rehearsed:
    """The problems that only show when cases meet templates and scorers.

    `pruning` tells what was taken out of the spec before, and must not be missed now.
    """
    assert isinstance(spec.cases, CaseStream)
    stage = _Stage(spec, spec.cases, pruning)
    problems: list[Problem] = []
    ids, again = Seen(), list[_Named]()
    for number, case in enumerate(spec.cases.checked()):
        if isinstance(case, Problem):
            problems.append(case)
            continue
        if len(case.id) > LONGEST_ID:
            problems.append(Problem(case.place, f"the id has more than {LONGEST_ID} characters", "an id is a name"))
            case = replace(case, id=case.id[:LONGEST_ID])
        elif ids.times(fingerprint(case.id)) > 1:
            again.append(_Named(number, case.id, case.place))
        stage.play(case)
    problems += _same_ids(spec.cases, again)
    if not ids and not problems and pruning.is_nothing and spec.cases.is_whole:
        problems.append(Problem(Place(spec.file), f"the spec `{spec.name}` has no cases", "add one under `cases:`"))
    return Rehearsed([*problems, *stage.problems(), *stage.about_scopes()], frozenset(stage.labels), len(ids))


def _same_ids(cases: CaseStream, again: Collection[_Named]) -> Iterator[Problem]:
    """Problems of the cases whose ids seem to have been there before; the first ones are looked for only now."""
    wanted = {second.id for second in again}
    first: dict[str, _Named] = {}
    for number, case in enumerate(cases.checked() if again else ()):
        if isinstance(case, Case) and case.id in wanted:
            first.setdefault(case.id, _Named(number, case.id, case.place))
    for second in again:
        if first[second.id].number < second.number:
            help = f"the first is at {first[second.id].place}"
            yield Problem(second.place, f"two cases are called `{second.id}`", help)


@dataclass(slots=True)
class _Found:
    """Problems of cases: one that many cases share is said once, with the first case and how many there are."""

    seen: dict[tuple[Place, str], tuple[Problem, str, int]] = field(default_factory=dict)

    def add(self, problem: Problem, case: Case | None) -> None:
        """A problem of a case, or of all cases alike."""
        key = (problem.place, problem.message)
        first, name, count = self.seen.get(key, (problem, case.id if case else "", 0))
        self.seen[key] = (first, name, count + 1)

    def problems(self) -> list[Problem]:
        return [
            replace(problem, message=f"{problem.message} ({_cases(name, count)})") if name else problem
            for problem, name, count in self.seen.values()
        ]


def _cases(first: str, count: int) -> str:
    return f"in case `{first}`" if count == 1 else f"in {count:,} cases, the first is `{first}`"


class _Stage:
    """Renders and binds, case by case."""

    def __init__(self, spec: Spec, cases: CaseStream, pruning: Pruning) -> None:
        self.labels: set[str] = set()
        self._found = _Found()
        self._checks = cases.checks
        self._pruning = pruning
        self._binder = Binder()
        self._variants = [v for v in spec.variants if any(map(_is_template, v.messages))]
        self._rules = [rule for rule in spec.gate if rule.is_scoped]
        self._matched = Counter[int]()
        self._is_gated_by_score = any(rule.metrics for rule in spec.gate)

    def play(self, case: Case) -> None:
        """Note what is wrong with one case."""
        for variant in self._variants:
            with self._noting(case, lambda error: error.place):
                render_messages(variant, case)
        for check in case.checks:
            self._bind(check, case)
        for number, rule in enumerate(self._rules):
            with self._noting(case, lambda error: error.place):
                self._matched[number] += scope_of(rule, case) is not None
        self._about_checks(case)

    def problems(self) -> list[Problem]:
        """What was noted."""
        return self._found.problems()

    def about_scopes(self) -> Iterator[Problem]:
        """A problem for each rule that is about no case at all."""
        for number, rule in enumerate(self._rules):
            if rule.where and not self._matched[number] and self._pruning.is_nothing and not self._found.seen:
                yield Problem(rule.places["where"], "`where` holds for no case", "loosen it, or take the rule out")

    def _bind(self, check: Check, case: Case) -> None:
        self.labels.add(check.label)
        with self._noting(case, lambda error: self._checks.place_of_name(check, error.name)):
            try:
                self._binder.bound(check, case)
            except CheckError as error:
                place = self._checks.place_in(error.check or check, error.where)
                self._found.add(Problem(place, str(error), error.help), None if check.is_static else case)

    @contextmanager
    def _noting(self, case: Case, place_of: Callable[[TemplateError], Place | None]) -> Iterator[None]:
        try:
            yield
        except TemplateError as error:
            if isinstance(error, TemplateMistake) or (error.name and self._pruning.took_variables):
                return  # it was complained about already
            self._found.add(Problem(place_of(error) or case.place, error.message, error.help), case)
        except UserError as error:
            self._found.add(Problem(case.place, error.message, error.help), case)

    def _about_checks(self, case: Case) -> None:
        if not case.checks and not self._pruning.took_checks:
            self._found.add(Problem(case.place, "the case expects nothing", "add a check under `expect:`"), case)
        elif (
            case.checks
            and not (self._is_gated_by_score or self._pruning.took_checks)
            and all(check.is_advisory for check in case.checks)
        ):
            message = "every check is advisory, so the case cannot fail"
            help = "take `advisory` from one of them, or give the gate a rule on a metric"
            self._found.add(Problem(case.place, message, help), case)


def _is_template(message: Message | History) -> bool:
    return isinstance(message, History) or templates.is_template(message.content)
