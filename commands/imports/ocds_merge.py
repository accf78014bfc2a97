"""Views become take-overs in order of time, each payment milestone joined to its delivery.

Pairs are found over all releases read, since an update release carries only what changed.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from msgspec.structs import replace

from commands.imports.found import Notes, Reading, escaped
from commands.imports.ocds_contract import View
from ledger.intents import TakenMilestone, TakenPayment, TakeOver
from ledger.money import format_minor

_EITHER = re.compile("payment|delivery", re.IGNORECASE)


@dataclass(slots=True)
class _Contract:
    """All milestone ids that any release gives a contract, and the delivery of each payment one."""

    kinds: dict[str, str] = field(default_factory=dict)
    delivery_of: dict[str, str] = field(default_factory=dict)
    said: set[str] = field(default_factory=set)

    def pair(self) -> None:
        """Joins ids that are equal after `payment` / `delivery` is taken off, case ignored."""
        deliveries: dict[str, str] = {}
        for name, kind in self.kinds.items():
            if kind in ("delivery", ""):
                deliveries.setdefault(_stem(name), name)
        for name, kind in self.kinds.items():
            if kind == "payment" and _stem(name) in deliveries:
                self.delivery_of[name] = deliveries.pop(_stem(name))


def _stem(name: str) -> str:
    return _EITHER.sub("", name).casefold()


def take_overs(views: Iterable[View], reading: Reading) -> list[TakeOver]:
    """The take-overs of all views, oldest release first, whatever order they were read in."""
    ordered = sorted(views, key=lambda view: (view.order, view.take_over.contract))
    ordered = list(_of_one_name(ordered, reading))
    _warn_of_order(ordered, reading)
    contracts: dict[str, _Contract] = {}
    for view in ordered:
        contract = contracts.setdefault(view.take_over.contract, _Contract())
        for milestone in view.take_over.milestones:
            contract.kinds.setdefault(milestone.id, "")
        contract.kinds |= view.kinds
    for contract in contracts.values():
        contract.pair()
    _warn_of_names(contracts, reading)
    return [_joined(view, contracts[view.take_over.contract], reading) for view in ordered]


def _of_one_name(ordered: list[View], reading: Reading) -> Iterator[View]:
    """The views without those whose contract has, once its '#' is %23, the name that another has already."""
    names: dict[str, str] = {}
    for view in ordered:
        if view.take_over.contract not in names and (says := escaped(view.written)):
            reading.warn(view.place, "id-escaped", says)
        first = names.setdefault(view.take_over.contract, view.written)
        if first == view.written:
            yield view
        else:
            says = f"{view.written!r} and {first!r} would both be kept as {view.take_over.contract}"
            reading.skip(view.place, says, "id-collides")


def _warn_of_order(ordered: list[View], reading: Reading) -> None:
    """Of releases of one date and one id, or none, that say different things: which is newer is then assumed."""
    last: dict[tuple[str, str, str], View] = {}
    for view in ordered:
        known, release_id, *_ = view.order
        before = last.get(key := (view.take_over.contract, known, release_id))
        last[key] = view
        if before is not None and _told(before) != _told(view):
            when = f"of {known}" if known else "without a date"
            called = f"both {release_id}" if release_id else "without ids"
            says = f"two releases {when}, {called}, differ: nothing says that this one is newer than {before.place}"
            reading.warn(view.place, "release-order-assumed", says)


def _told(view: View) -> object:
    return replace(view.take_over, digest="", source=""), view.said, view.nulls


def _warn_of_names(contracts: Iterable[str], reading: Reading) -> None:
    """Of contracts called by their ocid alone, where another release of the process gives its contract an id."""
    names = set(contracts)
    for name in sorted(names):
        process = name.partition("/")[0]
        if name != process and process in names:
            said = f"{process} names no contract and {name} one: two contracts, or one told twice"
            reading.warn(process, "contract-unnamed", said)


def _joined(view: View, contract: _Contract, reading: Reading) -> TakeOver:
    notes = Notes(view.place)
    found = view.take_over
    _warn_of_withdrawn(view, contract, notes)
    _warn_of_unpaid(found, contract, notes)
    milestones = _with_twins(found.milestones, contract, notes)
    payments = tuple(_on_milestone(payment, contract, notes) for payment in found.payments)
    for milestone in milestones:
        if milestone.submitted_inferred:
            when = f"{milestone.id} is met, when is not said: {milestone.submitted_on}"
            notes.warn("date-inferred", f"{when} by dateModified")
    paid = sum(payment.amount_minor for payment in payments)
    if found.value_minor is not None and paid > found.value_minor:
        value = format_minor(found.value_minor, found.currency)
        amount = format_minor(paid, found.currency)
        notes.warn("paid-above-value", f"{amount} {found.currency} paid, contract value {value}")
    notes.report(reading)
    return replace(found, milestones=milestones, payments=payments)


# What a withdrawal changes in the ledger; of all else it is told.
_RECORDED = ("dueDate", "value", "dateSigned")


def _warn_of_withdrawn(view: View, contract: _Contract, notes: Notes) -> None:
    """Values that this release says are none, and an earlier one stated."""
    for name in sorted(view.nulls & contract.said):
        if name.rpartition(" ")[2] in _RECORDED:
            notes.warn("value-taken-back", f"{name} is null: withdrawn by its source")
        else:
            notes.warn("value-withdrawn", f"{name} is null: withdrawn by its source, kept here")
    contract.said = (contract.said | view.said) - view.nulls


def _with_twins(
    milestones: tuple[TakenMilestone, ...], contract: _Contract, notes: Notes
) -> tuple[TakenMilestone, ...]:
    """The milestones without payment twins; what these say has gone into their deliveries."""
    twins = {contract.delivery_of[m.id]: m for m in milestones if m.id in contract.delivery_of}
    own = {m.id: m for m in milestones if m.id not in contract.delivery_of}
    # A delivery has its twin's amount, which its own null does not take back.
    for name in own.keys() & set(contract.delivery_of.values()):
        own[name] = replace(own[name], withdrawn=own[name].withdrawn - {"amount"})
    for name, twin in twins.items():
        # A delivery that this release does not mention is only named, to hold what its twin says.
        delivery = own.get(name) or TakenMilestone(id=name)
        amounts = {delivery.amount_minor, twin.amount_minor} - {None}
        if len(amounts) > 1:
            notes.warn(
                "twin-amount", f"{name} has an amount of its own, that of {twin.id} is taken"
            )
        own[name] = replace(
            delivery,
            amount_minor=(
                delivery.amount_minor if twin.amount_minor is None else twin.amount_minor
            ),
            source_amount=(
                delivery.source_amount if twin.amount_minor is None else twin.source_amount
            ),
            withdrawn=delivery.withdrawn | (twin.withdrawn & {"amount"}),
            payment_due=twin.due,
            twin_status=twin.source_status,
        )
    return tuple(own.values())


def _on_milestone(payment: TakenPayment, contract: _Contract, notes: Notes) -> TakenPayment:
    """The payment, on the delivery if its milestone is a twin; on none if no release knows it."""
    named = payment.milestone
    if named and named not in contract.kinds:
        notes.warn("milestone-unknown", f"{payment.reference} names {named}: left unallocated")
        return replace(payment, milestone="")
    return replace(payment, milestone=contract.delivery_of.get(named, named))


def _warn_of_unpaid(found: TakeOver, contract: _Contract, notes: Notes) -> None:
    paid = {payment.milestone for payment in found.payments}
    for milestone in found.milestones:
        if (
            milestone.id in contract.delivery_of
            and milestone.source_status == "met"
            and not {milestone.id, contract.delivery_of[milestone.id]} & paid
        ):
            when = milestone.submitted_on or "a day not said"
            notes.warn("payment-not-listed", f"{milestone.id} is met on {when}, no transaction")
