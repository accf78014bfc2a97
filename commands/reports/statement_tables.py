"""A partner's statement for people: the sums, then a table for each part that there is something in."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from commands.output import Column, Table, exact, number
from commands.reports.frame import Found, shown
from commands.reports.reporting import told
from commands.reports.statement_parts import Statement, masked
from projections.incentives import Incentive
from projections.views.schedule import milestone

_SUMS = {
    "gross": "accepted",
    "bonus": "bonuses earned",
    "penalty": "penalties",
    "credit": "service credits",
    "adjustment": "adjustments, set-off, advances recovered",
    "tax": "tax",
    "retention": "retained",
    "net": "net",
    "paid": "paid",
    "outstanding": "outstanding",
    "held": "of that held by disputes",
    "instructed": "of that instructed",
    "payable": "payable now",
    "overdue": "overdue",
    "discount": "discount for paying early",
    "claims": "claims on the partner",
    "advances_open": "advances open",
    "expected": "not accepted yet",
    "bonus_open": "bonuses still to be earned",
}
_ALWAYS = ("gross", "net", "paid", "outstanding", "payable")


def people(found: Statement) -> Iterator[Table | str]:
    """The whole statement."""
    yield f"statement for {found.partner or '(no partner named)'}"
    yield ""
    yield _sums(found)
    parts = (_accepted, _bonuses, _due, _held, _retained, _advances, _payments, _claims)
    for title, table in ((part.__doc__ or "", part(found)) for part in parts):
        if table.rows:
            yield from ("", title, "", table)
    yield from told(found.reporting, _SUMS)


def _sums(found: Statement) -> Table:
    columns = [exact(""), *(number(row["currency"]) for row in found.totals)]
    rows = []
    for name, words in _SUMS.items():
        amounts = [row[f"{name}_minor"] for row in found.totals]
        if any(amounts) or name in _ALWAYS:
            pairs = zip(amounts, found.totals, strict=True)
            rows.append([words, *(shown(amount, row["currency"]) for amount, row in pairs)])
    empty = "(nothing is agreed with this partner)"
    return Table(columns, rows if found.totals else [], empty=empty)


def _named(row: Found) -> str:
    return milestone(row) or f"{row['contract']} ({row['kind']})"


def _sheet(
    found: Statement, columns: Sequence[Column | str], rows: list[list[object]], *gives_way: str
) -> Table:
    several = len({row["currency"] for row in found.totals}) > 1
    return Table(columns, rows, gives_way=gives_way, useless=[] if several else ["cur"])


def _accepted(found: Statement) -> Table:
    """accepted"""
    figures = ("gross", "bonus", "penalty", "adjustment", "tax", "retention", "net")
    used = [
        name
        for name in figures
        if name in ("gross", "net") or any(row[f"{name}_minor"] for row in found.accepted)
    ]
    rows = []
    for row in found.accepted:
        on = found.beside.accepted_on.get((row["contract"], row["milestone"]))
        if row["kind"] == "retention":
            on = None
        amounts = [shown(row[f"{name}_minor"], row["currency"]) for name in used]
        mark = " (retention)" if row["kind"] == "retention" else ""
        rows.append([on, _named(row) + mark, row["title"], *amounts, row["currency"]])
    columns: list[Column | str] = [exact("accepted"), exact("milestone"), "title"]
    columns += [*map(number, used), exact("cur")]
    return _sheet(found, columns, rows, "title", "tax", "adjustment", "penalty", "bonus")


def _bonuses(found: Statement) -> Table:
    """bonuses still to be earned"""
    rows = [cells for one in found.beside.incentives for cells in _steps(one)]
    columns: list[Column | str] = [exact("deliver by"), exact("milestone"), number("earns")]
    columns += [exact("cur"), "by clause"]
    return _sheet(found, columns, rows)


def _steps(one: Incentive) -> Iterator[list[object]]:
    """Every step of a table; of a rate per day the most and the least: between them each day counts alike."""
    shown_steps = one.steps if "d early" in one.terms else (one.steps[0], *one.steps[1:][-1:])
    for place, step in enumerate(shown_steps):
        by = step.by or ("delivered" if one.status == "delivered" else "any day")
        words = one.terms if place == 0 else ""
        amount = shown(step.amount_minor, one.currency)
        yield [by, f"{one.contract}/{one.milestone}", amount, one.currency, words]


def _due(found: Statement) -> Table:
    """due"""
    rows = []
    for row in found.due:
        currency = row["currency"]
        discount = found.beside.discounts.get((row["contract"], row["milestone"]))
        if discount is None or row["kind"] == "retention":
            saving = ""
        else:
            saving = f"{shown(discount.amount_minor, currency)} until {discount.until}"
        late = row["due_on"] is not None and row["due_on"] < found.as_of
        due = (row["due_on"] or "unknown") + ("~" if row["provisional"] else "")
        amounts = [shown(row[f"{name}_minor"], currency) for name in ("outstanding", "payable")]
        rows.append([due, _named(row), row["kind"], *amounts, currency, "overdue" * late, saving])
    columns = [exact("due"), exact("milestone"), exact("kind"), number("outstanding")]
    columns += [number("payable"), exact("cur"), exact("late"), exact("early payment saves")]
    useless = [] if any(row[-1] for row in rows) else ["early payment saves"]
    useless += [] if any(row[-2] for row in rows) else ["late"]
    several = len({row["currency"] for row in found.totals}) > 1
    useless += [] if several else ["cur"]
    return Table(columns, rows, gives_way=("kind", "outstanding"), useless=useless)


def _held(found: Statement) -> Table:
    """open disputes"""
    rows: list[list[object]] = []
    for row in found.held:
        name = f"{row['contract']}#{row['version']}"
        amount = shown(row["amount_minor"], row["currency"]) or "unknown"
        holds = amount if row["side"] == "client" else "holds nothing"
        rows.append([row["opened_on"], milestone(row), name, holds, row["currency"], row["reason"]])
    columns = [exact("since"), exact("milestone"), exact("dispute"), number("disputed")]
    return _sheet(found, [*columns, exact("cur"), "why"], rows)


def _retained(found: Statement) -> Table:
    """retained"""
    rows: list[list[object]] = [
        [
            (row["due_on"] or "unknown") + ("~" if row["due_on"] and row["provisional"] else ""),
            milestone(row),
            *(shown(row[f"{n}_minor"], row["currency"]) for n in ("retained", "released", "kept")),
            row["currency"],
        ]
        for row in found.retained
    ]
    columns = [exact("falls due"), exact("milestone"), number("retained"), number("released")]
    return _sheet(found, [*columns, number("kept"), exact("cur")], rows)


def _advances(found: Statement) -> Table:
    """advances"""
    rows: list[list[object]] = [
        [
            one.contract,
            *(shown(v, one.currency) for v in (one.paid_minor, one.recovered_minor)),
            shown(one.open_minor, one.currency),
            one.currency,
        ]
        for one in found.beside.advances
    ]
    columns = [exact("contract"), number("paid"), number("recovered"), number("open")]
    return _sheet(found, [*columns, exact("cur")], rows)


def _payments(found: Statement) -> Table:
    """payments"""
    rows: list[list[object]] = [
        [
            row["paid_on"] or row["instructed_on"],
            _named({**row, "kind": "unallocated"}),
            row["status"],
            shown(
                row["amount_minor" if row["status"] == "instructed" else "paid_minor"],
                row["currency"],
            ),
            row["currency"],
            row["reference"],
            masked(row.get("account") or ""),
        ]
        for row in found.payments
        if row["status"] in ("paid", "instructed", "refunded")
    ]
    columns = [exact("on"), exact("milestone"), exact("status"), number("amount"), exact("cur")]
    return _sheet(found, [*columns, "reference", exact("account")], rows, "account", "reference")


def _claims(found: Statement) -> Table:
    """claims on the partner"""
    rows: list[list[object]] = [
        [_named(row), shown(-row["outstanding_minor"], row["currency"]), row["currency"]]
        for row in found.claims
    ]
    return _sheet(found, [exact("milestone"), number("claim"), exact("cur")], rows)
