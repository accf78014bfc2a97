"""Measured values as people write them: understood exactly or refused, never something else."""

from __future__ import annotations

import re
from decimal import Decimal

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ledger.errors import InputInvalid
from ledger.written import measure, measure_text, parse_measure

UNITS = st.sampled_from(["", "%", "days", "MΩ", "m2", "kg CO2", "€", "°C", "‰", "visitors per day"])
DIGITS = st.text("0123456789", min_size=1, max_size=9)


def grouped(digits: str) -> str:
    """The digits in groups of three from the right, as an independent hand would set them."""
    whole = digits.lstrip("0") or "0"
    groups: list[str] = []
    while whole:
        groups.insert(0, whole[-3:])
        whole = whole[:-3]
    return ",".join(groups)


@given(DIGITS, st.text("0123456789", max_size=5), st.sampled_from(["", "-", "+"]), UNITS)
def test_a_number_means_the_same_grouped_and_plain(
    whole: str, decimals: str, sign: str, unit: str
) -> None:
    tail = f".{decimals}" if decimals else ""
    value = Decimal(f"{sign}{whole}{tail}")
    for digits in (whole, grouped(whole)):
        for gap in ("", " "):
            if not unit and gap:
                continue
            assert parse_measure(f"{sign}{digits}{tail}{gap}{unit}") == (value, unit)


JUNK = st.text("0123456789.,+-−  eExXkK%_'\u00a0\u202e５万=ab", max_size=12)


@given(JUNK)
@example("5 200")
@example("1e4")
@example("10.5,000")
@example("5,200,")
@example("0,500")
def test_whatever_is_typed_is_understood_exactly_or_refused(text: str) -> None:
    try:
        number, unit = parse_measure(text)
    except InputInvalid as wrong:
        assert wrong.code == "measure-invalid"
        assert wrong.hint
        return
    read = text.strip()
    body = read.removesuffix(unit).strip() if unit else read
    assert re.fullmatch(r"[+\-−]?([0-9]+|[1-9][0-9]{0,2}(,[0-9]{3})+)(\.[0-9]+)?", body)
    assert number == Decimal(body.replace(",", "").replace("−", "-"))
    assert not unit or not re.match(r"[\s0-9,.+\-−_'=]", unit)
    assert not re.search(r"[eExX][+-]?[0-9]|=", unit)


@given(DIGITS, UNITS)
def test_the_canonical_text_is_read_back_as_itself(whole: str, unit: str) -> None:
    written = measure_text(f"{whole} {unit}".strip())
    assert measure_text(written) == written
    assert measure(written) == parse_measure(written)


@pytest.mark.parametrize(
    ("stored", "meaning"), [("5 ,200", (5, ",200")), ("1 e4", (1, "e4")), ("3.4%", ("3.4", "%"))]
)
def test_what_the_first_release_stored_keeps_its_meaning(
    stored: str, meaning: tuple[str, str]
) -> None:
    assert measure(stored) == (Decimal(meaning[0]), meaning[1])
