"""The frame that every metric shares: what it is asked (a window, a grouping, a scope) and how it answers.

A metric module holds queries in portable SQL, the same on SQLite (3.37 or newer) and PostgreSQL, with `{table}`
placeholders and `:named` parameters, and pure functions from their rows to the promised JSON.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Protocol

from projections.metrics.definition import Definition
from projections.metrics.rates import money, rate, value_rate, wilson

Json = dict[str, Any]
Row = dict[str, Any]
Key = str | None


class Select(Protocol):
    """What a metric needs of a reader: the rows of a query as dictionaries; unused parameters are ignored."""

    def __call__(self, sql: str, **params: int | str | None) -> Iterable[Row]: ...


@dataclass(frozen=True, slots=True)
class Window:
    """The days from `since` to `until`, both included; None is unbounded."""

    since: date | None = None
    until: date | None = None

    @property
    def bounded(self) -> bool:
        return self.since is not None or self.until is not None

    def as_json(self) -> Json:
        return {"from": _iso(self.since), "to": _iso(self.until)}


EVER = Window()

SCOPE = "(:contract IS NULL OR contract = :contract) AND (:partner IS NULL OR partner = :partner)"


def parameters(
    as_of: date, window: Window, contract: str | None, partner: str | None
) -> dict[str, int | str | None]:
    """The parameters of every metric's queries.

    An open end is the first or the last date there is, so that a window is always one BETWEEN; `windowed` (0 or 1)
    says whether a fact of unknown date can be told to lie in it.
    """
    return {
        "as_of": as_of.isoformat(),
        "since": (window.since or date.min).isoformat(),
        "until": (window.until or date.max).isoformat(),
        "windowed": int(window.bounded),
        "contract": contract,
        "partner": partner,
    }


# --- grouping ------------------------------------------------------------------------------------

_KEYS = {
    "partner": "partner",
    "contract": "contract",
    "stage": "stage",
    "currency": "currency",
    "month": "substr({day}, 1, 7)",
    "quarter": "substr({day}, 1, 4) || '-Q' || "
    "CAST((CAST(substr({day}, 6, 2) AS INTEGER) + 2) / 3 AS TEXT)",
}
BY = tuple(_KEYS)


def key_sql(by: str | None, day: str) -> str:
    """The expression of a group's key; `day` is the column whose month or quarter counts.

    Raises ValueError for a grouping that is not one of BY.
    """
    if by is None:
        return "CAST(NULL AS TEXT)"
    if by not in _KEYS:
        raise ValueError(f"a metric is grouped by {', '.join(BY)}, not by {by!r}")
    return _KEYS[by].format(day=day)


def ordered(keys: Iterable[Key]) -> list[Key]:
    """Each key once, by code point, an unknown one (null) last."""
    return sorted(set(keys), key=lambda key: (key is None, key or ""))


# --- counting ------------------------------------------------------------------------------------


@dataclass(slots=True)
class Tally:
    """What is counted in one group; `amounts` holds numerator and denominator in minor units per currency."""

    numerator: int = 0
    denominator: int = 0
    amounts: dict[str, tuple[int, int]] = field(default_factory=dict)
    beside: Counter[str] = field(default_factory=Counter)

    @property
    def empty(self) -> bool:
        """True where nothing is in the cohort, neither by count nor by value."""
        return self.denominator == 0 and not self.amounts

    def add(self, row: Row, beside: Sequence[str]) -> None:
        """Adds a row of a rate's query; a currency is spanned where one of its `members` is in the cohort."""
        self.numerator += row["numerator"]
        self.denominator += row["denominator"]
        if row.get("members"):
            currency = row["currency"]
            numerator, denominator = self.amounts.get(currency, (0, 0))
            self.amounts[currency] = (
                numerator + row["numerator_minor"],
                denominator + row["denominator_minor"],
            )
        for name in beside:
            self.beside[name] += row[name]

    def counted(self) -> Json:
        """The rate by count, with its interval."""
        return {
            "numerator": self.numerator,
            "denominator": self.denominator,
            "rate": rate(self.numerator, self.denominator),
            "interval": wilson(self.numerator, self.denominator),
        }

    def by_currency(self) -> list[Json]:
        """The rate by value, currency by currency."""
        return [
            {
                "currency": currency,
                "numerator": money(numerator, currency),
                "denominator": money(denominator, currency),
                "rate": rate(numerator, denominator),
            }
            for currency, (numerator, denominator) in sorted(self.amounts.items())
        ]

    def value_rate(self) -> str | None:
        return value_rate(self.amounts)


def tallied(rows: Iterable[Row], beside: Sequence[str] = ()) -> tuple[Tally, dict[Key, Tally]]:
    """All of a query's rows in one tally, and one per group that has anything in the cohort."""
    overall, groups = Tally(), dict[Key, Tally]()
    for row in rows:
        overall.add(row, beside)
        groups.setdefault(row["grp"], Tally()).add(row, beside)
    return overall, {key: tally for key, tally in groups.items() if not tally.empty}


def framed(
    definition: Definition,
    *,
    as_of: date,
    known_at: Mapping[str, Any],
    window: Window,
    by: str | None,
    groups: Mapping[Key, Json],
    overall: Json,
) -> Json:
    """The promised object; without a grouping there are no groups, only the whole."""
    return {
        "metric": definition.name,
        "version": definition.version,
        "as_of": as_of.isoformat(),
        "known_at": dict(known_at),
        "window": window.as_json(),
        "groups": []
        if by is None
        else [{"key": {by: key}, **groups[key]} for key in ordered(groups)],
        "overall": overall,
    }


def _iso(day: date | None) -> str | None:
    return None if day is None else day.isoformat()
