"""Every task of the inbox whole: what waits for whom, since when, due when, of how much, and by which facts."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from msgspec import structs

from ledger import events as e
from ledger import intents as i
from ledger.events import Amendment, Covered, Fact
from ledger.state import Contract
from ledger.terms import InvoicePolicy, Tier
from projections.derive.inbox import MODEL, Task, tasks
from tests.decisions import builders as b
from tests.decisions.builders import SIGNED, TERMS, day
from tests.decisions.spec import Story
from tests.decisions.told import DEFINED, M1, accepted, after, line

MANAGERS = ("manager-1", "manager-2", "manager-3")
CLERKS = ("finance-1", "finance-2")
SUBMITTED = e.MilestoneSubmitted(on=day(8, 20), **M1)
REJECTED = e.SubmissionRejected(on=day(8, 22), submission=3, reason="", **M1)
STARTED = e.MilestoneStarted(on=day(8, 10), **M1)


def waiting(state: Contract) -> list[Task]:
    """Every task, its events in order and each once."""
    return [task._replace(events=sorted(set(task.events))) for task in tasks(state)]


def task(name: str, role: str, people: tuple[str, ...], **more: Any) -> Task:
    fields: dict[str, Any] = {
        "reference": "C-1/M1",
        "title": "",
        "since": None,
        "due": None,
        "amount_minor": 1_000,
    } | more
    return Task(task=name, role=role, people=people, **fields)


# --- delivered ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("facts", "name", "since", "events"),
    [
        ((DEFINED,), "deliver", SIGNED, [102]),
        ((DEFINED, STARTED), "deliver", day(8, 10), [102, 103]),
        ((DEFINED, SUBMITTED, REJECTED), "submit again", day(8, 22), [102, 103, 104]),
    ],
)
def test_what_is_to_be_delivered_waits_for_the_partner(
    facts: tuple[Fact, ...], name: str, since: date, events: list[int]
) -> None:
    expected = task(name, "partner", ("partner-1",), since=since, due=day(8, 21), events=events)
    assert waiting(after(*facts)) == [expected]
    owned = structs.replace(DEFINED, owner="crew", title="Hall")
    (one,) = waiting(after(owned, *facts[1:]))
    assert (one.people, one.title) == (("crew",), "Hall")
    suspended = e.ContractSuspended(on=day(9, 1))
    assert waiting(after(*facts, suspended)) == []


def test_a_delivery_waits_for_what_it_depends_on_until_that_is_accepted() -> None:
    later = structs.replace(DEFINED, milestone="M2", depends_on=("M1", "M9"))

    def blocked(*facts: Fact) -> dict[str, tuple[str, ...]]:
        return {t.reference: t.waits_for for t in waiting(after(*facts)) if t.task != "pay"}

    handed_in = e.MilestoneSubmitted(on=day(8, 20), milestone="M2")
    assert blocked(DEFINED, later) == {"C-1/M1": (), "C-1/M2": ("C-1/M1",)}
    assert blocked(DEFINED, later, SUBMITTED)["C-1/M2"] == ("C-1/M1",)
    assert blocked(DEFINED, later, SUBMITTED, handed_in)["C-1/M2"] == ("C-1/M1",)
    assert blocked(*accepted(), later) == {"C-1/M2": ()}
    assert blocked(*accepted(), later, handed_in) == {"C-1/M2": ()}


# --- decided -----------------------------------------------------------------------------------------------


def test_a_submission_waits_for_the_roles_of_its_tier() -> None:
    facts = (structs.replace(DEFINED, title="Hall"), SUBMITTED)
    assert waiting(after(*facts)) == [
        task(
            *("approve", "manager", MANAGERS),
            title="Hall",
            since=day(8, 20),
            due=day(8, 21),
            # on the 20th, a day early: 0.5 % of 1,000 more
            amount_minor=1_005,
            events=[103],
        )
    ]


def test_an_approval_given_leaves_the_others_and_since_then_it_waits_for_them() -> None:
    """Of M2's 3,000,000 a manager and a finance clerk approve; the part was 90 %."""
    story = b.play(b.contract(), b.submits("M2", on=day(9, 18)))
    m2 = [t for t in waiting(story.the_state()) if t.reference == "C-1/M2"]
    assert [(t.role, t.people, t.since) for t in m2] == [
        ("manager", MANAGERS, day(9, 18)),
        ("finance", CLERKS, day(9, 18)),
    ]
    b.play(story, b.approves("M2", on=day(9, 20), part="90%"))
    (left,) = (t for t in waiting(story.the_state()) if t.reference == "C-1/M2")
    assert (left.role, left.people, left.since) == ("finance", CLERKS, day(9, 20))
    assert (left.amount_minor, left.events) == (2_700_000, [4, 5])


