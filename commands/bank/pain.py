"""A payment run as ISO 20022 customer credit transfer initiation, pain.001.001.09, checked against its schema.

One PmtInf per currency and day of execution, from the account that pays in that currency; one CdtTrfTxInf per transfer,
whose EndToEndId is the transfer's name. EndToEndId and PmtInfId are the same each time that the run is written, MsgId
is not. The schema is ISO's own (docs/bank.md says where it is from).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING
from xml.etree import ElementTree as Tree

from commands.bank.accounts import compact, is_bic, is_iban
from commands.bank.debtor import Company, Debtor, bank_parts
from commands.bank.letters import carried
from commands.tables import visible
from ledger.clearing import member_of
from ledger.errors import InputInvalid
from ledger.money import exponent, format_minor

if TYPE_CHECKING:
    from xmlschema import XMLSchema10

    from commands.bank.transfers import Transfer
    from ledger.events import BankAccount, PostalAddress
    from ledger.payees import Payee

NAMESPACE = "urn:iso:std:iso:20022:tech:xsd:pain.001.001.09"
SCHEMA = Path(__file__).parent / "schemas" / "pain.001.001.09.xsd"
MAX_NAME = 140
MAX_TEXT = 140


@dataclass(frozen=True, slots=True)
class Header:
    """What names one writing of a run's file: MsgId, and the moment of writing, UTC text with Z.

    `groups` numbers the currencies and days of the whole run, so that a group that is written again keeps its name.
    """

    run: str
    message: str
    created: str
    groups: Mapping[tuple[str, date], int]


@dataclass(frozen=True, slots=True)
class Payable:
    """A transfer with the account it goes to, the account that pays it, what it is for and the text that goes along."""

    transfer: Transfer
    account: BankAccount
    text: str
    debtor: Debtor | None = None
    purpose: str = ""
    payee: Payee | None = None

    @property
    def amount(self) -> str:
        return format_minor(self.transfer.amount_minor, self.transfer.currency)

    @property
    def exact(self) -> Decimal:
        return Decimal(self.transfer.amount_minor).scaleb(-exponent(self.transfer.currency))

    @property
    def group(self) -> tuple[str, date]:
        return group_of(self.transfer)

    @property
    def abroad(self) -> bool:
        """Whether it leaves the country of the account that pays it; also where that is not known."""
        home = self.debtor.country if self.debtor else ""
        return not home or home != self.account.country


def group_of(transfer: Transfer) -> tuple[str, date]:
    """The currency and the day of execution, by which transfers stand together in a file."""
    on = transfer.first.on
    assert on is not None, "an instruction has a day"
    return transfer.currency, on


def numbered(transfers: Iterable[Transfer]) -> dict[tuple[str, date], int]:
    """The groups of a run in the order of its transfers, from 1."""
    groups = dict.fromkeys(map(group_of, transfers))
    return {group: number for number, group in enumerate(groups, 1)}


def remittance(transfer: Transfer, purpose: str = "", limit: int = MAX_TEXT) -> str:
    """What the partner and the bank's statement are told: the transfer, and what it pays, in at most 140 characters.

    A purpose stands before them between slashes, where banks look for it.
    """
    if purpose:
        before = f"/{purpose}/ "
        return before + remittance(transfer, limit=limit - len(before))
    text, parts = transfer.id, list(transfer.parts)
    while parts:
        more = f" and {len(parts) - 1} more" if len(parts) > 1 else ""
        longer = f"{text} {visible(parts[0].name)}"
        if len(longer) + len(more) > limit:
            rest = f" and {len(parts)} more"
            return text + rest if text != transfer.id else transfer.id
        text, parts = longer, parts[1:]
    return text


def write_pain(header: Header, company: Company, payables: Sequence[Payable]) -> bytes:
    """The file of a run, of what is paid from the company's accounts."""
    document = Tree.Element("Document", xmlns=NAMESPACE)
    root = _add(document, "CstmrCdtTrfInitn")
    group = _add(root, "GrpHdr")
    _add(group, "MsgId", header.message)
    _add(group, "CreDtTm", header.created)
    _totals(group, payables)
    abroad = any(payable.abroad for payable in payables)
    _party(group, "InitgPty", company.name, None, abroad)
    by_group: dict[tuple[str, date], list[Payable]] = {}
    for payable in payables:
        by_group.setdefault(payable.group, []).append(payable)
    for (currency, day), found in by_group.items():
        _payment(root, f"{header.run}-P{header.groups[currency, day]}", currency, day, found)
    Tree.indent(document)
    text: bytes = Tree.tostring(document, encoding="utf-8", xml_declaration=True)
    return text + b"\n"


