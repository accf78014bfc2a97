"""A title that states a scale is never taken in whole units in silence: the map says what one stands for."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from openpyxl import Workbook

from commands.imports.csv_reader import read_csv
from commands.imports.found import Reading
from commands.imports.mapping import Mapping, parse_mapping
from commands.imports.scales import scales_in
from commands.imports.xlsx_reader import read_xlsx
from ledger.errors import InputInvalid

# Titles as sheets of several countries have them, by what the words mean there: lakh and crore as in the Reserve
# Bank of India's tables, 万 and 亿 as in China's annual reports, TEUR and Mrd. as in Germany's.
STATED = {
    10**3: (
        "amount (in thousands)|Betrag TEUR|k USD|kUSD|amount_usd_k|amount_kusd|USD k|Budget (k€)|€k|€ '000|$000"
        "|$'000s|Amount (000s)|USD (’000)|amountInThousands|Amount (K)|Value, k|Betrag in T€|Betrag (Tsd. €)"
        "|Amount (x 1,000)|Betrag in 1.000 EUR|1000 EUR|Amounts in $1,000s|Amount 10^3 USD|TCHF|belopp (tkr)"
        "|Montant en milliers d'euros|Importe (miles de euros)|Kwota (tys. zł)|Сумма, тыс. руб."
        "|金额(千元)|金額（千円）|금액(천원)"
    ),
    10**4: "金额(万元)|金额（万元）|合同金额万元|万美元|金额/万元|付款(万)|萬元|금액(만원)",
    10**5: "Amount (Rs lakh)|金额(十万元)",
    10**6: (
        "USD mn|USD m|$m|EUR M|MEUR|mUSD|$MM|Amount (million)|Betrag Mio.|M€|US$ mn|EURmn|Budget (mUSD)|Mkr"
        "|млн руб.|Valor (R$ mi)|合同金额（百万元）|百万円|$ 000,000"
    ),
    10**7: "INR crore|₹ Cr",
    10**8: "金额(亿元)|億円",
    10**9: "USD bn|Mrd. €|billions of USD|Md€|млрд",
}
PLAIN = (
    "amount|Betrag EUR|Amount (EUR)|Amount in USD|金额|金额（元）|万达项目金额|千禧年金额|Paid amount 2024|Amount Cr"
    "|Milestone 1 amount|M1 amount|Montant TTC|Amount (a)|Amount (b)|Cost miles|Party M|MARS AMOUNT|Ball amount"
    "|Amount kr|Unit price per 100|Invoice 2000|Budget 2020/21|K-12 grant amount|T&M amount|Amount incl. 19% VAT"
)


@pytest.mark.parametrize("scale", STATED)
def test_a_title_states_its_scale_as_its_country_writes_it(scale: int) -> None:
    titles = STATED[scale].split("|")
    assert {title: scales_in(title)[:1] for title in titles} == dict.fromkeys(titles, (scale,))


def test_a_title_without_a_scale_states_none() -> None:
    assert [title for title in PLAIN.split("|") if scales_in(title)] == []


def test_m_beside_a_currency_may_be_millions_or_the_thousands_of_accountants() -> None:
    assert scales_in("$M") == (10**6, 10**3)
    assert scales_in("$MM") == (10**6,)


# --- what follows ----------------------------------------------------------------------------------


def read(folder: Path, titles: str, cells: str, map_text: str) -> Reading:
    path = folder / "sheet.csv"
    path.write_text(f"contract;milestone;currency;{titles}\nC;M1;EUR;{cells}\n", "utf-8")
    return read_csv([path], parse_mapping(map_text))


def refusal(folder: Path, titles: str, map_text: str) -> InputInvalid:
    with pytest.raises(InputInvalid) as refused:
        read(folder, titles, ";".join("1" for _ in titles.split(";")), map_text)
    return refused.value


def amounts(reading: Reading) -> tuple[int | None, int | None]:
    (taken,) = reading.take_overs
    return taken.milestones[0].amount_minor, taken.value_minor


@pytest.mark.parametrize(
    "title", ["Betrag TEUR", "Betrag, in k: [EUR]", 'amount "k EUR" #2', "金额(千元)"]
)
def test_a_scale_that_nobody_said_is_refused_with_the_line_that_says_it(
    tmp_path: Path, title: str
) -> None:
    cell = '"{}"'.format(title.replace('"', '""'))
    bad = refusal(tmp_path, cell, f"fields: {{amount: '{title}'}}")
    assert (bad.code, bad.place) == ("csv-scale-unsaid", f"{tmp_path / 'sheet.csv'}:1")
    assert title in bad.message
    assert "thousands" in bad.message
    lines = re.findall(r"`(amount: [^`]+)`", bad.hint)
    reading = read(tmp_path, cell, "1.25", f"fields:\n  {lines[0]}\n")
    assert amounts(reading)[0] == 125_000  # 1,250 euros in cents
    whole = lines[0].replace("scale: thousands", "scale: 1")
    assert amounts(read(tmp_path, cell, "1.25", f"fields:\n  {whole}\n"))[0] == 125


def test_all_columns_in_question_are_named_at_once(tmp_path: Path) -> None:
    fields = "fields: {amount: Line (k€), contract_value: Budget (M€), paid_amount: Paid}"
    bad = refusal(tmp_path, "Line (k€);Budget (M€);Paid", fields)
    assert (
        "'Line (k€)' seems to state thousands; 'Budget (M€)' seems to state millions or thousands"
        in bad.message
    )
    assert bad.facts["columns"] == {
        "Line (k€)": ["thousands"],
        "Budget (M€)": ["millions", "thousands"],
    }
    lines = "".join(f"  {line}\n" for line in re.findall(r"`(\w+: \{[^`]+)`", bad.hint))
    reading = read(
        tmp_path, "Line (k€);Budget (M€);Paid", "10;0.5;4", f"fields:\n{lines}  paid_amount: Paid\n"
    )
    assert amounts(reading) == (1_000_000, 50_000_000)
    assert reading.take_overs[0].payments[0].amount_minor == 400


def test_one_scale_of_the_whole_map_settles_every_column(tmp_path: Path) -> None:
    fields = "fields: {amount: Line (k€), contract_value: Sum (k€)}"
    assert amounts(read(tmp_path, "Line (k€);Sum (k€)", "1;2", f"scale: thousands\n{fields}")) == (
        100_000,
        200_000,
    )
    assert amounts(read(tmp_path, "Line (k€);Sum (k€)", "1;2", f"scale: '1'\n{fields}")) == (
        100,
        200,
    )


def test_a_scale_other_than_the_title_states_is_taken_and_told(tmp_path: Path) -> None:
    fields = "scale: thousands\nfields: {amount: Line (k€), contract_value: Budget (Mio. €)}"
    reading = read(tmp_path, "Line (k€);Budget (Mio. €)", "1;2", fields)
    assert amounts(reading) == (100_000, 200_000)
    (told,) = [one for one in reading.warnings if one.rule == "scale-as-mapped"]
    assert told.place == f"{tmp_path / 'sheet.csv'}:1:Budget (Mio. €)"
    assert (
        told.detail
        == "'Budget (Mio. €)' seems to state millions: one is taken as thousands, as the map says"
    )
    assert told.severity == "low"


def test_a_title_of_what_is_no_amount_may_say_what_it_likes(tmp_path: Path) -> None:
    reading = read(tmp_path, "k EUR;amount", "text;1", "fields: {title: k EUR}")
    assert amounts(reading)[0] == 100
    assert reading.take_overs[0].milestones[0].title == "text"


def test_a_workbooks_title_is_heard_too_and_its_numbers_are_scaled_exactly(tmp_path: Path) -> None:
    book = Workbook()
    for row in (("contract", "milestone", "currency", "金额(万元)"), ("C", "M1", "CNY", 0.1)):
        book.active.append(list(row))
    book.save(tmp_path / "a.xlsx")
    unsaid = parse_mapping("fields: {amount: 金额(万元)}")
    with pytest.raises(InputInvalid) as refused:
        read_xlsx([tmp_path / "a.xlsx"], unsaid)
    assert refused.value.code == "csv-scale-unsaid"
    (line,) = re.findall(r"`(amount: [^`]+)`", refused.value.hint)
    reading = read_xlsx([tmp_path / "a.xlsx"], parse_mapping(f"fields:\n  {line}\n"))
    assert amounts(reading)[0] == 100_000  # a thousand yuan in fen


def test_the_products_own_names_state_no_scale(tmp_path: Path) -> None:
    path = tmp_path / "sheet.csv"
    path.write_text("contract,milestone,currency,amount\nC,M1,EUR,1\n", "utf-8")
    assert amounts(read_csv([path], Mapping()))[0] == 100
