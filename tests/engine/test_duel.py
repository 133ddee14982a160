"""Specs against what they were at a commit: who is asked what, how often, and what comes of it."""

from __future__ import annotations

import shutil
from collections import Counter
from dataclasses import replace
from typing import Any

import pytest

from evalkit.engine.session import Session
from evalkit.errors import NothingToMeasure, UserError
from evalkit.records.comparison import Comparison, Matching
from evalkit.records.event import Event, Finished
from evalkit.records.run import StoredRun
from tests.projects import Project
from tests.repositories import committed, git

pytestmark = pytest.mark.skipif(shutil.which("git") is None, reason="there is no git")

SCRIPT = """
- {when: {contains: Refuse}, reply: "no"}
- {when: {contains: Waver}, reply: {one_of: [{p: 0.5, reply: "yes"}, {p: 0.5, reply: "no"}]}}
- {reply: "yes"}
"""


def spec(prompt: str, *words: str, more: str = "", expect: str = "{equals: 'yes'}") -> str:
    """A spec of the scripted model with a case for each word, which is its id."""
    cases = "".join(f"  - {{id: {word}, vars: {{word: {word}}}}}\n" for word in words)
    return f'model: scripted/data/replies.yaml\nprompt: "{prompt}"\nexpect: {expect}\n{more}\ncases:\n{cases}'


WORDS = tuple(f"w{number}" for number in range(60))


@pytest.fixture
def scripted(project: Project) -> Project:
    """A project whose model says yes, unless it is told otherwise."""
    project.write("data/replies.yaml", SCRIPT)
    return project


def against(project: Project, *paths: str, **settings: Any) -> StoredRun:
    """A run compared with the last commit."""
    return project.session(*paths, **{"against": "HEAD", **settings})


def only(run: StoredRun) -> Comparison:
    """The one comparison of a run."""
    (found,) = run.info.comparisons
    return found


def asked(run: StoredRun) -> Counter[str]:
    """How many trials each side wanted."""
    return Counter(result.arm for result in (*run.results(), *run.read_others()))


@pytest.mark.parametrize(
    ("prompt", "verdict", "code"),
    [("Kindly say {{ word }}", "no worse", 0), ("Refuse {{ word }}", "regressed", 1)],
)
def test_a_reworded_prompt_is_asked_in_both_arms_and_the_second_time_in_neither(
    scripted: Project, prompt: str, verdict: str, code: int
) -> None:
    committed(scripted, a=spec("Say {{ word }}", *WORDS))
    scripted.write("a.yaml", spec(prompt, *WORDS))
    first, second = against(scripted), against(scripted)
    for run, bought, replayed in ((first, 60, 0), (second, 0, 60)):
        found = only(run)
        assert (found.verdict, run.info.exit_code) == (verdict, code)
        assert (found.bought, found.replayed, found.draws) == (bought, replayed, (60, 60))
        (column,) = run.info.columns
        assert (column.spending.fresh, column.spending.replayed) == (bought, replayed)


def test_only_specs_that_differ_are_asked(scripted: Project) -> None:
    committed(scripted, a=spec("Say {{ word }}", "x", "y"), b=spec("Tell {{ word }}", "x"))
    scripted.write("a.yaml", spec("Kindly say {{ word }}", "x", "y"))
    run = against(scripted)
    assert [(found.column.spec, found.verdict) for found in run.info.comparisons] == [
        ("a", "no alarm"),
        ("b", "unchanged"),
    ]
    assert [column.column.spec for column in run.info.columns] == ["a"]
    assert run.info.comparisons[1].now is None, "it was not asked"


def test_where_nothing_differs_nothing_is_asked_and_all_is_well(scripted: Project) -> None:
    committed(scripted, a=spec("Refuse {{ word }}", "x"))
    run = against(scripted)
    assert (only(run).verdict, run.info.exit_code, run.info.columns, list(run.results())) == ("unchanged", 0, (), [])


def test_comments_order_and_labels_differ_in_nothing(scripted: Project) -> None:
    committed(scripted, a=spec("Say {{ word }}", "x", "y"))
    scripted.write("a.yaml", "# new\ndescription: other\n" + spec("Say {{ word }}", "y", "x"))
    assert only(against(scripted)).verdict == "unchanged"


