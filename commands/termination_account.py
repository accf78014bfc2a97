"""Claims set off, contracts ended: what is proposed, and the statement of what a contract then comes to."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from commands.typed import named_value

if TYPE_CHECKING:
    from commands.audits.stream import History
    from commands.options import Moment, Output
    from commands.output import Column, Table
    from commands.reference_names import MilestoneName
    from commands.session import Session
    from commands.settings import Settings
    from ledger.events import Share
    from ledger.intents import Intent
    from ledger.state import Contract
    from projections.termination_account import Entry, Settlement

COLUMNS = (
    *("contract", "group", "milestone", "step", "clause"),
    *("amount", "currency", "calculation", "events"),
)


# --- what is proposed ------------------------------------------------------------------------------


def setting_off(
    session: Session,
    state: Contract,
    claim: MilestoneName,
    against: MilestoneName,
    amount: str,
    reason: str,
) -> Intent:
    """The proposal to set a claim off; both milestones are of one contract."""
    from ledger.errors import InputInvalid
    from ledger.events import SetOff
    from ledger.intents import ProposeChange

    if against.contract != claim.contract:
        raise InputInvalid(
            "set-off-across-contracts",
            f"{claim} and {against} are milestones of two contracts",
            hint="a claim is set off within its contract; another contract's is settled by payment",
        )
    content = SetOff(
        milestone=session.milestone(state, claim.milestone).id,
        against=session.milestone(state, against.milestone).id,
        amount_minor=session.amount(state, amount),
        reason=reason,
    )
    return ProposeChange(content=content, on=session.on)


def terminating(
    session: Session, state: Contract, settle: tuple[str, ...], fee: str | None, reason: str
) -> Intent:
    """The termination at once, or where money hangs on it, the proposal that settles it."""
    from ledger.decisions.effects_termination import fee_by_clause, not_performed
    from ledger.decisions.rules_endings import must_be_settled
    from ledger.events import Termination
    from ledger.intents import ProposeChange, TerminateContract

    if not settle and fee is None and not must_be_settled(state):
        return TerminateContract(reason=reason, on=session.on)
    shares = tuple(_share(session, state, text) for text in settle)
    fee_minor = (
        fee_by_clause(state.terms, not_performed(state, shares))
        if fee is None
        else session.amount(state, fee)
    )
    content = Termination(shares=shares, fee_minor=fee_minor, reason=reason)
    return ProposeChange(content=content, on=session.on)


def _share(session: Session, state: Contract, text: str) -> Share:
    """What is accepted of a milestone: "M3=40%", or an amount."""
    from ledger.decisions.rules_money import not_a_share
    from ledger.errors import InputInvalid
    from ledger.events import Share
    from ledger.money import parse_percent, percent_of

    name, value = named_value(text, "--settle", "M3=40%")
    milestone = session.milestone(state, name)
    if value.endswith("%"):
        whole = milestone.current.amount_minor or 0
        percent = parse_percent(value)
        part = percent_of(whole, percent, state.terms.rounding)
        if percent and (objection := not_a_share(value, whole, state.terms)):
            raise InputInvalid(
                "share-invalid",
                objection.message,
                hint=objection.hint,
                place=f"--settle {text!r}",
            )
    else:
        part = session.amount(state, value)
    return Share(milestone=milestone.id, accepted_minor=part)


# --- the statement ---------------------------------------------------------------------------------


def show(settings: Settings, output: Output, moment: Moment, contract: str) -> None:
    """Prints the statement; raises IntegrityViolated where its sums are not the schedule's."""
    from commands.audits.stream import history
    from ledger.errors import IntegrityViolated, NotFound
    from projections.termination_account import settlement

    past = history(settings, output, moment, contract)
    told = settlement(past.records, moment.as_of)
    if told is None:
        says = f"{contract} did not exist yet on {past.as_of}"
        raise NotFound("contract-unknown", says, hint="leave --as-of out, or give a later day")
    rows = [{"contract": contract, **line} for line in map(_line(told), told.entries)]
    data = {**past.moment(), **_data(told)}
    output.emit(data, rows=rows, columns=COLUMNS, people=_people(told, past))
    if wrong := [f"{name} {one} and {two}" for name, one, two in told.checks if one != two]:
        raise IntegrityViolated(
            "statement-differs",
            f"the lines and the schedule of {contract} differ: {', '.join(wrong)} (minor units)",
            hint="this is a fault of the program, please report it; what the log says: mledger audit verify",
        )


def _line(told: Settlement) -> Any:
    from commands.output import money

    def one(entry: Entry) -> dict[str, Any]:
        return {
            "group": entry.group,
            "milestone": f"{told.contract.id}/{entry.milestone}" if entry.milestone else None,
            "step": entry.step,
            "clause": entry.clause,
            "amount": money(entry.amount_minor, told.currency),
            "calculation": entry.calculation,
            "events": entry.events,
        }

    return one


