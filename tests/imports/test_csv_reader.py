"""CSV sheets: each bad row is listed and no good one is lost; what is unknown stays unknown."""

from __future__ import annotations

import csv
import io
import random
import string
import time
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from commands.imports.csv_reader import open_csv, read_csv
from commands.imports.found import Reading
from commands.imports.mapping import FIELDS, Mapping, parse_mapping, read_mapping
from commands.output import escape_cell
from ledger.errors import InputInvalid
from ledger.intents import TakenDispute, TakenMilestone, TakenPayment, TakeOver

HEADER = "contract,milestone,currency,amount,delivered,paid_on,paid_amount"
# The columns that stand in the interface's promise, in its order.
PROMISED = (
    *("contract", "partner", "client", "milestone", "title", "stage", "amount", "currency"),
    *("baseline_due", "current_due", "delivered", "approved", "paid_on", "paid_amount"),
    *("disputed_on", "dispute_amount", "dispute_outcome", "timezone"),
    "as_of",  # beside the promise: when the source was last heard of
)


def read(tmp_path: Path, text: str | bytes, map_text: str = "", name: str = "sheet.csv") -> Reading:
    path = tmp_path / name
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    reading = read_csv([path], parse_mapping(map_text) if map_text else Mapping())
    places = [remark.place for remark in reading.skipped]
    places += [remark.place for remark in reading.warnings]
    assert all(place.startswith(f"{path}:") for place in places)
    return reading


def only(reading: Reading) -> TakeOver:
    (take_over,) = reading.take_overs
    return take_over


def skipped(reading: Reading) -> dict[str, str]:
    """Place without the folder → reason."""
    return {remark.place.rpartition("/")[2]: remark.reason for remark in reading.skipped}


def warned(reading: Reading) -> list[str]:
    return [remark.rule for remark in reading.warnings]


# --- what a row says -----------------------------------------------------------------------------


def test_a_full_row_is_a_milestone_a_payment_and_a_dispute(tmp_path: Path) -> None:
    row = (
        'BW-1,Studio,BrightWave,M1,Concept,plan,"120,000.00",CNY,2026-08-21,2026-09-01,'
        '2026-08-30,2026-08-31,2026-09-19,"100,000.00",2026-09-02,45000,split,Asia/Shanghai,2026-10-01'
    )
    reading = read(tmp_path, f"{','.join(PROMISED)}\n{row}\n")
    assert (reading.skipped, reading.warnings) == ([], [])
    assert only(reading) == TakeOver(
        contract="BW-1",
        client="BrightWave",
        partner="Studio",
        currency="CNY",
        timezone="Asia/Shanghai",
        milestones=(
            TakenMilestone(
                id="M1",
                title="Concept",
                stage="plan",
                due=date(2026, 9, 1),
                baseline_due=date(2026, 8, 21),
                amount_minor=12_000_000,
                status="accepted",
                submitted_on=date(2026, 8, 30),
                accepted_on=date(2026, 8, 31),
            ),
        ),
        payments=(
            TakenPayment(
                reference="M1:2026-09-19:100000.00",
                amount_minor=10_000_000,
                paid_on=date(2026, 9, 19),
                milestone="M1",
            ),
        ),
        disputes=(
            TakenDispute(
                milestone="M1",
                opened_on=date(2026, 9, 2),
                amount_minor=4_500_000,
                outcome="split",
            ),
        ),
        knows=("deliveries", "acceptances", "disputes", "payments"),
        heard_on=date(2026, 10, 1),
    )


def test_empty_cells_and_absent_columns_mean_unknown(tmp_path: Path) -> None:
    reading = read(tmp_path, "contract,milestone,amount,delivered\nC,M1, ,\n")
    milestones = (TakenMilestone(id="M1"),)
    assert only(reading) == TakeOver(contract="C", milestones=milestones, knows=("deliveries",))
    assert warned(reading) == ["currency-unknown"]


@pytest.mark.parametrize(
    ("delivered", "approved", "status"),
    [
        ("", "", "defined"),
        ("2026-01-02", "", "submitted"),
        ("2026-01-02", "2026-01-03", "accepted"),
        ("", "2026-01-03", "accepted"),
    ],
)
def test_status_follows_from_the_dates(
    tmp_path: Path, delivered: str, approved: str, status: str
) -> None:
    text = f"contract,milestone,currency,delivered,approved\nC,M1,CNY,{delivered},{approved}\n"
    (milestone,) = only(read(tmp_path, text)).milestones
    assert milestone.status == status
    assert milestone.submitted_on == (date(2026, 1, 2) if delivered else None)


@pytest.mark.parametrize(
    ("baseline", "current", "due", "kept"),
    [("05", "", 5, None), ("", "09", 9, None), ("05", "09", 9, 5), ("05", "05", 5, 5)],
)
def test_the_baseline_is_told_apart_only_where_both_are_given(
    tmp_path: Path, baseline: str, current: str, due: int, kept: int | None
) -> None:
    cells = ",".join(f"2026-01-{day}" if day else "" for day in (baseline, current))
    text = f"contract,milestone,currency,baseline_due,current_due\nC,M1,CNY,{cells}\n"
    (milestone,) = only(read(tmp_path, text)).milestones
    assert milestone.due == date(2026, 1, due)
    assert milestone.baseline_due == (date(2026, 1, kept) if kept else None)


def test_rows_of_a_contract_are_one_take_over_however_scattered(tmp_path: Path) -> None:
    text = "contract,milestone,currency,client\nA,M1,,\nB,M1,EUR,x\nA,M2,CNY,y\n"
    first, second = read(tmp_path, text).take_overs
    assert (first.contract, first.currency, first.client) == ("A", "CNY", "y")
    assert [milestone.id for milestone in first.milestones] == ["M1", "M2"]
    assert (second.contract, second.currency) == ("B", "EUR")


def test_ids_are_trimmed_and_the_signs_of_references_encoded(tmp_path: Path) -> None:
    text = "contract,milestone,currency\n 'A/1# ,50%/x#,CNY\n'A/1%231,50%,CNY\n"
    first, second = read(tmp_path, text.replace("'", "")).take_overs
    assert (first.contract, first.milestones[0].id) == ("A/1%23", "50%25%2Fx%23")
    assert (second.contract, second.milestones[0].id) == ("A/1%231", "50%")


def test_a_formula_is_text_and_an_escaped_cell_is_read_back(tmp_path: Path) -> None:
    text = "contract,milestone,currency,title\nC,M1,CNY,=1+1\nC,M2,CNY,'=1+1\nC,M3,CNY,'quoted'\n"
    titles = [milestone.title for milestone in only(read(tmp_path, text)).milestones]
    assert titles == ["=1+1", "=1+1", "'quoted'"]


