"""The lists of the acting nouns: what the read models hold, for people and for programs."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from commands.known import for_whom, require_known
from commands.narrowing import Narrowing
from commands.output import Column, Table, exact, money, number
from commands.reports.unknown import left_out_in_words, unknown_of
from commands.session import say
from commands.shortening import shortened
from ledger.money import display_minor, parse_minor
from ledger.payees import masked
from projections.derive.findings import LEFT_OUT

if TYPE_CHECKING:
    from commands.session import Session
    from projections.reading import Found, Rows

Entry = dict[str, Any]


@dataclass(frozen=True, slots=True)
class List:
    """A list: its name in JSON, an entry from a row of the read model, and the table for people.

    Every entry has the same keys, `currency` before its amounts, so they are the header of CSV too.
    The table's columns name the entry's keys; `minor` ones go first where the screen is narrow,
    `rare` ones stay away where no entry has anything in them.
    """

    name: str
    entry: Callable[[Found], Entry]
    columns: Sequence[tuple[Column | str, str]]
    minor: tuple[str, ...]
    empty: str
    rare: tuple[str, ...] = ()

    def show(
        self,
        session: Session,
        sql: str,
        *,
        contract: str | None,
        partner: str | None,
        status: str | None = None,
    ) -> None:
        """Shows what the query finds, only those of a status if one is given.

        Raises NotFound for a contract or partner that this ledger never heard of.
        """
        with_status = f" with status {status}" if status else ""
        with session.reader() as reader:
            require_known(session.ledger, contract=contract, partner=partner, seen=reader)
            rows = reader.rows(sql, contract=contract, partner=partner, status=status)
            session.output.emit(
                {self.name: map(self.entry, rows)},
                rows=map(self.entry, rows),
                columns=list(self.entry(defaultdict(lambda: None))),
                people=self._people(
                    rows, with_status + for_whom(contract=contract, partner=partner)
                ),
            )
            lag = reader.known.lag
            missing = [str(row["contract"]) for row in reader.select(LEFT_OUT, contract=contract)]
        for line in left_out_in_words(missing):
            say(f"warning: {line}")
        if lag:
            say(f"warning: {lag} events are not in this list yet")
            say("hint: mledger projections catch-up")

    def _people(self, rows: Rows, whom: str) -> Iterator[Table | str]:
        found, rest = shortened(rows, "--contract, --partner or --status")
        entries = list(map(self.entry, found))
        yield Narrowing(
            [column for column, _ in self.columns],
            [tuple(_shown(entry[key], key) for _, key in self.columns) for entry in entries],
            empty=self.empty + whom,
            minor=self.minor,
        ).without(*self._unsaid(entries))
        yield from rest

    def _unsaid(self, entries: Sequence[Entry]) -> list[str]:
        """The rare columns in which no entry has anything."""
        return [
            column if isinstance(column, str) else column.title
            for column, key in self.columns
            if (column if isinstance(column, str) else column.title) in self.rare
            and all(entry[key] is None for entry in entries)
        ]


def _abroad(row: Found, key: str) -> dict[str, str] | None:
    """An amount in the currency that was paid, where that is another than the contract's."""
    minor, currency = row[key], row["paid_currency"]
    return None if minor is None or currency is None else money(int(minor), str(currency))


def _shown(value: Any, key: str) -> Any:
    """An amount as people read it, its currency in a column of its own; of an account's number the end alone."""
    if key == "account":
        return masked(value or "")
    if isinstance(value, dict):
        currency = value["currency"]
        return display_minor(parse_minor(value["amount"], currency), currency)
    return value


def _amount(row: Found, key: str) -> dict[str, str] | None:
    minor = row[key]
    return money(None if minor is None else int(minor), str(row["currency"]))


def _milestone(row: Found) -> str | None:
    return None if row["milestone"] is None else f"{row['contract']}/{row['milestone']}"


def _reference(row: Found) -> str:
    return f"{row['contract']}#{row['version']}"


def _contract_entry(row: Found) -> Entry:
    return {
        "contract": row["contract"],
        "title": row["title"],
        "client": row["client"],
        "partner": row["partner"],
        "status": row["status"],
        "signed_on": row["signed_on"],
        "currency": row["currency"],
        "value": _amount(row, "value_minor"),
        "committed": _amount(row, "committed_minor"),
        "paid": _amount(row, "paid_minor"),
        "milestones": row["milestones"],
        "payments": row["payments"],
        "imported": bool(row["imported"]),
    }


_CONTRACTS = List(
    "contracts",
    _contract_entry,
    columns=(
        (exact("contract"), "contract"),
        ("title", "title"),
        ("partner", "partner"),
        (exact("status"), "status"),
        (number("committed"), "committed"),
        (number("paid"), "paid"),
        (exact("currency"), "currency"),
    ),
    minor=("partner",),
    empty="no contract yet: mledger contract sign FILE",
)


def contracts(session: Session, partner: str | None) -> None:
    """Every contract with its value, and what of it is committed and paid."""
    from projections.derive.contracts import LIST

    found = _CONTRACTS if partner is None else replace(_CONTRACTS, empty="no contract")
    found.show(session, LIST, contract=None, partner=partner)


def _milestone_entry(row: Found) -> Entry:
    return {
        "milestone": _milestone(row),
        "title": row["title"],
        "stage": row["stage"],
        "owner": row["owner"],
        "partner": row["partner"],
        "status": row["status"],
        "original_due": row["original_due"],
        "current_due": row["current_due"],
        "submitted_on": row["submitted_on"],
        "accepted_on": row["accepted_on"],
        "currency": row["currency"],
        "amount": _amount(row, "amount_minor"),
        **unknown_of(row),
    }


