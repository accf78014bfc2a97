"""What the OCDS reader takes over, leaves out and says: the reference files, then every oddity.

The reference figures are read from the table in the shared README, which was computed by a script
that shares no code with the product; no piece of that data stands here.
"""

from __future__ import annotations

import json
import random
import re
from collections import Counter
from collections.abc import Callable, Iterable
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from commands.imports.found import Reading
from commands.imports.ocds import read_ocds
from commands.imports.ocds_values import (
    code_of,
    commonest_offset,
    known_claim,
    local_day,
    money_in,
    offset_text,
    written_of,
)
from ledger.errors import InputInvalid
from ledger.intents import TakenMilestone, TakenPayment, TakeOver
from ledger.money import format_minor

Write = Callable[..., Path]


def written(minor: int | None, currency: str) -> str:
    return "-" if minor is None else f"{currency} {format_minor(minor, currency)}"


def statuses(milestones: Iterable[TakenMilestone]) -> Counter[str]:
    """Milestones by the source's word, payment twins counted beside their deliveries."""
    words = [(m.source_status, m.twin_status) for m in milestones]
    return Counter(word for pair in words for word in pair if word)


def table(readme: Path, pattern: str) -> list[list[str]]:
    """The cells of those rows of the README's tables whose first cell matches."""
    lines = readme.read_text("utf-8").splitlines()
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    return [row for row in rows if re.fullmatch(pattern, row[0]) and len(row) > 5]


class Merged:
    """The naive merge: one contract per id, latest value, rows united by id."""

    def __init__(self, take_overs: Iterable[TakeOver]) -> None:
        self.values: dict[str, tuple[int | None, str]] = {}
        self.milestones: dict[tuple[str, str], TakenMilestone] = {}
        self.payments: dict[tuple[str, str], tuple[TakenPayment, str]] = {}
        for found in take_overs:
            name, currency = found.contract, found.currency
            if found.value_minor is not None or name not in self.values:
                self.values[name] = (found.value_minor, currency)
            self.milestones |= {(name, m.id): m for m in found.milestones}
            self.payments |= {(name, p.reference): (p, currency) for p in found.payments}

    def value(self) -> dict[str, str]:
        return self._sums((minor or 0, currency) for minor, currency in self.values.values())

    def paid(self) -> dict[str, str]:
        return self._sums((p.amount_minor, currency) for p, currency in self.payments.values())

    @staticmethod
    def _sums(amounts: Iterable[tuple[int, str]]) -> dict[str, str]:
        sums: Counter[str] = Counter()
        for minor, currency in amounts:
            sums[currency] += minor
        return {currency: format_minor(minor, currency) for currency, minor in sums.items()}


# --- the reference files -------------------------------------------------------------------------


@pytest.fixture(params=["invented", "mexico"])
def folder(request: pytest.FixtureRequest, published: Path) -> Path:
    """The invented files, and Mexico City's, of whose shape they are; these are skipped where they are not there."""
    if request.param == "invented":
        return published / "synthetic" / "ocds"
    shared: Path = request.getfixturevalue("shared")
    return shared / "data" / "ocds" / "mx-cdmx"


def test_every_release_file_has_the_published_figures(folder: Path) -> None:
    readme = folder.parents[1] / "README.md"
    rows = table(readme, r"(AD|SEFIN|x0x0x0)-.*-\d\d")
    assert len(rows) == len(list(folder.glob("releases/*.json")))
    for name, day, value, milestones, payments, paid, above in rows:
        (path,) = folder.glob(f"releases/*{name}.json")
        reading = read_ocds([path])
        (found,) = reading.take_overs
        total = sum(payment.amount_minor for payment in found.payments)
        assert written(found.value_minor, found.currency) == value
        assert (len(found.milestones), len(found.payments)) == (int(milestones), int(payments))
        assert written(total, found.currency) == paid
        assert [w.rule for w in reading.warnings] == ["paid-above-value"] * (above == "yes")
        assert found.known_claim.startswith(day)
        assert found.timezone == "-06:00"
        assert found.client.upper().startswith("SECRETAR") and found.partner
        assert not reading.skipped
        assert all(m.submitted_on is None and m.accepted_on is None for m in found.milestones)


