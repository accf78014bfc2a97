"""Money: amounts as people write them, one rounding, splits that lose nothing."""

from __future__ import annotations

from decimal import ROUND_HALF_EVEN, ROUND_HALF_UP, Decimal, localcontext
from fractions import Fraction
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.errors import InputInvalid
from ledger.money import (
    EXPONENTS,
    ROUNDINGS,
    canonical,
    display_minor,
    exponent,
    format_minor,
    parse_minor,
    parse_percent,
    percent_of,
    percent_text,
    round_minor,
    split,
)

# The decimal module's own rounding is the independent oracle of ours.
QUANTIZE = {"half-up": ROUND_HALF_UP, "half-even": ROUND_HALF_EVEN}

currencies = st.sampled_from(sorted(EXPONENTS))
amounts = st.integers(-(10**15) + 1, 10**15 - 1)
roundings = st.sampled_from(ROUNDINGS)
percents = st.decimals(-1000, 1000, allow_nan=False, places=6)


def quantized(value: Decimal, rounding: str) -> int:
    with localcontext() as wide:
        wide.prec = 100
        return int(value.quantize(Decimal(1), rounding=QUANTIZE[rounding]))


# --- currencies ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("currency", "digits"),
    [
        ("JPY", 0),
        ("KRW", 0),
        ("CNY", 2),
        ("USD", 2),
        ("AFN", 2),
        ("MXN", 2),
        ("KWD", 3),
        ("CLF", 4),
    ],
)
def test_a_currency_has_the_minor_unit_of_iso_4217(currency: str, digits: int) -> None:
    assert exponent(currency) == digits


def test_the_table_holds_every_active_currency_with_a_minor_unit() -> None:
    withdrawn = {"ANG", "BGN", "BYR", "CUC", "HRK", "LTL", "MRO", "SLL", "STD", "VEF", "ZWL"}
    assert len(set(EXPONENTS) - withdrawn - {"XXX"}) == 165
    assert {"XAD", "XCG", "ZWG", "SLE", "VED"} <= set(EXPONENTS)
    assert all(len(code) == 3 and code.isascii() and code.isupper() for code in EXPONENTS)


def test_history_in_a_withdrawn_currency_can_still_be_read() -> None:
    assert exponent("HRK") == 2
    assert exponent("BYR") == 0


def test_the_unknown_currency_has_two_decimals() -> None:
    assert exponent("XXX") == 2


@pytest.mark.parametrize("code", ["XAU", "XTS", "XDR"])
def test_a_code_without_a_minor_unit_holds_no_amount(code: str) -> None:
    with pytest.raises(InputInvalid) as refused:
        exponent(code)
    assert refused.value.code == "currency-unknown"


@pytest.mark.parametrize(
    ("typed", "meant"),
    [("usd", "USD"), (" CNY", "CNY"), ("RMB", "CNY"), ("cnh", "CNY"), ("EURO", "EUR")],
)
def test_an_unknown_currency_is_answered_with_the_one_meant(typed: str, meant: str) -> None:
    with pytest.raises(InputInvalid) as refused:
        parse_minor("1.00", typed)
    assert refused.value.code == "currency-unknown"
    assert repr(typed) in refused.value.message
    assert f"Did you mean {meant}" in refused.value.hint
    assert "ISO 4217" in refused.value.hint


def test_a_currency_like_no_other_gets_no_suggestion() -> None:
    with pytest.raises(InputInvalid) as refused:
        exponent("§§§")
    assert refused.value.hint.startswith("Use the three-letter code")


# --- amounts as text -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "currency", "minor"),
    [
        ("120000", "CNY", 12_000_000),
        ("120,000.00", "CNY", 12_000_000),
        ("1,311,264.00", "MXN", 131_126_400),
        ("0.05", "USD", 5),
        ("0.5", "USD", 50),
        ("-3.50", "USD", -350),
        ("+3.50", "USD", 350),
        ("-0", "USD", 0),
        ("0007", "USD", 700),
        ("1,200", "JPY", 1200),
        ("1.234", "KWD", 1234),
        ("1.2345", "CLF", 12345),
        ("9999999999999.99", "USD", 999_999_999_999_999),
        ("00009999999999999.99", "USD", 999_999_999_999_999),
    ],
)
def test_an_amount_is_read_exactly(text: str, currency: str, minor: int) -> None:
    assert parse_minor(text, currency) == minor


