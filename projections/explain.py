"""One milestone's price as a person would check it: every line with its calculation and the events behind it.

Lines are facts and only summed here. Beside that, the automatic ones and the due date are reckoned again from the
clauses (projections/recompute.py): what differs is named, never corrected.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date

from ledger import events as e
from ledger.calculations import Early, Retained
from ledger.clauses import calculation_of
from ledger.contract import fold
from ledger.decisions.delivery import in_force
from ledger.events import Record
from ledger.kinds import traits
from ledger.measured import Missed, Unearned
from ledger.money import display_minor
from ledger.state import Approval, Contract, Milestone, Payment, Posted, Submission
from projections.calculations import calculation as calculation
from projections.derive.inbox import counting
from projections.derive.settlements import gain
from projections.judged import missed_by, standing, unearned_by
from projections.recompute import Differs, reckon_all


@dataclass(frozen=True, slots=True)
class Explained:
    """A price line in words; `amount_minor` is its signed share of net, `events` the positions it rests on."""

    step: str
    clause: str
    amount_minor: int
    calculation: str
    events: list[int]


@dataclass(frozen=True, slots=True)
class Moved:
    """An amount that changes what is payable: a payment, an instruction, or a claim that holds."""

    kind: str
    reference: str
    amount_minor: int
    on: date | None
    status: str
    ended_on: date | None
    events: list[int]
    release: int = 0
    abroad: str = ""
    discount_minor: int = 0


@dataclass(frozen=True, slots=True)
class Released:
    """Retention that was released: a payable of its own, beside net, with its line in words."""

    reference: str
    amount_minor: int
    calculation: str
    due_on: date | None
    held_minor: int
    instructed_minor: int
    paid_minor: int
    outstanding_minor: int
    payable_minor: int
    events: list[int]


@dataclass(frozen=True, slots=True)
class Approved:
    """Who approved what, when, and in which role; `counts`: for what was approved last, and not taken back."""

    subject: str
    actor: str
    authenticated_as: str
    role: str
    on: date | None
    recorded_at: str
    part: str
    counts: bool
    position: int


@dataclass(slots=True)
class Explanation:
    """Everything about one milestone's money at a moment."""

    contract: Contract
    milestone: Milestone
    lines: list[Explained] = field(default_factory=list)
    moved: list[Moved] = field(default_factory=list)
    approvals: list[Approved] = field(default_factory=list)
    releases: list[Released] = field(default_factory=list)
    differences: list[Differs] = field(default_factory=list)
    missed: list[Missed] = field(default_factory=list)
    unearned: list[Unearned] = field(default_factory=list)
    checked: int = 0
    dues_checked: int = 0

    @property
    def currency(self) -> str:
        return self.contract.terms.currency


def explain(
    records: Sequence[Record],
    milestone: str,
    as_of: date | None = None,
    log: Sequence[Record] | None = None,
) -> Explanation | None:
    """The milestone's price, from the records of its contract; None where it does not exist at that moment.

    `log` has all records of the contract where `records` end before: a decision is reckoned again with everything
    that it recorded, also if the moment looked at lies in its middle.
    """
    state = fold(records, as_of)
    found = state.milestones.get(milestone) if state is not None else None
    if state is None or found is None:
        return None
    by_version = {record.version: record for record in records}
    told = Explanation(state, found)
    for posted in in_order(found.lines, by_version) if found.acceptance is not None else ():
        words = calculation(posted.line, state, by_version)
        events = behind(posted, found, by_version)
        line = posted.line
        told.lines.append(Explained(line.step, line.clause, line.amount_minor, words, events))
    told.moved = list(_moved(state, found))
    told.approvals = list(_approved(state, found, by_version))
    told.releases = list(_released(state, found, by_version))
    _judge(told, by_version)
    again = reckon_all(records, log or records, milestone)
    told.differences, told.checked, told.dues_checked = again.differences, again.lines, again.dues
    return told


