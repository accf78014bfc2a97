"""Every reason for which an entry waits, as people read it."""

from __future__ import annotations

import shutil
from pathlib import Path

from tests.commands.acting import ENVIRON
from tests.commands.transcripts import check

HERE = Path(__file__).parent


def test_transcript(instructed: Path) -> None:
    for file in (HERE / "waiting").iterdir():
        shutil.copyfile(file, instructed / file.name)
    check(HERE / "waiting.txt", instructed, ENVIRON)
