"""Contracts as OCDS 1.1 releases (https://standard.open-contracting.org/1.1/en/schema/reference/), one for each.

What our own importer reads back is written where it looks for it: the accepted or planned amount as the milestone's
value, the day of delivery as `dateMet`, and the day on which payment falls due as the due date of a *payment milestone*
beside the delivery, which holds the value then. Amounts are exact numbers, times stand in the contract's own zone.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

from ledger.calendars import zone
from ledger.money import format_minor
from ledger.recorded import payments_recorded
from ledger.state import Contract, Milestone, Payment
from projections.derive.schedule import projected_due
from projections.exports.names import segment
from projections.exports.ocds_changes import Change
from projections.exports.ocds_names import Names, names_of, original, stem

Json = dict[str, Any]

_CONTRACT_STATUS = {
    "active": "active",
    "pending": "pending",
    "cancelled": "cancelled",
    "suspended": "active",
    "terminated": "terminated",
    "completed": "terminated",
}
_NOT_BEGUN = ("scheduled", "notMet")


def release(contract: Contract, changes: Sequence[Change], published: str) -> Json:
    """A contract's release; `published` is when its last event was recorded, and becomes the release's date."""
    return _Release(contract).whole(changes, published)


def listed(contract: Contract) -> list[Milestone]:
    """The milestones that a release lists: a cancelled or void one has no status in OCDS, and no obligation."""
    return [m for m in contract.milestones.values() if m.status not in ("cancelled", "void")]


def paid(contract: Contract) -> Iterator[tuple[str, Payment]]:
    """The payments and refunds that stand, each by the id of its transaction: its reference where no other has it."""
    live = [p for p in contract.payments.values() if p.stands]
    used: dict[str, int] = {}
    for payment in live:
        used[payment.reference] = used.get(payment.reference, 0) + 1
    for payment in live:
        own = payment.reference and used[payment.reference] == 1
        yield (payment.reference if own else f"{contract.id}#{payment.version}"), payment


def payment_due(contract: Contract, milestone: Milestone) -> date | None:
    """When payment falls due, or would by the plan: the day that the schedule shows."""
    if milestone.acceptance is not None:
        return milestone.acceptance.payment_due
    return milestone.payment_due or projected_due(contract.terms, milestone.current.due)[0]


def gross_minor(milestone: Milestone) -> int | None:
    """The accepted part, before acceptance the plan; None where it is unknown."""
    if milestone.acceptance is None:
        return milestone.current.amount_minor
    known = milestone.acceptance.accepted_minor is not None
    return milestone.gross_minor if known else None


def twins(contract: Contract, names: Names) -> dict[str, str]:
    """Milestone → the id of its payment milestone, where it has a payment due date that one can hold.

    The two belong together by their ids without the words `payment` and `delivery`; where another milestone's id comes
    to the same, or the type is neither delivery nor unknown, they could be taken apart wrongly, and there is none.
    """
    stems: dict[str, int] = {}
    for m in listed(contract):
        stems[stem(m.id)] = stems.get(stem(m.id), 0) + 1
    return {
        m.id: names.twin(m.id)
        for m in listed(contract)
        if payment_due(contract, m) is not None
        and stems[stem(m.id)] == 1
        and names.type_of(m) in ("delivery", "")
    }


@dataclass(slots=True)
class _Release:
    contract: Contract
    names: Names = field(init=False)
    twins: dict[str, str] = field(init=False)

    def __post_init__(self) -> None:
        self.names = names_of(self.contract)
        self.twins = twins(self.contract, self.names)

    def whole(self, changes: Sequence[Change], published: str) -> Json:
        terms, names = self.contract.terms, self.names
        buyer, supplier = _organization(terms.client), _organization(terms.partner)
        parties = [
            {**one, "roles": [role]}
            for one, role in ((buyer, "buyer"), (supplier, "supplier"))
            if one
        ]
        tags = ["contract", "implementation", *(["contractAmendment"] if changes else [])]
        award = {"id": names.award, "suppliers": [supplier] if supplier else None}
        return _told(
            {
                "ocid": names.ocid,
                "id": f"{names.ocid}-{self.contract.position}",
                "date": published,
                "tag": tags,
                "initiationType": "tender",
                "parties": parties,
                "buyer": buyer,
                "awards": [_told(award)],
                "contracts": [self._contract(changes)],
            }
        )

    def _contract(self, changes: Sequence[Change]) -> Json:
        terms = self.contract.terms
        milestones = [row for m in listed(self.contract) for row in self._milestone(m)]
        return _told(
            {
                "id": self.names.contract,
                "awardID": self.names.award,
                "title": terms.title,
                # A word of its source that OCDS does not have is left out: whatever it means, it is not "active".
                "status": _CONTRACT_STATUS.get(self.contract.standing),
                "value": self._value(terms.ceiling_minor),
                **self._signed(),
                "implementation": {**self._transactions(), **_told({"milestones": milestones})},
                "amendments": [self._amendment(change) for change in changes],
            }
        )

    def _transactions(self) -> Json:
        """Every payment; an empty list says that there was none, no list that it is not known whether there was."""
        found = [self._transaction(name, p) for name, p in paid(self.contract)]
        return {"transactions": found} if found or payments_recorded(self.contract) else {}

    def _signed(self) -> Json:
        """The day of signature; one that an import took from the period's start goes back to it."""
        day = self._day(self.contract.terms.signed_on)
        if "signed_on" in self.contract.inferred:
            return {"period": {"startDate": day}}
        return {"dateSigned": day}

    def _milestone(self, m: Milestone) -> Iterator[Json]:
        """A delivery, and behind it its payment milestone, which has its value, if it has one."""
        twin, value = self.twins.get(m.id), self._value(gross_minor(m))
        row = {
            "id": original(m.id),
            "title": m.plan.title,
            "type": self.names.type_of(m),
            "description": "; ".join(m.plan.deliverables),
            "code": self.names.code_of(m),
            "dueDate": self._day(m.current.due),
            "status": self._status(m),
            **self._met(m),
            "value": None if twin else value,
        }
        yield _told(row)
        if twin:
            due = self._day(payment_due(self.contract, m))
            title = f"Payment: {m.plan.title}" if m.plan.title else ""
            yield _told(
                {
                    "id": original(twin),
                    "title": title,
                    "type": "payment",
                    "dueDate": due,
                    "status": m.twin_status,
                    "value": value,
                }
            )

    def _status(self, m: Milestone) -> str | None:
        """By OCDS's milestoneStatus: *scheduled* says that nothing was evaluated yet, *notMet* that it was."""
        if m.acceptance is not None:
            return "met"
        if m.status == "rejected":
            return "notMet"
        if m.started or m.status == "submitted":
            return "partiallyMet"
        if m.source_status in _NOT_BEGUN:
            return m.source_status
        # Where a source tells nothing, or a word of its own, it is not known whether anything was evaluated.
        return None if self.contract.imported else "scheduled"

    def _met(self, m: Milestone) -> Json:
        """The day of delivery: a derived one was the day of change in the source, and goes back to it.

        Of what was sent back, the day of that review.
        """
        if m.status == "rejected":
            return {"dateModified": self._day(m.rejected_on)}
        submission = m.acceptance.submission if m.acceptance is not None else None
        if submission is None or submission.on is None:
            return {}
        key = "dateModified" if submission.inferred else "dateMet"
        return {key: self._moment(submission.at, submission.on)}

    def _transaction(self, name: str, payment: Payment) -> Json:
        terms, twin = self.contract.terms, self.twins.get(payment.milestone)
        milestone = self.contract.milestones.get(payment.milestone)
        related = None
        if milestone is not None:
            related = _told({"id": original(twin or milestone.id), "title": milestone.plan.title})
        return _told(
            {
                "id": name,
                "date": self._day(payment.paid_on),
                "value": self._value(payment.paid_minor),
                "payer": _organization(terms.client),
                "payee": _organization(terms.partner),
                "relatedImplementationMilestone": related,
            }
        )

    def _amendment(self, change: Change) -> Json:
        return _told(
            {
                "id": f"{self.contract.id}#{change.version}",
                "date": self._day(change.on),
                "rationale": change.reason,
                "description": change.says,
            }
        )

    def _value(self, minor: int | None) -> Json | None:
        if minor is None:
            return None
        currency = self.contract.terms.currency
        return {"amount": Decimal(format_minor(minor, currency)), "currency": currency}

    def _day(self, day: date | None) -> str | None:
        """A day as its midnight in the contract's zone, the form in which OCDS has dates."""
        if day is None:
            return None
        return self._in_zone(datetime(day.year, day.month, day.day))  # noqa: DTZ001 - given below

    def _moment(self, at: str, on: date) -> str | None:
        """The time of delivery where one is known for that very day, else the day."""
        try:
            moment = datetime.fromisoformat(at)
        except ValueError:
            return self._day(on)
        days = [moment.date()]
        if (
            moment.tzinfo is not None
        ):  # a source may write its times in another zone than the contract's
            days.append(moment.astimezone(zone(self.contract.terms.timezone)).date())
        if on not in days:  # after the cut-off: it counts on the next day
            return self._day(on)
        return self._in_zone(moment) if moment.tzinfo is None else moment.isoformat()

    def _in_zone(self, moment: datetime) -> str:
        offset = moment.replace(tzinfo=zone(self.contract.terms.timezone)).utcoffset()
        # Old local times had seconds in their offset, which RFC 3339 does not.
        minutes = round((offset or timedelta()) / timedelta(minutes=1))
        return moment.replace(tzinfo=timezone(timedelta(minutes=minutes))).isoformat()


def _organization(name: str) -> Json | None:
    return {"id": segment(name), "name": name} if name else None


def _told(row: Mapping[str, Any]) -> Json:
    """The row without what is not known: OCDS leaves it out."""
    return {key: value for key, value in row.items() if value not in (None, "", [])}
