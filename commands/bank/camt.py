"""Statements of ISO 20022: camt.053 (and the notification camt.054) of any version, and the report pain.002 on a file.

Names are read without their namespace, so every version and every bank's own subset is one: what later versions
moved or renamed is looked for in each of its places.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import date
from pathlib import Path

from commands.bank.statement import (
    Amount,
    Entry,
    Kind,
    LeftOut,
    Statements,
    amount_of,
    made_reference,
    reason_in,
)
from commands.bank.xml_reader import Node, read_xml
from ledger.calendars import parse_date
from ledger.errors import InputInvalid

MESSAGES = ("BkToCstmrStmt/Stmt", "BkToCstmrDbtCdtNtfctn/Ntfctn")
REPORT = "CstmrPmtStsRpt"
_BOOKED = ("", "BOOK")


def read_bank_xml(path: Path, into: Statements) -> None:
    """Adds what a file says. Raises InputInvalid `xml-…`, and `bank-file-unknown` for another message."""
    root = read_xml(path)
    if (report := root.one(REPORT)) is not None:
        _Report(str(path), report, into).read()
        return
    found = [statement for message in MESSAGES for statement in root.all(message)]
    if root.name != "Document" or not (found or any(root.one(m.split("/")[0]) for m in MESSAGES)):
        first = root.children[0].name if root.children else root.name
        raise InputInvalid(
            "bank-file-unknown",
            f"{first} is not a bank statement (camt.053), a notification (camt.054) or a report (pain.002)",
            hint="ask the bank for camt.053, or save the statement as CSV",
            place=f"{path}:{root.line}",
        )
    for statement in found:
        _Statement(str(path), statement, into).read()


class _Statement:
    """One statement of one account."""

    def __init__(self, file: str, node: Node, into: Statements) -> None:
        self.file, self.node, self.into = file, node, into
        account = node.said("Acct/Id/IBAN", "Acct/Id/Othr/Id", "Acct/Id/PrtryAcct/Id")
        self.account = account or "account"
        self.repeats: Counter[str] = Counter()

    def read(self) -> None:
        for entry in self.node.all("Ntry"):
            details = list(entry.all("NtryDtls/TxDtls")) or [Node("", entry.line, {})]
            for number, detail in enumerate(details, 1):
                reference = self.reference(entry, detail)
                if len(details) > 1:
                    reference = f"{reference}.{number}"
                place = f"{self.file}:{detail.line} entry {reference}"
                try:
                    found = self.entry(entry, detail, len(details), reference, place)
                except InputInvalid as bad:
                    self.into.left_out.append(LeftOut(place, reason_in(bad)))
                else:
                    self.into.entries += [found] if found else []

    def reference(self, entry: Node, detail: Node) -> str:
        """The bank's own name for the entry; where it gives none, one made of what the entry says."""
        said = entry.said("AcctSvcrRef") or detail.said("Refs/AcctSvcrRef")
        if said:
            return said
        facts = [
            entry.said("NtryRef"),
            entry.said("Amt"),
            entry.said("CdtDbtInd"),
            entry.said("BookgDt/Dt", "BookgDt/DtTm")[:10],
            *(node.text for node in entry.all("NtryDtls/TxDtls/Refs/EndToEndId")),
            *(node.text for node in entry.all("NtryDtls/TxDtls/RmtInf/Ustrd")),
            entry.said("AddtlNtryInf"),
        ]
        made = made_reference(*facts)
        self.repeats[made] += 1
        return made if self.repeats[made] == 1 else f"{made}-{self.repeats[made]}"

    def entry(self, entry: Node, detail: Node, of: int, reference: str, place: str) -> Entry | None:
        status = entry.said("Sts/Cd", "Sts/Prtry", "Sts")
        if status not in (*_BOOKED, "RJCT"):
            self.into.left_out.append(LeftOut(place, f"is not booked yet ({status})"))
            return None
        fees, included = _fees(entry, detail)
        return Entry(
            place=place,
            kind=_kind(entry, detail, status),
            account=self.account,
            reference=reference,
            end_to_end=_named(detail.said("Refs/EndToEndId")),
            text=_text(entry, detail),
            booked_on=_day(entry.said("BookgDt/Dt", "BookgDt/DtTm", "ValDt/Dt", "ValDt/DtTm")),
            amount=_amount(entry, detail, of),
            instructed=_stated(detail.one("AmtDtls/InstdAmt/Amt")),
            fees=fees,
            fees_included=included,
            reason=_reason(detail.one("RtrInf")),
        )