def test_cases_that_ask_the_same_are_asked_once_and_leave_the_test(scripted: Project) -> None:
    committed(scripted, a=spec("Say {{ word }}", *WORDS[:10]))
    scripted.write("a.yaml", spec("{% if word == 'w0' %}Refuse{% else %}Say{% endif %} {{ word }}", *WORDS[:10]))
    run = against(scripted)
    assert only(run).matching == Matching(matched=10, tested=1)
    assert asked(run)["baseline"] + asked(run)["candidate"] <= 1 + 2 * 5
    assert asked(run)[""] == 10
    assert (only(run).before, only(run).now) == (1.0, 0.9)


def test_cases_pair_by_id_and_content(scripted: Project) -> None:
    def case(name: str, word: str) -> str:
        return f"  - {{id: {name}, vars: {{word: {word}}}}}\n"

    head = spec("Say {{ word }}")
    before = "".join(case(*pair) for pair in (("same", "a"), ("old", "b"), ("other", "c"), ("gone", "d"), ("k", "e")))
    now = "".join(case(*pair) for pair in (("new", "f"), ("other", "x"), ("now", "b"), ("same", "a"), ("k", "e")))
    committed(scripted, a=head + before)
    scripted.write("a.yaml", (head + now).replace("Say", "Kindly say"))
    assert only(against(scripted)).matching == Matching(
        matched=2, tested=2, new=("new",), gone=("gone",), changed=("other",), renamed=(("old", "now"),)
    )


def test_when_most_cases_are_others_nothing_is_judged_and_no_baseline_bought(scripted: Project) -> None:
    committed(scripted, a=spec("Say {{ word }}", "x"))
    scripted.write("a.yaml", spec("Kindly say {{ word }}", "x", "y", "z"))
    run = against(scripted)
    assert (only(run).verdict, run.info.exit_code, asked(run)) == ("cannot judge", 3, Counter({"": 3}))


def test_both_arms_are_scored_by_the_checks_of_now(scripted: Project) -> None:
    """The old check fails every reply; by the new one both arms pass."""
    committed(scripted, a=spec("Say {{ word }}", *WORDS, expect="no"))
    scripted.write("a.yaml", spec("Kindly say {{ word }}", *WORDS))
    found = only(against(scripted))
    assert (found.before, found.now, found.verdict) == (1.0, 1.0, "no worse")


def test_a_check_that_changed_is_a_change(scripted: Project) -> None:
    committed(scripted, a=spec("Say {{ word }}", *WORDS))
    scripted.write("a.yaml", spec("Say {{ word }}", *WORDS, expect="{contains: 'yes'}"))
    assert only(against(scripted)).matching == Matching(matched=60, tested=60)


def test_a_spec_without_a_gate_is_judged_by_the_comparison_alone(scripted: Project) -> None:
    committed(scripted, a=spec("Refuse {{ word }}", *WORDS))
    scripted.write("a.yaml", spec("Refuse kindly {{ word }}", *WORDS))
    run = against(scripted)
    assert (only(run).verdict, only(run).now, run.info.exit_code) == ("no worse", 0.0, 0)
    assert scripted.session().info.exit_code == 1


def test_a_gate_that_is_written_holds_beside_the_comparison(scripted: Project) -> None:
    gate = "gate: {pass_rate: 0.5}"
    committed(scripted, a=spec("Refuse {{ word }}", *WORDS, more=gate))
    scripted.write("a.yaml", spec("Refuse kindly {{ word }}", *WORDS, more=gate))
    run = against(scripted)
    assert (only(run).verdict, run.info.exit_code) == ("no worse", 1)


@pytest.mark.parametrize(
    ("rule", "flags", "code"),
    [
        ("{margin: 0.2}", {}, 0),
        ("{require: no worse}", {}, 1),
        ("{}", {"require": "no worse"}, 1),
        ("{require: no worse, margin: 0.2}", {}, 0),
        ("{require: no worse}", {"margin": 0.2}, 0),
    ],
)
def test_the_gate_says_what_counts_as_worse_and_flags_stand_above_it(
    scripted: Project, rule: str, flags: dict[str, Any], code: int
) -> None:
    """Five cases, five rounds: 25 draws show that a drop of 20 points is not there, and none of 5."""
    more = f"gate: {{regression: {rule}}}"
    committed(scripted, a=spec("Say {{ word }}", *WORDS[:5], more=more))
    scripted.write("a.yaml", spec("Kindly say {{ word }}", *WORDS[:5], more=more))
    assert against(scripted, **flags).info.exit_code == code


