"""What is known of one contract at a moment: plain mutable records that only `evolve` changes.

A fold makes a fresh `Contract` and owns it, so seen from outside nothing is ever changed in place. Versions name
facts inside the contract's stream; positions name them in the log. Amounts are minor units of its currency.

`gc=False`: nothing here refers back to what holds it, so the collector of cycles, which would look at every fact of
a long fold again and again, is not asked to.
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
    MilestoneDefined,
    MilestoneSubmitted,
    PaymentInstructed,
    PaymentRecorded,
    PaymentRefunded,
    Proposed,
    Result,
)
from ledger.kinds import Traits, traits
from ledger.terms import Terms

ADMINISTRATOR = "administrator"


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


class Note(Struct, gc=False):
    """What somebody said of the contract, of a milestone, or of the fact of that version (0: of none)."""

    version: int
    position: int
    on: date | None
    actor: str
    text: str
    milestone: str = ""
    fact: int = 0


class Finding(Struct, gc=False):
    """A rule that a fact broke, or a fact that is to be looked at, with the event's position."""

    rule: str
    milestone: str
    position: int
    version: int
    detail: str = ""


class Milestone(Struct, gc=False):
    """A payable: plan, baselines, deliveries, price lines and payments.

    `status` is expected (defined or started: see `started_on`), submitted, rejected, accepted, cancelled or void (a
    remainder whose acceptance was reversed). `family` is the milestone of whose partial acceptance it is the rest,
    or its own id. `reversed_by` is the last reversal that was an event: what is decided anew rests on it;
    `cancelled_by` the cancellation in force, `rejected_on` the day of the last rejection. Of an imported one `knows`
    are the parts that its sources can tell (None: nothing is said of that), `heard_on` when they were last heard of
    (None: no day bounds it); `banked` says whether any payment was ever instructed or recorded. ledger/recorded.py
    reads them.
    """

    id: str
    ordinal: int
    version: int
    plan: MilestoneDefined
    family: str
    baselines: list[Baseline]
    position: int
    positions: list[int]
    status: str = "expected"
    started: bool = False
    started_on: date | None = None
    source_status: str = ""
    twin_status: str = ""
    payment_due: date | None = None
    submissions: list[Submission] = field(default_factory=list)
    acceptance: Acceptance | None = None
    first_pass: bool | None = None
    first_decided_on: date | None = None
    rejected_on: date | None = None
    cancelled_on: date | None = None
    lines: list[Posted] = field(default_factory=list)
    gross_minor: int = 0
    bonus_minor: int = 0
    penalty_minor: int = 0
    adjustment_minor: int = 0
    tax_minor: int = 0
    retained_minor: int = 0
    recovered_minor: int = 0
    offset_minor: int = 0
    posted_minor: int = 0
    instructed_minor: int = 0
    paid_minor: int = 0
    payments: list[Payment] = field(default_factory=list)
    disputes: list[Dispute] = field(default_factory=list)
    whole: list[Baseline] | None = None
    reversed_by: int = 0
    cancelled_by: int = 0
    releases: list[Release] = field(default_factory=list)
    labels: dict[str, str] = field(default_factory=dict)
    invoiced_minor: int = 0
    filed_minor: int = 0
    kind: str = "milestone"
    knows: frozenset[str] | None = None
    heard_on: date | None = None
    banked: bool = False

    @property
    def current(self) -> Baseline:
        return self.baselines[-1]

    @property
    def traits(self) -> Traits:
        """What holds for its kind."""
        return traits(self.kind)

    @property
    def is_open(self) -> bool:
        """Whether it is still to be accepted, or given up."""
        return self.status in ("expected", "submitted", "rejected")

    @property
    def is_given_up(self) -> bool:
        """Whether nothing comes of it: cancelled, or a remainder that its parent took back."""
        return self.status in ("cancelled", "void")

    @property
    def pending(self) -> Submission | None:
        """The submission that waits for a decision."""
        waits = self.status == "submitted" and self.submissions
        return self.submissions[-1] if waits and self.submissions[-1].status == "pending" else None

    @property
    def progress(self) -> str:
        """How far it is, as everything that shows it says: `status`, told apart into started and paid.

        Paid is accepted with nothing left to pay, by whatever means: money, a set-off, an advance that it gave back.
        What was accepted at an amount that is not known (imports) stays accepted, what was given up afterwards
        (imports again) cancelled.
        """
        if self.status == "expected" and self.started:
            return "started"
        if self.is_given_up or self.acceptance is None:
            return self.status
        known = self.acceptance.accepted_minor is not None
        return "paid" if known and self.outstanding_minor <= 0 else self.status

    @property
    def net_minor(self) -> int:
        """The sum of the lines posted; 0 before acceptance, when a dispute's line may be posted already."""
        return self.posted_minor if self.acceptance is not None else 0

    @property
    def outstanding_minor(self) -> int:
        """Net less paid; negative is a claim on the partner; 0 before acceptance."""
        return self.posted_minor - self.paid_minor if self.acceptance is not None else 0

    @property
    def settled_on(self) -> date | None:
        """The day on which nothing was left to pay, by the days on which facts act; later claims change nothing.

        None where what was accepted is unknown: then so is whether anything was left.
        """
        acceptance = self.acceptance
        if acceptance is None or acceptance.accepted_minor is None:
            return None
        if self.outstanding_minor > 0 or self.paid_minor <= 0:
            return None
        owed = ((posted.on, posted.line.amount_minor) for posted in self.lines)
        return last_settled(acceptance.on, owed, self.payments)

    @property
    def last_paid_on(self) -> date | None:
        """The latest day on which it was paid; its releases apart."""
        paid = (p.paid_on for p in self.payments if p.stands and p.refunded is None)
        return max((on for on in paid if on is not None), default=None)

    @property
    def released_minor(self) -> int:
        """Retention that has become payable."""
        return sum(r.amount_minor for r in self.releases) if self.releases else 0

    @property
    def taxable_minor(self) -> int:
        """What was earned, before tax, retention and what advances recover."""
        return self.gross_minor + self.bonus_minor - self.penalty_minor + self.adjustment_minor

    @property
    def disputed_minor(self) -> int:
        """What open client disputes are about."""
        return sum(
            d.amount_minor or 0 for d in self.disputes if d.status == "open" and d.side == "client"
        )

    @property
    def held_minor(self) -> int:
        """What open client disputes hold back of the milestone itself, never more than is outstanding."""
        if self.acceptance is None or not self.disputes:
            return 0
        if self.releases:
            return self.standings()[0].held_minor
        return max(0, min(self.disputed_minor, self.outstanding_minor))

    @property
    def payable_minor(self) -> int:
        """What can be instructed now of the milestone itself."""
        if self.releases:
            return self.standings()[0].payable_minor
        return max(0, self.outstanding_minor - self.held_minor - self.instructed_minor)

    def standings(self) -> list[Standing]:
        """What is held and payable of the milestone and of each release: all together never more than is outstanding.

        What is held, and what can be paid beside a claim, goes to the milestone first and to the releases in order.
        """
        parts = [(0, self.outstanding_minor, self.instructed_minor)]
        parts += [(r.version, r.outstanding_minor, r.instructed_minor) for r in self.releases]
        whole = sum(out for _, out, _ in parts)
        held = max(0, min(self.disputed_minor, whole)) if self.acceptance is not None else 0
        payable = max(0, whole - held - sum(instructed for _, _, instructed in parts))
        found = []
        for release, out, instructed in parts:
            holds = max(0, min(held, out))
            pays = max(0, min(payable, out - holds - instructed))
            held, payable = held - holds, payable - pays
            found.append(Standing(release, holds, pays))
        return found


