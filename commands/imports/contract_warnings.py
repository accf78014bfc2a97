"""What is sound in a contract file and may yet not be meant: said at the signature, and never a refusal."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from ledger.money import display_minor
from ledger.terms import ContractDocument, QualityBonus


class Doubt(NamedTuple):
    """What a person may not have meant, and how to write what they may have."""

    says: str
    hint: str

    def as_object(self) -> dict[str, str]:
        """For programs."""
        return {"detail": self.says, "hint": self.hint}


def document_warnings(document: ContractDocument) -> list[Doubt]:
    """All of them, in the order of the file."""
    return list(_bonuses_that_add_up(document))


def _bonuses_that_add_up(document: ContractDocument) -> Iterator[Doubt]:
    """Several bonuses on one criterion are each paid, where people often mean the highest alone."""
    together: dict[tuple[str, str], list[QualityBonus]] = {}
    for bonus in document.quality_bonuses:
        together.setdefault((bonus.milestone, bonus.criterion), []).append(bonus)
    for (milestone, criterion), bonuses in together.items():
        if len(bonuses) == 1:
            continue
        most = [max(bonus.steps, key=lambda step: step.amount_minor) for bonus in bonuses]
        amounts = " and ".join(
            f"{display_minor(step.amount_minor, document.currency)} from {step.at_least} on"
            for step in most
        )
        whole = display_minor(sum(step.amount_minor for step in most), document.currency)
        tiers = ", ".join(
            f'{{at_least: "{step.at_least}", amount:'
            f' "{display_minor(step.amount_minor, document.currency)}"}}'
            for step in most
        )
        yield Doubt(
            f"{milestone} has {len(bonuses)} bonuses on {criterion}, and all that are reached are"
            f" paid: {amounts}, {whole} {document.currency} together",
            f"if only the highest is meant, write one bonus with tiers: [{tiers}]",
        )
