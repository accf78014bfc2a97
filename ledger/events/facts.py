"""Every event: what happened, in the past tense, immutable, with one stable name and schema version each.

An event's fields with their default value are not written, so a default is part of its schema for ever.
`on` is the effective date, in the contract's time zone (None: unknown, imports only); `rests_on` holds the
stream versions of the facts without which this one means nothing; `breaches` the rules that an import broke;
`known_claim` when an imported source says that the fact was known. Amounts are signed integers in minor units
of the contract's currency.
"""

from __future__ import annotations

from datetime import date
from typing import Literal

import msgspec

from ledger.events.parts import (
    Content,
    Evidence,
    Fact,
    Figure,
    Line,
    Part,
    Proposed,
    Result,
    Signature,
    Why,
)
from ledger.terms import Criterion, Terms

# --- contract -----------------------------------------------------------------------------------------------


class ContractSigned(Fact, frozen=True, kw_only=True):
    """The contract exists, on these terms. `imported`: history taken over from a source, not signed here.

    `source_amount` is the value as the source writes it where it is finer than the currency, `source_status` the
    source's own word for how the contract stands; `inferred` names the fields of the terms that an
    import derived: signed_on.
    """

    terms: Terms
    imported: bool = False
    source_amount: str = ""
    source_status: str = ""
    inferred: tuple[str, ...] = ()


class HistoryImported(Fact, frozen=True, kw_only=True):
    """A source was read to its end: `known_claim` is its own date, by which later sources are ordered.

    `knows` are the parts of history that it can tell (ledger/recorded.py), null in events that say nothing of it;
    `heard_on` the contract-local day of what it tells. Both hold for every milestone of the contract but those it
    `leaves_out`, and `whole` for all of them; of the `silent` ones it does not say how far they got. It is told in
    the versions from `since` (0: the one after the source before) up to this one.
    """

    source: str
    digest: str
    knows: tuple[str, ...] | None = None
    whole: tuple[str, ...] = ()
    heard_on: date | None = None
    leaves_out: tuple[str, ...] = ()
    silent: tuple[str, ...] = ()
    since: int = 0


class ContractAmended(Fact, frozen=True, kw_only=True):
    """New terms are in force: all of them, or those that `changes` names, where a role is called roles.ROLE.

    `source_amount`, `source_status` and, where `changes` is null, `inferred` as in ContractSigned.
    """

    terms: Terms
    proposal: int = 0
    reason: str = ""
    changes: tuple[str, ...] | None = None
    source_amount: str = ""
    source_status: str = ""
    inferred: tuple[str, ...] = ()


class RoleGranted(Fact, frozen=True, kw_only=True):
    """A person holds a role from `on`."""

    role: str
    person: str
    proposal: int = 0


class RoleRevoked(Fact, frozen=True, kw_only=True):
    """A person no longer holds a role from `on`."""

    role: str
    person: str
    proposal: int = 0


class ContractSuspended(Fact, frozen=True, kw_only=True):
    """Work stops: nothing is started or submitted until the contract is resumed."""

    reason: str = ""


class ContractResumed(Fact, frozen=True, kw_only=True):
    """Work goes on."""

    reason: str = ""


class ContractTerminated(Fact, frozen=True, kw_only=True):
    """The contract ends early; what was accepted stays payable, what is open is cancelled with it.

    `settlement` is the milestone that holds the fee and the advances not recovered, where there are any.
    """

    reason: str
    proposal: int = 0
    settlement: str = ""


class ContractCompleted(Fact, frozen=True, kw_only=True):
    """Everything is delivered or cancelled, and paid."""


class NoteAdded(Fact, frozen=True, kw_only=True):
    """Somebody says something of the contract, of a milestone, or of the fact of that version (0: of none).

    Nothing follows from it. Of a fact that is about a milestone it names that too.
    """

    text: str
    milestone: str = ""
    fact: int = 0


# --- milestone ----------------------------------------------------------------------------------------------


class MilestoneDefined(Fact, frozen=True, kw_only=True):
    """A milestone exists, with baseline 0; `remainder_of` names the partly accepted one whose rest it is.

    `kind` is milestone, advance, or settlement (of a contract that ended early). `source_amount` is the amount as
    its source writes it where it is finer than the currency; `labels` are the source's other columns.
    """

    milestone: str
    title: str = ""
    stage: str = ""
    owner: str = ""
    due: date | None = None
    amount_minor: int | None = None
    deliverables: tuple[str, ...] = ()
    criteria: tuple[Criterion, ...] = ()
    depends_on: tuple[str, ...] = ()
    remainder_of: str = ""
    proposal: int = 0
    source_status: str = ""
    twin_status: str = ""
    payment_due: date | None = None
    kind: str = "milestone"
    incentive_due: date | None = None
    source_amount: str = ""
    labels: dict[str, str] = msgspec.field(default_factory=dict)


class MilestoneRevised(Fact, frozen=True, kw_only=True):
    """The next baseline, in full; with `only` just that changes, and the other stays as it is on that day.

    `labels` are those that a source changes or adds.
    """

    milestone: str
    due: date | None = None
    amount_minor: int | None = None
    proposal: int = 0
    source_status: str = ""
    twin_status: str = ""
    payment_due: date | None = None
    only: Literal["", "due", "amount"] = ""
    source_amount: str = ""
    labels: dict[str, str] = msgspec.field(default_factory=dict)


class MilestoneStarted(Fact, frozen=True, kw_only=True):
    """Work on the milestone began."""

    milestone: str
    source_status: str = ""


