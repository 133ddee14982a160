"""The cores on which a run computes: one, where its threads only wait for servers."""

from __future__ import annotations

import os
import sys
import threading

import pytest

from evalkit.engine.cores import on_one_core
from evalkit.engine.session import Session
from evalkit.records.event import Event, Finished
from tests.projects import Project, yes_spec

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="only Linux lets a thread choose its cores")
CORES = """\
import os

def ask(request):
    return str(sorted(os.sched_getaffinity(0)))
"""


def cores() -> tuple[int, ...]:
    """The cores on which the thread that asks may compute."""
    return tuple(sorted(os.sched_getaffinity(0)))


def test_threads_that_are_started_meanwhile_stay_on_the_core_of_their_starter() -> None:
    before, seen = cores(), list[tuple[int, ...]]()
    with on_one_core():
        here = cores()
        thread = threading.Thread(target=lambda: seen.append(cores()))
        thread.start()
        thread.join()
    assert (seen, len(here), set(here) <= set(before)) == ([here], 1, True)


def test_a_thread_has_its_cores_back_also_where_something_broke() -> None:
    before = cores()
    with pytest.raises(KeyError), on_one_core():
        raise KeyError
    assert cores() == before


def test_a_run_that_waits_for_servers_computes_on_one_core_and_one_that_replays_where_it_likes(
    project: Project,
) -> None:
    project.write("a.yaml", yes_spec("yes", "no"))
    before, seen = cores(), list[tuple[int, ...]]()

    def hear(event: Event) -> None:
        if isinstance(event, Finished):
            seen.append(cores())

    Session(project.settings(models="echo/x"), hear).run()
    assert ([len(each) for each in seen], cores()) == ([1, 1], before)
    Session(project.settings(models="echo/x"), hear).run()
    assert seen[2:] == [before, before]


def test_code_of_the_users_has_all_cores(project: Project) -> None:
    project.write("ask.py", CORES)
    project.write("a.yaml", yes_spec("yes", "no"))
    run = project.session(models="python/ask.py:ask")
    replies = [call.reply.text for result in run.results() for call in result.calls if call.reply]
    assert replies == [str(list(cores()))] * 2
