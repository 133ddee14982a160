"""Problems for machines: JSON, GitHub's workflow commands, SARIF."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from typing import Any

from evalkit.records.problem import Problem
from evalkit.version import __version__

FORMAT_VERSION = 1


def as_json(problems: Sequence[Problem]) -> str:
    """One object; `more` counts problems that say the same in the same file, `via` names the shared file's user."""
    rows = [_row(problem) for problem in problems]
    return json.dumps({"format_version": FORMAT_VERSION, "problems": rows}, indent=1)


def _row(problem: Problem) -> dict[str, Any]:
    return {
        "file": problem.place.file,
        "line": problem.place.line,
        "column": problem.place.column,
        "severity": problem.severity,
        "message": problem.message,
        "help": problem.help,
        "more": problem.more,
        "via": asdict(problem.via) if problem.via else None,
    }


def as_github(problems: Sequence[Problem]) -> str:
    """A workflow command for each problem, which GitHub shows at the line."""
    return "\n".join(_command(problem) for problem in problems)


def _command(problem: Problem) -> str:
    place = problem.place
    where = f"file={_property(place.file)},line={place.line},col={place.column},title=evalkit"
    return f"::{problem.severity} {where}::{_data(_said(problem))}"


def _said(problem: Problem) -> str:
    more = [f"and {problem.more:,} more like this"] if problem.more else []
    via = [f"named at {problem.via}"] if problem.via else []
    help = [f"help: {problem.help}"] if problem.help else []
    return "\n".join([problem.message, *more, *via, *help])


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")


def as_sarif(problems: Sequence[Problem]) -> str:
    """SARIF 2.1.0, as code scanning takes it."""
    driver = {"name": "evalkit", "version": __version__, "rules": [{"id": "spec"}]}
    run = {"tool": {"driver": driver}, "columnKind": "unicodeCodePoints", "results": [_result(p) for p in problems]}
    schema = "https://json.schemastore.org/sarif-2.1.0.json"
    return json.dumps({"$schema": schema, "version": "2.1.0", "runs": [run]}, indent=1)


def _result(problem: Problem) -> dict[str, Any]:
    place = problem.place
    region = {"startLine": place.line, "startColumn": place.column}
    location = {"physicalLocation": {"artifactLocation": {"uri": place.file}, "region": region}}
    return {
        "ruleId": "spec",
        "level": problem.severity,
        "message": {"text": _said(problem)},
        "locations": [location],
    }


FORMATS: Mapping[str, Callable[[Sequence[Problem]], str]] = {
    "json": as_json,
    "github": as_github,
    "sarif": as_sarif,
}
