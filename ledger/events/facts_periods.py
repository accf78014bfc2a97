"""The events of the stream ~periods: months that are closed."""

from __future__ import annotations

from ledger.events.parts import Fact, Part


class PeriodTotal(Part, frozen=True, kw_only=True):
    """What the schedule said in one currency: amounts signed, in its minor units; `lines` counts its lines.

    An amount of which nothing was known is null.
    """

    currency: str
    lines: int
    net_minor: int | None
    held_minor: int | None
    paid_minor: int | None
    outstanding_minor: int | None
    payable_minor: int | None
    retention_minor: int
    expected_minor: int | None


class PeriodClosed(Fact, frozen=True, kw_only=True):
    """The month `period` ("2026-10") is closed: what acts by its end and stands beyond position `covers` adjusts it.

    `totals` are the schedule's as of its last day as known at `covers`, `digest` the SHA-256 of their canonical
    JSON; `timezone` the zone in which the month has ended. `adjustments` are the positions that adjusted months
    closed before, by month, recorded since the closing before this one.
    """

    period: str
    covers: int
    totals: tuple[PeriodTotal, ...]
    digest: str
    timezone: str
    adjustments: dict[str, tuple[int, ...]] = {}  # noqa: RUF012 - a Struct makes its own
