"""What the bank paid, spread over the parts of a transfer: nothing is lost, and nothing made."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from commands.bank.settling import Booking, Foreign, settle
from commands.bank.spreading import in_proportion, rate_between, settled_by, spread
from commands.bank.transfers import Part
from ledger.intents import FailPayment, RecordPayment

AMOUNTS = st.lists(st.integers(1, 10**12), min_size=1, max_size=12)


@given(AMOUNTS, st.integers(0, 10**13))
def test_a_short_or_long_amount_never_loses_a_cent(amounts: list[int], paid: int) -> None:
    shares = spread(amounts, paid)
    assert sum(shares) == paid
    assert min(shares) >= 0
    assert all(share <= most for share, most in zip(shares[:-1], amounts[:-1], strict=True))
    # Whatever comes after a part that was not paid whole gets nothing.
    first = next((n for n, (s, a) in enumerate(zip(shares, amounts, strict=True)) if s < a), None)
    assert first is None or not any(shares[first + 1 :])


@given(st.integers(0, 10**12), AMOUNTS)
def test_fees_and_foreign_money_are_split_without_rest(total: int, shares: list[int]) -> None:
    assert sum(in_proportion(total, shares)) == total
    assert in_proportion(total, [0, 0]) == [total, 0]
    assert in_proportion(total, [-5]) == [total]  # a refund, which is a payment below zero


@given(st.integers(1, 10**12), st.integers(1, 10**12))
def test_exactly_what_was_told_settles_exactly_what_was_told(foreign: int, told: int) -> None:
    assert settled_by(foreign, foreign, told, "half-up") == told


def test_the_rate_that_follows_from_two_amounts() -> None:
    assert rate_between(100_000, "CNY", 13_920, "USD") == Decimal("0.1392")
    assert rate_between(120_000, "JPY", 79_339, "USD") == Decimal("0.00661158333333")
    assert rate_between(1_234_567, "KWD", 401_913, "USD") == Decimal("3.25549767651")


def part(version: int, amount: int) -> Part:
    return Part(
        contract="A",
        version=version,
        milestone=f"M{version}",
        release=0,
        partner="P",
        currency="CNY",
        rounding="half-up",
        amount_minor=amount,
        status="instructed",
        due=date(2026, 11, version),
        on=date(2026, 11, 20),
    )


@given(AMOUNTS, st.integers(1, 10**13), st.integers(0, 1000), st.integers(1, 10**12))
def test_what_is_recorded_is_what_the_bank_says(
    amounts: list[int], paid: int, fees: int, abroad: int
) -> None:
    parts = [part(number, amount) for number, amount in enumerate(amounts[:28], 1)]
    booking = Booking(date(2026, 11, 22), "R", "A:R", fees)
    foreign = Foreign("USD", abroad, Decimal("0.1"))
    found = settle("T", parts, paid, booking, foreign, over=True)
    asked = [intent for _, intent in found.requests]
    recorded = [intent for intent in asked if isinstance(intent, RecordPayment)]
    assert len(asked) == len(parts)
    assert all(isinstance(intent, RecordPayment | FailPayment) for intent in asked)
    assert sum(intent.amount_minor or 0 for intent in recorded) == paid
    assert sum(intent.fees_minor for intent in recorded) == fees
    assert sum(i.exchange.amount_minor for i in recorded if i.exchange) == abroad
    assert any(intent.over for intent in recorded) == (paid > sum(amounts))


@pytest.mark.parametrize(
    ("paid", "rules"), [(300, []), (299, ["bank-short"]), (301, ["bank-over"])]
)
def test_short_and_over_are_said(paid: int, rules: list[str]) -> None:
    found = settle("T", [part(1, 100), part(2, 200)], paid, Booking(None))
    assert [rule for rule, _ in found.remarks] == rules
