"""What a milestone's invoices come to, whether they agree with acceptance and payment, and what they let be paid."""

from __future__ import annotations

from datetime import date

from ledger.state import Contract, Milestone


def vat_of(milestone: Milestone) -> int:
    """The value added tax posted to a milestone."""
    return sum(
        p.line.amount_minor
        for p in milestone.lines
        if (p.line.step, p.line.clause) == ("tax", "vat")
    )


def invoiceable(milestone: Milestone) -> int | None:
    """What a milestone's invoices come to when all is invoiced: earned with value added tax; None before acceptance.

    Tax withheld, retention and recovered advances change what is paid, not what is invoiced.
    """
    if milestone.acceptance is None:
        return None
    return milestone.taxable_minor + vat_of(milestone)


def tolerance(contract: Contract) -> int:
    """How far invoices may lie from what was accepted, in minor units."""
    return contract.terms.invoices.tolerance_minor if contract.terms.invoices else 0


def paid_of(milestone: Milestone) -> int:
    """What was paid of a milestone and its retention releases."""
    return milestone.paid_minor + sum(r.paid_minor for r in milestone.releases)


def spent_of(milestone: Milestone) -> int:
    """What was paid or is being paid of a milestone and its retention releases."""
    instructed = milestone.instructed_minor + sum(r.instructed_minor for r in milestone.releases)
    return paid_of(milestone) + instructed


def invoiced_by(contract: Contract, milestone: Milestone, on: date | None = None) -> int:
    """What live invoices received by a day cover of a milestone (None: all of them)."""
    return sum(
        covered.amount_minor
        for invoice in contract.invoices.values()
        if invoice.status == "received" and (on is None or invoice.on is None or invoice.on <= on)
        for covered in invoice.event.covers
        if covered.milestone == milestone.id
    )


def covered_left(contract: Contract, milestone: Milestone, on: date | None = None) -> int | None:
    """What invoices still let be instructed of a milestone on a day; None where the contract requires none.

    The tolerance widens what an invoice covers; it takes the place of none.
    """
    policy = contract.terms.invoices
    if policy is None or not policy.required:
        return None
    invoiced = invoiced_by(contract, milestone, on)
    if invoiced == 0:
        return 0
    return max(0, invoiced + policy.tolerance_minor - spent_of(milestone))


def match(contract: Contract, milestone: Milestone) -> str:
    """How invoice, acceptance and payment stand to each other: the first that does not agree.

    accepted-later, not-invoiced, over-invoiced, under-invoiced, paid-over-invoice, unpaid, or matched.
    """
    wanted, allowed, invoiced = (
        invoiceable(milestone),
        tolerance(contract),
        milestone.invoiced_minor,
    )
    if wanted is None:
        return "accepted-later"
    if invoiced == 0 and wanted > 0:
        return "not-invoiced"
    if invoiced > wanted + allowed:
        return "over-invoiced"
    if invoiced < wanted - allowed:
        return "under-invoiced"
    if paid_of(milestone) > invoiced + allowed:
        return "paid-over-invoice"
    owed = milestone.outstanding_minor + sum(r.outstanding_minor for r in milestone.releases)
    return "unpaid" if owed > 0 else "matched"
