"""One contract of which no rows can be derived never hides the others: it is a finding, and they have their rows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from msgspec import structs

from commands.main import main
from ledger import intents as i
from ledger.contract import evolve
from ledger.events import Fact, MilestoneDefined, MilestoneStarted
from ledger.intents import Context
from ledger.state import Contract
from ledger.store import Envelope, Ledger, open_ledger
from ledger.store.database import reading
from ledger.store.perform import perform
from ledger.store.redeciding import judge_log
from projections.derive import MODELS
from projections.exception_rules.every import exception_rules
from projections.reading import reader
from projections.rebuild import fold
from projections.rebuild.catchup import catch_up
from projections.rebuild.full import Options, rebuild
from projections.sides import left_out
from tests.clock import PLANS, SIGNED, TERMS, day, now
from tests.projections.portfolios import change, fill, seen_by, served, standing

BAD, CONTRACTS, EVENTS = "BW-0000002", 5, 10
LAST = CONTRACTS * EVENTS
SAID = (
    f"left out of every report: no rows follow from position {LAST + 1} on"
    " (MilestoneDefined: OverflowError: date value out of range)"
)


def append(ledger: Ledger[Any], fact: Fact, contract: str = BAD) -> None:
    batch = [(contract, len(ledger.stream(contract)), [fact])]
    ledger.append(batch, Envelope(actor="old", origin="test"))


def far(ledger: Ledger[Any]) -> None:
    """What a release before the bounds of days could record: due on the last day that there is."""
    (one, *_) = [r.data for r in ledger.stream(BAD) if isinstance(r.data, MilestoneDefined)]
    append(ledger, structs.replace(one, milestone="M99", due=date.max))


def only(tables: dict[str, Any], stream: int) -> list[Any]:
    return [row for rows in tables.values() for row in rows if row[0] == stream]


def test_a_date_from_before_the_bounds_leaves_out_its_contract_alone_on_every_way_to_rows(
    ledger: Ledger[Contract],
) -> None:
    fill(ledger, CONTRACTS, EVENTS)
    catch_up(ledger.engine)
    before = served(ledger)
    far(ledger)
    assert catch_up(ledger.engine).left_out == {BAD: SAID}
    rows = served(ledger)
    assert only(rows, 3) == [(3, 0, BAD, "not-derived", "high", None, SAID, f"[{LAST + 1}]")]
    for stream in (1, 2, 4, 5):
        assert only(rows, stream) == only(before, stream)
    for options in (Options(), Options(workers=2), Options(incremental=True)):
        certificate = rebuild(ledger.engine, options)
        assert (certificate.status, certificate.differences) == ("rebuilt", 0), options
        assert certificate.left_out == {BAD: SAID}
        assert certificate.as_object()["left_out"] == {BAD: SAID}
        assert served(ledger) == rows
    with reader(ledger, fresh=True) as fresh:
        assert seen_by(fresh) == rows
    with reader(ledger, known_position=LAST) as past:
        assert seen_by(past) == before


def test_what_no_state_can_be_made_of_is_left_out_as_well(ledger: Ledger[Contract]) -> None:
    """A start of a milestone that was never defined: the fold itself cannot take it."""
    fill(ledger, CONTRACTS, EVENTS)
    append(ledger, MilestoneStarted(milestone="M77"))
    missing = catch_up(ledger.engine).left_out
    assert list(missing) == [BAD]
    assert f"from position {LAST + 1} on (MilestoneStarted: KeyError" in missing[BAD]
    assert len(served(ledger)["contracts"]) == CONTRACTS - 1
    with reading(ledger.engine) as conn:
        assert f"{LAST + 1}" in str([str(one) for one in judge_log(conn)])


@pytest.fixture
def faulty(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """The schedule of one contract cannot be derived, until the program is mended: by calling this."""

    def broken(contract: Contract) -> list[Any]:
        if contract.id == BAD:
            raise ZeroDivisionError(f"in {object()!r}")
        return rows(contract)

    (at,) = [n for n, model in enumerate(MODELS) if model.name == "schedule"]
    rows = MODELS[at].rows
    planted = (*MODELS[:at], replace(MODELS[at], rows=broken, told=False), *MODELS[at + 1 :])
    monkeypatch.setattr(fold, "MODELS", planted)
    return lambda: monkeypatch.setattr(fold, "MODELS", MODELS)


def test_a_derivation_that_is_mended_has_its_rows_with_the_next_rebuild(
    ledger: Ledger[Contract], faulty: Callable[[], None]
) -> None:
    fill(ledger, CONTRACTS, EVENTS)
    first = catch_up(ledger.engine).left_out
    assert list(first) == [BAD]
    assert (
        "(ContractSigned: ZeroDivisionError: in <object object>)" in first[BAD]
    )  # no address: same words again
    assert rebuild(ledger.engine, Options()).left_out == first
    faulty()
    certificate = rebuild(ledger.engine, Options())
    assert (certificate.status, certificate.differences) == ("rebuilt", 0)
    assert (certificate.left_out, certificate.compared) == ({}, CONTRACTS - 1)
    assert len(served(ledger)["contracts"]) == CONTRACTS
    with reading(ledger.engine) as conn:
        assert left_out(conn, standing(ledger)[0]) == {}
    certificate = rebuild(ledger.engine, Options())
    assert (certificate.compared, certificate.differences) == (CONTRACTS, 0)


def test_a_contract_that_a_release_can_derive_no_more_is_held_back_as_drift(
    ledger: Ledger[Contract], faulty: Callable[[], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(ledger, CONTRACTS, EVENTS)
    planted: Any = vars(fold)["MODELS"]
    faulty()
    catch_up(ledger.engine)
    monkeypatch.setattr(fold, "MODELS", planted)
    certificate = rebuild(ledger.engine, Options())
    assert certificate.status == "drift"
    assert list(certificate.left_out) == [BAD]
    assert {one.contract for one in certificate.different} == {BAD}


def test_a_finding_made_by_hand_hides_no_edited_row(ledger: Ledger[Contract]) -> None:
    fill(ledger, CONTRACTS, EVENTS)
    catch_up(ledger.engine)
    side = standing(ledger)[0]
    change(
        ledger,
        f"INSERT INTO findings_{side} VALUES (3, 0, '{BAD}', 'not-derived', 'high', NULL, 'x', '[1]')",
        f"UPDATE contracts_{side} SET partner = 'Somebody' WHERE stream = 3",
    )
    certificate = rebuild(ledger.engine, Options())
    assert certificate.status == "drift"
    assert {(d.table, d.column) for d in certificate.different} == {
        ("contracts", "partner"),
        ("findings", "*"),
    }


# --- people ------------------------------------------------------------------------------------------


@pytest.fixture
def told(
    sqlite_url: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Callable[..., tuple[int, str, str]]:
    """Runs a command line on a ledger with a contract left out, and one in which people act."""
    with open_ledger(sqlite_url, evolve) as ledger:
        fill(ledger, CONTRACTS, EVENTS)
        far(ledger)
        contract = i.SignContract(contract="C-1", terms=TERMS, milestones=PLANS, on=SIGNED)
        perform(ledger, [("C-1", contract)], Context(actor="admin-1", now=now()))
    monkeypatch.setenv("MLEDGER_DATABASE_URL", sqlite_url)

    def call(*words: str) -> tuple[int, str, str]:
        code = main(words)
        out, err = capsys.readouterr()
        return code, out, err

    return call


def test_acts_on_healthy_contracts_go_on_and_reports_say_what_is_left_out(
    told: Callable[..., tuple[int, str, str]],
) -> None:
    on = str(day(8, 21))
    code, _, err = told("milestone", "submit", "C-1/M1", "--on", on, "--as", "partner-1")
    assert code == 0, err
    assert f"warning: {BAD} is left out of every report" in err
    line = f"LEFT OUT: {BAD}: no rows could be derived; why: mledger audit exceptions --rule not-derived"
    for report in ("schedule", "register", "exposure", "disputes"):
        code, out, err = told("report", report)
        assert (code, err) == (0, "") and line in out, report
    assert f'"left_out": [\n    "{BAD}"\n  ]' in told("report", "schedule", "--json")[1]
    assert "LEFT OUT" not in told("report", "schedule", "--contract", "C-1")[1]
    code, out, err = told("contract", "list")
    assert code == 0 and "C-1" in out and line in err
    code, out, _ = told("audit", "exceptions", "--rule", "not-derived")
    assert code == 0 and BAD in out and "OverflowError" in out
    code, out, _ = told("projections", "status")
    assert code == 0 and f"left out    {BAD}: {SAID}" in out
    code, out, _ = told("projections", "catch-up")
    assert code == 0 and f"LEFT OUT: {BAD}: {SAID}" in out
    code, out, _ = told("projections", "rebuild")
    assert code == 0 and f"LEFT OUT: {BAD}: {SAID}" in out


def test_a_rule_of_exceptions_that_fails_on_one_contract_is_told_as_not_checked(
    told: Callable[..., tuple[int, str, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    (rule, *_) = [rule for rule in exception_rules() if rule.check is not None]
    check = rule.check

    def fails(seen: Any) -> Any:
        if seen.contract.id == "C-1":
            raise OverflowError
        return check(seen) if check else ()

    planted = [replace(r, check=fails) if r is rule else r for r in exception_rules()]
    monkeypatch.setattr("projections.examining.exception_rules", lambda: planted)
    code, out, _ = told("audit", "exceptions")
    assert code == 0
    assert "the rule fails on C-1 (OverflowError)" in out
