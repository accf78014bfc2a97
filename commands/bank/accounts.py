"""Accounts as banks write them: whose account money goes to, and how a number is told apart."""

from __future__ import annotations

import re
import shlex
from typing import TYPE_CHECKING

from ledger.errors import InputInvalid
from ledger.events import BankAccount
from ledger.payees import STREAM, fold

if TYPE_CHECKING:
    from commands.bank.transfers import Part, Transfer
    from commands.session import Session
    from ledger.payees import Payee

_IBAN = re.compile(r"[A-Z]{2}[0-9]{2}[A-Z0-9]{1,30}")
_BIC = re.compile(r"[A-Z0-9]{4}[A-Z]{2}[A-Z0-9]{2}([A-Z0-9]{3})?")


def compact(number: str) -> str:
    """An account number without the spaces that people group it by."""
    return "".join(number.split())


def is_iban(number: str) -> bool:
    """Whether a number is an IBAN, by form and check digits (ISO 13616: modulo 97)."""
    if not _IBAN.fullmatch(number):
        return False
    turned = number[4:] + number[:4]
    return int("".join(str(int(sign, 36)) for sign in turned)) % 97 == 1


def is_bic(bank: str) -> bool:
    """Whether a bank's code is a BIC by its form (ISO 9362)."""
    return bool(_BIC.fullmatch(bank))


class Accounts:
    """The partners' accounts, by the version that an instruction names."""

    def __init__(self, session: Session) -> None:
        self._payees = fold(session.ledger.stream(STREAM))

    def payee(self, part: Part) -> Payee | None:
        """The account that an instruction names, with what was approved of it since; None where it names none.

        Raises InputInvalid `payee-ended` where it is not the partner's any more: a file would still pay to it.
        """
        payee = self._payees.accounts.get(part.payee)
        if payee is None:
            return None
        payee = self._payees.heir(payee)
        if payee.status != "approved":
            raise InputInvalid(
                "payee-ended",
                f"the account that {part.reference} is to be paid to, #{payee.version}, is {payee.status}",
                hint=f"end the payment: mledger payment fail {part.transfer or quoted(part.reference)}"
                " --reason REASON; then instruct it again: mledger payment run",
            )
        return payee

    def of_transfer(self, transfer: Transfer) -> tuple[Payee | None, BankAccount | None]:
        """The account of all its parts; raises InputInvalid `transfer-accounts` where they name several."""
        payees = {part.payee: self.payee(part) for part in transfer.parts}
        numbers = {part.account for part in transfer.parts}
        found = {payee.version if payee else 0: payee for payee in payees.values()}
        if len(found) > 1 or (None in found.values() and len(numbers) > 1):
            raise InputInvalid(
                "transfer-accounts",
                f"the parts of {transfer.id} name several accounts",
                hint=f"end them: mledger payment fail {transfer.id} --reason REASON;"
                " then instruct them again: mledger payment run",
            )
        (payee,) = found.values()
        if payee is not None:
            return payee, payee.account
        number = transfer.first.account
        return None, BankAccount(holder=transfer.first.partner, number=number) if number else None


def quoted(reference: str) -> str:
    """A reference as a shell takes it, for hints that people copy."""
    return shlex.quote(reference)
