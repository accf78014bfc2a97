"""What is not known moves no figure that is known: a rate is over the known part, and a sum is of it."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from random import Random
from typing import Any

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st
from pytest import MonkeyPatch

from ledger import intents as i
from ledger.events import Record
from projections.oracle.recorded import PARTS
from projections.reading import Reader
from tests.oracle.mutants import MUTANTS
from tests.oracle.play import ADMINISTRATORS, LAST_DAY, Play
from tests.oracle.portfolios import play_portfolio
from tests.oracle.product import RATES, Asked, answer, reader

Json = dict[str, Any]
LONG_AGO = date(2026, 3, 31)
DUES = (None, LONG_AGO, date(2026, 12, 31))


def unknown_milestone(
    number: int, status: str, due: date | None, inferred: bool
) -> i.TakenMilestone:
    """A milestone of which a source says when it is due, and perhaps how far it came: neither days nor money."""
    return i.TakenMilestone(
        id=f"U{number}",
        status=status,
        due=due,
        submitted_on=LONG_AGO if inferred else None,
        submitted_inferred=inferred,
        silent=status == "defined",
    )


unknown_milestones = st.lists(
    st.tuples(st.sampled_from(["defined", "accepted"]), st.sampled_from(DUES), st.booleans()),
    min_size=1,
    max_size=4,
).map(lambda drawn: tuple(unknown_milestone(n, *one) for n, one in enumerate(drawn, 1)))
knows = st.sampled_from([(), ("acceptances",), ("deliveries",)])


def with_unknown(
    records: list[Record],
    milestones: tuple[i.TakenMilestone, ...],
    knows: tuple[str, ...],
    currency: str,
) -> list[Record]:
    """The records, and a contract beside them of which next to nothing is known."""
    play = Play(Random(0))
    taken = i.TakeOver(
        contract="UNKNOWN",
        partner="Hangzhou Studio",
        currency=currency,
        milestones=milestones,
        knows=knows,
    )
    assert play.act("UNKNOWN", ADMINISTRATORS[0], taken)
    first, stream = len(records), max(record.stream for record in records) + 1
    return records + [
        msgspec.structs.replace(one, position=first + one.position, stream=stream)
        for one in play.records
    ]


BESIDE = ("excluded", "settled_unknown")


def known_part(report: Json) -> Any:
    """A report without what it says of the unknown, and without groups in which nothing is known."""
    if not isinstance(report, dict):
        return [known_part(one) for one in report] if isinstance(report, list) else report
    kept = {
        name: known_part(value) for name, value in report.items() if not name.startswith(BESIDE)
    }
    if "groups" in kept:
        kept["groups"] = [one for one in kept["groups"] if any(map(_counts, one.values()))]
    return kept


def _counts(value: Any) -> bool:
    if not isinstance(value, dict):
        return False
    return bool(value.get("denominator") or value.get("n")) or any(map(_counts, value.values()))


def figures(records: list[Record], moment: date | None) -> Json:
    """Everything that people read off a portfolio in sums and rates."""
    reading = reader(records, moment)
    rates = [Asked(name, moment, by=by) for name in RATES for by in (None, "partner")]
    paid = reading.select("SELECT COALESCE(SUM(paid_minor), 0) AS minor FROM {contracts}")
    return {
        **{
            f"{one.report} by {one.by}": known_part(answer(reading, one, LAST_DAY)) for one in rates
        },
        "exposure": answer(reading, Asked("exposure", moment), LAST_DAY)["by_currency"],
        "totals": answer(reading, Asked("schedule", moment), LAST_DAY)["totals"],
        "inbox": inbox(reading),
        "paid": paid[0]["minor"],
    }


def moved(before: Any, after: Any, where: str = "") -> list[str]:
    """Where a known figure is another; what was null was not known, and a row that is new holds no amount."""
    if isinstance(before, dict) and isinstance(after, dict):
        return [
            one for name in before for one in moved(before[name], after[name], f"{where} {name}")
        ]
    if isinstance(before, list) and isinstance(after, list) and isinstance([*before, {}][0], dict):
        old, new = _by_name(before), _by_name(after)
        beyond = [
            f"{where}: {new[name]}" for name in new.keys() - old.keys() if _amounts(new[name])
        ]
        return beyond + [
            one for name in old for one in moved(old[name], new.get(name), f"{where} {name}")
        ]
    return [] if before in (None, after) else [f"{where}: {before} is {after}"]


def _by_name(rows: list[Any]) -> Json:
    named = (one.get("key") or one.get("reference") or one.get("currency") for one in rows)
    tasks = (one.get("task", "") for one in rows)
    return {f"{name} {task}": one for name, task, one in zip(named, tasks, rows, strict=True)}


def _amounts(value: Any) -> bool:
    """Whether there is an amount, or a task."""
    if not isinstance(value, dict):
        return False
    here = bool(Decimal(value.get("amount", "0"))) or "task" in value or _counts(value)
    return here or any(map(_amounts, value.values()))


def inbox(reading: Reader) -> list[Json]:
    sql = "SELECT task, reference, role, currency, amount_minor FROM {inbox} ORDER BY task, reference, role"
    return reading.select(sql)


@settings(deadline=None)
@given(
    seed=st.integers(0, 2**32),
    milestones=unknown_milestones,
    told=knows,
    currency=st.sampled_from(["CNY", "USD", "XXX"]),
    moment=st.none() | st.just(date(2026, 7, 1)),
)
def test_a_contract_of_which_nothing_is_known_moves_no_figure(
    seed: int,
    milestones: tuple[i.TakenMilestone, ...],
    told: tuple[str, ...],
    currency: str,
    moment: date | None,
) -> None:
    records = play_portfolio(seed, 30).records
    after = figures(with_unknown(records, milestones, told, currency), moment)
    assert moved(figures(records, moment), after) == []


def noticed(milestone: i.TakenMilestone, told: tuple[str, ...] = ()) -> bool:
    """Whether the comparison finds something of one milestone beside a few portfolios."""
    for seed in range(4):
        records = play_portfolio(seed, 30).records
        after = figures(with_unknown(records, (milestone,), told, "CNY"), None)
        if moved(figures(records, None), after):
            return True
    return False


def test_what_is_known_moves_a_figure() -> None:
    """The comparison can fail: a day, an amount or a part that is known counts."""
    late = i.TakenMilestone(id="U1", status="defined", due=LONG_AGO)
    assert noticed(late, ("deliveries",))
    assert noticed(
        i.TakenMilestone(id="U1", status="accepted", amount_minor=7, payment_due=LONG_AGO), PARTS
    )
    assert not noticed(unknown_milestone(1, "accepted", LONG_AGO, inferred=True))


def test_an_unknown_that_counted_as_late_would_be_noticed(monkeypatch: MonkeyPatch) -> None:
    (late,) = (one for one in MUTANTS if one.name == "what no source tells is late")
    late.plant(monkeypatch)
    assert noticed(unknown_milestone(1, "defined", LONG_AGO, inferred=False))


def test_a_payment_not_recorded_that_counted_as_none_would_be_noticed(
    monkeypatch: MonkeyPatch,
) -> None:
    (owed,) = (one for one in MUTANTS if one.name == "no payment told is nothing paid")
    owed.plant(monkeypatch)
    accepted = i.TakenMilestone(id="U1", status="accepted", amount_minor=7, payment_due=LONG_AGO)
    assert noticed(accepted, ("acceptances", "disputes"))
