"""Proposals at the terminal: two orders side by side, what is shown before it is approved, and every hint followed."""

from __future__ import annotations

import json
import re
import shlex
from datetime import UTC, datetime, timedelta
from itertools import permutations
from pathlib import Path
from typing import Any

import pytest

from commands.main import main

TODAY = datetime.now(UTC).date()  # the days of this file are counted from the day of the test
SIGNED = TODAY - timedelta(days=40)
DUE = TODAY - timedelta(days=5)
LATER = TODAY + timedelta(days=30)

FILE = f"""\
contract: X-1
client: HQ
partner: P
currency: CNY
timezone: UTC
signed_on: {SIGNED}
backdating_days: 90
administrators: [a1, a2]
roles: {{manager: [m1, m2], finance: [f1, f2], partner: [p1]}}
approval:
  - up_to: 100,000.00
    quorum: {{manager: 1}}
  - quorum: {{manager: 1, finance: 1}}
payment: {{net_days: 10}}
late_penalty: {{rate: 1%, cap: 10%}}
milestones:
  - {{id: M1, due: {DUE}, amount: "300,000.00"}}
  - {{id: M2, due: {DUE}, amount: "300,000.00"}}
"""


class Terminal:
    """Commands typed one after the other, with what they said."""

    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self.capsys = capsys

    def __call__(self, line: str, code: int = 0) -> str:
        done = main(shlex.split(line))
        out, err = self.capsys.readouterr()
        assert done == code, out + err
        return out + err

    def json(self, line: str) -> Any:
        done = main([*shlex.split(line), "--json"])
        out, err = self.capsys.readouterr()
        assert done == 0, err
        return json.loads(out)

    def hinted(self, said: str) -> str:
        """The command that a hint names, without the program's name."""
        found = re.search(r"hint: .*?mledger (.+)", said)
        assert found, said
        return found[1]


@pytest.fixture
def typed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Terminal:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MLEDGER_DATABASE_URL", f"sqlite:///{tmp_path / 'x.sqlite3'}")
    Path("x.yaml").write_text(FILE)
    terminal = Terminal(capsys)
    terminal("init")
    terminal("contract sign x.yaml --as a1")
    return terminal


def promised(typed: Terminal, milestone: str = "M1") -> tuple[str, str]:
    told = typed.json(f"milestone show X-1/{milestone}")
    return told["current_due"], told["amount"]["amount"]


@pytest.mark.parametrize("order", [(4, 5), (5, 4)])
def test_a_date_and_a_price_proposed_side_by_side_both_hold(
    typed: Terminal, order: tuple[int, int]
) -> None:
    typed(f"milestone revise X-1/M1 --due {LATER} --as m1")
    typed("milestone revise X-1/M1 --amount 50,000 --as m1")
    for version in order:
        typed(f"milestone approve 'X-1#{version}' --as m2")
    assert promised(typed) == (str(LATER), "50000.00")


@pytest.mark.parametrize("order", list(permutations((4, 5, 6))))
def test_two_files_and_an_order_applied_side_by_side_all_hold(
    typed: Terminal, order: tuple[int, ...]
) -> None:
    text = FILE
    Path("later.yaml").write_text(text.replace(f"M1, due: {DUE}", f"M1, due: {LATER}"))
    Path("longer.yaml").write_text(text.replace("net_days: 10", "net_days: 45"))
    typed("contract apply later.yaml --as a1")
    typed("contract apply longer.yaml --as a1")
    typed("milestone revise X-1/M1 --amount 50,000 --as m1")
    for version in order:
        typed(f"milestone approve 'X-1#{version}' --as {'m2' if version == 6 else 'a2'}")
    assert promised(typed) == (str(LATER), "50000.00")
    typed("contract show X-1 --yaml -o now.yaml")
    assert "net_days: 45" in Path("now.yaml").read_text()


