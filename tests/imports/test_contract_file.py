"""Contract files: what is wrong is told with its exact place, and what is written reads back."""

from __future__ import annotations

import dataclasses
import io
import time
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from commands.imports.contract_checks import document_problems
from commands.imports.contract_file import MAX_BYTES, read_contract_file
from ledger.errors import InputInvalid
from ledger.terms import (
    LatePenalty,
    MilestonePlan,
    Tier,
)
from tests.imports.contracts import SOUND, changed


def refused(text: str) -> InputInvalid:
    with pytest.raises(InputInvalid) as caught:
        read_contract_file("c.yaml", text)
    return caught.value


def the_problem(old: str, new: str) -> tuple[str, str, str]:
    """Place, problem and hint of the one thing that a change of the sound file makes wrong."""
    error = refused(changed(old, new))
    assert error.code == "contract-file-invalid"
    (problem,) = error.facts["problems"]
    assert (error.place, error.message) == (problem["place"], problem["problem"])
    return problem["place"], problem["problem"], problem["hint"]


def test_the_sound_file_is_read() -> None:
    document = read_contract_file("c.yaml", SOUND)
    assert document.ceiling_minor == 60_000_000
    assert document.late_penalty == LatePenalty(rate=Decimal("0.1"), cap=Decimal(10))
    assert document.milestones[1].due == date(2026, 9, 18)


@pytest.mark.parametrize(
    ("old", "new", "place", "problem", "hint"),
    [
        ("ceiling:", "cieling:", "7:1", "unknown key 'cieling'", "did you mean ceiling"),
        ("    due: 2026-08-21", "    deu: 2026-08-21", "21:5", "unknown key 'deu'", "mean due?"),
        (
            "  rate: 0.1%",
            "  rate: 0.1%\n  foo:",
            "18:3",
            "unknown key 'foo'",
            "known here: rate, cap",
        ),
        ("client: Brand", "", "1:1", "client is missing", "add client"),
        ("client: Brand", "client:", "2:8", "client is missing", "add client"),
        ("client: Brand", "client: ''", "2:9", "client: '' is too short", "1 or more letters"),
        (
            "client: Brand",
            "client: [a]",
            "2:9",
            "client: one text is expected, not a list",
            "colon",
        ),
        ("- id: M3", "- title: x", "27:5", "id is missing", "add id"),
        ("  cap: 10%", "  cap:", "18:7", "cap is missing", "cap: no cap"),
        ("  cap: 10%", "  cap: 10", "18:8", "cap: '10' is not a percentage", "5%"),
        ("  cap: 10%", "  cap: 110%", "18:8", "cap: 110% is not from 0% to 100%", "5%"),
        ("2026-08-21", "2026-02-30", "21:10", "due: '2026-02-30' does not exist", "YYYY-MM-DD"),
        ("2026-08-21", "20260821", "21:10", "due: '20260821' is not a date", "YYYY-MM-DD"),
        ("2026-08-21", "86400", "21:10", "due: '86400' is not a date", "YYYY-MM-DD"),
        (" 120,000.00", " 12,00.00", "22:13", "'12,00.00' is not an amount", "120,000.00"),
        (" 120,000.00", " 1.005", "22:13", "'1.005' has 3 decimals, but CNY has 2", "CNY"),
        (" 120,000.00", " -1", "22:13", "amount: -1 is below zero", "0 or more"),
        (" 120,000.00", " [1]", "22:13", "amount: one text is expected, not a list", "colon"),
        ("finance: [dan]", "finance: dan", "11:12", "finance: a list is expected, not 'dan'", "[f"),
        ("finance: [dan]", "finance: [~]", "11:13", "finance: one text is expected, not no", "one"),
        ("finance: [dan]", "'': [dan]", "11:3", "roles: '' is too short", "1 or more"),
        ("{manager: 1}", "{manager: 0}", "14:23", "manager: '0' is too small", "1 or more"),
        ("{manager: 1}", "{manager: x}", "14:23", "manager: 'x' is not a whole number", "30"),
        ("{manager: 1}", "{manager: 100}", "14:23", "manager: '100' is too large", "99 or less"),
        ("{manager: 1}", "[manager]", "14:13", "quorum: keys with values are expected", "below"),
        ("ceiling: 600,000.00", "separation: maybe", "7:13", "'maybe' is neither true nor", "true"),
        (
            "ceiling: 600,000.00",
            "rounding: half-upp",
            "7:11",
            "not one of half-up, half-even",
            "up?",
        ),
        ("ceiling: 600,000.00", "payment: 30", "7:10", "keys with values are expected", "below"),
        ("milestones:\n", "disputes: {x: 200,000.00}\nmilestones:\n", "19:12", "'x'", "known here"),
    ],
)
def test_a_structural_problem_is_told_with_its_place(
    old: str, new: str, place: str, problem: str, hint: str
) -> None:
    error = refused(changed(old, new))
    found = error.facts["problems"][0]
    assert found["place"] == f"c.yaml:{place}"
    assert problem in found["problem"]
    assert hint in found["hint"]


