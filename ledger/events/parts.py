"""The pieces that events are made of, the contents of proposals, and what every event has.

`gc=False`: a fact refers to others by version, never to the object, so there are no cycles to collect.
"""

from __future__ import annotations

from dataclasses import fields
from datetime import date
from typing import TYPE_CHECKING, Literal, Union, get_type_hints

import msgspec
from msgspec import UNSET, UnsetType

from ledger.terms import MilestonePlan, Terms

Why = Literal["error", "event"]
Side = Literal["client", "partner"]
Outcome = Literal["upheld", "rejected", "split"]


class Part(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """A piece of an event: a value without a life of its own."""


class Line(Part, frozen=True, kw_only=True):
    """One price line: a step of the pricing order, the clause, its signed share of net, and how it came about."""

    step: str
    clause: str
    amount_minor: int
    calculation: dict[str, str] = {}
    pricing: int = 1


class Result(Part, frozen=True, kw_only=True):
    """A criterion's measured value, in canonical text."""

    criterion: str
    measured: str


class Evidence(Part, frozen=True, kw_only=True):
    """Where a proof lies, and the SHA-256 of its bytes in hexadecimal."""

    uri: str
    sha256: str = ""


class Signature(Part, frozen=True, kw_only=True):
    """An SSH signature over the act's statement (ledger/statements.py); `key` is the fingerprint of who signed.

    The `nonce` is part of the statement, so that no signature serves twice; `armored` is what ssh-keygen wrote.
    """

    nonce: str
    key: str
    armored: str


class Exchange(Part, frozen=True, kw_only=True):
    """Money in another currency: its amount in that currency's minor units, the rate, its day, and who published it.

    `rate` is what one unit of the contract's currency costs in the other, in canonical decimal text.
    """

    currency: str
    amount_minor: int
    rate: str
    rate_on: date | None = None
    source: str = ""


class Covered(Part, frozen=True, kw_only=True):
    """A milestone that an invoice covers, with its amount there, and when payment then falls due if the terms
    count from the invoice.
    """

    milestone: str
    amount_minor: int
    payment_due: date | None = None
    provisional: bool = False
    calendar: str = ""


class PostalAddress(Part, frozen=True, kw_only=True):
    """Where an account's holder lives, in the fields of ISO 20022's structured address; `country` is ISO 3166-1."""

    town: str
    country: str
    street: str = ""
    building: str = ""
    post_code: str = ""
    subdivision: str = ""


class BankAccount(Part, frozen=True, kw_only=True):
    """Where a partner is paid: the holder, an IBAN or account number, and the bank's BIC or clearing code.

    `clearing` and `member` name the bank in a clearing system too (ClrSysId/Cd, MmbId); `purpose` is what payments
    to it are for, where a network wants a code.
    """

    holder: str
    number: str
    bank: str = ""
    bank_name: str = ""
    currency: str = ""
    country: str = ""
    clearing: str = ""
    member: str = ""
    address: PostalAddress | None = None
    purpose: str = ""


class Fact(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """What every event has."""

    on: date | None = None
    rests_on: tuple[int, ...] = ()
    breaches: tuple[str, ...] = ()
    known_claim: str = ""


# --- the contents of a proposal ---------------------------------------------------------------------------

# What changes is asked for in full (Revision, ChangeOrder, Amendment: so the first release also stored it), and
# proposed as a patch, which holds only what differs from what is in force then.


class Revision(Part, frozen=True, kw_only=True):
    """A milestone's next baseline: its due date and amount, both stated in full."""

    milestone: str
    due: date | None
    amount_minor: int | None


class ChangeOrder(Part, frozen=True, kw_only=True, tag="change-order"):
    """Milestones revised together, as one subject of approval."""

    revisions: tuple[Revision, ...]
    reason: str = ""


class BonusProposal(Part, frozen=True, kw_only=True, tag="bonus"):
    """A discretionary bonus on a milestone."""

    milestone: str
    amount_minor: int
    reason: str


class BonusRevocation(Part, frozen=True, kw_only=True, tag="bonus-revocation"):
    """A bonus taken back; `bonus` is the version of its award."""

    milestone: str
    bonus: int
    why: Why
    reason: str


class Waiver(Part, frozen=True, kw_only=True, tag="waiver"):
    """A penalty waived, in whole or in part; `penalty` is the version of its assessment."""

    milestone: str
    penalty: int
    amount_minor: int
    reason: str


class Resolution(Part, frozen=True, kw_only=True, tag="resolution"):
    """How a dispute ends: `adjustment_minor` is what it adds to (or takes from) the milestone's net."""

    milestone: str
    dispute: int
    outcome: Outcome
    adjustment_minor: int
    reason: str = ""


class Amendment(Part, frozen=True, kw_only=True, tag="amendment"):
    """The contract's next terms, with milestones added and revised along with them."""

    terms: Terms
    define: tuple[MilestonePlan, ...] = ()
    revisions: tuple[Revision, ...] = ()
    reason: str = ""


class MilestonePatch(Part, frozen=True, kw_only=True):
    """What is to be different about a milestone; a field that is left out stays as it is when this takes effect."""

    milestone: str
    due: date | UnsetType | None = UNSET
    amount_minor: int | UnsetType | None = UNSET


class OrderPatch(Part, frozen=True, kw_only=True, tag="change-order"):
    """A change order: milestones that change together, as one subject of approval."""

    revisions: tuple[MilestonePatch, ...]
    reason: str = ""


_HINTS = get_type_hints(Terms, include_extras=True)

if TYPE_CHECKING:

    class TermsPatch(Part, frozen=True, kw_only=True):
        """What is to be different in the terms, each clause whole; `roles` holds only the roles that change."""

else:
    TermsPatch = msgspec.defstruct(
        "TermsPatch",
        [(each.name, Union[_HINTS[each.name], UnsetType], UNSET) for each in fields(Terms)],  # noqa: UP007
        bases=(Part,),
        namespace={
            "__doc__": (
                "What is to be different in the terms, each clause whole; "
                "`roles` holds only the roles that change."
            )
        },
        module=__name__,
        frozen=True,
        kw_only=True,
        omit_defaults=True,
        gc=False,
    )


class AmendmentPatch(Part, frozen=True, kw_only=True, tag="amendment"):
    """What an amendment changes of the terms, with milestones added and changed along with them."""

    terms: TermsPatch = TermsPatch()
    define: tuple[MilestonePlan, ...] = ()
    revisions: tuple[MilestonePatch, ...] = ()
    reason: str = ""


class RoleChange(Part, frozen=True, kw_only=True, tag="role"):
    """A role given to a person (`grant`) or taken from them."""

    role: str
    person: str
    grant: bool
    reason: str = ""


class Reversal(Part, frozen=True, kw_only=True, tag="reversal"):
    """An acceptance taken back; `acceptance` is its version."""

    milestone: str
    acceptance: int
    why: Why
    reason: str


class SetOff(Part, frozen=True, kw_only=True, tag="set-off"):
    """A claim on the partner from one milestone, taken off what is owed for another."""

    milestone: str
    against: str
    amount_minor: int
    reason: str = ""


class Share(Part, frozen=True, kw_only=True):
    """What of a milestone's work in progress is accepted when the contract ends early."""

    milestone: str
    accepted_minor: int


class Termination(Part, frozen=True, kw_only=True, tag="termination"):
    """The contract's early end, settled: work in progress at its accepted share, and the fee (below zero: the
    partner's) that the settlement adds.
    """

    shares: tuple[Share, ...] = ()
    fee_minor: int = 0
    reason: str = ""


Content = (  # as it is asked for
    ChangeOrder
    | BonusProposal
    | BonusRevocation
    | Waiver
    | Resolution
    | Amendment
    | RoleChange
    | Reversal
    | SetOff
    | Termination
)

Proposed = (  # as it is proposed
    OrderPatch
    | BonusProposal
    | BonusRevocation
    | Waiver
    | Resolution
    | AmendmentPatch
    | RoleChange
    | Reversal
    | SetOff
    | Termination
)


class Figure(Part, frozen=True, kw_only=True):
    """One line of a price that an approval binds to: what it is and comes to, without how it was computed."""

    step: str
    clause: str
    amount_minor: int
    milestone: str = ""
