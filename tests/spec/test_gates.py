"""Gates with scopes, means, metrics and times, through whole runs on models that answer as they are told."""

from __future__ import annotations

from pathlib import Path

import pytest

from evalkit.engine.archive import read_run
from evalkit.engine.session import Session
from evalkit.records.run import RuleVerdict, StoredRun
from evalkit.settings import settings_for

SPEC = """\
model: scripted/replies.yaml
prompt: "{{ language }} {{ word }}"
expect:
  - contains: yes
    name: agrees
  - word_count: {max: 2}
    name: short
    advisory: true
cases:
  - matrix: {language: [de, fr], word: [a, b, c, d]}
"""
REPLIES = """\
- when: {contains: fr a}
  reply: no, never, not at all
- when: {contains: fr b}
  reply: no
- reply: yes
"""


def run(folder: Path, gate: str, replies: str = REPLIES) -> StoredRun:
    """A run of eight cases, in which two of the four French ones fail."""
    (folder / ".git").mkdir(exist_ok=True)
    (folder / "replies.yaml").write_text(replies, "utf-8")
    (folder / "spec.yaml").write_text(SPEC + gate, "utf-8")
    return Session(settings_for((folder / "spec.yaml",), {})).run()


def rules(stored: StoredRun) -> tuple[RuleVerdict, ...]:
    (column,) = stored.info.columns
    return column.rules


GATES = [
    ("gate: {pass_rate: 0.75}", [("pass_rate 0.75", "holds", "6 of 8 cases passed")], 0),
    ("gate: {pass_rate: 0.8}", [("pass_rate 0.8", "fails", "6 of 8 cases passed")], 1),
    (
        "gate: {each: language, pass_rate: 0.6}",
        [
            ("pass_rate 0.6 where language = de", "holds", "4 of 4 cases passed"),
            ("pass_rate 0.6 where language = fr", "fails", "2 of 4 cases passed"),
        ],
        1,
    ),
    (
        "gate: {where: language == 'de', pass_rate: 1}",
        [("pass_rate 1 where language == 'de'", "holds", "4 of 4 cases passed")],
        0,
    ),
    ("gate: {mean_score: 0.75}", [("mean_score 0.75", "holds", "`mean_score` is 0.75")], 0),
    ("gate: {metrics: {short: 0.8}}", [("short 0.8", "holds", "`short` is 0.875")], 0),
    ("gate: {metrics: {short: {max: 0.8}}}", [("short at most 0.8", "fails", "`short` is 0.875")], 1),
    (
        "metrics: {both: (agrees + short) / 2}\ngate: {metrics: {both: 0.82}}",
        [("both 0.82", "fails", "`both` is 0.812")],
        1,
    ),
    (
        "metrics: {none: agrees / (short - short)}\ngate: {metrics: {none: 0.5}}",
        [("none 0.5", "open", "`none` cannot be computed: the template failed: float division by zero")],
        3,
    ),
    ("gate: {max_errors: 3}", [("max_errors 3", "holds", "6 of 8 cases passed")], 0),
]


@pytest.mark.parametrize(("gate", "verdicts", "code"), GATES, ids=[gate for gate, _, _ in GATES])
def test_each_rule_of_a_gate_is_judged(
    tmp_path: Path, gate: str, verdicts: list[tuple[str, str, str]], code: int
) -> None:
    stored = run(tmp_path, gate)
    assert [(rule.rule, rule.verdict, rule.reason) for rule in rules(stored)] == verdicts
    assert stored.info.exit_code == code


def test_a_stored_run_is_judged_the_same_when_it_is_read_again(tmp_path: Path) -> None:
    gate = "metrics: {m: agrees}\ngate: [{each: language, pass_rate: 0.6}, {metrics: {m: {min: 0.1, max: 0.9}}}]"
    stored = run(tmp_path, gate)
    again = read_run(stored.folder)
    assert again.info.columns == stored.info.columns
    assert rules(again)[2].verdict == "holds"


def test_a_time_is_only_measured_on_fresh_replies(tmp_path: Path) -> None:
    gate = "gate: {p95_seconds: 5}"
    assert [rule.verdict for rule in rules(run(tmp_path, gate))] == ["holds"]
    replayed = run(tmp_path, gate)
    assert [(rule.verdict, rule.reason) for rule in rules(replayed)] == [
        ("empty", "no reply is fresh, so no time was measured")
    ]
    assert replayed.info.exit_code == 4
    assert run(tmp_path, "gate: [{p95_seconds: 5}, {pass_rate: 0.5}]").info.exit_code == 0


def test_errors_leave_a_metric_open_where_they_could_decide_it(tmp_path: Path) -> None:
    """A judge or a server that breaks must not raise a mean by leaving it."""
    broken = "- when: {contains: fr}\n  reply: {error: 400}\n- reply: yes\n"
    stored = run(tmp_path, "gate: {metrics: {agrees: 0.6}, max_errors: 4}", broken)
    said = "`agrees` is 1; 4 trials without a verdict could still decide it"
    assert [(rule.verdict, rule.reason) for rule in rules(stored)] == [("open", said)]
    low = run(tmp_path, "gate: {metrics: {agrees: 0.5}, max_errors: 4}", broken)
    assert [rule.verdict for rule in rules(low)] == ["holds"]


def test_a_scope_that_a_selection_leaves_empty_does_not_count(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    (tmp_path / "replies.yaml").write_text(REPLIES, "utf-8")
    gate = "gate: [{where: language == 'fr', pass_rate: 1}, {pass_rate: 0.9}]"
    (tmp_path / "spec.yaml").write_text(SPEC + gate, "utf-8")
    stored = Session(settings_for((tmp_path / "spec.yaml",), {}, keyword="[de")).run()
    assert [rule.verdict for rule in rules(stored)] == ["empty", "holds"]
    assert stored.info.exit_code == 0


def test_advisory_checks_alone_are_gated_by_their_metric(tmp_path: Path) -> None:
    text = SPEC.replace("    name: agrees\n", "    name: agrees\n    advisory: true\n")
    (tmp_path / ".git").mkdir()
    (tmp_path / "replies.yaml").write_text(REPLIES, "utf-8")
    for least, code in ((0.7, 0), (0.8, 1)):
        (tmp_path / "spec.yaml").write_text(f"{text}gate: {{metrics: {{agrees: {least}}}}}", "utf-8")
        assert Session(settings_for((tmp_path / "spec.yaml",), {})).run().info.exit_code == code
