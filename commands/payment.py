"""`mledger payment`: what the bank is told to pay, what it paid, and what came back."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from commands.bank.by_hand import ENTRY, entry_option
from commands.bank.options import Payer, debtor_options, exchange_options
from commands.listing import Asking, listing_options
from commands.options import yes_option
from commands.reference_names import (
    MILESTONE,
    PAYABLE,
    RETURNED,
    SETTLED,
    MilestoneName,
    SubjectName,
    VersionName,
)
from commands.releasing import discount_option, filing, payable, release
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
from commands.tree import Verbs

if TYPE_CHECKING:
    from commands.bank.exchange import Abroad
    from commands.session import Session
    from commands.signing import Pen
    from ledger.events import Why


@click.group(cls=Verbs)
def payment() -> None:
    """Instruct and record payments."""


payment.add_command(release)
payment.add_command(filing)


@payment.command()
@contract_option
@partner_option
@yes_option
@sign_options
@exchange_options
@click.option(
    "--write", "write_to", type=click.Path(path_type=Path), metavar="FILE", help="A payment file."
)
@debtor_options
@discount_option
@acting
def run(
    contract: str | None,
    partner: str | None,
    yes: bool,
    discount: bool,
    write_to: Path | None,
    force: bool,
    payer: Payer,
    abroad: Abroad | None,
    session: Session,
    pen: Pen | None,
) -> None:
    """Instruct everything that is due by --on and payable, all or nothing.

    Retention released and advances are part of it; what is held, not accepted, instructed or paid
    already never is. Without anything due nothing is written. With --discount, what is cheaper if
    paid that day is paid too, less its discount. What goes to one partner in one currency is one
    transfer. --write has the bank's file written once all is recorded: FILE.xml is ISO 20022
    pain.001, FILE.csv a table.

    \b
    mledger payment run --on 2026-11-21 --dry-run --as finance-1
    mledger payment run --on 2026-11-21 --contract BW-2026-014 --yes --as finance-1
    mledger payment run --on 2026-11-21 --write run.xml --as finance-1
    mledger payment run --on 2026-11-21 --paid-in USD --rates rates.csv --as finance-1
    """
    from commands.bank.files import target
    from commands.paying import instruct_all

    written = target(session, write_to, payer, force) if write_to else None
    instruct_all(session, contract, partner, yes, pen, abroad, written, discount)


@payment.command("write")
@click.argument("name", metavar="RUN")
@click.argument("path", metavar="FILE", type=click.Path(path_type=Path))
@debtor_options
@looking
def write_file(name: str, path: Path, force: bool, payer: Payer, session: Session) -> None:
    """Write the payment file of a run again, from what was instructed.

    FILE.xml is a pain.001, FILE.csv a table. What is recorded, failed or reversed since is left out, so
    that nothing is paid twice.

    \b
    mledger payment write RUN-2026-11-21-1 run.xml --debtor-name "Brand Ltd" --debtor-account 123 \\
        --debtor-town Shanghai --debtor-country CN
    mledger payment write RUN-2026-11-21-1 run.csv --force
    """
    from commands import paying
    from commands.bank.files import target

    paying.write_file(session, name, target(session, path, payer, force))


@payment.command()
@click.argument("reference", type=PAYABLE)
@click.argument("amount", required=False)
@sign_options
@exchange_options
@discount_option
@acting
def instruct(
    reference: SubjectName,
    amount: str | None,
    discount: bool,
    abroad: Abroad | None,
    session: Session,
    pen: Pen | None,
) -> None:
    """Tell the bank to pay all that is payable on a milestone, or AMOUNT of it.

    Retention that was released is named by the version of its release.

    \b
    mledger payment instruct BW-2026-014/M1 100,000.00 --on 2026-09-19 --as finance-1
    mledger payment instruct 'BW-2026-014#52' --on 2026-12-19 --as finance-1
    mledger payment instruct BW-2026-014/M1 --paid-in USD --rate 0.1392 --as finance-1
    """
    from ledger.intents import InstructPayment

    state = session.contract(reference.contract)
    milestone, release = payable(state, reference)
    intent = InstructPayment(
        milestone=milestone,
        release=release,
        amount_minor=None if amount is None else session.amount(state, amount),
        discount=discount,
        on=session.on,
    )
    if abroad is not None:
        from commands.bank.exchange import instructed_in

        intent = instructed_in(abroad, state, intent, session.settings.today())
    session.show(session.perform(signed(session, [(state.id, intent)], pen)))


@payment.command()
@click.argument("settled", type=SETTLED)
@click.argument("amount", required=False)
@click.option("--bank-reference", default="", metavar="TEXT", help="The bank's name for it.")
@click.option("--fees", metavar="AMOUNT", help="What the bank charged beside the amount.")
@click.option("--over", is_flag=True, help="Record more than was instructed: it becomes a claim.")
@exchange_options
@entry_option
@acting
def record(
    settled: VersionName | str,
    amount: str | None,
    bank_reference: str,
    fees: str | None,
    over: bool,
    abroad: Abroad | None,
    entry: int | None,
    session: Session,
) -> None:
    """Record that the bank paid what was instructed, or AMOUNT; the rest is free again.

    A transfer is recorded with all its parts; a short AMOUNT pays them in order of due date. An
    entry of the bank that waits is explained with it, and gives the day.

    \b
    mledger payment record 'BW-2026-014#14' --bank-reference 20260919-0042 --as finance-1
    mledger payment record RUN-2026-11-21-1-T1 900.00 --fees 15.00 --as finance-1
    mledger payment record RUN-2026-11-21-1-T1 --paid-in USD --rate 0.1392 --as finance-1
    mledger payment record RUN-2026-11-21-1-T1 --fees 15.00 --entry '#3' --as finance-1
    """
    from commands.bank.recording import Paid, record_paid

    record_paid(session, settled, Paid(amount, bank_reference, fees, over, abroad, entry))


@payment.command()
@click.argument("settled", type=SETTLED)
@reason_required
@entry_option
@acting
def fail(settled: VersionName | str, reason: str, entry: int | None, session: Session) -> None:
    """Record that the bank did not pay; the amount is payable again.

    \b
    mledger payment fail 'BW-2026-014#14' --reason "account closed" --as finance-1
    mledger payment fail RUN-2026-11-21-1-T1 --reason "account closed" --as finance-1
    """
    from commands.bank.recording import record_failed

    record_failed(session, settled, reason, entry)


@payment.command()
@click.argument("reference", type=RETURNED)
@why_option
@reason_option
@click.option("--fees", metavar="AMOUNT", help="What the bank kept of the money.")
@entry_option
@acting
def reverse(
    reference: VersionName | str,
    why: Why,
    reason: str,
    fees: str | None,
    entry: int | None,
    session: Session,
) -> None:
    """Record that a payment came back, or (--error) was never made.

    A transfer comes back with all its parts; --fees is what the bank kept of the money.

    \b
    mledger payment reverse 'BW-2026-014#27' --reason "bank return" --as finance-1
    mledger payment reverse 'BW-2026-014#27' --fees 10.00 --entry '#4' --as finance-1
    """
    from commands.bank.recording import record_reversed

    record_reversed(session, reference, why, reason, fees, entry)


@payment.command()
@click.argument("entry", type=ENTRY, metavar="REF")
@click.option("--charge", is_flag=True, help="It is a charge of the bank: the journals have it.")
@reason_required
@acting
def dismiss(entry: int, charge: bool, reason: str, session: Session) -> None:
    """Say that an entry of the bank is nothing of ours; it is kept, and waits no more.

    With --charge it is the bank's charge, and stands in the journals as one.

    \b
    mledger payment dismiss '#3' --reason "rent of the office" --as finance-1
    mledger payment dismiss '#4' --charge --reason "charges for October" --as finance-1
    """
    from commands.bank.by_hand import dismiss_entry

    dismiss_entry(session, entry, reason, charge)


@payment.command()
@click.argument("reference", type=PAYABLE)
@click.argument("amount", required=False)
@click.option("--bank-reference", default="", metavar="TEXT", help="The bank's name for it.")
@click.option("--fees", metavar="AMOUNT", help="What the bank kept of it.")
@entry_option
@acting
def refund(
    reference: SubjectName,
    amount: str | None,
    bank_reference: str,
    fees: str | None,
    entry: int | None,
    session: Session,
) -> None:
    """Record that the partner paid back the claim on a milestone, or AMOUNT of it.

    A claim is what was paid beyond what is owed: an outstanding amount below zero. Retention that
    was released is named by the version of its release.

    \b
    mledger payment refund BW-2026-014/M1 1,060.00 --on 2026-10-05 --as finance-1
    """
    from commands.bank.by_hand import entry_of, explaining
    from commands.bank.recording import fees_of
    from ledger.intents import RecordRefund

    state = session.contract(reference.contract)
    milestone, release = payable(state, reference)
    said = entry_of(session, entry)
    intent = RecordRefund(
        milestone=milestone,
        release=release,
        amount_minor=None if amount is None else session.amount(state, amount),
        reference=bank_reference or said.reference,
        fees_minor=fees_of(fees, state.terms.currency),
        entry=said.name,
        on=said.on(session),
    )
    explains = explaining(session, said, "refunded", f"{state.id}/{milestone}")
    session.show(session.perform([(state.id, intent), *explains]))


@payment.command("set-off")
@click.argument("reference", type=MILESTONE)
@click.argument("amount")
@click.option(
    "--against", type=MILESTONE, required=True, help="Where money is owed, in the same contract."
)
@reason_required
@acting
def set_off(
    reference: MilestoneName, amount: str, against: MilestoneName, reason: str, session: Session
) -> None:
    """Propose to take AMOUNT of the claim on a milestone off what is owed for another.

    A set-off the other way round gives an earlier one back.

    \b
    mledger payment set-off BW-2026-014/M1 2,000.00 --against BW-2026-014/M2 --reason overpaid \\
        --as finance-1
    mledger milestone approve 'BW-2026-014#37' --as manager-1
    """
    from commands.termination_account import setting_off

    state = session.contract(reference.contract)
    session.record(state.id, setting_off(session, state, reference, against, amount, reason))


@payment.command("list")
@contract_option
@partner_option
@click.option(
    "--status",
    type=click.Choice(["instructed", "paid", "failed", "reversed", "refunded"]),
    help="Only those that are this far.",
)
@listing_options
@looking
def list_payments(
    contract: str | None,
    partner: str | None,
    status: str | None,
    asking: Asking,
    session: Session,
) -> None:
    """List the payments.

    \b
    mledger payment list --status instructed
    """
    from commands.listing import show
    from projections.views.payments import LIST

    show(session, LIST, asking.being("status", status), contract=contract, partner=partner)
