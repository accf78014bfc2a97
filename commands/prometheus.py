"""Figures of the read models in Prometheus' text format, for the textfile collector of a node exporter.

Format: the text exposition format, version 0.0.4: HELP, TYPE, then `name{label="value"} number`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from commands.options import Output

STATUSES = ("rebuilt", "checked", "drift", "disagreement", "failed")

Sample = tuple[Mapping[str, str], float | None]
"""Labels and a value; None is no sample."""


def write(file: Path, found: Mapping[str, Any]) -> None:
    """Writes what `projections status` found, complete under its name or not at all."""
    from commands.output import writing

    with writing(Output(file=file)) as stream:
        stream.write(text(found))


def text(found: Mapping[str, Any]) -> str:
    """The figures of `projections status --json`, as one text that ends in a newline."""
    lines: list[str] = []
    for name, says, samples in _gauges(found):
        values = [(labels, value) for labels, value in samples if value is not None]
        if values:
            lines += [f"# HELP {name} {says}", f"# TYPE {name} gauge"]
            lines += [f"{name}{_labels(labels)} {_number(value)}" for labels, value in values]
    return "\n".join(lines) + "\n"


def _gauges(found: Mapping[str, Any]) -> Iterator[tuple[str, str, list[Sample]]]:
    lag, derivation = found["lag"], found["derivation"]
    current = derivation["serving"] in (None, derivation["program"])
    run, good = found["last_run"], found["last_good_run"]
    own: Mapping[str, Any] = run or {}

    def one(value: float | None) -> list[Sample]:
        return [({}, value)]

    yield "mledger_log_position", "Last position of the log.", one(found["head"])
    yield "mledger_projection_position", "Position that readers see.", one(found["position"])
    yield "mledger_projection_lag_events", "Events not shown yet.", one(lag["events"])
    says = "Age of the oldest event not shown yet."
    yield "mledger_projection_lag_seconds", says, one(lag["seconds"])
    says = "Contracts of which no rows could be derived: no report shows them."
    yield "mledger_projection_contracts_left_out", says, one(len(found["left_out"]))
    says = "1 if this release derived the rows that are served."
    yield "mledger_projection_derivation_current", says, one(int(current))
    last = "mledger_rebuild_last_run"
    says = "When the last rebuild began."
    yield f"{last}_timestamp_seconds", says, one(_time(run))
    yield f"{last}_duration_seconds", "How long it took.", one(own.get("seconds"))
    yield f"{last}_events", "Events that it folded.", one(own.get("events"))
    rate = own.get("events_per_second")
    yield f"{last}_events_per_second", "Events folded per second.", one(rate)
    says = "Rows that differed from the log."
    yield f"{last}_drift_differences", says, one(own.get("differences"))
    is_status: list[Sample] = [
        ({"status": status}, int(status == own["status"])) for status in STATUSES if run
    ]
    yield f"{last}_status", "1 for the way in which it ended.", is_status
    says = "When the last rebuild that ended well began."
    yield "mledger_rebuild_last_success_timestamp_seconds", says, one(_time(good))


def _time(run: Mapping[str, Any] | None) -> float | None:
    return datetime.fromisoformat(run["started_at"]).timestamp() if run else None


def _labels(labels: Mapping[str, str]) -> str:
    return "{" + ",".join(f'{k}="{v}"' for k, v in labels.items()) + "}" if labels else ""


def _number(value: float) -> str:
    return repr(value) if isinstance(value, int) else f"{value:.6f}".rstrip("0").rstrip(".")
