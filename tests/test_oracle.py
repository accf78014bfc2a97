"""Every report agrees with the oracle, byte for byte, and every planted bug makes it disagree."""

from __future__ import annotations

import ast
import json
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import redirect_stdout
from datetime import date, timedelta
from functools import cache
from io import StringIO
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import projections.oracle as package
from commands.imports.ocds import read_ocds
from commands.main import main as mledger
from ledger.contract import evolve
from ledger.events import ContractTerminated, MilestoneCancelled, Record, encode
from ledger.store import open_ledger
from ledger.store.records import Envelope
from projections.oracle import REPORTS, signed
from projections.oracle.__main__ import main as oracle
from projections.oracle.contracts import Contract
from projections.oracle.log import TARGETS, Json, facts_by_contract
from projections.oracle.promised import promised
from projections.reading import Reader
from tests.oracle.mutants import MUTANTS, Mutant
from tests.oracle.play import LAST_DAY, Play
from tests.oracle.portfolios import as_json, play_imported, play_portfolio
from tests.oracle.product import RATES, Asked, answer, reader
from tests.oracle.shown import soonest
from tests.stories import double_eleven

GROUPINGS = (None, "partner", "contract", "stage", "currency", "month", "quarter")
SEEDS = range(16)
IMPORTED = range(100, 116)
# Eight of each have every kind of event that all sixteen have (tested below).
QUICK = (*SEEDS[4:12], *IMPORTED[:8])
WALKS = [
    pytest.param(seed, marks=() if seed in QUICK else pytest.mark.slow)
    for seed in (*SEEDS, *IMPORTED)
]


def text(report: Json) -> str:
    return json.dumps(report, indent=2, ensure_ascii=False)


def assert_agree(records: list[Record], *questions: Asked) -> None:
    """The product answers each question exactly as the oracle does."""
    stored = as_json(records)

    @cache
    def both(moment: date | None, known_at: int | None) -> tuple[Reader, list[Contract]]:
        return reader(records, moment, known_at), signed(stored, moment, known_at)

    for asked in questions:
        reading, contracts = both(asked.moment, asked.known_at)
        product = answer(reading, asked, LAST_DAY)
        assert text(product) == text(asked.of_contracts(contracts, LAST_DAY)), asked


# --- real and made-up histories ---------------------------------------------------------------------


@pytest.mark.parametrize("report", REPORTS)
@pytest.mark.parametrize(
    "moment", [None, date(2026, 10, 28), date(2026, 11, 11), date(2026, 11, 20)]
)
def test_the_contract_played_by_hand_reads_the_same(report: str, moment: date | None) -> None:
    assert_agree(double_eleven(), *(Asked(report, moment, by=by) for by in GROUPINGS))


def test_the_contract_played_by_hand_reads_the_same_at_every_position() -> None:
    records = double_eleven()
    known = [Asked(report, known_at=record.position) for report in REPORTS for record in records]
    assert_agree(records, *known)


def test_the_oracle_gives_the_figures_worked_out_by_hand() -> None:
    stored = as_json(double_eleven())
    schedule = Asked("schedule", date(2026, 10, 28)).of_oracle(stored, LAST_DAY)
    (total,) = schedule["totals"]
    named = ("net", "held", "paid", "outstanding", "payable", "expected")
    assert [total[name]["amount"] for name in named] == [
        *("601080.00", "45000.00", "121800.00", "479280.00", "434280.00", "500000.00")
    ]
    overall = Asked("on-time", date(2026, 11, 20)).of_oracle(stored, LAST_DAY)["overall"]
    original, current = overall["original"], overall["current"]
    assert (original["rate"], original["interval"]) == ("0.2500", ["0.0456", "0.6994"])
    assert (original["value_rate"], current["value_rate"]) == ("0.4200", "0.7200")
    disputed = Asked("disputes", date(2026, 11, 20)).of_oracle(stored, LAST_DAY)["overall"]
    assert (disputed["rate"], disputed["value_rate"]) == ("0.2500", "0.0450")


@pytest.mark.parametrize("folder", ["releases", "."])
def test_imported_history_reads_the_same(published: Path, folder: str) -> None:
    assert_imported_reads_the_same(published / "synthetic" / "ocds" / folder)


@pytest.mark.parametrize("folder", ["releases", "."])
def test_mexicos_imported_history_reads_the_same(shared: Path, folder: str) -> None:
    assert_imported_reads_the_same(shared / "data" / "ocds" / "mx-cdmx" / folder)


