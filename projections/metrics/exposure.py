"""exposure: what is owed, how late it is, what is held, and what is still to come, per currency."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

from ledger.counting import in_days
from projections.derive.schedule import BEHIND, EXPOSURE, OLDEST
from projections.metrics.answer import Json, Row, Select
from projections.metrics.behind import Told, amount, days_between, events
from projections.metrics.definition import EXPOSURE as DEFINITION

# Bucket → the column of EXPOSURE that holds it.
AGING = {
    "0-30": "overdue_30_minor",
    "31-60": "overdue_60_minor",
    "61-90": "overdue_90_minor",
    "90+": "overdue_more_minor",
}


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
) -> Told:
    """The schedule lines behind the amounts, by currency, due date (null last) and contract."""
    bound = _parameters(as_of, contract, partner)
    return Told(lambda: (_line(row, as_of.isoformat()) for row in select(BEHIND, **bound)))


def _currency(row: Row, overdue_since: str | None, as_of: str) -> Json:
    currency = row["currency"]
    aged = [row[column] for column in AGING.values()]
    overdue = None if None in aged else sum(aged)
    return {
        "currency": currency,
        "due": amount(row["due_minor"], currency),
        "overdue": amount(overdue, currency),
        "aging": {bucket: amount(row[column], currency) for bucket, column in AGING.items()},
        "overdue_since": overdue_since,
        "overdue_days": None if overdue_since is None else days_between(overdue_since, as_of),
        "held": amount(row["held_minor"], currency),
        "retained": amount(row["retained_minor"], currency),
        "claims": amount(row["claims_minor"], currency),
        "expected": amount(row["expected_minor"], currency),
        "not_heard": amount(row["not_heard_minor"], currency),
    }


def _line(row: Row, as_of: str) -> Json:
    currency, open_minor = row["currency"], row["open_minor"]
    named = row["milestone"] is not None
    due = row["due_on"]
    overdue = (open_minor or 0) > 0 and due is not None and due < as_of and not row["not_heard"]
    age = days_between(due, as_of) if overdue else None
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
        "open": amount(open_minor, currency),
        "held": amount(row["held_minor"], currency),
        "retained": amount(row["retention_minor"], currency),
        "expected": amount(row["expected_minor"], currency),
        "currency": currency,
        "heard_on": row["heard_on"],
        "overdue_days": age,
        "verdict": verdict,
        "why": _WHY[verdict].format(**row) if age is None else f"overdue by {in_days(age)}",
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
    "not_heard": "open when last heard of, on {heard_on}, which is not after it was due",
    "unknown_amount": "accepted for an unknown amount",
    "not_recorded": "no source tells whether it was paid",
    "unknown_hold": "disputed for an unknown amount",
    "not_accepted": "no source tells whether it was accepted",
    "unknown_plan": "planned for an unknown amount",
}


def _verdict(row: Row, age: int | None) -> str:
    """Where a line's open part stands: an aging bucket, `due` or `claim`; without one, why the line is here."""
    if age is not None:
        return next(
            (b for b, last in (("0-30", 30), ("31-60", 60), ("61-90", 90)) if age <= last), "90+"
        )
    if row["open_minor"] is None:
        return _unknown(row)
    if row["open_minor"] > 0 and row["not_heard"]:
        return "not_heard"
    if row["open_minor"]:
        return "due" if row["open_minor"] > 0 else "claim"
    if row["expected_minor"] is None:
        return "unknown_plan"
    found = next(name for name in ("expected", "held", "retained") if row[_AMOUNTS[name]])
    return "released" if found == "retained" and row["kind"] == "retention" else found


def _unknown(row: Row) -> str:
    """Why nobody can tell what is open of a line."""
    if row["status"] not in ("accepted", "paid"):
        return "not_accepted"
    if row["net_minor"] is None:
        return "unknown_amount"
    return "not_recorded" if row["paid_minor"] is None else "unknown_hold"


_AMOUNTS = {"expected": "expected_minor", "held": "held_minor", "retained": "retention_minor"}