# --- payments and disputes -----------------------------------------------------------------------


def payments(reading: Reading) -> list[tuple[str, int]]:
    return [(payment.reference, payment.amount_minor) for payment in only(reading).payments]


def test_rows_of_one_milestone_add_their_payments(tmp_path: Path) -> None:
    rows = "C,M1,CNY,100,,2026-01-05,40\nC,M1,,,2026-01-02,2026-02-05,60.00\n"
    reading = read(tmp_path, f"{HEADER}\n{rows}")
    assert payments(reading) == [("M1:2026-01-05:40.00", 4000), ("M1:2026-02-05:60.00", 6000)]
    (milestone,) = only(reading).milestones
    assert (milestone.amount_minor, milestone.submitted_on) == (10_000, date(2026, 1, 2))


def test_an_exact_repeat_is_a_payment_of_its_own_and_warned_of(tmp_path: Path) -> None:
    reading = read(tmp_path, f"{HEADER}\n" + "C,M1,CNY,100,,2026-01-05,40\n" * 2)
    assert payments(reading) == [("M1:2026-01-05:40.00", 4000), ("M1:2026-01-05:40.00#2", 4000)]
    assert warned(reading) == ["payment-repeated"]


def test_overlapping_and_renamed_files_tell_of_the_same_payments(tmp_path: Path) -> None:
    row = "C,M1,CNY,100,,2026-01-05,40\n"
    one = read(tmp_path, f"{HEADER}\n{row}{row}", name="b.csv")
    read(tmp_path, f"{HEADER}\n{row}{row}C,M2,CNY,9,,,\n", name="a.csv")
    both = read_csv([tmp_path])
    assert only(both).payments == only(one).payments
    assert read_csv([tmp_path / "b.csv", tmp_path / "a.csv"]) == both


def test_a_payment_without_amount_is_the_milestones_amount(tmp_path: Path) -> None:
    reading = read(tmp_path, f"{HEADER}\nC,M1,CNY,,,2026-01-05,\nC,M1,CNY,100,,,\n")
    assert payments(reading) == [("M1:2026-01-05:100.00", 10_000)]
    assert warned(reading) == ["payment-amount-assumed"]


def test_a_payment_of_unknown_amount_is_left_out(tmp_path: Path) -> None:
    rows = "C,M1,CNY,,,2026-01-05,\nC,M2,CNY,100,,2026-01-05,\nC,M2,CNY,100,,2026-01-06,30\n"
    reading = read(tmp_path, f"{HEADER}\n{rows}")
    assert list(skipped(reading)) == ["sheet.csv:2:paid_amount", "sheet.csv:3:paid_amount"]
    assert payments(reading) == [("M2:2026-01-06:30.00", 3000)]


def test_an_amount_without_a_day_is_paid_on_an_unknown_day(tmp_path: Path) -> None:
    (payment,) = only(read(tmp_path, f"{HEADER}\nC,M1,CNY,100,,,40\n")).payments
    assert (payment.reference, payment.paid_on) == ("M1::40.00", None)


def test_nothing_paid_and_nothing_disputed_is_no_fact(tmp_path: Path) -> None:
    text = "contract,milestone,currency,paid_amount,dispute_amount\nC,M1,CNY,0.00,0\n"
    take_over = only(read(tmp_path, text))
    assert (take_over.payments, take_over.disputes) == ((), ())


def test_a_dispute_told_again_is_taken_once_with_its_outcome(tmp_path: Path) -> None:
    header = "contract,milestone,currency,disputed_on,dispute_amount,dispute_outcome"
    rows = ("C,M1,CNY,2026-01-02,5,", "C,M1,CNY,2026-01-02,5,upheld", "C,M1,CNY,2026-03-02,,")
    reading = read(tmp_path, "\n".join((header, *rows)))
    first, second = only(reading).disputes
    assert (first.outcome, first.amount_minor) == ("upheld", 500)
    assert (second.opened_on, second.amount_minor) == (date(2026, 3, 2), None)
    assert warned(reading) == ["dispute-repeated"]


# --- bad rows ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("row", "column", "reason"),
    [
        ("C,M1,CNY,=B2*2,,,", "amount", "a formula, not a value"),
        ("C,M1,CNY,,=TODAY(),,", "delivered", "a formula, not a value"),
        ("C,M1,CNY,12.345,,,", "amount", "may be '12,345' or have 3 decimals"),
        ("C,M1,CNY,12.3456,,,", "amount", "has 4 decimals"),
        ("C,M1,CNY,12 yuan,,,", "amount", "is not an amount"),
        ("C,M1,JPY,12.50,,,", "amount", "JPY has no decimals"),
        ("C,M1,CNY,,31/12/2026,,", "delivered", "is not a date"),
        ("C,M1,CNY,,2026-02-30,,", "delivered", "does not exist"),
        ("C,M1,CNY,,2026-02-20T22:00Z,,", "delivered", "in an offset of its own"),
        ("C,M1,yuan,,,,", "currency", "is not a currency"),
        (" ,M1,CNY,,,,", "contract", "has no id"),
        ("C,,CNY,,,,", "milestone", "has no id"),
        ("~C,M1,CNY,,,,", "contract", "begins with '~'"),
        ("1.23457E+11,M1,CNY,,,,", "contract", "a spreadsheet cut off"),
        ('"C","1,2E+05",CNY,,,,', "milestone", "a spreadsheet cut off"),
        ("C,M1,CNY,1.2E+05,,,", "amount", "is not an amount"),
        ("C,M1,CNY,,46255,,", "delivered", "Write a date as YYYY-MM-DD"),
        ("C,M\x1b1,CNY,,,,", "milestone", "U+001B"),
        ("C,M1,CNY", "", "3 columns where the header has 7"),
        ("C,M1,CNY,1,,,,", "", "8 columns where the header has 7"),
        ('C,"M1"x,CNY,,,,', "", "broken quoting"),
        ('C,"M1,CNY,,,,', "", "broken quoting"),
    ],
)
def test_a_bad_row_is_listed_and_the_good_ones_go_on(
    tmp_path: Path, row: str, column: str, reason: str
) -> None:
    reading = read(tmp_path, f"{HEADER}\nG,M1,CNY,1,,,\n\n{row}\nG,M2,CNY,2,,,\n")
    place = f"sheet.csv:4:{column}".rstrip(":")
    assert list(skipped(reading)) == [place]
    assert reason in skipped(reading)[place]
    assert [milestone.id for milestone in only(reading).milestones] == ["M1", "M2"]


