"""To whom: the rules on the partners' bank accounts, and on payments to them."""

from __future__ import annotations

import shlex

import msgspec

from ledger.calendars import today_in
from ledger.counting import in_days
from ledger.decisions.case import Case, Objection, rule
from ledger.events import BankAccount
from ledger.payees import Payee, Payees, masked

# --- on the accounts ---------------------------------------------------------------------------------------


class OfPartner(msgspec.Struct, frozen=True):
    """Whose accounts a step is about."""

    partner: str


class NewAccount(msgspec.Struct, frozen=True):
    """An account that is proposed for a partner, and those that there are."""

    partner: str
    account: BankAccount
    payees: Payees


class AccountStep(msgspec.Struct, frozen=True):
    """An account that is to be approved or revoked, and the statuses from which that goes."""

    payee: Payee
    standing: tuple[str, ...]


@rule("A partner's accounts are kept by finance and administrators of contracts with that partner.")
def payees_kept_by_finance(case: Case[OfPartner]) -> Objection | None:
    if case.actor in case.known.keepers:
        return None
    return Objection(
        f"{case.actor} is neither finance nor administrator in any contract with"
        f" {case.subject.partner}",
        "act as somebody whom a contract with them names as one: mledger contract list",
    )


@rule("An account is proposed by one person and approved by another.")
def payee_approved_by_another(case: Case[AccountStep]) -> Objection | None:
    payee = case.subject.payee
    if case.actor != payee.proposed_by:
        return None
    return Objection(
        f"{case.actor} proposed account #{payee.version} of {payee.partner}",
        "somebody else asks the partner, by a way known before, and approves it",
    )


@rule("An account is approved while it waits, and revoked once.")
def payee_step_in_turn(case: Case[AccountStep]) -> Objection | None:
    payee = case.subject.payee
    if payee.status in case.subject.standing:
        return None
    return Objection(
        f"account #{payee.version} of {payee.partner} is {payee.status}",
        f"see those that there are: mledger payee list --partner {shlex.quote(payee.partner)}",
    )


@rule("An account is not proposed again while it waits or counts, and never for two partners.")
def payee_proposed_once(case: Case[NewAccount]) -> Objection | None:
    account, partner = case.subject.account, case.subject.partner
    for payee in case.subject.payees.accounts.values():
        if payee.status not in ("proposed", "approved") or payee.account.number != account.number:
            continue
        theirs = payee.partner != partner and payee.account.bank == account.bank
        if theirs or (payee.partner == partner and payee.account == account):
            return Objection(
                f"{masked(account.number)} is account #{payee.version} of {payee.partner},"
                f" {payee.status}",
                _once_hint(payee, partner),
            )
    return None


def _once_hint(payee: Payee, partner: str) -> str:
    if payee.partner == partner and payee.status == "proposed":
        return f"somebody else approves it: mledger payee approve '#{payee.version}'"
    if payee.partner == partner:
        return f"it is paid already; see it: mledger payee show '#{payee.version}'"
    return f"end it there first, if it is not theirs: mledger payee revoke '#{payee.version}' --reason REASON"


# --- on payments to them -----------------------------------------------------------------------------------


class PaidTo(msgspec.Struct, frozen=True):
    """The account to which a payment in a currency would go; None where the partner has none."""

    payee: Payee | None
    currency: str


@rule("Where the contract demands it, a payment goes to an approved account of the partner.")
def payee_approved(case: Case[PaidTo]) -> Objection | None:
    terms = case.state.terms
    if terms.payees is None or not terms.payees.required or case.subject.payee is not None:
        return None
    return Objection(
        f"{terms.partner} has no approved account for {case.subject.currency}",
        f"one proposes it: mledger payee propose {shlex.quote(terms.partner)} --holder NAME --number NUMBER"
        " --bank CODE; another approves it: mledger payee approve REF",
    )


@rule("An account just approved is not paid before the contract's days of hold have passed.")
def payee_change_settled(case: Case[PaidTo]) -> Objection | None:
    policy, payee = case.state.terms.payees, case.subject.payee
    if policy is None or payee is None or payee.paid_since is None:
        return None
    # Accounts are kept in a stream of no zone, and no payment is dated back past the hold.
    days = (today_in("UTC", case.context.now) - payee.paid_since).days
    if days >= policy.hold_days:
        return None
    return Objection(
        f"account #{payee.version} of {payee.partner} ({masked(payee.account.number)}) was approved on"
        f" {payee.paid_since}, and is paid {in_days(policy.hold_days)} later at the earliest",
        "use the days to ask the partner, by a way known before, whether it is theirs",
    )
