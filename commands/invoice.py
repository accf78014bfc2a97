"""`mledger invoice`: what the partner billed, and whether it agrees with what was accepted and paid."""

from __future__ import annotations

from datetime import date
from hashlib import file_digest
from pathlib import Path
from typing import TYPE_CHECKING

import click

from commands.listing import Asking, listing_options
from commands.options import DATE
from commands.reference_names import CONTRACT, INVOICE, VersionName
from commands.session import acting, contract_option, looking, partner_option, reason_required
from commands.tree import Verbs
from ledger.invoice_kinds import KINDS

if TYPE_CHECKING:
    from commands.session import Session
    from ledger.intents import InvoicedMilestone
    from ledger.state import Contract


@click.group(cls=Verbs)
def invoice() -> None:
    """Receive, reject and match invoices."""


@invoice.command()
@click.argument("contract", type=CONTRACT)
@click.argument("number", metavar="NUMBER")
@click.option(
    "--milestone",
    "covered",
    metavar="MILESTONE[=AMOUNT]",
    multiple=True,
    required=True,
    help="What it covers, tax included; again for each.  [default: what is left to invoice]",
)
@click.option("--amount", metavar="AMOUNT", help="Its total, tax included.  [default: the sum]")
@click.option("--tax", metavar="AMOUNT", help="The tax in it.  [default: by the contract's terms]")
@click.option(
    "--kind",
    type=click.Choice(KINDS),
    default="commercial",
    show_default=True,
    help="Which kind of fapiao it is, or none.",
)
@click.option("--issued", type=DATE, metavar="DATE", help="The day that it bears.")
@click.option(
    "--file",
    "document",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    metavar="PATH",
    help="The document, of which the SHA-256 is kept.",
)
@click.option("--uri", default="", metavar="URI", help="Where the document lies.")
@acting
def receive(
    contract: str,
    number: str,
    covered: tuple[str, ...],
    amount: str | None,
    tax: str | None,
    kind: str,
    issued: date | None,
    document: Path | None,
    uri: str,
    session: Session,
) -> None:
    """Record the partner's invoice NUMBER, received on --on, for one or several milestones.

    \b
    mledger invoice receive BW-2026-014 F-2026-031 --milestone M1 --file F-031.pdf --as finance-1
    mledger invoice receive BW-2026-014 F-2026-032 --milestone M2=60,000 --milestone M3 --as partner-1
    """
    from ledger.intents import ReceiveInvoice

    state = session.contract(contract)
    intent = ReceiveInvoice(
        number=number,
        kind=kind,
        covers=tuple(_covered(session, state, text) for text in covered),
        amount_minor=None if amount is None else session.amount(state, amount),
        tax_minor=None if tax is None else session.amount(state, tax),
        issued_on=issued,
        sha256=_digest(document) if document else "",
        uri=uri,
        on=session.on,
    )
    session.record(state.id, intent)


@invoice.command()
@click.argument("reference", type=INVOICE)
@reason_required
@acting
def reject(reference: VersionName, reason: str, session: Session) -> None:
    """Send an invoice back: it covers nothing any more, and its number is free again.

    \b
    mledger invoice reject 'BW-2026-014#14' --reason "wrong tax number" --as finance-1
    """
    from ledger.intents import RejectInvoice

    intent = RejectInvoice(invoice=reference.version, reason=reason, on=session.on)
    session.record(reference.contract, intent)


@invoice.command("list")
@contract_option
@partner_option
@click.option(
    "--status", type=click.Choice(["received", "rejected"]), help="Only those that are this far."
)
@listing_options
@looking
def list_invoices(
    contract: str | None,
    partner: str | None,
    status: str | None,
    asking: Asking,
    session: Session,
) -> None:
    """List the invoices, a line for each milestone that they cover.

    \b
    mledger invoice list --contract BW-2026-014
    """
    from commands.listing import show
    from projections.views.invoices import LIST

    asking = asking.being("status", status)
    receive = "mledger invoice receive CONTRACT NUMBER --milestone MILESTONE"
    show(session, LIST, asking, contract=contract, partner=partner, first=receive)


@invoice.command()
@contract_option
@partner_option
@looking
def match(contract: str | None, partner: str | None, session: Session) -> None:
    """Compare what was invoiced with what was accepted and paid, milestone by milestone.

    \b
    mledger invoice match --partner "Hangzhou Content Studio"
    """
    from commands.invoices import three_way_match

    three_way_match(session, contract, partner)


def _covered(session: Session, state: Contract, text: str) -> InvoicedMilestone:
    """A milestone of the contract, by its own or its full name, with its amount if one is given."""
    from ledger.intents import InvoicedMilestone

    name, sign, amount = text.strip(), "", ""
    if name.removeprefix(f"{state.id}/") not in state.milestones:
        name, sign, amount = text.rpartition("=") if "=" in text else (text, "", "")
    found = session.milestone(state, name.strip().removeprefix(f"{state.id}/"))
    minor = session.amount(state, amount) if sign else None
    return InvoicedMilestone(milestone=found.id, amount_minor=minor)


def _digest(document: Path) -> str:
    with document.open("rb") as stream:
        return file_digest(stream, "sha256").hexdigest()
