"""What a person may ask for: imperative, about one contract. `decide` turns an intent into events or refuses it.

`on` is the effective date (None: today in the contract's zone). A proposal, dispute, payment or approval is
named by its stream version.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

import msgspec

from ledger.events import (
    BankAccount,
    Content,
    Evidence,
    Exchange,
    PeriodTotal,
    Result,
    Side,
    Signature,
    Why,
)
from ledger.money import UNKNOWN_CURRENCY
from ledger.rule_versions import CURRENT
from ledger.taken import TakenDispute as TakenDispute
from ledger.taken import TakenMilestone as TakenMilestone
from ledger.taken import TakenPayment as TakenPayment
from ledger.terms import MilestonePlan, Terms


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """Who asks, and when: time and names come in from outside, the core has no clock.

    `authenticated_as` is compared with the actor only where the store authenticates (`authenticating`).
    `rules` is the version of the rules that judge: today's, but where history is decided again
    (ledger/rule_versions.py). What is known besides is read for each decision and handed to it (ledger/known.py).
    """

    actor: str
    now: datetime
    authenticated_as: str = ""
    authenticating: bool = False
    rules: int = CURRENT


class Intent(msgspec.Struct, frozen=True, kw_only=True):
    """What every intent has."""

    on: date | None = None


class SignContract(Intent, frozen=True, kw_only=True):
    contract: str
    terms: Terms
    milestones: tuple[MilestonePlan, ...] = ()


class SuspendContract(Intent, frozen=True, kw_only=True):
    reason: str = ""


class ResumeContract(Intent, frozen=True, kw_only=True):
    reason: str = ""


class TerminateContract(Intent, frozen=True, kw_only=True):
    reason: str


class CompleteContract(Intent, frozen=True, kw_only=True):
    """Everything is delivered or cancelled, and paid: the contract is closed."""


class DefineMilestone(Intent, frozen=True, kw_only=True):
    plan: MilestonePlan


class StartMilestone(Intent, frozen=True, kw_only=True):
    milestone: str


class SubmitMilestone(Intent, frozen=True, kw_only=True):
    """`at` (aware) sets the effective date where `on` is not given; `corrects` replaces a pending submission."""

    milestone: str
    at: datetime | None = None
    results: tuple[Result, ...] = ()
    evidence: tuple[Evidence, ...] = ()
    note: str = ""
    corrects: bool = False


class RejectSubmission(Intent, frozen=True, kw_only=True):
    milestone: str
    reason: str


class CancelMilestone(Intent, frozen=True, kw_only=True):
    milestone: str
    reason: str


class ApproveMilestone(Intent, frozen=True, kw_only=True):
    """Approves the pending submission, whole, or a `part` ("75%" or an amount), or some of its deliverables."""

    milestone: str
    part: str = ""
    deliverables: tuple[str, ...] = ()
    role: str = ""
    signature: Signature | None = None


class WithdrawApproval(Intent, frozen=True, kw_only=True):
    """Takes back the actor's own live approval of a milestone's submission or of a proposal."""

    milestone: str = ""
    proposal: int = 0
    why: Why = "event"
    reason: str = ""


class ProposeChange(Intent, frozen=True, kw_only=True):
    """Puts a subject up for approval. For a reversal, revocation or waiver the content names its target's version.

    `typed` names the fields that were asked for, where the rest of a content stated in full was filled in from what
    was in force: nothing else is proposed. It is no part of the request that a key stands for.
    """

    content: Content
    typed: tuple[str, ...] = ()


class RenewChange(Intent, frozen=True, kw_only=True):
    """Proposes the changes of an outdated proposal anew, on what is in force; the outdated one is rejected."""

    proposal: int


class ApproveChange(Intent, frozen=True, kw_only=True):
    proposal: int
    role: str = ""
    signature: Signature | None = None


class RejectChange(Intent, frozen=True, kw_only=True):
    proposal: int
    reason: str


class OpenDispute(Intent, frozen=True, kw_only=True):
    """`side` "" is the side that the actor's role speaks for."""

    milestone: str
    amount_minor: int
    side: Side | Literal[""] = ""
    reason: str = ""


class AddDisputeEvidence(Intent, frozen=True, kw_only=True):
    dispute: int
    note: str = ""
    evidence: tuple[Evidence, ...] = ()


class WithdrawDispute(Intent, frozen=True, kw_only=True):
    dispute: int
    why: Why = "event"
    reason: str = ""


class InvoicedMilestone(msgspec.Struct, frozen=True, kw_only=True):
    """A milestone that an invoice names; `amount_minor` None: what is left of its amount."""

    milestone: str
    amount_minor: int | None = None


class ReceiveInvoice(Intent, frozen=True, kw_only=True):
    """`amount_minor` includes the tax; None: what the milestones covered come to."""

    number: str
    kind: str
    covers: tuple[InvoicedMilestone, ...]
    amount_minor: int | None = None
    tax_minor: int | None = None
    issued_on: date | None = None
    sha256: str = ""
    uri: str = ""


