"""What is agreed after a signature, an amendment or a change order: terms, due dates and amounts."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date

from projections.oracle.log import Fact, Json, day


@dataclass(frozen=True)
class Baseline:
    """A due date and an amount (minor units), agreed by the fact with this version and date."""

    version: int
    on: date | None
    due: date | None
    amount: int | None


def then(line: list[Baseline], revision: Fact) -> list[Baseline]:
    """The baselines after one more revision; one that only fills in the unknown completes the last."""
    last = line[-1]
    due, amount = day(revision.data.get("due")), revision.data.get("amount_minor")
    only = revision.data.get("only", "")
    due, amount = last.due if only == "amount" else due, last.amount if only == "due" else amount
    keeps = last.due in (None, due) and last.amount in (None, amount)
    if keeps and None in (last.due, last.amount):
        return [*line[:-1], replace(last, due=due, amount=amount)]
    return [*line, Baseline(revision.version, revision.on, due, amount)]


def agreed_by(terms: Json, fact: Fact) -> Json:
    """The terms after a signature or an amendment: all of its own, or those that it says it changes."""
    names, said = fact.data.get("changes"), dict(fact.data["terms"])
    if names is None:
        return said
    after = dict(terms)
    for name in names:
        first, _, role = name.partition(".")
        if role:
            people = {**after["roles"], role: said["roles"].get(role, [])}
            after["roles"] = {one: some for one, some in people.items() if some}
        else:
            after[first] = said[first]
    return after
