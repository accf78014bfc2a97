"""What was measured, as people type it, and what they are told of it: at submission, approval, and ever after."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from commands.main import main
from tests.commands.acting import folder, here, sqlite_template, today

__all__ = ["folder", "here", "sqlite_template", "today"]

FILE = """\
contract: Q-1
{bonuses}
client: HQ
partner: P
currency: CNY
timezone: Asia/Shanghai
signed_on: 2026-10-01
backdating_days: 90
administrators: [a1, a2]
roles: {{manager: [m1, m2], finance: [f1], partner: [p1]}}
approval:
  - quorum: {{manager: 1}}
payment: {{net_days: 10}}
milestones:
  - id: M1
    due: 2026-10-30
    amount: "300,000.00"
{criteria}
"""
ONE = '{milestone: M1, criterion: footfall, at_least: "5,000", amount: "30,000.00"}'
TIERS = (
    "{milestone: M1, criterion: footfall, tiers: ["
    '{at_least: "5,000", amount: "20,000.00"}, {at_least: 8000, amount: "50,000.00"}]}'
)
REQUIRED = '    criteria: [{name: uptime, at_least: 99.5%}, {name: defects, at_most: "1,200"}]'

Heard = pytest.CaptureFixture[str]


@pytest.fixture
def q1(here: Path, capsys: Heard) -> Any:
    def sign(bonuses: str = ONE, criteria: str = "") -> str:
        text = FILE.format(bonuses=f"quality_bonuses: [{bonuses}]", criteria=criteria)
        (here / "q.yaml").write_text(text)
        capsys.readouterr()
        assert main(["contract", "sign", "q.yaml", "--as", "a1"]) == 0
        return capsys.readouterr().err

    return sign


def submit(*measured: str) -> int:
    values = [word for each in measured for word in ("--measured", each)]
    return main(["milestone", "submit", "Q-1/M1", "--on", "2026-10-30", *values, "--as", "p1"])


def approve() -> int:
    return main(["milestone", "approve", "Q-1/M1", "--on", "2026-11-02", "--as", "m1"])


def asked(capsys: Heard, *command: str) -> Any:
    capsys.readouterr()
    assert main([*command, "--json"]) in (0, 6)
    return json.loads(capsys.readouterr().out)


def bonus(capsys: Heard) -> str:
    told = asked(capsys, "audit", "explain", "Q-1/M1")
    lines = [line["amount"]["amount"] for line in told["lines"] if line["step"] == "bonus"]
    return ", ".join(lines)


def test_grouped_thousands_are_understood_as_in_amounts(q1: Any, capsys: Heard) -> None:
    q1()
    assert submit("footfall=5,200") == 0 == approve()
    told = asked(capsys, "milestone", "show", "Q-1/M1")
    assert told["submissions"][0]["measured"] == {"footfall": "5200"}
    assert bonus(capsys) == "30000.00"


@pytest.mark.parametrize(
    "typed",
    [
        "5 200",
        "1e4",
        "10.5,000",
        "5,20",
        "0,500",
        "5200,",
        "5.200,00",
        "5k",
        "5万",
        "5200 ,",
        "+-5",
    ],
)
def test_what_is_no_number_is_refused_with_its_place(q1: Any, capsys: Heard, typed: str) -> None:
    q1()
    assert submit(f"footfall={typed}") == 2
    heard = capsys.readouterr().err
    assert "error[measure-invalid]" in heard
    assert f"--measured 'footfall={typed}'" in heard
    assert asked(capsys, "milestone", "show", "Q-1/M1")["status"] == "expected"


def test_an_unknown_criterion_is_refused_with_the_known_ones(q1: Any, capsys: Heard) -> None:
    q1(criteria=REQUIRED)
    assert submit("footfal=5200", "uptime=99.9%", "defects=3") == 3
    heard = capsys.readouterr().err
    assert "did you mean footfall? its criteria are uptime, defects, footfall" in heard


def test_a_bad_digest_is_refused(q1: Any, capsys: Heard) -> None:
    q1()
    evidence = "https://files.example/report.pdf=abc123"
    assert main(["milestone", "submit", "Q-1/M1", "--evidence", evidence, "--as", "p1"]) == 2
    assert "error[digest-invalid]" in capsys.readouterr().err


def test_what_earns_nothing_is_said_at_once_and_in_the_explanation(q1: Any, capsys: Heard) -> None:
    says = "footfall 4800 is below 5000: no bonus of 30,000.00 CNY"
    q1()
    capsys.readouterr()
    assert submit("footfall=4,800") == 0
    assert says in capsys.readouterr().out
    assert approve() == 0
    assert says in capsys.readouterr().out
    assert main(["audit", "explain", "Q-1/M1"]) == 0
    assert says in capsys.readouterr().out
    told = asked(capsys, "audit", "explain", "Q-1/M1")["unearned"]
    assert told == [
        {
            "criterion": "footfall",
            "measured": "4800",
            "at_least": "5000",
            "amount": {"amount": "30000.00", "currency": "CNY"},
            "earned": {"amount": "0.00", "currency": "CNY"},
        }
    ]


def test_a_bonus_that_nobody_measured_is_said_too(q1: Any, capsys: Heard) -> None:
    q1()
    capsys.readouterr()
    assert submit() == 0
    says = "footfall is not measured: no bonus of 30,000.00 CNY (at least 5000)"
    assert says in capsys.readouterr().out


def test_a_missed_criterion_is_said_everywhere_and_is_a_finding(q1: Any, capsys: Heard) -> None:
    says = "defects 1300 misses the required at most 1200"
    q1(criteria=REQUIRED)
    capsys.readouterr()
    assert submit("uptime=99.5%", "defects=1,300", "footfall=5,000") == 0
    assert says in capsys.readouterr().out
    assert approve() == 0
    assert says in capsys.readouterr().out
    assert main(["milestone", "show", "Q-1/M1"]) == 0
    assert says in capsys.readouterr().out
    shown = asked(capsys, "milestone", "show", "Q-1/M1")["submissions"][0]["missed"]
    assert shown == [
        {"criterion": "defects", "measured": "1300", "bound": "at most", "limit": "1200"}
    ]
    found = asked(capsys, "audit", "exceptions", "--rule", "required-criterion-missed")
    (one,) = found["exceptions"]
    assert (one["milestone"], one["detail"]) == ("Q-1/M1", f"accepted, but {says}")


@pytest.mark.parametrize(
    ("measured", "paid"),
    [("4,999", ""), ("5000", "20000.00"), ("7999.9", "20000.00"), ("8,000", "50000.00")],
)
def test_of_tiers_the_highest_reached_is_paid(
    q1: Any, capsys: Heard, measured: str, paid: str
) -> None:
    assert q1(TIERS) == ""
    assert submit(f"footfall={measured}") == 0 == approve()
    assert bonus(capsys) == paid


def test_a_tier_that_is_not_reached_is_said(q1: Any, capsys: Heard) -> None:
    q1(TIERS)
    capsys.readouterr()
    assert submit("footfall=5,200") == 0
    says = "footfall 5200 is below 8000: a bonus of 20,000.00, not 50,000.00 CNY"
    assert says in capsys.readouterr().out


def test_separate_bonuses_add_up_and_the_signature_says_so(q1: Any, capsys: Heard) -> None:
    heard = q1(
        '{milestone: M1, criterion: footfall, at_least: 5000, amount: "20,000.00"}, '
        '{milestone: M1, criterion: footfall, at_least: 8000, amount: "50,000.00"}'
    )
    assert "20,000.00 from 5000 on and 50,000.00 from 8000 on, 70,000.00 CNY together" in heard
    tiers = heard.partition("with tiers: [")[2].partition("]")[0]
    assert submit("footfall=9000") == 0 == approve()
    assert bonus(capsys) == "20000.00, 50000.00"
    text = Path("q.yaml").read_text()
    start, end = text.index("quality_bonuses:"), text.index("client:")
    hinted = f"quality_bonuses: [{{milestone: M1, criterion: footfall, tiers: [{tiers}]}}]\n"
    followed = text[:start] + hinted + text[end:]
    Path("r.yaml").write_text(followed.replace("Q-1", "Q-2"))
    assert main(["contract", "sign", "r.yaml", "--as", "a1"]) == 0
    assert "warning" not in capsys.readouterr().err
