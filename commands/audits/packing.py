"""What `mledger audit bundle` does: read at one moment, pack, and say what was packed and how to check it."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from commands.audits.keys import trusted_keys
from commands.audits.stream import bounded
from commands.known import require_contract
from commands.options import Moment, Output, Recording
from commands.output import csv_line
from commands.session import opened
from commands.settings import Settings
from commands.terminal import say
from commands.version import product_version
from projections.exports.bundle.make import Made, make
from projections.exports.bundle.source import Source, natural_end


def pack(
    settings: Settings,
    moment: Moment,
    contracts: tuple[str, ...] | None,
    file: Path,
    trusted: Sequence[str],
) -> None:
    """Writes the archive, whole or not at all; raises NotFound for a contract that nothing was recorded on."""
    keys = trusted_keys(trusted)
    with opened(settings, Recording(), Output()) as session:
        for name in contracts or ():
            require_contract(session.ledger, name)
        with session.ledger.snapshot() as conn:
            cut = moment.known_at_position is not None or moment.known_at_time is not None
            until = bounded(conn, moment) if cut else natural_end(conn, contracts)
            today = moment.as_of or moment.today or settings.today()
            source = Source(session.ledger, conn, until, contracts, moment.as_of, today)
            with _written(file) as stream:
                made = make(source, stream, csv_line=csv_line, release=product_version(), keys=keys)
    _tell(file, made)


def _tell(file: Path, made: Made) -> None:
    signed = f", {made.signatures} of them signed" if made.signatures else ""
    say(f"packed {made.records} records up to position {made.position}{signed} into {file}")
    if not made.sealed:
        say("warning: the log is not sealed, so nothing proves them: mledger audit seal")
    elif made.sealed < made.position:
        say(f"warning: sealed only up to position {made.sealed}: mledger audit seal")
    say(f"check it: python verify.py {file} --trusted-key KEY --anchor FILE")


@contextmanager
def _written(file: Path) -> Iterator[IO[bytes]]:
    """The file appears complete under its name, or stays as it was."""
    target = file.resolve()  # a link is followed, not replaced
    part = target.with_name(f"{target.name}.{os.getpid()}.tmp")
    try:
        with part.open("wb") as stream:
            yield stream
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)