def test_every_documentation_example_has_the_published_figures(published: Path) -> None:
    rows = table(published / "README.md", r"\w+\.json")
    assert len(rows) == 9
    for name, _, contracts, value, milestones, dated, payments, paid in rows:
        take_overs = read_ocds([published / "ocds/ocds-docs-examples" / name]).take_overs
        merged = Merged(take_overs)
        assert len(merged.values) == int(contracts), name
        assert " ".join(f"{c} {v}" for c, v in merged.value().items()) == value or value == "-"
        count, listed = re.fullmatch(r"(\d+) \((.*)\)", milestones).groups()  # type: ignore[union-attr]
        found = statuses(merged.milestones.values())
        assert found.total() == int(count), name
        words = dict(pair.split() for pair in listed.split(", ")) if listed != "-" else {}
        assert found == {word: int(n) for word, n in words.items()}, name
        twins_met = sum(m.twin_status == "met" for m in merged.milestones.values())
        delivered = sum(m.submitted_on is not None for m in merged.milestones.values())
        assert delivered + twins_met == int(dated), name
        assert len(merged.payments) == int(payments)
        assert " ".join(f"{c} {v}" for c, v in merged.paid().items()) == paid or paid == "-"


def test_releases_and_records_merge_into_contracts_in_any_order(folder: Path) -> None:
    invented = folder.parent.name == "synthetic"
    files = sorted(folder.rglob("*.json"))
    once = read_ocds([folder])
    merged = Merged(once.take_overs)
    # The records embed releases that stand in files too.
    assert len(once.take_overs) == (6 if invented else 20)
    assert len(merged.values) == (3 if invented else 8)
    value, paid = (
        ({"MXN": "3300.50", "USD": "754.96"}, {"MXN": "2100.11", "USD": "754.96"})
        if invented
        else ({"MXN": "11846090.18", "USD": "75464.96"}, {"MXN": "11509378.96", "USD": "75464.96"})
    )
    assert (merged.value(), merged.paid()) == (value, paid)
    counts = {"partiallyMet": 6 if invented else 74, "met": 1}
    assert statuses(merged.milestones.values()) == counts
    assert len(merged.payments) == (6 if invented else 70)
    random.Random(1).shuffle(files)
    assert read_ocds(files + files[:3]).take_overs == once.take_overs
    assert sum("above" in w.rule for w in once.warnings) == (1 if invented else 6)


def test_records_embed_their_releases_and_the_compiled_one_is_not_counted(folder: Path) -> None:
    found = read_ocds([folder / "records"]).take_overs
    merged = Merged(found)
    counts = len(found), len(merged.values), len(merged.milestones), len(merged.payments)
    if folder.parent.name == "synthetic":
        assert counts == (3, 1, 4, 4)
        assert (merged.value(), merged.paid()) == ({"MXN": "1500.50"}, {"MXN": "1200.01"})
    else:
        assert counts == (12, 4, 44, 44)
        assert (merged.value(), merged.paid()) == ({"MXN": "4040534.40"}, {"MXN": "3703823.20"})


def test_a_delivery_is_on_time_by_the_local_day_and_its_twin_goes_into_it(published: Path) -> None:
    """Oracle I6: due and met on the same local day; the payment due and made in time."""
    stem = "milestones_implementation_financial_milestones"
    folder = published / "ocds/ocds-docs-examples"
    files = [folder / f"{stem}_{part}.json" for part in ("transaction", "partially_met")]
    reading = read_ocds(files)
    first, second = reading.take_overs
    assert first.known_claim < second.known_claim and first.contract == second.contract
    before, after = first.milestones[0], second.milestones[0]
    assert before.submitted_on == after.submitted_on == after.due == date(2018, 10, 5)
    assert (before.submitted_at, after.submitted_at) == ("", "2018-10-05T17:30:00+04:30")
    assert after.accepted_on == date(2018, 10, 5)
    assert written(after.amount_minor, second.currency) == "AFN 76955.00"
    assert after.payment_due == date(2018, 10, 10)
    assert (after.source_status, after.twin_status) == ("met", "met")
    (payment,) = second.payments
    assert (payment.milestone, payment.paid_on) == (after.id, date(2018, 10, 9))
    assert statuses(Merged(reading.take_overs).milestones.values()) == {"met": 2, "notMet": 2}
    assert (second.timezone, second.signed_on) == ("+04:30", date(2018, 9, 16))
    assert not reading.skipped and not reading.warnings


def test_a_schema_is_not_a_release_and_is_listed_beside_the_releases(published: Path) -> None:
    reading = read_ocds([published / "ocds"])
    assert any("release-schema" in skip.place for skip in reading.skipped)
    assert len({found.contract for found in reading.take_overs}) == 2
    with pytest.raises(InputInvalid) as refused:
        read_ocds([published / "ocds/release-schema-1.1.5.json"])
    assert refused.value.code == "file-not-ocds"


# --- made-up releases ----------------------------------------------------------------------------


def release(*contracts: dict[str, Any], **fields: Any) -> dict[str, Any]:
    basis = {"ocid": "o-1", "id": "r1", "date": "2026-03-01T00:00:00Z", "tag": ["contract"]}
    return {**basis, "contracts": list(contracts), **fields}


