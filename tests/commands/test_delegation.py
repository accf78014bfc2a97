"""Acts for the absent bear both names, and what waits for the absent is shown to their delegate."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from commands.main import main
from tests.commands.acting import CONTRACT, C, folder

__all__ = ["folder"]

Heard = pytest.CaptureFixture[str]
DELEGATIONS = """delegations:
  - of: manager-1
    to: deputy
    since: 2026-11-20
    until: 2026-11-25
  - of: finance-1
    to: deputy
    since: 2026-12-01

milestones:
"""


@pytest.fixture
def absent(folder: Path, today: None, monkeypatch: pytest.MonkeyPatch, capsys: Heard) -> Path:
    """The contract with a deputy for manager-1 from 20 to 25 November, on whose 22nd M1 waits for approval."""
    monkeypatch.chdir(folder)
    monkeypatch.setenv("MLEDGER_DATABASE_URL", "ledger.sqlite3")
    text = CONTRACT.read_text("utf-8").replace("milestones:\n", DELEGATIONS, 1)
    text = text.replace("roles:\n", "roles:\n  assistant: [deputy]\n", 1)
    (folder / "c.yaml").write_text(text, "utf-8")
    (folder / "d.yaml").write_text(CONTRACT.read_text("utf-8").replace(C, "D-1"), "utf-8")
    for file in ("c.yaml", "d.yaml"):
        assert main(["contract", "sign", file, "--as", "admin-1"]) == 0
    for name in (C, "D-1"):
        words = ["milestone", "submit", f"{name}/M1", "--on", "2026-11-20", "--as", "partner-1"]
        assert main(words) == 0
    capsys.readouterr()
    return folder


def login(patch: pytest.MonkeyPatch, name: str) -> None:
    patch.setattr("ledger.store.application.os_user", lambda: name)


def tasks(capsys: Heard, *words: str) -> list[dict[str, Any]]:
    assert main(["report", "inbox", *words, "--json"]) == 0
    found: list[dict[str, Any]] = json.loads(capsys.readouterr().out)["tasks"]
    return found


@pytest.mark.usefixtures("absent")
@pytest.mark.parametrize("way", [(), ("--as-of", "2026-11-22"), ("--fresh",), ("--contract", C)])
def test_a_delegate_sees_what_waits_for_the_absent_and_for_whom(
    capsys: Heard, way: tuple[str, ...]
) -> None:
    (task,) = tasks(capsys, "--person", "deputy", *way)
    assert (task["reference"], task["task"]) == (f"{C}/M1", "approve")
    assert task["acting_for"] == ["manager-1"]
    own = [one for one in tasks(capsys, "--person", "manager-1") if one["task"] == "approve"]
    assert [one["acting_for"] for one in own] == [[], []], "who is there acts for nobody"
    assert {one["contract"] for one in own} == {C, "D-1"}, "the other contract delegates nothing"


@pytest.mark.usefixtures("absent")
@pytest.mark.parametrize(
    ("day", "whom"),
    [("2026-11-19", []), ("2026-11-20", ["manager-1"]), ("2026-11-25", ["manager-1"])],
)
def test_only_on_the_days_of_the_delegation(capsys: Heard, day: str, whom: list[str]) -> None:
    found = tasks(capsys, "--person", "deputy", "--today", day)
    assert [name for one in found for name in one["acting_for"]] == whom
    assert tasks(capsys, "--person", "deputy", "--today", "2026-11-26") == []


@pytest.mark.usefixtures("absent")
def test_a_person_is_told_how_the_act_is_typed(capsys: Heard) -> None:
    assert main(["report", "inbox", "--person", "deputy"]) == 0
    said = " ".join(capsys.readouterr().out.split())
    assert "(for manager-1)" in said
    assert f"for manager-1, as is delegated in {C} until 2026-11-25: --as manager-1" in said
    assert main(["milestone", "approve", f"{C}/M1", "--as", "deputy"]) == 3
    assert (
        "hint: act for manager-1, as is delegated to you: --as manager-1" in capsys.readouterr().err
    )


@pytest.mark.usefixtures("absent")
def test_an_act_for_the_absent_bears_both_names_and_is_a_claim_on_sqlite(
    capsys: Heard, monkeypatch: pytest.MonkeyPatch
) -> None:
    login(monkeypatch, "deputy")
    words = ["milestone", "approve", f"{C}/M1", "--on", "2026-11-22", "--as", "manager-1", "--json"]
    assert main(words) == 0
    told = capsys.readouterr()
    by = f"by deputy for manager-1, as {C} delegates until 2026-11-25"
    assert f"{by}; actors are claims: this database does not authenticate them" in told.err
    approved = json.loads(told.out)["events"][0]
    assert (approved["actor"], approved["authenticated_as"]) == ("manager-1", "deputy")
    assert tasks(capsys, "--person", "deputy") == []
    assert main(["audit", "log", "--contract", C]) == 0
    assert "(login deputy)" in capsys.readouterr().out


@pytest.mark.usefixtures("absent")
@pytest.mark.parametrize(("who", "actor"), [("somebody", "manager-1"), ("deputy", "finance-1")])
def test_no_login_is_refused_on_sqlite_and_none_is_called_a_delegate_that_is_none(
    capsys: Heard, monkeypatch: pytest.MonkeyPatch, who: str, actor: str
) -> None:
    login(monkeypatch, who)
    verb = ["approve", f"{C}/M1"] if actor == "manager-1" else ["show", f"{C}/M1"]
    assert main(["milestone", *verb, "--as", actor]) == 0
    assert "delegates" not in capsys.readouterr().err


@pytest.mark.postgres
def test_on_postgresql_the_login_is_the_delegates_and_no_claim(
    postgresql_url: str,
    folder: Path,
    today: None,
    monkeypatch: pytest.MonkeyPatch,
    capsys: Heard,
) -> None:
    """The login of the tests' server acts for all but manager-2, and is told so."""
    monkeypatch.setenv("MLEDGER_DATABASE_URL", postgresql_url)
    people = ("admin-1", "partner-1", "manager-1")
    given = "".join(f"  - of: {one}\n    to: postgres\n" for one in people)
    text = CONTRACT.read_text("utf-8")
    text = text.replace("roles:\n", "roles:\n  assistant: [postgres]\n", 1)
    text = text.replace("milestones:\n", f"delegations:\n{given}\nmilestones:\n", 1)
    (folder / "c.yaml").write_text(text, "utf-8")
    assert main(["contract", "sign", str(folder / "c.yaml"), "--as", "admin-1"]) == 0
    on = ("--on", "2026-08-21")
    assert main(["milestone", "submit", f"{C}/M1", *on, "--as", "partner-1"]) == 0
    capsys.readouterr()
    found = tasks(capsys, "--person", "postgres")
    assert [one["acting_for"] for one in found if one["task"] == "approve"] == [["manager-1"]]
    assert main(["milestone", "approve", f"{C}/M1", *on, "--as", "manager-2"]) == 3
    assert "acting-for-another-needs-delegation" in capsys.readouterr().err
    assert main(["milestone", "approve", f"{C}/M1", *on, "--as", "manager-1"]) == 0
    told = capsys.readouterr().err
    assert f"by postgres for manager-1, as {C} delegates" in told
    assert "claims" not in told