def test_a_new_spec_is_judged_by_its_own_gate_and_a_gone_one_is_told(scripted: Project) -> None:
    committed(scripted, a=spec("Say {{ word }}", "x"), gone=spec("Say {{ word }}", "x"))
    (scripted.folder / "gone.yaml").unlink()
    scripted.write("new.yaml", spec("Refuse {{ word }}", "x"))
    run = against(scripted)
    assert run.info.exit_code == 1
    assert run.info.notes == ("Not in the baseline, judged by its gate: new.", "Only in the baseline: gone.")


def test_a_fresh_look_is_taken_at_the_cases_that_differed(scripted: Project) -> None:
    """Four cases waver, the others only ask otherwise: at most four differ at first, too few for an alarm at once."""
    committed(scripted, a=spec("Say {{ word }}", *WORDS[:12]))
    waver = "{% if word in ['w0', 'w1', 'w2', 'w3'] %}Waver{% else %}Kindly say{% endif %} {{ word }}"
    scripted.write("a.yaml", spec(waver, *WORDS[:12]))
    run = against(scripted)
    first = {result.case for result in run.results() if str(result.outcome) == "failed"}
    assert first, "with one chance in sixteen the draws of this script would have to be chosen anew"
    draws = Counter((result.arm, result.case, result.draw) for result in run.read_others())
    everywhere = {("baseline", word, 1) for word in WORDS[:12]}
    again = {(arm, case, draw) for arm in ("baseline", "candidate") for case in first for draw in range(2, 7)}
    assert draws == Counter(everywhere | again)
    second = only(against(scripted))
    assert replace(second, bought=only(run).bought, replayed=0) == only(run), "the draws are kept"
    assert second.bought == 0


def test_a_candidate_keeps_its_trials_and_what_is_drawn_further_changes_no_case(scripted: Project) -> None:
    more = "trials: 2\ngate: {regression: {method: fixed, max_trials: 4}}"
    committed(scripted, a=spec("Say {{ word }}", "x", "y", more=more))
    scripted.write("a.yaml", spec("Kindly say {{ word }}", "x", "y", more=more))
    run = against(scripted)
    assert asked(run) == Counter({"": 4, "candidate": 4, "baseline": 8})
    (column,) = run.info.columns
    assert (column.trials.passed, column.cases.passed) == (4, 2)
    again = scripted.session(trials=4)
    (column,) = again.info.columns
    assert (column.spending.fresh, column.spending.replayed) == (0, 8), "further draws are the next trials"


def test_equal_questions_never_share_a_draw(scripted: Project) -> None:
    """Three cases ask the same; each has draws of its own in each arm and stage."""
    more = "gate: {regression: {method: rounds, max_trials: 3, require: no worse}}"
    was = spec("Say it", "x", "y", "z", more=more).replace("scripted/data/replies.yaml", "echo/x")
    committed(scripted, a=was)
    scripted.write("a.yaml", was.replace("Say it", "Kindly say it"))
    run = against(scripted)
    for arms in (("", "candidate"), ("baseline",)):
        numbers = [
            call.request.draw
            for result in (*run.results(), *run.read_others())
            if result.arm in arms
            for call in result.calls
        ]
        assert sorted(numbers) == list(range(1, 10))


def test_the_baseline_has_draws_of_its_own_unless_it_is_told_to_share(scripted: Project) -> None:
    committed(scripted, a=spec("Say {{ word }}", *WORDS[:8]))
    scripted.session()
    scripted.write("a.yaml", spec("Kindly say {{ word }}", *WORDS[:8]))
    assert only(against(scripted, reuse=True)).bought == 0
    assert only(against(scripted)).bought == 8


def test_a_skipped_case_is_shown_and_in_no_comparison(scripted: Project) -> None:
    skipped = "  - {id: s, vars: {word: s}, skip: later}\n"
    committed(scripted, a=spec("Say {{ word }}", "x") + skipped)
    scripted.write("a.yaml", spec("Kindly say {{ word }}", "x") + skipped)
    run = against(scripted)
    assert only(run).matching == Matching(matched=1, tested=1)
    assert [str(result.outcome) for result in run.results()] == ["passed", "skipped"]


