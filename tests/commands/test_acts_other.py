"""What the acting commands do beyond the scenario, as a person sees it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.commands import transcripts
from tests.commands.acting import ENVIRON, folder, sqlite_template, today

__all__ = ["folder", "sqlite_template", "today"]

GIFT_BOXES = """
  - id: M6
    title: Gift boxes
    stage: close
    due: 2026-12-11
    amount: 80,000.00
    depends_on: [M5]
"""
APPROVALS = """\
reference,on,part
# the delivery of November
BW-2026-014/M7,2026-11-22,50%
BW-2026-014/M5,2026-11-22,
"""


@pytest.mark.usefixtures("today")
def test_the_acts_beyond_the_scenario(folder: Path) -> None:
    signed = (folder / "double-11.yaml").read_text("utf-8")
    changed = signed.replace("amount: 100,000.00", "amount: 110,000.00") + GIFT_BOXES
    (folder / "changed.yaml").write_text(changed, "utf-8")
    other = signed.replace("title: Report", "title: Final report").replace("id: M5", "id: M-5")
    other = other.replace("title: Content\n", "title: Contents\n")
    (folder / "other.yaml").write_text(other, "utf-8")
    (folder / "approvals.csv").write_text(APPROVALS, "utf-8")
    (folder / "bad.csv").write_text("BW-2026-014/M7\nM5,2026-11-31\n", "utf-8")
    transcripts.check(Path(__file__).with_name("acts.txt"), folder, ENVIRON)
    assert (folder / "double-11.yaml").read_text("utf-8") == signed
