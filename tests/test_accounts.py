"""Bank accounts: what is read, and what is refused before anybody approves it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from ledger.accounts import checked, is_iban
from ledger.errors import InputInvalid
from ledger.events import BankAccount, PostalAddress

# The examples that the IBAN registry itself publishes for these countries.
IBANS = (
    "DE89370400440532013000",
    "GB29NWBK60161331926819",
    "FR1420041010050500013M02606",
    "NO9386011117947",
    "MT84MALT011000012345MTLCAST001S",
)
PLACE = PostalAddress(town="Hangzhou", country="CN")
ACCOUNT = BankAccount(holder="Studio Ltd", number="6222020200112233445", bank="102331002126")


@pytest.mark.parametrize("iban", IBANS)
def test_a_published_iban_is_read_however_it_is_spaced(iban: str) -> None:
    typed = " ".join(iban[at : at + 4] for at in range(0, len(iban), 4)).lower()
    found = checked(BankAccount(holder="Studio Ltd", number=typed))
    assert (found.number, found.country) == (iban, iban[:2])


@given(st.sampled_from(IBANS), st.data())
def test_one_wrong_digit_or_two_swapped_are_noticed(iban: str, data: st.DataObject) -> None:
    at = data.draw(st.integers(4, len(iban) - 2))
    wrong = data.draw(st.sampled_from("0123456789").filter(lambda digit: digit != iban[at]))
    if iban[at].isdigit():
        assert not is_iban(iban[:at] + wrong + iban[at + 1 :])
    if iban[at] != iban[at + 1] and iban[at : at + 2].isdigit():
        assert not is_iban(iban[:at] + iban[at + 1] + iban[at] + iban[at + 2 :])


def test_a_chinese_number_goes_with_its_clearing_code_or_with_a_bic() -> None:
    assert checked(ACCOUNT) == replace(ACCOUNT, country="CN")
    abroad = checked(replace(ACCOUNT, bank="icbkcnbj", currency="usd", number="6222-0202 0011"))
    assert (abroad.bank, abroad.currency, abroad.number) == ("ICBKCNBJ", "USD", "622202020011")
    assert abroad.country == "CN"


def test_an_account_may_name_its_bank_in_a_clearing_system_alone_or_beside_a_bic() -> None:
    bank = replace(ACCOUNT, bank="", clearing="usaba", member="0260 0959 3", number="12345678")
    assert checked(bank) == replace(
        bank, clearing="USABA", member="026009593", country="US", purpose=""
    )
    both = checked(replace(ACCOUNT, bank="ICBKCNBJ", clearing="CNAPS", member="102331002126"))
    assert (both.bank, both.clearing, both.country) == ("ICBKCNBJ", "CNAPS", "CN")
    assert checked(replace(ACCOUNT, purpose="/cstrdr/")).purpose == "CSTRDR"
    assert checked(replace(ACCOUNT, address=replace(PLACE, country="cn"))).address == PLACE


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({"number": "DE88370400440532013000"}, "payee-account-invalid"),
        ({"number": "DE89"}, "payee-account-invalid"),
        ({"number": "12 3"}, "payee-account-invalid"),
        ({"number": "６２２２０２０２"}, "payee-account-invalid"),
        ({"number": "6222020200\u200b112233445"}, "payee-account-invalid"),
        ({"number": "ABC12345"}, "payee-account-invalid"),
        ({"bank": ""}, "payee-bank-invalid"),
        ({"bank": "10233100212"}, "payee-bank-invalid"),
        ({"bank": "ICBKCNB"}, "payee-bank-invalid"),
        ({"bank": "ICBKCN\u0412J"}, "payee-bank-invalid"),
        ({"number": "DE89370400440532013000"}, "payee-bank-invalid"),
        ({"currency": "RMB"}, "currency-unknown"),
        ({"currency": "XXX"}, "payee-currency-invalid"),
        ({"country": "China"}, "payee-country-invalid"),
        ({"country": "DE"}, "payee-country-invalid"),
        ({"holder": ""}, "payee-holder-invalid"),
        ({"holder": "Studio\u202eLtd"}, "payee-holder-invalid"),
        ({"holder": "Studio Ltd "}, "payee-holder-invalid"),
        ({"holder": "x" * 141}, "payee-holder-invalid"),
        ({"bank_name": "ICBC\nHangzhou"}, "payee-bank-name-invalid"),
        ({"address": PostalAddress(town="Hangzhou", country="")}, "payee-address-invalid"),
        ({"address": PostalAddress(town="", country="CN")}, "payee-address-invalid"),
        ({"address": PostalAddress(town="Hangzhou", country="ZH")}, "payee-address-invalid"),
        ({"address": PostalAddress(town="x" * 36, country="CN")}, "payee-town-invalid"),
        ({"address": replace(PLACE, street="x" * 71)}, "payee-street-invalid"),
        ({"address": replace(PLACE, building="x" * 17)}, "payee-building-invalid"),
        ({"address": replace(PLACE, post_code="x" * 17)}, "payee-post-code-invalid"),
        ({"address": replace(PLACE, subdivision="a\u202eb")}, "payee-subdivision-invalid"),
        ({"clearing": "CNAPS"}, "payee-clearing-invalid"),
        ({"member": "102331002126"}, "payee-clearing-invalid"),
        ({"clearing": "CNAPZ", "member": "102331002126"}, "payee-clearing-invalid"),
        ({"clearing": "CNAPS", "member": "102331002127"}, "payee-clearing-invalid"),
        ({"clearing": "GBDSC", "member": "601613"}, "payee-clearing-invalid"),
        ({"bank": "", "clearing": "USABA", "member": "026009594"}, "payee-clearing-invalid"),
        ({"purpose": "CGODR"}, "payee-purpose-invalid"),
        ({"purpose": "goods"}, "payee-purpose-invalid"),
    ],
)
def test_what_is_no_account_is_refused_with_what_to_do(wrong: dict[str, str], code: str) -> None:
    with pytest.raises(InputInvalid) as refusal:
        checked(replace(ACCOUNT, **wrong))
    assert refusal.value.code == code
    assert refusal.value.hint