def test_a_model_that_was_replaced_is_compared_with_the_one_before(scripted: Project) -> None:
    scripted.write("data/others.yaml", "- {reply: 'no'}\n")
    committed(scripted, a=spec("Say {{ word }}", *WORDS[:8]))
    scripted.write("a.yaml", spec("Say {{ word }}", *WORDS[:8]).replace("replies.yaml", "others.yaml"))
    found = only(against(scripted))
    assert (found.baseline.model, found.column.model) == ("scripted/data/replies.yaml", "scripted/data/others.yaml")
    assert (found.before, found.now, found.verdict) == (1.0, 0.0, "regressed")


def test_variants_pair_by_name(scripted: Project) -> None:
    text = spec("Say {{ word }}", *WORDS[:8]).replace(
        'prompt: "Say {{ word }}"', 'prompts:\n  long: "Say {{ word }}"\n  short: "{{ word }}"'
    )
    committed(scripted, a=text)
    scripted.write("a.yaml", text.replace("Say", "Refuse"))
    assert [(found.column.variant, found.verdict) for found in against(scripted).info.comparisons] == [
        ("long", "regressed"),
        ("short", "unchanged"),
    ]


def test_code_of_the_project_answers_as_it_stood_at_the_commit(project: Project) -> None:
    bot = 'VERSION = "{0}"\n\n\ndef answer(question):\n    return "{0}"\n'
    project.write("bot.py", bot.format("yes"))
    text = spec("Say {{ word }}", *WORDS[:8]).replace("scripted/data/replies.yaml", "python/bot.py:answer")
    committed(project, a=text)
    project.write("bot.py", bot.format("no"))
    found = only(against(project))
    assert (found.before, found.now, found.verdict) == (1.0, 0.0, "regressed")


@pytest.mark.parametrize(
    ("path", "message", "help"),
    [
        ("a.yaml", "the specs at HEAD are not valid: a.yaml:1: ", "compare with a commit whose specs are valid"),
    ],
)
def test_specs_that_were_not_valid_are_told_with_their_commit(
    scripted: Project, path: str, message: str, help: str
) -> None:
    committed(scripted, a="promt: hi\n")
    scripted.write("a.yaml", spec("Say {{ word }}", "x"))
    with pytest.raises(UserError) as raised:
        against(scripted, path)
    assert raised.value.message.startswith(message)
    assert raised.value.help.startswith(help)


def test_a_spec_that_was_not_there_is_new(scripted: Project) -> None:
    committed(scripted)
    scripted.write("a.yaml", spec("Say {{ word }}", "x"))
    run = against(scripted, "a.yaml")
    assert (run.info.comparisons, run.info.exit_code) == ((), 0)


def test_a_budget_decides_with_what_it_bought(scripted: Project) -> None:
    """50 of 120 calls are 25 cases in both arms; those it bought no draws for are no errors."""
    committed(scripted, a=spec("Say {{ word }}", *WORDS))
    scripted.write("a.yaml", spec("Kindly say {{ word }}", *WORDS))
    run = against(scripted, max_calls=50, workers=1)
    assert (only(run).verdict, only(run).draws, run.info.exit_code) == ("no alarm", (25, 25), 0)
    assert only(run).reason == "the budget bought 25 of its 60 tested cases"
    assert (only(against(scripted)).verdict, only(against(scripted)).bought) == ("no worse", 0)


def test_a_budget_that_buys_nothing_judges_nothing(scripted: Project) -> None:
    committed(scripted, a=spec("Say {{ word }}", "x"))
    scripted.write("a.yaml", spec("Kindly say {{ word }}", "x"))
    run = against(scripted, max_calls=0)
    assert (only(run).verdict, only(run).reason, run.info.exit_code) == ("cannot judge", "nothing was bought of it", 3)


def test_without_recordings_it_cannot_be_verified_here(scripted: Project) -> None:
    committed(scripted, a=spec("Say {{ word }}", "x"))
    scripted.write("a.yaml", spec("Kindly say {{ word }}", "x"))
    run = against(scripted, offline=True)
    assert (only(run).verdict, run.info.exit_code) == ("cannot judge", 4)


