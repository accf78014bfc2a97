"""How bugs in the clauses about money are planted: each function changes one thing of the product."""

from __future__ import annotations

import pkgutil
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import msgspec
from pytest import MonkeyPatch

from ledger import events as e
from ledger.decisions.adjusting import tax_of
from ledger.events import Line, Record
from ledger.pricing import (
    order,
    tax,
)
from ledger.pricing.delivered import Delivered
from ledger.pricing.per_day import per_day
from ledger.state import Contract, Milestone, Standing
from ledger.terms import Terms
from projections.derive import MODELS
from tests.oracle.mutants import Plant

Clause = Callable[[Delivered], list[Line]]


def clause(module: Any, change: Callable[[Clause], Clause]) -> Plant:
    """Changes one clause of the pricing order."""

    def plant(patch: MonkeyPatch) -> None:
        clauses = tuple(change(c) if c is module.lines else c for c in order.ORDER)
        assert clauses != order.ORDER, f"{module.__name__} is not in the order any more"
        patch.setattr(order, "ORDER", clauses)

    return plant


def without(**terms: Any) -> Callable[[Clause], Clause]:
    """The clause sees terms in which something else is agreed: clause → the fields that are replaced."""

    def change(clause: Clause) -> Clause:
        def lines(delivered: Delivered) -> list[Line]:
            agreed, changed = delivered.terms, {}
            for name, fields in terms.items():
                if (said := getattr(agreed, name)) is not None:
                    changed[name] = replace(said, **fields)
            return clause(replace(delivered, terms=replace(agreed, **changed)))

        return lines

    return change


def seeing(**fields: Any) -> Callable[[Clause], Clause]:
    """The clause sees a delivery of which something else is known."""
    return lambda clause: lambda delivered: clause(replace(delivered, **fields))


def turned(clause: Clause) -> Clause:
    """Tax withheld is added, tax on top is deducted."""
    return lambda delivered: [
        msgspec.structs.replace(line, amount_minor=-line.amount_minor) for line in clause(delivered)
    ]


def builtin(dotted: str, value: Any) -> Plant:
    """Puts another function in the place of a built-in one in one module."""
    return lambda patch: patch.setattr(dotted, value, raising=False)


def model(name: str, change: Callable[[Any], Any]) -> Plant:
    """Changes the rows of a read model."""

    def plant(patch: MonkeyPatch) -> None:
        (model,) = [model for model in MODELS if model.name == name]
        changed = [replace(m, rows=change(m.rows), told=False) if m is model else m for m in MODELS]
        for module in ("projections.derive", "projections.rebuild.fold"):
            patch.setattr(f"{module}.MODELS", tuple(changed))

    return plant


def each_for_itself(milestone: Milestone) -> list[Standing]:
    """Every payable is held by all disputes, as if it were alone."""
    parts = [(0, milestone.outstanding_minor, milestone.instructed_minor)]
    parts += [(r.version, r.outstanding_minor, r.instructed_minor) for r in milestone.releases]
    found = []
    for version, out, instructed in parts:
        held = max(0, min(milestone.disputed_minor, out))
        found.append(Standing(version, held, max(0, out - held - instructed)))
    return found


def beside_a_claim(milestone: Milestone) -> list[Standing]:
    """A claim on the milestone does not stop its release from being paid."""
    parts = [(0, milestone.outstanding_minor, milestone.instructed_minor)]
    parts += [(r.version, r.outstanding_minor, r.instructed_minor) for r in milestone.releases]
    return [Standing(version, 0, max(0, out - told)) for version, out, told in parts]


def net_has_it(release: Any) -> Any:
    """A release is posted to its milestone as well."""

    def released(contract: Contract, data: e.RetentionReleased, record: Record) -> None:
        release(contract, data, record)
        contract.milestones[data.milestone].posted_minor += data.amount_minor

    return released


def one_sided(set_off: Any) -> Any:
    def claimed(contract: Contract, data: e.ClaimSetOff, record: Record) -> None:
        gains = sum(line.amount_minor for line in data.lines) > 0
        lines = data.lines if gains else ()
        set_off(contract, msgspec.structs.replace(data, lines=lines), record)

    return claimed


def releases_stay(reverse: Any) -> Any:
    def reversed_(contract: Contract, data: e.AcceptanceReversed, record: Record) -> None:
        milestone = contract.milestones[data.milestone]
        kept = list(milestone.releases)
        reverse(contract, data, record)
        milestone.releases = kept

    return reversed_


def still_covers(_: Any) -> Any:
    def rejected(contract: Contract, data: e.InvoiceRejected, record: Record) -> None:
        invoice = contract.invoices[data.invoice]
        invoice.status, invoice.rejected_on = "rejected", data.on
        for covered in invoice.event.covers:
            contract.milestones[covered.milestone].positions.append(record.position)

    return rejected


def parts_at_once(parts_of: Any) -> Any:
    return lambda contract, milestone: [
        (replace(part, days=0), amount) for part, amount in parts_of(contract, milestone)
    ]


def one_part(parts_of: Any) -> Any:
    def parts(contract: Contract, milestone: Milestone) -> Any:
        found = parts_of(contract, milestone)
        return [(found[0][0], sum(amount for _, amount in found))]

    return parts


def last_part_rounded(parts_of: Any) -> Any:
    """Every part is cut off, and what is lost by that is lost; the last one alone is what its share says."""

    def parts(contract: Contract, milestone: Milestone) -> Any:
        return [
            (part, int(milestone.retained_minor * part.share / 100))
            for part, _ in parts_of(contract, milestone)
        ]

    return parts


