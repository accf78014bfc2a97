"""Whose account pays: by what was typed, else by the settings, and in which country it is."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from commands.bank.debtor import Company, Debtor, company_of
from commands.bank.options import Payer
from ledger.errors import InputInvalid
from ledger.events import PostalAddress

IBAN = "GB29NWBK60161331926819"
SETTINGS = {
    "debtor_name": "BrightWave Ltd",
    "debtor_account": "GB29 NWBK 6016 1331 9268 19",
    "debtor_bank": "NWBKGB2L",
    "debtor_account_cny": "1202020209900012345",
    "debtor_bank_cny": "102331002126",
}


def company(settings: dict[str, str], **payer: str) -> Company:
    session: Any = SimpleNamespace(settings=SimpleNamespace(debtor=settings))
    return company_of(session, Payer(**payer))


@pytest.mark.parametrize(
    ("typed", "account", "bank"),
    [
        ({}, IBAN, "NWBKGB2L"),
        # The account of the settings, typed: its bank is known.
        ({"account": IBAN}, IBAN, "NWBKGB2L"),
        ({"account": IBAN, "bank": "NWBKGB2LXXX"}, IBAN, "NWBKGB2LXXX"),
        # Another account: the bank of the settings is not its bank.
        ({"account": "4711"}, "4711", ""),
        ({"bank": "BARCGB22"}, IBAN, "BARCGB22"),
    ],
)
def test_the_bank_of_the_settings_is_that_of_their_account_alone(
    typed: dict[str, str], account: str, bank: str
) -> None:
    paying = company(SETTINGS, **typed).paying("EUR")
    assert (paying.account, paying.bank, paying.currency) == (account, bank, "")


def test_a_currency_has_its_own_account_unless_one_is_typed() -> None:
    own = company(SETTINGS).paying("CNY")
    assert (own.account, own.bank, own.currency) == ("1202020209900012345", "102331002126", "CNY")
    typed = company(SETTINGS, account="4711").paying("CNY")
    assert (typed.account, typed.currency) == ("4711", "")


@pytest.mark.parametrize(
    ("account", "bank", "country"),
    [
        (IBAN, "COBADEFFXXX", "GB"),  # the account's own
        ("4711", "COBADEFFXXX", "DE"),
        ("4711", "102331002126", "CN"),
        ("4711", "USABA:026009593", "US"),
        ("4711", "", "FR"),  # of the company
    ],
)
def test_the_country_is_that_of_the_account_before_that_of_the_company(
    account: str, bank: str, country: str
) -> None:
    assert Debtor("B", account, bank, PostalAddress(town="Paris", country="FR")).country == country


def test_where_nothing_tells_the_country_it_is_not_known() -> None:
    assert Debtor("B", "4711").country == ""


def test_without_any_account_nobody_pays() -> None:
    with pytest.raises(InputInvalid, match="that for any currency is not known"):
        company({"debtor_name": "B"})
    with pytest.raises(InputInvalid, match="that for EUR is not known"):
        company({"debtor_name": "B", "debtor_account_cny": "1"}).paying("EUR")
