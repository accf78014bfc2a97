"""What a decision reads it declares: what is not declared cannot be read, and what is declared is what is read."""

from __future__ import annotations

from inspect import signature
from typing import Any

import pytest

from ledger import intents as i
from ledger import intents_bank
from ledger.decisions import decide as deciding
from ledger.decisions.case import Case, Objection, judge, rule
from ledger.decisions.decide import decide, reads_of
from ledger.events import Fact
from ledger.intents import Context, InstructPayment, ReceiveInvoice, RevokePayee
from ledger.known import ALL, Known, Undeclared
from ledger.payees import Payees
from ledger.state import Contract
from tests.decisions.builders import accepted, pays
from tests.decisions.spec import NOON

KNOWN = Known(payees=Payees(version=3))
CONTEXT = Context(actor="finance-1", now=NOON)


def undeclared(monkeypatch: pytest.MonkeyPatch, decider: Any) -> None:
    """Plants a decision that declares the numbers of invoices alone, and asks for it."""
    state = accepted().the_state()
    table: dict[Any, Any] = {**deciding._READING, InstructPayment: ("numbers",)}
    monkeypatch.setattr(deciding, "_READING", table)
    monkeypatch.setattr(deciding, "decider", lambda kind: decider)
    with pytest.raises(Undeclared, match="payees is read and not declared"):
        decide(state, pays()[1], CONTEXT, known=KNOWN)


def test_a_decision_that_reads_what_it_does_not_declare_is_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def decider(state: Contract, intent: Any, context: Context, known: Known) -> list[Fact]:
        return [Fact(on=None)] if known.payees.accounts else []

    undeclared(monkeypatch, decider)


def test_so_is_one_that_asks_a_rule_that_does(monkeypatch: pytest.MonkeyPatch) -> None:
    from ledger.decisions import case as cases

    monkeypatch.setattr(cases, "_registered", {})

    @rule("A rule that looks at accounts.")
    def looks_at_accounts(case: Case) -> Objection | None:
        return None if case.known.payees.version == 3 else Objection("no", "no")

    def decider(state: Contract, intent: Any, context: Context, known: Known) -> list[Fact]:
        judge(Case(state, context, intent, NOON.date(), None, known=known), looks_at_accounts)
        return []

    undeclared(monkeypatch, decider)


def test_a_rule_of_a_decision_that_declares_nothing_reads_nothing() -> None:
    case = Case(accepted().the_state(), CONTEXT, pays()[1], NOON.date(), None)
    for name in ALL:
        with pytest.raises(Undeclared, match=name):
            getattr(case.known, name)


def test_what_is_declared_and_not_told_is_empty() -> None:
    known = Known().only(["payees", "keepers"])
    assert (known.payees, set(known.keepers)) == (Payees(), set())


def test_nobody_is_told_what_no_decision_can_know() -> None:
    with pytest.raises(TypeError, match="nothing is known as payee"):
        Known(payee=Payees())


def test_every_decision_declares_what_can_be_known_and_a_signature_alone_adds_the_keys() -> None:
    assert all(set(names) <= ALL for names in deciding._READING.values())
    assert set(reads_of(pays()[1])) == {"payees"}
    assert set(reads_of(RevokePayee(proposal=1))) == {"keepers"}
    assert set(reads_of(ReceiveInvoice(number="F", kind="k", covers=()))) == {"numbers"}


def test_a_draft_stays_one_and_the_ledger_its_own_for_every_decision() -> None:
    known = Known(ledger_id="L-1", drafting=True, payees=Payees(version=3)).only(["payees"])
    assert (known.ledger_id, known.drafting, known.payees) == ("L-1", True, Payees(version=3))
    assert Known().only([]).drafting is False


@pytest.mark.parametrize("kind", deciding.DECIDERS)
def test_every_intent_has_a_decision_that_is_told_what_it_reads(kind: Any) -> None:
    reads = kind in deciding._READING
    assert list(signature(deciding.decider(kind)).parameters)[3:] == ["known"][:reads]


def test_no_intent_is_without_a_decision() -> None:
    found = [one for module in (i, intents_bank) for one in vars(module).values()]
    made = {one for one in found if isinstance(one, type) and issubclass(one, i.Intent)}
    assert made - {i.Intent} == set(deciding.DECIDERS)