def _judge(told: Explanation, by_version: dict[int, Record]) -> None:
    """What was measured and missed a required criterion or earned no bonus, by the terms that priced it."""
    milestone, delivery = told.milestone, standing(told.milestone)
    if delivery is None:
        return
    accepted = milestone.acceptance
    before = accepted.version if accepted is not None else told.contract.version
    terms = getattr(by_version[_terms(by_version, before)].data, "terms", told.contract.terms)
    told.missed = missed_by(milestone, delivery.results)
    told.unearned = unearned_by(terms, milestone, delivery.results)


# --- the order of the lines ------------------------------------------------------------------------

_STEPS = ("gross", "charge", "bonus", "penalty", "credit", "adjustment", "tax", "retention")


def in_order(lines: Sequence[Posted], by_version: dict[int, Record]) -> list[Posted]:
    """Lines of one acceptance in the order in which it was priced, whichever of its events carries them; then later
    ones, as they came.
    """
    accepted = {v for v, r in by_version.items() if isinstance(r.data, e.MilestoneAccepted)}

    def place(posted: Posted) -> tuple[int, int]:
        data, version, step = by_version[posted.version].data, posted.version, posted.line.step
        automatic = not getattr(data, "proposal", 0)
        with_it = accepted.intersection(data.rests_on) if automatic else set()
        if isinstance(data, e.BonusAwarded | e.PenaltyAssessed) and with_it:
            version = max(with_it)
        return version, _STEPS.index(step) if step in _STEPS else len(_STEPS)

    return sorted(lines, key=place)


# --- the events behind a line ----------------------------------------------------------------------


def behind(posted: Posted, milestone: Milestone, by_version: dict[int, Record]) -> list[int]:
    """The positions of a line's own event, of all that it rests on, and of the plan and terms under which what it is
    about was accepted.
    """
    versions = _closure(posted.version, by_version)
    for version in list(versions):
        if isinstance(by_version[version].data, e.MilestoneSubmitted):
            submission = next((s for s in milestone.submissions if s.version == version), None)
            if submission is not None:
                versions.add(in_force(milestone, submission).version)
    accepted = [
        version
        for version, record in by_version.items()
        if version <= posted.version
        and isinstance(record.data, e.MilestoneAccepted)
        and record.data.milestone == milestone.id
    ]
    versions.add(_terms(by_version, max(accepted, default=posted.version)))
    versions |= _of_the_whole(posted, by_version)
    return sorted(by_version[version].position for version in versions)


def _of_the_whole(posted: Posted, by_version: dict[int, Record]) -> set[int]:
    """What a line looks at beside its milestone: acceptances before it, and for a recovery the advances paid."""
    line = posted.line
    recovery = line.step == "advance"
    kept = calculation_of(line)
    shares = isinstance(kept, Early | Retained) and kept.looks_at_the_whole
    if not recovery and not shares:
        return set()
    earlier = [record for version, record in by_version.items() if version < posted.version]
    advances = {
        r.data.milestone
        for r in earlier
        if isinstance(r.data, e.MilestoneDefined) and traits(r.data.kind).ahead
    }
    paid = e.PaymentRecorded | e.PaymentReversed | e.PaymentRefunded
    return {
        r.version
        for r in earlier
        if (isinstance(r.data, e.MilestoneAccepted) and r.data.milestone not in advances)
        or (recovery and isinstance(r.data, paid) and r.data.milestone in advances)
    }


def _closure(version: int, by_version: dict[int, Record]) -> set[int]:
    found, ahead = set[int](), [version]
    while ahead:
        one = ahead.pop()
        if one not in found and one in by_version:
            found.add(one)
            ahead += by_version[one].data.rests_on
    return found


def _terms(by_version: dict[int, Record], before: int) -> int:
    """The version of the event that set the terms in force."""
    kinds = (e.ContractSigned, e.ContractAmended)
    return max(v for v, r in by_version.items() if v <= before and isinstance(r.data, kinds))


# --- payments, holds, approvals --------------------------------------------------------------------


