"""Measured values as people write them: understood exactly or refused, never something else."""

from __future__ import annotations

import re
from decimal import Decimal

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ledger.errors import InputInvalid
from ledger.written import (
    Days,
    Quorum,
    WrittenAmount,
    WrittenCap,
    WrittenCapAmount,
    WrittenChoice,
    WrittenPercent,
    measure,
    measure_text,
    parse_measure,
    parse_whole,
)

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


# --- the values of a clause -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "text", "value"),
    [
        (WrittenAmount, "0", 0),
        (WrittenAmount, "1,000.50", 100_050),
        (WrittenPercent, "0%", Decimal(0)),
        (WrittenPercent, "100%", Decimal(100)),
        (WrittenCap, "No Cap", None),
        (WrittenCap, "10%", Decimal(10)),
        (WrittenCapAmount, "NO CAP", None),
        (WrittenCapAmount, "10.00", 1_000),
        (WrittenChoice, "true", True),
        (WrittenChoice, "false", False),
    ],
)
def test_the_values_of_a_clause(kind: type, text: str, value: object) -> None:
    assert kind().parse(text, "CNY") == value


@pytest.mark.parametrize(
    ("kind", "text", "says"),
    [
        (WrittenAmount, "-0.01", "is below zero"),
        (WrittenPercent, "100.01%", "is not from 0% to 100%"),
        (WrittenPercent, "-0.01%", "is not from 0% to 100%"),
        (WrittenChoice, "True", "is neither true nor false"),
    ],
)
def test_what_is_no_value_of_a_clause(kind: type, text: str, says: str) -> None:
    with pytest.raises(InputInvalid, match=says):
        kind().parse(text, "CNY")


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("0", "write 1 or more"),
        ("-5", "write 1 or more"),
        ("31", "write 30 or less"),
        ("9" * 9_000, "write 30 or less"),
        ("x", "write digits only, such as 30"),
    ],
)
def test_a_whole_number_out_of_bounds_says_which_bound(text: str, hint: str) -> None:
    with pytest.raises(InputInvalid) as refused:
        parse_whole(text, 1, 30)
    assert refused.value.hint == hint


def test_the_bounds_are_within_them_and_nothing_below_zero_is_zero() -> None:
    assert [parse_whole(text, 1, 1_000) for text in ("1", "1,000", "007")] == [1, 1_000, 7]
    assert parse_whole("-0") == 0
    with pytest.raises(InputInvalid, match="is too large"):
        parse_whole("9" * 9_000)


def test_days_may_be_none_and_a_quorum_is_one_at_least() -> None:
    from pydantic import TypeAdapter, ValidationError

    assert TypeAdapter(Days).validate_python("0") == 0
    assert TypeAdapter(Days).validate_python("36500") == 36_500
    assert TypeAdapter(Quorum).validate_python({"manager": "99"}) == {"manager": 99}
    for kind, value in ((Days, "36501"), (Quorum, {"manager": "0"}), (Quorum, {"manager": "100"})):
        with pytest.raises(ValidationError):
            TypeAdapter(kind).validate_python(value)


@pytest.mark.parametrize("unit", ["/day", "‰", "°C", "£", "a" * 40])
def test_what_begins_a_unit(unit: str) -> None:
    assert parse_measure(f"5 {unit}") == (Decimal(5), unit)


@pytest.mark.parametrize("unit", ["+", "#", "~", "a" * 41, "a=b", "a\nb", "k", "x10"])
def test_what_is_no_unit(unit: str) -> None:
    with pytest.raises(InputInvalid, match="is not a measured value"):
        parse_measure(f"5 {unit}")