def test_since_the_latest_approval_it_waits_for_the_last() -> None:
    story = b.contract(approval=(Tier(quorum={"manager": 2, "finance": 1}),))
    b.play(
        story, b.submits("M1"), b.approves(on=day(8, 25)), b.approves(on=day(8, 23), by="manager-2")
    )
    (left,) = (t for t in waiting(story.the_state()) if t.task == "approve")
    assert (left.role, left.since) == ("finance", day(8, 25))


def test_who_submitted_is_not_asked_unless_duties_are_not_separated() -> None:
    story = b.play(b.contract(), b.submits("M1", by="manager-1"))
    (one,) = (t for t in waiting(story.the_state()) if t.task == "approve")
    assert one.people == ("manager-2", "manager-3")
    story = b.play(b.contract(separation=False), b.submits("M1", by="manager-1"))
    (one,) = (t for t in waiting(story.the_state()) if t.task == "approve")
    assert one.people == MANAGERS


def test_what_was_submitted_before_the_policy_changed_waits_for_the_roles_of_then() -> None:
    story = b.play(b.contract(), b.submits("M1"))
    anew = Amendment(terms=replace(TERMS, approval=(Tier(quorum={"finance": 1}),)))
    b.play(story, b.proposes(anew, on=day(8, 22), by="admin-1"), b.agrees(5, day(8, 23), "admin-2"))
    assert story.the_state().terms.approval[0].quorum == {"finance": 1}
    assert [t.role for t in waiting(story.the_state()) if t.task == "approve"] == ["manager"]


def test_of_an_amount_that_is_not_agreed_yet_none_is_told() -> None:
    (one,) = waiting(after(structs.replace(DEFINED, amount_minor=None), SUBMITTED))
    assert (one.task, one.role, one.amount_minor) == ("approve", "manager", None)


def test_who_gave_a_role_up_is_asked_no_more() -> None:
    gone = e.RoleRevoked(on=day(8, 19), role="manager", person="manager-2")
    (one,) = waiting(after(DEFINED, gone, structs.replace(SUBMITTED, on=day(8, 20))))
    assert one.people == ("manager-1", "manager-3")


def test_of_two_parts_begun_the_one_joined_last_goes_on() -> None:
    story = b.play(b.contract(), b.submits("M2"))
    b.play(story, b.approves("M2", on=day(9, 20), part="90%"))
    b.play(story, b.approves("M2", on=day(9, 21), part="80%", by="manager-2"))
    amounts = {t.amount_minor for t in waiting(story.the_state()) if t.reference == "C-1/M2"}
    assert amounts == {2_400_000}


# --- paid --------------------------------------------------------------------------------------------------


def test_what_is_payable_waits_for_finance_from_its_acceptance_on() -> None:
    paid = e.PaymentRecorded(on=day(9, 1), amount_minor=250, **M1)
    assert waiting(after(*accepted(), paid)) == [
        task(
            *("pay", "finance", CLERKS),
            since=day(8, 25),
            due=day(9, 24),
            amount_minor=750,
            events=[102, 103, 104, 105],
        )
    ]


def test_an_instruction_waits_to_be_recorded() -> None:
    facts = (structs.replace(DEFINED, title="Hall"), *accepted()[1:])
    instructed = e.PaymentInstructed(on=day(9, 2), amount_minor=1_000, **M1)
    assert waiting(after(*facts, instructed)) == [
        task(
            *("record the payment", "finance", CLERKS),
            reference="C-1#5",
            title="Hall",
            since=day(9, 2),
            events=[105],
        )
    ]


