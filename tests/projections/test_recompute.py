"""What a milestone's price rests on, reckoned again: the right history agrees, and each thing planted in it is told."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from functools import partial
from typing import Any

import msgspec
import pytest

from ledger import events as e
from ledger import intents as i
from ledger.events import Record
from ledger.intents import TakenMilestone
from ledger.terms import (
    EarlyBonus,
    EarlyPayment,
    PaymentTerms,
    QualityBonus,
    Retention,
    RetentionRelease,
    Tax,
)
from projections.explain import Explanation, explain
from projections.recompute import Differs
from tests.decisions import builders as b
from tests.decisions import endings
from tests.decisions.spec import Story
from tests.decisions.test_terms_kept import amend
from tests.exports.releases import taken

LATER = date(2026, 11, 20)
QUALITY = tuple(
    QualityBonus(milestone="M1", criterion=name, at_least="1", amount_minor=amount)
    for name, amount in (("uptime", 10_000), ("visits", 20_000))
)
HALVES = Retention(
    rate=Decimal(10),
    release=(
        RetentionRelease(share=Decimal(50), after="acceptance"),
        RetentionRelease(share=Decimal(50), after="acceptance", days=30),
    ),
)
TEN_DAYS = PaymentTerms(net_days=30, discount=EarlyPayment(rate=Decimal(2), days=10))
BY_INVOICE = PaymentTerms(net_days=30, after="invoice")


def told(records: list[Record], milestone: str = "M1") -> Explanation:
    found = explain(records, milestone)
    assert found is not None
    return found


def agrees(story: Story, milestone: str = "M1", dues: int = 1) -> list[Record]:
    """The history as it is has no difference; its records, to plant one in."""
    found = told(story.records, milestone)
    assert (found.differences, found.dues_checked) == ([], dues)
    return story.records


def planted(
    records: list[Record], kind: type[Any], change: Callable[[Any], dict[str, Any]], which: int = 0
) -> list[Differs]:
    """What differs once a fact of a kind (the first, or `which`) says something else."""
    places = [n for n, one in enumerate(records) if type(one.data) is kind]
    at = places[which]
    data = msgspec.structs.replace(records[at].data, **change(records[at].data))
    changed = [*records[:at], msgspec.structs.replace(records[at], data=data), *records[at + 1 :]]
    return told(changed).differences


def line(data: Any, **changed: Any) -> dict[str, Any]:
    """The first line of a fact, changed; the others as they are."""
    first, *others = data.lines
    return {"lines": (msgspec.structs.replace(first, **changed), *others)}


def details(found: list[Differs]) -> list[str]:
    return [one.detail for one in found]


# --- due dates -------------------------------------------------------------------------------------


def test_a_due_date_is_not_provisional_where_the_terms_are_sure_of_it() -> None:
    records = agrees(b.accepted())
    found = planted(records, e.MilestoneAccepted, lambda data: {"provisional": True})
    assert details(found) == ["payment is due 2026-09-24 (provisional), reckoned 2026-09-24"]


def test_a_due_date_that_is_missing_is_told() -> None:
    found = planted(agrees(b.accepted()), e.MilestoneAccepted, lambda data: {"payment_due": None})
    assert details(found) == ["payment is due on no day, reckoned 2026-09-24"]


def invoiced() -> Story:
    """Accepted on 25 August; an invoice of 1 September comes on the 3rd, one of 5 October is sent back."""
    story = b.accepted(payment=BY_INVOICE)
    covers = (i.InvoicedMilestone(milestone="M1"),)
    for number, issued, received in (("F-1", (9, 1), (9, 3)), ("F-2", (10, 5), (10, 5))):
        act = i.ReceiveInvoice(
            number=number,
            kind="commercial",
            covers=covers,
            issued_on=b.day(*issued),
            on=b.day(*received),
            amount_minor=500_000,
        )
        b.play(story, ("finance-1", act))
    back = i.RejectInvoice(invoice=b.last(story), on=b.day(10, 6), reason="wrong number")
    return b.play(story, ("finance-1", back))


def covers(data: Any, **changed: Any) -> dict[str, Any]:
    return {"covers": tuple(msgspec.structs.replace(one, **changed) for one in data.covers)}


def test_a_due_date_counts_from_the_invoices_own_day_and_goes_back_with_it() -> None:
    """Thirty days from 1 September, whenever it came; that of 5 October counts until it is sent back."""
    story = invoiced()
    dues = [
        one.data.covers[0].payment_due
        for one in story.records
        if isinstance(one.data, e.InvoiceReceived | e.InvoiceRejected)
    ]
    assert dues == [b.day(10, 1), b.day(11, 4), b.day(10, 1)]
    records = agrees(story, dues=4)
    wrong: Callable[[Any], dict[str, Any]] = lambda data: covers(data, payment_due=LATER)  # noqa: E731
    assert details(planted(records, e.InvoiceReceived, wrong)) == [
        "payment is due 2026-11-20, reckoned 2026-10-01"
    ]
    assert details(planted(records, e.InvoiceRejected, wrong)) == [
        "payment is due 2026-11-20, reckoned 2026-10-01"
    ]
    unsure = planted(records, e.InvoiceReceived, lambda data: covers(data, provisional=True))
    assert details(unsure) == ["payment is due 2026-10-01 (provisional), reckoned 2026-10-01"]


def test_an_invoice_says_nothing_where_payment_does_not_count_from_it() -> None:
    story = b.accepted()
    one = i.ReceiveInvoice(
        number="F-1",
        kind="commercial",
        covers=(i.InvoicedMilestone(milestone="M1"),),
        on=b.day(9, 3),
    )
    agrees(b.play(story, ("finance-1", one)))


def test_an_import_says_itself_when_payment_falls_due() -> None:
    one = TakenMilestone(
        id="M1", status="accepted", amount_minor=7, accepted_on=b.day(8, 25), payment_due=LATER
    )
    found = told(taken(one))
    assert (found.differences, found.dues_checked, found.checked) == ([], 0, 1)


def test_an_amount_that_an_import_does_not_know_is_not_reckoned() -> None:
    found = told(taken(TakenMilestone(id="M1", status="accepted")))
    assert (found.differences, found.checked) == ([], 0)


def test_an_invoice_sets_the_due_date_by_the_terms_of_the_acceptance() -> None:
    story = b.accepted(payment=BY_INVOICE)
    amend(story, b.day(8, 26), payment=PaymentTerms(net_days=5, after="invoice"))
    one = i.ReceiveInvoice(
        number="F-1",
        kind="commercial",
        covers=(i.InvoicedMilestone(milestone="M1"),),
        issued_on=b.day(9, 1),
        on=b.day(9, 3),
    )
    agrees(b.play(story, ("finance-1", one)), dues=2)


def test_an_invoice_of_several_milestones_is_held_against_each_of_them() -> None:
    story = b.accepted(payment=BY_INVOICE)
    b.play(story, b.submits("M2"))
    one = i.ReceiveInvoice(
        number="F-1",
        kind="commercial",
        covers=(i.InvoicedMilestone(milestone="M1"), i.InvoicedMilestone(milestone="M2")),
        issued_on=b.day(9, 20),
        on=b.day(9, 20),
    )
    records = agrees(b.play(story, ("finance-1", one)), dues=2)
    found = planted(records, e.InvoiceReceived, lambda data: covers(data, payment_due=LATER))
    assert details(found) == ["payment is due 2026-11-20, reckoned 2026-10-20"]


# --- the lines of an acceptance --------------------------------------------------------------------


def measured() -> Story:
    """M1 is ten days early and earns both quality bonuses; VAT 6 % is on all of it."""
    early = EarlyBonus(rate=Decimal("0.5"), cap=Decimal(5))
    story = b.contract(quality_bonuses=QUALITY, tax=Tax(vat=Decimal(6)), early_bonus=early)
    results = b.measured(uptime="1", visits="1")
    b.play(story, b.submits(on=b.day(8, 11), results=results), b.approves(on=b.day(8, 12)))
    return story


def test_tax_of_an_acceptance_is_on_all_that_comes_with_it_and_follows_no_bonus_again() -> None:
    """(10,000.00 + 500.00 + 100.00 + 200.00) × 6 % = 648.00."""
    story = measured()
    agrees(story)
    found = told(story.records)
    assert [(one.step, one.clause, one.amount_minor) for one in found.lines] == [
        ("gross", "accepted-part", 1_000_000),
        ("bonus", "early", 50_000),
        ("bonus", "quality", 10_000),
        ("bonus", "quality", 20_000),
        ("tax", "vat", 64_800),
    ]
    assert found.checked == 5


def test_of_two_quality_bonuses_the_one_that_is_missing_is_named() -> None:
    found = planted(agrees(measured()), e.BonusAwarded, lambda data: {"lines": ()}, which=1)
    assert [(one.clause, one.stored_minor, one.reckoned_minor) for one in found] == [
        ("quality", None, 10_000)
    ]
    off = planted(measured().records, e.BonusAwarded, lambda data: line(data, amount_minor=1))
    assert details(off) == ["the inputs agree, the amount does not"]


def test_what_is_looked_at_is_counted_also_where_it_is_not_there() -> None:
    records = [
        msgspec.structs.replace(one, data=msgspec.structs.replace(one.data, lines=()))
        if isinstance(one.data, e.BonusAwarded)
        else one
        for one in measured().records
    ]
    assert (told(records).checked, len(told(records).differences)) == (5, 3)


def test_what_is_accepted_anew_falls_due_by_the_invoice_that_stands() -> None:
    story = b.accepted(payment=BY_INVOICE)
    one = i.ReceiveInvoice(
        number="F-1",
        kind="commercial",
        covers=(i.InvoicedMilestone(milestone="M1"),),
        issued_on=b.day(9, 1),
        on=b.day(9, 3),
    )
    b.play(story, ("finance-1", one))
    b.play(story, b.proposes(b.reversal(6), on=b.day(9, 4)))
    b.play(story, b.agrees(b.last(story), on=b.day(9, 4)), b.approves(on=b.day(9, 5)))
    acceptance = story.the_state().milestones["M1"].acceptance
    assert acceptance is not None and acceptance.payment_due == b.day(10, 5)
    agrees(story, dues=3)


def test_a_bonus_that_people_awarded_is_none_of_the_acceptances_lines() -> None:
    story = b.play(b.accepted(), b.proposes(b.bonus(50_000), on=b.day(8, 27)))
    b.play(story, b.agrees(b.last(story), on=b.day(8, 27)))
    agrees(story)


def test_tax_is_on_every_line_of_the_fact_that_it_follows() -> None:
    """A bonus of 500.00 told in two lines is taxed at 6 % of both: 30.00."""
    story = b.play(b.accepted(tax=Tax(vat=Decimal(6))), b.proposes(b.bonus(50_000)))
    b.play(story, b.agrees(b.last(story)))
    records = agrees(story)

    def in_two(data: Any) -> dict[str, Any]:
        award, tax = data.lines
        assert tax.amount_minor == 3_000
        halves = [msgspec.structs.replace(award, amount_minor=half) for half in (20_000, 30_000)]
        return {"lines": (*halves, tax)}

    assert planted(records, e.BonusAwarded, in_two) == []


@pytest.mark.parametrize(
    ("changed", "detail"),
    [
        ({"days": "4"}, "days is 4, reckoned 3"),
        ({"cap": "6%"}, "cap is 6%, reckoned 5%"),
        ({"note": "x"}, "note is x, reckoned None"),
    ],
)
def test_inputs_that_the_clause_did_not_have_are_named(
    changed: dict[str, str], detail: str
) -> None:
    story = b.play(b.contract(), b.submits(on=b.day(8, 18)), b.approves(on=b.day(8, 19)))
    records = agrees(story)
    found = planted(
        records,
        e.BonusAwarded,
        lambda data: line(data, calculation=data.lines[0].calculation | changed),
    )
    assert details(found) == [detail]


def test_what_was_accepted_twice_has_the_bonus_of_each_time() -> None:
    """Three days early; the acceptance is reversed, and the same delivery accepted anew."""
    story = b.play(b.contract(), b.submits(on=b.day(8, 18)), b.approves(on=b.day(8, 19)))
    accepted = b.version_of(story, e.MilestoneAccepted)
    b.play(story, b.proposes(b.reversal(accepted), on=b.day(8, 19)))
    b.play(story, b.agrees(b.last(story), on=b.day(8, 19)))
    b.play(story, b.approves(on=b.day(8, 20)))
    agrees(story, dues=2)
    amounts = [one.amount_minor for one in told(story.records).lines if one.step == "bonus"]
    assert sorted(amounts) == [-15_000, 15_000, 15_000]


# --- what is taken back ----------------------------------------------------------------------------


def revoked() -> Story:
    """The early bonus of 150.00 is taken back by people; so the contract has no tax on it."""
    story = b.play(b.contract(), b.submits(on=b.day(8, 18)), b.approves(on=b.day(8, 19)))
    award = b.version_of(story, e.BonusAwarded)
    b.play(story, b.proposes(b.revocation(award), on=b.day(8, 27)))
    return b.play(story, b.agrees(b.last(story), on=b.day(8, 27)))


def test_what_takes_back_another_line_than_was_posted_is_told() -> None:
    records = agrees(revoked())
    award = next(one.version for one in records if isinstance(one.data, e.BonusAwarded))
    for name in ("clause", "step"):
        found = planted(records, e.BonusRevoked, partial(line, **{name: "quality"}))
        assert [(one.stored_minor, one.reckoned_minor, one.detail) for one in found] == [
            (-15_000, None, f"not the opposite of what #{award} posted")
        ]
    short = planted(records, e.BonusRevoked, lambda data: line(data, amount_minor=-14_999))
    assert [(one.stored_minor, one.reckoned_minor) for one in short] == [(-14_999, -15_000)]


def test_tax_follows_a_bonus_that_is_revoked() -> None:
    """150.00 are taken back, and at 6 % their tax of 9.00."""
    story = b.contract(tax=Tax(vat=Decimal(6)))
    b.play(story, b.submits(on=b.day(8, 18)), b.approves(on=b.day(8, 19)))
    award = b.version_of(story, e.BonusAwarded)
    b.play(story, b.proposes(b.revocation(award), on=b.day(8, 27)))
    b.play(story, b.agrees(b.last(story), on=b.day(8, 27)))
    records = agrees(story)
    found = planted(records, e.BonusRevoked, lambda data: {"lines": data.lines[:1]})
    assert [(one.step, one.stored_minor, one.reckoned_minor) for one in found] == [
        ("tax", None, -900)
    ]


def test_a_waiver_may_give_back_less() -> None:
    story = b.play(b.contract(), b.submits(on=b.day(8, 25)), b.approves(on=b.day(8, 26)))
    penalty = b.version_of(story, e.PenaltyAssessed)
    b.play(story, b.proposes(b.waiver(penalty, 1_000), on=b.day(8, 28)))
    b.play(story, b.agrees(b.last(story), on=b.day(8, 28)))
    agrees(story)


def test_what_is_wrong_in_a_milestone_is_not_told_of_another() -> None:
    records = revoked().records
    at = next(n for n, one in enumerate(records) if isinstance(one.data, e.BonusRevoked))
    data = msgspec.structs.replace(records[at].data, **line(records[at].data, amount_minor=-1))
    changed = [*records[:at], msgspec.structs.replace(records[at], data=data), *records[at + 1 :]]
    assert (len(told(changed).differences), told(changed, "M2").differences) == (1, [])


# --- releases and discounts ------------------------------------------------------------------------


def released_twice() -> Story:
    """1,000.00 retained: a half let go on 25 August, the other on 24 September; each released by itself."""
    story = b.accepted(retention=HALVES)
    for on in (b.day(9, 1), b.day(9, 25)):
        b.play(story, ("finance-1", i.ReleaseRetention(milestone="M1", on=on)))
    return story


def test_a_release_is_of_no_more_than_is_let_go_and_not_released_before() -> None:
    records = agrees(released_twice(), dues=3)
    amounts = [
        one.data.amount_minor for one in records if isinstance(one.data, e.RetentionReleased)
    ]
    assert amounts == [50_000, 50_000]

    def more(data: Any) -> dict[str, Any]:
        return {"amount_minor": 100_000, **line(data, amount_minor=100_000)}

    found = planted(records, e.RetentionReleased, more, which=1)
    assert (found[0].stored_minor, found[0].reckoned_minor) == (100_000, 50_000)


def test_a_part_of_what_is_let_go_may_be_released() -> None:
    story = b.accepted(retention=HALVES)
    act = i.ReleaseRetention(milestone="M1", amount_minor=30_000, on=b.day(9, 1))
    agrees(b.play(story, ("finance-1", act)), dues=2)


def test_a_releases_due_date_is_as_sure_as_the_terms_and_of_its_own_calendar() -> None:
    records = agrees(released_twice(), dues=3)
    unsure = planted(records, e.RetentionReleased, lambda data: {"provisional": True})
    assert details(unsure) == ["payment is due 2026-08-25 (provisional), reckoned 2026-08-25"]
    other = planted(
        records, e.RetentionReleased, lambda data: {"payment_due": LATER, "calendar": "CN@0.1"}
    )
    assert other == []


def test_a_discount_is_what_the_day_of_the_instruction_gave() -> None:
    """Instructed on 1 September at 2 % of 10,000.00, paid on the 4th."""
    story = b.accepted(payment=TEN_DAYS)
    act = i.InstructPayment(milestone="M1", on=b.day(9, 1), discount=True)
    b.play(story, ("finance-1", act))
    b.play(story, b.records_paid(b.last(story), on=b.day(9, 4)))
    records = agrees(story)
    found = planted(records, e.PaymentRecorded, lambda data: line(data, amount_minor=-20_001))
    assert [(one.stored_minor, one.reckoned_minor) for one in found] == [(-20_001, -20_000)]
    late = planted(records, e.PaymentInstructed, lambda data: {"on": b.day(9, 5)})
    assert (late[0].stored_minor, late[0].reckoned_minor) == (-20_000, 0)


# --- endings ---------------------------------------------------------------------------------------


def test_what_was_cancelled_before_the_end_is_no_part_of_what_is_not_performed() -> None:
    """M1 is given up on its own; of M2's 30,000.00 nothing is done when the contract ends: 10 % is 3,000.00."""
    story = b.play(b.contract(termination=endings.FEE), b.cancels("M1", on=b.day(8, 26)))
    endings.ended(story, fee=300_000)
    found = told(story.records, "TERMINATION")
    assert (found.differences, found.checked) == ([], 1)
    assert found.lines[0].calculation == "10% × 30,000.00 not performed = 3,000.00"