@pytest.mark.parametrize(
    ("column", "cell"),
    [("dispute_outcome", "won"), ("timezone", "Mars/Base"), ("disputed_on", "soon")],
)
def test_unknown_outcomes_and_zones_are_bad_rows(tmp_path: Path, column: str, cell: str) -> None:
    text = f"contract,milestone,currency,{column}\nC,M1,CNY,{cell}\nC,M2,CNY,\n"
    reading = read(tmp_path, text)
    assert list(skipped(reading)) == [f"sheet.csv:2:{column}"]
    assert len(only(reading).milestones) == 1


def test_a_quotation_mark_left_open_swallows_no_other_row(tmp_path: Path) -> None:
    rows = [f'C,M{n},"Title, {n}",CNY' for n in range(2, 40)]
    rows[10] = 'C,M12,"12,CNY'
    rows[20] = 'C,M22,5" screen,CNY'
    reading = read(tmp_path, "\n".join(["contract,milestone,title,currency", *rows]))
    assert list(skipped(reading)) == ["sheet.csv:12"]
    assert len(only(reading).milestones) == 37


def test_open_quotation_marks_in_every_line_take_linear_time(tmp_path: Path) -> None:
    text = "contract,milestone,title,currency\n" + 'a","b\n' * 20_000
    start = time.perf_counter()
    assert len(read(tmp_path, text).skipped) == 20_000
    assert time.perf_counter() - start < 30


def test_a_cell_may_hold_line_breaks_and_lines_count_physically(tmp_path: Path) -> None:
    text = 'contract,milestone,title,currency\r\nC,M1,"a\r\nb",CNY\r\nC,M2,c,?\r\n'
    reading = read(tmp_path, text)
    assert only(reading).milestones[0].title == "a\r\nb"
    assert list(skipped(reading)) == ["sheet.csv:4:currency"]


@pytest.mark.parametrize(
    ("column", "one", "two", "shown"),
    [
        ("title", "Concept", "Report", "line 3 says Report, but line 2 says Concept"),
        ("amount", "300", "200.5", "line 3 says 200.50, but line 2 says 300.00"),
        ("approved", "2026-01-02", "2026-01-03", "line 3 says 2026-01-03"),
        ("partner", "Studio", "Studios", "line 2 says Studio"),
        ("timezone", "UTC", "Asia/Shanghai", "line 2 says UTC"),
    ],
)
def test_a_row_that_contradicts_an_earlier_one_is_left_out_whole(
    tmp_path: Path, column: str, one: str, two: str, shown: str
) -> None:
    header = f"contract,milestone,currency,paid_on,paid_amount,{column}"
    rows = f"C,M1,CNY,,,{one}\nC,M1,CNY,2026-05-05,7,{two}\n"
    reading = read(tmp_path, f"{header}\n{rows}")
    assert shown in skipped(reading)[f"sheet.csv:3:{column}"]
    assert only(reading).payments == ()


def test_a_contract_has_one_currency(tmp_path: Path) -> None:
    reading = read(tmp_path, f"{HEADER}\nC,M1,CNY,1.50,,,\nC,M2,JPY,200,,,\nC,M3,,2.5,,,\n")
    assert "line 3 says JPY, but line 2 says CNY" in skipped(reading)["sheet.csv:3:currency"]
    assert [milestone.amount_minor for milestone in only(reading).milestones] == [150, 250]


@pytest.mark.parametrize(
    ("cells", "field", "reason"),
    [
        ("KWD,1.234", "currency", "line 3 says KWD, but line 2 says CNY"),
        ("JPY,1.5", "amount", "JPY"),
        (",1.234", "amount", "CNY"),
    ],
)
def test_an_amount_is_read_in_the_currency_of_its_own_row(
    tmp_path: Path, cells: str, field: str, reason: str
) -> None:
    """Dinars have three decimals and yen none, so that what is wrong with a row depends on its currency."""
    reading = read(tmp_path, f"contract,milestone,currency,amount\nC,M1,CNY,1.50\nC,M2,{cells}\n")
    (place, said), *others = skipped(reading).items()
    assert (place, others) == (f"sheet.csv:3:{field}", [])
    assert reason in said


def test_a_contradiction_between_files_names_both(tmp_path: Path) -> None:
    for name, amount in (("a.csv", 1), ("b.csv", 2)):
        (tmp_path / name).write_text(f"{HEADER}\nC,M1,CNY,{amount},,,\n")
    (bad,) = read_csv([tmp_path]).skipped
    assert bad.place == f"{tmp_path}/b.csv:2:amount"
    assert f"{tmp_path}/a.csv:2 says 1.00; if this file is the newer one" in bad.reason


def test_remarks_stand_in_the_order_of_the_lines(tmp_path: Path) -> None:
    rows = "A,M1,CNY,1,,,\nB,M1,CNY,x,,,\nA,M1,CNY,2,,,\nB,,CNY,,,,\n"
    lines = [place.split(":")[1] for place in skipped(read(tmp_path, f"{HEADER}\n{rows}"))]
    assert lines == ["3", "4", "5"]


# --- encodings and delimiters --------------------------------------------------------------------

CHINESE = "contract,milestone,currency,title\nC,M1,CNY,双十一\n"


# The byte order marks of the Unicode Standard (23.8), and what each announces.
@pytest.mark.parametrize(
    ("mark", "encoding"),
    [
        (b"", "utf-8"),
        (b"\xef\xbb\xbf", "utf-8"),
        (b"\xff\xfe", "utf-16-le"),
        (b"\xfe\xff", "utf-16-be"),
        (b"\xff\xfe\x00\x00", "utf-32-le"),
        (b"\x00\x00\xfe\xff", "utf-32-be"),
    ],
)
def test_unicode_is_read_with_or_without_a_byte_order_mark(
    tmp_path: Path, mark: bytes, encoding: str
) -> None:
    data = mark + CHINESE.encode(encoding)
    assert only(read(tmp_path, data)).milestones[0].title == "双十一"


def test_a_map_names_any_other_encoding(tmp_path: Path) -> None:
    chinese = read(tmp_path, CHINESE.encode("gb18030"), "encoding: gb18030")
    assert only(chinese).milestones[0].title == "双十一"
    western = CHINESE.replace("双十一", "Über").encode("cp1252")
    assert only(read(tmp_path, western, "encoding: cp1252")).milestones[0].title == "Über"


