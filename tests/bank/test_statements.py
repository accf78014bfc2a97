"""Bank files read: every version's places, charges, collective entries, and what no file may do."""

from __future__ import annotations

from pathlib import Path

import pytest

from commands.bank.bank_csv import FIELDS, read_bank_csv
from commands.bank.camt import read_bank_xml
from commands.bank.statement import Statements, amount_of
from commands.bank.xml_reader import MAX_DEPTH, parse_xml
from commands.imports.mapping import read_mapping
from ledger.errors import InputInvalid
from ledger.events import BankAmount, BankCharge, BankEntry
from tests.bank.scenario import SAMPLES


def read(text: str, folder: Path, name: str = "s.xml") -> Statements:
    file = folder / name
    file.write_text(text, "utf-8")
    found = Statements()
    (read_bank_xml if name.endswith(".xml") else read_bank_csv)(file, found)
    return found


def statement(entry: str, message: str = "BkToCstmrStmt", body: str = "Stmt") -> str:
    account = "<Acct><Id><Othr><Id>A</Id></Othr></Id></Acct>"
    return f"<Document><{message}><{body}>{account}{entry}</{body}></{message}></Document>"


def entry(details: str = "", amount: str = "100.00", side: str = "DBIT", more: str = "") -> str:
    return (
        f'<Ntry><Amt Ccy="CNY">{amount}</Amt><CdtDbtInd>{side}</CdtDbtInd><Sts>BOOK</Sts>'
        f"<BookgDt><Dt>2026-11-22</Dt></BookgDt>{more}<NtryDtls>{details}</NtryDtls></Ntry>"
    )


def sample(name: str) -> list[BankEntry]:
    found = Statements()
    read_bank_xml(SAMPLES / name, found)
    return [entry.booking for entry in found.entries]


def test_version_2_and_version_8_are_read_alike() -> None:
    old, new = sample("exact-02.xml")[0], sample("short-over-08.xml")[1]
    assert (old.names, old.amount_minor, old.currency, old.reference) == (
        ("RUN-2026-11-21-1-T1",),
        200_005,
        "CNY",
        "E-1",
    )
    assert (new.names, new.amount_minor, new.currency, str(new.booked_on)) == (
        ("RUN-2026-11-21-1-T2",),
        150_000,
        "JPY",
        "2026-11-22",
    )


def test_charges_are_read_with_whether_the_amount_holds_them() -> None:
    found = sample("short-over-08.xml")[2]
    assert found.charges == (BankCharge(minor=3000, currency="KWD", included=True),)
    assert found.names == ()


def test_a_return_has_its_reason_and_an_identity_of_its_own() -> None:
    found = Statements()
    read_bank_xml(SAMPLES / "returned-08.xml", found)
    (entry,) = found.entries
    assert (entry.booking.side, entry.booking.reason) == ("credit", "AC04 account closed")
    assert entry.key.startswith("bank:GB29NWBK60161331926819:E-7:")
    assert entry.old_key == "bank:GB29NWBK60161331926819:E-7:credit"


def test_of_a_report_only_what_is_rejected_is_taken() -> None:
    (found,) = sample("rejected.xml")
    assert (found.side, found.names, found.reason) == (
        "rejected",
        ("RUN-2026-11-21-1-T1",),
        "AC01 no such account",
    )


def test_a_collective_entry_gives_each_of_its_transactions(tmp_path: Path) -> None:
    one = '<TxDtls><Refs><EndToEndId>T1</EndToEndId></Refs><Amt Ccy="CNY">60.00</Amt></TxDtls>'
    two = '<TxDtls><Refs><EndToEndId>T2</EndToEndId></Refs><Amt Ccy="CNY">40.00</Amt></TxDtls>'
    found = read(statement(entry(one + two, more="<AcctSvcrRef>E</AcctSvcrRef>")), tmp_path)
    bookings = [e.booking for e in found.entries]
    assert [(e.reference, e.amount_minor) for e in bookings] == [("E.1", 6000), ("E.2", 4000)]


@pytest.mark.parametrize(
    ("second", "why"),
    [
        ('<Amt Ccy="CNY">39.99</Amt>', "its transactions come to 99.99 CNY, it is 100.00 CNY"),
        ('<Amt Ccy="EUR">40.00</Amt>', "its transactions are in another currency than the entry"),
        ("", "a transaction of this collective entry has no amount"),
    ],
)
def test_one_whose_transactions_do_not_make_it_up_stays_one(
    tmp_path: Path, second: str, why: str
) -> None:
    one = '<TxDtls><Refs><EndToEndId>T1</EndToEndId></Refs><Amt Ccy="CNY">60.00</Amt></TxDtls>'
    two = f"<TxDtls><Refs><EndToEndId>T2</EndToEndId></Refs>{second}</TxDtls>"
    (found,) = read(statement(entry(one + two)), tmp_path).entries
    assert (found.booking.partial, found.booking.amount_minor) == (why, 10_000)
    assert found.booking.names == ("T1", "T2")