@pytest.mark.parametrize(
    ("invoiced", "asked", "payable"),
    [(0, 1_000, 0), (400, 600, 400), (999, 1, 999), (1_000, 0, 1_000), (1_200, 0, 1_000)],
)
def test_what_no_invoice_covers_waits_for_the_partner_to_send_one(
    invoiced: int, asked: int, payable: int
) -> None:
    covers = (Covered(milestone="M1", amount_minor=invoiced),)
    invoice = e.InvoiceReceived(
        on=day(9, 1), number="F-1", kind="k", amount_minor=invoiced, covers=covers
    )
    facts = [*accepted(), *([invoice] if invoiced else [])]
    events = [102, 103, 104, *([105] if invoiced else [])]
    expected = []
    shared: dict[str, Any] = {"since": day(8, 25), "due": day(9, 24), "events": events}
    if asked:
        send = task("send an invoice", "partner", ("partner-1",), amount_minor=asked, **shared)
        expected.append(send)
    if payable:
        expected.append(task("pay", "finance", CLERKS, amount_minor=payable, **shared))
    assert waiting(after(*facts, invoices=InvoicePolicy(required=True))) == expected


def test_the_invoice_that_is_asked_for_has_the_tax_and_what_is_retained_too() -> None:
    """Of 1,000 with 60 of tax 100 are retained: 960 are payable, and 1,060 are invoiced."""
    lines = (line(1_000), line(60, "tax", "vat"), line(-100, "retention"))
    state = after(*accepted(lines=lines), invoices=InvoicePolicy(required=True))
    (one,) = (t for t in waiting(state) if t.task == "send an invoice")
    assert one.amount_minor == 1_060


def test_a_claim_is_what_is_left_when_what_is_owed_of_its_retention_is_taken_off() -> None:
    over = e.PaymentRecorded(on=day(9, 3), amount_minor=1_100, **M1)
    claim = task(
        *("recover the claim", "finance", CLERKS),
        since=day(9, 3),
        amount_minor=100,
        events=[102, 103, 104, 105],
    )
    assert waiting(after(*accepted(), over)) == [claim]
    release = e.RetentionReleased(on=day(9, 1), acceptance=4, amount_minor=40, lines=(), **M1)
    (less,) = (t for t in waiting(after(*accepted(), over, release)) if t.role == "finance")
    assert (less.task, less.amount_minor) == ("recover the claim", 60)
    whole = structs.replace(release, amount_minor=100)
    assert waiting(after(*accepted(), over, whole)) == []
    later = e.DisputeResolved(
        on=day(9, 9), dispute=6, outcome="upheld", lines=(line(-5, "adjustment"),), **M1
    )
    opened = e.DisputeOpened(on=day(9, 8), side="client", amount_minor=5, **M1)
    (more,) = waiting(after(*accepted(), over, opened, later))
    assert (more.amount_minor, more.since) == (105, day(9, 9))


# --- proposals and disputes --------------------------------------------------------------------------------


def proposed(story: Story) -> list[tuple[str, str, str, tuple[str, ...], date | None, int | None]]:
    return [
        (t.task, t.title, t.role, t.people, t.since, t.amount_minor)
        for t in waiting(story.the_state())
        if t.reference == f"C-1#{story.the_state().version}" or "outdated" in t.title
    ]


def test_a_proposal_waits_for_its_quorum_without_who_proposed_it() -> None:
    story = b.play(b.contract(), b.proposes(b.order(("M1", day(8, 21), 1_200_000)), on=day(9, 1)))
    said = "change order: M1 12,000.00 CNY (was 10,000.00 CNY)"
    people = ("manager-2", "manager-3")
    assert proposed(story) == [("approve", said, "manager", people, day(9, 1), 200_000)]
    moved = b.play(b.contract(), b.proposes(b.order(("M1", day(8, 30), 1_000_000)), on=day(9, 1)))
    said = "change order: M1 due 2026-08-30 (was 2026-08-21)"
    # it moves no money
    assert proposed(moved) == [("approve", said, "manager", people, day(9, 1), None)]


def test_an_outdated_proposal_waits_for_whoever_may_propose_it_anew() -> None:
    story = b.play(
        b.contract(),
        b.proposes(b.order(("M1", day(8, 21), 1_200_000)), on=day(9, 1)),
        b.proposes(b.order(("M1", day(8, 21), 1_300_000)), on=day(9, 2), by="manager-2"),
        b.agrees(5, on=day(9, 3), by="manager-3"),
    )
    said = "outdated change order: M1 12,000.00 CNY (was 10,000.00 CNY)"
    assert proposed(story) == [
        ("propose anew", said, "manager", MANAGERS, day(9, 1), 200_000),
    ]