def test_the_standards_own_examples_read_the_same(published: Path) -> None:
    assert_imported_reads_the_same(published / "ocds" / "ocds-docs-examples")


def assert_imported_reads_the_same(folder: Path) -> None:
    play = Play()
    for intent in read_ocds([folder]).take_overs:
        play.act(intent.contract, "importer", intent)
    assert len(play.records) > 20
    moments = (None, date(2015, 12, 31), date(2016, 6, 30), date(2018, 10, 7))
    for moment in moments:
        assert_agree(play.records, *(Asked(r, moment, by="month") for r in REPORTS))


# --- portfolios that could have happened ---------------------------------------------------------------


def whole_act(records: list[Record], position: int) -> int:
    """The position, or the end of the act that it cuts in two: a termination cancels in the same transaction.

    Within it the log holds a termination that has not cancelled yet: no reader but one who names that very position
    sees it, and the rules that the oracle knows say nothing of half an act.
    """
    while 0 < position < len(records):
        last, one = records[position - 1], records[position]
        ends = isinstance(last.data, ContractTerminated | MilestoneCancelled)
        if not (ends and isinstance(one.data, MilestoneCancelled) and one.stream == last.stream):
            return position
        position += 1
    return position


days = st.dates(date(2026, 1, 1), date(2026, 12, 1))


@given(
    seed=st.integers(0, 2**32),
    steps=st.integers(1, 160),
    moment=st.none() | days,
    share_known=st.none() | st.floats(0, 1),
    by=st.sampled_from(GROUPINGS),
    start=st.none() | days,
    end=st.none() | days,
)
def test_any_portfolio_reads_the_same(
    seed: int,
    steps: int,
    moment: date | None,
    share_known: float | None,
    by: str | None,
    start: date | None,
    end: date | None,
) -> None:
    records = play_portfolio(seed, steps).records
    known_at = None if share_known is None else whole_act(records, int(share_known * len(records)))
    assert_agree(records, *(Asked(r, moment, known_at, by, start, end) for r in REPORTS))


def test_a_termination_is_known_with_all_that_it_cancels() -> None:
    records = play_portfolio(5559104, 57).records
    at = next(r.position for r in records if isinstance(r.data, ContractTerminated))
    known_at = whole_act(records, at)
    assert known_at > at
    assert_agree(records, *(Asked(r, None, known_at) for r in REPORTS))


# --- what the comparison rests on -----------------------------------------------------------------------

VERSIONS = (
    *("submission", "proposal", "acceptance", "bonus", "penalty", "dispute", "instruction"),
    *("payment", "corrects", "subject", "approval"),
)


@pytest.mark.parametrize("seed", SEEDS)
def test_every_fact_rests_on_what_it_is_about(seed: int) -> None:
    """The oracle reads `rests_on` from the log, so the log has to be right about it."""
    for facts in facts_by_contract(as_json(play_portfolio(seed).records)).values():
        rests: dict[int, set[int]] = {}
        defined: dict[str, int] = {}
        for fact in facts:
            direct = set(fact.data.get("rests_on", ()))
            rests[fact.version] = direct.union(*(rests[version] for version in direct))
            about = {name: fact.data[name] for name in VERSIONS if fact.data.get(name, 0)}
            if fact.name == "MilestoneDefined":
                defined[fact.milestone] = fact.version
            elif fact.milestone:
                about["definition"] = defined[fact.milestone]
            if fact.name in TARGETS and fact.data.get("why", "event") == "error":
                proposal = about.pop("proposal", 0)
                assert proposal not in rests[fact.version], fact
            assert set(about.values()) <= rests[fact.version], fact


CORE = (
    *("log", "agreed", "milestones", "contracts", "figures", "schedule", "rates", "exposure"),
    *(
        "kept",
        "settled",
        "releases",
        "reckoning",
        "faults",
        "payments",
        "recorded",
        "times",
        "check",
    ),
    "approvals",
    "people",
    "working_days",
)


@pytest.mark.parametrize("module", ["__init__", "__main__", "promised", *CORE])
def test_the_oracle_shares_no_code_with_the_product(module: str) -> None:
    file = Path(package.__file__).with_name(f"{module}.py")
    own = {"projections.oracle", *(f"projections.oracle.{name}" for name in CORE)}
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        names += [str(node.module)] if isinstance(node, ast.ImportFrom) else []
        foreign = {name for name in names if name.split(".")[0] not in sys.stdlib_module_names}
        assert foreign <= own


# --- planted bugs ---------------------------------------------------------------------------------------


