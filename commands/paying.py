"""The payment run: everything that is due and payable on a day, instructed in one transaction.

What goes to one partner in one currency is one transfer to the bank, whose parts are the milestones and releases.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date
from typing import TYPE_CHECKING, Any

from commands.discounting import discounted, saved
from commands.due_line import Line
from commands.holding_back import Back, in_words, parted, tell_not_recorded, tell_undated
from commands.known import nothing_due, require_known
from commands.signing import signed
from commands.terminal import say
from ledger.counting import how_many
from ledger.kinds import ORDINARY

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from commands.bank.exchange import Abroad
    from commands.bank.files import Draft, Target
    from commands.output import Table
    from commands.session import Session
    from commands.signing import Pen
    from ledger.store.request_digest import Request
    from projections.reading import Found

_RUNS = "SELECT DISTINCT run FROM {payments} WHERE substr(run, 1, length(:stem)) = :stem"


@dataclass(frozen=True, slots=True)
class Run:
    """What a run proposes: its name, the day by which its lines are due, the lines."""

    name: str
    on: date
    lines: list[Line]
    back: list[Back] = field(default_factory=list)

    def totals(self) -> dict[str, list[int]]:
        """The amounts to pay per currency, in the order of the currencies' codes."""
        currencies = sorted({line.currency for line in self.lines})
        return {c: [n.amount_minor for n in self.lines if n.currency == c] for c in currencies}

    def transfers(self) -> dict[str, list[Line]]:
        """The lines of each transfer, in the order of their numbers."""
        found: dict[str, list[Line]] = {}
        for line in self.lines:
            found.setdefault(line.transfer, []).append(line)
        return found


def instruct_all(
    session: Session,
    contract: str | None,
    partner: str | None,
    yes: bool,
    pen: Pen | None = None,
    abroad: Abroad | None = None,
    target: Target | None = None,
    discount: bool = False,
) -> None:
    """Shows what is due, asks, and instructs all of it as one run, or nothing; its file is checked first."""
    from commands.asking import confirm
    from commands.bank.files import put_recorded, staged

    run = _proposed(session, contract, partner, abroad, discount)
    tell_undated(session, contract, partner)
    tell_not_recorded(session, contract, partner)
    people = session.output.format == "table"
    if not run.lines:
        nothing = session.perform([])  # refused, where its key was used for another run
        if not people:
            session.show(nothing, _object(run), quiet=True)
        for line in in_words(run.back):
            say(line)
        say(nothing_due(run.on, contract, partner))
        return
    if people:
        session.output.emit({}, people=_pages(run))
    requests: Sequence[Request] = _requests(session, run)
    draft = _drafted(session, run, requests, target if pen is None else None)
    if not session.recording.dry_run:
        count = how_many(len(run.lines), "payment")
        confirm(f"Instruct {count}, {', '.join(_amounts(run))}?", yes)
    requests = signed(session, requests, pen)
    draft = draft or _drafted(session, run, requests, target)
    if target is None or draft is None or session.recording.dry_run:
        session.show(session.perform(requests), _object(run))
        if target is not None and draft is not None:
            _said(draft, run.name, target, "would be written")
        return
    with staged(target, draft) as part:
        outcome = session.perform(requests)
        draft = put_recorded(session, run.name, target, draft, part, outcome)
    session.show(outcome, _object(run))
    _said(draft, run.name, target)


def _drafted(
    session: Session, run: Run, requests: Sequence[Request], target: Target | None
) -> Draft | None:
    """The payment file as it would be, so that what it cannot hold is refused before anything is recorded."""
    from commands.bank.files import again, drafted

    if target is None:
        return None
    tried = session.tried(requests)
    if tried.replayed:
        return again(session, run.name, target)
    return drafted(session, run.name, target, tried.records)


def write_file(session: Session, run: str, target: Target) -> None:
    """Writes the payment file of a run that is recorded, and says what is in it."""
    from commands.bank.files import again, put, staged

    draft = again(session, run, target)
    with staged(target, draft) as part:
        put(part, target, run)
    _said(draft, run, target)


def _said(draft: Draft, run: str, target: Target, done: str = "written") -> None:
    for note in draft.notes:
        say(note)
    transfers = how_many(draft.written, "transfer")
    left_out = f"; {draft.settled} settled already and left out" if draft.settled else ""
    say(f"{transfers} of {run} {done} to {target.path} as {target.form}{left_out}")


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
                release=line.release,
                transfer=line.transfer,
                exchange=line.exchange,
                discount=line.discount_minor > 0,
                on=session.on,
            ),
        )
        for line in run.lines
    ]


