"""Statements of ISO 20022: camt.053 and the notification camt.054, versions 02 to 14.

Names are read without their namespace, so every version and every bank's own subset is one: what later versions
moved or renamed is looked for in each of its places.

    status           Sts, in later versions Sts/Cd or Sts/Prtry
    amounts told     TxDtls/AmtDtls/{InstdAmt,TxAmt,CntrValAmt}/Amt, the same at the entry; later also TxDtls/Amt
    charges          Chrgs once for each charge (02); later Chrgs/Rcrd for each, beside Chrgs/TtlChrgsAndTaxAmt
    own side         later also TxDtls/CdtDbtInd
    batch            NtryDtls/Btch
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from msgspec.structs import replace

from commands.bank.statement import (
    Entry,
    Identities,
    LeftOut,
    Statements,
    iso_amount,
    named,
    old_key,
    reason_in,
)
from commands.bank.status_report import REPORT, StatusReport
from commands.bank.xml_reader import Node, documents, read_xml
from ledger.calendars import parse_date
from ledger.errors import InputInvalid
from ledger.events import BankAmount, BankCharge, BankEntry, BankSide
from ledger.money import display_minor

MESSAGES = ("BkToCstmrStmt/Stmt", "BkToCstmrDbtCdtNtfctn/Ntfctn")
DAY_REPORT = "BkToCstmrAcctRpt"
_SIDES: dict[str, BankSide] = {"DBIT": "debit", "CRDT": "credit"}
_NOT_BOOKED = {
    "PDNG": "is not booked yet (PDNG): it comes again when it is",
    "FUTR": "is not booked yet (FUTR): it comes again when it is",
    "INFO": "is for information only (INFO): nothing was booked",
}
_NAMES = (
    *("EndToEndId", "InstrId", "TxId", "PmtInfId", "MsgId", "ClrSysRef", "MndtId"),
    *("Prtry/Ref", "AcctOwnrTxId", "PrcgId"),
)
_LINES = (
    *("RmtInf/Ustrd", "RmtInf/Strd/CdtrRefInf/Ref", "RmtInf/Strd/CdtrRefInf/CdtrRef"),
    *("RmtInf/Strd/RfrdDocInf/Nb", "RmtInf/Strd/RfrdDocInf/RfrdDocNb", "RmtInf/Strd/AddtlRmtInf"),
    *("AddtlTxInf",),
)


def read_bank_xml(path: Path, into: Statements) -> None:
    """Adds what a file says, its documents alone or in an envelope (message, DataPDU, RequestPayload …).

    Raises InputInvalid `xml-…`, and `bank-file-unknown` for another message.
    """
    root = read_xml(path)
    for document in list(documents(root)) or [root]:
        _read(str(path), document, into)


def _read(file: str, document: Node, into: Statements) -> None:
    if (report := document.one(REPORT)) is not None:
        StatusReport(file, report, into).read()
        return
    found = [statement for message in MESSAGES for statement in document.all(message)]
    if document.name != "Document" or not (
        found or any(document.one(m.split("/")[0]) for m in MESSAGES)
    ):
        raise _unknown_message(file, document)
    for statement in found:
        _Statement(file, statement, into).read()


def _unknown_message(file: str, document: Node) -> InputInvalid:
    first = document.children[0].name if document.children else document.name
    says = f"{first} is not a bank statement (camt.053), a notification (camt.054) or a report (pain.002)"
    if first == DAY_REPORT:
        says = f"{first} is a report within the day (camt.052), and what it says is provisional"
    hint = "ask the bank for camt.053, or save the statement as CSV"
    return InputInvalid("bank-file-unknown", says, hint=hint, place=f"{file}:{document.line}")


@dataclass(frozen=True, slots=True)
class _Ntry:
    """An entry of the file with its transactions, and what they say of it together."""

    node: Node
    details: list[Node]
    batch: Node | None


class _Statement:
    """One statement of one account."""

    def __init__(self, file: str, node: Node, into: Statements) -> None:
        self.file, self.node, self.into = file, node, into
        # From 09 on an account may be named by its alias alone.
        told = ("Acct/Id/IBAN", "Acct/Id/Othr/Id", "Acct/Id/PrtryAcct/Id", "Acct/Prxy/Id")
        account = node.said(*told)
        self.account = account or "account"
        self.identities = Identities()

    def read(self) -> None:
        self.into.accounts.setdefault(self.account, f"{self.file}:{self.node.line}")
        for node in self.node.all("Ntry"):
            batches = list(node.all("NtryDtls/Btch"))
            batch = batches[0] if len(batches) == 1 else None
            ntry = _Ntry(node, list(node.all("NtryDtls/TxDtls")), batch)
            place = f"{self.file}:{node.line} entry {_reference(ntry) or 'without a reference'}"
            try:
                status = node.said("Sts/Cd", "Sts/Prtry", "Sts")
                if status not in ("", "BOOK", "RJCT"):
                    unknown = f"has the status {status!r}, which is none of ISO 20022: ask the bank"
                    says = _NOT_BOOKED.get(status, unknown)
                    self.into.left_out.append(LeftOut(place, says, status in _NOT_BOOKED))
                    continue
                self.into.entries += self._entries(ntry, status, place)
            except InputInvalid as bad:
                self.into.left_out.append(LeftOut(place, reason_in(bad)))

    def _entries(self, ntry: _Ntry, status: str, place: str) -> Iterator[Entry]:
        """The transactions of a collective entry, where they add up to it; else the entry as one."""
        whole = _booking(ntry, status, self.account)
        parts = [_transaction(ntry, whole, detail) for detail in ntry.details]
        trouble, partial = _contradicts(ntry, whole, parts), _partial(whole, parts)
        if len(parts) > 1 and not (trouble or partial):
            for number, part in enumerate(parts, 1):
                yield self._entry(part, f"{place}.{number}", number)
            return
        if len(parts) == 1 and not partial:
            whole = _merged(whole, parts[0])
        else:
            whole = _together(whole, parts)
        yield self._entry(replace(whole, trouble=trouble, partial=partial), place, 0)

    def _entry(self, booking: BankEntry, place: str, part: int) -> Entry:
        said = booking.reference
        if part and said:
            said = f"{said}.{part}"
        return Entry(place, self.identities.of(booking, part), old_key(booking, said))


def _reference(ntry: _Ntry) -> str:
    """The bank's own name for the entry."""
    said = [ntry.node.said("AcctSvcrRef"), *(d.said("Refs/AcctSvcrRef") for d in ntry.details[:1])]
    return next((name for text in said if (name := named(text))), "")


