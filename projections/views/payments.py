"""What a payment shows in a list: instructed, paid, failed, reversed or refunded."""

from __future__ import annotations

from ledger.payees import masked
from projections.derive import payments
from projections.views.view import (
    Amount,
    Row,
    View,
    amount,
    count,
    currency,
    day,
    exact,
    known,
    milestone,
    text,
    version,
)

# What came back is in no total of what was paid.
_STANDS = "CASE WHEN status IN ('paid', 'refunded') THEN paid_minor ELSE 0 END"
STATUSES = ("instructed", "paid", "failed", "reversed", "refunded")


def failed(row: Row) -> str:
    """Whether the bank did not pay, or the money came back."""
    return "refused" if row["status"] in ("failed", "reversed") else ""


def charged(row: Row) -> Amount | None:
    """What the bank took for it; nothing where it took nothing."""
    fees = row["fees_minor"]
    return Amount(int(fees), row["currency"]) if fees else None


def _account(row: Row) -> str:
    """Of an account's number the end alone."""
    return masked(row["account"] or "")


LIST = View(
    "payments",
    payments.LIST,
    (
        version(),
        milestone(),
        text("partner"),
        exact("status", tone=failed, words=STATUSES),
        day("instructed_on", "instructed", rank=1),
        day("paid_on", "paid on", rank=2),
        day("ended_on", "ended"),
        exact("run", read=known("run")),
        text(
            "bank_reference", "bank reference", column="reference", rank=4, read=known("reference")
        ),
        currency(),
        amount("amount"),
        amount("paid", summed=True, sum=_STANDS),
        amount("fees", rare=True, read=charged, summed=True),
        exact("transfer", read=known("transfer")),
        exact("exchange_currency", "in", column="paid_currency", rare=True),
        amount(
            "instructed_abroad", "instructed abroad", "instructed_foreign_minor", "paid_currency"
        ),
        amount("paid_abroad", "paid abroad", "paid_foreign_minor", "paid_currency", rare=True),
        amount("gain", "gain", "gain_minor", "paid_currency", rare=True),
        count("payee", read=known("payee")),
        exact("account", rank=3, rare=True, read=known("account"), shown=_account),
    ),
    screen=(
        *("reference", "milestone", "status", "instructed_on", "paid_on", "amount", "paid"),
        *("currency", "fees", "paid_abroad", "gain", "exchange_currency", "account"),
        "bank_reference",
    ),
    empty="no payment",
)
