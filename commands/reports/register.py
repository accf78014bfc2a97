"""`mledger report register`: every contract and every milestone, with what was promised, done and paid."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from operator import itemgetter
from typing import TYPE_CHECKING

from commands.listing import table
from commands.output import Table, visible
from commands.reports.asked import Asked
from commands.reports.frame import Found, Frame, framed, money
from commands.shortening import MOST, cut, shortened
from projections.derive import contracts, milestones
from projections.reading import Rows
from projections.views.contracts import REGISTER as CONTRACTS
from projections.views.milestones import REGISTER as MILESTONES

if TYPE_CHECKING:
    from commands.workbook import Page

_NOT_ACTIVE_SHOWN = 5
_WIDER = "a wider terminal has room"


def show(asked: Asked) -> None:
    """Prints the register of contracts and milestones."""
    with framed(asked) as frame:
        totals = _totals(frame)
        frame.emit(
            {
                "contracts": CONTRACTS.objects(_agreed(frame)),
                "milestones": MILESTONES.objects(frame.rows(MILESTONES.sql)),
                "totals": [_total(row) for row in totals],
            },
            rows=MILESTONES.objects(frame.rows(MILESTONES.sql)),
            columns=MILESTONES.keys,
            people=_people(frame, totals),
            pages=lambda: pages(frame),
        )


def pages(frame: Frame) -> Iterator[Page]:
    """The register as sheets: contracts and milestones."""
    from commands.workbook import Page

    told = ({**CONTRACTS.object(row), "milestones": _counted(row)} for row in _agreed(frame))
    yield Page("contracts", told, CONTRACTS.keys)
    yield Page("milestones", MILESTONES.objects(frame.rows(MILESTONES.sql)), MILESTONES.keys)


def _counted(row: Found) -> object:
    return CONTRACTS.field("milestones").said(row) or {}


def _agreed(frame: Frame, most: int | None = None) -> Iterator[Found]:
    """Each contract, or the first so many, with its milestones `counted` by status: both come in their order."""
    rows = frame.rows(CONTRACTS.sql)
    by_contract = groupby(frame.rows(milestones.STATUSES), itemgetter("contract"))
    name, some = next(by_contract, ("", iter(())))
    for row in rows if most is None else rows.first(most):
        counted = {}
        if name == row["contract"]:
            counted = {str(one["status"]): int(one["n"] or 0) for one in some}
            name, some = next(by_contract, ("", iter(())))
        yield {**row, "counted": counted}


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
    fields = CONTRACTS.some(*CONTRACTS.screen)
    yield table(fields, list(_agreed(frame, MOST)), totals, CONTRACTS.empty, wider=_WIDER)
    if (count := sum(row["contracts"] for row in totals)) > MOST:
        yield from ("", cut(count, "--contract or --partner"))
    yield from _not_active(frame.rows(contracts.NOT_ACTIVE))
    planned, rest = shortened(frame.rows(MILESTONES.sql))
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


def _milestone_table(planned: list[Found]) -> Table:
    several = len({row["currency"] for row in planned}) > 1
    keys = [key for key in MILESTONES.screen if several or key != "currency"]
    return table(MILESTONES.some(*keys), planned, wider=_WIDER)
