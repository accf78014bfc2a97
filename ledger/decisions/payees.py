"""A partner's account is proposed, approved and revoked: decisions on `~payees`; and which one a payment names."""

from __future__ import annotations

from typing import TypeVar

from msgspec.structs import replace

from ledger.accounts import checked, plain
from ledger.decisions.case import Case, judge, open_case
from ledger.decisions.contracts import no_contract
from ledger.decisions.rules_payee import (
    AccountStep,
    NewAccount,
    OfPartner,
    PaidTo,
    payee_approved,
    payee_approved_by_another,
    payee_change_settled,
    payee_proposed_once,
    payee_step_in_turn,
    payees_kept_by_finance,
)
from ledger.decisions.rules_signed import Signed, signature_used_once, signature_valid
from ledger.decisions.rules_when import not_after_today, not_before_what_it_rests_on
from ledger.decisions.rules_who import acting_for_another_needs_delegation
from ledger.errors import NotFound
from ledger.events import (
    BankAccount,
    Exchange,
    Fact,
    PayeeApproved,
    PayeeProposed,
    PayeeRevoked,
    Signature,
)
from ledger.intents import ApprovePayee, Context, Intent, ProposePayee, RevokePayee
from ledger.known import Known
from ledger.payees import STREAM, Payee, Payees
from ledger.statements import payee_statement

Step = TypeVar("Step", PayeeProposed, PayeeApproved)


def propose(payees: Payees, intent: ProposePayee, context: Context, known: Known) -> list[Fact]:
    """Puts a partner's account up for approval by somebody else."""
    account, partner = checked(intent.account), plain("partner", intent.partner)
    case = _case(payees, intent, context, known, partner)
    judge(case.about(NewAccount(partner, account, payees)), payee_proposed_once)
    event = PayeeProposed(on=case.on, partner=partner, account=account, reason=intent.reason)
    return [_signed(case, event, partner, account, intent.signature)]


def approve(payees: Payees, intent: ApprovePayee, context: Context, known: Known) -> list[Fact]:
    """Makes a proposed account the one to which its partner is paid, in the place of the one before."""
    payee = find(payees, intent.proposal)
    case = _about(payees, payee, intent, context, known)
    step = case.about(AccountStep(payee, ("proposed",)))
    judge(step, payee_step_in_turn, payee_approved_by_another, not_before_what_it_rests_on)
    event = PayeeApproved(on=case.on, rests_on=(payee.version,), proposal=payee.version)
    return [_signed(case, event, payee.partner, payee.account, intent.signature)]


def revoke(payees: Payees, intent: RevokePayee, context: Context, known: Known) -> list[Fact]:
    """Ends an account, or refuses one that waits, by one person alone: stolen money does not wait for a second."""
    payee = find(payees, intent.proposal)
    case = _about(payees, payee, intent, context, known)
    step = case.about(AccountStep(payee, ("proposed", "approved")))
    judge(step, payee_step_in_turn, not_before_what_it_rests_on)
    return [
        PayeeRevoked(
            on=case.on, rests_on=(payee.version,), proposal=payee.version, reason=intent.reason
        )
    ]


def partner_of(payees: Payees, intent: Intent) -> str:
    """Whose account a step is about; raises NotFound where none was proposed under that number."""
    if isinstance(intent, ProposePayee):
        return intent.partner
    assert isinstance(intent, ApprovePayee | RevokePayee)
    return find(payees, intent.proposal).partner


def find(payees: Payees, version: int) -> Payee:
    """The account of that proposal; raises NotFound naming those that exist."""
    if version in payees.accounts:
        return payees.accounts[version]
    known = ", ".join(f"#{v}" for v in payees.accounts)
    raise NotFound(
        "payee-unknown",
        f"no account was proposed as #{version}",
        hint=f"there are {known}: mledger payee list" if known else "none was proposed yet",
    )


def _about(payees: Payees, payee: Payee, intent: Intent, context: Context, known: Known) -> Case:
    case = _case(payees, intent, context, known, payee.partner)
    case.rests_on, case.state.dates = (payee.version,), {payee.version: payee.on}
    return case


def _case(payees: Payees, intent: Intent, context: Context, known: Known, partner: str) -> Case:
    """A case about no contract; its days are UTC's."""
    case = open_case(no_contract(STREAM), intent, context, known=known)
    case.state.nonces = payees.nonces
    judge(
        case.about(OfPartner(partner)),
        acting_for_another_needs_delegation,
        payees_kept_by_finance,
        not_after_today,
    )
    return case


def _signed(
    case: Case, event: Step, partner: str, account: BankAccount, signature: Signature | None
) -> Step:
    """The step with its signature; refuses one that does not count."""
    if signature is None:
        return event
    statement = payee_statement(
        event,
        partner,
        account,
        by=case.actor,
        ledger_id=case.known.ledger_id,
        nonce=signature.nonce,
    )
    made = Signed(signature, statement, case.known.registrars)
    judge(case.about(made), signature_used_once, signature_valid)
    return replace(event, signature=signature)


# --- on a payment ------------------------------------------------------------------------------------------


def payee_to_pay(case: Case, exchange: Exchange | None) -> tuple[int, str]:
    """The account that a payment goes to, its proposal's version and number; (0, "") where the partner has none.

    Refuses where the contract demands one, and while one just approved is held.
    """
    terms, payees = case.state.terms, case.known.payees
    currency = terms.currency if exchange is None else exchange.currency
    payee = payees.paid(terms.partner, currency)
    judge(case.about(PaidTo(payee, currency)), payee_approved, payee_change_settled)
    return (0, "") if payee is None else (payee.version, payee.account.number)
