"""What an event says, in one sentence for people: its position, the name to refer to it by, and what
happened.

    12  BW-2026-014/M1 accepted: 120,000.00 CNY + early bonus 1,800.00 = 121,800.00; payment due …

The position bears no sign, since #12 would read as the end of a CONTRACT#VERSION. The sentence is
not stable and not for programs: those read the event itself, with --json.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from commands.sentence_parts import (
    Told,
    and_tax,
    because,
    called,
    corrected,
    imported,
    on_day,
    reckoned,
    signed,
    sum_of,
)
from commands.sentences_of_payment import SENTENCES_OF_PAYMENT
from commands.sentences_of_registers import SENTENCES_APART
from ledger import events as e
from ledger.calculations import Gross
from ledger.calendars import local_date
from ledger.clauses import calculation_of
from ledger.events import Fact, Line, Record
from ledger.state import Contract


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


# --- contract ------------------------------------------------------------------------------------


def _signed(fact: e.ContractSigned, told: Told) -> str:
    terms = fact.terms
    act = "taken over" if fact.imported else "signed"
    ceiling = "" if terms.ceiling_minor is None else f"ceiling {told.money(terms.ceiling_minor)}"
    said = [part for part in (terms.title, f"{terms.client} with {terms.partner}", ceiling) if part]
    return f"{told.contract.id} {act}{on_day(fact.on)}: {', '.join(said)}"


def _amended(fact: e.ContractAmended, told: Told) -> str:
    by = f" by {told.numbered(fact.proposal)}" if fact.proposal else ""
    return f"{told.contract.id} amended{on_day(fact.on)}{by}{because(fact.reason)}"


def _granted(fact: e.RoleGranted, told: Told) -> str:
    return f"{told.contract.id} {fact.person} holds the role {fact.role} from {fact.on} on"


def _revoked_role(fact: e.RoleRevoked, told: Told) -> str:
    return f"{told.contract.id} {fact.person} no longer holds the role {fact.role}{on_day(fact.on)}"


def _status(word: str) -> Callable[[Any, Told], str]:
    def make(fact: Any, told: Told) -> str:
        return f"{told.contract.id} {word}{on_day(fact.on)}{because(getattr(fact, 'reason', ''))}"

    return make


def _note(fact: e.NoteAdded, told: Told) -> str:
    """Of a fact by its number, else of a milestone or the contract."""
    name = told.milestone(fact.milestone) if fact.milestone else told.contract.id
    name = told.numbered(fact.fact) if fact.fact else name
    return f"{name} note{on_day(fact.on)} by {told.record.actor}: {fact.text}"


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
    return f"{told.milestone(fact.milestone)} revised{on_day(fact.on)}: now {amount}{due}"


def _started(fact: e.MilestoneStarted, told: Told) -> str:
    return f"{told.milestone(fact.milestone)} started{on_day(fact.on)}"


def _submitted(fact: e.MilestoneSubmitted, told: Told) -> str:
    name = told.milestone(fact.milestone)
    if fact.on is None and fact.note and not fact.corrects:  # nobody handed it over
        return f"{name} taken as it stands: {fact.note}"
    act = "corrected" if fact.corrects else "submitted"
    at = ""
    if fact.at:
        moment = datetime.fromisoformat(fact.at)
        zone = moment.strftime("%z")
        at = f" ({moment:%H:%M} {zone[:3]}:{zone[3:]}{_put_off(fact, moment, told)})"
        at = at if zone else f" ({moment:%H:%M})"
    said = [f"{result.criterion} {result.measured}" for result in fact.results]
    if fact.evidence:
        said.append(f"evidence {', '.join(one.uri for one in fact.evidence)}")
    brought = f" with {', '.join(said)}" if said else ""
    judged = _judged(fact.milestone, fact.results, told)
    by = f"by {told.record.actor}"
    return f"{name} {act}{on_day(fact.on)}{at} {by}{brought}{judged}{told.waits(name)}"


def _put_off(fact: e.MilestoneSubmitted, moment: datetime, told: Told) -> str:
    """That a delivery after the cut-off counts for the next day, where it does."""
    terms = told.contract.terms
    if not terms.cut_off or fact.on == local_date(moment, terms.timezone):
        return ""
    return f", after the cut-off of {terms.cut_off}, so it counts for the next day"


def _judged(milestone: str, results: Sequence[e.Result], told: Told) -> str:
    """What the values measured miss, and earn not: said where a person can still do something about it."""
    found = told.contract.milestones.get(milestone)
    if found is None:
        return ""
    from projections.judged import remarks

    return "".join(f"; {remark}" for remark in remarks(told.contract, found, results))


def _rejected(fact: e.SubmissionRejected, told: Told) -> str:
    name = told.milestone(fact.milestone)
    return f"{name} rejected{on_day(fact.on)} by {told.record.actor}{because(fact.reason)}"


def _cancelled(fact: e.MilestoneCancelled, told: Told) -> str:
    return f"{told.milestone(fact.milestone)} cancelled{on_day(fact.on)}{because(fact.reason)}"


# --- approval ------------------------------------------------------------------------------------


def _proposed(fact: e.ChangeProposed | e.ChangeProposed1, told: Told) -> str:
    name = told.numbered()
    said = _proposal(told.record.version, told)
    reason = because(getattr(fact.content, "reason", ""))
    return (
        f"{name} proposed{on_day(fact.on)} by {told.record.actor}: {said}{reason}{told.waits(name)}"
    )


def _refused(fact: e.ChangeRejected, told: Told) -> str:
    by = told.record.actor
    return f"{told.numbered(fact.proposal)} rejected{on_day(fact.on)} by {by}{because(fact.reason)}"


def _approved(fact: e.ApprovalGranted, told: Told) -> str:
    from commands.counts import apart_in_words, apart_of

    part, what = "", ""
    if fact.milestone:
        name = told.milestone(fact.milestone)
        if fact.part:
            part = f" in part ({fact.part}: {told.money(fact.accepted_minor)})"
    else:
        name = told.numbered(fact.subject)
        what = f": {_proposal(fact.subject, told)}"
    signed = ", signed" if fact.signature else ""
    by = f"by {told.record.actor} as {fact.role}{signed}"
    others = apart_of(told.record, told.contract, told.batch)
    beside = "".join(f"; {apart_in_words(one, told.contract)}" for one in others)
    judged = ""
    if fact.milestone and not any(isinstance(r.data, e.MilestoneAccepted) for r in told.batch):
        judged = _judged(fact.milestone, _results(fact.milestone, fact.subject, told), told)
    return f"{name} approved{part}{on_day(fact.on)} {by}{what}{judged}{told.waits(name)}{beside}"


def _results(milestone: str, version: int, told: Told) -> Sequence[e.Result]:
    """The values of the submission of that version."""
    found = told.contract.milestones.get(milestone)
    submissions = found.submissions if found is not None else []
    return next((s.results for s in submissions if s.version == version), ())


def _proposal(version: int, told: Told) -> str:
    from projections.derive.proposals import proposal_in_words

    return proposal_in_words(told.contract, told.contract.proposals[version])


def _unapproved(fact: e.ApprovalWithdrawn, told: Told) -> str:
    name = told.milestone(fact.milestone) if fact.milestone else told.numbered(fact.subject)
    by = f"by {told.record.actor}"
    act = "approval withdrawn"
    return f"{name} {act}{corrected(fact)} {by}{because(fact.reason)}{told.waits(name)}"


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
    judged = _judged(fact.milestone, _results(fact.milestone, fact.submission, told), told)
    return f"{name} accepted{on_day(day)}: {_sum(fact, lines, told)}{due}{sure}{judged}"


def _sum(fact: e.MilestoneAccepted, lines: list[Line], told: Told) -> str:
    """ "300,000.00 of 400,000.00 CNY + early bonus 1,500.00 = 301,500.00"."""
    if fact.accepted_minor is None:
        return "amount unknown"
    kept = [calculation_of(line) for line in lines[:1]]
    planned = next((k.planned for k in kept if isinstance(k, Gross)), None)
    partly = f"{told.bare(fact.accepted_minor)} of " if fact.remainder else ""
    said = partly + told.money(planned if partly and planned else fact.accepted_minor)
    added = [line for line in lines if line.step in ("bonus", "penalty")]
    added += [line for line in lines if line.step not in ("gross", "bonus", "penalty")]
    for line in added:
        sign, amount = signed(line.amount_minor, told).split()
        said += f" {sign} {called(line)} {amount}"
    net = sum(line.amount_minor for line in lines)
    return f"{said} = {told.bare(net)}" if added else said


def _unaccepted(fact: e.AcceptanceReversed, told: Told) -> str:
    net = sum(line.amount_minor for line in fact.lines)
    name = told.milestone(fact.milestone)
    act = f"acceptance reversed{corrected(fact)}"
    return f"{name} {act}, {told.money(net)}{because(fact.reason)}{told.waits(name)}"


# --- bonus and penalty ---------------------------------------------------------------------------


def _bonus(fact: e.BonusAwarded, told: Told) -> str:
    amount = told.money(sum_of(fact.lines, "bonus")) + and_tax(fact.lines, told)
    why = fact.reason or "; ".join(reckoned(line, told) for line in fact.lines)
    return f"{told.numbered()} {fact.kind} bonus for {fact.milestone}: {amount} ({why})"


def _bonus_revoked(fact: e.BonusRevoked, told: Told) -> str:
    amount = told.money(sum_of(fact.lines, "bonus")) + and_tax(fact.lines, told)
    name = told.numbered(fact.bonus)
    return f"{name} bonus of {fact.milestone} revoked{corrected(fact)}, {amount}" + because(
        fact.reason
    )


def _penalty(fact: e.PenaltyAssessed, told: Told) -> str:
    amount = told.money(-sum_of(fact.lines, "penalty"))
    why = "; ".join(reckoned(line, told) for line in fact.lines)
    names = ", ".join(dict.fromkeys(called(line) for line in fact.lines))
    return f"{told.numbered()} {names} on {fact.milestone}: {amount} ({why})"


def _waived(fact: e.PenaltyWaived, told: Told) -> str:
    amount = told.money(sum_of(fact.lines, "penalty")) + and_tax(fact.lines, told)
    name = told.numbered(fact.penalty)
    return f"{name} penalty on {fact.milestone} waived{on_day(fact.on)}, {amount}{because(fact.reason)}"


# --- dispute -------------------------------------------------------------------------------------


def _disputed(fact: e.DisputeOpened, told: Told) -> str:
    name = told.numbered()
    amount = told.money(fact.amount_minor)
    says = f"{fact.side} disputes {amount} of {fact.milestone}"
    held = "" if fact.side == "client" else "; it holds nothing"
    return f"{name} {says}{on_day(fact.on)}{because(fact.reason)}{held}{told.waits(name)}"


def _documented(fact: e.DisputeEvidenceAdded, told: Told) -> str:
    said = [part for part in (fact.note, *(one.uri for one in fact.evidence)) if part]
    return f"{told.numbered(fact.dispute)} evidence added{on_day(fact.on)}: {', '.join(said)}"


def _resolved(fact: e.DisputeResolved, told: Told) -> str:
    moved = sum_of(fact.lines, "adjustment")
    net = and_tax(fact.lines, told)
    if told.now:
        milestone = told.contract.milestones[fact.milestone]
        net += f"; {fact.milestone} is now {told.money(milestone.net_minor)} net"
        net += f", {told.bare(milestone.held_minor)} held" if milestone.held_minor else ""
    name = told.numbered(fact.dispute)
    says = f"dispute of {fact.milestone} resolved{on_day(fact.on)}: {fact.outcome}"
    return f"{name} {says}, {told.money(moved)}{net}"


def _undisputed(fact: e.DisputeWithdrawn, told: Told) -> str:
    name = told.numbered(fact.dispute)
    return f"{name} dispute of {fact.milestone} withdrawn{corrected(fact)}{because(fact.reason)}"


SENTENCES: dict[type[Fact], Callable[[Any, Told], str]] = {
    e.ContractSigned: _signed,
    e.HistoryImported: imported,
    e.ContractAmended: _amended,
    e.RoleGranted: _granted,
    e.RoleRevoked: _revoked_role,
    e.ContractSuspended: _status("suspended"),
    e.ContractResumed: _status("resumed"),
    e.ContractTerminated: _status("terminated"),
    e.ContractCompleted: _status("completed"),
    e.NoteAdded: _note,
    e.MilestoneDefined: _defined,
    e.MilestoneRevised: _revised,
    e.MilestoneStarted: _started,
    e.MilestoneSubmitted: _submitted,
    e.SubmissionRejected: _rejected,
    e.MilestoneCancelled: _cancelled,
    e.ChangeProposed: _proposed,
    e.ChangeProposed1: _proposed,
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
    **SENTENCES_OF_PAYMENT,
    **SENTENCES_APART,
}
