"""Planted bugs: each changes one thing of the product, and the comparison with the oracle must notice.

A mutant that no longer applies (the text or name it changes is gone) fails loudly instead of surviving.
"""

from __future__ import annotations

import pkgutil
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import msgspec
from pytest import MonkeyPatch

from ledger import events as e
from ledger.contract import EVOLVERS
from ledger.events import Fact, Record
from ledger.state import Contract, Milestone
from projections.metrics import on_time, rates

Plant = Callable[[MonkeyPatch], None]


@dataclass(frozen=True)
class Mutant:
    name: str
    plant: Plant


def _replaced(dotted: str, change: Callable[[Any], Any]) -> Plant:
    """Puts something else in the place of a function, constant or property of the product."""

    def plant(patch: MonkeyPatch) -> None:
        patch.setattr(dotted, change(pkgutil.resolve_name(dotted)))

    return plant


def _swapped(text: str, old: str, new: str) -> str:
    assert old in text, f"the mutant finds no {old!r} any more"
    return text.replace(old, new)


def _constant(dotted: str, old: str, new: str) -> Plant:
    """Changes a part of an SQL text."""
    return _replaced(dotted, lambda text: _swapped(text, old, new))


def _text(dotted: str, old: str, new: str) -> Plant:
    """Changes a part of the SQL text that a function makes."""

    def change(make: Callable[..., str]) -> Callable[..., str]:
        return lambda *args: _swapped(make(*args), old, new)

    return _replaced(dotted, change)


Evolver = Callable[[Contract, Any, Record], None]


def _evolver(event: type[Fact], change: Callable[[Evolver], Evolver]) -> Plant:
    """Changes how one kind of event is folded."""
    return lambda patch: patch.setitem(EVOLVERS, event, change(EVOLVERS[event]))


def _before_as_well(fold: Any) -> Any:
    """Acceptances are kept although the submission that they rest on is left out."""

    def kept(record: Record) -> Record:
        data = record.data
        if not isinstance(data, e.MilestoneAccepted):
            return record
        alone = msgspec.structs.replace(data, rests_on=data.rests_on[:1])
        return msgspec.structs.replace(record, data=alone)

    return lambda records, as_of=None: fold(map(kept, records), as_of)


def _last_submission(_: Any) -> Any:
    def delivery(milestone: Milestone) -> Any:
        if milestone.acceptance is not None:
            return milestone.acceptance.submission
        return milestone.submissions[-1] if milestone.submissions else None

    return delivery


def _held(sides: tuple[str, ...]) -> Callable[[Any], Any]:
    def held_minor(milestone: Milestone) -> int:
        disputed = [
            dispute.amount_minor or 0
            for dispute in milestone.disputes
            if dispute.status == "open" and dispute.side in sides
        ]
        return max(0, min(sum(disputed), milestone.outstanding_minor))

    return lambda _: property(held_minor)


def _head_of_its_own(define: Evolver) -> Evolver:
    def defined(contract: Contract, data: e.MilestoneDefined, record: Record) -> None:
        define(contract, data, record)
        contract.milestones[data.milestone].family = data.milestone

    return defined


def _without_split(define: Evolver) -> Evolver:
    """The remainder is defined, and its parent keeps its whole baselines as well."""

    def defined(contract: Contract, data: e.MilestoneDefined, record: Record) -> None:
        define(contract, data, record)
        parent = contract.milestones.get(data.remainder_of)
        if parent is not None and parent.whole is not None:
            parent.baselines = parent.whole

    return defined


def _reservation_stays(_: Evolver) -> Evolver:
    def failed(contract: Contract, data: e.PaymentFailed, record: Record) -> None:
        contract.milestones[data.milestone].positions.append(record.position)

    return failed


def _still_paid(_: Evolver) -> Evolver:
    def reversed_(contract: Contract, data: e.PaymentReversed, record: Record) -> None:
        if data.milestone:
            contract.milestones[data.milestone].positions.append(record.position)
        else:
            contract.unallocated_positions.append(record.position)

    return reversed_


def _goes_on(_: Evolver) -> Evolver:
    def cancelled(contract: Contract, data: e.MilestoneCancelled, record: Record) -> None:
        contract.milestones[data.milestone].positions.append(record.position)

    return cancelled


