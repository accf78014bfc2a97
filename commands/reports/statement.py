"""`mledger report statement PARTNER`: accepted, held, paid, due when, and what can still be earned."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from commands.reports.asked import Asked
from commands.reports.frame import Found, framed, listed, money
from commands.reports.reporting import Into, converted
from commands.reports.schedule import MORE_TOTALS, TOTALS, line, total
from commands.reports.statement_parts import Statement, gather, masked
from commands.reports.statement_tables import people
from projections.statement import Advance, Beside
from projections.views.schedule import milestone

if TYPE_CHECKING:
    from commands.workbook import Page
    from projections.incentives import Incentive

COLUMNS = (
    *("section", "contract", "milestone", "reference", "status", "on", "until", "amount"),
    *("currency", "detail"),
)
OWN = ("overdue", "claims", "discount", "advances_open", "bonus_open")
REPORTED = (*TOTALS, *MORE_TOTALS, *OWN)


def show(asked: Asked, into: Into | None) -> None:
    """Prints the partner's statement."""
    with framed(asked) as frame:
        found = gather(frame, asked.partner or "")
        if into is not None:
            found.reporting = converted(into, found.totals, REPORTED, frame.as_of)

        def data() -> Found:
            return {**frame.moment(), **as_object(found)}

        forms: Found = {"people": people(found), "pages": lambda: _pages(data())}
        frame.emit(data, rows=_rows(data), columns=COLUMNS, **forms)


def as_object(found: Statement) -> Found:
    """The statement's JSON."""
    data = {
        "partner": found.partner,
        "totals": [_total(row) for row in found.totals],
        "lines": [_line(row, found.beside) for row in found.lines],
        "bonuses_open": [_incentive(one) for one in found.beside.incentives],
        "held": [_held(row) for row in found.held],
        "retained": [_retained(row) for row in found.retained],
        "advances": [_advance(one) for one in found.beside.advances],
        "payments": [_payment(row) for row in found.payments],
        "due": [_due(row, found.beside) for row in found.due],
        "claims": [_claim(row) for row in found.claims],
    }
    return data if found.reporting is None else {**data, "reporting": found.reporting}


def _total(row: Found) -> Found:
    return total(row) | {name: money(row[f"{name}_minor"], row["currency"]) for name in OWN}


def _line(row: Found, beside: Beside) -> Found:
    accepted_on = beside.accepted_on.get((row["contract"], row["milestone"]))
    return {**line(row), "accepted_on": accepted_on and accepted_on.isoformat()}


def _incentive(one: Incentive) -> Found:
    return {
        "milestone": f"{one.contract}/{one.milestone}",
        "title": one.title,
        "clause": one.clause,
        "status": one.status,
        "terms": one.terms,
        "due": one.due and one.due.isoformat(),
        "most": money(one.most_minor, one.currency),
        "steps": [
            {"by": s.by and s.by.isoformat(), "amount": money(s.amount_minor, one.currency)}
            for s in one.steps
        ],
        "events": list(one.positions),
    }


def _held(row: Found) -> Found:
    return {
        "dispute": f"{row['contract']}#{row['version']}",
        "milestone": milestone(row),
        "side": row["side"],
        "holds": row["side"] == "client",
        "amount": money(row["amount_minor"], row["currency"]),
        "since": row["opened_on"],
        "reason": row["reason"],
        "events": listed(row["events"]),
    }


def _retained(row: Found) -> Found:
    return {
        "milestone": milestone(row),
        "part": row["part"],
        "due_on": row["due_on"],
        "provisional": bool(row["provisional"]),
        **{n: money(row[f"{n}_minor"], row["currency"]) for n in ("retained", "released", "kept")},
        "events": listed(row["events"]),
    }


def _advance(one: Advance) -> Found:
    amounts = ("paid", "recovered", "open")
    minor = {name: getattr(one, f"{name}_minor") for name in amounts}
    return {"contract": one.contract, **{n: money(v, one.currency) for n, v in minor.items()}}


