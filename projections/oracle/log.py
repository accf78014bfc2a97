"""The log as the oracle reads it: records in, the facts that count at one moment out.

Nothing here or beside it imports the product. It is written from docs/design (the domain page) alone, in
the most naive way, so that it can disagree with the product.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import Any

Json = dict[str, Any]

# The field in which a correction names the fact that it takes back.
TARGETS = {
    "MilestoneSubmitted": "corrects",
    "ApprovalWithdrawn": "approval",
    "AcceptanceReversed": "acceptance",
    "BonusRevoked": "bonus",
    "DisputeWithdrawn": "dispute",
    "PaymentReversed": "payment",
}


@dataclass(frozen=True)
class Fact:
    """One event: its name without schema version, its place, effective date and payload, and who recorded it when."""

    name: str
    contract: str
    version: int
    position: int
    on: date | None
    data: Json
    actor: str = ""
    recorded_at: str = ""
    origin: str = ""

    @cached_property
    def milestone(self) -> str:
        return str(self.data.get("milestone", ""))


def day(text: str | None) -> date | None:
    """A date as records write it; None stays unknown."""
    return None if text is None else date.fromisoformat(text)


def read_records(path: str) -> list[Json]:
    """All records of an SQLite log or of an exported JSON Lines file, by position."""
    file = Path(path)
    with file.open("rb") as opened:
        is_database = opened.read(16) == b"SQLite format 3\0"
    if is_database:
        connection = sqlite3.connect(f"{file.resolve().as_uri()}?mode=ro", uri=True)
        try:
            texts = [
                row[0] for row in connection.execute("SELECT record FROM log ORDER BY position")
            ]
        finally:
            connection.close()
    else:
        texts = [line for line in file.read_text(encoding="utf-8").split("\n") if line]
    return sorted((json.loads(text) for text in texts), key=lambda record: record["position"])


def known(records: Iterable[Json], known_at: str | int | None) -> list[Json]:
    """The records up to a position or a time, both inclusive; a date means its end in UTC."""
    if known_at is None:
        return list(records)
    text = str(known_at)
    if text.isdigit():
        return [record for record in records if record["position"] <= int(text)]
    if len(text) == len("2026-11-22"):
        end = date.fromisoformat(text) + timedelta(days=1)
        return [record for record in records if record["recorded_at"] < end.isoformat()]
    limit = datetime.fromisoformat(text)
    return [r for r in records if datetime.fromisoformat(r["recorded_at"]) <= limit]


def facts_by_contract(records: Iterable[Json]) -> dict[str, list[Fact]]:
    """Every contract's facts in version order; streams in the order of their numbers."""
    found: dict[str, list[Fact]] = {}
    for record in sorted(records, key=lambda record: (record["stream"], record["version"])):
        if record["stream_id"].startswith("~"):
            continue
        data = record["data"]
        fact = Fact(
            name=record["type"].partition("/")[0],
            contract=record["stream_id"],
            version=record["version"],
            position=record["position"],
            on=day(data.get("on")),
            data=data,
            actor=record.get("actor", ""),
            recorded_at=record.get("recorded_at", ""),
            origin=record.get("origin", ""),
        )
        found.setdefault(fact.contract, []).append(fact)
    return found


def acts_from(fact: Fact, by_version: dict[int, Fact]) -> date | None:
    """A correction of an error acts from the date of what it corrects, everything else from its own."""
    field = TARGETS.get(fact.name)
    target = by_version.get(fact.data.get(field, 0)) if field else None
    if target is not None and fact.data.get("why", "event") == "error":
        return acts_from(target, by_version)
    return fact.on


def as_of(facts: list[Fact], moment: date | None) -> list[Fact]:
    """The facts without those that act later, and without those that rest on one left out."""
    if moment is None:
        return facts
    by_version = {fact.version: fact for fact in facts}
    kept: dict[int, Fact] = {}
    for fact in facts:
        begins = acts_from(fact, by_version)
        later = begins is not None and begins > moment
        if not later and all(version in kept for version in fact.data.get("rests_on", ())):
            kept[fact.version] = fact
    return list(kept.values())
