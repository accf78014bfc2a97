"""Drift: whatever parts what people saw from what the log says is found, named, and holds the flip back."""

from __future__ import annotations

import pytest

from ledger.events import Record
from ledger.state import Contract
from ledger.store import Ledger
from projections.derive import DERIVATION, MODELS
from projections.rebuild.catchup import catch_up
from projections.rebuild.drift import NAMED, Difference
from projections.rebuild.full import Options, rebuild
from tests.oracle.portfolios import play_portfolio
from tests.projections.portfolios import (
    append,
    change,
    derived,
    fill,
    served,
    standing,
    tables_of,
)


@pytest.fixture
def records(ledger: Ledger[Contract]) -> list[Record]:
    """A played portfolio, appended and caught up on side a."""
    found = play_portfolio(2, 60).records
    append(ledger, found)
    catch_up(ledger.engine)
    return found


def found_by_check(ledger: Ledger[Contract]) -> list[Difference]:
    certificate = rebuild(ledger.engine, Options(check=True))
    assert certificate.status == ("drift" if certificate.different else "checked")
    return certificate.different


def last_of(records: list[Record], contract: str) -> int:
    return max(record.position for record in records if record.stream_id == contract)


def test_a_hand_edited_row_is_named_with_both_values(
    ledger: Ledger[Contract], records: list[Record]
) -> None:
    change(ledger, "UPDATE milestones_a SET title = 'other' WHERE stream = 1 AND ordinal = 2")
    (difference,) = found_by_check(ledger)
    contract = records[0].stream_id
    row = derived(records)["milestones"][1]
    assert (difference.contract, difference.table) == (contract, "milestones")
    assert (difference.key, difference.column) == ("1/2", "title")
    assert (difference.serving, difference.rebuilt) == ("other", row[6])
    # The row shown never followed from the log: the event that made it what it should be.
    assert difference.position == max(int(p) for p in row[-1].strip("[]").split(","))  # type: ignore[union-attr]


def test_every_column_that_was_edited_is_named(
    ledger: Ledger[Contract], records: list[Record]
) -> None:
    change(ledger, "UPDATE contracts_a SET paid_minor = paid_minor + 1, signed_on = NULL")
    found = found_by_check(ledger)
    streams = len({record.stream for record in records})
    columns = {(difference.contract, difference.column) for difference in found}
    assert len(columns) == len(found)
    assert {column for _, column in columns} == {"paid_minor", "signed_on"}
    assert len([c for c in columns if c[1] == "paid_minor"]) == streams


@pytest.mark.parametrize("taken", [True, False], ids=["what was there is gone", "what was not is"])
def test_a_value_that_comes_or_goes_is_named_in_every_column_that_may_be_empty(
    ledger: Ledger[Contract], records: list[Record], taken: bool
) -> None:
    """In SQL nothing is equal to NULL, nor unequal: a comparison that forgets it sees none of these."""
    planted: dict[tuple[str, str, str], tuple[object, object]] = {}
    seen = served(ledger)
    for model in MODELS:
        optional = [c for c in model.columns if not c.required and c.name not in model.key]
        rows = list(seen[model.name])
        for column in optional:
            at = model.names.index(column.name)
            # Each in a row of its own, so that none is seen by the help of another.
            row = next((r for r in rows if (r[at] is not None) is taken), None)
            if row is None:
                continue
            rows.remove(row)
            key = [row[model.names.index(name)] for name in model.key]
            put = None if taken else (1 if column.kind == "integer" else "by hand")
            where = " AND ".join(f"{n} = {_sql(v)}" for n, v in zip(model.key, key, strict=True))
            change(ledger, f"UPDATE {model.name}_a SET {column.name} = {_sql(put)} WHERE {where}")
            planted[model.name, "/".join(map(str, key)), column.name] = (put, row[at])
    found = found_by_check(ledger)
    assert {(d.table, d.key, d.column): (d.serving, d.rebuilt) for d in found} == planted
    assert len({table for table, _, _ in planted}) > 4


def _sql(value: object) -> str:
    if value is None:
        return "NULL"
    return str(value) if isinstance(value, int) else "'" + str(value).replace("'", "''") + "'"


def test_a_deleted_row_is_named(ledger: Ledger[Contract], records: list[Record]) -> None:
    change(ledger, "DELETE FROM contracts_a WHERE stream = 1")
    (difference,) = found_by_check(ledger)
    assert (difference.contract, difference.table) == (records[0].stream_id, "contracts")
    assert (difference.key, difference.column) == ("1", "*")
    assert (difference.serving, difference.rebuilt) == (None, "a row")


def test_an_added_row_is_named(ledger: Ledger[Contract], records: list[Record]) -> None:
    change(
        ledger,
        "INSERT INTO findings_a VALUES (1, 99, 'C-1', 'rule', 'high', NULL, 'by hand', '[1]')",
    )
    (difference,) = found_by_check(ledger)
    assert (difference.contract, difference.table) == (records[0].stream_id, "findings")
    assert (difference.key, difference.column) == ("1/99", "*")
    assert (difference.serving, difference.rebuilt) == ("a row", None)


