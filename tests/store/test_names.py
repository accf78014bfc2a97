"""The names that the log knows, on both databases: roles, holders, delegates, actors and logins; nobody else."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date
from typing import Any

import pytest
from sqlalchemy import Connection, event

from ledger.contract import evolve
from ledger.events import ContractSigned, RoleGranted
from ledger.state import Contract
from ledger.store import Envelope, Ledger, open_ledger
from ledger.store.names import actors, holders, is_known
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
        assert name in {person for _, person in holders(conn, name)}
        assert is_known(conn, name)


@pytest.mark.parametrize("name", ["ann", "nna", "an%", "_nna", "ANNA", "子", "t", "M1"])
def test_a_part_of_a_name_is_nobody(ledger: Ledger[Contract], name: str) -> None:
    with ledger.snapshot() as conn:
        assert name not in {person for _, person in holders(conn, name)}
        assert not is_known(conn, name)


def test_who_acted_and_under_which_login(ledger: Ledger[Contract]) -> None:
    server = ledger.engine.dialect.name == "postgresql"  # which knows the login by itself
    logins = ["postgres"] if server else ["login-1", "login-2"]
    with ledger.snapshot() as conn:
        assert actors(conn) == sorted([ODD, "signer-1", *logins])
        asked = (ODD, *logins, "signer-1", "anna", "log")
        assert [name for name in asked if is_known(conn, name)] == [*asked[:-1]]


def test_each_question_reads_the_log_once(ledger: Ledger[Contract]) -> None:
    asked: list[str] = []
    questions: list[Callable[[Connection], Any]] = [
        lambda conn: list(holders(conn, "nobody")),
        lambda conn: is_known(conn, "nobody"),
        actors,
    ]
    event.listen(
        ledger.engine,
        "before_cursor_execute",
        lambda _c, _u, statement, *_: asked.append(statement) if "FROM log" in statement else None,
    )
    for ask in questions:
        asked.clear()
        with ledger.snapshot() as conn:
            ask(conn)
        assert len([one for one in asked if "log_head" not in one]) == 1, asked
