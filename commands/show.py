"""`mledger show REF`: whatever a reference names, with what belongs to it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from commands.reference_names import ANYTHING, MilestoneName, VersionName
from commands.session import looking

if TYPE_CHECKING:
    from commands.session import Session


@click.command()
@click.argument("reference", type=ANYTHING)
@looking
def show(reference: str | int | VersionName, session: Session) -> None:
    """Show whatever a reference names, with what belongs to it and what happened to it.

    A contract with its terms in words, a milestone, a proposal, dispute, payment, invoice, release of retention, bonus
    or any other fact by its number, an account by '#N'.

    \b
    mledger show BW-2026-014
    mledger show BW-2026-014/M2
    mledger show 'BW-2026-014#7'
    mledger show '#1'
    """
    match reference:
        case VersionName():
            _fact(session, reference)
        case int():
            from commands.payee import show_payee

            show_payee(session, reference)
        case _:
            _named(session, str(reference))


def _named(session: Session, reference: str) -> None:
    """A contract; a name with a slash is a milestone's, unless a contract is called so."""
    from commands.pages import contract_pages
    from commands.reference_names import parse_milestone
    from commands.showing import contract_object

    if "/" in reference and session.ledger.load(reference) is None:
        _milestone(session, parse_milestone(reference))
        return
    state = session.contract(reference)
    session.output.emit(lambda: contract_object(state), people=contract_pages(state))


def _milestone(session: Session, reference: MilestoneName) -> None:
    from commands.pages import milestone_pages
    from commands.showing import milestone_object

    state = session.contract(reference.contract)
    found = session.milestone(state, reference.milestone)
    session.output.emit(
        lambda: milestone_object(state, found), people=milestone_pages(state, found)
    )


def _fact(session: Session, reference: VersionName) -> None:
    state = session.contract(reference.contract)
    if reference.version in state.proposals:
        from commands.proposal import show_proposal

        show_proposal(session, reference)
        return
    from commands.facts import pages, told

    records = session.ledger.stream(reference.contract)
    found = told(state, records, reference.version)
    session.output.emit(found, people=pages(state, records, reference.version))