def test_undecodable_bytes_are_refused_with_their_offset(tmp_path: Path) -> None:
    data = CHINESE.replace("双十一", "里程碑").encode("gb18030")
    with pytest.raises(InputInvalid) as refused:
        read(tmp_path, data)
    assert refused.value.code == "csv-encoding"
    assert refused.value.place.endswith(f"sheet.csv:byte {data.index(b'CNY,') + 4}")
    assert "encoding: gb18030" in refused.value.hint
    header = data.replace(b"title", "里程碑".encode("gb18030"))
    with pytest.raises(InputInvalid, match="csv-encoding"):
        read(tmp_path, header)
    with pytest.raises(InputInvalid) as refused:
        read(tmp_path, header)
    assert (
        "As gb18030 its first line reads: contract,milestone,currency,里程碑" in refused.value.hint
    )
    western = CHINESE.replace("双十一", "Über").encode("cp1252")
    with pytest.raises(InputInvalid) as refused:
        read(tmp_path, western)
    assert "first line reads" not in refused.value.hint


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_delimiter_is_found_by_the_header(tmp_path: Path, delimiter: str) -> None:
    rows = ["contract;milestone;currency;title", "C;M1;CNY;a,b|c\t"]
    text = "\n".join(row.replace(";", delimiter) for row in rows)
    title = "a,b|c" if delimiter == ";" else None
    reading = read(tmp_path, text)
    if title:
        assert only(reading).milestones[0].title == title
    else:
        assert open_csv(tmp_path / "sheet.csv").header == rows[0].split(";")


def test_excels_separator_line_is_understood(tmp_path: Path) -> None:
    reading = read(tmp_path, "sep=;\ncontract;milestone;currency\nC;M1;?\n")
    assert list(skipped(reading)) == ["sheet.csv:3:currency"]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "csv-empty"),
        ("\n \n", "csv-empty"),
        ('"contract,milestone\n', "csv-header"),
        ("contract,milestone\nC,M\0\n", "csv-nul"),
        ("contract,milestone,amount,amount\n", "csv-column-twice"),
        ("contract,amount\n", "csv-column-missing"),
        ("Contract,Milestone\n", "csv-column-missing"),
        ("C,M1,120\n", "csv-column-missing"),
    ],
)
def test_an_unusable_file_is_refused_with_place_and_next_step(
    tmp_path: Path, text: str, code: str
) -> None:
    with pytest.raises(InputInvalid) as refused:
        read(tmp_path, text)
    assert refused.value.code == code
    assert "sheet.csv" in refused.value.place
    assert refused.value.hint


def test_a_missing_column_is_guessed_at(tmp_path: Path) -> None:
    with pytest.raises(InputInvalid, match="has no column 'milestone'") as refused:
        read(tmp_path, "contract,Milestones\nC,M1\n")
    assert "Did you mean Milestones?" in refused.value.hint


def test_columns_that_are_not_read_are_warned_of(tmp_path: Path) -> None:
    reading = read(tmp_path, "contract,milestone,currency,ammount,\nC,M1,CNY,100,\n")
    (warning,) = reading.warnings
    assert warning.rule == "columns-ignored"
    assert warning.detail == "not read: ammount (Did you mean amount or paid_amount?)"


# --- maps ----------------------------------------------------------------------------------------


def test_a_map_says_columns_constants_dates_and_marks(tmp_path: Path) -> None:
    map_text = """
        delimiter: semicolon
        date_format: "%d.%m.%Y"
        decimal_mark: ","
        fields:
          contract: Vertrag
          milestone: Etappe
          currency: {constant: EUR}
          amount: Betrag
          delivered: Geliefert
          paid_on: {column: Bezahlt, date_format: "%m/%d/%y"}
          title:
    """
    text = (
        "Vertrag;Etappe;Betrag;Geliefert;Bezahlt;paid_amount;title\n"
        "C;M1;1.234.567,50;31.1.2026;2/28/26;1 000,5;not read\nC;M2;12.34,5;;;;\n"
    )
    reading = read(tmp_path, text, map_text)
    take_over = only(reading)
    assert take_over.currency == "EUR"
    assert take_over.milestones == (
        TakenMilestone(
            id="M1",
            amount_minor=123_456_750,
            status="submitted",
            submitted_on=date(2026, 1, 31),
        ),
    )
    assert payments(reading) == [("M1:2026-02-28:1000.50", 100_050)]
    assert list(skipped(reading)) == ["sheet.csv:3:Betrag"]
    assert [warning.detail for warning in reading.warnings] == ["not read: title"]


@pytest.mark.parametrize(
    ("date_format", "cell", "expected"),
    [
        ("", "2026-03-31 00:00:00", date(2026, 3, 31)),
        ("", "2026-03-31T23:59:00-06:00", date(2026, 3, 31)),
        ("", "2026-03-31 17:30", date(2026, 3, 31)),
        ("%m/%d/%Y %I:%M:%S %p", "05/01/2014 12:00:00 AM", date(2014, 5, 1)),
        ("%Y年%m月%d日", "2026年8月3日", date(2026, 8, 3)),
        ("%d%m%Y", "01022026", date(2026, 2, 1)),
        ("%d%m%Y", "1022026", None),
        ("%d.%m.%Y", "2026-08-03", None),
    ],
)
def test_dates_are_read_as_written(
    tmp_path: Path, date_format: str, cell: str, expected: date | None
) -> None:
    text = f"contract,milestone,currency,delivered\nC,M1,CNY,{cell}\nC,M2,CNY,\n"
    map_text = f"date_format: '{date_format}'" if date_format else ""
    reading = read(tmp_path, text, map_text)
    if expected is None:
        assert list(skipped(reading)) == ["sheet.csv:2:delivered"]
    else:
        assert only(reading).milestones[0].submitted_on == expected


@pytest.mark.parametrize(
    ("map_text", "code", "place", "said"),
    [
        ("fields:\n  amuont: Sum", "csv-map-field-unknown", "2:3", "Did you mean amount?"),
        ("amount: Sum", "csv-map-setting-unknown", "1:1", "under `fields:`"),
        ("encodng: utf-8", "csv-map-setting-unknown", "1:1", "Did you mean encoding?"),
        ("encoding: klingon", "csv-map-encoding", "1:11", "gb18030"),
        ("encoding: base64", "csv-map-encoding", "1:11", "gb18030"),
        ("delimiter: ab", "csv-map-delimiter", "1:12", "one character"),
        ("decimal_mark: ;", "csv-map-decimal-mark", "1:15", "decimal_mark"),
        ("date_format: '%d.%m'", "csv-map-date-format", "1:14", "nowhere"),
        ("date_format: '%d.%m.%Y %z'", "csv-map-date-format", "1:14", "%z"),
        ("date_format: '%d.%m.%b.%Y'", "csv-map-date-format", "1:14", "twice"),
        ("fields:\n  currency: {constant: yuan}", "csv-map-constant", "2:24", "ISO 4217"),
        ("fields:\n  amount: {column: a, constant: 1}", "csv-map-source", "2:11", "column"),
        ("fields:\n  amount: [a]", "csv-map-shape", "2:11", "name: value"),
        ("[contract]", "csv-map-shape", "1:1", "name: value"),
        ("fields:\n  amount: a\n  amount: b", "yaml-duplicate-key", "3:3", "two"),
    ],
)
def test_a_wrong_map_is_refused_with_place_and_next_step(
    map_text: str, code: str, place: str, said: str
) -> None:
    with pytest.raises(InputInvalid) as refused:
        parse_mapping(map_text, "map.yaml")
    assert refused.value.code == code
    assert refused.value.place == f"map.yaml:{place}"
    assert said in str(refused.value)


