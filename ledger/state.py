"""What is known of one contract at a moment: plain mutable records that only `evolve` changes.

A fold makes a fresh `Contract` and owns it, so seen from outside nothing is ever changed in place. Versions name
facts inside the contract's stream; positions name them in the log. Amounts are minor units of its currency.

`gc=False`: nothing here refers back to what holds it, so the collector of cycles, which would look at every fact of
a long fold again and again, is not asked to.
"""

from __future__ import annotations

from datetime import date

from msgspec import Struct, field

from ledger.events import (
    ChangeProposed,
    Content,
    Line,
    MilestoneDefined,
    MilestoneSubmitted,
    Result,
)
from ledger.terms import Terms

ADMINISTRATOR = "administrator"


class Baseline(Struct, gc=False):
    """A due date and an amount that were promised, from `since` on."""

    due: date | None
    amount_minor: int | None
    since: date | None
    version: int


class Approval(Struct, gc=False):
    """One person's approval of a subject; only a live one counts."""

    version: int
    position: int
    subject: int
    actor: str
    role: str
    digest: str
    on: date | None
    accepted_minor: int | None = None
    live: bool = True


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
    """A price line with the event that carries it."""

    line: Line
    version: int
    position: int


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
    """What was accepted, when, and when payment falls due."""

    version: int
    position: int
    on: date | None
    submission: Submission | None
    accepted_minor: int | None
    payment_due: date | None
    provisional: bool
    remainder: str


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
    """A payment, named by its instruction's version, else its record's; instructed, paid, failed or reversed."""

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


class Proposal(Struct, gc=False):
    """A subject of approval; `status` is open, approved or rejected; `terms` are those it was drafted from."""

    version: int
    position: int
    event: ChangeProposed
    actor: str
    on: date | None
    terms: Terms
    approvals: list[Approval] = field(default_factory=list)
    status: str = "open"
    positions: list[int] = field(default_factory=list)

    @property
    def content(self) -> Content:
        return self.event.content


class Grant(Struct, gc=False):
    """A person holds a role from `since` until before `until`; None is open."""

    role: str
    person: str
    since: date | None
    until: date | None = None


class Milestone(Struct, gc=False):
    """A payable: plan, baselines, deliveries, price lines and payments.

    `status` is expected (defined or started: see `started_on`), submitted, rejected, accepted, cancelled or void (a
    remainder whose acceptance was reversed). `family` is the milestone of whose partial acceptance it is the rest,
    or its own id. `reversed_by` is the last reversal that was an event: what is decided anew rests on it;
    `cancelled_by` the cancellation in force.
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
    cancelled_on: date | None = None
    lines: list[Posted] = field(default_factory=list)
    gross_minor: int = 0
    bonus_minor: int = 0
    penalty_minor: int = 0
    adjustment_minor: int = 0
    posted_minor: int = 0
    instructed_minor: int = 0
    paid_minor: int = 0
    last_paid_on: date | None = None
    settled_on: date | None = None
    disputes: list[Dispute] = field(default_factory=list)
    whole: list[Baseline] | None = None
    reversed_by: int = 0
    cancelled_by: int = 0

    @property
    def current(self) -> Baseline:
        return self.baselines[-1]

    @property
    def pending(self) -> Submission | None:
        """The submission that waits for a decision."""
        waits = self.status == "submitted" and self.submissions
        return self.submissions[-1] if waits and self.submissions[-1].status == "pending" else None

    @property
    def net_minor(self) -> int:
        """The sum of the lines posted; 0 before acceptance, when a dispute's line may be posted already."""
        return self.posted_minor if self.acceptance is not None else 0

    @property
    def outstanding_minor(self) -> int:
        """Net less paid; negative is a claim on the partner; 0 before acceptance."""
        return self.posted_minor - self.paid_minor if self.acceptance is not None else 0

    @property
    def held_minor(self) -> int:
        """What open client disputes hold back, never more than is outstanding."""
        if self.acceptance is None or not self.disputes:
            return 0
        disputed = sum(
            d.amount_minor or 0 for d in self.disputes if d.status == "open" and d.side == "client"
        )
        return max(0, min(disputed, self.outstanding_minor))

    @property
    def payable_minor(self) -> int:
        """What can be instructed now."""
        return max(0, self.outstanding_minor - self.held_minor - self.instructed_minor)


class Contract(Struct, gc=False):
    """One contract as its events tell it. `dates[v]` is the day from which the fact of version v acts.

    `policies` are the versions that put terms in force, ascending; `nonces` those that signatures have used.
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

    @property
    def value_minor(self) -> int | None:
        return self.terms.ceiling_minor

    @property
    def committed_minor(self) -> int:
        """Amounts in force of milestones not cancelled, and awarded bonuses of every kind."""
        return sum(
            (m.current.amount_minor or 0) + m.bonus_minor
            for m in self.milestones.values()
            if m.status not in ("cancelled", "void")
        )

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


class Finding(Struct, gc=False):
    """A rule that a fact broke, or a fact that is to be looked at, with the event's position."""

    rule: str
    milestone: str
    position: int
    version: int
    detail: str = ""
