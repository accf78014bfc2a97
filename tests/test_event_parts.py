"""Every event kind has all that belongs to one, and a part that is missing is found by its name."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pytest import MonkeyPatch

from commands.sentences import SENTENCES
from ledger import events as e
from ledger.again import asking
from ledger.contract import EVOLVERS
from ledger.events import EVENT_TYPES
from ledger.events.catalogue import CURRENT
from tests import event_parts, golden_files
from tests.event_parts import PARTS, missing

STARTED = e.MilestoneStarted
Plant = Callable[[MonkeyPatch, Path], object]


def test_every_event_has_all_its_parts() -> None:
    assert {event.__name__: missing(event) for event in CURRENT if missing(event)} == {}


def _without_line(patch: MonkeyPatch, owner: object, name: str, file: Path, folder: Path) -> None:
    lines = file.read_text("utf-8").splitlines(keepends=True)
    shorter = folder / file.name
    shorter.write_text("".join(one for one in lines if STARTED.__name__ not in one), "utf-8")
    patch.setattr(owner, name, shorter)


def _out(table: Any) -> Plant:
    return lambda patch, _: patch.delitem(table, STARTED)


WITHOUT: dict[str, Plant] = {
    "catalogue": lambda patch, _: patch.delitem(EVENT_TYPES, "MilestoneStarted/1"),
    "face": lambda patch, _: patch.delattr(e, "MilestoneStarted"),
    "fold": _out(EVOLVERS),
    "asked": _out(asking._BEGINS),
    "words": _out(SENTENCES),
    "golden": lambda patch, folder: _without_line(
        patch, golden_files, "EVENTS", golden_files.EVENTS, folder
    ),
    "page": lambda patch, folder: _without_line(
        patch, event_parts, "PAGE", event_parts.PAGE, folder
    ),
}


@pytest.mark.parametrize("part", PARTS)
def test_a_part_that_is_missing_is_found(
    part: str, monkeypatch: MonkeyPatch, tmp_path: Path
) -> None:
    WITHOUT[part](monkeypatch, tmp_path)
    assert missing(STARTED) == [part]