def test_an_advance_is_nothing_performed_or_not() -> None:
    """The advance of 6,000.00 is never asked for: 10 % of the 40,000.00 of M1 and M2 is 4,000.00."""
    advance = b.defined("A", amount_minor=endings.ADVANCE, due=b.SIGNED, kind="advance")
    story = b.contract(advance, b.defined("M1"), b.defined("M2"), termination=endings.FEE)
    endings.ended(story, fee=400_000)
    assert story.the_state().milestones["A"].status == "cancelled"
    found = told(story.records, "TERMINATION")
    assert found.differences == []
    assert found.lines[0].calculation == "10% × 40,000.00 not performed = 4,000.00"


def test_a_set_off_is_reckoned_on_either_side_with_its_sign() -> None:
    story = endings.money_claimed()
    endings.approved(story, endings.sets_off())
    for milestone, amount in (("M1", 100_000), ("M2", -100_000)):
        found = told(story.records, milestone)
        assert found.differences == []
        assert found.lines[-1].amount_minor == amount


def test_a_set_off_is_counted_on_the_milestone_that_its_fact_is_about() -> None:
    """Each has its price, and what was set off once."""
    story = endings.money_claimed()
    endings.approved(story, endings.sets_off())
    assert told(story.records, "M2").checked == 2
    assert told(story.records, "M1").checked == 2  # a dispute's own line is decided, not reckoned


def test_before_it_was_signed_and_under_another_name_there_is_nothing_to_explain() -> None:
    story = b.accepted()
    assert explain(story.records, "M9") is None
    assert explain(story.records, "M1", b.day(8, 2)) is None


def test_a_part_that_was_accepted_is_priced_as_that_part() -> None:
    agrees(b.play(b.contract(), b.submits(), b.approves(on=b.day(8, 25), part="40%")), dues=1)
