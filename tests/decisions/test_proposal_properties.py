"""Random proposals, approved in any order, never put in force what their approvers were not shown.

The model beside the product is as naive as can be: what each proposal was to change, the values that stood before it,
and the contract as a flat table of values. An approval is compared with what the model says must follow.
"""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from pytest import MonkeyPatch

from ledger import intents as i
from ledger.errors import Refused
from ledger.events import Amendment, ChangeProposed, MilestoneAccepted, Revision, encode
from ledger.terms import PaymentTerms, Tax
from projections.oracle.faults import faults
from tests.decisions import builders as b
from tests.decisions.spec import Story

Values = dict[str, Any]
MANAGERS = ("manager-1", "manager-2", "manager-3")
FIELDS = ("M1.due", "M1.amount_minor", "M2.due", "M2.amount_minor", "payment", "tax", "title")
OUTDATED = "proposal-not-outdated"
LIMIT = 2_000_000  # up to this a manager alone approves


def value_of(field: str, number: int) -> Any:
    """One of four values of a field, so that proposals often collide and sometimes agree."""
    return {
        "due": date(2026, 9, 1) + timedelta(days=number),
        "amount_minor": 400_000 * (number + 1),
        "payment": PaymentTerms(net_days=10 * number),
        "tax": Tax(vat=Decimal(number)) if number else None,
        "title": f"title {number}",
    }[field.rpartition(".")[2]]


def table(story: Story) -> Values:
    """The contract as a flat table, read from the state that the product folds."""
    state = story.the_state()
    found: Values = {
        f"{name}.{field}": getattr(state.milestones[name].current, field)
        for name in ("M1", "M2")
        for field in ("due", "amount_minor")
    }
    return found | {name: getattr(state.terms, name) for name in ("payment", "tax", "title")}


def asked(change: Values, now: Values) -> tuple[str, i.ProposeChange]:
    """The change as the command line asks for it: what is not typed is filled in from what it sees."""
    revisions = tuple(
        Revision(
            milestone=name,
            due=change.get(f"{name}.due", now[f"{name}.due"]),
            amount_minor=change.get(f"{name}.amount_minor", now[f"{name}.amount_minor"]),
        )
        for name in ("M1", "M2")
        if any(field.startswith(f"{name}.") for field in change)
    )
    said: Any = {name: change.get(name, now[name]) for name in ("payment", "tax", "title")}
    if any(name in change for name in said):
        terms = replace(b.TERMS, ceiling_minor=None, **said)
        return "admin-1", i.ProposeChange(content=Amendment(terms=terms, revisions=revisions))
    content = b.order(*((r.milestone, r.due, r.amount_minor) for r in revisions))
    return "manager-1", i.ProposeChange(content=content)


def added(change: Values, now: Values) -> int:
    """The money that a change adds to what is in force."""
    return sum(max(0, v - now[f]) for f, v in change.items() if f.endswith("amount_minor"))


def needed(change: Values, minor: int) -> dict[str, int]:
    """Who has to approve: by the tier of the money, for terms an administrator besides."""
    money = {"manager": 1} if minor <= LIMIT else {"manager": 1, "finance": 1}
    if not any("." not in field for field in change):
        return money
    return {"administrator": 1} | (money if minor > 0 else {})


class Model:
    """What was proposed, with what stood before it, and who approved what of it."""

    def __init__(self, story: Story) -> None:
        self.story = story
        self.now = table(story)
        self.open: dict[int, tuple[Values, Values, dict[str, str]]] = {}

    def propose(self, change: Values) -> None:
        by, intent = asked(change, self.now)
        differs = {field: v for field, v in change.items() if v != self.now[field]}
        self.story.when(intent, by=by)
        if self.story.refusal is not None:
            # One of its milestones would stay as it is, or all of it.
            idle = {f.partition(".")[0] for f in change} - {f.partition(".")[0] for f in differs}
            assert idle or not differs, str(self.story.refusal)
            return
        self.story.happened()
        event = self.story.records[-1].data
        assert isinstance(event, ChangeProposed)
        before = {field: self.now[field] for field in differs}
        self.open[len(self.story.records)] = (differs, before, {})

    def approve(self, version: int, by: str, role: str) -> None:
        change, before, given_by = self.open[version]
        self.story.when(i.ApproveChange(proposal=version, role=role), by=by)
        outdated = any(self.now[field] != value for field, value in before.items())
        if self.story.refusal is not None:
            assert isinstance(self.story.refusal, Refused)
            assert (self.story.refusal.code == OUTDATED) <= outdated, str(self.story.refusal)
            return
        assert not outdated, f"{change} was put in force over {self.now}, shown as {before}"
        self.story.happened()
        given_by[role] = by
        if set(given_by) == set(needed(change, added(change, self.now))):
            self.now |= change
            del self.open[version]
        assert table(self.story) == self.now


change = st.dictionaries(st.sampled_from(FIELDS), st.integers(0, 3), min_size=1, max_size=3).map(
    lambda drawn: {field: value_of(field, number) for field, number in drawn.items()}
)
people = st.sampled_from(
    [
        ("manager-1", "manager"),
        ("manager-2", "manager"),
        ("manager-3", "manager"),
        ("finance-1", "finance"),
        ("admin-2", "administrator"),
    ]
)
step = st.one_of(change, st.tuples(st.integers(0, 9), people))