def test_an_outdated_order_is_shown_refused_and_its_hint_works(typed: Terminal) -> None:
    typed("milestone revise X-1/M1 --amount 350,000 --as m1")
    typed("milestone revise X-1/M1 --amount 50,000 --as m1")
    typed("milestone approve 'X-1#5' --as m2")
    said = typed("milestone approve 'X-1#4' --as m2", code=3)
    assert "M1 amount was 300,000.00 CNY and is 50,000.00 CNY since X-1#7" in said
    assert "outdated" in typed("contract show 'X-1#4'")
    assert typed.json("contract show 'X-1#4'")["changed_since"][0]["event"] == "X-1#7"
    tasks = typed.json("report inbox")["tasks"]
    assert [t["task"] for t in tasks if t["reference"] == "X-1#4"] == ["propose anew"]
    again = typed(f"{typed.hinted(said)} --as m1")
    assert "X-1#9 proposed" in again
    # 50,000 → 350,000 adds 300,000: a manager's word is not enough any more.
    typed("milestone approve 'X-1#9' --as m2")
    assert promised(typed)[1] == "50000.00"
    typed("milestone approve 'X-1#9' --as f1")
    assert promised(typed)[1] == "350000.00"


def test_the_inbox_and_the_act_say_what_is_approved(typed: Terminal) -> None:
    typed(f"milestone revise X-1/M1 --due {LATER} --as m1")
    (task,) = [t for t in typed.json("report inbox")["tasks"] if t["task"] == "approve"]
    assert task["title"] == f"change order: M1 due {LATER} (was {DUE})"
    assert task["amount"] is None
    shown = typed.json("contract show 'X-1#4'")
    assert shown["changes"] == [{"what": "M1 due", "before": str(DUE), "after": str(LATER)}]
    assert shown["missing"] == [{"role": "manager", "count": 1, "people": ["m2"]}]
    assert shown["rests_on"] == [{"what": "M1 due", "value": str(DUE), "event": "X-1#2"}]
    said = typed("milestone approve 'X-1#4' --as m2")
    assert f"M1 due {LATER} (was {DUE})" in said


def test_a_part_approved_before_is_told_and_joined_by_the_command_given(typed: Terminal) -> None:
    typed(f"milestone submit X-1/M1 --on {DUE} --as p1")
    typed("milestone approve X-1/M1 --part 75% --as m1")
    said = typed("milestone approve X-1/M1 --as f1")
    assert "m1 approved 75% (225,000.00 CNY)" in said
    shown = typed.json("milestone show X-1/M1")
    (delivery,) = shown["submissions"]
    assert [(a["by"], a["part"], a["count"], a["counts"]) for a in delivery["approvals"]] == [
        ("m1", "75%", 1, False),
        ("f1", None, 2, True),
    ]
    join = re.search(r"to join it: mledger (.+)", said)
    assert join
    assert "X-1/M1 accepted" in typed(join[1])


def test_a_price_that_moved_between_two_approvals_is_told_and_asked_for_again(
    typed: Terminal,
) -> None:
    typed(f"milestone submit X-1/M1 --on {DUE} --as p1")
    typed("milestone approve X-1/M1 --as m1")
    Path("taxed.yaml").write_text(FILE + "tax: {vat: 6%}\n")
    typed("contract apply taxed.yaml --as a1")
    typed("milestone approve 'X-1#6' --as a2")
    tasks = [t for t in typed.json("report inbox")["tasks"] if t["reference"] == "X-1/M1"]
    assert sorted((t["role"], *t["people"]) for t in tasks) == [
        ("finance", "f1", "f2"),
        ("manager", "m1", "m2"),
    ]
    assert "void, the price changed: tax vat none → 18,000.00" in " ".join(
        typed("milestone show X-1/M1").split()
    )
    said = typed("milestone approve X-1/M1 --as f1")
    assert "m1 approved on" in said
    assert "at another price (tax vat none → 18,000.00): a new count begins" in said
    assert "accepted" in typed("milestone approve X-1/M1 --as m1")


