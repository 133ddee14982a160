"""Numbers as Markdown."""

from __future__ import annotations

import os
import platform
from collections.abc import Iterable, Iterator, Sequence

from benchmarks.alone import MEGABYTE, Row, Sizes
from benchmarks.capacity import CONNECTIONS, Capacity
from benchmarks.cases import Load
from benchmarks.contenders import EVALKIT
from benchmarks.measure import Costs
from benchmarks.race import Raced


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A Markdown table; the first column is text, the others are numbers."""
    lines = [head, ["---", *["--:"] * (len(head) - 1)], *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def machine() -> str:
    """The shape of the machine, and how busy it was."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    python = f"{platform.python_implementation()} {platform.python_version()}"
    busy = f"load average {os.getloadavg()[0]:.1f} before it began"
    return f"{cores} cores, {platform.system()} on {platform.machine()}, {python}, {busy}."


def of_server(measured: Capacity, load: Load, raced: Sequence[Raced]) -> str:
    """That the server is not what was measured."""
    laps = [lap for one in raced for lap in one.fresh]
    worst = max(lap.server_cpu / lap.cost.wall for lap in laps)
    asked = load.at_once / load.latency
    return (
        f"The server, not told to wait, answers {measured.calls_a_second:,.0f} calls a second to {CONNECTIONS} "
        f"connections of a bare client, with {1e6 * measured.cpu_a_call:.0f} µs of processor time each; this load asks "
        f"for {asked:,.0f} a second at most. Told to wait {1000 * load.latency:g} ms, it answers a lone connection in "
        f"{1000 * measured.latency:.1f} ms. In these runs it was busy for {worst:.0%} of the time of one core at most."
    )


def fresh(raced: Sequence[Raced], load: Load) -> str:
    """Who asked how fast."""
    head = ("whole command", "s", "of ideal", "× evalkit", "CPU ms a trial", "peak MB", "calls", "most at once")
    ours = _ours(raced).fresh_costs.walls.median
    return table(head, (tuple(_fresh_row(one, load, ours)) for one in raced))


def _fresh_row(one: Raced, load: Load, ours: float) -> Iterator[str]:
    if not one.fresh:
        yield from (_named(one), "failed", *[""] * 6)
        return
    walls = one.fresh_costs.walls
    yield _named(one)
    yield str(walls)
    yield f"{load.ideal / walls.median:.2f}"
    yield f"{walls.median / ours:.1f}"
    yield _cpu(one.fresh_costs, load)
    yield f"{one.fresh_costs.peak:.0f}"
    yield f"{one.fresh[-1].calls:,}"
    yield f"{max(lap.at_once for lap in one.fresh)}"


def again(raced: Sequence[Raced], load: Load) -> str:
    """Who repeated how fast."""
    head = ("the same again", "s", "× evalkit", "CPU ms a trial", "peak MB", "calls")
    ours = _ours(raced).again_costs.walls.median
    return table(head, (_again_row(one, load, ours) for one in raced))


def _again_row(one: Raced, load: Load, ours: float) -> Sequence[str]:
    if not one.again:
        return (_named(one), "failed" if one.failed else "keeps no replies", "", "", "", "")
    costs = one.again_costs
    times = f"{costs.walls.median / ours:.1f}"
    return (_named(one), str(costs.walls), times, _cpu(costs, load), f"{costs.peak:.0f}", f"{one.again[-1].calls:,}")


def failed(raced: Sequence[Raced]) -> str:
    """Whose runs failed, and why; those are in no number."""
    return "".join(
        f"{len(one.failed)} of the runs of {_named(one)} failed: {_last(one.failed)}.\n" for one in raced if one.failed
    )


def _last(said: Sequence[str]) -> str:
    """How the last one that failed ended: its exit code, and its last words."""
    first, *rest = (line.strip() for line in said[-1].splitlines() if line.strip())
    return " … ".join((first, *rest[-1:])).rstrip(".")


def alone(rows: Iterable[Row]) -> str:
    """What evalkit's own commands cost."""
    head = ("command", "CPU s", "s", "peak MB")
    return table(head, ((row.name, *_costs(row.costs)) for row in rows))


def _costs(costs: Costs) -> Iterator[str]:
    yield str(costs.cpus)
    yield f"{costs.walls.median:.2f}"
    yield f"{costs.peak:.0f}"


def sizes(left: Sizes) -> str:
    """How large it is what a run leaves behind."""
    rows = ((f"`{name}`", _megabytes(size)) for name, size in left.bytes_by_name.items())
    return table((f"{left.trials:,} trials, one in five failed", "MB"), rows)


def installed(bytes_by_name: dict[str, int]) -> str:
    """How large the installed package is, with all it needs."""
    return table(("installed, without extras", "MB"), ((name, _megabytes(n)) for name, n in bytes_by_name.items()))


def _ours(raced: Sequence[Raced]) -> Raced:
    return next(one for one in raced if one.contender is EVALKIT)


def _named(one: Raced) -> str:
    return f"{one.contender.name} {one.contender.version}"


def _cpu(costs: Costs, load: Load) -> str:
    return f"{1000 * costs.cpus.median / load.cases:.2f}"


def _megabytes(size: int) -> str:
    return f"{size / MEGABYTE:.1f}"
