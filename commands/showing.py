"""One contract, or one milestone, with everything that belongs to it, as an object for programs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from typing import Any, TypeVar

from commands.counts import counted, counted_object
from commands.output import money
from commands.pages_money import kept_object, release_objects
from ledger.gaps import gaps
from ledger.money import display_minor
from ledger.recorded import PARTS, heard_on, not_recorded
from ledger.state import ADMINISTRATOR, Contract, Dispute, Milestone, Note, Payment, Submission
from projections.agreed import in_words
from projections.derive.contracts import committed_minor, paid_minor
from projections.derive.inbox import Task, tasks
from projections.derive.proposals import kind_in_words, proposal_in_words, standing
from projections.derive.schedule import figures_of
from projections.judged import missed_by

T = TypeVar("T", Dispute, Payment)


def iso(day: date | None) -> str | None:
    return None if day is None else day.isoformat()


def people_of(contract: Contract) -> dict[str, list[str]]:
    """Who holds which role now, administrators first."""
    held: dict[str, list[str]] = {ADMINISTRATOR: []}
    for grant in contract.grants:
        people = held.setdefault(grant.role, [])
        if grant.until is None and grant.person not in people:
            people.append(grant.person)
    return held


def milestones_of(contract: Contract) -> list[Milestone]:
    """Its milestones, without remainders that a reversal made void."""
    return [m for m in contract.milestones.values() if m.status != "void"]


def contract_object(contract: Contract) -> dict[str, Any]:
    """A contract with all that belongs to it."""
    terms, currency = contract.terms, contract.terms.currency
    return {
        "contract": contract.id,
        "title": terms.title,
        "client": terms.client,
        "partner": terms.partner,
        "currency": currency,
        "timezone": terms.timezone,
        "signed_on": iso(contract.dates.get(1)),
        "status": contract.standing,
        "source_status": contract.source_status or None,
        "source_amounts": written_at_source(contract, ""),
        "imported": contract.imported,
        "separation": terms.separation,
        "value": money(contract.value_minor, currency),
        "committed": money(committed_minor(contract), currency),
        "paid": money(paid_minor(contract), currency),
        **kept_object(contract, milestones_of(contract)),
        "open_advance": money(contract.open_advance_minor, currency),
        "roles": people_of(contract),
        "approval": [
            {
                "up_to": money(tier.up_to_minor, currency),
                "quorum": tier.quorum,
                "signatures": tier.signatures,
            }
            for tier in terms.approval
        ],
        "milestones": [milestone_object(contract, m, brief=True) for m in milestones_of(contract)],
        "proposals": [
            {
                "reference": f"{contract.id}#{p.version}",
                "kind": kind_in_words(p.content),
                "says": proposal_in_words(contract, p),
                "status": p.status,
                "proposed_on": iso(p.on),
                "proposed_by": p.actor,
                "outdated": bool(standing(contract, p).outdated),
            }
            for p in contract.proposals.values()
        ],
        "terms": [{"clause": clause, "says": says} for clause, says in terms_of(contract)],
        "disputes": dispute_objects(
            contract,
            (
                d
                for d in contract.disputes.values()
                if contract.milestones[d.milestone].status != "void"
            ),
        ),
        "payments": payment_objects(contract, contract.payments.values()),
        "waiting": [_task_object(task, currency) for task in tasks(contract)],
        "gaps": [gap._asdict() for gap in gaps(contract)],
        "notes": note_objects(contract, notes_of(contract)),
    }


def written_at_source(contract: Contract, milestone: str) -> list[str]:
    """The amounts of a milestone ("" for the contract) that a source wrote finer than their currency has them."""
    return [
        found.detail for found in contract.findings if found.detail and found.milestone == milestone
    ]


def _submission_object(contract: Contract, m: Milestone, s: Submission) -> dict[str, Any]:
    return {
        "on": iso(s.on),
        "inferred": s.inferred,
        "at": s.at or None,
        "by": s.actor,
        "status": s.status,
        "measured": {r.criterion: r.measured for r in s.results},
        "missed": [one._asdict() for one in missed_by(m, s.results)],
        "approvals": [counted_object(one, contract) for one in counted(contract, m, s)],
    }


def milestone_object(
    contract: Contract, milestone: Milestone, brief: bool = False
) -> dict[str, Any]:
    """A milestone; unless `brief`, with its baselines, deliveries, lines, disputes and payments."""
    m, currency = milestone, contract.terms.currency
    acceptance = m.acceptance
    delivery = m.submissions[-1] if m.submissions else None
    unknown = not_recorded(contract, m)
    heard = heard_on(contract, m)
    told = {
        "milestone": f"{contract.id}/{m.id}",
        "kind": m.kind,
        "title": m.plan.title,
        "stage": m.plan.stage,
        "owner": m.plan.owner,
        "status": m.progress,
        "original_due": iso(m.baselines[0].due),
        "current_due": iso(m.current.due),
        "submitted_on": iso(delivery.on) if delivery else None,
        "accepted_on": iso(acceptance.on) if acceptance else None,
        "payment_due": iso(acceptance.payment_due) if acceptance else None,
        "amount": money(m.current.amount_minor, currency),
        **{name: money(minor, currency) for name, minor in figures_of(contract, m).items()},
        "inferred": ["submitted_on"] if delivery and delivery.inferred else [],
        "not_recorded": [part for part in PARTS if part in unknown],
        "heard_on": iso(heard),
        **kept_object(contract, [m]),
        "releases": release_objects(contract, m),
    }
    if brief:
        return told
    return {
        **told,
        "source_status": m.source_status or None,
        "labels": m.labels,
        "source_amounts": written_at_source(contract, m.id),
        "depends_on": [f"{contract.id}/{name}" for name in m.plan.depends_on],
        "deliverables": list(m.plan.deliverables),
        "criteria": [
            {"name": c.name, "at_least": c.at_least, "at_most": c.at_most} for c in m.plan.criteria
        ],
        "baselines": [
            {
                "due": iso(b.due),
                "amount": money(b.amount_minor, currency),
                "since": iso(b.since),
                "reference": f"{contract.id}#{b.version}",
            }
            for b in m.baselines
        ],
        "submissions": [_submission_object(contract, m, s) for s in m.submissions],
        "lines": [
            {
                "step": p.line.step,
                "clause": p.line.clause,
                "amount": money(p.line.amount_minor, currency),
                "events": [p.position],
            }
            for p in m.lines
        ],
        "disputes": dispute_objects(contract, of_milestone(contract.disputes, m.id)),
        "payments": payment_objects(contract, of_milestone(contract.payments, m.id)),
        "notes": note_objects(contract, notes_of(contract, m.id)),
    }


def of_milestone(some: Mapping[int, T], milestone: str) -> Iterator[T]:
    """Those of a contract's disputes or payments that are of one milestone."""
    return (one for one in some.values() if one.milestone == milestone)


