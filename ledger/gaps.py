"""Gaps: what a contract leaves unsaid or cannot do as it stands, which its people learn only when it hurts."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from fractions import Fraction
from itertools import combinations
from typing import NamedTuple

from ledger import events as e
from ledger.money import display_minor, percent_text, round_minor
from ledger.state import Contract
from ledger.terms import Tier

# The events by which a gap can come about.
MAKE_GAPS = frozenset(
    {
        e.ContractSigned,
        e.ContractAmended,
        e.RoleRevoked,
        e.ContractTerminated,
        e.MilestoneCancelled,
        e.MilestoneRevised,
    }
)


class Gap(NamedTuple):
    """One gap: its stable name, the facts in words, and what to do about it."""

    rule: str
    says: str
    hint: str


def gaps(contract: Contract) -> list[Gap]:
    """The gaps of a contract as it is; none of one that was taken over from a source or is closed."""
    return [gap for rule in _GAPS for gap in gaps_of(contract, rule)]


def gaps_of(contract: Contract, rule: str) -> Iterator[Gap]:
    """Those of one name."""
    if not contract.imported and contract.status != "completed":
        yield from _GAPS[rule](contract)


def _money(contract: Contract, minor: int) -> str:
    return f"{display_minor(minor, contract.terms.currency)} {contract.terms.currency}"


def _no_payment_terms(contract: Contract) -> Iterator[Gap]:
    if contract.terms.payment is not None or not contract.milestones:
        return
    undated = [
        m
        for m in contract.milestones.values()
        if m.acceptance is not None and m.acceptance.payment_due is None and m.outstanding_minor > 0
    ]
    owed = sum(m.outstanding_minor for m in undated)
    said = f": {_money(contract, owed)} accepted has no due date" if owed else ""
    hint = f"mledger contract amend {contract.id} --net-days 30"
    if undated:
        name = f"{contract.id}/{undated[0].id}"
        hint = f"pay it by name, mledger payment instruct {name}; for what follows: {hint}"
    yield Gap(
        "no-payment-terms",
        f"{contract.id} has no payment terms, so that nothing ever falls due{said}",
        hint,
    )


def _nobody_to_approve(contract: Contract) -> Iterator[Gap]:
    below, held = "0", defaultdict[str, set[str]](set)
    for grant in contract.grants:
        if grant.until is None:
            held[grant.role].add(grant.person)
    for tier in contract.terms.approval:
        above = f"above {below}"
        most = display_minor(tier.up_to_minor, contract.terms.currency) if tier.up_to_minor else ""
        what = f"up to {most}" if most else above
        if (lacking := _lacking(held, tier)) is not None:
            roles, people = lacking
            wanted = " and ".join(f"{tier.quorum[role]} {role}" for role in roles)
            who = f"only {', '.join(sorted(people))} may" if people else "nobody may"
            yield Gap(
                "tier-without-approvers",
                f"{contract.id} cannot approve {what} {contract.terms.currency}: it needs {wanted}, and {who}",
                f"an administrator grants it: mledger contract grant {contract.id} PERSON {roles[0]}",
            )
        below = most or below


def _lacking(held: Mapping[str, set[str]], tier: Tier) -> tuple[tuple[str, ...], set[str]] | None:
    """The roles of a tier's quorum that too few people hold, and who does; None if it can be filled.

    Roles together as well, since nobody counts twice.
    """
    for size in range(1, len(tier.quorum) + 1):
        for some in combinations(tier.quorum, size):
            people = set[str]().union(*(held.get(role, ()) for role in some))
            if len(people) < sum(tier.quorum[role] for role in some):
                return some, people
    return None


def _advance_base(contract: Contract) -> Iterator[Gap]:
    clause = contract.terms.advance
    if clause is not None and clause.base == "gross":
        yield Gap(
            "advance-from-gross",
            f"the advance of {contract.id} is recovered at {percent_text(clause.rate)} of the gross of each"
            " milestone, which is what holds where advance.base is left out",
            "if the net is meant, write base: net under advance in the contract's file, and"
            " mledger contract apply it",
        )


def _retention_beyond_limit(contract: Contract) -> Iterator[Gap]:
    clause = contract.terms.retention
    if clause is None or clause.limit is None:
        return
    own = [m for m in contract.milestones.values() if m.traits.delivered and not m.is_given_up]
    whole = sum(m.current.amount_minor or 0 for m in own)
    kept = sum(m.retained_minor - m.released_minor for m in own)
    most = round_minor(Fraction(clause.limit) * whole / 100, contract.terms.rounding)
    if kept > most:
        yield Gap(
            "retention-beyond-limit",
            f"{contract.id} keeps {_money(contract, kept)} of retention, and {percent_text(clause.limit)} of"
            f" the {_money(contract, whole)} that is left of it is {_money(contract, most)}: the limit was"
            " reckoned before the rest was cancelled",
            f"release what is too much: mledger payment release {contract.id}, when its terms let it go",
        )


_GAPS: dict[str, Callable[[Contract], Iterator[Gap]]] = {
    "no-payment-terms": _no_payment_terms,
    "tier-without-approvers": _nobody_to_approve,
    "advance-from-gross": _advance_base,
    "retention-beyond-limit": _retention_beyond_limit,
}
