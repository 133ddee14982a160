"""The regression gate at work: the embedded model, a git repository made for it, and three edits of a prompt, each
compared with the last commit, twice. Prints Markdown."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from benchmarks.tables import table
from evalkit.engine.archive import find_run, read_run
from evalkit.records.comparison import Comparison

REVIEWS = Path(__file__).with_suffix(".csv")
SPEC = """\
model: local/smollm2
params: {{temperature: 0.7, max_tokens: 8}}
prompt:
  - system: {asks}
  - user: It fell apart after a week.
  - assistant: {negative}
  - user: We enjoyed every minute of it.
  - assistant: {positive}
  - user: The waiter was rude and the soup was cold.
  - assistant: {negative}
  - user: A wonderful present, my son is delighted.
  - assistant: {positive}
  - user: I sent it back and want a refund.
  - assistant: {negative}
{more}  - user: Great value, I would buy it again.
  - assistant: {positive}
  - user: "{{{{ review }}}}"
expect:
  - label: "{{{{ label }}}}"
    among: [positive, negative]
cases: {{file: reviews.csv, limit: {cases}}}
"""
ABOUT_PARCELS = """\
  - user: The parcel came on Monday, in time.
  - assistant: delivery
  - user: My parcel was a day late.
  - assistant: delivery
  - user: They left the parcel with my neighbour.
  - assistant: delivery
"""
COMMAND = ("evalkit", "run", "sentiment.yaml", "--against", "HEAD")


@dataclass(frozen=True)
class Prompt:
    """A prompt by what becomes of it: what it asks for, the words of its examples, and further examples."""

    name: str
    asks: str
    positive: str = "positive"
    negative: str = "negative"
    more: str = ""

    def spec(self, cases: int) -> str:
        """The spec that has it, of the first so many reviews."""
        words = {"asks": self.asks, "positive": self.positive, "negative": self.negative, "more": self.more}
        return SPEC.format(**words, cases=cases)


FIRST = Prompt("first", "You label customer reviews. Answer with one word, positive or negative.")
REWORDED = Prompt("reworded", "You label reviews of customers. Reply in one word, positive or negative.")
BROKEN_FOR_SOME = Prompt(
    "a third label, for parcels",
    "You label customer reviews. Answer with one word, positive, negative or delivery.",
    more=ABOUT_PARCELS,
)
BROKEN = Prompt(
    "other words for the labels", "You label customer reviews. Answer with one word, good or bad.", "good", "bad"
)
EDITS = (REWORDED, BROKEN_FOR_SOME, BROKEN)


@dataclass(frozen=True)
class Compared:
    """A command that was run: what it printed, how it ended, what it came to, and what both arms took."""

    out: str
    code: int
    found: Comparison
    calls: int
    replayed: int
    usd: float
    seconds: float


def compared(folder: Path) -> Compared:
    """Run the command in a folder."""
    program = (sys.executable, "-m", "evalkit", *COMMAND[1:])
    done = subprocess.run(program, cwd=folder, capture_output=True, text=True, encoding="utf-8")
    if done.returncode not in (0, 1):
        raise SystemExit(done.stderr)
    info = read_run(find_run(folder / "reports")).info
    (found,), (column,) = info.comparisons, info.columns
    spent = column.spending
    calls, replayed = spent.fresh + found.bought, spent.replayed + found.replayed
    return Compared(done.stdout, done.returncode, found, calls, replayed, spent.usd + found.usd, info.seconds)


def demonstrated(folder: Path, edits: Iterable[Prompt], cases: int) -> Iterator[tuple[Prompt, Compared, Compared]]:
    """Commit the first prompt into a new repository; then make each edit, and compare it twice. One that turns no build
    red is committed."""
    (folder / "evalkit.toml").touch()
    (folder / ".gitignore").write_text(".evalkit/\nreports/\n", "utf-8")
    (folder / "reviews.csv").write_bytes(REVIEWS.read_bytes())
    (folder / "sentiment.yaml").write_text(FIRST.spec(cases), "utf-8")
    _git(folder, "init", "--quiet", "--initial-branch=main")
    _commit(folder, FIRST)
    for edit in edits:
        (folder / "sentiment.yaml").write_text(edit.spec(cases), "utf-8")
        first, again = compared(folder), compared(folder)
        yield edit, first, again
        if first.code == 0:
            _commit(folder, edit)


def _commit(folder: Path, prompt: Prompt) -> None:
    _git(folder, "add", "--all")
    _git(folder, "-c", "user.name=a", "-c", "user.email=a@example.org", "commit", "--quiet", "--message", prompt.name)


def _git(folder: Path, *words: str) -> None:
    environ = {**os.environ, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
    subprocess.run(("git", *words), cwd=folder, env=environ, check=True)


def main() -> None:
    """Print what each edit came to, then all that the command said of it."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.demonstration", description=__doc__)
    parser.add_argument("--cases", type=int, default=16, help="how many reviews, at most 24")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        shown = list(demonstrated(Path(folder), EDITS, options.cases))
    head = ("edit", "verdict", "calls", "replayed", "US dollars", "seconds", "exit code")
    print(table(head, (row for edit, *runs in shown for row in _rows(edit, runs))))
    for edit, first, _ in shown:
        print(f"### {edit.name}\n\n```\n$ {' '.join(COMMAND)}\n{first.out.strip()}\n```\n")


def _rows(edit: Prompt, runs: Iterable[Compared]) -> Iterator[tuple[str, ...]]:
    """A row for each time it was compared."""
    for name, run in zip((edit.name, "the same again"), runs, strict=True):
        numbers = (str(run.calls), str(run.replayed), f"{run.usd:g}", f"{run.seconds:.1f}", str(run.code))
        yield name, run.found.verdict, *numbers


if __name__ == "__main__":
    main()
