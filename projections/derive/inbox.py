"""The inbox: who must act next on what, and since when. Nothing here depends on today."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from typing import NamedTuple

import msgspec

from ledger.decisions.binding import Count, counts_of, price_now
from ledger.decisions.effects import KINDS
from ledger.decisions.quorum import missing, tier
from ledger.decisions.rules_when import contract_not_closed
from ledger.events import Resolution, RoleChange
from ledger.invoicing import covered_left, invoiceable
from ledger.recorded import ACCEPTANCES, DELIVERIES, PAYMENTS, held_known, not_recorded
from ledger.retaining import let_go
from ledger.state import (
    Approval,
    Contract,
    Dispute,
    Milestone,
    Proposal,
    Submission,
)
from projections.derive.model import ReadModel, Row, counts, integers, iso, labels, positions, texts
from projections.derive.proposals import kind_in_words, proposal_in_words, standing

COLUMNS = (
    *counts("stream", "ordinal"),
    *labels("contract", "partner", "task", "reference", "title", "role", "people"),
    *texts("since", "due_on"),
    *labels("currency"),
    *integers("amount_minor"),
    *labels("waits_for", "events"),
)


RELEASE = "release the retention"
STOPPED = "clear the way or reject"


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


def people_for(contract: Contract, role: str, *without: str) -> tuple[str, ...]:
    """Who holds a role for good, less those whom separation of duties rules out, in alphabetical order."""
    out = set(without) if contract.terms.separation else set()
    held = {g.person for g in contract.grants if g.role == role and g.until is None}
    return tuple(sorted(held - out))


def ruled_out(contract: Contract, proposal: Proposal) -> tuple[str, ...]:
    """Whom separation of duties keeps from approving: who proposed it, opened its dispute, or gains the role by it."""
    content, found = proposal.content, [proposal.actor]
    if isinstance(content, Resolution) and content.dispute in contract.disputes:
        found.append(contract.disputes[content.dispute].actor)
    if isinstance(content, RoleChange) and content.grant:
        found.append(content.person)
    return tuple(found)


def _asked(
    contract: Contract, quorum: dict[str, int], counted: Iterable[Approval], *without: str
) -> Iterator[tuple[str, tuple[str, ...], date | None]]:
    """Each role that a quorum still lacks, who could give it, and since when it waits for them."""
    approvals = list(counted)
    since = max((a.on for a in approvals if a.on is not None), default=None)
    gave = {
        a.actor for a in approvals
    }  # who counts no second time, whether duties are separated or not
    for role in missing(quorum, approvals):
        people = people_for(contract, role, *without)
        yield role, tuple(one for one in people if one not in gave), since


def _blocked(contract: Contract, m: Milestone) -> tuple[str, ...]:
    """The milestones that this one depends on and that are still open: neither accepted nor given up."""
    if not m.plan.depends_on:
        return ()
    found = contract.milestones
    names = [name for name in m.plan.depends_on if name in found and found[name].is_open]
    return tuple(f"{contract.id}/{name}" for name in names)


def counting(contract: Contract, m: Milestone, pending: Submission) -> Count | None:
    """The count that goes on: the latest of those whose price is still what it was approved at."""
    counts = [count for count in counts_of(contract, m, pending) if count.holds]
    return counts[-1] if counts else None


def _waiting_submission(contract: Contract, m: Milestone, pending: Submission) -> Iterator[Task]:
    count = counting(contract, m, pending)
    counted = [a for a in count.approvals if contract.holds(a.role, a.actor, None)] if count else []
    priced = count.price if count else price_now(contract, m, pending, None)
    amount = sum(line.amount_minor for line in priced if line.step in ("gross", "bonus"))
    quorum = tier(pending.terms, amount) or {"manager": 1}
    blocked = _blocked(contract, m)
    for role, people, since in _asked(contract, quorum, counted, pending.actor):
        events = [pending.position, *(a.position for a in counted)]
        yield Task(
            "approve",
            f"{contract.id}/{m.id}",
            m.plan.title,
            role,
            people,
            since or pending.on,
            m.current.due,
            amount if count or m.current.amount_minor is not None else None,
            events,
            blocked,
        )


def _milestone_tasks(contract: Contract, m: Milestone) -> Iterator[Task]:
    reference, unknown = f"{contract.id}/{m.id}", not_recorded(contract, m)
    if (pending := m.pending) is not None:
        if ACCEPTANCES not in unknown:
            yield from _waiting_submission(contract, m, pending)
    elif m.status in ("expected", "rejected") and contract.status == "active":
        if DELIVERIES in unknown:
            return
        blocked = _blocked(contract, m)
        again = m.status == "rejected"
        since = m.rejected_on if again else m.started_on or m.current.since
        yield Task(
            "submit again" if again else "deliver",
            reference,
            m.plan.title,
            "partner",
            (m.plan.owner,) if m.plan.owner else people_for(contract, "partner"),
            since,
            m.current.due,
            m.current.amount_minor,
            m.positions,
            blocked,
        )
    if m.acceptance is None or PAYMENTS in unknown:
        return
    if (payable := m.payable_minor) > 0 and held_known(m):
        left = covered_left(contract, m)
        if left is not None and left < payable:
            yield _invoice_task(contract, m)
            payable = left
        if payable > 0:
            yield Task(
                "pay",
                reference,
                m.plan.title,
                "finance",
                people_for(contract, "finance"),
                m.acceptance.on,
                m.acceptance.payment_due,
                payable,
                m.positions,
            )


def _retention_tasks(contract: Contract, m: Milestone) -> Iterator[Task]:
    """What the terms let go of a milestone's retention, on the day on which they do, and what of it is to be paid."""
    if not m.releases and m.retained_minor <= 0:
        return
    title, people = f"retention of {m.plan.title}", people_for(contract, "finance")
    payable = {part.release: part.payable_minor for part in m.standings()} if m.releases else {}
    for part in m.releases:
        if payable[part.version] > 0:
            reference, due = f"{contract.id}#{part.version}", part.payment_due
            events = sorted({part.position, *part.positions})
            yield Task(
                *("pay", reference, title, "finance", people, part.on, due),
                *(payable[part.version], events),
            )
    if m.acceptance is None or m.retained_minor <= 0:
        return
    reference, upto = f"{contract.id}/{m.id}", 0
    for day, amount in let_go(contract, m):
        upto += amount
        if (left := min(amount, upto - m.released_minor)) > 0:
            yield Task(
                *(RELEASE, reference, title, "finance", people, None, day),
                *(left, m.positions),
            )


