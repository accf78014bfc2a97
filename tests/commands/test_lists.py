"""Lists are filtered, sorted, cut to columns and summed as a person asks, and say what they leave out."""

from __future__ import annotations

import io
import json
import shlex
import sys
from decimal import Decimal
from importlib import import_module
from pathlib import Path
from typing import Any

import click
import pytest
from wcwidth import wcswidth

from commands.main import main
from commands.tree import all_commands
from projections.views.view import View
from tests.commands.chinese import C, played, sqlite_template, today, told
from tests.commands.on_a_terminal import as_records, grids, left_out, plain, shown

__all__ = ["played", "sqlite_template", "today", "told"]

Heard = pytest.CaptureFixture[str]


def listed(capsys: Heard, *words: str) -> dict[str, Any]:
    assert main([*words, "--json"]) == 0, capsys.readouterr().err
    return dict(json.loads(capsys.readouterr().out))


def table(capsys: Heard, *words: str) -> str:
    assert main([*words]) == 0, capsys.readouterr().err
    return capsys.readouterr().out


def refused(capsys: Heard, *words: str) -> str:
    assert main([*words]) == 2
    heard = capsys.readouterr()
    assert heard.out == ""
    return heard.err


# --- what is asked for ----------------------------------------------------------------------------


def test_only_the_columns_asked_for_in_that_order_in_every_format(
    told: Path, capsys: Heard
) -> None:
    asked = ("milestone", "list", "--contract", C, "--columns", "amount,owner,milestone")
    one = listed(capsys, *asked)["milestones"][0]
    assert list(one) == ["amount", "owner", "milestone", "currency"]
    assert table(capsys, *asked, "--format", "csv").startswith("amount,owner,milestone,currency\n")
    (grid,) = grids(table(capsys, *asked))
    assert grid.titles == ["amount", "owner", "milestone", "currency"]


def test_a_descending_order_and_one_within_it(told: Path, capsys: Heard) -> None:
    told_ = listed(capsys, "milestone", "list", "--sort", "-stage,milestone")["milestones"]
    order = [(one["stage"], one["milestone"]) for one in told_]
    stages = sorted({stage for stage, _ in order}, reverse=True)
    assert order == [pair for stage in stages for pair in sorted(o for o in order if o[0] == stage)]


def test_totals_are_told_per_currency_of_what_the_filters_leave(told: Path, capsys: Heard) -> None:
    asked = ("milestone", "list", "--where", "amount>=180000", "--stage", "build")
    found = listed(capsys, *asked)
    assert [(one["currency"], one["milestones"]) for one in found["totals"]] == [
        ("CNY", 2),
        ("JPY", 2),
    ]
    assert [one["amount"]["amount"] for one in found["totals"]] == ["480000.00", "480000"]
    (grid,) = grids(table(capsys, *asked))
    assert [row[0] for row in grid.rows[-2:]] == ["total CNY", "total JPY"]
    sums = [row[grid.titles.index("amount")] for row in grid.rows[-2:]]
    assert sums == ["480,000.00", "480,000"]


def test_a_total_is_the_sum_of_the_lines_above_it(told: Path, capsys: Heard) -> None:
    found = listed(capsys, "payment", "list")
    paid = sum(Decimal(one["paid"]["amount"]) for one in found["payments"])
    assert found["totals"][0]["paid"] == {"amount": f"{paid:.2f}", "currency": "CNY"}
    assert paid == 60_000


def test_what_came_back_is_in_no_total_of_what_was_paid(told: Path, capsys: Heard) -> None:
    assert main(["payment", "reverse", f"{C}#11", "--reason", "r", "--as", "finance-1"]) == 0
    capsys.readouterr()
    found = listed(capsys, "payment", "list")
    assert [one["paid"]["amount"] for one in found["payments"]] == ["60000.00", "0.00"]
    assert found["totals"][0]["paid"]["amount"] == "0.00"


def test_overdue_is_what_is_not_delivered_and_was_due_before_today(
    told: Path, capsys: Heard
) -> None:
    found = listed(capsys, "milestone", "list", "--overdue", "--contract", C)["milestones"]
    assert [one["milestone"] for one in found] == [f"{C}/M3", f"{C}/M4"]
    found = listed(capsys, "milestone", "list", "--due-by", "2026-09-18", "--contract", C)
    assert [one["milestone"] for one in found["milestones"]] == [f"{C}/M1", f"{C}/M2"]


def test_a_text_is_looked_for_in_every_name(told: Path, capsys: Heard) -> None:
    found = listed(capsys, "milestone", "list", "--text", "SHOP", "--contract", C)["milestones"]
    assert [one["milestone"] for one in found] == [f"{C}/M2"]
    found = listed(capsys, "milestone", "list", "--text", "旗舰店")["milestones"]
    assert len(found) == 2


