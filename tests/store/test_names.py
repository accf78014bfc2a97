"""The names that the log knows, on both databases: roles, holders, delegates, actors and logins; nobody else."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest
from sqlalchemy import event

from ledger.contract import evolve
from ledger.events import ContractSigned, Fact, RoleGranted
from ledger.state import Contract
from ledger.store import Envelope, Ledger, open_ledger
from ledger.store.names import actors, holders, people
from ledger.terms import Delegation, Terms

ON = date(2026, 3, 1)
ODD = 'Zoë "Z" O\'Hara\\'  # quotes and a backslash, which JSON escapes


def signed(*roles: tuple[str, str], admins: tuple[str, ...] = ("admin-1",)) -> ContractSigned:
    terms = Terms(
        title="t",
        client="c",
        partner="p",
        currency="CNY",
        administrators=admins,
        roles={role: (person,) for role, person in roles},
        delegations=(Delegation(of="of-1", to="to-1"),),
    )
    return ContractSigned(on=ON, terms=terms)


@pytest.fixture
def ledger(database_url: str) -> Iterator[Ledger[Contract]]:
    made = open_ledger(database_url, evolve)
    made.append(
        [("C-1", 0, [signed(("manager", "anna"), ("legal", "子墨"))])],
        Envelope(actor="signer-1", origin="test", authenticated_as="login-1"),
    )
    granted = RoleGranted(on=ON, role="auditor", person=ODD)
    made.append(
        [("C-1", 1, [granted])], Envelope(actor=ODD, origin="test", authenticated_as="login-2")
    )
    yield made
    made.close()


def test_every_role_with_its_holders(ledger: Ledger[Contract]) -> None:
    with ledger.snapshot() as conn:
        assert set(holders(conn)) == {
            ("administrator", "admin-1"),
            ("manager", "anna"),
            ("legal", "子墨"),
            ("auditor", ODD),
            ("", "of-1"),
            ("", "to-1"),
        }


@pytest.mark.parametrize("name", ["anna", "子墨", ODD, "of-1", "to-1", "admin-1"])
def test_a_name_is_found_among_the_holders(ledger: Ledger[Contract], name: str) -> None:
    with ledger.snapshot() as conn:
        assert name in {person for _, person in holders(conn)}
        assert name in people(conn, name)


@pytest.mark.parametrize("name", ["ann", "nna", "an%", "_nna", "ANNA", "子", "t", "M1"])
def test_a_part_of_a_name_is_nobody(ledger: Ledger[Contract], name: str) -> None:
    with ledger.snapshot() as conn:
        assert name not in {person for _, person in holders(conn)}
        assert name not in people(conn, name)


def test_who_acted_and_under_which_login(ledger: Ledger[Contract]) -> None:
    server = ledger.engine.dialect.name == "postgresql"  # which knows the login by itself
    logins = ["postgres"] if server else ["login-1", "login-2"]
    with ledger.snapshot() as conn:
        assert actors(conn) == sorted([ODD, "signer-1", *logins])
        asked = (ODD, *logins, "signer-1", "anna", "log")
        assert [name for name in asked if name in people(conn, name)] == [*asked[:-1]]


def test_a_name_that_is_longer_than_its_index_is_known_whole(ledger: Ledger[Contract]) -> None:
    long = "字" * 700
    for version, name in enumerate((f"{long}1", f"{long}2", long), 2):
        facts: list[Fact] = [RoleGranted(on=ON, role="auditor", person="anna")]
        ledger.append([("C-1", version, facts)], Envelope(actor=name, origin="test"))
    with ledger.snapshot() as conn:
        assert {f"{long}1", f"{long}2", long} <= set(actors(conn))
        assert f"{long}3" not in people(conn, f"{long}3")


def test_an_index_knows_who_acted_and_which_records_grant_roles(ledger: Ledger[Contract]) -> None:
    server = ledger.engine.dialect.name == "postgresql"
    asked: list[tuple[str, Any]] = []
    event.listen(
        ledger.engine,
        "before_cursor_execute",
        lambda _c, _u, statement, given, *_: asked.append((statement, given)),
    )
    with ledger.snapshot() as conn:
        people(conn, "nobody")
        if server:  # a table of three rows is read whole otherwise
            conn.exec_driver_sql("SET LOCAL enable_seqscan = off")
        explain = "EXPLAIN" if server else "EXPLAIN QUERY PLAN"
        plans = [
            "\n".join(str(row[-1]) for row in conn.exec_driver_sql(f"{explain} {statement}", given))
            for statement, given in list(asked)
            if "FROM log" in statement
        ]
    assert len(plans) == 3, asked
    for plan in plans:
        assert re.search(r"(USING|Using|Scan using|on).* log_what", plan), plan
        assert "SCAN log" not in plan
