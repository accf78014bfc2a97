"""One contract as one release, and what that loses, for tests that look at a part of it."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

from ledger.events import Record
from ledger.intents import TakenMilestone, TakeOver
from projections.exports.ocds_changes import history
from projections.exports.ocds_losses import Losses
from projections.exports.ocds_package import package
from tests.exports.ledgers import CLAIM
from tests.oracle.play import Play

Json = dict[str, Any]


def whole(records: list[Record], lost: Losses | None = None, as_of: date | None = None) -> Json:
    """The only release of a package of one contract."""
    found = history(records, as_of)
    assert found is not None
    told = [(*found, records[-1].recorded_at)]
    text = "".join(package(told, "id", CLAIM, len(records), Losses() if lost is None else lost))
    (release,) = json.loads(text)["releases"]
    assert isinstance(release, dict)
    return release


def contract_of(records: list[Record], **more: Any) -> Json:
    (found,) = whole(records, **more)["contracts"]
    assert isinstance(found, dict)
    return found


def lost(records: list[Record]) -> dict[str, Any]:
    """Kind → its references, or the amount where one reference has one."""
    found = Losses()
    whole(records, found)
    assert all(len(sums) == 1 for sums in found.sums.values())
    return {
        kind: found.amounts(kind)[0]["amount"] if kind in found.sums else found.references[kind]
        for kind in found.kinds()
    }


def taken(*milestones: TakenMilestone, contract: str = "C-1", **more: Any) -> list[Record]:
    play = Play()
    said: Json = {"currency": "CNY", "known_claim": CLAIM, "milestones": milestones} | more
    assert play.act(contract, "importer", TakeOver(contract=contract, **said))
    return play.records


def by_id(contract: Json) -> dict[str, Json]:
    return {m["id"]: m for m in contract["implementation"]["milestones"]}