def contract(*milestones: dict[str, Any], **fields: Any) -> dict[str, Any]:
    work = {"milestones": list(milestones), "transactions": fields.pop("transactions", [])}
    basis = {"id": "c1", "value": {"amount": 1000, "currency": "CNY"}}
    return {**basis, "implementation": work, **fields}


def yuan(amount: Any, currency: str | None = "CNY") -> dict[str, Any]:
    return {"amount": amount, "currency": currency}


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def to_file(*documents: Any, name: str = "", encoding: str = "utf-8") -> Path:
        path = tmp_path / (name or f"{len(list(tmp_path.iterdir()))}.json")
        texts = (one if isinstance(one, str) else json.dumps(one) for one in documents)
        path.write_bytes("\n".join(texts).encode(encoding))
        return path

    return to_file


@pytest.fixture
def read(write: Write) -> Callable[..., Reading]:
    return lambda *releases: read_ocds([write(one) for one in releases])


def rules(reading: Reading) -> list[str]:
    return sorted(warning.rule for warning in reading.warnings)


Read = Callable[..., Reading]


@pytest.mark.parametrize(
    "shape",
    [
        lambda one: one,
        lambda one: [one],
        lambda one: {"uri": "u", "releases": [one]},
        lambda one: {"releases": [one], "compiledRelease": {**one, "id": "x"}},
        lambda one: {"ocid": "o-1", "releases": [{k: v for k, v in one.items() if k != "ocid"}]},
        lambda one: {"compiledRelease": one},
        lambda one: {"records": [{"ocid": "o-1", "releases": [], "compiledRelease": one}]},
    ],
)
def test_every_shape_gives_the_same_take_over(read: Read, shape: Callable[[Any], Any]) -> None:
    one = release(contract({"id": "m1", "status": "scheduled"}))
    assert read(shape(one)).take_overs == read(one).take_overs


def test_linked_releases_are_listed_and_the_compiled_one_is_taken(read: Read) -> None:
    links = [{"url": "a", "date": "2026-01-01T00:00:00Z"}, {"url": "b"}]
    reading = read({"ocid": "o-1", "releases": links, "compiledRelease": release(contract())})
    assert len(reading.take_overs) == 1
    (skipped,) = reading.skipped
    assert skipped.reason == "linked releases, only their address is given: a; b"


@pytest.mark.parametrize("name", ["lines.jsonl", "lines.json", "LINES.NDJSON"])
def test_json_lines_are_read_line_by_line_and_a_broken_one_costs_only_itself(
    write: Write, name: str
) -> None:
    first, second = release(contract()), release(contract(), id="r2", date="2026-04-01")
    sizes: list[int] = []
    path = write(first, "", '{"ocid": "o-1", ', {"releases": [second]}, name=name)
    reading = read_ocds([path], sizes.append)
    assert [found.source for found in reading.take_overs] == ["ocds:o-1:r1", "ocds:o-1:r2"]
    (skipped,) = reading.skipped
    assert skipped.place.startswith(f"{path}:3:") and skipped.reason.startswith("is not JSON")
    assert sum(sizes) == path.stat().st_size


@pytest.mark.parametrize(
    ("encoding", "guessed"),
    [("utf-8", 0), ("utf-8-sig", 0), ("utf-16", 0), ("cp1252", 1), ("latin-1", 1)],
)
@pytest.mark.parametrize("name", ["a.json", "a.jsonl"])
def test_encodings_are_told_by_the_bytes_or_guessed_aloud(
    write: Write, encoding: str, guessed: int, name: str
) -> None:
    text = json.dumps(release(contract(title="Señal é")), ensure_ascii=False)
    reading = read_ocds([write(text, name=name, encoding=encoding)])
    assert reading.take_overs[0].title == "Señal é"
    assert rules(reading) == ["encoding-guessed"] * guessed


def test_releases_come_oldest_first_and_ties_go_by_id_whatever_the_file(read: Read) -> None:
    late = release(contract(), id="a", date="2026-03-01T00:30:00+04:30")
    early = release(contract(), id="b", date="2026-02-28T19:59:59Z")
    tied = release(contract(), id="c", date="2026-02-28T20:00:00Z")
    sources = ["ocds:o-1:b", "ocds:o-1:a", "ocds:o-1:c"]
    assert [found.source for found in read(tied, late, early).take_overs] == sources
    assert [found.source for found in read(early, tied, late).take_overs] == sources


def test_the_same_release_is_taken_once_but_not_one_that_only_shares_its_id(read: Read) -> None:
    one = release(contract())
    reading = read(one, dict(reversed(one.items())), release(contract(title="other")))
    assert len(reading.take_overs) == 2
    assert rules(reading) == ["release-order-assumed", "release-repeated"]