def test_a_column_that_the_map_names_must_be_there(tmp_path: Path) -> None:
    with pytest.raises(InputInvalid, match="no column 'Betrag', which map names for amount"):
        read(tmp_path, "contract,milestone\nC,M1\n", "fields: {amount: Betrag}")


def test_the_how_to_is_right(tmp_path: Path) -> None:
    page = (Path(__file__).parents[2] / "docs" / "import-csv.md").read_text(encoding="utf-8")
    maps, sheets = (
        [block.split("```")[0] for block in page.split(f"```{kind}\n")[1:]]
        for kind in ("yaml", "csv")
    )
    assert [name for name in FIELDS if f"`{name}`" not in page] == []
    reading = read(tmp_path, sheets[0].encode("cp1252"), maps[0])
    assert [milestone.due for milestone in only(reading).milestones] == [
        date(2026, 8, 21),
        date(2026, 9, 18),
    ]
    assert payments(reading) == [("M1:2026-09-19:120000.00", 12_000_000)]
    assert [warning.detail for warning in reading.warnings] == ["not read: stage"]
    other = read(tmp_path, sheets[1], maps[1])
    one, two = only(other).milestones
    assert only(other).value_minor == 125_000_000  # 1.25 million dollars in cents
    assert (one.amount_minor, one.due, one.submitted_on) == (
        120_000,
        date(2006, 11, 13),
        date(2006, 11, 15),
    )
    assert (two.amount_minor, two.due, two.submitted_on) == (30_000, date(2007, 1, 30), None)
    assert [m.labels for m in (one, two)] == [
        {"country": "Zambia", "programme": "ARV"},
        {"country": "Haiti", "programme": "ARV"},
    ]
    assert payments(other) == [("1::1200.00", 120_000), ("2::-50.00", -5_000)]
    assert (other.skipped, warned(other)) == ([], ["amount-negative"])


def test_a_map_file_is_utf_8_and_there(tmp_path: Path) -> None:
    path = tmp_path / "map.yaml"
    with pytest.raises(InputInvalid, match="cannot be read"):
        read_mapping(path)
    path.write_bytes("fields: {contract: 合同}".encode("gb18030"))
    with pytest.raises(InputInvalid, match="not UTF-8"):
        read_mapping(path)
    path.write_text("fields: {contract: 合同}", encoding="utf-8-sig")
    assert read_mapping(path).source("contract").column == "合同"


# --- as a whole ----------------------------------------------------------------------------------

_TEXT = st.text(
    st.characters(codec="utf-8", exclude_characters="\0") | st.sampled_from("'=+-@,;\"\t\r\n"),
    max_size=12,
).map(str.strip)
_ID = st.text(string.ascii_letters + string.digits + "-_.双十一", min_size=1, max_size=6)
_DATE = st.none() | st.dates(date(2000, 1, 1), date(2100, 12, 31))
_MINOR = st.none() | st.integers(0, 10**13)


@st.composite
def milestones(draw: st.DrawFn) -> TakenMilestone:
    baseline, current = draw(_DATE), draw(_DATE)
    submitted, accepted = draw(_DATE), draw(_DATE)
    return TakenMilestone(
        id=draw(_ID),
        title=draw(_TEXT),
        stage=draw(_TEXT),
        due=current or baseline,
        baseline_due=baseline if current else None,
        amount_minor=draw(_MINOR),
        status="accepted" if accepted else "submitted" if submitted else "defined",
        submitted_on=submitted,
        accepted_on=accepted,
    )


def cells(take_over: TakeOver, milestone: TakenMilestone) -> list[str]:
    amount = milestone.amount_minor
    values = {
        "contract": take_over.contract,
        "partner": take_over.partner,
        "client": take_over.client,
        "currency": take_over.currency,
        "timezone": take_over.timezone,
        "milestone": milestone.id,
        "title": milestone.title,
        "stage": milestone.stage,
        "amount": "" if amount is None else f"{amount // 100}.{amount % 100:02d}",
        "baseline_due": milestone.baseline_due or "",
        "current_due": milestone.due or "",
        "delivered": milestone.submitted_on or "",
        "approved": milestone.accepted_on or "",
    }
    return [escape_cell(str(values.get(name, ""))) for name in FIELDS]


@given(
    st.dictionaries(
        _ID,
        st.tuples(_TEXT, _TEXT, st.lists(milestones(), min_size=1, max_size=4)),
        min_size=1,
        max_size=4,
    ),
    st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "gb18030"]),
    st.sampled_from(",;\t|"),
    st.sampled_from(["\n", "\r\n"]),
    st.randoms(use_true_random=False),
)
def test_what_is_written_is_read_back(
    tmp_path_factory: pytest.TempPathFactory,
    contracts: dict[str, tuple[str, str, list[TakenMilestone]]],
    encoding: str,
    delimiter: str,
    line_end: str,
    shuffler: random.Random,
) -> None:
    expected = {
        name: TakeOver(
            contract=name,
            client=client,
            partner=partner,
            currency="CNY",
            timezone="Asia/Shanghai",
            milestones=tuple({milestone.id: milestone for milestone in plan}.values()),
        )
        for name, (client, partner, plan) in contracts.items()
    }
    rows = [cells(one, milestone) for one in expected.values() for milestone in one.milestones]
    shuffler.shuffle(rows)
    text = io.StringIO(newline="")
    # Everything quoted: a lone return is not quoted by the csv module before Python 3.13.
    writer = csv.writer(text, delimiter=delimiter, lineterminator=line_end, quoting=csv.QUOTE_ALL)
    writer.writerows([FIELDS, *rows])
    path = tmp_path_factory.mktemp("sheet") / "sheet.csv"
    path.write_bytes(text.getvalue().encode(encoding))

    reading = read_csv([path], Mapping(encoding=encoding if encoding == "gb18030" else ""))

    assert (reading.skipped, reading.warnings) == ([], [])
    found = {take_over.contract: take_over for take_over in reading.take_overs}
    assert found.keys() == expected.keys()
    for name, take_over in found.items():
        assert sorted(take_over.milestones, key=lambda m: m.id) == sorted(
            expected[name].milestones, key=lambda m: m.id
        )
        assert (take_over.client, take_over.partner) == (
            expected[name].client,
            expected[name].partner,
        )