@pytest.mark.parametrize(
    ("old", "new", "place", "problem", "hint"),
    [
        ("contract: C-1", "contract: C#1", "1:11", "id 'C#1' holds '#'", "CONTRACT#VERSION"),
        ("contract: C-1", "contract: ~C", "1:11", "id '~C' begins with '~'", "own streams"),
        ("contract: C-1", 'contract: "C\\e1"', "1:11", r"'C\x1b1' holds control or inv", "remove"),
        ("contract: C-1", "contract: ' C'", "1:11", "begins or ends with a space", "remove"),
        ("[dan]", "[dan, 'd\u200ban']", "11:18", "holds control or invisible", "remove"),
        (
            "client: Brand",
            'client: "Bra\\u202end"',
            "2:9",
            r"'Bra\u202end' holds control",
            "remove",
        ),
        ("partner: Studio", "partner: 'Stu\u200bdio'", "3:10", r"'Stu\u200bdio' holds", "remove"),
        (
            "partner: Studio",
            'partner: "Stu\\x1b[2Jdio"',
            "3:10",
            r"'Stu\x1b[2Jdio' holds",
            "remove",
        ),
        ("partner: Studio", "partner: ' Studio'", "3:10", "begins or ends with a space", "remove"),
        (
            "    due: 2026-08-21",
            "    due: 2026-08-21\n    owner: 'a\u2066b'",
            "22:12",
            r"'a\u2066b' holds control or invisible",
            "remove",
        ),
        (
            "    due: 2026-08-21",
            "    due: 2026-08-21\n    criteria: [{name: 'defec\u00adts', at_most: 2%}]",
            "22:23",
            r"'defec\xadts' holds control or invisible",
            "remove",
        ),
        ("ceiling: 600,000.00", "ceiling:", "7:9", "ceiling is empty", "take the key out"),
        (
            "ceiling: 600,000.00",
            "delegations: [{of: ann, to: bob, until: }]",
            "7:40",
            "until is empty",
            "write until: …, or take the key out",
        ),
        (
            "ceiling: 600,000.00",
            "delegations: [{of: ann, to: bob, since: ~, until: 2026-12-31}]",
            "7:41",
            "since is empty",
            "write since: …, or take the key out",
        ),
        (
            "  - quorum: {manager: 1, finance: 1}",
            "  - up_to:\n    quorum: {manager: 1, finance: 1}",
            "15:11",
            "up to is empty",
            "write up_to: …, or take the key out",
        ),
        (
            "ceiling: 600,000.00",
            "disputes: {open_within_days: }",
            "7:29",
            "open within days is empty",
            "take the key out",
        ),
        ("currency: CNY", "currency: RMB", "4:11", "'RMB' is not a currency", "Did you mean CNY?"),
        ("currency: CNY", "currency: XXX", "4:11", "XXX stands for an unknown", "CNY"),
        ("Asia/Shanghai", "Asia/Shangai", "5:11", "is not a time zone", "mean Asia/Shanghai"),
        ("ceiling: 600,000.00", "calendars: [CN, UK]", "7:17", "is not a calendar", "mean GB?"),
        ("ceiling: 600,000.00", "cut_off: 24:00", "7:10", "'24:00' is not a time", "HH:MM"),
        (
            "ceiling: 600,000.00",
            "extra_holidays: [2026-12-31]\nextra_workdays: [2026-12-27, 2026-12-31]",
            "8:30",
            "named both as a holiday and as a workday",
            "one of the two",
        ),
        ("signed_on: 2026-08-03", "", "1:1", "signed_on is missing", "YYYY-MM-DD"),
        ("signed_on: 2026-08-03", "signed_on: ~", "6:12", "signed_on is missing", "YYYY-MM-DD"),
        ("[ann, bob]", "[]", "8:17", "no administrator is named", "signs the contract"),
        ("[ann, bob]", "[ann, ann]", "8:17", "ann is the only administrator", "separation: false"),
        (
            "finance: [dan]",
            "finance: [dan]\n  administrator: [dan]",
            "12:3",
            "'administrator' is not granted here",
            "under administrators",
        ),
        (
            "approval:\n",
            "delegations:\n  - {of: ann, to: dann}\napproval:\n",
            "13:19",
            "'dann' holds no role and is no administrator",
            "did you mean dan or ann?",
        ),
        (
            "approval:\n",
            "delegations:\n  - {of: ann, to: dan, since: 2026-09-02, until: 2026-09-01}\napproval:\n",
            "13:50",
            "ends on 2026-09-01, before it begins",
            "correct",
        ),
        (
            SOUND[SOUND.index("approval") : SOUND.index("late")],
            "",
            "1:1",
            "there is no tier",
            "at least one",
        ),
        ("  - up_to: 200,000.00\n    quo", "  - quo", "13:5", "tier 1 has no up_to", "add up_to"),
        (
            "  - quorum: {manager: 1, f",
            "  - up_to: 300000\n    quorum: {manager: 1, f",
            "15:12",
            "nobody approves more than 300,000.00 CNY",
            "a last tier without up_to",
        ),
        (
            "  - quorum: {manager: 1, f",
            "  - up_to: 200000\n    quorum: {manager: 2}\n  - quorum: {manager: 1, f",
            "15:12",
            "200,000.00 CNY is not above 200,000.00 CNY",
            "ascend",
        ),
        ("{manager: 1}", "{}", "14:13", "tier 1 asks for nobody", "{manager: 1}"),
        ("{manager: 1}", "{manger: 1}", "14:22", "no role 'manger'", "did you mean manager?"),
        ("{manager: 1}", "{manager: 3}", "14:23", "3 × manager are needed, but 2 hold", "fewer"),
        ("    due: 2026-08-21\n", "", "20:5", "milestone M1 has no due date", "write due"),
        (
            "2026-08-21",
            "2026-08-02",
            "21:10",
            "M1 is due on 2026-08-02, before the sig",
            "signed_on",
        ),
        ("    amount: 120,000.00\n", "", "20:5", "milestone M1 has no amount", "write amount"),
        ("id: M3", "id: M/3", "27:9", "id 'M/3' holds '/'", "CONTRACT/MILESTONE"),
        ("id: M3", "id: M#3", "27:9", "id 'M#3' holds '#'", "CONTRACT/MILESTONE"),
        ("id: M3", "id: M2", "27:9", "id 'M2' is that of milestone number 2 too", "own id"),
        (
            "depends_on: [M1]",
            "depends_on: [M7]",
            "26:18",
            "no milestone 'M7'",
            "known here: M1, M2, M3",
        ),
        ("[M1]", "[M1, M2]", "26:22", "wait for each other: M2 → M2", "depends_on"),
        (
            "    due: 2026-08-21",
            "    due: 2026-08-21\n    depends_on: [M2]",
            "27:18",
            "M1 → M2 → M1",
            "",
        ),
        (
            "milestones:\n",
            "quality_bonuses:\n  - {milestone: M4, criterion: c, at_least: 3%, amount: 1}\nmilestones:\n",
            "20:17",
            "no milestone 'M4'",
            "known here: M1, M2, M3",
        ),
        ("600,000.00", "599,999.99", "7:10", "600,000.00 CNY, above the ceiling of 599", "raise"),
    ],
)
def test_a_problem_of_meaning_is_told_with_its_place(
    old: str, new: str, place: str, problem: str, hint: str
) -> None:
    found = the_problem(old, new)
    assert found[0] == f"c.yaml:{place}"
    assert problem in found[1]
    assert hint in found[2]


