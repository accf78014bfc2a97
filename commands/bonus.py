"""`mledger bonus`: what is owed beyond the price, and penalties given back."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from commands.listing import Asking, listing_options
from commands.reference_names import (
    BONUS,
    MILESTONE,
    PENALISED,
    MilestoneName,
    SubjectName,
    VersionName,
)
from commands.session import (
    acting,
    contract_option,
    looking,
    partner_option,
    reason_required,
    why_option,
)
from commands.tree import Verbs

if TYPE_CHECKING:
    from commands.session import Session
    from ledger.events import Why
    from ledger.state import Assessment, Contract


@click.group(cls=Verbs)
def bonus() -> None:
    """Award, revoke and waive bonuses."""


@bonus.command()
@click.argument("reference", type=MILESTONE)
@click.argument("amount")
@reason_required
@acting
def award(reference: MilestoneName, amount: str, reason: str, session: Session) -> None:
    """Propose a discretionary bonus of AMOUNT on an accepted milestone.

    Early and quality bonuses are awarded by the contract's own clauses at acceptance.

    \b
    mledger bonus award BW-2026-014/M1 5,000.00 --reason "two markets at once" --as manager-1
    """
    from ledger.events import BonusProposal
    from ledger.intents import ProposeChange

    state = session.contract(reference.contract)
    content = BonusProposal(
        milestone=session.milestone(state, reference.milestone).id,
        amount_minor=session.amount(state, amount),
        reason=reason,
    )
    session.record(state.id, ProposeChange(content=content, on=session.on))


@bonus.command()
@click.argument("reference", type=BONUS)
@why_option
@reason_required
@acting
def revoke(reference: VersionName, why: Why, reason: str, session: Session) -> None:
    """Propose to take a bonus of any kind back, under the quorum that awarded it.

    \b
    mledger bonus revoke 'BW-2026-014#14' --error --reason "wrong date" --as manager-1
    """
    from ledger.decisions.case import find
    from ledger.events import BonusRevocation
    from ledger.intents import ProposeChange

    state = session.contract(reference.contract)
    found = find(state, "bonus", state.awards, reference.version)
    content = BonusRevocation(
        milestone=found.milestone, bonus=found.version, why=why, reason=reason
    )
    session.record(state.id, ProposeChange(content=content, on=session.on))


@bonus.command()
@click.argument("reference", type=PENALISED)
@click.argument("amount", required=False)
@reason_required
@acting
def waive(reference: SubjectName, amount: str | None, reason: str, session: Session) -> None:
    """Propose to give a late penalty back, all that is left of it or AMOUNT.

    \b
    mledger bonus waive BW-2026-014/M3 300.00 --reason "port closed" --as manager-1
    """
    from ledger.events import Waiver
    from ledger.intents import ProposeChange

    state = session.contract(reference.contract)
    penalty = _penalty(session, state, reference)
    left = penalty.amount_minor - penalty.waived_minor
    content = Waiver(
        milestone=penalty.milestone,
        penalty=penalty.version,
        amount_minor=left if amount is None else session.amount(state, amount),
        reason=reason,
    )
    session.record(state.id, ProposeChange(content=content, on=session.on))


def _penalty(session: Session, state: Contract, reference: SubjectName) -> Assessment:
    """The penalty of that version, or the last one on that milestone."""
    from ledger.decisions.case import find
    from ledger.errors import NotFound

    if not isinstance(reference, MilestoneName):
        return find(state, "penalty", state.assessments, reference.version)
    milestone = session.milestone(state, reference.milestone).id
    assessed = [a for a in state.assessments.values() if a.milestone == milestone]
    if not assessed:
        says = f"{reference} has no penalty"
        raise NotFound("penalty-unknown", says, hint="see those that exist: mledger bonus list")
    return assessed[-1]


@bonus.command("list")
@contract_option
@partner_option
@listing_options
@looking
def list_bonuses(
    contract: str | None, partner: str | None, asking: Asking, session: Session
) -> None:
    """List bonuses and penalties, with what was taken back of them.

    \b
    mledger bonus list --contract BW-2026-014
    """
    from commands.listing import show
    from projections.views.bonuses import LIST

    show(session, LIST, asking, contract=contract, partner=partner)