def _moments(records: list[Json]) -> list[date | None]:
    """Now, a day on which something was due, days on which a payment was, and thirty days later."""
    said = [record["data"] for record in records]
    due = sorted(data["due"] for data in said if "due" in data)
    owed = sorted(
        data["payment_due"]
        for record, data in zip(records, said, strict=True)
        if "payment_due" in data and record["type"].startswith("MilestoneAccepted")
    )
    days = [due[len(due) // 2], *(owed[len(owed) * part // 3] for part in (0, 1, 2) if owed)]
    moments = [date.fromisoformat(day) for day in days]
    return [None, *moments, *(moment + timedelta(days=30) for moment in moments[1:])]


def _questions(records: list[Json]) -> Iterator[Asked]:
    for moment in dict.fromkeys(_moments(records)):
        yield from (Asked(report, moment) for report in REPORTS)
        yield Asked("on-time", moment, by="month", end=date(2026, 8, 1))
        yield Asked("disputes", moment, by="month", end=date(2026, 8, 1))
        yield from (Asked(report, moment, by="stage") for report in RATES)


@cache
def _walk(seed: int) -> list[Record]:
    return (play_portfolio if seed in SEEDS else play_imported)(seed).records


@cache
def _expected(seed: int) -> tuple[list[Record], dict[Asked, str]]:
    records = _walk(seed)
    stored = as_json(records)
    there = {moment: signed(stored, moment) for moment in _moments(stored)}
    return records, {
        asked: text(asked.of_contracts(there[asked.moment], LAST_DAY))
        for asked in _questions(stored)
    }


def disagreement(seed: int) -> Asked | None:
    """The first question about a portfolio that the product answers in its own way."""
    records, expected = _expected(seed)
    for moment in dict.fromkeys(asked.moment for asked in expected):
        reading = reader(records, moment)
        for asked, said in expected.items():
            if asked.moment == moment and text(answer(reading, asked, LAST_DAY)) != said:
                return asked
    return None


def test_the_walks_compared_every_time_have_every_kind_of_event_of_all_walks() -> None:
    def kinds(seeds: Iterable[int]) -> set[str]:
        return {type(record.data).__name__ for seed in seeds for record in _walk(seed)}

    assert kinds(QUICK) == kinds((*SEEDS, *IMPORTED))


@pytest.mark.parametrize("seed", WALKS)
def test_the_product_as_it_is_agrees(seed: int) -> None:
    assert disagreement(seed) is None


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_a_planted_bug_is_noticed(mutant: Mutant, monkeypatch: pytest.MonkeyPatch) -> None:
    def noticed(seed: int) -> bool:
        _expected(seed)  # by the program as it is
        with monkeypatch.context() as patch:
            mutant.plant(patch)
            return disagreement(seed) is not None

    walks = soonest(mutant.name, (*SEEDS, *IMPORTED))
    assert any(map(noticed, walks)), "the oracle agrees with a bug"


# --- through the command line ---------------------------------------------------------------------------


def _printed(run: Callable[[list[str]], int], words: list[str]) -> str:
    with redirect_stdout(StringIO()) as out:
        assert run(words) == 0
    return out.getvalue()


@pytest.mark.parametrize("seed", [3, 5])
def test_both_command_lines_print_the_same(seed: int, sqlite_url: str) -> None:
    records = play_portfolio(seed).records
    with open_ledger(sqlite_url, evolve) as ledger:
        for record in records:
            batch = [(record.stream_id, record.version - 1, [record.data])]
            ledger.append(batch, Envelope(actor=record.actor, origin="test"))
    moment = ["--as-of", "2026-07-01", "--known-at", str(len(records) * 2 // 3)]
    window = ["--by", "month", "--from", "2026-03-01"]
    for asked in (
        *([report, *words] for report in REPORTS for words in ([], moment)),
        *([report, *words, *window] for report in RATES for words in ([], moment)),
    ):
        said = _printed(mledger, ["report", *asked, "--json", "--database", sqlite_url])
        reduced = text(promised(json.loads(said))) + "\n"
        assert (
            _printed(oracle, [sqlite_url.removeprefix("sqlite:///"), "report", *asked]) == reduced
        )


def test_an_exported_log_reads_as_the_database(tmp_path: Path) -> None:
    records = play_portfolio(5).records
    file = tmp_path / "log.jsonl"
    file.write_bytes(b"".join(encode(record) + b"\n" for record in records))
    said = Asked("schedule").of_oracle(as_json(records), LAST_DAY)
    assert _printed(oracle, [str(file), "report", "schedule"]) == text(said) + "\n"