def _payment(
    root: Tree.Element, id: str, currency: str, day: date, found: Sequence[Payable]
) -> None:
    info, debtor = _add(root, "PmtInf"), found[0].debtor
    assert debtor is not None, "a payment is paid by somebody"
    _add(info, "PmtInfId", id)
    _add(info, "PmtMtd", "TRF")
    # Each transfer is booked on its own, so that the statement names it.
    _add(info, "BtchBookg", "false")
    _totals(info, found)
    _add(_add(info, "ReqdExctnDt"), "Dt", day.isoformat())
    _party(info, "Dbtr", debtor.name, debtor.address, any(payable.abroad for payable in found))
    _account(info, "DbtrAcct", debtor.account, debtor.currency)
    code, system, member = bank_parts(debtor.bank)
    _bank(_add(info, "DbtrAgt"), code, (system, member))
    for payable in found:
        _transfer(info, payable, currency)


def _transfer(info: Tree.Element, payable: Payable, currency: str) -> None:
    account = payable.account
    one = _add(info, "CdtTrfTxInf")
    _add(_add(one, "PmtId"), "EndToEndId", visible(payable.transfer.id))
    _add(_add(one, "Amt"), "InstdAmt", payable.amount, Ccy=currency)
    if account.bank or account.bank_name or account.clearing:
        name = _written(account.bank_name, payable.abroad)
        _bank(_add(one, "CdtrAgt"), account.bank, (account.clearing, account.member), name)
    _party(one, "Cdtr", account.holder, account.address, payable.abroad)
    _account(one, "CdtrAcct", account.number)
    if payable.purpose:
        # ISO's own list has codes of four letters; any other is the network's or the country's.
        of_iso = len(payable.purpose) == 4
        _add(_add(one, "Purp"), "Cd" if of_iso else "Prtry", payable.purpose)
    _add(_add(one, "RmtInf"), "Ustrd", _written(payable.text, payable.abroad))


def _party(
    where: Tree.Element, tag: str, name: str, address: PostalAddress | None, abroad: bool
) -> None:
    party = _add(where, tag)
    _add(party, "Nm", _written(name, abroad)[:MAX_NAME])
    if address is None:
        return
    postal = _add(party, "PstlAdr")
    for element, text in (
        ("StrtNm", address.street),
        ("BldgNb", address.building),
        ("PstCd", address.post_code),
        ("TwnNm", address.town),
        ("CtrySubDvsn", address.subdivision),
        ("Ctry", address.country),
    ):
        if text:
            _add(postal, element, _written(text, abroad))


def _written(text: str, abroad: bool) -> str:
    """A text as the file has it: between countries in the letters that the networks carry."""
    return carried(visible(text)) if abroad else visible(text)


def _totals(where: Tree.Element, payables: Sequence[Payable]) -> None:
    """The number of transfers and, whatever their currencies, the sum of their figures: a check, not an amount."""
    _add(where, "NbOfTxs", str(len(payables)))
    _add(where, "CtrlSum", str(sum((payable.exact for payable in payables), Decimal(0))))


def _account(where: Tree.Element, tag: str, number: str, currency: str = "") -> None:
    number, account = visible(compact(number)), _add(where, tag)
    named = _add(account, "Id")
    if is_iban(number):
        _add(named, "IBAN", number)
    else:
        # Never cut: a number that is too long is for the schema to refuse.
        _add(_add(named, "Othr"), "Id", number)
    if currency:
        _add(account, "Ccy", currency)


def _bank(agent: Tree.Element, code: str, clearing: tuple[str, str], name: str = "") -> None:
    institution, code = _add(agent, "FinInstnId"), visible(compact(code))
    if is_bic(code):
        _add(institution, "BICFI", code)
    system, member = member_of(code, *clearing)
    if member or (code and not is_bic(code)):
        named = _add(institution, "ClrSysMmbId")
        if system:
            _add(_add(named, "ClrSysId"), "Cd", system)
        _add(named, "MmbId", member or code)
    if name:
        _add(institution, "Nm", name[:MAX_NAME])
    if not len(institution):
        # The schema wants the bank that pays: this is what stands where nobody tells it.
        _add(_add(institution, "Othr"), "Id", "NOTPROVIDED")


def _add(where: Tree.Element, tag: str, text: str | None = None, **attributes: str) -> Tree.Element:
    found = Tree.SubElement(where, tag, attributes)
    found.text = text
    return found


# --- the check -----------------------------------------------------------------------------------


@cache
def _schema() -> XMLSchema10:
    from xmlschema import XMLSchema10

    return XMLSchema10(SCHEMA, allow="local", defuse="always")


def faults(file: bytes) -> list[str]:
    """What the schema finds wrong with a payment file, each with its place."""
    found = []
    for error in _schema().iter_errors(file.decode("utf-8")):
        where = (error.path or "").replace("{" + NAMESPACE + "}", "")
        found.append(f"{where}: {error.reason or error.message}")
    return found


def check(file: bytes, name: str) -> None:
    """Passes a file that its schema holds valid; raises InputInvalid `payment-file-invalid` with the first faults."""
    if wrong := faults(file):
        raise InputInvalid(
            "payment-file-invalid",
            f"the payment file breaks {SCHEMA.name}: {'; '.join(wrong[:3])}",
            hint="correct the name, account or bank that it complains of; nothing was written",
            place=name,
            facts={"faults": wrong},
        )