@pytest.mark.parametrize(
    "text",
    [
        *("", " ", "-", ".", ".5", "5.", "1 234.50", " 5", "5 ", "5\n", "--5", "5-", "(5)"),
        *("1,23", "1,2345", ",123", "1,,234", "12,34,567", "1234,567", "1.234,50", "1,234.5,0"),
        *("NaN", "inf", "Infinity", "1e3", "1E+2", "1_000", "0x10", "$5", "5 CNY", "5%"),
        *("１２", "٣", "1\u00a0234", "½", "5.00\x00"),
    ],
)
def test_what_is_not_plainly_an_amount_is_refused(text: str) -> None:
    with pytest.raises(InputInvalid) as refused:
        parse_minor(text, "USD")
    assert refused.value.code == "amount-invalid"
    assert repr(text) in refused.value.message
    assert "120,000.00" in refused.value.hint


@pytest.mark.parametrize(
    ("text", "currency", "allowed"),
    [
        ("1.005", "USD", "USD has 2 decimals"),
        ("1.500", "USD", "USD has 2 decimals"),
        ("100.0", "JPY", "JPY has no decimals"),
        ("1.2345", "KWD", "KWD has 3 decimals"),
    ],
)
def test_more_decimals_than_the_currency_has_are_refused(
    text: str, currency: str, allowed: str
) -> None:
    with pytest.raises(InputInvalid, match=allowed) as refused:
        parse_minor(text, currency)
    assert refused.value.facts == {"text": text, "currency": currency}


@pytest.mark.parametrize(
    ("text", "currency"),
    [("10000000000000.00", "USD"), ("1" + "0" * 15, "JPY"), ("9" * 5000, "USD")],
)
def test_more_than_fifteen_digits_of_minor_units_are_refused(text: str, currency: str) -> None:
    with pytest.raises(InputInvalid, match="more than 15 digits") as refused:
        parse_minor(text, currency)
    assert len(refused.value.message) < 120


@pytest.mark.parametrize(
    ("minor", "currency", "plain", "shown"),
    [
        (123_450, "CNY", "1234.50", "1,234.50"),
        (-5, "CNY", "-0.05", "-0.05"),
        (0, "CNY", "0.00", "0.00"),
        (-120_000, "JPY", "-120000", "-120,000"),
        (1_234_567, "KWD", "1234.567", "1,234.567"),
        (-98_765_432_109_876, "CLF", "-9876543210.9876", "-9,876,543,210.9876"),
    ],
)
def test_an_amount_is_written_exactly(minor: int, currency: str, plain: str, shown: str) -> None:
    assert format_minor(minor, currency) == plain
    assert display_minor(minor, currency) == shown


@given(amounts, currencies)
def test_what_is_written_reads_back_as_the_same_amount(minor: int, currency: str) -> None:
    assert parse_minor(format_minor(minor, currency), currency) == minor
    assert parse_minor(display_minor(minor, currency), currency) == minor


@given(st.text(max_size=12))
def test_any_text_is_an_amount_or_a_named_refusal(text: str) -> None:
    try:
        minor = parse_minor(text, "CNY")
    except InputInvalid as refused:
        assert refused.code == "amount-invalid"
    else:
        assert Decimal(format_minor(minor, "CNY")) == Decimal(text.replace(",", ""))


# --- rounding ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "half_up", "half_even"),
    [
        ("0.5", 1, 0),
        ("1.5", 2, 2),
        ("2.5", 3, 2),
        ("-0.5", -1, 0),
        ("-1.5", -2, -2),
        ("-2.5", -3, -2),
        ("2.4999999999999999999999999999999999", 2, 2),
        ("2.5000000000000000000000000000000001", 3, 3),
    ],
)
def test_a_half_goes_away_from_zero_or_to_the_even(
    value: str, half_up: int, half_even: int
) -> None:
    assert round_minor(Decimal(value), "half-up") == half_up
    assert round_minor(Decimal(value), "half-even") == half_even


def test_thirds_and_whole_numbers_are_rounded_too() -> None:
    assert round_minor(Fraction(200, 3), "half-up") == 67
    assert round_minor(Fraction(-7, 2), "half-even") == -4
    assert round_minor(7, "half-up") == 7


@given(st.decimals(-(10**12), 10**12, allow_nan=False), roundings)
def test_rounding_agrees_with_the_decimal_module(value: Decimal, rounding: str) -> None:
    assert round_minor(value, rounding) == quantized(value, rounding)


