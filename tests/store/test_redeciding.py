"""The check `decisions` on both databases: what people did holds, and what was only written to the log is named."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from msgspec import structs

from ledger import events as e
from ledger import intents as i
from ledger.contract import evolve
from ledger.evolve.common import digest
from ledger.intents import Context
from ledger.intents_bank import BookBankEntry, ExplainBankEntry
from ledger.store import Envelope, Ledger, open_ledger
from ledger.store.checking import Check
from ledger.store.perform import perform
from ledger.store.redeciding import HOLDS, NAME, judge_log
from ledger.terms import Tier
from tests.clock import PLANS, SIGNED, TERMS, day, now
from tests.decisions.forging import outcomes
from tests.signing import Key

SIGNING = replace(TERMS, approval=(Tier(quorum={"manager": 1}, signatures=True),))


def by(person: str) -> Context:
    return Context(actor=person, now=now(), authenticated_as="tester")


@pytest.fixture
def ledger(database_url: str) -> Any:
    """C-1, whose approvals are signed, with M1 submitted; C-2, of which M1 is accepted and paid."""
    opened = open_ledger(database_url, evolve)
    for name, terms in (("C-1", SIGNING), ("C-2", TERMS)):
        contract = i.SignContract(contract=name, terms=terms, milestones=PLANS, on=SIGNED)
        perform(opened, [(name, contract)], by("admin-1"))
        submission = i.SubmitMilestone(milestone="M1", on=day(8, 21))
        perform(opened, [(name, submission)], by("partner-1"))
    approval = i.ApproveMilestone(milestone="M1", on=day(8, 25))
    perform(opened, [("C-2", approval)], by("manager-1"))
    (paid,) = perform(opened, [("C-2", i.InstructPayment(milestone="M1"))], by("finance-1")).records
    perform(opened, [("C-2", i.RecordPayment(instruction=paid.version))], by("finance-1"))
    yield opened
    opened.close()


def appended(ledger: Ledger[Any], contract: str, actor: str, *facts: e.Fact) -> int:
    """Writes facts to a contract's stream past all decisions; the position of the first."""
    batch = [(contract, len(ledger.stream(contract)), list(facts))]
    return ledger.append(batch, Envelope(actor=actor, origin="cli"))[0].position


def keep(ledger: Ledger[Any], stream: str, intent: i.Intent, context: Context) -> None:
    perform(ledger, [(stream, intent)], context)


def judged(ledger: Ledger[Any], advance: Callable[[int], None] = lambda count: None) -> Check:
    """Where one login of the tests plays everybody, who was logged in is not judged."""
    check = Check(NAME, HOLDS)
    with ledger.snapshot() as conn:
        for one in judge_log(conn, advance):
            check.report(str(one))
    return check


def test_what_was_decided_holds(ledger: Ledger[Any]) -> None:
    read = list[int]()
    check = judged(ledger, read.append)
    assert check.ok, check.detail()
    assert sum(read) == ledger.stream("C-2")[-1].position


def test_an_acceptance_without_approval_is_named_where_signatures_are_demanded(
    ledger: Ledger[Any],
) -> None:
    whole = PLANS[0].amount_minor or 0
    gross = e.Line(step="gross", clause="accepted-part", amount_minor=whole)
    position = appended(
        ledger,
        "C-1",
        "manager-1",
        e.MilestoneAccepted(
            on=day(8, 25), milestone="M1", submission=4, accepted_minor=whole, lines=(gross,)
        ),
    )
    check = judged(ledger)
    assert not check.ok
    assert f"position {position} (MilestoneAccepted, C-1#5)" in check.detail()


def test_causes_of_another_contract_and_milestone_do_not_carry_an_outcome(
    ledger: Ledger[Any],
) -> None:
    """The approval of C-2, word for word with its outcome, in C-1; and M1's on M2."""
    rightly = [
        r.data
        for r in ledger.stream("C-2")
        if r.data.__class__ in (e.ApprovalGranted, e.MilestoneAccepted)
    ]
    appended(ledger, "C-1", "manager-1", *rightly)
    assert judged(ledger).count >= 1


def test_every_outcome_that_nobody_decided_is_found(ledger: Ledger[Any]) -> None:
    """One after the other on the same contract: none is lost among those before it."""
    state: Any = ledger.load("C-2")
    for actor, forged in outcomes(state):
        if not isinstance(forged, e.ContractSigned):  # after which nothing can be judged
            position = appended(ledger, "C-2", actor, forged)
            with ledger.snapshot() as conn:
                assert position in {one.position for one in judge_log(conn)}, forged


# --- the ledger's own streams --------------------------------------------------------------------------------

ACCOUNT = e.BankAccount(holder="Studio Ltd", number="6222020200112233445", bank="102331002126")
ENTRY = e.BankEntry(entry="x", account="a", side="debit", amount_minor=1, currency="CNY")


def positions(ledger: Ledger[Any]) -> set[int]:
    with ledger.snapshot() as conn:
        return {one.position for one in judge_log(conn)}


def test_accounts_keys_and_entries_that_people_keep_hold(ledger: Ledger[Any]) -> None:
    keep(ledger, "~payees", i.ProposePayee(partner="Studio", account=ACCOUNT), by("finance-1"))
    keep(ledger, "~payees", i.ApprovePayee(proposal=1), by("finance-2"))
    keep(ledger, "~payees", i.RevokePayee(proposal=1, reason="closed"), by("admin-1"))
    line = Key.number(1).line
    proposal = i.ProposeSigner(person="manager-1", key=line, valid_from=SIGNED)
    keep(ledger, "~signers", proposal, by("admin-1"))
    keep(ledger, "~signers", i.ApproveSigner(proposal=1), by("admin-2"))
    keep(
        ledger, "~signers", i.RevokeSigner(proposal=1), by("manager-1")
    )  # their own, from today on
    perform(
        ledger,
        [("~bank", BookBankEntry(booking=ENTRY, finding="nothing-like-it"))],
        by("finance-1"),
    )
    keep(ledger, "~bank", ExplainBankEntry(entry=1, verdict="dismissed"), by("finance-2"))
    at_once = BookBankEntry(booking=ENTRY, finding="fee", verdict="charge")
    keep(ledger, "~bank", at_once, by("finance-1"))
    assert positions(ledger) == set()


