"""Tax withheld is declared to the tax office."""

from __future__ import annotations

from ledger.decisions.case import judge
from ledger.decisions.milestones import WHO, about
from ledger.decisions.rules_payment import filing_within_withheld
from ledger.decisions.rules_state import milestone_accepted
from ledger.decisions.rules_when import DATES
from ledger.errors import InputInvalid
from ledger.events import Fact, WithholdingFiled
from ledger.intents import Context, FileWithholding
from ledger.payables import withheld, withheld_by
from ledger.state import Contract


def file(state: Contract, intent: FileWithholding, context: Context) -> list[Fact]:
    """Keeps the tax office's reference for what was withheld and not filed yet, or for a part of it."""
    case = about(state, intent, context, intent.milestone, "finance")
    milestone, reference = case.the_milestone(), intent.reference.strip()
    if not reference:
        raise InputInvalid(
            "reference-missing",
            "the tax office's reference is empty",
            hint="give the number on the tax office's receipt",
        )
    judge(case, *WHO, milestone_accepted)
    assert milestone.acceptance is not None
    rests_on = (*case.rests_on, milestone.acceptance.version, *withheld_by(milestone))
    case.rests_on = tuple(dict.fromkeys(rests_on))
    left = max(0, withheld(milestone) - milestone.filed_minor)
    case.amount_minor = left if intent.amount_minor is None else intent.amount_minor
    judge(case, *DATES, filing_within_withheld)
    return [
        WithholdingFiled(
            on=case.on,
            rests_on=case.rests_on,
            milestone=milestone.id,
            reference=reference,
            amount_minor=case.amount_minor,
        )
    ]