def terms_of(contract: Contract) -> Iterator[tuple[str, str]]:
    """Its clauses, each in a sentence."""
    currency = contract.terms.currency
    return in_words(contract.terms, lambda minor: f"{display_minor(minor, currency)} {currency}")


def notes_of(contract: Contract, milestone: str = "", fact: int = 0) -> list[Note]:
    """What was noted of a fact, or of a milestone and its facts; with neither all of the contract's notes."""
    if fact:
        return [note for note in contract.notes if note.fact == fact]
    return [note for note in contract.notes if milestone in ("", note.milestone)]


def note_objects(contract: Contract, notes: Iterable[Note]) -> list[dict[str, Any]]:
    """Notes for programs."""
    return [
        {
            "reference": f"{contract.id}#{note.version}",
            "about": noted(contract, note),
            "on": iso(note.on),
            "by": note.actor,
            "text": note.text,
        }
        for note in notes
    ]


def noted(contract: Contract, note: Note) -> str:
    """The name of what a note is of."""
    if note.fact:
        return f"{contract.id}#{note.fact}"
    return f"{contract.id}/{note.milestone}" if note.milestone else contract.id


def note_lines(contract: Contract, notes: Iterable[Note]) -> Iterator[str]:
    """Notes for people, a line for each."""
    for note in notes:
        yield f"note of {noted(contract, note)} by {note.actor}, {note.on}: {note.text}"


def dispute_objects(contract: Contract, disputes: Iterable[Dispute]) -> list[dict[str, Any]]:
    """Disputes for programs."""
    return [
        {
            "reference": f"{contract.id}#{d.version}",
            "milestone": f"{contract.id}/{d.milestone}",
            "side": d.side,
            "status": d.status,
            "amount": money(d.amount_minor, contract.terms.currency),
            "opened_on": iso(d.on),
            "opened_by": d.actor,
            "ended_on": iso(d.ended_on),
            "reason": d.reason,
        }
        for d in disputes
    ]


def payment_objects(contract: Contract, payments: Iterable[Payment]) -> list[dict[str, Any]]:
    """Payments for programs."""
    currency = contract.terms.currency
    return [
        {
            "reference": f"{contract.id}#{p.version}",
            "milestone": f"{contract.id}/{p.milestone}" if p.milestone else None,
            "release": f"{contract.id}#{p.release}" if p.release else None,
            "status": p.status,
            "amount": money(p.amount_minor, currency),
            "paid": money(p.paid_minor, currency),
            "instructed_on": iso(p.on),
            "paid_on": iso(p.paid_on),
            "ended_on": iso(p.ended_on),
            "run": p.run or None,
            "bank_reference": p.reference or None,
        }
        for p in payments
    ]


def _task_object(task: Task, currency: str) -> dict[str, Any]:
    return {
        "task": task.task,
        "reference": task.reference,
        "role": task.role,
        "people": list(task.people),
        "since": iso(task.since),
        "due_on": iso(task.due),
        "amount": money(task.amount_minor, currency),
        "waits_for": list(task.waits_for),
    }
