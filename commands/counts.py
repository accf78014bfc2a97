"""Approvals that do not count beside another: given for another part, or for a price that has changed since."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from commands.output import money
from ledger.decisions.binding import Count, Moved, counts_of, moved
from ledger.events import ApprovalGranted, MilestoneAccepted, Record
from ledger.evolve.common import submission
from ledger.money import display_minor
from ledger.state import Approval, Contract, Milestone, Submission
from projections.derive.inbox import counting


@dataclass(frozen=True, slots=True)
class Apart:
    """An approval of another count than the one just joined or begun.

    `changed` are the lines of the price that moved since; `join` is the command that joins its count instead, where it
    is of another part. Both are empty where it was recorded before approvals bound to prices.
    """

    approval: Approval
    changed: tuple[Moved, ...]
    join: str


def apart_of(record: Record, contract: Contract, batch: Iterable[Record] = ()) -> list[Apart]:
    """The live approvals by others that do not count with the approval just recorded; none where it was the last."""
    fact = record.data
    if not isinstance(fact, ApprovalGranted) or any(_accepts(one, fact) for one in batch):
        return []
    others = [
        one
        for one in _beside(fact, contract)
        if one.live and one.version < record.version and one.actor != record.actor
    ]
    held = _held(fact, contract)
    return [
        _apart(one, fact, record, contract, held.get(one.version))
        for one in others
        if one.digest != fact.digest or (one.version in held and not held[one.version].holds)
    ]


def _held(fact: ApprovalGranted, contract: Contract) -> dict[int, Count]:
    """The counts of a submission by the approvals in them."""
    if not fact.milestone:
        return {}
    milestone = contract.milestones[fact.milestone]
    found = submission(milestone, fact.subject)
    counts = counts_of(contract, milestone, found) if found is not None else []
    return {one.version: count for count in counts for one in count.approvals}


def _accepts(record: Record, fact: ApprovalGranted) -> bool:
    data = record.data
    return isinstance(data, MilestoneAccepted) and data.milestone == fact.milestone


def _beside(fact: ApprovalGranted, contract: Contract) -> list[Approval]:
    if fact.milestone:
        found = submission(contract.milestones[fact.milestone], fact.subject)
        return found.approvals if found is not None else []
    proposal = contract.proposals[fact.subject]
    return proposal.approvals if proposal.status == "open" else []


def _apart(
    one: Approval, fact: ApprovalGranted, record: Record, contract: Contract, count: Count | None
) -> Apart:
    if not one.price:
        other = (one.accepted_minor, one.deliverables) != (fact.accepted_minor, fact.deliverables)
        joins = fact.milestone and other
    else:
        joins = count is not None and count.holds
    if joins:
        return Apart(one, (), _join(one, record, contract, fact.milestone))
    now = fact.price if count is None else count.price
    return Apart(one, tuple(moved(one.price, now)) if one.price else (), "")


def _join(one: Approval, record: Record, contract: Contract, milestone: str) -> str:
    command = f"mledger milestone approve {contract.id}/{milestone}{part_options(one, contract)}"
    return f"{command} --as {record.actor}"


def part_options(one: Approval, contract: Contract) -> str:
    """How the part of an approval is asked for on the command line; nothing for the whole."""
    import shlex

    if one.deliverables:
        return "".join(f" --deliverable {shlex.quote(name)}" for name in one.deliverables)
    if not one.part:
        return ""
    if one.part.endswith("%"):
        return f" --part {one.part}"
    currency = contract.terms.currency
    return f" --part {shlex.quote(display_minor(one.accepted_minor or 0, currency))}"


def apart_in_words(apart: Apart, contract: Contract) -> str:
    """ "manager-1 approved 75% (300,000.00) on 2026-11-16, another count; to join it: …"."""
    one, currency = apart.approval, contract.terms.currency
    said = f"{one.actor} approved "
    if apart.join:
        part = one.part or "the whole"
        amount = display_minor(one.accepted_minor or 0, currency)
        said += f"{part} ({amount} {currency}) on {one.on}, which is another count"
        return f"{said}; to join it: {apart.join}"
    if not one.price:
        return f"{said}on {one.on}, when approvals did not bind to the price: a new count begins"
    changed = ", ".join(moved_in_words(line, currency) for line in apart.changed)
    return f"{said}on {one.on} at another price ({changed}): a new count begins"


def moved_in_words(line: Moved, currency: str) -> str:
    """ "tax vat 180.00 → 390.00"; a line that came or went is "none" on the other side."""
    before, after = (
        "none" if minor is None else display_minor(minor, currency)
        for minor in (line.before, line.after)
    )
    name = f"{line.step} {line.clause}" if line.clause != line.step else line.step
    return f"{name} {before} → {after}"


def moved_object(line: Moved, currency: str) -> dict[str, Any]:
    """A line of a price that moved, for programs."""
    return {
        "milestone": line.milestone or None,
        "step": line.step,
        "clause": line.clause,
        "before": money(line.before, currency),
        "after": money(line.after, currency),
    }


def apart_object(apart: Apart, contract: Contract) -> dict[str, Any]:
    """An approval of another count, for programs."""
    one, currency = apart.approval, contract.terms.currency
    return {
        "approval": f"{contract.id}#{one.version}",
        "by": one.actor,
        "on": one.on.isoformat() if one.on else None,
        "part": one.part or None,
        "accepted": money(one.accepted_minor, currency),
        "changed": [moved_object(line, currency) for line in apart.changed],
        "join": apart.join or None,
    }


# --- where each approval of a submission stands -----------------------------------------------------


@dataclass(frozen=True, slots=True)
class Counted:
    """An approval, the number of the count that it belongs to (None: withdrawn, or approved anew), whether that count
    goes on, and the lines of its price that have moved since.
    """

    approval: Approval
    count: int | None
    counts: bool
    changed: tuple[Moved, ...]


def counted(contract: Contract, milestone: Milestone, delivery: Submission) -> list[Counted]:
    """Every approval of a delivery, with the count that it belongs to; counts are numbered as they were begun."""
    numbers: dict[str, int] = {}
    for one in delivery.approvals:
        numbers.setdefault(one.digest, len(numbers) + 1)
    if delivery.status != "pending":
        last = next((a.digest for a in reversed(delivery.approvals) if a.live), "")
        return [
            Counted(a, numbers[a.digest] if a.live else None, a.live and a.digest == last, ())
            for a in delivery.approvals
        ]
    goes_on = counting(contract, milestone, delivery)
    priced = {
        one.version: count
        for count in counts_of(contract, milestone, delivery)
        for one in count.approvals
    }
    found = []
    for one in delivery.approvals:
        count = priced.get(one.version)
        stale = count is not None and not count.holds and one.price
        changed = tuple(moved(one.price, count.price)) if count is not None and stale else ()
        number = numbers[one.digest] if one.live else None
        counts = goes_on is not None and one in goes_on.approvals
        found.append(Counted(one, number, counts, changed))
    return found


def counted_in_words(told: Counted, contract: Contract, several: bool) -> str:
    """ "manager-1 as manager (2026-11-16, 75%: 300,000.00, count 1)"."""
    one, currency = told.approval, contract.terms.currency
    said = [str(one.on)]
    if one.part:
        said.append(f"{one.part}: {display_minor(one.accepted_minor or 0, currency)}")
    if not one.live:
        said.append("no longer")
    elif several:
        said.append(f"count {told.count}")
    if told.changed:
        moved_ = ", ".join(moved_in_words(line, currency) for line in told.changed)
        said.append(f"void, the price changed: {moved_}")
    elif one.live and not told.counts:
        said.append("does not count")
    return f"{one.actor} as {one.role} ({', '.join(said)})"


def counted_object(told: Counted, contract: Contract) -> dict[str, Any]:
    """An approval of a submission, for programs."""
    one, currency = told.approval, contract.terms.currency
    return {
        "by": one.actor,
        "role": one.role,
        "on": one.on.isoformat() if one.on else None,
        "accepted": money(one.accepted_minor, currency),
        "counts": told.counts,
        "part": one.part or None,
        "count": told.count,
        "changed": [moved_object(line, currency) for line in told.changed],
    }
