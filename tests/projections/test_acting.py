"""What waits for the absent, for their delegates: the query on both databases, and the days of a delegation."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date, timedelta

import pytest

from ledger import intents as i
from ledger.intents import Context
from ledger.state import Contract
from ledger.store import Ledger
from ledger.store.perform import perform
from ledger.terms import Delegation
from projections.acting import Acting, acting
from projections.derive import inbox
from projections.reading import reader
from projections.rebuild.catchup import catch_up
from tests.clock import PLANS, SIGNED, TERMS, day, now

TODAY = day(8, 25)
ABSENT = 'Ann "the boss" O\'Neil'
ROLES = TERMS.roles | {"manager": (*TERMS.roles["manager"], ABSENT)}
HOLDS = Delegation(of=ABSENT, to="deputy", since=TODAY, until=TODAY + timedelta(days=1))
LOGIN = "postgres"  # of the tests' server


@pytest.fixture
def waiting(ledger: Ledger[Contract]) -> Ledger[Contract]:
    """M1 of three contracts waits for the managers; in two of them one delegates, in C-2 to somebody else."""
    for contract, to in (("C-1", "deputy"), ("C-2", "clerk"), ("C-3", "")):
        given = (replace(HOLDS, to=to),) if to else ()
        terms = replace(TERMS, roles=ROLES, delegations=given)
        sign = i.SignContract(contract=contract, terms=terms, milestones=PLANS, on=SIGNED)
        for person, intent in (
            ("admin-1", sign),
            ("partner-1", i.SubmitMilestone(milestone="M1", on=day(8, 21))),
        ):
            context = Context(actor=person, now=now(), authenticated_as=LOGIN)
            perform(ledger, [(contract, intent)], context)
    catch_up(ledger.engine)
    return ledger


def found(ledger: Ledger[Contract], person: str, on: date) -> list[Acting]:
    with reader(ledger) as known, ledger.snapshot() as conn:
        return [*acting(conn, person, on, known.known.position, None)]


@pytest.mark.parametrize(("days", "holds"), [(-1, False), (0, True), (1, True), (2, False)])
def test_a_delegation_holds_from_its_first_to_its_last_day(
    waiting: Ledger[Contract], days: int, holds: bool
) -> None:
    told = [Acting("C-1", ABSENT, HOLDS.until)] if holds else []
    assert found(waiting, "deputy", TODAY + timedelta(days=days)) == told


def test_what_waits_for_the_absent_is_found_where_they_delegate_and_nowhere_else(
    waiting: Ledger[Contract],
) -> None:
    told = {"today": TODAY.isoformat(), "person": inbox.holding("deputy")}
    sql, more = inbox.listing({ABSENT: ["C-1"]})
    with reader(waiting) as known:
        rows = known.rows(sql, **told, **more)
        (row,) = rows
        assert rows.count() == len(rows.first(9)) == 1
        assert (row["contract"], row["reference"]) == ("C-1", "C-1/M1")
        assert json.loads(str(row["acting_for"])) == [ABSENT]
        told["person"] = inbox.holding(ABSENT)
        own = [row for row in known.select(inbox.LIST, **told) if row["task"] == "approve"]
        assert [row["contract"] for row in own] == ["C-1", "C-2", "C-3"]
        assert {row["acting_for"] for row in own} == {"[]"}
