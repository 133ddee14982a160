"""The whole benchmark in one command: prints Markdown, and with --write puts it into docs/performance.md."""

from __future__ import annotations

import argparse
import compileall
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from benchmarks import alone, page, tables
from benchmarks.capacity import capacity
from benchmarks.cases import Load
from benchmarks.contenders import EVALKIT
from benchmarks.measure import BenchmarkError
from benchmarks.present import PROGRAMS, peers
from benchmarks.race import Track
from benchmarks.server import ROOT, Server

PAGE = ROOT / "docs" / "performance.md"


@dataclass(frozen=True)
class Scale:
    """How much of everything; `runs` are of each command of evalkit alone, `rounds` of all contenders in turn."""

    load: Load
    rounds: int
    runs: int
    inline: int
    rows: int
    many: int
    seconds: float


def main() -> int:
    """Print what was measured as it is known. Exit code 1 where a contender did not do what it should."""
    options = _options()
    load = Load(options.cases, options.at_once, options.latency)
    scale = Scale(load, options.rounds, options.runs, 10_000, 100_000, 10_000, 2)
    if options.quick:
        scale = Scale(Load(20, 4, 0.005), 1, 1, 10, 20, 10, 0.1)
    parts = []
    try:
        with tempfile.TemporaryDirectory() as folder:
            for part in _parts(scale, options, Path(folder)):
                print(part, flush=True)
                parts.append(part)
    except BenchmarkError as error:
        print(error, file=sys.stderr)
        return 1
    if options.write:
        page.put("\n".join(parts), PAGE, "make bench")
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--cases", type=int, default=2000)
    parser.add_argument("--at-once", type=int, default=64, help="calls at once")
    parser.add_argument("--latency", type=float, default=0.05, help="seconds that the server takes to answer")
    parser.add_argument("--rounds", type=int, default=3, help="how often each contender runs")
    parser.add_argument("--runs", type=int, default=5, help="how often each command of evalkit alone runs")
    parser.add_argument("--no-peers", action="store_true", help="evalkit alone")
    parser.add_argument("--with-promptfoo", action="store_true", help="promptfoo too, where it is installed")
    parser.add_argument("--install", action="store_true", help="the size of an installation too; needs a package index")
    parser.add_argument("--quick", action="store_true", help="next to nothing of everything, to see that it works")
    parser.add_argument("--write", action="store_true", help=f"put the result into {PAGE.relative_to(ROOT)}")
    return parser.parse_args()


def _parts(scale: Scale, options: argparse.Namespace, folder: Path) -> Iterator[str]:
    _compile()
    yield tables.machine() + "\n"
    yield from _race(scale, options, folder)
    yield "### evalkit by itself\n"
    started = alone.starting(folder / "starting", scale.inline, scale.rows, scale.runs)
    ran, left = alone.many(folder / "many", scale.many, scale.runs)
    yield tables.alone([*started, *ran])
    yield tables.sizes(left)
    if options.install:
        yield tables.installed(alone.installed(folder / "installed"))


def _race(scale: Scale, options: argparse.Namespace, folder: Path) -> Iterator[str]:
    load = scale.load
    others = () if options.no_peers or options.quick else peers(with_promptfoo=options.with_promptfoo)
    measured = capacity(load.latency, scale.seconds)
    with Server(load.latency) as server:
        raced = Track(server, folder, load).race((EVALKIT, *others), scale.rounds)
    yield f"### {load.cases:,} cases, {load.at_once} at once, {1000 * load.latency:g} ms a call\n"
    yield f"Ideal: {load.ideal:.2f} s. Medians of {scale.rounds} runs, in brackets the least and the most.\n"
    if not others:
        yield "No peer was measured; `make bench-peers` installs them.\n"
    yield tables.fresh(raced, load)
    yield tables.again(raced, load)
    if any(one.failed for one in raced):
        yield tables.failed(raced)
    yield tables.of_server(measured, load, raced) + "\n"


def _compile() -> None:
    """Byte code for all that is imported, so that nobody is measured while compiling."""
    for library in (Path(sys.prefix) / "lib", ROOT / "evalkit"):
        compileall.compile_dir(library, quiet=2, workers=0)
    if PROGRAMS.exists():
        command = (PROGRAMS / "python", "-m", "compileall", "-q", "-j", "0", PROGRAMS.parent / "lib")
        subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)


if __name__ == "__main__":
    sys.exit(main())
