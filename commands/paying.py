"""The payment run: everything that is due and payable on a day, instructed in one transaction."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

from commands.session import say
from commands.signing import signed

if TYPE_CHECKING:
    from collections.abc import Iterable

    from commands.output import Table
    from commands.session import Session
    from commands.signing import Pen
    from ledger.store.perform import Request
    from projections.reading import Found

_RUNS = "SELECT DISTINCT run FROM {payments} WHERE substr(run, 1, length(:stem)) = :stem"


@dataclass(frozen=True, slots=True)
class Line:
    """One payment that a run proposes."""

    contract: str
    partner: str
    milestone: str
    title: str
    due_on: str
    currency: str
    amount_minor: int
    held_minor: int


@dataclass(frozen=True, slots=True)
class Run:
    """What a run proposes: its name, the day by which its lines are due, the lines."""

    name: str
    on: date
    lines: list[Line]

    def totals(self) -> dict[str, list[int]]:
        """The amounts to pay per currency, in the order of the currencies' codes."""
        currencies = sorted({line.currency for line in self.lines})
        return {c: [n.amount_minor for n in self.lines if n.currency == c] for c in currencies}


def instruct_all(
    session: Session,
    contract: str | None,
    partner: str | None,
    yes: bool,
    pen: Pen | None = None,
) -> None:
    """Shows what is due, asks, and instructs all of it under one run's name, or nothing."""
    from commands.output import confirm

    run = _proposed(session, contract, partner)
    people = session.output.format == "table"
    if not run.lines:
        nothing = session.perform([])  # refused, where its key was used for another run
        if not people:
            session.show(nothing, _object(run), quiet=True)
        say(f"nothing is due and payable by {run.on}; nothing was recorded")
        return
    if people:
        session.output.emit({}, people=_pages(run))
    if not session.recording.dry_run:
        count = "1 payment" if len(run.lines) == 1 else f"{len(run.lines)} payments"
        confirm(f"Instruct {count}, {', '.join(_amounts(run))}?", yes)
    session.show(session.perform(signed(session, _requests(session, run), pen)), _object(run))


def _requests(session: Session, run: Run) -> list[Request]:
    # The amounts are stated, not left to "all that is payable": they are what was confirmed.
    from ledger.intents import InstructPayment

    return [
        (
            line.contract,
            InstructPayment(
                milestone=line.milestone,
                amount_minor=line.amount_minor,
                run=run.name,
                on=session.on,
            ),
        )
        for line in run.lines
    ]


def _proposed(session: Session, contract: str | None, partner: str | None) -> Run:
    """What is due by --on, under the next name of that day.

    Under an idempotency key that was used it is what the first run saw, so that it is answered.
    """
    from projections.derive.schedule import DUE
    from projections.reading import reader

    name, on, before = _first_run(session)
    if before is None:
        session.catch_up()
    on = on or session.on or session.settings.today()
    stem = f"RUN-{on}-"
    with reader(session.ledger, known_position=before) as found:
        rows = found.select(DUE, on=on.isoformat(), contract=contract, partner=partner)
        runs = [str(row["run"]).removeprefix(stem) for row in found.select(_RUNS, stem=stem)]
    count = max((int(run) for run in runs if run.isdigit()), default=0) + 1
    return Run(name or f"{stem}{count}", on, [_line(row) for row in rows])


def _first_run(session: Session) -> tuple[str, date | None, int | None]:
    """The name, day and point of the log of the run that the idempotency key stands for."""
    from ledger.events import PaymentInstructed

    first, key = session.first_position(), session.recording.key
    if first is None or key is None:
        return "", None, None
    fact = session.ledger.records_of_key(key)[0].data
    name = fact.run if isinstance(fact, PaymentInstructed) else ""
    day = date.fromisoformat(name.removeprefix("RUN-")[:10]) if name.startswith("RUN-") else None
    return name, session.on or day, first - 1


def _line(row: Found) -> Line:
    return Line(
        contract=str(row["contract"]),
        partner=str(row["partner"]),
        milestone=str(row["milestone"]),
        title=str(row["title"] or ""),
        due_on=str(row["due_on"]),
        currency=str(row["currency"]),
        amount_minor=int(row["payable_minor"] or 0),
        held_minor=int(row["held_minor"] or 0),
    )


def _amounts(run: Run) -> Iterable[str]:
    from ledger.money import display_minor

    return (f"{display_minor(sum(each), c)} {c}" for c, each in run.totals().items())


def _object(run: Run) -> dict[str, Any]:
    """The run for a program."""
    from commands.output import money

    return {
        "run": run.name if run.lines else None,
        "on": run.on.isoformat(),
        "lines": [
            {
                "contract": line.contract,
                "partner": line.partner,
                "milestone": f"{line.contract}/{line.milestone}",
                "title": line.title,
                "due_on": line.due_on,
                "amount": money(line.amount_minor, line.currency),
                "held": money(line.held_minor, line.currency),
            }
            for line in run.lines
        ],
        "totals": [
            {"currency": c, "payments": len(each), "amount": money(sum(each), c)}
            for c, each in run.totals().items()
        ],
    }


def _pages(run: Run) -> list[Table | str]:
    """The run for people: what is to be paid to whom, and the sum of each currency."""
    from commands.narrowing import Narrowing
    from commands.output import Column, exact, number
    from ledger.money import display_minor

    columns: list[Column | str] = [exact("due"), exact("milestone"), "title", "partner"]
    columns += [number("held"), number("to pay"), exact("currency")]
    unheld = [] if any(line.held_minor for line in run.lines) else ["held"]
    rows = [
        (
            line.due_on,
            f"{line.contract}/{line.milestone}",
            line.title,
            line.partner,
            display_minor(line.held_minor, line.currency) if line.held_minor else "",
            display_minor(line.amount_minor, line.currency),
            line.currency,
        )
        for line in run.lines
    ]
    totals = [
        ("", "total", "", "", "", display_minor(sum(each), c), c)
        for c, each in run.totals().items()
    ]
    title = f"{run.name}: due by {run.on} and payable"
    minor = ("title", "partner", "held")
    return [Narrowing(columns, rows, totals, title, minor=minor).without(*unheld), ""]
