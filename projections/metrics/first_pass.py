"""first_pass_acceptance_rate: accepted whole at the first submission."""

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
from projections.metrics.behind import Told, events, identity
from projections.metrics.definition import FIRST_PASS as DEFINITION

_BESIDE = ("excluded_unknown", "excluded_not_recorded")
_WHY = {
    "first_pass": "accepted whole at the first submission",
    "not_first_pass": "rejected or accepted in part at first",
    "excluded_unknown": "first decided on no known day",
    "not_recorded": "no source tells whether it was rejected before",
}


def _judged(by: str | None) -> str:
    """The head of every family with a first decision in the window."""
    return f"""
WITH judged AS (
    SELECT {key_sql(by, "first_decided_on")} AS grp, stream, ordinal, contract, partner, stage, milestone, family,
           first_submitted_on, first_decided_on, submissions, events, no_rejections,
           CASE WHEN no_rejections = 1 THEN 'excluded_unknown'
                WHEN :windowed = 1 AND first_decided_on IS NULL THEN 'excluded_unknown'
                WHEN first_pass = 1 THEN 'first_pass'
                ELSE 'not_first_pass' END AS verdict
    FROM (SELECT m.*, CASE WHEN m.is_accepted = 1 THEN COALESCE(u.no_rejections, 0) ELSE 0 END AS no_rejections
          FROM {{milestones}} AS m
          LEFT JOIN {{unknowns}} AS u ON u.stream = m.stream AND u.ordinal = m.ordinal) AS known
    WHERE is_root = 1 AND (first_pass IS NOT NULL OR no_rejections = 1) AND {SCOPE}
      AND (first_decided_on IS NULL OR first_decided_on BETWEEN :since AND :until))"""


def rate_sql(by: str | None) -> str:
    """Per group: families by count."""
    return f"""{_judged(by)}
SELECT grp,
       COUNT(CASE WHEN verdict = 'first_pass' THEN 1 END) AS numerator,
       COUNT(CASE WHEN verdict <> 'excluded_unknown' THEN 1 END) AS denominator,
       COUNT(CASE WHEN verdict = 'excluded_unknown' THEN 1 END) AS excluded_unknown,
       COUNT(CASE WHEN no_rejections = 1 THEN 1 END) AS excluded_not_recorded
FROM judged
GROUP BY grp
"""


def behind_sql(by: str | None) -> str:
    """Every family in the cohort or excluded as unknown."""
    return f"""{_judged(by)}
SELECT grp, stream, contract, partner, stage, milestone, family, first_submitted_on, first_decided_on,
       submissions, events, verdict, no_rejections
FROM judged
ORDER BY contract, stream, ordinal
"""


def first_pass(
    select: Select,
    *,
    as_of: date,
    known_at: Mapping[str, Any],
    by: str | None = None,
    window: Window = EVER,
    contract: str | None = None,
    partner: str | None = None,
) -> Json:
    """The object of first_pass_acceptance_rate, in the frame of every rate."""
    bound = parameters(as_of, window, contract, partner)
    overall, groups = tallied(select(rate_sql(by), **bound), _BESIDE)
    return framed(
        DEFINITION,
        as_of=as_of,
        known_at=known_at,
        window=window,
        by=by,
        groups={key: _rate(tally) for key, tally in groups.items()},
        overall=_rate(overall),
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


def _rate(tally: Tally) -> Json:
    return {**tally.counted(), **{name: tally.beside[name] for name in _BESIDE}}


def _family(row: Row, by: str | None) -> Json:
    return {
        **identity(row, by),
        "first_submitted_on": row["first_submitted_on"],
        "first_decided_on": row["first_decided_on"],
        "submissions": row["submissions"],
        "verdict": row["verdict"],
        "why": _WHY["not_recorded" if row["no_rejections"] else row["verdict"]],
        "events": events(row),
    }
