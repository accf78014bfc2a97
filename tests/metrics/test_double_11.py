"""The rates of the contract played by hand in scenarios/double-11.md, from its rows on two days."""

from __future__ import annotations

from typing import Any

import pytest

from projections.metrics.disputes import disputes
from projections.metrics.exposure import exposure
from projections.metrics.first_pass import first_pass
from projections.metrics.on_time import on_time
from projections.metrics.paid_on_time import paid_on_time
from tests.metrics.rows import KNOWN, Put, answering, day, dispute, line, part


def delivered(milestone: str, due: str, minor: int, on: str, accepted: str, **more: Any) -> Put:
    decided = {"first_decided_on": accepted, "first_pass": 1, **more}
    return part(milestone, due, minor, on, accepted=accepted, **decided)


M1 = delivered("M1", "2026-08-21", 12_000_000, "2026-08-18", "2026-08-20")
M2 = delivered(
    *("M2", "2026-09-18", 30_000_000, "2026-09-25", "2026-10-08"),
    reference_due="2026-09-25",
    first_submitted_on="2026-09-23",
    first_decided_on="2026-09-24",
    first_pass=0,
)
M3 = delivered("M3", "2026-10-16", 18_000_000, "2026-10-20", "2026-10-22")
M4 = delivered(
    *("M4", "2026-11-12", 30_000_000, "2026-11-11", "2026-11-17"),
    submitted_minor=40_000_000,
    first_pass=0,
)
REST = part("M4-r1", "2026-11-12", 10_000_000, of="M4")
M5 = part("M5", "2026-12-04", 10_000_000)
PAID = line("M1", "2026-09-19", 12_180_000, settled="2026-09-19")

OCTOBER = day("2026-10-28")
ON_OCTOBER = answering(
    *(M1, M2, M3, part("M4", "2026-11-12", 40_000_000), M5, dispute("M3", 4_500_000, "2026-10-26")),
    *(PAID, line("M2", "2026-11-07", 30_000_000)),
    line("M3", "2026-11-21", 17_928_000, held_minor=4_500_000),
)
NOVEMBER = day("2026-11-20")
ON_NOVEMBER = answering(
    *(M1, M2, M3, M4, REST, M5),
    dispute("M3", 4_500_000, "2026-10-26", status="split", ended_on="2026-11-03"),
    *(PAID, line("M2", "2026-11-07", 30_000_000, settled="2026-11-12")),
    *(line("M3", "2026-11-21", 15_928_000), line("M4", "2026-12-17", 32_150_000)),
)


@pytest.fixture(params=[(ON_OCTOBER, OCTOBER), (ON_NOVEMBER, NOVEMBER)], ids=["10-28", "11-20"])
def asked(request: pytest.FixtureRequest) -> Any:
    """Asks a metric on one of the two days; the second day has index 1."""
    select, as_of = request.param

    def ask(metric: Any) -> tuple[int, dict[str, Any]]:
        return int(as_of == NOVEMBER), metric(select, as_of=as_of, known_at=KNOWN)["overall"]

    return ask


def by_count(found: dict[str, Any]) -> tuple[Any, ...]:
    return found["numerator"], found["denominator"], found["rate"], found["interval"]


def test_on_time_against_both_baselines_by_count_and_by_value(asked: Any) -> None:
    which, found = asked(on_time)
    original = [(1, 3, "0.3333", ["0.0615", "0.7923"]), (1, 4, "0.2500", ["0.0456", "0.6994"])]
    current = [(2, 3, "0.6667", ["0.2077", "0.9385"]), (2, 4, "0.5000", ["0.1500", "0.8500"])]
    assert by_count(found["original"]) == original[which]
    assert by_count(found["current"]) == current[which]
    rates = {"original": ("0.2000", "0.4200"), "current": ("0.7000", "0.7200")}
    amounts = {"original": ("120000.00", "420000.00"), "current": ("420000.00", "720000.00")}
    for reference in ("original", "current"):
        assert found[reference]["value_rate"] == rates[reference][which]
        (one,) = found[reference]["by_currency"]
        assert one["numerator"]["amount"] == amounts[reference][which]
        assert one["denominator"]["amount"] == ("600000.00", "1000000.00")[which]


def test_disputes_by_count_and_by_value(asked: Any) -> None:
    which, found = asked(disputes)
    assert by_count(found)[:3] == [(1, 3, "0.3333"), (1, 4, "0.2500")][which]
    assert found["value_rate"] == ("0.0750", "0.0450")[which]
    assert (found["open"], found["resolved"]) == [(1, 0), (0, 1)][which]


def test_first_pass_acceptance(asked: Any) -> None:
    which, found = asked(first_pass)
    assert by_count(found)[:2] == [(2, 3), (2, 4)][which]


def test_paid_on_time(asked: Any) -> None:
    which, found = asked(paid_on_time)
    assert by_count(found)[:2] == [(1, 1), (1, 2)][which]


def test_a_returned_payment_is_overdue_by_four_days() -> None:
    select = answering(PAID, line("M2", "2026-11-07", 30_000_000, instructed_minor=30_000_000))
    (found,) = exposure(select, as_of=day("2026-11-11"), known_at=KNOWN)["by_currency"]
    assert (found["aging"]["0-30"]["amount"], found["overdue_days"]) == ("300000.00", 4)
