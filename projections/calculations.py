"""A price line's calculation in words, as a person would check it with a pocket calculator.

    3 days early × 0.5% × 120,000.00 = 1,800.00; cap 5% = 6,000.00 not reached
    10% × 120,000.00 = 12,000.00; 50% completion not reached

A line says only what it kept when it was computed; nothing is computed anew but the product shown before a cap.
"""

from __future__ import annotations

from fractions import Fraction
from typing import assert_never

from ledger import calculations as kept
from ledger.calculations import percent
from ledger.clauses import calculation_of
from ledger.counting import in_days
from ledger.events import Line, Record
from ledger.money import display_minor, exponent
from ledger.state import Contract


def calculation(line: Line, state: Contract, by_version: dict[int, Record]) -> str:
    """How a line came about; what it takes back is named with its day."""
    currency = state.terms.currency
    amount = display_minor(abs(line.amount_minor), currency)
    match calculation_of(line):
        case kept.TakenBack() as k:
            return _taken_back(k, line.clause, state, by_version)
        case kept.Gross() as k:
            return _gross(k, line.amount_minor, currency)
        case kept.Early() as k:
            return _early(k, line.amount_minor, currency)
        case kept.Late() as k:
            return f"{in_days(k.days)} late × {_per_day(k, line.amount_minor, currency)}"
        case kept.Damages() as k:
            each, accrued = (display_minor(m, currency) for m in (k.per_day_minor, k.accrued_minor))
            beside = _beside(k, line.amount_minor, currency)
            return f"{each} per day × {in_days(k.days)} = {accrued}{beside}"
        case kept.Quality() as k:
            tiers = f", the highest reached of {k.tiers}" if k.tiers else ""
            return f"{k.criterion} {k.measured} ≥ {k.at_least}{tiers}: {amount}, whole"
        case kept.Discretionary() as k:
            return f"decided: {k.reason}"
        case kept.Taxed() as k:
            name = "VAT" if line.clause == "vat" else "withholding"
            return f"{name} {_tax(k, line.amount_minor, currency)}"
        case kept.Retained() as k:
            return _retained(k, line.amount_minor, currency)
        case kept.Released() as k:
            return _release(k, currency)
        case kept.Recovered() as k:
            base, still = (display_minor(m, currency) for m in (k.base_minor, k.open_minor))
            of = f"{k.rate} × {base}" + (" net" if k.base == "net" else "")
            recovered = display_minor(-line.amount_minor, currency)
            return f"lesser of {of} and {still} still open = {recovered}"
        case kept.Rest():
            return f"all that is left of the advances paid: {amount}"
        case kept.Discount() as k:
            said = display_minor(-line.amount_minor, currency)
            if k.base_minor is not None:
                exact = percent(k.rate) * k.base_minor
                said = _product(k.rate, k.base_minor, exact, currency)
            return f"{said}, for payment until {k.until}"
        case kept.SetOff() as k:
            return _set_off(k, line.amount_minor, f"{state.id}/{k.other}", amount)
        case kept.Fee() as k:
            return _fee(k, line.amount_minor, currency)
        case kept.Resolved() as k:
            said = display_minor(line.amount_minor, currency)
            disputed = display_minor(k.disputed_minor, currency)
            named = f" in {state.id}#{k.dispute}" if k.dispute is not None else ""
            return f"{k.outcome}: {said} of {disputed} disputed{named}"
        case kept.Stated() as k:
            return ", ".join(f"{name} {value}" for name, value in k.kept.items()) or "as stated"
        case unknown:
            assert_never(unknown)


# --- gross, and rates per day ----------------------------------------------------------------------


def _gross(k: kept.Gross, amount_minor: int, currency: str) -> str:
    planned, amount = k.planned, display_minor(amount_minor, currency)
    if planned is None or planned == amount_minor:
        return f"accepted whole: {amount}"
    share = Fraction(100 * amount_minor, planned or 1)
    part = (
        f"{_decimal(share)}% × " if share.denominator in (1, 2, 4, 5, 10, 20, 25, 50, 100) else ""
    )
    whole = display_minor(planned, currency)
    return f"{part}{whole} = {amount}" if part else f"{amount} accepted of {whole}"


def _early(k: kept.Early, amount_minor: int, currency: str) -> str:
    says = f"{in_days(k.days)} early"
    if k.step_days is None:
        return f"{says} × {_per_day(k, amount_minor, currency)}"
    step = f" (from {in_days(int(k.step_days))} on)" if k.step_days else ""
    return f"{says}{step}: {_per_day(k, amount_minor, currency)}"


def _per_day(k: kept.Early | kept.Late, amount_minor: int, currency: str) -> str:
    """The product, what it is rounded to unless the cap takes its place, and what else bears on it."""
    said = _product(k.rate, k.base_minor, k.exact, currency)
    if k.capped != "yes":
        said += _rounded(k.exact, k.rounding, amount_minor, currency)
    return said + _beside(k, amount_minor, currency)


