"""What a source cannot know is not recorded: null in every row, and in no rate, total, inbox or payment run."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from commands.main import main

Run = Callable[..., dict[str, Any]]

# A source that has no columns for payments, disputes and rejections; and one release of which a delivery was met
# without a date, changed later than the release itself, and another is open, due after the release.
NOPAY = (
    "contract,partner,milestone,amount,currency,current_due,delivered,approved\n"
    "C1,P,M1,100,USD,2010-01-01,2010-01-01,2010-01-02\n"
)
RELEASE: dict[str, Any] = {
    "ocid": "x-2",
    "id": "r1",
    "date": "2017-02-08T00:00:00Z",
    "tag": ["implementation"],
    "contracts": [
        {
            "id": "C1",
            "value": {"amount": 100, "currency": "MXN"},
            "implementation": {
                "milestones": [
                    {
                        "id": "M1",
                        "status": "met",
                        "dueDate": "2017-07-31T00:00:00Z",
                        "dateModified": "2017-07-31T00:00:00Z",
                    },
                    {"id": "M2", "status": "partiallyMet", "dueDate": "2017-07-31T00:00:00Z"},
                ]
            },
        }
    ],
}


@pytest.fixture
def run(sqlite_url: str, capsys: pytest.CaptureFixture[str]) -> Run:
    def json_of(*words: str, code: int = 0) -> dict[str, Any]:
        assert main([*words, "--json", "--database", sqlite_url]) == code
        found: dict[str, Any] = json.loads(capsys.readouterr().out)
        return found

    return json_of


def put(folder: Path, name: str, text: str) -> str:
    (folder / name).write_text(text)
    return str(folder / name)


def release(**changed: Any) -> str:
    return json.dumps(RELEASE | changed)


# --- a source without payments, disputes and rejections ----------------------------------------------


def test_nothing_is_owed_and_nobody_pays_where_no_source_tells_of_payments(
    run: Run, tmp_path: Path
) -> None:
    run("import", "csv", put(tmp_path, "nopay.csv", NOPAY))
    (line,) = run("report", "schedule")["lines"]
    assert line["net"] == {"amount": "100.00", "currency": "USD"}
    unknown = ("held", "paid", "outstanding", "payable")
    assert {name: line[name] for name in unknown} == dict.fromkeys(unknown)
    (total,) = run("report", "schedule")["totals"]
    assert {name: total[name] for name in unknown} == dict.fromkeys(unknown)
    assert run("report", "inbox")["tasks"] == []
    (owed,) = run("report", "exposure")["by_currency"]
    assert [owed[name] for name in ("due", "overdue", "held", "claims")] == [None] * 4
    (contract,) = run("report", "register")["contracts"]
    assert (contract["payments"], contract["paid"]) == (None, None)


@pytest.mark.parametrize(("disputed", "tasks"), [("", ["pay"]), ("2010-01-10", [])])
def test_nobody_is_asked_to_pay_what_a_dispute_of_an_unknown_amount_may_hold(
    run: Run, tmp_path: Path, disputed: str, tasks: list[str]
) -> None:
    head = "contract,partner,milestone,amount,currency,current_due,delivered,approved,paid_on,paid_amount,disputed_on"
    row = f"C1,P,M1,100,USD,2010-01-01,2010-01-01,2010-01-02,,,{disputed}"
    run("import", "csv", put(tmp_path, "paid.csv", f"{head}\n{row}\n"))
    assert [t["task"] for t in run("report", "inbox")["tasks"] if t["task"] == "pay"] == tasks


def test_a_source_that_cannot_know_is_in_no_rate(run: Run, tmp_path: Path) -> None:
    run("import", "csv", put(tmp_path, "nopay.csv", NOPAY))
    for report in ("disputes", "first-pass"):
        found = run("report", report)["overall"]
        assert (found["denominator"], found["rate"]) == (0, None), report
        assert (found["excluded_unknown"], found["excluded_not_recorded"]) == (1, 1), report
    # What it does tell is counted.
    found = run("report", "on-time")["overall"]["current"]
    assert (found["numerator"], found["denominator"]) == (1, 1)


def test_the_same_file_again_records_nothing(run: Run, tmp_path: Path) -> None:
    file = put(tmp_path, "nopay.csv", NOPAY)
    assert run("import", "csv", file)["events"] > 0
    assert run("import", "csv", file)["events"] == 0


def test_what_a_later_import_tells_is_known_from_then_on(run: Run, tmp_path: Path) -> None:
    run(
        "import",
        "csv",
        put(tmp_path, "nopay.csv", NOPAY + "C1,P,M2,70,USD,,2010-03-01,2010-03-02\n"),
    )
    later = (
        "contract,milestone,currency,paid_on,paid_amount,disputed_on\nC1,M1,USD,2010-02-01,40,\n"
    )
    run("import", "csv", put(tmp_path, "paid.csv", later))
    lines = {line["milestone"]: line for line in run("report", "schedule")["lines"]}
    assert lines["C1/M1"]["outstanding"] == {"amount": "60.00", "currency": "USD"}
    assert lines["C1/M1"]["held"] == {"amount": "0.00", "currency": "USD"}
    assert lines["C1/M2"]["outstanding"] is None
    (total,) = run("report", "schedule")["totals"]
    assert (total["net"]["amount"], total["paid"]["amount"]) == ("170.00", "40.00")
    assert total["outstanding"]["amount"] == "60.00"
    found = run("report", "disputes")["overall"]
    assert (found["denominator"], found["excluded_not_recorded"]) == (1, 1)


def test_a_sheet_that_has_the_columns_tells_that_nothing_was_paid(run: Run, tmp_path: Path) -> None:
    text = "contract,milestone,amount,currency,delivered,approved,paid_on\nC,M,5,USD,2010-01-01,2010-01-01,\n"
    run("import", "csv", put(tmp_path, "unpaid.csv", text))
    (line,) = run("report", "schedule")["lines"]
    assert (line["paid"]["amount"], line["outstanding"]["amount"]) == ("0.00", "5.00")


def test_an_unknown_amount_is_unknown_in_net_and_outstanding(run: Run, tmp_path: Path) -> None:
    text = (
        "contract,milestone,currency,delivered,approved,paid_on\nC,M,USD,2010-01-01,2010-01-01,\n"
    )
    run("import", "csv", put(tmp_path, "amountless.csv", text))
    (line,) = run("report", "schedule")["lines"]
    assert [line[n] for n in ("gross", "net", "outstanding", "payable")] == [None] * 4
    (contract,) = run("report", "register")["contracts"]
    assert contract["committed"] is None


def test_where_no_source_tells_of_deliveries_nothing_is_late_and_nobody_is_asked(
    run: Run, tmp_path: Path
) -> None:
    text = "contract,milestone,amount,currency,current_due\nC,M,5,USD,2010-01-01\n"
    run("import", "csv", put(tmp_path, "plan.csv", text))
    found = run("report", "on-time")["overall"]["original"]
    assert (found["denominator"], found["excluded_not_recorded"]) == (0, 1)
    assert run("report", "inbox")["tasks"] == []
    assert run("report", "schedule")["totals"][0]["expected"] is None


# --- a source that was last heard of before something was due ------------------------------------------


def test_what_is_inferred_or_not_heard_of_since_is_in_no_rate(run: Run, tmp_path: Path) -> None:
    run("import", "ocds", put(tmp_path, "mininf.json", release()), code=0)
    for name in ("original", "current"):
        found = run("report", "on-time")["overall"][name]
        assert (found["numerator"], found["denominator"], found["rate"]) == (0, 0, None)
        assert (found["excluded_inferred"], found["excluded_not_heard"]) == (1, 1)
    said = {one["milestone"]: one for one in run("report", "on-time", "--milestones")["milestones"]}
    assert said["x-2/C1/M1"]["inferred"] == ["delivered_on"]
    assert said["x-2/C1/M2"]["heard_on"] == "2017-02-08"


@pytest.mark.parametrize(
    ("heard", "late"), [("2017-07-30", 0), ("2017-07-31", 0), ("2017-08-01", 1)]
)
def test_open_is_late_once_its_source_was_heard_of_after_the_due_date(
    run: Run, tmp_path: Path, heard: str, late: int
) -> None:
    run("import", "ocds", put(tmp_path, "r.json", release(date=f"{heard}T00:00:00Z")))
    found = run("report", "on-time")["overall"]["current"]
    assert (found["denominator"], found["excluded_not_heard"]) == (late, 1 - late)


def test_a_release_without_a_date_tells_of_nothing_open(run: Run, tmp_path: Path) -> None:
    undated = {name: value for name, value in RELEASE.items() if name != "date"}
    run("import", "ocds", put(tmp_path, "r.json", json.dumps(undated)))
    found = run("report", "on-time")["overall"]["current"]
    assert (found["denominator"], found["excluded_not_recorded"]) == (0, 1)


def test_the_as_of_column_says_when_a_sheet_was_true(run: Run, tmp_path: Path) -> None:
    text = (
        "contract,milestone,current_due,delivered,as_of\n"
        "C,before,2010-01-01,,2010-02-01\nD,after,2010-03-01,,2010-02-01\n"
    )
    run("import", "csv", put(tmp_path, "tracker.csv", text))
    found = run("report", "on-time")["overall"]["current"]
    assert (found["numerator"], found["denominator"], found["excluded_not_heard"]) == (0, 1, 1)


def test_payments_told_without_their_milestones_leave_open_which_were_paid(
    run: Run, tmp_path: Path
) -> None:
    contract = json.loads(json.dumps(RELEASE["contracts"][0]))
    contract["implementation"]["milestones"][0] |= {
        "dateMet": "2017-01-31T00:00:00Z",
        "value": {"amount": 60, "currency": "MXN"},
    }
    paid = {"id": "T1", "date": "2017-02-01T00:00:00Z", "value": {"amount": 60, "currency": "MXN"}}
    contract["implementation"]["transactions"] = [paid]
    run("import", "ocds", put(tmp_path, "r.json", release(contracts=[contract])))
    lines = {
        line["kind"]: line
        for line in run("report", "schedule")["lines"]
        if line["status"] in ("accepted", "paid")
    }
    assert lines["unallocated"]["paid"]["amount"] == "60.00"
    assert (lines["milestone"]["net"]["amount"], lines["milestone"]["outstanding"]) == (
        "60.00",
        None,
    )
    assert run("report", "inbox")["tasks"][0]["task"] == "deliver"


# --- how it is said ------------------------------------------------------------------------------------


def test_every_report_says_what_is_not_recorded_and_how_to_list_it(
    run: Run, tmp_path: Path, sqlite_url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    run("import", "csv", put(tmp_path, "nopay.csv", NOPAY))
    for report in ("schedule", "inbox", "exposure", "register", "disputes", "first-pass"):
        assert main(["report", report, "--database", sqlite_url]) == 0
        said = capsys.readouterr().out
        assert "payments not recorded for 1 contract, 1 accepted milestone, 100.00 USD" in said, (
            report
        )
        assert "list them: mledger report unknown" in said
    lines = run("report", "unknown")["lines"]
    assert [(one["milestone"], one["not_recorded"]) for one in lines] == [
        (None, ["payments"]),
        ("C1/M1", ["rejections", "disputes", "payments"]),
    ]
    (found,) = run("report", "schedule")["unknown"]
    assert found["payments_not_recorded"]["amount"] == {"amount": "100.00", "currency": "USD"}


def test_an_inferred_date_is_marked_in_every_list(run: Run, tmp_path: Path) -> None:
    run("import", "ocds", put(tmp_path, "r.json", release()))
    for words in (("report", "register"), ("milestone", "list")):
        marked = [one["inferred"] for one in run(*words)["milestones"]]
        assert marked == [["submitted_on"], []], words
    assert run("milestone", "show", "x-2/C1/M1")["inferred"] == ["submitted_on"]


@pytest.mark.parametrize(
    ("heard", "overdue"), [("2017-02-08", None), ("2017-07-31", None), ("2017-08-01", 5)]
)
def test_open_and_not_heard_of_since_is_not_overdue_in_the_inbox(
    run: Run, tmp_path: Path, heard: str, overdue: int | None
) -> None:
    text = release(date=f"{heard}T00:00:00Z")
    run("import", "ocds", put(tmp_path, "r.json", text))
    (task,) = run("report", "inbox", "--as-of", "2017-08-05")["tasks"]
    assert (task["due_on"], task["overdue_days"], task["heard_on"]) == (
        "2017-07-31",
        overdue,
        heard,
    )


def test_a_package_of_what_is_not_recorded_names_no_payments(
    run: Run, tmp_path: Path, sqlite_url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    run("import", "csv", put(tmp_path, "nopay.csv", NOPAY))
    assert main(["export", "ocds", "--database", sqlite_url]) == 0
    package = json.loads(capsys.readouterr().out)
    (contract,) = package["releases"][0]["contracts"]
    assert "transactions" not in contract["implementation"]


def test_what_nobody_sees_in_an_imported_name_is_kept_and_shown_escaped(
    run: Run, tmp_path: Path, sqlite_url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    file = put(tmp_path, "odd.csv", NOPAY.replace(",P,", ",Stu\u202edi\u200bo,"))
    run("import", "csv", file)
    (contract,) = run("report", "register")["contracts"]
    assert contract["partner"] == "Stu\u202edi\u200bo"
    assert main(["report", "register", "--database", sqlite_url]) == 0
    shown = capsys.readouterr().out
    assert r"Stu\u202edi\u200bo" in shown and "\u202e" not in shown
    (found,) = run("report", "register", "--partner", "Stu\u202edi\u200bo")["contracts"]
    assert found["contract"] == contract["contract"], "a filter names what there is"


def test_a_payment_run_says_what_no_source_tells_the_payments_of(
    run: Run, tmp_path: Path, sqlite_url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    run("import", "csv", put(tmp_path, "nopay.csv", NOPAY))
    words = ["payment", "run", "--on", "2010-02-01", "--as", "ann", "--database", sqlite_url]
    assert main(words) == 0
    said = capsys.readouterr().err
    told = "payments not recorded for 1 contract, 1 accepted milestone, 100.00 USD"
    assert f"not in the run: {told}\n" in said
    assert "hint: list them, mledger report unknown" in said
    run(
        "import",
        "csv",
        put(
            tmp_path,
            "paid.csv",
            NOPAY.replace("approved", "approved,paid_on,paid_amount").replace(
                "01-02", "01-02,2010-01-20,100"
            ),
        ),
    )
    assert main(words) == 0
    assert "not in the run" not in capsys.readouterr().err


def test_the_schedule_says_of_each_line_what_is_not_known_of_it(run: Run, tmp_path: Path) -> None:
    run("import", "csv", put(tmp_path, "nopay.csv", NOPAY), code=0)
    (line,) = run("report", "schedule")["lines"]
    assert (line["inferred"], line["not_recorded"]) == ([], ["rejections", "disputes", "payments"])
    run("import", "ocds", put(tmp_path, "release.json", json.dumps(RELEASE)), code=0)
    lines = {one["milestone"]: one for one in run("report", "schedule")["lines"]}
    (met,) = (one for name, one in lines.items() if name.endswith("/M1") and one != line)
    assert met["inferred"] == ["submitted_on"]


def test_an_explanation_marks_an_inferred_day_and_adds_up_nothing_that_is_not_known(
    run: Run, tmp_path: Path, sqlite_url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    run("import", "csv", put(tmp_path, "nopay.csv", NOPAY), code=0)
    told = run("audit", "explain", "C1/M1")
    assert told["net"] == {"amount": "100.00", "currency": "USD"}
    assert [told[name] for name in ("held", "paid", "outstanding", "payable")] == [None] * 4
    assert told["not_recorded"] == ["rejections", "disputes", "payments"]
    assert main(["audit", "explain", "C1/M1", "--database", sqlite_url]) == 0
    lines = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert ["net", "100.00", "sum", "of", "the", "lines"] in lines
    assert [line[:2] for line in lines if line[:1] in (["paid"], ["outstanding"], ["payable"])] == [
        ["paid", "?"],
        ["outstanding", "?"],
        ["payable", "?"],
    ]
    run("import", "ocds", put(tmp_path, "release.json", json.dumps(RELEASE)), code=0)
    met = next(one for one in run("report", "register")["milestones"] if one["inferred"])
    name = f"{met['contract']}/{met['milestone'].rpartition('/')[2]}"
    assert run("audit", "explain", name)["inferred"] == ["submitted_on"]
    assert main(["audit", "explain", name, "--database", sqlite_url]) == 0
    assert "submitted 2017-07-31 (inferred), accepted" in capsys.readouterr().out
