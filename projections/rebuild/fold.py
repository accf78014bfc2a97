"""Records → states → rows: the one pure path that catch-up, rebuild, replay and explain all take."""

from __future__ import annotations

import gc
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import date
from itertools import chain, groupby
from operator import attrgetter

from ledger.contract import fold
from ledger.events import ContractSigned, Record
from ledger.state import Contract
from projections.derive import MODELS
from projections.derive.model import Row

_stream = attrgetter("stream")


@contextmanager
def no_collection() -> Iterator[None]:
    """Without the collector of cycles: states and rows have none, and are many."""
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()


def states(records: Iterable[Record], as_of: date | None = None) -> Iterator[Contract]:
    """The state of each contract in records sorted by (stream, version), but for those not signed as of then.

    A stream that does not begin with a signature is of another kind (its id begins with `~`) and has no rows.
    """
    for _, of_one in groupby(records, _stream):
        first = next(of_one)
        if isinstance(first.data, ContractSigned):
            state = fold(chain((first,), of_one), as_of)  # noqa: B031 - the rest of the same group
            if state is not None:
                yield state


def rows_of(records: Iterable[Record], as_of: date | None = None) -> list[list[Row]]:
    """The rows of every read model, in the order of MODELS, for records sorted by (stream, version)."""
    found: list[list[Row]] = [[] for _ in MODELS]
    for state in states(records, as_of):
        for into, model in zip(found, MODELS, strict=True):
            into += model.rows(state)
    return found
