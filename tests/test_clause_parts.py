"""Every clause has all that belongs to one, and a part that is missing is found by its name."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from pytest import MonkeyPatch

from commands.imports.clause_checks import BY_TERM
from ledger.calculations import Late, Stated
from ledger.clauses import CLAUSES, KEPT, Clause
from ledger.store import request_digest
from projections import recompute
from projections.exports import entries, ocds_losses
from tests import clause_parts
from tests.clause_parts import PARTS, missing, posted, registered

RETENTION = registered(("retention", "retained"))
TAX = registered(("tax", "vat"))


@pytest.mark.parametrize("clause", CLAUSES, ids=lambda one: " ".join(*list(one.keeps)[:1]))
def test_a_clause_has_all_its_parts(clause: Clause) -> None:
    assert missing(clause) == []


def test_each_line_is_of_one_clause_and_every_line_that_is_posted_of_one_registered() -> None:
    names = [name for clause in CLAUSES for name in clause.keeps]
    assert len(names) == len(set(names))
    assert set(posted()) == set(names)


def _elsewhere(patch: MonkeyPatch, tmp_path: Path) -> None:
    empty = tmp_path / "clauses.md"
    empty.write_text("# The clauses on money\n", "utf-8")
    patch.setattr(clause_parts, "PAGE", empty)


Plant = Callable[[MonkeyPatch, Path], object]
WITHOUT: dict[str, tuple[Clause, Plant]] = {
    "term": (RETENTION._replace(term="hold_back"), lambda patch, _: None),
    "request": (TAX, lambda patch, _: patch.delitem(request_digest._LATER, "tax")),
    "check": (TAX, lambda patch, _: patch.delitem(BY_TERM, "tax")),
    "page": (RETENTION, _elsewhere),
    "lines": (RETENTION._replace(keeps={("retention", "hoped"): Late}), lambda patch, _: None),
    "kept": (TAX, lambda patch, _: patch.setitem(KEPT, ("tax", "vat"), Late)),
    "words": (TAX, lambda patch, _: patch.setitem(KEPT, ("tax", "vat"), Stated)),
    "recomputation": (
        TAX,
        lambda patch, _: patch.setattr(recompute, "_compared", lambda *_: iter(())),
    ),
    "journal": (RETENTION, lambda patch, _: patch.delitem(entries.STEPS, "retention")),
    "losses": (RETENTION, lambda patch, _: patch.delitem(ocds_losses.SAYS, "retention")),
}


@pytest.mark.parametrize("part", PARTS)
def test_a_part_that_is_missing_is_found(
    part: str, monkeypatch: MonkeyPatch, tmp_path: Path
) -> None:
    clause, plant = WITHOUT[part]
    plant(monkeypatch, tmp_path)
    assert part in missing(clause)
