"""`mledger payee`: the partners' bank accounts, proposed by one person and approved by another."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import click

from commands.bank.proposing import account_options
from commands.completing import partners
from commands.keeping import NumberType
from commands.known import for_whom, require_known
from commands.options import yes_option
from commands.session import acting, looking, partner_option, reason_option, reason_required
from commands.signing import sign_options
from commands.terminal import say
from commands.tree import Verbs

if TYPE_CHECKING:
    from commands.output import Table
    from commands.session import Session
    from commands.signing import Pen
    from ledger.events import BankAccount
    from ledger.intents import ApprovePayee, Intent, ProposePayee
    from ledger.payees import Payee, Payees

ACCOUNT = ("holder", "number", "bank", "bank_name", "currency", "country")
MORE = ("clearing", "member", "purpose")
PLACE = ("street", "building", "post_code", "town", "subdivision")
COLUMNS = (
    *("reference", "partner", *ACCOUNT, "status", "replaces", "reason"),
    *("proposed_on", "proposed_by", "approved_on", "approved_by", "ended_on"),
    *(*MORE, *PLACE, "address_country", "paid_since"),
)
PAYEE = NumberType("~payees", "account", "mledger payee list")


@click.group(cls=Verbs)
def payee() -> None:
    """Keep the partners' bank accounts."""


@payee.command()
@click.argument("partner", shell_complete=partners)
@account_options
@reason_option
@sign_options
@acting
def propose(
    partner: str,
    number: str | None,
    iban: str | None,
    like: int | None,
    reason: str,
    session: Session,
    pen: Pen | None,
    **typed: str | None,
) -> None:
    """Propose the account to which a partner is to be paid; somebody else approves it.

    What is paid now is shown beside it where it is to change. Payments abroad need the holder's
    town and country; renminbi into China also the bank's CNAPS code and a purpose. On a terminal
    they are asked for. --like takes what is not given from an account that is there.

    \b
    mledger payee propose "Hangzhou Content Studio" --holder "Hangzhou Content Studio Ltd" \\
        --number 6222020200112233445 --bank 102331002126 --currency CNY --as finance-1
    mledger payee propose "Hangzhou Content Studio" --like '#1' --town Hangzhou \\
        --address-country CN --purpose CSTRDR --as finance-1
    """
    from commands.bank.proposing import account_of
    from ledger.accounts import checked
    from ledger.intents import ProposePayee

    payees = _payees(session)
    found = checked(account_of(partner, payees, like, number, iban, typed))
    intent = ProposePayee(partner=partner, account=found, reason=reason, on=session.on)
    _compared(session, payees.paid(partner, found.currency), found)
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
    mledger payee approve '#1' --yes --as finance-2
    """
    from commands.asking import confirm
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
            no_more = f", and no more to {old.account.number}"
            told = "" if new.account.number == old.account.number else no_more
            confirm(f"Pay {paid} to {new.account.number}{told}?", yes)
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
    mledger payee revoke '#1' --reason "the partner knows nothing of it" --as finance-2
    """
    from ledger.intents import RevokePayee

    _keep(session, RevokePayee(proposal=reference, reason=reason, on=session.on))


@payee.command()
@click.argument("reference", type=PAYEE, metavar="REF")
@looking
def show(reference: int, session: Session) -> None:
    """Show an account whole: the number, the bank, the holder's address, who proposed and approved it.

    \b
    mledger payee show '#1'
    """
    show_payee(session, reference)


def show_payee(session: Session, reference: int) -> None:
    """Prints an account whole."""
    from commands.output import Table
    from ledger.decisions.payees import find

    one = find(_payees(session), reference)
    flat = _flat(one)
    rows = [(name.replace("_", " "), value) for name, value in flat.items() if value]
    table = Table(["account", ""], rows)
    session.output.emit(_entry(one), rows=[flat], columns=COLUMNS, people=[table])


