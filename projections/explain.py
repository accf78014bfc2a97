"""One milestone's price as a person would check it: every line with its calculation and the events behind it.

Lines are facts and only summed here. Beside that, the automatic ones and the due date are reckoned again from the
clauses (projections/reckoning.py): what differs is named, never corrected.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction

from ledger import events as e
from ledger.contract import fold
from ledger.decisions.acceptance import in_force
from ledger.events import Line, Record
from ledger.money import display_minor, exponent
from ledger.state import Approval, Contract, Milestone, Posted
from projections.reckoning import Differs, reckon, reckon_due, wrongly_taken_back


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
    differences: list[Differs] = field(default_factory=list)
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
    for posted in found.lines if found.acceptance is not None else ():
        words = calculation(posted.line, state, by_version)
        events = behind(posted, found, by_version)
        line = posted.line
        told.lines.append(Explained(line.step, line.clause, line.amount_minor, words, events))
    told.moved = list(_moved(state, found))
    told.approvals = list(_approved(state, found, by_version))
    for record in records:
        if isinstance(record.data, e.MilestoneAccepted) and record.data.milestone == milestone:
            differences, checked = reckon(log or records, record)
            told.differences += differences
            told.checked += checked
            due = reckon_due(log or records, record)
            told.dues_checked += due is not None
            told.differences += [due] if isinstance(due, Differs) else []
    told.differences += wrongly_taken_back(records, milestone)
    return told


# --- the events behind a line ----------------------------------------------------------------------


def behind(posted: Posted, milestone: Milestone, by_version: dict[int, Record]) -> list[int]:
    """The positions of a line's own event, of all that it rests on, and of the terms and plan in force."""
    versions = _closure(posted.version, by_version)
    for version in list(versions):
        if isinstance(by_version[version].data, e.MilestoneSubmitted):
            submission = next((s for s in milestone.submissions if s.version == version), None)
            if submission is not None:
                versions.add(in_force(milestone, submission).version)
    versions.add(_terms(by_version, posted.version))
    return sorted(by_version[version].position for version in versions)


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


# --- a calculation in words ------------------------------------------------------------------------


def calculation(line: Line, state: Contract, by_version: dict[int, Record]) -> str:
    """How a line came about: "3 days early × 0.5% × 120,000.00 = 1,800.00; cap 5% = 6,000.00 not reached"."""
    kept = line.calculation
    if "takes_back" in kept:
        return _taken_back(line, state, by_version)
    if "days" in kept:
        return _per_day(line, state.terms.currency)
    amount = display_minor(line.amount_minor, state.terms.currency)
    if "planned_minor" in kept:
        return _gross(line, state.terms.currency)
    if "measured" in kept:
        return f"{kept['criterion']} {kept['measured']} ≥ {kept['at_least']}: {amount}, whole"
    if "outcome" in kept:
        disputed = display_minor(int(kept["disputed_minor"]), state.terms.currency)
        named = f" in {state.id}#{kept['dispute']}" if "dispute" in kept else ""
        return f"{kept['outcome']}: {amount} of {disputed} disputed{named}"
    if "reason" in kept:
        return f"decided: {kept['reason']}"
    return ", ".join(f"{name} {value}" for name, value in kept.items()) or "as stated"


def _gross(line: Line, currency: str) -> str:
    planned = line.calculation["planned_minor"]
    amount = display_minor(line.amount_minor, currency)
    if not planned.isdigit() or int(planned) == line.amount_minor:
        return f"accepted whole: {amount}"
    share = Fraction(100 * line.amount_minor, int(planned) or 1)
    part = (
        f"{_decimal(share)}% × " if share.denominator in (1, 2, 4, 5, 10, 20, 25, 50, 100) else ""
    )
    whole = display_minor(int(planned), currency)
    return f"{part}{whole} = {amount}" if part else f"{amount} accepted of {whole}"


