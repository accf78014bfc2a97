"""The inbox: who must act next on what, and since when. Nothing here depends on today."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import date
from typing import NamedTuple

import msgspec

from ledger.decisions.delivery import delivered
from ledger.decisions.quorum import missing, tier
from ledger.invoicing import covered_left, invoiceable
from ledger.pricing.order import price
from ledger.state import (
    Approval,
    Contract,
    Dispute,
    Milestone,
    Proposal,
    Submission,
)
from projections.derive.model import ReadModel, Row, counts, integers, iso, labels, positions, texts

COLUMNS = (
    *counts("stream", "ordinal"),
    *labels("contract", "partner", "task", "reference", "title", "role", "people"),
    *texts("since", "due_on"),
    *labels("currency"),
    *integers("amount_minor"),
    *labels("waits_for", "events"),
)


class Task(NamedTuple):
    """One thing that waits for a role: `people` are those who may do it now."""

    task: str
    reference: str
    title: str
    role: str
    people: tuple[str, ...]
    since: date | None
    due: date | None
    amount_minor: int | None
    events: Iterable[int]
    waits_for: tuple[str, ...] = ()


def _people(contract: Contract, role: str, *without: str) -> tuple[str, ...]:
    """Who holds a role for good, less those whom separation of duties rules out."""
    out = set(without) if contract.terms.separation else set()
    held = {g.person for g in contract.grants if g.role == role and g.until is None}
    return tuple(sorted(held - out))


def _live(contract: Contract, approvals: Iterable[Approval]) -> list[Approval]:
    """The approvals that count towards the content approved last."""
    live = [a for a in approvals if a.live and contract.holds(a.role, a.actor, None)]
    return [a for a in live if a.digest == live[-1].digest]


def _approvals(
    contract: Contract, quorum: dict[str, int], approvals: list[Approval], *without: str
) -> Iterator[tuple[str, tuple[str, ...], date | None]]:
    """Each role that a quorum still lacks, who could give it, and since when it waits for them."""
    counted = _live(contract, approvals)
    approved = [a.actor for a in counted]
    since = max((a.on for a in counted if a.on is not None), default=None)
    for role in missing(quorum, counted):
        yield role, _people(contract, role, *without, *approved), since


def _blocked(
    contract: Contract, m: Milestone, open_yet: Callable[[Milestone], bool]
) -> tuple[str, ...]:
    """The milestones that this one depends on and that are still open."""
    if not m.plan.depends_on:
        return ()
    found = contract.milestones
    names = [name for name in m.plan.depends_on if name in found and open_yet(found[name])]
    return tuple(f"{contract.id}/{name}" for name in names)


def _waiting_submission(contract: Contract, m: Milestone, pending: Submission) -> Iterator[Task]:
    counted = _live(contract, pending.approvals)
    whole = m.current.amount_minor or 0
    part = counted[-1].accepted_minor if counted else whole
    lines = price(delivered(contract, m, pending, whole if part is None else part))
    amount = sum(line.amount_minor for line in lines if line.step in ("gross", "bonus"))
    quorum = tier(pending.terms, amount) or {"manager": 1}
    blocked = _blocked(contract, m, lambda before: before.status != "accepted")
    for role, people, since in _approvals(contract, quorum, pending.approvals, pending.actor):
        events = [pending.position, *(a.position for a in counted)]
        yield Task(
            "approve",
            f"{contract.id}/{m.id}",
            m.plan.title,
            role,
            people,
            since or pending.on,
            m.current.due,
            amount,
            events,
            blocked,
        )


def _milestone_tasks(contract: Contract, m: Milestone) -> Iterator[Task]:
    reference = f"{contract.id}/{m.id}"
    if m.pending is not None:
        yield from _waiting_submission(contract, m, m.pending)
    elif m.status in ("expected", "rejected") and contract.status == "active":
        blocked = _blocked(contract, m, lambda before: before.acceptance is None)
        again = m.status == "rejected"
        since = m.first_decided_on if again else m.started_on or m.current.since
        yield Task(
            "submit again" if again else "deliver",
            reference,
            m.plan.title,
            "partner",
            (m.plan.owner,) if m.plan.owner else _people(contract, "partner"),
            since,
            m.current.due,
            m.current.amount_minor,
            m.positions,
            blocked,
        )
    if m.acceptance is not None and m.payable_minor > 0:
        left = covered_left(contract, m)
        if left is not None and left < m.payable_minor:
            yield _invoice_task(contract, m)
        payable = m.payable_minor if left is None else min(left, m.payable_minor)
        if payable > 0:
            yield Task(
                "pay",
                reference,
                m.plan.title,
                "finance",
                _people(contract, "finance"),
                m.acceptance.on,
                m.acceptance.payment_due,
                payable,
                m.positions,
            )


def _invoice_task(contract: Contract, m: Milestone) -> Task:
    """What is to be paid waits for the partner's invoice, of what is not invoiced yet."""
    assert m.acceptance is not None
    return Task(
        "send an invoice",
        f"{contract.id}/{m.id}",
        m.plan.title,
        "partner",
        (m.plan.owner,) if m.plan.owner else _people(contract, "partner"),
        m.acceptance.on,
        m.acceptance.payment_due,
        max(0, (invoiceable(m) or 0) - m.invoiced_minor),
        m.positions,
    )