def test_the_arms_are_asked_in_turns(scripted: Project) -> None:
    committed(scripted, a=spec("Say {{ word }}", "x", "y"))
    scripted.write("a.yaml", spec("Kindly say {{ word }}", "x", "y"))
    against(scripted, workers=1)
    order: list[str] = []

    def hear(event: Event) -> None:
        if isinstance(event, Finished):
            order.append(f"{event.result.case} {event.result.arm}".strip())

    Session(scripted.settings(against="HEAD", workers=1), hear).run()
    assert order == ["x", "x baseline", "y", "y baseline"]


def test_the_work_tree_and_the_index_are_untouched(scripted: Project) -> None:
    committed(scripted, a=spec("Say {{ word }}", "x"))
    scripted.write("a.yaml", spec("Kindly say {{ word }}", "x"))
    git(scripted, "add", "--all")
    scripted.write("a.yaml", spec("Please say {{ word }}", "x"))
    before = (git(scripted, "status", "--porcelain"), (scripted.folder / ".git" / "index").read_bytes())
    against(scripted)
    assert (git(scripted, "status", "--porcelain"), (scripted.folder / ".git" / "index").read_bytes()) == before


def refusing(*cases: str) -> str:
    """Rules of a script for cases that answer with an error from now on."""
    return "".join(f"- {{when: {{case: {case}}}, reply: {{error: 400}}}}\n" for case in cases)


def test_an_outage_is_never_no_worse(scripted: Project) -> None:
    """One of 100 cases differs, less than the margin: even so there must be a draw of it in each arm."""
    words = tuple(f"c{number}" for number in range(100))
    scripted.write("data/replies.yaml", refusing("c1") + SCRIPT)
    committed(scripted, a=spec("Say {{ word }}", *words))
    scripted.write("a.yaml", spec("{{ 'Kindly say' if word == 'c1' else 'Say' }} {{ word }}", *words))
    run = against(scripted, require="no worse")
    assert (only(run).verdict, run.info.exit_code) == ("cannot judge", 3)


def test_a_drop_of_exactly_the_margin_is_not_within_it(scripted: Project) -> None:
    committed(scripted, a=spec("Say {{ word }}", *WORDS[:20]))
    scripted.write("a.yaml", spec("{{ 'Refuse' if word == 'w1' else 'Say' }} {{ word }}", *WORDS[:20]))
    found = only(against(scripted))
    assert (found.before, found.now) == (1.0, 0.95)
    assert found.verdict != "no worse"


@pytest.mark.parametrize("selection", [{"keyword": "nosuch"}, {"tags": ("nosuch",)}])
def test_a_selection_of_nothing_is_told(scripted: Project, selection: dict[str, Any]) -> None:
    committed(scripted, a=spec("Say {{ word }}", "x"))
    with pytest.raises(NothingToMeasure, match="no case is selected"):
        against(scripted, **selection)


def test_cases_that_are_all_skipped_now_are_not_unchanged(scripted: Project) -> None:
    head = spec("Say {{ word }}")
    committed(scripted, a=head + "  - {id: x, vars: {word: x}}\n")
    scripted.write("a.yaml", head + "  - {id: x, vars: {word: x}, skip: broken}\n")
    run = against(scripted)
    assert (only(run).verdict, only(run).reason) == ("cannot judge", "none of its cases is asked")
    assert run.info.exit_code != 0


@pytest.mark.parametrize(
    ("before", "now"),
    [
        (
            "trials: {count: 2, pass: any}\ngate: {pass_rate: 0.9}",
            "trials: {count: 2, pass: all}\ngate: {pass_rate: 0.9}",
        ),
        (
            "metrics: {m: equals * 1}\ngate: {metrics: {m: 0.8}}",
            "metrics: {m: equals * 0.1}\ngate: {metrics: {m: 0.8}}",
        ),
        ("gate: {pass_rate: 0.1}", "gate: {pass_rate: 0.9}"),
    ],
)
def test_what_only_the_gate_sees_is_held_against_the_gate(scripted: Project, before: str, now: str) -> None:
    """Nothing that reaches a model differs, and the rule holds no more."""
    committed(scripted, a=spec("Waver {{ word }}", *WORDS[:10], more=before))
    scripted.write("a.yaml", spec("Waver {{ word }}", *WORDS[:10], more=now))
    run = against(scripted)
    assert (only(run).verdict, run.info.exit_code) == ("unchanged", 1)


