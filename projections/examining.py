"""The rules of `audit exceptions` run: contract after contract, over all payments, over the accounts of partners.

What is found is handed on as it is found, so that it takes no more memory than the contract that is looked at.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import msgspec

from ledger.again.judging import SENSELESS
from ledger.contract import fold
from ledger.events import ContractSigned, Record
from ledger.payees import STREAM as PAYEES
from ledger.payees import Payees
from ledger.state import Contract
from projections.derive import payments
from projections.exception_rules.every import exception_rules
from projections.exception_rules.rule import (
    Check,
    Exceptional,
    ExceptionRule,
    Hit,
    Paid,
    Seen,
    Setting,
    Settings,
    Unchecked,
    limits_of,
    weight_of,
)

_COLUMNS = tuple(column.name for column in payments.COLUMNS)


class Examiner:
    """Runs every rule that is switched on; `unchecked` counts per (rule, reason) what they could not look at."""

    def __init__(self, settings: Settings, payees: Payees | None = None) -> None:
        self.unchecked: Counter[tuple[str, str]] = Counter()
        rules = [r for r in exception_rules() if settings.get(r.id, Setting()).enabled]
        self._rules = [(r, weight_of(r, settings), limits_of(r, settings)) for r in rules]
        self._payees = payees or Payees()

    @property
    def looks_at_contracts(self) -> bool:
        """Whether a rule is on that looks at the fold of each contract."""
        return any(rule.check is not None for rule, _, _ in self._rules)

    def contract(self, state: Contract, records: Sequence[Record]) -> Iterator[Exceptional]:
        """What the rules find in a contract, of whose records those left out as of a date are passed over."""
        kept = [record for record in records if record.version in state.dates]
        position = {record.version: record.position for record in kept}
        for rule, weight, limits in self._rules:
            if rule.check is not None:
                for one in _checked(rule.check, Seen(state, kept, position, limits, self._payees)):
                    yield from self._told(rule, weight, state.id, state.terms.currency, one)

    def payments(self, made: Iterable[Mapping[str, Any]]) -> Iterator[Exceptional]:
        """What the rules find among payments, rows of their read model in the order of `payments.ALIKE`."""
        for rule, weight, limits in self._rules:
            if rule.across is None:
                continue
            for one in rule.across(map(paid_of, made), limits):
                if isinstance(one, Unchecked):
                    yield from self._told(rule, weight, "", "", one)
                else:
                    paid, hit = one
                    yield from self._told(rule, weight, paid.contract, paid.currency, hit)

    def accounts(self, partners: Collection[str]) -> Iterator[Exceptional]:
        """What the rules find in the accounts of some partners."""
        theirs = {v: p for v, p in self._payees.accounts.items() if p.partner in partners}
        for rule, weight, limits in self._rules:
            if rule.payees is not None:
                for one in rule.payees(Payees(self._payees.version, theirs), limits):
                    yield from self._told(rule, weight, PAYEES, "", one)

    def _told(
        self, rule: ExceptionRule, weight: str, contract: str, currency: str, what: Hit | Unchecked
    ) -> Iterator[Exceptional]:
        if isinstance(what, Unchecked):
            self.unchecked[rule.id, what.reason] += 1
            return
        where = f"{contract}/{what.milestone}" if what.milestone else None
        found = (rule.id, weight, contract, where, what.detail, list(what.events))
        yield Exceptional(*found, what.amount_minor, currency)


def _checked(check: Check, seen: Seen) -> list[Hit | Unchecked]:
    """What a rule finds in a contract; where it fails on it, that, and every other contract is checked."""
    try:
        return list(check(seen))
    except SENSELESS as problem:
        return [Unchecked(f"the rule fails on {seen.contract.id} ({type(problem).__name__})")]


def state_of(records: Sequence[Record], as_of: date | None) -> Contract | None:
    """The contract of a stream, None where it is of another kind, or where none can be made of its records: that is a
    finding already."""
    try:
        return fold(records, as_of) if isinstance(records[0].data, ContractSigned) else None
    except SENSELESS:
        return None


def paid_of(row: Mapping[str, Any]) -> Paid:
    """A payment made or instructed, as a row of the read model tells of it."""
    made = row["status"] == "paid"
    on = row["paid_on"] if made else row["instructed_on"]
    return Paid(
        row["contract"],
        row["milestone"] or "",
        row["partner"],
        row["currency"],
        row["paid_minor"] if made else row["amount_minor"],
        None if on is None else date.fromisoformat(on),
        row["reference"],
        msgspec.json.decode(row["events"])[-1],
    )


@dataclass(slots=True)
class Examined:
    """What the rules found, and per (rule, reason) how many things they could not check."""

    found: list[Exceptional] = field(default_factory=list)
    unchecked: Counter[tuple[str, str]] = field(default_factory=Counter)


def examine(
    streams: Iterable[Sequence[Record]],
    settings: Settings,
    as_of: date | None = None,
    payees: Payees | None = None,
) -> Examined:
    """All that the rules find in some contracts, their payments and the accounts of their partners."""
    examiner = Examiner(settings, payees)
    found, made, partners = list[Exceptional](), list[dict[str, Any]](), set[str]()
    for records in streams:
        state = state_of(records, as_of)
        if state is not None:
            found += examiner.contract(state, records)
            rows = (dict(zip(_COLUMNS, row, strict=True)) for row in payments.rows(state))
            made += [row for row in rows if row["status"] in ("paid", "instructed")]
            partners.add(state.terms.partner)
    made.sort(key=_alike)
    found += [*examiner.payments(made), *examiner.accounts(partners)]
    return Examined(found, examiner.unchecked)


def _alike(row: Mapping[str, Any]) -> tuple[str, str, int]:
    paid = paid_of(row)
    return paid.partner, paid.currency, paid.amount_minor