def played(steps: list[Any]) -> Model:
    model = Model(b.contract(ceiling_minor=None))
    for one in steps:
        if isinstance(one, dict):
            model.propose(one)
        elif model.open:
            number, (by, role) = one
            model.approve(sorted(model.open)[number % len(model.open)], by, role)
    return model


@settings(deadline=None)
@given(st.lists(step, max_size=14))
def test_nothing_is_put_in_force_but_what_was_shown(steps: list[Any]) -> None:
    played(steps)


def test_a_planted_snapshot_is_noticed(monkeypatch: MonkeyPatch) -> None:
    """The fault of the first release: a patch that sets what it was to leave as it is, and rests on nothing."""
    from ledger.decisions import changes
    from ledger.evolve import approvals
    from ledger.patches import stated_in_full

    monkeypatch.setattr(changes, "as_patch", lambda state, content, typed: stated_in_full(content))
    monkeypatch.setattr(approvals, "premises", lambda state, content: ())
    steps: list[Any] = [
        {"M1.due": date(2026, 9, 30)},
        {"M1.amount_minor": 500_000},
        (1, ("manager-2", "manager")),
        (0, ("manager-2", "manager")),
    ]
    assert noticed(steps)


def test_premises_that_are_not_looked_at_are_noticed(monkeypatch: MonkeyPatch) -> None:
    from ledger.decisions import rules_proposal

    monkeypatch.setattr(rules_proposal, "changes_since", lambda state, proposal: [])
    steps: list[Any] = [
        {"M1.amount_minor": 800_000},
        {"M1.amount_minor": 400_000},
        (1, ("manager-2", "manager")),
        (0, ("manager-2", "manager")),
    ]
    assert noticed(steps)


def noticed(steps: list[Any]) -> bool:
    try:
        played(steps)
    except AssertionError:
        return True
    return False


# --- submissions: approvals of one content at one price ------------------------------------------------


@settings(deadline=None)
@given(
    st.lists(
        st.one_of(
            st.tuples(st.just("tax"), st.integers(0, 2)),
            st.tuples(st.just("amount"), st.integers(0, 2)),
            st.tuples(st.sampled_from(["manager-1", "finance-1"]), st.sampled_from(["", "50%"])),
        ),
        max_size=10,
    )
)
def test_what_is_accepted_was_approved_by_everybody_at_that_price(steps: list[Any]) -> None:
    """The model keeps each person's last word: the part, and tax and amount as they were when it was given."""
    assert_bound(steps)


def assert_bound(steps: list[Any]) -> None:
    story = b.play(b.contract(ceiling_minor=None, early_bonus=None), b.submits("M2"))
    rate, amount = 0, 3_000_000
    words: dict[str, tuple[str, int, int]] = {}
    for who, what in steps:
        if who == "tax":
            if what != rate:
                rate = what
                terms = replace(story.the_state().terms, tax=value_of("tax", rate))
                act = b.proposes(Amendment(terms=terms), by="admin-1")
                b.play(story, act, b.agrees(b.last(story) + 1, by="admin-2"))
            continue
        if who == "amount":
            wanted = 3_000_000 + 200_000 * what
            if wanted != amount:
                amount = wanted
                act = b.proposes(b.order(("M2", date(2026, 9, 18), amount)))
                b.play(story, act, b.agrees(b.last(story) + 1))
            continue
        story.when(i.ApproveMilestone(milestone="M2", part=what), by=who)
        if story.refusal is not None:
            continue
        completed = any(isinstance(event, MilestoneAccepted) for event in story.events)
        story.happened()
        words[who] = (what, rate, amount)
        # Half of 3,000,000 is within a manager's tier alone.
        part = amount // 2 if what else amount
        both = len(words) == 2 and len(set(words.values())) == 1
        assert completed == (both if part > LIMIT else who == "manager-1")
        if completed:
            return


def test_an_approval_that_bound_no_price_would_be_noticed(monkeypatch: MonkeyPatch) -> None:
    from ledger.decisions import acceptance
    from ledger.decisions.binding import submission_digest as whole

    def priceless(version: int, event: Any, part: int, named: Any, priced: Any) -> str:
        return whole(version, event, part, named, ())

    monkeypatch.setattr(acceptance, "submission_digest", priceless)
    steps = [("manager-1", ""), ("tax", 2), ("finance-1", "")]
    failed = False
    try:
        assert_bound(steps)
    except AssertionError:
        failed = True
    assert failed


def test_the_oracle_names_an_acceptance_at_a_price_that_was_not_approved(
    monkeypatch: MonkeyPatch,
) -> None:
    from ledger.decisions import acceptance
    from ledger.decisions.binding import submission_digest as whole

    def priceless(version: int, event: Any, part: int, named: Any, priced: Any) -> str:
        return whole(version, event, part, named, ())

    def accepted(rate: int) -> list[str]:
        story = b.play(b.contract(early_bonus=None, ceiling_minor=None), b.submits("M2"))
        b.play(story, b.approves("M2"))
        terms = replace(story.the_state().terms, tax=value_of("tax", rate))
        if rate:
            act = b.proposes(Amendment(terms=terms), by="admin-1")
            b.play(story, act, b.agrees(b.last(story) + 1, by="admin-2"))
        b.play(story, b.approves("M2", by="finance-1"))
        return faults([json.loads(encode(record)) for record in story.records])

    monkeypatch.setattr(acceptance, "submission_digest", priceless)
    assert accepted(0) == []
    assert any("approved [" in fault for fault in accepted(2))
