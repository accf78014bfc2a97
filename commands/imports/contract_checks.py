"""What must hold within one contract file beyond the types of its values.

Each check is a pure function of the document; `document_problems` runs them all, so a person is
told everything at once. Paths are those of the file (`milestones`, 2, `due`).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from commands.imports import clause_checks
from commands.imports.problems import Problem, Problems, did_you_mean
from commands.imports.yaml_text import KEY
from commands.tables import seen
from ledger.calendars import calendar, zone
from ledger.errors import InputInvalid
from ledger.kinds import traits
from ledger.money import UNKNOWN_CURRENCY, display_minor, exponent
from ledger.state import ADMINISTRATOR
from ledger.terms import ContractDocument

_CUT_OFF = re.compile(r"([01][0-9]|2[0-3]):[0-5][0-9]")


def document_problems(document: ContractDocument) -> list[Problem]:
    """Everything that is wrong with a contract document whose values have the right types."""
    return [problem for check in CHECKS for problem in check(document)]


# --- names ---------------------------------------------------------------------------------------


def contract_id_can_be_referred_to(document: ContractDocument) -> Problems:
    """`CONTRACT/MILESTONE`, `CONTRACT#VERSION` and the log's own streams need their signs."""
    name = document.contract
    if "#" in name:
        yield Problem(
            ("contract",),
            f"the contract's id {name!r} holds '#'",
            "CONTRACT#VERSION names proposals, disputes and payments: leave # out",
        )
    if name.startswith("~"):
        yield Problem(
            ("contract",),
            f"the contract's id {name!r} begins with '~'",
            "such names are kept for the ledger's own streams",
        )


def milestone_ids_are_unique_and_can_be_referred_to(document: ContractDocument) -> Problems:
    first: dict[str, int] = {}
    for index, plan in enumerate(document.milestones):
        at = ("milestones", index, "id")
        if sign := next((sign for sign in "/#" if sign in plan.id), None):
            yield Problem(
                at,
                f"the milestone's id {plan.id!r} holds '{sign}'",
                "CONTRACT/MILESTONE names a milestone, so its id has no / and no #",
            )
        if plan.id in first:
            ordinal = first[plan.id] + 1
            yield Problem(
                at,
                f"the milestone's id {plan.id!r} is that of milestone number {ordinal} too",
                "give each milestone its own id",
            )
        first.setdefault(plan.id, index)


def names_hold_no_hidden_characters(document: ContractDocument) -> Problems:
    """Names are compared and typed, so what nobody sees must not tell two of them apart."""
    for path, name in _names(document):
        shown = name.strip() == name
        if shown and seen(name) == name:
            continue
        wrong = "holds control or invisible characters" if shown else "begins or ends with a space"
        yield Problem(path, f"the name {name!r} {wrong}", "remove them")


def _names(document: ContractDocument) -> Iterator[tuple[tuple[str | int, ...], str]]:
    yield ("contract",), document.contract
    yield ("client",), document.client
    yield ("partner",), document.partner
    for index, plan in enumerate(document.milestones):
        yield ("milestones", index, "id"), plan.id
        yield ("milestones", index, "owner"), plan.owner
        for place, criterion in enumerate(plan.criteria):
            yield ("milestones", index, "criteria", place, "name"), criterion.name
    for index, person in enumerate(document.administrators):
        yield ("administrators", index), person
    for role, people in document.roles.items():
        yield ("roles", role, KEY), role
        for index, person in enumerate(people):
            yield ("roles", role, index), person


# --- currency, zone, dates ---------------------------------------------------------------------


def currency_zone_and_calendars_are_known(document: ContractDocument) -> Problems:
    yield from _heard(("currency",), exponent, document.currency)
    if document.currency == UNKNOWN_CURRENCY:
        yield Problem(
            ("currency",),
            f"{UNKNOWN_CURRENCY} stands for an unknown currency",
            "a contract is signed in one: write its code, such as CNY",
        )
    yield from _heard(("timezone",), zone, document.timezone)
    for index, name in enumerate(document.calendars):
        yield from _heard(("calendars", index), calendar, (name,))
    holidays = frozenset(document.extra_holidays)
    for index, day in enumerate(document.extra_workdays):
        yield from _heard(("extra_workdays", index), calendar, (), holidays, frozenset({day}))


def _heard(path: tuple[str | int, ...], call: Callable[..., Any], *values: Any) -> Problems:
    try:
        call(*values)
    except InputInvalid as wrong:
        yield Problem(path, wrong.message, wrong.hint)


