"""What a proposal would change, before and after, in words; where it stands; and who approved it or still may."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from ledger import events as e
from ledger.decisions.binding import proposal_digest
from ledger.decisions.case import Case, judge
from ledger.decisions.changes import NOBODY, not_renewable, price_now, read_case
from ledger.decisions.effects import KINDS
from ledger.decisions.quorum import missing
from ledger.errors import LedgerError
from ledger.events import Figure, Proposed
from ledger.money import display_minor
from ledger.patches import set_promises, set_terms
from ledger.premises import Change, changes_since, in_words, written_value
from ledger.state import Approval, Contract, Proposal
from ledger.terms import MilestonePlan
from ledger.terms_in_words import differences, keyed

MOST_CHANGES = 3


class Changed(NamedTuple):
    """One thing that a proposal changes; None where it was or will be absent."""

    what: str
    before: str | None
    after: str | None


class Standing(NamedTuple):
    """Where a proposal stands: the approvals that count now, the others that were given, and who is missing.

    `priced` are the lines that it would post now, `outdated` what of its premises has changed, `stopped` the first rule
    by which it cannot take effect as things stand, `not_renewable` why an outdated one cannot be proposed anew.
    """

    counted: tuple[Approval, ...]
    void: tuple[Approval, ...]
    missing: dict[str, int]
    priced: tuple[Figure, ...]
    outdated: tuple[Change, ...]
    stopped: LedgerError | None = None
    not_renewable: str = ""


def kind_in_words(content: Proposed) -> str:
    """The kind of a proposal: "change order", "bonus revocation" …"""
    return str(type(content).__struct_config__.tag).replace("-", " ")


def standing(contract: Contract, proposal: Proposal) -> Standing:
    """Where a proposal stands in the contract as it is."""
    outdated = () if proposal.status != "open" else tuple(changes_since(contract, proposal))
    waits = proposal.status == "open" and not outdated
    priced, stopped = _priced(contract, proposal) if waits else ((), None)
    why = not_renewable(contract, proposal) if outdated else ""
    live = [a for a in proposal.approvals if a.live and contract.holds(a.role, a.actor, None)]
    if proposal.status == "open":
        bound = proposal_digest(proposal.event.digest, priced)
    else:
        bound = proposal.approvals[-1].digest if proposal.approvals else ""
    counted = tuple(a for a in live if a.digest == bound)
    void = tuple(a for a in proposal.approvals if a not in counted)
    return Standing(
        counted, void, missing(proposal.event.quorum, counted), priced, outdated, stopped, why
    )


def _priced(
    contract: Contract, proposal: Proposal
) -> tuple[tuple[Figure, ...], LedgerError | None]:
    """The lines that would follow now; none, and why, where it cannot take effect as things stand."""
    case: Case[Any] = read_case(contract, proposal, NOBODY)
    kind = KINDS[type(proposal.content)]
    try:
        case = case.about(kind.prepare(case, proposal.content))
        judge(case, *kind.rules)
        return price_now(case), None
    except LedgerError as why:
        return (), why


# --- before and after -----------------------------------------------------------------------------------------


def changes(contract: Contract, proposal: Proposal) -> list[Changed]:
    """What it changes, against what was in force when it was proposed."""
    before = {premise.what: premise.value for premise in proposal.premises}
    return list(content_changes(proposal.content, contract, before))


def content_changes(
    content: Proposed, contract: Contract, before: dict[str, Any]
) -> Iterator[Changed]:
    """What a content changes against the values given; what it states as it was is no change."""
    if isinstance(content, e.AmendmentPatch):
        yield from _terms(content, contract, before)
    if isinstance(content, e.OrderPatch | e.AmendmentPatch):
        for patch in content.revisions:
            for name, value in set_promises(patch):
                what = f"{patch.milestone} {name.removesuffix('_minor')}"
                was = before.get(what)
                if was != value:
                    currency = contract.terms.currency
                    said = (in_words(what, one, currency) for one in (was, value))
                    yield Changed(what, *said)
    if isinstance(content, e.AmendmentPatch):
        for plan in content.define:
            yield Changed(plan.id, None, _planned(plan, contract))


def _terms(
    content: e.AmendmentPatch, contract: Contract, before: dict[str, Any]
) -> Iterator[Changed]:
    def amount(minor: int) -> str:
        return _money(minor, contract)

    for name, value in set_terms(content.terms):
        was = before.get(name)
        said = tuple(sorted(value)) if isinstance(was, tuple) and _people(name) else value
        if was != said:
            path = name.removesuffix("_minor")
            old, new = (_text(one, amount, path) for one in (was, value))
            yield from (Changed(d.path, d.old, d.new) for d in differences(path, old, new))


def _people(name: str) -> bool:
    return name.partition(".")[0] in ("roles", "administrators")


def _text(value: Any, amount: Any, path: str) -> Any:
    if value is None or value in ((), ""):
        return None
    if path == "ceiling":
        return amount(value)
    return keyed(written_value(value, amount))


def _planned(plan: MilestonePlan, contract: Contract) -> str:
    due = f" due {plan.due}" if plan.due else ""
    return f"new, {_money(plan.amount_minor, contract)}{due}"


# --- in one sentence ------------------------------------------------------------------------------------------


def proposal_in_words(contract: Contract, proposal: Proposal) -> str:
    """What a proposal would do, or did: "M1 due 2026-11-13 (was 2026-10-30)"."""
    before = {premise.what: premise.value for premise in proposal.premises}
    return content_in_words(proposal.content, contract, before)


def content_in_words(content: Proposed, contract: Contract, before: dict[str, Any]) -> str:
    """What a content would do, against the values given."""
    if (say := _WORDS.get(type(content))) is not None:
        return say(content, contract)
    said = [_said(changed) for changed in content_changes(content, contract, before)]
    more = len(said) - MOST_CHANGES
    told = "; ".join(said[:MOST_CHANGES]) + (f"; and {more} more changes" if more > 0 else "")
    if isinstance(content, e.AmendmentPatch):
        return f"amend the contract: {told}" if told else "amend the contract"
    return told


def _said(changed: Changed) -> str:
    was = f" (was {changed.before})" if changed.before not in (None, "none") else ""
    what = changed.what.removesuffix(" amount")
    return f"{what} {changed.after or 'none'}{was}"


def _money(minor: int | None, contract: Contract) -> str:
    if minor is None:
        return "an unknown amount"
    return f"{display_minor(minor, contract.terms.currency)} {contract.terms.currency}"


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
    e.BonusProposal: _bonus,
    e.BonusRevocation: _revocation,
    e.Waiver: _waiver,
    e.Resolution: _resolution,
    e.RoleChange: _role,
    e.Reversal: _reversal,
    e.SetOff: _set_off,
    e.Termination: _termination,
}
