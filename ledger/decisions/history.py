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
from ledger.recorded import PROGRESS
from ledger.state import Contract


@rule("History is taken over only into a contract that an import made.")
def history_into_imported_contract(case: Case) -> Objection | None:
    """Otherwise a file could accept or pay what people have to approve."""
    if case.state.version == 0 or case.state.imported:
        return None
    return Objection(
        f"contract {case.state.id} was signed here: what happens under it is recorded by its people",
        "give the imported contract another id, or record its facts one by one:"
        f" mledger milestone submit {case.state.id}/MILESTONE",
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
    _take_knowledge(taking)
    return taking.events


def _take_knowledge(taking: Taking) -> None:
    """Marks that the source was read, and what it can tell; a source without identity is marked where that is new."""
    intent, state = taking.intent, taking.state
    if not intent.source and (intent.knows is None or not (taking.events or _tells_more(taking))):
        return
    described = {milestone.id for milestone in intent.milestones}
    named = described | {payment.milestone for payment in intent.payments}
    named |= {dispute.milestone for dispute in intent.disputes}
    silent = {milestone.id for milestone in intent.milestones if milestone.silent}
    silent |= named - described - {""}
    before = state.told[-1][1] if state.told else 0
    first = state.version + 1 - len(taking.events)
    told: dict[str, Any] = {}
    if intent.knows is not None:
        told = {
            "knows": intent.knows,
            "whole": intent.whole,
            "heard_on": intent.heard_on,
            "leaves_out": tuple(name for name in state.milestones if name not in named),
            "silent": tuple(name for name in state.milestones if name in silent),
        }
    taking.add(
        HistoryImported(
            rests_on=(1,),
            source=intent.source,
            digest=intent.digest,
            since=0 if first == before + 1 else first,
            **told,
        )
    )


def _tells_more(taking: Taking) -> bool:
    """Whether the source can tell what no source before could, of a milestone that it names."""
    intent, state = taking.intent, taking.state
    for told in intent.milestones:
        known = state.milestones[told.id]
        if known.knows is None:
            continue  # taken over by an earlier release, as known whole
        parts = set(intent.knows or ()) - (PROGRESS if told.silent else frozenset())
        later = intent.heard_on is not None and (
            known.heard_on is not None and known.heard_on < intent.heard_on
        )
        if later or not parts <= known.knows:
            return True
    return not set(intent.whole) <= (state.told_whole or set())


def _take_contract(taking: Taking) -> None:
    intent, terms = taking.intent, taking.state.terms
    if taking.state.version == 0:
        signed = ContractSigned(
            on=intent.signed_on,
            terms=terms,
            imported=True,
            source_amount=intent.source_value,
            source_status=intent.source_status,
            inferred=_inferred(intent),
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
    stated = terms.signed_on is not None and not taking.state.inferred
    if intent.signed_inferred and stated:
        told.pop("signed_on", None)  # what a source states is better than what another lets infer
    if terms.currency == UNKNOWN_CURRENCY:
        told["currency"] = intent.currency
    if taking.newer:
        told |= {_TERMS[name]: None for name in intent.withdrawn}
    updated, status = replace(terms, **told), _status(taking)
    inferred = _inferred(intent) if told.get("signed_on") else taking.state.inferred
    inferred = inferred if updated.signed_on is not None else ()
    if updated == terms and not status and inferred == taking.state.inferred:
        return
    raised = updated.ceiling_minor != terms.ceiling_minor
    amended = ContractAmended(
        on=taking.told_on,
        rests_on=(1,),
        terms=updated,
        source_amount=intent.source_value if raised else "",
        source_status=status,
        inferred=inferred,
    )
    taking.add(amended)


# What a source takes back, and the term that holds it.
_TERMS = {"value": "ceiling_minor", "signed_on": "signed_on"}


def _status(taking: Taking) -> str:
    """The source's word for the contract where it is another than the one recorded, from an older source if none is."""
    told, known = taking.intent.source_status, taking.state.source_status
    return told if told != known and (taking.newer or not known) else ""


def _inferred(intent: TakeOver) -> tuple[str, ...]:
    return ("signed_on",) if intent.signed_inferred else ()
