"""paid_on_time_rate: payables settled in full by their due date."""

from __future__ import annotations

from collections.abc import Mapping
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
from projections.metrics.definition import PAID_ON_TIME as DEFINITION

_BESIDE = (
    *("held", "settled_unknown", "excluded_unknown", "excluded_not_recorded"),
    "excluded_not_heard",
)


def _judged(by: str | None) -> str:
    """Every accepted payable due in the window and by the as-of date, or on no known day."""
    return f"""
WITH judged AS (
    SELECT {key_sql(by, "due_on")} AS grp, stream, ordinal, kind, contract, partner, stage, currency, milestone,
           due_on, settled_on, status, net_minor, held_minor, heard_on, events, reason,
           CASE WHEN reason <> '' THEN 'excluded_unknown'
                WHEN held_minor > 0 OR (payable_minor IS NULL AND settled_on IS NULL) THEN 'held'
                WHEN settled_on <= due_on THEN 'on_time'
                ELSE 'late' END AS verdict
    FROM (SELECT s.*, u.heard_on,
                 CASE WHEN s.due_on IS NULL THEN 'due'
                      WHEN s.net_minor IS NULL THEN 'net'
                      WHEN s.paid_minor IS NULL THEN 'not_recorded'
                      WHEN s.status = 'paid' AND s.settled_on IS NULL THEN 'settled'
                      WHEN s.settled_on IS NULL AND u.heard_on <= s.due_on THEN 'not_heard'
                      ELSE '' END AS reason
          FROM {{schedule}} AS s
          LEFT JOIN {{unknowns}} AS u
                 ON u.stream = s.stream AND u.ordinal = s.ordinal AND s.kind <> 'retention') AS known
    WHERE kind <> 'unallocated' AND status IN ('accepted', 'paid') AND (net_minor > 0 OR net_minor IS NULL) AND {SCOPE}
      AND (due_on IS NULL OR (due_on BETWEEN :since AND :until AND due_on <= :as_of)))"""


def rate_sql(by: str | None) -> str:
    """Per group: payables by count."""
    return f"""{_judged(by)}
SELECT grp,
       COUNT(CASE WHEN verdict = 'on_time' THEN 1 END) AS numerator,
       COUNT(CASE WHEN verdict IN ('on_time', 'late') THEN 1 END) AS denominator,
       COUNT(CASE WHEN verdict = 'held' THEN 1 END) AS held,
       COUNT(CASE WHEN reason = 'settled' THEN 1 END) AS settled_unknown,
       COUNT(CASE WHEN verdict = 'excluded_unknown' THEN 1 END) AS excluded_unknown,
       COUNT(CASE WHEN reason = 'not_recorded' THEN 1 END) AS excluded_not_recorded,
       COUNT(CASE WHEN reason = 'not_heard' THEN 1 END) AS excluded_not_heard
FROM judged
GROUP BY grp
"""


def behind_sql(by: str | None) -> str:
    """Every payable in the cohort, held or excluded as unknown."""
    return f"""{_judged(by)}
SELECT grp, stream, contract, partner, stage, currency, milestone, due_on, settled_on,
       status, net_minor, held_minor, heard_on, events, reason, verdict
FROM judged
ORDER BY contract, stream, ordinal, kind
"""


def paid_on_time(
    select: Select,
    *,
    as_of: date,
    known_at: Mapping[str, Any],
    by: str | None = None,
    window: Window = EVER,
    contract: str | None = None,
    partner: str | None = None,
) -> Json:
    """The object of paid_on_time_rate, in the frame of every rate; held payables are counted beside it."""
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
    """The payables behind the rate, by contract and in its order."""
    bound = parameters(as_of, window, contract, partner)
    return Told(lambda: (_payable(row, by, as_of) for row in select(behind_sql(by), **bound)))


def _rate(tally: Tally) -> Json:
    return {**tally.counted(), **{name: tally.beside[name] for name in _BESIDE}}


def _payable(row: Row, by: str | None, as_of: date) -> Json:
    return {
        **identity(row, by),
        "due_on": row["due_on"],
        "settled_on": row["settled_on"],
        "net": amount(row["net_minor"], row["currency"]),
        "held": amount(row["held_minor"], row["currency"]),
        "verdict": row["verdict"],
        "heard_on": row["heard_on"],
        "why": _why(row, as_of.isoformat()),
        "events": events(row),
    }


_UNKNOWN = {
    "due": "no known payment due date",
    "net": "accepted for an unknown amount",
    "not_recorded": "no source tells whether it was paid",
    "settled": "settled on no known day",
    "not_heard": "not paid when last heard of, on {heard_on}, which is not after it was due",
}


def _why(row: Row, as_of: str) -> str:
    due, settled = row["due_on"], row["settled_on"]
    if row["reason"]:
        return _UNKNOWN[row["reason"]].format(**row)
    if row["verdict"] == "held":
        return "held by an open dispute"
    if settled is not None:
        late = days_between(due, settled)
        return f"settled {in_days(late)} late" if late > 0 else "settled by its due date"
    return f"not settled {in_days(days_between(due, as_of))} after it was due"
