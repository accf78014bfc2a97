"""Each rule of `audit exceptions` over folds: what it lets pass at its edge, and what it finds just beyond."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import date
from itertools import permutations
from typing import Any

import pytest
from hypothesis import given as given_by_hypothesis
from hypothesis import strategies as st

from ledger import events as e
from ledger.events import Fact, Line, Record, Result
from ledger.terms import Terms
from projections.examining import examine
from projections.exception_rules.every import exception_rules
from projections.exception_rules.money import duplicate_payment, edits
from projections.exception_rules.rule import Exceptional, Paid, Setting, Unchecked
from tests.decisions import builders as b
from tests.decisions.builders import day
from tests.decisions.spec import given
from tests.stories import double_eleven

Given = Fact | tuple[str, Fact]
DECIDED = day(9, 2)
WITHOUT_PAYEES = {
    "paid-to-unapproved-account",
    "payee-changed-before-payment",
    "payee-kept-by-strangers",
}


def found(records: list[Record], rule: str, **limits: int) -> list[Exceptional]:
    settings = {one.id: Setting(enabled=one.id == rule, limits=limits) for one in exception_rules()}
    return examine([records], settings).found


def reasons(records: list[Record], rule: str) -> list[str]:
    return [reason for name, reason in examine([records], {}).unchecked if name == rule]


def events(one: list[Exceptional]) -> list[list[int]]:
    return [each.events for each in one]


def delivered(*more: Given, by: str = "partner-1", amount: int = 500, **terms: Any) -> list[Record]:
    """M1 defined (2) and submitted on 1 September (3); what follows."""
    first = [
        b.signed(**terms),
        e.MilestoneDefined(on=b.SIGNED, milestone="M1", amount_minor=amount, due=day(9, 10)),
        (by, e.MilestoneSubmitted(on=day(9, 1), milestone="M1")),
    ]
    return given(*first, *more).records


def approval(by: str = "manager-1", on: date | None = DECIDED, role: str = "manager") -> Given:
    return by, e.ApprovalGranted(on=on, milestone="M1", subject=3, role=role, digest="d")


def acceptance(**more: Any) -> Fact:
    facts: dict[str, Any] = {"on": day(9, 2), "payment_due": day(10, 2), "accepted_minor": 500}
    return e.MilestoneAccepted(milestone="M1", submission=3, **(facts | more))


def paid(on: date | None, amount: int = 500, **more: Any) -> Fact:
    return e.PaymentRecorded(on=on, milestone="M1", amount_minor=amount, **more)


# --- people ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(("until", "hits"), [(day(9, 3), 0), (day(9, 2), 1)])
def test_approved_without_role(until: date, hits: int) -> None:
    """The role ends on the day of its revocation, also where that is entered afterwards."""
    revoked = e.RoleRevoked(on=until, role="manager", person="manager-1")
    one = found(delivered(approval(), revoked), "approved-without-role")
    assert len(one) == hits
    if one:
        assert one[0].detail == "manager-1 was not manager on 2026-09-02"
        assert (one[0].severity, one[0].milestone, one[0].events) == ("high", "C-1/M1", [4])


def test_an_approval_of_an_unknown_day_is_not_checked() -> None:
    records = delivered(approval(on=None))
    assert found(records, "approved-without-role") == []
    assert reasons(records, "approved-without-role") == ["the day of the approval is unknown"]


@pytest.mark.parametrize(("by", "hits"), [("partner-1", 0), ("manager-1", 1)])
def test_self_approved(by: str, hits: int) -> None:
    assert len(found(delivered(approval(), by=by), "self-approved")) == hits


@pytest.mark.parametrize(("by", "hits"), [("manager-2", 0), ("manager-1", 1)])
def test_a_proposal_approved_by_its_proposer(by: str, hits: int) -> None:
    content = e.BonusProposal(milestone="M1", amount_minor=5, reason="r")
    proposal = e.ChangeProposed(
        on=day(9, 2), content=content, digest="d", amount_minor=5, quorum={"manager": 1}
    )
    granted = e.ApprovalGranted(on=day(9, 2), subject=4, role="manager", digest="d")
    one = found(delivered((by, proposal), ("manager-1", granted)), "self-approved")
    assert [(each.milestone, each.events) for each in one] == [("C-1/M1", [5])] * hits


@pytest.mark.parametrize(("on", "hits"), [(day(9, 2), 0), (day(9, 1), 1)])
def test_approved_after_payment(on: date, hits: int) -> None:
    records = delivered(approval(), acceptance(), paid(on))
    assert events(found(records, "approved-after-payment")) == [[6, 4]] * hits


def test_approved_later_in_the_log_than_paid() -> None:
    records = delivered(paid(day(9, 2)), approval(), acceptance())
    assert events(found(records, "approved-after-payment")) == [[4, 5]]


def test_an_acceptance_without_approvals_is_not_checked() -> None:
    records = delivered(acceptance(), paid(day(9, 2)))
    assert found(records, "approved-after-payment") == []
    assert len(reasons(records, "approved-after-payment")) == 1


@pytest.mark.parametrize(("on", "hits"), [(day(10, 23), 0), (day(10, 22), 1)])
def test_back_dated_beyond_the_contracts_window(on: date, hits: int) -> None:
    """Everything is recorded on 22 November."""
    records = given(b.signed(signed_on=on, backdating_days=30), e.ContractSuspended(on=on)).records
    last = [one.events for one in found(records, "back-dated") if one.events == [2]]
    assert last == [[2]] * hits


@pytest.mark.parametrize(("days", "hits"), [(30, 0), (29, 1)])
def test_back_dated_beyond_a_window_of_ones_own(days: int, hits: int) -> None:
    records = given(b.signed(), e.ContractSuspended(on=day(10, 23))).records
    assert len([o for o in found(records, "back-dated", days=days) if o.events == [2]]) == hits


def test_imported_history_is_not_back_dated() -> None:
    signed = e.ContractSigned(on=date(2020, 1, 1), terms=b.TERMS, imported=True)
    records = given(signed).records
    assert found(records, "back-dated") == []
    assert len(reasons(records, "back-dated")) == 1


@pytest.mark.parametrize(
    ("since", "due", "hits"),
    [
        (day(9, 6), day(9, 20), 0),
        (day(9, 7), day(9, 20), 1),
        (day(9, 12), day(9, 20), 1),
        (day(9, 9), day(9, 10), 0),
        (day(9, 9), day(9, 5), 0),
    ],
)
def test_deadline_moved_late(since: date, due: date, hits: int) -> None:
    revised = e.MilestoneRevised(on=since, milestone="M1", due=due, amount_minor=500)
    assert events(found(delivered(revised), "deadline-moved-late")) == [[4]] * hits


def test_a_date_moved_on_an_unknown_day_is_not_checked() -> None:
    records = delivered(e.MilestoneRevised(milestone="M1", due=day(9, 20), amount_minor=500))
    assert len(reasons(records, "deadline-moved-late")) == 1


def split(second: date, amounts: tuple[int, int] = (1_200_000, 900_000)) -> list[Record]:
    """Two deliveries by one person, in the tier up to 2,000,000."""
    parts: list[Given] = [b.signed()]
    for name, amount in zip(("M1", "M2"), amounts, strict=True):
        parts.append(e.MilestoneDefined(on=b.SIGNED, milestone=name, amount_minor=amount))
    for name, on in (("M1", day(9, 1)), ("M2", second)):
        parts.append(("partner-1", e.MilestoneSubmitted(on=on, milestone=name)))
    return given(*parts).records


def test_split_under_threshold() -> None:
    rule = "split-under-threshold"
    assert found(split(day(9, 9)), rule) == []
    assert found(split(day(9, 8)), rule, percent=50) == []
    (one,) = found(split(day(9, 8), (1_200_000, 1_000_000)), rule)
    assert one.events == [4, 5]
    assert "22,000.00 together, the tier reaches 20,000.00 CNY" in one.detail
    assert found(split(day(9, 8), (1_000_000, 1_000_000)), rule) == []  # together within the tier
    assert found(split(day(9, 8), (1_200_000, 2_000_001)), rule) == []  # the second has more eyes
    assert len(found(split(day(9, 8)), rule, percent=45)) == 1


def test_three_proposals_are_one_run() -> None:
    proposals: list[Given] = []
    for on in (1, 5, 8, 16):
        content = e.BonusProposal(milestone="M1", amount_minor=1_500_000, reason="r")
        fact = e.ChangeProposed(
            on=day(9, on), content=content, digest="d", amount_minor=1_500_000, quorum={}
        )
        proposals.append(("manager-1", fact))
    one = found(delivered(*proposals), "split-under-threshold")
    assert events(one) == [[4, 5, 6]]


# --- money -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(("on", "hits"), [(day(10, 2), 0), (day(10, 1), 1)])
def test_paid_before_due(on: date, hits: int) -> None:
    records = delivered(approval(), acceptance(), paid(on))
    assert events(found(records, "paid-before-due")) == [[6]] * hits
    assert found(records, "paid-before-due", days=1) == []


def test_a_payment_without_a_due_date_is_not_checked() -> None:
    records = delivered(approval(), acceptance(payment_due=None), paid(day(9, 3)))
    assert found(records, "paid-before-due") == []
    assert len(reasons(records, "paid-before-due")) == 1


@pytest.mark.parametrize(("measured", "hits"), [("rate", 0), ("other", 1)])
def test_bonus_without_measurement(measured: str, hits: int) -> None:
    calculation = {"criterion": "rate", "measured": "4%", "at_least": "3%"}
    line = Line(step="bonus", clause="quality", amount_minor=5, calculation=calculation)
    result = (Result(criterion=measured, measured="4%"),)
    records = given(
        b.signed(),
        e.MilestoneDefined(on=b.SIGNED, milestone="M1", amount_minor=500),
        e.MilestoneSubmitted(on=day(9, 1), milestone="M1", results=result),
        acceptance(),
        e.BonusAwarded(on=day(9, 2), milestone="M1", kind="quality", lines=(line,)),
    ).records
    one = found(records, "bonus-without-measurement")
    assert events(one) == [[5]] * hits
    if one:
        assert "quality bonus for rate" in one[0].detail


ONE = Paid("C-1", "M1", "Studio", "CNY", 500, day(9, 1), "INV-1001", 7)


@pytest.mark.parametrize(
    ("other", "hits"),
    [
        ({"reference": "inv 1001"}, 1),
        ({"reference": "INV-1007"}, 1),
        ({"reference": "INV-1077"}, 0),
        ({"on": day(9, 15)}, 1),
        ({"on": day(9, 16)}, 0),
        ({"amount_minor": 501}, 0),
        ({"partner": "Other"}, 0),
        ({"currency": "USD"}, 0),
    ],
)
def test_duplicate_payment(other: dict[str, Any], hits: int) -> None:
    second = replace(ONE, contract="C-2", milestone="M9", position=9, **other)
    limits = {"days": 14, "distance": 1}
    one = [each for each in duplicate_payment([second, ONE], limits) if isinstance(each, tuple)]
    assert len(one) == hits
    if hits:
        assert (one[0][0].contract, one[0][1].events) == ("C-2", (7, 9))


@pytest.mark.parametrize(("milestone", "hits"), [("M1", 1), ("M2", 0)])
def test_without_references_only_the_same_milestone_is_compared(milestone: str, hits: int) -> None:
    first = replace(ONE, reference="")
    pair = [first, replace(first, milestone=milestone, position=9)]
    one = list(duplicate_payment(pair, {"days": 14, "distance": 1}))
    assert [isinstance(each, Unchecked) for each in one] == [not hits]


def test_each_payment_is_told_once_with_the_latest_before_it() -> None:
    """Three of a kind are two too many, not three pairs."""
    three = [replace(ONE, on=day(9, n), position=n) for n in (1, 3, 5)]
    found = [one for one in duplicate_payment(three, {"days": 14, "distance": 1}) if one]
    assert [one[1].events for one in found if isinstance(one, tuple)] == [(1, 3), (3, 5)]


@given_by_hypothesis(
    st.lists(st.tuples(st.text("A1-", max_size=5), st.integers(1, 28)), max_size=8),
    st.integers(0, 3),
    st.sampled_from((0, 3, 14)),
)
def test_a_duplicate_is_found_where_comparing_all_pairs_finds_one(
    made: list[tuple[str, int]], distance: int, days: int
) -> None:
    payments = [
        replace(ONE, reference=reference, on=day(9, on), position=n, milestone=f"M{n % 2}")
        for n, (reference, on) in enumerate(made, 1)
    ]
    found = duplicate_payment(payments, {"days": days, "distance": distance})
    told = {one[0].position for one in found if isinstance(one, tuple)}
    assert told == {
        second.position
        for first, second in permutations(payments, 2)
        if (first.on, first.position) < (second.on, second.position)
        and (second.on - first.on).days <= days  # type: ignore[operator]
        and alike(first, second, distance)
    }


@given_by_hypothesis(
    st.lists(
        st.tuples(
            st.sampled_from(("", "A1", "A2")), st.none() | st.integers(1, 28), st.integers(1, 3)
        ),
        max_size=8,
    )
)
def test_a_payment_that_has_no_like_makes_no_difference(
    made: list[tuple[str, int | None, int]],
) -> None:
    payments = [
        replace(
            ONE,
            reference=ref,
            on=None if on is None else day(9, on),
            amount_minor=amount,
            position=n,
        )
        for n, (ref, on, amount) in enumerate(made, 1)
    ]
    payments.sort(key=lambda paid: paid.amount_minor)
    count = Counter(paid.amount_minor for paid in payments)
    alone = [paid for paid in payments if count[paid.amount_minor] > 1]
    limits = {"days": 14, "distance": 1}
    assert list(duplicate_payment(alone, limits)) == list(duplicate_payment(payments, limits))


def alike(first: Paid, second: Paid, distance: int) -> bool:
    one, two = (p.reference.replace("-", "") for p in (first, second))
    if not one and not two:
        return first.milestone == second.milestone
    return bool(one and two) and levenshtein(one, two) <= distance


def levenshtein(one: str, two: str) -> int:
    """By its definition."""
    if not one or not two:
        return len(one) + len(two)
    return min(
        levenshtein(one[1:], two) + 1,
        levenshtein(one, two[1:]) + 1,
        levenshtein(one[1:], two[1:]) + (one[0].casefold() != two[0].casefold()),
    )


def test_many_payments_of_one_amount_are_not_compared_pair_by_pair(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    compared = []

    def different(*names: object) -> int:
        compared.append(names)
        return 9

    monkeypatch.setattr("projections.exception_rules.money.edits", different)
    many = [replace(ONE, reference=f"{n * 7919:06}", position=n) for n in range(1_000)]
    assert list(duplicate_payment(many, {"days": 14, "distance": 1})) == []
    assert len(compared) < 20 * len(many)  # of half a million pairs


def test_a_payment_that_came_back_is_no_duplicate() -> None:
    returned = e.PaymentReversed(on=day(10, 4), milestone="M1", payment=6, why="event")
    first = [approval(), acceptance(), paid(day(10, 2), reference="A1")]
    again = paid(day(10, 5), reference="A1")
    assert found(delivered(*first, returned, again), "duplicate-payment") == []
    assert events(found(delivered(*first, again), "duplicate-payment")) == [[6, 7]]


@pytest.mark.parametrize(
    ("one", "two", "distance"),
    [("abc", "abc", 0), ("abc", "abd", 1), ("abc", "ab", 1), ("ab", "cd", 2)],
)
def test_edits(one: str, two: str, distance: int) -> None:
    assert edits(one, two, 3) == edits(two, one, 3) == distance
    assert edits(one, two, 0) == min(distance, 1)


# --- all together ----------------------------------------------------------------------------------


def test_the_scenario_breaks_none_of_them() -> None:
    examined = examine([double_eleven()], {})
    assert examined.found == []
    assert {rule for rule, _ in examined.unchecked} == WITHOUT_PAYEES


def test_as_of_leaves_out_what_came_later() -> None:
    records = delivered(approval(), acceptance(), paid(day(10, 1)))
    assert examine([records], {}, as_of=day(9, 30)).found == []


def test_settings_switch_weigh_and_limit() -> None:
    records = delivered(approval(), acceptance(), paid(day(10, 1)))
    rule = "paid-before-due"
    (one,) = examine([records], {rule: Setting(severity="high")}).found
    assert one.severity == "high"
    assert examine([records], {rule: Setting(enabled=False)}).found == []
    assert examine([records], {rule: Setting(limits={"days": 1})}).found == []


def test_every_rule_says_what_holds_and_why() -> None:
    for rule in exception_rules():
        assert rule.says.endswith(".")
        assert rule.why
        assert sum(c is not None for c in (rule.check, rule.across, rule.payees)) == 1


def test_the_standard_terms_have_the_window_that_the_tests_count_on() -> None:
    assert isinstance(b.TERMS, Terms)
    assert b.TERMS.backdating_days == 400