@pytest.mark.parametrize(
    ("words", "says", "hint"),
    [
        ("--where statsu=paid", "no field 'statsu'", "did you mean status?"),
        ("--where status=acepted", "no status 'acepted'", "did you mean accepted"),
        ("--sort -amuont", "no field 'amuont'", "did you mean amount?"),
        ("--columns milestone,onwer", "no field 'onwer'", "did you mean owner?"),
        ("--stage biuld", "no stage 'biuld'", "did you mean build"),
        ("--where amount>much", "not compared with 'much'", "write an amount such as"),
        ("--where amount~5", "amount is no text", "compare it by one of"),
        ("--where current_due<2026-02-30", "not compared with", "write a day as YYYY-MM-DD"),
        ("--where paid", "'paid' is no condition", "for example --where"),
    ],
)
def test_a_typo_is_refused_with_the_nearest_name(
    told: Path, capsys: Heard, words: str, says: str, hint: str
) -> None:
    err = refused(capsys, "milestone", "list", *words.split())
    assert says in err
    assert hint in err


def test_a_status_that_nothing_has_just_now_is_no_typo(told: Path, capsys: Heard) -> None:
    for noun, status in (("milestone", "cancelled"), ("payment", "refunded"), ("dispute", "split")):
        assert listed(capsys, noun, "list", "--where", f"status={status}")["totals"] == []
        said = table(capsys, noun, "list", "--where", f"status={status}")
        assert said.endswith(f"with status = {status}\n")


def test_a_status_option_offers_what_the_view_knows() -> None:
    offered = 0
    for name, command, _ in all_commands():
        option = next((one for one in command.params if one.name == "status"), None)
        if option is None or not name.endswith(" list"):
            continue
        assert isinstance(option.type, click.Choice)
        view: View = import_module(f"projections.views.{name.split()[1]}s").LIST
        assert tuple(option.type.choices) == view.field("status").words
        offered += 1
    assert offered == 3


# --- reports --------------------------------------------------------------------------------------


def test_a_schedules_totals_are_those_of_the_lines_asked_for(told: Path, capsys: Heard) -> None:
    asked = ("report", "schedule", "--contract", C, "--overdue")
    found = listed(capsys, *asked)
    # M1: 121,800.00 less 60,000.00 paid; M2: 297,900.00 of which 50,000.00 are disputed.
    assert [(one["milestone"], one["payable"]["amount"]) for one in found["lines"]] == [
        (f"{C}/M1", "61800.00"),
        (f"{C}/M2", "247900.00"),
    ]
    (total,) = found["totals"]
    assert (total["payable"]["amount"], total["lines"]) == ("309700.00", 2)
    (grid,) = grids(table(capsys, *asked, "--columns", "milestone,payable"))
    assert grid.rows[-1] == ["total CNY", "309,700.00", "CNY"]
    assert listed(capsys, *asked, "--due-by", "2026-09-20")["totals"][0]["lines"] == 1


def test_a_filtered_schedule_is_the_same_at_a_moment_and_now(told: Path, capsys: Heard) -> None:
    asked = ("report", "schedule", "--where", "net>=100000", "--sort", "-net")
    lines = listed(capsys, *asked)["lines"]
    assert listed(capsys, *asked, "--as-of", "2026-11-22")["lines"] == lines
    nets = [Decimal(one["net"]["amount"]) for one in lines]
    assert nets == sorted(nets, reverse=True)
    assert len(nets) == 2


def test_an_inbox_is_filtered_and_a_typo_in_it_refused(told: Path, capsys: Heard) -> None:
    found = listed(capsys, "report", "inbox", "--where", "task=pay", "--overdue")["tasks"]
    assert {(one["task"], one["overdue_days"] > 0) for one in found} == {("pay", True)}
    assert listed(capsys, "report", "inbox", "--where", "task=recover the claim")["tasks"] == []
    assert "did you mean deliver" in refused(capsys, "report", "inbox", "--where", "task=delivr")


def test_paid_is_the_same_word_wherever_a_milestone_is_shown(told: Path, capsys: Heard) -> None:
    """Also where nothing was ever sent: one wholly set off by an advance is paid, as the schedule says."""
    words: dict[str, set[str]] = {}
    for found in (
        listed(capsys, "report", "schedule")["lines"],
        listed(capsys, "report", "register")["milestones"],
        listed(capsys, "milestone", "list")["milestones"],
    ):
        for one in found:
            words.setdefault(one["milestone"], set()).add(one["status"])
    assert len(words) == 10
    assert [name for name, said in words.items() if len(said) > 1] == []


# --- on the screen --------------------------------------------------------------------------------

