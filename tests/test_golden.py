"""Stored events are for ever: every version that was ever written is read, to the same rows, byte for byte."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest

from ledger import events as e
from ledger import upcasting
from ledger.contract import EVOLVERS, fold
from ledger.events import APART, EVENT_TYPES, Fact, decode_record, encode
from ledger.events import facts as f
from ledger.events.catalogue import _Reader
from projections.derive import MODELS
from projections.oracle import REPORTS
from projections.oracle.faults import faults
from projections.reading import Known, Reader
from projections.rebuild.fold import rows_of
from tests.decisions.spec import record
from tests.golden_files import (
    EVENTS,
    LOG,
    OF_0002,
    ROWS,
    every_event,
    new_events,
    rows_text,
    text_of,
)
from tests.oracle.play import LAST_DAY
from tests.oracle.product import Asked, answer, serving


def test_every_stored_version_has_a_golden_record() -> None:
    stored = {json.loads(line)["type"] for line in EVENTS.read_text().splitlines()}
    assert stored == set(EVENT_TYPES)


@pytest.mark.parametrize(
    "line", EVENTS.read_text().splitlines(), ids=lambda s: json.loads(s)["type"]
)
def test_a_golden_record_is_read_and_written_unchanged_but_for_new_fields(line: str) -> None:
    """Terms are written whole, so a clause that came later is added to them with its default, and nothing else is."""
    again = text_of(decode_record(line))
    assert without_new(json.loads(again), json.loads(line)) == json.loads(line)
    if "terms" not in line:
        assert again == line


# What the clauses that came later say by default where that is not nothing.
DEFAULTS = {"after": "approval", "until": "day", "base": "part", "kind": "milestone", "rate": "0"}


def without_new(today: Any, stored: Any) -> Any:
    """What is written today without the keys that are not stored, all of which must hold their default."""
    if isinstance(today, list) and isinstance(stored, list) and len(today) == len(stored):
        return [without_new(*pair) for pair in zip(today, stored, strict=True)]
    if isinstance(today, dict) and isinstance(stored, dict):
        new = {key: today[key] for key in today.keys() - stored.keys()}
        assert not any(value for key, value in new.items() if DEFAULTS.get(key) != value), new
        return {key: without_new(today[key], stored[key]) for key in today if key in stored}
    return today


@pytest.mark.parametrize(
    "line", EVENTS.read_text().splitlines(), ids=lambda s: json.loads(s)["type"]
)
def test_a_golden_record_is_canonical(line: str) -> None:
    """Sorted keys, no spaces, no floats: what any other JSON library writes with these settings."""
    parsed = json.loads(line, parse_float=pytest.fail)
    written = json.dumps(parsed, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    assert written == line


def test_todays_events_are_all_in_the_golden_file() -> None:
    assert new_events(EVENTS.read_text().splitlines()) == []


def test_an_event_with_a_new_field_would_be_missed() -> None:
    lines = [line for line in EVENTS.read_text().splitlines() if '"signature"' not in line]
    signable = {f.ApprovalGranted, e.PaymentInstructed, e.PayeeProposed, e.PayeeApproved}
    assert {type(event) for event in new_events(lines)} == signable


def test_the_golden_log_gives_its_golden_rows_byte_for_byte() -> None:
    records = [decode_record(line) for line in LOG.read_text().splitlines()]
    assert rows_text(records) == ROWS.read_text()
    named = tuple(model.name for model in MODELS)
    assert named[: len(OF_0002)] == OF_0002
    assert not any(rows_of(records)[len(OF_0002) :])


def golden_rows(stored: dict[str, Any]) -> Reader:
    """The stored rows as a reader sees them; what came with later releases is empty."""
    rows = ([tuple(row) for row in stored.get(model.name, ())] for model in MODELS)
    return serving(rows, Known(41, "", 41, 0))


def figures_apart(stored: dict[str, Any]) -> list[str]:
    """The reports of which the stored rows say something else than the independent oracle says of the log."""
    records = [json.loads(line) for line in LOG.read_text().splitlines()]
    reading = golden_rows(stored)
    asked = [Asked(report, by=by) for report in REPORTS for by in (None, "stage", "month")]
    return [
        one.report
        for one in asked
        if answer(reading, one, LAST_DAY) != one.of_oracle(records, LAST_DAY)
    ]


def test_the_figures_of_the_golden_rows_are_those_of_the_oracle() -> None:
    """The rows were written by the product itself: schedule, exposure and every rate have a source outside it."""
    assert figures_apart(json.loads(ROWS.read_text())) == []
    assert faults([json.loads(line) for line in LOG.read_text().splitlines()]) == []


@pytest.mark.parametrize("table", ["schedule", "milestones"])
def test_a_golden_row_with_another_amount_or_day_would_be_noticed(table: str) -> None:
    """Each amount, date and count of a row that a report shows, made one more or a day later, is a difference."""
    (model,) = (model for model in MODELS if model.name == table)
    noticed = set()
    for number, name in enumerate(model.names):
        stored = json.loads(ROWS.read_text())
        for row in stored[table]:
            if isinstance(row[number], int):
                row[number] += 1
            elif name.endswith(("_on", "_due")):
                row[number] = "2026-10-31" if row[number] != "2026-10-31" else "2026-09-01"
        if figures_apart(stored):
            noticed.add(name)
    assert noticed >= SHOWN[table], SHOWN[table] - noticed


SHOWN = {
    "schedule": {
        *("gross_minor", "bonus_minor", "penalty_minor", "credit_minor", "adjustment_minor", "tax_minor"),
        *("retention_minor", "net_minor", "held_minor", "instructed_minor", "paid_minor", "outstanding_minor"),
        *("payable_minor", "expected_minor", "due_on", "settled_on"),
    },
    "milestones": {
        *("original_due", "original_minor", "reference_due", "reference_minor", "submitted_minor"),
        *("first_submitted_on", "first_decided_on", "delivered_on", "accepted_on", "settled_on"),
        *("first_pass", "is_root", "is_accepted"),
    },
}  # fmt: skip


def test_every_event_has_an_evolver() -> None:
    beginning = {f.ContractSigned}
    assert set(EVENT_TYPES.values()) == set(EVOLVERS) | beginning | APART


def test_an_old_version_is_read_through_its_upcaster(monkeypatch: pytest.MonkeyPatch) -> None:
    """A planted MilestoneStarted/0, which called the milestone `ref`, is folded as today's event."""

    class MilestoneStartedV0(Fact, frozen=True, kw_only=True):
        ref: str

    def lift(old: MilestoneStartedV0) -> f.MilestoneStarted:
        return f.MilestoneStarted(on=old.on, rests_on=old.rests_on, milestone=old.ref)

    evolvers: dict[Any, Any] = EVOLVERS  # the old class is not one of the catalogue
    monkeypatch.setitem(evolvers, MilestoneStartedV0, upcasting.through(lift, EVOLVERS))
    log = [decode_record(line) for line in LOG.read_text().splitlines()][:6]
    old = record(f.MilestoneStarted(milestone="M1"), 7, contract=log[0].stream_id)
    planted = msgspec.structs.replace(old, data=MilestoneStartedV0(ref="M1"))
    state = fold([*log, planted])
    assert state is not None
    assert state.milestones["M1"].started


