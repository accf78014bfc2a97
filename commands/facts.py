"""One fact of a contract by its number: a dispute, payment, invoice, release or bonus with its history, or an event.

A proposal is shown by commands/proposal.py.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from commands.output import Table, exact, money
from commands.pages_money import release_objects
from commands.showing import (
    dispute_objects,
    iso,
    note_lines,
    note_objects,
    notes_of,
    payment_objects,
)
from commands.tables import visible
from ledger.contract import evolve
from ledger.decisions.notes import require_fact
from ledger.events import Record
from ledger.payees import masked
from ledger.state import Contract, Invoice, Payment

Told = dict[str, Any]
_UNSAID = ("reference", "events", "notes")


def told(state: Contract, records: Sequence[Record], version: int) -> Told:
    """The thing of that number as an object: `reference`, its `kind`, what is known of it and its `events`.

    Raises NotFound `reference-unknown` for a number that nothing has.
    """
    require_fact(state.id, len(records), version)
    reference = f"{state.id}#{version}"
    kind, found = next(
        ((kind, found) for kind, find in _KINDS.items() if (found := find(state, version))),
        ("event", _event(records[version - 1])),
    )
    notes = note_objects(state, notes_of(state, fact=version))
    return {"reference": reference, "kind": kind, **found, "notes": notes}


def _event(record: Record) -> Told:
    from commands.session import as_object

    fact = as_object(record)
    return {
        "name": fact["name"],
        "actor": record.actor,
        "recorded_at": record.recorded_at,
        "data": fact["data"],
        "events": [record.position],
    }


def _dispute(state: Contract, version: int) -> Told | None:
    dispute = state.disputes.get(version)
    if dispute is None:
        return None
    (told_,) = dispute_objects(state, [dispute])
    return {**told_, "events": dispute.positions}


def _payment(state: Contract, version: int) -> Told | None:
    payment = state.payments.get(version)
    if payment is None:
        return None
    (told_,) = payment_objects(state, [payment])
    return {**told_, **_instructed(payment, state.terms.currency), "events": payment.positions}


def _instructed(payment: Payment, currency: str) -> Told:
    """To which account, by which transfer, and what the bank kept."""
    told_ = payment.instruction
    kept = payment.recorded.fees_minor if payment.recorded else 0
    return {
        "transfer": told_.transfer or None if told_ else None,
        "payee": f"#{told_.payee}" if told_ and told_.payee else None,
        "account": masked(told_.account) if told_ and told_.account else None,
        "discount": money(told_.discount_minor or None if told_ else None, currency),
        "fees": money(kept or None, currency),
    }


def _invoice(state: Contract, version: int) -> Told | None:
    invoice: Invoice | None = state.invoices.get(version)
    if invoice is None:
        return None
    event, currency = invoice.event, state.terms.currency
    return {
        "number": event.number,
        "sort": event.kind,
        "status": invoice.status,
        "amount": money(event.amount_minor, currency),
        "tax": money(event.tax_minor, currency),
        "covers": [
            {
                "milestone": f"{state.id}/{part.milestone}",
                "amount": money(part.amount_minor, currency),
            }
            for part in event.covers
        ],
        "issued_on": iso(event.issued_on),
        "received_on": iso(invoice.on),
        "rejected_on": iso(invoice.rejected_on),
        "uri": event.uri or None,
        "events": invoice.positions or [invoice.position],
    }


def _release(state: Contract, version: int) -> Told | None:
    for milestone in state.milestones.values():
        for release, told_ in zip(
            milestone.releases, release_objects(state, milestone), strict=True
        ):
            if release.version == version:
                whose = {"milestone": f"{state.id}/{milestone.id}"}
                return {**told_, **whose, "events": [release.position, *release.positions]}
    return None


def _bonus(state: Contract, version: int) -> Told | None:
    one = state.awards.get(version)
    if one is None:
        return None
    return {
        "milestone": f"{state.id}/{one.milestone}",
        "sort": one.kind,
        "status": "revoked" if one.revoked else "awarded",
        "amount": money(one.amount_minor, state.terms.currency),
        "awarded_on": iso(one.on),
        "events": _of(state, one.milestone, version),
    }


def _penalty(state: Contract, version: int) -> Told | None:
    one = state.assessments.get(version)
    if one is None:
        return None
    return {
        "milestone": f"{state.id}/{one.milestone}",
        "amount": money(one.amount_minor, state.terms.currency),
        "waived": money(one.waived_minor, state.terms.currency),
        "assessed_on": iso(one.on),
        "events": _of(state, one.milestone, version),
    }


def _of(state: Contract, milestone: str, version: int) -> list[int]:
    """The events whose lines stand for a bonus or a penalty, and those that take it back."""
    posted = state.milestones[milestone].lines
    return sorted({p.position for p in posted if p.version == version})


_KINDS = {
    "dispute": _dispute,
    "payment": _payment,
    "invoice": _invoice,
    "release of retention": _release,
    "bonus": _bonus,
    "penalty": _penalty,
}


# --- for people ------------------------------------------------------------------------------------


def pages(state: Contract, records: Sequence[Record], version: int) -> Iterator[Table | str]:
    """What it is, what is known of it, and everything that happened to it."""
    found = told(state, records, version)
    yield f"{found['reference']}  {found['kind']}"
    rows = [
        (name.replace("_", " "), said)
        for name, value in found.items()
        if name not in (*_UNSAID, "kind", "data") and (said := _said(value))
    ]
    if rows:
        yield ""
        yield Table([exact("what"), ""], rows)
    yield ""
    yield from history(records, found["events"])
    if lines := list(note_lines(state, notes_of(state, fact=version))):
        yield from ("", *map(visible, lines))


def _said(value: Any) -> str:
    from ledger.money import display_minor, parse_minor

    match value:
        case {"amount": str(text), "currency": str(currency)}:
            return f"{display_minor(parse_minor(text, currency), currency)} {currency}"
        case dict():
            return ", ".join(_said(one) for one in value.values())
        case list():
            return "; ".join(map(_said, value))
    return "" if value is None else str(value)


def history(records: Sequence[Record], positions: Sequence[int]) -> Iterator[str]:
    """A sentence for each of these events of one contract, as its state was after it."""
    from commands.audits.log import told_in_full

    wanted, state = set(positions), None
    for record in records:
        state = evolve(state, record)
        if record.position in wanted:
            yield visible(f"{record.position:>6}  {told_in_full(record, state)}")
