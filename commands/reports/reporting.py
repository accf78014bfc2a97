"""`--in CURRENCY --rates FILE`: what a report's totals come to in one currency, marked as converted.

The promised totals stay per currency and are never added; this stands beside them, says by which rates it was made,
and is nothing where a rate is missing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from commands.options import stacked

if TYPE_CHECKING:
    from commands.output import Table
    from commands.rates_file import Rate, Rates

F = TypeVar("F", bound=Callable[..., Any])
Found = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Into:
    """The reporting currency asked for, and the file of its rates."""

    currency: str
    file: Path
    rates: Rates

    def find(self, currency: str, on: date) -> Rate | None:
        """The latest rate on or before the day; none for an unknown currency."""
        return self.rates.find(currency, self.currency, on)


_OPTIONS = (
    click.option(
        "--in",
        "into_currency",
        metavar="CURRENCY",
        help="Convert the totals into it too, beside them; needs --rates.",
    ),
    click.option(
        "--rates",
        "rates_file",
        type=click.Path(path_type=Path, dir_okay=False),
        metavar="FILE",
        help="CSV: date,from,to,rate,source; of each pair the latest on or before the as-of date.",
    ),
)


def reporting_options(function: F) -> F:
    """Hands the report `into`: the reporting currency asked for, or None."""

    @wraps(function)
    def call(*args: Any, into_currency: str | None, rates_file: Path | None, **kwargs: Any) -> Any:
        return function(*args, into=_into(into_currency, rates_file), **kwargs)

    return stacked(_OPTIONS)(call)  # type: ignore[no-any-return]


def _into(currency: str | None, file: Path | None) -> Into | None:
    if currency is None and file is None:
        return None
    if currency is None or file is None:
        raise click.UsageError(
            "--in and --rates go together: a currency, and the file of its rates"
        )
    from commands.rates_file import read_rates
    from ledger.money import exponent

    exponent(currency)
    return Into(currency, file, read_rates(file))


def converted(
    into: Into, totals: Sequence[Mapping[str, Any]], names: Sequence[str], as_of: date
) -> Found:
    """The object `reporting`: each named total in the one currency, exact up to one rounding (half up).

    `totals` has a row per currency, with its amounts as NAME_minor. Null where a rate is missing that it needs.
    """
    rates = {row["currency"]: into.find(row["currency"], as_of) for row in totals}
    return {
        "currency": into.currency,
        "converted": True,
        "as_of": as_of.isoformat(),
        "rates_file": str(into.file),
        "rates": [_rate(currency, rate) for currency, rate in rates.items()],
        "missing": [currency for currency, rate in rates.items() if rate is None],
        "totals": {name: _total(into.currency, totals, f"{name}_minor", rates) for name in names},
    }


def _rate(currency: str, rate: Rate | None) -> Found:
    if rate is None:
        return {"from": currency, "rate": None, "on": None, "source": None}
    on = None if rate.on is None else rate.on.isoformat()
    return {"from": currency, "rate": str(rate.rate), "on": on, "source": rate.source}


def _total(
    into: str, totals: Sequence[Mapping[str, Any]], name: str, rates: Mapping[str, Rate | None]
) -> dict[str, str] | None:
    from fractions import Fraction

    from commands.output import money
    from ledger.money import exponent, round_minor

    exact = Fraction(0)
    for row in totals:
        amount, rate = row[name], rates[row["currency"]]
        if not amount:
            continue
        if rate is None:
            return None
        shift = Fraction(10) ** (exponent(into) - exponent(row["currency"]))
        exact += amount * Fraction(rate.rate) * shift
    return money(round_minor(exact, "half-up"), into)


def told(found: Found | None, names: Mapping[str, str]) -> Iterator[Table | str]:
    """The same for people: the figures that `names` gives words to, then the rates."""
    if found is None:
        return
    from commands.output import Table, exact, number
    from ledger.money import display_minor, parse_minor

    into = found["currency"]
    yield ""
    yield f"converted into {into}, by the rates of {found['rates_file']}; not a total of the ledger"
    rows = []
    for name, words in names.items():
        amount = found["totals"][name]
        shown = display_minor(parse_minor(amount["amount"], into), into) if amount else "no rate"
        rows.append([words, shown])
    yield Table([exact(""), number(into)], rows)
    yield ""
    for rate in found["rates"]:
        if rate["rate"] is None:
            yield f"{rate['from']}: no rate into {into} on or before {found['as_of']}"
        elif rate["from"] != into:
            source = f" ({rate['source']})" if rate["source"] else ""
            yield f"1 {rate['from']} = {rate['rate']} {into} on {rate['on']}{source}"
