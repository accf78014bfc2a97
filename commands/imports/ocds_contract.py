"""What one release says of one contract, taken as it is: dates, amounts, milestones, payments.

Field names are those of OCDS 1.1; those of 1.0 are read where the newer ones are absent.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from commands.imports.found import Notes, Reading, digest, identifier
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
)
from ledger.errors import InputInvalid
from ledger.intents import TakenMilestone, TakenPayment, TakeOver
from ledger.money import EXPONENTS, UNKNOWN_CURRENCY, canonical, parse_minor
from projections.exports.ocds_names import OCID_PREFIX

_STATUS = {
    "scheduled": "defined",
    "notMet": "defined",
    "partiallyMet": "started",
    "met": "accepted",
}
_ENDED = ("cancelled", "terminated")


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """One release's view of one contract, before payment milestones are joined to deliveries.

    Payments still name milestones as the source does; `kinds` holds the type of every milestone
    that states one; `order` is the place among all views: release date, id, digest, ordinal.
    """

    place: str
    order: tuple[str, str, str, int]
    take_over: TakeOver
    kinds: Mapping[str, str]


def views_of(release: Json, digest_text: str, place: str, reading: Reading) -> list[View]:
    """A view for every contract in the release; contracts of the same id are one contract."""
    notes = Notes(place)
    groups: dict[str, list[Json]] = {}
    for index, contract in enumerate(objects(release, "contracts")):
        if contract_id := text_of(contract.get("id")):
            groups.setdefault(contract_id, []).append(contract)
        else:
            notes.skip("a contract without id cannot be identified", f"contracts[{index}]")
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
        own = Notes(f"{place}:contracts[{contract_id}]")
        reader = _ContractReader(release, _united(parts), len(groups), own)
        take_over = reader.take_over(contract_id, known, digest_text)
        order = (known, release_id, digest_text, ordinal)
        views.append(View(place=own.place, order=order, take_over=take_over, kinds=reader.kinds))
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
        self.milestones = objects(work, "milestones") + objects(contract, "milestones")
        self.transactions = objects(work, "transactions")
        self.code = self._code()
        self.currency = self.code if self.code in EXPONENTS else UNKNOWN_CURRENCY
        self.offset = commonest_offset(self._dates())

    def take_over(self, contract_id: str, known: str, digest_text: str) -> TakeOver:
        ocid, release_id = text_of(self.release["ocid"]), text_of(self.release.get("id"))
        status = text_of(self.contract.get("status"))
        if status in _ENDED:
            self.notes.warn("contract-ended", f"the source calls the contract {status}")
        signed, _ = self.day(self.contract.get("dateSigned"), "dateSigned")
        starts, _ = self.day(object_of(self.contract, "period").get("startDate"), "startDate")
        value, _ = money_in(self.contract, "value", "amount")
        return TakeOver(
            contract=_name(ocid, contract_id).replace("#", "%23"),
            client=self.client(),
            partner=self.partner(),
            title=text_of(self.contract.get("title")),
            currency=self.currency,
            value_minor=self.minor(value, "the contract's value"),
            timezone=offset_text(self.offset),
            signed_on=signed or starts,
            milestones=tuple(self.taken_milestones()),
            payments=tuple(self.taken_payments()),
            known_claim=known,
            source=f"ocds:{ocid}:{release_id}",
            digest=digest_text,
        )

    # --- rows

    def taken_milestones(self) -> Iterator[TakenMilestone]:
        for name, row in self.identified("milestone", self.milestones):
            if kind := text_of(row.get("type")):
                self.kinds[name] = kind
            yield self.milestone(name, row)

    def milestone(self, name: str, row: Json) -> TakenMilestone:
        source_status = text_of(row.get("status"))
        status = _STATUS.get(source_status, "defined")
        if source_status and source_status not in _STATUS:
            self.notes.warn("status-unknown", f"{name} is {source_status!r}, taken as defined")
        due, _ = self.day(row.get("dueDate"), f"{name} dueDate")
        met, at = self.day(row.get("dateMet"), f"{name} dateMet")
        modified, _ = self.day(row.get("dateModified"), f"{name} dateModified")
        if status != "accepted" and met:
            self.notes.warn("met-but-not-met", f"{name} is {source_status}, yet met on {met}")
        delivered = (met or modified) if status == "accepted" else None
        amount, code = money_in(row, "value", "amount")
        return TakenMilestone(
            id=name,
            title=text_of(row.get("title")),
            stage=text_of(row.get("type")),
            due=due,
            amount_minor=self.minor_in(code, amount, name, "milestone-currency"),
            status=status,
            source_status=source_status,
            submitted_on=delivered,
            submitted_at=at if status == "accepted" else "",
            submitted_inferred=bool(delivered and not met),
            accepted_on=met if status == "accepted" else None,
        )

    def taken_payments(self) -> Iterator[TakenPayment]:
        for name, row in self.identified("payment", self.transactions):
            written, code = money_in(row, "value", "amount")
            if code and code != self.code:
                known = self.code or "not known"
                self.notes.skip(
                    f"payments in another currency than the contract's, which is {known}",
                    f"{name} of {text_of(written)} {code}",
                )
                continue
            amount = self.minor_in(code, written, name, "payment-currency")
            if amount is None:
                self.notes.skip("payments whose amount is not known", name)
                continue
            paid, _ = self.day(row.get("date"), f"{name} date")
            related = text_of(object_of(row, "relatedImplementationMilestone").get("id"))
            yield TakenPayment(
                reference=name,
                amount_minor=amount,
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

    # --- amounts

    def _code(self) -> str:
        """The contract's currency as written: its value's, else the one that all its rows have."""
        value_code = money_in(self.contract, "value", "amount")[1]
        rows = [money_in(row, "value", "amount")[1] for row in self.milestones + self.transactions]
        codes = [value_code] if value_code else sorted(set(filter(None, rows)))
        if len(codes) > 1:
            self.notes.warn("currency-mixed", f"no currency of its own, rows in {', '.join(codes)}")
        code = codes[0] if len(codes) == 1 else ""
        if code and code not in EXPONENTS:
            self.notes.warn("currency-unknown", f"{code!r} is no currency of ISO 4217: XXX")
        return code

    def minor_in(self, code: str, amount: Any, name: str, rule: str) -> int | None:
        """The minor units of a row's amount, None where it is in another currency."""
        if code and code != self.code:
            self.notes.warn(rule, f"{name} is {text_of(amount)} {code}, not {self.currency}")
            return None
        if amount is not None and not code:
            self.notes.warn("currency-missing", f"{name} is taken to be in {self.currency}")
        return self.minor(amount, name)

    def minor(self, amount: Any, name: str) -> int | None:
        """The exact minor units of a number or its text; None and a remark where there are none."""
        if amount is None:
            return None
        try:
            exact = isinstance(amount, (int, Decimal)) and not isinstance(amount, bool)
            written = str(canonical(amount)) if exact else text_of(amount).strip()
            minor = parse_minor(written, self.currency)
        except InputInvalid as problem:
            self.notes.warn("amount-unreadable", f"{name}: {problem.message}")
            return None
        if minor < 0:
            self.notes.warn("amount-negative", f"{name} is {written} {self.currency}")
        return minor

    # --- times

    def _dates(self) -> list[Any]:
        return [
            self.contract.get("dateSigned"),
            *(object_of(self.contract, "period").get(key) for key in ("startDate", "endDate")),
            *(row.get(key) for row in self.milestones for key in ("dueDate", "dateMet")),
            *(row.get("date") for row in self.transactions),
        ]

    def day(self, written: Any, name: str) -> tuple[date | None, str]:
        """The contract-local day of a date-time, and its text where it also tells the time."""
        if written is None or written == "":
            return None, ""
        moment = moment_of(written)
        if moment is None:
            self.notes.warn("date-unreadable", f"{name} is {text_of(written)!r}")
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
    """OCID/ID, or the ID alone where the process is one that our own export made of it."""
    return contract_id if ocid == f"{OCID_PREFIX}{contract_id}" else f"{ocid}/{contract_id}"


def _joined(names: Iterator[str]) -> str:
    return "; ".join(dict.fromkeys(filter(None, names)))
