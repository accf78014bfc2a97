"""What changed in a contract after its signature, as OCDS's amendments tell it: a date, a reason, and words."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from datetime import date

from ledger.events import ContractAmended, ContractSigned, MilestoneRevised, Record
from ledger.money import format_minor
from ledger.state import Baseline, Contract
from ledger.terms import Terms
from projections.exports.entries import walk

_IN_FULL = ("title", "client", "partner", "currency", "signed_on")


@dataclass(frozen=True, slots=True)
class Change:
    """One amendment: the version of its event, when it took effect, why, and what it changed."""

    version: int
    on: date | None
    reason: str
    says: str


def history(
    records: Sequence[Record], as_of: date | None = None
) -> tuple[Contract, list[Change]] | None:
    """The state that a contract's records lead to, and what changed on the way; None if not signed as of then."""
    state: Contract | None = None
    terms: Terms | None = None
    changes: list[Change] = []
    for record, state in walk(records, as_of):
        match record.data:
            case ContractAmended() as data if terms is not None:
                says = "; ".join(_terms_changed(terms, state.terms))
                changes.append(Change(record.version, data.on, data.reason, says))
            case MilestoneRevised() as data:
                now = state.milestones[data.milestone].baselines
                # One that only filled in what was unknown made no new baseline.
                if len(now) > 1 and now[-1].version == record.version:
                    says = _moved(data.milestone, now[-2], now[-1], state.terms.currency)
                    changes.append(Change(record.version, data.on, "", says))
        if isinstance(record.data, (ContractSigned, ContractAmended)):
            terms = state.terms
    return None if state is None else (state, changes)


def _terms_changed(before: Terms, after: Terms) -> Iterator[str]:
    if before.ceiling_minor != after.ceiling_minor:
        old, new = (_amount(t.ceiling_minor, t.currency) for t in (before, after))
        yield f"value: {old} → {new}"
    others = []
    for field in fields(Terms):
        old, new = getattr(before, field.name), getattr(after, field.name)
        if old == new or field.name == "ceiling_minor":
            continue
        if field.name in _IN_FULL:
            yield f"{field.name}: {old or 'unknown'} → {new or 'unknown'}"
        else:
            others.append(field.name.removesuffix("_minor").replace("_", " "))
    if others:
        yield f"changed: {', '.join(others)}"


def _moved(milestone: str, old: Baseline, new: Baseline, currency: str) -> str:
    told = [f"{milestone}:"]
    if old.due != new.due:
        told.append(f"due {old.due or 'unknown'} → {new.due or 'unknown'}")
    if old.amount_minor != new.amount_minor:
        amounts = (_amount(one.amount_minor, currency) for one in (old, new))
        told.append(f"amount {' → '.join(amounts)}")
    return " ".join(told)


def _amount(minor: int | None, currency: str) -> str:
    return "unknown" if minor is None else f"{format_minor(minor, currency)} {currency}"
