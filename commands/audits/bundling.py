"""`mledger audit bundle`: contracts, or the whole log, as one archive. Nothing heavy is imported here."""

from __future__ import annotations

from pathlib import Path

import click

from commands.asking import Verb
from commands.audits.evidence import trusted_option
from commands.options import Moment, Output, database_options, moment_options, written_as
from commands.reference_names import CONTRACT
from commands.settings import Settings


@click.command(cls=Verb)
@click.option(
    "--contract",
    "contracts",
    type=CONTRACT,
    multiple=True,
    metavar="CONTRACT",
    help="This contract; repeatable.",
)
@click.option("--all", "everything", is_flag=True, help="The whole log.")
@trusted_option
@click.option(
    "-o",
    "--output",
    "file",
    type=click.Path(dir_okay=False, path_type=Path),
    required=True,
    metavar="FILE",
    help="The archive to write, all or nothing; one that is there already is replaced.",
)
@moment_options
@database_options
def bundle(
    contracts: tuple[str, ...],
    everything: bool,
    trusted: tuple[str, ...],
    file: Path,
    moment: Moment,
    settings: Settings,
) -> None:
    """Pack records, proofs, tables, journals and a report into one archive for an auditor.

    What it holds is checked by verify.py (docs/verify.py, and a copy inside) on any computer with Python.

    \b
    mledger audit bundle --contract BW-2026-014 -o BW-2026-014.zip
    python verify.py BW-2026-014.zip --trusted-key KEY --anchor FILE
    """
    if bool(contracts) == everything:
        raise click.UsageError("name the contracts with --contract, or take the whole log: --all")
    from commands.audits.packing import pack

    written_as(Output(file=file), "zip")
    chosen = None if everything else tuple(dict.fromkeys(contracts))
    pack(settings, moment, chosen, file, trusted)
