"""The payment schedule: one line per payable, with every figure that a payment run needs."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

from ledger.calendars import month_end
from ledger.pricing.payment_due import settled
from ledger.recorded import ACCEPTANCES, DISPUTES, PAYMENTS, held_known, not_recorded
from ledger.state import Contract, Milestone
from ledger.terms import Terms
from projections.derive.model import (
    ReadModel,
    Row,
    Told,
    counts,
    integers,
    iso,
    labels,
    positions,
    texts,
    told,
)

COLUMNS = (
    *counts("stream", "ordinal"),
    *labels("contract", "partner", "kind"),
    *texts("milestone", "title", "stage"),
    *labels("status", "currency"),
    *texts("due_on"),
    *counts("provisional"),
    *integers("gross_minor"),
    *counts(
        "bonus_minor",
        "penalty_minor",
        "credit_minor",
        "adjustment_minor",
        "tax_minor",
        "retention_minor",
    ),
    *integers("net_minor", "held_minor"),
    *counts("instructed_minor"),
    *integers("paid_minor", "outstanding_minor", "payable_minor", "expected_minor"),
    *texts("settled_on"),
    *labels("events"),
)


def projected_due(terms: Terms, due: date | None) -> tuple[date | None, bool]:
    """When payment would fall due if the milestone were accepted on its due date, and whether that is provisional.

    Only the plan speaks here: business days are counted Monday to Friday, so that no edition of a calendar can
    change a row; the day that counts is reckoned, and stored, at acceptance.
    """
    agreed = terms.payment
    if agreed is None or due is None:
        return None, False
    start = month_end(due) if agreed.after == "month-end" else due
    if not agreed.counts_days or agreed.days == "calendar":
        days = timedelta(days=agreed.net_days if agreed.counts_days else 0)
        return settled(agreed, start + days), agreed.roll != "none"
    day = settled(agreed, _weekdays_after(start, agreed.net_days))
    while agreed.roll != "none" and day.weekday() > 4:
        day += timedelta(days=1)
    return day, True


def _weekdays_after(day: date, count: int) -> date:
    """So many days on, Monday to Friday; from a weekend the first is Monday, as from the Friday before it."""
    weeks, rest = divmod(count, 5)
    if count:
        day += timedelta(weeks=weeks) - timedelta(days=max(0, day.weekday() - 4))
    while rest:
        day += timedelta(days=1)
        rest -= day.weekday() < 5
    return day


def _status(milestone: Milestone) -> str:
    """Its progress; work that was begun is still expected: nothing of it is due by that."""
    return "expected" if milestone.progress == "started" else milestone.progress


def _accepted(milestone: Milestone, unknown: frozenset[str]) -> Row:
    """What was decided; null is what its source does not tell, and whatever follows from that."""
    acceptance = milestone.acceptance
    assert acceptance is not None
    gross = None if acceptance.accepted_minor is None else milestone.gross_minor
    net = None if gross is None else milestone.net_minor
    paid = None if PAYMENTS in unknown else milestone.paid_minor
    owed = None if net is None or paid is None else milestone.outstanding_minor
    certain = held_known(milestone) and (owed is not None or not milestone.disputed_minor)
    return (
        iso(acceptance.payment_due),
        int(acceptance.provisional),
        gross,
        milestone.bonus_minor,
        milestone.penalty_minor,
        0,
        milestone.adjustment_minor + milestone.offset_minor - milestone.recovered_minor,
        milestone.tax_minor,
        milestone.retained_minor,
        net,
        milestone.held_minor if certain and DISPUTES not in unknown else None,
        milestone.instructed_minor,
        paid,
        owed,
        milestone.payable_minor if certain and owed is not None else None,
        0,
    )


def figures_of(contract: Contract, milestone: Milestone) -> dict[str, int | None]:
    """What is net, held, instructed, paid, outstanding and payable of a milestone itself; None is not known."""
    unknown = not_recorded(contract, milestone)
    decided = milestone.acceptance is not None
    row = _accepted(milestone, unknown) if decided else _expected(contract, milestone, unknown)
    names = ("net", "held", "instructed", "paid", "outstanding", "payable")
    return {
        name: minor
        for name, minor in zip(names, row[9:15], strict=True)
        if not isinstance(minor, str)
    }


def _expected(contract: Contract, milestone: Milestone, unknown: frozenset[str]) -> Row:
    """The plan; where it is not recorded whether it was accepted, neither is what is owed or still to come."""
    plan = milestone.current
    due, provisional = milestone.payment_due, False
    if due is None:
        due, provisional = projected_due(contract.terms, plan.due)
    planned = plan.amount_minor
    paid = None if PAYMENTS in unknown else milestone.paid_minor
    owed = None if ACCEPTANCES in unknown else 0
    to_come = None if ACCEPTANCES in unknown else planned
    return (
        iso(due),
        int(provisional),
        planned,
        *(0,) * 6,
        owed,
        owed,
        0,
        paid,
        owed,
        owed,
        # An advance is expected once: with the milestones that it is recovered from.
        0 if milestone.traits.ahead else to_come,
    )


def rows(contract: Contract, each: Sequence[Told] | None = None) -> list[Row]:
    """A line per milestone that is not cancelled and per release of retention, and one for payments that name none.

    What advances recover, and what is set off, stands in the adjustment.
    """
    terms = contract.terms
    found: list[Row] = []
    for m, unknown, settled_on, events in told(contract) if each is None else each:
        if m.status == "cancelled":
            continue
        decided = m.acceptance is not None
        figures = _accepted(m, unknown) if decided else _expected(contract, m, unknown)
        found.append(
            (
                contract.stream,
                m.ordinal,
                contract.id,
                terms.partner,
                m.traits.line,
                m.id,
                m.plan.title,
                m.plan.stage,
                _status(m),
                terms.currency,
                *figures,
                settled_on,
                events,
            )
        )
        if m.releases:
            found += _releases(contract, m)
    if contract.unallocated_positions:
        found.append(_unallocated(contract))
    return found


def _releases(contract: Contract, m: Milestone) -> list[Row]:
    """A line per release, keyed by its version: what the milestone's line retains, this one gives back."""
    found: list[Row] = []
    for release, standing in zip(m.releases, m.standings()[1:], strict=True):
        amount = release.amount_minor
        found.append(
            (
                contract.stream,
                release.version,
                contract.id,
                contract.terms.partner,
                "retention",
                m.id,
                m.plan.title,
                m.plan.stage,
                "paid" if release.outstanding_minor <= 0 else "accepted",
                contract.terms.currency,
                iso(release.payment_due),
                int(release.provisional),
                *(0,) * 6,
                -amount,
                amount,
                standing.held_minor,
                release.instructed_minor,
                release.paid_minor,
                release.outstanding_minor,
                standing.payable_minor,
                0,
                iso(release.settled_on),
                positions(release.positions),
            )
        )
    return found