_MILESTONES = List(
    "milestones",
    _milestone_entry,
    columns=(
        (exact("milestone"), "milestone"),
        ("title", "title"),
        (exact("status"), "status"),
        (exact("first due"), "original_due"),
        (exact("due"), "current_due"),
        (exact("delivered"), "submitted_on"),
        (exact("accepted"), "accepted_on"),
        (number("amount"), "amount"),
        (exact("currency"), "currency"),
    ),
    minor=("first due", "accepted", "delivered", "title"),
    empty="no such milestone",
)


def milestones(
    session: Session, contract: str | None, partner: str | None, status: str | None
) -> None:
    """Every milestone: promised first, promised now, delivered, accepted."""
    from projections.derive.milestones import REGISTER

    _MILESTONES.show(session, REGISTER, status=status, contract=contract, partner=partner)


def _bonus_entry(row: Found) -> Entry:
    return {
        "reference": _reference(row),
        "milestone": _milestone(row),
        "partner": row["partner"],
        "kind": row["kind"],
        "status": row["status"],
        "awarded_on": row["awarded_on"],
        "currency": row["currency"],
        "amount": _amount(row, "amount_minor"),
        "taken_back": _amount(row, "taken_back_minor"),
    }


_BONUSES = List(
    "bonuses",
    _bonus_entry,
    columns=(
        (exact("reference"), "reference"),
        (exact("milestone"), "milestone"),
        ("kind", "kind"),
        (exact("status"), "status"),
        (exact("on"), "awarded_on"),
        (number("amount"), "amount"),
        (number("taken back"), "taken_back"),
        (exact("currency"), "currency"),
    ),
    minor=("on", "taken back"),
    empty="no bonus and no penalty",
)


def bonuses(session: Session, contract: str | None, partner: str | None) -> None:
    """Every bonus and penalty, and what of it was taken back."""
    from projections.derive.bonuses import LIST

    _BONUSES.show(session, LIST, contract=contract, partner=partner)


def _dispute_entry(row: Found) -> Entry:
    return {
        "reference": _reference(row),
        "milestone": _milestone(row),
        "partner": row["partner"],
        "side": row["side"],
        "status": row["status"],
        "opened_on": row["opened_on"],
        "opened_by": row["opened_by"],
        "ended_on": row["ended_on"],
        "reason": row["reason"],
        "currency": row["currency"],
        "amount": _amount(row, "amount_minor"),
    }


_DISPUTES = List(
    "disputes",
    _dispute_entry,
    columns=(
        (exact("reference"), "reference"),
        (exact("milestone"), "milestone"),
        (exact("side"), "side"),
        (exact("status"), "status"),
        (exact("opened"), "opened_on"),
        (exact("ended"), "ended_on"),
        (number("amount"), "amount"),
        (exact("currency"), "currency"),
        ("reason", "reason"),
    ),
    minor=("ended", "reason", "opened", "side"),
    empty="no dispute",
)


def disputes(
    session: Session, contract: str | None, partner: str | None, status: str | None
) -> None:
    """Every dispute, and how it ended if it did."""
    from projections.derive.disputes import LIST

    _DISPUTES.show(session, LIST, status=status, contract=contract, partner=partner)


def _payment_entry(row: Found) -> Entry:
    return {
        "reference": _reference(row),
        "milestone": _milestone(row),
        "partner": row["partner"],
        "status": row["status"],
        "instructed_on": row["instructed_on"],
        "paid_on": row["paid_on"],
        "ended_on": row["ended_on"],
        "run": row["run"] or None,
        "bank_reference": row["reference"] or None,
        "currency": row["currency"],
        "amount": _amount(row, "amount_minor"),
        "paid": _amount(row, "paid_minor"),
        "fees": _amount(row, "fees_minor") if row["fees_minor"] else None,
        "transfer": row["transfer"] or None,
        "exchange_currency": row["paid_currency"],
        "instructed_abroad": _abroad(row, "instructed_foreign_minor"),
        "paid_abroad": _abroad(row, "paid_foreign_minor"),
        "gain": _abroad(row, "gain_minor"),
        "payee": row["payee"] or None,
        "account": row["account"] or None,
    }


_PAYMENTS = List(
    "payments",
    _payment_entry,
    columns=(
        (exact("reference"), "reference"),
        (exact("milestone"), "milestone"),
        (exact("status"), "status"),
        (exact("instructed"), "instructed_on"),
        (exact("paid on"), "paid_on"),
        (number("amount"), "amount"),
        (number("paid"), "paid"),
        (exact("currency"), "currency"),
        (number("fees"), "fees"),
        (number("paid abroad"), "paid_abroad"),
        (number("gain"), "gain"),
        (exact("in"), "exchange_currency"),
        (exact("account"), "account"),
        ("bank reference", "bank_reference"),
    ),
    minor=("bank reference", "account", "paid on", "paid"),
    empty="no payment",
    rare=("fees", "paid abroad", "gain", "in", "account"),
)


def payments(
    session: Session, contract: str | None, partner: str | None, status: str | None
) -> None:
    """Every payment: instructed, paid, failed, reversed or refunded."""
    from projections.derive.payments import LIST

    _PAYMENTS.show(session, LIST, status=status, contract=contract, partner=partner)
