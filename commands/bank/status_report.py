"""pain.002: what the bank says of the transfers in a file that it was sent. Only what it rejects is news.

A status holds for all that it names: that of the file for each of its payment informations, theirs for each of
their transactions, unless what is below says its own.
"""

from __future__ import annotations

from datetime import date

from commands.bank.statement import (
    Entry,
    Identities,
    LeftOut,
    Statements,
    amount_of,
    named,
    old_key,
    reason_in,
)
from commands.bank.xml_reader import Node
from ledger.calendars import parse_date
from ledger.errors import InputInvalid
from ledger.events import BankAmount, BankEntry

REPORT = "CstmrPmtStsRpt"
ACCOUNT = "report"
_ENDED = ("RJCT", "CANC")  # from version 10 on the bank also says that it cancelled


class StatusReport:
    """One report on one file."""

    def __init__(self, file: str, node: Node, into: Statements) -> None:
        self.file, self.node, self.into = file, node, into
        self.message = node.said("GrpHdr/MsgId")
        self.identities = Identities()

    def read(self) -> None:
        """Adds a rejection for each transfer, payment information or file that the bank rejects."""
        whole = self.node.one("OrgnlGrpInfAndSts") or Node("", self.node.line, {})
        status, file = whole.said("GrpSts"), whole.said("OrgnlMsgId")
        groups = list(self.node.all("OrgnlPmtInfAndSts"))
        # In version 02 the transactions stand beside the group.
        loose = list(self.node.all("TxInfAndSts"))
        told: list[str] = []
        for group in groups:
            own = group.said("PmtInfSts") or status
            self._group(group, own, whole, file, told)
        told += self._transactions(loose, status, whole)
        if status in _ENDED and not groups:
            but = _but(told)
            self._add(whole, (file,), whole, message=file, but=but)

    def _group(self, group: Node, status: str, whole: Node, file: str, told: list[str]) -> None:
        """A payment information: its transactions one by one, and the rest of it together."""
        own = named(group.said("OrgnlPmtInfId"))
        names = self._transactions(list(group.all("TxInfAndSts")), status, group, whole)
        told += names
        if status not in _ENDED:
            return
        said = group if group.one("StsRsnInf") is not None else whole
        self._add(group, (own or file,), said, group=own, message=file, but=_but(names))

    def _transactions(self, details: list[Node], status: str, *above: Node) -> list[str]:
        """Adds the transactions that are rejected; gives the names of all that are told."""
        names = []
        for detail in details:
            name = named(detail.said("OrgnlEndToEndId")) or named(detail.said("OrgnlInstrId"))
            names.append(name)
            if (detail.said("TxSts") or status) not in _ENDED:
                continue
            said = next((n for n in (detail, *above) if n.one("StsRsnInf") is not None), detail)
            if name:
                self._add(detail, (name,), said, single=True)
            else:
                place = f"{self.file}:{detail.line} transfer"
                says = "the bank rejects a transaction and does not say which: ask it for the EndToEndId"
                self.into.left_out.append(LeftOut(place, says))
        return [name for name in names if name]

    def _add(
        self,
        node: Node,
        names: tuple[str, ...],
        reasons: Node,
        *,
        group: str = "",
        message: str = "",
        but: tuple[str, ...] = (),
        single: bool = False,
    ) -> None:
        what = "transfer" if single else "payment information" if group else "file"
        place = f"{self.file}:{node.line} {what} {names[0]}"
        try:
            told = _instructed(node) if single else None
            booking = BankEntry(
                entry="",
                account=ACCOUNT,
                side="rejected",
                amount_minor=told.minor if told else None,
                currency=told.currency if told else "",
                booked_on=_day(self.node.said("GrpHdr/CreDtTm")),
                reference=f"{self.message}:{names[0]}",
                reason=_reason(reasons.one("StsRsnInf")),
                names=(*names, *but),
                group=group,
                message=message,
                transactions=_count(node),
            )
        except InputInvalid as bad:
            self.into.left_out.append(LeftOut(place, reason_in(bad)))
            return
        old = old_key(booking, booking.reference) if single else ""
        self.into.entries.append(Entry(place, self.identities.of(booking), old))


def _but(names: list[str]) -> tuple[str, ...]:
    """The transactions that have a status of their own: what is said of all is not said of them."""
    return tuple(f"-{name}" for name in names)


def _instructed(detail: Node) -> BankAmount | None:
    node = detail.one("OrgnlTxRef/Amt/InstdAmt")
    return None if node is None else amount_of(node.text, node.attributes.get("Ccy", ""))


def _count(node: Node) -> int:
    text = node.said("OrgnlNbOfTxs")
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= 15 else 0


def _reason(info: Node | None) -> str:
    """Why it was not sent: the code, and what is said beside it."""
    if info is None:
        return ""
    words = (" ".join(n.text.split()) for n in info.all("AddtlInf"))
    return " ".join(text for text in (info.said("Rsn/Cd", "Rsn/Prtry"), *words) if text)


def _day(text: str) -> date | None:
    return parse_date(text[:10]) if text else None