@payee.command("list")
@partner_option
@looking
def list_payees(partner: str | None, session: Session) -> None:
    """List the accounts with their standing; whole in JSON, masked in the table.

    \b
    mledger payee list --partner "Hangzhou Content Studio" --json
    """
    from commands.output import Table, exact
    from ledger.payees import masked

    payees = _payees(session)
    with_accounts = {one.partner for one in payees.accounts.values()}
    require_known(session.ledger, partner=partner, also=with_accounts)
    kept = [p for p in payees.accounts.values() if partner in (None, p.partner)]
    entries, flat = [_entry(one) for one in kept], [_flat(one) for one in kept]
    shown = (
        *("reference", "partner", "number", "currency", "bank", "status", "replaces", "since"),
        *("town", "purpose", "proposed_by", "approved_by"),
    )
    rows = [
        tuple(
            (one | {"number": masked(one["number"]), "since": one["approved_on"]}).get(name)
            for name in shown
        )
        for one in flat
    ]
    table = Table(
        [name if name in ("partner", "town") else exact(name.replace("_", " ")) for name in shown],
        rows,
        empty=f"no account yet{for_whom(partner=partner)}: mledger payee propose PARTNER",
        gives_way=("replaces", "bank", "town", "purpose", "proposed by", "approved by"),
        rare=("town", "purpose"),
    )
    session.output.emit({"payees": entries}, rows=flat, columns=COLUMNS, people=[table])


def _payees(session: Session) -> Payees:
    from ledger.payees import STREAM, fold

    return fold(session.ledger.stream(STREAM))


def _keep(session: Session, intent: Intent) -> None:
    from ledger.payees import STREAM

    session.record(STREAM, intent)


def _signed(
    session: Session, intent: ProposePayee | ApprovePayee, pen: Pen | None, words: str
) -> Intent:
    """The intent with its signature; as it is without a pen, or where its outcome is recorded already."""
    import secrets

    from msgspec.structs import replace

    from ledger.payees import STREAM
    from ledger.store.perform import to_sign

    if pen is None or session.first_position() is not None:
        return intent
    nonces = [secrets.token_hex(16)]
    (statement,) = to_sign(session.ledger, [(STREAM, intent)], session.context(), nonces)
    say(f"to sign: payee by {statement.by}, {words}")
    say(f"  {statement.text.decode()}")
    return replace(intent, signature=pen.sign(statement))


def _words(account: BankAccount) -> str:
    from ledger.accounts import address_line

    bank = f" at {account.bank}" if account.bank else ""
    clearing = f" ({account.clearing} {account.member})" if account.clearing else ""
    said = f"{account.number}{bank}{clearing}, {account.currency or 'any currency'}, held by {account.holder}"
    place = f", {address_line(account.address)}" if account.address else ""
    return said + place + (f", paid for {account.purpose}" if account.purpose else "")


def _compared(session: Session, old: Payee | None, new: BankAccount) -> None:
    """The account that is paid now beside the one that is to be, where they differ, for people."""
    if old is not None and old.account != new and session.output.format == "table":
        session.output.emit({}, people=_pages(old, new))


def _pages(old: Payee, new: BankAccount) -> Iterator[Table | str]:
    from commands.output import Table, exact

    rows = [
        (name.replace("_", " "), before, after, "" if before == after else "changed")
        for name, before in _fields(old.account).items()
        for after in [_fields(new)[name]]
        if before or after
    ]
    since = f"now (#{old.version}, since {old.approved_on})"
    yield Table([old.partner, exact(since), exact("to be"), exact("")], rows)
    yield ""


def _fields(account: BankAccount) -> dict[str, str]:
    """Every part of an account by its name, those of its address too."""
    place = account.address
    return {
        **{name: getattr(account, name) for name in (*ACCOUNT, *MORE)},
        **{name: getattr(place, name) if place else "" for name in PLACE},
        "address_country": place.country if place else "",
    }


def _place(account: BankAccount) -> dict[str, str | None] | None:
    at = account.address
    if at is None:
        return None
    return {name: getattr(at, name) or None for name in PLACE} | {"country": at.country}


def _flat(one: Payee) -> dict[str, Any]:
    """The entry with the address in columns of its own, for tables."""
    entry = _entry(one)
    del entry["address"]
    return entry | {name: text or None for name, text in _fields(one.account).items() if text}


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
        "paid_since": one.paid_since.isoformat() if one.paid_since else None,
        **{name: getattr(one.account, name) or None for name in MORE},
        "address": _place(one.account),
    }
