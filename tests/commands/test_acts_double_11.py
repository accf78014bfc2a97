"""The scenario "Double 11" is typeable, act by act, and what must be refused is."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.commands import transcripts
from tests.commands.acting import ENVIRON, folder, sqlite_template, today

__all__ = ["folder", "sqlite_template", "today"]


@pytest.mark.usefixtures("today")
def test_the_scenario_is_played_by_hand(folder: Path) -> None:
    transcripts.check(Path(__file__).with_name("double_11.txt"), folder, ENVIRON)