def _unallocated(contract: Contract) -> Row:
    return (
        contract.stream,
        0,
        contract.id,
        contract.terms.partner,
        "unallocated",
        None,
        None,
        None,
        "paid",
        contract.terms.currency,
        None,
        0,
        None,
        *(0,) * 9,
        contract.unallocated_minor,
        0,
        0,
        0,
        None,
        positions(contract.unallocated_positions),
    )


# 3: what is not known is null, not 0: net of an unknown gross, payments that no source tells of, held in doubt.
MODEL = ReadModel("schedule", COLUMNS, ("stream", "ordinal", "kind"), rows, version=4, told=True)

_FIGURES = (
    "bonus_minor, penalty_minor, credit_minor, adjustment_minor, tax_minor, retention_minor, "
    "net_minor, held_minor, instructed_minor, paid_minor, outstanding_minor, payable_minor"
)

# Lines sorted by due date (null last), contract, milestone, kind, by code point.
LINES = f"""
SELECT s.stream, s.contract, s.partner, s.milestone, s.kind, s.ordinal, s.title, s.stage, s.status, s.currency,
       s.due_on, s.provisional, s.gross_minor, {_FIGURES}, s.expected_minor, s.settled_on, s.events,
       u.heard_on, u.delivered_inferred, u.no_deliveries, u.no_acceptances, u.no_rejections, u.no_disputes,
       u.no_payments
FROM {{schedule}} AS s
LEFT JOIN {{unknowns}} AS u ON u.stream = s.stream AND u.ordinal = s.ordinal
            AND s.kind NOT IN ('retention', 'unallocated')
WHERE (:contract IS NULL OR s.contract = :contract) AND (:partner IS NULL OR s.partner = :partner)
ORDER BY CASE WHEN s.due_on IS NULL THEN 1 ELSE 0 END, s.due_on, s.contract,
         CASE WHEN s.milestone IS NULL THEN 1 ELSE 0 END, s.milestone, s.kind, s.stream, s.ordinal
"""

