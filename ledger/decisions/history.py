"""History taken over from a source: what it says is recorded as it is, with the rules it breaks named in the event.

A source tells the state of a contract as it sees it. Compared with what is recorded already, a raised value is an
amendment, a moved due date a revision, a corrected delivery date a correction. A source older than the newest seen
only adds what is missing; what a source leaves out is left as it was.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from ledger.decisions.case import Case, Objection, judge, open_case, rule
from ledger.decisions.history_milestones import take_milestone
from ledger.decisions.history_money import take_dispute, take_payment
from ledger.decisions.taking import Taking
from ledger.events import ContractAmended, ContractSigned, Fact, HistoryImported
from ledger.intents import Context, TakeOver
from ledger.money import UNKNOWN_CURRENCY
from ledger.state import Contract


@rule("History is taken over only into a contract that an import made.")
def history_into_imported_contract(case: Case) -> Objection | None:
    """Otherwise a file could accept or pay what people have to approve."""
    if case.state.version == 0 or case.state.imported:
        return None
    return Objection(
        f"contract {case.state.id} was signed here: what happens under it is recorded by its people",
        "give the imported contract another id, or record its facts with mledger milestone",
    )


def take_over(state: Contract | None, intent: TakeOver, context: Context) -> list[Fact]:
    """The events by which a source adds to what is recorded; none where it says nothing new."""
    taking = Taking(state, intent, context)
    judge(open_case(taking.state, intent, context), history_into_imported_contract)
    if (intent.source, intent.digest) in taking.state.sources:
        return []
    _take_contract(taking)
    for milestone in intent.milestones:
        take_milestone(taking, milestone)
    for payment in intent.payments:
        take_payment(taking, payment)
    for dispute in intent.disputes:
        take_dispute(taking, dispute)
    if intent.source:
        taking.add(HistoryImported(rests_on=(1,), source=intent.source, digest=intent.digest))
    return taking.events


def _take_contract(taking: Taking) -> None:
    intent, terms = taking.intent, taking.state.terms
    if taking.state.version == 0:
        signed = ContractSigned(
            on=intent.signed_on,
            terms=terms,
            imported=True,
            source_amount=intent.source_value,
            source_status=intent.source_status,
        )
        taking.add(signed)
        return
    said: dict[str, Any] = {
        "title": intent.title,
        "client": intent.client,
        "partner": intent.partner,
        "ceiling_minor": intent.value_minor,
        "signed_on": intent.signed_on,
    }
    told = {name: value for name, value in said.items() if value not in (None, "")}
    if not taking.newer:
        told = {k: v for k, v in told.items() if getattr(terms, k) in (None, "")}
    if terms.currency == UNKNOWN_CURRENCY:
        told["currency"] = intent.currency
    if taking.newer:
        told |= {_TERMS[name]: None for name in intent.withdrawn}
    updated, status = replace(terms, **told), _status(taking)
    if updated == terms and not status:
        return
    raised = updated.ceiling_minor != terms.ceiling_minor
    amended = ContractAmended(
        on=taking.told_on,
        rests_on=(1,),
        terms=updated,
        source_amount=intent.source_value if raised else "",
        source_status=status,
    )
    taking.add(amended)


# What a source takes back, and the term that holds it.
_TERMS = {"value": "ceiling_minor", "signed_on": "signed_on"}


def _status(taking: Taking) -> str:
    """The source's word for the contract where it is another than the one recorded, from an older source if none is."""
    told, known = taking.intent.source_status, taking.state.source_status
    return told if told != known and (taking.newer or not known) else ""
