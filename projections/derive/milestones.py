"""The register of milestones: what was promised, delivered, decided, against every baseline that counts."""

from __future__ import annotations

from collections.abc import Sequence

from ledger.decisions.delivery import in_force
from ledger.recorded import DISPUTES, REJECTIONS
from ledger.state import Baseline, Contract, Dispute, Milestone, Submission
from projections.derive.model import (
    ReadModel,
    Row,
    Told,
    counts,
    integers,
    iso,
    labels,
    texts,
    told,
)

COLUMNS = (
    *counts("stream", "ordinal"),
    *labels("contract", "partner", "milestone", "family", "title", "stage", "owner", "currency"),
    *labels("status"),
    *texts("source_status", "twin_status"),
    *texts("original_due", "current_due", "reference_due"),
    *integers("original_minor", "amount_minor", "reference_minor"),
    *texts("started_on", "first_submitted_on", "delivered_on"),
    *labels("delivery"),
    *texts("accepted_on"),
    *counts("is_accepted", "is_root", "submissions"),
    *integers("first_pass"),
    *texts("first_decided_on"),
    *integers("submitted_minor"),
    *integers("disputes", "disputes_open", "disputed_minor"),
    *texts("settled_on", "cancelled_on"),
    *counts("baselines"),
    *labels("events"),
)


def _delivery(milestone: Milestone) -> Submission | None:
    """The submission finally accepted, or, undecided so far, the pending one."""
    if milestone.acceptance is not None:
        return milestone.acceptance.submission
    return milestone.pending


def _reference(milestone: Milestone, delivery: Submission | None) -> Baseline:
    """The baseline that counts as current: in force when it was submitted, else the newest."""
    return milestone.current if delivery is None else in_force(milestone, delivery)


def _submitted_minor(milestone: Milestone) -> int | None:
    """The whole amount in force at the first submission, before any part was split off."""
    found = in_force(milestone, milestone.submissions[0])
    if milestone.whole is None:
        return found.amount_minor
    return milestone.whole[milestone.baselines.index(found)].amount_minor


def _disputed(disputes: list[Dispute]) -> Row:
    """How many there were, how many are open, and what they are about: None where one's amount is not known."""
    if not disputes:
        return 0, 0, 0
    amounts = [d.amount_minor for d in disputes if d.amount_minor is not None]
    known = len(amounts) == len(disputes)
    return len(disputes), sum(d.status == "open" for d in disputes), sum(amounts) if known else None


def _row(contract: Contract, each: Told) -> Row:
    m, unknown, settled_on, events = each
    terms, plan, acceptance = contract.terms, m.plan, m.acceptance
    submissions, disputes, delivery = m.submissions, m.disputes, _delivery(m)
    original, current, reference = m.baselines[0], m.baselines[-1], _reference(m, delivery)
    return (
        contract.stream,
        m.ordinal,
        contract.id,
        terms.partner,
        m.id,
        m.family,
        plan.title,
        plan.stage,
        plan.owner,
        terms.currency,
        m.progress,
        m.source_status or None,
        m.twin_status or None,
        iso(original.due),
        iso(current.due),
        iso(reference.due),
        original.amount_minor,
        current.amount_minor,
        reference.amount_minor,
        iso(m.started_on),
        iso(submissions[0].on) if submissions else None,
        iso(delivery.on) if delivery is not None else None,
        "none" if delivery is None else "unknown" if delivery.on is None else "known",
        iso(acceptance.on) if acceptance is not None else None,
        int(acceptance is not None),
        int(m.family == m.id),
        len(submissions),
        None if m.first_pass is None or REJECTIONS in unknown else int(m.first_pass),
        iso(m.first_decided_on),
        _submitted_minor(m) if submissions else None,
        *(_disputed(disputes) if DISPUTES not in unknown else (None, None, None)),
        settled_on,
        iso(m.cancelled_on),
        len(m.baselines),
        events,
    )


def rows(contract: Contract, each: Sequence[Told] | None = None) -> list[Row]:
    """A row per milestone; a void remainder is none, nor is an advance or a settlement: nothing is delivered by it."""
    some = told(contract) if each is None else each
    return [_row(contract, one) for one in some if one.milestone.traits.measured]


# 3: disputes and the first pass are null where no source tells of them, disputed amounts where one is not known.
MODEL = ReadModel("milestones", COLUMNS, ("stream", "ordinal"), rows, version=4, told=True)

REGISTER = """
SELECT stream, ordinal, contract, partner, milestone, title, stage, owner, currency, status, source_status, twin_status,
       original_due, current_due, delivered_on AS submitted_on, accepted_on, amount_minor, original_minor,
       settled_on, baselines, events, heard_on, delivered_inferred,
       no_deliveries, no_acceptances, no_rejections, no_disputes, no_payments
FROM (SELECT m.*, u.heard_on, u.delivered_inferred, u.no_deliveries, u.no_acceptances, u.no_rejections, u.no_disputes,
             u.no_payments
      FROM {milestones} AS m
      LEFT JOIN {unknowns} AS u ON u.stream = m.stream AND u.ordinal = m.ordinal) AS known
WHERE (:contract IS NULL OR contract = :contract) AND (:partner IS NULL OR partner = :partner)
  AND (:status IS NULL OR status = :status)
ORDER BY contract, ordinal, stream
"""

# Milestones by status: the source's own word where it told one, else ours. A payment milestone folded into its
# delivery is counted too, by the status it had.
_NARROWED = (
    "(:contract IS NULL OR contract = :contract) AND (:partner IS NULL OR partner = :partner)"
)
_COUNTED = f"""
SELECT contract, currency, COALESCE(source_status, status) AS status FROM {{milestones}} WHERE {_NARROWED}
UNION ALL
SELECT contract, currency, twin_status AS status FROM {{milestones}} WHERE twin_status IS NOT NULL AND {_NARROWED}
"""

STATUSES = f"""
SELECT contract, status, COUNT(*) AS n
FROM ({_COUNTED}) AS counted
GROUP BY contract, status
ORDER BY contract, status
"""

COUNTS = f"""
SELECT currency, COUNT(*) AS n
FROM ({_COUNTED}) AS counted
GROUP BY currency
"""
