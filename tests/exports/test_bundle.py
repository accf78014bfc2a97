"""What a bundle holds: the ledger's own bytes and figures, the same twice, and good in verify.py's eyes."""

from __future__ import annotations

import csv
import io
import json
import re
import shutil
import sqlite3
import subprocess
import zipfile
from contextlib import closing
from html.parser import HTMLParser
from pathlib import Path

import pytest

import migrations
from ledger.store import connect
from projections.exports.bundle.publish import verifier
from tests.commands.played import CONTRACT, mledger, record
from tests.commands.test_signing import approve, folder, here, keys, sqlite_template, today
from tests.exports import ledgers
from tests.exports.bundles import Made, contents, forged, sealed_ledger, swap, verify
from tests.stories import double_eleven

__all__ = ["folder", "here", "keys", "sqlite_template", "today"]

CHECKS = (
    *("files", "records", "trust", "consistency", "proofs", "heads", "losses", "anchor"),
    *("signatures", "causes", "totals"),
)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    return sealed_ledger(tmp_path_factory.mktemp("ledger"))


# --- verify.py and audit verify agree -------------------------------------------------------------------


@pytest.mark.parametrize("bundle", ["one.zip", "all.zip"])
def test_a_good_bundle_is_proven(made: Made, bundle: str) -> None:
    found = verify(made.folder / bundle, *made.trust)
    assert (found.code, found.err) == (0, ""), found.out
    lines = found.out.splitlines()
    assert [
        line[:9].strip() + " " + line[9:].partition(":")[0] for line in lines[: len(CHECKS)]
    ] == [f"holds {name}" for name in CHECKS]
    assert lines[-1] == "completeness: proven up to position 212"
    ran = mledger(made.url, "audit", "verify", "--json", *made.trust)
    assert (ran.json["ok"], ran.json["completeness"]) == (True, "proven")
    assert ran.json["proven_until"] == 212


def test_a_fingerprint_is_as_good_as_the_key_where_the_bundle_has_the_key(made: Made) -> None:
    trust = ["--trusted-key-fingerprint", made.fingerprint, "--anchor", str(made.anchor)]
    assert "proven up to position 212" in verify(made.folder / "one.zip", *trust).out


@pytest.mark.parametrize("trust", [slice(0, 0), slice(0, 2), slice(2, 4)])
def test_without_key_or_anchor_nothing_is_called_proven(made: Made, trust: slice) -> None:
    found = verify(made.folder / "one.zip", *made.trust[trust])
    assert found.code == 0 and "completeness: unproven" in found.out
    assert "unknown" in found.out


def test_the_copy_in_the_bundle_is_the_published_program(made: Made) -> None:
    published = (Path(__file__).parents[2] / "docs" / "verify.py").read_bytes()
    assert published == verifier() == contents(made.folder / "one.zip")["verify.py"]


def test_an_altered_log_is_not_packed(tmp_path: Path) -> None:
    made = sealed_ledger(tmp_path)
    with closing(sqlite3.connect(tmp_path / "ledger.sqlite3")) as conn, conn:
        conn.execute("DROP TRIGGER log_no_update")
        changed = 'replace(record, \'"reason":"\', \'"reason":"N\')'
        conn.execute(f"UPDATE log SET record = {changed} WHERE position < 42")
    for which in (["--all"], ["--contract", CONTRACT]):
        ran = mledger(made.url, "audit", "bundle", *which, "-o", str(tmp_path / "new.zip"))
        assert (ran.code, "positio" in ran.err) == (5, True)
    assert mledger(made.url, "audit", "verify").code == 5
    assert not (tmp_path / "new.zip").exists() and not list(tmp_path.glob("*.tmp"))


def test_it_is_proven_from_either_database(database_url: str, tmp_path: Path) -> None:
    record(database_url, double_eleven())
    key, pin, anchor = (str(tmp_path / name) for name in ("key.pem", "key.pub", "anchor"))
    assert mledger(database_url, "audit", "keygen", "--key", key, "--pin", pin).code == 0
    assert mledger(database_url, "audit", "seal", "--key", key, "--anchor", anchor).code == 0
    for which in (["--all"], ["--contract", CONTRACT]):
        file = str(tmp_path / "b.zip")
        assert mledger(database_url, "audit", "bundle", *which, "-o", file).code == 0
        trust = ["--trusted-key", Path(pin).read_text().strip(), "--anchor", anchor]
        found = verify(file, *trust)
        assert found.out.endswith("completeness: proven up to position 42\n"), found.out


