"""The register of milestones: what was promised, delivered, decided, against every baseline that counts."""

from __future__ import annotations

from ledger.decisions.acceptance import in_force
from ledger.state import Baseline, Contract, Milestone, Submission
from projections.derive.model import ReadModel, Row, counts, integers, iso, labels, positions, texts

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
    *counts("disputes", "disputes_open", "disputed_minor"),
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
    if not milestone.submissions:
        return None
    parts, milestone_baselines = milestone.baselines, milestone.whole or milestone.baselines
    found = in_force(milestone, milestone.submissions[0])
    return milestone_baselines[parts.index(found)].amount_minor


def _row(contract: Contract, m: Milestone) -> Row:
    delivery = _delivery(m)
    reference = _reference(m, delivery)
    delivered = "none" if delivery is None else "unknown" if delivery.on is None else "known"
    acceptance = m.acceptance
    status = m.status
    if status == "expected" and m.started:
        status = "started"
    return (
        contract.stream,
        m.ordinal,
        contract.id,
        contract.terms.partner,
        m.id,
        m.family,
        m.plan.title,
        m.plan.stage,
        m.plan.owner,
        contract.terms.currency,
        status,
        m.source_status or None,
        m.twin_status or None,
        iso(m.baselines[0].due),
        iso(m.current.due),
        iso(reference.due),
        m.baselines[0].amount_minor,
        m.current.amount_minor,
        reference.amount_minor,
        iso(m.started_on),
        iso(m.submissions[0].on) if m.submissions else None,
        iso(delivery.on) if delivery is not None else None,
        delivered,
        iso(acceptance.on) if acceptance is not None else None,
        int(acceptance is not None),
        int(m.family == m.id),
        len(m.submissions),
        None if m.first_pass is None else int(m.first_pass),
        iso(m.first_decided_on),
        _submitted_minor(m),
        len(m.disputes),
        sum(d.status == "open" for d in m.disputes),
        sum(d.amount_minor or 0 for d in m.disputes),
        iso(m.settled_on),
        iso(m.cancelled_on),
        len(m.baselines),
        positions(m.positions),
    )


def rows(contract: Contract) -> list[Row]:
    """A row per milestone; a void remainder is none."""
    return [_row(contract, m) for m in contract.milestones.values() if m.status != "void"]


MODEL = ReadModel(
    "milestones", COLUMNS, ("stream", "ordinal"), rows, indexes=(("contract",), ("current_due",))
)

REGISTER = """
SELECT contract, partner, milestone, title, stage, owner, currency, status, source_status, twin_status,
       original_due, current_due, delivered_on AS submitted_on, accepted_on, amount_minor, original_minor,
       settled_on, baselines, events
FROM {milestones}
WHERE (:contract IS NULL OR contract = :contract) AND (:partner IS NULL OR partner = :partner)
ORDER BY contract, ordinal, stream
"""