def _claim_task(contract: Contract, m: Milestone) -> Iterator[Task]:
    """What the partner owes back: refunded, set off, or taken off what is earned later; none is known where the
    amount accepted is not."""
    if m.acceptance is None or m.acceptance.accepted_minor is None:
        return
    owed = m.outstanding_minor + sum(part.outstanding_minor for part in m.releases)
    if owed < 0:
        days = [m.last_paid_on, *(contract.dates.get(line.version) for line in m.lines)]
        yield Task(
            "recover the claim",
            f"{contract.id}/{m.id}",
            m.plan.title,
            "finance",
            people_for(contract, "finance"),
            max((day for day in days if day is not None), default=m.acceptance.on),
            None,
            -owed,
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
        (m.plan.owner,) if m.plan.owner else people_for(contract, "partner"),
        m.acceptance.on,
        m.acceptance.payment_due,
        max(0, (invoiceable(m) or 0) - m.invoiced_minor),
        m.positions,
    )


def _dead(contract: Contract, proposal: Proposal) -> bool:
    """Whether it can never take effect any more: the contract is closed, and it changes what goes on under one."""
    closed = contract.status not in ("active", "suspended")
    return closed and contract_not_closed in KINDS[type(proposal.content)].rules


def _proposal_tasks(contract: Contract, proposal: Proposal) -> Iterator[Task]:
    """An approval by each role that is missing; one that is outdated waits for whoever proposes it anew, and one that
    cannot take effect for them too: they clear the way, or reject it.
    """
    told = standing(contract, proposal)
    kind = kind_in_words(proposal.content)
    reference, title = f"{contract.id}#{proposal.version}", proposal_in_words(contract, proposal)
    events = [proposal.position, *(a.position for a in told.counted)]
    amount = proposal.event.amount_minor or None
    if told.outdated or told.stopped:
        role = KINDS[type(proposal.content)].proposed_by[0]
        people = people_for(contract, role)
        task, said = "propose anew", f"outdated {kind}: {title}"
        if told.stopped:
            task, said = STOPPED, f"{kind}: {title}: {told.stopped.message}"
        elif told.not_renewable:
            task, said = STOPPED, f"{said}: {told.not_renewable}"
        yield Task(task, reference, said, role, people, proposal.on, None, amount, events)
        return
    asked = _asked(contract, proposal.event.quorum, told.counted, *ruled_out(contract, proposal))
    for role, people, since in asked:
        since = since or proposal.on
        said = f"{kind}: {title}"
        yield Task("approve", reference, said, role, people, since, None, amount, events)


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
        people_for(contract, "manager", dispute.actor),
        dispute.on,
        None,
        dispute.amount_minor,
        dispute.positions,
    )


