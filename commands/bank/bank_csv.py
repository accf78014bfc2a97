"""A bank's statement as CSV: a row per movement, its columns by their own names or by `--map FILE`.

    account, entry, booked_on, direction, amount, currency, reference, text, fees, status, reason,
    instructed_amount, instructed_currency

`reference` is the EndToEndId, `entry` the bank's own name for the row. Without a direction (debit or credit) an amount
below zero is money that left. `status` is booked (or empty), rejected or pending, or BOOK, RJCT or PDNG.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

from commands.bank.statement import (
    Entry,
    Identities,
    LeftOut,
    Statements,
    amount_of,
    named,
    old_key,
    reason_in,
)
from commands.imports.cells import plain_amount, read_date
from commands.imports.columns import Sheet
from commands.imports.csv_reader import open_csv
from commands.imports.figures import one_meaning
from commands.imports.mapping import Mapping, did_you_mean
from commands.output import unescape_cell
from ledger.errors import InputInvalid
from ledger.events import BankAmount, BankCharge, BankEntry, BankSide

FIELDS = (
    *("account", "entry", "booked_on", "direction", "amount", "currency", "reference", "text"),
    *("fees", "status", "reason", "instructed_amount", "instructed_currency"),
)
OWN_NAMES = Mapping(fields=FIELDS)
_NEEDED = ("booked_on", "amount", "currency")
_DEBIT = ("debit", "d", "dbit", "dr", "-")
_CREDIT = ("credit", "c", "crdt", "cr", "+")
# In words, or as ISO 20022 has them.
_STATUSES = {
    "": "booked",
    **dict.fromkeys(("booked", "book"), "booked"),
    **dict.fromkeys(("rejected", "rjct"), "rejected"),
    **dict.fromkeys(("pending", "pdng"), "pending"),
}


def read_bank_csv(path: Path, into: Statements, mapping: Mapping = OWN_NAMES) -> None:
    """Adds what a file says. Raises InputInvalid `csv-…` where the whole file, or its map, is of no use."""
    sheet = open_csv(path, mapping)
    _Rows(sheet, mapping, into).read()


class _Bad(Exception):
    """Why a row is left out, and in which column."""

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(reason)
        self.field, self.reason = field, reason


class _Rows:
    """The rows of one sheet, with the place of each field in it."""

    def __init__(self, sheet: Sheet, mapping: Mapping, into: Statements) -> None:
        self.sheet, self.mapping, self.into = sheet, mapping, into
        self.identities = Identities()
        self.columns = {
            field: sheet.header.index(source.column)
            for field in FIELDS
            if (source := mapping.source(field)).column in sheet.header and source.column
        }
        for field in FIELDS:
            self._check(field)

    def _check(self, field: str) -> None:
        source, header = self.mapping.source(field), self.sheet.header
        place = f"{self.sheet.name}:{self.sheet.header_line}"
        if header.count(source.column) > 1 and source.column:
            says = f"The sheet has two columns {source.column!r}."
            raise InputInvalid("csv-column-twice", says, place=f"{place}:{source.column}")
        wanted = field in _NEEDED or (field in self.mapping.sources and source.column)
        if wanted and not source.constant and field not in self.columns:
            titles = [title for title in header if title]
            raise InputInvalid(
                "csv-column-missing",
                f"The sheet has no column {source.column or field!r}.",
                hint=f"{did_you_mean(source.column or field, titles)}The columns are "
                f"{', '.join(titles)}. Name the right one in a map, under `fields:`.",
                place=place,
            )

    def read(self) -> None:
        for line, cells in self.sheet.records:
            place = f"{self.sheet.name}:{line}"
            if isinstance(cells, str):
                self.into.left_out.append(LeftOut(place, cells))
                continue
            try:
                self.into.entries += self._entry(line, [str(cell) for cell in cells])
            except _Bad as bad:
                title = self.mapping.source(bad.field).column or bad.field
                self.into.left_out.append(LeftOut(f"{place}:{title}", bad.reason))

    def _cell(self, cells: list[str], field: str) -> str:
        if field in self.columns:
            return unescape_cell(cells[self.columns[field]].strip()).strip()
        return self.mapping.source(field).constant

    def _entry(self, line: int, cells: list[str]) -> Iterator[Entry]:
        said = {field: self._cell(cells, field) for field in FIELDS}
        status = _STATUSES.get(said["status"].lower(), "")
        if not status:
            raise _Bad("status", f"{said['status']!r} is not booked, rejected or pending")
        reference = named(said["entry"])
        place = f"{self.sheet.name}:{line} entry {reference or 'without a reference'}"
        if status == "pending":
            self.into.left_out.append(LeftOut(place, "is not booked yet (pending)", later=True))
            return
        amount, below_zero = self._amount("amount", said["amount"], said["currency"])
        instructed_currency = said["instructed_currency"] or said["currency"]
        fees = self._optional("fees", said["fees"], said["currency"])
        account = said["account"] or "account"
        self.into.accounts.setdefault(account, f"{self.sheet.name}:{line}")
        name = named(said["reference"])
        booking = BankEntry(
            entry="",
            account=account,
            side="rejected" if status == "rejected" else self._side(said, below_zero),
            amount_minor=amount.minor,
            currency=amount.currency,
            booked_on=self._day(said["booked_on"]) if said["booked_on"] else None,
            reference=reference,
            reason=said["reason"],
            names=(name,) if name else (),
            instructed=self._optional(
                "instructed_amount", said["instructed_amount"], instructed_currency
            ),
            charges=(BankCharge(minor=fees.minor, currency=fees.currency),)
            if fees and fees.minor
            else (),
            lines=(said["text"],) if said["text"] else (),
        )
        yield Entry(place, self.identities.of(booking), old_key(booking, reference))

    def _side(self, said: dict[str, str], below_zero: bool) -> BankSide:
        side = said["direction"].lower()
        if side in _DEBIT or (not side and below_zero):
            return "debit"
        if side in _CREDIT or not side:
            return "credit"
        raise _Bad("direction", f"{said['direction']!r} is neither debit nor credit")

    def _optional(self, field: str, text: str, currency: str) -> BankAmount | None:
        return self._amount(field, text, currency)[0] if text else None

    def _amount(self, field: str, text: str, currency: str) -> tuple[BankAmount, bool]:
        """The amount without its sign, and whether it was below zero."""
        try:
            mark = self.mapping.source(field).decimal_mark
            if not mark:
                one_meaning(text, currency)
            found = amount_of(plain_amount(text, mark), currency)
        except InputInvalid as bad:
            where = "currency" if bad.code == "currency-unknown" else field
            raise _Bad(where, reason_in(bad)) from None
        return BankAmount(minor=abs(found.minor), currency=currency), found.minor < 0

    def _day(self, text: str) -> date:
        try:
            return read_date(text, self.mapping.source("booked_on").date_format)
        except InputInvalid as bad:
            raise _Bad("booked_on", reason_in(bad)) from None