_WORDS = ["-1", "1.5", "CNY", "M1", "2026-01-02", "2026-01-02T10:00Z", "upheld", "../UTC"]
_PIECES = st.sampled_from([*_WORDS, *"\"'=,;#/%~C双 \n\r\t\ufeff\x85"])
_JUNK = st.lists(_PIECES, max_size=60).map("".join)


@given(_JUNK.map(str.encode) | st.binary(max_size=60), st.booleans())
def test_whatever_a_file_holds_is_read_listed_or_refused(
    tmp_path_factory: pytest.TempPathFactory, junk: bytes, headed: bool
) -> None:
    path = tmp_path_factory.mktemp("junk") / "sheet.csv"
    path.write_bytes(
        (",".join(FIELDS[:1] + FIELDS[3:8]).encode() + b"\n" if headed else b"") + junk
    )
    try:
        read_csv([path])
    except InputInvalid as refused:
        assert refused.place.startswith(str(path))
        assert refused.hint


def test_ten_thousand_rows_are_read_in_a_moment_and_progress_sums_to_the_size(
    tmp_path: Path,
) -> None:
    lines = [",".join(PROMISED)]
    for n in range(10_000):
        day = f"2026-{n % 12 + 1:02d}-{n % 28 + 1:02d}"
        lines.append(
            f"C-{n % 2000},Studio {n % 2000},BrightWave,M{n // 2000},Title {n},build,"
            f"{n}.50,CNY,{day},{day},{day},{day},{day},{n}.50,{day},1.00,split,Asia/Shanghai,{day}"
        )
    path = tmp_path / "sheet.csv"
    path.write_text("\n".join(lines))
    told: list[int] = []
    start = time.process_time()
    reading = read_csv([path], progress=told.append)
    seconds = time.process_time() - start
    assert len(reading.take_overs) == 2000
    assert sum(len(one.payments) for one in reading.take_overs) == 10_000
    assert reading.skipped == []
    assert sum(told) == path.stat().st_size
    assert seconds < 3  # about a quarter of a second where nothing else runs


# --- what a map adds ----------------------------------------------------------------------------------


def test_a_cell_that_two_formats_read_differently_is_left_out(tmp_path: Path) -> None:
    formats = 'date_format: ["%d/%m/%Y", "%m/%d/%Y"]'
    rows = "C,M1,CNY,,13/01/2010,,\nC,M2,CNY,,01/02/2010,,\nC,M3,CNY,,02/02/2010,,\n"
    reading = read(tmp_path, f"{HEADER}\n{rows}", formats)
    ((place, reason),) = skipped(reading).items()
    assert place == "sheet.csv:3:delivered"
    assert "'01/02/2010' may be 2010-01-02 or 2010-02-01" in reason
    days = [m.submitted_on for m in only(reading).milestones]
    assert days == [date(2010, 1, 13), date(2010, 2, 2)]


def test_words_for_nothing_are_unknown_in_any_case_and_add_up_in_a_field(tmp_path: Path) -> None:
    text = f"{HEADER}\nC,M1,CNY,tbd,N/A,n/a,Pre-PQ Process\nC,M2,CNY,5,tbd,,\n"
    words = 'empty: ["N/A", "pre-pq process"]\nfields: {amount: {column: amount, empty: TBD}}'
    reading = read(tmp_path, text, words)
    assert list(skipped(reading)) == ["sheet.csv:3:delivered"]  # TBD is for amounts alone
    (milestone,) = only(reading).milestones
    assert (milestone.amount_minor, milestone.submitted_on) == (None, None)
    assert only(reading).payments == ()


def test_a_field_keeps_the_maps_notation_where_it_says_nothing_itself(tmp_path: Path) -> None:
    header = "contract;milestone;currency;amount;paid_amount;contract_value"
    settings = 'decimal_mark: ","\nscale: thousands\n'
    fields = "fields: {amount: {column: amount, scale: 万}, paid_amount: {column: paid_amount, decimal_mark: '.'}}"
    reading = read(tmp_path, f"{header}\nC;M1;CNY;1,5;2.5;10,25\n", settings + fields)
    found = only(reading)
    assert found.milestones[0].amount_minor == 1_500_000  # 1.5 times ten thousand yuan, in fen
    assert found.payments[0].amount_minor == 250_000
    assert found.value_minor == 1_025_000


@pytest.mark.parametrize(("scale", "minor"), [("'1'", 150), ("'10'", 1_500), ("'1000'", 150_000)])
def test_a_scale_is_one_or_a_power_of_ten(tmp_path: Path, scale: str, minor: int) -> None:
    reading = read(
        tmp_path, "contract,milestone,currency,amount\nC,M1,CNY,1.5\n", f"scale: {scale}"
    )
    assert only(reading).milestones[0].amount_minor == minor


@pytest.mark.parametrize(
    ("written", "kept", "remarks"),
    [("Terminated", "terminated", []), ("closed", "closed", ["status-unknown"])],
)
def test_a_contracts_status_value_title_and_signature_are_its_own_facts(
    tmp_path: Path, written: str, kept: str, remarks: list[str]
) -> None:
    header = "contract,milestone,currency,contract_status,contract_value,contract_title,signed_on"
    rows = f"C,M1,CNY,{written},900,Road,2020-01-05\nC,M2,CNY,{written},,,\nC,M3,CNY,,901,,\n"
    reading = read(tmp_path, f"{header}\n{rows}")
    found = only(reading)
    assert (found.source_status, found.value_minor) == (kept, 90_000)
    assert (found.title, found.signed_on) == ("Road", date(2020, 1, 5))
    assert warned(reading) == remarks
    assert list(skipped(reading)) == ["sheet.csv:4:contract_value"]


def test_labels_are_kept_under_their_names_and_have_to_agree(tmp_path: Path) -> None:
    header = "contract,milestone,currency,Land,Note"
    rows = "C,M1,CNY,Haiti,=1\nC,M1,CNY,,x\nC,M1,CNY,Peru,\n"
    reading = read(tmp_path, f"{header}\n{rows}", "labels: {country: Land, note: Note}")
    assert list(skipped(reading)) == ["sheet.csv:3:Note", "sheet.csv:4:Land"]
    assert only(reading).milestones[0].labels == {"country": "Haiti", "note": "=1"}
    assert warned(reading) == []