def _payment(row: Found) -> Found:
    foreign = row.get("paid_foreign_minor")
    return {
        "payment": f"{row['contract']}#{row['version']}",
        "milestone": milestone(row),
        "status": row["status"],
        "instructed_on": row["instructed_on"],
        "paid_on": row["paid_on"],
        "amount": money(row["amount_minor"], row["currency"]),
        "paid": money(row["paid_minor"], row["currency"]),
        "paid_in": None if foreign is None else money(foreign, row["paid_currency"]),
        "reference": row["reference"],
        "transfer": row.get("transfer") or "",
        "account": masked(row.get("account") or ""),
        "events": listed(row["events"]),
    }


def _due(row: Found, beside: Beside) -> Found:
    currency = row["currency"]
    discount = None
    if row["kind"] != "retention":
        discount = beside.discounts.get((row["contract"], row["milestone"]))
    return {
        "milestone": milestone(row),
        "kind": row["kind"],
        "due_on": row["due_on"],
        "provisional": bool(row["provisional"]),
        **{n: money(row[f"{n}_minor"], currency) for n in ("outstanding", "held", "payable")},
        "discount_until": discount and discount.until.isoformat(),
        "discount": discount and money(discount.amount_minor, currency),
    }


def _claim(row: Found) -> Found:
    return {
        "milestone": milestone(row),
        "kind": row["kind"],
        "amount": money(-row["outstanding_minor"], row["currency"]),
        "events": listed(row["events"]),
    }


# --- as rows: one list of everything, told apart by its section ------------------------------------

# Section, the list in JSON, and which of its fields stand in the columns milestone … detail.
_SECTIONS = (
    ("line", "lines", "milestone", "kind", "status", "accepted_on", "due_on", "net", "title"),
    ("bonus-open", "steps", "milestone", "clause", "status", "", "by", "amount", "terms"),
    ("held", "held", "milestone", "dispute", "side", "since", "", "amount", "reason"),
    ("retained", "retained", "milestone", "", "", "", "due_on", "kept", ""),
    ("advance", "advances", "", "", "", "", "", "open", ""),
    ("payment", "payments", "milestone", "payment", "status", "paid_on", "", "amount", "reference"),
    ("due", "due", "milestone", "kind", "", "", "due_on", "outstanding", ""),
    ("claim", "claims", "milestone", "kind", "", "", "", "amount", ""),
)


def _rows(made: Callable[[], Found]) -> Iterator[Found]:
    data = made()
    listed = {**data, "steps": _steps(data)}
    for section, name, *fields in _SECTIONS:
        for one in listed[name]:
            values = [one.get(field) if field else None for field in fields]
            row = dict(zip(COLUMNS[2:8], values[:6], strict=True))
            contract = one.get("contract") or str(values[0]).rpartition("/")[0]
            yield {"section": section, "contract": contract, **row, "detail": values[6]}


def _steps(data: Found) -> list[Found]:
    """A row per step of a bonus still to be earned."""
    rows = []
    for one in data["bonuses_open"]:
        common = {name: one[name] for name in ("milestone", "title", "clause", "status", "terms")}
        rows += [{**common, **step} for step in one["steps"]]
    return rows


def _pages(data: Found) -> Iterator[Page]:
    """A sheet per part that there is something in; the sums always."""
    from commands.workbook import Page

    yield Page("totals", data["totals"])
    parts = ("lines", "due", "held", "retained", "advances", "payments", "claims")
    listed = {**{name: data[name] for name in parts}, "bonuses open": _steps(data)}
    for name, rows in listed.items():
        if rows:
            yield Page(name, rows)
    if reporting := data.get("reporting"):
        totals = [{"total": name, "amount": one} for name, one in reporting["totals"].items()]
        yield Page(f"converted into {reporting['currency']}", totals)
        yield Page("rates", reporting["rates"])