@pytest.mark.parametrize("when", ["2026-03-01T00:00:00Z", None])
def test_of_releases_of_one_date_without_ids_that_differ_the_order_is_said_to_be_assumed(
    read: Read, when: str | None
) -> None:
    one = release(contract(title="one"), id=None, date=when)
    other = release(contract(title="other"), id=None, date=when)
    for order in ((one, other), (other, one)):
        told = [w for w in read(*order).warnings if w.rule == "release-order-assumed"]
        assert [(w.severity, "without ids" in w.detail) for w in told] == [("medium", True)]
        assert ("of 2026-03-01" if when else "without a date") in told[0].detail


def test_nothing_is_assumed_where_such_releases_say_the_same_or_their_date_or_contract_differs(
    read: Read,
) -> None:
    one = release(contract(), id=None)
    later = release(contract(title="later"), id=None, date="2026-03-02T00:00:00Z")
    same = release(contract(), id=None, tag=["contractUpdate"])
    other = release(contract(id="c2"), id=None)
    assert rules(read(one, later, same, other)) == []


def test_a_contract_whose_name_would_become_anothers_is_left_out_and_both_are_named(
    read: Read,
) -> None:
    hashed, escaped = contract(id="c#1"), contract(id="c%231", title="other")
    reading = read(release(hashed, escaped))
    assert [found.contract for found in reading.take_overs] == ["o-1/c%231"]
    (skipped,) = reading.skipped
    assert (skipped.rule, skipped.severity) == ("id-collides", "high")
    assert "'o-1/c%231' and 'o-1/c#1' would both be kept as o-1/c%231" in skipped.reason
    alone = read(release(escaped))
    assert [found.title for found in alone.take_overs] == ["other"]
    assert [(w.rule, w.severity) for w in alone.warnings] == [("id-escaped", "low")]
    assert rules(read(release(hashed))) == []


def test_no_offset_of_fifteen_hours_or_more_is_taken_for_a_contracts_zone() -> None:
    # The widest in use are +14:00 (Kiribati) and -12:00.
    for sign in ("+", "-"):
        widest = commonest_offset([f"2026-03-01T10:00:00{sign}14:59"])
        assert offset_text(widest) == f"{sign}14:59"
        assert commonest_offset([f"2026-03-01T10:00:00{sign}15:00"]) == timedelta()


@pytest.mark.parametrize(
    ("source", "status"),
    [
        ("scheduled", "defined"),
        ("notMet", "defined"),
        ("partiallyMet", "started"),
        ("met", "accepted"),
    ],
)
def test_each_status_is_mapped_and_kept_in_the_sources_word(
    read: Read, source: str, status: str
) -> None:
    (found,) = read(release(contract({"id": "m", "status": source}))).take_overs
    (milestone,) = found.milestones
    assert (milestone.status, milestone.source_status) == (status, source)
    assert milestone.submitted_on is milestone.accepted_on is milestone.due is None


def test_a_status_outside_the_list_is_defined_and_said(read: Read) -> None:
    reading = read(release(contract({"id": "m", "status": "done"})))
    assert reading.take_overs[0].milestones[0].status == "defined"
    assert rules(reading) == ["status-unknown"]


def test_a_missing_date_of_delivery_is_inferred_from_the_review_and_marked(read: Read) -> None:
    row = {"id": "m", "status": "met", "dateModified": "2026-02-03T10:00:00+08:00"}
    reading = read(release(contract(row)))
    (milestone,) = reading.take_overs[0].milestones
    assert (milestone.submitted_on, milestone.submitted_inferred) == (date(2026, 2, 3), True)
    assert milestone.accepted_on is None
    assert rules(reading) == ["date-inferred"]


@pytest.mark.parametrize(
    ("text", "day", "at"),
    [
        ("2026-02-03T00:00:00Z", date(2026, 2, 3), ""),
        ("2026-02-03T23:59:00-05:00", date(2026, 2, 3), ""),
        ("2026-02-03", date(2026, 2, 3), ""),
        ("2026-02-03T17:30:00+08:00", date(2026, 2, 3), "2026-02-03T17:30:00+08:00"),
        ("2026-02-03T17:30:00Z", date(2026, 2, 4), "2026-02-03T17:30:00Z"),
        ("2026-02-03T23:30:00+09:00", date(2026, 2, 3), "2026-02-03T23:30:00+09:00"),
        ("2026-02-31", None, ""),
        (20260203.5, None, ""),
    ],
)
def test_dates_are_the_contracts_days(read: Read, text: Any, day: date | None, at: str) -> None:
    rows = [{"id": str(n), "dueDate": "2026-01-01T00:00:00+08:00"} for n in range(3)]
    met = {"id": "m", "status": "met", "dateMet": text}
    reading = read(release(contract(*rows, met)))
    milestone = reading.take_overs[0].milestones[-1]
    assert reading.take_overs[0].timezone == "+08:00"
    assert (milestone.submitted_on, milestone.submitted_at) == (day, at)
    assert rules(reading) == ([] if day else ["date-unreadable"])


