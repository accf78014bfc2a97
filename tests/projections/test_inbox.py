"""What the inbox holds besides deliveries and approvals: retention, claims; and what it holds no more."""

from __future__ import annotations

from datetime import date, timedelta

from ledger.intents import InstructPayment
from projections.derive.inbox import RELEASE, Task, tasks
from tests.decisions import builders as b
from tests.decisions import endings as e
from tests.decisions.spec import Story
from tests.decisions.test_rules_refund import claimed, refunds
from tests.decisions.test_rules_release import begun, completed, releases

COMPLETE = date(2026, 9, 25)


def told(story: Story, *kinds: str) -> list[tuple[str, str, date | None, int | None]]:
    found: list[Task] = [task for task in tasks(story.the_state()) if task.task in kinds]
    assert all(task.role == "finance" and "finance-1" in task.people for task in found)
    return [
        (task.task, task.reference, task.since or task.due, task.amount_minor) for task in found
    ]


def test_retention_waits_from_the_day_on_which_the_terms_let_each_part_go() -> None:
    later = COMPLETE + timedelta(days=30)
    assert told(begun(), RELEASE) == []
    assert told(completed(), RELEASE) == [
        (RELEASE, "C-1/M1", COMPLETE, 50_000),
        (RELEASE, "C-1/M1", later, 50_000),
        (RELEASE, "C-1/M2", COMPLETE, 150_000),
        (RELEASE, "C-1/M2", later, 150_000),
    ]


def test_what_was_released_is_to_be_paid_by_its_own_name_and_the_rest_waits_on() -> None:
    story = b.play(completed(), releases("M1", 20_000, on=b.day(9, 26)))
    name = f"C-1#{b.last(story)}"
    of_m1 = [row for row in told(story, RELEASE, "pay") if row[1] in ("C-1/M1", name)]
    assert ("pay", name, b.day(9, 26), 20_000) in of_m1
    assert [(since, amount) for task, _, since, amount in of_m1 if task == RELEASE] == [
        (COMPLETE, 30_000),
        (COMPLETE + timedelta(days=30), 50_000),
    ]
    pay = InstructPayment(
        milestone="M1", release=b.last(story), amount_minor=20_000, on=b.day(9, 28)
    )
    b.play(story, ("finance-1", pay))
    assert name not in [reference for _, reference, _, _ in told(story, "pay")]


def test_a_claim_waits_for_finance_until_it_is_refunded() -> None:
    story = claimed()
    ((_, reference, since, amount),) = told(story, "recover the claim")
    assert (reference, amount) == ("C-1/M1", 100_000)
    assert since is not None and since >= b.day(9, 3)
    b.play(story, refunds(40_000))
    assert [row[3] for row in told(story, "recover the claim")] == [60_000]
    b.play(story, refunds(60_000))
    assert told(story, "recover the claim") == []


def test_a_proposal_that_a_closed_contract_left_without_effect_waits_for_nobody() -> None:
    story = b.play(b.contract(), e.ends(), e.ends())
    first, second = b.last(story) - 1, b.last(story)
    names = [f"C-1#{first}", f"C-1#{second}"]
    assert {task.reference for task in tasks(story.the_state())} >= set(names)
    b.play(story, b.agrees(first, on=e.END, by="admin-2"))
    assert story.the_state().proposals[second].status == "open"
    assert not {task.reference for task in tasks(story.the_state())} & set(names)


def test_a_resolution_waits_neither_for_who_proposed_it_nor_for_who_opened_the_dispute() -> None:
    story = b.play(b.accepted(), b.disputes(on=b.day(8, 25), by="manager-3"))
    dispute = b.last(story)
    b.play(story, b.proposes(b.resolution(dispute, "upheld", -100_000), on=b.day(8, 26)))
    name = f"C-1#{b.last(story)}"
    people = {task.reference: task.people for task in tasks(story.the_state())}
    assert people[name] == ("manager-2",)
