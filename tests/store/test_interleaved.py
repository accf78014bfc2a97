"""Two at once, at every point between what they read and what they append: as if one had acted after the other."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from msgspec import structs
from sqlalchemy import make_url

from ledger import intents as i
from ledger.contract import evolve
from ledger.errors import LedgerError
from ledger.events import BankEntry, RoleChange, encode
from ledger.intents_bank import BookBankEntry
from ledger.store import Ledger, connect, open_ledger, writing
from ledger.store.database import reading
from ledger.store.perform import perform, to_sign
from ledger.store.reading import head, read_log
from ledger.store.reads import Reads
from ledger.store.recorder import LogRecorder
from ledger.terms import PayeePolicy, Tier
from tests.clock import PLANS, SIGNED, TERMS, day
from tests.signing import Key
from tests.store.test_payees import ACCOUNT, PROPOSE, by, with_keys

Do = Callable[[Ledger[Any]], object]
Outcome = tuple[dict[str, str], list[tuple[Any, ...]]]
"""What each act came to, and every fact of the log in order of position."""

KEEPERS_KEY = Key.number(1)
OTHER = structs.replace(PROPOSE, account=structs.replace(ACCOUNT, number="6222020200112233446"))
THIRD = structs.replace(PROPOSE, account=structs.replace(ACCOUNT, number="6222020200112233447"))
BOOKED = BankEntry(
    entry="A:1:x", account="A", side="debit", amount_minor=5, currency="CNY", reference="1"
)


def asks(person: str, *requests: tuple[str, i.Intent]) -> Do:
    return lambda ledger: perform(ledger, requests, by(person))


def invoice(contract: str, number: str = "F-1") -> Do:
    covers = (i.InvoicedMilestone(milestone="M1", amount_minor=100),)
    intent = i.ReceiveInvoice(number=number, kind="commercial", covers=covers)
    return asks("partner-1", (contract, intent))


def signed_approval(ledger: Ledger[Any]) -> object:
    approval = i.ApproveMilestone(milestone="M1", on=day(8, 25))
    (statement,) = to_sign(ledger, [("C-3", approval)], by("finance-1"), ["n2"])
    intent = structs.replace(approval, signature=KEEPERS_KEY.signature(statement))
    return perform(ledger, [("C-3", intent)], by("finance-1"))


def signed_proposal(ledger: Ledger[Any]) -> object:
    (statement,) = to_sign(ledger, [("~payees", THIRD)], by("finance-1"), ["n1"])
    intent = structs.replace(THIRD, signature=KEEPERS_KEY.signature(statement))
    return perform(ledger, [("~payees", intent)], by("finance-1"))


def closes(period: str) -> Do:
    return asks("admin-1", ("~periods", i.ClosePeriod(period=period, timezone="UTC", covers=1)))


ACTS: dict[str, Do] = {
    "pay": asks("finance-1", ("C-1", i.InstructPayment(milestone="M1"))),
    "revoke the account": asks("finance-2", ("~payees", i.RevokePayee(proposal=1))),
    "approve another account": asks("finance-2", ("~payees", i.ApprovePayee(proposal=3))),
    "propose an account": asks("finance-1", ("~payees", THIRD)),
    "propose one signed": signed_proposal,
    "revoke the key": asks("admin-1", ("~signers", i.RevokeSigner(proposal=1))),
    "keep an entry": asks("finance-1", ("~bank", BookBankEntry(booking=BOOKED, finding="charge"))),
    "end the role": asks("admin-2", ("C-1", i.ApproveChange(proposal=7))),
    "invoice on C-1": invoice("C-1"),
    "invoice on C-2": invoice("C-2"),
    "reject an invoice of C-1": asks("finance-2", ("C-1", i.RejectInvoice(invoice=8, reason="no"))),
    "its number on C-2": invoice("C-2", "F-2"),
    "approve signed": signed_approval,
    "close August": closes("2025-08"),
    "close September": closes("2025-09"),
}
PAIRS = (
    ("pay", "revoke the account"),
    ("pay", "approve another account"),
    ("pay", "end the role"),
    ("propose an account", "end the role"),
    ("propose one signed", "revoke the key"),
    ("keep an entry", "end the role"),
    ("invoice on C-1", "invoice on C-2"),
    ("reject an invoice of C-1", "its number on C-2"),
    ("approve signed", "revoke the key"),
    ("close August", "close September"),
    ("propose an account", "propose one signed"),
)


def begun(url: str) -> None:
    """Two contracts with one partner, an account approved and one waiting, a role that is about to end, an invoice;
    and a third contract whose approvals are signed.
    """
    terms = replace(TERMS, payees=PayeePolicy(required=True))
    signing = replace(TERMS, approval=(Tier(quorum={"finance": 1}, signatures=True),))
    with open_ledger(url, evolve) as ledger:
        second = replace(terms, roles={"partner": ("partner-1",)})
        for name, own in (("C-1", terms), ("C-2", second), ("C-3", signing)):
            signs = i.SignContract(contract=name, terms=own, milestones=PLANS, on=SIGNED)
            submits = i.SubmitMilestone(milestone="M1", on=day(8, 21))
            asks("admin-1", (name, signs))(ledger)
            asks("partner-1", (name, submits))(ledger)
        asks("manager-1", ("C-1", i.ApproveMilestone(milestone="M1", on=day(8, 25))))(ledger)
        with_keys(ledger)
        asks("finance-1", ("~payees", PROPOSE))(ledger)
        asks("finance-2", ("~payees", i.ApprovePayee(proposal=1)))(ledger)
        asks("finance-1", ("~payees", OTHER))(ledger)
        ends = RoleChange(person="finance-1", role="finance", grant=False)
        proposal = i.ProposeChange(content=ends, on=day(11, 22))
        (last,) = perform(ledger, [("C-1", proposal)], by("admin-1")).records
        assert last.version == 7
        invoice("C-1", "F-2")(ledger)


# --- one at a time, handed on at each point ------------------------------------------------------


class Actor(threading.Thread):
    """An act that goes on only when it is told to, as far as it is told to."""

    def __init__(self, do: Callable[[], object]) -> None:
        super().__init__(daemon=True)
        self.do, self.points, self.result = do, list[str](), ""
        self._go, self._still = threading.Event(), threading.Event()
        self._until: Callable[[list[str]], bool] = lambda points: False
        self.start()

    def run(self) -> None:
        self._wait()
        try:
            self.do()
            self.result = "recorded"
        except LedgerError as error:
            self.result = error.code
        except Exception as error:
            self.result = repr(error)
        self._still.set()

    def reached(self, point: str) -> None:
        self.points.append(point)
        if self._until(self.points):
            self._still.set()
            self._wait()

    def _wait(self) -> None:
        assert self._go.wait(120)
        self._go.clear()

    def goes_on(self, until: Callable[[list[str]], bool] = lambda points: False) -> None:
        """Lets it act up to a point, or to its end, and waits until it is there."""
        if self.result:
            return
        self._until = until
        self._still.clear()
        self._go.set()
        assert self._still.wait(120), "it neither ends nor comes to the point"


@contextmanager
def points(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Every read, the beginning of every append and the claim of its positions are points."""
    rests, appends, claims = Reads.rest_on, Ledger.append, LogRecorder.claim

    def tell(point: str) -> None:
        actor = threading.current_thread()
        if isinstance(actor, Actor):
            actor.reached(point)

    def rest_on(self: Any, *args: Any) -> None:
        rests(self, *args)
        tell("read")

    def append(self: Any, *args: Any, **kwargs: Any) -> Any:
        tell("append")
        return appends(self, *args, **kwargs)

    def claim(self: Any, *args: Any) -> Any:
        claimed = claims(self, *args)
        tell("claimed")
        return claimed

    with monkeypatch.context() as patch:
        patch.setattr(Reads, "rest_on", rest_on)
        patch.setattr(Ledger, "append", append)
        patch.setattr(LogRecorder, "claim", claim)
        yield


