"""The pay application: published examples to the cent, and a contract's own figures from its events."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.contract import fold
from ledger.money import parse_minor
from ledger.state import Contract
from projections.pay_application import Application, Item, application, of_contract
from tests.fit_out import fit_out
from tests.stories import double_eleven


def usd(text: str) -> int:
    return parse_minor(text, "USD")


def item(id: str, scheduled: str, previous: str, this: str = "0", stored: str = "0") -> Item:
    return Item(
        id=id,
        original_minor=usd(scheduled),
        previous_minor=usd(previous),
        this_minor=usd(this),
        stored_minor=usd(stored),
    )


# --- published examples (shared/oracles.md) --------------------------------------------------------


def test_a1a_a_lines_retainage() -> None:
    """payapppro.com, learn/how-to-calculate-retainage-on-g702-g703."""
    made = application([item("1", "100,000.00", "40,000.00")], retainage=Decimal(10))
    assert made.lines[0].retainage_minor == usd("4,000.00")
    assert made.earned_minor == made.due_minor == usd("36,000.00")


def test_a1b_the_summarys_retainage() -> None:
    """The same page, the summary sheet."""
    made = application([item("all", "500,000.00", "200,000.00")], retainage=Decimal(10))
    assert made.retainage_minor == usd("20,000.00")


def test_a4_retainage_never_lowers_progress() -> None:
    """A levelset.com question, without an official answer: the retainage is derived."""
    made = application([item("1", "15,000.00", "0", "12,000.00")], retainage=Decimal(5))
    (line,) = made.lines
    assert (line.completed_minor, line.share) == (usd("12,000.00"), "0.8000")
    assert line.retainage_minor == usd("600.00")


def test_a2_a_whole_application_and_the_error_planted_in_it() -> None:
    """apify.com, wheresprada/construction-pay-application-check, sample input: it claims 200.00 too much."""
    mep = item("MEP-01", "100,000.00", "25,000.00", "10,000.00", "5,000.00")
    change = Item(id="CO-01", changes_minor=usd("5,000.00"), this_minor=usd("2,000.00"))
    made = application([mep, change], retainage=Decimal(10), certificates_minor=usd("20,000.00"))
    assert made.original_minor == usd("100,000.00")
    assert made.changes_minor == usd("5,000.00")
    assert made.contract_sum_minor == usd("105,000.00")
    assert [
        (line.completed_minor, line.retainage_minor, line.balance_minor) for line in made.lines
    ] == [
        (usd("40,000.00"), usd("4,000.00"), usd("60,000.00")),
        (usd("2,000.00"), usd("200.00"), usd("3,000.00")),
    ]
    assert (made.completed_minor, made.retainage_minor) == (usd("42,000.00"), usd("4,200.00"))
    assert made.earned_minor == usd("37,800.00")
    assert made.due_minor == usd("17,800.00")
    assert made.overclaimed(usd("18,000.00")) == usd("200.00")
    assert made.balance_minor == usd("67,200.00")
    assert made.whole.balance_minor == usd("63,000.00")


# --- what always holds -----------------------------------------------------------------------------

AMOUNTS = st.integers(0, 10**12)
ITEMS = st.builds(
    Item,
    id=st.just("x"),
    original_minor=AMOUNTS,
    changes_minor=st.integers(-(10**12), 10**12),
    previous_minor=AMOUNTS,
    this_minor=st.integers(-(10**12), 10**12),
    stored_minor=AMOUNTS,
)


@given(st.lists(ITEMS, max_size=6), st.integers(0, 100), AMOUNTS)
def test_the_parts_sum_to_the_whole(items: list[Item], rate: int, certified: int) -> None:
    made = application(items, retainage=Decimal(rate), certificates_minor=certified)
    assert made.due_minor == made.completed_minor - made.retainage_minor - certified
    assert made.balance_minor == made.contract_sum_minor - made.earned_minor
    assert made.balance_minor == made.whole.balance_minor + made.retainage_minor
    assert made.contract_sum_minor == made.original_minor + made.changes_minor


# --- a contract's own ------------------------------------------------------------------------------


def at(records: list[object], on: date | None) -> Contract:
    state = fold(records, on)  # type: ignore[arg-type]
    assert state is not None
    return state


def figures(made: Application) -> dict[str, tuple[int, ...]]:
    """Scheduled, previous, this period and retainage of each line, in whole units."""
    return {
        line.item.id: tuple(
            minor // 100
            for minor in (
                line.scheduled_minor,
                line.item.previous_minor,
                line.item.this_minor,
                line.retainage_minor,
            )
        )
        for line in made.lines
    }


def test_change_orders_retention_and_its_release() -> None:
    records: list[object] = list(fit_out())
    made = of_contract(at(records, None), at(records, date(2026, 10, 31)))
    assert figures(made) == {
        "M1": (100_000, 100_000, 0, 5_000),  # half of its retention was released
        "M2": (60_000, 0, 60_000, 6_000),
        "M3": (50_000, 0, 0, 0),
        "M4": (90_000, 0, 0, 0),  # 80,000 before the change order
        "bonus": (1_000, 1_000, 0, 0),
    }
    assert (made.original_minor, made.changes_minor) == (29_000_000, 1_100_000)
    # 101,000 earned, less 5,000 still retained of 10,000.
    assert made.certificates_minor == 9_600_000
    assert made.due_minor == 5_400_000


def test_a_release_alone_is_due_too() -> None:
    records: list[object] = list(fit_out())
    made = of_contract(at(records, date(2026, 10, 31)), at(records, date(2026, 9, 30)))
    assert made.due_minor == 500_000


@pytest.mark.parametrize(
    ("since", "until"), [("2026-09-01", "2026-09-30"), ("2026-11-01", "2026-11-30")]
)
def test_applications_that_follow_each_other_sum_to_what_was_earned(since: str, until: str) -> None:
    """A milestone and its remainder are one line; what was certified before is taken off once."""
    records: list[object] = list(double_eleven())
    first, last = date.fromisoformat(since), date.fromisoformat(until)
    before = at(records, first.replace(day=1) - (date(2026, 1, 2) - date(2026, 1, 1)))
    now = at(records, last)
    made = of_contract(now, before)
    assert made.certificates_minor == of_contract(before, None).earned_minor
    assert made.certificates_minor + made.due_minor == of_contract(now, None).due_minor
    assert "M4-r1" not in figures(made)


def test_before_the_signature_nothing_was_certified() -> None:
    records: list[object] = list(fit_out())
    made = of_contract(at(records, date(2026, 9, 30)), None)
    assert (made.certificates_minor, made.due_minor) == (0, 9_100_000)
