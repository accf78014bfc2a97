"""Rates of exchange: the file that lists them, the one in force on a day, and exact conversion."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from commands.rates_file import Rates, converted, parse_rate, parse_rates, read_rates
from ledger.errors import InputInvalid
from ledger.money import exponent

TEXT = """date,from,to,rate,source
2026-11-20,CNY,USD,0.1392,a bank
2026-11-02,CNY,USD,0.1385,a bank
2026-11-20,KWD,CNY,23.105,'=a bank
"""


def found(rates: Rates, base: str, quote: str, on: str) -> tuple[str, str, bool] | None:
    rate = rates.find(base, quote, date.fromisoformat(on))
    return None if rate is None else (str(rate.rate), str(rate.on), rate.inverse)


def test_the_latest_rate_on_or_before_the_day_is_in_force() -> None:
    rates = parse_rates(TEXT)
    assert found(rates, "CNY", "USD", "2026-11-01") is None
    assert found(rates, "CNY", "USD", "2026-11-02") == ("0.1385", "2026-11-02", False)
    assert found(rates, "CNY", "USD", "2026-11-19") == ("0.1385", "2026-11-02", False)
    assert found(rates, "CNY", "USD", "2027-01-01") == ("0.1392", "2026-11-20", False)
    assert found(rates, "CNY", "CNY", "2026-11-01") == ("1", "2026-11-01", False)
    assert found(rates, "CNY", "JPY", "2026-11-20") is None


def test_a_pair_listed_the_other_way_round_is_turned_about_and_says_so() -> None:
    rate = parse_rates(TEXT).find("CNY", "KWD", date(2026, 11, 20))
    assert rate is not None
    assert rate.inverse
    assert (str(rate.rate), rate.source) == ("0.0432806751785", "=a bank (inverse of 23.105)")


@pytest.mark.parametrize(
    ("minor", "base", "quote", "rate", "expected"),
    [
        (10_000_00, "CNY", "USD", "0.139", 139_000),
        (10_000_00, "CNY", "JPY", "21.345", 213_450),
        (213_450, "JPY", "CNY", "0.0468", 998_946),
        (1_234_567, "KWD", "USD", "3.2555", 401_913),
        (1, "CNY", "USD", "0.5", 1),
        (-1, "CNY", "USD", "0.5", -1),
    ],
)
def test_conversion_is_exact_and_rounds_once(
    minor: int, base: str, quote: str, rate: str, expected: int
) -> None:
    assert converted(minor, base, quote, Decimal(rate), "half-up") == expected


@given(
    st.integers(0, 10**15),
    st.sampled_from(["CNY", "JPY", "KWD", "USD"]),
    st.sampled_from(["CNY", "JPY", "KWD", "USD"]),
    st.decimals("0.0001", "10000", places=4),
)
def test_conversion_is_never_off_by_more_than_half_a_minor_unit(
    minor: int, base: str, quote: str, rate: Decimal
) -> None:
    exact = Fraction(minor) * Fraction(rate) / 10 ** exponent(base) * 10 ** exponent(quote)
    assert abs(converted(minor, base, quote, rate, "half-even") - exact) <= Fraction(1, 2)


@pytest.mark.parametrize(
    ("text", "code", "place"),
    [
        ("day,from,to,rate\n", "rates-column", "rates:1"),
        ("", "rates-column", "rates:1"),
        ("date,from,to,rate\n2026-02-30,CNY,USD,1\n", "rates-row", "rates:2:date"),
        ("date,from,to,rate\n2026-02-20,CNX,USD,1\n", "rates-row", "rates:2:from"),
        ("date,from,to,rate\n2026-02-20,CNY,US,1\n", "rates-row", "rates:2:to"),
        ("date,from,to,rate\n2026-02-20,CNY,USD,0\n", "rates-row", "rates:2:rate"),
        ("date,from,to,rate\n2026-02-20,CNY,USD,-1\n", "rates-row", "rates:2:rate"),
        ("date,from,to,rate\n2026-02-20,CNY,USD,=1+1\n", "rates-row", "rates:2:rate"),
        ("date,from,to,rate\n2026-02-20,CNY,USD\n", "rates-row", "rates:2:rate"),
        ('date,from,to,rate\n2026-02-20,CNY,USD,"1\n', "rates-csv", "rates:2"),
        (
            "date,from,to,rate\n2026-02-20,CNY,USD,1\n\n2026-02-20,CNY,USD,2\n",
            "rates-contradict",
            "rates:4:rate",
        ),
    ],
)
def test_a_faulty_file_is_refused_with_its_place(text: str, code: str, place: str) -> None:
    with pytest.raises(InputInvalid) as refused:
        parse_rates(text)
    assert (refused.value.code, refused.value.place) == (code, place)


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    file = tmp_path / "rates.csv"
    with pytest.raises(InputInvalid, match="cannot be read"):
        read_rates(file)
    file.write_bytes(b"date,from,to,rate\n2026-02-20,CNY,USD,1,\xff\n")
    with pytest.raises(InputInvalid, match="not UTF-8") as refused:
        read_rates(file)
    assert refused.value.place.endswith("rates.csv:byte 39")


@pytest.mark.parametrize("text", ["0", "-1", "1e400", "NaN", "", "7,1", "=1"])
def test_what_is_no_rate_is_refused(text: str) -> None:
    with pytest.raises(InputInvalid) as refused:
        parse_rate(text)
    assert refused.value.code == "rate-invalid"
