"""History decided again where the store vouches for logins: acting for another rests on a delegation of that day."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest
from psycopg.errors import InsufficientPrivilege
from sqlalchemy import make_url
from sqlalchemy.exc import ProgrammingError

import migrations
from ledger import intents as i
from ledger.contract import evolve
from ledger.events import ApprovalGranted, BankAccount, MilestoneAccepted
from ledger.intents import Context
from ledger.state import Contract
from ledger.store import Envelope, Ledger, connect, open_ledger
from ledger.store.logins import claimed_until, note_claimed
from ledger.store.moving import move
from ledger.store.perform import perform
from ledger.store.redeciding import decided_again, judge_log
from ledger.terms import Delegation, Terms
from migrations.roles import named as roles_of
from tests.clock import PLANS, SIGNED, TERMS, day, lately, now
from tests.databases import Cluster, role_of
from tests.decisions import builders

C = "C-1"
LOGIN = "postgres"  # of the tests' server; on SQLite whoever says so
OTHERS = ("admin-1", "partner-1", "finance-1", "finance-2")


def delegating(*more: Delegation) -> Terms:
    """Everybody but the manager lets the login act for them."""
    return replace(TERMS, delegations=(*(Delegation(of=one, to=LOGIN) for one in OTHERS), *more))


def act(ledger: Ledger[Contract], person: str, intent: i.Intent, stream: str = C) -> list[int]:
    """Records it past what a server asks, as somebody would who writes to the log; the positions."""
    context = Context(actor=person, now=now(), authenticated_as=LOGIN)
    return [one.position for one in perform(ledger, [(stream, intent)], context).records]


def submitted(ledger: Ledger[Contract], terms: Terms) -> None:
    act(ledger, "admin-1", i.SignContract(contract=C, terms=terms, milestones=PLANS, on=SIGNED))
    act(ledger, "partner-1", i.SubmitMilestone(milestone="M1", on=day(8, 21)))


def named(ledger: Ledger[Contract], beyond: int | None = 0) -> set[int]:
    with ledger.snapshot() as conn:
        return {one.position for one in judge_log(conn, claimed_until=beyond)}


@pytest.fixture
def ledger(database_url: str) -> Iterator[Ledger[Contract]]:
    with open_ledger(database_url, evolve) as opened:
        yield opened


APPROVE = i.ApproveMilestone(milestone="M1", on=day(8, 25))
TODAY = lately(builders.TODAY)
ENDED = Delegation(of="manager-1", to=LOGIN, until=TODAY - timedelta(days=2))
TO_COME = Delegation(of="manager-1", to=LOGIN, since=TODAY + timedelta(days=2))
TO_SOMEBODY_ELSE = Delegation(of="manager-1", to="clerk")
HOLDING = Delegation(of="manager-1", to=LOGIN, since=TODAY, until=TODAY)


def test_an_approval_under_a_delegation_of_its_day_holds(ledger: Ledger[Contract]) -> None:
    submitted(ledger, delegating(HOLDING))
    act(ledger, "manager-1", APPROVE)
    assert named(ledger) == set()


@pytest.mark.parametrize(
    "delegations",
    [(), (ENDED,), (TO_COME,), (TO_SOMEBODY_ELSE,)],
    ids=["none", "one that has ended", "one to come", "one to somebody else"],
)
def test_an_approval_for_another_without_a_delegation_of_its_day_is_found(
    ledger: Ledger[Contract], delegations: tuple[Delegation, ...]
) -> None:
    submitted(ledger, delegating(*delegations))
    approved, accepted = act(ledger, "manager-1", APPROVE)
    assert approved in named(ledger)
    assert named(ledger, beyond=accepted) == named(ledger, beyond=None) == set()


def test_one_that_was_written_to_the_log_alone_is_found(ledger: Ledger[Contract]) -> None:
    """The very approval and acceptance that a decision has, recorded under a login that may not act for the manager."""
    submitted(ledger, delegating(HOLDING))
    act(ledger, "manager-1", APPROVE)
    facts = [
        one.data
        for one in ledger.stream(C)
        if isinstance(one.data, ApprovalGranted | MilestoneAccepted)
    ]
    other = "C-2"
    act(
        ledger,
        "admin-1",
        i.SignContract(contract=other, terms=delegating(), milestones=PLANS, on=SIGNED),
        other,
    )
    act(ledger, "partner-1", i.SubmitMilestone(milestone="M1", on=day(8, 21)), other)
    envelope = Envelope(actor="manager-1", authenticated_as=LOGIN, origin="raw")
    written = ledger.append([(other, len(ledger.stream(other)), facts)], envelope)
    assert written[0].position in named(ledger)
    assert named(ledger, beyond=None) == set()


def test_it_is_said_who_may_not_act_for_whom(ledger: Ledger[Contract]) -> None:
    submitted(ledger, delegating())
    approved, *_ = act(ledger, "manager-1", APPROVE)
    with ledger.snapshot() as conn:
        first = next(judge_log(conn, claimed_until=0))
    assert first.position == approved
    assert f"{LOGIN} is logged in and may not act for manager-1" in first.what


def test_nobody_keeps_a_register_as_another(ledger: Ledger[Contract]) -> None:
    submitted(ledger, delegating())
    account = BankAccount(holder="Studio Ltd", number="6222020200112233445", bank="102331002126")
    proposed = act(
        ledger, "finance-1", i.ProposePayee(partner="Studio", account=account), "~payees"
    )
    assert named(ledger) == set(proposed)
    assert named(ledger, beyond=None) == set()


@pytest.mark.postgres
def test_what_was_moved_from_a_store_that_only_claims_logins_is_not_judged_by_them(
    sqlite_url: str, cluster: Cluster
) -> None:
    with open_ledger(sqlite_url, evolve) as source:
        submitted(source, delegating())
        act(source, "manager-1", APPROVE)
        assert decided_again(source.engine).ok  # SQLite vouches for nobody
        with cluster.database("template0") as url:
            migrations.upgrade(url, "logins")
            with open_ledger(url, evolve) as target:
                moved = move(source.engine, target.engine).rows["log"]
                with target.snapshot() as conn:
                    assert claimed_until(conn) == moved
                assert decided_again(target.engine).ok
                act(target, "manager-1", i.StartMilestone(milestone="M2", on=day(8, 25)))
                check = decided_again(target.engine)
                assert check.count == 1
                assert f"position {moved + 1}" in check.detail()
            drop_roles(cluster, url)


@pytest.mark.postgres
def test_only_the_owner_says_up_to_where_logins_are_claims(
    postgresql_url: str, cluster: Cluster
) -> None:
    cluster.execute(f"CREATE ROLE noting LOGIN IN ROLE {role_of(postgresql_url, 'writer')}")
    engine = connect(make_url(postgresql_url).set(username="noting").render_as_string(False))
    try:
        with engine.connect() as conn, pytest.raises(ProgrammingError) as refused:
            note_claimed(conn, 9)
        assert isinstance(refused.value.orig, InsufficientPrivilege)
        with engine.connect() as conn:
            assert claimed_until(conn) == 0
    finally:
        engine.dispose()
        cluster.execute("DROP ROLE noting")


def drop_roles(cluster: Cluster, url: str) -> None:
    for role in roles_of("logins").values():
        cluster.execute(f"DROP OWNED BY {role}", make_url(url).database or "")
        cluster.execute(f"DROP ROLE {role}")