class RejectInvoice(Intent, frozen=True, kw_only=True):
    """`invoice` is the version of its receipt."""

    invoice: int
    reason: str


class ReleaseRetention(Intent, frozen=True, kw_only=True):
    """`amount_minor` None: all that the terms let go by that day."""

    milestone: str
    amount_minor: int | None = None


class AddNote(Intent, frozen=True, kw_only=True):
    """Of a milestone, of the fact of a version, or with neither of the contract."""

    text: str
    milestone: str = ""
    fact: int = 0


class FileWithholding(Intent, frozen=True, kw_only=True):
    """`amount_minor` None: all that was withheld and not filed yet."""

    milestone: str
    reference: str
    amount_minor: int | None = None


class InstructPayment(Intent, frozen=True, kw_only=True):
    """`amount_minor` None: all that is payable now. `release` pays a retention release, by its version.

    `discount` takes what the terms give for early payment; `exchange` is what the amount comes to in the currency paid.
    """

    milestone: str
    amount_minor: int | None = None
    run: str = ""
    signature: Signature | None = None
    release: int = 0
    transfer: str = ""
    exchange: Exchange | None = None
    discount: bool = False


class RecordPayment(Intent, frozen=True, kw_only=True):
    """`amount_minor` None: the amount instructed. `over` records more, as the bank says; it becomes a claim."""

    instruction: int
    amount_minor: int | None = None
    reference: str = ""
    exchange: Exchange | None = None
    fees_minor: int = 0
    entry: str = ""
    over: bool = False


class FailPayment(Intent, frozen=True, kw_only=True):
    instruction: int
    reason: str = ""
    entry: str = ""


class ReversePayment(Intent, frozen=True, kw_only=True):
    """`payment` is the version of the instruction or of the record; `fees_minor` what the bank kept of the money."""

    payment: int
    why: Why = "event"
    reason: str = ""
    entry: str = ""
    fees_minor: int = 0


class RecordRefund(Intent, frozen=True, kw_only=True):
    """`amount_minor` None: all of the claim. `release` names a retention release by its version."""

    milestone: str
    amount_minor: int | None = None
    reference: str = ""
    release: int = 0
    fees_minor: int = 0
    entry: str = ""


# --- signing keys, of the ledger as a whole -------------------------------------------------------------------


class ProposeSigner(Intent, frozen=True, kw_only=True):
    """`key` is an OpenSSH public key line; the days are both included."""

    person: str
    key: str
    valid_from: date
    valid_until: date | None = None


class ApproveSigner(Intent, frozen=True, kw_only=True):
    proposal: int


class RevokeSigner(Intent, frozen=True, kw_only=True):
    proposal: int
    reason: str = ""


# --- the partners' accounts, of the ledger as a whole ---------------------------------------------------------


class ProposePayee(Intent, frozen=True, kw_only=True):
    partner: str
    account: BankAccount
    reason: str = ""
    signature: Signature | None = None


class ApprovePayee(Intent, frozen=True, kw_only=True):
    proposal: int
    signature: Signature | None = None


class RevokePayee(Intent, frozen=True, kw_only=True):
    proposal: int
    reason: str = ""


class ClosePeriod(Intent, frozen=True, kw_only=True):
    """`period` is a month, "2026-10", that has ended in the zone in which the ledger is reported.

    What its schedule added up to is found out, not asked for: the closing covers the log up to the position
    `covers`, where it says `totals`. A key stands for the month, whatever was covered.
    """

    period: str
    timezone: str
    covers: int = 0
    totals: tuple[PeriodTotal, ...] = ()


# --- history taken over from a source ------------------------------------------------------------------------


class TakeOver(Intent, frozen=True, kw_only=True):
    """One source's view of one contract: what it says is taken as it is, what it leaves out is left as it was.

    `known_claim` (ISO text) orders sources: one older than the newest seen only adds what is missing. `source` and
    `digest` identify it; both "" where the source has no identity of its own (a spreadsheet's row). A contract that
    is new gets the `administrators` given, else the importer alone. `source_status` is the source's own word for how
    the contract stands, `source_value` its value as written where that is finer than the currency; `withdrawn` names
    what a newer source takes back: value, signed_on. `knows` are the parts of history that the
    source can tell of the milestones it names (ledger/recorded.py; None: that is not said), `whole` those that it tells
    of all the contract's, `heard_on` the contract-local day of what it tells, None where it has none: then it tells
    what holds until it is told otherwise. `signed_inferred` marks a `signed_on` that the source does not state.
    """

    contract: str
    client: str = ""
    partner: str = ""
    title: str = ""
    currency: str = UNKNOWN_CURRENCY
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
    source_status: str = ""
    source_value: str = ""
    withdrawn: frozenset[str] = frozenset()
    knows: tuple[str, ...] | None = None
    whole: tuple[str, ...] = ()
    heard_on: date | None = None
    signed_inferred: bool = False
