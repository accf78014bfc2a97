"""What an auditor and a manager type at the end of the scenario, and what they read."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.commands import transcripts
from tests.commands.acting import ENVIRON, today

__all__ = ["today"]


@pytest.mark.usefixtures("today", "sqlite_story")
@pytest.mark.parametrize("name", ["reports.txt", "reports_80.txt", "audits.txt"])
def test_a_transcript(name: str, tmp_path: Path) -> None:
    wide = {"COLUMNS": "80"} if "80" in name else {"COLUMNS": "120"}
    transcripts.check(Path(__file__).with_name(name), tmp_path, ENVIRON | wide)
