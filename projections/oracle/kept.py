"""Retention kept, invoices, and what payments have beside their amount: each row from the raw facts alone."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from fractions import Fraction

from projections.oracle.contracts import Contract
from projections.oracle.log import Fact, Json
from projections.oracle.milestones import Milestone
from projections.oracle.payments import paid
from projections.oracle.reckoning import rounded
from projections.oracle.releases import completed_on, live_invoices, parts, starts
from projections.oracle.schedule import payables
from projections.oracle.settled import settled_lines


def _text(moment: date | None) -> str | None:
    return moment.isoformat() if moment else None


def retentions(contract: Contract) -> Iterator[Json]:
    """A row for each part of a milestone's retention; what is released fills the first parts."""
    done, planned = completed_on(contract), _planned_end(contract)
    for one in contract.milestones:
        kept = -one.lines("retention")
        if one.acceptance is None or one.cancelled or kept <= 0:
            continue
        released = sum(each.data["amount_minor"] for each in one.releases)
        for number, (part, amount) in enumerate(parts(contract.terms_of(one), kept), 1):
            start = starts(one, part, done)
            by_acceptance = part.get("after", "completion") == "acceptance"
            if not by_acceptance and done is None:
                start = planned
            due = start + timedelta(days=part.get("days", 0)) if start else None
            yield {
                "contract": contract.id,
                "milestone": one.id,
                "part": number,
                "due_on": _text(due),
                "provisional": int(not by_acceptance and done is None),
                "retained_minor": amount,
                "released_minor": min(amount, released),
            }
            released = max(0, released - amount)


def _planned_end(contract: Contract) -> date | None:
    """The last due date of what is open."""
    opened = [one for one in contract.milestones if one.acceptance is None and not one.cancelled]
    dues = [one.baselines[-1].due for one in opened]
    return max((due for due in dues if due), default=None)


def invoices(contract: Contract) -> Iterator[Json]:
    """A row for each invoice and milestone, with how the three agree."""
    tolerance = (contract.terms.get("invoices") or {}).get("tolerance_minor", 0)
    rejected = {f.data["invoice"]: f for f in contract.named("InvoiceRejected")}
    for fact in contract.named("InvoiceReceived"):
        for cover in fact.data["covers"]:
            one = contract.find(cover["milestone"])
            end = rejected.get(fact.version)
            yield {
                "contract": contract.id,
                "version": fact.version,
                "milestone": one.id,
                "number": fact.data["number"],
                "status": "rejected" if end else "received",
                "rejected_on": _text(end.on) if end else None,
                "covered_minor": cover["amount_minor"],
                "invoiced_minor": _invoiced(one),
                "accepted_minor": _invoiceable(one),
                "paid_minor": _paid(one),
                "match": "rejected" if end else _match(one, tolerance),
            }
    yield from missing(contract)


def missing(contract: Contract) -> Iterator[Json]:
    """A row for what was accepted and is on no invoice, where there are invoices or there have to be."""
    if not contract.named("InvoiceReceived") and not (contract.terms.get("invoices") or {}).get(
        "required"
    ):
        return
    tolerance = (contract.terms.get("invoices") or {}).get("tolerance_minor", 0)
    for one in contract.milestones:
        if _invoiceable(one) and not live_invoices(one):
            yield {
                "contract": contract.id,
                "version": 0,
                "milestone": one.id,
                "number": "",
                "status": "missing",
                "rejected_on": None,
                "covered_minor": 0,
                "invoiced_minor": 0,
                "accepted_minor": _invoiceable(one),
                "paid_minor": _paid(one),
                "match": _match(one, tolerance),
            }


def _invoiced(one: Milestone) -> int:
    return sum(
        cover["amount_minor"]
        for invoice in live_invoices(one)
        for cover in invoice.data["covers"]
        if cover["milestone"] == one.id
    )


def _invoiceable(one: Milestone) -> int | None:
    """What was earned, with value added tax."""
    if one.acceptance is None:
        return None
    earned = ("gross", "bonus", "penalty", "credit", "charge", "adjustment")
    return sum(map(one.lines, earned)) + one.of_clause("tax", "vat")


