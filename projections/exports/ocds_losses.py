"""What a release in OCDS does not hold of a contract: each thing once, with the amount where it is one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from ledger.clauses import CLAUSES
from ledger.kinds import ORDINARY
from ledger.money import format_minor
from ledger.state import Contract, Milestone
from projections.exports.entries import STEPS
from projections.exports.ocds import gross_minor, listed, paid, payment_due, twins
from projections.exports.ocds_names import names_of, read_back

# What is lost → in which words a person is told.
SAYS: dict[str, str] = {
    "milestone-id": "an import calls it otherwise, for its id looks escaped",
    "currency": "the contract's currency, which no amount states",
    "terms": "roles, approval policy, payment terms, and clauses: bonus, penalty, retention, advance, tax, termination",
    "suspended": "that it is suspended: written as active",
    "completed": "how it ended: completed and terminated are both written as terminated",
    "cancelled": "milestones cancelled: left out, for no status says so",
    "cancelled-paid": "what was paid on a cancelled milestone: a transaction without milestone",
    "status": "that a delivery waits for approval or was rejected: written as partiallyMet or notMet",
    "started": "the day on which work was started",
    "accepted-on": "the day of acceptance, where it is not that of delivery",
    "approvals": "who approved, in which role, when",
    "deliveries": "deliveries before the last one, and why they were sent back",
    "criteria": "criteria of acceptance, measured results",
    "baselines": "earlier due dates and amounts: only told in the words of an amendment",
    "payment-due": "the payment due date: no payment milestone can hold it",
    "provisional": "that the payment due date is provisional or a projection",
    "charge": "charges",
    "bonus": "bonuses",
    "penalty": "penalties",
    "credit": "service credits",
    "adjustment": "what disputes took off or added",
    "tax": "taxes",
    "retention": "retentions",
    "releases": "retention released, its due dates and payments: written as payments of the milestone",
    "advance": "what advances recover",
    "settlement": "discounts and set-offs",
    "kind": "that it is an advance or a settlement: written as a delivery",
    "invoices": "invoices, received and rejected",
    "notes": "notes of the contract, its milestones and facts",
    "filed": "tax withheld that was filed",
    "fees": "fees of the bank",
    "exchange": "payments in another currency: written in the contract's",
    "other": "other price lines",
    "disputes": "disputes, open and ended",
    "held": "amounts held by open disputes",
    "instructed": "payments instructed and not yet made",
    "payments-undone": "payments that failed or were reversed",
    "reference": "the bank's reference, which several payments share: written as CONTRACT#VERSION",
}


@dataclass(frozen=True, slots=True)
class Lost:
    """One thing that a release does not hold; `amount_minor` its signed share of net, or the amount held."""

    kind: str
    reference: str
    amount_minor: int | None = None


@dataclass(slots=True)
class Losses:
    """All that was lost in a package, by kind: the references, and the sums by currency."""

    references: dict[str, list[str]] = field(default_factory=dict)
    sums: dict[str, dict[str, int]] = field(default_factory=dict)

    def add(self, found: Iterable[Lost], currency: str) -> None:
        """Counts what one contract loses."""
        for one in found:
            self.references.setdefault(one.kind, []).append(one.reference)
            if one.amount_minor is not None:
                sums = self.sums.setdefault(one.kind, {})
                sums[currency] = sums.get(currency, 0) + one.amount_minor

    def kinds(self) -> list[str]:
        """The kinds that occur, in the order of SAYS."""
        return [kind for kind in SAYS if kind in self.references]

    def amounts(self, kind: str) -> list[dict[str, str]]:
        """What a kind sums up to, per currency, exact."""
        return [
            {"amount": format_minor(minor, currency), "currency": currency}
            for currency, minor in sorted(self.sums.get(kind, {}).items())
        ]

    def as_object(self) -> dict[str, object]:
        """For a program: `{"lost": [{"kind", "says", "count", "amounts", "references"}]}`."""
        return {
            "lost": [
                {
                    "kind": kind,
                    "says": SAYS[kind],
                    "count": len(self.references[kind]),
                    "amounts": self.amounts(kind),
                    "references": self.references[kind],
                }
                for kind in self.kinds()
            ]
        }


def losses(contract: Contract) -> Iterator[Lost]:
    """What the release of a contract does not hold."""
    yield from (Lost(kind, contract.id) for kind in _of_contract(contract))
    held = twins(contract, names_of(contract))
    for m in contract.milestones.values():
        if m.status == "cancelled":
            yield Lost("cancelled", f"{contract.id}/{m.id}")
            if m.paid_minor:
                yield Lost("cancelled-paid", f"{contract.id}/{m.id}", m.paid_minor)
    for m in listed(contract):
        reference = f"{contract.id}/{m.id}"
        if payment_due(contract, m) is not None:
            if m.id not in held:
                yield Lost("payment-due", reference)
            elif m.acceptance is None or m.acceptance.provisional:
                yield Lost("provisional", reference)
        yield from (Lost(kind, reference) for kind in _of_milestone(m))
        yield from (Lost(kind, reference, minor) for kind, minor in _amounts(m) if minor)
    for invoice in contract.invoices.values():
        yield Lost("invoices", f"{contract.id}#{invoice.version}", invoice.event.amount_minor)
    yield from (Lost("notes", f"{contract.id}#{note.version}") for note in contract.notes)
    yield from _of_payments(contract)


def _of_contract(contract: Contract) -> Iterator[str]:
    terms = contract.terms
    stated = terms.ceiling_minor is not None or any(True for _ in paid(contract))
    if not stated and all(gross_minor(m) is None for m in listed(contract)):
        yield "currency"
    clauses = [getattr(terms, clause.term) for clause in CLAUSES if clause.term]
    if terms.roles or terms.approval or any(clauses):
        yield "terms"
    if contract.status in ("suspended", "completed"):
        yield contract.status


def _of_milestone(m: Milestone) -> Iterator[str]:
    if read_back(m.id) != m.id:
        yield "milestone-id"
    if m.status in ("submitted", "rejected"):
        yield "status"
    if m.started_on is not None:
        yield "started"
    submission = m.acceptance.submission if m.acceptance is not None else None
    if m.acceptance is not None and submission is not None and m.acceptance.on != submission.on:
        yield "accepted-on"
    if any(approval.live for s in m.submissions for approval in s.approvals):
        yield "approvals"
    if sum(s.status != "replaced" for s in m.submissions) > 1:
        yield "deliveries"
    if m.plan.criteria or any(s.results for s in m.submissions):
        yield "criteria"
    if len(m.baselines) > 1:
        yield "baselines"
    if m.disputes:
        yield "disputes"
    if m.kind != ORDINARY:
        yield "kind"


def _amounts(m: Milestone) -> Iterator[tuple[str, int]]:
    """The price lines but gross, by step, then what is reserved; nothing is owed before acceptance."""
    if m.acceptance is None:
        return
    by_step: dict[str, int] = {}
    for posted in m.lines:
        step = posted.line.step if posted.line.step in STEPS else "other"
        by_step[step] = by_step.get(step, 0) + posted.line.amount_minor
    yield from ((step, minor) for step, minor in by_step.items() if step != "gross")
    yield "releases", m.released_minor
    yield "held", sum(standing.held_minor for standing in m.standings())
    yield "instructed", m.instructed_minor + sum(r.instructed_minor for r in m.releases)
    yield "filed", m.filed_minor


def _of_payments(contract: Contract) -> Iterator[Lost]:
    for payment in contract.payments.values():
        if payment.status in ("failed", "reversed"):
            yield Lost("payments-undone", f"{contract.id}#{payment.version}", payment.amount_minor)
    for name, payment in paid(contract):
        if payment.reference and name != payment.reference:
            yield Lost("reference", name)
        recorded = payment.recorded
        if booked := payment.booked:
            yield from [Lost("fees", name, booked.fees_minor)] if booked.fees_minor else ()
        if recorded is not None and recorded.exchange is not None:
            yield Lost("exchange", name, payment.paid_minor)
