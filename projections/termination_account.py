"""What a contract comes to at a moment: every line that was posted, every payment, and what is left either way.

The lines are those of the milestones, so their sums are the schedule's; `checks` holds both, side by side.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date

from ledger import events as e
from ledger.contract import fold
from ledger.events import Line, Record
from ledger.retaining import completed_on
from ledger.state import Contract, Milestone, Release
from projections.derive import schedule
from projections.explain import behind, calculation

# In which group a line of each step stands; the groups are in the order of the statement.
GROUPS = {
    "accepted": "accepted work",
    "bonus": "bonuses",
    "penalty": "penalties",
    "charge": "termination fee",
    "adjustment": "disputes decided",
    "tax": "tax",
    "retention": "retention",
    "release": "retention released",
    "advance": "advances",
    "settlement": "set-offs and discounts",
    "paid": "paid",
}
_OF_STEP = {
    "gross": "accepted",
    "bonus": "bonus",
    "penalty": "penalty",
    "charge": "charge",
    "tax": "tax",
    "retention": "retention",
    "advance": "advance",
    "settlement": "settlement",
}


@dataclass(frozen=True, slots=True)
class Entry:
    """One line: its share of the balance, how it came about, and the positions of the events behind it."""

    group: str
    milestone: str
    step: str
    clause: str
    amount_minor: int
    calculation: str
    events: list[int]


@dataclass(slots=True)
class Settlement:
    """A contract's lines and what they leave: `balance_minor` above zero is owed to the partner, below a claim.

    `beside` are payments outside the balance: those that name no milestone, or one that is not accepted.
    `claims` are the milestones on which the partner owes something, and how much.
    `checks` are (figure, sum of these lines, total of the schedule). `unknown` are the accepted milestones of which it
    is not known what is owed: the balance is not known either.
    """

    contract: Contract
    entries: list[Entry] = field(default_factory=list)
    beside: list[Entry] = field(default_factory=list)
    checks: list[tuple[str, int, int]] = field(default_factory=list)
    held_minor: int = 0
    instructed_minor: int = 0
    payable_minor: int = 0
    claims: list[tuple[str, int]] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)

    @property
    def currency(self) -> str:
        return self.contract.terms.currency

    @property
    def completed_on(self) -> date | None:
        return completed_on(self.contract)

    @property
    def kept_minor(self) -> int:
        """Retention that is not released yet."""
        return -sum(n.amount_minor for n in self.entries if n.group in ("retention", "release"))

    @property
    def balance_minor(self) -> int:
        return sum(entry.amount_minor for entry in self.entries)

    def totals(self) -> Iterator[tuple[str, int]]:
        """The groups that have lines, with their sums."""
        for group in GROUPS:
            amounts = [n.amount_minor for n in self.entries if n.group == group]
            if amounts:
                yield group, sum(amounts)


def settlement(records: Sequence[Record], as_of: date | None = None) -> Settlement | None:
    """The statement of a contract from its records; None where it did not exist by that day."""
    state = fold(records, as_of)
    if state is None:
        return None
    by_version = {record.version: record for record in records}
    told = Settlement(state)
    for milestone in state.milestones.values():
        if milestone.acceptance is not None:
            told.entries += _lines(state, milestone, by_version)
    told.entries += _paid(state, accepted=True)
    told.entries.sort(key=lambda entry: list(GROUPS).index(entry.group))
    told.beside = list(_paid(state, accepted=False))
    _proven(told)
    return told


def _lines(state: Contract, milestone: Milestone, by_version: dict[int, Record]) -> Iterator[Entry]:
    for posted in milestone.lines:
        line = posted.line
        group = _OF_STEP.get(line.step, "adjustment")
        if group == "accepted" and milestone.traits.ahead:
            group = "advance"
        words = calculation(line, state, by_version)
        events = behind(posted, milestone, by_version)
        yield _entry(group, milestone, line, line.amount_minor, words, events)
    for release in milestone.releases:
        yield _release(state, milestone, release, by_version)


def _entry(
    group: str, milestone: Milestone, line: Line, amount: int, words: str, events: list[int]
) -> Entry:
    return Entry(group, milestone.id, line.step, line.clause, amount, words, events)


def _release(
    state: Contract, milestone: Milestone, release: Release, by_version: dict[int, Record]
) -> Entry:
    data = by_version[release.version].data
    assert isinstance(data, e.RetentionReleased)
    line = data.lines[0]
    words = calculation(line, state, by_version)
    events = sorted(by_version[v].position for v in (*data.rests_on, release.version))
    return _entry("release", milestone, line, release.amount_minor, words, events)


def _paid(state: Contract, *, accepted: bool) -> Iterator[Entry]:
    """Payments that went out and did not come back, on accepted milestones or beside them."""
    for payment in state.payments.values():
        milestone = state.milestones.get(payment.milestone)
        counts = milestone is not None and milestone.acceptance is not None
        if not payment.stands or counts != accepted:
            continue
        says = f"{state.id}#{payment.version} on {payment.paid_on or 'an unknown day'}"
        says += f", reference {payment.reference}" if payment.reference else ""
        says += f", retention #{payment.release}" if payment.release else ""
        amount, events = -payment.paid_minor, sorted(payment.positions)
        clause = "refund" if payment.refunded else "payment"
        yield Entry("paid", payment.milestone, "paid", clause, amount, says, events)


def _proven(told: Settlement) -> None:
    """Sums the schedule's own rows beside these lines, figure by figure."""
    rows = [
        dict(zip(schedule.MODEL.names, row, strict=True)) for row in schedule.rows(told.contract)
    ]
    accepted = [row for row in rows if row["status"] in ("accepted", "paid")]

    def total(*names: str) -> int:
        return sum(int(row[name] or 0) for row in accepted for name in names)

    def lines(*groups: str) -> int:
        return sum(n.amount_minor for n in told.entries if n.group in groups)

    paid = lines("paid") + lines_of(told.beside)
    told.checks = [
        ("bonus", lines("bonus"), total("bonus_minor")),
        ("penalty", -lines("penalty"), total("penalty_minor")),
        ("tax", lines("tax"), total("tax_minor")),
        ("retention", -lines("retention", "release"), total("retention_minor")),
        ("paid", -paid, sum(int(row["paid_minor"] or 0) for row in rows)),
    ]
    if all(row["net_minor"] is not None for row in accepted):
        net = told.balance_minor - lines("paid")
        told.checks.append(("net", net, total("net_minor")))
    told.held_minor = total("held_minor")
    told.unknown = [str(row["milestone"]) for row in accepted if row["outstanding_minor"] is None]
    if not told.unknown:
        told.checks.append(("outstanding", told.balance_minor, total("outstanding_minor")))
    told.instructed_minor = total("instructed_minor")
    told.payable_minor = total("payable_minor")
    told.claims = [
        (str(row["milestone"]), -int(row["outstanding_minor"] or 0))
        for row in accepted
        if int(row["outstanding_minor"] or 0) < 0
    ]


def lines_of(entries: Sequence[Entry]) -> int:
    """What some lines come to."""
    return sum(entry.amount_minor for entry in entries)
