"""The tables of a bundle against its records: the fourth part of verify.py (`publish.py` joins the five)."""

from __future__ import annotations

import re
from collections.abc import Sequence

from projections.exports.bundle.verify_formats import Violated, demand
from projections.exports.bundle.verify_records import DECIMALS, Bundle, Stream, fits

# --- checks: the tables ---------------------------------------------------------------------------------------

PARTS = ("gross", "bonus", "penalty", "credit", "adjustment", "tax", "retention")
SUMS = ("net", "held", "instructed", "paid", "outstanding", "payable", "expected")


def minor(text: str, currency: str) -> int:
    """The minor units of an exact amount, with as many decimals as its currency has."""
    digits = DECIMALS.get(currency, 2)
    form = r"-?\d+" + (rf"\.\d{{{digits}}}" if digits else "")
    demand(bool(re.fullmatch(form, text, re.ASCII)), f"{text!r} is no amount of {currency}")
    return int(text.replace(".", ""))


def price_lines(bundle: Bundle, contracts: Sequence[Stream]) -> None:
    """The table of price lines is what the records say, line by line."""
    wanted = sorted(
        (f"{c.name}/{name}", step, clause, c.currency, position, amount, on)
        for c in contracts
        for name, step, clause, amount, position, on in c.lines
    )
    told = sorted(
        (
            *(row["milestone"], row["step"], row["clause"], row["currency"]),
            *(int(row["position"]), minor(row["amount"], row["currency"]), row["on"]),
        )
        for row in bundle.archive.table("price-lines.csv")
    )
    for one in sorted(set(told) ^ set(wanted)):
        source = "price-lines.csv" if one in set(told) else "the records"
        raise Violated(f"only {source} has the line {one[:3]} at position {one[4]} of {one[5]}")
    demand(told == wanted, "price-lines.csv has a line twice")
    for row in bundle.archive.table("price-lines.csv"):
        behind = {int(one) for one in row["events"].split()}
        own = bundle.streams[row["contract"]].positions
        demand(
            int(row["position"]) in behind
            and behind <= own
            and row["milestone"].startswith(row["contract"]),
            f"price-lines.csv: {sorted(behind)} are not the events behind position {row['position']}",
        )


def columns(row: dict[str, str], stream: Stream, amounts: dict[str, int | None]) -> None:
    """What else a line of the schedule says is what the records say, as far as that needs no rule.

    Status and days need rules; what is held is only held against what is outstanding and payable.
    """
    where = row["milestone"] or row["contract"]
    name = row["milestone"][len(row["contract"]) + 1 :]
    one = stream.milestones[name]
    release = row["kind"] == "retention"
    said: dict[str, tuple[object, object]] = {"partner": (row["partner"], stream.partner)}
    if name:
        kind = "retention" if release else "advance" if one.kind == "advance" else "milestone"
        said.update(kind=(row["kind"], kind), title=(row["title"], one.title))
        said.update(stage=(row["stage"], one.stage))
    wanted: dict[str, int]
    parts = {n: minor(row[n], row["currency"]) if row[n] else None for n in PARTS}
    if release:
        wanted = dict.fromkeys(PARTS, 0) | {"retention": -(amounts["net"] or 0)}
    elif one.accepted:
        wanted = one.parts()
    else:
        wanted = dict.fromkeys(PARTS[1:], 0)
    for part, proven in wanted.items():
        if parts[part] is not None or not (stream.imported or not one.priced):
            said[part] = (parts[part], proven)
    if not one.releases:
        asked = sum(a for of, _, a in stream.instructed.values() if of == name)
        said["instructed"] = (amounts["instructed"], asked)
        known = (amounts["outstanding"], amounts["held"], amounts["payable"])
        if one.accepted and None not in known:
            owed, held, payable = (amount or 0 for amount in known)
            said["payable"] = (payable, max(0, owed - held - asked))
            said["held"] = (held, min(max(held, 0), max(owed, 0)))
    if one.accepted:
        said["expected"] = (amounts["expected"], 0)
    for column, (here, there) in said.items():
        demand(here == there, f"{where}: schedule.csv says {column} {here}, the records {there}")
    events = [int(one) for one in row["events"].split()]
    demand(
        bool(events) and stream.positions.issuperset(events),
        f"{where}: {events} are not its events",
    )


def totals(bundle: Bundle) -> str:
    """Net and paid of every milestone and release, and the totals per currency, are what the records sum up to."""
    contracts = [s for s in bundle.streams.values() if s.name[:1] != "~" and s.currency]
    price_lines(bundle, contracts)
    wanted = {
        (c.name, f"{c.name}/{name}" if name else ""): (c.currency, m.payables(), c.imported)
        for c in contracts
        for name, m in c.milestones.items()
        if not m.gone
    }
    sums: dict[str, dict[str, int]] = {}
    for row in bundle.archive.table("schedule.csv"):
        where, currency = row["milestone"] or row["contract"], row["currency"]
        place = (row["contract"], row["milestone"])
        demand(place in wanted, f"schedule.csv has a line for {where} that the records have not")
        stated, left, imported = wanted[place]
        amounts = {n: minor(row[n], currency) if row[n] else None for n in SUMS}
        kind = "retention" if row["kind"] == "retention" else ""
        told = (kind, amounts["net"], amounts["paid"], amounts["outstanding"])
        demand(
            currency == stated, f"{where}: schedule.csv is in {currency}, the records in {stated}"
        )
        # Only of imported history is there anything unknown that the records do not leave unknown themselves.
        same = [one for one in left if fits(told, one, imported)]
        demand(bool(same), f"{where}: schedule.csv says {told}, the records {left}")
        left.remove(same[0])
        columns(row, bundle.streams[row["contract"]], amounts)
        of_currency = sums.setdefault(currency, {})
        for name, amount in amounts.items():
            if amount is not None:
                of_currency[name] = of_currency.get(name, 0) + amount
    for (_, where), (_, left, _) in wanted.items():
        demand(not where or not left, f"schedule.csv leaves out {where}")
    count: dict[str, int] = {}
    for row in bundle.archive.table("schedule.csv"):
        count[row["currency"]] = count.get(row["currency"], 0) + 1
    for row in bundle.archive.table("totals.csv"):
        demand(
            int(row["lines"]) == count.get(row["currency"]),
            f"totals.csv counts {row['lines']} lines in {row['currency']}",
        )
        summed = sums.pop(row["currency"], {})
        for name in SUMS:
            added = minor(row[name], row["currency"]) if row[name] else None
            demand(
                added == summed.get(name),
                f"totals.csv: {name} in {row['currency']} is not the sum of its lines",
            )
    demand(not sums, f"totals.csv leaves out {', '.join(sums)}")
    return f"price lines and columns of {len(contracts)} contracts are those of the records"
