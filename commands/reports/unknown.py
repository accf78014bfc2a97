"""What is not known, as reports say it: marks on rows, a field for programs, and the last lines for people."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from commands.output import money, visible
from ledger.counting import how_many
from ledger.money import display_minor
from ledger.recorded import PARTS

Found = dict[str, Any]

_NAMED = 3  # contracts named in a footer; more are only counted


def inferred_mark(row: Found) -> str | None:
    """The delivery date, with a question mark where an import inferred it."""
    day: str | None = row["submitted_on"]
    return f"{day}?" if day and row["delivered_inferred"] else day


def unknown_of(row: Found) -> Found:
    """What is not known of a milestone: dates that an import inferred, parts that no source tells of, the day on
    which its source was last heard of."""
    return {
        "inferred": ["submitted_on"] if row["delivered_inferred"] else [],
        "not_recorded": [part for part in PARTS if row[f"no_{part}"]],
        "heard_on": row["heard_on"],
    }


def told(row: Found) -> Found:
    """What is not known in one currency, for a program."""
    return {
        "currency": row["currency"],
        "payments_not_recorded": {
            "contracts": row["contracts"],
            "milestones": row["milestones"],
            "amount": money(row["minor"], row["currency"]),
            "unknown_amounts": row["unknown_amounts"],
        },
        "not_recorded": {part: row[f"no_{part}"] for part in PARTS},
        "inferred": row["inferred"],
        "not_heard": row["not_heard"],
    }


def left_out_in_words(contracts: Sequence[str]) -> Iterator[str]:
    """A line that names the contracts that a report does not show, and where it is told why; none where all are."""
    if contracts:
        named = ", ".join(contracts[:_NAMED])
        more = f" and {len(contracts) - _NAMED} more" if len(contracts) > _NAMED else ""
        yield visible(
            f"LEFT OUT: {named}{more}: no rows could be derived; why: mledger audit exceptions --rule not-derived"
        )


def footer(rows: list[Found]) -> Iterator[str]:
    """A line for every kind of thing that is not known, and how to list them."""
    yield from (f"{said}: not in what is paid, owed or due" for said in unpaid(rows))
    sums = {n: sum(row[n] for row in rows) for n in (*(f"no_{p}" for p in PARTS), *_WORDS)}
    untold = [f"{part} of {sums[f'no_{part}']}" for part in PARTS[:4] if sums[f"no_{part}"]]
    said = [f"not recorded: {', '.join(untold)} milestones"] if untold else []
    said += [words.format(sums[name]) for name, words in _WORDS.items() if sums[name]]
    if said:
        yield "; ".join(said)
    if rows and (said or any(row["milestones"] for row in rows)):
        yield "list them: mledger report unknown"


def unpaid(rows: list[Found]) -> Iterator[str]:
    """For every currency what was accepted of which no source tells whether it was paid."""
    for row in rows:
        if row["milestones"]:
            amount = "an unknown amount"
            if row["minor"] is not None:
                amount = f"{display_minor(row['minor'], row['currency'])} {row['currency']}"
            if row["minor"] is not None and row["unknown_amounts"]:
                amount += f" and {row['unknown_amounts']} of unknown amount"
            yield (
                f"payments not recorded for {how_many(row['contracts'], 'contract')},"
                f" {how_many(row['milestones'], 'accepted milestone')}, {amount}"
            )


_WORDS = {
    "inferred": "delivered on an inferred day: {}",
    "not_heard": "open when last heard of: {}",
}
