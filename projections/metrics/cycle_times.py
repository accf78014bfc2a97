"""cycle_times: how long acceptance, payment and the settling of disputes take."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from ledger.counting import in_days
from projections.metrics.answer import (
    EVER,
    SCOPE,
    Json,
    Key,
    Row,
    Select,
    Window,
    framed,
    key_sql,
    parameters,
)
from projections.metrics.behind import Told, days_between, events, identity
from projections.metrics.definition import CYCLE_TIMES as DEFINITION

SPANS = ("submit_to_accept", "accept_to_paid", "dispute_to_resolution")

_PARTS = ("ordinal", "family", "events")


def day_number(column: str) -> str:
    """SQL for the number of a date's day, such that differences are days; SQLite and PostgreSQL share no date function.

    Years begin in March, so that a leap day is the last of its year; exact from 1900-03-01 to 2100-02-28, between
    which every fourth year is a leap year. Source: E. G. Richards, Calendars, in: Explanatory Supplement to the
    Astronomical Almanac (2013), 15.11, without the centuries.
    """
    year = f"CAST(substr({column}, 1, 4) AS INTEGER)"
    month = f"CAST(substr({column}, 6, 2) AS INTEGER)"
    day = f"CAST(substr({column}, 9, 2) AS INTEGER)"
    return (
        f"({year} * 12 + {month} - 3) / 12 * 1461 / 4 + (({month} + 9) % 12 * 153 + 2) / 5 + {day}"
    )


def _spans(by: str | None, *beside: str) -> str:
    """Every interval that ended in the window or on no known day; `beside` are columns of milestones."""
    columns = "".join(f", {name}" for name in beside)
    disputed = "".join(f", {'d' if name == 'events' else 'm'}.{name}" for name in beside)
    ended = "(ended_on IS NULL OR ended_on BETWEEN :since AND :until)"
    return f"""
WITH parts AS (
    SELECT stream, ordinal, milestone, family, contract, partner, stage, currency, delivered_on, accepted_on,
           settled_on, is_accepted, events
    FROM (SELECT m.stream, m.ordinal, m.milestone, m.family, m.contract, m.partner, m.stage, m.currency,
                 CASE WHEN u.delivered_inferred = 1 THEN NULL ELSE m.delivered_on END AS delivered_on,
                 m.accepted_on, m.settled_on, m.is_accepted, m.events
          FROM {{milestones}} AS m
          LEFT JOIN {{unknowns}} AS u ON u.stream = m.stream AND u.ordinal = m.ordinal) AS known
    WHERE {SCOPE} AND is_accepted = 1),
spans AS (
    SELECT 1 AS span, 0 AS number, milestone, stream, contract, partner, stage, currency{columns},
           delivered_on AS began_on, accepted_on AS ended_on
    FROM parts
    UNION ALL
    SELECT 2, 0, milestone, stream, contract, partner, stage, currency{columns},
           accepted_on, settled_on
    FROM parts WHERE settled_on IS NOT NULL
    UNION ALL
    SELECT 3, d.version, d.milestone, d.stream, d.contract, d.partner, m.stage, d.currency{disputed},
           d.opened_on, d.ended_on
    FROM (SELECT * FROM {{disputes}} WHERE {SCOPE} AND status <> 'open') AS d
    JOIN {{milestones}} AS m ON m.stream = d.stream AND m.milestone = d.family),
ended AS (
    SELECT {key_sql(by, "ended_on")} AS grp, spans.* FROM spans WHERE {ended})"""


def days_sql(by: str | None) -> str:
    """Per group and span: how many intervals took how many days (null: one date is unknown)."""
    return f"""{_spans(by)}
SELECT grp, span, {day_number("ended_on")} - ({day_number("began_on")}) AS days, COUNT(*) AS intervals
FROM ended
GROUP BY grp, span, days
"""


def behind_sql(by: str | None) -> str:
    """Every interval, by span, contract and in its order."""
    return f"""{_spans(by, *_PARTS)}
SELECT grp, span, number, stream, contract, partner, stage, milestone, family, began_on, ended_on, events
FROM ended
ORDER BY span, contract, stream, ordinal, number
"""


@dataclass(slots=True)
class Span:
    """The intervals of one span in one group: how many took how many days, and those that do not count."""

    taken: Counter[int] = field(default_factory=Counter)
    excluded_unknown: int = 0
    excluded_negative: int = 0

    def add(self, row: Row) -> None:
        count, intervals = row["days"], row["intervals"]
        if count is None:
            self.excluded_unknown += intervals
        elif count < 0:
            self.excluded_negative += intervals
        else:
            self.taken[count] += intervals

    def as_json(self) -> Json:
        return {
            "n": self.taken.total(),
            "median_days": nearest_rank(self.taken, 50),
            "p85_days": nearest_rank(self.taken, 85),
            "excluded_unknown": self.excluded_unknown,
            "excluded_negative": self.excluded_negative,
        }


def nearest_rank(taken: Mapping[int, int], percent: int) -> int | None:
    """The smallest value that at least `percent` % of the observations do not exceed; None without any.

    `taken` maps values to how often each was observed. Always an observed value, never one between two.
    """
    rank = -(-percent * sum(taken.values()) // 100)
    reached = 0
    for value in sorted(taken):
        reached += taken[value]
        if reached >= rank:
            return value
    return None


def cycle_times(
    select: Select,
    *,
    as_of: date,
    known_at: Mapping[str, Any],
    by: str | None = None,
    window: Window = EVER,
    contract: str | None = None,
    partner: str | None = None,
) -> Json:
    """Per group and overall, for each span: n, median and P85 in whole days, null without data."""
    bound = parameters(as_of, window, contract, partner)
    overall, groups = _counted(select(days_sql(by), **bound))
    return framed(
        DEFINITION,
        as_of=as_of,
        known_at=known_at,
        window=window,
        by=by,
        groups={
            key: {name: span.as_json() for name, span in spans.items()}
            for key, spans in groups.items()
            if any(span.taken for span in spans.values())
        },
        overall={name: span.as_json() for name, span in overall.items()},
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
    """The intervals behind the figures, span by span, by contract and in its order."""
    bound = parameters(as_of, window, contract, partner)
    return Told(lambda: (_interval(row, by) for row in select(behind_sql(by), **bound)))


def _counted(rows: Iterable[Row]) -> tuple[dict[str, Span], dict[Key, dict[str, Span]]]:
    overall, groups = _none(), dict[Key, dict[str, Span]]()
    for row in rows:
        name = SPANS[row["span"] - 1]
        overall[name].add(row)
        groups.setdefault(row["grp"], _none())[name].add(row)
    return overall, groups


def _none() -> dict[str, Span]:
    return {name: Span() for name in SPANS}


def _interval(row: Row, by: str | None) -> Json:
    began, ended = row["began_on"], row["ended_on"]
    taken = None if began is None or ended is None else days_between(began, ended)
    verdict = "excluded_unknown" if taken is None else "counted"
    if taken is not None and taken < 0:
        verdict = "excluded_negative"
    return {
        "span": SPANS[row["span"] - 1],
        **identity(row, by),
        "dispute": f"{row['contract']}#{row['number']}" if row["number"] else None,
        "began_on": began,
        "ended_on": ended,
        "days": taken,
        "verdict": verdict,
        "why": "a date is unknown" if taken is None else f"took {in_days(taken)}",
        "events": events(row),
    }
