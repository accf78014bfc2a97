"""What the evolvers share: digests, the events behind a milestone, and price lines posted to it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from hashlib import sha256
from typing import Any

from ledger.events import Line, Record, encode
from ledger.state import Contract, Milestone, Posted, Submission


def digest(value: Any) -> str:
    """The SHA-256, in hexadecimal, of a value's canonical JSON: what an approval binds to."""
    return sha256(encode(value)).hexdigest()


def touch(contract: Contract, milestone: str, record: Record) -> Milestone:
    found = contract.milestones[milestone]
    found.positions.append(record.position)
    return found


def post(
    contract: Contract, milestone: Milestone, lines: Iterable[Line], record: Record, target: int = 0
) -> None:
    """Adds price lines; a correction of an error acts from the day of its `target`."""
    error = target and getattr(record.data, "why", "") == "error"
    on = contract.dates.get(target) if error else record.data.on
    for line in lines:
        milestone.lines.append(Posted(line, record.version, record.position, on))
        amount = line.amount_minor
        milestone.posted_minor += amount
        if line.step == "gross":
            milestone.gross_minor += amount
        elif line.step == "bonus":
            milestone.bonus_minor += amount
        elif line.step == "penalty":
            milestone.penalty_minor -= amount
        elif line.step == "tax":
            milestone.tax_minor += amount
        elif line.step == "retention":
            milestone.retained_minor -= amount
        elif line.step == "advance":
            milestone.recovered_minor -= amount
        elif line.step == "settlement":
            milestone.offset_minor += amount
        else:
            milestone.adjustment_minor += amount


def submission(milestone: Milestone, version: int) -> Submission | None:
    """The submission of that version; None for 0, which names none."""
    for found in milestone.submissions if version else ():
        if found.version == version:
            return found
    return None


def approved(contract: Contract, proposal: int, record: Record) -> None:
    """The proposal that carried an event has done its work."""
    if (found := contract.proposals.get(proposal)) is not None:
        found.status = "approved"
        found.positions.append(record.position)


def decided(milestone: Milestone, on: date | None, first_pass: bool) -> None:
    """The first decision on a milestone says whether it passed at once."""
    if milestone.first_pass is None:
        milestone.first_pass = first_pass
        milestone.first_decided_on = on
