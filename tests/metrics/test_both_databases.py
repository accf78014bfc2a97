"""Every metric gives the same object, and the same milestones behind it, on SQLite and PostgreSQL."""

from __future__ import annotations

from itertools import product
from random import Random
from typing import Any

import pytest

from ledger.state import Contract
from ledger.store import Ledger, writing
from projections.derive import MODELS
from projections.metrics import BY, Window, cycle_times, disputes, exposure, first_pass, on_time
from projections.metrics import paid_on_time as paid
from projections.reading import reader
from projections.rebuild.sink import write
from tests.metrics.rows import Put, answering, day, dispute, in_tables, line, part

AS_OF = day("2026-11-01")
METRICS = (
    (on_time.on_time, on_time.behind),
    (disputes.disputes, disputes.behind),
    (first_pass.first_pass, first_pass.behind),
    (paid.paid_on_time, paid.behind),
    (cycle_times.cycle_times, cycle_times.behind),
)
QUESTIONS: list[dict[str, Any]] = [
    {"by": by, "window": window}
    for by, window in product((None, *BY), (Window(), Window(day("2026-09-01"), day("2026-10-16"))))
]
QUESTIONS += [{"contract": "C-2"}, {"partner": "工作室", "by": "stage"}]
DAYS = (None, "2026-08-31", "2026-09-01", "2026-10-16", "2026-10-31", "2026-11-01", "2027-02-28")


def portfolio(seed: int = 11, contracts: int = 12) -> list[Put]:
    """Rows of every kind: remainders, unknown dates and amounts, two currencies, names beyond ASCII."""
    rng = Random(seed)
    rows: list[Put] = []
    for stream in range(1, contracts + 1):
        own = {
            "stream": stream,
            "contract": f"C-{stream}",
            "partner": rng.choice(("Studio", "studio", "工作室", "Ätelier")),
            "currency": rng.choice(("CNY", "USD")),
            "stage": rng.choice(("", "plan", "build")),
        }
        rows.append(Put("contracts", own))
        for number in range(1, 6):
            name = f"M{number}"
            rows += [_part(rng, name, own), _line(rng, name, own)]
            if rng.random() < 0.3:
                rows.append(_part(rng, f"{name}-r1", own, of=name))
            if rng.random() < 0.4:
                ended = rng.choice(DAYS)
                state = {"status": "split", "ended_on": ended} if ended else {}
                minor = rng.choice((None, 400, 20_000))
                rows.append(dispute(name, minor, rng.choice(DAYS), **own | state))
    return rows


def _part(rng: Random, name: str, own: dict[str, Any], of: str = "") -> Put:
    decided = rng.choice((None, 0, 1))
    return part(
        name,
        rng.choice(DAYS),
        rng.choice((None, 10_000, 9_007_199_254_740_993)),
        rng.choice((*DAYS, "unknown")),
        accepted=rng.choice(DAYS),
        of=of,
        reference_due=rng.choice(DAYS),
        settled_on=rng.choice(DAYS),
        first_pass=decided,
        first_decided_on=None if decided is None else rng.choice(DAYS),
        **own,
    )


def _line(rng: Random, name: str, own: dict[str, Any]) -> Put:
    settled = rng.choice(DAYS)
    return line(name, rng.choice(DAYS), rng.choice((0, 700)), settled=settled, **own)


def test_both_databases_give_what_the_rows_in_memory_give(ledger: Ledger[Contract]) -> None:
    rows = portfolio()
    found = in_tables(rows)
    with writing(ledger.engine) as conn:
        write(conn, "a", [found.get(model.name, []) for model in MODELS])
    in_memory = answering(*rows)
    with reader(ledger) as stored:
        for (metric, behind), asked in product(METRICS, QUESTIONS):
            known: dict[str, Any] = {"as_of": AS_OF, "known_at": {}, **asked}
            assert metric(stored.select, **known) == metric(in_memory, **known), asked
            del known["known_at"]
            assert list(behind(stored.select, **known)) == list(behind(in_memory, **known)), asked
        as_of: dict[str, Any] = {"as_of": AS_OF}
        assert list(exposure.behind(stored.select, **as_of)) == list(
            exposure.behind(in_memory, **as_of)
        )
        as_of["known_at"] = {}
        assert exposure.exposure(stored.select, **as_of) == exposure.exposure(in_memory, **as_of)


@pytest.mark.parametrize("seed", range(20))
def test_the_milestones_behind_add_up_to_the_rates(seed: int) -> None:
    select = answering(*portfolio(seed))
    window = Window(day("2026-09-01"), day("2026-10-31"))
    rates = on_time.on_time(select, as_of=AS_OF, known_at={}, window=window)["overall"]
    parts = list(on_time.behind(select, as_of=AS_OF, window=window))
    for reference, rate in rates.items():
        families = {
            one["family"]: one["family_verdict"] for one in parts if one["reference"] == reference
        }
        verdicts = list(families.values())
        assert verdicts.count("on_time") == rate["numerator"]
        assert verdicts.count("on_time") + verdicts.count("late") == rate["denominator"]
        assert verdicts.count("excluded_unknown") == rate["excluded_unknown"]
    for (metric, behind), hit in zip(
        METRICS[1:4], ("disputed", "first_pass", "on_time"), strict=True
    ):
        overall = metric(select, as_of=AS_OF, known_at={}, window=window)["overall"]
        verdicts = [one["verdict"] for one in behind(select, as_of=AS_OF, window=window)]
        assert verdicts.count(hit) == overall["numerator"]
        beside = ("excluded_unknown", "excluded_unknown_amounts", "held")
        assert sum(verdict not in beside for verdict in verdicts) == overall["denominator"]
        assert verdicts.count("excluded_unknown") == overall["excluded_unknown"]
    spans = cycle_times.cycle_times(select, as_of=AS_OF, known_at={}, window=window)["overall"]
    taken = list(cycle_times.behind(select, as_of=AS_OF, window=window))
    for name, span in spans.items():
        counted = [o for o in taken if (o["span"], o["verdict"]) == (name, "counted")]
        assert len(counted) == span["n"]
