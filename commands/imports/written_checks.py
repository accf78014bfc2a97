"""What a contract file says beside something that leaves it without effect.

A value that equals a default is written all the same, so these checks look at what stands in the file, not at what came
of it: nothing that a person wrote is dropped in silence.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from commands.imports.problems import Problem, Problems
from commands.imports.yaml_text import KEY, Loaded
from ledger.terms import ContractDocument

Path = tuple[str | int, ...]
Written = frozenset[Path]


def written(loaded: Loaded) -> Written:
    """The paths of all keys that have a value in the file."""
    found = []
    for path in loaded.positions:
        value = loaded.data
        if path and path[-1] != KEY:
            for step in path:
                value = value[step]
            if value is not None:
                found.append(path)
    return frozenset(found)


# What leaving out lifts a limit: written and left empty, it may have been meant to set one.
_LIMITS: tuple[tuple[str, ...], ...] = (
    ("ceiling",),
    ("approval", "up_to"),
    ("delegations", "since"),
    ("delegations", "until"),
    ("disputes", "open_within_days"),
)


def empty_limits(loaded: Loaded) -> list[Problem]:
    """Each limit that a file names without saying what it is."""
    found = []
    says = written(loaded)
    for path in loaded.positions:
        named = tuple(step for step in path if isinstance(step, str))
        if named in _LIMITS and path[-1] == named[-1] and path not in says:
            what = " ".join(named[-1].split("_"))
            hint = f"write {named[-1]}: …, or take the key out where there is no limit"
            found.append(Problem(path, f"{what} is empty", hint))
    return found


def written_problems(document: ContractDocument, says: Written) -> list[Problem]:
    """Everything that the file says for nothing."""
    return [problem for check in CHECKS for problem in check(document, says)]


def with_days_first(document: ContractDocument, says: Written) -> ContractDocument:
    """The document as its payment terms mean it: days beside a day of the next month count before it."""
    terms = document.payment
    if terms is None or terms.day_of_next_month is None or ("payment", "net_days") not in says:
        return document
    return replace(document, payment=replace(terms, days_first=True))


def payment_terms_all_count(document: ContractDocument, says: Written) -> Problems:
    terms, at = document.payment, ("payment",)
    if (*at, "days_first") in says:
        hint = "write net_days and day_of_next_month together: so many days, then that day"
        yield Problem((*at, "days_first", KEY), "unknown key 'days_first'", hint)
    if terms is None or terms.day_of_next_month is None:
        return
    counted = f"payment falls due on day {terms.day_of_next_month} of the next month"
    if (*at, "until") in says:
        hint = "take out until or day_of_next_month"
        yield Problem((*at, "until"), f"{counted}, so until says nothing", hint)
    if (*at, "days") in says and (*at, "net_days") not in says:
        hint = "add net_days, how many there are before it, or take out days"
        yield Problem((*at, "days"), f"{counted}, so days says nothing", hint)


def no_rate_beside_a_table(document: ContractDocument, says: Written) -> Problems:
    clause, at = document.early_bonus, ("early_bonus", "rate")
    if clause is not None and clause.table and not clause.rate and at in says:
        wrong = "the early bonus has a table, so a rate per day says nothing"
        yield Problem(at, wrong, "take out rate")


def no_step_down_without_a_share(document: ContractDocument, says: Written) -> Problems:
    clause, at = document.retention, ("retention", "then")
    if clause is not None and clause.until is None and not clause.then and at in says:
        yield Problem(
            at,
            "then 0% follows no completion share",
            "write until: 50%, the share of the contract up to which the first rate holds",
        )


def no_empty_cut_off(document: ContractDocument, says: Written) -> Problems:
    if not document.cut_off and ("cut_off",) in says:
        yield Problem(
            ("cut_off",), "the cut-off '' is not a time of day", "write HH:MM, or take cut_off out"
        )


CHECKS: tuple[Callable[[ContractDocument, Written], Problems], ...] = (
    payment_terms_all_count,
    no_rate_beside_a_table,
    no_step_down_without_a_share,
    no_empty_cut_off,
)
