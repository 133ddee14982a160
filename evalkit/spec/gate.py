"""The gate of a spec, and the metrics it derives; whether the names in them lead anywhere is known after all cases."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

from evalkit import templates
from evalkit.decide.derived import NO_NUMBER, derived_value
from evalkit.documents.nodes import Node
from evalkit.errors import TemplateError, did_you_mean
from evalkit.records.problem import Place, Problem
from evalkit.records.spec import Limit, Regression, Rule, Spec
from evalkit.spec.explain import NOT_YET
from evalkit.spec.parts import Complaints

# Metrics of the format that need a spec as a whole, and come later.
LATER_METRICS = ("accuracy", "macro_f1", "cohen_kappa", "corpus_bleu", "corpus_chrf", "corpus_ter", "win_rate")


def gate_of(root: Node, complain: Complaints) -> tuple[Rule, ...]:
    """The rules of a gate; none where there is none."""
    gate = root.get("gate")
    rules = tuple(_rule(node, complain) for node in gate.entries()) if gate else ()
    met: set[str] = set()
    for rule in rules:
        against = rule.regression.against if rule.regression else None
        if against in met:
            what = f"`{against}`" if against else "the baseline"
            complain(rule.places["regression"], f"two rules compare with {what}", "say all of it in one rule")
        met |= {against} if against is not None else set()
    return rules


def _rule(node: Node, complain: Complaints) -> Rule:
    def number(key: str) -> float | None:
        found = node.get(key)
        return float(found.value) if found else None

    where, each, metrics = node.get("where"), node.get("each"), node.get("metrics")
    if where:
        complain.about_expression(where)
    limits = metrics.own() if metrics else {}
    rule = Rule(
        pass_rate=number("pass_rate"),
        mean_score=number("mean_score"),
        p95_seconds=number("p95_seconds"),
        max_errors=int(number("max_errors") or 0),
        metrics={name: _limit(item, complain) for name, item in limits.items()},
        where=str(where.value) if where else "",
        each=str(each.value) if each else "",
        regression=_regression(node, complain),
        places=_places(node),
    )
    if set(node.own()) <= {"where", "each"}:
        complain(node.place, "a rule that asks for nothing", "name what must hold, for example `pass_rate: 0.9`")
    if each:
        complain.used.add(rule.each)
    return rule


def _places(rule: Node) -> dict[str, Place]:
    """Where the values of a rule's keys stand; metrics by their names, the other column as `regression.against`."""
    metrics, regression = rule.get("metrics"), rule.get("regression")
    against = regression.get("against") if regression else None
    return {
        **{key: item.place for key, item in rule.value.items()},
        **(metrics.keys if metrics else {}),
        **({"regression.against": against.place} if against else {}),
    }


def _regression(rule: Node, complain: Complaints) -> Regression | None:
    """What a rule says of a comparison, as far as it says something."""
    node = rule.get("regression")
    if node is None:
        return None
    scope = rule.get("where") or rule.get("each")
    if scope:
        complain(scope.place, "a regression is about all cases of a column", "make it a rule of its own")
    against = node.get("against")
    for key in ("method", "max_trials") if against else ():
        if found := node.get(key):
            help = "columns of one run are compared by their `trials`"
            complain(found.place, f"`{key}` buys draws for a comparison with a baseline, not with `against`", help)
    said = {key: item.value for key, item in node.own().items()}
    if "require" in said and not against:
        said.setdefault("method", "rounds")  # `confirm` can only clear what it never had to look at twice
    return Regression(**said)


def about_rivals(spec: Spec) -> Iterator[Problem]:
    """Problems of rules that compare the columns of one run: with a variant or model that is not there, or is alone."""
    names = {name for name in (*(m.name for m in spec.models), *(v.name for v in spec.variants)) if name}
    for rule in spec.gate:
        against = rule.regression.against if rule.regression else ""
        if against and against not in names:
            help = did_you_mean(against, names)
            yield Problem(rule.places["regression.against"], f"there is no variant or model `{against}`", help)
        elif against and len(spec.models) * len(spec.variants) == 1:
            help = "a second prompt under `prompts`, or a second `model`, could be"
            yield Problem(rule.places["regression.against"], f"nothing is there to be compared with `{against}`", help)


def _limit(node: Node, complain: Complaints) -> Limit:
    if not isinstance(node.value, dict):
        return Limit(low=float(node.value))
    low, high = node.get("min"), node.get("max")
    if low and high and low.value > high.value:
        complain(node.place, f"`min` {low.text} is above `max` {high.text}", "nothing lies between them")
    return Limit(float(low.value) if low else None, float(high.value) if high else None)


def metrics_of(root: Node, complain: Complaints) -> dict[str, str]:
    """The derived metrics: expressions by name, in their order."""
    metrics = root.get("metrics")
    if metrics is None:
        return {}
    apart = Complaints()  # the names in these are metrics, not variables
    for node in metrics.own().values():
        apart.about_expression(node)
    complain.problems += apart.problems
    return {name: str(node.value) for name, node in metrics.own().items()}


def about_metrics(spec: Spec, labels: Collection[str], places: Mapping[str, Place]) -> Iterator[Problem]:
    """Problems of the metrics that a spec names, when `labels` are those its checks give.

    `places` tells where the derived ones stand.
    """
    known = set(labels)
    for name, expression in spec.metrics.items():
        if name in labels:
            yield Problem(places[name], f"the checks already give a metric `{name}`", "choose another name")
        try:
            read = templates.check_expression(expression)
        except TemplateError:
            continue
        missing = sorted(read - known)
        for each in missing:
            further_down = f"it is defined further down; move `{each}` above `{name}`" if each in spec.metrics else ""
            message, help = _no_metric(each, known)
            yield Problem(places[name], message, further_down or help)
        if not missing and derived_value(expression, _some_values(read)) == NO_NUMBER:
            yield Problem(places[name], f"`{name}` is no number", "write a formula: 2 * p * r / (p + r)")
        known.add(name)
    for rule in spec.gate:
        for name, limit in rule.metrics.items():
            if name not in known:
                yield Problem(rule.places[name], *_no_metric(name, known))
            elif name in labels:
                yield from _about_limit(name, limit, rule.places[name])


def _some_values(names: Collection[str]) -> dict[str, float]:
    """A value for each metric, no two equal, to see what kind of thing a formula gives."""
    return {name: 1 / (number + 2) for number, name in enumerate(sorted(names))}


def _about_limit(name: str, limit: Limit, place: Place) -> Iterator[Problem]:
    """A problem where no mean of a check's values could miss the limit, or none could reach it."""
    low, high = limit.low or 0.0, 1.0 if limit.high is None else limit.high
    if low <= 0 and high >= 1:
        help = "write a floor above 0, or a `max` below 1"
        yield Problem(place, f"`{name}` is from 0 to 1, so the limit can never fail", help)
    elif low > 1 or high < 0:
        help = f"{low:g} % is {low / 100:g}" if 1 < low <= 100 else "write a share: 80 % is 0.8"
        yield Problem(place, f"`{name}` is from 0 to 1, so the limit can never hold", help)


def _no_metric(name: str, known: Collection[str]) -> tuple[str, str]:
    if name in LATER_METRICS:
        return f"the metric `{name}` is not in this version yet", NOT_YET
    return f"no metric is called `{name}`", did_you_mean(name, known) or "a check's `name:` makes one"
