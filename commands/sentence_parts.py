"""Pieces of sentences: days, reasons, and how a price line came about."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from ledger import events as e
from ledger.calculations import Damages, Early, Late, Quality
from ledger.clauses import calculation_of
from ledger.counting import in_days
from ledger.events import Line, Record
from ledger.money import display_minor
from ledger.recorded import PARTS
from ledger.state import Contract

MOST_PEOPLE = 3

# What people call a line; the rest is its clause and step: "early bonus".
_CALLED = {
    ("tax", "vat"): "VAT",
    ("tax", "withholding"): "withholding tax",
    ("retention", "retained"): "retention",
    ("retention", "release"): "retention released",
    ("advance", "recovered"): "advance recovered",
    ("penalty", "damages"): "late damages",
    ("penalty", "disincentive"): "disincentive",
    ("penalty", "waiver"): "waiver",
    ("adjustment", "dispute"): "dispute",
    ("charge", "termination-fee"): "termination fee",
    ("settlement", "discount"): "early-payment discount",
    ("settlement", "set-off"): "set-off",
}


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


def called(line: Line) -> str:
    """A line's name for people: "VAT", "early bonus"."""
    return _CALLED.get((line.step, line.clause)) or f"{line.clause} {line.step}"


def on_day(day: date | None) -> str:
    """ " on 2026-09-01"; nothing where the day is unknown."""
    return "" if day is None else f" on {day}"


def because(reason: str) -> str:
    """ ": the reason", where there is one."""
    return f": {reason}" if reason else ""


def corrected(fact: Any) -> str:
    """Since when a correction acts: its own day, or that of what it corrects."""
    return " as an error" if fact.why == "error" else on_day(fact.on)


def sum_of(lines: Iterable[Line], *steps: str) -> int:
    """What the lines of those steps come to."""
    return sum(line.amount_minor for line in lines if line.step in steps)


def and_tax(lines: Iterable[Line], told: Told) -> str:
    """By how much tax follows: ", VAT + 60.00"."""
    taxes = [line for line in lines if line.step == "tax"]
    return "".join(f", {called(line)} {signed(line.amount_minor, told)}" for line in taxes)


def signed(minor: int, told: Told) -> str:
    """ "+ 60.00" or "- 60.00"."""
    return f"{'-' if minor < 0 else '+'} {told.bare(abs(minor))}"


def reckoned(line: Line, told: Told) -> str:
    """How a line came about, from what it keeps of its calculation."""
    match calculation_of(line):
        case Damages() as k:
            capped = f", capped at {told.bare(k.cap_minor or 0)}" if k.capped == "yes" else ""
            return f"{in_days(k.days)} × {told.bare(k.per_day_minor)}{capped}"
        case Early() | Late() as k:
            capped = f", capped at {k.cap}" if k.capped == "yes" else ""
            by = "early:" if isinstance(k, Early) and k.step_days else "×"
            return f"{in_days(k.days)} {by} {k.rate} of {told.bare(k.base_minor)}{capped}"
        case Quality() as k:
            tiers = f", the highest reached of {k.tiers}" if k.tiers else ""
            return f"{k.criterion} {k.measured}, at least {k.at_least}{tiers}"
        case _:
            return line.clause


def imported(fact: e.HistoryImported, told: Told) -> str:
    """What a source was read for, and what it cannot tell."""
    source = f" from {fact.source}" if fact.source else ""
    heard = f", as of {fact.heard_on}" if fact.heard_on else ""
    if fact.knows is None:
        return f"{told.contract.id} read to its end{source}"
    knows = [part for part in PARTS if part in (*fact.knows, *fact.whole)]
    tells = f"tells of {', '.join(knows)}" if knows else "tells nothing of what was done"
    untold = [part for part in PARTS if part not in knows]
    return f"{told.contract.id} read to its end{source}{heard}: {tells}" + (
        f"; not recorded: {', '.join(untold)}" if untold and knows else ""
    )