@given(st.integers(-(10**15), 10**15), roundings)
def test_every_half_agrees_with_the_decimal_module(whole: int, rounding: str) -> None:
    half = Decimal(whole) + Decimal("0.5")
    assert round_minor(half, rounding) == quantized(half, rounding)
    assert round_minor(Fraction(2 * whole + 1, 2), rounding) == quantized(half, rounding)


def test_a_rounding_nobody_named_is_our_own_mistake() -> None:
    for rounding in ("", "half-down", "HALF-UP"):
        with pytest.raises(ValueError, match="rounding"):
            round_minor(1, rounding)
        with pytest.raises(ValueError, match="rounding"):
            percent_of(100, Decimal(1), rounding)


# --- percentages ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("base", "percent", "expected"),
    [
        ("40000.00", "10", "4000.00"),  # oracle A1a: retainage of a line
        ("200000.00", "10", "20000.00"),  # oracle A1b: retainage of the summary sheet
        ("12000.00", "5", "600.00"),  # oracle A4: retainage of a billed line
        ("2000000.00", "5", "100000.00"),  # oracle C1: the most an incentive should pay
        ("100000.00", "80", "80000.00"),  # oracle G1: recovery of an advance
        ("600000.00", "0.1", "600.00"),  # oracle B4: a day's damages on the part not performed
    ],
)
def test_percentages_agree_with_published_figures(base: str, percent: str, expected: str) -> None:
    for rounding in ROUNDINGS:
        minor = percent_of(parse_minor(base, "USD"), Decimal(percent), rounding)
        assert format_minor(minor, "USD") == expected


def test_a_daily_rate_is_rounded_once_after_the_days_are_counted() -> None:
    # Oracle B4: 0.001 a day on 600,000.00 for 10 days. E1: never round an intermediate.
    assert percent_of(60_000_000, Decimal("0.1") * 10, "half-up") == 600_000
    assert percent_of(45, Decimal(1) * 10, "half-up") == 5
    assert percent_of(45, Decimal(1), "half-up") * 10 == 0


@pytest.mark.parametrize(
    ("base", "half_up", "half_even"), [(5, 1, 0), (15, 2, 2), (-5, -1, 0), (-25, -3, -2), (4, 0, 0)]
)
def test_a_percentage_rounds_its_half_by_the_contracts_choice(
    base: int, half_up: int, half_even: int
) -> None:
    assert percent_of(base, Decimal(10), "half-up") == half_up
    assert percent_of(base, Decimal(10), "half-even") == half_even


@given(amounts, percents, roundings)
def test_a_percentage_agrees_with_the_decimal_module(
    base: int, percent: Decimal, rounding: str
) -> None:
    with localcontext() as wide:
        wide.prec = 100
        exact = base * percent / 100
    assert percent_of(base, percent, rounding) == quantized(exact, rounding)


@given(amounts, percents, roundings)
def test_no_result_depends_on_the_decimal_context(
    base: int, percent: Decimal, rounding: str
) -> None:
    with localcontext() as narrow:
        narrow.prec = 1
        found = percent_of(base, percent, rounding), round_minor(percent, rounding)
        text = percent_text(percent)
    assert found == (percent_of(base, percent, rounding), round_minor(percent, rounding))
    assert parse_percent(text) == percent


@given(amounts, percents)
def test_a_negative_base_mirrors_the_positive_one(base: int, percent: Decimal) -> None:
    for rounding in ROUNDINGS:
        assert percent_of(-base, percent, rounding) == -percent_of(base, percent, rounding)


@pytest.mark.parametrize(
    ("text", "percent"),
    [
        ("0.5%", "0.5"),
        ("0.5 %", "0.5"),
        ("5.00%", "5"),
        ("100%", "100"),
        ("-2%", "-2"),
        ("0%", "0"),
    ],
)
def test_a_percentage_is_read_exactly(text: str, percent: str) -> None:
    assert str(parse_percent(text)) == percent


@pytest.mark.parametrize(
    "text",
    [
        "",
        "%",
        "5",
        "0.05",
        "5  %",
        " 5%",
        "5% ",
        "5%%",
        ".5%",
        "5.%",
        "0,5%",
        "5％",
        "1e2%",
        "NaN%",
    ],
)
def test_what_is_not_plainly_a_percentage_is_refused(text: str) -> None:
    with pytest.raises(InputInvalid) as refused:
        parse_percent(text)
    assert refused.value.code == "percent-invalid"
    assert repr(text) in refused.value.message


