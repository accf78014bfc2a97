"""`mledger report register`: every contract and every milestone, with what was promised, done and paid."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from operator import itemgetter
from typing import TYPE_CHECKING

from commands.output import Column, Table, exact, number, visible
from commands.reports.asked import Asked
from commands.reports.frame import Found, Frame, framed, listed, money, shown
from commands.reports.schedule import reference
from commands.reports.unknown import inferred_mark, unknown_of
from commands.shortening import MOST, cut, shortened
from projections.derive import contracts, milestones
from projections.reading import Rows

if TYPE_CHECKING:
    from commands.workbook import Page

_NOT_ACTIVE_SHOWN = 5

COLUMNS = (
    *("contract", "partner", "milestone", "title", "stage", "owner", "status", "original_due"),
    *("current_due", "submitted_on", "accepted_on", "amount", "currency", "source_status"),
    *("twin_status", "original_amount", "settled_on", "baselines", "events"),
    *("inferred", "not_recorded", "heard_on"),
)
CONTRACT_COLUMNS = (
    *(
        "contract",
        "partner",
        "value",
        "currency",
        "milestones",
        "payments",
        "paid",
        "title",
        "client",
    ),
    *("status", "committed", "signed_on", "imported", "events"),
)


def show(asked: Asked) -> None:
    """Prints the register of contracts and milestones."""
    with framed(asked) as frame:
        totals = _totals(frame)
        frame.emit(
            {
                "contracts": (_contract(row, counted) for row, counted in _agreed(frame)),
                "milestones": map(_milestone, frame.rows(milestones.REGISTER)),
                "totals": [_total(row) for row in totals],
            },
            rows=map(_milestone, frame.rows(milestones.REGISTER)),
            columns=COLUMNS,
            people=_people(frame, totals),
            pages=lambda: pages(frame),
        )


def pages(frame: Frame) -> Iterator[Page]:
    """The register as sheets: contracts and milestones."""
    from commands.workbook import Page

    contracts = (_contract(row, counted) for row, counted in _agreed(frame))
    told = ({**one, "milestones": one["milestones"] and _counts(one)} for one in contracts)
    yield Page("contracts", told, CONTRACT_COLUMNS)
    yield Page("milestones", map(_milestone, frame.rows(milestones.REGISTER)), COLUMNS)


def _counts(contract: Found) -> str:
    return ", ".join(f"{n} {status}" for status, n in contract["milestones"].items())


def _agreed(frame: Frame, most: int | None = None) -> Iterator[tuple[Found, dict[str, int]]]:
    """Each contract, or the first so many, with its milestones by status: both come in the order of contracts."""
    rows = frame.rows(contracts.LIST)
    by_contract = groupby(frame.rows(milestones.STATUSES), itemgetter("contract"))
    name, some = next(by_contract, ("", iter(())))
    for row in rows if most is None else rows.first(most):
        counted = {}
        if name == row["contract"]:
            counted = {str(one["status"]): int(one["n"] or 0) for one in some}
            name, some = next(by_contract, ("", iter(())))
        yield row, counted


def _contract(row: Found, counted: dict[str, int]) -> Found:
    currency = row["currency"]
    return {
        "contract": row["contract"],
        "partner": row["partner"],
        "value": money(row["value_minor"], currency),
        "milestones": counted,
        "payments": row["payments"],
        "paid": money(row["paid_minor"], currency),
        "title": row["title"],
        "client": row["client"],
        "status": row["status"],
        "currency": currency,
        "committed": money(row["committed_minor"], currency),
        "signed_on": row["signed_on"],
        "imported": bool(row["imported"]),
        "events": listed(row["events"]),
    }


def _milestone(row: Found) -> Found:
    currency = row["currency"]
    return {
        "milestone": reference(row),
        "title": row["title"],
        "stage": row["stage"],
        "owner": row["owner"],
        "status": row["status"],
        "original_due": row["original_due"],
        "current_due": row["current_due"],
        "submitted_on": row["submitted_on"],
        "accepted_on": row["accepted_on"],
        "amount": money(row["amount_minor"], currency),
        "contract": row["contract"],
        "partner": row["partner"],
        "source_status": row["source_status"],
        "twin_status": row["twin_status"],
        "original_amount": money(row["original_minor"], currency),
        "currency": currency,
        "settled_on": row["settled_on"],
        "baselines": row["baselines"],
        "events": listed(row["events"]),
        **unknown_of(row),
    }


def _totals(frame: Frame) -> list[Found]:
    """One row per currency; what no contract's source tells stays unknown."""
    counts = {row["currency"]: row["n"] for row in frame.rows(milestones.COUNTS)}
    values = frame.rows(contracts.VALUES)
    return [{**row, "milestones": counts.get(row["currency"], 0)} for row in values]