def _proposed(
    session: Session,
    contract: str | None,
    partner: str | None,
    abroad: Abroad | None = None,
    discount: bool = False,
) -> Run:
    """What is due by --on, under the next name of that day; with `discount` also what is cheaper if paid that day.

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
        require_known(session.ledger, contract=contract, partner=partner, seen=found)
        last = date.max if discount else on
        rows = found.select(DUE, on=last.isoformat(), contract=contract, partner=partner)
        runs = [str(row["run"]).removeprefix(stem) for row in found.select(_RUNS, stem=stem)]
    count = max((int(run) for run in runs if run.isdigit()), default=0) + 1
    name = name or f"{stem}{count}"
    lines = [_line(row) for row in rows]
    lines = discounted(session, lines, on) if discount else lines
    lines, back = parted(session, lines, abroad.currency if abroad else None)
    lines = in_transfers(name, lines)
    if abroad is not None:
        lines = _paid_in(session, abroad, lines, on)
    return Run(name, on, lines, back)


def in_transfers(run: str, lines: Sequence[Line]) -> list[Line]:
    """The lines by transfer: one for each partner and currency, numbered in the order in which they first fall due."""
    from commands.bank.transfers import transfer_id

    numbers: dict[tuple[str, str], int] = {}
    for line in lines:
        numbers.setdefault((line.partner, line.currency), len(numbers) + 1)
    found = sorted(lines, key=lambda line: numbers[line.partner, line.currency])
    return [replace(n, transfer=transfer_id(run, numbers[n.partner, n.currency])) for n in found]


def _paid_in(session: Session, abroad: Abroad, lines: list[Line], on: date) -> list[Line]:
    """The lines with what each comes to in the currency paid, rounded as its contract says."""
    abroad.of_one_currency(line.currency for line in lines)
    parts = session.ledger.load_parts({line.contract for line in lines})
    rounding = {name: state.terms.rounding for states in parts for name, state in states.items()}
    return [
        replace(
            line,
            exchange=abroad.exchange(
                line.amount_minor, line.currency, rounding[line.contract], on, on
            ),
        )
        for line in lines
    ]


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
        kind=str(row["kind"]),
        release=int(row["ordinal"] or 0) if row["kind"] == "retention" else 0,
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
                "kind": line.kind,
                "reference": line.reference,
                "title": line.title,
                "due_on": line.due_on,
                "amount": money(line.amount_minor, line.currency),
                "held": money(line.held_minor, line.currency),
                "discount": money(line.discount_minor, line.currency),
                "discount_until": line.discount_until and line.discount_until.isoformat(),
                "transfer": line.transfer,
                "paid_in": _foreign([line]),
            }
            for line in run.lines
        ],
        "transfers": [
            {
                "transfer": transfer,
                "partner": lines[0].partner,
                "payments": len(lines),
                "amount": money(sum(line.amount_minor for line in lines), lines[0].currency),
                "paid_in": _foreign(lines),
            }
            for transfer, lines in run.transfers().items()
        ],
        "held_back": [one.entry() for one in run.back],
        "totals": [
            {"currency": c, "payments": len(each), "amount": money(sum(each), c)}
            for c, each in run.totals().items()
        ],
    }


def _foreign(lines: Sequence[Line]) -> dict[str, str] | None:
    """What the lines of a transfer come to in the currency paid; None in the contract's own."""
    from commands.output import money

    told = [line.exchange for line in lines if line.exchange]
    return money(sum(each.amount_minor for each in told), told[0].currency) if told else None


def _pages(run: Run) -> list[Table | str]:
    """The run for people: what is to be paid to whom by which transfer, and the sum of each currency."""
    from commands.output import Column, Table, exact, number
    from ledger.money import display_minor

    columns: list[Column | str] = [exact("transfer"), exact("due"), exact("milestone")]
    columns += [exact("kind"), "title", "partner", number("held"), number("discount")]
    columns += [exact("until"), number("to pay"), exact("currency"), number("paid in")]
    unheld = [] if any(line.held_minor for line in run.lines) else ["held"]
    unheld += [] if any(line.exchange for line in run.lines) else ["paid in"]
    unheld += [] if any(line.kind != ORDINARY for line in run.lines) else ["kind"]
    unheld += [] if any(line.discount_minor for line in run.lines) else ["discount", "until"]
    rows: list[tuple[str, ...]] = []
    for transfer, lines in run.transfers().items():
        currency, short = lines[0].currency, transfer.removeprefix(f"{run.name}-")
        rows += [
            (
                short,
                line.due_on,
                line.name,
                line.kind,
                line.title,
                line.partner,
                display_minor(line.held_minor, currency) if line.held_minor else "",
                saved([line], currency),
                str(line.discount_until or ""),
                display_minor(line.amount_minor, currency),
                currency,
                _foreign_text([line]),
            )
            for line in lines
        ]
        if len(lines) > 1:
            whole = display_minor(sum(line.amount_minor for line in lines), currency)
            name = f"{len(lines)} in one transfer"
            start = (short, "", name, "", "", lines[0].partner, "", saved(lines, currency), "")
            rows.append((*start, whole, currency, _foreign_text(lines)))
    totals = [
        (
            *("", "", "total", "", "", "", ""),
            saved(run.lines, c),
            "",
            display_minor(sum(each), c),
            c,
            "",
        )
        for c, each in run.totals().items()
    ]
    title = f"{run.name}: due by {run.on} and payable"
    minor = ("title", "partner", "held")
    return [
        Table(columns, rows, totals, title, gives_way=minor, useless=unheld),
        *in_words(run.back),
        "",
    ]


def _foreign_text(lines: Sequence[Line]) -> str:
    from ledger.money import display_minor

    told = [line.exchange for line in lines if line.exchange]
    if not told:
        return ""
    amount = display_minor(sum(each.amount_minor for each in told), told[0].currency)
    return f"{amount} {told[0].currency}"