def dates_are_in_order(document: ContractDocument) -> Problems:
    signed_on = document.signed_on
    if signed_on is None:
        yield Problem(
            ("signed_on",), "signed_on is missing", "write the day of signature as YYYY-MM-DD"
        )
    if document.cut_off and not _CUT_OFF.fullmatch(document.cut_off):
        wrong = f"the cut-off {document.cut_off!r} is not a time of day"
        yield Problem(("cut_off",), wrong, "write it as HH:MM, such as 18:00")
    for index, plan in enumerate(document.milestones):
        at = ("milestones", index, "due")
        if plan.due is None:
            yield Problem(at, f"milestone {plan.id} has no due date", "write due: YYYY-MM-DD")
        elif signed_on is not None and plan.due < signed_on:
            yield Problem(
                at,
                f"milestone {plan.id} is due on {plan.due}, before the signature on {signed_on}",
                "correct due or signed_on",
            )
    for index, delegation in enumerate(document.delegations):
        since, until = delegation.since, delegation.until
        if since is not None and until is not None and until < since:
            wrong = f"the delegation ends on {until}, before it begins on {since}"
            yield Problem(("delegations", index, "until"), wrong, "correct since or until")


# --- people --------------------------------------------------------------------------------------


def administrators_suffice(document: ContractDocument) -> Problems:
    at, people = ("administrators",), set(document.administrators)
    if not people:
        yield Problem(at, "no administrator is named", "an administrator signs the contract")
    elif len(people) == 1 and document.separation:
        yield Problem(
            at,
            f"{document.administrators[0]} is the only administrator",
            "roles and policy are changed by two administrators: name another, "
            "or write `separation: false`",
        )
    if ADMINISTRATOR in document.roles:
        yield Problem(
            ("roles", ADMINISTRATOR, KEY),
            f"the role {ADMINISTRATOR!r} is not granted here",
            "list these people under administrators",
        )


def delegations_name_known_people(document: ContractDocument) -> Problems:
    known = dict.fromkeys(
        person
        for people in (document.administrators, *document.roles.values())
        for person in people
    )
    for index, delegation in enumerate(document.delegations):
        for key, person in (("of", delegation.of), ("to", delegation.to)):
            if person not in known:
                yield Problem(
                    ("delegations", index, key),
                    f"{person!r} holds no role and is no administrator",
                    did_you_mean(person, known),
                )


# --- approval ------------------------------------------------------------------------------------


def tiers_ascend_to_an_unbounded_one(document: ContractDocument) -> Problems:
    tiers, currency = document.approval, document.currency
    if not tiers:
        hint = "write at least one tier: approval: [{quorum: {manager: 1}}]"
        yield Problem(("approval",), "nobody approves anything: there is no tier", hint)
    highest = -1
    for index, tier in enumerate(tiers):
        at, bound, last = ("approval", index), tier.up_to_minor, index == len(tiers) - 1
        if bound is None and not last:
            yield Problem(at, f"tier {index + 1} has no up_to, but is not the last", "add up_to")
        elif bound is not None and last:
            shown = _money(bound, currency)
            hint = "add a last tier without up_to, for all that is larger"
            yield Problem(
                (*at, "up_to"), f"nobody approves more than {shown}: the last tier ends there", hint
            )
        if bound is not None and bound <= highest:
            wrong = f"up_to {_money(bound, currency)} is not above {_money(highest, currency)}"
            yield Problem((*at, "up_to"), f"{wrong} of the tiers before", "let the tiers ascend")
        highest = max(highest, bound if bound is not None else -1)


def every_quorum_can_be_met(document: ContractDocument) -> Problems:
    """Nobody counts twice, so one person in two roles fills one place."""
    holders = {role: set(people) for role, people in document.roles.items()}
    for index, tier in enumerate(document.approval):
        at, met = ("approval", index, "quorum"), True
        if not tier.quorum:
            yield Problem(at, f"tier {index + 1} asks for nobody", "write e.g. {manager: 1}")
        for role, count in tier.quorum.items():
            if role not in holders:
                met = False
                wrong = f"there is no role {role!r} under roles"
                yield Problem((*at, role), wrong, did_you_mean(role, holders))
            elif len(holders[role]) < count:
                met = False
                held = f"{len(holders[role])} hold the role"
                wrong = f"{count} × {role} are needed, but {held}"
                yield Problem((*at, role), wrong, "name more people under roles, or ask for fewer")
        if met and (found := _places_filled(tier.quorum, holders)) < sum(tier.quorum.values()):
            wrong = (
                f"{sum(tier.quorum.values())} different people are needed, but {found} can be found"
            )
            yield Problem(at, wrong, "nobody counts twice: name more people under roles")


