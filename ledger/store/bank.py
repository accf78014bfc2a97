"""The bank's entries: load → decide → append on the stream `~bank`, alone or beside the payments they explain."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from sqlalchemy import Connection

from ledger.bank_entries import STREAM, BankBook, fold
from ledger.decisions import bank as decisions
from ledger.events import Fact
from ledger.intents import Context, Intent
from ledger.intents_bank import BookBankEntry, ExplainBankEntry
from ledger.state import ADMINISTRATOR, Contract
from ledger.store.apart import Decided, keep_apart
from ledger.store.application import Ledger
from ledger.store.perform import Beside, Outcome
from ledger.store.reading import read_stream
from ledger.store.reads import Reads
from ledger.store.signers import holds_somewhere

KEEPERS = ("finance", ADMINISTRATOR)
_DECIDERS: dict[type[Intent], Callable[[BankBook, Any, Context], list[Fact]]] = {
    BookBankEntry: decisions.book,
    ExplainBankEntry: decisions.explain,
}


def bank_of(conn: Connection, until: int | None = None) -> BankBook:
    """The entries as the log has them, up to a position."""
    return fold(read_stream(conn, STREAM, until))


def able(ledger: Ledger[Contract], context: Context) -> Context:
    """The context with whether the actor may keep entries; read once for a whole file."""
    return _able(Reads(ledger), context)


def _able(reads: Reads, context: Context) -> Context:
    may = holds_somewhere(reads, context, KEEPERS)
    return replace(context, keepers=frozenset({context.actor} if may else ()))


def keep(
    ledger: Ledger[Contract],
    intent: Intent,
    context: Context,
    *,
    origin: str = "api",
    key: str | None = None,
    dry_run: bool = False,
) -> Outcome:
    """Records that an entry is kept or explained; raises what the decisions raise, and Conflict."""

    def decide(reads: Reads) -> Decided:
        book = fold(reads.records(STREAM))
        return book.version, _DECIDERS[type(intent)](book, intent, _able(reads, context))

    options: dict[str, Any] = {"origin": origin, "key": key, "dry_run": dry_run}
    return keep_apart(ledger, STREAM, intent, context, decide, **options)


def beside(intents: list[ExplainBankEntry], context: Context) -> Beside:
    """What explains entries, to be appended in the transaction of the payments that they are about."""

    def decide(reads: Reads) -> tuple[str, int, list[Fact]]:
        book, known = fold(reads.records(STREAM)), _able(reads, context)
        explained = [fact for one in intents for fact in decisions.explain(book, one, known)]
        return STREAM, book.version, explained

    return decide