def _booking(ntry: _Ntry, status: str, account: str) -> BankEntry:
    """What stands at the entry itself. Raises InputInvalid `entry-side`, `entry-amount`."""
    node, batch = ntry.node, ntry.batch
    if (amount := _stated(node.one("Amt"))) is None:
        raise InputInvalid("entry-amount", "The entry has no amount.")
    side = _side(node.said("CdtDbtInd"))
    return BankEntry(
        entry="",
        account=account,
        side="rejected" if status == "RJCT" else side,
        amount_minor=amount.minor,
        currency=amount.currency,
        booked_on=_day(node.said("BookgDt/Dt", "BookgDt/DtTm", "ValDt/Dt", "ValDt/DtTm")),
        reference=_reference(ntry),
        reversal=node.said("RvslInd") in ("true", "1"),
        code=_code(node.one("BkTxCd")),
        names=_names(batch, ("PmtInfId", "MsgId")),
        group="" if batch is None else named(batch.said("PmtInfId")),
        message="" if batch is None else named(batch.said("MsgId")),
        transactions=_count(batch),
        instructed=_stated(node.one("AmtDtls/InstdAmt/Amt")),
        transaction=_stated(node.one("AmtDtls/TxAmt/Amt")),
        counter=_stated(node.one("AmtDtls/CntrValAmt/Amt")),
        charges=_charges(list(node.all("Chrgs"))),
        lines=tuple(_words(n) for n in node.all("AddtlNtryInf")),
    )


