"""What is known of one contract at a moment: plain mutable records that only `evolve` changes.

A fold makes a fresh `Contract` and owns it, so seen from outside nothing is ever changed in place. Versions name
facts inside the contract's stream; positions name them in the log. Amounts are minor units of its currency.

`gc=False`: nothing here refers back to what holds it, so the collector of cycles, which would look at every fact of
a long fold again and again, is not asked to.
"""

from __future__ import annotations

from datetime import date

from msgspec import Struct, field

from ledger.events import MilestoneDefined
from ledger.kinds import Traits, traits
from ledger.state_parts import (
    Acceptance,
    Approval,
    Assessment,
    Award,
    Baseline,
    Dispute,
    Finding,
    Grant,
    Invoice,
    Payment,
    Posted,
    Premise,
    Proposal,
    Release,
    Standing,
    Submission,
    last_settled,
)
from ledger.terms import Terms

__all__ = [
    "ADMINISTRATOR",
    "Acceptance",
    "Approval",
    "Assessment",
    "Award",
    "Baseline",
    "Contract",
    "Dispute",
    "Finding",
    "Grant",
    "Invoice",
    "Milestone",
    "Payment",
    "Posted",
    "Premise",
    "Proposal",
    "Release",
    "Standing",
    "Submission",
]

ADMINISTRATOR = "administrator"


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
