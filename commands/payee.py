"""`mledger payee`: the partners' bank accounts, proposed by one person and approved by another."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import click

from commands.completing import partners
from commands.keeping import NumberType, keep
from commands.options import yes_option
from commands.session import acting, looking, partner_option, reason_option, reason_required, say
from commands.signing import sign_options

if TYPE_CHECKING:
    from commands.output import Table
    from commands.session import Session
    from commands.signing import Pen
    from ledger.events import BankAccount
    from ledger.intents import ApprovePayee, Intent, ProposePayee
    from ledger.payees import Payee, Payees

ACCOUNT = ("holder", "number", "bank", "bank_name", "currency", "country")
COLUMNS = (
    *("reference", "partner", *ACCOUNT, "status", "replaces", "reason"),
    *("proposed_on", "proposed_by", "approved_on", "approved_by", "ended_on"),
)
PAYEE = NumberType("~payees", "account", "mledger payee list")


@click.group()
def payee() -> None:
    """Keep the partners' bank accounts."""


@payee.command()
@click.argument("partner", shell_complete=partners)
@click.option("--holder", required=True, help="In whose name the account is.")
@click.option("--number", help="The account's number, where it is no IBAN.")
@click.option("--iban", help="The account's IBAN.")
@click.option("--bank", default="", help="The bank's BIC, or its CNAPS code (12 digits).")
@click.option("--bank-name", default="", help="The bank's name.")
@click.option("--currency", default="", help="The only currency it is for.  [default: any]")
@click.option("--country", default="", help="The bank's country.  [default: as the account tells]")
@reason_option
@sign_options
@acting
def propose(
    partner: str,
    number: str | None,
    iban: str | None,
    reason: str,
    session: Session,
    pen: Pen | None,
    **account: str,
) -> None:
    """Propose the account to which a partner is to be paid; somebody else approves it.

    What is paid now is shown beside it where it is to change.

    \b
    mledger payee propose "Hangzhou Content Studio" --holder "Hangzhou Content Studio Ltd" \\
        --number 6222020200112233445 --bank 102331002126 --currency CNY --as finance-1
    """
    from ledger.accounts import checked
    from ledger.events import BankAccount
    from ledger.intents import ProposePayee

    found = checked(BankAccount(number=_one_of(number, iban), **account))
    intent = ProposePayee(partner=partner, account=found, reason=reason, on=session.on)
    _compared(session, _payees(session).paid(partner, found.currency), found)
    _keep(session, _signed(session, intent, pen, f"propose for {partner}: {_words(found)}"))


@payee.command()
@click.argument("reference", type=PAYEE, metavar="REF")
@yes_option
@sign_options
@acting
def approve(reference: int, yes: bool, session: Session, pen: Pen | None) -> None:
    """Approve a proposed account, as somebody who did not propose it; it replaces the one before.

    Ask the partner first, by a telephone number known before: never by one in the letter that asks
    for the change.

    \b
    mledger payee approve '#2' --yes --as finance-2
    """
    from commands.output import confirm
    from ledger.decisions.payees import find
    from ledger.intents import ApprovePayee

    payees = _payees(session)
    new = find(payees, reference)
    old = payees.paid(new.partner, new.account.currency)
    if old is not None and new.status == "proposed":
        _compared(session, old, new.account)
        if not session.recording.dry_run:
            paid = (
                f"{new.account.currency} of {new.partner}" if new.account.currency else new.partner
            )
            no_more = f"and no more to {old.account.number}"
            confirm(f"Pay {paid} to {new.account.number}, {no_more}?", yes)
    intent = ApprovePayee(proposal=reference, on=session.on)
    words = f"approve #{reference} for {new.partner}: {_words(new.account)}"
    _keep(session, _signed(session, intent, pen, words))


@payee.command()
@click.argument("reference", type=PAYEE, metavar="REF")
@reason_required
@acting
def revoke(reference: int, reason: str, session: Session) -> None:
    """End an account, or refuse one that waits; one person is enough.

    A payment that was instructed to it keeps naming it: fail it, and instruct it anew.

    \b
    mledger payee revoke '#2' --reason "the partner knows nothing of it" --as finance-2
    """
    from ledger.intents import RevokePayee

    _keep(session, RevokePayee(proposal=reference, reason=reason, on=session.on))