# --- what is in it --------------------------------------------------------------------------------------


def test_records_are_the_stored_bytes(made: Made) -> None:
    engine = connect(made.url)
    with engine.connect() as conn:
        rows = conn.exec_driver_sql("SELECT stream, record FROM log ORDER BY position").all()
    engine.dispose()
    whole = "".join(f"{record}\n" for _, record in rows).encode()
    assert contents(made.folder / "all.zip")["records.jsonl"] == whole
    story = "".join(f"{record}\n" for stream, record in rows if stream == 1).encode()
    assert contents(made.folder / "one.zip")["records.jsonl"] == story


def test_the_same_moment_gives_the_same_bytes(made: Made) -> None:
    at = ["--as-of", "2026-11-08", "--known-at", "42"]
    first = made.bundle("first.zip", "--contract", CONTRACT, *at).read_bytes()
    assert made.bundle("second.zip", "--contract", CONTRACT, *at).read_bytes() == first
    with zipfile.ZipFile(io.BytesIO(first)) as packed:
        assert {info.date_time for info in packed.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        *names, manifest = packed.namelist()
    assert (names, manifest) == (sorted(names), "manifest.json")


def test_today_moves_the_metrics_and_leaves_nothing_out(made: Made) -> None:
    found = contents(made.bundle("today.zip", "--contract", CONTRACT, "--today", "2027-02-01"))
    manifest = json.loads(found["manifest.json"])
    assert (manifest["as_of"], manifest["metrics_as_of"]) == (None, "2027-02-01")
    assert manifest["known_at"]["position"] == 212
    assert found["schedule.csv"] == contents(made.folder / "one.zip")["schedule.csv"]


@pytest.mark.parametrize("as_of", ["2026-08-20", "2026-10-28", "2026-11-08", "2026-11-22"])
def test_the_tables_say_what_the_reports_say(made: Made, as_of: str) -> None:
    bundle = made.bundle("then.zip", "--contract", CONTRACT, "--as-of", as_of)
    assert verify(bundle, *made.trust).code == 0
    words = ["--contract", CONTRACT, "--as-of", as_of, "--known-at", "212", "--json"]
    report = mledger(made.url, "report", "schedule", *words).json
    rows = list(csv.DictReader(io.StringIO(contents(bundle)["schedule.csv"].decode())))
    told = {row["milestone"]: (row["net"], row["paid"], row["payable"]) for row in rows}
    assert told == {
        line["milestone"]: tuple(line[name]["amount"] for name in ("net", "paid", "payable"))
        for line in report["lines"]
    }
    totals = list(csv.DictReader(io.StringIO(contents(bundle)["totals.csv"].decode())))
    assert [row["net"] for row in totals] == [t["net"]["amount"] for t in report["totals"]]


def test_metrics_are_those_of_the_reports(made: Made) -> None:
    rows = csv.DictReader(io.StringIO(contents(made.folder / "one.zip")["metrics.csv"].decode()))
    found = {(row["metric"], row["figure"]): row["value"] for row in rows}
    report = mledger(made.url, "report", "on-time", "--contract", CONTRACT, "--json").json
    for reference in ("original", "current"):
        told = report["overall"][reference]
        assert found["on_time_rate", f"{reference}.rate"] == told["rate"]
        amount = told["by_currency"][0]["numerator"]["amount"]
        assert found["on_time_rate", f"{reference}.numerator.CNY"] == amount


@pytest.mark.parametrize("bundle", ["one.zip", "all.zip"])
def test_the_readme_names_no_evidence_that_is_not_there(made: Made, bundle: str) -> None:
    found = contents(made.folder / bundle)
    for name in ("proofs/", "heads.json", "consistency.json", "losses.jsonl", "signatures/"):
        there = any(file.startswith(name) for file in found)
        assert (f"\n  {name} " in found["README.txt"].decode()) is there, name


def test_the_report_has_exceptions_gravest_first(made: Made) -> None:
    page = contents(made.folder / "all.zip")["report.html"].decode()
    part = page[page.index("<h2>Exceptions</h2>") :]
    rows = re.findall(r"<tr>(.*?)</tr>", part[: part.index("</table>")], re.DOTALL)[1:]
    severities = [re.sub("<[^>]*>", " ", row).split()[0] for row in rows]
    assert len(set(severities)) > 1
    assert severities == sorted(severities, key=("high", "medium", "low").index)


def test_journals_are_the_exports(made: Made) -> None:
    found = contents(made.folder / "one.zip")
    for name, command in (("hledger.journal", "hledger"), ("ledger.beancount", "beancount")):
        ran = mledger(made.url, "export", command, "--contract", CONTRACT)
        assert found[f"journals/{name}"].decode() == ran.out


def test_several_contracts_go_into_one_bundle(made: Made) -> None:
    other = "C1 " + 'Acme "Ltd" \\ Co'
    bundle = made.bundle("two.zip", "--contract", CONTRACT, "--contract", other)
    found = verify(bundle, *made.trust)
    assert found.code == 0 and "of 2 contracts" in found.line("totals")
    assert json.loads(contents(bundle)["manifest.json"])["scope"] == [CONTRACT, other]


def test_it_goes_as_far_as_the_last_seal_where_the_contract_has_no_later_event(
    tmp_path: Path,
) -> None:
    made = sealed_ledger(tmp_path)
    record(made.url, ledgers.benchmark(1))
    found = verify(made.bundle("b.zip", "--contract", CONTRACT), *made.trust)
    assert found.out.endswith("completeness: proven up to position 212\n")


@pytest.mark.parametrize(
    ("words", "code", "error"),
    [
        (["-o", "x.zip"], 2, "name the contracts with --contract"),
        (["--all", "--contract", CONTRACT, "-o", "x.zip"], 2, "name the contracts"),
        (["--contract", "nobody", "-o", "x.zip"], 2, "there is no contract 'nobody'"),
        (["--all"], 2, "'-o'"),
        (["--all", "-o", "absent/x.zip"], 1, "No such file"),
        (["--all", "--trusted-key", "a+b+c", "-o", "x.zip"], 2, "verifier key"),
    ],
)
def test_what_cannot_be_packed_is_refused(
    made: Made,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    words: list[str],
    code: int,
    error: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    ran = mledger(made.url, "audit", "bundle", *words)
    assert (ran.code, error in ran.err) == (code, True), ran.err
    assert list(tmp_path.iterdir()) == []


def test_a_checkpoint_that_no_trusted_key_signed_is_not_packed(made: Made, tmp_path: Path) -> None:
    other = Made(tmp_path)
    migrations.upgrade(other.url)
    key, pin = str(tmp_path / "key.pem"), str(tmp_path / "key.pub")
    assert other.run("audit", "keygen", "--key", key, "--pin", pin) == 0
    ran = mledger(
        made.url, "audit", "bundle", "--all", "--trusted-key", pin, "-o", str(tmp_path / "x")
    )
    assert (ran.code, "no trusted key signed it" in ran.err) == (5, True)
    assert not (tmp_path / "x").exists()


# --- report.html ------------------------------------------------------------------------------------------


class Page(HTMLParser):
    """The elements of a page, with their attributes, and its text."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag != "meta":
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


@pytest.mark.parametrize("bundle", ["one.zip", "all.zip"])
def test_the_report_stands_alone_and_runs_nothing(made: Made, bundle: str) -> None:
    text = contents(made.folder / bundle)["report.html"].decode()
    page = Page(text)
    assert page.open == []
    tags = {tag for tag, _ in page.elements}
    assert not tags & {"script", "img", "link", "iframe", "object", "form", "a", "svg", "base"}
    names = {name for _, attrs in page.elements for name in attrs}
    assert names <= {"class", "lang", "charset", "content", "http-equiv", "name"}
    assert "url(" not in text and "@import" not in text
    invisible = {c for c in text if not c.isprintable()}
    assert invisible == {"\n"}, "escape, bidirectional and control characters are shown escaped"


def test_hostile_names_are_text_in_the_report(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = (
        "<script>alert(1)</script>",
        "\"><img src=x onerror='1'>",
        "&lt;b&gt;",
        "=cmd|' /C'!A0",
    )
    monkeypatch.setattr(ledgers, "HOSTILE", names)
    made = sealed_ledger(tmp_path)
    found = verify(tmp_path / "all.zip", *made.trust)
    assert found.code == 0, found.out
    page = contents(tmp_path / "all.zip")["report.html"].decode()
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page and "&amp;lt;b&amp;gt;" in page
    assert not re.search(r"<(script|img)", page)
    rows = csv.DictReader(io.StringIO(contents(tmp_path / "all.zip")["schedule.csv"].decode()))
    assert "'=cmd|' /C'!A0" in {row["partner"] for row in rows}


# --- signatures -------------------------------------------------------------------------------------------


@pytest.fixture
def signed(keys: Path) -> Made:
    """A ledger with a signed approval (position 11 or so), sealed and packed."""
    made = Made(keys)
    assert approve("--sign", "--on", "2026-08-25") == 0
    assert made.run("audit", "keygen", "--key", "key.pem", "--pin", "key.pub") == 0
    made.seal()
    made.bundle("one.zip", "--contract", CONTRACT)
    made.bundle("all.zip", "--all")
    return made


SIGNED = pytest.mark.skipif(
    shutil.which("ssh-keygen") is None, reason="ssh-keygen is not installed: nothing is signed"
)


@SIGNED
def test_what_is_signed_is_counted_once(signed: Made, capsys: pytest.CaptureFixture[str]) -> None:
    capsys.readouterr()
    found = contents(signed.bundle("again.zip", "--contract", CONTRACT))
    count = sum(re.match(r"signatures/\d+.json$", name) is not None for name in found)
    assert f", {count} of them signed into" in "".join(capsys.readouterr())


@SIGNED
@pytest.mark.parametrize("bundle", ["one.zip", "all.zip"])
def test_signatures_hold_here_and_with_stock_ssh_keygen(signed: Made, bundle: str) -> None:
    found = verify(signed.folder / bundle, *signed.trust)
    assert found.code == 0, found.out
    assert "1 signatures by keys registered and valid then" in found.line("signatures")
    assert "proven up to position" in found.out
    unpacked = signed.folder / "unpacked"
    with zipfile.ZipFile(signed.folder / bundle) as packed:
        packed.extractall(unpacked)
    readme = (unpacked / "README.txt").read_text("utf-8")
    command = next(line for line in readme.splitlines() if "ssh-keygen -Y" in line)
    done = subprocess.run(["sh", "-c", command], cwd=unpacked, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "Signed acts" in (unpacked / "report.html").read_text("utf-8")
    own = signed.folder / "own"
    own.write_bytes((unpacked / "allowed_signers").read_bytes())
    assert verify(signed.folder / bundle, "--trusted-signers", str(own)).code == 0
    lines = [line for line in own.read_text().splitlines() if "manager-1" not in line]
    own.write_text("\n".join(lines))
    found = verify(signed.folder / bundle, "--trusted-signers", str(own))
    assert (found.code, found.violated) == (5, ["signatures"])


@SIGNED
@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ('"minor":12000000', '"minor":12000001', "is for another amount"),
        ('"by":"manager-1"', '"by":"manager-2"', "is for another by"),
        ('"role":"manager"', '"role":"finance"', "is for another role"),
        ('"policy":1', '"policy":2', "does not cover its statement"),
    ],
)
def test_another_statement_than_was_signed_is_found(
    signed: Made, old: str, new: str, says: str
) -> None:
    name = next(
        n for n in contents(signed.folder / "one.zip") if re.match(r"signatures/\d+.json$", n)
    )
    found = verify(forged(signed.folder / "one.zip", {name: swap(old, new)}), *signed.trust)
    assert (found.code, found.violated) == (5, ["signatures"])
    assert says in found.line("signatures")


@SIGNED
@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ('"valid_from":"2026-08-03"', '"valid_from":"2026-09-03"', "is not valid on 2026-08-25"),
        ('"person":"manager-1"', '"person":"manager-7"', "is by an unknown key of manager-1"),
        ("SignerApproved/1", "SignerRevoked/1", "is by an unknown key of manager-1"),
    ],
)
def test_a_key_unknown_or_not_valid_is_named(signed: Made, old: str, new: str, says: str) -> None:
    change = swap(old, new)
    if "Revoked" in new:
        change = lambda data: data.replace(old.encode(), new.encode())  # noqa: E731
    found = verify(forged(signed.folder / "one.zip", {"records.jsonl": change}), *signed.trust)
    assert found.code == 5 and {"proofs", "signatures"} <= set(found.violated)
    assert says in found.line("signatures")
