"""Whole outputs beside the ones that are expected; what is said now is left in `*.actual.txt` where it differs."""

from __future__ import annotations

from pathlib import Path

GOLDEN = Path(__file__).with_name("golden")


def held_against(name: str, said: str) -> tuple[str, str]:
    """What is said and what is expected of `name`, to be compared."""
    expected, actual = GOLDEN / f"{name}.expected.txt", GOLDEN / f"{name}.actual.txt"
    actual.unlink(missing_ok=True)
    wanted = expected.read_text("utf-8") if expected.exists() else ""
    if said != wanted:
        actual.write_text(said, "utf-8")
    return said, wanted