TOTALS = f"""
SELECT currency, COUNT(*) AS lines,
       {", ".join(f"CAST(SUM({name}) AS BIGINT) AS {name}" for name in _FIGURES.split(", "))},
       CAST(SUM(CASE WHEN status IN ('accepted', 'paid') THEN gross_minor ELSE 0 END) AS BIGINT) AS gross_minor,
       CAST(SUM(expected_minor) AS BIGINT) AS expected_minor
FROM {{schedule}}
WHERE (:contract IS NULL OR contract = :contract) AND (:partner IS NULL OR partner = :partner)
GROUP BY currency
ORDER BY currency
"""

# What a payment run proposes: due by a day, payable, accepted; held and instructed amounts are out of payable.
DUE = """
SELECT contract, partner, milestone, kind, ordinal, title, currency, due_on, net_minor, held_minor, payable_minor,
       events
FROM {schedule}
WHERE kind <> 'unallocated' AND payable_minor > 0 AND due_on IS NOT NULL AND due_on <= :on
  AND (:contract IS NULL OR contract = :contract) AND (:partner IS NULL OR partner = :partner)
ORDER BY due_on, contract, milestone, kind, ordinal
"""

# A line with what of it is open: null where that is not known. `heard_on` is when its source was last heard of.
_OPEN = """
SELECT s.stream, s.ordinal, s.kind, s.contract, s.partner, s.stage, s.milestone, s.status, s.currency, s.due_on,
       s.gross_minor, s.net_minor, s.paid_minor, s.held_minor, s.retention_minor, s.expected_minor, s.events,
       CASE WHEN s.payable_minor IS NULL THEN NULL ELSE s.outstanding_minor - COALESCE(s.held_minor, 0) END
           AS open_minor,
       u.heard_on, CASE WHEN u.heard_on <= s.due_on AND s.due_on < :as_of THEN 1 ELSE 0 END AS not_heard
FROM {schedule} AS s
LEFT JOIN {unknowns} AS u ON u.stream = s.stream AND u.ordinal = s.ordinal AND s.kind <> 'retention'
WHERE (:contract IS NULL OR s.contract = :contract) AND (:partner IS NULL OR s.partner = :partner)
"""


def _owed(name: str, condition: str) -> str:
    """The sum of what is open under a condition: null where nothing of it is known."""
    return (
        "CAST(SUM(CASE WHEN open_minor IS NULL THEN NULL"
        f" WHEN open_minor > 0 AND {condition} THEN open_minor ELSE 0 END) AS BIGINT) AS {name}"
    )


_LATE = "not_heard = 0 AND due_on < "

EXPOSURE = f"""
SELECT currency,
       {_owed("due_minor", "(due_on IS NULL OR due_on >= :as_of)")},
       {_owed("overdue_30_minor", _LATE + ":as_of AND due_on >= :d30")},
       {_owed("overdue_60_minor", _LATE + ":d30 AND due_on >= :d60")},
       {_owed("overdue_90_minor", _LATE + ":d60 AND due_on >= :d90")},
       {_owed("overdue_more_minor", _LATE + ":d90")},
       {_owed("not_heard_minor", "not_heard = 1")},
       CAST(SUM(held_minor) AS BIGINT) AS held_minor,
       CAST(SUM(retention_minor) AS BIGINT) AS retained_minor,
       CAST(SUM(CASE WHEN open_minor IS NULL THEN NULL WHEN open_minor < 0 THEN -open_minor ELSE 0 END) AS BIGINT)
           AS claims_minor,
       CAST(SUM(expected_minor) AS BIGINT) AS expected_minor
FROM ({_OPEN}) AS lines
GROUP BY currency
ORDER BY currency
"""

OLDEST = f"""
SELECT currency, MIN(due_on) AS overdue_since
FROM ({_OPEN}) AS lines
WHERE open_minor > 0 AND due_on < :as_of AND not_heard = 0
GROUP BY currency
ORDER BY currency
"""

BEHIND = f"""
SELECT *
FROM ({_OPEN}) AS lines
WHERE open_minor IS NULL OR open_minor <> 0 OR held_minor <> 0 OR retention_minor <> 0
   OR expected_minor IS NULL OR expected_minor <> 0
ORDER BY currency, CASE WHEN due_on IS NULL THEN 1 ELSE 0 END, due_on, contract, stream, ordinal, kind
"""