def test_a_proposal_waits_on_while_the_contract_is_suspended() -> None:
    story = b.play(b.contract(), b.proposes(b.order(("M1", day(8, 30), 1_000_000)), on=day(9, 1)))
    b.play(story, ("admin-1", i.SuspendContract(on=day(9, 2))))
    assert [t.reference for t in waiting(story.the_state())] == ["C-1#4"]


@pytest.mark.parametrize(
    ("grant", "person", "people"),
    [
        (True, "admin-2", ("admin-3",)),  # who would gain the role does not approve it
        (False, "admin-2", ("admin-2", "admin-3")),
    ],
)
def test_a_role_waits_for_administrators_who_do_not_gain_it(
    grant: bool, person: str, people: tuple[str, ...]
) -> None:
    story = b.contract() if grant else b.contract(roles=TERMS.roles | {"manager": ("admin-2", "m")})
    b.play(story, b.proposes(b.role(person, grant=grant), on=day(9, 1), by="admin-1"))
    ((_, _, role, found, _, amount),) = proposed(story)
    assert (role, found, amount) == ("administrator", people, None)


def test_a_dispute_waits_for_a_resolution_by_managers_who_did_not_open_it() -> None:
    story = b.play(b.accepted(), b.disputes("M1", 100_000, on=day(9, 1), by="manager-3"))
    (one,) = (t for t in waiting(story.the_state()) if t.reference == "C-1#7")
    assert one == task(
        *("propose a resolution", "manager", ("manager-1", "manager-2")),
        reference="C-1#7",
        since=day(9, 1),
        amount_minor=100_000,
        events=[7],
    )
    b.play(story, b.proposes(b.resolution(7, "upheld", -100_000), on=day(9, 2)))
    assert "C-1#7" not in {t.reference for t in waiting(story.the_state())}
    again = b.play(story, ("manager-1", i.RejectChange(proposal=8, reason="too much")))
    assert "C-1#7" in {t.reference for t in waiting(again.the_state())}


# --- what waits for nobody ---------------------------------------------------------------------------------


def test_a_completed_contract_waits_for_what_is_disputed_later_and_an_imported_one_for_nothing() -> (
    None
):
    facts = (
        *accepted(),
        e.PaymentRecorded(on=day(9, 1), amount_minor=1_000, **M1),
        e.ContractCompleted(on=day(9, 2)),
        e.DisputeOpened(on=day(9, 3), side="client", amount_minor=5, **M1),
    )
    assert [t.task for t in waiting(after(*facts))] == ["propose a resolution"]
    assert waiting(after(*facts, imported=True)) == []


def test_what_its_source_calls_ended_waits_for_nobody() -> None:
    for status, count in (("", 1), ("active", 1), ("terminated", 0), ("cancelled", 0)):
        state = after(DEFINED, imported=True)
        state.source_status = status
        assert len(waiting(state)) == count
    ended = e.ContractTerminated(on=day(9, 1), reason="")
    assert [t.task for t in waiting(after(*accepted(), ended))] == ["pay"]


def test_a_row_of_the_inbox() -> None:
    plan = structs.replace(DEFINED, title="Hall", depends_on=("M0",))
    first = structs.replace(DEFINED, milestone="M0")
    (_, row) = MODEL.rows(after(first, plan))
    assert dict(zip(MODEL.names, row, strict=True)) == {
        "stream": 1,
        "ordinal": 2,
        "contract": "C-1",
        "partner": "Studio",
        "task": "deliver",
        "reference": "C-1/M1",
        "title": "Hall",
        "role": "partner",
        "people": '["partner-1"]',
        "since": "2026-08-03",
        "due_on": "2026-08-21",
        "currency": "CNY",
        "amount_minor": 1_000,
        "waits_for": '["C-1/M0"]',
        "events": "[103]",
    }


def test_where_no_source_tells_of_acceptances_nobody_is_asked_for_one() -> None:
    for knows, asked in ((("deliveries",), []), (("deliveries", "acceptances"), ["approve"])):
        told = e.HistoryImported(on=day(10, 1), source="s.csv", digest="d", knows=knows)
        state = after(DEFINED, SUBMITTED, told, imported=True)
        assert [one.task for one in waiting(state)] == asked
