"""What the bank adds to a payment in the books: its fees, the exchange, and tax that is kept back for the office."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from ledger import intents as i
from ledger.events import Exchange
from ledger.terms import Tax
from projections.exports.entries import books
from tests.decisions.builders import accepted, last, play
from tests.decisions.spec import Story
from tests.exports.ledgers import balances

FINANCE = "finance-1"


def usd(amount_minor: int, rate: str) -> Exchange:
    return Exchange(currency="USD", amount_minor=amount_minor, rate=rate)


def instructed(story: Story, **more: Any) -> int:
    """All of M1 is instructed; the version of that."""
    play(story, (FINANCE, i.InstructPayment(milestone="M1", **more)))
    return last(story)


def left(story: Story) -> dict[str, int]:
    """What the entries leave on each account and part of it, in its currency; nothing where it is zero."""
    found = books(story.records)
    assert found is not None
    return {
        f"{account.root}:{account.name}{':' if account.part else ''}{account.part} {currency}": amount
        for (account, currency), amount in balances(found.entries).items()
    }


@pytest.mark.parametrize(
    ("paid_minor", "cost_minor", "won_minor"),
    [
        # Instructed: 10,000.00 CNY as 1,390.00 USD.
        (
            1_000_000,
            138_000,
            1_000,
        ),  # it cost 10.00 USD less than by the rate of the instruction: a gain
        (1_000_000, 140_000, -1_000),  # 10.00 USD more: a loss
        (1_000_000, 139_000, 0),
        (500_000, 69_000, 500),  # of the half paid, half the amount instructed
        (500_000, 70_000, -500),
        (333_333, 46_333, 0),  # 463.3329 USD by the instruction's rate, half up 463.33
    ],
)
def test_a_payment_that_cost_less_than_instructed_is_a_gain_and_one_that_cost_more_a_loss(
    paid_minor: int, cost_minor: int, won_minor: int
) -> None:
    story = accepted()
    told = instructed(story, exchange=usd(139_000, "0.139"))
    paid = usd(cost_minor, "0.138")
    play(
        story, (FINANCE, i.RecordPayment(instruction=told, amount_minor=paid_minor, exchange=paid))
    )
    in_dollars = {name: amount for name, amount in left(story).items() if name.endswith("USD")}
    # Debits are above zero: income is a credit.
    booked = {"income:exchange USD": -won_minor, "assets:exchange USD": won_minor}
    assert in_dollars == {name: amount for name, amount in booked.items() if amount}
    assert left(story)["assets:bank-clearing CNY"] == -paid_minor


@pytest.mark.parametrize(
    ("why", "kept_minor", "fees_minor"),
    [("event", 0, 2_500), ("event", 700, 3_200), ("error", 0, 0)],
)
def test_fees_of_a_payment_that_came_back_stay_spent_but_for_one_that_never_was(
    why: Any, kept_minor: int, fees_minor: int
) -> None:
    story = accepted()
    told = instructed(story)
    play(story, (FINANCE, i.RecordPayment(instruction=told, fees_minor=2_500)))
    assert left(story) == {
        "expenses:milestones CNY": 1_000_000,
        "expenses:bank-fees CNY": 2_500,
        "assets:bank-clearing CNY": -1_002_500,
    }
    back = i.ReversePayment(payment=told, why=why, reason="account closed", fees_minor=kept_minor)
    play(story, (FINANCE, back))
    booked = {
        "expenses:milestones CNY": 1_000_000,
        "liabilities:payable CNY": -1_000_000,
        "expenses:bank-fees CNY": fees_minor,
        "assets:bank-clearing CNY": -fees_minor,
    }
    assert left(story) == {name: amount for name, amount in booked.items() if amount}


def test_tax_kept_back_is_owed_to_the_office_apart_from_the_tax_that_the_partner_adds() -> None:
    story = accepted(tax=Tax(vat=Decimal(6), withholding=Decimal(10)))
    assert left(story) == {
        "expenses:milestones CNY": 1_000_000,
        "liabilities:tax CNY": 60_000,
        "liabilities:tax-withheld CNY": -100_000,
        "liabilities:payable CNY": -960_000,
    }
