"""`mledger dispute`: an amount that is contested, from its opening to its end."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from commands.listing import Asking, listing_options
from commands.options import not_empty
from commands.reference_names import DISPUTE, MILESTONE, MilestoneName, VersionName
from commands.session import (
    acting,
    contract_option,
    looking,
    partner_option,
    reason_option,
    why_option,
)
from commands.tree import Verbs
from commands.typed import parse_evidence

if TYPE_CHECKING:
    from commands.session import Session
    from ledger.events import Outcome, Side, Why


@click.group(cls=Verbs)
def dispute() -> None:
    """Open, document and resolve disputes."""


@dispute.command("open")
@click.argument("reference", type=MILESTONE)
@click.argument("amount")
@click.option("--side", type=click.Choice(["client", "partner"]), help="If you speak for both.")
@reason_option
@acting
def open_dispute(
    reference: MilestoneName, amount: str, side: Side | None, reason: str, session: Session
) -> None:
    """Dispute AMOUNT of a milestone that was submitted; the client's claim holds it.

    \b
    mledger dispute open BW-2026-014/M3 45,000.00 --reason "six clips missing" --as manager-2
    """
    from ledger.intents import OpenDispute

    state = session.contract(reference.contract)
    intent = OpenDispute(
        milestone=reference.milestone,
        amount_minor=session.amount(state, amount),
        side=side or "",
        reason=reason,
        on=session.on,
    )
    session.record(state.id, intent)


@dispute.command()
@click.argument("reference", type=DISPUTE)
@click.option("--note", default="", callback=not_empty, help="What it shows.")
@click.option("--evidence", multiple=True, metavar="URI[=SHA256]", help="Where the proof lies.")
@acting
def evidence(
    reference: VersionName, note: str, evidence: tuple[str, ...], session: Session
) -> None:
    """Add to the file of an open dispute.

    \b
    mledger dispute evidence 'BW-2026-014#24' --evidence https://files.example/clips.zip \\
        --note "the clips as delivered" --as partner-1
    """
    from ledger.errors import InputInvalid
    from ledger.intents import AddDisputeEvidence

    if not note and not evidence:
        raise InputInvalid("usage", "there is nothing to add", hint="give --evidence or --note")
    intent = AddDisputeEvidence(
        dispute=reference.version,
        note=note,
        evidence=tuple(map(parse_evidence, evidence)),
        on=session.on,
    )
    session.record(reference.contract, intent)


@dispute.command()
@click.argument("reference", type=DISPUTE)
@click.option("--upheld", is_flag=True, help="The whole claim is right.")
@click.option("--rejected", is_flag=True, help="Nothing of it is.")
@click.option("--split", metavar="AMOUNT", help="So much of it is.")
@reason_option
@acting
def resolve(
    reference: VersionName,
    upheld: bool,
    rejected: bool,
    split: str | None,
    reason: str,
    session: Session,
) -> None:
    """Propose how a dispute ends; somebody who neither opened nor proposed it approves.

    What a client's claim is granted comes off the price, what a partner's is granted is added.

    \b
    mledger dispute resolve 'BW-2026-014#24' --split 20,000.00 --as manager-1
    mledger milestone approve 'BW-2026-014#25' --as manager-3
    """
    from ledger.decisions.case import find
    from ledger.errors import InputInvalid
    from ledger.events import Resolution
    from ledger.intents import ProposeChange

    if upheld + rejected + (split is not None) != 1:
        hint = "give one of --upheld, --rejected and --split AMOUNT"
        raise InputInvalid("usage", "a dispute ends in one of three ways", hint=hint)
    state = session.contract(reference.contract)
    found = find(state, "dispute", state.disputes, reference.version)
    outcome: Outcome = "upheld" if upheld else "rejected" if rejected else "split"
    # The claim's direction is known, so 20,000.00 and -20,000.00 mean the same.
    share = abs(session.amount(state, split)) if split is not None else 0
    granted = {"upheld": found.amount_minor or 0, "rejected": 0, "split": share}[outcome]
    content = Resolution(
        milestone=found.milestone,
        dispute=found.version,
        outcome=outcome,
        adjustment_minor=-granted if found.side == "client" else granted,
        reason=reason,
    )
    session.record(state.id, ProposeChange(content=content, on=session.on))


@dispute.command()
@click.argument("reference", type=DISPUTE)
@why_option
@reason_option
@acting
def withdraw(reference: VersionName, why: Why, reason: str, session: Session) -> None:
    """Take back a dispute that your side opened: it holds nothing any more.

    \b
    mledger dispute withdraw 'BW-2026-014#24' --reason "found in the archive" --as manager-2
    """
    from ledger.intents import WithdrawDispute

    intent = WithdrawDispute(dispute=reference.version, why=why, reason=reason, on=session.on)
    session.record(reference.contract, intent)


@dispute.command("list")
@contract_option
@partner_option
@click.option("--open", "only_open", is_flag=True, help="Only those that are open.")
@listing_options
@looking
def list_disputes(
    contract: str | None,
    partner: str | None,
    only_open: bool,
    asking: Asking,
    session: Session,
) -> None:
    """List the disputes.

    \b
    mledger dispute list --open
    """
    from commands.listing import show
    from projections.views.disputes import LIST

    asking = asking.being("status", "open" if only_open else None)
    show(session, LIST, asking, contract=contract, partner=partner)
