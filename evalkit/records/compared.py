"""Comparisons as they stand in `run.json`, and back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from evalkit.records.comparison import Baseline, Comparison, Interval, Matching, Movement
from evalkit.records.problem import Place
from evalkit.records.result import Column
from evalkit.records.spec import Regression

Json = Mapping[str, Any]


def baseline_to_json(baseline: Baseline | None) -> dict[str, Any] | None:
    """What a run was compared with; null where it was compared with nothing."""
    return asdict(baseline) if baseline else None


def baseline_from_json(data: Json | None) -> Baseline | None:
    """What `baseline_to_json` wrote."""
    return Baseline(**data) if data else None


def comparison_to_json(found: Comparison) -> dict[str, Any]:
    """One comparison; `schemas/run.schema.json` describes it."""
    moved = {side: [_movement_to_json(each) for each in getattr(found, side)] for side in ("worse", "better")}
    return {**asdict(found), "matching": _matching_to_json(found.matching), **moved}


def comparison_from_json(data: Json) -> Comparison:
    """What `comparison_to_json` wrote."""
    interval, population = (data[key] and Interval(**data[key]) for key in ("interval", "population"))
    return Comparison(
        **{
            **data,
            "column": Column(**data["column"]),
            "baseline": Column(**data["baseline"]),
            "rule": Regression(**data["rule"]),
            "matching": _matching_from_json(data["matching"]),
            "interval": interval,
            "population": population,
            "worse": tuple(map(_movement_from_json, data["worse"])),
            "better": tuple(map(_movement_from_json, data["better"])),
            "draws": tuple(data["draws"]),
            "missing": tuple(data["missing"]),
            "served": tuple(map(tuple, data["served"])),
        }
    )


def _matching_to_json(matching: Matching) -> dict[str, Any]:
    renamed = [{"before": old, "now": now} for old, now in matching.renamed]
    return {**asdict(matching), "renamed": renamed}


def _matching_from_json(data: Json) -> Matching:
    names = {key: tuple(data[key]) for key in ("new", "gone", "changed")}
    renamed = tuple((each["before"], each["now"]) for each in data["renamed"])
    return Matching(data["matched"], data["tested"], **names, renamed=renamed)


def _movement_to_json(movement: Movement) -> dict[str, Any]:
    return {**asdict(movement), "where": {"file": movement.where.file, "line": movement.where.line}}


def _movement_from_json(data: Json) -> Movement:
    return Movement(**{**data, "where": Place(data["where"]["file"], data["where"]["line"])})
