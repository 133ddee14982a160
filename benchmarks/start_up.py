"""What starting costs: CPU seconds and peak memory of whole commands, medians of several runs.

    python benchmarks/start_up.py [RUNS]

These numbers are of the machine they are taken on; quote medians, and compare only within one run.
"""

from __future__ import annotations

import os
import statistics
import sys
import tempfile
from pathlib import Path

CASES = 2000
INLINE = 10_000
ROWS = 100_000
EXAMPLES = Path(__file__).resolve().parent.parent / "specs"
TYPO = "promt: Say {{ word }}.\nexpect: [{contains: x}]\ncases:\n  - vars: {word: x}\n"
LABELS = 'prompt: "Label: {{ text }}"\nexpect: [{label: "{{ label }}", among: [good, bad]}]\ncases:\n'
MANY = 'prompt: "Repeat: {{ text }}"\nexpect: [{contains: "{{ text }}"}]\ncases: {file: many.csv}\n'


def main() -> None:
    """Print one Markdown row a command."""
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else 7
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        Path("typo.yaml").write_text(TYPO, "utf-8")
        Path("many.yaml").write_text(MANY, "utf-8")
        Path("many.csv").write_text("text\n" + "".join(f"sentence number {i}\n" for i in range(CASES)), "utf-8")
        Path("inline.yaml").write_text(LABELS + "".join(map(inline, range(INLINE))), "utf-8")
        Path("rows.yaml").write_text(LABELS + "  - file: rows.csv\n", "utf-8")
        Path("rows.csv").write_text("text,label\n" + "".join(f"sentence {i},good\n" for i in range(ROWS)), "utf-8")
        print("| command | CPU s (median) | min–max | peak MB |")
        print("|---|---|---|---|")
        row("evalkit --help", ["--help"], runs)
        row("a misspelt key", ["run", "typo.yaml"], runs)
        row("evalkit validate, the examples", ["validate", str(EXAMPLES)], runs)
        row(f"evalkit validate, {INLINE:,} inline cases", ["validate", "inline.yaml"], runs)
        row(f"evalkit validate, {ROWS:,} CSV rows", ["validate", "rows.yaml"], runs)
        row(f"{CASES} cases on echo, fresh", ["run", "many.yaml", "-m", "echo/x", "-q", "--fresh"], runs)
        row(f"{CASES} cases, replayed", ["run", "many.yaml", "-m", "echo/x", "-q"], runs)


def inline(number: int) -> str:
    """One case with a check of its own."""
    return (
        f"  - id: case-{number}\n    vars: {{text: sentence {number}, label: good}}\n    expect: [{{contains: good}}]\n"
    )


def row(name: str, arguments: list[str], runs: int) -> None:
    """Time one command and print its row."""
    measured = [once(arguments) for _ in range(runs + 1)][1:]  # the first warms the disk
    cpu = [seconds for seconds, _ in measured]
    peak = statistics.median(memory for _, memory in measured)
    print(f"| {name} | {statistics.median(cpu):.3f} | {min(cpu):.3f}–{max(cpu):.3f} | {peak:.0f} |")


def once(arguments: list[str]) -> tuple[float, float]:
    """(CPU seconds of user and system, peak memory in MB) of one run in a process of its own."""
    child = os.fork()
    if child == 0:
        silent = os.open(os.devnull, os.O_WRONLY)
        os.dup2(silent, 1)
        os.dup2(silent, 2)
        os.execv(sys.executable, [sys.executable, "-m", "evalkit", *arguments])
    _, _, usage = os.wait4(child, 0)
    unit = 1024 if sys.platform == "linux" else 1024 * 1024  # ru_maxrss: kilobytes here, bytes on macOS
    return usage.ru_utime + usage.ru_stime, usage.ru_maxrss / unit


if __name__ == "__main__":
    main()
