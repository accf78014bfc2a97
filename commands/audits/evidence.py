"""`mledger audit keygen | seal | verify | prove | check-proof`: tamper evidence. Nothing heavy is imported here.

What the commands rest on stands in docs/tamper-evidence.md.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from commands.asking import Verb
from commands.options import Output, database_options, not_empty, output_options, writing_as
from commands.reference_names import MILESTONE, MilestoneName
from commands.settings import Settings

_FILE = click.Path(dir_okay=False, path_type=Path)
_PLACE = click.Path(path_type=Path)

trusted_option = click.option(
    "--trusted-key",
    "trusted",
    multiple=True,
    metavar="KEY|FILE",
    envvar="MLEDGER_TRUSTED_KEY",
    help="A verifier key that you trust, or the file in which you pinned it; repeatable.",
)
anchor_option = click.option(
    "--anchor",
    type=_PLACE,
    metavar="PATH",
    envvar="MLEDGER_ANCHOR",
    help="The copy of checkpoints kept elsewhere: a file, a folder, or a git repository.",
)


def key_option_of(*, required: bool) -> Callable[[Any], Any]:
    """--key FILE, the private key that signs checkpoints."""
    return click.option(
        "--key",
        type=_FILE,
        required=required,
        metavar="FILE",
        envvar="MLEDGER_SEAL_KEY",
        help="The private key that signs (mledger audit keygen makes it).",
    )


key_option = key_option_of(required=True)


@click.command(cls=Verb)
@key_option
@click.option("--pin", type=_FILE, metavar="FILE", help="Write the public verifier key there.")
@database_options
@output_options
def keygen(key: Path, pin: Path | None, settings: Settings, output: Output) -> None:
    """Make the key that signs this ledger's checkpoints; prints the verifier key to trust.

    \b
    mledger audit keygen --key ledger.pem --pin ledger.pub
    """
    from commands.audits.keys import make

    make(settings, output, key, pin)


@click.command(cls=Verb)
@key_option
@anchor_option
@trusted_option
@database_options
@output_options
def seal(
    key: Path, anchor: Path | None, trusted: tuple[str, ...], settings: Settings, output: Output
) -> None:
    """Seal the log: sign a checkpoint of all its records, and add it to the anchor.

    \b
    mledger audit seal --key ledger.pem
    """
    from commands.audits.sealing import show

    show(settings, output, key, anchor, trusted)


@click.command("accept-loss", cls=Verb)
@key_option
@click.option(
    "--anchor",
    type=_PLACE,
    required=True,
    metavar="PATH",
    envvar="MLEDGER_ANCHOR",
    help="The anchor, which knows more than the log.",
)
@click.option(
    "--reason",
    required=True,
    callback=not_empty,
    help="Why records are lost, in a sentence; it is kept.",
)
@trusted_option
@database_options
@output_options
def accept_loss(
    key: Path,
    anchor: Path,
    reason: str,
    trusted: tuple[str, ...],
    settings: Settings,
    output: Output,
) -> None:
    """Seal a log that has lost records: give up the anchor's checkpoints that it does not go on from.

    For a database that was recovered to an earlier moment. The seal names what is given up and why; audit verify and
    audit exceptions tell it for ever, and the anchor keeps what it held.

    \b
    mledger audit accept-loss --key /etc/mledger/acme.pem --anchor /mnt/anchor --reason 'disk lost, recovered to 14:05'
    """
    from commands.audits.sealing import show

    show(settings, output, key, anchor, trusted, reason)


@click.command(cls=Verb)
@trusted_option
@anchor_option
@database_options
@output_options
def verify(
    trusted: tuple[str, ...], anchor: Path | None, settings: Settings, output: Output
) -> int:
    """Recompute everything from the stored bytes; exit code 5 where anything was altered.

    \b
    mledger audit verify
    """
    from commands.audits.verifying import show

    return show(settings, output, trusted, anchor)


@click.command(cls=Verb)
@click.argument("milestone", type=MILESTONE, metavar="CONTRACT/MILESTONE")
@database_options
@output_options
@writing_as("proof", "json", "txt")
def prove(milestone: MilestoneName, settings: Settings, output: Output) -> None:
    """Write proofs that a contract's events are in the sealed log, and that none is left out.

    \b
    mledger audit prove BW-2026-014/M1 -o proof.json
    """
    from commands.audits.proving import show

    show(settings, output, milestone)


@click.command("check-proof", cls=Verb)
@click.argument(
    "proof", metavar="FILE", type=click.Path(exists=True, dir_okay=False, path_type=Path)
)
@trusted_option
@output_options
def check_proof(proof: Path, trusted: tuple[str, ...], output: Output) -> None:
    """Check a file of `mledger audit prove`, without any database.

    \b
    mledger audit check-proof proof.json --trusted-key ledger.pub
    """
    from commands.audits.proving import check

    check(output, proof, trusted)


COMMANDS = (keygen, seal, accept_loss, verify, prove, check_proof)