@contextmanager
def taken_back(url: str) -> Iterator[None]:
    """Afterwards the log is as it was: by a superuser, for whom no guard stands."""
    engine = connect(url)
    with reading(engine) as conn:
        before = head(conn)
    yield
    with writing(engine) as conn:
        conn.exec_driver_sql("SET LOCAL session_replication_role = replica")
        for table, column in (("log", "position"), ("keys", "last_position")):
            conn.exec_driver_sql(f"DELETE FROM {table} WHERE {column} > {before.position}")
        conn.exec_driver_sql("DELETE FROM streams WHERE stream NOT IN (SELECT stream FROM log)")
        then = (before.position, before.recorded_at)
        conn.exec_driver_sql("UPDATE log_head SET position = %s, recorded_at = %s", then)
    with reading(engine) as conn:
        assert head(conn) == before
    engine.dispose()


@dataclass
class Stage:
    """A ledger as it was begun, again and again."""

    url: str

    @contextmanager
    def anew(self) -> Iterator[str]:
        if self.url.startswith("sqlite"):
            source = Path(make_url(self.url).database or "")
            copy = source.with_name("again.sqlite3")
            shutil.copyfile(source, copy)
            yield f"sqlite:///{copy}"
            for file in source.parent.glob("again.sqlite3*"):
                file.unlink()
        else:
            # A copy of the database costs too much: what is recorded is taken out of it again.
            with taken_back(self.url):
                yield self.url

    def play(self, first: str, second: str, at: int | None) -> tuple[Outcome, list[str]]:
        """The first acts as far as its point `at` (None: to its end), the second as far as it can, then the rest.

        One that has claimed its positions holds the head: then the other goes as far as its own append.
        """
        with self.anew() as url:
            with open_ledger(url, evolve) as one, open_ledger(url, evolve) as two:
                a, b = (
                    Actor(lambda: ACTS[first](one)),
                    Actor(lambda: ACTS[second](two)),
                )
                a.goes_on(lambda seen: len(seen) == at)
                holds = not a.result and a.points[-1] == "claimed"
                b.goes_on(lambda seen: holds and seen[-1] == "append")
                a.goes_on()
                b.goes_on()
                with one.snapshot() as conn:
                    records = [r for section in read_log(conn, 0) for r in section]
            facts = [
                (r.stream_id, r.version, type(r.data).__name__, r.actor, encode(r.data))
                for r in records
            ]
            return ({first: a.result, second: b.result}, facts), a.points


