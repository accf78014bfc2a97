"""What an auditor looks at first: rules that recorded facts broke, and what weakens the proof of those they kept.

Findings stand in the read models; the rest is told by small functions over the read models, one pass of the log, and
the rules over the fold of each contract (projections/exception_rules*.py).
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from ledger import events as e
from ledger.counting import how_many
from ledger.decisions.rules import RULES
from ledger.events import Record
from ledger.money import parse_minor
from projections.derive import findings
from projections.exception_rules.every import exception_rules
from projections.exception_rules.rule import Exceptional, ExceptionRule

Select = Callable[..., Iterable[dict[str, Any]]]

SEPARATION_OFF = "separation-off"
ACTOR_DIFFERS = "actor-differs-from-login"
PAID_BEFORE_ACCEPTED = "paid-before-accepted"
ONE_LOGIN = "one-login-counts-twice"
PAID_TOO_MUCH = "paid-beyond-net"
DATE_INFERRED = "date-inferred"
LOSS_ACCEPTED = "loss-accepted"
OF_LOG = (ACTOR_DIFFERS, ONE_LOGIN, LOSS_ACCEPTED)
NOT_DERIVED = findings.NOT_DERIVED
OWN = (
    *(SEPARATION_OFF, ACTOR_DIFFERS, PAID_BEFORE_ACCEPTED, ONE_LOGIN, PAID_TOO_MUCH, DATE_INFERRED),
    LOSS_ACCEPTED,
    NOT_DERIVED,
)

# What the rules above say and why, and how much they weigh at most; the rest is in each exception.
_SAYS = {
    SEPARATION_OFF: (
        "medium",
        "One person may not submit, approve and pay.",
        "without separation of duties one person's error or fraud meets nobody",
    ),
    ACTOR_DIFFERS: (
        "medium",
        "Who acts is who was logged in.",
        "a name that nobody authenticated is a claim",
    ),
    PAID_BEFORE_ACCEPTED: (
        "high",
        "Nothing is paid before the day on which it was accepted.",
        "the client pays for what it has not seen",
    ),
    ONE_LOGIN: (
        "high",
        "No login gives two of a subject's approvals.",
        "two names of one person are one pair of eyes",
    ),
    PAID_TOO_MUCH: (
        "medium",
        "No more is paid than was accepted.",
        "the difference is a claim on the partner, which somebody has to collect",
    ),
    DATE_INFERRED: (
        "low",
        "Delivery dates are stated, not derived.",
        "a rate that rests on an inferred date is no better than the inference",
    ),
    LOSS_ACCEPTED: (
        "high",
        "No record that was sealed is lost.",
        "what an anchored checkpoint covered was proven once, and is no longer there",
    ),
    NOT_DERIVED: (
        "high",
        "Every contract has its rows in the reports.",
        "what no report shows is missing from every total",
    ),
}


def every_rule() -> tuple[ExceptionRule, ...]:
    """The rules that are no rules of the domain: those told here, and those over folds."""
    own = [ExceptionRule(name, *_SAYS[name], {}) for name in OWN]
    return (*own, *exception_rules())


def exceptions(
    select: Select,
    sections: Iterable[list[Record]],
    decode: Callable[[str], list[int]],
    *,
    contract: str | None = None,
    authenticating: bool = False,
) -> Iterator[Exceptional]:
    """What read models and log tell; `sections` are its records as far as the reader sees, in any order of streams."""
    yield from of_rows(select, decode, contract)
    yield from of_log(sections, contract, authenticating)


def of_rows(
    select: Select,
    decode: Callable[[str], list[int]],
    contract: str | None = None,
    wanted: Callable[[str], bool] = lambda rule: True,
) -> Iterator[Exceptional]:
    """What the read models tell, of the rules that are wanted."""
    for one in _findings(select, decode, contract):
        if wanted(one.rule):
            yield one
    for rule, told in _TOLD.items():
        if wanted(rule):
            yield from told(select, decode, contract)


# How the read model of findings tells the amount of a fact, and what its source writes.
_AMOUNT = re.compile(r"(?P<amount>-?[0-9.]+) (?P<currency>[A-Z]{3})(?:, of (?P<finer>.+))?$")


# --- over the read models --------------------------------------------------------------------------


def _findings(
    select: Select, decode: Callable[[str], list[int]], contract: str | None
) -> Iterator[Exceptional]:
    """The rules that imported facts broke, as they were recorded."""
    says = {rule.id: rule.says for rule in RULES}
    for row in select(findings.LIST, contract=contract):
        told = _AMOUNT.match(str(row["detail"]))
        finer = told["finer"] if told else None
        detail = says.get(str(row["rule"])) or str(row["detail"])
        detail += f" Its source writes {finer}." if finer else ""
        where = (row["contract"], _name(row), detail)
        amount = (parse_minor(told["amount"], told["currency"]), told["currency"]) if told else ()
        yield Exceptional(row["rule"], row["severity"], *where, decode(row["events"]), *amount)


def _name(row: dict[str, Any]) -> str | None:
    return f"{row['contract']}/{row['milestone']}" if row["milestone"] else None


def _separation_off(
    select: Select, decode: Callable[[str], list[int]], contract: str | None
) -> Iterator[Exceptional]:
    """Contracts in which one person may submit, approve and pay."""
    for row in select(
        "SELECT contract, imported, events FROM {contracts} WHERE separation = 0"
        " AND (:contract IS NULL OR contract = :contract) ORDER BY contract, stream",
        contract=contract,
    ):
        imported = " (imported, with one administrator)" if row["imported"] else ""
        detail = f"separation of duties is off{imported}"
        severity = "low" if imported else "medium"
        yield Exceptional(
            SEPARATION_OFF, severity, row["contract"], None, detail, decode(row["events"])
        )


def _paid_before_accepted(
    select: Select, decode: Callable[[str], list[int]], contract: str | None
) -> Iterator[Exceptional]:
    """Payments that left before the day on which their milestone was accepted."""
    for row in select(
        "SELECT p.contract, p.milestone, p.paid_on, p.paid_minor, p.currency, m.accepted_on, p.events"
        " FROM {payments} p JOIN {milestones} m ON m.stream = p.stream AND m.milestone = p.milestone"
        " WHERE p.status = 'paid' AND p.paid_on < m.accepted_on"
        " AND (:contract IS NULL OR p.contract = :contract) ORDER BY p.contract, p.version, p.stream",
        contract=contract,
    ):
        detail = f"paid on {row['paid_on']}, accepted on {row['accepted_on']} only"
        where = (row["contract"], _name(row), detail, decode(row["events"]))
        yield Exceptional(PAID_BEFORE_ACCEPTED, "high", *where, row["paid_minor"], row["currency"])


def _paid_too_much(
    select: Select, decode: Callable[[str], list[int]], contract: str | None
) -> Iterator[Exceptional]:
    """Accepted milestones on which more was paid than is owed: a claim on the partner."""
    from ledger.money import display_minor

    for row in select(
        "SELECT contract, milestone, currency, outstanding_minor, events FROM {schedule}"
        " WHERE outstanding_minor < 0 AND (:contract IS NULL OR contract = :contract)"
        " ORDER BY contract, ordinal, stream",
        contract=contract,
    ):
        amount = display_minor(-row["outstanding_minor"], row["currency"])
        detail = f"{amount} {row['currency']} more is paid than owed: a claim on the partner"
        where = (row["contract"], _name(row), detail, decode(row["events"]))
        money = (-row["outstanding_minor"], row["currency"])
        yield Exceptional(PAID_TOO_MUCH, "medium", *where, *money)


_TOLD = {
    SEPARATION_OFF: _separation_off,
    PAID_BEFORE_ACCEPTED: _paid_before_accepted,
    PAID_TOO_MUCH: _paid_too_much,
}

# --- over the log ----------------------------------------------------------------------------------


def of_log(
    sections: Iterable[list[Record]], contract: str | None, authenticating: bool
) -> Iterator[Exceptional]:
    """One pass: who recorded for whom, and whether one login gave two of the approvals of a subject."""
    differing: defaultdict[tuple[str, str, str], list[int]] = defaultdict(list)
    approvals: dict[tuple[str, int], dict[str, Record]] = {}
    for section in sections:
        for record in section:
            if contract is not None and contract != record.stream_id:
                continue
            actor, login, data = record.actor, record.authenticated_as, record.data
            if actor != login:
                differing[record.stream_id, actor, login].append(record.position)
            if isinstance(data, e.LogSealed):
                yield from _given_up(record, data)
            elif authenticating and isinstance(data, e.ApprovalGranted):
                given = approvals.setdefault((record.stream_id, data.subject), {})
                yield from _counted_twice(record, data, given)
    for (name, actor, login), positions in differing.items():
        count = how_many(len(positions), "event")
        detail = f"{count} by {actor} recorded under the login {login}"
        severity = (
            "low" if authenticating else "medium"
        )  # a delegation allows it where logins are checked
        yield Exceptional(ACTOR_DIFFERS, severity, name, None, detail, positions)


def _given_up(record: Record, seal: e.LogSealed) -> Iterator[Exceptional]:
    for lost in seal.lost:
        detail = f"the anchored checkpoint at position {lost.size} given up by {record.actor}: {seal.reason}"
        yield Exceptional(LOSS_ACCEPTED, "high", record.stream_id, None, detail, [record.position])


def _counted_twice(
    record: Record, approval: e.ApprovalGranted, given: dict[str, Record]
) -> Iterator[Exceptional]:
    """One login that approved a subject under two names, by a delegation: one pair of eyes."""
    earlier = given.setdefault(record.authenticated_as, record)
    if earlier.actor != record.actor:
        name = f"{record.stream_id}/{approval.milestone}" if approval.milestone else None
        detail = f"{record.authenticated_as} approved as {earlier.actor} and as {record.actor}"
        events = [earlier.position, record.position]
        yield Exceptional(ONE_LOGIN, "high", record.stream_id, name, detail, events)
