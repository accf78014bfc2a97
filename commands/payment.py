"""`mledger payment`: what the bank is told to pay, what it paid, and what came back."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from commands.options import yes_option
from commands.reference_names import INSTRUCTION, MILESTONE, PAID, MilestoneName, VersionName
from commands.session import (
    acting,
    contract_option,
    looking,
    partner_option,
    reason_option,
    reason_required,
    why_option,
)
from commands.signing import sign_options, signed

if TYPE_CHECKING:
    from commands.session import Session
    from commands.signing import Pen
    from ledger.events import Why


@click.group()
def payment() -> None:
    """Instruct and record payments."""


@payment.command()
@contract_option
@partner_option
@yes_option
@sign_options
@acting
def run(
    contract: str | None, partner: str | None, yes: bool, session: Session, pen: Pen | None
) -> None:
    """Instruct everything that is due by --on and payable, all or nothing.

    What is held, not accepted, instructed or paid already is never part of it. Without anything
    due nothing is written.

    \b
    mledger payment run --on 2026-11-21 --dry-run --as finance-1
    mledger payment run --on 2026-11-21 --contract BW-2026-014 --yes --as finance-1
    """
    from commands.paying import instruct_all

    instruct_all(session, contract, partner, yes, pen)


@payment.command()
@click.argument("reference", type=MILESTONE)
@click.argument("amount", required=False)
@sign_options
@acting
def instruct(
    reference: MilestoneName, amount: str | None, session: Session, pen: Pen | None
) -> None:
    """Tell the bank to pay all that is payable on a milestone, or AMOUNT of it.

    \b
    mledger payment instruct BW-2026-014/M1 121,800.00 --on 2026-09-19 --as finance-1
    """
    from ledger.intents import InstructPayment

    state = session.contract(reference.contract)
    intent = InstructPayment(
        milestone=reference.milestone,
        amount_minor=None if amount is None else session.amount(state, amount),
        on=session.on,
    )
    session.show(session.perform(signed(session, [(state.id, intent)], pen)))


@payment.command()
@click.argument("reference", type=INSTRUCTION)
@click.argument("amount", required=False)
@click.option("--reference", "bank_reference", default="", help="The bank's name for it.")
@acting
def record(
    reference: VersionName, amount: str | None, bank_reference: str, session: Session
) -> None:
    """Record that the bank paid what was instructed, or AMOUNT; the rest is free again.

    \b
    mledger payment record 'BW-2026-014#14' --reference 20260919-0042 --as finance-1
    """
    from ledger.intents import RecordPayment

    state = session.contract(reference.contract)
    intent = RecordPayment(
        instruction=reference.version,
        amount_minor=None if amount is None else session.amount(state, amount),
        reference=bank_reference,
        on=session.on,
    )
    session.record(state.id, intent)


@payment.command()
@click.argument("reference", type=INSTRUCTION)
@reason_required
@acting
def fail(reference: VersionName, reason: str, session: Session) -> None:
    """Record that the bank did not pay; the amount is payable again.

    \b
    mledger payment fail 'BW-2026-014#14' --reason "account closed" --as finance-1
    """
    from ledger.intents import FailPayment

    intent = FailPayment(instruction=reference.version, reason=reason, on=session.on)
    session.record(reference.contract, intent)


@payment.command()
@click.argument("reference", type=PAID)
@why_option
@reason_option
@acting
def reverse(reference: VersionName, why: Why, reason: str, session: Session) -> None:
    """Record that a payment came back (event), or was never made (error).

    \b
    mledger payment reverse 'BW-2026-014#27' --why event --reason "bank return" --as finance-1
    """
    from ledger.intents import ReversePayment

    intent = ReversePayment(payment=reference.version, why=why, reason=reason, on=session.on)
    session.record(reference.contract, intent)


@payment.command("list")
@contract_option
@partner_option
@click.option(
    "--status",
    type=click.Choice(["instructed", "paid", "failed", "reversed"]),
    help="Only those that are this far.",
)
@looking
def list_payments(
    contract: str | None, partner: str | None, status: str | None, session: Session
) -> None:
    """List the payments.

    \b
    mledger payment list --status instructed
    """
    from commands.lists import payments

    payments(session, contract, partner, status)
