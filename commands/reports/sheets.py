"""`mledger export xlsx`: the whole ledger as one workbook, a sheet per report, at one moment."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from commands.reports.asked import Asked
from commands.reports.frame import Found, Frame, framed, listed, money
from commands.reports.register import pages as register_pages
from commands.reports.schedule import COLUMNS
from commands.workbook import Page
from projections.derive import (
    invoices,
    payments,
    retentions,
    settlements,
)
from projections.views.schedule import LINES, milestone


def show(asked: Asked) -> None:
    """Writes the workbook."""
    with framed(asked) as frame:
        frame.emit({}, rows=(), pages=lambda: pages(frame))


def pages(frame: Frame) -> Iterator[Page]:
    """Schedule, register, payments, invoices and retentions; what there is none of is a sheet without rows."""
    yield Page("schedule", LINES.objects(frame.rows(LINES.sql)), COLUMNS)
    yield from register_pages(frame)
    yield _page(frame, "payments", payments.LIST, _PAYMENT)
    yield _page(frame, "settlements", settlements.LIST, _SETTLEMENT)
    yield _page(frame, "invoices", invoices.LIST, _INVOICE)
    yield _page(frame, "retentions", retentions.KEPT, _RETENTION)


def _page(frame: Frame, title: str, sql: str, names: tuple[str, ...]) -> Page:
    return Page(title, (_entry(row, names) for row in frame.rows(sql)), names)


def _entry(row: Found, names: tuple[str, ...]) -> Found:
    return {name: _OF.get(name, _plain)(row, name) for name in names}


def _plain(row: Found, name: str) -> object:
    if f"{name}_minor" in row:
        return money(row[f"{name}_minor"], row["currency"])
    return row[name]


def _name(row: Found, _: str) -> object:
    return f"{row['contract']}#{row['version']}"


# How a column comes from its row, where it is not a column of the read model.
_OF: dict[str, Callable[[Found, str], object]] = {
    "payment": _name,
    "invoice": _name,
    "milestone": lambda row, _: milestone(row),
    "provisional": lambda row, _: bool(row["provisional"]),
    "events": lambda row, _: listed(row["events"]),
    "paid_foreign": lambda row, _: money(row["paid_foreign_minor"], row["paid_currency"]),
    "gain": lambda row, _: money(row["gain_minor"], row["paid_currency"]),
}
_PAYMENT = (
    *("payment", "partner", "milestone", "status", "instructed_on", "paid_on", "ended_on"),
    *("currency", "amount", "paid", "run", "reference", "events"),
)
_SETTLEMENT = (
    *("payment", "partner", "milestone", "status", "transfer", "account", "instructed_on"),
    *("paid_on", "currency", "amount", "paid", "discount", "fees", "paid_foreign"),
    *("paid_currency", "gain", "rate", "rate_on", "rate_source", "reference", "entry", "events"),
)
_INVOICE = (
    *("invoice", "partner", "number", "kind", "status", "milestone", "issued_on", "received_on"),
    *("rejected_on", "currency", "amount", "tax", "covered", "invoiced", "accepted", "paid"),
    *("match", "events"),
)
_RETENTION = (
    *("partner", "milestone", "part", "due_on", "provisional", "currency", "retained"),
    *("released", "kept", "events"),
)
