"""Notes: what people say of a contract, a milestone or a fact, kept in the log and shown with it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from commands.options import not_empty
from commands.reference_names import ANYTHING, VersionName
from commands.session import acting
from commands.tree import Verbs

if TYPE_CHECKING:
    from commands.session import Session


@click.group(cls=Verbs)
def note() -> None:
    """Keep notes of contracts, milestones and facts."""


@note.command()
@click.argument("reference", type=ANYTHING)
@click.argument("text", callback=not_empty)
@acting
def add(reference: str | int | VersionName, text: str, session: Session) -> None:
    """Keep a note of a contract, a milestone, or a fact by its number; `mledger show` shows it with that.

    Whoever holds a role in the contract may, also after its end; nothing follows from a note, and none is taken away.

    \b
    mledger note add BW-2026-014/M2 "the shop opens a week later" --as manager-1
    mledger note add 'BW-2026-014#7' "agreed by telephone" --as finance-1
    """
    from ledger.intents import AddNote

    if isinstance(reference, VersionName):
        intent = AddNote(text=text, fact=reference.version, on=session.on)
        session.record(reference.contract, intent)
        return
    contract, milestone = _named(session, reference)
    session.record(contract, AddNote(text=text, milestone=milestone, on=session.on))


def _named(session: Session, reference: str | int) -> tuple[str, str]:
    """The contract, and its milestone where that is named. Raises InputInvalid `reference-invalid` for an account."""
    from commands.reference_names import parse_milestone
    from ledger.errors import InputInvalid

    if isinstance(reference, int):
        raise InputInvalid(
            "reference-invalid",
            f"#{reference} is an account, of which no notes are kept",
            hint="note it of a contract of that partner",
        )
    if "/" in reference and session.ledger.load(reference) is None:
        name = parse_milestone(reference)
        session.milestone(session.contract(name.contract), name.milestone)
        return name.contract, name.milestone
    return session.contract(reference).id, ""
