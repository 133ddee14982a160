"""How many builds turn red through the whole command: where nothing got worse, and where something did."""

from __future__ import annotations

import json
import shutil
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from statistics import fmean

import pytest
from scipy.stats import binom

from evalkit.records.result import Outcome
from tests.projects import Project
from tests.repositories import committed

pytestmark = [pytest.mark.prove, pytest.mark.skipif(shutil.which("git") is None, reason="there is no git")]


@dataclass(frozen=True)
class Kind:
    """Some cases of the suite, and how often their replies are right: mostly, and when the prompt says one of these."""

    name: str
    cases: int
    rate: float
    hastily: float  # 10 points of the whole suite less, from all cases that ever pass
    briefly: float  # the same from five cases, which are broken for good


KINDS = (
    Kind("steady", 20, 1.0, 0.89, 1.0),
    Kind("fragile", 5, 1.0, 0.89, 0.0),
    Kind("good", 15, 0.9, 0.79, 0.9),
    Kind("wavering", 6, 0.5, 0.39, 0.5),
    Kind("hopeless", 4, 0.0, 0.0, 0.0),
)
HASTILY, BRIEFLY = "hastily", "briefly"


def script() -> Iterator[str]:
    """The model: what it replies to each kind of case. The first rule that fits answers."""
    for kind in KINDS:
        for rate, words in ((kind.hastily, HASTILY), (kind.briefly, BRIEFLY), (kind.rate, "")):
            reply = f"{{one_of: [{{p: {rate}, reply: 'yes'}}, {{p: {1 - rate:.2f}, reply: 'no'}}]}}"
            yield f"- {{when: {{contains: {kind.name}, regex: '{words}'}}, reply: {reply}}}\n"


def spec(prompt: str) -> str:
    """The suite, with a prompt; without a gate, so that the comparison alone decides."""
    cases = "".join(
        f"  - {{id: {kind.name}-{number}, vars: {{word: {kind.name}}}}}\n"
        for kind in KINDS
        for number in range(kind.cases)
    )
    return (
        f"model: scripted/replies.yaml\nprompt: '{prompt} {{{{ word }}}}'\nexpect: {{equals: 'yes'}}\ncases:\n{cases}"
    )


@dataclass(frozen=True)
class Build:
    """What one comparison came to. `falls` are the cases that passed before and fail now, by the first draw of each."""

    code: int
    verdict: str
    draws: tuple[int, int]
    falls: int


def builds(project: Project, count: int, how: str = "") -> Iterator[Build]:
    """`count` commits with a prompt that was never asked, each with a candidate that says it in other words."""
    project.write("replies.yaml", "".join(script()))
    for number in range(count):
        committed(project, f"prompt {number}", a=spec(f"Prompt {number} about"))
        project.write("a.yaml", spec(f"Prompt {number} {how} in other words about"))
        ran = project.evalkit("run", "a.yaml", "--against", "HEAD", "--json")
        assert ran.code in (0, 1), ran.err
        (found,) = json.loads(ran.out)["comparisons"]
        yield Build(ran.code, found["verdict"], (found["draws"][0], found["draws"][1]), falls(project))


def falls(project: Project) -> int:
    """How many cases of the last run passed at the commit and fail now: what makes a build of most tools red."""
    run = project.latest()
    before = {each.case: each.outcome for each in run.read_others() if (each.arm, each.draw) == ("baseline", 1)}
    now = {each.case: each.outcome for each in run.results()}
    return sum((before[case], now[case]) == (Outcome.PASSED, Outcome.FAILED) for case in now)


def told(what: str, found: list[Build]) -> None:
    """Say what came of them on standard output, with -s or when a test fails."""
    red, fallen = (fmean(share) for share in ((b.code == 1 for b in found), (b.falls > 0 for b in found)))
    before, now = (fmean(draws) for draws in zip(*(build.draws for build in found), strict=True))
    print(f"{what}: {red:.1%} of {len(found)} builds red ({fallen:.1%} if any fall were)", end="; ")
    print(f"{dict(Counter(b.verdict for b in found))}; {before:.1f} and {now:.1f} calls an arm")


def test_rewordings_that_change_nothing_turn_one_build_in_twenty_red_at_most(project: Project) -> None:
    """So many as an event of 5 % exceeds once in 1,000 times; a gate that takes any fall is red nearly always."""
    found = list(builds(project, 200))
    told("nothing changed", found)
    assert sum(build.code == 1 for build in found) <= binom.isf(0.001, 200, 0.05)
    assert {build.code for build in found} == {0, 1}
    assert sum(build.falls > 0 for build in found) >= 180


@pytest.mark.parametrize(
    ("how", "share"),
    [(HASTILY, 0.65), (BRIEFLY, 0.99)],  # what `confirm` alone finds in 2,000 simulated suites of these rates
)
def test_a_drop_of_ten_points_is_found_as_often_as_the_method_can(project: Project, how: str, share: float) -> None:
    drop = sum(kind.cases * (kind.rate - getattr(kind, how)) for kind in KINDS) / sum(kind.cases for kind in KINDS)
    assert drop == pytest.approx(0.1, abs=0.002)
    found = list(builds(project, 100, how))
    told(f"10 points less, {how}", found)
    assert sum(build.code == 1 for build in found) >= binom.isf(0.999, 100, share)
