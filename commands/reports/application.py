"""`mledger report application CONTRACT`: the schedule of values, and from it the current payment due."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

from commands.output import Column, Table, exact, number
from commands.reports.asked import Asked
from commands.reports.frame import Found, framed, money, shown
from commands.reports.states import states_at
from ledger.errors import DifferencesFound, InputInvalid, NotFound
from ledger.money import format_minor, parse_minor
from projections.pay_application import COMPLETED, VALUE, Application, Line, of_contract
from projections.views.schedule import UNKNOWN

if TYPE_CHECKING:
    from commands.workbook import Page

LINE = (
    *("original", "changes", "scheduled", "previous", "this_period", "stored", "completed"),
    *("balance", "retainage"),
)
SUMMARY = {
    "original": "original contract sum",
    "changes": "net changes",
    "contract_sum": "contract sum to date",
    "completed": "total completed and stored to date",
    "retainage": "retainage",
    "earned": "earned less retainage",
    "certificates": "less previous certificates",
    "due": "current payment due",
    "balance": "balance to finish, including retainage",
}
COLUMNS = ("item", "title", *LINE[:-2], "share", *LINE[-2:], "currency")


def show(asked: Asked, period: tuple[date | None, date | None], claimed: str | None) -> None:
    """Prints the application; raises DifferencesFound where a claim is not what is due."""
    contract = asked.contract or ""
    with framed(asked) as frame:
        until = period[1] or frame.as_of
        since = period[0] or until.replace(day=1)
        if since > until:
            says = f"the period ends on {until}, before it begins on {since}"
            raise InputInvalid("period-empty", says, hint="give --from a day up to --to")
        now = next(states_at(frame, _last(until, asked)), None)
        if now is None:
            says = f"{contract} was not signed yet by {until}"
            raise NotFound("contract-not-signed", says, hint="give a later day with --to")
        before = next(states_at(frame, since - timedelta(days=1)), None)
        made, currency = of_contract(now, before), now.terms.currency
        told = None if claimed is None else parse_minor(claimed, currency)
        data = {
            **frame.moment(),
            "contract": contract,
            "partner": now.terms.partner,
            "currency": currency,
            "period": {"from": since.isoformat(), "to": until.isoformat()},
            "lines": [_line(line, currency) for line in made.lines],
            "summary": _summary(made, currency),
            **({} if told is None else {"claim": _claim(made, told, currency)}),
        }
        frame.emit(
            data,
            rows=data["lines"],
            columns=COLUMNS,
            people=_people(made, data, told),
            pages=lambda: _pages(data),
        )
    if told is not None and made.overclaimed(told):
        raise _differs(contract, made, told, currency)


def _last(until: date, asked: Asked) -> date:
    """The period's last day, or an earlier one that the report is asked to look at."""
    return until if asked.moment.as_of is None else min(until, asked.moment.as_of)


def _differs(contract: str, made: Application, told: int, currency: str) -> DifferencesFound:
    over = _signed(made.overclaimed(told), currency)
    says = (
        f"{shown(told, currency)} {currency} is claimed for {contract}, but"
        f" {shown(made.due_minor, currency)} is due: {over}"
    )
    facts = {"difference": format_minor(made.overclaimed(told), currency)}
    hint = "compare the lines above with the partner's schedule of values"
    return DifferencesFound("claim-differs", says, hint=hint, facts=facts)


def _signed(minor: int, currency: str) -> str:
    return f"{'+' if minor > 0 else ''}{shown(minor, currency)}"


# --- for programs ----------------------------------------------------------------------------------


_NOT_KNOWN = {
    VALUE: ("original", "changes", "scheduled", "balance"),
    COMPLETED: ("previous", "this_period", "completed", "balance"),
}


def _minor(line: Line) -> dict[str, int | None]:
    """A line's amounts, in the order of LINE; None where one is not known."""
    item = line.item
    unknown = {name for of in item.unknown for name in _NOT_KNOWN[of]}
    figures = (
        *(item.original_minor, item.changes_minor, line.scheduled_minor, item.previous_minor),
        *(item.this_minor, item.stored_minor, line.completed_minor, line.balance_minor),
        line.retainage_minor,
    )
    named = zip(LINE, figures, strict=True)
    return {name: None if name in unknown else minor for name, minor in named}


def _line(line: Line, currency: str) -> Found:
    unknown = {"amount_unknown": True} if line.item.unknown else {}
    return {
        "item": line.item.id,
        "title": line.item.title,
        **{name: money(minor, currency) for name, minor in _minor(line).items()},
        "share": line.share,
        "currency": currency,
        **unknown,
    }


def _summary(made: Application, currency: str) -> Found:
    amounts = {name: money(getattr(made, f"{name}_minor"), currency) for name in SUMMARY}
    return {**amounts, "share": made.share}


def _claim(made: Application, told: int, currency: str) -> Found:
    minor = {"claimed": told, "due": made.due_minor, "difference": made.overclaimed(told)}
    return {name: money(amount, currency) for name, amount in minor.items()}


def _pages(data: Found) -> Iterable[Page]:
    """The continuation sheet and the summary, as the two forms have them."""
    from commands.workbook import Page

    yield Page("schedule of values", data["lines"], COLUMNS)
    figures = [
        {"figure": words, "amount": data["summary"][name]} for name, words in SUMMARY.items()
    ]
    figures += [{"figure": name, "amount": one} for name, one in data.get("claim", {}).items()]
    yield Page("application", figures, ("figure", "amount", "currency"))


# --- for people ------------------------------------------------------------------------------------


def _people(made: Application, data: Found, told: int | None) -> Iterator[Table | str]:
    currency, period = data["currency"], data["period"]
    yield f"pay application of {data['contract']}, {period['from']} to {period['to']}, in {currency}"
    yield ""
    yield _schedule(made, currency)
    yield ""
    rows = [
        [words, shown(getattr(made, f"{name}_minor"), currency)] for name, words in SUMMARY.items()
    ]
    if told is not None:
        rows.append(["claimed", shown(told, currency)])
        rows.append(["claimed above what is due", _signed(made.overclaimed(told), currency)])
    yield Table([exact(""), number(currency)], rows)
    yield ""
    yield "before tax, and before what advances recover"
    if unknown := [line.item.id for line in made.lines if line.item.unknown]:
        yield f"{UNKNOWN} not known, and in no total: {', '.join(unknown)}"


def _schedule(made: Application, currency: str) -> Table:
    columns: list[Column | str] = [exact("item"), "title"]
    columns += [number(name.replace("_", " ")) for name in LINE[:-2]]
    columns += [number("%"), number("balance"), number("retainage")]
    rows = [_cells(line, currency) for line in made.lines]
    totals = [_cells(made.whole, currency)] if rows else []
    stored = any(line.item.stored_minor for line in made.lines)
    return Table(
        columns,
        rows,
        totals,
        empty="(the contract has no milestones)",
        gives_way=("title", "original", "changes", "balance", "previous"),
        useless=[] if stored else ["stored"],
    )


def _cells(line: Line, currency: str) -> list[object]:
    amounts = [
        UNKNOWN if minor is None else shown(minor, currency) for minor in _minor(line).values()
    ]
    share = "" if line.share is None else f"{Decimal(line.share) * 100:.2f}%"
    return [line.item.id, line.item.title, *amounts[:-2], share, *amounts[-2:]]