def test_a_golden_record_changed_by_one_field_is_noticed() -> None:
    """The comparison can fail: another default would write another text."""
    changed = next(e for e in every_event() if isinstance(e, f.MilestoneStarted))
    other = msgspec.structs.replace(changed, milestone="M2")
    assert encode(other) != encode(changed)


def test_a_clause_that_changed_an_old_row_would_be_noticed() -> None:
    """The comparison of rows can fail: retention planted into an old acceptance changes them."""
    planted = e.Line(step="retention", clause="retained", amount_minor=-1)
    records = [decode_record(line) for line in LOG.read_text().splitlines()]
    place = next(n for n, r in enumerate(records) if isinstance(r.data, f.MilestoneAccepted))
    accepted = records[place].data
    assert isinstance(accepted, f.MilestoneAccepted)
    data = msgspec.structs.replace(accepted, lines=(*accepted.lines, planted))
    records[place] = msgspec.structs.replace(records[place], data=data)
    assert rows_text(records) != ROWS.read_text()


@pytest.mark.parametrize(
    "text",
    [
        '{"type":"Unheard/1"}',
        '{"type":7}',
        "[1]",
        '{"actor":"a","type":"ContractSigned/1"}',
        '{"actor"',
        '{"data":{"on":"2026-13-01"},"type":"ContractSuspended/1"}',
    ],
)
def test_what_is_no_record_is_refused_alike_by_its_type_and_by_the_decoder_of_all(
    text: str,
) -> None:
    few, many = _Reader(), _Reader()
    many._left = 0
    for read in ("one", "many"):
        given = text if read == "one" else f"[{text}]"
        said = []
        for reader in (few, many):
            with pytest.raises(msgspec.DecodeError) as wrong:
                getattr(reader, read)(given)
            said.append(str(wrong.value))
        assert said[0] == said[1]


def test_few_records_are_read_without_the_decoder_of_all_and_many_with_it_to_the_same() -> None:
    lines = EVENTS.read_text().splitlines()[: _Reader.FEW]
    reader = _Reader()
    few = [reader.one(line) for line in lines[:40]]
    few += reader.many(f"[{','.join(lines[40:])}]")
    assert not {"_any", "_all"} & vars(reader).keys()
    reader._left = 0
    assert reader.many(f"[{','.join(lines)}]") == few
    assert [reader.one(line) for line in lines] == few
    assert {"_any", "_all"} <= vars(reader).keys()
