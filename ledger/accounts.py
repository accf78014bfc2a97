"""Bank accounts as people write them: checked for what can be checked without asking the bank, and written one way.

IBAN by ISO 13616 (check digits modulo 97), BIC by ISO 9362, other numbers with a BIC or a Chinese clearing code
(CNAPS, 12 digits). Raises InputInvalid.
"""

from __future__ import annotations

import re
import unicodedata

from msgspec.structs import replace

from ledger.errors import InputInvalid
from ledger.events import BankAccount
from ledger.money import UNKNOWN_CURRENCY, exponent

_LIKE_IBAN = re.compile(r"[A-Z]{2}\d{2}[A-Z0-9]*", re.ASCII)
_IBAN = re.compile(r"[A-Z]{2}\d{2}[A-Z0-9]{11,30}", re.ASCII)
_NUMBER = re.compile(r"[A-Z0-9]{4,34}", re.ASCII)
_BIC = re.compile(r"[A-Z0-9]{4}[A-Z]{2}[A-Z0-9]{2}(?:[A-Z0-9]{3})?", re.ASCII)
_CNAPS = re.compile(r"\d{12}", re.ASCII)
_COUNTRY = re.compile(r"[A-Z]{2}", re.ASCII)
_CHINESE = re.compile(r"\d{8,30}", re.ASCII)
_HIDDEN = ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp")
_MOST = 140  # of a name, in a bank's messages


def is_iban(number: str) -> bool:
    """Whether a number in its one form is an IBAN."""
    return bool(_IBAN.fullmatch(number)) and _remainder(number) == 1


def is_bic(bank: str) -> bool:
    """Whether a bank is named by its BIC, not by a clearing code."""
    return bool(_BIC.fullmatch(bank)) and not _CNAPS.fullmatch(bank)


def checked(account: BankAccount) -> BankAccount:
    """The account in its one form: numbers without spaces, in capitals; the country that they tell filled in."""
    number, bank = _number(account.number), _bank(account.bank)
    iban = is_iban(number)
    if not bank and not iban:
        raise _invalid("bank", "an account number needs its bank", "give a BIC, or a CNAPS code")
    if bank and iban and not is_bic(bank):
        raise _invalid("bank", f"{bank} is no BIC, and an IBAN goes with one", "leave it out")
    if _CNAPS.fullmatch(bank) and not _CHINESE.fullmatch(number):
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
        country=_country(account.country, number if iban else "", bank),
    )


def plain(what: str, text: str) -> str:
    """A name on one line, without anything that cannot be seen; raises InputInvalid."""
    if any(unicodedata.category(c) in _HIDDEN for c in text):
        raise _invalid(
            what,
            f"the {what} {text!a} holds a character that cannot be seen",
            "type it; do not paste it",
        )
    if not text.strip() or text != text.strip() or len(text) > _MOST:
        raise _invalid(
            what,
            f"the {what} {text!r} is empty, too long, or begins or ends with a space",
            f"a name of 1 to {_MOST} characters",
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
    if bank and not (_CNAPS.fullmatch(bank) or _BIC.fullmatch(bank)):
        raise _invalid(
            "bank",
            f"{text!a} is neither a BIC nor a CNAPS code",
            "8 or 11 characters, or 12 digits",
        )
    return bank


def _country(text: str, iban: str, bank: str) -> str:
    """The country given, or that of the IBAN, the clearing code or the BIC, in that order."""
    told = iban[:2] or ("CN" if _CNAPS.fullmatch(bank) else "")
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
