"""Two arms written as words: what the tables of this folder share.

A word is a case as `baseline>candidate`, its letters are draws: P passed, F failed, E errored, N has no recording.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from evalkit.decide.contest import Contest, Stage
from evalkit.records.comparison import Arm, Matching
from evalkit.records.problem import Place
from evalkit.records.result import Column, Result
from evalkit.records.spec import Regression
from tests.decide.results import results

COLUMN = Column("spec", "echo/x")
PLACE = Place("spec.yaml", 7)


def contest_of(words: str, rule: Regression | None = None, same: int = 0, matching: Matching | None = None) -> Contest:
    """A contest of which no draw is in yet: a tested case for each word, and so many that are the same in both arms."""
    cases = list(_cases(words))
    contest = Contest(COLUMN, COLUMN, rule or Regression())
    for case, _ in cases:
        contest.test(case, PLACE, "")
    for number in range(same):
        contest.keep(f"same-{number}")
    contest.matching = matching or Matching(len(cases) + same, len(cases))
    return contest


def fill(contest: Contest, words: str, stage: Stage) -> None:
    """Give a contest the draws of a stage, as the words have them."""
    for case, arms in _cases(words):
        if stage.cases is None or case in stage.cases:
            for arm, letters in arms.items():
                for draw in range(stage.first, stage.last + 1):
                    contest.add(arm, _result(case, draw, letters[draw - 1]))


def played(words: str, rule: Regression | None = None, same: int = 0) -> tuple[Contest, list[Stage]]:
    """A contest to its end, with the stages it asked for; cases that are the same in both arms pass."""
    contest, stages = contest_of(words, rule, same), []
    for number in range(same):
        contest.add("candidate", _result(f"same-{number}", 1, "P"))
    while stage := contest.next_stage():
        stages.append(stage)
        fill(contest, words, stage)
    return contest, stages


def _cases(words: str) -> Iterator[tuple[str, Mapping[Arm, str]]]:
    for number, word in enumerate(words.split()):
        before, now = word.split(">")
        yield f"case-{number}", {"baseline": before, "candidate": now}


def _result(case: str, draw: int, letter: str) -> Result:
    (result,) = results(letter)
    return replace(result, case=case, draw=draw)
