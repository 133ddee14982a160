"""Finished runs compared without a call: one with another, or the columns of one."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import groupby

from evalkit.decide.beside import Matcher, side_by_side
from evalkit.decide.contest import Contest
from evalkit.decide.pairs import value_of
from evalkit.records.result import Column, Result

Draws = dict[Column, list[Result]]  # a case's results, by column


def compare_runs(
    before: Iterable[Result], now: Iterable[Result], contests: Iterable[Contest], rescored: Callable[[Result], Result]
) -> None:
    """Fill contests with the results of two runs, in plan order each; those of the baseline are scored anew."""
    by_spec: defaultdict[str, list[Contest]] = defaultdict(list)
    for contest in contests:
        by_spec[contest.column.spec].append(contest)
    matchers: defaultdict[str, Matcher] = defaultdict(Matcher)
    for ours, theirs in side_by_side(_by_case(now), _by_case(before)):
        spec = _first(ours or theirs or {}).spec
        if matchers[spec].meet(_named(ours), _named(theirs)) and ours and theirs:
            for contest in by_spec[spec]:
                former = [rescored(result) for result in theirs.get(contest.baseline, ())]
                _take(contest, former, ours.get(contest.column, []))
    for spec, known in by_spec.items():
        for contest in known:
            contest.matching = matchers[spec].matching(len(contest.pairs))
            contest.decide_once()


def compare_columns(results: Iterable[Result], contests: Iterable[Contest]) -> None:
    """Fill contests between columns of one run with its results, in plan order."""
    contests = list(contests)
    matchers = [Matcher() for _ in contests]
    for (_, case), draws in _by_case(results):
        for contest, matcher in zip(contests, matchers, strict=True):
            ours, theirs = draws.get(contest.column), draws.get(contest.baseline)
            if matcher.meet((case, "") if ours else None, (case, "") if theirs else None) and ours and theirs:
                _take(contest, theirs, ours)
    for contest, matcher in zip(contests, matchers, strict=True):
        contest.matching = matcher.matching(len(contest.pairs))
        contest.decide_once()


def _take(contest: Contest, before: list[Result], now: list[Result]) -> None:
    """One case that is in both. Where both sides have the very same replies, there is nothing to compare."""
    if not before and not now:
        return
    first = (now or before)[0]
    is_same = bool(before and now) and _recordings(before) == _recordings(now)
    if is_same and list(map(value_of, before)) == list(map(value_of, now)):
        contest.keep(first.case)
    else:
        contest.test(first.case, first.where, first.group)
        contest.rejudged += is_same
        for result in before:
            contest.add("baseline", result)
    for result in now:
        contest.add("candidate", result)


def _recordings(results: Iterable[Result]) -> list[object]:
    """What tells replies apart: one that is replayed keeps the seconds it once took. Errors are all different."""
    return [(r.reply.text, r.reply.seconds, r.reply.model, _asked(r)) if r.reply else object() for r in results]


def _asked(result: Result) -> object:
    requests = (call.request for call in result.calls)
    return [(request.provider, request.model, request.messages, request.params) for request in requests]


def _by_case(results: Iterable[Result]) -> Iterator[tuple[tuple[str, str], Draws]]:
    """The cases that were wanted, by (spec, case)."""
    for key, group in groupby(results, key=lambda result: (result.spec, result.case)):
        draws: Draws = {}
        for result in group:
            if not result.is_left_out:
                draws.setdefault(result.column, []).append(result)
        if draws:
            yield key, draws


def _first(draws: Mapping[Column, list[Result]]) -> Result:
    return next(iter(draws.values()))[0]


def _named(draws: Draws | None) -> tuple[str, str] | None:
    """(id, digest of its variables) of a case; the digest is "" where its id stands for them."""
    return (_first(draws).case, _first(draws).content) if draws else None
