"""Paying in another currency: which day's rate counts, and of which amount."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from commands.bank import exchange
from commands.bank.exchange import Abroad, asked, instructed_in
from ledger.errors import InputInvalid
from ledger.intents import InstructPayment

FIRST, SECOND, THIRD = (date(2026, 11, day) for day in (1, 10, 20))
RATES = """date,from,to,rate,source
2026-11-01,CNY,USD,0.10,a bank
2026-11-10,CNY,USD,0.20,a bank
2026-11-20,CNY,USD,0.30,a bank
"""


def abroad(folder: Path, rate_on: date | None = None) -> Abroad:
    (folder / "rates.csv").write_text(RATES, "utf-8")
    return asked("USD", None, rate_on, "", folder / "rates.csv")


@pytest.mark.parametrize(
    ("rate_on", "on", "minor", "of"),
    [
        (None, None, 30_000, THIRD),  # today's
        (None, SECOND, 20_000, SECOND),
        (None, date(2026, 11, 19), 20_000, SECOND),  # the latest on or before
        (FIRST, SECOND, 10_000, FIRST),
    ],
)
def test_the_rate_is_that_of_rate_on_else_of_on_else_of_today(
    tmp_path: Path, rate_on: date | None, on: date | None, minor: int, of: date
) -> None:
    found = abroad(tmp_path, rate_on).exchange(100_000, "CNY", "half-up", on, THIRD)
    assert found is not None
    assert (found.amount_minor, found.rate_on, found.source) == (minor, of, "a bank")


def test_before_the_first_rate_there_is_none(tmp_path: Path) -> None:
    with pytest.raises(InputInvalid, match="no rate from CNY to USD on or before 2026-10-31"):
        abroad(tmp_path).exchange(100_000, "CNY", "half-up", date(2026, 10, 31), THIRD)


def test_a_typed_rate_is_of_its_own_day_else_of_on() -> None:
    typed = asked("USD", "0.5", None, "me", None)
    found = typed.exchange(100, "CNY", "half-up", SECOND, THIRD)
    assert found is not None
    assert (found.amount_minor, found.rate, found.rate_on, found.source) == (
        50,
        "0.5",
        SECOND,
        "me",
    )
    dated = asked("USD", "0.5", FIRST, "", None).exchange(100, "CNY", "half-up", SECOND, THIRD)
    assert dated is not None and dated.rate_on == FIRST
    assert typed.exchange(100, "USD", "half-up", SECOND, THIRD) is None


def test_one_rate_is_for_one_currency_beside_the_one_that_is_paid_in(tmp_path: Path) -> None:
    typed = asked("USD", "0.5", None, "", None)
    typed.of_one_currency(["CNY", "USD", "CNY"])
    with pytest.raises(InputInvalid, match="is not that of CNY and of EUR"):
        typed.of_one_currency(["CNY", "EUR", "USD"])
    abroad(tmp_path).of_one_currency(["CNY", "EUR"])


@pytest.mark.parametrize(
    ("on", "amount", "discount", "told"),
    [
        (SECOND, None, True, 45_000),  # 1,000.00 less a discount of 100.00 on that day
        (None, None, True, 50_000),  # none today
        (SECOND, None, False, 50_000),
        (SECOND, 20_000, True, 10_000),  # an amount that is typed is that amount
    ],
)
def test_what_is_told_abroad_is_all_that_is_payable_less_the_discount_of_the_day(
    monkeypatch: pytest.MonkeyPatch,
    on: date | None,
    amount: int | None,
    discount: bool,
    told: int,
) -> None:
    monkeypatch.setattr(exchange, "payable_of", lambda *_: 100_000)
    monkeypatch.setattr(exchange, "early_payment", lambda *a: 10_000 if a[2] == SECOND else 0)
    terms = SimpleNamespace(currency="CNY", rounding="half-up")
    state: Any = SimpleNamespace(milestones={"M1": object()}, terms=terms)
    intent = InstructPayment(milestone="M1", amount_minor=amount, discount=discount, on=on)
    made = instructed_in(asked("USD", "0.5", None, "", None), state, intent, THIRD)
    assert made.exchange is not None
    assert (made.exchange.amount_minor, made.amount_minor) == (told, told * 2)
