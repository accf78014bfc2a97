"""What must hold across contracts: known to their decisions, and appended in the transaction of their own events."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from ledger import invoice_numbers
from ledger.events import Fact
from ledger.intents import Context, Intent, ReceiveInvoice, RejectInvoice
from ledger.store.reads import Reads


def with_registers(reads: Reads, intents: Iterable[Intent], context: Context) -> Context:
    """The context with the invoice numbers that are taken now, read only where an intent is about an invoice."""
    if not any(isinstance(intent, ReceiveInvoice | RejectInvoice) for intent in intents):
        return context
    return replace(context, numbers=invoice_numbers.fold(reads.records(invoice_numbers.STREAM)))


def registered(context: Context) -> list[tuple[str, int, list[Fact]]]:
    """What the batch's events add to each register, at the version at which it was read."""
    numbers = context.numbers
    return [(invoice_numbers.STREAM, numbers.version, numbers.added)] if numbers.added else []
