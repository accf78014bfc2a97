"""The partners' bank accounts, in the stream ~payees, and the numbers of their invoices, in the stream ~invoices."""

from __future__ import annotations

from ledger.events.parts import BankAccount, Fact, Signature


class PayeeProposed(Fact, frozen=True, kw_only=True):
    """A partner is to be paid to this account."""

    partner: str
    account: BankAccount
    reason: str = ""
    signature: Signature | None = None


class PayeeApproved(Fact, frozen=True, kw_only=True):
    """The account of that proposal (a version of this stream) is the partner's from now on, in its currency."""

    proposal: int
    signature: Signature | None = None


class PayeeRevoked(Fact, frozen=True, kw_only=True):
    """The account of that proposal is not to be paid to any more; one not yet approved is refused."""

    proposal: int
    reason: str = ""


class InvoiceNumbered(Fact, frozen=True, kw_only=True):
    """A partner's invoice number is taken by an invoice on that contract."""

    partner: str
    number: str
    contract: str


class InvoiceNumberFreed(Fact, frozen=True, kw_only=True):
    """The invoice of that number was rejected: the partner may use it again."""

    partner: str
    number: str
    contract: str
