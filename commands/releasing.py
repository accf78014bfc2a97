"""`mledger payment release` and `filing`: retention let go, and tax withheld that is declared."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from commands.reference_names import (
    MILESTONE,
    RETAINED,
    MilestoneName,
    SubjectName,
    VersionName,
    parse_milestone,
)
from commands.session import acting
from commands.terminal import say
from ledger.errors import InputInvalid

if TYPE_CHECKING:
    from collections.abc import Iterator

    from commands.session import Session
    from ledger.intents import ReleaseRetention
    from ledger.state import Contract

discount_option = click.option(
    "--discount", is_flag=True, help="Take the discount that the terms give for paying early."
)


@click.command()
@click.argument("reference", type=RETAINED)
@click.argument("amount", required=False)
@acting
def release(reference: str, amount: str | None, session: Session) -> None:
    """Release the retention that the terms let go by --on, of a milestone or a whole contract.

    What is released is a payable of its own, named CONTRACT#VERSION, with a due date of its own.
    AMOUNT releases a part of what the terms let go of a milestone.

    \b
    mledger payment release BW-2026-014/M1 --on 2026-12-18 --as finance-1
    mledger payment release BW-2026-014 --dry-run --as finance-1
    """
    from ledger.intents import ReleaseRetention

    if session.ledger.load(reference) is not None:
        _release_all(session, reference, amount)
        return
    name = parse_milestone(reference)
    state = session.contract(name.contract)
    part = None if amount is None else session.amount(state, amount)
    intent = ReleaseRetention(milestone=name.milestone, amount_minor=part, on=session.on)
    session.record(state.id, intent)


def _release_all(session: Session, contract: str, amount: str | None) -> None:
    """Every milestone of a contract from which the terms let something go by --on, or none."""
    if amount is not None:
        raise InputInvalid(
            "usage",
            f"{contract} is a whole contract: an amount is released of one milestone",
            hint=f"name the milestone: mledger payment release {contract}/MILESTONE {amount}",
        )
    state = session.contract(contract)
    intents = list(_let_go(session, state))
    outcome = session.perform([(state.id, intent) for intent in intents])
    session.show(outcome, quiet=not intents)
    if not intents:
        say(f"the terms of {state.id} let no more retention go by then; nothing was recorded")


def _let_go(session: Session, state: Contract) -> Iterator[ReleaseRetention]:
    from ledger.calendars import today_in
    from ledger.intents import ReleaseRetention
    from ledger.retaining import released_by

    on = session.on or today_in(state.terms.timezone, session.context().now)
    for milestone in state.milestones.values():
        left = released_by(state, milestone, on) - milestone.released_minor
        if left > 0:
            yield ReleaseRetention(milestone=milestone.id, amount_minor=left, on=session.on)


@click.command()
@click.argument("reference", type=MILESTONE)
@click.argument("receipt", metavar="REFERENCE")
@click.argument("amount", required=False)
@acting
def filing(reference: MilestoneName, receipt: str, amount: str | None, session: Session) -> None:
    """Keep the tax office's REFERENCE for tax withheld from a milestone, all of it or AMOUNT.

    \b
    mledger payment filing BW-2026-014/M1 2026-0042-7781 --on 2026-10-15 --as finance-1
    """
    from ledger.intents import FileWithholding

    state = session.contract(reference.contract)
    intent = FileWithholding(
        milestone=reference.milestone,
        reference=receipt,
        amount_minor=None if amount is None else session.amount(state, amount),
        on=session.on,
    )
    session.record(state.id, intent)


def payable(state: Contract, reference: SubjectName) -> tuple[str, int]:
    """The milestone that is paid, and the version of the release where that is meant; 0 is the milestone itself.

    Raises NotFound where the version is none of a release.
    """
    if not isinstance(reference, VersionName):
        return reference.milestone, 0
    from ledger.decisions.case import find

    releases = {r.version: m.id for m in state.milestones.values() for r in m.releases}
    return find(state, "release", releases, reference.version), reference.version
