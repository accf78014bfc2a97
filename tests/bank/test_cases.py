"""The bank cases: real constellations that once closed, failed or lost payments, each with the right outcome."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.bank.scenario import act
from tests.bank.setting import (
    T1,
    T2,
    T3,
    asked,
    fees,
    ntry,
    payable,
    standing,
    statement,
    take,
    tx,
)

CASES = Path(__file__).parent / "cases"
OPEN = {"instructed"}, "0.00"
PAID = {"T1": ({"paid"}, "200000.00"), "T2": ({"paid"}, "5000.00"), "T3": ({"paid"}, "1772.39")}


def only(*transfers: str) -> dict[str, tuple[set[str], str]]:
    """These transfers are paid, the others wait for the bank."""
    return {name: PAID[name] if name in transfers else OPEN for name in PAID}


def case(capsys: pytest.CaptureFixture[str], *names: str) -> list[str]:
    """Imports files one by one; the findings of what waits then."""
    for name in names:
        act("import", "bank", str(CASES / name), "--as", "finance-1")
    return [one["finding"] for one in asked(capsys, "report", "bank")["entries"]]


@pytest.mark.parametrize("name", ["fee-before-the-debit.xml", "fee-named-in-the-text.xml"])
def test_a_charge_pays_nothing_and_the_debit_pays_all(
    instructed: Path, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    assert case(capsys, name) == []
    assert standing(capsys) == only("T3")
    assert payable(capsys) == []
    (fee,) = asked(capsys, "report", "bank", "--all")["entries"]
    assert (fee["verdict"], fee["amount"]["amount"], len(fee["payments"])) == ("charge", "15.00", 3)


def test_two_debits_that_are_a_transfer_together_settle_it(
    instructed: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert case(capsys, "two-debits-for-one-transfer.xml") == []
    assert standing(capsys) == only("T2")
    assert payable(capsys) == []


def test_a_small_credit_fails_nothing(instructed: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert case(capsys, "small-credit-before-the-debit.xml") == ["returned"]
    assert standing(capsys) == only("T3")
    assert payable(capsys) == []


def test_a_transaction_that_says_the_other_side_is_a_contradiction(
    instructed: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    detail = tx(T3, '<Amt Ccy="EUR">1772.39</Amt><CdtDbtInd>CRDT</CdtDbtInd>')
    said = take(capsys, instructed, statement(ntry("1772.39", detail)))
    assert [w["finding"] for w in said["waiting"]] == ["contradiction"]
    assert standing(capsys) == only()


def test_one_reference_of_two_entries_names_two(
    instructed: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert case(capsys, "one-reference-two-entries.xml") == []
    assert standing(capsys) == only("T1", "T2")


def test_nonref_is_no_reference(instructed: Path, capsys: pytest.CaptureFixture[str]) -> None:
    names = ("nonref-first-statement.xml", "nonref-second-statement.xml")
    assert case(capsys, *names, *names) == []
    assert standing(capsys) == PAID


@pytest.mark.parametrize("name", ["charge-inside-the-entry.xml", "instructed-amount-told.xml"])
def test_what_is_booked_beyond_the_payment_is_the_banks_charge(
    instructed: Path, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    assert case(capsys, name) == []
    assert standing(capsys) == only("T3")
    assert fees(capsys) == "1500"


@pytest.mark.parametrize("name", ["two-transfers-one-debit.xml", "batch-by-our-own-id.xml"])
def test_one_debit_of_several_transfers_settles_them_all(
    instructed: Path, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    assert case(capsys, name) == []
    assert standing(capsys) == only("T1", "T2")


def test_a_debit_that_takes_a_credit_back_pays_nothing(
    instructed: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert case(capsys, "reversal-of-a-credit.xml") == ["reversal"]
    assert standing(capsys) == only("T3")


def test_of_a_return_the_bank_kept_its_fee(
    instructed: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert case(capsys, "return-less-the-banks-fee.xml") == []
    assert standing(capsys) == only() | {"T3": ({"reversed"}, "0.00")}
    assert fees(capsys) == "1000"
    assert payable(capsys) == ["EU-1/M1", "EU-1/M2", "EU-1/M3"]


def test_every_case_again_records_nothing(
    instructed: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in sorted(path.name for path in CASES.iterdir()):
        act("import", "bank", str(CASES / name), "--as", "finance-1")
        again = asked(capsys, "import", "bank", str(CASES / name), "--as", "finance-1")
        assert (again["events"], again["kept"]) == (0, 0), name
    assert all(T.startswith("RUN-") for T in (T1, T2, T3))
