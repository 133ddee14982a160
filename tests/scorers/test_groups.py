"""not, any_of, all_of, average: three-valued logic, and nothing found beside it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import product
from typing import Any

import pytest

from evalkit.records.result import Score
from tests.scorers.judging import judge, refusal, verdict

REPLY = '"yes"'
PASSES: dict[str, Any] = {"contains": "yes"}
FAILS: dict[str, Any] = {"contains": "no"}
FINDS_NOTHING: dict[str, Any] = {"number": 5}
BREAKS: dict[str, Any] = {"json_schema": {"$ref": "#/x-a", "x-a": {"$ref": "#/x-b"}}}
PARTS = {"P": PASSES, "F": FAILS, "N": FINDS_NOTHING, "E": BREAKS}
LOST = "the schema refers to what is not there: /x-b"
NO_NUMBER = 'no number in ""yes""'

Decides = Callable[[tuple[bool, ...]], bool]


def letter_of(score: Score) -> str:
    """P passed, F failed, E errored, N nothing found to judge."""
    if score.passed is None:
        return "E"
    return "P" if score.passed else "F" if score.is_found else "N"


def expected(letters: tuple[str, ...], decides: Decides) -> str:
    """What a group must say: an error may turn out either way; what found nothing has failed, but proves no fail."""
    sayings = {decides(world) for world in worlds(letters, either="E")}
    if sayings == {False}:
        return "N" if any(decides(world) for world in worlds(letters, either="EN")) else "F"
    return "P" if sayings == {True} else "E"


def worlds(letters: tuple[str, ...], either: str) -> Iterator[tuple[bool, ...]]:
    """Every way in which the parts that may be `either` could have come out."""
    return product(*([True, False] if letter in either else [letter == "P"] for letter in letters))


def table(decides: Decides, counts: tuple[int, ...], **group: Any) -> tuple[dict[str, str], dict[str, str]]:
    """What a group says of every combination of parts, and what it must say."""
    found, wanted = {}, {}
    for letters in (letters for count in counts for letters in product("PFEN", repeat=count)):
        check = {name: value([PARTS[letter] for letter in letters]) for name, value in group.items()}
        name = "".join(letters)
        found[name] = letter_of(judge(check, REPLY))
        wanted[name] = expected(letters, decides)
        found[f"not {name}"] = letter_of(judge({"not": check}, REPLY))
        wanted[f"not {name}"] = {"P": "F", "F": "P"}.get(wanted[name], wanted[name])
    return found, wanted


def test_each_part_is_what_it_is_called() -> None:
    assert {letter: letter_of(judge(part, REPLY)) for letter, part in PARTS.items()} == {name: name for name in "PFNE"}


def test_not_turns_passes_and_fails_round_and_nothing_else() -> None:
    assert verdict({"not": PASSES}, REPLY) == ("failed", 'must not hold: contains contains "yes"')
    assert verdict({"not": FAILS}, REPLY) == ("passed", "contains does not hold")
    assert verdict({"not": FINDS_NOTHING}, REPLY) == ("nothing", NO_NUMBER)
    assert verdict({"not": BREAKS}, REPLY) == ("errored", LOST)
    assert verdict({"not": {"not": FINDS_NOTHING}}, REPLY) == ("nothing", NO_NUMBER)
    assert verdict({"not": {"not": BREAKS}}, REPLY) == ("errored", LOST)


def test_any_of_over_every_combination() -> None:
    found, wanted = table(any, (1, 2, 3), any_of=list)
    assert found == wanted


@pytest.mark.parametrize("least", [1, 2, 3])
def test_at_least_over_every_combination(least: int) -> None:
    found, wanted = table(lambda world: sum(world) >= least, (3,), any_of=list, at_least=lambda parts: least)
    assert found == wanted


def test_all_of_over_every_combination() -> None:
    found, wanted = table(all, (1, 2, 3), all_of=list)
    assert found == wanted


@pytest.mark.parametrize(("least", "weights"), [(0.5, (1, 1, 1)), (0.7, (1, 2, 7)), (1.0, (1, 1, 1)), (0.3, (3, 1, 0))])
def test_average_over_every_combination(least: float, weights: tuple[int, ...]) -> None:
    def weighed(parts: list[dict[str, Any]]) -> list[dict[str, Any]]:
        return [{**part, "weight": weight} for part, weight in zip(parts, weights, strict=True)]

    def reaches(world: tuple[bool, ...]) -> bool:
        total = sum(weight for holds, weight in zip(world, weights, strict=True) if holds)
        return total / sum(weights) >= least - 1e-9

    found, wanted = table(reaches, (3,), average=weighed, min=lambda parts: least)
    assert found == wanted


@pytest.mark.parametrize(
    ("check", "word", "reason"),
    [
        ({"any_of": [FAILS, PASSES]}, "passed", 'contains contains "yes"'),
        ({"any_of": [FAILS, BREAKS]}, "errored", f'contains: expected "no", found ""yes""; json_schema: {LOST}'),
        ({"any_of": [FAILS, FINDS_NOTHING]}, "nothing", f'contains: expected "no", found ""yes""; number: {NO_NUMBER}'),
        ({"all_of": [PASSES, PASSES]}, "passed", "all 2 hold"),
        ({"all_of": [PASSES, FAILS, BREAKS]}, "failed", 'contains: expected "no", found ""yes""'),
        ({"all_of": [PASSES, BREAKS]}, "errored", f"json_schema: {LOST}"),
        ({"all_of": [PASSES, {"any_of": [FAILS], "name": "either"}]}, "failed", None),
        ({"all_of": [{**FAILS, "name": "polite"}]}, "failed", 'polite: expected "no", found ""yes""'),
        ({"not": {"all_of": [PASSES, {"not": FAILS}]}}, "failed", "must not hold: all_of all 2 hold"),
    ],
)
def test_a_group_says_which_parts_decided_it(check: dict[str, Any], word: str, reason: str | None) -> None:
    assert verdict(check, REPLY) == (word, reason or 'either: contains: expected "no", found ""yes""')


def test_an_average_is_the_one_place_of_partial_credit() -> None:
    check = {"average": [{**PASSES, "weight": 3}, FAILS], "min": 0.7}
    score = judge(check, REPLY)
    assert (score.passed, score.value, score.reason) == (True, 0.75, "has a mean of 0.75")
    score = judge({**check, "min": 0.8}, REPLY)
    assert (score.passed, score.value, score.reason) == (False, 0.75, "expected a mean of 0.8, found 0.75")
    score = judge({"average": [PASSES, BREAKS], "min": 0.8}, REPLY)
    assert (score.passed, score.value, score.reason) == (None, None, f"json_schema: {LOST}")


def test_a_group_keeps_the_scores_of_its_parts() -> None:
    score = judge({"any_of": [FAILS, {**PASSES, "name": "agrees"}], "name": "either"}, REPLY)
    assert (score.scorer, score.name) == ("any_of", "either")
    assert [(part.scorer, part.name, letter_of(part)) for part in score.parts] == [
        ("contains", "contains", "F"),
        ("contains", "agrees", "P"),
    ]


def test_a_part_extracts_for_itself() -> None:
    check = {"all_of": [{"equals": "a", "path": "x"}, {"equals": 1, "path": "n"}, {"contains": "{"}]}
    assert verdict(check, '{"x": "a", "n": 1}') == ("passed", "all 3 hold")


def test_a_group_of_a_check_of_no_use_is_refused() -> None:
    assert refusal({"any_of": [PASSES, {"not": {"contains": ""}}]}) == (
        "`contains` has an empty text, which every reply would pass"
    )
    assert refusal({"any_of": [PASSES, FAILS], "at_least": 3}) == "3 of 2 checks can never hold"
