"""What an event says, in one sentence for people: its position, the name to refer to it by, and what
happened.

    12  BW-2026-014/M1 accepted: 120,000.00 CNY + early bonus 1,800.00 = 121,800.00; payment due …

The position bears no sign, since #12 would read as the end of a CONTRACT#VERSION. The sentence is
not stable and not for programs: those read the event itself, with --json.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from commands.wording_apart import SENTENCES_APART
from commands.wording_changes import content_in_words
from ledger import events as e
from ledger.events import Fact, Line, Record
from ledger.money import display_minor
from ledger.state import Contract

MOST_PEOPLE = 3


@dataclass(frozen=True, slots=True)
class Told:
    """One record on its way to a sentence: the contract as it is after it, and its neighbours.

    `now`: the contract stands as the record left it, so that who has to act next can be told.
    """

    record: Record
    contract: Contract
    batch: Sequence[Record] = ()
    now: bool = False

    def money(self, minor: int | None) -> str:
        """An amount with its currency."""
        if minor is None:
            return "an unknown amount"
        return f"{self.bare(minor)} {self.contract.terms.currency}"

    def bare(self, minor: int) -> str:
        """An amount whose currency was just said."""
        return display_minor(minor, self.contract.terms.currency)

    def milestone(self, milestone: str) -> str:
        return f"{self.contract.id}/{milestone}"

    def numbered(self, version: int = 0) -> str:
        """The name of the fact of that version; without one, of this very event."""
        return f"{self.contract.id}#{version or self.record.version}"

    def waits(self, reference: str) -> str:
        """For whom something waits now: "; waits for manager: ann, bob"."""
        if not self.now:
            return ""
        from projections.derive.inbox import tasks

        waiting = []
        for task in tasks(self.contract):
            if task.reference == reference and task.task in ("approve", "propose a resolution"):
                more = ["…"] if task.people[MOST_PEOPLE:] else []
                people = ", ".join([*task.people[:MOST_PEOPLE], *more])
                waiting.append(f"{task.role}: {people or 'nobody who may'}")
        return f"; waits for {'; '.join(waiting)}" if waiting else ""


def sentences(records: Sequence[Record], contracts: Mapping[str, Contract]) -> list[str]:
    """A line per record just recorded, given each contract as it is now."""
    return [sentence(r, contracts[r.stream_id], records, now=True) for r in records]


def sentence(
    record: Record, contract: Contract, batch: Sequence[Record] = (), now: bool = False
) -> str:
    """The line of one record; `batch` are the records that were recorded with it."""
    told = Told(record, contract, batch, now)
    make = SENTENCES.get(type(record.data))
    if make is None:
        name = e.type_name(record.data).partition("/")[0]
        words = "".join(f" {c.lower()}" if c.isupper() else c for c in name).strip()
        return f"{record.position}  {contract.id} {words}"
    return f"{record.position}  {make(record.data, told)}"


def _on(day: date | None) -> str:
    return "" if day is None else f" on {day}"


def _because(reason: str) -> str:
    return f": {reason}" if reason else ""


def _corrected(fact: Any) -> str:
    """Since when a correction acts: its own day, or that of what it corrects."""
    return " as an error" if fact.why == "error" else _on(fact.on)


# --- contract ------------------------------------------------------------------------------------


def _signed(fact: e.ContractSigned, told: Told) -> str:
    terms = fact.terms
    act = "taken over" if fact.imported else "signed"
    ceiling = "" if terms.ceiling_minor is None else f"ceiling {told.money(terms.ceiling_minor)}"
    said = [part for part in (terms.title, f"{terms.client} with {terms.partner}", ceiling) if part]
    return f"{told.contract.id} {act}{_on(fact.on)}: {', '.join(said)}"


def _imported(fact: e.HistoryImported, told: Told) -> str:
    return f"{told.contract.id} read to its end from {fact.source}"


def _amended(fact: e.ContractAmended, told: Told) -> str:
    by = f" by {told.numbered(fact.proposal)}" if fact.proposal else ""
    return f"{told.contract.id} amended{_on(fact.on)}{by}{_because(fact.reason)}"


def _granted(fact: e.RoleGranted, told: Told) -> str:
    return f"{told.contract.id} {fact.person} holds the role {fact.role} from {fact.on} on"


def _revoked_role(fact: e.RoleRevoked, told: Told) -> str:
    return f"{told.contract.id} {fact.person} no longer holds the role {fact.role}{_on(fact.on)}"


def _status(word: str) -> Callable[[Any, Told], str]:
    def make(fact: Any, told: Told) -> str:
        return f"{told.contract.id} {word}{_on(fact.on)}{_because(getattr(fact, 'reason', ''))}"

    return make


# --- milestone -----------------------------------------------------------------------------------


def _defined(fact: e.MilestoneDefined, told: Told) -> str:
    rest = f" as the rest of {fact.remainder_of}" if fact.remainder_of else ""
    title = f"{fact.title}, " if fact.title else ""
    due = f" due {fact.due}" if fact.due else ""
    amount = told.money(fact.amount_minor)
    return f"{told.milestone(fact.milestone)} defined{rest}: {title}{amount}{due}"


def _revised(fact: e.MilestoneRevised, told: Told) -> str:
    due = f" due {fact.due}" if fact.due else ""
    amount = told.money(fact.amount_minor)
    return f"{told.milestone(fact.milestone)} revised{_on(fact.on)}: now {amount}{due}"


def _started(fact: e.MilestoneStarted, told: Told) -> str:
    return f"{told.milestone(fact.milestone)} started{_on(fact.on)}"


def _submitted(fact: e.MilestoneSubmitted, told: Told) -> str:
    name = told.milestone(fact.milestone)
    act = "corrected" if fact.corrects else "submitted"
    at = ""
    if fact.at:
        moment = datetime.fromisoformat(fact.at)
        zone = moment.strftime("%z")
        at = f" ({moment:%H:%M} {zone[:3]}:{zone[3:]})" if zone else f" ({moment:%H:%M})"
    said = [f"{result.criterion} {result.measured}" for result in fact.results]
    if fact.evidence:
        said.append(f"evidence {', '.join(one.uri for one in fact.evidence)}")
    brought = f" with {', '.join(said)}" if said else ""
    return f"{name} {act}{_on(fact.on)}{at} by {told.record.actor}{brought}{told.waits(name)}"


def _rejected(fact: e.SubmissionRejected, told: Told) -> str:
    name = told.milestone(fact.milestone)
    return f"{name} rejected{_on(fact.on)} by {told.record.actor}{_because(fact.reason)}"


def _cancelled(fact: e.MilestoneCancelled, told: Told) -> str:
    return f"{told.milestone(fact.milestone)} cancelled{_on(fact.on)}{_because(fact.reason)}"


# --- approval ------------------------------------------------------------------------------------


def _proposed(fact: e.ChangeProposed, told: Told) -> str:
    name = told.numbered()
    said = content_in_words(fact.content, told.contract)
    reason = _because(getattr(fact.content, "reason", ""))
    return f"{name} proposed{_on(fact.on)} by {told.record.actor}: {said}{reason}{told.waits(name)}"


def _refused(fact: e.ChangeRejected, told: Told) -> str:
    by = told.record.actor
    return f"{told.numbered(fact.proposal)} rejected{_on(fact.on)} by {by}{_because(fact.reason)}"


def _approved(fact: e.ApprovalGranted, told: Told) -> str:
    part = ""
    if fact.milestone:
        name = told.milestone(fact.milestone)
        if fact.part:
            part = f" in part ({fact.part}: {told.money(fact.accepted_minor)})"
    else:
        name = told.numbered(fact.subject)
    signed = ", signed" if fact.signature else ""
    by = f"by {told.record.actor} as {fact.role}{signed}"
    return f"{name} approved{part}{_on(fact.on)} {by}{told.waits(name)}"


def _unapproved(fact: e.ApprovalWithdrawn, told: Told) -> str:
    name = told.milestone(fact.milestone) if fact.milestone else told.numbered(fact.subject)
    by = f"by {told.record.actor}"
    act = "approval withdrawn"
    return f"{name} {act}{_corrected(fact)} {by}{_because(fact.reason)}{told.waits(name)}"


def _accepted(fact: e.MilestoneAccepted, told: Told) -> str:
    lines = list(fact.lines)
    day = fact.on
    for beside in told.batch:
        data = beside.data
        if isinstance(data, e.ApprovalGranted) and data.on == fact.on:
            day = None  # just said
        if isinstance(data, e.BonusAwarded | e.PenaltyAssessed):
            lines += data.lines if told.record.version in data.rests_on else ()
    name = told.milestone(fact.milestone)
    due = f"; payment due {fact.payment_due}" if fact.payment_due else ""
    sure = " (provisional)" if fact.provisional else ""
    return f"{name} accepted{_on(day)}: {_sum(fact, lines, told)}{due}{sure}"


def _sum(fact: e.MilestoneAccepted, lines: list[Line], told: Told) -> str:
    """ "300,000.00 of 400,000.00 CNY + early bonus 1,500.00 = 301,500.00"."""
    if fact.accepted_minor is None:
        return "amount unknown"
    planned = next((line.calculation.get("planned_minor") for line in lines), None)
    partly = f"{told.bare(fact.accepted_minor)} of " if fact.remainder else ""
    said = partly + told.money(int(planned) if partly and planned else fact.accepted_minor)
    added = [line for line in lines if line.step != "gross"]
    for line in added:
        sign = "-" if line.amount_minor < 0 else "+"
        said += f" {sign} {line.clause} {line.step} {told.bare(abs(line.amount_minor))}"
    net = sum(line.amount_minor for line in lines)
    return f"{said} = {told.bare(net)}" if added else said


def _unaccepted(fact: e.AcceptanceReversed, told: Told) -> str:
    net = sum(line.amount_minor for line in fact.lines)
    name = told.milestone(fact.milestone)
    act = f"acceptance reversed{_corrected(fact)}"
    return f"{name} {act}, {told.money(net)}{_because(fact.reason)}{told.waits(name)}"


# --- bonus and penalty ---------------------------------------------------------------------------


def _bonus(fact: e.BonusAwarded, told: Told) -> str:
    amount = told.money(sum(line.amount_minor for line in fact.lines))
    why = fact.reason or "; ".join(_reckoned(line, told) for line in fact.lines)
    return f"{told.numbered()} {fact.kind} bonus for {fact.milestone}: {amount} ({why})"


def _bonus_revoked(fact: e.BonusRevoked, told: Told) -> str:
    amount = told.money(sum(line.amount_minor for line in fact.lines))
    name = told.numbered(fact.bonus)
    return f"{name} bonus of {fact.milestone} revoked{_corrected(fact)}, {amount}" + _because(
        fact.reason
    )


def _penalty(fact: e.PenaltyAssessed, told: Told) -> str:
    amount = told.money(-sum(line.amount_minor for line in fact.lines))
    why = "; ".join(_reckoned(line, told) for line in fact.lines)
    return f"{told.numbered()} late penalty on {fact.milestone}: {amount} ({why})"


def _waived(fact: e.PenaltyWaived, told: Told) -> str:
    amount = told.money(sum(line.amount_minor for line in fact.lines))
    name = told.numbered(fact.penalty)
    return (
        f"{name} penalty on {fact.milestone} waived{_on(fact.on)}, {amount}{_because(fact.reason)}"
    )


def _reckoned(line: Line, told: Told) -> str:
    """How a line came about, from what it keeps of its calculation."""
    c = line.calculation
    if "days" in c:
        days = "1 day" if c["days"] == "1" else f"{c['days']} days"
        capped = f", capped at {c['cap']}" if c.get("capped") == "yes" else ""
        return f"{days} × {c['rate']} of {told.bare(int(c['base_minor']))}{capped}"
    if "measured" in c:
        return f"{c['criterion']} {c['measured']}, at least {c['at_least']}"
    return line.clause


# --- dispute and payment -------------------------------------------------------------------------


def _disputed(fact: e.DisputeOpened, told: Told) -> str:
    name = told.numbered()
    amount = told.money(fact.amount_minor)
    says = f"{fact.side} disputes {amount} of {fact.milestone}"
    held = "" if fact.side == "client" else "; it holds nothing"
    return f"{name} {says}{_on(fact.on)}{_because(fact.reason)}{held}{told.waits(name)}"


def _documented(fact: e.DisputeEvidenceAdded, told: Told) -> str:
    said = [part for part in (fact.note, *(one.uri for one in fact.evidence)) if part]
    return f"{told.numbered(fact.dispute)} evidence added{_on(fact.on)}: {', '.join(said)}"


def _resolved(fact: e.DisputeResolved, told: Told) -> str:
    moved = sum(line.amount_minor for line in fact.lines)
    net = ""
    if told.now:
        milestone = told.contract.milestones[fact.milestone]
        net = f"; {fact.milestone} is now {told.money(milestone.net_minor)} net"
        net += f", {told.bare(milestone.held_minor)} held" if milestone.held_minor else ""
    name = told.numbered(fact.dispute)
    says = f"dispute of {fact.milestone} resolved{_on(fact.on)}: {fact.outcome}"
    return f"{name} {says}, {told.money(moved)}{net}"


def _undisputed(fact: e.DisputeWithdrawn, told: Told) -> str:
    name = told.numbered(fact.dispute)
    return f"{name} dispute of {fact.milestone} withdrawn{_corrected(fact)}{_because(fact.reason)}"


def _instructed(fact: e.PaymentInstructed, told: Told) -> str:
    run = (f" in {fact.run}" if fact.run else "") + (", signed" if fact.signature else "")
    amount = told.money(fact.amount_minor)
    return (
        f"{told.numbered()} payment of {amount} for {fact.milestone} instructed{_on(fact.on)}{run}"
    )


def _paid(fact: e.PaymentRecorded, told: Told) -> str:
    what = f"for {fact.milestone}" if fact.milestone else "that names no milestone"
    reference = f", reference {fact.reference}" if fact.reference else ""
    amount = told.money(fact.amount_minor)
    return (
        f"{told.numbered(fact.instruction)} payment of {amount} {what} recorded{_on(fact.on)}"
        + reference
    )


def _failed(fact: e.PaymentFailed, told: Told) -> str:
    name = told.numbered(fact.instruction)
    return f"{name} payment for {fact.milestone} failed{_on(fact.on)}{_because(fact.reason)}"


def _unpaid(fact: e.PaymentReversed, told: Told) -> str:
    payment = next((p for p in told.contract.payments.values() if p.record == fact.payment), None)
    name = told.numbered(payment.version if payment else fact.payment)
    amount = f" of {told.money(payment.paid_minor)}" if payment else ""
    act = f"payment{amount} for {fact.milestone} reversed{_corrected(fact)}"
    return f"{name} {act}{_because(fact.reason)}"


SENTENCES: dict[type[Fact], Callable[[Any, Told], str]] = {
    e.ContractSigned: _signed,
    e.HistoryImported: _imported,
    e.ContractAmended: _amended,
    e.RoleGranted: _granted,
    e.RoleRevoked: _revoked_role,
    e.ContractSuspended: _status("suspended"),
    e.ContractResumed: _status("resumed"),
    e.ContractTerminated: _status("terminated"),
    e.ContractCompleted: _status("completed"),
    e.MilestoneDefined: _defined,
    e.MilestoneRevised: _revised,
    e.MilestoneStarted: _started,
    e.MilestoneSubmitted: _submitted,
    e.SubmissionRejected: _rejected,
    e.MilestoneCancelled: _cancelled,
    e.ChangeProposed: _proposed,
    e.ChangeRejected: _refused,
    e.ApprovalGranted: _approved,
    e.ApprovalWithdrawn: _unapproved,
    e.MilestoneAccepted: _accepted,
    e.AcceptanceReversed: _unaccepted,
    e.BonusAwarded: _bonus,
    e.BonusRevoked: _bonus_revoked,
    e.PenaltyAssessed: _penalty,
    e.PenaltyWaived: _waived,
    e.DisputeOpened: _disputed,
    e.DisputeEvidenceAdded: _documented,
    e.DisputeResolved: _resolved,
    e.DisputeWithdrawn: _undisputed,
    e.PaymentInstructed: _instructed,
    e.PaymentRecorded: _paid,
    e.PaymentFailed: _failed,
    e.PaymentReversed: _unpaid,
    **SENTENCES_APART,
}