def _transaction(ntry: _Ntry, whole: BankEntry, detail: Node) -> BankEntry:
    """One transaction of the entry: what it says itself, else what the entry says."""
    amount = _stated(detail.one("Amt"))
    told = _stated(detail.one("AmtDtls/TxAmt/Amt"))
    side, own = whole.side, detail.said("CdtDbtInd")
    if own and whole.side != "rejected":
        side = _side(own)
    instructed = _stated(detail.one("AmtDtls/InstdAmt/Amt"))
    booked = amount
    if len(ntry.details) > 1:
        same = instructed if instructed and instructed.currency == whole.currency else None
        booked = amount or told or same
    return replace(
        whole,
        side=side,
        amount_minor=booked.minor if booked else None,
        currency=booked.currency if booked else whole.currency,
        code=_code(detail.one("BkTxCd")) or whole.code,
        reason=_reason(detail.one("RtrInf")),
        names=(*_names(detail.one("Refs"), _NAMES), *whole.names),
        group=named(detail.said("Refs/PmtInfId")) or whole.group,
        instructed=instructed,
        transaction=told,
        counter=_stated(detail.one("AmtDtls/CntrValAmt/Amt")),
        charges=_charges(list(detail.all("Chrgs"))),
        lines=(*(_words(n) for path in _LINES for n in detail.all(path)), *whole.lines),
        transactions=0,
    )


def _merged(whole: BankEntry, only: BankEntry) -> BankEntry:
    """An entry of one transaction: the entry's amount was booked, and its transaction tells the rest."""
    own = None
    if only.amount_minor is not None:
        own = BankAmount(minor=only.amount_minor, currency=only.currency)
    booked = BankAmount(minor=whole.amount_minor or 0, currency=whole.currency)
    return replace(
        only,
        amount_minor=whole.amount_minor,
        currency=whole.currency,
        instructed=only.instructed or whole.instructed,
        # The transaction's own amount is one that the bank tells, where it is not that of the entry.
        transaction=only.transaction or (own if own != booked else None) or whole.transaction,
        counter=only.counter or whole.counter,
        charges=only.charges or whole.charges,
        transactions=whole.transactions,
    )


def _contradicts(ntry: _Ntry, whole: BankEntry, parts: list[BankEntry]) -> str:
    """What in an entry cannot be true together; "" where all can."""
    if whole.side != "rejected" and any(part.side != whole.side for part in parts):
        return f"its transactions say {_opposite(whole.side)}, it says {whole.side}"
    batch = ntry.batch
    if batch is None:
        return ""
    told = batch.said("CdtDbtInd")
    if told and whole.side != "rejected" and _side(told) != whole.side:
        return f"its batch says {_opposite(whole.side)}, it says {whole.side}"
    total = _stated(batch.one("TtlAmt"))
    if total is not None and not _is(total, whole) and not whole.charges:
        return f"its batch totals {_money(total)}, it is {_amount(whole)}"
    return ""


def _partial(whole: BankEntry, parts: list[BankEntry]) -> str:
    """Why the transactions of an entry do not make it up; "" where they do, or none is told."""
    if not parts:
        return ""
    if whole.transactions and len(parts) != whole.transactions:
        return f"of the {whole.transactions} transactions of this entry {len(parts)} are told"
    if len(parts) == 1:
        return ""
    if any(part.amount_minor is None for part in parts):
        return "a transaction of this collective entry has no amount"
    if any(part.currency != whole.currency for part in parts):
        return "its transactions are in another currency than the entry"
    total = BankAmount(minor=sum(p.amount_minor or 0 for p in parts), currency=whole.currency)
    return (
        ""
        if _is(total, whole)
        else f"its transactions come to {_money(total)}, it is {_amount(whole)}"
    )


