"""A payment run as ISO 20022 customer credit transfer initiation, pain.001.001.09, checked against its schema.

One PmtInf per currency and day of execution, since the debtor's account is one; one CdtTrfTxInf per transfer, whose
EndToEndId is the transfer's name. The same run written again is the same file, byte for byte. The schema is ISO's own
(docs/bank.md says where it is from).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING
from xml.etree import ElementTree as Tree

from commands.bank.accounts import Debtor, compact, is_bic, is_iban
from commands.tables import visible
from ledger.errors import InputInvalid
from ledger.money import exponent, format_minor

if TYPE_CHECKING:
    from xmlschema import XMLSchema10

    from commands.bank.transfers import Transfer
    from ledger.events import BankAccount

NAMESPACE = "urn:iso:std:iso:20022:tech:xsd:pain.001.001.09"
SCHEMA = Path(__file__).parent / "schemas" / "pain.001.001.09.xsd"
MAX_NAME = 140
MAX_TEXT = 140
MAX_CODE = 35


@dataclass(frozen=True, slots=True)
class Payable:
    """A transfer with the account it goes to and the text that goes along."""

    transfer: Transfer
    account: BankAccount
    text: str

    @property
    def amount(self) -> str:
        return format_minor(self.transfer.amount_minor, self.transfer.currency)

    @property
    def exact(self) -> Decimal:
        return Decimal(self.transfer.amount_minor).scaleb(-exponent(self.transfer.currency))


def remittance(transfer: Transfer, limit: int = MAX_TEXT) -> str:
    """What the partner and the bank's statement are told: the transfer, and what it pays, in at most 140 characters."""
    text, parts = transfer.id, list(transfer.parts)
    while parts:
        more = f" and {len(parts) - 1} more" if len(parts) > 1 else ""
        longer = f"{text} {visible(parts[0].name)}"
        if len(longer) + len(more) > limit:
            rest = f" and {len(parts)} more"
            return text + rest if text != transfer.id else transfer.id
        text, parts = longer, parts[1:]
    return text


def write_pain(run: str, created: str, debtor: Debtor, payables: Sequence[Payable]) -> bytes:
    """The file of a run; `created` is the moment of its first instruction, UTC text with Z."""
    document = Tree.Element("Document", xmlns=NAMESPACE)
    root = _add(document, "CstmrCdtTrfInitn")
    header = _add(root, "GrpHdr")
    _add(header, "MsgId", run[:MAX_CODE])
    _add(header, "CreDtTm", created)
    _totals(header, payables)
    _add(_add(header, "InitgPty"), "Nm", _name(debtor.name))
    for number, (currency, day, found) in enumerate(_groups(payables), 1):
        _payment(root, f"{run}-P{number}"[:MAX_CODE], currency, day, debtor, found)
    Tree.indent(document)
    text: bytes = Tree.tostring(document, encoding="utf-8", xml_declaration=True)
    return text + b"\n"


def _groups(payables: Sequence[Payable]) -> Iterator[tuple[str, date, list[Payable]]]:
    """The transfers by currency and day of execution, in the order of their names."""
    found: dict[tuple[str, date], list[Payable]] = {}
    for payable in payables:
        on = payable.transfer.first.on
        assert on is not None, "an instruction has a day"
        found.setdefault((payable.transfer.currency, on), []).append(payable)
    for (currency, day), group in found.items():
        yield currency, day, group


def _payment(
    root: Tree.Element, id: str, currency: str, day: date, debtor: Debtor, found: list[Payable]
) -> None:
    info = _add(root, "PmtInf")
    _add(info, "PmtInfId", id)
    _add(info, "PmtMtd", "TRF")
    # Each transfer is booked on its own, so that the statement names it.
    _add(info, "BtchBookg", "false")
    _totals(info, found)
    _add(_add(info, "ReqdExctnDt"), "Dt", day.isoformat())
    _add(_add(info, "Dbtr"), "Nm", _name(debtor.name))
    _account(info, "DbtrAcct", debtor.account)
    _bank(_add(info, "DbtrAgt"), debtor.bank or "NOTPROVIDED")
    for payable in found:
        _transfer(info, payable, currency)


def _transfer(info: Tree.Element, payable: Payable, currency: str) -> None:
    account = payable.account
    one = _add(info, "CdtTrfTxInf")
    _add(_add(one, "PmtId"), "EndToEndId", visible(payable.transfer.id))
    _add(_add(one, "Amt"), "InstdAmt", payable.amount, Ccy=currency)
    if account.bank or account.bank_name:
        _bank(_add(one, "CdtrAgt"), account.bank, account.bank_name)
    _add(_add(one, "Cdtr"), "Nm", _name(account.holder))
    _account(one, "CdtrAcct", account.number)
    _add(_add(one, "RmtInf"), "Ustrd", payable.text)


def _totals(where: Tree.Element, payables: Sequence[Payable]) -> None:
    """The number of transfers and, whatever their currencies, the sum of their figures: a check, not an amount."""
    _add(where, "NbOfTxs", str(len(payables)))
    _add(where, "CtrlSum", str(sum((payable.exact for payable in payables), Decimal(0))))


def _account(where: Tree.Element, tag: str, number: str) -> None:
    number = visible(compact(number))
    named = _add(_add(where, tag), "Id")
    if is_iban(number):
        _add(named, "IBAN", number)
    else:
        # Never cut: a number that is too long is for the schema to refuse.
        _add(_add(named, "Othr"), "Id", number)


def _bank(agent: Tree.Element, code: str, name: str = "") -> None:
    institution, code = _add(agent, "FinInstnId"), visible(compact(code))
    if is_bic(code):
        _add(institution, "BICFI", code)
    elif code and code != "NOTPROVIDED":
        _add(_add(institution, "ClrSysMmbId"), "MmbId", code)
    if name:
        _add(institution, "Nm", _name(name))
    if code == "NOTPROVIDED":
        _add(_add(institution, "Othr"), "Id", code)


def _name(text: str) -> str:
    return visible(text)[:MAX_NAME]


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
