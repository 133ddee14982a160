"""The demonstration of the regression gate, with the embedded model and a git repository, in small."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from benchmarks.demonstration import BROKEN, REWORDED, demonstrated

pytestmark = [pytest.mark.model, pytest.mark.skipif(shutil.which("git") is None, reason="there is no git")]


def test_broken_labels_are_an_alarm_and_what_is_known_is_not_asked_again(tmp_path: Path) -> None:
    """Eight reviews that the model labels right nearly always.

    What another wording does to a real model that is not seeded nobody knows beforehand: its verdict only has to stay.
    """
    (_, harmless, harmless_again), (_, broken, broken_again) = demonstrated(tmp_path, (REWORDED, BROKEN), cases=8)
    assert harmless.code == (harmless.found.verdict == "regressed")
    assert (broken.found.verdict, broken.code) == ("regressed", 1)
    assert harmless.calls >= 16
    for first, again in ((harmless, harmless_again), (broken, broken_again)):
        assert (again.calls, again.replayed) == (0, first.calls + first.replayed)
        assert (again.found.verdict, again.code, again.usd) == (first.found.verdict, first.code, 0)
