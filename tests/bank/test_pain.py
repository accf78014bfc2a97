"""Payment files: what the schema holds valid, what it finds, and what hostile text becomes."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from commands.bank.accounts import is_bic, is_iban
from commands.bank.debtor import Company, Debtor
from commands.bank.pain import Header, Payable, check, faults, numbered, remittance, write_pain
from commands.bank.transfers import Part, Transfer, transfer_id
from ledger.errors import InputInvalid
from ledger.events import BankAccount, Exchange

CREATED = "2026-11-22T04:00:00Z"
DEBTOR = Debtor("BrightWave Ltd", "GB29NWBK60161331926819", "NWBKGB2L")
ACCOUNT = BankAccount(holder="Studio", number="6222 0202 0011 2233 445", bank="102331002126")


def part(contract: str = "BW-1", currency: str = "CNY", amount: int = 100_000) -> Part:
    return Part(
        contract=contract,
        version=10,
        milestone="M1",
        release=0,
        partner="P",
        currency=currency,
        rounding="half-up",
        amount_minor=amount,
        status="instructed",
        due=None,
        on=date(2026, 11, 21),
    )


def payable(*parts: Part, account: BankAccount = ACCOUNT, text: str = "") -> Payable:
    transfer = Transfer("RUN-2026-11-21-1-T1", list(parts) or [part()])
    return Payable(transfer, account, text or remittance(transfer), DEBTOR)


def written(*payables: Payable, debtor: Debtor = DEBTOR) -> bytes:
    found = [replace(one, debtor=debtor) for one in payables or [payable()]]
    groups = numbered(one.transfer for one in found)
    header = Header("RUN-2026-11-21-1", "RUN-2026-11-21-1-0A", CREATED, groups)
    return write_pain(header, Company(debtor.name), found)


def test_a_written_file_is_valid() -> None:
    assert faults(written()) == []


@pytest.mark.parametrize(
    ("currency", "minor", "told"),
    [("CNY", 1, "0.01"), ("JPY", 1, "1"), ("KWD", 1, "0.001"), ("CNY", 10**15 - 1, None)],
)
def test_amounts_have_the_decimals_of_their_currency(
    currency: str, minor: int, told: str | None
) -> None:
    file = written(payable(part(currency=currency, amount=minor)))
    assert faults(file) == []
    assert told is None or f'<InstdAmt Ccy="{currency}">{told}</InstdAmt>'.encode() in file


def test_a_transfer_abroad_is_told_in_the_currency_paid() -> None:
    one, two = part(), part("BW-2")
    one.exchange = Exchange(currency="USD", amount_minor=13_920, rate="0.1392")
    two.exchange = Exchange(currency="USD", amount_minor=1, rate="0.1392")
    file = written(payable(one, two))
    assert b'<InstdAmt Ccy="USD">139.21</InstdAmt>' in file
    assert faults(file) == []


@pytest.mark.parametrize(
    ("old", "new", "found"),
    [
        (b'Ccy="CNY"', b'Ccy="cny"', "InstdAmt"),
        (b"<PmtMtd>TRF</PmtMtd>", b"", "PmtInf"),
        (b"<PmtMtd>TRF<", b"<PmtMtd>XXX<", "PmtMtd"),
        (b"<Dt>2026-11-21</Dt>", b"<Dt>21.11.2026</Dt>", "Dt"),
        (b"1000.00</InstdAmt>", b"1000.000001</InstdAmt>", "InstdAmt"),
        (b"<BICFI>NWBKGB2L<", b"<BICFI>NWBK<", "BICFI"),
        (b"RUN-2026-11-21-1-T1</EndToEndId>", b"R" * 36 + b"</EndToEndId>", "EndToEndId"),
    ],
)
def test_the_schema_finds_a_planted_mistake(old: bytes, new: bytes, found: str) -> None:
    broken = written().replace(old, new, 1)
    assert broken != written()
    assert found in "; ".join(faults(broken))
    with pytest.raises(InputInvalid) as refused:
        check(broken, "run.xml")
    assert (refused.value.code, refused.value.place) == ("payment-file-invalid", "run.xml")


@given(st.text(min_size=1, max_size=200))
def test_whatever_people_are_called_the_file_is_valid(name: str) -> None:
    account = BankAccount(holder=f"x{name}", number="1", bank="2", bank_name=f"y{name}")
    assert faults(written(payable(account=account), debtor=Debtor(f"x{name}", "1"))) == []


@given(st.text(min_size=1, max_size=60))
def test_an_account_number_is_never_cut(number: str) -> None:
    file = written(payable(account=BankAccount(holder="x", number=f"1{number}")))
    found = faults(file)
    assert not found or "Othr/Id" in found[0]
    assert faults(written(payable(account=BankAccount(holder="x", number="1" * 35))))


@given(st.lists(st.text("ABC-/&<>\"'0123 双", min_size=1, max_size=60), min_size=1, max_size=40))
def test_the_remittance_text_keeps_its_limit_and_names_the_transfer(names: list[str]) -> None:
    text = remittance(Transfer("RUN-2026-11-21-1-T1", [part(name) for name in names]))
    assert len(text) <= 140
    assert text.startswith("RUN-2026-11-21-1-T1")
    shown = text.count("/M1")
    assert shown == 0 or shown == len(names) or text.endswith(f"and {len(names) - shown} more")


def test_the_name_of_a_transfer_fits_every_bank() -> None:
    assert transfer_id("RUN-2026-11-21-12345", 123_456) == "RUN-2026-11-21-12345-T123456"
    assert len(transfer_id("RUN-2026-11-21-12345", 123_456)) <= 35


def test_ibans_are_told_by_their_check_digits() -> None:
    assert is_iban("GB29NWBK60161331926819")
    assert not is_iban("GB29NWBK60161331926818")
    assert not is_iban("6222020200112233445")
    assert is_bic("NWBKGB2L") and is_bic("NWBKGB2LXXX")
    assert not is_bic("102331002126")