@pytest.mark.parametrize(
    ("delivery", "payment"),
    [("7delivery", "7PAYMENT"), ("Delivery-A", "payment-a"), ("A", "Apayment")],
)
def test_a_payment_milestone_is_its_deliverys_twin(read: Read, delivery: str, payment: str) -> None:
    reading = read(
        release(
            contract(
                {"id": payment, "type": "payment", "status": "notMet", "value": yuan(80)},
                {"id": delivery, "type": "delivery", "status": "met", "value": None},
                {"id": "tip-payment", "type": "payment"},
                transactions=[
                    {"id": n, "value": yuan(1), "relatedImplementationMilestone": {"id": related}}
                    for n, related in enumerate([payment, delivery, "tip-payment", "gone", None])
                ],
            )
        )
    )
    (found,) = reading.take_overs
    assert [m.id for m in found.milestones] == [delivery, "tip-payment"]
    assert (found.milestones[0].amount_minor, found.milestones[0].twin_status) == (8000, "notMet")
    related = [payment.milestone for payment in found.payments]
    assert related == [delivery, delivery, "tip-payment", "", ""]
    assert rules(reading) == ["milestone-unknown"]


def test_twins_are_found_over_all_releases_of_a_contract(read: Read) -> None:
    related = {"relatedImplementationMilestone": {"id": "1payment"}}
    reading = read(
        release(contract({"id": "1delivery", "type": "delivery", "status": "met"})),
        release(contract({"id": "1payment", "type": "payment", "value": yuan(5)}), id="r2"),
        release(contract(transactions=[{"id": "t", "value": yuan(5), **related}]), id="r3"),
    )
    _, second, third = reading.take_overs
    assert [(m.id, m.amount_minor) for m in second.milestones] == [("1delivery", 500)]
    assert third.payments[0].milestone == "1delivery"


def test_ids_keep_references_readable_and_never_meet_by_chance(read: Read) -> None:
    rows = [{"id": text} for text in ("a/b", "a%2Fb", "a#1", "7")]
    (found,) = read(release(contract(*rows, {"id": 8}, id="X/9#2"))).take_overs
    assert found.contract == "o-1/X/9%232"
    assert [m.id for m in found.milestones] == ["a%2Fb", "a%252Fb", "a%231", "7", "8"]


def test_rows_without_an_id_or_with_a_used_one_are_kept_apart(read: Read) -> None:
    payments = [{"value": yuan(1)}, {"value": yuan(1)}, {"id": "t", "value": yuan(2)}]
    milestones = [{"id": "m"}, {"id": "m"}, {"id": "m", "title": "other"}, {"title": "Roof"}]
    reading = read(
        release(contract(*milestones, transactions=payments, milestones=[{"id": "n"}, {"id": "m"}]))
    )
    (found,) = reading.take_overs
    assert [m.id for m in found.milestones] == ["m", "m~2", "Roof", "n"]
    references = [payment.reference for payment in found.payments]
    assert len(set(references)) == 3 and references[1] == f"{references[0]}~2"
    assert rules(reading) == [
        "milestone-id-reused",
        "milestone-repeated",
        "milestone-without-id",
        "payment-id-reused",
        "payment-without-id",
    ]


def test_a_contract_named_twice_in_a_release_is_one(read: Read) -> None:
    reading = read(release(contract({"id": "1"}), contract({"id": "2"}, value=yuan(7)), {}))
    (found,) = reading.take_overs
    assert (found.value_minor, [m.id for m in found.milestones]) == (700, ["1", "2"])
    assert rules(reading) == ["contract-repeated"]
    assert "without id" in reading.skipped[0].reason


