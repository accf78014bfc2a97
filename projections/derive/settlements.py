"""What a payment has beside its amount: the transfer and account, money in another currency, fees, a discount."""

from __future__ import annotations

from ledger.events import Exchange
from ledger.state import Contract, Payment
from projections.derive.model import ReadModel, Row, counts, integers, iso, labels, positions, texts

COLUMNS = (
    *counts("stream", "version"),
    *labels("contract", "partner", "milestone", "currency", "status"),
    *counts("release"),
    *labels("run", "transfer", "account"),
    *counts("payee", "amount_minor", "paid_minor", "discount_minor", "fees_minor"),
    *texts("instructed_on", "paid_on", "paid_currency"),
    *integers("instructed_foreign_minor", "paid_foreign_minor", "gain_minor"),
    *texts("rate", "rate_on", "rate_source"),
    *labels("reference", "entry", "events"),
)


def gain(payment: Payment) -> int | None:
    """What the payment cost less than when it was instructed, in the currency paid; a loss is below zero.

    The amount instructed is taken in proportion where less was paid. None where either rate is unknown, the
    currencies differ, or it was not paid.
    """
    told = payment.instruction.exchange if payment.instruction else None
    paid = payment.recorded.exchange if payment.recorded else None
    if told is None or paid is None or told.currency != paid.currency or payment.status != "paid":
        return None
    if payment.paid_minor == payment.amount_minor:
        return told.amount_minor - paid.amount_minor
    # Half up, away from zero, as every split of what was already rounded.
    share = (2 * told.amount_minor * payment.paid_minor + payment.amount_minor) // (
        2 * payment.amount_minor
    )
    return share - paid.amount_minor


def rows(contract: Contract) -> list[Row]:
    """A row per payment that has any of these."""
    return [row for p in contract.payments.values() if (row := _row(contract, p)) is not None]


def _row(contract: Contract, p: Payment) -> Row | None:
    told, paid, booked = p.instruction, p.recorded, p.booked
    money: Exchange | None = (paid and paid.exchange) or (told and told.exchange) or None
    instructed = told and (told.transfer or told.payee or told.discount_minor)
    fees = (booked.fees_minor if booked else 0) + p.return_fees_minor
    if not (p.release or money or instructed or fees or (booked and booked.entry)):
        return None
    return (
        contract.stream,
        p.version,
        contract.id,
        contract.terms.partner,
        p.milestone,
        contract.terms.currency,
        p.status,
        p.release,
        p.run,
        told.transfer if told else "",
        told.account if told else "",
        told.payee if told else 0,
        p.amount_minor,
        p.paid_minor,
        -sum(line.amount_minor for line in paid.lines) if paid else 0,
        fees,
        iso(p.on),
        iso(p.paid_on),
        money.currency if money else None,
        told.exchange.amount_minor if told and told.exchange else None,
        paid.exchange.amount_minor if paid and paid.exchange else None,
        gain(p),
        money.rate if money else None,
        iso(money.rate_on) if money else None,
        money.source if money else None,
        p.reference,
        booked.entry if booked else "",
        positions(p.positions),
    )


MODEL = ReadModel("settlements", COLUMNS, ("stream", "version"), rows)

LIST = """
SELECT contract, version, partner, milestone, release, currency, status, run, transfer, account, payee, amount_minor,
       paid_minor, discount_minor, fees_minor, instructed_on, paid_on, paid_currency, instructed_foreign_minor,
       paid_foreign_minor, gain_minor, rate, rate_on, rate_source, reference, entry, events
FROM {settlements}
WHERE (:contract IS NULL OR contract = :contract) AND (:partner IS NULL OR partner = :partner)
ORDER BY contract, stream, version
"""
