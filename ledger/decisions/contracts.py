"""A contract begins, pauses and ends."""

from __future__ import annotations

from ledger.calendars import today_in
from ledger.decisions.case import Case, Objection, judge, open_case, rule
from ledger.decisions.rules_endings import everything_settled, termination_settled_by_proposal
from ledger.decisions.rules_money import amounts_not_negative, commits, committed_within_ceiling
from ledger.decisions.rules_state import (
    Defined,
    Turn,
    dependencies_exist,
    milestone_defined_once,
    nothing_waits_for_a_decision,
    suspended_and_resumed_in_turn,
)
from ledger.decisions.rules_when import (
    DATES,
    contract_not_closed,
    not_after_today,
    within_backdating_window,
)
from ledger.decisions.rules_who import (
    acting_for_another_needs_delegation,
    actor_holds_role,
    signed_by_named_administrator,
)
from ledger.events import (
    ContractCompleted,
    ContractResumed,
    ContractSigned,
    ContractSuspended,
    ContractTerminated,
    Fact,
    MilestoneCancelled,
    MilestoneDefined,
)
from ledger.intents import (
    CompleteContract,
    Context,
    Intent,
    ResumeContract,
    SignContract,
    SuspendContract,
    TerminateContract,
)
from ledger.money import UNKNOWN_CURRENCY
from ledger.state import ADMINISTRATOR, Contract
from ledger.terms import MilestonePlan, Terms


@rule("A contract is signed once.")
def contract_signed_once(case: Case) -> Objection | None:
    if case.state.version == 0:
        return None
    return Objection(
        f"contract {case.state.id} exists already",
        "choose another id, or change it: mledger contract apply FILE",
    )


@rule("A contract is signed on one day: a day given is the one that its terms state.")
def signed_on_its_day(case: Case) -> Objection | None:
    assert case.terms is not None
    stated = case.terms.signed_on
    if stated is None or case.on == stated:
        return None
    return Objection(
        f"the contract says that it was signed on {stated}, and --on says {case.on}",
        "leave --on out, or correct signed_on: every fact is measured against that day",
    )


def unsigned(contract: str, terms: Terms) -> Contract:
    """The state of a contract before its first event: nothing but its proposed terms."""
    return Contract(contract, 0, terms, False, "", 0, version=0)


def no_contract(stream_id: str) -> Contract:
    """What stands for a stream of the ledger's own where a contract is asked for."""
    return unsigned(stream_id, Terms(client="-", partner="-", currency=UNKNOWN_CURRENCY))


def definition(plan: MilestonePlan, **facts: object) -> MilestoneDefined:
    """The event that defines a milestone by its plan."""
    planned = {
        "milestone": plan.id,
        "title": plan.title,
        "stage": plan.stage,
        "owner": plan.owner,
        "due": plan.due,
        "amount_minor": plan.amount_minor,
        "deliverables": plan.deliverables,
        "criteria": plan.criteria,
        "depends_on": plan.depends_on,
        "kind": plan.kind,
        "incentive_due": plan.incentive_due,
    }
    return MilestoneDefined(**(planned | facts))  # type: ignore[arg-type]


def sign(state: Contract | None, intent: SignContract, context: Context) -> list[Fact]:
    """Signs a contract with its milestones, as baseline 0; refuses one that exists."""
    on = intent.on or intent.terms.signed_on
    existing = state or unsigned(intent.contract, intent.terms)
    case = open_case(existing, intent, context, terms=intent.terms)
    case.on = on or today_in(intent.terms.timezone, context.now)
    case.amount_minor = sum(commits(plan.kind, plan.amount_minor) for plan in intent.milestones)
    judge(
        case.about(Defined(intent.milestones)),
        contract_signed_once,
        acting_for_another_needs_delegation,
        signed_by_named_administrator,
        not_after_today,
        within_backdating_window,
        signed_on_its_day,
        milestone_defined_once,
        dependencies_exist,
        amounts_not_negative,
        committed_within_ceiling,
    )
    signed = ContractSigned(on=case.on, terms=intent.terms)
    return [
        signed,
        *(definition(plan, on=case.on, rests_on=(1,)) for plan in intent.milestones),
    ]


def _administrative(state: Contract, intent: Intent, context: Context) -> Case:
    return open_case(state, intent, context, roles=(ADMINISTRATOR,), rests_on=(1,))


_BY_ADMINISTRATOR = (acting_for_another_needs_delegation, actor_holds_role, *DATES)


def suspend(state: Contract, intent: SuspendContract, context: Context) -> list[Fact]:
    """Stops the work of an active contract."""
    case = _administrative(state, intent, context)
    judge(case.about(Turn("active")), *_BY_ADMINISTRATOR, suspended_and_resumed_in_turn)
    return [ContractSuspended(on=case.on, rests_on=case.rests_on, reason=intent.reason)]


def resume(state: Contract, intent: ResumeContract, context: Context) -> list[Fact]:
    """Lets the work of a suspended contract go on; never dated before the suspension."""
    case = _administrative(state, intent, context)
    case.rests_on = (state.suspended_by,) if state.suspended_by else (1,)
    judge(case.about(Turn("suspended")), *_BY_ADMINISTRATOR, suspended_and_resumed_in_turn)
    return [ContractResumed(on=case.on, rests_on=case.rests_on, reason=intent.reason)]


def terminate(state: Contract, intent: TerminateContract, context: Context) -> list[Fact]:
    """Ends a contract early: what is accepted stays payable, what is open is cancelled."""
    case = _administrative(state, intent, context)
    still = [m for m in state.milestones.values() if m.status in ("expected", "rejected")]
    case.rests_on = (1, *(m.version for m in still))
    judge(
        case,
        *_BY_ADMINISTRATOR,
        contract_not_closed,
        termination_settled_by_proposal,
        nothing_waits_for_a_decision,
    )
    first = state.version + 1
    ended = ContractTerminated(on=case.on, rests_on=(1,), reason=intent.reason)
    cancelled = [
        MilestoneCancelled(
            on=case.on, rests_on=(m.version, first), milestone=m.id, reason="contract terminated"
        )
        for m in still
    ]
    return [ended, *cancelled]


def complete(state: Contract, intent: CompleteContract, context: Context) -> list[Fact]:
    """Closes a contract on which everything is settled."""
    case = _administrative(state, intent, context)
    judge(
        case,
        *_BY_ADMINISTRATOR,
        contract_not_closed,
        nothing_waits_for_a_decision,
        everything_settled,
    )
    return [ContractCompleted(on=case.on, rests_on=case.rests_on)]
