"""dispute_rate: how many of the milestones delivered were disputed, and how much of their value."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

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
from projections.metrics.behind import Told, amount, events, identity
from projections.metrics.definition import DISPUTE as DEFINITION

_BESIDE = (
    *("open", "resolved", "excluded_unknown", "excluded_unknown_amounts"),
    "excluded_not_recorded",
)


def _judged(by: str | None, *beside: str) -> str:
    """The head of every family submitted in the window, with the disputes of all of its parts."""
    columns = "".join(f", head.{name}" for name in beside)
    return f"""
WITH claims AS (
    SELECT stream, family, COUNT(*) AS disputes, COUNT(CASE WHEN status = 'open' THEN 1 END) AS open,
           SUM(amount_minor) AS minor, COUNT(CASE WHEN amount_minor IS NULL THEN 1 END) AS untold
    FROM {{disputes}}
    WHERE opened_on IS NULL OR opened_on <= :as_of
    GROUP BY stream, family),
heads AS (
    SELECT stream, family, milestone, ordinal, contract, partner, stage, currency, first_submitted_on,
           submitted_minor, events, no_disputes
    FROM (SELECT m.stream, m.family, m.milestone, m.ordinal, m.contract, m.partner, m.stage, m.currency,
                 CASE WHEN u.first_inferred = 1 THEN NULL ELSE m.first_submitted_on END AS first_submitted_on,
                 m.submitted_minor, m.events, m.is_root, m.submissions, COALESCE(u.no_disputes, 0) AS no_disputes
          FROM {{milestones}} AS m
          LEFT JOIN {{unknowns}} AS u ON u.stream = m.stream AND u.ordinal = m.ordinal) AS known
    WHERE is_root = 1 AND submissions > 0 AND {SCOPE}
      AND (first_submitted_on IS NULL OR first_submitted_on BETWEEN :since AND :until)),
judged AS (
    SELECT {key_sql(by, "first_submitted_on")} AS grp, head.currency, head.no_disputes{columns},
           head.submitted_minor,
           CASE WHEN claims.untold > 0 AND COALESCE(claims.minor, 0) < head.submitted_minor THEN NULL
                ELSE head.submitted_minor END AS counted_minor,
           COALESCE(claims.disputes, 0) AS disputes, COALESCE(claims.open, 0) AS open,
           COALESCE(claims.disputes - claims.open, 0) AS resolved,
           CASE WHEN claims.minor > head.submitted_minor THEN head.submitted_minor
                WHEN claims.minor IS NULL THEN 0
                ELSE claims.minor END AS disputed_minor,
           CASE WHEN head.no_disputes = 1 THEN 'excluded_unknown'
                WHEN :windowed = 1 AND first_submitted_on IS NULL THEN 'excluded_unknown'
                WHEN claims.disputes > 0 THEN 'disputed'
                ELSE 'undisputed' END AS verdict
    FROM heads AS head
    LEFT JOIN claims ON claims.stream = head.stream AND claims.family = head.family)"""


def rate_sql(by: str | None) -> str:
    """Per group and currency: families by count and by value, and their disputes."""
    return f"""{_judged(by)}
SELECT grp, currency,
       COUNT(CASE WHEN verdict = 'disputed' THEN 1 END) AS numerator,
       COUNT(CASE WHEN verdict <> 'excluded_unknown' THEN 1 END) AS denominator,
       COUNT(CASE WHEN verdict <> 'excluded_unknown' THEN 1 END) AS members,
       COUNT(CASE WHEN verdict = 'excluded_unknown' THEN 1 END) AS excluded_unknown,
       COUNT(CASE WHEN no_disputes = 1 THEN 1 END) AS excluded_not_recorded,
       COUNT(CASE WHEN verdict <> 'excluded_unknown' AND counted_minor IS NULL THEN 1 END)
           AS excluded_unknown_amounts,
       CAST(SUM(CASE WHEN verdict <> 'excluded_unknown' THEN open ELSE 0 END) AS BIGINT) AS open,
       CAST(SUM(CASE WHEN verdict <> 'excluded_unknown' THEN resolved ELSE 0 END) AS BIGINT) AS resolved,
       CAST(SUM(CASE WHEN verdict = 'disputed' AND counted_minor IS NOT NULL THEN disputed_minor ELSE 0 END)
           AS BIGINT) AS numerator_minor,
       CAST(SUM(CASE WHEN verdict <> 'excluded_unknown' THEN COALESCE(counted_minor, 0) ELSE 0 END)
           AS BIGINT) AS denominator_minor
FROM judged
GROUP BY grp, currency
"""


def behind_sql(by: str | None) -> str:
    """Every family in the cohort or excluded as unknown."""
    beside = ("stream", "family", "milestone", "ordinal", "contract", "partner", "stage")
    return f"""{_judged(by, *beside, "first_submitted_on", "events")}
SELECT grp, stream, contract, partner, stage, currency, milestone, family, first_submitted_on, submitted_minor,
       CAST(CASE WHEN no_disputes = 1 OR (disputes > 0 AND counted_minor IS NULL) THEN NULL
                 ELSE disputed_minor END AS BIGINT) AS disputed_minor,
       no_disputes, disputes, open, resolved, events, verdict
FROM judged
ORDER BY contract, stream, ordinal
"""


def disputes(
    select: Select,
    *,
    as_of: date,
    known_at: Mapping[str, Any],
    by: str | None = None,
    window: Window = EVER,
    contract: str | None = None,
    partner: str | None = None,
) -> Json:
    """The promised object of dispute_rate."""
    bound = parameters(as_of, window, contract, partner)
    overall, groups = tallied(select(rate_sql(by), **bound), _BESIDE)
    return framed(
        DEFINITION,
        as_of=as_of,
        known_at=known_at,
        window=window,
        by=by,
        groups={key: _rates(tally) for key, tally in groups.items()},
        overall=_rates(overall),
    )


def behind(
    select: Select,
    *,
    as_of: date,
    by: str | None = None,
    window: Window = EVER,
    contract: str | None = None,
    partner: str | None = None,
) -> Told:
    """The families behind the rate, by contract and in its order."""
    bound = parameters(as_of, window, contract, partner)
    return Told(lambda: (_family(row, by) for row in select(behind_sql(by), **bound)))


def _rates(tally: Tally) -> Json:
    beside = {name: tally.beside[name] for name in _BESIDE}
    return {
        **tally.counted(),
        "value_rate": tally.value_rate(),
        "open": beside.pop("open"),
        "resolved": beside.pop("resolved"),
        "by_currency": tally.by_currency(),
        **beside,
    }


def _family(row: Row, by: str | None) -> Json:
    return {
        **identity(row, by),
        "first_submitted_on": row["first_submitted_on"],
        "submitted": amount(row["submitted_minor"], row["currency"]),
        "disputed": amount(row["disputed_minor"], row["currency"]),
        "open": row["open"],
        "resolved": row["resolved"],
        "verdict": row["verdict"],
        "why": _why(row),
        "events": events(row),
    }


def _why(row: Row) -> str:
    if row["no_disputes"]:
        return "no source tells whether it was disputed"
    if row["verdict"] == "excluded_unknown":
        return "first submitted on no known day"
    if row["disputes"] == 0:
        return "no dispute"
    return f"{row['open']} open, {row['resolved']} resolved"
