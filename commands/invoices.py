"""The three-way match of invoice, acceptance and payment."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby
from operator import itemgetter
from typing import TYPE_CHECKING, Any

from commands.known import for_whom, require_known
from commands.output import Table, exact, money, number
from commands.terminal import say
from ledger.money import display_minor

if TYPE_CHECKING:
    from commands.session import Session
    from projections.reading import Found

STATES = {
    "accepted-later": "not accepted yet",
    "not-invoiced": "waits for an invoice",
    "over-invoiced": "invoiced for more than was accepted",
    "under-invoiced": "not all is invoiced",
    "paid-over-invoice": "paid for more than is invoiced",
    "unpaid": "agrees, not paid",
    "not-recorded": "agrees, no source tells whether it was paid",
    "matched": "agrees, paid",
}


@dataclass(frozen=True, slots=True)
class Matched:
    """A milestone's three amounts, with the live invoices that cover it.

    `accepted_minor` is None before acceptance, `paid_minor` where no source tells of payments.
    """

    milestone: str
    partner: str
    currency: str
    invoices: list[str]
    invoiced_minor: int
    accepted_minor: int | None
    paid_minor: int | None
    state: str

    @property
    def difference_minor(self) -> int | None:
        """Invoiced less accepted."""
        accepted = self.accepted_minor
        return None if accepted is None else self.invoiced_minor - accepted

    def entry(self) -> dict[str, Any]:
        """The line for a program."""
        return {
            "milestone": self.milestone,
            "partner": self.partner,
            "invoices": self.invoices,
            "invoiced": money(self.invoiced_minor, self.currency),
            "accepted": money(self.accepted_minor, self.currency),
            "difference": money(self.difference_minor, self.currency),
            "paid": money(self.paid_minor, self.currency),
            "state": self.state,
        }


COLUMNS = (
    *("milestone", "partner", "invoices", "currency"),
    *("invoiced", "accepted", "difference", "paid", "state"),
)


def three_way_match(session: Session, contract: str | None, partner: str | None) -> None:
    """What was invoiced, accepted and paid per milestone, and the totals of each currency."""
    from projections.derive.invoices import MATCH

    with session.reader() as reader:
        require_known(session.ledger, contract=contract, partner=partner, seen=reader)
        rows = reader.select(MATCH, contract=contract, partner=partner)
        lag = reader.known.lag
    lines = list(_matched(rows))
    totals = [_total(c, lines) for c in sorted({line.currency for line in lines})]
    session.output.emit(
        {"lines": [line.entry() for line in lines], "totals": totals},
        rows=[line.entry() for line in lines],
        columns=COLUMNS,
        people=[_table(lines, for_whom(contract=contract, partner=partner))],
    )
    if lag:
        say(f"warning: {lag} events are not in this list yet")
        say("hint: mledger projections catch-up")


def _matched(rows: Iterable[Found]) -> Iterator[Matched]:
    for (contract, milestone), some in groupby(rows, itemgetter("contract", "milestone")):
        found = list(some)
        row, accepted = found[0], found[0]["accepted_minor"]
        yield Matched(
            f"{contract}/{milestone}",
            str(row["partner"]),
            str(row["currency"]),
            [str(each["number"]) for each in found if each["version"]],
            int(row["invoiced_minor"] or 0),
            None if accepted is None else int(accepted),
            None if row["paid_minor"] is None else int(row["paid_minor"]),
            str(row["match"]),
        )


def _sums(currency: str, lines: list[Matched]) -> tuple[list[Matched], dict[str, int]]:
    """The lines of a currency and their sums; the difference is of those that are accepted."""
    own = [line for line in lines if line.currency == currency]
    return own, {
        "invoiced": sum(line.invoiced_minor for line in own),
        "accepted": sum(line.accepted_minor or 0 for line in own),
        "difference": sum(line.difference_minor or 0 for line in own),
        "paid": sum(line.paid_minor or 0 for line in own),
    }


def _total(currency: str, lines: list[Matched]) -> dict[str, Any]:
    own, sums = _sums(currency, lines)
    amounts = {name: money(minor, currency) for name, minor in sums.items()}
    return {"currency": currency, "milestones": len(own), **amounts}


def _table(lines: list[Matched], whom: str) -> Table:
    rows = []
    for line in lines:
        amounts = (
            line.invoiced_minor,
            line.accepted_minor,
            line.difference_minor,
            line.paid_minor,
        )
        shown = ["" if minor is None else display_minor(minor, line.currency) for minor in amounts]
        state = STATES.get(line.state, line.state)
        rows.append((line.milestone, ", ".join(line.invoices), *shown, line.currency, state))
    totals = []
    for currency in sorted({line.currency for line in lines}):
        _, sums = _sums(currency, lines)
        shown = [display_minor(minor, currency) for minor in sums.values()]
        totals.append(("total", "", *shown, currency, ""))
    return Table(
        [
            exact("milestone"),
            exact("invoices"),
            number("invoiced"),
            number("accepted"),
            number("difference"),
            number("paid"),
            exact("currency"),
            "state",
        ],
        rows,
        totals,
        empty=f"no invoice{whom}, and no accepted milestone of a contract that requires one",
        gives_way=("invoices",),
    )
