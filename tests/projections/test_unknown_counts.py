"""Columns that are never null: of each, why nothing unknown of an import becomes 0 in it, or who tells it as null."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from commands.invoices import _matched
from commands.main import main
from projections.derive import MODELS
from projections.derive.invoices import LIST, MATCH
from tests.metrics.rows import Put, answering

KEYS = {"stream", "version", "ordinal", "position", "part"}
HERE = "acts of this ledger alone make such rows: no source tells of any"
# An import posts no line but gross, and a person who accepts what has no amount states one (`part-of-the-whole`).
POSTED = (
    "what was posted here by a clause, a dispute or a set-off: an import posts nothing but gross"
)
ROW = "a row stands for a payment, whose amount its source tells: one without is left out, and said"

WHY = {
    "bonuses": {"amount_minor": HERE, "taken_back_minor": HERE},
    "contracts": {
        "payments": "null",  # by LIST and VALUES; asserted below
        "milestones": "those in the register, counted",
        "imported": "a flag",
        "separation": "a flag",
    },
    "inbox": {},
    "disputes": {},
    "invoices": {
        **dict.fromkeys(("amount_minor", "tax_minor", "covered_minor", "invoiced_minor"), HERE),
        "paid_minor": "null",  # by LIST and MATCH; asserted below
    },
    "milestones": {
        "is_accepted": "a flag; where that is not known, unknowns.no_acceptances keeps it out of rates",
        "is_root": "a flag",
        "submissions": "those recorded, in no total; rates ask `delivery`, and unknowns.no_deliveries",
        "baselines": "those recorded, in no total: at least the one that the source tells",
    },
    "payments": {"amount_minor": ROW, "paid_minor": ROW},
    "retentions": {"provisional": "a flag", "retained_minor": POSTED, "released_minor": HERE},
    "schedule": {
        "provisional": "a flag",
        "bonus_minor": POSTED,
        "penalty_minor": POSTED,
        "credit_minor": POSTED,
        "adjustment_minor": POSTED,
        "tax_minor": POSTED,
        "retention_minor": POSTED,
        "instructed_minor": HERE,
    },
    "settlements": {
        "release": "a version, 0 for the milestone itself",
        "payee": "a version, 0 for none",
        **dict.fromkeys(("amount_minor", "paid_minor", "discount_minor", "fees_minor"), HERE),
    },
    "unknowns": dict.fromkeys(
        (
            *("signed_inferred", "delivered_inferred", "first_inferred", "no_deliveries"),
            *("no_acceptances", "no_rejections", "no_disputes", "no_payments"),
        ),
        "a flag: 1 is what is not known",
    ),
}


def never_null() -> Iterator[tuple[str, str]]:
    for model in MODELS:
        for column in model.columns:
            if column.kind == "integer" and column.required and column.name not in KEYS:
                yield model.name, column.name


@pytest.mark.parametrize(("table", "column"), sorted(never_null()))
def test_of_every_number_that_is_never_null_it_is_said_what_becomes_of_the_unknown(
    table: str, column: str
) -> None:
    assert WHY.get(table, {}).get(column)


Run = Callable[..., str]


@pytest.fixture
def run(sqlite_url: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Run:
    def said(*words: str) -> str:
        assert main([*words, "--database", sqlite_url, "--as", "me"]) == 0
        return capsys.readouterr().out

    # The source of neither tells of payments; the second amount is not known.
    (tmp_path / "nopay.csv").write_text(
        "contract,partner,milestone,amount,currency,current_due,delivered,approved\n"
        "C1,P,M1,100,USD,2010-01-01,2010-01-01,2010-01-02\n"
        "C1,P,M2,,USD,2010-01-01,2010-01-01,2010-01-02\n"
    )
    said("import", "csv", str(tmp_path / "nopay.csv"))
    return said


def found(run: Run, *words: str) -> Any:
    return json.loads(run(*words, "--json"))


def test_no_payments_are_counted_where_no_source_tells_of_any(run: Run) -> None:
    (listed,) = found(run, "contract", "list")["contracts"]
    register = found(run, "report", "register")
    (agreed,), (total,) = register["contracts"], register["totals"]
    assert [one["payments"] for one in (listed, agreed, total)] == [None] * 3
    shown = found(run, "contract", "show", "C1")
    assert (shown["paid"], shown["committed"]) == (None, None)


def test_what_is_shown_of_a_contract_and_a_milestone_tells_unknown_from_nothing(run: Run) -> None:
    lines = [line.split() for line in run("contract", "show", "C1").splitlines()]
    first, second = [line for line in lines if line[:1] in (["M1"], ["M2"])]
    assert first[1:] == ["accepted", "2010-01-01", "100.00", "100.00", "?", "?"]
    assert second[1:] == ["accepted", "2010-01-01", "?", "?", "?"]
    assert "committed ?" in run("contract", "show", "C1")
    lines = [line.split() for line in run("milestone", "show", "C1/M1").splitlines()]
    assert [line for line in lines if line[:1] in (["paid"], ["payable"])] == [
        ["paid", "?"],
        ["payable", "?"],
    ]


@pytest.mark.parametrize(
    ("told", "match", "says"),
    [
        (0, "unpaid", (500, "unpaid")),
        (1, "unpaid", (None, "not-recorded")),
        (1, "matched", (None, "not-recorded")),
        (1, "over-invoiced", (None, "over-invoiced")),
    ],
)
def test_whether_an_invoice_was_paid_is_not_recorded_where_no_source_tells(
    told: int, match: str, says: tuple[int | None, str]
) -> None:
    key = {"stream": 1, "ordinal": 1, "contract": "C-1", "milestone": "M1"}
    invoice = Put("invoices", {**key, "version": 5, "paid_minor": 500, "match": match})
    select = answering(invoice, Put("unknowns", {**key, "no_payments": told}))
    for sql in (MATCH, LIST):
        (row,) = select(sql, contract=None, partner=None, status=None)
        assert (row["paid_minor"], row["match"]) == says
    (line,) = _matched(iter([{**row, "accepted_minor": 500}]))
    assert (line.paid_minor, line.state) == says
