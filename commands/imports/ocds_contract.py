"""What one release says of one contract, taken as it is: dates, amounts, milestones, payments.

Field names are those of OCDS 1.1; those of 1.0 are read where the newer ones are absent.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from commands.imports.found import Notes, Reading, digest, identifier
from commands.imports.ocds_amounts import Amounts, currency_in
from commands.imports.ocds_values import (
    Json,
    commonest_offset,
    known_claim,
    local_day,
    moment_of,
    money_in,
    object_of,
    objects,
    offset_text,
    only_date,
    roles_of,
    strays,
    text_of,
    written_of,
)
from ledger.calendars import FIRST_DAY, LAST_DAY
from ledger.intents import TakenMilestone, TakenPayment, TakeOver
from ledger.recorded import ACCEPTANCES, DELIVERIES, PAYMENTS
from projections.exports.ocds_names import OCID_PREFIX

_STATUS = {
    "scheduled": "defined",
    "notMet": "defined",
    "partiallyMet": "started",
    "met": "accepted",
}
_ENDED = ("cancelled", "terminated")
_RUNNING = ("active", "pending")


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """One release's view of one contract, before payment milestones are joined to deliveries.

    Payments still name milestones as the source does; `kinds` holds the type of every milestone
    that states one; `order` is the place among all views: release date, id, digest, ordinal; `said` names
    the values that it states ("M1 dueDate"), `nulls` those that it says are none; `written` is the
    contract's name before its '#' became %23.
    """

    place: str
    order: tuple[str, str, str, int]
    written: str
    take_over: TakeOver
    kinds: Mapping[str, str]
    said: frozenset[str]
    nulls: frozenset[str]


def views_of(release: Json, digest_text: str, place: str, reading: Reading) -> list[View]:
    """A view for every contract in the release; contracts of the same id are one contract."""
    notes = Notes(place)
    groups: dict[str, list[Json]] = {}
    listed = objects(release, "contracts")
    for index, contract in enumerate(listed):
        contract_id = text_of(contract.get("id"))
        if not contract_id.strip():
            contract_id = (
                ""  # white space alone names nothing; beside other letters it is part of the id
            )
        if contract_id or len(listed) == 1:
            groups.setdefault(contract_id, []).append(contract)
        else:
            why = "a contract without id, beside others, cannot be identified"
            notes.skip(why, f"contracts[{index}]{_about(contract)}")
    if "" in groups:
        notes.warn("contract-without-id", f"the only contract: called {text_of(release['ocid'])}")
    if count := strays(release, "contracts"):
        notes.skip("contracts that are no objects", str(count))
    known = known_claim(release.get("date"))
    if not known:
        stated = text_of(release.get("date")) or "absent"
        notes.warn(
            "release-date-unknown", f"the release's date is {stated}: applied before the dated ones"
        )
    release_id = text_of(release.get("id"))
    views = []
    for ordinal, (contract_id, parts) in enumerate(groups.items()):
        if len(parts) > 1:
            notes.warn("contract-repeated", f"{len(parts)} contracts {contract_id} taken as one")
        own = Notes(f"{place}:contracts[{contract_id or 0}]")
        reader = _ContractReader(release, _united(parts), len(groups), own)
        take_over = reader.take_over(contract_id, known, digest_text)
        order = (known, release_id, digest_text, ordinal)
        view = View(
            place=own.place,
            order=order,
            written=_name(text_of(release["ocid"]), contract_id),
            take_over=take_over,
            kinds=reader.kinds,
            said=frozenset(reader.said),
            nulls=frozenset(reader.nulls),
        )
        views.append(view)
        own.report(reading)
    notes.report(reading)
    return views


def _united(parts: list[Json]) -> Json:
    """One contract out of several of the same id: the later one's words, the rows of all."""
    if len(parts) == 1:
        return parts[0]
    united = {key: value for part in parts for key, value in part.items() if value is not None}
    works = [object_of(part, "implementation") for part in parts]
    united["milestones"] = [row for part in parts for row in objects(part, "milestones")]
    united["implementation"] = {
        key: [row for work in works for row in objects(work, key)]
        for key in ("milestones", "transactions")
    }
    return united


# --- one contract --------------------------------------------------------------------------------