def _as_if_delivered_anew(place: Any) -> Any:
    def takes_the_place_of(milestone: Milestone, wrong: Any, right: Any) -> None:
        place(milestone, wrong, right)
        right.first = right.version

    return takes_the_place_of


def _penalty_added(accepted: Any) -> Any:
    def row(milestone: Milestone, unknown: frozenset[str]) -> Any:
        due, provisional, gross, bonus, penalty, *rest = accepted(milestone, unknown)
        return due, provisional, gross, bonus, -penalty, *rest

    return row


def _columns(**changed: tuple[str, str]) -> Plant:
    return _replaced("projections.metrics.on_time._COLUMNS", lambda columns: columns | changed)


def _rounded_z(patch: MonkeyPatch) -> None:
    patch.setattr(rates, "Z", Decimal("1.96"))
    patch.setattr(rates, "_wilson", rates._wilson.__wrapped__)  # what was cached had the right z


def _half_cut_off(_: Any) -> Any:
    def rate(numerator: int, denominator: int) -> str | None:
        if denominator == 0:
            return None
        units = numerator * 10_000 // denominator
        return f"{units // 10_000}.{units % 10_000:04d}"

    return rate


_ON_TIME = "projections.metrics.on_time._parts"
_DISPUTES = "projections.metrics.disputes._judged"
_SCHEDULE = "projections.derive.schedule"
_MILESTONES = "projections.derive.milestones"

