"""pain.002: what the bank says of the transfers in a file that it was sent. What it rejects is news, and what it calls
under way or settled is where that has failed.

A status holds for all that it names: that of the file for each of its payment informations, theirs for each of
their transactions, unless what is below says its own.
"""

from __future__ import annotations

import re
from datetime import date

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
from commands.bank.xml_reader import Node
from ledger.calendars import parse_date
from ledger.errors import InputInvalid
from ledger.events import BankAmount, BankEntry

REPORT = "CstmrPmtStsRpt"
ACCOUNT = "report"
_ENDED = ("RJCT", "CANC")  # from version 10 on the bank also says that it cancelled
_ACCEPTED = ("ACSP", "ACSC", "ACCC")  # under way, settled here, settled there
_STATUS = re.compile("[A-Z]{4}")  # as all codes of ISO 20022 for it are written


class StatusReport:
    """One report on one file."""

    def __init__(self, file: str, node: Node, into: Statements) -> None:
        self.file, self.node, self.into = file, node, into
        self.message = node.said("GrpHdr/MsgId")
        self.identities = Identities()
        self.said: dict[str, set[str]] = {}

    def read(self) -> None:
        """Adds what is said of each transfer, payment information or file that the bank rejects or accepts."""
        whole = self.node.one("OrgnlGrpInfAndSts") or Node("", self.node.line, {})
        status, file = whole.said("GrpSts"), whole.said("OrgnlMsgId")
        groups = list(self.node.all("OrgnlPmtInfAndSts"))
        # In version 02 the transactions stand beside the group.
        loose = list(self.node.all("TxInfAndSts"))
        self._count_statuses([*loose, *(d for g in groups for d in g.all("TxInfAndSts"))])
        self._written_so(whole, status, f"file {file}")
        told: list[str] = []
        others: list[str] = []
        for group in groups:
            own = group.said("PmtInfSts") or status
            told.append(named(group.said("OrgnlPmtInfId")))
            others += [f"{own} of {told[-1]}"] if own not in _ENDED else []
            self._group(group, own, whole, file, told)
        told += self._transactions(loose, status, whole)
        if status in _ENDED:
            # Of a file that is rejected no payment information is under way.
            trouble = f"it says {status} of the file, and {', '.join(others)}" if others else ""
            self._add(whole, (file,), whole, message=file, but=_but(told), trouble=trouble)
        elif status in _ACCEPTED:
            self._add(whole, (file,), whole, message=file, but=_but(told), accepted=status)

    def _count_statuses(self, details: list[Node]) -> None:
        """What is said of each transaction, wherever in the report."""
        for detail in details:
            if status := detail.said("TxSts"):
                self.said.setdefault(_name(detail).casefold(), set()).add(status)

    def _written_so(self, node: Node, status: str, what: str) -> None:
        """Lists a status that is no code: it may mean what a code would."""
        if status and not _STATUS.fullmatch(status):
            says = f"has the status {status!r}, which is none of ISO 20022: ask the bank"
            self.into.left_out.append(LeftOut(f"{self.file}:{node.line} {what}", says))

    def _group(self, group: Node, status: str, whole: Node, file: str, told: list[str]) -> None:
        """A payment information: its transactions one by one, and the rest of it together."""
        own = named(group.said("OrgnlPmtInfId"))
        names = self._transactions(list(group.all("TxInfAndSts")), status, group, whole)
        told += names
        self._written_so(group, group.said("PmtInfSts"), f"payment information {own}")
        if status not in (*_ENDED, *_ACCEPTED):
            return
        said = group if group.one("StsRsnInf") is not None else whole
        accepted = status if status in _ACCEPTED else ""
        but = _but(names)
        self._add(group, (own or file,), said, group=own, message=file, but=but, accepted=accepted)

    def _transactions(self, details: list[Node], status: str, *above: Node) -> list[str]:
        """Adds the transactions that are rejected; gives the names of all that are told."""
        names = []
        for detail in details:
            name = _name(detail)
            names.append(name)
            self._written_so(detail, detail.said("TxSts"), f"transfer {name}".rstrip())
            own = detail.said("TxSts") or status
            if own in _ACCEPTED and name:
                self._add(detail, (name,), detail, single=True, accepted=own)
            if own not in _ENDED:
                continue
            said = next((n for n in (detail, *above) if n.one("StsRsnInf") is not None), detail)
            if name:
                statuses = " and ".join(sorted(self.said.get(name.casefold(), ())))
                trouble = f"it says {statuses} of {name}" if " and " in statuses else ""
                self._add(detail, (name,), said, single=True, trouble=trouble)
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
        trouble: str = "",
        accepted: str = "",
    ) -> None:
        what = "transfer" if single else "payment information" if group else "file"
        place = f"{self.file}:{node.line} {what} {names[0]}"
        try:
            told = _instructed(node) if single and not accepted else None
            booking = BankEntry(
                entry="",
                account=ACCOUNT,
                side="accepted" if accepted else "rejected",
                amount_minor=told.minor if told else None,
                currency=told.currency if told else "",
                booked_on=_day(self.node.said("GrpHdr/CreDtTm")),
                reference=f"{self.message}:{names[0]}",
                reason=accepted or _reason(reasons.one("StsRsnInf")),
                names=(*names, *but),
                group=group,
                message=message,
                transactions=_count(node),
                trouble=trouble,
            )
        except InputInvalid as bad:
            self.into.left_out.append(LeftOut(place, reason_in(bad)))
            return
        old = old_key(booking, booking.reference) if single and not accepted else ""
        self.into.entries.append(Entry(place, self.identities.of(booking), old))


def _name(detail: Node) -> str:
    return named(detail.said("OrgnlEndToEndId")) or named(detail.said("OrgnlInstrId"))


def _but(names: list[str]) -> tuple[str, ...]:
    """What has a status of its own, transactions and payment informations: what is said of all is not said of it."""
    return tuple(f"-{name}" for name in names if name)


def _instructed(detail: Node) -> BankAmount | None:
    node = detail.one("OrgnlTxRef/Amt/InstdAmt")
    return None if node is None else iso_amount(node.text, node.attributes.get("Ccy", ""))


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