def _proposal_tasks(contract: Contract, proposal: Proposal) -> Iterator[Task]:
    counted = _live(contract, proposal.approvals)
    kind = proposal.content.__struct_config__.tag
    for role, people, since in _approvals(
        contract, proposal.event.quorum, proposal.approvals, proposal.actor
    ):
        yield Task(
            "approve",
            f"{contract.id}#{proposal.version}",
            str(kind),
            role,
            people,
            since or proposal.on,
            None,
            proposal.event.amount_minor,
            [proposal.position, *(a.position for a in counted)],
        )


def _dispute_task(contract: Contract, dispute: Dispute) -> Iterator[Task]:
    proposed = any(
        p.status == "open" and getattr(p.content, "dispute", 0) == dispute.version
        for p in contract.proposals.values()
    )
    if dispute.status != "open" or proposed:
        return
    yield Task(
        "propose a resolution",
        f"{contract.id}#{dispute.version}",
        contract.milestones[dispute.milestone].plan.title,
        "manager",
        _people(contract, "manager", dispute.actor),
        dispute.on,
        None,
        dispute.amount_minor,
        dispute.positions,
    )


def tasks(contract: Contract) -> Iterator[Task]:
    """Everything of a contract that waits for somebody."""
    if contract.status == "completed":
        return
    for m in contract.milestones.values():
        yield from _milestone_tasks(contract, m)
    for proposal in contract.proposals.values():
        if proposal.status == "open":
            yield from _proposal_tasks(contract, proposal)
    for dispute in contract.disputes.values():
        yield from _dispute_task(contract, dispute)
    for payment in contract.payments.values():
        if payment.status == "instructed":
            yield Task(
                "record the payment",
                f"{contract.id}#{payment.version}",
                contract.milestones[payment.milestone].plan.title,
                "finance",
                _people(contract, "finance"),
                payment.on,
                None,
                payment.amount_minor,
                payment.positions,
            )


_array = msgspec.json.Encoder()


def _names(names: Iterable[str]) -> str:
    return _array.encode(list(names)).decode()


def rows(contract: Contract) -> list[Row]:
    """A row per thing that waits, in the order of the contract's own lists."""
    return [
        (
            contract.stream,
            number,
            contract.id,
            contract.terms.partner,
            task.task,
            task.reference,
            task.title,
            task.role,
            _names(task.people),
            iso(task.since),
            iso(task.due),
            contract.terms.currency,
            task.amount_minor,
            _names(task.waits_for),
            positions(task.events),
        )
        for number, task in enumerate(tasks(contract), start=1)
    ]


MODEL = ReadModel("inbox", COLUMNS, ("stream", "ordinal"), rows)

LIST = """
SELECT contract, partner, task, reference, title, role, people, since, due_on, currency, amount_minor,
       waits_for, events
FROM {inbox}
WHERE (:contract IS NULL OR contract = :contract) AND (:partner IS NULL OR partner = :partner)
ORDER BY CASE WHEN due_on IS NULL THEN 1 ELSE 0 END, due_on, CASE WHEN since IS NULL THEN 1 ELSE 0 END, since,
         contract, ordinal, stream
"""
