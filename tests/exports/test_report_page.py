"""report.html, read as a person reads it: its facts, sentences and tables, against the scenario's figures."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from html import unescape
from typing import Any, cast

import msgspec
import pytest

from ledger.contract import fold
from ledger.events import Line, PenaltyAssessed, Record
from ledger.intents import TakenMilestone, TakenPayment, TakeOver
from ledger.state import Contract
from projections.exception_rules.rule import Exceptional
from projections.exports.bundle import report as page
from projections.exports.bundle.source import Source
from tests.decisions.builders import contract, defined
from tests.exports.ledgers import CLAIM
from tests.oracle.play import Play
from tests.stories import double_eleven

STORY = double_eleven()
C = "BW-2026-014"


@dataclass
class Log:
    """What the page asks of a bundle's source."""

    histories: list[list[Record]] = field(default_factory=lambda: [STORY])
    names: tuple[str, ...] | None = None
    until: int = 42
    recorded_at: str = "2026-11-22T04:00:00.000042Z"
    as_of: date | None = None
    today: date = date(2026, 11, 22)
    authenticating: bool = False
    ledger_id: str = "L"

    def contracts(self) -> Iterator[tuple[list[Record], Contract]]:
        for records in self.histories:
            state = fold(records, self.as_of)
            assert state is not None
            yield records, state


def told(
    log: Log | None = None,
    sealed: int = 0,
    exceptions: Sequence[Exceptional] = (),
    unchecked: dict[tuple[str, str], int] | None = None,
) -> str:
    return "".join(page.report(cast(Source, log or Log()), sealed, exceptions, unchecked or {}))


def part(text: str, heading: str) -> str:
    """What stands below a heading, up to the next one of any size."""
    found = re.split(r"<h[23]>(.*?)</h[23]>\n", text)
    return dict(zip(found[1::2], found[2::2], strict=True))[heading]


def facts(text: str) -> dict[str, str]:
    """The first list of names and values."""
    first = text.partition("</dl>")[0]
    return {k: unescape(v) for k, v in re.findall(r"<dt>(.*?)</dt><dd>(.*?)</dd>", first)}


def tables(text: str) -> list[list[list[str]]]:
    """The tables in a text, each with its heads as the first row."""
    return [
        [
            [unescape(cell) for cell in re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row)]
            for row in re.findall(r"<tr[^>]*>(.*?)</tr>", table)
        ]
        for table in text.split("<table>")[1:]
    ]


def taken(*milestones: TakenMilestone, **more: Any) -> list[Record]:
    play = Play()
    whole = {"currency": "CNY", "known_claim": CLAIM, "milestones": milestones} | more
    assert play.act("C-1", "importer", TakeOver(contract="C-1", **whole))
    return play.records


# --- the moment, and what it is of -----------------------------------------------------------------


def test_the_page_says_of_what_and_of_when_it_is() -> None:
    assert facts(told()) == {
        "Ledger": "L",
        "Contracts": "all contracts",
        "Log position": "42, recorded 2026-11-22T04:00:00.000042Z",
        "Facts as of": "everything recorded, whatever its day",
        "Metrics as of": "2026-11-22",
        "Sealed": "not sealed: nothing proves these records",
    }
    chosen = facts(told(Log(names=(C, "C-2"), as_of=date(2026, 11, 8)), sealed=40))
    assert chosen["Contracts"] == f"{C}, C-2"
    assert (chosen["Facts as of"], chosen["Sealed"]) == ("2026-11-08", "up to position 40")


def test_an_empty_log_has_a_page_too() -> None:
    text = told(Log(histories=[], until=0, recorded_at=""))
    assert facts(text)["Log position"] == "0: no event"
    assert "<h2>Totals of 0 contracts</h2>" in text


@pytest.mark.parametrize("authenticating", [True, False])
def test_that_actors_are_claims_is_said_where_the_database_does_not_know_them(
    authenticating: bool,
) -> None:
    said = "Actors are claims" in told(Log(authenticating=authenticating))
    assert said is not authenticating


# --- totals and exceptions -------------------------------------------------------------------------


def test_the_totals_are_the_scenarios_per_currency() -> None:
    """shared/scenarios/double-11.md: net 902,580.00, paid 421,800.00, 200,000.00 expected."""
    yen = taken(TakenMilestone(id="M1", status="accepted", amount_minor=7), currency="JPY")
    heads = ["currency", "net", "held", "instructed", "paid", "outstanding", "payable", "expected"]
    story = ["CNY", "902,580.00", "0.00", "0.00", "421,800.00", "480,780.00", "480,780.00"]
    alone = told()
    assert tables(part(alone, "Totals of 1 contract")) == [[heads, [*story, "200,000.00"]]]
    both = tables(part(told(Log(histories=[yen, STORY])), "Totals of 2 contracts"))[0]
    assert both[1] == [*story, "200,000.00"]
    assert (both[2][0], both[2][1]) == ("JPY", "7")