def test_a_percentage_finer_than_can_be_stored_is_refused_by_its_own_name() -> None:
    with pytest.raises(InputInvalid) as refused:
        parse_percent("0.0000001%")
    assert refused.value.code == "percent-invalid"


def test_a_percentage_is_written_without_trailing_zeros() -> None:
    assert percent_text(Decimal("0.50")) == "0.5%"
    assert percent_text(Decimal("1E+2")) == "100%"


# --- splits --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("total", "weights", "parts"),
    [
        (100, [1, 1, 1], [34, 33, 33]),
        (200, [1, 1, 1], [67, 67, 66]),
        (-100, [1, 1, 1], [-34, -33, -33]),
        (10, [3, 3, 1], [4, 4, 2]),  # shares 4.29, 4.29, 1.43: the largest remainder is the last
        (1, [1, 5], [0, 1]),
        (5, [0, 1, 0, 1], [0, 3, 0, 2]),
        (0, [1, 2], [0, 0]),
        (7, [9], [7]),
    ],
)
def test_a_split_serves_the_largest_remainder_and_then_the_earlier(
    total: int, weights: list[int], parts: list[int]
) -> None:
    assert split(total, weights) == parts


@pytest.mark.parametrize("weights", [[], [0], [0, 0], [1, -1], [3, -1]])
def test_weights_without_a_positive_whole_are_our_own_mistake(weights: list[int]) -> None:
    with pytest.raises(ValueError, match="weights"):
        split(100, weights)


@given(amounts, st.lists(st.integers(0, 10**9), min_size=1, max_size=12).filter(any))
def test_parts_sum_to_the_whole_and_stay_within_one_unit_of_their_share(
    total: int, weights: list[int]
) -> None:
    parts = split(total, weights)
    assert sum(parts) == total
    assert split(-total, weights) == [-part for part in parts]
    for part, weight in zip(parts, weights, strict=True):
        assert abs(part - Fraction(total * weight, sum(weights))) < 1
        assert weight or not part


@given(amounts, st.lists(st.integers(0, 1000), min_size=2, max_size=8).filter(any))
def test_of_equal_weights_the_earlier_gets_no_less(total: int, weights: list[int]) -> None:
    parts = split(abs(total), weights)
    for earlier, weight in enumerate(weights):
        for later in range(earlier + 1, len(weights)):
            if weights[later] == weight:
                assert parts[earlier] - parts[later] in (0, 1)


# --- canonical decimals --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("0.50", "0.5"),
        ("1E+2", "100"),
        ("-0", "0"),
        ("-0.00", "0"),
        ("0E+900", "0"),
        ("+007.10", "7.1"),
        ("100", "100"),
        ("-1200.000", "-1200"),
        ("0.000001", "0.000001"),
        ("0.00000123", "0.00000123"),
        (Decimal("5E-2"), "0.05"),
        (Decimal("-1E+27"), "-1" + "0" * 27),
        (120, "120"),
        (-10, "-10"),
    ],
)
def test_a_decimal_has_one_text_without_exponent(value: Decimal | str | int, text: str) -> None:
    assert str(canonical(value)) == text


@pytest.mark.parametrize(
    "value",
    [
        *(
            "NaN",
            "sNaN",
            "inf",
            "-Infinity",
            "",
            " 1",
            "1_000",
            "1,5",
            "five",
            ".5",
            "１",
            "1e9999",
        ),
        *(Decimal("NaN"), Decimal("sNaN"), Decimal("-Infinity"), Decimal("1E+999999")),
        *("0.0000001", "1e-7", "1" * 29, "1E+28", "0." + "1" * 29, 10**28 + 1),
    ],
)
def test_what_has_no_such_text_is_refused(value: Decimal | str | int) -> None:
    with pytest.raises(InputInvalid) as refused:
        canonical(value)
    assert refused.value.code == "number-invalid"


def test_a_float_is_never_taken_for_a_decimal() -> None:
    with pytest.raises(TypeError, match="float"):
        canonical(cast(Any, 0.1))


@given(st.decimals(-(10**20), 10**20, allow_nan=False, places=6))
def test_equal_decimals_have_equal_text(value: Decimal) -> None:
    found = canonical(value)
    assert found == value
    assert "E" not in str(found)
    assert str(canonical(str(value))) == str(canonical(found)) == str(found)
    assert not ("." in str(found) and str(found).endswith("0"))