def _together(whole: BankEntry, parts: list[BankEntry]) -> BankEntry:
    """The entry as one, with all the names and charges of its transactions."""
    names = dict.fromkeys(name for part in parts for name in part.names)
    lines = dict.fromkeys(line for part in parts for line in part.lines)
    charges = tuple(charge for part in parts for charge in part.charges)
    return replace(
        whole,
        names=tuple(dict.fromkeys((*names, *whole.names))),
        lines=tuple(dict.fromkeys((*lines, *whole.lines))),
        charges=whole.charges or charges,
    )


def _is(amount: BankAmount, entry: BankEntry) -> bool:
    return (amount.minor, amount.currency) == (entry.amount_minor, entry.currency)


def _opposite(side: BankSide) -> str:
    return "credit" if side == "debit" else "debit"


def _money(amount: BankAmount) -> str:
    return f"{display_minor(amount.minor, amount.currency)} {amount.currency}"


def _amount(entry: BankEntry) -> str:
    return f"{display_minor(entry.amount_minor or 0, entry.currency)} {entry.currency}"


# --- elements ------------------------------------------------------------------------------------


def _side(text: str) -> BankSide:
    if text not in _SIDES:
        raise InputInvalid("entry-side", f"CdtDbtInd is {text!r}, neither DBIT nor CRDT.")
    return _SIDES[text]


def _stated(node: Node | None) -> BankAmount | None:
    return None if node is None else iso_amount(node.text, node.attributes.get("Ccy", ""))


def _count(batch: Node | None) -> int:
    text = "" if batch is None else batch.said("NbOfTxs")
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= 15 else 0


def _code(node: Node | None) -> str:
    """The bank transaction code: domain/family/sub-family, then the bank's own where it gives one."""
    if node is None:
        return ""
    domain = (node.said("Domn/Cd"), node.said("Domn/Fmly/Cd"), node.said("Domn/Fmly/SubFmlyCd"))
    iso = "/".join(domain) if any(domain) else ""
    return " ".join(text for text in (iso, node.said("Prtry/Cd")) if text)


def _charges(nodes: list[Node]) -> tuple[BankCharge, ...]:
    """Each charge told; the totals where that is all that is told. In 02 a Chrgs is a charge, later it has records."""
    records = [record for node in nodes for record in (list(node.all("Rcrd")) or [node])]
    found = []
    for record in records:
        amount = _stated(record.one("Amt"))
        if amount is None or not amount.minor:
            continue
        given_back = record.said("CdtDbtInd") == "CRDT"
        told = record.said("ChrgInclInd")
        found.append(
            BankCharge(
                minor=-amount.minor if given_back else amount.minor,
                currency=amount.currency,
                included=None if not told else told in ("true", "1"),
                bearer=record.said("Br"),
            )
        )
    if found:
        return tuple(found)
    totals = [_stated(node.one("TtlChrgsAndTaxAmt")) for node in nodes]
    return tuple(
        BankCharge(minor=total.minor, currency=total.currency)
        for total in totals
        if total is not None and total.minor
    )


def _names(refs: Node | None, paths: tuple[str, ...]) -> tuple[str, ...]:
    if refs is None:
        return ()
    said = (named(node.text.strip()) for path in paths for node in refs.all(path))
    return tuple(dict.fromkeys(name for name in said if name))


def _words(node: Node) -> str:
    return " ".join(node.text.split())


def _reason(info: Node | None) -> str:
    """Why money came back: the code, and what is said beside it."""
    if info is None:
        return ""
    said = [info.said("Rsn/Cd", "Rsn/Prtry"), *(_words(n) for n in info.all("AddtlInf"))]
    return " ".join(text for text in said if text)


def _day(text: str) -> date | None:
    return parse_date(text[:10]) if text else None
