"""`mledger report register`: every contract and every milestone, with what was promised, done and paid."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from commands.output import Column, Table, exact, number, visible
from commands.reports.asked import Asked
from commands.reports.frame import Found, framed, listed, money, shown
from commands.reports.schedule import reference
from commands.reports.sheet import Sheet
from commands.reports.unknown import inferred_mark, unknown_of
from projections.derive import contracts, milestones

if TYPE_CHECKING:
    from commands.workbook import Page

_NOT_ACTIVE_SHOWN = 5

COLUMNS = (
    *("contract", "partner", "milestone", "title", "stage", "owner", "status", "original_due"),
    *("current_due", "submitted_on", "accepted_on", "amount", "currency", "source_status"),
    *("twin_status", "original_amount", "settled_on", "baselines", "events"),
    *("inferred", "not_recorded", "heard_on"),
)


def show(asked: Asked) -> None:
    """Prints the register of contracts and milestones."""
    with framed(asked) as frame:
        agreed = frame.select(contracts.LIST, **frame.filters)
        planned = frame.select(milestones.REGISTER, **frame.filters)
        counted = statuses(planned)
        totals = _totals(agreed, counted)
        frame.emit(
            {
                "contracts": [_contract(row, counted[row["contract"]]) for row in agreed],
                "milestones": list(map(_milestone, planned)),
                "totals": [_total(row) for row in totals],
            },
            rows=map(_milestone, planned),
            columns=COLUMNS,
            people=_people(agreed, planned, counted, totals),
            pages=lambda: pages(agreed, planned, counted),
        )


def pages(
    agreed: list[Found], planned: list[Found], counted: dict[str, Counter[str]]
) -> Iterator[Page]:
    """The register as sheets: contracts and milestones."""
    from commands.workbook import Page

    contracts = [_contract(row, counted[row["contract"]]) for row in agreed]
    told = [{**one, "milestones": one["milestones"] and _counts(one)} for one in contracts]
    yield Page("contracts", told)
    yield Page("milestones", list(map(_milestone, planned)), COLUMNS)


def _counts(contract: Found) -> str:
    return ", ".join(f"{n} {status}" for status, n in contract["milestones"].items())


def statuses(planned: Iterable[Found]) -> dict[str, Counter[str]]:
    """Milestones by status per contract: the source's own word where it told one, else ours.

    A payment milestone folded into its delivery is counted too, by the status it had.
    """
    found: dict[str, Counter[str]] = defaultdict(Counter)
    for row in planned:
        of_contract = found[row["contract"]]
        of_contract[row["source_status"] or row["status"]] += 1
        if row["twin_status"]:
            of_contract[row["twin_status"]] += 1
    return found


def _contract(row: Found, counted: Counter[str]) -> Found:
    currency = row["currency"]
    return {
        "contract": row["contract"],
        "partner": row["partner"],
        "value": money(row["value_minor"], currency),
        "milestones": dict(sorted(counted.items())),
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


def _totals(agreed: Iterable[Found], counted: dict[str, Counter[str]]) -> list[Found]:
    """One row per currency; what no contract's source tells stays unknown."""
    found: dict[str, Found] = {}
    for row in agreed:
        none = {
            "contracts": 0,
            "value_minor": None,
            "milestones": 0,
            "payments": 0,
            "paid_minor": None,
        }
        into = found.setdefault(row["currency"], {"currency": row["currency"], **none})
        into["contracts"] += 1
        into["milestones"] += counted[row["contract"]].total()
        into["payments"] += row["payments"]
        for name in ("value_minor", "paid_minor"):
            if row[name] is not None:
                into[name] = (into[name] or 0) + row[name]
    return [found[currency] for currency in sorted(found)]


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


def _people(
    agreed: list[Found],
    planned: list[Found],
    counted: dict[str, Counter[str]],
    totals: list[Found],
) -> Iterator[Table | str]:
    yield Sheet(
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
        [_contract_cells(row, counted[row["contract"]]) for row in agreed],
        [_total_cells(row) for row in totals],
        empty="(no contract)",
        gives_way=("title", "payments", "partner"),
    )
    yield from _not_active(agreed)
    if planned:
        yield ""
        yield _milestone_table(planned)


def _not_active(agreed: list[Found]) -> Iterator[str]:
    """Which contracts are not active, by their own status or their source's."""
    found = [f"{row['contract']} {row['status']}" for row in agreed if row["status"] != "active"]
    if found:
        more = len(found) - _NOT_ACTIVE_SHOWN
        told = ", ".join(map(visible, found[:_NOT_ACTIVE_SHOWN]))
        yield f"not active: {told}" + (f" and {more:,} more" if more > 0 else "")


def _contract_cells(row: Found, counted: Counter[str]) -> list[object]:
    by_status = ", ".join(f"{n} {status}" for status, n in sorted(counted.items()))
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
    return Sheet(
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