def _beside(k: kept.Early | kept.Late | kept.Damages, amount_minor: int, currency: str) -> str:
    """The cap, and what else bears on it: days that are free, other dates, what was charged before."""
    said = []
    if k.cap_minor is not None:
        reached = "reached" if k.capped == "yes" else "not reached"
        share = "" if k.cap in ("", "amount") else f"{k.cap} = "
        said.append(f"cap {share}{display_minor(k.cap_minor, currency)} {reached}")
    elif k.cap:
        said.append(k.cap)
    if isinstance(k, kept.Early) and k.contract_left_minor is not None:
        left = display_minor(k.contract_left_minor, currency)
        reached = " reached" if amount_minor == k.contract_left_minor else ""
        said.append(f"all early bonuses at most {k.contract_cap}, {left} left{reached}")
    if isinstance(k, kept.PerDay) and k.incentive_due:
        said.append(f"against the incentive date {k.incentive_due}")
    if isinstance(k, kept.Late | kept.Damages):
        said += [f"{in_days(k.excused_days)} excused"] if k.excused_days else []
        said += [f"{in_days(k.suspended_days)} suspended"] if k.suspended_days else []
        before = display_minor(k.charged_minor, currency)
        said += [f"less {before} charged before"] if k.charged_minor else []
    return "".join(f"; {part}" for part in said)


# --- tax, retention --------------------------------------------------------------------------------


def _tax(k: kept.Taxed, amount_minor: int, currency: str) -> str:
    """ "6% × 118,000.00 = 7,080.00"; of a later line, less what was posted before."""
    said = _product(k.rate, k.base_minor, k.exact, currency)
    said += _rounded(k.exact, k.rounding, amount_minor + k.posted_minor, currency)
    before = display_minor(abs(k.posted_minor), currency)
    return said + (f"; less {before} before" if k.posted_minor else "")


def _retained(k: kept.Retained, amount_minor: int, currency: str) -> str:
    """Each side of the completion share at its rate; whether that share, and the limit of it all, was reached."""
    first = k.base_minor if k.first_minor is None else k.first_minor
    sides = [(k.rate, first)] if first or not k.then_minor else []
    sides += [(k.then, k.then_minor)] if k.then_minor else []
    terms = [f"{rate} × {display_minor(base, currency)}" for rate, base in sides]
    exact = sum((percent(rate) * base for rate, base in sides), Fraction(0))
    said = f"{' + '.join(terms)} = {_exact(exact, currency)}"
    limited = k.limit_left_minor is not None and exact > k.limit_left_minor
    if not limited:
        said += _rounded(exact, k.rounding, amount_minor, currency)
    if k.until:
        done = k.completed_minor + k.base_minor
        reached = "reached" if done >= percent(k.until) * k.contract_minor else "not reached"
        said += f"; {k.until} completion {reached}"
    if k.limit_left_minor is not None:
        reached = "reached" if limited else "not reached"
        left = display_minor(k.limit_left_minor, currency)
        said += f"; limit {k.limit} of the contract {reached}, {left} left"
    return said


def _release(k: kept.Released, currency: str) -> str:
    retained, gone = (display_minor(m, currency) for m in (k.retained_minor, k.let_go_minor))
    said = f"the terms let {gone} of {retained} retained go"
    before = display_minor(k.released_minor, currency)
    return said + (f"; {before} released before" if k.released_minor else "")


# --- the end of a contract, claims -----------------------------------------------------------------


def _set_off(k: kept.SetOff, amount_minor: int, other: str, amount: str) -> str:
    if k.gives_back == "yes":
        return f"set-off with {other} given back: {amount}"
    if amount_minor > 0:
        return f"claim of {amount} set off against {other}"
    return f"{amount} set off for the claim on {other}"


def _fee(k: kept.Fee, amount_minor: int, currency: str) -> str:
    base = display_minor(k.not_performed_minor, currency)
    said = display_minor(amount_minor, currency)
    whose = "" if amount_minor > 0 else ", owed by the partner"
    if not k.rate:
        return f"agreed: {said}{whose}; {base} not performed"
    by_clause = display_minor(k.by_clause_minor, currency)
    product = f"{k.rate} × {base} not performed = {by_clause}"
    return (
        product
        if k.by_clause_minor == amount_minor
        else f"agreed: {said}{whose}; by clause {product}"
    )


def _taken_back(
    k: kept.TakenBack, clause: str, state: Contract, by_version: dict[int, Record]
) -> str:
    record = by_version.get(k.takes_back)
    of = f" of {record.data.on}" if record is not None and record.data.on else ""
    act = "gives back" if clause == "waiver" else "takes back"
    return f"{act} {state.id}#{k.takes_back}{of}" + (f": {k.reason}" if k.reason else "")


# --- pieces ----------------------------------------------------------------------------------------


def _product(rate: str, base_minor: int, exact: Fraction, currency: str) -> str:
    """ "0.5% × 120,000.00 = 1,800.00", with as many days as are told before it."""
    return f"{rate} × {display_minor(base_minor, currency)} = {_exact(exact, currency)}"


def _exact(minor: Fraction, currency: str) -> str:
    """An amount that may have more digits than the currency."""
    if minor.denominator == 1:
        return display_minor(int(minor), currency)
    digits = exponent(currency)
    return _decimal(minor / 10**digits, digits)


def _rounded(exact: Fraction, rounding: str, amount_minor: int, currency: str) -> str:
    """ ", half-up 12.35" where the product shown has more digits than the currency."""
    if not rounding or exact.denominator == 1:
        return ""
    return f", {rounding} {display_minor(abs(amount_minor), currency)}"


def _decimal(value: Fraction, most: int = 2) -> str:
    """An exact decimal where there is one within six more digits, else cut there with an ellipsis."""
    scaled = value * 10 ** (most + 6)
    digits = f"{abs(int(scaled)):0{most + 7}d}"
    text = f"{int(digits[: -(most + 6)]):,}.{digits[-(most + 6) :]}".rstrip("0").rstrip(".")
    return ("-" if value < 0 else "") + text + ("" if scaled.denominator == 1 else "…")