class _ContractReader:
    """Reads the rows of one contract in one release; remarks go into `notes`."""

    def __init__(self, release: Json, contract: Json, contracts: int, notes: Notes) -> None:
        work = object_of(contract, "implementation")
        for holder, key in ((work, "milestones"), (contract, "milestones"), (work, "transactions")):
            if count := strays(holder, key):
                notes.skip(f"{key} that are no objects", str(count))
        self.release, self.contract, self.notes = release, contract, notes
        self.alone = contracts == 1
        self.kinds: dict[str, str] = {}
        self.said: set[str] = set()
        self.nulls: set[str] = set()
        self.milestones = objects(work, "milestones") + objects(contract, "milestones")
        self.transactions = objects(work, "transactions")
        self.publishes_payments = isinstance(work.get("transactions"), list)
        rows = self.milestones + self.transactions
        self.amounts = Amounts(currency_in(contract, rows, notes), notes)
        self.currency = self.amounts.currency
        self.offset = commonest_offset(self._dates())

    def take_over(self, contract_id: str, known: str, digest_text: str) -> TakeOver:
        ocid, release_id = text_of(self.release["ocid"]), text_of(self.release.get("id"))
        status = self.words(self.contract, "status", "")
        if status in _ENDED:
            self.notes.warn("contract-ended", f"the source calls the contract {status}")
        elif status and status not in _RUNNING:
            self.notes.warn(
                "status-unknown", f"the contract is {status!r}, kept as its source's word"
            )
        signed, _ = self.day(self.contract, "dateSigned", "")
        starts, _ = self.day(object_of(self.contract, "period"), "startDate", "")
        value = self.amounts.of(self.money(self.contract, "")[0], "the contract's value")
        withdrawn = {"value"} if "value" in self.nulls else set()
        if "dateSigned" in self.nulls and not starts:
            withdrawn.add("signed_on")
        heard = moment_of(self.release.get("date"))
        return TakeOver(
            contract=_name(ocid, contract_id).replace("#", "%23"),
            client=self.client(),
            partner=self.partner(),
            title=self.words(self.contract, "title", ""),
            currency=self.currency,
            value_minor=value.minor if value else None,
            source_value=value.written if value else "",
            source_status=status,
            withdrawn=frozenset(withdrawn),
            timezone=offset_text(self.offset),
            signed_on=signed or starts,
            signed_inferred=bool(starts and not signed),
            milestones=tuple(self.taken_milestones()),
            payments=tuple(self.taken_payments()),
            known_claim=known,
            source=f"ocds:{ocid}:{release_id}",
            digest=digest_text,
            # OCDS has no place for disputes and rejections. What is open in a release without a date may have
            # been delivered since; where no transactions are published, nothing is said of payments.
            knows=(DELIVERIES, ACCEPTANCES) if heard is not None else (),
            whole=(PAYMENTS,) if self.publishes_payments else (),
            heard_on=None if heard is None else local_day(heard, self.offset),
        )

    # --- rows

    def taken_milestones(self) -> Iterator[TakenMilestone]:
        for name, row in self.identified("milestone", self.milestones):
            if kind := self.words(row, "type", name):
                self.kinds[name] = kind
            yield self.milestone(name, row)

    def milestone(self, name: str, row: Json) -> TakenMilestone:
        source_status = self.words(row, "status", name)
        status = _STATUS.get(source_status, "defined")
        if source_status and source_status not in _STATUS:
            self.notes.warn("status-unknown", f"{name} is {source_status!r}, taken as defined")
        due, _ = self.day(row, "dueDate", name)
        met, at = self.day(row, "dateMet", name)
        modified, _ = self.day(row, "dateModified", name)
        if status != "accepted" and met:
            self.notes.warn("met-but-not-met", f"{name} is {source_status}, yet met on {met}")
        delivered = (met or modified) if status == "accepted" else None
        amount = self.amounts.of_row(*self.money(row, name), name, "milestone-currency")
        gone = {"due": f"{name} dueDate", "amount": f"{name} value"}
        return TakenMilestone(
            id=name,
            title=self.words(row, "title", name),
            stage=self.kinds.get(name, ""),
            due=due,
            amount_minor=amount.minor if amount else None,
            source_amount=amount.written if amount else "",
            withdrawn=frozenset(key for key, value in gone.items() if value in self.nulls),
            status=status,
            source_status=source_status,
            silent=source_status not in _STATUS,
            submitted_on=delivered,
            submitted_at=at if status == "accepted" else "",
            submitted_inferred=bool(delivered and not met),
            accepted_on=met if status == "accepted" else None,
        )

    def taken_payments(self) -> Iterator[TakenPayment]:
        for name, row in self.identified("payment", self.transactions):
            written, code = self.money(row, name)
            if self.amounts.foreign(code):
                known = self.amounts.code or "not known"
                self.notes.skip(
                    f"payments in another currency than the contract's, which is {known}",
                    f"{name} of {written_of(written)} {code}{_dated(row)}",
                )
                continue
            amount = self.amounts.of_row(written, code, name, "payment-currency")
            if amount is None:
                lost = f" of {written_of(written)} {code}".rstrip() + _dated(row)
                said = f"{name}{lost if written is not None else ''}"
                self.notes.skip("payments whose amount is not known", said)
                continue
            paid, _ = self.day(row, "date", name)
            related = text_of(object_of(row, "relatedImplementationMilestone").get("id"))
            yield TakenPayment(
                reference=name,
                amount_minor=amount.minor,
                source_amount=amount.written,
                paid_on=paid,
                milestone=identifier(related),
            )

    def identified(self, kind: str, rows: list[Json]) -> Iterator[tuple[str, Json]]:
        """Each row with an id of its own: said twice it is one, else the same id is told apart."""
        seen: dict[str, list[Json]] = {}
        for row in rows:
            written = text_of(row.get("id"))
            name = written or text_of(row.get("title")) or f"no-id-{digest(row)[:12]}"
            name = identifier(name) if kind == "milestone" else name
            if not written:
                self.notes.warn(f"{kind}-without-id", f"called {name}")
            same = seen.setdefault(name, [])
            if written and row in same:
                self.notes.warn(f"{kind}-repeated", f"{name} is listed twice, taken once")
                continue
            same.append(row)
            if len(same) > 1:
                name = f"{name}~{len(same)}"
                self.notes.warn(f"{kind}-id-reused", f"another one is called {name}")
            yield name, row

    # --- values

    def noted(self, row: Json, key: str, name: str) -> Any:
        """The value under a key, which is noted: as said, or as null where it is there and none."""
        value = row.get(key)
        if key in row:
            (self.nulls if value is None else self.said).add(_path(name, key))
        return value

    def words(self, row: Json, key: str, name: str) -> str:
        """The text under a key; what is no text there is dropped, and shown."""
        value = self.noted(row, key, name)
        text = text_of(value)
        if not text and value not in (None, ""):
            said = f"{_path(name, key)} is {written_of(value)}, which is no text: dropped"
            self.notes.warn("value-unreadable", said)
        return text

    def money(self, row: Json, name: str) -> tuple[Any, str]:
        """An amount and its currency as written; a null of either the value or its amount is noted."""
        value = self.noted(row, "value", name)
        if isinstance(value, dict) and "amount" in value and value["amount"] is None:
            self.said.discard(_path(name, "value"))
            self.nulls.add(_path(name, "value"))
        return money_in(row, "value", "amount")

    # --- times

    def _dates(self) -> list[Any]:
        return [
            self.contract.get("dateSigned"),
            *(object_of(self.contract, "period").get(key) for key in ("startDate", "endDate")),
            *(row.get(key) for row in self.milestones for key in ("dueDate", "dateMet")),
            *(row.get("date") for row in self.transactions),
        ]

    def day(self, row: Json, key: str, name: str) -> tuple[date | None, str]:
        """The contract-local day of a date-time, and its text where it also tells the time."""
        written = self.noted(row, key, name)
        if written is None or written == "":
            return None, ""
        moment = moment_of(written)
        if moment is None or not FIRST_DAY.year <= moment.year <= LAST_DAY.year:
            what = "no date" if moment is None else f"not between {FIRST_DAY} and {LAST_DAY}"
            said = f"{_path(name, key)} is {written_of(written)!r}, which is {what}: dropped"
            self.notes.warn("date-unreadable", said)
            return None, ""
        return local_day(moment, self.offset), "" if only_date(moment) else text_of(written).strip()

    # --- people

    def client(self) -> str:
        tender = object_of(self.release, "tender")
        return (
            self.name_of(object_of(self.release, "buyer"))
            or self.name_of(object_of(tender, "procuringEntity"))
            or self.in_role("buyer")
            or self.in_role("procuringEntity")
            or self.in_role("payer")
            or self.in_transactions("payer", "providerOrganization")
        )

    def partner(self) -> str:
        awards = objects(self.release, "awards")
        wanted = text_of(self.contract.get("awardID"))
        mine = [award for award in awards if text_of(award.get("id")) == wanted]
        suppliers = [one for award in mine for one in objects(award, "suppliers")]
        return (
            _joined(map(self.name_of, suppliers))
            or self.in_role("supplier" if self.alone else "")
            or self.in_role("payee" if self.alone else "")
            or self.in_transactions("payee", "receiverOrganization")
        )

    def name_of(self, organization: Json) -> str:
        """Its name here, or that of the party with its id."""
        wanted = text_of(organization.get("id"))
        parties = [p for p in objects(self.release, "parties") if text_of(p.get("id")) == wanted]
        for one in (organization, *(parties if wanted else [])):
            legal = text_of(object_of(one, "identifier").get("legalName"))
            if name := text_of(one.get("name")) or text_of(one.get("legalName")) or legal:
                return name
        return ""

    def in_role(self, role: str) -> str:
        parties = objects(self.release, "parties")
        return _joined(self.name_of(party) for party in parties if role in roles_of(party))

    def in_transactions(self, *keys: str) -> str:
        found = (self.name_of(object_of(row, key)) for row in self.transactions for key in keys)
        return _joined(found)


def _name(ocid: str, contract_id: str) -> str:
    """OCID/ID, the OCID alone without an id, or the ID alone where our own export made the process of it."""
    if not contract_id:
        return ocid
    return contract_id if ocid == f"{OCID_PREFIX}{contract_id}" else f"{ocid}/{contract_id}"


def _path(name: str, key: str) -> str:
    return f"{name} {key}".strip()


def _dated(row: Json) -> str:
    day = text_of(row.get("date"))
    return f" on {day}" if day else ""


def _about(contract: Json) -> str:
    """What tells a contract without an id from another: its title, its award, its value."""
    amount, code = money_in(contract, "value", "amount")
    award, worth = text_of(contract.get("awardID")), f"{written_of(amount)} {code}".strip()
    told = [text_of(contract.get("title")), award and f"award {award}", amount and worth]
    shown = ", ".join(str(one) for one in told if one)
    return f" ({shown})" if shown else ""


def _joined(names: Iterator[str]) -> str:
    return "; ".join(dict.fromkeys(filter(None, names)))
