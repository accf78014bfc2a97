"""Outcomes that nobody decided, as somebody who can write to the log would append them: canonical, and well formed."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from msgspec.structs import replace

from ledger import events as e
from ledger.state import Contract
from tests.decisions import builders as b

ON = b.day(11, 20)
GROSS = e.Line(step="gross", clause="accepted-part", amount_minor=1_000)
FEE = e.Line(step="bonus", clause="discretionary", amount_minor=1_000)
Forged = tuple[str, e.Fact]


def outcomes(state: Contract) -> Iterator[Forged]:
    """Who is said to have recorded it, and an outcome without its causes, for all that a contract has."""
    approvals = [a.version for s in subjects(state) for a in s.approvals]
    for milestone in state.milestones.values():
        yield from _of_milestone(state, milestone, tuple(approvals))
    for version, proposal in state.proposals.items():
        yield from _of_proposal(version, proposal)
    for version, payment in state.payments.items():
        yield from _of_payment(version, payment)
    for version in state.disputes:
        yield (
            "manager-1",
            e.DisputeResolved(
                on=ON,
                milestone=state.disputes[version].milestone,
                dispute=version,
                outcome="upheld",
            ),
        )
    yield "admin-1", e.ContractAmended(on=ON, terms=state.terms, reason="as agreed")
    yield "admin-1", e.RoleGranted(on=ON, role="finance", person="mallory")
    yield "admin-1", e.RoleRevoked(on=ON, role="finance", person="finance-1")
    yield "admin-1", e.ContractTerminated(on=ON, reason="over", settlement="TERMINATION")
    yield "mallory", e.ContractCompleted(on=ON)
    yield "mallory", e.ContractSuspended(on=ON)
    yield "admin-1", e.ContractSigned(on=ON, terms=state.terms)
    yield "importer", e.HistoryImported(source="s", digest="d")
    yield "partner-1", e.MilestoneDefined(on=ON, milestone="M9", amount_minor=1)
    yield (
        "manager-1",
        e.MilestoneDefined(on=ON, milestone="M1-r9", amount_minor=1, remainder_of="M1"),
    )


def subjects(state: Contract) -> list[Any]:
    """All that approvals are given to."""
    return [
        *state.proposals.values(),
        *(s for m in state.milestones.values() for s in m.submissions),
    ]


def _of_milestone(state: Contract, milestone: Any, approvals: tuple[int, ...]) -> Iterator[Forged]:
    name = milestone.id
    about: dict[str, Any] = {"on": ON, "milestone": name}
    submission = milestone.submissions[-1].version if milestone.submissions else 0
    whole = milestone.current.amount_minor
    accepted = e.MilestoneAccepted(
        **about,
        submission=submission,
        accepted_minor=whole,
        lines=(replace(GROSS, amount_minor=whole),),
    )
    yield "manager-1", accepted
    yield (
        "manager-1",
        replace(accepted, rests_on=approvals),
    )  # causes of another kind, or of another milestone
    yield (
        "manager-1",
        e.BonusAwarded(**about, kind="discretionary", lines=(FEE,), rests_on=approvals),
    )
    yield (
        "manager-1",
        e.PenaltyAssessed(**about, lines=(replace(FEE, step="penalty", amount_minor=-9),)),
    )
    yield (
        "manager-1",
        e.MilestoneRevised(**about, amount_minor=whole + 1, due=ON + timedelta(days=90)),
    )
    yield "finance-1", e.PaymentInstructed(**about, amount_minor=10**9)
    yield "mallory", e.PaymentInstructed(**about, amount_minor=1)
    yield "finance-1", e.PaymentRecorded(**about, amount_minor=1_000)
    yield "finance-1", e.PaymentRefunded(**about, amount_minor=10**9)
    yield "manager-1", e.ClaimSetOff(**about, against="M1", lines=(GROSS,))
    yield "mallory", e.MilestoneSubmitted(**about)
    yield "mallory", e.MilestoneCancelled(**about, reason="no")
    yield (
        "mallory",
        e.ApprovalGranted(
            **about, subject=submission, role="manager", digest="0" * 64, accepted_minor=whole
        ),
    )
    acceptance = milestone.acceptance.version if milestone.acceptance else 1
    yield "manager-1", e.AcceptanceReversed(**about, acceptance=acceptance, why="event")
    yield (
        "finance-1",
        e.RetentionReleased(
            **about,
            acceptance=acceptance,
            amount_minor=1,
            lines=(replace(GROSS, step="retention"),),
        ),
    )
    for award in state.awards:
        yield "manager-1", e.BonusRevoked(**about, bonus=award, why="event", lines=(FEE,))
    for penalty in state.assessments:
        yield "manager-1", e.PenaltyWaived(**about, penalty=penalty, lines=(FEE,))


def _of_proposal(version: int, proposal: Any) -> Iterator[Forged]:
    yield (
        "mallory",
        e.ApprovalGranted(on=ON, subject=version, role="manager", digest=proposal.event.digest),
    )
    yield (
        proposal.actor,
        e.ApprovalGranted(on=ON, subject=version, role="manager", digest=proposal.event.digest),
    )
    yield "mallory", replace(proposal.event, quorum={"manager": 1})
    yield "mallory", e.ChangeRejected(on=ON, proposal=version, reason="no")


def _of_payment(version: int, payment: Any) -> Iterator[Forged]:
    about: dict[str, Any] = {"on": ON, "milestone": payment.milestone}
    yield "finance-1", e.PaymentRecorded(**about, instruction=version, amount_minor=10**9)
    yield (
        "mallory",
        e.PaymentRecorded(**about, instruction=version, amount_minor=payment.amount_minor),
    )
    yield "mallory", e.PaymentFailed(**about, instruction=version)
    yield "mallory", e.PaymentReversed(**about, payment=payment.record or version, why="event")


def altered(data: e.Fact) -> Iterator[e.Fact]:
    """An outcome with one thing in it changed: an amount, a line, a day."""
    for name in ("accepted_minor", "amount_minor"):
        if isinstance(value := getattr(data, name, None), int):
            yield replace(data, **{name: value + 1})
    if lines := getattr(data, "lines", ()):
        more = replace(lines[0], amount_minor=lines[0].amount_minor + 1)
        yield replace(data, lines=(more, *lines[1:]))
        yield replace(data, lines=())
    for name in ("payment_due", "due"):
        if (day := getattr(data, name, None)) is not None:
            yield replace(data, **{name: day + timedelta(days=30)})
