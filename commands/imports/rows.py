"""A sheet's rows become take-overs: each is a milestone, with at most a payment and a dispute.

The rows of a contract may be scattered over lines and files; they are gathered into one take-over.
Rows of one milestone add up their payments and disputes and must agree on everything else: a row
that contradicts an earlier one is left out and listed, never repaired. Empty cells mean unknown.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from datetime import date
from typing import Any

from msgspec.structs import replace

from commands.imports.cells import AMOUNTS, STATUSES, Notation
from commands.imports.columns import Bad, Columns, Row, Sheet, bad_cell
from commands.imports.figures import Figure
from commands.imports.found import Reading
from commands.imports.mapping import (
    CONTRACT_FACTS,
    FIELDS,
    OWN_NAMES,
    PLAN_FACTS,
    Mapping,
    did_you_mean,
)
from commands.imports.row_facts import FINER, LABEL, Facts, Ids, Log, contradiction
from commands.imports.scales import scales_told
from ledger.errors import InputInvalid
from ledger.intents import TakenDispute, TakenMilestone, TakenPayment, TakeOver
from ledger.money import UNKNOWN_CURRENCY, format_minor
from ledger.recorded import PARTS


def gather(sheets: Iterable[Sheet], mapping: Mapping = OWN_NAMES) -> Reading:
    """The contracts in all sheets, in the order of their first rows, and what was left out.

    Raises InputInvalid `csv-column-missing`, `csv-column-twice`, `csv-scale-unsaid`.
    """
    log = Log()
    read, ids = 0, Ids()
    contracts: dict[str, list[Row]] = {}
    for number, sheet in enumerate(sheets):
        columns = _bind(sheet, number, mapping, log)
        for line, cells in sheet.records:
            read += 1
            try:
                row = columns.row(line, cells)
                ids.check(row, cells, log)
            except Bad as bad:
                log.skip(columns, line, bad)
            else:
                contracts.setdefault(row.contract, []).append(row)
    gathered = (_Contract(rows, log) for rows in contracts.values())
    taken = [contract.take_over() for contract in gathered if contract.milestones]
    return log.reading(taken, read)


# --- from cells to values ------------------------------------------------------------------------


def _bind(sheet: Sheet, number: int, mapping: Mapping, log: Log) -> Columns:
    columns = Columns(sheet, number)
    for name in FIELDS:
        source = mapping.source(name)
        convert = source.converter(name)
        if source.constant:
            columns.constants[name] = convert(source.constant)
        elif source.column and source.column in sheet.header:
            if sheet.header.count(source.column) > 1:
                raise _column_twice(columns, source.column)
            columns.titles[name] = source.column
            index = sheet.header.index(source.column)
            columns.picks.append((name, index, convert, source.notation))
        elif name in ("contract", "milestone") or (name in mapping.sources and source.column):
            raise _column_missing(columns, name, source.column, mapping)
    scales = {
        name: (columns.titles[name], n.scale) for name, _, _, n in columns.picks if name in AMOUNTS
    }
    for name, says in scales_told(scales, columns.place(sheet.header_line)):
        log.warn(columns, sheet.header_line, name, "scale-as-mapped", says)
    _bind_labels(columns, mapping)
    used = columns.titles.values()
    ignored = [_meant(title, columns) for title in sheet.header if title and title not in used]
    if ignored:
        log.warn(
            columns, sheet.header_line, "", "columns-ignored", f"not read: {'; '.join(ignored)}"
        )
    return columns


def _bind_labels(columns: Columns, mapping: Mapping) -> None:
    """Columns kept as labels are read as text; a date or number in them is kept as it shows."""
    for label, title in mapping.labels.items():
        header = columns.sheet.header
        if title not in header:
            raise _column_missing(columns, label, title, mapping)
        if header.count(title) > 1:
            raise _column_twice(columns, title)
        columns.titles[LABEL + label] = title
        notation = Notation(empty=mapping.notation.empty)
        columns.picks.append((LABEL + label, header.index(title), str, notation))


def _meant(title: str, columns: Columns) -> str:
    field = title.casefold()
    if field in columns.titles:
        return f"{title} ({field} is read from {columns.titles[field]})"
    absent = [name for name in FIELDS if name not in columns.titles]
    meant = "" if title in FIELDS else did_you_mean(title, absent).strip()
    return f"{title} ({meant})" if meant else title


def _column_twice(columns: Columns, title: str) -> InputInvalid:
    return InputInvalid(
        "csv-column-twice",
        f"The sheet has two columns {title!r}.",
        hint="Rename one of the two, or take one out.",
        place=f"{columns.place(columns.sheet.header_line)}:{title}",
    )


def _column_missing(columns: Columns, name: str, title: str, mapping: Mapping) -> InputInvalid:
    mapped = (
        f", which {mapping.name or 'the map'} names for {name}" if name in mapping.sources else ""
    )
    titles = [title for title in columns.sheet.header if title]
    return InputInvalid(
        "csv-column-missing",
        f"The sheet has no column {title or name!r}{mapped}.",
        hint=f"{did_you_mean(title or name, titles)}The columns are {', '.join(titles)}. "
        f"Name the right one in a map, under `fields:`, as `{name}: COLUMN`.",
        place=columns.place(columns.sheet.header_line),
    )


# --- from rows to contracts ----------------------------------------------------------------------


# A deduction, and money that came back; what is disputed and what a contract is worth are never below zero.
_MAY_BE_NEGATIVE = ("amount", "paid_amount")


class _Contract:
    """All rows of one contract, taken up in their order; bad ones go to the log."""

    def __init__(self, rows: list[Row], log: Log) -> None:
        self.log, self.id = log, rows[0].contract
        self.facts = Facts()
        self.milestones: dict[str, Facts] = {}
        self.knows: dict[str, frozenset[str]] = {}
        self.as_of: dict[str, date] = {}
        self.payments: dict[str, TakenPayment] = {}
        self.disputes: dict[tuple[Any, ...], tuple[TakenDispute, Row]] = {}
        self.repeats: Counter[tuple[int, str]] = Counter()
        sheets = {row.columns.number: row.columns for row in rows}
        self.tells = {number: columns.knows for number, columns in sheets.items()}
        stated = (row.known["currency"] for row in rows if "currency" in row.known)
        self.currency: str = next(stated, UNKNOWN_CURRENCY)
        rows = [row for row in rows if self.passes(self.price, row)]
        self.amounts = {
            row.milestone: row.known["amount"] for row in reversed(rows) if "amount" in row.known
        }
        self.paid = Counter((row.columns.number, row.milestone) for row in rows if row.is_paid)
        rows = [row for row in rows if self.passes(self.add, row)]
        if rows and self.currency == UNKNOWN_CURRENCY:
            detail = f"{self.id} states no currency: its amounts are in {UNKNOWN_CURRENCY}"
            self.warn(rows[0], "currency", "currency-unknown", detail)

    def passes(self, step: Callable[[Row], None], row: Row) -> bool:
        try:
            step(row)
        except Bad as bad:
            self.log.skip(row.columns, row.line, bad)
            return False
        return True

    def warn(self, row: Row, name: str, rule: str, detail: str) -> None:
        self.log.warn(row.columns, row.line, name, rule, detail)

    def price(self, row: Row) -> None:
        """Turn the row's amounts into minor units, in its own currency or the contract's."""
        currency = row.known.get("currency", self.currency)
        for name in AMOUNTS:
            if name in row.known:
                figure: Figure = row.known[name]
                try:
                    minor, finer = figure.amount(currency)
                except InputInvalid as bad:
                    raise bad_cell(name, bad, figure.text) from None
                if minor < 0 and name not in _MAY_BE_NEGATIVE:
                    says = f"The amount {figure.text!r} is below zero."
                    raise Bad(name, says, "amount-negative", figure.text)
                if minor < 0:
                    kept = format_minor(minor, currency)
                    self.warn(row, name, "amount-negative", f"{figure.text!r} is taken as {kept}")
                if finer:
                    says = f"{finer} is finer than {currency}: taken as {format_minor(minor, currency)}"
                    self.warn(row, name, "amount-rounded", f"{says} ({figure.rounding})")
                    row.known[FINER + name] = finer
                row.known[name] = minor

    def add(self, row: Row) -> None:
        """Take up all that the row says, or nothing of it."""
        plan = self.milestones.get(row.milestone) or Facts()
        self.facts.check(row, CONTRACT_FACTS, self.currency)
        plan_facts = (*PLAN_FACTS, *(name for name in row.known if name.startswith(LABEL)))
        plan.check(row, plan_facts, self.currency)
        amount_minor = self.paid_minor(row) if row.is_paid else None
        if row.is_disputed:
            self.add_dispute(row)
        if amount_minor is not None:
            self.add_payment(row, amount_minor)
        status = row.known.get("contract_status", "")
        if status and status not in STATUSES and "contract_status" not in self.facts.said:
            says = f"{status!r} is not one of {', '.join(STATUSES)}: kept as it is"
            self.warn(row, "contract_status", "status-unknown", says)
        self.facts.take(row, (*CONTRACT_FACTS, FINER + "contract_value"))
        plan.take(row, (*plan_facts, FINER + "amount"))
        self.milestones[row.milestone] = plan
        told = self.tells[row.columns.number]
        self.knows[row.milestone] = told | self.knows.get(row.milestone, frozenset())
        if "as_of" in row.known:
            heard = self.as_of.get(row.milestone, row.known["as_of"])
            self.as_of[row.milestone] = max(heard, row.known["as_of"])

    def paid_minor(self, row: Row) -> int:
        """What was paid: with only a date told, the milestone's amount, if there is one payment."""
        if "paid_amount" in row.known:
            return int(row.known["paid_amount"])
        if row.milestone not in self.amounts:
            raise Bad(
                "paid_amount",
                "neither the paid amount nor the milestone's amount is known",
                "payment-amount-unknown",
            )
        if self.paid[row.columns.number, row.milestone] > 1:
            raise Bad(
                "paid_amount",
                f"{row.milestone} has several payments: this one's is unknown",
                "payment-amount-unknown",
            )
        return int(self.amounts[row.milestone])

    def add_payment(self, row: Row, amount_minor: int) -> None:
        """Its reference is made of its facts, so that it is known again in any copy of the file."""
        paid_on = row.known.get("paid_on")
        amount = format_minor(amount_minor, self.currency)
        reference = f"{row.milestone}:{paid_on or ''}:{amount}"
        self.repeats[row.columns.number, reference] += 1
        if (times := self.repeats[row.columns.number, reference]) > 1:
            detail = f"stands {times} times in this file: taken as so many payments of {amount}"
            self.warn(row, "paid_amount", "payment-repeated", detail)
            reference = f"{reference}#{times}"
        if "paid_amount" not in row.known:
            detail = f"no paid amount: taken as the milestone's amount, {amount}"
            self.warn(row, "paid_amount", "payment-amount-assumed", detail)
        self.payments[reference] = TakenPayment(
            reference=reference,
            amount_minor=amount_minor,
            paid_on=paid_on,
            milestone=row.milestone,
            source_amount=row.known.get(FINER + "paid_amount", ""),
        )

    def add_dispute(self, row: Row) -> None:
        """The same milestone, day and amount are one dispute, told again or told to its end."""
        opened_on, amount_minor = row.known.get("disputed_on"), row.known.get("dispute_amount")
        outcome = row.known.get("dispute_outcome", "")
        key = (row.milestone, opened_on, amount_minor)
        dispute, first = self.disputes.get(key, (None, row))
        if dispute is None:
            dispute = TakenDispute(
                milestone=row.milestone, opened_on=opened_on, amount_minor=amount_minor
            )
        elif outcome and dispute.outcome and outcome != dispute.outcome:
            raise contradiction("dispute_outcome", row, outcome, first, dispute.outcome)
        elif first.columns is row.columns:
            detail = f"the same dispute as in line {first.line}: taken once"
            self.warn(row, "disputed_on", "dispute-repeated", detail)
        self.disputes[key] = replace(dispute, outcome=dispute.outcome or outcome), first

    def take_over(self) -> TakeOver:
        """The contract as its good rows tell it."""
        said = self.facts.said
        return TakeOver(
            contract=self.id,
            client=said.get("client", ""),
            partner=said.get("partner", ""),
            currency=self.currency,
            timezone=said.get("timezone", "UTC"),
            title=said.get("contract_title", ""),
            value_minor=said.get("contract_value"),
            source_value=said.get(FINER + "contract_value", ""),
            source_status=said.get("contract_status", ""),
            signed_on=said.get("signed_on"),
            milestones=tuple(_milestone(*found) for found in self.milestones.items()),
            payments=tuple(self.payments.values()),
            disputes=tuple(dispute for dispute, _ in self.disputes.values()),
            knows=tuple(part for part in PARTS if all(part in k for k in self.knows.values())),
            heard_on=min(self.as_of.values(), default=None),
        )


def _milestone(id: str, plan: Facts) -> TakenMilestone:
    said = plan.said
    baseline, current = said.get("baseline_due"), said.get("current_due")
    submitted_on, accepted_on = said.get("delivered"), said.get("approved")
    return TakenMilestone(
        id=id,
        title=said.get("title", ""),
        stage=said.get("stage", ""),
        due=current or baseline,
        baseline_due=baseline if current else None,
        amount_minor=said.get("amount"),
        source_amount=said.get(FINER + "amount", ""),
        labels={n.removeprefix(LABEL): v for n, v in said.items() if n.startswith(LABEL)},
        status="accepted" if accepted_on else "submitted" if submitted_on else "defined",
        submitted_on=submitted_on,
        accepted_on=accepted_on,
    )
