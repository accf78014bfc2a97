"""Bank accounts as people write them: checked for what can be checked without asking the bank, and written one way.

IBAN by ISO 13616 (check digits modulo 97), BIC by ISO 9362, other numbers with a BIC or a clearing code (CNAPS, 12
digits, or a system's and the member's id in it). Raises InputInvalid.
"""

from __future__ import annotations

import re
import unicodedata

from msgspec.structs import replace

from ledger.clearing import CNAPS, SYSTEMS, country_of, is_cnaps, is_member, member_of
from ledger.countries import COUNTRIES
from ledger.errors import InputInvalid
from ledger.events import BankAccount, PostalAddress
from ledger.money import UNKNOWN_CURRENCY, exponent

_LIKE_IBAN = re.compile(r"[A-Z]{2}\d{2}[A-Z0-9]*", re.ASCII)
_IBAN = re.compile(r"[A-Z]{2}\d{2}[A-Z0-9]{11,30}", re.ASCII)
_NUMBER = re.compile(r"[A-Z0-9]{4,34}", re.ASCII)
_BIC = re.compile(r"[A-Z0-9]{4}[A-Z]{2}[A-Z0-9]{2}(?:[A-Z0-9]{3})?", re.ASCII)
_COUNTRY = re.compile(r"[A-Z]{2}", re.ASCII)
_CHINESE = re.compile(r"\d{8,30}", re.ASCII)
_HIDDEN = ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp")
_MOST = 140  # of a name, in a bank's messages
# What a structured address has of each field at most (PostalAddress24 of ISO 20022).
ADDRESS = {"street": 70, "building": 16, "post_code": 16, "town": 35, "subdivision": 35}
# What the People's Bank of China wants to know of renminbi that cross its border.
PURPOSES = {
    "CGODDR": "trade in goods",
    "CSTRDR": "trade in services",
    "CCTFDR": "capital transfer",
    "CCDNDR": "charitable donation",
    "COCADR": "other current account transactions",
}
_PURPOSE = re.compile(r"[A-Z]{3,4}|\d{5,6}", re.ASCII)


def is_iban(number: str) -> bool:
    """Whether a number in its one form is an IBAN."""
    return bool(_IBAN.fullmatch(number)) and _remainder(number) == 1


def is_bic(bank: str) -> bool:
    """Whether a bank is named by its BIC, not by a clearing code."""
    return bool(_BIC.fullmatch(bank)) and not is_cnaps(bank)


def checked(account: BankAccount) -> BankAccount:
    """The account in its one form: numbers without spaces, in capitals; the country that they tell filled in."""
    number, bank = _number(account.number), _bank(account.bank)
    clearing, member = _clearing(account.clearing, account.member, bank)
    iban = is_iban(number)
    if not bank and not iban and not clearing:
        raise _invalid("bank", "an account number needs its bank", "give a BIC, or a CNAPS code")
    if bank and iban and not is_bic(bank):
        raise _invalid("bank", f"{bank} is no BIC, and an IBAN goes with one", "leave it out")
    if member_of(bank, clearing, member)[0] == CNAPS and not _CHINESE.fullmatch(number):
        raise _invalid(
            "account", f"{number} is no number of a Chinese account", "8 to 30 digits go with CNAPS"
        )
    currency = account.currency.strip().upper()
    if currency and (currency == UNKNOWN_CURRENCY or exponent(currency) < 0):
        raise _invalid("currency", f"nobody is paid in {currency}", "a code of ISO 4217, as CNY")
    return replace(
        account,
        holder=plain("holder", account.holder),
        number=number,
        bank=bank,
        bank_name=plain("bank name", account.bank_name) if account.bank_name else "",
        currency=currency,
        country=_country(account.country, number if iban else "", bank, clearing),
        clearing=clearing,
        member=member,
        address=None if account.address is None else address(account.address),
        purpose=purpose_code(account.purpose),
    )


def address(given: PostalAddress) -> PostalAddress:
    """A postal address whose fields a bank's message can hold, with its country's code in capitals."""
    country = given.country.strip().upper()
    if bool(given.town) != bool(country):
        missing = "country" if given.town else "town"
        raise _invalid(
            "address",
            f"a postal address has a town and a country, each by itself; its {missing} is missing",
            "give --town and --address-country, or neither of them and no other part of an address",
        )
    if country not in COUNTRIES:
        raise _invalid("address", f"{given.country!a} is no country", "two letters, as CN")
    fields = {name: getattr(given, name) for name in ADDRESS}
    for name, text in fields.items():
        if text:
            plain(name.replace("_", " "), text, ADDRESS[name])
    return PostalAddress(country=country, **fields)