def _total(row: Found) -> Found:
    currency = row["currency"]
    return {
        "currency": currency,
        "contracts": row["contracts"],
        "value": money(row["value_minor"], currency),
        "milestones": row["milestones"],
        "payments": row["payments"],
        "paid": money(row["paid_minor"], currency),
    }


# --- for people ------------------------------------------------------------------------------------


def _people(frame: Frame, totals: list[Found]) -> Iterator[Table | str]:
    agreed = list(_agreed(frame, MOST))
    yield Table(
        [
            exact("contract"),
            "title",
            "partner",
            "milestones",
            number("payments"),
            number("value"),
            number("paid"),
            exact("cur"),
        ],
        [_contract_cells(row, counted) for row, counted in agreed],
        [_total_cells(row) for row in totals],
        empty="(no contract)",
        gives_way=("title", "payments", "partner"),
    )
    if (count := sum(row["contracts"] for row in totals)) > MOST:
        yield from ("", cut(count, "--contract or --partner"))
    yield from _not_active(frame.rows(contracts.NOT_ACTIVE))
    planned, rest = shortened(frame.rows(milestones.REGISTER))
    if planned:
        yield ""
        yield _milestone_table(planned)
    yield from rest


def _not_active(rows: Rows) -> Iterator[str]:
    """Which contracts are not active, by their own status or their source's."""
    if found := [f"{row['contract']} {row['status']}" for row in rows.first(_NOT_ACTIVE_SHOWN)]:
        more = rows.count() - len(found)
        told = ", ".join(map(visible, found))
        yield f"not active: {told}" + (f" and {more:,} more" if more > 0 else "")


def _contract_cells(row: Found, counted: dict[str, int]) -> list[object]:
    by_status = ", ".join(f"{n} {status}" for status, n in counted.items())
    value, paid = (shown(row[f"{name}_minor"], row["currency"]) for name in ("value", "paid"))
    who = (row["contract"], row["title"], row["partner"])
    return [*who, by_status, row["payments"], value or "unknown", paid, row["currency"]]


def _total_cells(row: Found) -> list[object]:
    value, paid = (shown(row[f"{name}_minor"], row["currency"]) for name in ("value", "paid"))
    several = f"{row['milestones']} in all"
    return ["total", "", "", several, row["payments"], value, paid, row["currency"]]


def _milestone_table(planned: list[Found]) -> Table:
    currencies = {row["currency"] for row in planned}
    columns: list[Column | str] = [
        exact("milestone"),
        "title",
        "stage",
        "owner",
        exact("status"),
        exact("original due"),
        exact("current due"),
        exact("submitted"),
        exact("accepted"),
        number("amount"),
        exact("cur"),
    ]
    useless = [] if any(row["owner"] for row in planned) else ["owner"]
    useless += [] if len(currencies) > 1 else ["cur"]
    return Table(
        columns,
        [_milestone_cells(row) for row in planned],
        useless=useless,
        gives_way=("owner", "stage", "original due", "title", "submitted"),
    )


def _milestone_cells(row: Found) -> list[object]:
    dates = [row[name] for name in ("original_due", "current_due", "submitted_on", "accepted_on")]
    dates[2] = inferred_mark(row)
    amount = shown(row["amount_minor"], row["currency"]) or "unknown"
    who = [reference(row), row["title"], row["stage"], row["owner"], row["status"]]
    return [*who, *dates, amount, row["currency"]]
