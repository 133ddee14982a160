"""A RunInfo as the JSON of `run.json`, and back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from evalkit.records.circumstances import Pace, PaceStep, Provenance
from evalkit.records.compared import (
    baseline_from_json,
    baseline_to_json,
    comparison_from_json,
    comparison_to_json,
)
from evalkit.records.result import Column
from evalkit.records.run import ColumnSummary, RunInfo, SpecInfo, Tally
from evalkit.records.spec import Limit, Regression, Rule

FORMAT_VERSION = 1


def info_to_json(info: RunInfo) -> dict[str, Any]:
    """The object of `run.json`; `schemas/run.schema.json` describes it."""
    return {
        "format_version": FORMAT_VERSION,
        "id": info.id,
        "evalkit": info.version,
        "started": info.started,
        "seconds": info.seconds,
        "state": info.state,
        "exit_code": info.exit_code,
        "command": info.command,
        "planned": info.planned,
        "specs": [_spec_to_json(spec) for spec in info.specs],
        "columns": [_column_to_json(column) for column in info.columns],
        "totals": _totals(info.columns),
        "notes": list(info.notes),
        "provenance": asdict(info.provenance),
        "paces": [asdict(pace) for pace in info.paces],
        "max_usd": info.max_usd,
        "record": list(info.record),
        "baseline": baseline_to_json(info.baseline),
        "comparisons": [comparison_to_json(found) for found in info.comparisons],
    }


def info_from_json(data: Mapping[str, Any]) -> RunInfo:
    """What `info_to_json` wrote, without the columns: they are counted anew from the results."""
    return RunInfo(
        id=data["id"],
        version=data["evalkit"],
        started=data["started"],
        seconds=data["seconds"],
        state=data["state"],
        exit_code=data["exit_code"],
        command=data["command"],
        planned=data["planned"],
        specs=tuple(_spec_from_json(spec) for spec in data["specs"]),
        notes=tuple(data["notes"]),
        provenance=Provenance(**data["provenance"]),
        paces=tuple(_pace_from_json(pace) for pace in data["paces"]),
        max_usd=data["max_usd"],
        record=tuple(data.get("record", ())),
        baseline=baseline_from_json(data.get("baseline")),
        comparisons=tuple(map(comparison_from_json, data.get("comparisons", ()))),
    )


def _pace_from_json(data: Mapping[str, Any]) -> Pace:
    return Pace(**{**data, "steps": tuple(PaceStep(**step) for step in data["steps"])})


def _spec_to_json(spec: SpecInfo) -> dict[str, Any]:
    gate = [_rule_to_json(rule) for rule in spec.gate]
    return {
        "name": spec.name,
        "file": spec.file,
        "sha256": spec.digest,
        "gate": gate,
        "metrics": dict(spec.metrics),
        "compared": [asdict(column) for column in spec.compared],
    }


def _spec_from_json(data: Mapping[str, Any]) -> SpecInfo:
    gate = tuple(_rule_from_json(rule) for rule in data["gate"])
    compared = tuple(Column(**column) for column in data.get("compared", ()))
    return SpecInfo(data["name"], data["file"], data["sha256"], gate, data["metrics"], compared)


def _rule_to_json(rule: Rule) -> dict[str, Any]:
    return {
        "pass_rate": rule.pass_rate,
        "mean_score": rule.mean_score,
        "metrics": {name: {"min": limit.low, "max": limit.high} for name, limit in rule.metrics.items()},
        "p95_seconds": rule.p95_seconds,
        "max_errors": rule.max_errors,
        "where": rule.where,
        "each": rule.each,
        "regression": asdict(rule.regression) if rule.regression else None,
    }


def _rule_from_json(data: Mapping[str, Any]) -> Rule:
    return Rule(
        pass_rate=data["pass_rate"],
        mean_score=data["mean_score"],
        metrics={name: Limit(limit["min"], limit["max"]) for name, limit in data["metrics"].items()},
        p95_seconds=data["p95_seconds"],
        max_errors=data["max_errors"],
        where=data["where"],
        each=data["each"],
        regression=Regression(**data["regression"]) if data.get("regression") else None,
    )


def _column_to_json(column: ColumnSummary) -> dict[str, Any]:
    return {
        "spec": column.column.spec,
        "model": column.column.model,
        "variant": column.column.variant,
        "verdict": column.verdict,
        "rules": [asdict(rule) for rule in column.rules],
        "cases": asdict(column.cases),
        "trials": asdict(column.trials),
        "pass_rate": asdict(column.pass_rate) if column.pass_rate else None,
        "trial_pass_rate": asdict(column.trial_pass_rate) if column.trial_pass_rate else None,
        "mean_score": column.mean_score,
        "metrics": {name: asdict(metric) for name, metric in column.metrics.items()},
        "p50_seconds": column.p50_seconds,
        "p95_seconds": column.p95_seconds,
        "cut_off": column.cut_off,
        "flaky": column.flaky,
        "spending": asdict(column.spending),
        "served": list(column.served),
    }


def _totals(columns: tuple[ColumnSummary, ...]) -> dict[str, Any]:
    cases, trials = Tally(), Tally()
    for column in columns:
        cases += column.cases
        trials += column.trials
    return {"cases": asdict(cases), "trials": asdict(trials)}