def _per_day(line: Line, currency: str) -> str:
    kept = line.calculation
    days, base = int(kept["days"]), int(kept["base_minor"])
    exact = Fraction(kept["rate"].removesuffix("%")) * days * base / 100
    word = "early" if line.step == "bonus" else "late"
    product = _decimal(exact / 10 ** exponent(currency), exponent(currency))
    whole = round(exact) if exact.denominator == 1 else None
    product = product if whole is None else display_minor(whole, currency)
    says = f"{days} {'day' if days == 1 else 'days'} {word} × {kept['rate']}"
    says += f" × {display_minor(base, currency)} = {product}"
    if "cap_minor" not in kept:
        cap = f"; {kept['cap']}"
    else:
        reached = "reached" if kept.get("capped") == "yes" else "not reached"
        cap = f"; cap {kept['cap']} = {display_minor(int(kept['cap_minor']), currency)} {reached}"
    charged = display_minor(abs(line.amount_minor), currency)
    rounded = whole is None and kept.get("capped") != "yes"
    return says + (f", {kept['rounding']} {charged}" if rounded else "") + cap


def _decimal(value: Fraction, most: int = 2) -> str:
    """An exact decimal where there is one within six more digits, else cut there with an ellipsis."""
    scaled = value * 10 ** (most + 6)
    digits = f"{abs(int(scaled)):0{most + 7}d}"
    text = f"{int(digits[: -(most + 6)]):,}.{digits[-(most + 6) :]}".rstrip("0").rstrip(".")
    return ("-" if value < 0 else "") + text + ("" if scaled.denominator == 1 else "…")


def _taken_back(line: Line, state: Contract, by_version: dict[int, Record]) -> str:
    target = int(line.calculation["takes_back"])
    record = by_version.get(target)
    of = f" of {record.data.on}" if record is not None and record.data.on else ""
    reason = line.calculation.get("reason")
    act = "gives back" if line.clause == "waiver" else "takes back"
    return f"{act} {state.id}#{target}{of}" + (f": {reason}" if reason else "")


# --- payments, holds, approvals --------------------------------------------------------------------


def _moved(state: Contract, milestone: Milestone) -> Iterator[Moved]:
    for p in state.payments.values():
        if p.milestone == milestone.id:
            amount, on = (p.paid_minor, p.paid_on) if p.record else (p.amount_minor, p.on)
            name = f"{state.id}#{p.version}"
            yield Moved("payment", name, amount, on, p.status, p.ended_on, sorted(p.positions))
    for d in milestone.disputes:
        name = f"{state.id}#{d.version}"
        kind = "dispute" if d.side == "client" else "partner's dispute"
        yield Moved(
            kind, name, d.amount_minor or 0, d.on, d.status, d.ended_on, sorted(d.positions)
        )


def _approved(
    state: Contract, milestone: Milestone, by_version: dict[int, Record]
) -> Iterator[Approved]:
    """The approvals of the milestone's submissions, and of the proposals that changed its price or plan."""
    subjects = [
        (f"{state.id}/{milestone.id}", a, s.status in ("pending", "accepted"), s.approvals)
        for s in milestone.submissions
        for a in s.approvals
    ]
    subjects += [
        (f"{state.id}#{p.version}", a, p.status in ("open", "approved"), p.approvals)
        for p in state.proposals.values()
        for a in p.approvals
        if concerns(p.content, milestone.id)
    ]
    for subject, approval, stands, beside in sorted(subjects, key=lambda each: each[1].version):
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
            stands and approval.live and approval.digest == _latest(beside),
            approval.position,
        )


def _latest(approvals: Sequence[Approval]) -> str:
    """The digest approved last: an approval of another part does not count beside it."""
    return next((a.digest for a in reversed(approvals) if a.live), "")


def concerns(content: e.Content, milestone: str) -> bool:
    """Whether a proposal is about a milestone."""
    revisions = getattr(content, "revisions", ())
    named = {revision.milestone for revision in revisions}
    return getattr(content, "milestone", None) == milestone or milestone in named
