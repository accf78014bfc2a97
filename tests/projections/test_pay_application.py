"""The pay application: published examples to the cent, and a contract's own figures from its events."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger import events as e
from ledger.contract import fold
from ledger.intents import TakenMilestone, TakeOver
from ledger.money import parse_minor
from ledger.state import Contract
from projections.pay_application import Application, Item, application, of_contract
from tests.decisions import builders as b
from tests.decisions import endings
from tests.decisions.spec import Story
from tests.exports.releases import taken
from tests.fit_out import fit_out
from tests.oracle.play import Play
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


# --- a contract's own, in the cases that the fit-out does not have ------------------------------------


def test_material_stored_counts_in_the_whole_as_in_its_line() -> None:
    made = application([item("1", "100.00", "10.00", "20.00", "5.00")])
    assert (made.completed_minor, made.share, made.balance_minor) == (3_500, "0.3500", 6_500)


@pytest.mark.parametrize(
    ("completed", "share"),
    [
        ("0.01", "0.0033"),
        ("0.02", "0.0067"),
        ("3.00", "1.0000"),
        ("4.00", "1.3333"),
        ("-1.00", "-0.3333"),
    ],
)
def test_a_share_is_rounded_half_up_to_four_digits(completed: str, share: str) -> None:
    assert application([item("1", "3.00", completed)]).share == share


def test_a_half_of_a_ten_thousandth_goes_up_and_nothing_scheduled_has_no_share() -> None:
    assert application([item("1", "200.00", "0.01")]).share == "0.0001"  # 0.00005
    assert application([item("1", "0", "1.00")]).share is None


def test_a_retainage_that_is_stated_goes_before_the_rate() -> None:
    one = Item(id="1", original_minor=1000, this_minor=500, retainage_minor=7)
    assert application([one], retainage=Decimal(10)).retainage_minor == 7
    none = Item(id="1", this_minor=500, retainage_minor=0)
    assert application([none], retainage=Decimal(10)).retainage_minor == 0
    rounded = Item(id="1", this_minor=105)
    assert application([rounded], retainage=Decimal(10), rounding="half-even").retainage_minor == 10
    assert application([rounded], retainage=Decimal(10)).retainage_minor == 11


def of(story: Story, before: Story | None = None) -> dict[str, Item]:
    made = of_contract(story.the_state(), None if before is None else before.the_state())
    return {one.item.id: one.item for one in made.lines}


def test_a_milestone_that_is_given_up_is_a_change_of_all_its_value() -> None:
    found = of(b.play(b.contract(), b.cancels("M1", on=b.day(8, 26))))["M1"]
    assert (found.original_minor, found.changes_minor) == (1_000_000, -1_000_000)


def test_what_is_defined_on_a_later_day_is_a_change_and_was_not_signed() -> None:
    """Though nothing else happened in between."""
    story = b.play(b.contract(), b.defines("M9", 500, title="More", on=b.day(8, 4)))
    found = of(story)["M9"]
    assert (found.original_minor, found.changes_minor, found.title) == (0, 500, "More")
    assert of(story)["M2"].original_minor == 3_000_000


def test_an_amount_that_became_unknown_is_said() -> None:
    story = b.play(b.contract(), b.proposes(b.order(("M1", b.day(9, 1), None)), on=b.day(8, 10)))
    proposal = b.last(story)
    b.play(story, b.agrees(proposal, on=b.day(8, 11)))
    b.play(story, b.agrees(proposal, by="finance-1", on=b.day(8, 11)))
    assert of(story)["M1"].unknown == {"value"}
    whole = of_contract(story.the_state(), None).whole
    assert (whole.item.original_minor, whole.item.changes_minor) == (3_000_000, 0)


def test_a_remainder_that_fell_away_is_no_change() -> None:
    story = b.play(b.contract(), b.submits(), b.approves(on=b.day(8, 25), part="75%"))
    b.play(story, b.proposes(b.reversal(b.last(story) - 1), on=b.day(9, 1)))
    b.play(story, b.agrees(b.last(story), on=b.day(9, 1)))
    found = of(story)["M1"]
    assert (found.original_minor, found.changes_minor, found.this_minor) == (1_000_000, 0, 0)


def test_an_advance_is_no_part_of_the_work() -> None:
    story = endings.advanced()
    assert set(of(story)) == {"M1", "M2"}
    b.play(story, b.disputes("A", 20_000, on=b.day(8, 8)))
    b.play(story, b.proposes(b.resolution(b.last(story), "upheld", -20_000, "A"), on=b.day(8, 9)))
    b.play(story, b.agrees(b.last(story), on=b.day(8, 9)))
    assert set(of(story)) == {"M1", "M2"}


def test_penalties_and_disputes_are_lines_that_take_off() -> None:
    story = b.play(b.contract(), b.submits(on=b.day(8, 25)), b.approves(on=b.day(8, 26)))
    before = b.play(b.contract(), b.submits(on=b.day(8, 25)), b.approves(on=b.day(8, 26)))
    b.play(story, b.disputes(amount=20_000, on=b.day(8, 27)))
    b.play(story, b.proposes(b.resolution(b.last(story), "upheld", -20_000), on=b.day(8, 28)))
    b.play(story, b.agrees(b.last(story), on=b.day(8, 28)))
    found = of(story, before)
    told = {
        name: (one.changes_minor, one.previous_minor, one.this_minor) for name, one in found.items()
    }
    assert told["penalty"] == (-4_000, -4_000, 0)
    assert told["adjustment"] == (-20_000, 0, -20_000)
    assert found["M1"].previous_minor == 1_000_000


def test_what_a_dispute_decided_before_the_acceptance_is_earned_with_it() -> None:
    """Upheld while M1 still waits: nothing is completed yet, and nothing is taken off what is not."""
    story = b.play(b.contract(), b.submits(), b.disputes(amount=20_000, on=b.day(8, 22)))
    b.play(story, b.proposes(b.resolution(b.last(story), "upheld", -20_000), on=b.day(8, 23)))
    b.play(story, b.agrees(b.last(story), on=b.day(8, 23)))
    assert "adjustment" not in of(story)
    b.play(story, b.approves(on=b.day(8, 25)))
    assert of(story)["adjustment"].this_minor == -20_000


def test_what_was_earned_and_taken_back_since_is_a_line_below_zero() -> None:
    before = b.play(b.contract(), b.submits(on=b.day(8, 18)), b.approves(on=b.day(8, 19)))
    story = b.play(b.contract(), b.submits(on=b.day(8, 18)), b.approves(on=b.day(8, 19)))
    award = b.version_of(story, e.BonusAwarded)
    b.play(story, b.proposes(b.revocation(award), on=b.day(8, 27)))
    b.play(story, b.agrees(b.last(story), on=b.day(8, 27)))
    found = of(story, before)["bonus"]
    assert (found.changes_minor, found.previous_minor, found.this_minor) == (0, 15_000, -15_000)


def test_an_amount_that_nobody_knows_is_said_and_in_no_total() -> None:
    records = taken(TakenMilestone(id="M1"), TakenMilestone(id="M2", amount_minor=700))
    state = fold(records)
    assert state is not None
    made = of_contract(state, None)
    found = {one.item.id: one for one in made.lines}
    assert (found["M1"].item.unknown, found["M1"].share) == (frozenset({"value"}), None)
    assert (found["M2"].item.unknown, found["M2"].item.original_minor) == (frozenset(), 700)
    assert made.original_minor == 700


def test_what_was_accepted_for_an_unknown_amount_is_not_known_to_be_completed() -> None:
    state = fold(taken(TakenMilestone(id="M1", status="accepted")))
    assert state is not None
    (line,) = of_contract(state, None).lines
    assert line.item.unknown == {"value", "completed"}


def test_all_of_imported_history_was_signed_with_its_contract() -> None:
    """A second import adds M2: an import does not know what came later, so nothing is a change."""
    play = Play()
    for number, names in enumerate((["M1"], ["M1", "M2"]), 1):
        plans = tuple(TakenMilestone(id=name, amount_minor=700) for name in names)
        claim = f"2026-01-0{number}T00:00:00.000000Z"
        taken_over = TakeOver(contract="C-1", currency="CNY", known_claim=claim, milestones=plans)
        assert play.act("C-1", "importer", taken_over)
    state = fold(play.records)
    assert state is not None
    assert [one.item.original_minor for one in of_contract(state, None).lines] == [700, 700]


def test_what_was_completed_counts_also_where_the_value_is_not_known() -> None:
    one = Item(
        id="M1", previous_minor=5, this_minor=3, stored_minor=2, unknown=frozenset({"value"})
    )
    assert (application([one]).completed_minor, application([one]).original_minor) == (10, 0)