MUTANTS = [
    Mutant("the due day itself is late", _text(_ON_TIME, "delivered_on <= ", "delivered_on < ")),
    Mutant("current for original", _columns(original=on_time._COLUMNS["current"])),
    Mutant(
        "the original is valued at today's amount",
        _columns(original=("original_due", "amount_minor")),
    ),
    Mutant("due today is overdue", _text(_ON_TIME, " >= :as_of", " > :as_of")),
    Mutant(
        "an unknown delivery is late", _text(_ON_TIME, "OR m.delivery = 'unknown' THEN", "THEN")
    ),
    Mutant(
        "a change after the fact counts",
        _replaced(
            f"{_MILESTONES}.in_force", lambda _: lambda milestone, submission: milestone.current
        ),
    ),
    Mutant(
        "a correction is a delivery of its own",
        _replaced("ledger.evolve.milestones._takes_the_place_of", _as_if_delivered_anew),
    ),
    Mutant("a rejected delivery counts", _replaced(f"{_MILESTONES}._delivery", _last_submission)),
    Mutant("a remainder is counted by itself", _evolver(e.MilestoneDefined, _head_of_its_own)),
    Mutant("a remainder's value counts twice", _evolver(e.MilestoneDefined, _without_split)),
    Mutant("a cancelled milestone goes on", _evolver(e.MilestoneCancelled, _goes_on)),
    Mutant(
        "a partial acceptance is a first pass",
        _replaced(
            "ledger.evolve.approvals.decided",
            lambda decided: lambda milestone, on, first_pass: decided(milestone, on, True),
        ),
    ),
    Mutant("a dispute holds nothing", _replaced("ledger.state.Milestone.held_minor", _held(()))),
    Mutant(
        "the partner's dispute holds too",
        _replaced("ledger.state.Milestone.held_minor", _held(("client", "partner"))),
    ),
    Mutant(
        "more is disputed than submitted",
        _text(_DISPUTES, "THEN head.submitted_minor", "THEN claims.minor"),
    ),
    Mutant("a reversed payment stays paid", _evolver(e.PaymentReversed, _still_paid)),
    Mutant("a failed instruction stays reserved", _evolver(e.PaymentFailed, _reservation_stays)),
    Mutant(
        "a penalty is shown as it is posted", _replaced(f"{_SCHEDULE}._accepted", _penalty_added)
    ),
    Mutant(
        "unallocated money is in no total",
        _constant(f"{_SCHEDULE}.TOTALS", "WHERE", "WHERE kind = 'milestone' AND"),
    ),
    Mutant(
        "an unknown due date comes first",
        _constant(
            f"{_SCHEDULE}.LINES", "THEN 1 ELSE 0 END, s.due_on", "THEN 0 ELSE 1 END, s.due_on"
        ),
    ),
    Mutant(
        "owed today is overdue",
        _constant("projections.metrics.exposure.EXPOSURE", "due_on < :as_of", "due_on <= :as_of"),
    ),
    Mutant(
        "thirty days late is in the next bucket",
        _constant("projections.metrics.exposure.EXPOSURE", "due_on >= :d30", "due_on > :d30"),
    ),
    Mutant(
        "an error is corrected from the day it was found",
        _replaced("ledger.contract.acting_date", lambda _: lambda dates, data: data.on),
    ),
    Mutant(
        "what rests on a fact left out stays",
        _replaced("projections.rebuild.fold.fold", _before_as_well),
    ),
    Mutant("an inferred delivery counts", _text(_ON_TIME, "u.delivered_inferred = 1", "1 = 0")),
    Mutant("what no source tells is late", _text(_ON_TIME, "u.no_deliveries = 1", "1 = 0")),
    Mutant("what was not heard of since is late", _text(_ON_TIME, "u.heard_on <= ", "'' >= ")),
    Mutant(
        "heard of on the due day is heard after it", _text(_ON_TIME, "heard_on <=", "heard_on <")
    ),
    Mutant("no dispute told is no dispute", _text(_DISPUTES, "head.no_disputes = 1", "1 = 0")),
    Mutant(
        "an inferred submission lies in a window", _text(_DISPUTES, "u.first_inferred = 1", "1 = 0")
    ),
    Mutant(
        "a dispute of an unknown amount is about nothing",
        _text(_DISPUTES, "claims.untold > 0", "1 = 0"),
    ),
    Mutant(
        "no rejection told is a first pass",
        _replaced("ledger.recorded.REJECTIONS", lambda _: "acceptances"),
    ),
    Mutant(
        "no payment told is nothing paid",
        _replaced(f"{_SCHEDULE}.PAYMENTS", lambda _: "nothing"),
    ),
    Mutant(
        "no acceptance told is nothing owed",
        _replaced(f"{_SCHEDULE}.ACCEPTANCES", lambda _: "nothing"),
    ),
    Mutant("no dispute told holds nothing", _replaced(f"{_SCHEDULE}.DISPUTES", lambda _: "none")),
    Mutant(
        "a hold of an unknown amount is nothing",
        _replaced(f"{_SCHEDULE}.held_known", lambda _: lambda milestone: True),
    ),
    Mutant(
        "a payment milestone that is met is unpaid",
        _replaced("ledger.recorded._PAID", lambda _: frozenset()),
    ),
    Mutant(
        "what people do here ends no silence",
        _replaced("projections.derive.unknowns.heard_on", lambda _: lambda c, m: m.heard_on),
    ),
    Mutant(
        "unpaid when last heard of is overdue",
        _constant("projections.metrics.exposure.EXPOSURE", "not_heard = 0 AND", ""),
    ),
    Mutant("z is rounded", _rounded_z),
    Mutant(
        "whoever pays late pays on time",
        _text(
            "projections.metrics.paid_on_time._judged",
            "settled_on <= due_on",
            "settled_on >= due_on",
        ),
    ),
    Mutant(
        "what is due today is not due",
        _text("projections.metrics.paid_on_time._judged", "due_on <= :as_of", "due_on < :as_of"),
    ),
    Mutant(
        "what is held is late",
        _text("projections.metrics.paid_on_time._judged", "held_minor > 0 OR", "1 = 0 AND"),
    ),
    Mutant(
        "a dispute takes from delivery on",
        _text(
            "projections.metrics.cycle_times._spans",
            "d.opened_on, d.ended_on",
            "m.accepted_on, d.ended_on",
        ),
    ),
    Mutant(
        "the median is the largest",
        _replaced(
            "projections.metrics.cycle_times.nearest_rank",
            lambda _: lambda taken, _: max(taken, default=None),
        ),
    ),
    Mutant(
        "payment takes from delivery on",
        _text(
            "projections.metrics.cycle_times._spans",
            "accepted_on, settled_on\n",
            "delivered_on, settled_on\n",
        ),
    ),
    Mutant("a rate is cut off", _replaced("projections.metrics.answer.rate", _half_cut_off)),
]