# --- money ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "minor"),
    [
        ("82033.24", 8203324),
        ("82033.2400", 8203324),
        ("1e3", 100000),
        ("0", 0),
        ('"1,000.50"', 100050),
        ("9999999999999.99", 999999999999999),
        ("82033.240000000005", 8203324),
        ("0.005", 1),
        ("-0.005", -1),
        ("0.0049", 0),
        ("1e-400", 0),
        ("1e400", None),
        ("123456789012345678901234567890", None),
        ("NaN", None),
        ("true", None),
        ("null", None),
    ],
)
def test_amounts_are_exact_or_rounded_aloud_or_unknown_with_the_text_that_was_dropped(
    write: Write, text: str, minor: int | None
) -> None:
    document = json.dumps(release(contract(value=yuan("@")))).replace('"@"', text)
    reading = read_ocds([write(document)])
    (found,) = reading.take_overs
    assert found.value_minor == minor
    finer = minor is not None and Decimal(text.strip('"').replace(",", "")) * 100 != minor
    assert bool(found.source_value) == finer
    unreadable = minor is None and text != "null"
    expected = ["amount-unreadable"] * unreadable + ["amount-rounded"] * finer
    beside = {"amount-negative", "paid-above-value"}  # nothing paid is above less than nothing
    assert [rule for rule in rules(reading) if rule not in beside] == sorted(expected)
    for warned in reading.warnings:
        assert warned.severity == {"amount-unreadable": "high", "amount-rounded": "medium"}.get(
            warned.rule, "low"
        )
        if unreadable:
            assert text[:20] in warned.detail.replace("E+", "e") and "dropped" in warned.detail


def test_the_older_names_of_money_and_people_are_read(read: Read) -> None:
    paid = {
        "id": "t",
        "amount": yuan(12.5),
        "providerOrganization": {"legalName": "Payer"},
        "receiverOrganization": {"legalName": "Payee"},
    }
    (found,) = read(release(contract(transactions=[paid]))).take_overs
    assert (found.client, found.partner) == ("Payer", "Payee")
    assert found.payments[0].amount_minor == 1250


def test_another_currency_than_the_contracts_is_never_mixed_in(read: Read) -> None:
    reading = read(
        release(
            contract(
                {"id": "m", "value": yuan(5, "USD")},
                transactions=[{"id": "t", "value": yuan(5, "USD")}, {"id": "u", "value": yuan(1)}],
            )
        )
    )
    (found,) = reading.take_overs
    assert found.milestones[0].amount_minor is None
    assert [payment.reference for payment in found.payments] == ["u"]
    assert rules(reading) == ["milestone-currency"]
    assert "another currency" in reading.skipped[0].reason


@pytest.mark.parametrize(
    ("codes", "currency", "payments", "warned"),
    [
        (["GBP", "GBP"], "GBP", 2, []),
        (["GBP", "USD"], "XXX", 0, ["currency-mixed"]),
        ([None, None], "XXX", 2, ["currency-missing"]),
        (["RMB", "RMB"], "XXX", 2, ["currency-unknown"]),
    ],
)
def test_without_a_value_the_currency_is_that_of_the_rows_or_unknown(
    read: Read, codes: list[str | None], currency: str, payments: int, warned: list[str]
) -> None:
    rows = [{"id": str(n), "value": yuan(1, code)} for n, code in enumerate(codes)]
    reading = read(release(contract(value=None, transactions=rows)))
    (found,) = reading.take_overs
    assert (found.currency, len(found.payments), found.value_minor) == (currency, payments, None)
    assert rules(reading) == warned


def test_more_paid_than_agreed_is_said_and_taken(read: Read) -> None:
    reading = read(release(contract(transactions=[{"id": "t", "value": yuan(1000.01)}])))
    assert rules(reading) == ["paid-above-value"]
    assert reading.take_overs[0].payments[0].amount_minor == 100001


def test_a_payment_of_unknown_amount_is_listed(read: Read) -> None:
    reading = read(release(contract(transactions=[{"id": "t", "date": "2026-01-01"}])))
    assert reading.take_overs[0].payments == ()
    assert reading.skipped[0].reason == "payments whose amount is not known: t"


# --- people, and what is no contract -------------------------------------------------------------


def test_the_partner_is_the_awards_supplier_and_the_client_the_buyer(read: Read) -> None:
    (found,) = read(
        release(
            contract(awardID="2", period={"startDate": "2026-01-05T00:00:00+08:00"}),
            buyer={"id": "B"},
            parties=[
                {"id": "B", "name": "Brand", "roles": ["buyer"]},
                {"id": "S", "name": "Studio", "roles": ["supplier"]},
                {"id": "T", "roles": "supplier"},
            ],
            awards=[
                {"id": "1", "suppliers": [{"name": "Other"}]},
                {"id": "2", "suppliers": [{"id": "S"}]},
            ],
        )
    ).take_overs
    assert (found.client, found.partner) == ("Brand", "Studio")
    assert found.signed_on == date(2026, 1, 5)


