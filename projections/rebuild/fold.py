"""Records → states → rows: the one pure path that catch-up, rebuild, replay and explain all take."""

from __future__ import annotations

import gc
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from itertools import groupby
from operator import attrgetter

from ledger.contract import fold
from ledger.errors import IntegrityViolated
from ledger.events import ContractSigned, Record
from ledger.state import Contract
from projections.derive import MODELS, derive, findings
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
    for of_one in _contracts(records):
        state = fold(of_one, as_of)
        if state is not None:
            yield state


def rows_of(records: Iterable[Record], as_of: date | None = None) -> list[list[Row]]:
    """The rows of every read model, in the order of MODELS, for records sorted by (stream, version).

    A contract that no rows can be derived of has one row, a finding that says so: it never hides the others. Raises
    IntegrityViolated where the log is not what it must be.
    """
    found: list[list[Row]] = [[] for _ in MODELS]
    for of_one in _contracts(records):
        try:
            derived = _rows_of_one(of_one, as_of)
        except _GRAVE:
            raise
        except Exception as problem:
            found[_FINDINGS].append(findings.left_out(*_failure(of_one, as_of, problem)))
        else:
            for into, rows in zip(found, derived, strict=True):
                into += rows
    return found


# What is not a contract's own failure: the log is damaged, or the machine is at its end.
_GRAVE = (IntegrityViolated, MemoryError)
_FINDINGS = MODELS.index(findings.MODEL)


def _contracts(records: Iterable[Record]) -> Iterator[list[Record]]:
    """The records of each contract among those of streams of any kind."""
    for _, some in groupby(records, _stream):
        of_one = list(some)
        if isinstance(of_one[0].data, ContractSigned):
            yield of_one


def _rows_of_one(records: Sequence[Record], as_of: date | None) -> list[list[Row]]:
    state = fold(records, as_of)
    return [[] for _ in MODELS] if state is None else derive(state, MODELS)


def _failure(
    records: Sequence[Record], as_of: date | None, problem: Exception
) -> tuple[Record, Exception]:
    """The event from which on no rows can be derived, and what is said of it there."""

    def fails(count: int) -> Exception | None:
        try:
            _rows_of_one(records[:count], as_of)
        except _GRAVE:
            raise
        except Exception as found:
            return found
        return None

    first = bisect_left(range(1, len(records)), True, key=lambda count: fails(count) is not None)
    return records[first], fails(first + 1) or problem
