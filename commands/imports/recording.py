"""Take-overs become events: contract by contract in the source's order, some hundred to a transaction."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from commands.imports.found import STDIN, Skipped, Warned, files_in
from ledger.errors import InputInvalid, Refused

if TYPE_CHECKING:
    from ledger.events import Record
    from ledger.intents import Context, TakeOver
    from ledger.state import Contract
    from ledger.store import Ledger

# Contracts, milestones, payments and disputes in one transaction: bounds its memory, and how long
# another writer waits.
BATCH = 2_000


@dataclass(slots=True)
class Taken:
    """What an import came to; `warned` has the rules that its events break, `skipped` the contracts refused."""

    contracts: int = 0
    milestones: int = 0
    events: int = 0
    warned: list[Warned] = field(default_factory=list)
    skipped: list[Skipped] = field(default_factory=list)

    def add(self, records: Iterable[Record]) -> None:
        """Counts records, and tells of each rule that one of them breaks."""
        for record in records:
            self.events += 1
            if record.data.breaches:
                self.warned += breaches(record)


def record_all(
    ledger: Ledger[Contract],
    context: Context,
    intents: Sequence[TakeOver],
    taken: Taken,
    *,
    origin: str,
    whole: bool = False,
    dry_run: bool = False,
    progress: Callable[[int], None] = lambda contracts: None,
) -> None:
    """Records all take-overs and counts into `taken` what was done; a `whole` import is one
    transaction.

    A batch that fails leaves those before it recorded, and is raised.
    """
    from ledger.store.perform import perform

    for batch in [list(intents)] if whole else batches(intents):
        told = len({intent.contract for intent in batch})
        while True:
            requests = [(intent.contract, intent) for intent in batch]
            try:
                outcome = perform(ledger, requests, context, origin=origin, dry_run=dry_run)
            except Refused as refusal:
                if whole:
                    raise
                batch = _without(batch, refusal, taken)
            else:
                break
        taken.add(outcome.records)
        contracts = {intent.contract for intent in batch}
        taken.contracts += len(contracts)
        taken.milestones += _milestones(batch)
        progress(told)


def _without(batch: list[TakeOver], refusal: Refused, taken: Taken) -> list[TakeOver]:
    """The batch but for the contract that was refused, which is listed with the reason."""
    contract = refusal.facts["contract"]
    reason = f"{refusal.message} [{refusal.code}]"
    taken.skipped.append(Skipped(contract, reason, refusal.code))
    return [intent for intent in batch if intent.contract != contract]


def _milestones(batch: Iterable[TakeOver]) -> int:
    """How many milestones the source has: a payment twin, folded into its delivery, is one too."""
    seen = {(i.contract, m.id, bool(m.twin_status)) for i in batch for m in i.milestones}
    twins = sum(twin for _, _, twin in seen)
    return len({(contract, milestone) for contract, milestone, _ in seen}) + twins


def batches(intents: Iterable[TakeOver]) -> Iterator[list[TakeOver]]:
    """The take-overs some at a time, those of one contract together and in the order given."""
    by_contract: dict[str, list[TakeOver]] = {}
    for intent in intents:
        by_contract.setdefault(intent.contract, []).append(intent)
    batch: list[TakeOver] = []
    size = 0
    for of_one in by_contract.values():
        batch += of_one
        size += sum(1 + len(i.milestones) + len(i.payments) + len(i.disputes) for i in of_one)
        if size >= BATCH:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


def breaches(record: Record) -> Iterator[Warned]:
    """The rules that an imported fact breaks, each with what the rule says."""
    from ledger.decisions.rules import RULES
    from ledger.decisions.rules_money import amount_in_minor_units
    from projections.derive.findings import weight_of

    says = {rule.id: rule.says for rule in RULES}
    milestone = getattr(record.data, "milestone", "")
    place = f"{record.stream_id}/{milestone}" if milestone else record.stream_id
    kind = type(record.data).__name__
    on = f" of {record.data.on}" if record.data.on else ""
    for rule in record.data.breaches:
        if rule == amount_in_minor_units.id:
            continue  # whoever read the amount has said so, with its place in the source
        detail = f"{kind}{on}, {record.stream_id}#{record.version}: {says.get(rule, rule)}"
        yield Warned(place, rule, detail, weight_of(rule))


def found_files(paths: Sequence[Path], endings: tuple[str, ...]) -> list[Path]:
    """The files to read, `-` for stdin; InputInvalid where a path leads nowhere, or to nothing that can be read."""
    for path in paths:
        if path == STDIN:
            continue
        if not path.exists():
            says = f"there is no file or folder {path}"
            raise _no_source("file-not-found", says, path, "check the name")
        if path.is_dir():
            _look_through(path)
        elif not os.access(path, os.R_OK):
            hint = f"get the right to read it: chmod u+r {path}"
            raise _no_source("file-unreadable", f"{path} may not be read", path, hint)
    files = files_in(paths, endings)
    if not files:
        wanted = ", ".join(endings[:-1]) + f" or {endings[-1]}"
        says = f"no file in {', '.join(map(str, paths))} ends in {wanted}"
        raise _no_source("no-files", says, paths[0], "name the files, or another folder")
    return files


def _look_through(folder: Path) -> None:
    """Refuses a folder of which any part is closed: what is in there would be left out unseen."""

    def closed(problem: OSError) -> None:
        where = Path(str(problem.filename))
        hint = f"get the right to read it: chmod u+rx {where}"
        raise _no_source("folder-unreadable", f"{where} may not be read", where, hint)

    for _ in os.walk(folder, onerror=closed):
        pass


def _no_source(code: str, message: str, place: Path, hint: str) -> InputInvalid:
    return InputInvalid(code, message, place=str(place), hint=hint)