def test_rows_of_a_contract_that_was_never_signed_are_named(
    ledger: Ledger[Contract], records: list[Record]
) -> None:
    change(
        ledger,
        "INSERT INTO findings_a VALUES (999, 1, 'X', 'rule', 'high', NULL, 'by hand', '[1]')",
    )
    (difference,) = found_by_check(ledger)
    assert (difference.contract, difference.key) == ("stream 999", "999/1")


def test_an_event_that_catch_up_skipped_is_named(
    ledger: Ledger[Contract], records: list[Record]
) -> None:
    longer = play_portfolio(2, 90).records
    assert [r.data for r in longer[: len(records)]] == [r.data for r in records]
    append(ledger, longer[len(records) :])
    change(ledger, f"UPDATE checkpoints SET position = {len(longer)} WHERE side = 'a'")
    found = found_by_check(ledger)
    changed = {record.stream_id for record in longer[len(records) :]}
    assert {difference.contract for difference in found} == changed
    for difference in found:
        of_contract = [
            record.position
            for record in longer[len(records) :]
            if record.stream_id == difference.contract
        ]
        assert difference.position in of_contract
    # A contract's own row reflects every event, so it parts at the first one skipped.
    (first,) = [
        d for d in found if (d.table, d.column, d.contract) == ("contracts", "version", "C-1")
    ]
    assert first.position == min(r.position for r in longer[len(records) :] if r.stream_id == "C-1")


def test_drift_holds_the_flip_back_unless_it_is_accepted(
    ledger: Ledger[Contract], records: list[Record]
) -> None:
    change(ledger, "UPDATE schedule_a SET net_minor = net_minor + 1")
    seen = served(ledger)
    before = standing(ledger)
    assert rebuild(ledger.engine, Options()).status == "drift"
    assert (standing(ledger), served(ledger)) == (before, seen)
    accepted = rebuild(ledger.engine, Options(accept_drift=True))
    assert accepted.status == "rebuilt"
    net = {m.name: m for m in MODELS}["schedule"].names.index("net_minor")
    assert accepted.differences == sum(row[net] is not None for row in seen["schedule"])
    assert served(ledger) == derived(records)
    # What was drift rests now, and is not what a reader sees.
    assert rebuild(ledger.engine, Options()).different == []


def test_rows_of_an_older_derivation_are_superseded_and_no_drift(
    ledger: Ledger[Contract], records: list[Record]
) -> None:
    change(
        ledger,
        "UPDATE contracts_a SET title = 'as it was derived before'",
        "UPDATE checkpoints SET derivation = '0.9' WHERE side = 'a'",
    )
    found = rebuild(ledger.engine, Options())
    assert (found.status, found.differences, found.different) == ("rebuilt", 0, [])
    assert found.superseded == len({record.stream for record in records})
    assert standing(ledger) == ("b", len(records), DERIVATION)
    assert served(ledger) == derived(records)


def test_catch_up_leaves_the_stamp_of_an_older_derivation(
    ledger: Ledger[Contract], records: list[Record]
) -> None:
    change(ledger, "UPDATE checkpoints SET derivation = '0.9' WHERE side = 'a'")
    longer = play_portfolio(2, 70).records
    append(ledger, longer[len(records) :])
    catch_up(ledger.engine)
    assert standing(ledger) == ("a", len(longer), "0.9")


def test_many_differences_are_counted_and_the_first_are_named(ledger: Ledger[Contract]) -> None:
    fill(ledger, NAMED + 20, 10)
    catch_up(ledger.engine)
    change(ledger, "UPDATE contracts_a SET title = 'other'")
    found = rebuild(ledger.engine, Options(check=True))
    assert (found.differences, len(found.different)) == (NAMED + 20, NAMED)


def test_a_side_that_nobody_reads_may_hold_anything_before_a_rebuild(
    ledger: Ledger[Contract], records: list[Record]
) -> None:
    from ledger.store.database import reading

    change(
        ledger,
        "INSERT INTO findings_b VALUES (1, 1, 'X', 'rule', 'high', NULL, 'left behind', '[1]')",
    )
    assert rebuild(ledger.engine, Options()).status == "rebuilt"
    with reading(ledger.engine) as conn:
        assert tables_of(conn, "b") == derived(records)


def test_a_row_put_by_hand_before_anything_was_recorded_is_drift(
    ledger: Ledger[Contract],
) -> None:
    """No derivation ever made it, so that none can supersede it."""
    row = "(1, 1, 'X', 'rule', 'high', NULL, 'put by hand', '[1]')"
    change(ledger, f"INSERT INTO findings_a VALUES {row}")
    found = rebuild(ledger.engine, Options())
    assert (found.status, found.differences, found.superseded) == ("drift", 1, 0)
