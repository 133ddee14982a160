"""How often the regression gate is right, by simulation: prints Markdown, and with --write puts it into
docs/statistics.md. Exit code 1 where chance does not explain how far a figure is from what is expected."""

from __future__ import annotations

import argparse
import sys
from concurrent.futures import ProcessPoolExecutor

from benchmarks import page
from benchmarks.gate_tables import Simulation, parts
from benchmarks.server import ROOT

PAGE = ROOT / "docs" / "statistics.md"


def main() -> int:
    """Print the tables as they are known."""
    options = _options()
    told = []
    with ProcessPoolExecutor() as pool:
        simulation = Simulation(pool, 300 if options.quick else options.runs, options.seed)
        for part in parts(simulation):
            print(part, flush=True)
            told.append(part)
    if options.write:
        page.put("\n".join(told), PAGE, "make bench-gate")
    strange = sum(not figure.is_explained for figure in simulation.figures)
    if strange:
        print(f"{strange} of {len(simulation.figures)} figures are not what is expected: in bold", file=sys.stderr)
    return 1 if strange else 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.gate", description=__doc__)
    parser.add_argument("--runs", type=int, default=2000, help="simulated runs for each figure")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--quick", action="store_true", help="300 runs for each figure")
    parser.add_argument("--write", action="store_true", help=f"put the result into {PAGE.relative_to(ROOT)}")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
