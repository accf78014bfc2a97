"""on_time_rate: deliveries by their due date, against the original and the current baseline."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from ledger.counting import in_days
from projections.metrics.answer import (
    EVER,
    SCOPE,
    Json,
    Row,
    Select,
    Tally,
    Window,
    framed,
    key_sql,
    parameters,
    tallied,
)
from projections.metrics.behind import Told, amount, days_between, events, identity
from projections.metrics.definition import ON_TIME as DEFINITION

_COLUMNS = {
    "original": ("original_due", "original_minor"),
    "current": ("reference_due", "reference_minor"),
}
REFERENCES = tuple(_COLUMNS)

# Verdicts in an order in which a family's is the least of its parts': one part outside keeps the whole outside, else
# one unknown part makes it unknown, else one late part makes it late. A cancelled part has none.
VERDICTS = {3: "on_time", 2: "late", 1: "excluded_unknown", 0: None}
# Why a part is unknown; all but a missing date are counted by themselves, too.
_DATE, _INFERRED, _NOT_RECORDED, _NOT_HEARD = range(1, 5)
_REASONS = {
    "excluded_inferred": _INFERRED,
    "excluded_not_recorded": _NOT_RECORDED,
    "excluded_not_heard": _NOT_HEARD,
}
_BESIDE = ("excluded_unknown", "excluded_unknown_amounts", *_REASONS)


def _parts(reference: str, *beside: str) -> str:
    """Every part with its verdict against a reference; raises ValueError for one that is not of REFERENCES."""
    if reference not in _COLUMNS:
        raise ValueError(f"a reference is {' or '.join(REFERENCES)}, not {reference!r}")
    due, minor = _COLUMNS[reference]
    columns = ", ".join(
        ("stream", "family", "is_root", "contract", "partner", "stage", "currency", *beside)
    )
    return f"""
    SELECT {columns}, due_on, minor, reason,
           CASE WHEN status = 'cancelled' THEN NULL
                WHEN due_on IS NULL THEN 1
                WHEN due_on NOT BETWEEN :since AND :until THEN 0
                WHEN due_on >= :as_of AND is_accepted = 0 THEN 0
                WHEN reason > 0 THEN 1
                WHEN delivered_on <= due_on THEN 3
                ELSE 2 END AS verdict
    FROM (SELECT m.*, m.{due} AS due_on, m.{minor} AS minor, u.heard_on,
                 CASE WHEN m.{due} IS NULL OR m.delivery = 'unknown' THEN {_DATE}
                      WHEN u.delivered_inferred = 1 THEN {_INFERRED}
                      WHEN m.delivery = 'none' AND u.no_deliveries = 1 THEN {_NOT_RECORDED}
                      WHEN m.delivery = 'none' AND m.is_accepted = 0 AND u.heard_on <= m.{due} THEN {_NOT_HEARD}
                      ELSE 0 END AS reason
          FROM {{milestones}} AS m
          LEFT JOIN {{unknowns}} AS u ON u.stream = m.stream AND u.ordinal = m.ordinal) AS known
    WHERE {SCOPE}"""


def rates_sql(reference: str, by: str | None) -> str:
    """Per group and currency: families by count, parts by value.

    Only the few families with remainders are grouped; grouping all of them took twice as long.
    """
    return f"""
WITH parts AS ({_parts(reference)}),
remainders AS (
    SELECT stream, family, MIN(verdict) AS verdict, MAX(CASE WHEN verdict = 1 THEN reason END) AS reason,
           MAX(CASE WHEN verdict >= 2 THEN due_on END) AS due_on,
           COUNT(CASE WHEN verdict >= 2 THEN 1 END) AS members,
           COUNT(CASE WHEN verdict >= 2 THEN minor END) AS known,
           SUM(CASE WHEN verdict >= 2 THEN minor END) AS counted_minor,
           SUM(CASE WHEN verdict = 3 THEN minor END) AS on_time_minor
    FROM parts WHERE is_root = 0 GROUP BY stream, family),
families AS (
    SELECT head.contract, head.partner, head.stage, head.currency,
           CASE WHEN head.verdict IS NULL OR rest.verdict < head.verdict THEN rest.verdict
                ELSE head.verdict END AS verdict,
           CASE WHEN head.verdict = 1 THEN head.reason ELSE rest.reason END AS reason,
           CASE WHEN head.verdict >= 2 AND (rest.due_on IS NULL OR rest.due_on <= head.due_on)
                THEN head.due_on ELSE rest.due_on END AS due_on,
           CASE WHEN head.verdict >= 2 THEN 1 ELSE 0 END + COALESCE(rest.members, 0) AS members,
           CASE WHEN head.verdict >= 2 AND head.minor IS NOT NULL THEN 1 ELSE 0 END
               + COALESCE(rest.known, 0) AS known,
           CASE WHEN head.verdict >= 2 THEN COALESCE(head.minor, 0) ELSE 0 END
               + COALESCE(rest.counted_minor, 0) AS counted_minor,
           CASE WHEN head.verdict = 3 THEN COALESCE(head.minor, 0) ELSE 0 END
               + COALESCE(rest.on_time_minor, 0) AS on_time_minor
    FROM parts AS head
    LEFT JOIN remainders AS rest ON rest.stream = head.stream AND rest.family = head.family
    WHERE head.is_root = 1)
