"""Ctrl-C, SIGTERM and `kill -9` in the middle of a run: what is kept, what is said, and what is asked again."""

from __future__ import annotations

import random
import re
import shlex
import signal
import subprocess
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from evalkit.records.result import Outcome
from evalkit.records.run import StoredRun
from tests.projects import Project, keyed, yes_spec
from tests.servers import Server, reply

WORDS = [f"w{number}" for number in range(60)]
ASKED_ONCE = Counter(f"Say {word}." for word in WORDS)
AT_ONCE = 4
RUN = ("run", "specs", "-m", "aimlapi/m", "-j", str(AT_ONCE))


def slow(delay: float) -> Server:
    """A server that takes its time."""
    return Server(lambda *_: reply("yes", delay=delay))


def sixty(project: Project, server: Server) -> Project:
    """A project that asks the server for sixty cases."""
    project.write("specs/a.yaml", yes_spec(*WORDS))
    return replace(project, environ=keyed(server))


def until_asked(server: Server, many: int, process: subprocess.Popen[str]) -> None:
    """Wait until the server has seen so many calls."""
    while len(server.seen) < many:
        assert process.poll() is None, process.communicate()
        time.sleep(0.005)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=lambda number: number.name)
def test_a_signal_leaves_a_partial_report_and_the_command_that_continues(number: int, project: Project) -> None:
    with slow(0.05) as server:
        project = sixty(project, server)
        process = project.start(*RUN, "--fresh")
        until_asked(server, 10, process)
        process.send_signal(number)
        out, err = process.communicate(timeout=30)
        done = list(project.latest().results())
        assert (process.returncode, 10 <= len(done) < 60) == (130, True)
        assert len(done) == len(server.seen)  # the calls in flight came home
        assert "stopping: calls in flight get 5 s; Ctrl-C again ends at once" in err
        assert f"Interrupted: {len(done)} of 60 trials done." in out
        assert (project.folder / "reports" / "latest" / "index.html").is_file()
        assert {str(result.outcome) for result in done} == {"passed"}

        (command,) = (line.split(maxsplit=1)[1] for line in out.splitlines() if line.startswith("    continue "))
        assert re.fullmatch(r"evalkit run specs -m aimlapi/m -j 4 --fresh-since 20\S+T\S+Z", command)
        ran = project.evalkit(*shlex.split(command)[1:])
    assert (ran.code, f"{60 - len(done)} calls, {len(done)} replayed" in ran.out) == (0, True)
    assert server.times_asked() == ASKED_ONCE


def test_a_fresh_run_that_was_interrupted_is_continued_as_one(project: Project) -> None:
    """What came since it began is kept; the rest is asked again, though there are older replies to it."""
    with slow(0.03) as server:
        project = sixty(project, server)
        assert project.evalkit(*RUN).code == 0
        process = project.start(*RUN, "--fresh")
        until_asked(server, 60 + 20, process)
        process.send_signal(signal.SIGINT)
        out, _ = process.communicate(timeout=30)
        (command,) = (line.split(maxsplit=1)[1] for line in out.splitlines() if line.startswith("    continue "))
        done = len(server.seen) - 60
        ran = project.evalkit(*shlex.split(command)[1:])
    assert 20 <= done < 60
    assert (ran.code, f"{60 - done} calls, {done} replayed" in ran.out) == (0, True), ran
    assert server.times_asked() == Counter({question: 2 for question in ASKED_ONCE})


def test_a_second_ctrl_c_ends_at_once_and_keeps_what_came(project: Project) -> None:
    with Server(lambda number, *_: reply("yes", delay=0.0 if number < 10 else 60.0)) as server:
        project = sixty(project, server)
        process = project.start(*RUN)
        until_asked(server, 10 + AT_ONCE, process)
        process.send_signal(signal.SIGINT)
        assert process.stderr is not None
        while not process.stderr.readline().startswith("stopping"):
            assert process.poll() is None
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=4)  # less than the calls in flight would have had
    assert (process.returncode, out) == (130, "")
    assert "stopped; every reply that came is kept, the same command continues" in err
    assert "Traceback" not in err
    shown = project.evalkit("show")
    assert "Not finished: 10 of 60 trials done." in shown.out
    assert "continue  evalkit run specs -m aimlapi/m -j 4\n" in shown.out


