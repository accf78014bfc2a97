"""What other processes do in tests: functions that a fresh interpreter can import."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from typing import TypeVar

import migrations
from ledger.errors import Conflict
from ledger.store import open_ledger
from tests.store.events import ALICE, counted, started

Answer = TypeVar("Answer")
PROCESSES = 4


def at_once(work: Callable[[str], Answer], argument: str) -> Sequence[Answer]:
    """What four fresh processes answer that do the same work at the same time."""
    with ProcessPoolExecutor(PROCESSES, mp_context=get_context("spawn")) as pool:
        return list(pool.map(work, [argument] * PROCESSES))


def upgrade(url: str) -> tuple[str | None, str]:
    return migrations.upgrade(url)


def append_thirty(url: str) -> list[int]:
    """Appends to the same stream as all others, and tries again whenever one of them was first."""
    positions: list[int] = []
    with open_ledger(url, counted) as ledger:
        while len(positions) < 30:
            expected = len(ledger.load("C") or ())
            try:
                (record,) = ledger.append([("C", expected, started("M"))], ALICE)
            except Conflict:
                continue
            positions.append(record.position)
    return positions