def test_what_a_contract_leaves_unsaid_is_said_at_signing_in_show_and_in_the_run(
    typed: Terminal,
) -> None:
    silent = FILE.replace("contract: X-1", "contract: X-2").replace("payment: {net_days: 10}\n", "")
    Path("silent.yaml").write_text(silent.replace("[f1, f2]", "[f1]"))
    said = typed("contract sign silent.yaml --as a1")
    assert "warning: X-2 has no payment terms" in said
    typed("contract revoke X-2 f1 finance --as a1")
    said = typed("milestone approve 'X-2#4' --as a2")
    assert "above 100,000.00 CNY: it needs 1 finance, and nobody may" in said
    assert "no payment terms" not in said, "that was said when it was signed"
    gaps = typed.json("contract show X-2")["gaps"]
    assert {gap["rule"] for gap in gaps} == {"no-payment-terms", "tier-without-approvers"}
    rules = {one["rule"] for one in typed_exceptions(typed)}
    assert {"no-payment-terms", "tier-without-approvers"} <= rules
    grant = typed.hinted(said).replace("PERSON", "f2")
    typed(f"{grant} --as a1")
    typed("milestone approve 'X-2#7' --as a2")
    typed(f"milestone submit X-2/M1 --on {DUE} --as p1")
    typed("milestone approve X-2/M1 --as m1")
    typed("milestone approve X-2/M1 --as f2")
    said = typed(f"payment run --on {TODAY} --as f2")
    assert "not in the run, for want of a due date: 300,000.00 CNY payable of X-2/M1" in said
    assert "instructed" in typed("payment instruct X-2/M1 --as f2")
    said = typed("contract amend X-2 --net-days 30 --as a1")
    (proposal,) = re.findall(r"X-2#\d+", said)[:1]
    assert "X-2 amended" in typed(f"milestone approve '{proposal}' --as a2")


def typed_exceptions(typed: Terminal) -> list[dict[str, Any]]:
    main(["audit", "exceptions", "--json"])
    found: list[dict[str, Any]] = json.loads(typed.capsys.readouterr().out)["exceptions"]
    return found


WHOLE, HALF, AMOUNT = "", " --part 50%", " --part 150,000"


@pytest.mark.parametrize(
    ("first", "second", "accepted"),
    [
        # What a person calls the whole, or a share of it, is another amount since: a new count begins.
        (WHOLE, WHOLE, False),
        (HALF, HALF, False),
        (WHOLE, " --part 300,000", False),
        # An amount that was typed stays that amount.
        (AMOUNT, AMOUNT, True),
        (AMOUNT, " --part 37.5%", True),
    ],
)
def test_an_approval_of_the_whole_holds_no_longer_than_the_whole_is_the_same(
    typed: Terminal, first: str, second: str, accepted: bool
) -> None:
    """300,000 approved by the manager; a change order makes it 400,000; then finance approves."""
    typed("milestone revise X-1/M1 --amount 400,000 --as m1")
    typed(f"milestone submit X-1/M1 --on {DUE} --as p1")
    typed(f"milestone approve X-1/M1{first} --on {DUE} --as m1")
    typed("milestone approve 'X-1#4' --as m2")
    waits = [t["role"] for t in typed.json("report inbox")["tasks"] if t["reference"] == "X-1/M1"]
    assert waits == (["finance"] if accepted else ["finance", "manager"])
    (shown,) = typed.json("milestone show X-1/M1")["submissions"][0]["approvals"]
    assert (bool(shown["changed"]), shown["counts"]) == (not accepted, accepted)
    said = typed(f"milestone approve X-1/M1{second} --as f1")
    assert ("accepted" in said.replace("accepted-part", "")) == accepted
    if not accepted:
        assert "a new count begins" in said and "to join it" not in said
        assert "→" in said
        said = typed(f"milestone approve X-1/M1{second} --as m1")
        assert "X-1/M1 accepted" in said
    explained = typed.json("audit explain X-1/M1")["approvals"]
    assert [a["counts"] for a in explained if a["subject"] == "X-1/M1"] == (
        [True, True] if accepted else [False, True, True]
    )
    assert "decisions: every outcome follows" in typed("audit verify")


