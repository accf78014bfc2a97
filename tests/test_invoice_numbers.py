"""One invoice number received on two contracts at once: one takes it, the other is refused, on both databases."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime
from threading import Barrier

import pytest

from ledger.contract import evolve
from ledger.errors import Conflict, Refused
from ledger.events import InvoiceNumbered, InvoiceReceived
from ledger.intents import (
    Context,
    Intent,
    InvoicedMilestone,
    ReceiveInvoice,
    RejectInvoice,
    SignContract,
    SubmitMilestone,
)
from ledger.invoice_numbers import STREAM, fold
from ledger.state import Contract
from ledger.store import Ledger, open_ledger
from ledger.store.perform import Outcome, perform
from ledger.terms import InvoicePolicy, MilestonePlan, PaymentTerms, Terms
from projections.derive import invoices
from projections.reading import reader
from projections.rebuild.catchup import catch_up
from projections.rebuild.full import Options, rebuild
from tests.databases import (
    backend,
    cluster,
    database_url,
    postgresql_template,
    sqlite_template,
)
from tests.projections.portfolios import served

__all__ = ["backend", "cluster", "database_url", "postgresql_template", "sqlite_template"]

DAY = date(2026, 11, 20)
NOW = datetime(2026, 11, 22, 4, 0, tzinfo=UTC)
CONTRACTS = ("C-0", "C-1", "C-2", "C-3")
NUMBERS = tuple(f"F-{n}" for n in range(8))


def context(actor: str) -> Context:
    return Context(actor=actor, now=NOW)


def signed(url: str) -> Ledger[Contract]:
    """Contracts of one partner, each with a milestone submitted that is worth more than all invoices."""
    terms = Terms(
        client="BrightWave",
        partner="Studio",
        currency="CNY",
        timezone="Asia/Shanghai",
        signed_on=DAY,
        administrators=("admin-1", "admin-2"),
        roles={"manager": ("manager-1",), "finance": ("finance-1",), "partner": ("partner-1",)},
        payment=PaymentTerms(after="invoice"),
        invoices=InvoicePolicy(required=True),
    )
    plan = MilestonePlan(id="M1", due=DAY, amount_minor=1_000_000)
    ledger = open_ledger(url, evolve)
    for contract in CONTRACTS:
        signing: Intent = SignContract(contract=contract, terms=terms, milestones=(plan,))
        perform(ledger, [(contract, signing)], context("admin-1"))
        perform(ledger, [(contract, SubmitMilestone(milestone="M1"))], context("partner-1"))
    return ledger


def invoice(number: str, amount: int = 100) -> ReceiveInvoice:
    covers = (InvoicedMilestone(milestone="M1", amount_minor=amount),)
    return ReceiveInvoice(number=number, kind="commercial", covers=covers)


def receive(ledger: Ledger[Contract], contract: str, number: str) -> Outcome:
    return perform(ledger, [(contract, invoice(number))], context("partner-1"))


def test_of_those_who_receive_one_number_at_once_one_wins(database_url: str) -> None:
    signed(database_url).engine.dispose()
    together = Barrier(len(CONTRACTS))

    def clerk(contract: str) -> list[str]:
        won = []
        with open_ledger(database_url, evolve) as ledger:
            for number in NUMBERS:
                together.wait(60)
                while True:
                    try:
                        receive(ledger, contract, number)
                        won.append(number)
                    except Conflict:
                        continue
                    except Refused as refusal:
                        assert refusal.code == "invoice-number-once"
                    break
        return won

    with ThreadPoolExecutor(len(CONTRACTS)) as pool:
        won = [number for some in pool.map(clerk, CONTRACTS) for number in some]
    assert Counter(won) == Counter(NUMBERS)

    with open_ledger(database_url, evolve) as ledger:
        register = ledger.stream(STREAM)
        named = {
            r.data.number: r.data.contract for r in register if isinstance(r.data, InvoiceNumbered)
        }
        assert len(register) == len(named) == len(NUMBERS)
        for contract in CONTRACTS:
            own = [r.data for r in ledger.stream(contract) if isinstance(r.data, InvoiceReceived)]
            assert {one.number for one in own} == {n for n, c in named.items() if c == contract}


def test_contract_and_register_are_recorded_in_one_transaction(database_url: str) -> None:
    with signed(database_url) as ledger:
        received = receive(ledger, "C-0", "F-1").records
        assert [r.stream_id for r in received] == ["C-0", STREAM]
        assert received[1].position == received[0].position + 1
        with pytest.raises(Refused, match="C-0"):
            receive(ledger, "C-1", "f-1")
        sent_back: Intent = RejectInvoice(invoice=received[0].version, reason="wrong title")
        freed = perform(ledger, [("C-0", sent_back)], context("finance-1")).records
        assert [r.stream_id for r in freed] == ["C-0", STREAM]
        assert receive(ledger, "C-1", "f-1").records
        assert fold(ledger.stream(STREAM)).holder("Studio", "F-1") == "C-1"


def test_one_batch_takes_a_number_once(database_url: str) -> None:
    with signed(database_url) as ledger:
        both = [("C-0", invoice("F-1")), ("C-1", invoice("F-1"))]
        with pytest.raises(Refused, match="C-0"):
            perform(ledger, both, context("partner-1"))
        assert ledger.stream(STREAM) == []
        swap: list[tuple[str, Intent]] = [("C-0", invoice("F-1")), ("C-1", invoice("F-2"))]
        records = perform(ledger, swap, context("partner-1")).records
        assert [r.stream_id for r in records] == ["C-0", "C-1", STREAM, STREAM]


def test_a_key_is_answered_with_the_first_outcome(database_url: str) -> None:
    with signed(database_url) as ledger:
        request: list[tuple[str, Intent]] = [("C-0", invoice("F-1"))]
        first = perform(ledger, request, context("partner-1"), key="k")
        again = perform(ledger, request, context("partner-1"), key="k")
        assert (again.replayed, again.records) == (True, first.records)
        with pytest.raises(Refused, match="another request"):
            perform(ledger, [("C-0", invoice("F-1", 101))], context("partner-1"), key="k")


def test_the_rows_are_the_same_after_catch_up_and_rebuild(database_url: str) -> None:
    with signed(database_url) as ledger:
        received = receive(ledger, "C-0", "F-1").records
        catch_up(ledger.engine)
        receive(ledger, "C-1", "F-2")
        sent_back: Intent = RejectInvoice(invoice=received[0].version, reason="wrong title")
        perform(ledger, [("C-0", sent_back)], context("finance-1"))
        receive(ledger, "C-0", "F-3")
        catch_up(ledger.engine)
        caught_up = served(ledger)
        assert [row[3:8] for row in caught_up["invoices"]] == [
            ("C-0", "Studio", "F-1", "commercial", "rejected"),
            ("C-0", "Studio", "F-3", "commercial", "received"),
            ("C-1", "Studio", "F-2", "commercial", "received"),
        ]
        certificate = rebuild(ledger.engine, Options())
        assert (certificate.status, certificate.different) == ("rebuilt", [])
        assert served(ledger) == caught_up
        with reader(ledger, fresh=True) as read:
            found = read.select(invoices.MATCH)
        assert [(row["number"], row["match"]) for row in found] == [
            ("F-3", "accepted-later"),
            ("F-2", "accepted-later"),
        ]