def with_the_open(_: Any) -> Any:
    """Completion does not wait for what is open."""

    def completed_on(contract: Contract) -> Any:
        found = [m.acceptance.on for m in contract.milestones.values() if m.acceptance is not None]
        return max((day for day in found if day is not None), default=None)

    return completed_on


def a_day_later(discount_until: Any) -> Any:
    return lambda agreed, start: discount_until(agreed, start) + timedelta(days=1)


def first_invoice(_: Any) -> Any:
    def invoiced_on(state: Contract, milestone: Milestone, without: int = 0) -> Any:
        days = [
            invoice.event.issued_on or invoice.on
            for invoice in state.invoices.values()
            if any(covered.milestone == milestone.id for covered in invoice.event.covers)
        ]
        return min((day for day in days if day is not None), default=None)

    return invoiced_on


def on_the_line_alone(_: Any) -> Any:
    """Tax is rounded on each later line instead of on the whole."""

    def with_tax(case: Any, lines: Any) -> Any:
        given, milestone = tuple(lines), case.the_milestone()
        if milestone.acceptance is None or milestone.acceptance.terms.tax is None:
            return given
        change = sum(line.amount_minor for line in given)
        return (*given, *tax.taxes(milestone.acceptance.terms, change, {}))

    return with_tax


def _as_accepted_today(contract: Contract, milestone: Milestone) -> Milestone:
    """The milestone as if it had been accepted under the terms that are agreed now."""
    if milestone.acceptance is None:
        return milestone
    accepted = msgspec.structs.replace(milestone.acceptance, terms=contract.terms)
    return msgspec.structs.replace(milestone, acceptance=accepted)


def seen_today(function: Any) -> Any:
    """What a function says of a milestone, if it had been accepted under the terms of today."""
    return lambda contract, milestone, *args: function(
        contract, _as_accepted_today(contract, milestone), *args
    )


def by_the_terms_of_today(_: Any) -> Any:
    def with_tax(case: Any, lines: Any) -> Any:
        given = tuple(lines)
        return (
            *given,
            *tax_of(case.state, _as_accepted_today(case.state, case.the_milestone()), given),
        )

    return with_tax


def in_order_of_recording(_: Any) -> Any:
    """What settled a payable is the payment that was recorded last."""

    def last(since: Any, owed: Any, payments: Any) -> date | None:
        found: date | None = [p.paid_on for p in payments if p.stands][-1]
        return found

    return last


def paid_again(evolve: Any) -> Any:
    """A refund adds to what was paid."""

    def refunded(contract: Contract, data: e.PaymentRefunded, record: Record) -> None:
        evolve(contract, data, record)
        milestone = contract.milestones[data.milestone]
        found = next((r for r in milestone.releases if r.version == data.release), milestone)
        found.paid_minor += 2 * data.amount_minor

    return refunded


def forgets_the_discount(evolve: Any) -> Any:
    """An instruction reserves its amount alone."""

    def instructed(contract: Contract, data: e.PaymentInstructed, record: Record) -> None:
        evolve(contract, data, record)
        if not data.release:
            contract.milestones[data.milestone].instructed_minor -= data.discount_minor

    return instructed


def of_now(_: Any) -> Any:
    """What adjusts something accepted is reckoned by whatever is agreed today."""
    return lambda contract, milestone: contract.terms


def turned_around(rows: Any) -> Any:
    """The retention column of a release has the other sign."""

    def changed(contract: Contract) -> Any:
        found = []
        for row in rows(contract):
            named = list(row)
            if "retention" in row:
                place = column("schedule", "retention_minor")
                named[place] = -named[place]
            found.append(tuple(named))
        return found

    return changed


def column(model: str, name: str) -> int:
    (found,) = [one for one in MODELS if one.name == model]
    return found.names.index(name)


def kinds(rows: Any) -> Any:
    """Advances are counted as milestones that are delivered."""

    def changed(contract: Contract) -> Any:
        kinds = {m.id: m.kind for m in contract.milestones.values()}
        for m in contract.milestones.values():
            m.kind = "milestone"
        try:
            return rows(contract)
        finally:
            for m in contract.milestones.values():
                m.kind = kinds[m.id]

    return changed


def no_rule(patch: MonkeyPatch) -> None:
    for rule in ("release_within_retention", "release_by_the_terms"):
        name = f"ledger.decisions.retention.{rule}"
        patch.setattr(name, replace(pkgutil.resolve_name(name), check=lambda case: None))


def no_limit_on_set_off(patch: MonkeyPatch) -> None:
    from ledger.decisions import effects

    kinds: dict[Any, Any] = effects.KINDS
    kind = kinds[e.SetOff]
    patch.setitem(kinds, e.SetOff, replace(kind, rules=()))


def stays_at_plan(due: Any) -> Any:
    def projected(terms: Terms, day: date | None) -> Any:
        agreed = replace(terms.payment, until="day") if terms.payment else None
        return due(replace(terms, payment=agreed), day)

    return projected


def per_day_of_the_table(_: Any) -> Any:
    return lambda delivered, clause, days: per_day(
        delivered, days, clause.table[0].rate, clause.cap
    )


def never_rolled(rolled: Any) -> Any:
    def stays(terms: Terms, day: date) -> Any:
        agreed = replace(terms.payment, roll="none") if terms.payment else None
        return rolled(replace(terms, payment=agreed), day)

    return stays


def loss(gain: Any) -> Any:
    def loss(payment: Any) -> int | None:
        found: int | None = gain(payment)
        return None if found is None else -found

    return loss


def without_the_advance(lines: Any) -> Any:
    return lambda *args: tuple(line for line in lines(*args) if line.step != "advance")