class MilestoneSubmitted(Fact, frozen=True, kw_only=True):
    """The partner says that it is delivered.

    `at` is the local time where one was given; `inferred` marks a date that an import derived.
    """

    milestone: str
    at: str = ""
    results: tuple[Result, ...] = ()
    evidence: tuple[Evidence, ...] = ()
    note: str = ""
    corrects: int = 0
    why: Why = "event"
    inferred: bool = False
    source_status: str = ""


class SubmissionRejected(Fact, frozen=True, kw_only=True):
    """The submission does not meet its criteria; approvals given to it are void."""

    milestone: str
    submission: int
    reason: str


class MilestoneCancelled(Fact, frozen=True, kw_only=True):
    """The milestone will not be delivered; its amount is free again."""

    milestone: str
    reason: str
    source_status: str = ""


# --- approval -----------------------------------------------------------------------------------------------


class ChangeProposed1(Fact, frozen=True, kw_only=True):
    """Version 1, whose change orders and amendments state everything in full, also what they leave as it is."""

    content: Content
    digest: str
    amount_minor: int
    quorum: dict[str, int]
    signatures: bool = False


class ChangeProposed(Fact, frozen=True, kw_only=True):
    """Something that needs more than one pair of eyes, as a patch: it holds what it changes and nothing else.

    It rests on the facts that put in force what it changes: where those values changed since, it is outdated.
    `digest` is the SHA-256 of its canonical content; `signatures`: the policy in force then wants its approvals signed.
    """

    content: Proposed
    digest: str
    amount_minor: int
    quorum: dict[str, int]
    signatures: bool = False


class ChangeRejected(Fact, frozen=True, kw_only=True):
    """A proposal refused; its approvals are void."""

    proposal: int
    reason: str


class ApprovalGranted(Fact, frozen=True, kw_only=True):
    """One person's approval of a subject (a submission or proposal), counted in `role`, bound to `digest`.

    That is the SHA-256 of what is approved and of the price that follows from it now, whose lines are `price`.
    Of a submission, `deliverables` are those accepted where only some are.
    """

    subject: int
    role: str
    digest: str
    milestone: str = ""
    accepted_minor: int | None = None
    part: str = ""
    signature: Signature | None = None
    deliverables: tuple[str, ...] = ()
    price: tuple[Figure, ...] = ()


class ApprovalWithdrawn(Fact, frozen=True, kw_only=True):
    """An approval taken back before the decision."""

    subject: int
    approval: int
    why: Why
    milestone: str = ""
    reason: str = ""


class MilestoneAccepted(Fact, frozen=True, kw_only=True):
    """The submission is accepted, whole or in part, with the gross line and the day on which payment falls due."""

    milestone: str
    submission: int = 0
    accepted_minor: int | None = None
    lines: tuple[Line, ...] = ()
    payment_due: date | None = None
    provisional: bool = False
    calendar: str = ""
    remainder: str = ""
    source_status: str = ""


class AcceptanceReversed(Fact, frozen=True, kw_only=True):
    """The acceptance is taken back, with every line that rested on it."""

    milestone: str
    acceptance: int
    why: Why
    lines: tuple[Line, ...] = ()
    proposal: int = 0
    reason: str = ""


# --- bonus and penalty --------------------------------------------------------------------------------------


class BonusAwarded(Fact, frozen=True, kw_only=True):
    """A bonus of `kind` early, quality or discretionary is owed."""

    milestone: str
    kind: str
    lines: tuple[Line, ...]
    proposal: int = 0
    reason: str = ""


class BonusRevoked(Fact, frozen=True, kw_only=True):
    """A bonus is no longer owed."""

    milestone: str
    bonus: int
    why: Why
    lines: tuple[Line, ...]
    proposal: int = 0
    reason: str = ""


class PenaltyAssessed(Fact, frozen=True, kw_only=True):
    """Liquidated damages for late delivery are deducted."""

    milestone: str
    lines: tuple[Line, ...]


class PenaltyWaived(Fact, frozen=True, kw_only=True):
    """A penalty is given back, in whole or in part."""

    milestone: str
    penalty: int
    lines: tuple[Line, ...]
    proposal: int = 0
    reason: str = ""


# --- signing keys: the stream ~signers ------------------------------------------------------------------------


class SignerProposed(Fact, frozen=True, kw_only=True):
    """A person is to sign with this public key (an OpenSSH line without comment), on the days given, both included."""

    person: str
    key: str
    valid_from: date
    valid_until: date | None = None


class SignerApproved(Fact, frozen=True, kw_only=True):
    """The key of that proposal (a version of this stream) counts from now on."""

    proposal: int


class SignerRevoked(Fact, frozen=True, kw_only=True):
    """The key of that proposal no longer counts from `on`; one not yet approved is refused."""

    proposal: int
    reason: str = ""


# --- the log itself, in the stream ~seals ---------------------------------------------------------------------


class LostCheckpoint(Part, frozen=True, kw_only=True):
    """A checkpoint that was anchored: how many records it covered, and their root in base64."""

    size: int
    root: str


class LogSealed(Fact, frozen=True, kw_only=True):
    """Where every stream ended before this record: how many there were, and in base64 the Merkle root over
    their heads (docs/tamper-evidence.md says of what). `lost` are checkpoints of the anchor from which the log does not
    go on, since records were lost: whoever seals accepted that, for a reason.
    """

    streams: int
    root: str
    lost: tuple[LostCheckpoint, ...] = ()
    reason: str = ""
