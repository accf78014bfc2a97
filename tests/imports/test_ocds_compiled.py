"""A compiled release beside the releases of its record: what it says otherwise is named, and nothing else."""

from __future__ import annotations

import json
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

from commands.imports.found import Reading, Warned
from commands.imports.ocds import read_ocds

Json = dict[str, Any]


def yuan(amount: Any) -> Json:
    return {"amount": amount, "currency": "CNY"}


def update(day: int, *milestones: Json, **fields: Any) -> Json:
    work = {"milestones": list(milestones), "transactions": fields.pop("transactions", [])}
    contract = {"id": "c1", "implementation": work, **fields}
    stamp = f"2026-03-{day:02}T00:00:00Z"
    return {"ocid": "o-1", "id": f"r{day}", "date": stamp, "tag": ["x"], "contracts": [contract]}


PAID = {"id": "t1", "date": "2026-03-02T00:00:00Z", "value": yuan(5)}
RELEASES = [
    update(1, {"id": "M1", "dueDate": "2026-05-01T00:00:00Z", "title": "Roof", "code": "a"}),
    update(2, {"id": "M1", "status": "met", "title": None}, {"id": "M2"}, transactions=[PAID]),
    update(3, {"id": "M1", "dueDate": "2026-06-01T00:00:00Z"}, value=yuan(1000), title="Hall"),
]
# What the merging rules of OCDS 1.1 make of them, by hand: the title of M1 was withdrawn.
COMPILED: Json = {
    **update(
        3,
        {"id": "M1", "dueDate": "2026-06-01T00:00:00Z", "status": "met", "code": "a"},
        {"id": "M2"},
        transactions=[PAID],
        value=yuan(1000),
        title="Hall",
    ),
    "tag": ["compiled"],
}


def read(path: Path, releases: list[Any], compiled: Any, **record: Any) -> Reading:
    path.write_text(
        json.dumps({"ocid": "o-1", "releases": releases, "compiledRelease": compiled, **record})
    )
    return read_ocds([path])


def told(reading: Reading) -> list[Warned]:
    return [w for w in reading.warnings if w.rule == "compiled-release-differs"]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "record.json"


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0)])
def test_one_that_is_what_the_releases_come_to_is_not_mentioned(
    path: Path, order: tuple[int, ...]
) -> None:
    mixed = deepcopy(COMPILED)
    mixed["contracts"][0]["implementation"]["milestones"].reverse()
    for compiled in (COMPILED, mixed, {**COMPILED, "buyer": None, "x_own": 1}):
        assert told(read(path, [RELEASES[n] for n in order], compiled)) == []


def milestones(compiled: Json) -> list[Json]:
    found: list[Json] = compiled["contracts"][0]["implementation"]["milestones"]
    return found


def other(compiled: Json) -> None:
    compiled["contracts"][0] |= {"value": yuan(1001), "title": "House"}
    milestones(compiled)[0] |= {"dueDate": "2026-06-02T00:00:00Z", "title": "Roof"}


def fewer(compiled: Json) -> None:
    compiled["contracts"][0]["implementation"]["transactions"] = []
    milestones(compiled)[1:] = [{"id": "M3"}]


def another(compiled: Json) -> None:
    compiled["contracts"].append({"id": "c2"})


@pytest.mark.parametrize(
    ("change", "fields"),
    [
        (other, "c1 …: title, value, M1 title, M1 dueDate"),
        (
            fewer,
            "c1 …: M2 (not in the compiled one), M3 (only in it), t1 (not in the compiled one)",
        ),
        (another, "c2 …: the whole contract (only in it)"),
    ],
)
def test_the_fields_that_differ_are_named_and_the_releases_are_what_is_taken(
    path: Path, change: Any, fields: str
) -> None:
    compiled = deepcopy(COMPILED)
    change(compiled)
    reading = read(path, RELEASES, compiled)
    (remark,) = told(reading)
    says = "o-1/", "differs from what its record's 3 releases, which are read, come to"
    assert remark.detail == fields.replace("c", says[0] + "c", 1).replace("…", says[1])
    assert remark.severity == "medium" and remark.place == f"{path}:compiledRelease"
    assert reading.take_overs == read(path, RELEASES, COMPILED).take_overs


def test_it_is_compared_with_the_versioned_release_where_that_is_read(path: Path) -> None:
    said = {"releaseDate": "2026-03-01T00:00:00Z", "releaseID": "r1", "releaseTag": ["contract"]}
    versioned = {
        "ocid": "o-1",
        "contracts": [{"id": "c1", "title": [{**said, "value": "Hall"}]}],
    }
    for title, fields in (("Hall", []), ("House", ["title"])):
        compiled = {"ocid": "o-1", "contracts": [{"id": "c1", "title": title}]}
        remarks = told(read(path, [], compiled, versionedRelease=versioned))
        assert [one.detail.rpartition(": ")[2] for one in remarks] == fields


def test_it_is_not_compared_where_it_is_itself_what_is_read(path: Path) -> None:
    reading = read(path, [{"url": "a", "date": "2026-03-01T00:00:00Z"}], COMPILED)
    assert told(reading) == [] and [t.contract for t in reading.take_overs] == ["o-1/c1"]


def test_text_that_is_none_and_what_is_nested_too_deep_stop_nothing(path: Path) -> None:
    half = deepcopy(COMPILED)
    milestones(half)[1] = {"title": "\ud800"}
    assert len(told(read(path, RELEASES, half))) == 1
    deep: Any = {"id": "c1"}
    for _ in range(300):
        deep = {"x": [deep]}
    reading = read(path, [update(1, note=deep)], update(1, note={"x": 1}))
    assert [t.contract for t in reading.take_overs] == ["o-1/c1"]
