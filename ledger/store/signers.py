"""The signing keys of a ledger: load → decide → append on the stream `~signers`."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import replace
from typing import Any

from sqlalchemy import Connection

from ledger.calendars import today_in
from ledger.decisions import signers as decisions
from ledger.events import Fact
from ledger.intents import ApproveSigner, Context, Intent, ProposeSigner, RevokeSigner
from ledger.signers import STREAM, Signers, fold
from ledger.state import ADMINISTRATOR, Contract
from ledger.store.apart import Decided, keep_apart
from ledger.store.application import Ledger
from ledger.store.perform import Outcome
from ledger.store.reading import read_stream
from ledger.store.reads import Reads

_DECIDERS: dict[type[Intent], Callable[[Signers, Any, Context], list[Fact]]] = {
    ProposeSigner: decisions.propose,
    ApproveSigner: decisions.approve,
    RevokeSigner: decisions.revoke,
}


def signers_of(conn: Connection, until: int | None = None) -> Signers:
    """The keys as the log has them, up to a position."""
    return fold(read_stream(conn, STREAM, until))


def keep(
    ledger: Ledger[Contract],
    intent: Intent,
    context: Context,
    *,
    origin: str = "api",
    key: str | None = None,
    dry_run: bool = False,
) -> Outcome:
    """Records a step in the life of a signing key; raises what the decisions raise, and Conflict."""

    def decide(reads: Reads) -> Decided:
        signers = fold(reads.records(STREAM))
        keepers = {context.actor} if administers(reads, context) else set()
        able = replace(context, administrators=frozenset(keepers))
        return signers.version, _DECIDERS[type(intent)](signers, intent, able)

    options: dict[str, Any] = {"origin": origin, "key": key, "dry_run": dry_run}
    return keep_apart(ledger, STREAM, intent, context, decide, **options)


def administers(reads: Reads, context: Context) -> bool:
    """Whether the actor is an administrator of some contract now; reads no further than to the first."""
    return holds_somewhere(reads, context, (ADMINISTRATOR,))


def holds_somewhere(reads: Reads, context: Context, roles: Collection[str]) -> bool:
    """Whether the actor holds one of the roles in some contract now; rests on the first that says so."""
    return gives_right(reads, reads.looked_through(), context, roles)


def gives_right(
    reads: Reads, contracts: Iterable[Contract], context: Context, roles: Collection[str]
) -> bool:
    """Whether one of the contracts gives the actor one of the roles today; rests on the first that does."""
    for state in contracts:
        today = today_in(state.terms.timezone, context.now)
        if any(state.holds(role, context.actor, today) for role in roles):
            reads.rest_on(state.id, state.version)
            return True
    return False
