"""What a person may ask for: imperative, about one contract. `decide` turns an intent into events or refuses it.

`on` is the effective date (None: today in the contract's zone). A proposal, dispute, payment or approval is
named by its stream version.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

from ledger.events import Content, Evidence, Outcome, Result, Side, Why
from ledger.terms import MilestonePlan, Terms


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """Who asks, and when: time and names come in from outside, the core has no clock.

    `authenticated_as` is compared with the actor only where the store authenticates (`authenticating`).
    """

    actor: str
    now: datetime
    authenticated_as: str = ""
    authenticating: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Intent:
    """What every intent has."""

    on: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SignContract(Intent):
    contract: str
    terms: Terms
    milestones: tuple[MilestonePlan, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SuspendContract(Intent):
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ResumeContract(Intent):
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class TerminateContract(Intent):
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CompleteContract(Intent):
    """Everything is delivered or cancelled, and paid: the contract is closed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DefineMilestone(Intent):
    plan: MilestonePlan


@dataclass(frozen=True, slots=True, kw_only=True)
class StartMilestone(Intent):
    milestone: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SubmitMilestone(Intent):
    """`at` (aware) sets the effective date where `on` is not given; `corrects` replaces a pending submission."""

    milestone: str
    at: datetime | None = None
    results: tuple[Result, ...] = ()
    evidence: tuple[Evidence, ...] = ()
    note: str = ""
    corrects: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class RejectSubmission(Intent):
    milestone: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CancelMilestone(Intent):
    milestone: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ApproveMilestone(Intent):
    """Approves the pending submission, whole, or a `part` ("75%" or an amount), or some of its deliverables."""

    milestone: str
    part: str = ""
    deliverables: tuple[str, ...] = ()
    role: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class WithdrawApproval(Intent):
    """Takes back the actor's own live approval of a milestone's submission or of a proposal."""

    milestone: str = ""
    proposal: int = 0
    why: Why = "event"
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProposeChange(Intent):
    """Puts a subject up for approval. For a reversal, revocation or waiver the content names its target's version."""

    content: Content


@dataclass(frozen=True, slots=True, kw_only=True)
class ApproveChange(Intent):
    proposal: int
    role: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RejectChange(Intent):
    proposal: int
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenDispute(Intent):
    """`side` "" is the side that the actor's role speaks for."""

    milestone: str
    amount_minor: int
    side: Side | Literal[""] = ""
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class AddDisputeEvidence(Intent):
    dispute: int
    note: str = ""
    evidence: tuple[Evidence, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class WithdrawDispute(Intent):
    dispute: int
    why: Why = "event"
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class InstructPayment(Intent):
    """`amount_minor` None: all that is payable now."""

    milestone: str
    amount_minor: int | None = None
    run: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordPayment(Intent):
    """`amount_minor` None: the amount instructed."""

    instruction: int
    amount_minor: int | None = None
    reference: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class FailPayment(Intent):
    instruction: int
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReversePayment(Intent):
    """`payment` is the version of the instruction or of the record."""

    payment: int
    why: Why = "event"
    reason: str = ""


# --- history taken over from a source ------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class TakenMilestone:
    """A milestone as a source says it is now; None or "" where the source says nothing.

    `status` is how far it got: defined, started, submitted, rejected, accepted or cancelled. `baseline_due` is
    the first due date where the source tells it apart from the current one; `submitted_inferred` marks a delivery
    date that the source does not state; `source_status` is the source's own word, `twin_status` the source status
    of its payment twin, folded into it.
    """

    id: str
    title: str = ""
    stage: str = ""
    owner: str = ""
    due: date | None = None
    baseline_due: date | None = None
    amount_minor: int | None = None
    status: str = "defined"
    source_status: str = ""
    submitted_on: date | None = None
    submitted_at: str = ""
    submitted_inferred: bool = False
    accepted_on: date | None = None
    payment_due: date | None = None
    twin_status: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class TakenPayment:
    """Money that a source says was paid; `milestone` "" where it names none. `reference` is unique in its contract."""

    reference: str
    amount_minor: int
    paid_on: date | None = None
    milestone: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class TakenDispute:
    """A dispute that a source tells of; `outcome` "" while open, else upheld, rejected, split or withdrawn."""

    milestone: str
    opened_on: date | None = None
    amount_minor: int | None = None
    outcome: Outcome | Literal["", "withdrawn"] = ""
    ended_on: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TakeOver(Intent):
    """One source's view of one contract: what it says is taken as it is, what it leaves out is left as it was.

    `known_claim` (ISO text) orders sources: one older than the newest seen only adds what is missing. `source` and
    `digest` identify it; both "" where the source has no identity of its own (a spreadsheet's row). A contract that
    is new gets the `administrators` given, else the importer alone.
    """

    contract: str
    client: str = ""
    partner: str = ""
    title: str = ""
    currency: str = "XXX"
    value_minor: int | None = None
    timezone: str = "UTC"
    signed_on: date | None = None
    milestones: tuple[TakenMilestone, ...] = ()
    payments: tuple[TakenPayment, ...] = ()
    disputes: tuple[TakenDispute, ...] = ()
    known_claim: str = ""
    source: str = ""
    digest: str = ""
    administrators: tuple[str, ...] = ()