@pytest.mark.parametrize(("one", "other"), PAIRS, ids=[f"{a}, {b}" for a, b in PAIRS])
def test_two_at_once_come_to_what_one_after_the_other_would(
    database_url: str, monkeypatch: pytest.MonkeyPatch, one: str, other: str
) -> None:
    begun(database_url)
    stage = Stage(database_url)
    with points(monkeypatch):
        serial = [stage.play(one, other, None), stage.play(other, one, None)]
        known = [outcome for outcome, _ in serial]
        for (_, seen), (first, second) in zip(serial, ((one, other), (other, one)), strict=True):
            refused = first == "its number on C-2"  # as long as C-1 holds the number
            assert set(seen) >= ({"read"} if refused else {"read", "append", "claimed"})
            for at in range(1, len(seen) + 1):
                outcome, points_seen = stage.play(first, second, at)
                assert outcome in known, (first, second, points_seen[:at], outcome[0])


def test_the_harness_tells_an_append_that_rests_on_nothing(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A payment goes to an account that was revoked before: no order of the two leads there."""
    begun(database_url)
    stage = Stage(database_url)
    monkeypatch.setattr(Reads, "rest_on", lambda self, stream, version: None)
    with points(monkeypatch):
        pair = ("pay", "revoke the account")
        (outcome, seen), (other, _) = stage.play(*pair, None), stage.play(*pair[::-1], None)
        at = seen.index("append") + 1
        assert stage.play(*pair, at)[0] not in (outcome, other)