def test_all_problems_are_told_at_once_in_the_order_of_the_file() -> None:
    text = changed("client: Brand", "cleint: Brand").replace("120,000.00", "12,00")
    error = refused(text.replace("2026-10-16", "2026-13-01"))
    places = [problem["place"] for problem in error.facts["problems"]]
    assert places == ["c.yaml:1:1", "c.yaml:2:1", "c.yaml:22:13", "c.yaml:28:10"]
    assert error.place == places[0]
    head, *lines = error.message.splitlines()
    assert head == "c.yaml has 4 problems"
    assert [line.strip().partition(": ")[0] for line in lines] == places
    assert "did you mean client" in lines[1]
    assert "there is no month 13" in lines[3]


def test_problems_of_meaning_are_told_together_too() -> None:
    error = refused(changed("600,000.00", "1").replace("M1]", "M9]").replace("[ann, bob]", "[]"))
    places = [problem["place"] for problem in error.facts["problems"]]
    assert places == ["c.yaml:7:10", "c.yaml:8:17", "c.yaml:26:18"]


def test_an_amount_with_commas_in_a_flow_mapping_is_explained() -> None:
    text = changed("  - up_to: 200,000.00\n    quorum: {", "  - {up_to: 200,000.00, quorum: {")
    error = refused(text.replace("{manager: 1}\n", "{manager: 1}}\n"))
    (problem,) = error.facts["problems"]
    assert problem["place"] == "c.yaml:13:17"
    assert "put in quotes" in problem["hint"]


