"""What imported history leaves open: which parts of a milestone no source tells of, and when one was last heard of."""

from __future__ import annotations

from datetime import date
from itertools import pairwise

from projections.oracle.contracts import Contract
from projections.oracle.log import Fact, day
from projections.oracle.milestones import Milestone
from projections.oracle.payments import paid

PARTS = ("deliveries", "acceptances", "rejections", "disputes", "payments")


def _imports(contract: Contract) -> list[tuple[int, Fact]]:
    """Each source that was read, with the version at which its facts begin."""
    found: list[tuple[int, Fact]] = []
    for fact in contract.named("HistoryImported"):
        before = found[-1][1].version if found else 0
        found.append((fact.data.get("since", 0) or before + 1, fact))
    return found


def by_import(contract: Contract, version: int) -> bool:
    """Whether a source told of the fact with that version."""
    return any(since <= version <= source.version for since, source in _imports(contract))


def taken_over(contract: Contract, fact: Fact) -> bool:
    """Whether a fact is a source's, and nobody's decision here; an old release did not always name its source."""
    imported = bool(contract.facts[0].data.get("imported")) and fact.origin.startswith("import:")
    return imported or by_import(contract, fact.version)


def _sources(milestone: Milestone) -> list[tuple[int, Fact]]:
    """Those that tell of the milestone."""
    return [
        (since, source)
        for since, source in _imports(milestone.contract)
        if milestone.definition.version < source.version
        and milestone.id not in source.data.get("leaves_out", ())
    ]


def _told(milestone: Milestone) -> set[str] | None:
    """The parts that its sources can tell; None where the first of them, of an older release, says nothing of that."""
    parts: set[str] | None = None
    for since, source in _sources(milestone):
        knows = source.data.get("knows")
        if knows is None or (parts is None and milestone.definition.version < since):
            continue
        silent = milestone.id in source.data.get("silent", ())
        parts = (parts or set()) | set(knows) - (set(PARTS[:2]) if silent else set())
    if parts is None:
        return None
    for _, source in _imports(milestone.contract):
        parts |= set(source.data.get("whole", ()))
    return parts


def missing(milestone: Milestone) -> set[str]:
    """The parts of its history of which it is not known whether there was anything."""
    contract = milestone.contract
    if not contract.facts[0].data.get("imported"):
        return set()
    told = _told(milestone)
    gone = set() if told is None else set(PARTS) - told - _seen(milestone)
    if _was_paid(milestone):
        return gone - {"payments"}
    twins = [fact.data["twin_status"] for fact in milestone.facts if fact.data.get("twin_status")]
    if twins and twins[-1] in ("scheduled", "notMet"):
        return gone - {"payments"}
    if (twins and twins[-1] in ("met", "partiallyMet")) or paid(contract.unallocated):
        return gone | {"payments"}
    return gone


def _seen(milestone: Milestone) -> set[str]:
    """The parts of which the log itself has a fact, or that happened after people took over."""
    seen = {"payments"} if _was_paid(milestone) else set()
    decided = milestone.acceptance is not None or milestone.cancelled
    rejected = any(map(milestone.rejected, milestone.submissions))
    if decided or rejected:
        seen.add("acceptances")
    if decided or milestone.submissions:
        seen.add("deliveries")
    if rejected:
        seen.add("rejections")
    if milestone.disputes:
        seen.add("disputes")
    first = milestone.corrects(milestone.submissions[0])[-1] if milestone.submissions else None
    if first is not None and not by_import(milestone.contract, first.version):
        seen |= {"rejections", "disputes"}
    return seen


def _was_paid(milestone: Milestone) -> bool:
    if any(fact.name in ("PaymentInstructed", "PaymentRecorded") for fact in milestone.facts):
        return True
    accepted = milestone.acceptance
    here = accepted is not None and not by_import(milestone.contract, accepted.version)
    return here and bool(_imports(milestone.contract))


def heard_on(milestone: Milestone) -> date | None:
    """When its sources were last heard of; None where no day bounds what is known."""
    contract = milestone.contract
    imports = _imports(contract)
    if not imports or not contract.facts[0].data.get("imported"):
        return None
    gaps = any(b > a.version + 1 for (_, a), (b, _) in pairwise(imports))
    if gaps or contract.facts[-1].version > imports[-1][1].version:
        return None
    heard: date | None = None
    for _, source in _sources(milestone):
        said = day(source.data.get("heard_on"))
        if source.data.get("knows") is None and source.data.get("known_claim"):
            said = date.fromisoformat(source.data["known_claim"][:10])
        heard = None if said is None else max(said, heard or said)
    return heard


def inferred(submission: Fact | None) -> bool:
    return submission is not None and bool(submission.data.get("inferred"))


def known_hold(milestone: Milestone) -> bool:
    """Whether every amount that the client disputes is known."""
    return all(
        fact.data.get("amount_minor") is not None
        for fact in milestone.disputes
        if fact.data["side"] == "client" and milestone.open(fact)
    )
