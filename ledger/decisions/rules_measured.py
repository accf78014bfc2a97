"""What a submission may say that it measured: criteria of its milestone, each once, in the criterion's own unit."""

from __future__ import annotations

from decimal import Decimal

import msgspec

from ledger.decisions.case import Case, Objection, rule
from ledger.events import Result
from ledger.measured import units
from ledger.money import canonical
from ledger.written import measure_text, parse_measure


class Submitted(msgspec.Struct, frozen=True):
    """What a submission measured."""

    results: tuple[Result, ...]


def _units(case: Case) -> dict[str, str | None]:
    milestone = case.the_milestone()
    return units(milestone.id, milestone.plan.criteria, case.state.terms.quality_bonuses)


@rule("A submission measures only what its milestone or a bonus for it names as a criterion.")
def measured_criterion_known(case: Case[Submitted]) -> Objection | None:
    results, known = case.subject.results, _units(case)
    name = next((r.criterion for r in results if r.criterion not in known), None)
    if name is None:
        return None
    milestone = f"{case.state.id}/{case.the_milestone().id}"
    says = f"{milestone} has no criterion {name!r}, and no bonus for it rests on one of that name"
    if not known:
        return Objection(says, "nothing is measured there: leave it out, or put it into --note")
    from difflib import get_close_matches

    folded = {each.casefold(): each for each in known}
    close = [folded[near] for near in get_close_matches(name.casefold(), folded, n=3)]
    meant = f"did you mean {' or '.join(close)}? " if close else ""
    return Objection(says, f"{meant}its criteria are {', '.join(known)}")


@rule("A submission measures each criterion once.")
def criterion_measured_once(case: Case[Submitted]) -> Objection | None:
    results = case.subject.results
    names = [result.criterion for result in results]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is None:
        return None
    values = " and ".join(r.measured for r in results if r.criterion == twice)
    return Objection(f"{twice} is measured twice: {values}", "state its value once")


@rule("A value is measured in the unit in which its criterion is stated.")
def measured_in_its_unit(case: Case[Submitted]) -> Objection | None:
    known = _units(case)
    for result in case.subject.results:
        number, unit = parse_measure(result.measured)
        wanted = known[result.criterion]
        if wanted is None or unit == wanted:
            continue
        return _in_another_unit(result, number, unit, wanted)
    return None


def _in_another_unit(result: Result, number: Decimal, unit: str, wanted: str) -> Objection:
    name, value = result.criterion, result.measured
    if not wanted:
        says = f"{name} is stated as a plain number, not in {unit}: {value}"
        return Objection(says, f"convert it if need be, and write {name}={number}")
    if unit:
        says = f"{name} is stated in {wanted}, not in {unit}: {value}"
    elif wanted == "%":
        says = f"{name} is stated in %, not as a ratio: {value}"
        number = number * 100 if abs(number) <= 1 else number
    else:
        return Objection(
            f"{name} is stated in {wanted}, and {value} has no unit", _write(name, number, wanted)
        )
    return Objection(says, f"{_write(name, number, wanted)} if that is what was measured")


def _write(name: str, number: Decimal, unit: str) -> str:
    right = measure_text(f"{canonical(number)} {unit}")
    return f"write {name}={right}"