def _places_filled(quorum: Mapping[str, int], holders: Mapping[str, set[str]]) -> int:
    """The most places of a quorum that different people can fill (bipartite matching, Kuhn)."""
    place_of: dict[str, str] = {}

    def fill(role: str) -> bool:
        # Who is asked for which place, and whose place it is that they would take over.
        asked: dict[str, tuple[str, str]] = {}
        open_places = [(role, "")]
        for wanted, leaver in open_places:
            for person in sorted(holders[wanted] - asked.keys()):
                asked[person] = (wanted, leaver)
                if person in place_of:
                    open_places.append((place_of[person], person))
                    continue
                while person:
                    place_of[person], person = asked[person]
                return True
        return False

    return sum(fill(role) for role, count in quorum.items() for _ in range(count))


# --- milestones ----------------------------------------------------------------------------------


def amounts_are_present_and_within_the_ceiling(document: ContractDocument) -> Problems:
    for index, plan in enumerate(document.milestones):
        if plan.amount_minor is None:
            at = ("milestones", index, "amount")
            yield Problem(at, f"milestone {plan.id} has no amount", "write amount: 120,000.00")
    # An advance is recovered from the milestones, so it commits nothing beside them.
    earned = (plan for plan in document.milestones if not traits(plan.kind).ahead)
    total = sum(plan.amount_minor or 0 for plan in earned)
    if document.ceiling_minor is not None and total > document.ceiling_minor:
        ceiling = _money(document.ceiling_minor, document.currency)
        planned = _money(total, document.currency)
        yield Problem(
            ("ceiling",),
            f"the milestones come to {planned}, above the ceiling of {ceiling}",
            "raise the ceiling or lower the amounts",
        )


def _money(minor: int, currency: str) -> str:
    try:
        return f"{display_minor(minor, currency)} {currency}"
    except InputInvalid:  # an unknown currency is a problem of its own; XXX has two decimals
        return display_minor(minor, UNKNOWN_CURRENCY)


def named_milestones_exist(document: ContractDocument) -> Problems:
    known = {plan.id: None for plan in document.milestones}
    named = [
        *(
            (("milestones", index, "depends_on", place), name)
            for index, plan in enumerate(document.milestones)
            for place, name in enumerate(plan.depends_on)
        ),
        *(
            (("quality_bonuses", index, "milestone"), bonus.milestone)
            for index, bonus in enumerate(document.quality_bonuses)
        ),
    ]
    for path, name in named:
        if name not in known:
            yield Problem(path, f"there is no milestone {name!r}", did_you_mean(name, known))


def dependencies_have_no_cycle(document: ContractDocument) -> Problems:
    known: dict[str, int] = {}
    for index, plan in enumerate(document.milestones):
        known.setdefault(plan.id, index)
    needs = {name: document.milestones[index].depends_on for name, index in known.items()}
    for cycle in _cycles(needs):
        index = known[cycle[-2]]
        place = needs[cycle[-2]].index(cycle[-1])
        yield Problem(
            ("milestones", index, "depends_on", place),
            f"the milestones wait for each other: {' → '.join(cycle)}",
            "take one of these out of depends_on",
        )


def _cycles(needs: Mapping[str, tuple[str, ...]]) -> Iterator[list[str]]:
    """A cycle for each edge that closes one, as depth-first search meets them."""
    done: set[str] = set()
    for start in needs:
        trail = {} if start in done else {start: iter(needs[start])}
        while trail:
            name = next(reversed(trail))
            needed = next(trail[name], None)
            if needed is None:
                done.add(name)
                del trail[name]
            elif needed in trail:
                names = list(trail)
                yield [*names[names.index(needed) :], needed]
            elif needed in needs and needed not in done:
                trail[needed] = iter(needs[needed])


CHECKS: tuple[Callable[[ContractDocument], Problems], ...] = (
    contract_id_can_be_referred_to,
    milestone_ids_are_unique_and_can_be_referred_to,
    names_hold_no_hidden_characters,
    currency_zone_and_calendars_are_known,
    dates_are_in_order,
    administrators_suffice,
    delegations_name_known_people,
    tiers_ascend_to_an_unbounded_one,
    every_quorum_can_be_met,
    amounts_are_present_and_within_the_ceiling,
    named_milestones_exist,
    dependencies_have_no_cycle,
    *clause_checks.CHECKS,
)
