"""What is the same for every command: start-up, errors, suggestions, shared options."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import types
from datetime import date
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner

from commands.days import parse_date
from commands.help import EXIT_CODES
from commands.main import NOUNS, as_error, main, root
from commands.options import (
    Moment,
    Output,
    Recording,
    database_options,
    fact_options,
    moment_options,
    output_options,
    parse_known_at,
    yes_option,
)
from commands.settings import Settings
from ledger.errors import Conflict, LedgerError, Refused
from tests.commands import transcripts

REPOSITORY = Path(__file__).resolve().parents[2]
HEAVY = {"sqlalchemy", "pydantic", "eventsourcing", "msgspec", "psycopg", "alembic", "wcwidth"}
Seen = dict[str, Any]


def python(*words: str, **environ: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *words],
        cwd=REPOSITORY,
        env={**os.environ, **environ},
        capture_output=True,
        text=True,
        check=False,
    )


def imported(*words: str, **environ: str) -> set[str]:
    """The top-level modules that this command line imports."""
    done = python("-X", "importtime", "-m", "commands.main", *words, **environ)
    assert done.returncode == 0, done.stderr
    names = (line.rpartition("|")[2].strip() for line in done.stderr.splitlines())
    return {name.partition(".")[0] for name in names}


@pytest.fixture
def verb(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Seen:
    """A command `mledger probe` with every shared option; what it was given appears in the dict."""
    seen: Seen = {}

    @click.command()
    @database_options
    @fact_options
    @yes_option
    @output_options
    @moment_options
    def probe(**given: Any) -> int | None:
        seen.update(given)
        problem = seen.get("problem")
        if problem is not None:
            raise problem
        return seen.get("code")

    module = types.ModuleType("commands.probe")
    module.probe = probe  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "commands.probe", module)
    monkeypatch.setitem(NOUNS, "probe", ("commands.probe", "probe", "Probe."))
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    for name in ("MLEDGER_DATABASE_URL", "MLEDGER_ACTOR", "XDG_DATA_HOME", "XDG_CONFIG_HOME"):
        monkeypatch.delenv(name, raising=False)
    return seen


# --- start-up ------------------------------------------------------------------------------------


@pytest.mark.parametrize("words", [["--help"], ["-h"], ["version"], ["help", "exit-codes"]])
def test_help_imports_nothing_heavy(words: list[str]) -> None:
    assert not imported(*words) & HEAVY


def test_completion_of_nouns_imports_no_noun() -> None:
    environ = {"COMP_WORDS": "mledger pro", "COMP_CWORD": "1"}
    found = python("-m", "commands.main", _MLEDGER_COMPLETE="bash_complete", **environ)
    assert found.stdout.split() == ["plain,projections"]
    assert not imported(_MLEDGER_COMPLETE="bash_complete", **environ) & HEAVY


@pytest.mark.parametrize("noun", NOUNS)
def test_every_noun_has_help_and_its_module_imports_late(noun: str) -> None:
    assert not imported(noun, "--help") & HEAVY


def test_help_lists_every_noun() -> None:
    shown = CliRunner().invoke(root, ["--help"]).output
    assert all(f"  {noun} " in shown and says in shown for noun, (*_, says) in NOUNS.items())


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_every_shell_has_a_completion_script(shell: str) -> None:
    assert "_MLEDGER_COMPLETE" in CliRunner().invoke(root, ["completion", shell]).output


def test_no_words_show_the_help_as_a_usage_error(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 2
    told = capsys.readouterr()
    assert told.out == ""
    assert "Commands:" in told.err


# --- errors --------------------------------------------------------------------------------------


def test_what_everyone_sees(tmp_path: Path) -> None:
    transcripts.check(Path(__file__).with_name("foundation.txt"), tmp_path)


def test_a_refusal_is_text_on_stderr_with_its_exit_code(
    verb: Seen, capsys: pytest.CaptureFixture[str]
) -> None:
    verb["problem"] = Refused("four-eyes", "Ann asked for it", hint="ask Bo", place="c.yaml:7:5")
    assert main(["probe"]) == 3
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err == "error[four-eyes]: Ann asked for it\n  at c.yaml:7:5\nhint: ask Bo\n"


@pytest.mark.parametrize(
    "words", [["--json"], ["--format", "json"], ["--format=jsonl"], ["--format", "jsonl"]]
)
def test_with_json_an_error_is_one_object_on_stderr(
    verb: Seen, capsys: pytest.CaptureFixture[str], words: list[str]
) -> None:
    facts = {"day": date(2026, 2, 1), "urls": ["postgresql://u:s3cret@h"], "n": 3}
    verb["problem"] = Conflict("locked", "held by password=s3cret", facts=facts)
    assert main(["probe", *words]) == 4
    told = capsys.readouterr()
    assert told.out == ""
    assert json.loads(told.err) == {
        "error": "locked",
        "message": "held by password=***",
        "place": None,
        "hint": None,
        "exit_code": 4,
        "retryable": True,
        "facts": {"day": "2026-02-01", "urls": ["postgresql://u:***@h"], "n": 3},
    }


def test_an_error_class_says_whether_the_same_command_may_succeed() -> None:
    def below(kind: type[LedgerError]) -> list[type[LedgerError]]:
        return [kind, *(one for child in kind.__subclasses__() for one in below(child))]

    again = {kind.__name__ for kind in below(LedgerError) if kind.retryable}
    assert again == {"Conflict", "ConnectionLost", "Interrupted"}
    for kind in below(LedgerError):
        assert kind("c", "m").as_object()["retryable"] is kind.retryable
        assert kind.retryable or kind.exit_code != 4
    assert as_error(KeyboardInterrupt()).retryable
    assert not as_error(ValueError("x")).retryable


def test_a_usage_error_is_an_object_too(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--json", "contarct"]) == 2
    told = json.loads(capsys.readouterr().err)
    assert (told["error"], told["hint"]) == ("usage", "did you mean contract?")


@pytest.mark.parametrize(
    ("problem", "code", "says"),
    [
        (KeyboardInterrupt(), 1, "error[interrupted]: stopped by the user"),
        (click.Abort(), 1, "error[interrupted]: stopped by the user"),
        (ZeroDivisionError("a\nb"), 1, "error[internal]: ZeroDivisionError: a b"),
        (OSError(28, "No space left", "x.csv"), 1, "error[io]: No space left: x.csv"),
        (click.FileError("x.yaml", "gone"), 2, "error[file]: Could not open file 'x.yaml': gone"),
        (LedgerError("x", "a\x1b[31m\u202eb"), 1, "error[x]: a\\x1b[31m\\u202eb"),
        (LedgerError("x", "postgresql://u:s3cret@h"), 1, "error[x]: postgresql://u:***@h"),
    ],
)
def test_nothing_that_goes_wrong_shows_a_traceback(
    verb: Seen,
    capsys: pytest.CaptureFixture[str],
    problem: BaseException,
    code: int,
    says: str,
) -> None:
    verb["problem"] = problem
    assert main(["probe"]) == code
    told = capsys.readouterr().err
    assert told.splitlines()[0] == says
    assert "Traceback" not in told


@pytest.mark.parametrize("words", [["--debug", "probe"], ["probe", "--debug"]])
def test_debug_shows_the_traceback(
    verb: Seen, capsys: pytest.CaptureFixture[str], words: list[str]
) -> None:
    verb["problem"] = ZeroDivisionError("at postgresql://u:s3cret@h")
    assert main(words) == 1
    told = capsys.readouterr().err
    assert "Traceback" in told
    assert "s3cret" not in told


def test_a_reader_that_has_seen_enough_is_no_error(verb: Seen) -> None:
    verb["problem"] = BrokenPipeError(32, "Broken pipe")
    assert main(["probe"]) == 0


def test_a_broken_pipe_is_quiet_to_the_end_of_the_process() -> None:
    read, write = os.pipe()
    os.close(read)
    words = [sys.executable, "-m", "commands.main", "help", "exit-codes"]
    with os.fdopen(write, "w") as closed:
        done = subprocess.run(
            words, cwd=REPOSITORY, stdout=closed, stderr=subprocess.PIPE, check=False
        )
    assert (done.returncode, done.stderr) == (0, b"")


def test_a_command_may_return_its_exit_code(verb: Seen) -> None:
    verb["code"] = 6
    assert main(["probe"]) == 6


def test_the_exit_codes_are_those_of_the_errors() -> None:
    def codes(kind: type[LedgerError]) -> set[int]:
        return {kind.exit_code}.union(*map(codes, kind.__subclasses__()))

    assert set(EXIT_CODES) == {0} | codes(LedgerError)


def test_help_rules_lists_the_rules(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    rule = types.SimpleNamespace(id="four-eyes", says="Two people.", error="Refused", exit_code=3)
    rules = types.ModuleType("ledger.decisions.rules")
    rules.RULES = (rule,)  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "ledger.decisions", types.ModuleType("ledger.decisions"))
    monkeypatch.setitem(sys.modules, "ledger.decisions.rules", rules)
    assert main(["help", "rules", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {"rules": [vars(rule)]}
    assert main(["help", "rules"]) == 0
    assert "four-eyes" in capsys.readouterr().out


def test_help_explains_a_command_by_its_words(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["help", "config", "show"]) == 0
    assert "Usage: mledger config show [OPTIONS]" in capsys.readouterr().out
    assert main(["help", "config", "shw"]) == 2
    assert "did you mean show?" in capsys.readouterr().err


# --- shared options ------------------------------------------------------------------------------


def test_shared_options_arrive_as_four_small_values(verb: Seen, tmp_path: Path) -> None:
    words = "--database x.db --as Ann --on 2026-02-28 --dry-run --idempotency-key k1 --yes"
    words += " --as-of 2026-03-01 --known-at 12 --format csv -o out.csv"
    assert main(["probe", *words.split()]) == 0
    assert isinstance(verb["settings"], Settings)
    assert (verb["settings"].database, verb["settings"].actor) == ("sqlite:///x.db", "Ann")
    assert verb["recording"] == Recording(date(2026, 2, 28), True, "k1")
    assert verb["yes"] is True
    assert verb["output"] == Output("csv", Path("out.csv"))
    assert verb["moment"] == Moment(date(2026, 3, 1), known_at_position=12)


def test_without_options_the_values_are_empty(verb: Seen, tmp_path: Path) -> None:
    assert main(["probe"]) == 0
    assert (verb["recording"], verb["yes"]) == (Recording(), False)
    assert (verb["output"], verb["moment"]) == (Output(), Moment())
    assert (tmp_path / ".local/share/mledger").is_dir()


def test_shared_options_stand_before_the_noun_too_and_the_later_wins(verb: Seen) -> None:
    assert main(["--json", "--as", "Ann", "--database", "a.db", "probe", "--database", "b.db"]) == 0
    assert (verb["settings"].database, verb["settings"].actor) == ("sqlite:///b.db", "Ann")
    assert verb["output"].format == "json"


@pytest.mark.parametrize(
    ("words", "output"),
    [
        (["-o", "x.json"], Output("json", Path("x.json"))),
        (["-o", "x.ndjson"], Output("jsonl", Path("x.ndjson"))),
        (["-o", "x", "--format", "csv"], Output("csv", Path("x"))),
        (["-o", "x.txt", "--format", "csv"], Output("csv", Path("x.txt"))),
        (["-o", "x.txt"], Output("table", Path("x.txt"))),
        (["-o", "-", "--json"], Output("json", None)),
    ],
)
def test_the_files_suffix_chooses_the_form(verb: Seen, words: list[str], output: Output) -> None:
    assert main(["probe", *words]) == 0
    assert verb["output"] == output


@pytest.mark.parametrize(
    ("words", "says", "ends"),
    [
        (["-o", "x.pdf"], "no form of the result is a .pdf file", ".json, .jsonl, .ndjson, .csv"),
        (["-o", "x.HTML"], "no form of the result is a .html file", ".xlsx, .txt"),
        (["-o", "x.ods"], "no form of the result is a .ods file", ".xlsx"),
        (["-o", "x.2026-11"], "a .2026-11 file", ".txt"),
        (
            ["-o", "x.json", "--format", "csv"],
            "csv is not written to a .json file",
            "in .csv, .txt",
        ),
        (["-o", "x.csv", "--json"], "json is not written to a .csv file", "end in .json, .txt"),
    ],
)
def test_a_suffix_that_no_form_has_is_refused(
    verb: Seen, capsys: pytest.CaptureFixture[str], words: list[str], says: str, ends: str
) -> None:
    assert main(["probe", *words]) == 2
    heard = capsys.readouterr().err
    assert says in heard
    assert ends in heard


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("2026-02-29", "February 2026 has 28 days"),
        ("2026-04-31", "April 2026 has 30 days"),
        ("2026-13-01", "there is no month 13"),
        ("0000-01-01", "there is no year 0"),
        ("2026-2-1", "write YYYY-MM-DD"),
        ("20260201", "write YYYY-MM-DD"),
        ("２026-02-01", "write YYYY-MM-DD"),
    ],
)
def test_a_date_that_does_not_exist_is_named(text: str, says: str) -> None:
    with pytest.raises(ValueError, match=says) as caught:
        parse_date(text)
    assert text in str(caught.value)


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("0", Moment(known_at_position=0)),
        ("1234", Moment(known_at_position=1234)),
        ("2026-11-22", Moment(known_at_time="2026-11-22T23:59:59.999999Z")),
        ("2026-11-22T08:30Z", Moment(known_at_time="2026-11-22T08:30:00.000000Z")),
        ("2026-11-22 08:30:01.5+08:00", Moment(known_at_time="2026-11-22T00:30:01.500000Z")),
        ("2026-11-22T13:04:05.123456Z", Moment(known_at_time="2026-11-22T13:04:05.123456Z")),
    ],
)
def test_known_at_is_a_position_a_time_or_a_date(text: str, moment: Moment) -> None:
    assert parse_known_at(text) == moment


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("2026-11-22T08:30", "has no zone"),
        ("2026-11-31T08:30Z", "November 2026 has 30 days"),
        ("2026-11-22T25:00Z", "does not exist"),
        ("0001-01-01T00:00+08:00", "days are from 1900"),
        ("-5", "is not a date"),
        ("yesterday", "is not a date"),
    ],
)
def test_a_known_at_that_means_nothing_is_refused(text: str, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        parse_known_at(text)


def test_a_bad_value_is_a_usage_error_that_names_the_option(
    verb: Seen, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["probe", "--on", "2026-02-30"]) == 2
    says = "invalid value for '--on': 2026-02-30: that day does not exist (February 2026"
    assert says in capsys.readouterr().err
    assert main(["probe", "--idempotency-key", " "]) == 2
    assert "an empty key identifies nothing" in capsys.readouterr().err
