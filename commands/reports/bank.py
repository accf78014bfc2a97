"""`mledger report bank`: entries that nothing explains, with what settles each, and payments without an entry."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import chain
from typing import TYPE_CHECKING, Any

from commands.bank.advising import after_refusal, code_in, filled_in
from commands.bank.known import known_payments
from commands.bank.matching import Matcher, Verdict
from commands.bank.naming import named_by
from commands.output import Column, Table, exact, money, number, visible
from commands.shortening import shortened
from ledger.bank_entries import STREAM, BankBook, Kept, fold
from ledger.counting import how_many
from ledger.errors import NotFound
from ledger.money import display_minor

if TYPE_CHECKING:
    from commands.session import Session
    from projections.reading import Rows

Found = dict[str, Any]
COLUMNS = (
    *("kind", "reference", "account", "booked_on", "side", "amount", "currency", "bank_reference"),
    *("finding", "says", "command", "verdict", "payments", "partner", "transfer"),
)
PAID = """
SELECT p.contract, p.version, p.milestone, p.partner, p.currency, p.amount_minor, p.paid_minor, p.status,
       p.instructed_on, p.paid_on, s.transfer, s.entry
FROM {payments} p LEFT JOIN {settlements} s ON s.stream = p.stream AND s.version = p.version
WHERE p.status IN ('instructed', 'paid') AND (:all = 1 OR s.entry IS NULL OR s.entry = '')
ORDER BY p.instructed_on, p.contract, p.version
"""


def show(session: Session, account: str | None, everything: bool) -> None:
    """Prints what waits on either side."""
    book = fold(session.ledger.stream(STREAM))
    if account is not None:
        _check(book, account)
    now = _as_of_now(session, book)
    entries = [
        _entry(kept, now.get(kept.booking.entry))
        for kept in book.entries.values()
        if (everything or kept.explained is None) and account in (None, kept.booking.account)
    ]
    with session.reader() as reader:
        payments = None if account else reader.rows(PAID, all=int(everything))
        paid = (_payment(row) for row in payments or ())
        data = {"entries": entries, "payments": paid}
        rows = chain(
            (_row("entry", one) for one in entries), (_row("payment", one) for one in paid)
        )
        people = _people(entries, payments)
        session.output.emit(data, rows=rows, columns=COLUMNS, people=people)


def _check(book: BankBook, account: str) -> None:
    known = sorted({kept.booking.account for kept in book.entries.values()})
    if account not in known:
        raise NotFound(
            "bank-account-unknown",
            f"no entry of an account {account!r} is kept",
            hint=f"there are entries of {', '.join(known)}" if known else "no entry is kept yet",
        )


def _as_of_now(session: Session, book: BankBook) -> dict[str, Verdict]:
    """Why each entry waits today: what it names may have been settled since.

    What a rule refused has paid nothing: the others are seen without it, and it waits until it is imported again.
    """
    session.catch_up()
    if not book.waiting():
        return {}
    payments = known_payments(session, book.undone())
    refused = [kept for kept in book.waiting() if kept.finding == "refused"]
    others = [kept.booking for kept in book.waiting() if kept.finding != "refused"]
    verdicts = Matcher(payments).plan(others)
    payments.again(book.undone())
    for kept in refused:
        about = named_by(kept.booking, payments)
        command = after_refusal(kept.booking, about, code_in(kept.says), None)
        verdicts.append(
            Verdict(
                (kept.booking,),
                None,
                payments=tuple(part.reference for part in about.parts),
                finding=kept.finding,
                says=kept.says,
                command=command,
            )
        )
    return {entry.entry: verdict for verdict in verdicts for entry in verdict.entries}


def _entry(kept: Kept, now: Verdict | None) -> Found:
    booking, explained = kept.booking, kept.explained
    amount = None
    if booking.amount_minor is not None:
        amount = money(booking.amount_minor, booking.currency)
    found: Found = {
        "reference": kept.reference,
        "account": booking.account,
        "booked_on": booking.booked_on.isoformat() if booking.booked_on else None,
        "side": booking.side,
        "amount": amount,
        "currency": booking.currency or None,
        "bank_reference": booking.reference,
        "finding": kept.finding,
        "says": kept.says,
        "command": None,
        "verdict": explained.verdict if explained else None,
        "payments": list(explained.payments) if explained else [],
        "reason": explained.reason if explained else None,
    }
    if explained is None and now is not None:
        if now.verdict is None:
            found |= {"finding": now.finding, "says": now.says}
            found["command"] = filled_in(now.command, kept.version)
            found["payments"] = list(now.payments)
        else:
            found |= {
                "finding": "import",
                "says": "can be taken now",
                "payments": list(now.payments),
            }
            found["command"] = "import its file again: mledger import bank FILE"
    return found


def _payment(row: Found) -> Found:
    minor = row["paid_minor"] if row["status"] == "paid" else row["amount_minor"]
    return {
        "reference": f"{row['contract']}#{row['version']}",
        "milestone": f"{row['contract']}/{row['milestone']}" if row["milestone"] else None,
        "partner": row["partner"],
        "transfer": row["transfer"] or None,
        "status": row["status"],
        "amount": money(int(minor or 0), str(row["currency"])),
        "currency": row["currency"],
        "instructed_on": row["instructed_on"],
        "paid_on": row["paid_on"],
        "bank_entry": row["entry"] or None,
    }


def _row(kind: str, found: Found) -> Found:
    row = dict.fromkeys(COLUMNS) | {name: found.get(name) for name in COLUMNS} | {"kind": kind}
    row["amount"] = found["amount"]["amount"] if found["amount"] else None
    row["payments"] = " ".join(found.get("payments") or ())
    if kind == "payment":
        row["says"], row["booked_on"] = found["status"], found["paid_on"] or found["instructed_on"]
    return row


def _people(entries: list[Found], payments: Rows | None) -> Iterator[Table | str]:
    waiting = [one for one in entries if one["verdict"] is None]
    told = [one for one in entries if one["verdict"] is not None]
    yield f"{how_many(len(waiting), 'entry', 'entries')} of the bank without an explanation"
    for one in waiting:
        amount = f"{_shown(one)} {one['currency']}" if one["amount"] else "an unknown amount"
        day = f" of {one['booked_on']}" if one["booked_on"] else ""
        number_ = one["reference"].removeprefix(STREAM)
        yield visible(
            f"  {number_} {one['side']}{day}, {amount}, {one['bank_reference']}: {one['says']}"
        )
        for step in str(one["command"]).split("; "):
            yield visible(f"      {step}")
    if told:
        yield ""
        columns: list[Column | str] = [exact("entry"), exact("booked"), "side", number("amount")]
        columns += [exact("cur"), "explained as", "payments", "why"]
        yield Table(columns, [_cells(one) for one in told])
    yield ""
    if payments is None:
        yield f"{how_many(0, 'payment')} without an entry of the bank"
        return
    without = replace(payments, params={"all": 0}).count()
    yield f"{how_many(without, 'payment')} without an entry of the bank"
    shown, rest = shortened(payments, "payment list --contract or --partner")
    if shown:
        headings: list[Column | str] = [exact("payment"), exact("transfer"), "partner", "status"]
        headings += [exact("since"), number("amount"), exact("cur"), "entry"]
        yield Table(headings, [_paid_cells(_payment(one)) for one in shown])
    yield from rest


def _cells(one: Found) -> list[object]:
    amount = _shown(one) if one["amount"] else ""
    return [
        one["reference"].removeprefix(STREAM),
        one["booked_on"] or "",
        one["side"],
        amount,
        one["currency"] or "",
        one["verdict"],
        ", ".join(one["payments"]),
        one["reason"] or "",
    ]


def _paid_cells(one: Found) -> list[object]:
    since = one["paid_on"] if one["status"] == "paid" else one["instructed_on"]
    return [
        one["reference"],
        one["transfer"] or "",
        one["partner"],
        one["status"],
        since or "",
        _shown(one),
        one["currency"],
        one["bank_entry"] or "",
    ]


def _shown(one: Found) -> str:
    from ledger.money import parse_minor

    currency = one["currency"]
    return display_minor(parse_minor(one["amount"]["amount"], currency), currency)