@pytest.mark.parametrize(
    ("map_text", "code"),
    [
        ("scale: dozens", "csv-map-scale"),
        ("scale: '1500'", "csv-map-scale"),
        ("rounding: down", "csv-map-rounding"),
        ("labels: {country: }", "csv-map-labels"),
        ("labels: {country: [a]}", "csv-map-shape"),
        ("empty: {a: b}", "csv-map-shape"),
        ("date_format: [[a]]", "csv-map-shape"),
        ("date_format: ['%d.%m.%Y', '%d.%m']", "csv-map-date-format"),
        ("fields: {amount: {constant: ten}}", "csv-map-constant"),
        ("labels: [Country]", "csv-column-missing"),
    ],
)
def test_a_setting_that_makes_no_sense_is_refused_with_its_place(
    tmp_path: Path, map_text: str, code: str
) -> None:
    with pytest.raises(InputInvalid) as refused:
        read(tmp_path, f"{HEADER}\nC,M1,CNY,1,,,\n", map_text)
    assert refused.value.code == code
    assert refused.value.hint and refused.value.place


def test_a_banks_map_takes_no_setting_that_it_has_no_use_for() -> None:
    from commands.bank.bank_csv import FIELDS as BANK

    for setting in ("scale: millions", "labels: [a]", "empty: ['-']", "rounding: half-up"):
        with pytest.raises(InputInvalid) as refused:
            parse_mapping(setting, "map", BANK)
        assert refused.value.code == "csv-map-setting-unknown"
    assert parse_mapping('date_format: ["%d.%m.%Y", "%d.%m.%y"]', "map", BANK).notation.date_formats


def test_a_sheets_rounded_amounts_are_kept_with_their_text(tmp_path: Path) -> None:
    header = "contract,milestone,currency,amount,paid_amount,contract_value"
    reading = read(
        tmp_path,
        f"{header}\nC,M1,CNY,0.125,0.375,9.999\n",
        'rounding: half-even\ndecimal_mark: "."',
    )
    found = only(reading)
    assert (found.milestones[0].amount_minor, found.milestones[0].source_amount) == (12, "0.125")
    assert (found.payments[0].amount_minor, found.payments[0].source_amount) == (38, "0.375")
    assert (found.value_minor, found.source_value) == (1000, "9.999")
    assert warned(reading) == ["amount-rounded"] * 3
    bare = read(tmp_path, f"{header}\nC,M1,CNY,0.125,,\nC,M2,CNY,,0.375,\n")
    assert [one.rule for one in bare.skipped] == ["amount-finer", "amount-finer"]


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_a_byte_order_mark_is_believed_before_the_map(tmp_path: Path, encoding: str) -> None:
    found = read(tmp_path, CHINESE.encode(encoding), "encoding: cp1252")
    assert only(found).milestones[0].title == "双十一"


def test_rows_that_an_open_quotation_mark_swallowed_are_read(tmp_path: Path) -> None:
    """The mark in line 2 is closed in line 4: the record is too wide, and lines 3 and 4 are read by themselves."""
    rows = ('C-1,M1,CNY,"one', "C-1,M2,CNY,two", 'C-1,M3,CNY,", and three"')
    reading = read(tmp_path, "\n".join(("contract,milestone,currency,title", *rows)) + "\n")
    assert [(m.id, m.title) for m in only(reading).milestones] == [
        ("M2", "two"),
        ("M3", ", and three"),
    ]
    says = "5 columns where the header has 4 (a quoted cell runs to line 4)"
    assert skipped(reading) == {"sheet.csv:2": says}


def test_a_payment_without_amount_is_the_amount_that_was_said_first(tmp_path: Path) -> None:
    """The row that says 200 contradicts the one before it, and is left out."""
    rows = ("C-1,M1,CNY,100,,,", "C-1,M1,CNY,200,,,", "C-1,M1,CNY,,,2026-01-05,")
    reading = read(tmp_path, "\n".join((HEADER, *rows)) + "\n")
    assert list(skipped(reading)) == ["sheet.csv:3:amount"]
    assert payments(reading) == [("M1:2026-01-05:100.00", 10_000)]


def test_an_outcome_alone_tells_of_a_dispute(tmp_path: Path) -> None:
    text = "contract,milestone,currency,dispute_outcome\nC-1,M1,CNY,upheld\nC-1,M2,CNY,\n"
    assert only(read(tmp_path, text)).disputes == (TakenDispute(milestone="M1", outcome="upheld"),)


def test_a_milestone_was_last_heard_of_when_its_latest_row_says(tmp_path: Path) -> None:
    text = "contract,milestone,as_of\nC-1,M1,2026-03-01\nC-1,M1,2026-05-01\nC-1,M1,2026-04-01\n"
    assert only(read(tmp_path, text)).heard_on == date(2026, 5, 1)


def test_a_contract_was_last_heard_of_when_the_milestone_heard_of_longest_ago_was(
    tmp_path: Path,
) -> None:
    text = "contract,milestone,as_of\nC-1,M1,2026-05-01\nC-1,M2,2026-03-01\nC-1,M3,\n"
    assert only(read(tmp_path, text)).heard_on == date(2026, 3, 1)


def test_columns_that_are_known_tell_the_delimiter_before_how_many_there_are(
    tmp_path: Path,
) -> None:
    """By commas the header would have five columns, none of which is known; by semicolons three, of which two are."""
    reading = read(tmp_path, "contract;milestone;notes, in a, b, c, d\nC-1;M1;x\n")
    assert (only(reading).contract, skipped(reading)) == ("C-1", {})


def test_a_contract_knows_of_no_part_that_one_of_its_milestones_does_not(tmp_path: Path) -> None:
    """Nothing is said of M2's delivery, nor of its acceptance: no column of its sheet tells of them."""
    read(tmp_path, "contract,milestone,delivered,paid_amount\nC-1,M1,,\n", name="a.csv")
    read(tmp_path, "contract,milestone,paid_amount\nC-1,M2,\n", name="b.csv")
    assert only(read_csv([tmp_path])).knows == ("payments",)
    assert only(read_csv([tmp_path / "a.csv"])).knows == ("deliveries", "payments")


def test_a_contradiction_names_the_row_that_said_it_first(tmp_path: Path) -> None:
    rows = ("C-1,M1,CNY,a", "C-1,M1,CNY,a", "C-1,M1,CNY,b")
    reading = read(tmp_path, "\n".join(("contract,milestone,currency,title", *rows)) + "\n")
    assert skipped(reading) == {"sheet.csv:4:title": "line 4 says b, but line 2 says a"}


