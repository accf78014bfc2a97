"""What is kept of a contract's money: retention and its releases, advances, tax; for people and for programs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from commands.output import Column, Table, exact, money, number
from ledger.money import display_minor
from ledger.payables import withheld
from ledger.retaining import let_go
from ledger.state import Contract, Milestone


def kept_pages(contract: Contract, milestones: Iterable[Milestone]) -> Iterator[Table | str]:
    """What was retained, advanced and taxed, in a line, and the releases; nothing where there is nothing."""
    told = list(milestones)
    said = ", ".join(_sums(contract, told))
    if said:
        yield ""
        yield said
    if any(m.releases for m in told):
        yield ""
        yield _releases(contract, told)


def _sums(contract: Contract, milestones: list[Milestone]) -> Iterator[str]:
    def shown(minor: int) -> str:
        return display_minor(minor, contract.terms.currency)

    retained = sum(m.retained_minor for m in milestones)
    if retained:
        released = sum(m.released_minor for m in milestones)
        yield f"retained {shown(retained)}, released {shown(released)}{_next(contract, milestones)}"
    if recovered := sum(m.recovered_minor for m in milestones):
        yield f"advances recovered {shown(recovered)}"
    if any(m.traits.ahead for m in milestones) and contract.open_advance_minor:
        yield f"advances not recovered {shown(contract.open_advance_minor)}"
    kept = sum(map(withheld, milestones))
    if vat := sum(m.tax_minor for m in milestones) + kept:
        yield f"VAT {shown(vat)}"
    if kept:
        filed = sum(m.filed_minor for m in milestones)
        yield f"withheld {shown(kept)}, of which {shown(filed)} is filed"


def _next(contract: Contract, milestones: list[Milestone]) -> str:
    """When the terms let the next part go that is not released, as far as that is known."""
    days = []
    for milestone in milestones:
        total = 0
        for day, amount in let_go(contract, milestone):
            total += amount
            if total > milestone.released_minor:
                days.append(day)
                break
    return f" (the next part is let go on {min(days)})" if days else ""


def _releases(contract: Contract, milestones: list[Milestone]) -> Table:
    columns: list[Column | str] = [exact("release"), exact("of"), exact("released")]
    columns += [number("amount"), number("paid"), number("payable"), exact("pay by")]
    rows = [
        (
            f"{contract.id}#{release.version}",
            m.id,
            release.on,
            *(
                display_minor(minor, contract.terms.currency)
                for minor in (release.amount_minor, release.paid_minor, standing.payable_minor)
            ),
            release.payment_due,
        )
        for m in milestones
        for release, standing in zip(m.releases, m.standings()[1:], strict=True)
    ]
    return Table(columns, rows)


def kept_object(contract: Contract, milestones: Iterable[Milestone]) -> dict[str, Any]:
    """The same amounts for a program."""
    told, currency = list(milestones), contract.terms.currency
    sums = {
        "retained": sum(m.retained_minor for m in told),
        "released": sum(m.released_minor for m in told),
        "recovered": sum(m.recovered_minor for m in told),
        "tax": sum(m.tax_minor for m in told),
        "withheld": sum(map(withheld, told)),
        "filed": sum(m.filed_minor for m in told),
    }
    return {name: money(minor, currency) for name, minor in sums.items()}


def release_objects(contract: Contract, milestone: Milestone) -> list[dict[str, Any]]:
    """The releases of a milestone's retention, each a payable of its own, for a program."""
    currency = contract.terms.currency
    return [
        {
            "reference": f"{contract.id}#{release.version}",
            "released_on": release.on.isoformat() if release.on else None,
            "payment_due": release.payment_due.isoformat() if release.payment_due else None,
            "amount": money(release.amount_minor, currency),
            "held": money(standing.held_minor, currency),
            "paid": money(release.paid_minor, currency),
            "outstanding": money(release.outstanding_minor, currency),
            "payable": money(standing.payable_minor, currency),
        }
        for release, standing in zip(milestone.releases, milestone.standings()[1:], strict=True)
    ]
