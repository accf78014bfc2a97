"""Rates are exact text with four digits, their intervals Wilson's, and no data is null."""

from __future__ import annotations

from fractions import Fraction
from math import isqrt
from statistics import NormalDist

import pytest
from hypothesis import given
from hypothesis import strategies as st

from projections.metrics.answer import tallied
from projections.metrics.rates import Z, money, rate, value_rate, wilson


@st.composite
def counts(draw: st.DrawFn) -> tuple[int, int]:
    denominator = draw(st.integers(1, 10**6))
    return draw(st.integers(0, denominator)), denominator


@pytest.mark.parametrize(
    ("numerator", "denominator", "expected"),
    [
        (9, 12, "0.7500"),
        (1, 3, "0.3333"),
        (2, 3, "0.6667"),
        (4, 500, "0.0080"),
        (1, 20_000, "0.0001"),  # exactly half of the last digit goes up
        (1, 20_001, "0.0000"),
        (0, 5, "0.0000"),
        (5, 5, "1.0000"),
        (0, 0, None),
    ],
)
def test_a_rate_is_rounded_half_up_to_four_digits_and_null_without_data(
    numerator: int, denominator: int, expected: str | None
) -> None:
    assert rate(numerator, denominator) == expected


@pytest.mark.parametrize(
    ("numerator", "denominator", "expected"),
    [
        (1, 3, ["0.0615", "0.7923"]),
        (2, 3, ["0.2077", "0.9385"]),
        (1, 4, ["0.0456", "0.6994"]),
        (2, 4, ["0.1500", "0.8500"]),
        (9, 12, ["0.4677", "0.9111"]),
        (0, 0, None),
    ],
)
def test_intervals_are_those_of_the_scenario_and_the_interface_page(
    numerator: int, denominator: int, expected: list[str] | None
) -> None:
    assert wilson(numerator, denominator) == expected


def test_z_is_the_quantile_of_the_normal_distribution() -> None:
    assert float(Z) == pytest.approx(NormalDist().inv_cdf(0.975), abs=1e-14)


def text(value: Fraction) -> str:
    """Half up to four digits, from an exact fraction in [0, 1]."""
    scaled = int(value * 10**4 + Fraction(1, 2))
    return f"{scaled // 10**4}.{scaled % 10**4:04d}"


def root(value: Fraction) -> Fraction:
    """A square root from below, to 40 digits."""
    return Fraction(isqrt(int(value * 10**80)), 10**40)


@given(counts())
def test_intervals_agree_with_the_textbook_formula_in_fractions(found: tuple[int, int]) -> None:
    numerator, n = found
    z, share = Fraction("1.959963984540054"), Fraction(numerator, n)
    middle = (share + z * z / (2 * n)) / (1 + z * z / n)
    reach = z / (1 + z * z / n) * root(share * (1 - share) / n + z * z / (4 * n * n))
    low, high = max(Fraction(0), middle - reach), min(Fraction(1), middle + reach)
    assert wilson(numerator, n) == [text(low), text(high)]


@given(counts())
def test_an_interval_holds_its_rate_and_mirrors_that_of_the_misses(found: tuple[int, int]) -> None:
    numerator, denominator = found
    interval, misses = wilson(numerator, denominator), wilson(denominator - numerator, denominator)
    shown = rate(numerator, denominator)
    assert interval is not None and misses is not None and shown is not None
    assert "0.0000" <= interval[0] <= shown <= interval[1] <= "1.0000"
    assert abs(Fraction(interval[0]) + Fraction(misses[1]) - 1) <= Fraction(1, 10**4)


def test_none_and_all_reach_the_ends_exactly() -> None:
    assert wilson(0, 7) == ["0.0000", "0.3543"]
    assert wilson(7, 7) == ["0.6457", "1.0000"]


def test_a_rate_by_value_is_null_across_currencies_and_without_data() -> None:
    assert value_rate({"CNY": (4_500_000, 60_000_000)}) == "0.0750"
    assert value_rate({"CNY": (1, 2), "USD": (0, 0)}) is None
    assert value_rate({"CNY": (0, 0)}) is None
    assert value_rate({}) is None


def test_money_is_exact_text_beside_its_currency() -> None:
    assert money(123450, "CNY") == {"amount": "1234.50", "currency": "CNY"}
    assert money(-500, "JPY") == {"amount": "-500", "currency": "JPY"}


def test_currencies_are_told_in_their_order_whatever_the_order_of_the_rows() -> None:
    rows = [
        {"grp": None, "numerator": 1, "denominator": 2, "members": 1, "currency": currency}
        | {"numerator_minor": minor, "denominator_minor": 400}
        for currency, minor in (("USD", 100), ("CNY", 300), ("USD", 50))
    ]
    overall, _ = tallied(rows)
    assert [(one["currency"], one["rate"]) for one in overall.by_currency()] == [
        ("CNY", "0.7500"),
        ("USD", "0.1875"),
    ]
    assert (overall.numerator, overall.denominator) == (3, 6)
