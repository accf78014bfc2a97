"""Invoices, a row per milestone covered: what was invoiced, accepted and paid, and whether the three agree.

Where a contract requires invoices or has any, an accepted milestone that no live invoice covers has a row too, of
version 0 and status `missing`.
"""

from __future__ import annotations

from collections.abc import Iterator

from ledger.invoicing import invoiceable, match, paid_of
from ledger.state import Contract, Invoice, Milestone
from projections.derive.model import ReadModel, Row, counts, integers, iso, labels, positions, texts

COLUMNS = (
    *counts("stream", "version", "ordinal"),
    *labels("contract", "partner", "number", "kind", "status", "currency", "milestone"),
    *texts("issued_on", "received_on", "rejected_on"),
    *counts("amount_minor", "tax_minor", "covered_minor", "invoiced_minor"),
    *integers("accepted_minor"),
    *counts("paid_minor"),
    *labels("match", "events"),
)


def rows(contract: Contract) -> list[Row]:
    """A row per invoice and milestone, and one per milestone that an invoice is missing of."""
    found = [row for invoice in contract.invoices.values() for row in _rows(contract, invoice)]
    policy = contract.terms.invoices
    if contract.invoices or (policy is not None and policy.required):
        found += _missing(contract)
    return found


def _rows(contract: Contract, invoice: Invoice) -> Iterator[Row]:
    data = invoice.event
    for covered in data.covers:
        m = contract.milestones[covered.milestone]
        yield (
            contract.stream,
            invoice.version,
            m.ordinal,
            contract.id,
            contract.terms.partner,
            data.number,
            data.kind,
            invoice.status,
            contract.terms.currency,
            m.id,
            iso(data.issued_on),
            iso(invoice.on),
            iso(invoice.rejected_on),
            data.amount_minor,
            data.tax_minor,
            covered.amount_minor,
            m.invoiced_minor,
            invoiceable(m),
            paid_of(m),
            "rejected" if invoice.status == "rejected" else match(contract, m),
            positions([*invoice.positions, *m.positions]),
        )


def _missing(contract: Contract) -> Iterator[Row]:
    for m in contract.milestones.values():
        wanted = invoiceable(m)
        if wanted and not _covered(contract, m):
            yield (
                contract.stream,
                0,
                m.ordinal,
                contract.id,
                contract.terms.partner,
                "",
                "",
                "missing",
                contract.terms.currency,
                m.id,
                *(None,) * 3,
                *(0,) * 4,
                wanted,
                paid_of(m),
                match(contract, m),
                positions(m.positions),
            )


def _covered(contract: Contract, milestone: Milestone) -> bool:
    return any(
        invoice.status == "received"
        and any(covered.milestone == milestone.id for covered in invoice.event.covers)
        for invoice in contract.invoices.values()
    )


MODEL = ReadModel("invoices", COLUMNS, ("stream", "version", "ordinal"), rows)

# Where no source tells what was paid, that is null, and whether it agrees with the invoice "not-recorded".
_KNOWN = """
FROM (SELECT i.stream, i.ordinal, i.contract, i.version, i.partner, i.number, i.kind, i.status, i.currency, i.milestone,
             i.issued_on, i.received_on, i.rejected_on, i.amount_minor, i.tax_minor, i.covered_minor, i.invoiced_minor,
             i.accepted_minor, CASE WHEN u.no_payments = 1 THEN NULL ELSE i.paid_minor END AS paid_minor,
             CASE WHEN u.no_payments = 1 AND i.match IN ('unpaid', 'matched') THEN 'not-recorded' ELSE i.match END
                 AS match, i.events
      FROM {invoices} AS i
      LEFT JOIN {unknowns} AS u ON u.stream = i.stream AND u.ordinal = i.ordinal) AS known
"""

LIST = f"""
SELECT stream, ordinal, contract, version, partner, number, kind, status, currency, milestone, issued_on, received_on,
       rejected_on, amount_minor, tax_minor, covered_minor, invoiced_minor, accepted_minor, paid_minor, match, events
{_KNOWN.strip()}
WHERE version > 0
  AND (:contract IS NULL OR contract = :contract) AND (:partner IS NULL OR partner = :partner)
  AND (:status IS NULL OR status = :status)
ORDER BY contract, stream, version, ordinal
"""

# A row per milestone and invoice that is not rejected, or without one; the amounts are the milestone's.
MATCH = f"""
SELECT contract, partner, milestone, currency, number, version, invoiced_minor, accepted_minor, paid_minor, match,
       events
{_KNOWN.strip()}
WHERE status <> 'rejected'
  AND (:contract IS NULL OR contract = :contract) AND (:partner IS NULL OR partner = :partner)
ORDER BY contract, stream, ordinal, version
"""
