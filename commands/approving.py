"""Several approvals at once: who asks for what, one by one or all together, and what came of it."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from commands.reference_names import MilestoneName, SubjectName, parse_subject
from ledger.errors import InputInvalid, LedgerError

if TYPE_CHECKING:
    from datetime import date

    from commands.session import Session
    from commands.signing import Pen
    from ledger.events import Record
    from ledger.intents import Intent
    from ledger.store.perform import Outcome

COLUMNS = ("reference", "on", "part")
STDIN = "-"


@dataclass(frozen=True, slots=True)
class Wish:
    """What is to be approved, since when, in which part, and in which role."""

    reference: SubjectName | None
    on: date | None
    part: str = ""
    deliverables: tuple[str, ...] = ()
    role: str = ""

    def request(self) -> tuple[str, Intent]:
        """The request that the ledger decides."""
        from ledger.intents import ApproveChange, ApproveMilestone

        name = self.reference
        if isinstance(name, MilestoneName):
            return name.contract, ApproveMilestone(
                milestone=name.milestone,
                part=self.part,
                deliverables=self.deliverables,
                role=self.role,
                on=self.on,
            )
        assert name is not None
        if self.part or self.deliverables:
            raise InputInvalid(
                "part-of-proposal",
                f"{name} is a proposal, which is approved as a whole",
                hint="leave out --part and --deliverable, or propose something else",
            )
        return name.contract, ApproveChange(proposal=name.version, role=self.role, on=self.on)


def wishes_of(references: Iterable[str], file: str | None, general: Wish) -> list[Wish]:
    """The wishes of a command line: its references, those on stdin for `-`, those of a file.

    Everything is read, and everything that cannot be is told, before anything is recorded.
    """
    found: list[Wish] = []
    for text in references:
        if text == STDIN:
            found += _listed(sys.stdin.read().splitlines(), "stdin", general)
        else:
            found.append(replace(general, reference=_parsed(text)))
    if file is not None:
        lines = Path(file).read_text("utf-8-sig").splitlines()
        found += _listed(lines, file, general)
    if not found:
        hint = "name CONTRACT/MILESTONE, 'CONTRACT#VERSION', - or --file FILE"
        raise InputInvalid("usage", "nothing was named to approve", hint=hint)
    if twice := [w for place, w in enumerate(found) if w.reference in _names(found[:place])]:
        raise InputInvalid("usage", f"{twice[0].reference} is named twice", hint="name it once")
    return found


def _names(wishes: list[Wish]) -> list[SubjectName | None]:
    return [wish.reference for wish in wishes]


def _parsed(text: str) -> SubjectName:
    import click

    from commands.reference_names import SUBJECT

    return SUBJECT.convert(text, None, click.get_current_context(silent=True))


def _listed(lines: list[str], name: str, general: Wish) -> Iterator[Wish]:
    """One wish a line: reference, and after commas a date and a part; a heading line may stand
    first."""
    import csv

    from ledger.calendars import parse_date

    for number, cells in enumerate(csv.reader(lines), start=1):
        cells = [cell.strip() for cell in cells]
        if not any(cells) or cells[0].startswith("#") or (number, cells[0]) == (1, "reference"):
            continue
        reference, on, part = (*cells, "", "", "")[:3]
        try:
            if len(cells) > len(COLUMNS):
                raise InputInvalid(
                    "list-invalid",
                    f"a line has {len(cells)} columns",
                    hint=f"write at most {','.join(COLUMNS)}",
                )
            yield replace(
                general,
                reference=parse_subject(reference),
                on=parse_date(on) if on else general.on,
                part=part or general.part,
            )
        except InputInvalid as wrong:
            wrong.place = f"{name}:{number}"
            raise


def approve_all(session: Session, wishes: list[Wish], strict: bool, pen: Pen | None = None) -> int:
    """Approves them together where that is asked for, else one by one, each signed by the pen; the exit code."""
    from commands.signing import signed
    from ledger.store.perform import Outcome

    requests = [wish.request() for wish in wishes]
    if strict or len(requests) == 1:
        outcome = session.perform(signed(session, requests, pen))
        session.show(outcome, _apart(session, outcome))
        return 0
    if session.recording.key is not None:
        says = f"one idempotency key cannot cover {len(requests)} requests that stand alone"
        raise InputInvalid("usage", says, hint="add --strict: all of them, or none")
    from commands.session import refuse_in_words
    from commands.terminal import say

    records: list[Record] = []
    refused: list[tuple[Wish, LedgerError]] = []
    for wish, request in zip(wishes, requests, strict=True):
        try:
            records += session.perform(signed(session, [request], pen)).records
        except LedgerError as problem:
            refused.append((wish, problem))
            if problem.exit_code == 1:
                break  # the machine's fault, and so of everything that follows
    dry_run = session.recording.dry_run
    together = Outcome(records, dry_run=dry_run)
    more = {"refused": [_told(*one) for one in refused], **_apart(session, together)}
    session.show(together, more, quiet=not records)
    for wish, why in refused:
        say(refuse_in_words(why, wish.reference))
    if dry_run:
        say("each was tried on its own, as if the others had not been asked for")
    if refused:
        say(f"{len(wishes) - len(refused)} approved, {len(refused)} not")
    codes = [why.exit_code for _, why in refused]
    return 3 if 3 in codes else max(codes, default=0)


def _apart(session: Session, outcome: Outcome) -> dict[str, Any]:
    """The approvals that do not count beside those just recorded, for programs."""
    from commands.counts import apart_object, apart_of

    records, states = outcome.records, session.states_after(outcome)
    found = [
        apart_object(one, states[record.stream_id])
        for record in records
        for one in apart_of(record, states[record.stream_id], records)
    ]
    return {"another_count": found}


def _told(wish: Wish, problem: LedgerError) -> dict[str, Any]:
    return {"reference": str(wish.reference), **problem.as_object()}