def _data(told: Settlement) -> dict[str, Any]:
    from commands.output import money

    contract, currency = told.contract, told.currency
    balance = None if told.unknown else told.balance_minor
    return {
        "contract": contract.id,
        "partner": contract.terms.partner,
        "status": contract.status,
        "completed_on": told.completed_on,
        "lines": [*map(_line(told), told.entries)],
        "totals": [{"group": g, "amount": money(minor, currency)} for g, minor in told.totals()],
        "balance": money(balance, currency),
        "not_known": [f"{contract.id}/{name}" for name in told.unknown],
        "due_to": None if not balance else "partner" if balance > 0 else "client",
        "held": money(told.held_minor, currency),
        "instructed": money(told.instructed_minor, currency),
        "payable": money(told.payable_minor, currency),
        "claims": [
            {"milestone": f"{contract.id}/{name}", "amount": money(minor, currency)}
            for name, minor in told.claims
        ],
        "retention_kept": money(told.kept_minor, currency),
        "advance_open": money(contract.open_advance_minor, currency),
        "disputes": [
            {
                "dispute": f"{contract.id}#{d.version}",
                "milestone": f"{contract.id}/{d.milestone}",
                "side": d.side,
                "amount": money(d.amount_minor, currency),
                "events": sorted(d.positions),
            }
            for d in contract.disputes.values()
            if d.status == "open"
        ],
        "beside": [*map(_line(told), told.beside)],
        "checks": [
            {"figure": name, "lines": money(one, currency), "schedule": money(two, currency)}
            for name, one, two in told.checks
        ],
    }


# --- for people ------------------------------------------------------------------------------------


def _people(told: Settlement, past: History) -> Iterator[Table | str]:
    from commands.output import exact, number
    from commands.sentence_parts import called
    from commands.tables import Carried
    from ledger.events import Line

    contract = told.contract
    yield f"{contract.id} {contract.terms.title}".rstrip() + f", {contract.terms.partner}"
    done = f", complete since {told.completed_on}" if told.completed_on else ""
    yield f"{contract.status}{done}"
    yield ""

    def row(entry: Entry) -> tuple[object, ...]:
        line = Line(step=entry.step, clause=entry.clause, amount_minor=0)
        paid = "refunded" if entry.clause == "refund" else "paid"
        what = {"gross": "accepted part", "paid": paid}.get(entry.step) or called(line)
        amount = _shown(told, entry.amount_minor)
        return (entry.milestone, what, amount, entry.calculation, " ".join(map(str, entry.events)))

    columns: list[Column | str] = [
        exact("milestone"),
        exact("line"),
        number(told.currency),
        "calculation",
        "events",
    ]
    if told.entries:
        yield Carried(columns, [row(entry) for entry in told.entries], list(_below(told)))
    else:
        yield "nothing is accepted or paid"
    if told.beside:
        yield ""
        yield Carried(
            columns,
            [row(entry) for entry in told.beside],
            title="Paid beside it, on nothing accepted: no part of the balance",
        )
    yield from past.footer()


def _below(told: Settlement) -> Iterator[tuple[object, ...]]:
    """The sum of each group, the balance, and what of it waits."""
    from projections.termination_account import GROUPS

    for group, minor in told.totals():
        yield ("", GROUPS[group], _shown(told, minor), "sum of its lines", "")
    balance, partner = told.balance_minor, told.contract.terms.partner
    whose = f"owed to {partner}" if balance > 0 else f"a claim on {partner}"
    says = whose if balance else "nothing is owed either way"
    if told.unknown:
        names = ", ".join(told.unknown)
        yield ("", "balance", "unknown", f"it is not recorded what is owed of {names}", "")
    else:
        yield ("", "balance", _shown(told, balance), says + "; as in the schedule", "")
    held = [d for d in told.contract.disputes.values() if d.status == "open"]
    if held or told.held_minor:
        said = ", ".join(f"{told.contract.id}#{d.version} by the {d.side}" for d in held)
        places = " ".join(str(p) for d in held for p in sorted(d.positions))
        yield ("", "held", _shown(told, told.held_minor), f"in dispute: {said}", places)
    if told.instructed_minor:
        yield ("", "instructed", _shown(told, told.instructed_minor), "on its way", "")
    yield ("", "payable", _shown(told, told.payable_minor), "now", "")
    for name, minor in told.claims:
        says = "on the partner; taken off by decision: mledger payment set-off"
        yield (name, "claim", _shown(told, minor), says, "")
    if told.kept_minor:
        kept = _shown(told, told.kept_minor)
        yield ("", "retention kept", kept, "not released yet, no part of the balance", "")
    if opened := told.contract.open_advance_minor:
        yield ("", "advance open", _shown(told, opened), "paid and not recovered yet", "")


def _shown(told: Settlement, minor: int) -> str:
    from ledger.money import display_minor

    return display_minor(minor, told.currency)
