"""What a proposal would do, in words: one clause of a sentence per kind of content."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ledger import events as e
from ledger.events import Content, Revision
from ledger.money import display_minor
from ledger.state import Contract

MOST_CHANGES = 3


def content_in_words(content: Content, contract: Contract) -> str:
    """What the proposal would do; a revision is told against the milestone as it is now."""
    return _WORDS[type(content)](content, contract)


def kind_in_words(content: Content) -> str:
    """The kind of a proposal: "change order", "bonus revocation" …"""
    return str(type(content).__struct_config__.tag).replace("-", " ")


def _money(minor: int | None, contract: Contract) -> str:
    if minor is None:
        return "an unknown amount"
    return f"{display_minor(minor, contract.terms.currency)} {contract.terms.currency}"


def revision_in_words(revision: Revision, contract: Contract) -> str:
    """ "M2 due 2026-09-25 (was 2026-09-18)"; both values where neither differs any more."""
    milestone = contract.milestones[revision.milestone]
    now = milestone.current
    said = []
    if revision.due != now.due:
        was = f" (was {now.due})" if now.due else ""
        said.append(f"due {revision.due or 'at no date'}{was}")
    if revision.amount_minor != now.amount_minor:
        was = f" (was {_money(now.amount_minor, contract)})"
        said.append(f"{_money(revision.amount_minor, contract)}{was}")
    if not said:
        said = [f"due {revision.due}", _money(revision.amount_minor, contract)]
    return f"{revision.milestone} {', '.join(said)}"


def _order(content: e.ChangeOrder, contract: Contract) -> str:
    return "; ".join(revision_in_words(revision, contract) for revision in content.revisions)


def _amendment(content: e.Amendment, contract: Contract) -> str:
    from commands.amending import as_document
    from commands.imports.contract_diff import diff_documents

    # Once it is approved, its terms are the contract's, and nothing is left to tell.
    changes = diff_documents(contract.terms, {}, as_document(content.terms, contract.id))
    said = [
        f"{change.path} {change.new or 'none'}" + (f" (was {change.old})" if change.old else "")
        for change in changes
    ]
    said += [revision_in_words(revision, contract) for revision in content.revisions]
    said += [f"{plan.id} new, {_money(plan.amount_minor, contract)}" for plan in content.define]
    more = len(said) - MOST_CHANGES
    told = "; ".join(said[:MOST_CHANGES]) + (f"; and {more} more changes" if more > 0 else "")
    return f"amend the contract: {told}" if told else "amend the contract"


def _bonus(content: e.BonusProposal, contract: Contract) -> str:
    return f"a bonus of {_money(content.amount_minor, contract)} for {content.milestone}"


def _revocation(content: e.BonusRevocation, contract: Contract) -> str:
    award = contract.awards.get(content.bonus)
    amount = f", {_money(award.amount_minor, contract)}" if award else ""
    error = " as an error" if content.why == "error" else ""
    return f"revoke bonus #{content.bonus} of {content.milestone}{amount}{error}"


def _waiver(content: e.Waiver, contract: Contract) -> str:
    amount = _money(content.amount_minor, contract)
    return f"waive {amount} of penalty #{content.penalty} on {content.milestone}"


def _resolution(content: e.Resolution, contract: Contract) -> str:
    said = f"resolve dispute #{content.dispute} of {content.milestone} as {content.outcome}"
    if content.adjustment_minor:
        said += f", {_money(content.adjustment_minor, contract)}"
    return said


def _role(content: e.RoleChange, contract: Contract) -> str:
    if content.grant:
        return f"{content.person} is to hold the role {content.role}"
    return f"{content.person} is no longer to hold the role {content.role}"


def _reversal(content: e.Reversal, contract: Contract) -> str:
    error = " as an error" if content.why == "error" else ""
    return f"reverse the acceptance of {content.milestone}{error}"


def _set_off(content: e.SetOff, contract: Contract) -> str:
    amount = _money(content.amount_minor, contract)
    return f"set off {amount} claimed for {content.milestone} against {content.against}"


def _termination(content: e.Termination, contract: Contract) -> str:
    parts = [f"{s.milestone} at {_money(s.accepted_minor, contract)}" for s in content.shares]
    said = f"terminate the contract, accepting {', '.join(parts) or 'no work in progress'}"
    if content.fee_minor:
        whose = "partner" if content.fee_minor < 0 else "client"
        said += f", with a fee of {_money(abs(content.fee_minor), contract)} owed by the {whose}"
    return said


_WORDS: dict[type[Any], Callable[[Any, Contract], str]] = {
    e.ChangeOrder: _order,
    e.Amendment: _amendment,
    e.BonusProposal: _bonus,
    e.BonusRevocation: _revocation,
    e.Waiver: _waiver,
    e.Resolution: _resolution,
    e.RoleChange: _role,
    e.Reversal: _reversal,
    e.SetOff: _set_off,
    e.Termination: _termination,
}
