"""A reference that only begins with one of ours, as banks write on, settles nothing and says what it may be."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.bank.setting import RUN, T1, asked, ntry, payable, standing, statement, take, tx
from tests.bank.test_following import LESS, SO, choices, follow
from tests.bank.test_status_reports import REJECTED_FILE, WRITING, group, report, single
from tests.bank.world import World

Heard = pytest.CaptureFixture[str]


def batch(more: str) -> str:
    return f"<Btch>{more}</Btch>"


P1_GLUED = batch(f"<PmtInfId>{RUN}-P1001</PmtInfId>")
ENTRIES = [
    (ntry("205000.00", batch(f"<MsgId>{WRITING}</MsgId>"), currency="CNY"), "T1 T2"),
    (ntry("205000.00", batch(f"<MsgId>{WRITING}-001</MsgId>"), currency="CNY"), "T1 T2"),
    (ntry("1772.39", batch(f"<MsgId>{WRITING.lower()}/7</MsgId>")), "T3"),
    (ntry("205000.00", batch(f"<PmtInfId>{RUN}-P1-001</PmtInfId>"), currency="CNY"), "T1 T2"),
    (ntry("205000.00", P1_GLUED, currency="CNY"), "T1 T2"),
    (ntry("200000.00", tx(f"{T1}001"), currency="CNY"), "T1"),
    (ntry("200000.00", tx(text=f"SALARY {T1}001"), currency="CNY"), "T1"),
    # No amount of it: all that is in its currency.
    (ntry("777.00", batch(f"<MsgId>{WRITING}-001</MsgId>"), currency="CNY"), "T1 T2 T4"),
    (
        ntry("200000.00", batch(f"<MsgId>{WRITING}9</MsgId>"), currency="CNY", side="CRDT"),
        "T1 T2 T4",
    ),
]


@pytest.mark.parametrize(("entry", "transfers"), ENTRIES)
def test_a_name_that_only_begins_with_ours_settles_nothing_and_says_what_it_may_be(
    entry: str, transfers: str
) -> None:
    world = World()
    (verdict,) = world.take(statement(entry))
    assert (verdict.verdict, verdict.finding) == (None, "similar")
    assert f"it may be {', '.join(f'{RUN}-{t}' for t in transfers.split())}" in verdict.says
    assert {part.status for part in world.parts} == {"instructed"}


@pytest.mark.parametrize(
    "name",
    [
        f"{RUN}2-0A1B2C3D",  # another run: RUN-…-12
        "RUN-2026-01-01-1-0A1B2C3D",
        "P1",
        "NOTPROVIDED",
    ],
)
def test_a_name_that_begins_with_none_of_ours_names_nothing(name: str) -> None:
    (verdict,) = World().take(statement(ntry("205000.00", tx(name), currency="CNY")))
    assert verdict.finding == "unrelated"


@pytest.mark.parametrize(
    ("text", "count"),
    [
        (report(file=REJECTED_FILE, message=f"{WRITING}-001"), 4),
        (report(file=REJECTED_FILE, message=f"{WRITING}001"), 4),
        (report(group(1001, "<PmtInfSts>RJCT</PmtInfSts>"), message=WRITING), 2),
        (report(loose=single(f"{T1}001", "RJCT"), message=WRITING), 1),
        # Our file, and a payment information that is the bank's own.
        (
            report(
                "<OrgnlPmtInfAndSts><OrgnlPmtInfId>B7</OrgnlPmtInfId><PmtInfSts>RJCT</PmtInfSts></OrgnlPmtInfAndSts>",
                message=WRITING,
            ),
            4,
        ),
    ],
)
def test_a_rejection_of_what_only_begins_with_ours_fails_nothing_by_itself(
    text: str, count: int
) -> None:
    world = World()
    (verdict,) = world.take(text)
    assert (verdict.verdict, verdict.finding) == (None, "similar")
    assert verdict.command.count("mledger payment fail ") == count
    assert {part.status for part in world.parts} == {"instructed"}


def test_what_is_rejected_waits_while_a_debit_may_be_of_it() -> None:
    world = World()
    world.take(statement(ntry("205000.00", batch(f"<MsgId>{WRITING}-1</MsgId>"), currency="CNY")))
    taken = world.take(report(group(1, single(T1, "RJCT"))))
    assert [v.finding for v in taken] == ["similar", "contested"]
    assert {part.status for part in world.parts} == {"instructed"}


@pytest.mark.parametrize(
    ("entry", "condition", "paid"),
    [
        (ENTRIES[1][0], SO, {"T1": "200000.00", "T2": "5000.00"}),
        (ENTRIES[2][0], SO, {"T3": "1772.39"}),
        (ENTRIES[7][0], LESS, {"T1": "777.00"}),
    ],
)
def test_the_commands_that_it_tells_settle_it(
    instructed: Path, capsys: Heard, entry: str, condition: str, paid: dict[str, str]
) -> None:
    (told,) = take(capsys, instructed, statement(entry))["waiting"]
    assert told["finding"] == "similar" and len(payable(capsys)) == 0
    follow(capsys, condition)
    assert {t: p for t, (_, p) in standing(capsys).items() if p != "0.00"} == paid


def test_the_commands_that_fail_what_a_rejection_begins_with_end_it(
    instructed: Path, capsys: Heard
) -> None:
    take(capsys, instructed, report(file=REJECTED_FILE, message=f"{WRITING}-001"))
    (entry,) = asked(capsys, "report", "bank")["entries"]
    follow(capsys, next(iter(choices(entry["command"]))))
    assert {s for states, _ in standing(capsys).values() for s in states} == {"failed"}
