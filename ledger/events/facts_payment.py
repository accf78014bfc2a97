"""The events about payment: invoices, retention, instructions to the bank and what came of them."""

from __future__ import annotations

from datetime import date

from ledger.events.parts import Covered, Exchange, Fact, Line, Signature, Why


class InvoiceReceived(Fact, frozen=True, kw_only=True):
    """The partner's invoice, tax included in its amount. `kind` is that of the fapiao; `sha256` its file's digest."""

    number: str
    kind: str
    amount_minor: int
    covers: tuple[Covered, ...]
    tax_minor: int = 0
    issued_on: date | None = None
    sha256: str = ""
    uri: str = ""


class InvoiceRejected(Fact, frozen=True, kw_only=True):
    """An invoice sent back: it covers nothing any more, and its number is free again.

    Where payment is counted from the invoice, `covers` says when what it covered now falls due.
    """

    invoice: int
    reason: str
    covers: tuple[Covered, ...] = ()


class RetentionReleased(Fact, frozen=True, kw_only=True):
    """Retention of a milestone becomes payable, as a payable of its own."""

    milestone: str
    acceptance: int
    amount_minor: int
    lines: tuple[Line, ...]
    payment_due: date | None = None
    provisional: bool = False
    calendar: str = ""


class ClaimSetOff(Fact, frozen=True, kw_only=True):
    """A claim is set off against another milestone: one event on each of the two, with opposite lines."""

    milestone: str
    against: str
    lines: tuple[Line, ...]
    proposal: int = 0
    reason: str = ""


class WithholdingFiled(Fact, frozen=True, kw_only=True):
    """Tax withheld from a milestone was declared; `reference` is the tax office's."""

    milestone: str
    reference: str
    amount_minor: int


class PaymentInstructed(Fact, frozen=True, kw_only=True):
    """The bank is to pay: the amount is reserved until it is recorded or has failed; `run` names the run.

    `release` is the version of the retention release that is paid (0: the milestone itself); `transfer` names the one
    transfer that pays several milestones; `payee` is the account's version in `~payees`, `account` its number as it
    was. `discount_minor` is what the terms then give for early payment, beside the amount.
    """

    milestone: str
    amount_minor: int
    run: str = ""
    signature: Signature | None = None
    release: int = 0
    transfer: str = ""
    payee: int = 0
    account: str = ""
    exchange: Exchange | None = None
    discount_minor: int = 0


class PaymentRecorded(Fact, frozen=True, kw_only=True):
    """Money has left. Without a milestone (imports) it stands unallocated on the contract.

    `entry` is the bank's own name for the booking, `fees_minor` its charges, beside the amount; `lines` hold the
    discount that early payment earned. `source_amount` is the amount as an imported source writes it where it is
    finer than the currency.
    """

    amount_minor: int
    milestone: str = ""
    instruction: int = 0
    reference: str = ""
    release: int = 0
    exchange: Exchange | None = None
    fees_minor: int = 0
    entry: str = ""
    lines: tuple[Line, ...] = ()
    source_amount: str = ""


class PaymentRefunded(Fact, frozen=True, kw_only=True):
    """The partner paid back what was paid beyond what is owed: the claim on a milestone, or on a release of retention.

    `amount_minor` is what the claim is less by; `fees_minor` is what the bank kept of it, `entry` its own name for the
    booking.
    """

    milestone: str
    amount_minor: int
    reference: str = ""
    release: int = 0
    fees_minor: int = 0
    entry: str = ""


class PaymentFailed(Fact, frozen=True, kw_only=True):
    """The bank did not pay; the reservation ends. `entry` is the bank's own name for what says so."""

    milestone: str
    instruction: int
    reason: str = ""
    entry: str = ""


class PaymentReversed(Fact, frozen=True, kw_only=True):
    """Money came back, or a refund did: `payment` is the version of its record; `lines` take its discount back.

    `fees_minor` is what the bank kept of it, so that less came back than was paid.
    """

    milestone: str
    payment: int
    why: Why
    reason: str = ""
    entry: str = ""
    lines: tuple[Line, ...] = ()
    fees_minor: int = 0
