"""exposure: what is owed, how late it is, what is held, and what is still to come, per currency."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

from projections.derive.schedule import EXPOSURE
from projections.metrics.behind import days, days_between, events
from projections.metrics.definition import EXPOSURE as DEFINITION
from projections.metrics.frame import SCOPE, Json, Row, Select
from projections.metrics.rates import money

# Bucket → the column of EXPOSURE that holds it.
AGING = {
    "0-30": "overdue_30_minor",
    "31-60": "overdue_60_minor",
    "61-90": "overdue_90_minor",
    "90+": "overdue_more_minor",
}

OLDEST = f"""
SELECT currency, MIN(due_on) AS overdue_since
FROM {{schedule}}
WHERE outstanding_minor > held_minor AND due_on < :as_of AND {SCOPE}
GROUP BY currency
ORDER BY currency
"""

BEHIND = f"""
SELECT stream, ordinal, kind, contract, partner, stage, milestone, status, currency, due_on,
       outstanding_minor - held_minor AS open_minor, held_minor, retention_minor, expected_minor, events
FROM {{schedule}}
WHERE {SCOPE}
  AND (outstanding_minor <> 0 OR held_minor <> 0 OR retention_minor <> 0 OR expected_minor <> 0)
ORDER BY currency, CASE WHEN due_on IS NULL THEN 1 ELSE 0 END, due_on, contract, stream, ordinal, kind
"""


def _parameters(as_of: date, contract: str | None, partner: str | None) -> dict[str, str | None]:
    """Those of EXPOSURE: d30 is the first day of the bucket 0-30, and so on."""
    aged = {f"d{age}": (as_of - timedelta(days=age)).isoformat() for age in (30, 60, 90)}
    return {"as_of": as_of.isoformat(), **aged, "contract": contract, "partner": partner}


def exposure(
    select: Select,
    *,
    as_of: date,
    known_at: Mapping[str, Any],
    contract: str | None = None,
    partner: str | None = None,
) -> Json:
    """Every amount of the definition per currency; `overdue` is the sum of its aging."""
    bound = _parameters(as_of, contract, partner)
    since = {row["currency"]: row["overdue_since"] for row in select(OLDEST, **bound)}
    return {
        "metric": DEFINITION.name,
        "version": DEFINITION.version,
        "as_of": as_of.isoformat(),
        "known_at": dict(known_at),
        "by_currency": [
            _currency(row, since.get(row["currency"]), as_of.isoformat())
            for row in select(EXPOSURE, **bound)
        ],
    }


def behind(
    select: Select, *, as_of: date, contract: str | None = None, partner: str | None = None
) -> list[Json]:
    """The schedule lines behind the amounts, by currency, due date (null last) and contract."""
    bound = _parameters(as_of, contract, partner)
    return [_line(row, as_of.isoformat()) for row in select(BEHIND, **bound)]


def _currency(row: Row, overdue_since: str | None, as_of: str) -> Json:
    currency = row["currency"]
    overdue = sum(row[column] for column in AGING.values())
    return {
        "currency": currency,
        "due": money(row["due_minor"], currency),
        "overdue": money(overdue, currency),
        "aging": {bucket: money(row[column], currency) for bucket, column in AGING.items()},
        "overdue_since": overdue_since,
        "overdue_days": None if overdue_since is None else days_between(overdue_since, as_of),
        "held": money(row["held_minor"], currency),
        "retained": money(row["retained_minor"], currency),
        "claims": money(row["claims_minor"], currency),
        "expected": money(row["expected_minor"], currency),
    }


def _line(row: Row, as_of: str) -> Json:
    currency, open_minor = row["currency"], row["open_minor"]
    named = row["milestone"] is not None
    overdue = open_minor > 0 and row["due_on"] is not None and row["due_on"] < as_of
    age = days_between(row["due_on"], as_of) if overdue else None
    verdict = _verdict(row, age)
    return {
        "stream": row["stream"],
        "milestone": f"{row['contract']}/{row['milestone']}" if named else None,
        "contract": row["contract"],
        "partner": row["partner"],
        "kind": row["kind"],
        "reference": _payable(row),
        "status": row["status"],
        "due_on": row["due_on"],
        "open": money(open_minor, currency),
        "held": money(row["held_minor"], currency),
        "retained": money(row["retention_minor"], currency),
        "expected": money(row["expected_minor"], currency),
        "overdue_days": age,
        "verdict": verdict,
        "why": _WHY[verdict] if age is None else f"overdue by {days(age)}",
        "events": events(row),
    }


def _payable(row: Row) -> str | None:
    """What a payment names; None where no milestone is named."""
    if row["kind"] == "retention":
        return f"{row['contract']}#{row['ordinal']}"
    return f"{row['contract']}/{row['milestone']}" if row["milestone"] is not None else None


_WHY = {
    "due": "owed, and not due before the as-of date",
    "claim": "paid more than is owed",
    "expected": "planned, not accepted yet",
    "held": "held by an open dispute",
    "retained": "kept as retention",
    "released": "retention given back, and paid",
}


def _verdict(row: Row, age: int | None) -> str:
    """Where a line's open part stands: an aging bucket, `due` or `claim`; without one, why the line is here."""
    if age is not None:
        return next(
            (b for b, last in (("0-30", 30), ("31-60", 60), ("61-90", 90)) if age <= last), "90+"
        )
    if row["open_minor"]:
        return "due" if row["open_minor"] > 0 else "claim"
    found = next(name for name in ("expected", "held", "retained") if row[_AMOUNTS[name]])
    return "released" if found == "retained" and row["kind"] == "retention" else found


_AMOUNTS = {"expected": "expected_minor", "held": "held_minor", "retained": "retention_minor"}
