"""Losses that were accepted: anchored checkpoints that a seal gave up, since what they covered is lost."""

from __future__ import annotations

from base64 import b64encode
from dataclasses import dataclass

from sqlalchemy import Connection, select

from ledger.events import LogSealed
from ledger.proof.checkpoints import SignedCheckpoint
from ledger.store.records import read_one
from ledger.store.tables import log, streams
from ledger.store.tail import SEALS

Mark = tuple[int, str]
"""A checkpoint by its size and its root in base64."""


@dataclass(frozen=True, slots=True)
class Loss:
    """Where, by whom and why a checkpoint was given up."""

    position: int
    actor: str
    reason: str


def mark_of(one: SignedCheckpoint) -> Mark:
    """What a seal names a checkpoint by."""
    return one.checkpoint.size, b64encode(one.checkpoint.root).decode()


def losses(conn: Connection) -> dict[Mark, Loss]:
    """Every checkpoint that was given up, in the order in which they were."""
    found: dict[Mark, Loss] = {}
    for position, text in seals_of_losses(conn):
        record = read_one(position, text)
        if isinstance(record.data, LogSealed):
            loss = Loss(position, record.actor, record.data.reason)
            found |= {(one.size, one.root): loss for one in record.data.lost}
    return found


def seals_of_losses(conn: Connection) -> list[tuple[int, str]]:
    """Position and stored text of every seal that gave a checkpoint up, in their order."""
    query = (
        select(log.c.position, log.c.record)
        .join(streams, streams.c.stream == log.c.stream)
        .where(streams.c.stream_id == SEALS, log.c.record.contains('"lost":[{', autoescape=True))
        .order_by(log.c.position)
    )
    return [(position, text) for position, text in conn.execute(query)]
