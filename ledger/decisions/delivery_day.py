"""When a delivery counts: one moment, from its time, from its day, or from the recording itself."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from typing import NamedTuple

from ledger.calendars import delivery_date, local_date, zone
from ledger.intents import Context, SubmitMilestone
from ledger.terms import Terms


class Delivery(NamedTuple):
    """The day that counts (None: a correction keeps the day of its target), and the moment it follows from, if any.

    `by_recording`: nobody gave the moment, it is that of the recording.
    """

    on: date | None
    at: datetime | None
    by_recording: bool = False


def delivery_of(terms: Terms, intent: SubmitMilestone, context: Context) -> Delivery:
    """A time given counts by the cut-off; without one, under a cut-off, the moment of recording does.

    A day alone is taken as it stands; only today's, under a cut-off, leaves open on which side of it the delivery fell,
    and then too the moment of recording decides. A correction does not arrive when it is recorded, so it only takes
    what it is given.
    """
    if intent.at is not None:
        return Delivery(counted(terms, intent.at, context.now), intent.at)
    today = local_date(context.now, terms.timezone)
    if intent.corrects:
        return Delivery(intent.on, None)
    if not terms.cut_off:
        return Delivery(intent.on or today, None)
    day = counted(terms, context.now, context.now)
    if intent.on not in (None, today, day):
        return Delivery(intent.on, None)
    recorded = context.now.astimezone(zone(terms.timezone)).replace(microsecond=0)
    return Delivery(day, recorded, by_recording=True)


def counted(terms: Terms, at: datetime, now: datetime) -> date:
    """The day for which a moment counts; of one still to come its own day, for it is refused anyway."""
    cut_off = time.fromisoformat(terms.cut_off) if terms.cut_off and at <= now else None
    return delivery_date(at, terms.timezone, cut_off)


def in_words(at: datetime, terms: Terms) -> str:
    """A moment on the contract's clock: "18:40 on 2026-10-30"."""
    return f"{at.astimezone(zone(terms.timezone)):%H:%M on %Y-%m-%d}"


def is_to_come(at: datetime, now: datetime) -> bool:
    """Whether the moment lies after now."""
    return at.astimezone(UTC) > now.astimezone(UTC)