def test_an_order_that_cannot_take_effect_says_so_and_waits_for_whoever_proposed_it(
    typed: Terminal,
) -> None:
    typed("milestone revise X-1/M2 --amount 310,000 --as m1")
    typed(f"milestone submit X-1/M2 --on {DUE} --as p1")
    for person in ("m2", "f1"):
        typed(f"milestone approve X-1/M2 --on {DUE} --as {person}")
    shown = typed("contract show 'X-1#4'")
    assert "change order, open, cannot take effect" in shown
    assert "X-1/M2 is accepted [revision-before-acceptance]" in shown
    assert typed.json("contract show 'X-1#4'")["cannot_take_effect"]["rule"] == (
        "revision-before-acceptance"
    )
    (task,) = [t for t in typed.json("report inbox")["tasks"] if t["reference"] == "X-1#4"]
    assert (task["task"], task["people"]) == ("clear the way or reject", ["m1", "m2"])
    assert "X-1/M2 is accepted" in task["title"]
    typed("milestone approve 'X-1#4' --as m2", code=3)
    typed(f"{typed.hinted(shown).replace('WHY', 'late')} --as m1")
    assert not [t for t in typed.json("report inbox")["tasks"] if t["reference"] == "X-1#4"]
    assert "cannot take effect" not in typed("contract show 'X-1#4'")


def test_what_could_not_take_effect_waits_for_its_approvers_once_the_way_is_clear(
    typed: Terminal,
) -> None:
    typed("contract amend X-1 --ceiling 610,000 --as a1")
    typed("milestone revise X-1/M2 --amount 350,000 --as m1")
    typed("milestone approve 'X-1#4' --as a2")
    assert "[committed-within-ceiling]" in typed("contract show 'X-1#5'")
    typed("contract amend X-1 --ceiling 900,000 --as a1")
    (version,) = [p for p in (8, 9) if f"X-1#{p}" in typed("contract show X-1")] or [8]
    typed(f"milestone approve 'X-1#{version}' --as a2")
    assert "cannot take effect" not in typed("contract show 'X-1#5'")
    tasks = typed.json("report inbox")["tasks"]
    assert [t["task"] for t in tasks if t["reference"] == "X-1#5"] == ["approve"]


def test_of_an_outdated_order_with_nothing_left_the_hint_is_to_reject_it(typed: Terminal) -> None:
    for person in ("m1", "m2"):
        typed(f"milestone revise X-1/M1 --due {LATER} --as {person}")
    typed("milestone approve 'X-1#5' --as m1")
    shown = typed("contract show 'X-1#4'")
    assert "outdated" in shown
    typed(f"{typed.hinted(shown)} --as m1")
    assert "rejected" in typed("contract show 'X-1#4'")


def test_of_an_outdated_order_about_what_is_accepted_no_hint_says_to_propose_it_anew(
    typed: Terminal,
) -> None:
    typed("milestone revise X-1/M1 --amount 350,000 --as m1")
    typed("milestone revise X-1/M1 --amount 310,000 --as m1")
    typed("milestone approve 'X-1#5' --as m2")
    typed(f"milestone submit X-1/M1 --on {DUE} --as p1")
    for person in ("m2", "f1"):
        typed(f"milestone approve X-1/M1 --as {person}")
    (task,) = [t for t in typed.json("report inbox")["tasks"] if t["reference"] == "X-1#4"]
    assert task["task"] == "clear the way or reject"
    shown = typed("contract show 'X-1#4'")
    said = typed("milestone approve 'X-1#4' --as m2", code=3)
    hints = {typed.hinted(one) for one in (shown, said)}
    assert hints == {"milestone reject 'X-1#4' --reason outdated"}
    typed(f"{hints.pop()} --as m1")
