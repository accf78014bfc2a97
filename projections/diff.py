"""What changed between two states of a contract, figure by figure, with the events that did it.

A figure is a field of the rows that a state derives (contract, register of milestones, schedule), so a difference
between two moments is exactly what two reports of them would show differently. A change is *restated* where one of its
events acts before the day of the earlier moment: a report on a day gone by no longer says what it said.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from ledger.calendars import local_date
from ledger.contract import evolve, fold
from ledger.events import ContractSigned, Record
from ledger.state import Contract
from projections.derive import contracts, milestones, schedule
from projections.derive.model import ReadModel

# By (subject, field): the contract's id, or CONTRACT/MILESTONE, and a column's name.
Key = tuple[str, str]
Values = dict[Key, Any]

TOTALLED = (
    *("net_minor", "held_minor", "instructed_minor", "paid_minor", "outstanding_minor"),
    *("payable_minor", "retention_minor", "expected_minor"),
)
_MODELS = (contracts.MODEL, milestones.MODEL, schedule.MODEL)
# What says nothing by itself: keys, copies of names, and the positions that every event adds to.
_SILENT = frozenset(
    (
        *("stream", "ordinal", "version", "position", "contract", "milestone", "family", "kind"),
        *("events", "currency", "client", "timezone", "imported", "is_root", "is_accepted"),
        *("delivery", "expected_minor", "reference_due", "reference_minor"),
    )
)
# Said once, of the contract; a milestone's plan is in its own sentence.
SAID = frozenset(("partner", "title", "stage", "owner"))


@dataclass(frozen=True, slots=True)
class Change:
    """A field of the contract or of a milestone before and after an event; None is nothing, or not there."""

    subject: str
    field: str
    old: Any
    new: Any


@dataclass(frozen=True, slots=True)
class Moved:
    """A figure that differs between two moments, the events that moved it, and whether it is restated."""

    subject: str
    field: str
    before: Any
    after: Any
    restated: bool
    events: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Difference:
    """One contract between two moments: what moved, every event between, and its schedule totals before and after."""

    contract: str
    currency: str
    moved: list[Moved]
    events: list[int]
    before: dict[str, int]
    after: dict[str, int]


def values(state: Contract) -> Values:
    """What a contract's rows say, by (subject, field): the contract, and each of its milestones."""
    found: Values = {}
    for model in _MODELS:
        for row in model.rows(state):
            named = dict(zip(model.names, row, strict=True))
            subject = _subject(model, named)
            silent = _SILENT if model is contracts.MODEL else _SILENT | SAID
            found |= {(subject, name): v for name, v in named.items() if name not in silent}
    return found


def _subject(model: ReadModel, row: dict[str, Any]) -> str:
    contract = str(row["contract"])
    if model is contracts.MODEL:
        return contract
    return f"{contract}/{row['milestone']}" if row["milestone"] else f"{contract} (unallocated)"


def changed(before: Values, after: Values) -> Iterator[Change]:
    """The fields that differ; what a new milestone does not have yet is left unsaid."""
    for key in dict.fromkeys([*before, *after]):
        old, new = before.get(key), after.get(key)
        unsaid = key not in before and (new in (None, "", 0) or key[1] in SAID)
        if old != new and not unsaid:
            yield Change(*key, old, new)


def difference(records: Sequence[Record], after: int, since: date | None) -> Difference | None:
    """What the records of one contract beyond position `after` changed; None where none are, or it is no contract.

    `since` is the day of the earlier moment in the contract's zone: what acts before it is restated.
    """
    earlier = [record for record in records if record.position <= after]
    later = records[len(earlier) :]
    if not later or not isinstance(records[0].data, ContractSigned):
        return None
    state = fold(earlier)
    start = values(state) if state is not None else {}
    totals = _totals(state)
    movers: defaultdict[Key, list[Record]] = defaultdict(list)
    last = start
    for record in later:
        state = evolve(state, record)
        now = values(state)
        for change in changed(last, now):
            movers[change.subject, change.field].append(record)
        last = now
    assert state is not None
    moved = [
        Moved(
            *(change.subject, change.field, change.old, change.new),
            _restated(state, by := movers[change.subject, change.field], since),
            tuple(record.position for record in by),
        )
        for change in changed(start, last)
    ]
    positions = [record.position for record in later]
    currency = state.terms.currency
    return Difference(state.id, currency, moved, positions, totals, _totals(state))


def day_of(recorded_at: str, timezone: str) -> date | None:
    """The day of a moment in a contract's zone; None where nothing was recorded yet."""
    return local_date(datetime.fromisoformat(recorded_at), timezone) if recorded_at else None


def _restated(state: Contract, by: Iterable[Record], since: date | None) -> bool:
    days = [state.dates[record.version] for record in by]
    return since is not None and any(day is not None and day < since for day in days)


def _totals(state: Contract | None) -> dict[str, int]:
    """The schedule totals of one contract: as in the schedule, what is not known is in none of them."""
    found = dict.fromkeys(TOTALLED, 0)
    names = schedule.MODEL.names
    for row in schedule.MODEL.rows(state) if state is not None else ():
        named: dict[str, Any] = dict(zip(names, row, strict=True))
        for name in TOTALLED:
            found[name] += named[name] or 0
    return found


def summed(differences: Iterable[Difference]) -> Iterator[tuple[str, str, int, int]]:
    """(currency, figure, before, after) of the totals that moved, over the contracts given."""
    sums: dict[Key, list[int]] = {}
    for one in differences:
        for name in TOTALLED:
            into = sums.setdefault((one.currency, name), [0, 0])
            into[0] += one.before[name]
            into[1] += one.after[name]
    for (currency, name), (before, after) in sorted(
        sums.items(), key=lambda each: (each[0][0], TOTALLED.index(each[0][1]))
    ):
        if before != after:
            yield currency, name, before, after