SELECT {key_sql(by, "due_on")} AS grp, currency,
       COUNT(CASE WHEN verdict = 3 THEN 1 END) AS numerator,
       COUNT(CASE WHEN verdict >= 2 THEN 1 END) AS denominator,
       COUNT(CASE WHEN verdict = 1 THEN 1 END) AS excluded_unknown,
       {_counts()},
       CAST(SUM(members) AS BIGINT) AS members,
       CAST(SUM(members - known) AS BIGINT) AS excluded_unknown_amounts,
       CAST(SUM(on_time_minor) AS BIGINT) AS numerator_minor,
       CAST(SUM(counted_minor) AS BIGINT) AS denominator_minor
FROM families
GROUP BY grp, currency
"""


def _counts() -> str:
    return ",\n       ".join(
        f"COUNT(CASE WHEN verdict = 1 AND reason = {reason} THEN 1 END) AS {name}"
        for name, reason in _REASONS.items()
    )


def behind_sql(reference: str, by: str | None) -> str:
    """Every part in the cohort or excluded as unknown, with its own verdict and its family's."""
    beside = ("ordinal", "milestone", "delivered_on", "accepted_on", "heard_on", "events")
    return f"""
WITH parts AS ({_parts(reference, *beside)}),
judged AS (
    SELECT stream, ordinal, contract, partner, currency, milestone, family, due_on, minor, reason,
           heard_on, delivered_on, accepted_on, events, verdict, stage AS own_stage,
           MIN(verdict) OVER (PARTITION BY stream, family) AS family_verdict,
           MAX(CASE WHEN is_root = 1 THEN stage END) OVER (PARTITION BY stream, family) AS stage,
           MAX(CASE WHEN verdict >= 2 THEN due_on END) OVER (PARTITION BY stream, family) AS latest
    FROM parts)
SELECT {key_sql(by, "latest")} AS grp, stream, contract, partner, currency, milestone, family, own_stage AS stage,
       due_on, minor, reason, heard_on, delivered_on, accepted_on, events, verdict, family_verdict
FROM judged
WHERE verdict >= 1
ORDER BY contract, stream, ordinal
"""


def on_time(
    select: Select,
    *,
    as_of: date,
    known_at: Mapping[str, Any],
    by: str | None = None,
    window: Window = EVER,
    references: Sequence[str] = REFERENCES,
    contract: str | None = None,
    partner: str | None = None,
) -> Json:
    """The promised object of on_time_rate: per group and overall, one rate per reference."""
    bound = parameters(as_of, window, contract, partner)
    found = {
        reference: tallied(select(rates_sql(reference, by), **bound), _BESIDE)
        for reference in references
    }
    keys = {key for _, groups in found.values() for key in groups}
    return framed(
        DEFINITION,
        as_of=as_of,
        known_at=known_at,
        window=window,
        by=by,
        groups={
            key: {name: _rates(groups.get(key, Tally())) for name, (_, groups) in found.items()}
            for key in keys
        },
        overall={name: _rates(overall) for name, (overall, _) in found.items()},
    )


def behind(
    select: Select,
    *,
    as_of: date,
    by: str | None = None,
    window: Window = EVER,
    references: Sequence[str] = REFERENCES,
    contract: str | None = None,
    partner: str | None = None,
) -> Told:
    """The parts behind both rates, reference by reference, by contract and in its order.

    By value each part counts by its `verdict`, by count each family by its `family_verdict` (null: not in the cohort).
    """
    bound = parameters(as_of, window, contract, partner)
    return Told(
        lambda: (
            _part(row, reference, by, as_of)
            for reference in references
            for row in select(behind_sql(reference, by), **bound)
        )
    )


def _rates(tally: Tally) -> Json:
    return {
        **tally.counted(),
        "value_rate": tally.value_rate(),
        "by_currency": tally.by_currency(),
        **{name: tally.beside[name] for name in _BESIDE},
    }


def _part(row: Row, reference: str, by: str | None, as_of: date) -> Json:
    return {
        "reference": reference,
        **identity(row, by),
        "due_on": row["due_on"],
        "delivered_on": row["delivered_on"],
        "inferred": ["delivered_on"] if row["reason"] == _INFERRED else [],
        "heard_on": row["heard_on"],
        "accepted_on": row["accepted_on"],
        "amount": amount(row["minor"], row["currency"]),
        "verdict": VERDICTS[row["verdict"]],
        "family_verdict": VERDICTS[row["family_verdict"]],
        "why": _why(row, as_of.isoformat()),
        "events": events(row),
    }


_UNKNOWN = {
    _DATE: "delivered on no known day",
    _INFERRED: "delivered on {delivered_on} as inferred, which no source states",
    _NOT_RECORDED: "no source tells whether it was delivered",
    _NOT_HEARD: "open when last heard of, on {heard_on}, which is not after it was due",
}


def _why(row: Row, as_of: str) -> str:
    due, delivered = row["due_on"], row["delivered_on"]
    if due is None:
        return "no known due date"
    if row["verdict"] == 1:
        return _UNKNOWN[row["reason"]].format(**row)
    if delivered is None and (row["accepted_on"] is not None or due >= as_of):
        return "accepted without a delivery"
    if delivered is None:
        return f"not delivered {in_days(days_between(due, as_of))} after it was due"
    late = days_between(due, delivered)
    if late > 0:
        return f"delivered {in_days(late)} late"
    return f"delivered {in_days(-late)} early" if late else "delivered on the day"