def _paid(one: Milestone) -> int:
    return paid(one.facts) + sum(paid(one.facts, each.version) for each in one.releases)


def _match(one: Milestone, tolerance: int) -> str:
    wanted, invoiced = _invoiceable(one), _invoiced(one)
    if wanted is None:
        return "accepted-later"
    if invoiced == 0 and wanted > 0:
        return "not-invoiced"
    if abs(invoiced - wanted) > tolerance:
        return "over-invoiced" if invoiced > wanted else "under-invoiced"
    if _paid(one) - invoiced > tolerance:
        return "paid-over-invoice"
    owed = sum(row["outstanding"] or 0 for row in payables(one))
    return "unpaid" if owed > 0 else "matched"


def settlements(contract: Contract) -> Iterator[Json]:
    """A row for each payment that has more than an amount: a release, transfer, discount, fee, entry or currency."""
    for told in contract.named("PaymentInstructed"):
        yield from _settlement(contract, told)
    for told in contract.named("PaymentRefunded"):
        yield from _refund(contract, told)


def _refund(contract: Contract, told: Fact) -> Iterator[Json]:
    """A refund by the partner stands as a payment below zero."""
    if not any(told.data.get(name) for name in ("release", "fees_minor", "entry")):
        return
    back = contract.of("PaymentReversed", told.version)
    yield {
        "contract": contract.id,
        "version": told.version,
        "milestone": told.milestone,
        "release": told.data.get("release", 0),
        "status": "reversed" if back else "refunded",
        "transfer": "",
        "amount_minor": -told.data["amount_minor"],
        "paid_minor": -told.data["amount_minor"],
        "discount_minor": 0,
        "fees_minor": told.data.get("fees_minor", 0),
        "paid_currency": None,
        "instructed_foreign_minor": None,
        "paid_foreign_minor": None,
        "gain_minor": None,
        "entry": told.data.get("entry", ""),
    }


def _settlement(contract: Contract, told: Fact) -> Iterator[Json]:
    made = contract.of("PaymentRecorded", told.version)
    failed = contract.of("PaymentFailed", told.version)
    back = [f for one in made for f in contract.of("PaymentReversed", one.version)]
    status = "reversed" if back else "paid" if made else "failed" if failed else "instructed"
    data: Json = made[0].data if made else {}
    wanted = ("release", "exchange", "transfer", "payee", "discount_minor")
    if not any(told.data.get(name) for name in wanted) and not any(
        data.get(name) for name in ("exchange", "fees_minor", "entry")
    ):
        return
    then, now = told.data.get("exchange") or {}, data.get("exchange") or {}
    yield {
        "contract": contract.id,
        "version": told.version,
        "milestone": told.milestone,
        "release": told.data.get("release", 0),
        "status": status,
        "transfer": told.data.get("transfer", ""),
        "amount_minor": told.data["amount_minor"],
        "paid_minor": data.get("amount_minor", 0),
        "discount_minor": -sum(line["amount_minor"] for line in data.get("lines", ())),
        "fees_minor": data.get("fees_minor", 0),
        "paid_currency": (now or then).get("currency"),
        "instructed_foreign_minor": then.get("amount_minor"),
        "paid_foreign_minor": now.get("amount_minor"),
        "gain_minor": _gain(told.data, data) if status == "paid" else None,
        "entry": data.get("entry", ""),
    }


def _gain(told: Json, made: Json) -> int | None:
    """What it would have cost by the rate of the instruction, less what it did cost."""
    then, now = told.get("exchange"), made.get("exchange")
    if not then or not now or then["currency"] != now["currency"]:
        return None
    share = Fraction(made["amount_minor"], told["amount_minor"]) * int(then["amount_minor"])
    return rounded(share, "half-up") - int(now["amount_minor"])


KEPT = {
    "retentions": retentions,
    "invoices": invoices,
    "settlements": settlements,
    "schedule": settled_lines,
}
