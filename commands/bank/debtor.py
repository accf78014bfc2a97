"""Whose money leaves: the company's name and address, and its account, one for all currencies or one for each."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from commands.bank.accounts import compact, is_bic, is_iban
from ledger.clearing import SYSTEMS, country_of, is_member, member_of
from ledger.errors import InputInvalid

if TYPE_CHECKING:
    from commands.bank.options import Payer
    from commands.session import Session
    from ledger.events import PostalAddress

_LIKE_IBAN = re.compile(r"[A-Z]{2}\d{2}[A-Z0-9]{11,30}", re.ASCII)
_WHERE = "in mledger.toml, or as MLEDGER_"


@dataclass(frozen=True, slots=True)
class Debtor:
    """Whose account is debited; `bank` is its BIC or clearing code, `currency` the only one that it is for."""

    name: str
    account: str
    bank: str = ""
    address: PostalAddress | None = None
    currency: str = ""

    @property
    def country(self) -> str:
        """The country of the account, else of the company; "" where nothing tells it."""
        if is_iban(self.account):
            return self.account[:2]
        system, _ = member_of(*bank_parts(self.bank))
        told = country_of(system) or (self.bank[4:6] if is_bic(self.bank) else "")
        return told or (self.address.country if self.address else "")


@dataclass(frozen=True, slots=True)
class Company:
    """Who pays, from whichever account is for the currency: one of `own`, else `account`."""

    name: str
    address: PostalAddress | None = None
    account: str = ""
    bank: str = ""
    own: Mapping[str, tuple[str, str]] = field(default_factory=dict)

    def paying(self, currency: str) -> Debtor:
        """The account that pays in a currency; raises InputInvalid `debtor-unknown` where there is none."""
        account, bank = self.own.get(currency, (self.account, self.bank))
        if not account:
            raise InputInvalid(
                "debtor-unknown",
                f"a payment file names whose account pays: that for {currency} is not known",
                hint="give --debtor-account, or put debtor_account (for all currencies) or"
                f" debtor_account_{currency.lower()} {_WHERE}DEBTOR_ACCOUNT; nothing was recorded",
                facts={"currency": currency},
            )
        return Debtor(
            self.name, account, bank, self.address, currency if currency in self.own else ""
        )


def bank_parts(code: str) -> tuple[str, str, str]:
    """A bank's code as BIC or CNAPS code, clearing system and id there: `USABA:026009593` is of a system."""
    system, colon, member = code.partition(":")
    return ("", system, member) if colon else (code, "", "")


def company_of(session: Session, payer: Payer) -> Company:
    """Who pays, by the options, else by the settings; an account that an option names is for every currency.

    Raises InputInvalid `debtor-unknown`, `debtor-invalid`.
    """
    known = session.settings.debtor
    name = payer.name or known.get("debtor_name", "")
    if not name:
        raise InputInvalid(
            "debtor-unknown",
            "a payment file names whose account pays: its name is not known",
            hint=f"give --debtor-name, or put debtor_name {_WHERE}DEBTOR_NAME; nothing was recorded",
        )
    own = {}
    for key, number in known.items():
        if key.startswith("debtor_account_") and not payer.account:
            currency = key[-3:].upper()
            own[currency] = _account(number, known.get(f"debtor_bank_{key[-3:]}", ""), key)
    account = payer.account or known.get("debtor_account", "")
    given = payer.bank or ("" if payer.account else known.get("debtor_bank", ""))
    if payer.account and compact(payer.account) == compact(known.get("debtor_account", "")):
        given = given or known.get("debtor_bank", "")
    account, bank = _account(account, given, "debtor_account") if account else ("", "")
    if not account and not own:
        Company(name).paying("any currency")
    return Company(name, _address(known, payer), account, bank, own)


def _account(number: str, bank: str, setting: str) -> tuple[str, str]:
    number, bank = compact(number).upper(), compact(bank).upper()
    if _LIKE_IBAN.fullmatch(number) and not is_iban(number):
        raise _invalid(
            f"{number} ({setting}) looks like an IBAN, and its check digits say that it is none"
        )
    code, system, member = bank_parts(bank)
    clearing = bool(system) and system in SYSTEMS and is_member(system, member)
    if bank and not (clearing or is_bic(code) or member_of(code, "", "")[0]):
        raise _invalid(f"{bank} is neither a BIC nor a bank of a clearing system")
    return number, bank


def _address(known: Mapping[str, str], payer: Payer) -> PostalAddress | None:
    from ledger.accounts import ADDRESS, address
    from ledger.events import PostalAddress

    parts = {part: known.get(f"debtor_{part}", "") for part in (*ADDRESS, "country")}
    given = {"town": payer.town, "country": payer.country}
    parts |= {part: text for part, text in given.items() if text}
    if not any(parts.values()):
        return None
    try:
        return address(PostalAddress(**parts))
    except InputInvalid as problem:
        raise _invalid(f"the address of the debtor: {problem.message}") from None


def _invalid(what: str) -> InputInvalid:
    return InputInvalid(
        "debtor-invalid",
        what,
        hint="correct it in mledger.toml (where it is from: mledger config show),"
        " or give --debtor-account, --debtor-bank, --debtor-town, --debtor-country",
    )