@pytest.mark.parametrize(
    ("stream", "actor", "fact"),
    [
        ("~payees", "finance-2", e.PayeeApproved(proposal=1)),
        ("~payees", "finance-1", e.PayeeApproved(on=day(11, 22), rests_on=(1,), proposal=1)),
        ("~payees", "mallory", e.PayeeApproved(on=day(11, 22), rests_on=(1,), proposal=1)),
        ("~payees", "clerk", e.PayeeApproved(on=day(11, 22), rests_on=(1,), proposal=1)),
        ("~payees", "mallory", e.PayeeRevoked(on=day(11, 22), rests_on=(1,), proposal=1)),
        ("~payees", "finance-1", e.PayeeApproved(on=day(11, 22), rests_on=(9,), proposal=9)),
        ("~payees", "mallory", e.PayeeProposed(on=day(11, 22), partner="Studio", account=ACCOUNT)),
        ("~signers", "admin-1", e.SignerApproved(on=day(11, 22), rests_on=(1,), proposal=1)),
        ("~signers", "mallory", e.SignerApproved(on=day(11, 22), rests_on=(1,), proposal=1)),
        ("~signers", "finance-1", e.SignerRevoked(on=day(11, 22), rests_on=(1,), proposal=1)),
        ("~bank", "mallory", e.BankEntryBooked(booking=ENTRY, finding="f")),
        ("~bank", "finance-1", e.BankEntryExplained(on=day(11, 22), entry=7, verdict="dismissed")),
        (
            "~periods",
            "mallory",
            e.PeriodClosed(
                on=day(11, 22),
                period="2020-01",
                covers=1,
                totals=(),
                digest=digest(()),
                timezone="UTC",
            ),
        ),
        ("~invoices", "finance-1", e.InvoiceNumberFreed(partner="S", number="1", contract="C-1")),
        ("~shadow", "finance-1", e.MilestoneStarted(milestone="M1")),
    ],
)
def test_a_step_on_the_ledgers_own_streams_that_nobody_could_take_is_found(
    ledger: Ledger[Any], stream: str, actor: str, fact: e.Fact
) -> None:
    """`clerk` is finance, but in a contract with another partner."""
    other = replace(TERMS, partner="Other", roles={"finance": ("clerk",)})
    perform(ledger, [("C-3", i.SignContract(contract="C-3", terms=other))], by("admin-1"))
    keep(ledger, "~payees", i.ProposePayee(partner="Studio", account=ACCOUNT), by("finance-1"))
    key = i.ProposeSigner(person="manager-1", key=Key.number(1).line, valid_from=SIGNED)
    keep(ledger, "~signers", key, by("admin-1"))
    assert positions(ledger) == set()
    position = appended(ledger, stream, actor, fact)
    assert positions(ledger) == {position}


def test_payments_to_accounts_and_invoices_hold_and_those_that_name_others_are_found(
    ledger: Ledger[Any],
) -> None:
    keep(ledger, "~payees", i.ProposePayee(partner="Studio", account=ACCOUNT), by("finance-1"))
    keep(ledger, "~payees", i.ApprovePayee(proposal=1), by("finance-2"))
    perform(ledger, [("C-2", i.SubmitMilestone(milestone="M2", on=day(9, 18)))], by("partner-1"))
    invoice = i.ReceiveInvoice(
        number="N-1",
        kind="commercial",
        covers=(i.InvoicedMilestone(milestone="M2", amount_minor=1_000),),
    )
    perform(ledger, [("C-2", invoice)], by("finance-1"))
    for person in ("manager-1", "finance-1"):
        approval = i.ApproveMilestone(milestone="M2", on=day(9, 20))
        perform(ledger, [("C-2", approval)], by(person))
    pay = i.InstructPayment(milestone="M2", amount_minor=100)
    (paid,) = perform(ledger, [("C-2", pay)], by("finance-1")).records
    assert paid.data.__class__ is e.PaymentInstructed
    assert (paid.data.payee, positions(ledger)) == (1, set())
    elsewhere = structs.replace(paid.data, account="GB29NWBK60161331926819")
    forged = {appended(ledger, "C-2", "finance-1", elsewhere)}
    (received,) = [r.data for r in ledger.stream("C-2") if isinstance(r.data, e.InvoiceReceived)]
    unregistered = structs.replace(received, number="N-2")
    forged |= {appended(ledger, "C-2", "finance-1", unregistered)}
    assert positions(ledger) == forged
    (submitted,) = [r for r in ledger.stream("C-1") if isinstance(r.data, e.MilestoneSubmitted)]
    covers = (structs.replace(received.covers[0], milestone="M1"),)
    again = structs.replace(received, covers=covers, rests_on=(2, submitted.version))
    numbered = e.InvoiceNumbered(on=again.on, partner="Studio", number="N-1", contract="C-1")
    batch: list[Any] = [("C-1", submitted.version, [again]), ("~invoices", 1, [numbered])]
    both = ledger.append(batch, Envelope(actor="finance-1", origin="cli"))
    assert positions(ledger) == forged | {one.position for one in both}
