"""Every case put into every template and every scorer made, before anything is asked."""

from __future__ import annotations

from dataclasses import dataclass, field

from evalkit import templates
from evalkit.errors import CheckError, TemplateError, UserError
from evalkit.records.problem import Place, Problem
from evalkit.records.spec import Case, Check, Spec, Variant
from evalkit.spec.cases import CaseStream
from evalkit.spec.render import Binder, render_messages


@dataclass(slots=True)
class _Found:
    """Problems of cases: one that many cases share is said once, with the first case and how many there are."""

    seen: dict[tuple[Place, str], tuple[Problem, str, int]] = field(default_factory=dict)

    def add(self, problem: Problem, case: Case) -> None:
        key = (problem.place, problem.message)
        first, name, count = self.seen.get(key, (problem, case.id, 0))
        self.seen[key] = (first, name, count + 1)

    def problems(self) -> list[Problem]:
        return [
            Problem(p.place, f"{p.message} ({_cases(name, count)})", p.help) for p, name, count in self.seen.values()
        ]


def _cases(first: str, count: int) -> str:
    return f"in case `{first}`" if count == 1 else f"in {count} cases, the first is `{first}`"


def rehearse(spec: Spec) -> list[Problem]:
    """The problems that only show when cases meet templates and scorers."""
    found, problems = _Found(), list[Problem]()
    stage = _Stage(spec, found)
    ids: dict[str, Place] = {}
    count = 0
    for case in spec.cases.checked() if isinstance(spec.cases, CaseStream) else spec.cases:
        if isinstance(case, Problem):
            problems.append(case)
            continue
        count += 1
        if case.id in ids:
            problems.append(Problem(case.place, f"two cases are called `{case.id}`", f"the first is at {ids[case.id]}"))
        ids.setdefault(case.id, case.place)
        stage.play(case)
    if not count and not problems:
        problems.append(Problem(Place(spec.file), f"the spec `{spec.name}` has no cases", "add one under `cases:`"))
    return problems + found.problems()


class _Stage:
    """Renders and binds, case by case."""

    def __init__(self, spec: Spec, found: _Found) -> None:
        self._spec = spec
        self._found = found
        self._binder = Binder()
        self._templated = [v for v in spec.variants if any(templates.is_template(m.content) for m in v.messages)]

    def play(self, case: Case) -> None:
        """Note what is wrong with one case."""
        for variant in self._templated:
            self._ask(variant, case)
        for check in case.checks:
            self._score(check, case)
        if not case.checks:
            self._found.add(Problem(case.place, "the case expects nothing", "add a check under `expect:`"), case)
        elif all(check.is_advisory for check in case.checks):
            message = "every check is advisory, so the case cannot fail"
            self._found.add(Problem(case.place, message, "take `advisory` from one of them"), case)

    def _ask(self, variant: Variant, case: Case) -> None:
        try:
            render_messages(variant, case)
        except TemplateError as error:
            self._found.add(Problem(error.place or case.place, error.message, error.help), case)

    def _score(self, check: Check, case: Case) -> None:
        try:
            self._binder.bound(check, case)
        except TemplateError as error:
            self._found.add(Problem(error.place or check.place, error.message, error.help), case)
        except (CheckError, UserError) as error:
            self._found.add(Problem(check.place, str(error)), case)
