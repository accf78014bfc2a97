"""`mledger audit seal`: the log sealed, its checkpoint in the database and in the anchor."""

from __future__ import annotations

import shlex
import sys
from base64 import b64encode
from collections.abc import Sequence
from pathlib import Path

from sqlalchemy import Engine

from commands.audits.anchors import Anchor
from commands.audits.keys import private_key, trusted_keys
from commands.options import Output
from commands.output import check_writable
from commands.settings import Settings
from commands.terminal import say
from ledger.errors import Failure
from ledger.proof.notes import public_key
from ledger.store.database import connect, reading
from ledger.store.reading import head
from ledger.store.sealing import Sealed, seal


def show(
    settings: Settings,
    output: Output,
    key: Path,
    anchor: Path | None,
    trusted: Sequence[str],
    accepting: str = "",
) -> None:
    """Seals and prints the checkpoint; nothing is sealed where the log does not go on from what was."""
    check_writable(output)
    engine = connect(settings.database)
    try:
        sealed, kept = seal_into(engine, settings.actor or "", key, anchor, trusted, accepting)
    finally:
        engine.dispose()
    checkpoint = sealed.checkpoint
    data = {
        "ledger": checkpoint.origin,
        "position": checkpoint.size,
        "recorded_at": sealed.recorded_at,
        "root": b64encode(checkpoint.root).decode(),
        "streams": sealed.streams,
        "new_events": sealed.new,
        "verifier_key": str(public_key(checkpoint.origin, private_key(key))),
        "anchor": str(kept.file) if kept else None,
        "checkpoint": sealed.note.decode(),
    }
    try:
        output.emit(data, people=[sealed.note.decode()])
        sys.stdout.flush()
    except BrokenPipeError:
        raise
    except OSError as problem:
        raise Failure(
            "outcome-unwritten",
            f"the log IS sealed up to position {checkpoint.size}; only the checkpoint was not written out:"
            f" {problem.strerror or problem}",
            hint=f"print it again: mledger audit seal --key {shlex.quote(str(key))}"
            + (f" --anchor {shlex.quote(str(anchor))}" if anchor else ""),
            facts={"recorded": True, "position": checkpoint.size},
        ) from problem
    say(f"sealed {checkpoint.size} events in {sealed.streams} streams, {sealed.new} of them new")
    if kept is None:
        say("hint: without --anchor nobody outside can tell whether the end of the log is cut off")


def seal_into(
    engine: Engine,
    actor: str,
    key: Path,
    anchor: Path | None,
    trusted: Sequence[str],
    accepting: str = "",
) -> tuple[Sealed, Anchor | None]:
    """Seals the log and adds the checkpoint to the anchor, where one is named."""
    private, keys = private_key(key), trusted_keys(trusted)
    with reading(engine) as conn:
        ledger_id = head(conn).ledger_id
    kept = Anchor(anchor, ledger_id) if anchor is not None else None
    known = kept.read() if kept else []
    sealed = seal(engine, private, actor=actor, trusted=keys, anchor=known, accepting=accepting)
    if kept is not None:
        checkpoint = sealed.checkpoint
        kept.add(sealed.note, f"Seal {checkpoint.origin} at position {checkpoint.size}")
    return sealed, kept