def test_an_entry_without_a_name_gets_one_from_what_it_says(tmp_path: Path) -> None:
    text = statement(entry() + entry() + entry(amount="7.00"))
    first, second = read(text, tmp_path), read(text, tmp_path)
    names = [e.key for e in first.entries]
    assert names == [e.key for e in second.entries]
    assert len(set(names)) == 3


@pytest.mark.parametrize(
    "none", ["NONREF", "NOTPROVIDED", "not provided", "N/A", "0", "none", "NoRef"]
)
def test_what_banks_write_for_no_reference_names_nothing(tmp_path: Path, none: str) -> None:
    detail = f"<TxDtls><Refs><EndToEndId>{none}</EndToEndId></Refs></TxDtls>"
    ref = f"<AcctSvcrRef>{none}</AcctSvcrRef>"
    (found,) = read(statement(entry(detail, more=ref)), tmp_path).entries
    assert found.booking.names == ()
    assert found.booking.reference.startswith("x")
    (row,) = read(
        f"account,entry,booked_on,direction,amount,currency,reference\nA,{none},2026-11-22,debit,1,CNY,{none}\n",
        tmp_path,
        "s.csv",
    ).entries
    assert (row.booking.names, row.booking.reference[:1], row.old_key) == ((), "x", "")


def test_a_notification_is_read_too(tmp_path: Path) -> None:
    found = read(statement(entry(), "BkToCstmrDbtCdtNtfctn", "Ntfctn"), tmp_path)
    assert len(found.entries) == 1


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (entry(amount="1.001"), "decimals"),
        (entry(side="XXX"), "neither DBIT nor CRDT"),
        (entry().replace("2026-11-22", "2026-02-30"), "2026-02-30"),
        (entry().replace("CNY", "CNX"), "CNX"),
    ],
)
def test_a_faulty_entry_is_listed_with_its_place(tmp_path: Path, text: str, reason: str) -> None:
    found = read(statement(text + entry()), tmp_path)
    assert len(found.entries) == 1
    assert reason in found.left_out[0].reason
    assert "s.xml:1 entry" in found.left_out[0].place


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "xml-damaged"),
        (b"<a><b></a>", "xml-damaged"),
        (b'<?xml version="1.0" encoding="no-such"?><a/>', "xml-damaged"),
        (b"<!DOCTYPE a><a/>", "xml-doctype"),
        (b'<!DOCTYPE a [<!ENTITY x SYSTEM "file:///x">]><a>&x;</a>', "xml-doctype"),
        (b"<a>" * (MAX_DEPTH + 1), "xml-too-deep"),
        (b"<a>&x;</a>", "xml-damaged"),
    ],
)
def test_damaged_and_hostile_xml_is_refused(data: bytes, code: str) -> None:
    with pytest.raises(InputInvalid) as refused:
        parse_xml(data, "s.xml")
    assert refused.value.code == code
    assert refused.value.place.startswith("s.xml:")


def test_xml_as_deep_as_may_be_is_read() -> None:
    assert parse_xml(b"<a>" * MAX_DEPTH + b"</a>" * MAX_DEPTH, "s.xml").name == "a"


@pytest.mark.parametrize(
    ("text", "currency", "minor"),
    [("1.50000", "CNY", 150), ("2000.00", "JPY", 2000), ("1.5", "KWD", 1500), ("3", "CNY", 300)],
)
def test_amounts_may_have_more_decimals_if_they_are_zeros(
    text: str, currency: str, minor: int
) -> None:
    assert amount_of(text, currency) == BankAmount(minor=minor, currency=currency)