def address_line(given: PostalAddress | None) -> str:
    """An address on one line, for people; "" for none."""
    if given is None:
        return ""
    street = f"{given.street} {given.building}".strip()
    town = f"{given.post_code} {given.town}".strip()
    return ", ".join(part for part in (street, town, given.subdivision, given.country) if part)


def plain(what: str, text: str, most: int = _MOST) -> str:
    """A name on one line, at most so long, without anything that cannot be seen; raises InputInvalid."""
    if any(unicodedata.category(c) in _HIDDEN for c in text):
        raise _invalid(
            what,
            f"the {what} {text!a} holds a character that cannot be seen",
            "type it; do not paste it",
        )
    if not text.strip() or text != text.strip() or len(text) > most:
        raise _invalid(
            what,
            f"the {what} {text!r} is empty, too long, or begins or ends with a space",
            f"1 to {most} characters",
        )
    return text


def _remainder(iban: str) -> int:
    return int("".join(str(int(c, 36)) for c in iban[4:] + iban[:4])) % 97


def _number(text: str) -> str:
    number = re.sub("[ -]", "", text).upper()
    if not text.isascii() or not _NUMBER.fullmatch(number):
        raise _invalid(
            "account", f"{text!a} is no account number", "4 to 34 digits and plain letters"
        )
    if _LIKE_IBAN.fullmatch(number) and not is_iban(number):
        raise _invalid(
            "account",
            f"{number} looks like an IBAN, and its check digits say that it is none",
            "a digit is missing, wrong or swapped: ask for it again, by a way known before",
        )
    return number


def _bank(text: str) -> str:
    bank = text.replace(" ", "").upper()
    if bank and not (is_cnaps(bank) or _BIC.fullmatch(bank)):
        raise _invalid(
            "bank",
            f"{text!a} is neither a BIC nor a CNAPS code",
            "8 or 11 characters, or 12 digits",
        )
    return bank


def _clearing(system: str, member: str, bank: str) -> tuple[str, str]:
    """A clearing system and the bank's id in it, both or neither."""
    system, member = system.strip().upper(), re.sub("[ -]", "", member).upper()
    if not system and not member:
        return "", ""
    if system not in SYSTEMS:
        raise _invalid(
            "clearing", f"{system!a} is no clearing system", f"one of {', '.join(SYSTEMS)}"
        )
    if not is_member(system, member):
        raise _invalid(
            "clearing",
            f"{member!a} is no bank of {system} ({SYSTEMS[system][0]})",
            "ask for it again: its length or its check digit is another",
        )
    if is_cnaps(bank) and (system, member) != (CNAPS, bank):
        raise _invalid(
            "clearing", f"the bank is {bank} of CNAPS, not {member} of {system}", "leave one out"
        )
    return system, member


def purpose_code(text: str) -> str:
    """What a payment is for, as a code without the slashes that some banks write it between; "" for none."""
    purpose = text.strip().strip("/").upper()
    if purpose and purpose not in PURPOSES and not _PURPOSE.fullmatch(purpose):
        known = ", ".join(f"{code} ({meaning})" for code, meaning in PURPOSES.items())
        raise _invalid(
            "purpose",
            f"{text!a} is no code for what a payment is for",
            f"for renminbi into China {known}; elsewhere a code of ISO 20022 as SCVE, or your bank's",
        )
    return purpose


def _country(text: str, iban: str, bank: str, clearing: str) -> str:
    """The country given, or that of the IBAN, the clearing code or the BIC, in that order."""
    told = iban[:2] or ("CN" if is_cnaps(bank) else country_of(clearing))
    country = text.strip().upper() or told or bank[4:6]
    if not _COUNTRY.fullmatch(country) or (told and country != told):
        raise _invalid(
            "country",
            f"the account is not one of {text!a}",
            f"it is of {told}" if told else "two letters, as CN",
        )
    return country


def _invalid(what: str, message: str, hint: str) -> InputInvalid:
    return InputInvalid(f"payee-{what.replace(' ', '-')}-invalid", message, hint=hint)
