"""What a clause gives, reckoned again: price lines and due dates that events carry, against those that they should.

The automatic lines of an acceptance (from gross to what advances recover) are priced from the clauses as they stood
then; what was taken back is held against what it undoes. What comes later (tax that follows, releases, invoices' due
dates, discounts) is reckoned from the contract as it stood just before, folded anew, by the terms under which what it
adjusts was accepted: terms amended since, before or after it, play no part.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date

import msgspec

from ledger import events as e
from ledger.calculations import Quality, TakenBack
from ledger.clauses import calculation_of
from ledger.contract import fold
from ledger.decisions.adjusting import tax_of
from ledger.decisions.delivery import delivered, invoiced_on
from ledger.decisions.effects_termination import settlement_lines
from ledger.decisions.retention import due_of, released
from ledger.events import Covered, Line, Record
from ledger.payables import early_payment
from ledger.pricing.order import price
from ledger.pricing.payment_due import PaymentDue, payment_due
from ledger.retaining import released_by
from ledger.state import Contract, Milestone

_AUTOMATIC = ("early", "quality")
_FOLLOWED = e.BonusAwarded | e.BonusRevoked | e.PenaltyWaived | e.DisputeResolved
_Later = _FOLLOWED | e.RetentionReleased | e.InvoiceReceived | e.InvoiceRejected | e.PaymentRecorded


@dataclass(frozen=True, slots=True)
class Differs:
    """A stored line that the clauses do not give: both amounts (None: no such line), and the acceptance."""

    step: str
    clause: str
    stored_minor: int | None
    reckoned_minor: int | None
    detail: str
    position: int


@dataclass(slots=True)
class Checked:
    """How many lines and due dates were reckoned again, and where they differ."""

    differences: list[Differs] = field(default_factory=list)
    lines: int = 0
    dues: int = 0

    def due(self, found: Differs | bool | None) -> None:
        """Counts a due date that was reckoned again; None is one that could not be."""
        self.dues += found is not None
        self.differences += [found] if isinstance(found, Differs) else []

    def compare(self, stored: list[Line], wanted: list[Line], position: int) -> None:
        """Counts lines that are wanted, and holds them against those stored."""
        self.lines += len(wanted)
        self.differences += _compared(stored, wanted, position)


def reckon_all(records: Sequence[Record], log: Sequence[Record], milestone: str) -> Checked:
    """Every line and due date of a milestone that can be reckoned again; `log` has all records of its contract."""
    checked = Checked()
    for record in records:
        if isinstance(record.data, e.MilestoneAccepted) and record.data.milestone == milestone:
            differences, count = reckon(log, record)
            checked.differences += differences
            checked.lines += count
            checked.due(reckon_due(log, record))
        elif isinstance(record.data, e.ClaimSetOff) and record.data.milestone == milestone:
            before = fold(one for one in log if one.version < record.version)
            if before is not None:
                wanted = of_set_off(before, record.data)
                checked.compare(list(record.data.lines), wanted, record.position)
        else:
            reckon_later(checked, log, record, milestone)
    checked.differences += wrongly_taken_back(records, milestone)
    return checked


def reckon(records: Sequence[Record], accepted: Record) -> tuple[list[Differs], int]:
    """Where the stored lines of an acceptance differ from those that its clauses give, and how many were compared.

    The state before the acceptance is folded anew, so terms amended and dates moved later play no part. An acceptance
    that was imported priced nothing but the gross part.
    """
    data = accepted.data
    assert isinstance(data, e.MilestoneAccepted)
    before = fold(record for record in records if record.version < accepted.version)
    milestone = before.milestones.get(data.milestone) if before is not None else None
    if before is None or milestone is None or data.accepted_minor is None:
        return [], 0
    if milestone.traits.posted:
        wanted = of_settlement(before, milestone)
        return list(_compared(list(data.lines), wanted, accepted.position)), len(wanted)
    submission = next((s for s in milestone.submissions if s.version == data.submission), None)
    if submission is None:
        return [], 0
    wanted = price(delivered(before, milestone, submission, data.accepted_minor))
    if not _decided(records, data):
        wanted = [line for line in wanted if line.step == "gross"]
    stored = _stored(records, accepted)
    return list(_compared(stored, wanted, accepted.position)), len(wanted)


def _decided(records: Sequence[Record], data: e.MilestoneAccepted) -> bool:
    """Whether people approved it here; an import takes what its source says."""
    by_version = {record.version: record for record in records}
    return any(isinstance(by_version[v].data, e.ApprovalGranted) for v in data.rests_on)


def reckon_due(records: Sequence[Record], accepted: Record) -> Differs | bool | None:
    """The day on which payment falls due, reckoned again: where it differs, True where it agrees.

    None where it cannot be told: an import's own date, or a calendar of another edition than was used.
    """
    data = accepted.data
    assert isinstance(data, e.MilestoneAccepted)
    before = fold(record for record in records if record.version < accepted.version)
    if before is None or not _decided(records, data):
        return None
    milestone = before.milestones[data.milestone]
    due = payment_due(before.terms, data.on, invoiced_on(before, milestone))
    if due.calendar != data.calendar:
        return None
    if (due.day, due.provisional) == (data.payment_due, data.provisional):
        return True
    stored = PaymentDue(data.payment_due, data.provisional)
    return due_differs(stored, due, accepted.position)


def due_differs(stored: PaymentDue, due: PaymentDue, position: int) -> Differs:
    """A due date that the terms do not give."""
    detail = f"payment is due {_day(stored.day, stored.provisional)}"
    detail += f", reckoned {_day(due.day, due.provisional)}"
    return Differs("due date", "payment", None, None, detail, position)


def _day(day: date | None, provisional: bool) -> str:
    return f"{day or 'on no day'}{' (provisional)' if provisional else ''}"


def _stored(records: Sequence[Record], accepted: Record) -> list[Line]:
    """The automatic lines that an acceptance led to: its own, and those of the bonuses and penalties tied to it."""
    assert isinstance(accepted.data, e.MilestoneAccepted)
    found = list(accepted.data.lines)
    for record in records:
        data = record.data
        early = isinstance(data, e.BonusAwarded) and data.kind in _AUTOMATIC
        if early or isinstance(data, e.PenaltyAssessed):
            found += getattr(data, "lines", ()) if accepted.version in data.rests_on else ()
    return found


def _compared(stored: list[Line], wanted: list[Line], position: int) -> Iterator[Differs]:
    left = list(wanted)
    for line in stored:
        twin = next((w for w in left if _same_clause(w, line)), None)
        if twin is None:
            detail = "the clauses give no such line"
            yield Differs(line.step, line.clause, line.amount_minor, None, detail, position)
            continue
        left.remove(twin)
        if (twin.amount_minor, twin.calculation) != (line.amount_minor, line.calculation):
            detail = _parts(line, twin)
            amounts = (line.amount_minor, twin.amount_minor)
            yield Differs(line.step, line.clause, *amounts, detail, position)
    for line in left:
        detail = "the clauses give a line that is not there"
        yield Differs(line.step, line.clause, None, line.amount_minor, detail, position)


def _same_clause(one: Line, two: Line) -> bool:
    same = (one.step, one.clause) == (two.step, two.clause)
    return same and _criterion(one) == _criterion(two)


def _criterion(line: Line) -> str | None:
    """What tells one quality bonus from another."""
    kept = calculation_of(line)
    return kept.criterion if isinstance(kept, Quality) else None


def _parts(stored: Line, reckoned: Line) -> str:
    names = sorted(stored.calculation.keys() | reckoned.calculation.keys())
    pairs = [(n, stored.calculation.get(n), reckoned.calculation.get(n)) for n in names]
    parts = [f"{name} is {one}, reckoned {two}" for name, one, two in pairs if one != two]
    return "; ".join(parts) or "the inputs agree, the amount does not"


def wrongly_taken_back(records: Sequence[Record], milestone: str) -> Iterator[Differs]:
    """Lines that undo another without being its opposite; a waiver may give back less."""
    posted = {r.version: list(getattr(r.data, "lines", ())) for r in records}
    for record in records:
        if getattr(record.data, "milestone", None) != milestone:
            continue
        for line in posted[record.version]:
            kept = calculation_of(line)
            if not isinstance(kept, TakenBack) or line.clause == "waiver":
                continue
            undone = [
                -one.amount_minor
                for one in posted.get(kept.takes_back, ())
                if (one.step, one.clause) == (line.step, line.clause)
            ]
            if line.amount_minor not in undone:
                detail = f"not the opposite of what #{kept.takes_back} posted"
                reckoned = undone[0] if undone else None
                at = record.position
                yield Differs(line.step, line.clause, line.amount_minor, reckoned, detail, at)


# --- endings -------------------------------------------------------------------------------------


def of_settlement(before: Contract, settlement: Milestone) -> list[Line]:
    """The fee as approved, and what is left of the advances; not performed is what was cancelled with the contract."""
    proposal = before.proposals.get(settlement.plan.proposal)
    if proposal is None or not isinstance(proposal.content, e.Termination):
        return []
    ended = max(settlement.plan.rests_on)
    given_up = sum(
        m.current.amount_minor or 0
        for m in before.milestones.values()
        if m.traits.delivered and m.status == "cancelled" and m.cancelled_by > ended
    )
    return list(settlement_lines(before, proposal.content.fee_minor, given_up))


def of_set_off(before: Contract, data: e.ClaimSetOff) -> list[Line]:
    """The lines with the amount that was approved: added to the claim, taken off the other milestone."""
    proposal = before.proposals.get(data.proposal)
    if proposal is None or not isinstance(proposal.content, e.SetOff):
        return []
    content = proposal.content
    sign = 1 if content.milestone == data.milestone else -1
    amount = sign * content.amount_minor
    return [msgspec.structs.replace(line, amount_minor=amount) for line in data.lines]


# --- after an acceptance -------------------------------------------------------------------------


def reckon_later(checked: Checked, log: Sequence[Record], record: Record, milestone: str) -> None:
    """Adds what one fact says of a milestone, if it says anything that can be reckoned again."""
    data = record.data
    if not isinstance(data, _Later) or not _is_about(data, milestone):
        return
    before = fold(one for one in log if one.version < record.version)
    found = before.milestones.get(milestone) if before is not None else None
    if before is None or found is None:
        return
    if isinstance(data, _FOLLOWED):
        _tax(checked, before, found, record)
    elif isinstance(data, e.RetentionReleased):
        _release(checked, before, found, data, record.position)
    elif isinstance(data, e.PaymentRecorded):
        _discount(checked, before, log, data, record.position)
    else:
        for covered in data.covers:
            if covered.milestone == milestone:
                checked.due(_invoiced(before, found, data, covered, record.position))


def _is_about(data: e.Fact, milestone: str) -> bool:
    if isinstance(data, e.InvoiceReceived | e.InvoiceRejected):
        return any(covered.milestone == milestone for covered in data.covers)
    return getattr(data, "milestone", None) == milestone


def _tax(checked: Checked, before: Contract, milestone: Milestone, record: Record) -> None:
    """By how much tax follows a decision of people: what comes with an acceptance is taxed there."""
    data = record.data
    if not getattr(data, "proposal", 0):
        return
    own = [line for line in getattr(data, "lines", ()) if line.step != "tax"]
    stored = [line for line in getattr(data, "lines", ()) if line.step == "tax"]
    wanted = tax_of(before, milestone, own) if own else []
    checked.compare(stored, wanted, record.position)


def _release(
    checked: Checked,
    before: Contract,
    milestone: Milestone,
    data: e.RetentionReleased,
    position: int,
) -> None:
    """A release may be of a part, never of more than the terms let go by its day, less what was released before."""
    if data.on is None:
        return
    gone = released_by(before, milestone, data.on)
    left = max(0, gone - milestone.released_minor)
    amount = min(data.amount_minor, left)
    checked.compare(
        list(data.lines), [released(milestone, amount, gone, milestone.released_minor)], position
    )
    due = due_of(before, milestone, amount, data.on)
    if due.calendar == data.calendar:
        stored = PaymentDue(data.payment_due, data.provisional)
        same = stored[:2] == due[:2]
        checked.due(True if same else due_differs(stored, due, position))


def _invoiced(
    before: Contract,
    milestone: Milestone,
    data: e.InvoiceReceived | e.InvoiceRejected,
    covered: Covered,
    position: int,
) -> Differs | bool | None:
    """When payment falls due by an invoice, or by those that are left; None where it does not count from them."""
    terms, acceptance = before.terms_of(milestone), milestone.acceptance
    if terms.payment is None or terms.payment.after != "invoice" or acceptance is None:
        return None
    if isinstance(data, e.InvoiceReceived):
        day = data.issued_on or data.on
    else:
        day = invoiced_on(before, milestone, data.invoice)
    due = payment_due(terms, acceptance.on, day)
    if due.calendar != covered.calendar:
        return None
    stored = PaymentDue(covered.payment_due, covered.provisional)
    return True if stored[:2] == due[:2] else due_differs(stored, due, position)


def _discount(
    checked: Checked,
    before: Contract,
    log: Sequence[Record],
    data: e.PaymentRecorded,
    position: int,
) -> None:
    """A discount is what the terms gave on the day of the instruction."""
    if not data.lines:
        return
    earlier = fold(one for one in log if one.version < data.instruction)
    payment = before.payments.get(data.instruction)
    if earlier is None or payment is None:
        return
    gives = early_payment(earlier, earlier.milestones[data.milestone], payment.on)
    wanted = [e.Line(step="settlement", clause="discount", amount_minor=-gives)]
    stored = [
        e.Line(step=line.step, clause=line.clause, amount_minor=line.amount_minor)
        for line in data.lines
    ]
    checked.compare(stored, wanted, position)
