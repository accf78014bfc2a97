"""The small records of which a contract's state is made; ledger/state.py says how they hang together.

Versions name facts inside the contract's stream; positions name them in the log. Amounts are minor units of its
currency. `gc=False`: nothing here refers back to what holds it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import date
from typing import Any, NamedTuple

from msgspec import Struct, field

from ledger.events import (
    ChangeProposed,
    Figure,
    InvoiceReceived,
    Line,
    MilestoneSubmitted,
    PaymentInstructed,
    PaymentRecorded,
    PaymentRefunded,
    Proposed,
    Result,
)
from ledger.terms import Terms


class Premise(NamedTuple):
    """A value on which a proposal rests: what it is, and the version of the fact that put it in force."""

    what: str
    value: Any
    version: int


class Baseline(Struct, gc=False):
    """A due date and an amount that were promised, from `since` on."""

    due: date | None
    amount_minor: int | None
    since: date | None
    version: int


class Approval(Struct, gc=False):
    """One person's approval of a subject; only a live one counts, and only while its digest still follows from
    what it approves (ledger/decisions/binding.py).
    """

    version: int
    position: int
    subject: int
    actor: str
    role: str
    digest: str
    on: date | None
    accepted_minor: int | None = None
    live: bool = True
    part: str = ""
    deliverables: tuple[str, ...] = ()
    price: tuple[Figure, ...] = ()


class Submission(Struct, gc=False):
    """One delivery of a milestone; `status` is pending, rejected, accepted or replaced.

    A correction keeps what its target had: `first`, the version of the delivery first entered, its terms (the
    policy in force then), and the `submitters`, all who entered or corrected it.
    """

    version: int
    position: int
    on: date | None
    actor: str
    event: MilestoneSubmitted
    terms: Terms
    results: tuple[Result, ...] = ()
    status: str = "pending"
    inferred: bool = False
    at: str = ""
    first: int = 0
    submitters: tuple[str, ...] = ()
    approvals: list[Approval] = field(default_factory=list)


class Posted(Struct, gc=False):
    """A price line with the event that carries it, and the day from which it acts."""

    line: Line
    version: int
    position: int
    on: date | None = None


class Award(Struct, gc=False):
    """A bonus owed, early, quality or discretionary, until revoked; `terms` had the policy that decided it."""

    version: int
    milestone: str
    kind: str
    amount_minor: int
    on: date | None
    terms: Terms
    revoked: bool = False


class Assessment(Struct, gc=False):
    """A penalty deducted (`amount_minor` positive), and how much of it was waived."""

    version: int
    milestone: str
    amount_minor: int
    on: date | None
    waived_minor: int = 0


class Acceptance(Struct, gc=False):
    """What was accepted, when, and when payment falls due; `terms` are those in force then, which its lines keep."""

    version: int
    position: int
    on: date | None
    submission: Submission | None
    accepted_minor: int | None
    payment_due: date | None
    provisional: bool
    remainder: str
    terms: Terms


class Release(Struct, gc=False):
    """Retention of a milestone that has become payable, with a due date and payments of its own."""

    version: int
    position: int
    amount_minor: int
    on: date | None
    payment_due: date | None
    provisional: bool = False
    instructed_minor: int = 0
    paid_minor: int = 0
    positions: list[int] = field(default_factory=list)
    payments: list[Payment] = field(default_factory=list)

    @property
    def outstanding_minor(self) -> int:
        return self.amount_minor - self.paid_minor

    @property
    def settled_on(self) -> date | None:
        """The day on which it was last paid in full, by the days of its payments."""
        if self.outstanding_minor > 0 or self.paid_minor <= 0:
            return None
        return last_settled(self.on, [(self.on, self.amount_minor)], self.payments)


def last_settled(
    since: date | None, owed: Iterable[tuple[date | None, int]], payments: Iterable[Payment]
) -> date | None:
    """The day of the payment that last left nothing outstanding, whatever order the facts were recorded in.

    `owed` is what came to be owed on which day, none of it before `since`; a day that is unknown is taken as the first
    of all for what is owed, and as later than all others for a payment: None where it hangs on such a one.
    """
    first, moved = since or date.min, Counter[date]()
    for day, minor in owed:
        moved[max(first, day or date.min)] += minor
    made = [(p.paid_on or date.max, p) for p in payments if p.stands or p.ended_on is not None]
    for day, payment in made:
        moved[max(first, day)] -= payment.paid_minor
        if not payment.stands and payment.ended_on is not None:
            moved[max(first, payment.ended_on)] += payment.paid_minor
    outstanding, settled = 0, None
    for day in sorted(moved):
        outstanding += moved[day]
        settled = None if outstanding > 0 else settled or day
    if settled is None:
        return None
    by = [
        day
        for day, p in made
        if day <= settled and p.paid_minor > 0 and (p.stands or (p.ended_on or settled) > settled)
    ]
    last = max(by, default=date.max)
    return None if last == date.max else last


class Invoice(Struct, gc=False):
    """A partner's invoice, until it is rejected."""

    version: int
    position: int
    event: InvoiceReceived
    on: date | None
    rejected_on: date | None = None
    status: str = "received"
    positions: list[int] = field(default_factory=list)


