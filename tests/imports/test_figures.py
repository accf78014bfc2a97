"""Amounts as people write them in cells: understood exactly, or refused with the cell; never guessed."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from commands.imports.amounts import amount_of
from commands.imports.cells import AMOUNTS, Notation, converter, known_value
from commands.imports.figures import SCALES, Figure
from ledger.errors import InputInvalid
from ledger.money import EXPONENTS


@pytest.mark.parametrize(
    ("text", "currency", "minor"),
    [
        ("1200", "CNY", 120_000),
        ("1,200.50", "CNY", 120_050),
        ("1 200.50", "CNY", 120_050),
        ("1\u00a0200.50", "CNY", 120_050),
        ("1'200.50", "CHF", 120_050),
        ("12,345,678.9", "USD", 1_234_567_890),
        ("$1,200.00", "USD", 120_000),
        ("$ 1,200.00", "CAD", 120_000),
        ("US$5", "USD", 500),
        ("5 €", "EUR", 500),
        ("€5", "EUR", 500),
        ("¥5", "JPY", 5),
        ("￥5.00", "CNY", 500),
        ("5元", "CNY", 500),
        ("CNY 5", "CNY", 500),
        ("5 CNY", "CNY", 500),
        ("$5", "XXX", 500),
        ("(50.00)", "USD", -5_000),
        ("($1,050.00)", "USD", -105_000),
        ("50.00-", "USD", -5_000),
        ("-50.00", "USD", -5_000),
        ("\u221250.00", "USD", -5_000),
        ("-$50.00", "USD", -5_000),
        ("$-50.00", "USD", -5_000),
        ("+7", "USD", 700),
        ("100.1200000", "MXN", 10_012),
        ("0.5", "KWD", 500),
    ],
)
def test_an_amount_is_understood_to_the_minor_unit(text: str, currency: str, minor: int) -> None:
    assert Figure(text).amount(currency) == (minor, "")


@pytest.mark.parametrize(
    ("text", "currency", "code"),
    [
        ("ten", "CNY", "amount-invalid"),
        ("12 yuan", "CNY", "amount-invalid"),
        ("1.2E+05", "CNY", "amount-invalid"),
        ("1.234,50", "EUR", "amount-invalid"),
        ("1,23", "CNY", "amount-invalid"),
        ("0,500", "CNY", "amount-invalid"),
        ("1,200 300", "CNY", "amount-invalid"),
        ("12,34,567.00", "INR", "amount-invalid"),
        ("(50.00", "USD", "amount-invalid"),
        ("50.00)", "USD", "amount-invalid"),
        ("(-50.00)", "USD", "amount-invalid"),
        ("--5", "USD", "amount-invalid"),
        ("$5 USD", "USD", "amount-invalid"),
        ("ABC 5", "USD", "amount-invalid"),
        ("１２０", "CNY", "amount-invalid"),
        ("12万", "CNY", "amount-invalid"),
        ("", "CNY", "amount-invalid"),
        ("5 USD", "CNY", "amount-currency"),
        ("$5", "CNY", "amount-currency"),
        ("€5", "USD", "amount-currency"),
        ("USD 5", "XXX", "amount-currency"),
        ("1.005", "CNY", "amount-finer"),
        ("1.5", "JPY", "amount-finer"),
        ("1" + 15 * "0", "CNY", "amount-invalid"),
    ],
)
def test_what_could_mean_another_amount_is_refused_and_shown(
    text: str, currency: str, code: str
) -> None:
    with pytest.raises(InputInvalid) as refused:
        Figure(text).amount(currency)
    assert refused.value.code == code
    assert text[:20] in refused.value.message
    assert refused.value.hint


@pytest.mark.parametrize(
    ("text", "minor"),
    [("1.234,50", 123_450), ("1 234,5", 123_450), ("1234", 123_400), ("(7,00)", -700), ("5,-", 0)],
)
def test_a_decimal_comma_is_the_maps_choice(text: str, minor: int) -> None:
    figure = Figure(text, decimal_mark=",")
    if minor:
        assert figure.amount("EUR") == (minor, "")
    else:
        with pytest.raises(InputInvalid, match="with a decimal comma"):
            figure.amount("EUR")


@pytest.mark.parametrize(
    ("text", "currency", "minor"),
    [
        ("45.500", "EUR", None),  # 45.50, or 45,500.00 as in Germany
        ("-120.000 €", "EUR", None),
        ("1.000", "JPY", None),
        ("45.525", "EUR", None),
        ("0.525", "EUR", 53),
        ("1234.525", "EUR", 123_453),
        ("1.000", "KWD", 1_000),
        ("1234.500", "EUR", 123_450),
        ("0.500", "EUR", 50),
        ("45.50", "EUR", 4_550),
        ("1,000", "EUR", 100_000),
    ],
)
def test_a_point_that_may_part_thousands_has_to_be_said(
    text: str, currency: str, minor: int | None
) -> None:
    if minor is not None:
        assert Figure(text, decimal_mark="", rounding="half-up").amount(currency).minor == minor
        return
    for rounding in ("", "half-up"):  # how to round does not say what the point is
        with pytest.raises(InputInvalid) as refused:
            Figure(text, decimal_mark="", rounding=rounding).amount(currency)
        assert refused.value.code == "amount-ambiguous"
        assert "decimal_mark" in str(refused.value.hint)
    assert Figure("45.500", decimal_mark=".").amount("EUR").minor == 4_550
    assert Figure("45.500", decimal_mark=",").amount("EUR").minor == 4_550_000
    assert Figure("45.525", decimal_mark=".", rounding="half-up").amount("EUR").minor == 4_553
    assert Figure("45.525", decimal_mark=",", rounding="half-up").amount("EUR").minor == 4_552_500


def test_a_scale_multiplies_exactly_and_keeps_the_cells_own_text_where_that_is_finer() -> None:
    assert Figure("1.25", scale=SCALES["millions"]).amount("USD") == (125_000_000, "")
    assert Figure("0.1", scale=SCALES["万"]).amount("CNY") == (100_000, "")
    assert Figure("3", scale=SCALES["亿"]).amount("CNY") == (30_000_000_000, "")
    finer = Figure("1.2345678905", scale=10**6, rounding="half-up")
    assert finer.amount("USD") == (123_456_789, "1.2345678905")  # 1,234,567.8905 dollars
    with pytest.raises(InputInvalid, match="has 4 decimals, but USD has 2"):
        Figure("1.2345678905", scale=10**6).amount("USD")


@pytest.mark.parametrize(
    ("text", "rounding", "minor"),
    [("0.125", "half-up", 13), ("0.125", "half-even", 12), ("(0.125)", "half-up", -13)],
)
def test_rounding_goes_as_the_map_says_and_keeps_the_text(
    text: str, rounding: str, minor: int
) -> None:
    assert Figure(text, rounding=rounding).amount("CNY") == (minor, text)


@given(
    digits=st.integers(-(10**17), 10**17),
    places=st.integers(0, 12),
    currency=st.sampled_from(sorted(EXPONENTS)),
)
def test_every_number_is_exact_or_the_nearest_minor_unit_with_its_text(
    digits: int, places: int, currency: str
) -> None:
    number = Decimal(digits).scaleb(-places)
    scaled = Fraction(digits, 10**places) * 10 ** EXPONENTS[currency]
    try:
        minor, written = amount_of(number, currency)
    except InputInvalid:
        assert abs(scaled) >= 10**15 - 1
        return
    assert abs(scaled - minor) <= Fraction(1, 2)
    assert abs(minor) >= abs(scaled) or abs(scaled - minor) < Fraction(
        1, 2
    )  # a half goes away from zero
    assert bool(written) == (scaled != minor)
    if written:
        assert Decimal(written) == number


def test_a_plus_before_a_currency_sign_is_no_minus() -> None:
    assert (Figure("+€5").amount("EUR").minor, Figure("-€5").amount("EUR").minor) == (500, -500)


def test_an_amount_has_at_most_fifteen_digits_of_minor_units() -> None:
    assert amount_of(Decimal("9999999999999.99"), "CNY").minor == 10**15 - 1
    with pytest.raises(InputInvalid) as refused:
        amount_of(Decimal("10000000000000.00"), "CNY")
    assert refused.value.code == "amount-invalid"


def test_a_number_cell_has_its_own_decimal_point_whatever_mark_the_text_has() -> None:
    comma = Notation(decimal_mark=",")
    for name in AMOUNTS:
        found = known_value(name, Decimal("1200.5"), converter(name, comma), comma)
        assert found.amount("CNY").minor == 120_050


@pytest.mark.parametrize(
    ("number", "hint"),
    [
        ("45000", "If it stands for 2023-03-15, format the column as a date."),
        ("20000", "If it stands for 1954-10-03, format the column as a date."),
        ("80000", "If it stands for 2119-01-11, format the column as a date."),
        ("19999", "Format the column as a date, or write YYYY-MM-DD."),
        ("80001", "Format the column as a date, or write YYYY-MM-DD."),
        ("45000.5", "Format the column as a date, or write YYYY-MM-DD."),
    ],
)
def test_a_number_is_no_date_and_the_day_that_it_may_be_is_said(number: str, hint: str) -> None:
    """Spreadsheets count 15 March 2023 as day 45,000."""
    with pytest.raises(InputInvalid) as refused:
        known_value("delivered", Decimal(number), str, Notation())
    assert (refused.value.code, refused.value.hint) == ("date-invalid", hint)


def test_a_date_in_a_column_of_text_is_its_text() -> None:
    assert known_value("title", date(2026, 3, 1), str, Notation()) == "2026-03-01"


def test_a_billion_is_a_thousand_millions() -> None:
    assert Figure("2", scale=SCALES["billions"]).amount("JPY").minor == 2_000_000_000
