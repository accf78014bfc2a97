"""What is offered for reports on payment files that wait is done as it stands there, and comes to what it says."""

from __future__ import annotations

from pathlib import Path

import pytest

from commands.main import main
from tests.bank.setting import RUN, T2, asked, payable, standing, take
from tests.bank.test_following import NOTHING, choices, follow
from tests.bank.test_status_reports import REJECTED_FILE, WHY, WRITING, group, report, single

Heard = pytest.CaptureFixture[str]
REJECTS = report(group(1, single(T2, "RJCT", WHY)))
SETTLES = report(group(1, single(T2, "ACSC")), made="2026-06-12T08:00:00")
AFTER_ALL = "if it pays that after all"


def test_a_rejected_file_of_ours_fails_what_waits_by_the_commands_told(
    instructed: Path, capsys: Heard
) -> None:
    (told,) = take(capsys, instructed, report(file=REJECTED_FILE, message=WRITING))["waiting"]
    assert (told["finding"], RUN in told["says"]) == ("file-rejected", True)
    assert {s for states, _ in standing(capsys).values() for s in states} == {"instructed"}
    (entry,) = asked(capsys, "report", "bank")["entries"]
    follow(capsys, next(iter(choices(entry["command"]))))
    assert {s for states, _ in standing(capsys).values() for s in states} == {"failed"}
    assert len(payable(capsys)) == 6


@pytest.mark.parametrize("together", [True, False])
def test_what_failed_and_is_called_settled_is_told_and_recorded_by_the_commands_told(
    instructed: Path, capsys: Heard, together: bool
) -> None:
    if together:
        said = take(capsys, instructed, SETTLES, REJECTS)
    else:
        take(capsys, instructed, REJECTS)
        said = take(capsys, instructed, SETTLES)
    assert [w["finding"] for w in said["waiting"]] == ["contradiction"]
    assert "CN-2/M1" in payable(capsys)
    follow(capsys, AFTER_ALL)
    assert "CN-2/M1" not in payable(capsys)
    said = take(capsys, instructed, SETTLES)
    assert (said["waiting"], said["events"]) == ([], 0)


def test_it_is_dismissed_once(instructed: Path, capsys: Heard) -> None:
    take(capsys, instructed, REJECTS, SETTLES)
    follow(capsys, NOTHING)
    assert take(capsys, instructed, SETTLES)["waiting"] == []
    assert standing(capsys)["T2"] == ({"failed"}, "0.00")


def test_people_read_what_kind_of_entry_it_is(instructed: Path, capsys: Heard) -> None:
    take(capsys, instructed, REJECTS, SETTLES)
    assert main(["report", "bank"]) == 0
    assert f"accepted of 2026-06-12, an unknown amount, R1:{T2}: calls {T2}" in (
        capsys.readouterr().out
    )


def test_an_acceptance_alone_records_nothing(instructed: Path, capsys: Heard) -> None:
    said = take(capsys, instructed, SETTLES)
    assert (said["events"], said["kept"], said["waiting"], said["skipped"]) == (0, 0, [], [])
