"""Imported history, judged again: it is taken as it is, so what must hold is that it names the rules that it breaks."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from ledger import events as e
from ledger.again.judging import CLOCKS, Found, context, found, moment
from ledger.decisions.case import Rule, broken, open_case
from ledger.decisions.rules_money import (
    Told,
    amount_above_zero,
    amount_in_minor_units,
    amounts_not_negative,
    committed_within_ceiling,
    paid_within_value,
    payment_within_payable,
)
from ledger.decisions.rules_state import (
    cancel_before_acceptance,
    dispute_from_submission_on,
    milestone_accepted,
)
from ledger.decisions.rules_when import not_after_today, not_before_signature
from ledger.decisions.taking import DATES
from ledger.intents import Intent
from ledger.state import Contract

ORIGIN = "import"
_Rules = Callable[[Contract, Any], tuple[Rule[Told], ...]]


def taken_over(state: Contract | None, record: e.Record) -> bool:
    """Whether a record is a source's: of an import, in a contract that an import made."""
    data = record.data
    imported = data.imported if isinstance(data, e.ContractSigned) else state and state.imported
    return bool(imported) and record.origin.partition(":")[0] == ORIGIN


def judge_taken(state: Contract | None, record: e.Record) -> Iterator[Found]:
    """What is wrong with a record of a source: an event that no source tells, or other breaches than it has."""
    data = record.data
    if isinstance(data, e.ContractSigned):
        if state is not None:
            yield found(record, "the contract exists already")
        return
    assert state is not None
    if type(data) not in _RULES or _decided_here(data):
        yield found(record, "no source tells this: it is decided by the contract's own people")
        return
    said = tuple(sorted(data.breaches))
    verdicts = {verdict for clock in CLOCKS for verdict in _verdicts(state, record, clock)}
    if said not in verdicts:
        rules = _named(next(iter(_verdicts(state, record, CLOCKS[0]))))
        yield found(record, f"it breaks {rules}, and says that it breaks {_named(said)}")


def _decided_here(data: e.Fact) -> bool:
    """Whether an event is the outcome of a proposal or of an instruction, of which a source has none."""
    return any(getattr(data, name, 0) for name in ("proposal", "instruction", "release", "entry"))


def _named(breaches: tuple[str, ...]) -> str:
    return ", ".join(breaches) or "no rule"


def _verdicts(state: Contract, record: e.Record, clock: Any) -> Iterator[tuple[str, ...]]:
    """The rules that an event breaks; a revision that moves no amount may not have been asked for its money."""
    data: Any = record.data
    rules = _RULES[type(data)](state, data)
    case = open_case(state, Intent(), context(record, moment(record) + clock))
    case.on, case.rests_on = data.on, data.rests_on
    case.milestone = state.milestones.get(getattr(data, "milestone", ""))
    case.amount_minor = getattr(data, "amount_minor", 0) or 0
    finer = getattr(data, "source_amount", "")
    rules = (*rules, amount_in_minor_units) if finer else rules
    if isinstance(data, e.MilestoneRevised):
        before = case.the_milestone().current.amount_minor or 0
        case.amount_minor -= before
    told = Told((getattr(data, "amount_minor", None),), finer)
    yield tuple(sorted(broken(case.about(told), rules)))
    if isinstance(data, e.MilestoneRevised) and not case.amount_minor:
        yield ()


def _always(*rules: Rule[Told]) -> _Rules:
    return lambda state, data: rules


def _delivery(state: Contract, data: e.MilestoneSubmitted) -> tuple[Rule, ...]:
    return (not_before_signature, not_after_today) if data.corrects else DATES


def _payment(state: Contract, data: e.PaymentRecorded) -> tuple[Rule[Told], ...]:
    rules: tuple[Rule[Told], ...] = (*DATES, paid_within_value)
    if data.milestone:
        rules = (*rules, milestone_accepted, payment_within_payable)
    return (*rules, amount_above_zero) if data.amount_minor < 0 else rules


# Which rules a source's events are asked for: those of ledger/decisions/history*.py.
_RULES: dict[type[e.Fact], _Rules] = {
    e.HistoryImported: _always(),
    e.ContractAmended: _always(),
    e.MilestoneDefined: _always(committed_within_ceiling, amounts_not_negative),
    e.MilestoneRevised: _always(committed_within_ceiling, amounts_not_negative),
    e.MilestoneStarted: _always(),
    e.MilestoneSubmitted: _delivery,
    e.SubmissionRejected: _always(),
    e.MilestoneCancelled: _always(cancel_before_acceptance),
    e.MilestoneAccepted: _always(*DATES),
    e.AcceptanceReversed: _always(),
    e.DisputeOpened: _always(*DATES, dispute_from_submission_on),
    e.DisputeWithdrawn: _always(*DATES),
    e.DisputeResolved: _always(*DATES),
    e.PaymentRecorded: _payment,
    e.PaymentReversed: _always(),
}
