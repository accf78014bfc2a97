"""A ledger of two contracts with Chinese names, one in yen: delivered, paid in part, sent back, in dispute."""

from __future__ import annotations

import shlex
import shutil
from pathlib import Path

import pytest

from commands.main import main
from tests.commands.acting import CONTRACT, C, at_noon, today
from tests.databases import sqlite_template

__all__ = ["C", "played", "sqlite_template", "today", "told"]

Heard = pytest.CaptureFixture[str]
DONE = f"""
contract sign double-11.yaml --as admin-1
milestone submit {C}/M1 --on 2026-08-18 --as partner-1
milestone approve {C}/M1 --on 2026-08-21 --as manager-1
payment instruct {C}/M1 60,000.00 --on 2026-09-20 --as finance-1
payment record {C}#11 --on 2026-09-20 --as finance-1
milestone submit {C}/M2 --on 2026-09-25 --as partner-1
milestone approve {C}/M2 --on 2026-09-28 --as manager-1
milestone approve {C}/M2 --on 2026-09-28 --as finance-1
dispute open {C}/M2 50,000.00 --reason 店铺首页与设计稿不符 --on 2026-09-29 --as manager-2
milestone submit {C}/M3 --on 2026-10-20 --as partner-1
milestone reject {C}/M3 --reason r --on 2026-10-22 --as manager-1
payment instruct {C}/M1 --on 2026-09-20 --as finance-1
payment fail {C}#21 --reason closed --on 2026-09-20 --as finance-1
invoice receive {C} F-1 --milestone M1 --on 2026-09-20 --as finance-1
payee propose 杭州内容工作室 --holder 杭州内容工作室 --number 6222020200112233445 --bank 102331002126 --as finance-1
contract sign yen.yaml --as admin-1
"""
NAMES = {
    "title: Concept": "title: 品牌视觉与年度传播方案",
    "title: Shop build": "title: 天猫旗舰店搭建 (Shop build)",
    "partner: Hangzhou Content Studio": "partner: 杭州内容工作室",
}
YEN = {f"contract: {C}": "contract: BW-2026-015", "currency: CNY": "currency: JPY", ".00": ""}


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory, sqlite_template: Path) -> Path:
    """A ledger of contracts with Chinese names, one in yen: delivered, paid in part, sent back, in dispute."""
    place = tmp_path_factory.mktemp("played")
    text = CONTRACT.read_text("utf-8")
    (place / "double-11.yaml").write_text(_replaced(text, NAMES), "utf-8")
    (place / "yen.yaml").write_text(_replaced(text, {**NAMES, **YEN}), "utf-8")
    shutil.copyfile(sqlite_template, place / "ledger.sqlite3")
    with pytest.MonkeyPatch.context() as patched:
        at_noon(patched)
        patched.chdir(place)
        patched.setenv("MLEDGER_DATABASE_URL", "ledger.sqlite3")
        for line in DONE.strip().splitlines():
            assert main(shlex.split(line)) == 0, line
    return place / "ledger.sqlite3"


@pytest.fixture
def told(
    played: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, today: None, capsys: Heard
) -> Path:
    """The folder of a copy of that ledger."""
    shutil.copyfile(played, tmp_path / "ledger.sqlite3")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("MLEDGER_DATABASE_URL", "ledger.sqlite3")
    for name in ("MLEDGER_ACTOR", "MLEDGER_ZONE", "COLUMNS", "NO_COLOR"):
        monkeypatch.delenv(name, raising=False)
    capsys.readouterr()
    return tmp_path


def _replaced(text: str, words: dict[str, str]) -> str:
    for old, new in words.items():
        text = text.replace(old, new)
    return text