class Standing(NamedTuple):
    """What of a payable is held and what can be instructed now; `release` is 0 for the milestone itself."""

    release: int
    held_minor: int
    payable_minor: int


class Dispute(Struct, gc=False):
    """A dispute; `status` is open, upheld, rejected, split or withdrawn."""

    version: int
    position: int
    milestone: str
    side: str
    amount_minor: int | None
    on: date | None
    actor: str
    reason: str
    status: str = "open"
    ended_on: date | None = None
    positions: list[int] = field(default_factory=list)


class Payment(Struct, gc=False):
    """A payment, named by its instruction's version, else its record's; instructed, paid, failed, reversed or refunded.

    `release` is the retention release that it pays; `instruction`, `recorded` and `refunded` are the events. A refund
    by the partner is a payment of its own, whose amounts are below zero. `ended_by` is the bank's name for the entry by
    which it failed or came back, `return_fees_minor` what the bank kept of it then; `undone` says that it was never
    paid, its record being an error.
    """

    version: int
    position: int
    milestone: str
    amount_minor: int
    on: date | None
    run: str = ""
    status: str = "instructed"
    record: int = 0
    paid_minor: int = 0
    paid_on: date | None = None
    reference: str = ""
    ended_on: date | None = None
    positions: list[int] = field(default_factory=list)
    release: int = 0
    instruction: PaymentInstructed | None = None
    recorded: PaymentRecorded | None = None
    ended_by: str = ""
    return_fees_minor: int = 0
    undone: bool = False
    refunded: PaymentRefunded | None = None

    @property
    def reserved_minor(self) -> int:
        """What an open instruction keeps from being paid again: its amount, and the discount that it is to earn."""
        told = self.instruction
        return self.amount_minor + (told.discount_minor if told is not None else 0)

    @property
    def booked(self) -> PaymentRecorded | PaymentRefunded | None:
        """What the bank did, either way, once that is recorded."""
        return self.recorded or self.refunded

    @property
    def stands(self) -> bool:
        """Whether its money moved, either way, and the record of it was not taken back."""
        return self.status in ("paid", "refunded")


class Proposal(Struct, gc=False):
    """A subject of approval; `status` is open, approved or rejected.

    `terms` are those in force when it was proposed, `premises` the values that it rests on, as they were then.
    """

    version: int
    position: int
    event: ChangeProposed
    actor: str
    on: date | None
    terms: Terms
    approvals: list[Approval] = field(default_factory=list)
    status: str = "open"
    positions: list[int] = field(default_factory=list)
    premises: tuple[Premise, ...] = ()

    @property
    def content(self) -> Proposed:
        return self.event.content


class Grant(Struct, gc=False):
    """A person holds a role from `since` until before `until`; None is open."""

    role: str
    person: str
    since: date | None
    until: date | None = None


class Finding(Struct, gc=False):
    """A rule that a fact broke, or a fact that is to be looked at, with the event's position."""

    rule: str
    milestone: str
    position: int
    version: int
    detail: str = ""