def test_plans_before_the_contract_are_listed_by_kind(read: Read) -> None:
    reading = read(
        release(
            planning={"milestones": [{"id": "1"}, {"id": "2"}]},
            tender={"milestones": [{"id": "1"}]},
            awards=[{"milestones": [{"id": "1"}]}],
        )
    )
    assert reading.take_overs == []
    assert [skip.reason for skip in reading.skipped] == [
        "a release without contracts holds no obligation: tag contract",
        "milestones before the contract are plans, not obligations: "
        "2 of planning; 1 of tender; 1 of awards",
    ]


def test_text_that_no_database_can_store_is_replaced_and_said(write: Write) -> None:
    text = json.dumps(release(contract(title="a@b"))).replace("a@b", "a\\ud800b\\u0000c")
    reading = read_ocds([write(text)])
    assert reading.take_overs[0].title == "a\ufffdb\ufffdc"
    assert rules(reading) == ["text-unreadable"]


@pytest.mark.parametrize(
    "damage",
    [
        {"contracts": {"id": "c1"}},
        {"contracts": ["c1", None, 3]},
        {"contracts": [{"id": "c1", "milestones": 5, "implementation": {"milestones": True}}]},
        {"contracts": [{"id": "c1", "implementation": [], "milestones": "x", "value": [1]}]},
        {"contracts": [{"id": "c1", "implementation": {"milestones": [1], "transactions": {}}}]},
        {"contracts": [{"id": "c1", "period": "2026", "dateSigned": {}, "awardID": []}, 3]},
        {"parties": [{"roles": 5}, 7], "buyer": "B", "tender": [], "awards": {"a": 1}, "tag": 3},
        {"date": None},
        {"date": "0001-01-01T00:00:00+05:00"},
        {"date": "yesterday", "id": None},
    ],
)
def test_a_malformed_release_is_never_more_than_a_remark(
    read: Read, damage: dict[str, Any]
) -> None:
    reading = read(release(contract(), **damage))
    assert len(reading.take_overs) <= 1
    assert "contracts" not in damage or reading.skipped


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ('{"ocid": "o",\n  "id" 3}', ":2:8"),
        ("", ":1:1"),
        ("[" * 200_000, ""),
        ('{"ocid": "o", "id": 1e99999999999999999999}', ""),
        ('{"ocid": ""}', ""),
        ("3", ""),
        ('{"records": [3]}', ":records[0]"),
        ('{"releases": [3]}', ":"),
        ("PK\x03\x04\x81\x00", ":1:1"),
    ],
)
def test_what_is_no_ocds_is_refused_by_name_and_place(write: Write, text: str, place: str) -> None:
    path = write(text, encoding="latin-1")
    with pytest.raises(InputInvalid) as refused:
        read_ocds([path])
    assert refused.value.code == "file-not-ocds"
    assert refused.value.place.startswith(f"{path}{place.removesuffix(':')}")


def test_a_missing_path_and_an_empty_folder_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputInvalid, match="no file or folder"):
        read_ocds([tmp_path / "none.json"])
    with pytest.raises(InputInvalid, match="ends in"):
        read_ocds([tmp_path])


def test_one_value_of_more_than_can_be_held_is_told_and_how_to_read_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("commands.imports.ocds.MOST_AT_ONCE", 500)
    large, lines = tmp_path / "large.json", tmp_path / "lines.jsonl"
    release = {"ocid": "o-1", "id": "1", "date": "2026-01-05T00:00:00Z", "tag": ["contract"]}
    large.write_text(json.dumps({"releases": [release] * 10}))
    lines.write_text("\n".join(json.dumps(release | {"id": str(n)}) for n in range(10)))
    (skipped,) = [s for s in read_ocds([large, lines]).skipped if s.rule == "file-too-large"]
    assert skipped.place == str(large)
    assert "a .jsonl file" in skipped.reason


# --- what is null, absent or of another hour -------------------------------------------------------


def test_a_signature_that_is_null_is_withdrawn_unless_the_period_says_it(read: Read) -> None:
    period = {"startDate": "2026-01-05T00:00:00Z"}
    (told,) = read(release(contract(dateSigned=None, period=period))).take_overs
    (bare,) = read(release(contract(dateSigned=None))).take_overs
    assert (told.signed_on, "signed_on" in told.withdrawn) == (date(2026, 1, 5), False)
    assert (bare.signed_on, "signed_on" in bare.withdrawn) == (None, True)


def test_payments_are_all_of_them_only_where_a_list_of_them_is_published(read: Read) -> None:
    (listed,) = read(release(contract(transactions=[]))).take_overs
    (silent,) = read(release(contract(implementation={"milestones": []}))).take_overs
    assert (listed.whole, silent.whole) == (("payments",), ())


