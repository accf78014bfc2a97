"""What a source says of milestones, payments and disputes, before it is taken over as history."""

from __future__ import annotations

from datetime import date
from typing import Literal

import msgspec

from ledger.events import Outcome


class TakenMilestone(msgspec.Struct, frozen=True, kw_only=True):
    """A milestone as a source says it is now; None or "" where the source says nothing.

    `status` is how far it got: defined, started, submitted, rejected, accepted or cancelled. `baseline_due` is
    the first due date where the source tells it apart from the current one; `submitted_inferred` marks a delivery
    date that the source does not state; `source_status` is the source's own word, `twin_status` the source status
    of its payment twin, folded into it. `source_amount` is the amount as it was written where that is finer than
    the currency, `labels` the source's other columns; `withdrawn` names what a newer source takes back: due, amount.
    `silent`: the source does not say how far it got.
    """

    id: str
    title: str = ""
    stage: str = ""
    owner: str = ""
    due: date | None = None
    baseline_due: date | None = None
    amount_minor: int | None = None
    status: str = "defined"
    source_status: str = ""
    submitted_on: date | None = None
    submitted_at: str = ""
    submitted_inferred: bool = False
    accepted_on: date | None = None
    payment_due: date | None = None
    twin_status: str = ""
    source_amount: str = ""
    labels: dict[str, str] = msgspec.field(default_factory=dict)
    withdrawn: frozenset[str] = frozenset()
    silent: bool = False


class TakenPayment(msgspec.Struct, frozen=True, kw_only=True):
    """Money that a source says was paid; `milestone` "" where it names none. `reference` is unique in its contract."""

    reference: str
    amount_minor: int
    paid_on: date | None = None
    milestone: str = ""
    source_amount: str = ""


class TakenDispute(msgspec.Struct, frozen=True, kw_only=True):
    """A dispute that a source tells of; `outcome` "" while open, else upheld, rejected, split or withdrawn."""

    milestone: str
    opened_on: date | None = None
    amount_minor: int | None = None
    outcome: Outcome | Literal["", "withdrawn"] = ""
    ended_on: date | None = None