def test_exceptions_name_where_and_the_first_twelve_events() -> None:
    events = list(range(1, 14))
    found = [
        Exceptional("a-rule", "high", C, f"{C}/M1", "what is wrong", events[:12]),
        Exceptional("b-rule", "low", C, None, "of the contract", events),
    ]
    text = told(exceptions=found, unchecked={("c-rule", "no calendar"): 2})
    below = part(text, "Exceptions")
    assert tables(below) == [
        [
            ["severity", "rule", "where", "detail", "events"],
            ["high", "a-rule", f"{C}/M1", "what is wrong", "1 2 3 4 5 6 7 8 9 10 11 12"],
            ["low", "b-rule", C, "of the contract", "1 2 3 4 5 6 7 8 9 10 11 12 and 1 more"],
        ]
    ]
    assert "None: no rule" not in below
    assert "<li>c-rule: no calendar (2)</li>" in below


def test_no_exception_is_said_and_nothing_unchecked_is_not() -> None:
    below = part(told(), "Exceptions")
    assert "<p>None: no rule that is looked at was broken.</p>" in below
    assert "Not checked" not in below


def test_beyond_a_hundred_contracts_the_page_says_where_the_others_are(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert page.MOST_EXPLAINED == 100
    monkeypatch.setattr(page, "MOST_EXPLAINED", 1)
    other = taken(TakenMilestone(id="M1", status="accepted", amount_minor=7))
    assert "Further contracts" not in told()
    text = told(Log(histories=[STORY, other]))
    assert "<p>Only the first 1 contracts are explained here;" in part(text, "Further contracts")
    assert "C-1/M1" not in text


# --- one contract ----------------------------------------------------------------------------------


def test_a_contract_is_told_with_its_parties_ceiling_and_events() -> None:
    assert facts(part(told(), f"{C} – 双十一 Double 11 launch")) == {
        "Client": "BrightWave",
        "Partner": "Hangzhou Content Studio",
        "Ceiling": "1,300,000.00 CNY",
        "Status": "active",
        "Signed on": "2026-08-03",
        "Time zone": "Asia/Shanghai",
        "Events": "41, positions 1 to 41",
    }


def test_what_an_import_does_not_know_is_left_out_and_its_status_says_imported() -> None:
    records = taken(TakenMilestone(id="M1", status="accepted", amount_minor=7))
    assert facts(part(told(Log(histories=[records])), "C-1")) == {
        "Status": "active (imported)",
        "Time zone": "UTC",
        "Events": f"{len(records)}, positions 1 to {len(records)}",
    }


@pytest.mark.parametrize("separation", [True, False])
def test_duties_that_are_not_separated_are_an_alarm(separation: bool) -> None:
    records = contract(separation=separation).records
    alarm = "Separation of duties is off" in told(Log(histories=[records]))
    assert alarm is not separation


def test_the_schedule_leaves_out_columns_in_which_nothing_stands() -> None:
    """As of 2026-10-28 in the scenario: a bonus, a penalty and a hold, no adjustment, nothing instructed."""
    text = told(Log(as_of=date(2026, 10, 28)))
    (table,) = tables(part(text, "Schedule, in CNY"))
    assert table == [
        [
            *("milestone", "status", "due on", "gross", "bonus", "penalty", "net", "held", "paid"),
            *("outstanding", "payable", "expected"),
        ],
        [
            *("M1 Concept", "paid", "2026-09-19", "120,000.00", "1,800.00", "0.00", "121,800.00"),
            *("0.00", "121,800.00", "0.00", "0.00", "0.00"),
        ],
        [
            *("M2 Shop build", "accepted", "2026-11-07", "300,000.00", "0.00", "0.00"),
            *("300,000.00", "0.00", "0.00", "300,000.00", "300,000.00", "0.00"),
        ],
        [
            *("M3 Content", "accepted", "2026-11-21", "180,000.00", "0.00", "720.00"),
            *("179,280.00", "45,000.00", "0.00", "179,280.00", "134,280.00", "0.00"),
        ],
        [
            *("M4 Live campaign", "expected", "2026-12-12", "400,000.00", "0.00", "0.00"),
            *("0.00", "0.00", "0.00", "0.00", "0.00", "400,000.00"),
        ],
        [
            *("M5 Report", "expected", "2027-01-03", "100,000.00", "0.00", "0.00"),
            *("0.00", "0.00", "0.00", "0.00", "0.00", "100,000.00"),
        ],
        [
            *("total", "", "", "1,100,000.00", "1,800.00", "720.00", "601,080.00", "45,000.00"),
            *("121,800.00", "479,280.00", "434,280.00", "500,000.00"),
        ],
    ]


def test_what_is_paid_without_naming_a_milestone_has_a_row_and_the_unknown_is_said() -> None:
    records = taken(
        TakenMilestone(id="M1", status="accepted"),
        payments=(TakenPayment(reference="a", amount_minor=5),),
    )
    (table,) = tables(part(told(Log(histories=[records])), "Schedule, in CNY"))
    rows = {row[0]: dict(zip(table[0], row, strict=True)) for row in table[1:]}
    assert set(rows) == {"M1", "(naming none)", "total"}
    assert (rows["M1"]["net"], rows["(naming none)"]["paid"]) == ("unknown", "0.05")


@pytest.mark.parametrize(
    ("milestone", "says"),
    [
        (
            "M1 Concept",
            "due 2026-08-21; planned 120,000.00 CNY; submitted 2026-08-18; accepted 2026-08-20;"
            " payment due 2026-09-19",
        ),
        (
            "M2 Shop build",
            "due 2026-09-25 (originally 2026-09-18); planned 300,000.00 CNY; submitted 2026-09-25;"
            " accepted 2026-10-08; payment due 2026-11-07",
        ),
        ("M5 Report", "due 2026-12-04; planned 100,000.00 CNY; expected"),
    ],
)
def test_how_a_milestone_stands_in_one_sentence(milestone: str, says: str) -> None:
    assert f"<p>{says}</p>" in part(told(), f"{C}/{milestone}")


def test_days_and_amounts_that_nobody_knows_are_said_to_be_unknown() -> None:
    records = taken(TakenMilestone(id="M1", status="accepted"))
    below = part(told(Log(histories=[records])), "C-1/M1")
    assert "<p>no due date; planned unknown CNY; accepted on an unknown day</p>" in below


def test_lines_payments_and_approvals_of_a_milestone() -> None:
    lines, moved, approvals = tables(part(told(), f"{C}/M1 Concept"))
    assert [row[:2] for row in lines] == [
        ["line", "CNY"],
        ["gross, accepted-part", "120,000.00"],
        ["bonus, early", "1,800.00"],
        ["net", "121,800.00"],
    ]
    assert lines[2][2].startswith("3 days early × 0.5% × 120,000.00 = 1,800.00")
    assert lines[3][2:] == ["sum of the lines", ""]
    assert moved[0] == [
        *("payment or claim", "reference", "CNY", "on", "status", "ended on", "events")
    ]
    assert [(*row[:1], *row[2:6]) for row in moved[1:]] == [
        ("payment", "121,800.00", "2026-09-19", "paid", "")
    ]
    assert approvals[0] == [
        *("approved", "by", "as", "on", "login", "recorded at", "counts", "event")
    ]
    ((subject, *who, recorded_at, counts, event),) = approvals[1:]
    assert (subject, who) == (f"{C}/M1", ["manager-1", "manager", "2026-08-20", "tester"])
    approval = next(r for r in STORY if type(r.data).__name__ == "ApprovalGranted")
    assert (recorded_at, counts, event) == (approval.recorded_at, "yes", str(approval.position))


def test_a_payment_that_came_back_says_when() -> None:
    _, moved, _ = tables(part(told(), f"{C}/M2 Shop build"))
    assert [row[3:6] for row in moved[1:]] == [
        ["2026-11-07", "reversed", "2026-11-10"],
        ["2026-11-12", "paid", ""],
    ]


def test_a_line_that_its_clause_does_not_give_is_an_alarm() -> None:
    records = []
    for one in STORY:
        if isinstance(one.data, PenaltyAssessed):
            lines = tuple(_less(line) for line in one.data.lines)
            one = msgspec.structs.replace(one, data=msgspec.structs.replace(one.data, lines=lines))
        records.append(one)
    assert "Differs from its clause" not in told()
    below = part(told(Log(histories=[records])), f"{C}/M3 Content")
    accepted = [r.position for r in STORY if type(r.data).__name__ == "MilestoneAccepted"][2]
    assert (
        f"Differs from its clause: penalty, late at position {accepted}: the inputs agree" in below
    )


def _less(line: Line) -> Line:
    return msgspec.structs.replace(line, amount_minor=line.amount_minor + 1)


def test_a_void_milestone_is_not_explained_and_a_milestone_without_title_has_its_id_alone() -> None:
    records = contract(defined("M1"), title="").records
    text = told(Log(histories=[records]))
    assert "<h2>C-1</h2>" in text and "<h3>C-1/M1</h3>" in text
