"""An account described by what is typed and by one that is there: what is taken over, replaced and taken away."""

from __future__ import annotations

from typing import Any

import pytest

from commands.bank.proposing import account_of
from ledger.errors import InputInvalid
from ledger.events import BankAccount, PostalAddress
from ledger.payees import Payee, Payees

BEFORE = BankAccount(
    holder="Studio Ltd",
    number="4711",
    bank="NWBKGB2L",
    bank_name="NatWest",
    currency="EUR",
    country="GB",
    clearing="GBDSC",
    member="601613",
    purpose="GDDS",
    address=PostalAddress(street="High Street", town="London", country="GB"),
)
PAYEES = Payees(1, {1: Payee(1, "Studio", BEFORE, "", None, "finance-1")})


def like(number: str | None = None, iban: str | None = None, **typed: str) -> BankAccount:
    return account_of("Studio", PAYEES, 1, number, iban, typed)


def test_all_that_is_not_typed_is_taken_over() -> None:
    assert like() == BEFORE


@pytest.mark.parametrize(
    ("typed", "changed"),
    [
        ({"holder": "Other"}, {"holder": "Other"}),
        ({"purpose": ""}, {"purpose": ""}),
        ({"bank_name": "Barclays"}, {"bank_name": "Barclays"}),
        # Where the bank is told anew its country is not that of the old one.
        ({"bank": "COBADEFF"}, {"bank": "COBADEFF", "country": ""}),
        ({"clearing": "USABA"}, {"clearing": "USABA", "country": ""}),
        ({"member": "601614"}, {"member": "601614", "country": ""}),
        ({"member": "601614", "country": "IE"}, {"member": "601614", "country": "IE"}),
        ({"number": "4712"}, {"number": "4712", "country": ""}),
        (
            {"iban": "gb29 nwbk 6016 1331 9268 19"},
            {"number": "GB29NWBK60161331926819", "country": ""},
        ),
    ],
)
def test_what_is_typed_replaces_and_an_empty_text_takes_away(
    typed: dict[str, Any], changed: dict[str, str]
) -> None:
    found = like(**typed)
    names = [
        name for name in BEFORE.__struct_fields__ if getattr(found, name) != getattr(BEFORE, name)
    ]
    assert {name: getattr(found, name) for name in names} == {
        name: text for name, text in changed.items() if text != getattr(BEFORE, name)
    }


def test_a_part_of_the_address_is_replaced_and_all_of_it_taken_away() -> None:
    assert like(town="Leeds").address == PostalAddress(
        street="High Street", town="Leeds", country="GB"
    )
    assert like(street="", town="", address_country="").address is None


@pytest.mark.parametrize(
    ("number", "iban", "typed", "says"),
    [
        (None, None, {"holder": "S"}, "an account has a --number or an --iban"),
        ("1", "GB29NWBK60161331926819", {"holder": "S"}, "an account has a --number or an --iban"),
        ("1", None, {}, "an account has a --holder"),
        (None, "29GBNWBK", {"holder": "S"}, "is no IBAN"),
    ],
)
def test_an_account_has_a_holder_and_one_number(
    number: str | None, iban: str | None, typed: dict[str, str], says: str
) -> None:
    with pytest.raises(InputInvalid, match=says):
        account_of("Studio", Payees(), None, number, iban, typed)


def test_the_account_of_another_partner_is_not_like_it() -> None:
    with pytest.raises(InputInvalid, match="account #1 is Studio's, not Film's"):
        account_of("Film", PAYEES, 1, None, None, {})