def _moved(state: Contract, milestone: Milestone) -> Iterator[Moved]:
    for p in state.payments.values():
        if p.milestone == milestone.id:
            amount, on = (p.paid_minor, p.paid_on) if p.record else (p.amount_minor, p.on)
            name = f"{state.id}#{p.version}"
            places = sorted(p.positions)
            kind = "payment" if p.refunded is None else "refund"
            yield Moved(
                kind,
                name,
                abs(amount),
                on,
                p.status,
                p.ended_on,
                places,
                p.release,
                _abroad(p),
                p.reserved_minor - p.amount_minor,
            )
    for d in milestone.disputes:
        name = f"{state.id}#{d.version}"
        kind = "dispute" if d.side == "client" else "partner's dispute"
        yield Moved(
            kind, name, d.amount_minor or 0, d.on, d.status, d.ended_on, sorted(d.positions)
        )


def _abroad(payment: Payment) -> str:
    """What a payment came to in another currency, at which rate, and what it cost less or more than instructed."""
    told = payment.instruction.exchange if payment.instruction else None
    exchange = (payment.recorded and payment.recorded.exchange) or told
    if exchange is None:
        return ""
    currency = exchange.currency
    says = f"{display_minor(exchange.amount_minor, currency)} {currency} at {exchange.rate}"
    if exchange.rate_on or exchange.source:
        says += f" ({' '.join(str(part) for part in (exchange.rate_on, exchange.source) if part)})"
    if gained := gain(payment):
        name = "gain" if gained > 0 else "loss"
        says += f", a {name} of {display_minor(abs(gained), currency)} {currency}"
    return says


def _released(
    state: Contract, milestone: Milestone, by_version: dict[int, Record]
) -> Iterator[Released]:
    standings = {standing.release: standing for standing in milestone.standings()}
    for release in milestone.releases:
        record, standing = by_version[release.version], standings[release.version]
        lines = getattr(record.data, "lines", ())
        versions = _closure(release.version, by_version) | {_terms(by_version, release.version)}
        yield Released(
            f"{state.id}#{release.version}",
            release.amount_minor,
            "; ".join(calculation(line, state, by_version) for line in lines),
            release.payment_due,
            standing.held_minor,
            release.instructed_minor,
            release.paid_minor,
            release.outstanding_minor,
            standing.payable_minor,
            sorted(by_version[version].position for version in versions),
        )


def _approved(
    state: Contract, milestone: Milestone, by_version: dict[int, Record]
) -> Iterator[Approved]:
    """The approvals of the milestone's submissions, and of the proposals that changed its price or plan."""
    subjects = [
        (
            f"{state.id}/{milestone.id}",
            a,
            s.status in ("pending", "accepted"),
            _counting(state, milestone, s),
        )
        for s in milestone.submissions
        for a in s.approvals
    ]
    subjects += [
        (f"{state.id}#{p.version}", a, p.status in ("open", "approved"), _of_latest(p.approvals))
        for p in state.proposals.values()
        for a in p.approvals
        if concerns(p.content, milestone.id)
        or (milestone.traits.posted and milestone.plan.proposal == p.version)
    ]
    for subject, approval, stands, counted in sorted(subjects, key=lambda each: each[1].version):
        record = by_version[approval.version]
        part = record.data.part if isinstance(record.data, e.ApprovalGranted) else ""
        yield Approved(
            subject,
            approval.actor,
            record.authenticated_as,
            approval.role,
            approval.on,
            record.recorded_at,
            part,
            stands and approval.version in counted,
            approval.position,
        )


def _counting(state: Contract, milestone: Milestone, submission: Submission) -> set[int]:
    """The approvals that count: while it waits, of the count that goes on; once decided, of the one approved last."""
    if submission.status != "pending":
        return _of_latest(submission.approvals)
    count = counting(state, milestone, submission)
    return {a.version for a in count.approvals} if count is not None else set()


def _of_latest(approvals: Sequence[Approval]) -> set[int]:
    """The approvals of what was approved last: one of another part does not count beside it."""
    live = [a for a in approvals if a.live]
    return {a.version for a in live if a.digest == live[-1].digest}


def concerns(content: e.Proposed, milestone: str) -> bool:
    """Whether a proposal is about a milestone."""
    revisions = getattr(content, "revisions", ())
    named = {part.milestone for part in (*revisions, *getattr(content, "shares", ()))}
    named |= {getattr(content, "milestone", ""), getattr(content, "against", "")}
    return milestone in named
