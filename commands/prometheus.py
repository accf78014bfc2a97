"""A ledger's standing in Prometheus' text format, for the textfile collector of a node exporter.

Format: the text exposition format, version 0.0.4: HELP, TYPE, then `name{label="value"} number`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from commands.options import Output

STATUSES = ("rebuilt", "checked", "drift", "disagreement", "failed")
STEPS = ("seal", "rebuild", "oracle", "verify")

Sample = tuple[Mapping[str, str], float | None]
"""Labels and a value; None is no sample."""


def write(file: Path, found: Mapping[str, Any] | None, ledger: str) -> None:
    """Writes a standing, complete under its name or not at all; None says that none could be had."""
    from commands.output import writing

    with writing(Output(file=file)) as stream:
        stream.write(text(found, ledger))


def text(found: Mapping[str, Any] | None, ledger: str) -> str:
    """The figures of `projections status --json`, each labelled with the ledger, as one text that ends in a newline."""
    lines: list[str] = []
    gauges = [] if found is None else list(_gauges(found))
    up: tuple[str, str, list[Sample]]
    up = ("mledger_up", "1 if the ledger could be read.", [({}, int(found is not None))])
    for name, says, samples in [up, *gauges]:
        values = [(labels, value) for labels, value in samples if value is not None]
        if values:
            lines += [f"# HELP {name} {says}", f"# TYPE {name} gauge"]
            lines += [
                f"{name}{_labels({'ledger': ledger, **labels})} {_number(value)}"
                for labels, value in values
            ]
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
    yield f"{last}_timestamp_seconds", says, one(_time(run) if run else None)
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
    yield from _successes(found, good)


def _successes(
    found: Mapping[str, Any], good: Mapping[str, Any] | None
) -> Iterator[tuple[str, str, list[Sample]]]:
    """When each of the nightly steps went well last, and whether it failed last; 0 is never, and so is old."""
    night = found["last_night"]
    for step, says, last in (
        ("rebuild", "When the last rebuild that ended well began; 0: never.", good),
        ("seal", "When the log was sealed last; 0: never.", found["last_seal"]),
        (
            "verify",
            "When the log was verified last by night, and held; 0: never.",
            found["last_verified"],
        ),
    ):
        yield f"mledger_{step}_last_success_timestamp_seconds", says, [({}, _time(last))]
    says = "When the last night began; 0: never."
    yield "mledger_nightly_last_run_timestamp_seconds", says, [({}, _time(night))]
    failed = (
        {step["name"] for step in night["steps"] if step["status"] == "failed"} if night else set()
    )
    says = "1 for a step that failed in the last night."
    yield (
        "mledger_nightly_last_run_failed",
        says,
        [({"step": step}, int(step in failed)) for step in STEPS],
    )


def _time(run: Mapping[str, Any] | None) -> float:
    """When a run began, or a record was made, in seconds of Unix; 0 for none."""
    if run is None:
        return 0
    return datetime.fromisoformat(run.get("started_at") or run["recorded_at"]).timestamp()


def _labels(labels: Mapping[str, str]) -> str:
    return "{" + ",".join(f'{k}="{_escaped(v)}"' for k, v in labels.items()) + "}"


def _escaped(value: str) -> str:
    return value.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")


def _number(value: float) -> str:
    return repr(value) if isinstance(value, int) else f"{value:.6f}".rstrip("0").rstrip(".")