def test_csv_with_the_own_column_names(tmp_path: Path) -> None:
    text = (
        "account,entry,booked_on,direction,amount,currency,reference,status,reason,fees\n"
        "A,1,2026-11-22,debit,10.00,CNY,T1,,,1.50\n"
        "A,2,2026-11-22,,-10.00,CNY,T2,booked,,\n"
        "A,3,2026-11-22,,10.00,CNY,T3,,returned,\n"
        "A,4,2026-11-22,,10.00,CNY,T4,rejected,closed,\n"
        "A,5,2026-11-22,,10.00,CNY,T5,pending,,\n"
        "A,6,2026-11-22,sideways,10.00,CNY,T6,,,\n"
        "A,7,2026-11-22,,=10,CNY,T7,,,\n"
        "A,8,2026-11-22,,10.00,RMB,T8,,,\n"
        "A,9,2026-11-22,,10.00,CNY,T9,lost,,\n"
    )
    found = read(text, tmp_path, "s.csv")
    bookings = [e.booking for e in found.entries]
    assert [(e.names, e.side) for e in bookings] == [
        (("T1",), "debit"),
        (("T2",), "debit"),
        (("T3",), "credit"),
        (("T4",), "rejected"),
    ]
    assert bookings[0].charges == (BankCharge(minor=150, currency="CNY"),)
    places = [left.place.rpartition("s.csv:")[2] for left in found.left_out]
    assert places == ["6 entry 5", "7:direction", "8:amount", "9:currency", "10:status"]


@pytest.mark.parametrize(
    ("status", "side"),
    [
        ("", "debit"),
        ("Booked", "debit"),
        ("BOOK", "debit"),
        ("rejected", "rejected"),
        ("RJCT", "rejected"),
        ("pending", None),
        ("PDNG", None),
    ],
)
def test_the_status_of_a_row_is_in_words_or_as_iso_has_it(
    tmp_path: Path, status: str, side: str | None
) -> None:
    head = "booked_on,amount,currency,reference,status,reason,fees"
    text = f"{head}\n2026-11-22,-10.00,CNY,T1,{status},closed,0.00\n"
    found = read(text, tmp_path, "s.csv")
    assert [e.booking.side for e in found.entries] == ([] if side is None else [side])
    assert all(e.booking.charges == () and e.booking.account == "account" for e in found.entries)
    assert [left.reason for left in found.left_out] == (
        ["is not booked yet (pending)"] if side is None else []
    )


def test_a_sign_and_a_direction_that_disagree_are_read_by_the_direction(tmp_path: Path) -> None:
    head = "booked_on,amount,currency,direction"
    found = read(f"{head}\n2026-11-22,-10.00,CNY,credit\n", tmp_path, "s.csv")
    assert [(e.booking.side, e.booking.amount_minor) for e in found.entries] == [("credit", 1000)]


def test_a_map_names_the_columns_of_a_bank(tmp_path: Path) -> None:
    found = Statements()
    mapping = read_mapping(SAMPLES / "map.yaml", FIELDS)
    read_bank_csv(SAMPLES / "statement.csv", found, mapping)
    bookings = [e.booking for e in found.entries]
    assert [(e.account, e.reference, e.side, e.amount_minor) for e in bookings] == [
        ("4711", "9001", "debit", 180_001),
        ("4711", "9002", "debit", 12),
        ("4711", "9005", "credit", 180_001),
    ]
    assert len(found.left_out) == 2


@pytest.mark.parametrize("amount", ["-5.000", "-5.125"])
def test_a_point_in_a_banks_sheet_that_may_part_thousands_has_to_be_said(
    amount: str, tmp_path: Path
) -> None:
    sheet = tmp_path / "s.csv"
    sheet.write_text(f"booked_on,amount,currency\n2026-06-11,{amount},CNY\n", "utf-8")
    found = Statements()
    read_bank_csv(sheet, found)
    (one,) = found.left_out
    assert (
        not found.entries
        and f"may be '{amount.replace('.', ',')}' or have 3 decimals" in one.reason
    )


@pytest.mark.parametrize("amount", ["5,000", "5,00", "1,000.00"])
def test_a_comma_in_an_amount_of_iso_is_not_guessed_at(amount: str, tmp_path: Path) -> None:
    found = read(statement(entry(amount=amount)), tmp_path)
    (one,) = found.left_out
    assert (found.entries, one.later) == ([], False)
    assert f"The amount '{amount}' has a comma" in one.reason


def test_a_comma_in_the_amount_of_a_report_is_not_guessed_at(tmp_path: Path) -> None:
    told = '<OrgnlTxRef><Amt><InstdAmt Ccy="CNY">5,000</InstdAmt></Amt></OrgnlTxRef>'
    single = (
        f"<TxInfAndSts><OrgnlEndToEndId>T</OrgnlEndToEndId><TxSts>RJCT</TxSts>{told}</TxInfAndSts>"
    )
    found = read(f"<Document><CstmrPmtStsRpt>{single}</CstmrPmtStsRpt></Document>", tmp_path)
    (one,) = found.left_out
    assert found.entries == [] and "has a comma" in one.reason