def tasks(contract: Contract) -> Iterator[Task]:
    """Everything of a contract that waits for somebody; retention that is let go later, too, due on that day."""
    if contract.ended and contract.status == "active":
        return  # what its source calls ended waits for nobody; one terminated here is still to be settled
    if contract.imported and contract.status == "completed":
        return
    for m in contract.milestones.values():
        yield from _milestone_tasks(contract, m)
        yield from _retention_tasks(contract, m)
        yield from _claim_task(contract, m)
    for proposal in contract.proposals.values():
        if proposal.status == "open" and not _dead(contract, proposal):
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
                people_for(contract, "finance"),
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


# 2: approvals count for the price that they were given for; proposals in words, outdated ones for their proposers.
# 3: nothing waits in a contract that its source calls ended.
# 4: nobody is asked to do what may have been done: what no source tells of waits for nobody.
# 6: what is to be submitted again waits since its last rejection, not its first.
# 7: an approval of the whole holds no longer than it is the same; what cannot take effect is to be cleared or rejected.
# 8: nothing waits for a milestone that was given up.
MODEL = ReadModel("inbox", COLUMNS, ("stream", "ordinal"), rows, version=8)


def holding(person: str) -> str:
    """How a person's name stands among the people of LIST: nothing within a name is taken for it."""
    return f",{_names([person])[1:-1]}"


# Retention that the terms let go after :today waits for nobody yet; what has no date is never due after :until.
_LIST = f"""
SELECT stream, ordinal, contract, partner, task, reference, title, role, people, since, due_on, currency,
       amount_minor, waits_for, events, heard_on, '[' || SUBSTR(acting, 2) || ']' AS acting_for
FROM (SELECT found.*, @acting AS acting
      FROM (SELECT i.*, u.heard_on, ',' || SUBSTR(i.people, 2) AS among
            FROM {{inbox}} AS i
            LEFT JOIN {{unknowns}} AS u
                ON u.stream = i.stream AND i.reference = i.contract || '/' || u.milestone) AS found) AS waiting
WHERE (:contract IS NULL OR contract = :contract) AND (:partner IS NULL OR partner = :partner)
  AND (:role IS NULL OR role = :role)
  AND (:person IS NULL OR REPLACE(among, :person, '') <> among OR acting <> '')
  AND (:until IS NULL OR due_on IS NULL OR due_on <= :until) AND NOT (task = '{RELEASE}' AND due_on > :today)
ORDER BY CASE WHEN due_on IS NULL THEN 1 ELSE 0 END, due_on, CASE WHEN since IS NULL THEN 1 ELSE 0 END, since,
         contract, ordinal, stream
"""
LIST = _LIST.replace("@acting", "''")
_BREAK = "\n"  # between names of contracts, of which none has a line's end in it


def listing(absent: Mapping[str, Iterable[str]]) -> tuple[str, dict[str, str]]:
    """LIST of what waits for a person, or for those whom they may act for, each with the contracts in which they may.

    `acting_for` of a row are those among its people. Returns the query and its parameters for them.
    """
    cases, params = list[str](), dict[str, str]()
    for number, (name, contracts) in enumerate(absent.items()):
        params |= {
            f"absent_{number}": holding(name),
            f"where_{number}": f"{_BREAK}{_BREAK.join(contracts)}{_BREAK}",
        }
        cases.append(
            f"CASE WHEN REPLACE(among, :absent_{number}, '') <> among"
            f" AND REPLACE(:where_{number}, '{_BREAK}' || contract || '{_BREAK}', '') <> :where_{number}"
            f" THEN :absent_{number} ELSE '' END"
        )
    return _LIST.replace("@acting", " || ".join(cases) or "''"), params
