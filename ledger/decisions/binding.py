"""What an approval binds to: the content, and the price that follows from it now."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from ledger.decisions.delivery import delivered
from ledger.errors import InputInvalid
from ledger.events import ApprovalGranted, Fact, Figure, Line, MilestoneSubmitted
from ledger.evolve.common import digest
from ledger.money import parse_minor, parse_percent, percent_of, split
from ledger.pricing.order import price
from ledger.state import Approval, Contract, Milestone, Submission


def figures(lines: Iterable[Line], milestone: str = "") -> tuple[Figure, ...]:
    """The lines of a price as approvals bind to them: how each was computed may move, what it comes to may not."""
    return tuple(
        Figure(
            step=line.step, clause=line.clause, amount_minor=line.amount_minor, milestone=milestone
        )
        for line in lines
    )


def figures_of(events: Iterable[Fact]) -> tuple[Figure, ...]:
    """The lines that events post, each with its milestone."""
    return tuple(
        figure
        for event in events
        for figure in figures(getattr(event, "lines", ()), getattr(event, "milestone", ""))
    )


def submission_digest(
    submission: int,
    event: MilestoneSubmitted,
    part_minor: int,
    deliverables: Iterable[str],
    priced: tuple[Figure, ...] | None,
) -> str:
    """What an approval of this part of a submission, at this price, binds to; without one as in the first release."""
    bound = {
        "accepted_minor": part_minor,
        "deliverables": list(deliverables),
        "digest": digest(event),
        "subject": submission,
    }
    return digest(bound if priced is None else bound | {"price": priced})


def proposal_digest(content: str, priced: tuple[Figure, ...]) -> str:
    """What an approval of a proposal binds to: its content's digest, with the price if any follows from it."""
    return digest({"digest": content, "price": priced}) if priced else content


# --- approvals given, as they stand now -----------------------------------------------------------------------


class Count(NamedTuple):
    """Approvals of one content at one price; `holds` while it is what would be approved now.

    `price` is what would be approved now of the same part.
    """

    approvals: tuple[Approval, ...]
    holds: bool
    price: tuple[Figure, ...]

    @property
    def first(self) -> Approval:
        return self.approvals[0]


def counts_of(contract: Contract, milestone: Milestone, submission: Submission) -> list[Count]:
    """The counts that live approvals of a submission belong to, the latest begun or joined last."""
    groups: dict[tuple[str, int], list[Approval]] = {}
    for approval in submission.approvals:
        if approval.live:
            key = (approval.digest, part_now(contract, milestone, approval))
            groups[key] = [*groups.pop(key, []), approval]
    found = []
    for (bound, part_minor), approvals in groups.items():
        priced = price_now(contract, milestone, submission, part_minor)
        now = submission_digest(
            submission.version, submission.event, part_minor, approvals[0].deliverables, priced
        )
        found.append(Count(tuple(approvals), bound == now, priced))
    return found


def share_of(contract: Contract, milestone: Milestone, part: str, named: int = 0) -> int:
    """What a part comes to now, in minor units: so many of the deliverables in equal shares, else a percentage or an
    amount as it is written, else the whole.

    Raises InputInvalid for a text that is neither.
    """
    whole, among = milestone.current.amount_minor or 0, len(set(milestone.plan.deliverables))
    if named:
        return split(whole, (named, among - named))[0] if named < among else whole
    if not part:
        return whole
    if part.endswith("%"):
        return percent_of(whole, parse_percent(part), contract.terms.rounding)
    return parse_minor(part, contract.terms.currency)


def part_now(contract: Contract, milestone: Milestone, approval: Approval) -> int:
    """What the part that an approval names comes to now: where the amount was changed since, the whole is another.

    An amount that was typed stays what it is, and so does what the first release recorded, which bound to no price.
    """
    told, part = approval.accepted_minor or 0, approval.part.strip()
    if before_prices_were_bound(approval):
        return told
    try:
        now = share_of(contract, milestone, part, len(approval.deliverables))
    except InputInvalid:  # the names of all deliverables
        return share_of(contract, milestone, "")
    typed = part and not part.endswith("%") and not approval.deliverables
    # What reads as another amount than was approved is the name of the only deliverable.
    return share_of(contract, milestone, "") if typed and now != told else now


def price_now(
    contract: Contract, milestone: Milestone, submission: Submission, part_minor: int | None
) -> tuple[Figure, ...]:
    """What a part of a submission would come to if it were accepted now."""
    whole = milestone.current.amount_minor or 0
    part = whole if part_minor is None else part_minor
    return figures(price(delivered(contract, milestone, submission, part)))


class Moved(NamedTuple):
    """A line of a price that is another now; None where there was, or is, no such line."""

    milestone: str
    step: str
    clause: str
    before: int | None
    after: int | None


def moved(before: Iterable[Figure], after: Iterable[Figure]) -> list[Moved]:
    """The lines by which two prices differ, in their order."""
    was, now = _summed(before), _summed(after)
    return [
        Moved(*key, was.get(key), now.get(key))
        for key in dict.fromkeys([*was, *now])
        if was.get(key) != now.get(key)
    ]


def _summed(priced: Iterable[Figure]) -> dict[tuple[str, str, str], int]:
    found: dict[tuple[str, str, str], int] = {}
    for one in priced:
        key = (one.milestone, one.step, one.clause)
        found[key] = found.get(key, 0) + one.amount_minor
    return found


def before_prices_were_bound(approval: Approval | ApprovalGranted) -> bool:
    """Whether an approval of a submission was recorded by the first release, which bound to no price."""
    return not approval.price