@payee.command("list")
@partner_option
@looking
def list_payees(partner: str | None, session: Session) -> None:
    """List the accounts with their standing; whole in JSON, masked in the table.

    \b
    mledger payee list --partner "Hangzhou Content Studio" --json
    """
    from commands.narrowing import Narrowing
    from commands.output import exact
    from ledger.payees import masked

    payees = _payees(session)
    kept = [p for p in payees.accounts.values() if partner in (None, p.partner)]
    entries = [_entry(one) for one in kept]
    shown = (
        *("reference", "partner", "number", "currency", "bank", "status", "replaces", "since"),
        *("proposed_by", "approved_by"),
    )
    rows = [
        tuple(
            (entry | {"number": masked(entry["number"]), "since": entry["approved_on"]})[name]
            for name in shown
        )
        for entry in entries
    ]
    table = Narrowing(
        [name if name == "partner" else exact(name.replace("_", " ")) for name in shown],
        rows,
        empty="no account yet: mledger payee propose PARTNER",
        minor=("replaces", "bank", "proposed by", "approved by"),
    )
    session.output.emit({"payees": entries}, rows=entries, columns=COLUMNS, people=[table])


def _one_of(number: str | None, iban: str | None) -> str:
    from ledger.accounts import checked
    from ledger.errors import InputInvalid
    from ledger.events import BankAccount

    if (number is None) == (iban is None):
        raise InputInvalid("usage", "an account has a --number or an --iban", hint="give one")
    if iban is None:
        return str(number)
    text = iban.replace(" ", "").upper()
    if not (text[:2].isalpha() and text[2:4].isdigit()):
        raise InputInvalid(
            "payee-account-invalid", f"{iban!r} is no IBAN", hint="give it with --number"
        )
    return checked(BankAccount(holder="-", number=text)).number


def _payees(session: Session) -> Payees:
    from ledger.store.payees import payees_of

    with session.ledger.snapshot() as conn:
        return payees_of(conn)


def _keep(session: Session, intent: Intent) -> None:
    from ledger.payees import STREAM
    from ledger.store import payees

    keep(session, STREAM, payees.keep, intent)


def _signed(
    session: Session, intent: ProposePayee | ApprovePayee, pen: Pen | None, words: str
) -> Intent:
    """The intent with its signature; as it is without a pen, or where its outcome is recorded already."""
    import secrets

    from msgspec.structs import replace

    from ledger.store.payees import to_sign

    if pen is None or session.first_position() is not None:
        return intent
    statement = to_sign(session.ledger, intent, session.context(), secrets.token_hex(16))
    say(f"to sign: payee by {statement.by}, {words}")
    say(f"  {statement.text.decode()}")
    return replace(intent, signature=pen.sign(statement))


def _words(account: BankAccount) -> str:
    bank = f" at {account.bank}" if account.bank else ""
    return f"{account.number}{bank}, {account.currency or 'any currency'}, held by {account.holder}"


def _compared(session: Session, old: Payee | None, new: BankAccount) -> None:
    """The account that is paid now beside the one that is to be, where they differ, for people."""
    if old is not None and old.account != new and session.output.format == "table":
        session.output.emit({}, people=_pages(old, new))


def _pages(old: Payee, new: BankAccount) -> Iterator[Table | str]:
    from commands.output import Table, exact

    rows = [
        (name.replace("_", " "), before, after, "" if before == after else "changed")
        for name in ACCOUNT
        for before, after in [(getattr(old.account, name), getattr(new, name))]
        if before or after
    ]
    since = f"now (#{old.version}, since {old.approved_on})"
    yield Table([old.partner, exact(since), exact("to be"), exact("")], rows)
    yield ""


def _entry(one: Payee) -> dict[str, Any]:
    return {
        "reference": one.version,
        "partner": one.partner,
        **{name: getattr(one.account, name) for name in ACCOUNT},
        "status": one.status,
        "replaces": one.replaces or None,
        "reason": one.reason,
        "proposed_on": one.on.isoformat() if one.on else None,
        "proposed_by": one.proposed_by,
        "approved_on": one.approved_on.isoformat() if one.approved_on else None,
        "approved_by": one.approved_by or None,
        "ended_on": one.ended_on.isoformat() if one.ended_on else None,
    }
