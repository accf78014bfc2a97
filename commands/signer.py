"""`mledger signer`: the keys with which people sign, proposed by one administrator and approved by another."""

from __future__ import annotations

import sys
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from commands.keeping import NumberType
from commands.options import DATE, PERSON
from commands.session import acting, looking, reason_option
from commands.terminal import say
from commands.tree import Verbs

if TYPE_CHECKING:
    from commands.session import Session
    from ledger.intents import Intent
    from ledger.signers import Signer, Signers

COLUMNS = (
    *("reference", "person", "type", "fingerprint", "valid_from", "valid_until", "status"),
    *("revoked_on", "proposed_by", "approved_by", "key"),
)


SIGNER = NumberType("~signers", "signing key", "mledger signer list")


@click.group(cls=Verbs)
def signer() -> None:
    """Register, approve and revoke signing keys."""


@signer.command()
@click.argument("person", type=PERSON)
@click.argument("key_file", metavar="KEYFILE", type=click.Path(dir_okay=False, allow_dash=True))
@click.option("--from", "since", type=DATE, metavar="DATE", help="Its first day.  [default: today]")
@click.option("--to", "until", type=DATE, metavar="DATE", help="Its last day.  [default: none]")
@acting
def propose(
    person: str, key_file: str, since: date | None, until: date | None, session: Session
) -> None:
    """Propose the public key with which a person is to sign; another administrator approves it.

    KEYFILE is an OpenSSH public key (.pub), or - for standard input.

    \b
    mledger signer propose manager-1 manager-1.pub --to 2027-12-31 --as admin-1
    """
    from ledger.intents import ProposeSigner

    text = sys.stdin.read() if key_file == "-" else _text_of(key_file)
    _keep(
        session,
        ProposeSigner(
            person=person,
            key=text,
            valid_from=since or session.settings.today(),
            valid_until=until,
            on=session.on,
        ),
    )


@signer.command()
@click.argument("reference", type=SIGNER, metavar="REF")
@acting
def approve(reference: int, session: Session) -> None:
    """Approve a proposed key, by an administrator who neither proposed nor owns it.

    \b
    mledger signer approve 1 --as admin-2
    """
    from ledger.intents import ApproveSigner

    _keep(session, ApproveSigner(proposal=reference, on=session.on))


@signer.command()
@click.argument("reference", type=SIGNER, metavar="REF")
@reason_option
@acting
def revoke(reference: int, reason: str, session: Session) -> None:
    """End a key from --on on, by an administrator or its owner; or refuse one that waits.

    \b
    mledger signer revoke 1 --on 2026-11-20 --reason "laptop stolen" --as admin-1
    """
    from ledger.intents import RevokeSigner

    _keep(session, RevokeSigner(proposal=reference, reason=reason, on=session.on))


@signer.command("list")
@looking
def list_signers(session: Session) -> None:
    """List the keys with their owners, days and standing.

    \b
    mledger signer list --json
    """
    from commands.output import Table, exact

    entries = [_entry(one) for one in _signers(session).keys.values()]
    shown = [name for name in COLUMNS if name not in ("key", "type")]
    table = Table(
        [exact(name.replace("_", " ")) for name in shown],
        [tuple(entry[name] for name in shown) for entry in entries],
        empty="no key yet: mledger signer propose PERSON KEYFILE",
        gives_way=("proposed by", "approved by", "revoked on"),
    )
    session.output.emit({"signers": entries}, rows=entries, columns=COLUMNS, people=[table])


@signer.command()
@looking
def export(session: Session) -> None:
    """Write the approved keys as an allowed_signers file, for `ssh-keygen -Y verify`.

    \b
    mledger signer export -o allowed_signers
    """
    from ledger.statements import allowed_line

    signers = [s for s in _signers(session).keys.values() if s.approved_by]
    lines = [line for one in signers if (line := allowed_line(one))]
    entries = [{"line": line.rstrip("\n")} for line in lines]
    session.output.emit(
        {"allowed_signers": "".join(lines)},
        rows=entries,
        columns=("line",),
        people=[line.rstrip("\n") for line in lines],
    )
    if not lines:
        say("no key is approved yet")


def _text_of(key_file: str) -> str:
    from ledger.errors import InputInvalid

    try:
        return Path(key_file).read_text("utf-8")
    except UnicodeDecodeError:
        raise InputInvalid(
            "key-unreadable", f"{key_file} is no text", hint="give the .pub file"
        ) from None


def _signers(session: Session) -> Signers:
    from ledger.signers import STREAM, fold

    return fold(session.ledger.stream(STREAM))


def _keep(session: Session, intent: Intent) -> None:
    """Records a step of a key, and says it."""
    from ledger.signers import STREAM

    session.record(STREAM, intent)


def _entry(one: Signer) -> dict[str, Any]:
    return {
        "reference": one.version,
        "person": one.person,
        "type": one.key.type,
        "fingerprint": one.key.fingerprint,
        "valid_from": one.valid_from.isoformat(),
        "valid_until": one.valid_until.isoformat() if one.valid_until else None,
        "status": one.status,
        "revoked_on": one.revoked_on.isoformat() if one.revoked_on else None,
        "proposed_by": one.proposed_by,
        "approved_by": one.approved_by or None,
        "key": one.key.text,
    }
