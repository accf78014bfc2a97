"""Accounts as banks write them: whose money leaves, whose account it goes to, and how a number is told apart."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ledger.errors import InputInvalid
from ledger.events import BankAccount
from ledger.payees import STREAM, fold

if TYPE_CHECKING:
    from commands.bank.transfers import Part, Transfer
    from commands.session import Session

_IBAN = re.compile(r"[A-Z]{2}[0-9]{2}[A-Z0-9]{1,30}")
_BIC = re.compile(r"[A-Z0-9]{4}[A-Z]{2}[A-Z0-9]{2}([A-Z0-9]{3})?")


@dataclass(frozen=True, slots=True)
class Debtor:
    """Whose account is debited; `bank` is its BIC or clearing code, or nothing."""

    name: str
    account: str
    bank: str = ""


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


def debtor_of(session: Session, name: str = "", account: str = "", bank: str = "") -> Debtor:
    """Who pays, by the options, else by the settings; raises InputInvalid `debtor-unknown`."""
    known = session.settings.debtor
    found = Debtor(
        name or known.get("debtor_name", ""),
        compact(account or known.get("debtor_account", "")),
        compact(bank or known.get("debtor_bank", "")),
    )
    missing = [field for field in ("name", "account") if not getattr(found, field)]
    if missing:
        raise InputInvalid(
            "debtor-unknown",
            f"a payment file names whose account pays: its {' and '.join(missing)} is not known",
            hint=f"give --debtor-{missing[0]}, or put debtor_{missing[0]} into mledger.toml",
        )
    return found


class Accounts:
    """The partners' accounts, by the version that an instruction names."""

    def __init__(self, session: Session) -> None:
        self._payees = fold(session.ledger.stream(STREAM))

    def of(self, part: Part) -> BankAccount | None:
        """The account that an instruction names, as it was approved; None where it names none.

        Raises InputInvalid `payee-ended` where it is not the partner's any more: a file would still pay to it.
        """
        payee = self._payees.accounts.get(part.payee)
        if payee is None:
            return BankAccount(holder=part.partner, number=part.account) if part.account else None
        if payee.status != "approved":
            raise InputInvalid(
                "payee-ended",
                f"the account that {part.reference} is to be paid to, #{payee.version}, is {payee.status}",
                hint="end the payment with mledger payment fail, and instruct it again",
            )
        return payee.account

    def of_transfer(self, transfer: Transfer) -> BankAccount | None:
        """The account of all its parts; raises InputInvalid `transfer-accounts` where they name several."""
        found = {self.of(part) for part in transfer.parts}
        if len(found) > 1:
            raise InputInvalid(
                "transfer-accounts",
                f"the parts of {transfer.id} name several accounts",
                hint="end them with mledger payment fail, and instruct them again",
            )
        return found.pop()