def test_who_waits_for_another_attempt_is_not_waited_for(project: Project) -> None:
    with Server(lambda *_: replace(reply(), status=429, headers={"Retry-After": "30"})) as server:
        project = sixty(project, server)
        process = project.start(*RUN)
        until_asked(server, AT_ONCE, process)
        process.send_signal(signal.SIGINT)
        out, _ = process.communicate(timeout=20)
    assert (process.returncode, len(server.seen)) == (130, AT_ONCE)
    assert "Interrupted: 0 of 60 trials done." in out


def killed(project: Project, server: Server, after: int) -> None:
    """Start the run and `kill -9` it when so many more calls have been made."""
    process = project.start(*RUN)
    until_asked(server, len(server.seen) + after, process)
    process.kill()
    process.communicate()


def test_kill_9_loses_at_most_the_calls_in_flight(project: Project) -> None:
    with slow(0.03) as server:
        project = sixty(project, server)
        killed(project, server, after=25)
        shown = project.evalkit("show")
        ran = project.evalkit(*RUN)
    assert (shown.code, "Not finished: " in shown.out, "Every gate holds" in shown.out) == (0, True, False)
    assert (ran.code, ran.err.count("Traceback")) == (0, 0)
    twice = server.times_asked() - ASKED_ONCE
    assert server.times_asked().keys() == ASKED_ONCE.keys()
    assert twice.total() <= AT_ONCE


MANY = [f"w{number}" for number in range(500)]
HARD = ("run", "specs", "-m", "aimlapi/m", "-j", "32")
KILLS = 30


def what_came(run: StoredRun) -> list[tuple[str, Outcome, str | None]]:
    """Each case of a run, its outcome and its reply."""
    return [(result.case, result.outcome, result.reply.text if result.reply else None) for result in run.results()]


@pytest.mark.prove
def test_thirty_kills_lose_at_most_the_calls_in_flight_of_each(project: Project, tmp_path: Path) -> None:
    dice = random.Random(20261122)
    spec = yes_spec(*MANY)
    asked_once = Counter(f"Say {word}." for word in MANY)
    with Server(lambda _, body, __: reply(f"yes to {said_in(body)}", delay=0.1)) as server:
        project = sixty(project, server)
        project.write("specs/a.yaml", spec)
        for kills in range(1, KILLS + 1):
            process = project.start(*HARD)
            until_asked(server, len(server.seen) + 1, process)
            time.sleep(dice.uniform(0.0, 0.15))
            assert process.poll() is None  # it is killed in the middle of its work
            process.kill()
            process.communicate()
            assert (server.times_asked() - asked_once).total() <= kills * 32
            assert project.evalkit("show").code == 0
        ran = project.evalkit(*HARD)
        twice = server.times_asked() - asked_once
        assert (ran.code, server.times_asked().keys()) == (0, asked_once.keys())
        assert twice.total() <= KILLS * 32
        calls = len(server.seen)
        replayed = project.evalkit(*HARD)
        assert "500 cases, 0 calls, 500 replayed" in replayed.out
        assert len(server.seen) == calls

        other = replace(project, folder=tmp_path / "other")
        other.write("specs/a.yaml", spec)
        assert other.evalkit(*HARD).code == 0
    (column,), (undisturbed,) = project.latest().info.columns, other.latest().info.columns
    assert (column.cases, column.trials, column.pass_rate) == (
        undisturbed.cases, undisturbed.trials, undisturbed.pass_rate,
    )  # fmt: skip
    assert what_came(project.latest()) == what_came(other.latest())


def said_in(body: Mapping[str, Any]) -> str:
    """What a request asks."""
    return str(body["messages"][-1]["content"])
