"""A price line's calculation in words, as a person would check it with a pocket calculator.

    3 days early × 0.5% × 120,000.00 = 1,800.00; cap 5% = 6,000.00 not reached
    10% × 120,000.00 = 12,000.00; 50% completion not reached

A line says only what it kept when it was computed; nothing is computed anew but the product shown before a cap.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction

from ledger.counting import in_days
from ledger.events import Line, Record
from ledger.money import display_minor, exponent
from ledger.state import Contract
from projections.explain_endings import of_an_ending

Kept = dict[str, str]


def calculation(line: Line, state: Contract, by_version: dict[int, Record]) -> str:
    """How a line came about; what it takes back is named with its day."""
    kept, currency = line.calculation, state.terms.currency
    if "takes_back" in kept:
        return _taken_back(line, state, by_version)
    if words := of_an_ending(line, state):
        return words
    if say := _BY_CLAUSE.get((line.step, line.clause)):
        return say(line, currency)
    if "days" in kept:
        return _per_day(line, currency)
    amount = display_minor(line.amount_minor, currency)
    if "planned_minor" in kept:
        return _gross(line, currency)
    if "measured" in kept:
        tiers = f", the highest reached of {kept['tiers']}" if "tiers" in kept else ""
        reached = f"{kept['criterion']} {kept['measured']} ≥ {kept['at_least']}{tiers}"
        return f"{reached}: {amount}, whole"
    if "outcome" in kept:
        disputed = _money(kept, "disputed_minor", currency)
        named = f" in {state.id}#{kept['dispute']}" if "dispute" in kept else ""
        return f"{kept['outcome']}: {amount} of {disputed} disputed{named}"
    if "reason" in kept:
        return f"decided: {kept['reason']}"
    return ", ".join(f"{name} {value}" for name, value in kept.items()) or "as stated"


# --- gross, and rates per day ----------------------------------------------------------------------


def _gross(line: Line, currency: str) -> str:
    planned = line.calculation["planned_minor"]
    amount = display_minor(line.amount_minor, currency)
    if not planned.isdigit() or int(planned) == line.amount_minor:
        return f"accepted whole: {amount}"
    share = Fraction(100 * line.amount_minor, int(planned) or 1)
    part = (
        f"{_decimal(share)}% × " if share.denominator in (1, 2, 4, 5, 10, 20, 25, 50, 100) else ""
    )
    whole = display_minor(int(planned), currency)
    return f"{part}{whole} = {amount}" if part else f"{amount} accepted of {whole}"


def _per_day(line: Line, currency: str) -> str:
    kept = line.calculation
    days = in_days(int(kept["days"]))
    if "step_days" in kept:
        step = f" (from {in_days(int(kept['step_days']))} on)" if kept["step_days"] else ""
        says = f"{days} early{step}: {_product(kept, currency)}"
    else:
        word = "early" if line.step == "bonus" else "late"
        says = f"{days} {word} × {_product(kept, currency, int(kept['days']))}"
    rounded = "capped" not in kept or kept["capped"] == "no"
    return says + _rounded(line, currency, rounded) + _beside(line, currency)


def _beside(line: Line, currency: str) -> str:
    """The cap, and what else bears on it: days that are free, other dates, what was charged before."""
    kept = line.calculation
    said = []
    if "cap_minor" in kept:
        reached = "reached" if kept.get("capped") == "yes" else "not reached"
        share = "" if kept.get("cap", "amount") == "amount" else f"{kept['cap']} = "
        said.append(f"cap {share}{_money(kept, 'cap_minor', currency)} {reached}")
    elif "cap" in kept:
        said.append(kept["cap"])
    if "contract_cap" in kept:
        left = _money(kept, "contract_left_minor", currency)
        reached = " reached" if line.amount_minor == int(kept["contract_left_minor"]) else ""
        said.append(f"all early bonuses at most {kept['contract_cap']}, {left} left{reached}")
    if "incentive_due" in kept:
        said.append(f"against the incentive date {kept['incentive_due']}")
    said += [
        f"{in_days(int(kept[name]))} {word}"
        for name, word in (("excused_days", "excused"), ("suspended_days", "suspended"))
        if name in kept
    ]
    if "charged_minor" in kept:
        said.append(f"less {_money(kept, 'charged_minor', currency)} charged before")
    return "".join(f"; {part}" for part in said)


def _damages(line: Line, currency: str) -> str:
    kept = line.calculation
    per_day = _money(kept, "per_day_minor", currency)
    accrued = _money(kept, "accrued_minor", currency)
    return f"{per_day} per day × {in_days(int(kept['days']))} = {accrued}" + _beside(line, currency)


# --- tax, retention, advances ----------------------------------------------------------------------


def _tax(line: Line, currency: str) -> str:
    """ "VAT 6% × 118,000.00 = 7,080.00"; of a later line, less what was posted before."""
    kept = line.calculation
    name = "VAT" if line.clause == "vat" else "withholding"
    posted = int(kept.get("posted_minor", "0"))
    whole = abs(line.amount_minor + posted)
    said = f"{name} {_product(kept, currency)}"
    said += _rounded(line, currency, True, whole)
    return said + (f"; less {display_minor(abs(posted), currency)} before" if posted else "")


def _retained(line: Line, currency: str) -> str:
    """Each side of the completion share at its rate; whether that share, and the limit of it all, was reached."""
    kept = line.calculation
    first, then = int(kept.get("first_minor", kept["base_minor"])), int(kept.get("then_minor", "0"))
    sides = [(kept["rate"], first)] if first or not then else []
    sides += [(kept["then"], then)] if then else []
    terms = [f"{rate} × {display_minor(base, currency)}" for rate, base in sides]
    exact = sum((_percent(rate) * base for rate, base in sides), Fraction(0))
    said = f"{' + '.join(terms)} = {_exact(exact, currency)}"
    limited = "limit_left_minor" in kept and exact > int(kept["limit_left_minor"])
    said += _rounded(line, currency, exact.denominator != 1 and not limited)
    if "until" in kept:
        reach = _percent(kept["until"]) * int(kept["contract_minor"])
        done = int(kept["completed_minor"]) + int(kept["base_minor"])
        reached = "reached" if done >= reach else "not reached"
        said += f"; {kept['until']} completion {reached}"
    if "limit" in kept:
        reached = "reached" if limited else "not reached"
        left = _money(kept, "limit_left_minor", currency)
        said += f"; limit {kept['limit']} of the contract {reached}, {left} left"
    return said


def _recovered(line: Line, currency: str) -> str:
    """The lesser of a rate of the milestone and what is open."""
    kept = line.calculation
    still = f"{_money(kept, 'open_minor', currency)} still open"
    base = f"{kept['rate']} × {_money(kept, 'base_minor', currency)}"
    net = " net" if kept.get("base") == "net" else ""
    amount = display_minor(-line.amount_minor, currency)
    return f"lesser of {base}{net} and {still} = {amount}"


def _release(line: Line, currency: str) -> str:
    kept = line.calculation
    retained, gone = (_money(kept, f"{name}_minor", currency) for name in ("retained", "let_go"))
    said = f"the terms let {gone} of {retained} retained go"
    before = int(kept.get("released_minor", "0"))
    return said + (f"; {display_minor(before, currency)} released before" if before else "")


# --- settlement ------------------------------------------------------------------------------------


def _discount(line: Line, currency: str) -> str:
    kept = line.calculation
    amount = display_minor(-line.amount_minor, currency)
    said = f"{_product(kept, currency)}" if "base_minor" in kept else amount
    return f"{said}, for payment until {kept['until']}"


_BY_CLAUSE: dict[tuple[str, str], Callable[[Line, str], str]] = {
    ("penalty", "damages"): _damages,
    ("tax", "vat"): _tax,
    ("tax", "withholding"): _tax,
    ("retention", "retained"): _retained,
    ("retention", "release"): _release,
    ("advance", "recovered"): _recovered,
    ("settlement", "discount"): _discount,
}


# --- pieces ----------------------------------------------------------------------------------------


def _money(kept: Kept, name: str, currency: str) -> str:
    return display_minor(int(kept[name]), currency)


def _percent(rate: str) -> Fraction:
    return Fraction(rate.removesuffix("%")) / 100


def _reckoned(kept: Kept, days: int = 1) -> Fraction:
    return _percent(kept["rate"]) * days * int(kept["base_minor"])


def _product(kept: Kept, currency: str, days: int = 1) -> str:
    """ "0.5% × 120,000.00 = 1,800.00", with as many days as are told before it."""
    base = _money(kept, "base_minor", currency)
    return f"{kept['rate']} × {base} = {_exact(_reckoned(kept, days), currency)}"


def _exact(minor: Fraction, currency: str) -> str:
    """An amount that may have more digits than the currency."""
    if minor.denominator == 1:
        return display_minor(int(minor), currency)
    digits = exponent(currency)
    return _decimal(minor / 10**digits, digits)


def _rounded(line: Line, currency: str, wanted: bool, whole: int | None = None) -> str:
    """ ", half-up 12.35" where the product shown has more digits than the currency."""
    kept = line.calculation
    if not wanted or "base_minor" not in kept or "rounding" not in kept:
        return ""
    product = _reckoned(kept, 1 if "step_days" in kept else int(kept.get("days", "1")))
    if product.denominator == 1 and "then" not in kept:
        return ""
    amount = abs(line.amount_minor) if whole is None else whole
    return f", {kept['rounding']} {display_minor(amount, currency)}"


def _decimal(value: Fraction, most: int = 2) -> str:
    """An exact decimal where there is one within six more digits, else cut there with an ellipsis."""
    scaled = value * 10 ** (most + 6)
    digits = f"{abs(int(scaled)):0{most + 7}d}"
    text = f"{int(digits[: -(most + 6)]):,}.{digits[-(most + 6) :]}".rstrip("0").rstrip(".")
    return ("-" if value < 0 else "") + text + ("" if scaled.denominator == 1 else "…")


def _taken_back(line: Line, state: Contract, by_version: dict[int, Record]) -> str:
    target = int(line.calculation["takes_back"])
    record = by_version.get(target)
    of = f" of {record.data.on}" if record is not None and record.data.on else ""
    reason = line.calculation.get("reason")
    act = "gives back" if line.clause == "waiver" else "takes back"
    return f"{act} {state.id}#{target}{of}" + (f": {reason}" if reason else "")
