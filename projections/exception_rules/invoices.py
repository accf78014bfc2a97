"""Exceptions about invoices: paid without one, and invoiced for more than was accepted."""

from __future__ import annotations

from ledger.invoicing import invoiceable, paid_of, tolerance
from ledger.money import display_minor
from projections.exception_rules.rule import Findings, Hit, Seen, exception_rule


@exception_rule(
    "high",
    "Where a contract requires invoices, no more is paid than live invoices cover, within the tolerance.",
    "a payment without an invoice is neither deductible nor checked by a third document",
)
def paid_without_invoice(seen: Seen) -> Findings:
    contract = seen.contract
    if contract.terms.invoices is None or not contract.terms.invoices.required:
        return
    for milestone in contract.milestones.values():
        paid, invoiced = paid_of(milestone), milestone.invoiced_minor
        allowed = tolerance(contract) if invoiced else 0
        if paid > invoiced + allowed:
            made = [p for p in contract.payments.values() if p.milestone == milestone.id]
            positions = tuple(seen.position[p.record] for p in made if p.status == "paid")
            detail = f"{_money(seen, paid)} is paid, and invoices cover {_money(seen, invoiced)}"
            yield Hit(milestone.id, detail, positions, paid - invoiced)


@exception_rule(
    "medium",
    "Where a contract requires invoices, they come to no more than was accepted with its tax, within the tolerance.",
    "what is invoiced beyond what was accepted is asked for sooner or later",
)
def over_invoiced(seen: Seen) -> Findings:
    contract = seen.contract
    if contract.terms.invoices is None or not contract.terms.invoices.required:
        return
    for milestone in contract.milestones.values():
        wanted, invoiced = invoiceable(milestone), milestone.invoiced_minor
        if wanted is not None and invoiced > wanted + tolerance(contract):
            positions = tuple(
                invoice.position
                for invoice in contract.invoices.values()
                if invoice.status == "received"
                and any(covered.milestone == milestone.id for covered in invoice.event.covers)
            )
            detail = (
                f"{_money(seen, invoiced)} is invoiced, and {_money(seen, wanted)} was accepted"
            )
            yield Hit(milestone.id, detail, positions, invoiced - wanted)


def _money(seen: Seen, minor: int) -> str:
    currency = seen.contract.terms.currency
    return f"{display_minor(minor, currency)} {currency}"