def _kind(entry: Node, detail: Node, status: str) -> Kind:
    if status == "RJCT":
        return "rejected"
    side = detail.said("CdtDbtInd") or entry.said("CdtDbtInd")
    if side not in ("DBIT", "CRDT"):
        raise InputInvalid("entry-side", f"CdtDbtInd is {side!r}, neither DBIT nor CRDT.")
    return "debit" if side == "DBIT" else "credit"


def _named(end_to_end: str) -> str:
    return "" if end_to_end == "NOTPROVIDED" else end_to_end


def _amount(entry: Node, detail: Node, of: int) -> Amount:
    """What was booked: of a collective entry the transaction's own amount."""
    node = entry.one("Amt") if of == 1 else detail.one("Amt", "AmtDtls/TxAmt/Amt")
    if (found := _stated(node)) is None:
        raise InputInvalid("entry-amount", "A transaction of a collective entry has no amount.")
    return found


def _stated(node: Node | None) -> Amount | None:
    return None if node is None else amount_of(node.text, node.attributes.get("Ccy", ""))


def _fees(entry: Node, detail: Node) -> tuple[Amount | None, bool]:
    """The charges that were debited, and whether the entry's amount holds them."""
    total: Amount | None = None
    included = False
    charges = detail.one("Chrgs") or entry.one("Chrgs")
    if charges is None:
        return None, False
    # From version 3 on each charge is a record; before that it stood in Chrgs itself.
    for record in list(charges.all("Rcrd")) or [charges]:
        amount = _stated(record.one("Amt"))
        if amount is None or not amount.minor or record.said("CdtDbtInd") == "CRDT":
            continue
        if total is not None and total.currency != amount.currency:
            raise InputInvalid("entry-fees", "The charges are in several currencies.")
        total = Amount(amount.minor + (total.minor if total else 0), amount.currency)
        included = included or record.said("ChrgInclInd") in ("true", "1")
    return total, included


def _text(entry: Node, detail: Node) -> str:
    nodes = [
        *detail.all("RmtInf/Ustrd"),
        *detail.all("RmtInf/Strd/CdtrRefInf/Ref"),
        *detail.all("RmtInf/Strd/AddtlRmtInf"),
        *detail.all("Refs/InstrId"),
        *detail.all("AddtlTxInf"),
        *entry.all("AddtlNtryInf"),
    ]
    return " ".join(" ".join(node.text.split()) for node in nodes)


def _reason(info: Node | None) -> str:
    """Why money came back or was not sent: the code, and what is said beside it."""
    if info is None:
        return ""
    said = [info.said("Rsn/Cd", "Rsn/Prtry"), *(n.text.strip() for n in info.all("AddtlInf"))]
    return " ".join(text for text in said if text)


def _day(text: str) -> date | None:
    return parse_date(text[:10]) if text else None


# --- the report on a payment file ----------------------------------------------------------------


class _Report:
    """What the bank says of the transfers in a file that it was sent: only what it rejects is news."""

    def __init__(self, file: str, node: Node, into: Statements) -> None:
        self.file, self.node, self.into = file, node, into
        self.message = node.said("GrpHdr/MsgId")
        self.on = _day(node.said("GrpHdr/CreDtTm"))

    def read(self) -> None:
        for detail, group in self._transactions():
            name = detail.said("OrgnlEndToEndId")
            status = detail.said("TxSts") or group.said("PmtInfSts")
            place = f"{self.file}:{detail.line} transfer {name}"
            if status == "RJCT" and name:
                self.into.entries.append(self._entry(detail, group, name, place))
        whole = self.node.said("OrgnlGrpInfAndSts/GrpSts")
        if whole == "RJCT" and not any(True for _ in self._transactions()):
            run = self.node.said("OrgnlGrpInfAndSts/OrgnlMsgId")
            place = f"{self.file}:{self.node.line} file {run}"
            says = f"the bank rejects the file {run} as a whole: mledger payment fail, transfer by transfer"
            self.into.left_out.append(LeftOut(place, says))

    def _transactions(self) -> Iterator[tuple[Node, Node]]:
        for group in self.node.all("OrgnlPmtInfAndSts"):
            for detail in group.all("TxInfAndSts"):
                yield detail, group

    def _entry(self, detail: Node, group: Node, name: str, place: str) -> Entry:
        info = detail.one("StsRsnInf") or group.one("StsRsnInf")
        return Entry(
            place=place,
            kind="rejected",
            account="report",
            reference=f"{self.message}:{name}",
            end_to_end=name,
            booked_on=self.on,
            reason=_reason(info),
        )