def test_a_contracts_percent_sign_is_encoded_only_beside_a_number_sign(tmp_path: Path) -> None:
    text = "contract,milestone,currency\n50%,M1,CNY\n50%#1,M1,CNY\n"
    assert [one.contract for one in read(tmp_path, text).take_overs] == ["50%", "50%25%231"]


def test_a_column_that_a_map_gives_to_one_field_is_no_other_fields_own(tmp_path: Path) -> None:
    """`title` is read as the milestone's id, so nothing is left that could be its title."""
    text = "contract,title,currency\nC-1,Concept,CNY\n"
    (one,) = only(read(tmp_path, text, "fields: {milestone: title}\n")).milestones
    assert (one.id, one.title) == ("Concept", "")


def test_a_nul_is_named_with_the_line_that_it_stands_in(tmp_path: Path) -> None:
    path = tmp_path / "sheet.csv"
    path.write_bytes(b"contract,milestone\nC,M\0\n")
    with pytest.raises(InputInvalid) as refused:
        read_csv([path])
    assert refused.value.place == f"{path}:2"


def test_a_maps_delimiter_goes_before_the_one_that_the_header_suggests(tmp_path: Path) -> None:
    text = "contract|milestone|x,contract,milestone,title,currency\nC-1|M1|x\n"
    found = only(read(tmp_path, text, 'delimiter: "|"\n'))
    assert (found.contract, found.milestones[0].id) == ("C-1", "M1")


def test_a_contracts_status_that_is_no_known_word_is_warned_of_once(tmp_path: Path) -> None:
    text = "contract,milestone,currency,contract_status\n"
    reading = read(tmp_path, text + "C-1,M1,CNY,frozen\nC-1,M2,CNY,frozen\n")
    assert [(w.rule, w.place.rpartition("/")[2]) for w in reading.warnings] == [
        ("status-unknown", "sheet.csv:2:contract_status")
    ]


def test_what_several_sheets_tell_of_a_milestone_is_known_together(tmp_path: Path) -> None:
    read(tmp_path, "contract,milestone,delivered\nC-1,M1,\n", name="a.csv")
    read(tmp_path, "contract,milestone,paid_amount\nC-1,M1,\n", name="b.csv")
    assert only(read_csv([tmp_path])).knows == ("deliveries", "payments")


def test_disputes_of_one_day_over_other_amounts_are_two(tmp_path: Path) -> None:
    text = "contract,milestone,currency,disputed_on,dispute_amount\n"
    rows = "C-1,M1,CNY,2026-03-01,5\nC-1,M1,CNY,2026-03-01,6\n"
    reading = read(tmp_path, text + rows)
    assert [one.amount_minor for one in only(reading).disputes] == [500, 600]
    assert warned(reading) == []


def test_a_status_of_our_own_words_is_kept_as_it_is_written(tmp_path: Path) -> None:
    text = "contract,milestone,currency,contract_status\nC-1,M1,CNY,Frozen\nC-2,M1,CNY,ACTIVE\n"
    assert [one.source_status for one in read(tmp_path, text).take_overs] == ["Frozen", "active"]


def test_a_mark_of_big_endian_utf_16_is_believed(tmp_path: Path) -> None:
    text = "contract,milestone,currency\nC-1,M1,CNY\n"
    assert only(read(tmp_path, b"\xfe\xff" + text.encode("utf-16-be"))).contract == "C-1"


@pytest.mark.parametrize(
    ("header", "map_text", "detail"),
    [
        ("Amount", "", "not read: Amount (Did you mean amount?)"),
        ("Amount,amount", "", "not read: Amount (amount is read from amount)"),
        ("Amount,Sum", "fields: {amount: Sum}", "not read: Amount (amount is read from Sum)"),
        ("amount,Sum", "fields: {amount: Sum}", "not read: amount (amount is read from Sum)"),
    ],
)
def test_a_column_is_the_field_of_its_name_in_whatever_letters(
    tmp_path: Path, header: str, map_text: str, detail: str
) -> None:
    cells = ",".join("1" for _ in header.split(","))
    reading = read(tmp_path, f"contract,milestone,currency,{header}\nC,M1,CNY,{cells}\n", map_text)
    (warning,) = reading.warnings
    assert (warning.rule, warning.detail) == ("columns-ignored", detail)


def test_a_missing_column_in_other_letters_is_the_only_one_meant(tmp_path: Path) -> None:
    text = "contract,milestone,Amount,Amounts\nC,M1,1,1\n"
    with pytest.raises(InputInvalid) as refused:
        read(tmp_path, text, "fields: {amount: amount}")
    assert str(refused.value.hint).startswith("Did you mean Amount? ")


@pytest.mark.parametrize("ids", [("A#1", "A%231"), ("A%231", "A#1")])
def test_of_two_ids_that_would_be_kept_as_one_the_later_is_left_out(
    tmp_path: Path, ids: tuple[str, str]
) -> None:
    first, later = ids
    reading = read(tmp_path, f"contract,milestone,currency\n{first},M1,CNY\n{later},M2,CNY\n")
    assert [(found.contract, len(found.milestones)) for found in reading.take_overs] == [
        ("A%231", 1)
    ]
    says = f"{later!r} and {first!r} would both be kept as A%231: write one of them otherwise"
    assert skipped(reading) == {"sheet.csv:3:contract": says}


def test_milestones_ids_collide_only_within_their_contract(tmp_path: Path) -> None:
    rows = "C,M/1,CNY\nC,M%2F1,CNY\nD,M%2F1,CNY\nC,M/1,CNY\n"
    reading = read(tmp_path, f"contract,milestone,currency\n{rows}")
    says = "'M%2F1' and 'M/1' would both be kept as M%2F1: write one of them otherwise"
    assert skipped(reading) == {"sheet.csv:3:milestone": says}
    assert [found.contract for found in reading.take_overs] == ["C", "D"]


@pytest.mark.parametrize(("written", "said"), [("A%231", 1), ("A#1", 0), ("A%2F1", 0), ("A%1", 0)])
def test_of_an_id_as_another_is_kept_it_is_said_which_contract_it_is(
    tmp_path: Path, written: str, said: int
) -> None:
    """Nothing tells a later import which of the two an earlier one read: so it is said in either order."""
    reading = read(tmp_path, f"contract,milestone,currency\n{written},M1,CNY\n{written},M2,CNY\n")
    told = [w for w in reading.warnings if w.rule == "id-escaped"]
    places = [(Path(w.place).name, w.severity) for w in told]
    assert places == [("sheet.csv:2:contract", "low")] * said
    assert all("'A%231' is how 'A#1' is kept: the two are one contract" in w.detail for w in told)