class Contract(Struct, gc=False):
    """One contract as its events tell it. `dates[v]` is the day from which the fact of version v acts.

    `policies` are the versions that put terms in force, ascending; `nonces` those that signatures have used;
    `put_by` names for each term that is not as it was signed the version that put it in force. `told` are
    the first and last versions of each import, `told_whole` the parts that one tells of all milestones alike (None:
    no import says what its source can tell).
    """

    id: str
    stream: int
    terms: Terms
    imported: bool
    signed_by: str
    position: int
    version: int = 1
    status: str = "active"
    milestones: dict[str, Milestone] = field(default_factory=dict)
    proposals: dict[int, Proposal] = field(default_factory=dict)
    disputes: dict[int, Dispute] = field(default_factory=dict)
    payments: dict[int, Payment] = field(default_factory=dict)
    awards: dict[int, Award] = field(default_factory=dict)
    assessments: dict[int, Assessment] = field(default_factory=dict)
    grants: list[Grant] = field(default_factory=list)
    dates: dict[int, date | None] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)
    sources: dict[tuple[str, str], str] = field(default_factory=dict)
    suspended_by: int = 0
    policies: list[int] = field(default_factory=lambda: [1])
    nonces: set[str] = field(default_factory=set)
    unallocated_minor: int = 0
    unallocated_positions: list[int] = field(default_factory=list)
    status_positions: list[int] = field(default_factory=list)
    invoices: dict[int, Invoice] = field(default_factory=dict)
    suspensions: list[tuple[date | None, date | None]] = field(default_factory=list)
    put_by: dict[str, int] = field(default_factory=dict)
    source_status: str = ""
    told: list[tuple[int, int]] = field(default_factory=list)
    told_whole: frozenset[str] | None = None
    inferred: tuple[str, ...] = ()

    @property
    def value_minor(self) -> int | None:
        return self.terms.ceiling_minor

    @property
    def standing(self) -> str:
        """The status; of imported history that nobody ended or suspended here, what its source says instead."""
        told = self.source_status if self.status == "active" else ""
        return told if told and told != "active" else self.status

    @property
    def ended(self) -> bool:
        """Whether nothing more is done under it: completed or terminated here, or ended as its source says."""
        return self.standing in ("terminated", "cancelled", "completed")

    @property
    def committed_minor(self) -> int:
        """Amounts in force of milestones not cancelled, and awarded bonuses of every kind; no advances, which the
        milestones recover.
        """
        return sum(
            (m.current.amount_minor or 0) + m.bonus_minor
            for m in self.milestones.values()
            if not m.is_given_up and not m.traits.ahead
        )

    @property
    def open_advance_minor(self) -> int:
        """Advances paid and not recovered yet."""
        return sum(
            m.paid_minor if m.traits.ahead else -m.recovered_minor for m in self.milestones.values()
        )

    def terms_of(self, milestone: Milestone) -> Terms:
        """The terms that hold for a milestone: those in force when it was accepted, before that those of now."""
        return self.terms if milestone.acceptance is None else milestone.acceptance.terms

    def policy(self, subject: int = 0) -> int:
        """The version of the terms in force when the fact of that version was recorded (0: now)."""
        return max((v for v in self.policies if not subject or v < subject), default=1)

    def holds(self, role: str, person: str, on: date | None) -> bool:
        """Whether a person holds a role on a day (None: now, whatever the day)."""
        return any(
            g.role == role
            and g.person == person
            and (on is None or g.since is None or g.since <= on)
            and (g.until is None or (on is not None and on < g.until))
            for g in self.grants
        )
