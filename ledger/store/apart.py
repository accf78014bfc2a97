"""Streams that are no contracts: load → decide → append on one of them, answered once per idempotency key."""

from __future__ import annotations

from collections.abc import Callable

from ledger.errors import Conflict
from ledger.events import Fact
from ledger.intents import Context, Intent
from ledger.state import Contract
from ledger.store.application import Ledger
from ledger.store.asked import asked_of
from ledger.store.perform import ATTEMPTS, Outcome, answered_before
from ledger.store.reads import Reads
from ledger.store.records import Envelope

Decided = tuple[int, list[Fact]]
"""The stream's version that was seen, and what follows."""


def keep_apart(
    ledger: Ledger[Contract],
    stream: str,
    intent: Intent,
    context: Context,
    decide: Callable[[Reads], Decided],
    *,
    origin: str = "api",
    key: str | None = None,
    dry_run: bool = False,
) -> Outcome:
    """Records what is decided on a stream of the ledger's own; raises what `decide` raises, and Conflict."""
    asked = asked_of([(stream, intent)]) if key is not None else ""
    for attempt in range(1, ATTEMPTS + 1):
        if key is not None and (answer := answered_before(ledger, key, asked, context)) is not None:
            return answer
        reads = Reads(ledger)
        version, events = decide(reads)
        envelope = Envelope(
            actor=context.actor,
            authenticated_as=context.authenticated_as,
            key=key,
            digest=asked,
            origin=origin,
        )
        try:
            batch = [(stream, version, events)]
            records = ledger.append(batch, envelope, dry_run, reads.unchanged)
        except Conflict:
            if attempt == ATTEMPTS:
                raise
        else:
            return Outcome(records, dry_run=dry_run)
    raise AssertionError("unreachable")
