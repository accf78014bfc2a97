"""What the networks want to know of a payment, and what of it is missing: found before anything is recorded.

Since 14 November 2026 the town and the country of every party stand in fields of their own in messages between
countries; renminbi into mainland China go with a purpose and the bank's CNAPS code besides (docs/bank.md).
"""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from commands.bank.letters import latin, unwritable
from ledger.accounts import PURPOSES
from ledger.clearing import CNAPS, member_of
from ledger.errors import InputInvalid
from ledger.events import PostalAddress

if TYPE_CHECKING:
    from commands.bank.debtor import Debtor
    from commands.bank.pain import Payable
    from ledger.events import BankAccount

_PLACES = ("street", "building", "post_code", "town", "subdivision")


def wants_purpose(payable: Payable) -> bool:
    """Whether it takes renminbi across the border of mainland China."""
    return payable.abroad and payable.transfer.currency == "CNY" and payable.account.country == "CN"


def check_wanted(payables: Sequence[Payable]) -> list[str]:
    """What is written otherwise than it was approved, in words; raises InputInvalid where something wanted is missing.

    `debtor-incomplete` and `payee-incomplete` say which field of whom, and the command that supplies it.
    """
    abroad = [payable for payable in payables if payable.abroad]
    for payable in abroad:
        if payable.debtor is not None:
            _check_debtor(payable.debtor, payable)
    found = [(payable, missing) for payable in abroad if (missing := _missing(payable))]
    if found:
        raise _incomplete(found)
    return list(dict.fromkeys(_changed(abroad)))


def _check_debtor(debtor: Debtor, payable: Payable) -> None:
    way = f"{payable.transfer.currency} to {payable.account.country or 'an unknown country'}"
    if debtor.address is None:
        raise InputInvalid(
            "debtor-incomplete",
            f"{debtor.name}, who pays {way}, needs its town and its country in the payment file",
            hint="give --debtor-town and --debtor-country, or put debtor_town and debtor_country"
            " into mledger.toml",
            facts={"debtor": debtor.name, "fields": ["town", "country"]},
        )
    for field, text in (("name", debtor.name), *_parts(debtor.address)):
        if left := unwritable(text):
            raise InputInvalid(
                "debtor-incomplete",
                f"the {field} of {debtor.name}, who pays {way}, has {left}, which payment networks"
                " do not carry",
                hint=f"write debtor_{field} in Latin letters in mledger.toml"
                + (" or as --debtor-name" if field == "name" else ""),
                facts={"debtor": debtor.name, "fields": [field]},
            )


def _parts(address: PostalAddress) -> Iterable[tuple[str, str]]:
    return [(name, getattr(address, name)) for name in _PLACES]


def _missing(payable: Payable) -> dict[str, str]:
    """What is missing in words, by the options of `mledger payee propose` that supply it."""
    account = payable.account
    missing: dict[str, str] = {}
    if account.address is None:
        missing["--town TOWN --address-country CC"] = "the town and country of its holder"
    if wants_purpose(payable):
        if not payable.purpose:
            missing["--purpose CODE"] = "what it is for"
        elif not _said_to_china(payable.purpose):
            missing["--purpose CODE"] = f"a purpose that China knows, not {payable.purpose}"
        if member_of(account.bank, account.clearing, account.member)[0] != CNAPS:
            missing["--clearing CNAPS --member CODE"] = "the CNAPS code of its bank"
    texts = {"holder": account.holder, "bank-name": account.bank_name}
    texts |= {name.replace("_", "-"): text for name, text in _parts_of(account)}
    for option, text in texts.items():
        if left := unwritable(text):
            missing[f"--{option} TEXT"] = (
                f"its {option.replace('-', ' ')} in Latin letters, without {left}"
            )
    return missing


def _parts_of(account: BankAccount) -> Iterable[tuple[str, str]]:
    return [] if account.address is None else _parts(account.address)


def _said_to_china(purpose: str) -> bool:
    """One of the bank's five, a code of ISO's list (four letters) or of the balance of payments (digits)."""
    return purpose in PURPOSES or len(purpose) == 4 or purpose.isdigit()


def _incomplete(found: Sequence[tuple[Payable, dict[str, str]]]) -> InputInvalid:
    messages, commands = [], []
    for payable, missing in found:
        home = payable.debtor.country if payable.debtor else ""
        way = f"{home or 'an unknown country'} to {payable.account.country or 'an unknown country'}"
        partner, payee = payable.transfer.first.partner, payable.payee
        number = f" #{payee.version}" if payee else ""
        messages.append(
            f"account{number} of {partner}: {payable.transfer.currency} from {way}"
            f" needs {', '.join(missing.values())}"
        )
        like = (
            f" --like '#{payee.version}'" if payee else " --holder NAME --number NUMBER --bank CODE"
        )
        options = " ".join(missing)
        commands.append(f"mledger payee propose {shlex.quote(partner)}{like} {options}")
    codes = ", ".join(f"{code} {meaning}" for code, meaning in PURPOSES.items())
    asked = any("--purpose CODE" in missing for _, missing in found)
    return InputInvalid(
        "payee-incomplete",
        "; ".join(dict.fromkeys(messages)),
        hint="; ".join(dict.fromkeys(commands))
        + "; then somebody else approves it: mledger payee approve REF"
        + (f" (purposes: {codes})" if asked else ""),
        facts={
            "payees": [
                {
                    "partner": payable.transfer.first.partner,
                    "payee": payable.payee.version if payable.payee else None,
                    "transfer": payable.transfer.id,
                    "missing": list(missing.values()),
                }
                for payable, missing in found
            ]
        },
    )


def _changed(payables: Iterable[Payable]) -> Iterable[str]:
    for payable in payables:
        texts = [payable.account.holder, payable.account.bank_name]
        texts += [text for _, text in _parts_of(payable.account)]
        if payable.debtor is not None and payable.debtor.address is not None:
            texts += [payable.debtor.name, *(t for _, t in _parts(payable.debtor.address))]
        for text in texts:
            if (other := latin(text)) != text:
                yield f"written in the networks' letters: {text} as {other}"
        if left := unwritable(payable.text):
            yield f"{payable.transfer.id}: its text is written with ? for {left}"
