"""One contract's history, decided again: each decision is asked for once more, on the state before it.

It must lead to the very events that are recorded. So every outcome has its causes: whatever approval, quorum, role,
signature, amount or day it rests on is what `decide` asks for, and there is no second set of rules.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from ledger.again.asking import Batch, asked
from ledger.again.first import alike
from ledger.again.imported import judge_taken, taken_over
from ledger.again.judging import CLOCKS, SENSELESS, Beside, Found, context, found, moment
from ledger.contract import evolve
from ledger.decisions.decide import decide, reads_of
from ledger.errors import LedgerError
from ledger.events import ContractSigned, Fact, InvoiceReceived, Record, encode
from ledger.intents import InstructPayment, Intent, ReceiveInvoice
from ledger.invoice_numbers import Numbers, Taken, compared
from ledger.known import NOTHING, Known
from ledger.rule_versions import FIRST, LATER
from ledger.state import Contract
from ledger.upcasting import lifted

MOST_SHOWN = 80


def judge_contract(records: Sequence[Record], beside: Beside) -> Iterator[Found]:
    """What in a contract's records, all of them in order of version, does not follow from those before."""
    if not isinstance(records[0].data, ContractSigned):
        yield found(records[0], "a contract begins with its signature")
        return
    state: Contract | None = None
    start, ends = 0, _together(records)
    while start < len(records):
        first = records[start]
        try:
            judged, findings = _judged(state, records[start : ends[start]], beside)
        except SENSELESS as problem:
            judged, findings = 1, [_senseless(first, problem)]
        yield from findings
        for record in records[start : start + judged]:
            try:
                state = evolve(state, record)
            except SENSELESS as problem:
                yield _senseless(record, problem)
                return
        start += judged


def _senseless(record: Record, problem: Exception) -> Found:
    return found(record, f"what follows it in {record.stream_id} cannot be judged: {problem!r}")


def _judged(state: Contract | None, batch: Batch, beside: Beside) -> tuple[int, list[Found]]:
    if taken_over(state, batch[0]):
        return 1, list(judge_taken(state, batch[0]))
    return _judge(state, batch, beside)


def _together(records: Sequence[Record]) -> list[int]:
    """For each record where the run ends that one person recorded without another's in between."""
    ends, end = [0] * len(records), len(records)
    for index in range(len(records) - 1, -1, -1):
        ends[index] = end
        if index and _by(records[index - 1]) != _by(records[index]):
            end = index
    return ends


def _by(record: Record) -> tuple[object, ...]:
    placed = record.position - record.version
    return placed, record.actor, record.authenticated_as, record.key, record.origin


def _judge(state: Contract | None, batch: Batch, beside: Beside) -> tuple[int, list[Found]]:
    """How many records the decision at the head of a batch accounts for, and what is wrong with them."""
    first, refusal, differing = batch[0], "", None
    intents = list(asked(state, lifted(first.data), batch))
    vouched = beside.vouched(first.position)
    for clock in CLOCKS:
        for rules in beside.versions(first.position):
            for intent in intents:
                about = context(first, moment(first) + clock, rules, vouched)
                known = _known(state, first, intent, beside)
                try:
                    events = decide(state, intent, about, first.stream_id, known)
                except LedgerError as problem:
                    if rules == FIRST and problem.code in LATER:
                        return 1, []
                    refusal = refusal or f"{problem.message} ({problem.code})"
                    continue
                if count := _led_to(events, batch, rules):
                    return count, list(_numbered(batch[:count], beside))
                differing = differing or events
    if differing:
        return _differ(differing, batch)
    nobody = "no decision has it as its outcome: there is no act before it from which it follows"
    return 1, [found(first, f"it was not permitted: {refusal}" if refusal else nobody)]


def _known(state: Contract | None, record: Record, intent: Intent, beside: Beside) -> Known:
    """What the intent is decided by beside the contract, as it was then."""
    if state is None or not reads_of(intent):
        return NOTHING
    partner, told = state.terms.partner, dict[str, Any]()
    if isinstance(intent, InstructPayment):
        told["payees"] = beside.payees(record.position, partner)
    if isinstance(intent, ReceiveInvoice):
        holder = beside.holder(record.position, partner, intent.number)
        if holder:
            number = (partner, compared(intent.number))
            told["numbers"] = Numbers(taken={number: Taken(holder, 0)})
    if getattr(intent, "signature", None) is not None:
        told["signers"] = beside.signers(record.position)
    return Known(ledger_id=beside.ledger_id, **told)


def _led_to(events: Sequence[Fact], batch: Batch, rules: int) -> int:
    """How many records the events account for, 0 where they are others."""
    if rules == FIRST:
        return alike(events, batch)
    same = len(events) <= len(batch) and all(
        event == record.data for event, record in zip(events, batch, strict=False)
    )
    return len(events) if same else 0


def _numbered(batch: Batch, beside: Beside) -> Iterator[Found]:
    """An invoice's number is taken in the register by the same append."""
    for record in batch:
        if isinstance(record.data, InvoiceReceived) and not beside.numbered(record):
            yield found(record, f"its number {record.data.number} was not taken along with it")


def _differ(events: Sequence[Fact], batch: Batch) -> tuple[int, list[Found]]:
    """What was decided otherwise than it is recorded; the records that are such outcomes at all are accounted for."""
    findings, told = [], 0
    for event, record in zip(events, batch, strict=False):
        if type(event) is not type(lifted(record.data)):
            break
        told += 1
        if type(event) is not type(record.data):
            findings.append(
                found(record, "it has the form of a release that recorded nothing more by then")
            )
        elif event != record.data:
            findings.append(
                found(record, f"decided again it is another: {_fields(event, record.data)}")
            )
    if told < len(events):
        names = ", ".join(type(event).__name__ for event in events[told:])
        findings.append(
            found(batch[max(told - 1, 0)], f"decided again it leads to {names}, which is not there")
        )
    return max(told, 1), findings


def _fields(event: Fact, recorded: Fact) -> str:
    names = [
        name
        for name in event.__struct_fields__
        if getattr(event, name) != getattr(recorded, name, None)
    ]
    return "; ".join(
        f"{name} {_short(getattr(event, name))}, not {_short(getattr(recorded, name, None))}"
        for name in names
    )


def _short(value: object) -> str:
    text = encode(value).decode()
    return text if len(text) <= MOST_SHOWN else text[:MOST_SHOWN] + "…"