def test_a_person_in_two_roles_fills_one_place() -> None:
    text = changed("[ann, cyd]", "[dan]")
    (problem,) = refused(text).facts["problems"]
    assert problem["place"] == "c.yaml:15:13"
    assert problem["problem"] == "2 different people are needed, but 1 can be found"


def test_places_are_filled_by_whoever_leaves_one_open_for_another() -> None:
    text = changed("[ann, cyd]", "[ann, dan]").replace("[dan]", "[ann, bob]")
    assert read_contract_file("c.yaml", text.replace("finance: 1}", "finance: 2}"))
    text = text.replace("finance: 1}", "finance: 2}").replace("{manager: 1, f", "{manager: 2, f")
    (problem,) = refused(text).facts["problems"]
    assert problem["problem"] == "4 different people are needed, but 3 can be found"


def test_a_long_chain_of_overlapping_roles_is_matched() -> None:
    roles: dict[str, tuple[str, ...]] = {
        f"r{n}": (f"p{n + 1}", f"p{n}") for n in range(3000, 0, -1)
    }
    base = read_contract_file("c.yaml", SOUND)
    tier = Tier(quorum=dict.fromkeys(roles, 1))
    document = dataclasses.replace(base, roles=roles, approval=(tier,))
    assert document_problems(document) == []


def test_a_long_chain_of_dependencies_is_followed_to_its_cycle() -> None:
    base = read_contract_file("c.yaml", SOUND)
    plans = tuple(
        MilestonePlan(id=f"M{n}", due=base.signed_on, amount_minor=1, depends_on=(f"M{n + 1}",))
        for n in range(5000)
    )
    closed = dataclasses.replace(plans[-1], depends_on=("M4998",))
    document = dataclasses.replace(base, milestones=(*plans[:-1], closed))
    (problem,) = document_problems(document)
    assert problem.problem.endswith("M4998 → M4999 → M4998")


def test_one_administrator_is_enough_without_separation() -> None:
    text = changed("[ann, bob]", "[ann]") + "separation: false\n"
    assert not read_contract_file("c.yaml", text).separation


def test_what_stands_in_the_file_is_what_is_read() -> None:
    text = changed("client: Brand", "client: NO").replace("Studio", "0x1F")
    document = read_contract_file("c.yaml", text.replace("120,000.00", "100.10"))
    assert (document.client, document.partner) == ("NO", "0x1F")
    assert document.milestones[0].amount_minor == 10_010


# --- the file itself -----------------------------------------------------------------------------


def file_refused(path: Path, data: bytes) -> InputInvalid:
    path.write_bytes(data)
    with pytest.raises(InputInvalid) as caught:
        read_contract_file(path)
    return caught.value


def test_a_byte_order_mark_is_no_part_of_the_text(tmp_path: Path) -> None:
    file = tmp_path / "c.yaml"
    file.write_bytes(b"\xef\xbb\xbf" + SOUND.encode())
    assert read_contract_file(file) == read_contract_file("c.yaml", SOUND)


def test_what_is_not_utf8_is_refused_with_its_place(tmp_path: Path) -> None:
    file = tmp_path / "c.yaml"
    error = file_refused(file, changed("Brand", "品牌方").encode("gb18030"))
    assert (error.code, error.place) == ("file-not-utf8", f"{file}:2:10")
    assert "GB18030" in error.hint
    assert "UTF-16" in file_refused(file, SOUND.encode("utf-16")).hint
    assert file_refused(file, b"a: \xff").hint == "save it as UTF-8"


def test_a_file_of_more_than_a_mebibyte_is_refused(tmp_path: Path) -> None:
    error = file_refused(tmp_path / "c.yaml", b"#" * (MAX_BYTES + 1))
    assert error.code == "file-too-large"


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    for path in (tmp_path / "none.yaml", tmp_path):
        with pytest.raises(InputInvalid, match=r"cannot be read: ") as caught:
            read_contract_file(path)
        assert caught.value.code == "file-unreadable"


def test_a_dash_is_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b"client: a\n")))
    with pytest.raises(InputInvalid) as caught:
        read_contract_file("-")
    assert caught.value.place == "stdin:1:1"


@pytest.mark.parametrize("text", ["just words", "- a\n- b"])
def test_a_file_that_is_no_mapping_is_refused(text: str) -> None:
    error = refused(text)
    assert error.message.startswith("the file: keys with values are expected")


def test_a_hundred_problems_are_told_in_full_and_the_others_counted() -> None:
    """100,000 unknown keys took a minute: for each it was looked for what may have been meant."""
    keys = "".join(f"unheard{n}: 1\n" for n in range(60_000))
    began = time.perf_counter()
    problem = refused(keys)
    assert time.perf_counter() - began < 30
    told = problem.facts["problems"]
    assert len(told) == 101
    assert any("more problems, from here on, are not listed" in one["problem"] for one in told)
