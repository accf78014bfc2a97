"""What cannot be read is named with its place and the next step, and the log stays as it was."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from commands.imports.recording import found_files
from commands.main import main
from ledger.errors import InputInvalid
from tests.commands import transcripts

HEADER = "contract,milestone,amount,currency,current_due,delivered\n"
EXAMPLE = Path(__file__).resolve().parents[2] / "docs" / "examples" / "double-11.yaml"


@pytest.fixture
def folder(tmp_path: Path, sqlite_url: str) -> Path:
    """A folder of files of which most cannot be taken over; sqlite_url is a ledger in it."""
    made = tmp_path / "files"
    made.mkdir()
    (made / "empty-folder").mkdir()
    texts = {
        "broken.json": '{"ocid": "ocds-1", "id": "1",\n "contracts": [{"id": "1" 2}]}\n',
        "truncated.json": '{"releases": [{"ocid": "ocds-1"',
        "not-ocds.json": '{"name": "something else"}\n',
        "empty.csv": "",
        "no-milestone-column.csv": "contract,amount\nC-1,10.00\n",
        "formulas.csv": HEADER + 'C-1,M1,=1+1,CNY,,\nC-1,M2,"=HYPERLINK(""a"")",CNY,,\n',
        "rows.csv": HEADER
        + "C-1,M1,100.00,CNY,2026-09-01,2026-09-01\n"
        + "C-1,M2,100.00,CNY,2026-02-30,\n"
        + "C-2,M1,ten,CNY,2026-09-01,\n"
        + "C-2,,10.00,CNY,2026-09-01,\n"
        + "C-2,M3,10.00\n"
        + 'C-2,"M4,10.00,CNY,2026-09-01,\n',
        "broken-map.yaml": "fields:\n  contrakt: A\n",
        "broken.yaml": "contract: C-9\ncurrency: CNY\n  title: x\n",
        "good.yaml": EXAMPLE.read_text("utf-8"),
    }
    for name, text in texts.items():
        (made / name).write_text(text, "utf-8")
    (made / "latin.csv").write_bytes((HEADER + "C-1,Fällig,1.00,EUR,,\n").encode("latin-1"))
    (made / "nul.csv").write_text(HEADER + "C-1,M1,1.00,EUR,,\n", "utf-16-le")
    return made


def head(url: str) -> int:
    with closing(sqlite3.connect(url.removeprefix("sqlite:///"))) as conn, conn:
        position: int = conn.execute("SELECT position FROM log_head").fetchone()[0]
    conn.close()
    return position


def test_bad_input_is_named_and_records_nothing(folder: Path, sqlite_url: str) -> None:
    file = Path(__file__).with_name("import_bad_input.txt")
    transcripts.check(file, folder, {"MLEDGER_DATABASE_URL": sqlite_url})
    assert head(sqlite_url) == 0


def test_good_rows_are_recorded_beside_bad_ones(
    folder: Path, sqlite_url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["import", "csv", str(folder / "rows.csv"), "--database", sqlite_url]
    assert main(words) == 6
    out, err = capsys.readouterr()
    assert "5 skipped" in out
    assert "ATTENTION: 5 of 6 rows (83 %) are left out" in out
    assert "error[import-incomplete]: 5 of 6 rows" in err
    before = head(sqlite_url)
    assert before > 0
    assert main(words) == 6
    assert "nothing new to record" in capsys.readouterr().out
    assert head(sqlite_url) == before


def closed_folder(tmp_path: Path) -> Path:
    folder = tmp_path / "closed"
    (folder / "below").mkdir(parents=True)
    (folder / "a.csv").write_text(HEADER)
    return folder


def test_a_folder_without_rights_is_an_error_not_an_empty_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = closed_folder(tmp_path)
    scandir = os.scandir

    def closed(path: str) -> object:
        # As for a user without rights: the test itself may run as root, whom nothing is closed to.
        if str(path).endswith("below"):
            raise PermissionError(13, "Permission denied", str(path))
        return scandir(path)

    monkeypatch.setattr(os, "scandir", closed)
    with pytest.raises(InputInvalid) as caught:
        found_files([folder], (".csv",))
    assert (caught.value.code, caught.value.place) == ("folder-unreadable", str(folder / "below"))
    assert caught.value.hint == f"get the right to read it: chmod u+rx {folder / 'below'}"


def test_a_file_without_rights_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "a.csv"
    file.write_text(HEADER)
    access: Callable[..., bool] = os.access
    monkeypatch.setattr(os, "access", lambda path, mode: path != file and access(path, mode))
    with pytest.raises(InputInvalid) as caught:
        found_files([file], (".csv",))
    assert (caught.value.code, caught.value.exit_code) == ("file-unreadable", 2)