SHOWN = [
    *(f"{noun} list" for noun in ("contract", "milestone", "bonus", "dispute", "payment")),
    *("invoice list", "payee list", "invoice match", "audit exceptions"),
    *(f"report {name}" for name in ("inbox", "schedule", "register", "on-time", "exposure")),
    *(
        "report disputes",
        "report cycle-times",
        "report statement 杭州内容工作室 --as-of 2026-11-22",
    ),
]
MONEY = {"contract list": "paid", "milestone list": "amount", "report schedule": "payable"}
MONEY |= {"report register": "paid", "dispute list": "amount", "invoice match": "difference"}


@pytest.mark.parametrize("columns", [80, 100, 120, 200])
def test_nothing_is_left_out_in_silence(told: Path, capsys: Heard, columns: int) -> None:
    whole = {line: table(capsys, *shlex.split(line)) for line in SHOWN}
    for line, text in zip(SHOWN, shown(SHOWN, columns), strict=True):
        assert max(map(wcswidth, plain(text).split("\n"))) <= columns, line
        assert left_out(whole[line]) == []
        every = grids(whole[line])
        if not grids(text):
            assert as_records(text) == [
                [cell for cell in zip(grid.titles, row, strict=True) if cell[1]]
                for grid in every
                for row in grid.rows
            ], line
            continue
        there = [title for grid in grids(text) for title in grid.titles]
        titles = [title for grid in every for title in grid.titles]
        assert sorted([*there, *left_out(text)]) == sorted(titles), line
        if line in MONEY:
            grid = next(grid for grid in grids(text) if MONEY[line] in grid.titles)
            full = next(grid for grid in every if MONEY[line] in grid.titles)
            sums = [[row[g.titles.index(MONEY[line])] for row in g.rows] for g in (grid, full)]
            assert [cell for cell in sums[0] if cell] == [cell for cell in sums[1] if cell], line


def test_columns_that_were_asked_for_never_give_way(
    told: Path, capsys: Heard, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "60")
    wide = "milestone,title,stage,status,original_due,current_due,amount"
    said = table(capsys, "milestone", "list", "--columns", wide, "--text", "Report")
    assert "left out" not in said
    for title in ("milestone", "title", "stage", "status", "first due", "due", "amount"):
        assert f"\n{title} " in f"\n{said}"


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def on_screen(monkeypatch: pytest.MonkeyPatch, *words: str) -> str:
    with monkeypatch.context() as patched:
        screen = Terminal()
        patched.setattr(sys, "stdout", screen)
        patched.setenv("COLUMNS", "200")
        patched.setenv("LINES", "1000")
        patched.setenv("TERM", "xterm")
        assert main([*words]) == 0
        return screen.getvalue()


@pytest.mark.parametrize(
    ("words", "coloured"),
    [
        ("milestone list --where status=rejected", "\x1b[31mrejected\x1b[0m"),
        ("milestone list --overdue --contract BW-2026-014", "\x1b[31m2026-11-12\x1b[0m"),
        ("dispute list", "\x1b[33mopen\x1b[0m"),
        ("payment list --status failed", "\x1b[31mfailed\x1b[0m"),
    ],
)
def test_what_is_overdue_held_or_refused_has_a_colour_unless_there_are_none(
    told: Path, capsys: Heard, monkeypatch: pytest.MonkeyPatch, words: str, coloured: str
) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    said = on_screen(monkeypatch, *words.split())
    assert coloured in said
    assert table(capsys, *words.split()) == plain(said), "a pipe has none"
    monkeypatch.setenv("NO_COLOR", "1")
    assert on_screen(monkeypatch, *words.split()) == plain(said)


def test_what_is_longer_than_the_screen_is_paged_and_nothing_else_is(told: Path) -> None:
    """`cat -n` as the pager: what went through it is numbered."""
    lists = ["milestone list", "--no-pager milestone list", "dispute list", "milestone list --json"]
    paged, plainly, short, json_ = shown(lists, 100, rows=10, PAGER="cat -n", NO_COLOR="1")
    numbered = [line.lstrip() for line in paged.splitlines()]
    assert numbered[0].startswith("1\tmilestone")
    assert [line.partition("\t")[2] for line in numbered] == plainly.splitlines()
    assert short.startswith("reference")
    assert json_.startswith("{")


@pytest.mark.parametrize(
    ("pager", "begins"),
    [
        ("", "milestone"),
        ("no-such-pager -x", "milestone"),
        ("cat -n | sed 's/^/| /'", "|      1"),
    ],
)
def test_a_pager_is_none_a_program_or_a_line_of_the_shell(
    told: Path, pager: str, begins: str
) -> None:
    (text,) = shown(["milestone list"], 100, rows=10, MLEDGER_PAGER=pager, PAGER="cat -n")
    assert text.startswith(begins), text