def test_no_time_of_delivery_is_told_of_what_is_not_accepted(read: Read) -> None:
    rows = [
        {"id": status, "status": status, "dateMet": "2026-02-03T17:30:00Z"}
        for status in ("met", "partiallyMet")
    ]
    (found,) = read(release(contract(*rows))).take_overs
    assert [m.submitted_at for m in found.milestones] == ["2026-02-03T17:30:00Z", ""]


def test_an_hour_of_summer_time_moves_no_day_and_two_hours_do() -> None:
    for hours, day in ((1, 3), (2, 2)):
        half_past_midnight = datetime(2026, 2, 3, 0, 30, tzinfo=timezone(timedelta(hours=hours)))
        assert local_day(half_past_midnight, timedelta()) == date(2026, 2, day)


def test_money_that_is_null_is_looked_for_under_the_older_name() -> None:
    assert money_in({"value": None, "amount": yuan(5)}, "value", "amount") == (5, "CNY")


def test_a_deliverys_null_value_does_not_take_back_its_payment_milestones_amount(
    read: Read,
) -> None:
    rows: list[dict[str, Any]] = [
        {"id": "m1 delivery", "type": "delivery", "value": None},
        {"id": "m1 payment", "type": "payment", "value": yuan(5)},
    ]
    (one,) = read(release(contract(*rows))).take_overs[0].milestones
    assert (one.id, one.amount_minor, one.withdrawn) == ("m1 delivery", 500, frozenset())


def test_a_payment_milestone_goes_into_one_without_a_type_but_not_into_an_approval(
    read: Read,
) -> None:
    for kind, names in ({}, ["m1"]), ({"type": "approval"}, ["m1", "m1 payment"]):
        rows = [{"id": "m1 ", **kind}, {"id": "m1 payment", "type": "payment"}]
        (found,) = read(release(contract(*rows))).take_overs
        assert [m.id.strip() for m in found.milestones] == names


def test_what_was_taken_back_once_is_not_taken_back_again(read: Read) -> None:
    days = ("2026-03-01", "2026-03-02", "2026-03-03")
    titles = ("a", None, None)
    reading = read(
        *(
            release(contract(title=title), id=day, date=f"{day}T00:00:00Z")
            for day, title in zip(days, titles, strict=True)
        )
    )
    assert rules(reading).count("value-withdrawn") == 1


def test_values_are_read_as_written_but_for_their_spelling() -> None:
    assert known_claim("2026-03-01T00:30:00+04:30") == "2026-02-28T20:00:00.000000Z"
    assert (code_of(" usd "), code_of("xx")) == ("USD", "xx")
    assert (written_of("a" * 80), written_of("a" * 81)) == ("a" * 80, "a" * 80 + "…")


def test_a_day_of_signature_that_is_said_is_not_inferred_from_the_period(read: Read) -> None:
    days = {"dateSigned": "2026-01-07T00:00:00Z", "period": {"startDate": "2026-01-05T00:00:00Z"}}
    (found,) = read(release(contract(**days))).take_overs
    assert (found.signed_on, found.signed_inferred) == (date(2026, 1, 7), False)


def test_a_release_without_a_date_does_not_tell_what_is_still_open(read: Read) -> None:
    (found,) = read(release(contract(), date=None)).take_overs
    assert (found.knows, found.heard_on) == ((), None)


def test_the_process_that_our_export_made_of_a_contract_is_that_contract(read: Read) -> None:
    (found,) = read(release(contract(id="C-9"), ocid="mledger-C-9")).take_overs
    assert found.contract == "C-9"


def test_a_contract_without_an_id_is_its_process_alone_and_left_out_beside_others(
    read: Read,
) -> None:
    alone = read(release(contract(id="")))
    assert [one.contract for one in alone.take_overs] == ["o-1"]
    assert "contract-unnamed" not in rules(alone)
    beside = read(release(contract(id=""), contract(id="c1")))
    assert [one.contract for one in beside.take_overs] == ["o-1/c1"]
    assert len(beside.skipped) == 1


def test_an_older_release_of_another_contract_comes_first(read: Read) -> None:
    late = release(contract(id="a"), id="r2", date="2026-03-02T00:00:00Z")
    early = release(contract(id="b"), id="r1", date="2026-03-01T00:00:00Z")
    assert [one.contract for one in read(late, early).take_overs] == ["o-1/b", "o-1/a"]


def test_a_second_payment_milestone_of_a_delivery_stays_its_own(read: Read) -> None:
    rows = [
        {"id": "m1 delivery", "type": "delivery"},
        {"id": "m1 payment", "type": "payment"},
        {"id": "m1 Payment", "type": "payment"},
    ]
    (found,) = read(release(contract(*rows))).take_overs
    assert [m.id for m in found.milestones] == ["m1 delivery", "m1 Payment"]
