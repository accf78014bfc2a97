"""Transfers as the log has them: their order, what is due first, and what was paid too much on what a part pays."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from types import SimpleNamespace
from typing import Any

import pytest

from commands.bank import transfers
from commands.bank.accounts import Accounts
from commands.bank.transfers import Transfer, _claim, _due, in_order_of_due_date, of_run
from ledger.errors import InputInvalid, NotFound
from ledger.events import BankAccount
from tests.bank.world import RUN, part


def test_a_short_amount_pays_first_what_fell_due_first_and_last_what_has_no_day() -> None:
    some = [part("C-1", n, 100, "CNY", f"{RUN}-T1") for n in (1, 2, 3)]
    some[0].due = None
    some[1].due, some[2].due = date(2026, 6, 9), date(2026, 6, 8)
    assert [p.version for p in in_order_of_due_date(some)] == [3, 2, 1]
    same = [
        replace(p, due=None, contract=c) for p, c in zip(some, ("C-3", "C-2", "C-1"), strict=True)
    ]
    assert [p.contract for p in in_order_of_due_date(same)] == ["C-1", "C-2", "C-3"]


def test_the_transfers_of_a_run_are_in_the_order_in_which_they_were_instructed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    first, second = part("Z-1", 1, 100, "CNY", f"{RUN}-T1"), part("A-1", 1, 200, "EUR", f"{RUN}-T2")
    other = part("A-2", 1, 300, "EUR", "RUN-2026-06-10-2-T1")
    first.position, second.position = 7, 8
    monkeypatch.setattr(transfers, "_contracts", lambda *_, **__: [])
    monkeypatch.setattr(transfers, "_parts", lambda _: [second, other, first])
    session: Any = SimpleNamespace(ledger=SimpleNamespace(load_parts=lambda _: [{}]))
    assert [t.id for t in of_run(session, RUN)] == [f"{RUN}-T1", f"{RUN}-T2"]
    with pytest.raises(NotFound, match="there is no payment run 'RUN-2026-06-10-3'"):
        of_run(session, "RUN-2026-06-10-3")


def test_of_a_release_the_claim_and_the_day_are_its_own() -> None:
    """On the milestone 7.00 is owed, on its release of retention 1.00 was paid too much."""
    own = SimpleNamespace(version=5, outstanding_minor=-100, payment_due=date(2026, 9, 1))
    milestone = SimpleNamespace(
        outstanding_minor=700,
        releases=[SimpleNamespace(version=4, outstanding_minor=-900, payment_due=None), own],
        acceptance=SimpleNamespace(payment_due=date(2026, 6, 1)),
    )
    contract: Any = SimpleNamespace(milestones={"M1": milestone})

    def paid(release: int, milestone: str = "M1") -> Any:
        return SimpleNamespace(milestone=milestone, release=release)

    assert [_claim(contract, paid(n)) for n in (5, 4, 0)] == [100, 900, 0]
    assert [_due(contract, paid(n)) for n in (5, 4, 0)] == [
        date(2026, 9, 1),
        None,
        date(2026, 6, 1),
    ]
    assert (_claim(contract, paid(0, "M9")), _due(contract, paid(0, "M9"))) == (0, None)
    milestone.outstanding_minor = -300
    assert _claim(contract, paid(0)) == 300


@pytest.mark.parametrize(("number", "one"), [("4711", True), ("4712", False), ("", False)])
def test_parts_that_name_several_accounts_are_not_one_transfer(number: str, one: bool) -> None:
    session: Any = SimpleNamespace(ledger=SimpleNamespace(stream=lambda _: []))
    some = [part("C-1", n, 100, "CNY", f"{RUN}-T1") for n in (1, 2)]
    some[0].account, some[1].account = "4711", number
    accounts, transfer = Accounts(session), Transfer(f"{RUN}-T1", some)
    if one:
        assert accounts.of_transfer(transfer) == (None, BankAccount(holder="P", number="4711"))
        return
    with pytest.raises(InputInvalid, match=f"the parts of {RUN}-T1 name several accounts"):
        accounts.of_transfer(transfer)