def test_a_column_that_is_new_is_judged_by_the_gate(scripted: Project) -> None:
    """Also where there is none: a case that fails in it fails."""
    text = spec("Say {{ word }}", "x", "y").replace('prompt: "Say {{ word }}"', 'prompts:\n  a: "Say {{ word }}"')
    committed(scripted, a=text)
    scripted.write("a.yaml", text.replace("\nexpect", '\n  b: "Refuse {{ word }}"\nexpect'))
    assert against(scripted).info.exit_code == 1
    scripted.write("a.yaml", text.replace("\nexpect", '\n  b: "Kindly say {{ word }}"\nexpect'))
    assert against(scripted).info.exit_code == 0


def test_the_baseline_is_asked_with_the_files_that_it_had(scripted: Project) -> None:
    committed(scripted, a=spec("Say {{ word }}", *WORDS))
    git(scripted, "mv", "data/replies.yaml", "data/others.yaml")
    scripted.write("a.yaml", spec("Say {{ word }}", *WORDS).replace("replies.yaml", "others.yaml"))
    assert only(against(scripted)).verdict == "no worse"


def test_what_a_limit_leaves_out_is_not_gone(scripted: Project) -> None:
    committed(scripted, a=spec("Say {{ word }}", *WORDS[:6]))
    run = against(scripted, limit=2)
    assert (only(run).verdict, only(run).matching, asked(run)) == ("unchanged", Matching(matched=2), Counter())


def test_an_interrupted_run_is_no_baseline(scripted: Project) -> None:
    scripted.write("a.yaml", spec("Say {{ word }}", "x", "y"))
    was = scripted.session(out=scripted.folder / "was")
    path = was.folder / "run.json"
    path.write_text(path.read_text("utf-8").replace('"finished"', '"interrupted"'), "utf-8")
    with pytest.raises(UserError, match="has not ended, so it cannot be compared"):
        against(scripted, against=str(was.folder))


def test_further_draws_that_all_fail_to_come_leave_no_all_clear(scripted: Project) -> None:
    """The candidate answers the first draw of each case and then no more."""
    committed(scripted, a=spec("Say {{ word }}", *WORDS[:12]))
    waver = "{% if word in ['w0', 'w1', 'w2', 'w3'] %}Waver{% else %}Kindly say{% endif %} {{ word }}"
    scripted.write("a.yaml", spec(waver, *WORDS[:12]))
    first = against(scripted, max_calls=24)
    assert (only(first).verdict, only(first).reason) == ("undecided", "the budget bought no second look")


def test_a_spec_named_by_a_link_is_compared_with_the_link(scripted: Project) -> None:
    scripted.write("real/_a.yaml", spec("Say {{ word }}", *WORDS))
    (scripted.folder / "link.yaml").symlink_to("real/_a.yaml")
    committed(scripted)
    scripted.write("real/_a.yaml", spec("Kindly say {{ word }}", *WORDS))
    assert only(against(scripted, "link.yaml")).verdict == "no worse"


def test_all_that_a_run_tests_shares_the_chance_of_a_false_alarm(scripted: Project) -> None:
    """Two columns against the baseline and one against the other are three."""
    gate = "gate: [{regression: {method: rounds}}, {regression: {against: a}}]"
    text = spec("Say {{ word }}", *WORDS[:9], more=gate).replace(
        'prompt: "Say {{ word }}"', 'prompts:\n  a: "Say {{ word }}"\n  b: "Say, {{ word }}"'
    )
    committed(scripted, a=text)
    scripted.write("a.yaml", text.replace("Say", "Kindly say"))
    levels = [found.level for found in against(scripted).info.comparisons if found.kind == "revision"]
    assert levels == [pytest.approx(0.05 / 3)] * 2


def test_where_no_spec_has_a_baseline_nothing_was_compared(scripted: Project) -> None:
    committed(scripted)
    scripted.write("a.yaml", spec("Say {{ word }}", "x"))
    run = against(scripted, "a.yaml", require="no worse")
    assert run.info.exit_code == 3
    assert "Nothing was compared: no spec of this run is in the baseline." in run.info.notes


def test_draws_are_not_bought_for_a_run(scripted: Project) -> None:
    scripted.write("a.yaml", spec("Say {{ word }}", "x"))
    was = scripted.session(out=scripted.folder / "was")
    with pytest.raises(UserError, match="--method is about a baseline that is asked"):
        against(scripted, against=str(was.folder), method="rounds")
