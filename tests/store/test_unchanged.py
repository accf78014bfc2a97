"""An append names what it rests on: what another has changed meanwhile is refused, and decided again."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from msgspec import structs

from ledger import intents as i
from ledger.errors import Conflict, Refused
from ledger.events import MilestoneStarted, PaymentInstructed, RoleChange
from ledger.store import Ledger
from ledger.store.perform import ATTEMPTS, perform
from tests.clock import day
from tests.store.events import ALICE, Count, started
from tests.store.test_payees import ACCOUNT, PROPOSE, begun, by, keep, signed, with_keys

PAY = [("C-1", i.InstructPayment(milestone="M1"))]


def test_an_append_is_refused_where_a_stream_that_it_rests_on_has_changed(
    ledger: Ledger[Count],
) -> None:
    ledger.append([("A", 0, started("M1", "M2"))], ALICE)
    for unchanged, found in (({"A": 1}, 2), ({"A": 0}, 2), ({"A": 3}, 2), ({"none": 1}, 0)):
        ((stream, expected),) = unchanged.items()
        with pytest.raises(Conflict) as conflict:
            ledger.append([("B", 0, started("M1"))], ALICE, unchanged=unchanged)
        assert (conflict.value.code, conflict.value.exit_code) == ("stream-changed", 4)
        assert conflict.value.facts == {"stream": stream, "expected": expected, "found": found}
    assert ledger.stream("B") == []


def test_an_append_goes_on_where_all_that_it_rests_on_is_as_it_was(ledger: Ledger[Count]) -> None:
    ledger.append([("A", 0, started("M1", "M2"))], ALICE)
    (record,) = ledger.append([("B", 0, started("M1"))], ALICE, unchanged={"A": 2, "none": 0})
    assert (record.position, record.stream_id, record.version) == (3, "B", 1)
    (record,) = ledger.append([("B", 1, started("M2"))], ALICE, unchanged={"B": 1, "A": 2})
    assert (record.data, record.version) == (MilestoneStarted(milestone="M2"), 2)


def test_a_stream_that_is_to_be_absent_may_begin_in_the_same_append(ledger: Ledger[Count]) -> None:
    (record,) = ledger.append([("B", 0, started("M1"))], ALICE, unchanged={"B": 0})
    assert record.version == 1


def test_a_dry_run_meets_the_same_condition(ledger: Ledger[Count]) -> None:
    ledger.append([("A", 0, started("M1"))], ALICE)
    with pytest.raises(Conflict, match="A has changed meanwhile"):
        ledger.append([("B", 0, started("M1"))], ALICE, dry_run=True, unchanged={"A": 0})


def meanwhile(
    monkeypatch: pytest.MonkeyPatch, act: Callable[[], object], times: int = 1
) -> list[str]:
    """Has somebody else act between a decision and its append, the first `times`; lists the appends asked for."""
    append, asked, inside = Ledger.append, list[str](), list[bool]()

    def late(self: Any, batch: Any, *args: Any, **kwargs: Any) -> Any:
        if not inside:
            asked.append(batch[0][0])
            if len(asked) <= times:
                inside.append(True)
                act()
                inside.clear()
        return append(self, batch, *args, **kwargs)

    monkeypatch.setattr(Ledger, "append", late)
    return asked


def test_nothing_is_instructed_to_an_account_that_is_revoked_meanwhile(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with begun(database_url) as ledger:
        keep(ledger, PROPOSE, by("finance-1"))
        keep(ledger, i.ApprovePayee(proposal=1), by("finance-2"))
        revoke = i.RevokePayee(proposal=1, reason="diverted")
        asked = meanwhile(monkeypatch, lambda: keep(ledger, revoke, by("finance-2")))
        with pytest.raises(Refused) as refusal:
            perform(ledger, PAY, by("finance-1"))
        assert (refusal.value.code, asked) == ("payee-approved", ["C-1"])
        assert not any(isinstance(r.data, PaymentInstructed) for r in ledger.stream("C-1"))


def test_a_first_account_approved_meanwhile_is_the_one_that_is_paid(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with begun(database_url, required=False) as ledger:
        keep(ledger, PROPOSE, by("finance-1"))
        approve = i.ApprovePayee(proposal=1)
        asked = meanwhile(monkeypatch, lambda: keep(ledger, approve, by("finance-2")))
        (record,) = perform(ledger, PAY, by("finance-1")).records
        assert isinstance(record.data, PaymentInstructed)
        assert (record.data.payee, asked) == (1, ["C-1", "C-1"])


def test_a_signature_does_not_count_once_its_key_is_revoked_meanwhile(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with with_keys(begun(database_url)) as ledger:
        proposal = signed(ledger, PROPOSE, "finance-1", "n1")
        revoke = i.RevokeSigner(proposal=1, reason="lost")
        meanwhile(monkeypatch, lambda: perform(ledger, [("~signers", revoke)], by("admin-1")))
        with pytest.raises(Refused) as refusal:
            keep(ledger, proposal, by("finance-1"))
        assert refusal.value.code == "signature-valid"
        assert ledger.stream("~payees") == []


def test_a_keeper_whose_role_ends_meanwhile_keeps_nothing(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with begun(database_url) as ledger:
        ends = RoleChange(person="finance-1", role="finance", grant=False)
        asks = i.ProposeChange(content=ends, on=day(11, 22))
        proposal = perform(ledger, [("C-1", asks)], by("admin-1")).records[0].version
        agree = [("C-1", i.ApproveChange(proposal=proposal))]
        meanwhile(monkeypatch, lambda: perform(ledger, agree, by("admin-2")))
        with pytest.raises(Refused) as refusal:
            keep(ledger, PROPOSE, by("finance-1"))
        assert refusal.value.code == "payees-kept-by-finance"
        assert ledger.stream("~payees") == []


def test_only_the_contract_that_gives_the_right_is_rested_on(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with begun(database_url) as ledger:
        other = i.SuspendContract()
        asked = meanwhile(monkeypatch, lambda: perform(ledger, [("C-2", other)], by("admin-1")))
        keep(ledger, PROPOSE, by("finance-1"))
        assert asked == ["~payees"]


def test_who_is_overtaken_each_time_gives_up_after_a_bounded_number_of_attempts(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with begun(database_url, required=False) as ledger:
        numbers = iter(range(ATTEMPTS))

        def another() -> None:
            account = structs.replace(ACCOUNT, number=f"622202020011223344{next(numbers)}")
            keep(ledger, structs.replace(PROPOSE, account=account), by("finance-2"))

        asked = meanwhile(monkeypatch, another, times=ATTEMPTS)
        with pytest.raises(Conflict, match="~payees has changed meanwhile"):
            perform(ledger, PAY, by("finance-1"))
        assert asked == ["C-1"] * ATTEMPTS
