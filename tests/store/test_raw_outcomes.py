"""Whoever can write to the log appends an outcome that nobody decided: it is always found, on both databases.

Without causes, with causes of another kind or of another milestone, with too few of them, with one that was withdrawn.
Each is appended by the recorder itself and rolled back, so that every example meets the same ledger.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any

import pytest
from eventsourcing.persistence import StoredEvent
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec import structs

import migrations
from ledger import events as e
from ledger import intents as i
from ledger.contract import evolve
from ledger.events import encode, type_name
from ledger.intents import Context
from ledger.state import Contract
from ledger.store import Envelope, Ledger, open_ledger, writing
from ledger.store.perform import perform
from ledger.store.recorder import LogRecorder, insert_claimed
from ledger.store.redeciding import judge_log
from ledger.terms import Tier
from tests.clock import PLANS, SIGNED, TERMS, day, now
from tests.databases import BACKENDS, Cluster
from tests.decisions.forging import FEE, GROSS
from tests.signing import Key
from tests.store.test_payees import ACCOUNT

C = "C-1"
PEOPLE = ("manager-1", "finance-1", "partner-1", "admin-1", "mallory")


@pytest.fixture(scope="module", params=BACKENDS)
def ledger(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Ledger[Contract]]:
    """A contract of which two people approve: M1 is accepted and paid, M2 approved by one and by another who took it
    back, M3 submitted and disputed; an account and a key wait for somebody else's approval.
    """
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path_factory.mktemp('raw') / 'ledger.sqlite3'}"
        migrations.upgrade(url)
        yield from played(url)
    else:
        cluster: Cluster = request.getfixturevalue("cluster")
        with cluster.database(request.getfixturevalue("postgresql_template")) as url:
            yield from played(url)


def played(url: str) -> Iterator[Ledger[Contract]]:
    terms = replace(TERMS, approval=(Tier(quorum={"manager": 1, "finance": 1}),))
    plans = (*PLANS, replace(PLANS[0], id="M3"))
    with open_ledger(url, evolve) as ledger:

        def act(person: str, intent: i.Intent, stream: str = C) -> Any:
            context = Context(actor=person, now=now(), authenticated_as="tester")
            return perform(ledger, [(stream, intent)], context).records

        act("admin-1", i.SignContract(contract=C, terms=terms, milestones=plans, on=SIGNED))
        for milestone in ("M1", "M2", "M3"):
            act("partner-1", i.SubmitMilestone(milestone=milestone, on=day(9, 20)))
        act("manager-1", i.ApproveMilestone(milestone="M1", on=day(9, 22)))
        act("finance-1", i.ApproveMilestone(milestone="M1", on=day(9, 22)))
        (paid,) = act("finance-1", i.InstructPayment(milestone="M1"))
        act("finance-1", i.RecordPayment(instruction=paid.version))
        act("manager-1", i.ApproveMilestone(milestone="M2", on=day(9, 22)))
        act("finance-1", i.ApproveMilestone(milestone="M3", on=day(9, 22)))
        act("finance-1", i.WithdrawApproval(milestone="M3", reason="not seen yet"))
        act("manager-1", i.OpenDispute(milestone="M3", amount_minor=100))
        act("finance-1", i.ProposePayee(partner=terms.partner, account=ACCOUNT), "~payees")
        key = i.ProposeSigner(person="manager-1", key=Key.number(1).line, valid_from=SIGNED)
        act("admin-1", key, "~signers")
        with ledger.snapshot() as conn:
            assert list(judge_log(conn)) == []
        yield ledger


Raw = tuple[str, e.Fact]
ALL = ("M1", "M2", "M3")


def outcomes(
    contract: Contract, causes: tuple[int, ...], milestones: Iterable[str] = ALL
) -> Iterator[Raw]:
    """Outcomes of every kind, with their streams, that rest on the causes given, whatever these are."""
    for fact in (*of_milestones(contract, causes, milestones), *of_contract(contract, causes)):
        yield C, fact
    about: dict[str, Any] = {"on": day(9, 25), "rests_on": causes, "proposal": 1}
    yield "~payees", e.PayeeApproved(**about)
    yield "~signers", e.SignerApproved(**about)


def of_milestones(
    contract: Contract, causes: tuple[int, ...], milestones: Iterable[str]
) -> Iterator[e.Fact]:
    for milestone in map(contract.milestones.__getitem__, milestones):
        about: dict[str, Any] = {"on": day(9, 25), "milestone": milestone.id, "rests_on": causes}
        whole = milestone.current.amount_minor or 0
        submission = milestone.submissions[-1].version if milestone.submissions else 0
        yield e.MilestoneAccepted(
            **about,
            submission=submission,
            accepted_minor=whole,
            lines=(structs.replace(GROSS, amount_minor=whole),),
        )
        yield e.BonusAwarded(**about, kind="discretionary", lines=(FEE,))
        yield e.MilestoneRevised(**about, amount_minor=whole + 1)
        yield e.PaymentInstructed(**about, amount_minor=whole)
        yield e.PaymentRecorded(**about, amount_minor=whole)
        yield e.AcceptanceReversed(**about, acceptance=max(causes, default=1), why="event")
        yield e.MilestoneCancelled(**about, reason="no")
        retained = structs.replace(FEE, step="retention")
        acceptance = max(causes, default=1)
        yield e.RetentionReleased(
            **about, acceptance=acceptance, amount_minor=1_000, lines=(retained,)
        )
        yield e.ClaimSetOff(**about, against="M1", lines=(structs.replace(FEE, step="settlement"),))
        for dispute in contract.disputes:
            yield e.DisputeResolved(
                **about, dispute=dispute, outcome="rejected", proposal=acceptance
            )
            adjusting = structs.replace(FEE, step="adjustment", amount_minor=-100)
            yield e.DisputeResolved(**about, dispute=dispute, outcome="upheld", lines=(adjusting,))


def of_contract(contract: Contract, causes: tuple[int, ...]) -> Iterator[e.Fact]:
    about: dict[str, Any] = {"on": day(9, 25), "rests_on": causes}
    yield e.RoleGranted(**about, role="finance", person="mallory")
    yield e.RoleRevoked(**about, role="finance", person="finance-1")
    yield e.ContractAmended(**about, terms=contract.terms, reason="so")
    yield e.ContractTerminated(**about, reason="over", settlement="TERMINATION")


def append_and_judge(ledger: Ledger[Contract], actor: str, raw: Raw) -> tuple[int, set[int]]:
    """Where the raw outcome stands, and the positions that the check `decisions` names; nothing stays."""
    stream, fact = raw
    version = len(ledger.stream(stream)) + 1
    stored = StoredEvent(stream, version, type_name(fact), encode(fact))
    with writing(ledger.engine) as conn:
        claim = LogRecorder(ledger.engine).claim(conn, 1, Envelope(actor=actor, origin="raw"))
        ((position, *_),) = insert_claimed(conn, claim, [stored])
        named = {one.position for one in judge_log(conn)}
        conn.rollback()
    return position, named


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_a_raw_outcome_is_always_found(ledger: Ledger[Contract], data: st.DataObject) -> None:
    contract = ledger.load(C)
    assert contract is not None
    last = contract.version
    causes = data.draw(
        st.one_of(st.just(()), st.lists(st.integers(1, last + 3), max_size=4, unique=True)),
        label="causes",
    )
    fact = data.draw(st.sampled_from(list(outcomes(contract, tuple(sorted(causes))))))
    position, named = append_and_judge(ledger, data.draw(st.sampled_from(PEOPLE)), fact)
    assert position in named, fact


def causes_of(ledger: Ledger[Contract], kind: type[e.Fact], milestone: str) -> list[int]:
    return [
        record.version
        for record in ledger.stream(C)
        if isinstance(record.data, kind) and getattr(record.data, "milestone", "") == milestone
    ]


def test_the_causes_that_look_most_like_the_right_ones_are_not_enough(
    ledger: Ledger[Contract],
) -> None:
    """For an acceptance of M2: one approval of two, M1's two, M3's that was taken back, its submission alone."""
    contract = ledger.load(C)
    assert contract is not None
    submitted = causes_of(ledger, e.MilestoneSubmitted, "M2")
    mine, others, taken = (
        causes_of(ledger, e.ApprovalGranted, name) for name in ("M2", "M1", "M3")
    )
    assert (len(mine), len(others), len(taken)) == (1, 2, 1)
    for causes in (
        submitted,
        mine,
        others,
        taken,
        [*mine, *taken],
        [*mine, *others],
        [*submitted, *mine],
    ):
        for fact in outcomes(contract, tuple(causes), ("M2",)):
            position, named = append_and_judge(ledger, "finance-1", fact)
            assert position in named, fact
