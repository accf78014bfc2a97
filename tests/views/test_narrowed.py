"""What a view's query finds is what its rows, looked at one by one, would give; the same on both databases."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable
from decimal import Decimal
from importlib import import_module
from itertools import product
from operator import eq, ge, gt, le, lt, ne
from pkgutil import iter_modules
from random import Random
from typing import Any

import pytest

import projections.views
from ledger.contract import evolve
from ledger.errors import InputInvalid
from ledger.money import EXPONENTS
from ledger.store import open_ledger, writing
from projections.derive import MODELS
from projections.derive import inbox as derive_inbox
from projections.reading import Known, Reader, reader
from projections.rebuild.sink import write
from projections.views import contracts, inbox, milestones, payments, schedule
from projections.views.narrowed import (
    Condition,
    Wanted,
    parse_condition,
    parse_order,
    query,
    totals_query,
)
from projections.views.view import View
from tests.metrics.rows import Put, in_tables, part
from tests.oracle.product import serving

VIEWS = [
    value
    for module in iter_modules(projections.views.__path__)
    for value in vars(import_module(f"projections.views.{module.name}")).values()
    if isinstance(value, View)
]
TITLES = ("Summer film", "summer cut", "夏季短片", "50% off", "50x off", "", "O'Neil _x")
COMPARED: dict[str, Callable[[Any, Any], bool]] = {
    "=": eq,
    "!=": ne,
    "<": lt,
    "<=": le,
    ">": gt,
    ">=": ge,
}


def portfolio(seed: int = 5) -> list[Put]:
    """Milestones of four currencies, with unknown dates and amounts, and titles that look like patterns."""
    rng = Random(seed)
    rows: list[Put] = []
    for stream, currency in enumerate(("CNY", "JPY", "KWD", "CNY"), 1):
        own: dict[str, Any] = {"stream": stream, "contract": f"C-{stream}", "currency": currency}
        rows.append(Put("contracts", own | {"partner": "Studio"}))
        for number in range(1, 9):
            minor = rng.choice((None, 1_000, 100_050, 100_000, 7))
            more: dict[str, Any] = {
                "title": rng.choice(TITLES),
                "owner": rng.choice(("", "Ann", "ann")),
                **own,
            }
            rows.append(
                part(f"M{number}", rng.choice((None, "2026-09-01", "2026-10-16")), minor, **more)
            )
    return rows


@pytest.fixture(scope="module")
def stored() -> Reader:
    return serving(rows_by_model(), Known(1, "", 1, 0))


def rows_by_model() -> list[list[Any]]:
    found = in_tables(portfolio())
    return [found.get(model.name, []) for model in MODELS]


def rows_of(found: Reader, view: View, wanted: Wanted = Wanted()) -> list[dict[str, Any]]:  # noqa: B008
    sql, params = query(view, wanted)
    return found.select(sql, **params)


def wanted(*written: str, sort: str = "") -> Wanted:
    conditions = tuple(parse_condition(each, milestones.LIST) for each in written)
    return Wanted(conditions, parse_order(sort, milestones.LIST))


@pytest.mark.parametrize("view", VIEWS, ids=lambda view: view.name)
def test_every_field_sorts_and_filters(stored: Reader, view: View) -> None:
    every = rows_of(stored, view)
    for field in view.fields:
        if not field.column:
            continue
        for order in (False, True):
            found = rows_of(stored, view, Wanted(order=((field.key, order),)))
            assert sorted(map(str, found)) == sorted(map(str, every)), field.key
        without = rows_of(stored, view, Wanted((Condition(field.key, "=", ""),)))
        having = rows_of(stored, view, Wanted((Condition(field.key, "!=", ""),)))
        assert len(without) + len(having) == len(every), field.key
    sql, params = totals_query(view, Wanted())
    assert sum(int(row["n"] or 0) for row in stored.select(sql, **params)) == len(every)


@pytest.mark.parametrize("amount", ["1000.5", "1000", "100.05", "0.007", "7", "1,000.50"])
@pytest.mark.parametrize("operator", list(COMPARED))
def test_an_amount_is_compared_in_each_rows_own_currency(
    stored: Reader, operator: str, amount: str
) -> None:
    bound = Decimal(amount.replace(",", ""))

    def holds(row: dict[str, Any]) -> bool:
        minor = row["amount_minor"]
        if minor is None:
            return False  # what is not known is not known to differ
        value = Decimal(minor).scaleb(-EXPONENTS[row["currency"]])
        return COMPARED[operator](value, bound)

    every = rows_of(stored, milestones.LIST)
    found = rows_of(stored, milestones.LIST, wanted(f"amount{operator}{amount}"))
    assert found == [row for row in every if holds(row)]


@pytest.mark.parametrize("part_", ["SUMMER", "50%", "_", "'", "夏季", "film"])
def test_a_part_of_a_text_is_no_pattern(stored: Reader, part_: str) -> None:
    every = rows_of(stored, milestones.LIST)
    found = rows_of(stored, milestones.LIST, wanted(f"title~{part_}"))
    assert found == [row for row in every if part_.lower() in row["title"].lower()]
    anywhere = rows_of(stored, milestones.LIST, Wanted((Condition("", "~", part_),)))
    assert [row for row in anywhere if row in found] == found


def test_one_of_several_and_none_of_them(stored: Reader) -> None:
    every = rows_of(stored, milestones.LIST)
    some = rows_of(stored, milestones.LIST, wanted("title=夏季短片|50% off"))
    assert some == [row for row in every if row["title"] in ("夏季短片", "50% off")]
    others = rows_of(stored, milestones.LIST, wanted("title!=夏季短片|50% off"))
    assert others == [row for row in every if row not in some]


def test_conditions_narrow_each_other_and_keep_the_views_order(stored: Reader) -> None:
    every = rows_of(stored, milestones.LIST)
    found = rows_of(stored, milestones.LIST, wanted("owner=Ann", "current_due<=2026-09-01"))
    assert found == [
        row
        for row in every
        if row["owner"] == "Ann" and str(row["current_due"] or "9") <= "2026-09-01"
    ]
    assert found


def test_the_unknown_stands_last_in_both_directions(stored: Reader) -> None:
    for sort in ("current_due", "-current_due"):
        dues = [row["current_due"] for row in rows_of(stored, milestones.LIST, wanted(sort=sort))]
        known = [due for due in dues if due is not None]
        assert dues[: len(known)] == sorted(known, reverse=sort.startswith("-"))


def test_totals_are_those_of_the_rows_found(stored: Reader) -> None:
    asked = wanted("owner!=ann")
    sql, params = totals_query(milestones.LIST, asked)
    rows = rows_of(stored, milestones.LIST, asked)
    for total in stored.select(sql, **params):
        own = [row["amount_minor"] for row in rows if row["currency"] == total["currency"]]
        assert total["n"] == len(own)
        assert total["amount_minor"] == sum(minor or 0 for minor in own)


@pytest.mark.parametrize(
    ("written", "code"),
    [
        ("amount>much", "condition-invalid"),
        ("current_due<2026-02-30", "condition-invalid"),
        ("current_due~2026", ""),
        ("nothing=1", "field-unknown"),
        ("status", "condition-invalid"),
        ("events=1", "field-unknown"),
    ],
)
def test_what_cannot_be_asked_is_refused(written: str, code: str) -> None:
    if not code:
        query(milestones.LIST, wanted(written))
        return
    with pytest.raises(InputInvalid) as refused:
        query(milestones.LIST, wanted(written))
    assert refused.value.code == code
    assert refused.value.hint


def test_a_view_shows_and_orders_only_fields_that_it_has() -> None:
    for view in VIEWS:
        keys = {field.key for field in view.fields}
        assert len(keys) == len(view.fields), view.name
        assert set(view.screen) <= keys
        assert not view.header or set(view.header) <= keys
    assert payments.LIST in VIEWS


QUESTIONS = (
    *("amount>=1000", "amount!=0.007", "amount<100.05", "title~SUMMER", "title~50%", "title~夏季"),
    *("title!=夏季短片|50% off", "owner=", "owner!=", "current_due<=2026-09-01", "accepted_on="),
    *("milestone=C-2/M1", "milestone~-3/", "status=expected"),
)


def test_both_databases_find_the_same(database_url: str, stored: Reader) -> None:
    ledger = open_ledger(database_url, evolve)
    with writing(ledger.engine) as conn:
        write(conn, "a", rows_by_model())
    with reader(ledger) as found:
        for question, sort in product(QUESTIONS, ("", "title,-amount", "-current_due")):
            asked = wanted(question, sort=sort)
            assert rows_of(found, milestones.LIST, asked) == rows_of(stored, milestones.LIST, asked)
        for view in VIEWS:
            for key in [field.key for field in view.fields if field.column]:
                for asked in (
                    Wanted(order=((key, True),)),
                    Wanted((Condition(key, "!=", ""),)),
                    Wanted((Condition("", "~", "c-1"),), ((key, False),)),
                ):
                    assert rows_of(found, view, asked) == rows_of(stored, view, asked), key
    ledger.close()


def test_every_task_that_may_wait_is_a_word_of_the_inbox() -> None:
    """So that a filter by one is no typo on a day on which nothing of it waits."""
    source = inspect.getsource(derive_inbox)
    named = set(re.findall(r'Task\(\s*"([^"]+)"', source)) | set(
        re.findall(r'\*\("([^"]+)"', source)
    )
    named |= set(re.findall(r'"([^"]+)" if again else "', source)) | {"deliver", "propose anew"}
    named -= {"stream", "integers", "amount_minor"}
    assert {derive_inbox.RELEASE, derive_inbox.STOPPED} < set(inbox.WORDS)
    assert named <= set(inbox.WORDS), named - set(inbox.WORDS)


# interface.md: promised in this order, in JSON first and in CSV as its header.
PROMISED = {
    schedule.LINES: (
        "contract partner milestone kind title status due_on provisional gross bonus penalty credit adjustment tax "
        "retention net held instructed paid outstanding payable events",
        "contract,partner,milestone,kind,title,status,due_on,provisional,currency,gross,bonus,penalty,credit,"
        "adjustment,tax,retention,net,held,instructed,paid,outstanding,payable,events,inferred,not_recorded,heard_on",
    ),
    milestones.REGISTER: (
        "milestone title stage owner status original_due current_due submitted_on accepted_on amount",
        "contract,partner,milestone,title,stage,owner,status,original_due,current_due,submitted_on,accepted_on,"
        "amount,currency,source_status,twin_status,original_amount,settled_on,baselines,events,inferred,"
        "not_recorded,heard_on",
    ),
    contracts.REGISTER: (
        "contract partner value milestones payments paid",
        "contract,partner,value,currency,milestones,payments,paid,title,client,status,committed,signed_on,imported,"
        "events",
    ),
    inbox.TASKS: (
        "task reference contract partner title role people since waiting_days due_on overdue_days amount waits_for "
        "events",
        "task,reference,contract,partner,title,role,people,since,waiting_days,due_on,overdue_days,amount,currency,"
        "waits_for,events,acting_for",
    ),
}


@pytest.mark.parametrize("view", PROMISED, ids=lambda view: view.name)
def test_promised_fields_stand_first_and_in_order(view: View) -> None:
    keys, header = PROMISED[view]
    promised = keys.split()
    assert [field.key for field in view.fields][: len(promised)] == promised
    assert ",".join(view.keys).startswith(header)
    if view is schedule.LINES:
        assert view.totals[:7] == (
            *("net", "held", "paid", "outstanding", "payable", "retention", "expected"),
        )
