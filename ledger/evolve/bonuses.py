"""How bonuses and penalties change the state."""

from __future__ import annotations

from ledger import events as e
from ledger.events import Record
from ledger.evolve.common import approved, post, touch
from ledger.state import Assessment, Award, Contract
from ledger.terms import Terms


def bonus_awarded(contract: Contract, data: e.BonusAwarded, record: Record) -> None:
    milestone = touch(contract, data.milestone, record)
    total = sum(line.amount_minor for line in data.lines if line.step == "bonus")
    contract.awards[record.version] = Award(
        record.version, milestone.id, data.kind, total, data.on, _decided_under(contract, data)
    )
    post(contract, milestone, data.lines, record)
    approved(contract, data.proposal, record)


def _decided_under(contract: Contract, data: e.BonusAwarded) -> Terms:
    """The terms whose policy decided a bonus: those of its proposal, else of the submission accepted."""
    if (proposal := contract.proposals.get(data.proposal)) is not None:
        return proposal.terms
    milestone = contract.milestones[data.milestone]
    submission = milestone.acceptance.submission if milestone.acceptance is not None else None
    return submission.terms if submission is not None else contract.terms_of(milestone)


def bonus_revoked(contract: Contract, data: e.BonusRevoked, record: Record) -> None:
    milestone = touch(contract, data.milestone, record)
    if (award := contract.awards.get(data.bonus)) is not None:
        award.revoked = True
    post(contract, milestone, data.lines, record, data.bonus)
    approved(contract, data.proposal, record)


def penalty_assessed(contract: Contract, data: e.PenaltyAssessed, record: Record) -> None:
    milestone = touch(contract, data.milestone, record)
    total = -sum(line.amount_minor for line in data.lines)
    contract.assessments[record.version] = Assessment(record.version, milestone.id, total, data.on)
    post(contract, milestone, data.lines, record)


def penalty_waived(contract: Contract, data: e.PenaltyWaived, record: Record) -> None:
    milestone = touch(contract, data.milestone, record)
    if (assessment := contract.assessments.get(data.penalty)) is not None:
        back = (line.amount_minor for line in data.lines if line.step == "penalty")
        assessment.waived_minor += sum(back)
    post(contract, milestone, data.lines, record)
    approved(contract, data.proposal, record)
