"""The portfolio of `mledger demo`: four contracts of one brand, and everything that happened by TODAY.

Two partners deliver on time, two do not; something waits for each role. Every act is recorded on
the day on which it happened, so the portfolio can be asked for any day of its past as well.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING

from ledger.events import BonusProposal, ChangeOrder, Evidence, Resolution, Result, Revision
from ledger.intents import (
    AddDisputeEvidence,
    ApproveChange,
    ApproveMilestone,
    Context,
    FailPayment,
    InstructPayment,
    Intent,
    OpenDispute,
    ProposeChange,
    RecordPayment,
    RejectSubmission,
    SignContract,
    StartMilestone,
    SubmitMilestone,
)
from ledger.money import canonical
from ledger.terms import (
    Criterion,
    EarlyBonus,
    LatePenalty,
    MilestonePlan,
    PaymentTerms,
    QualityBonus,
    Terms,
    Tier,
)

if TYPE_CHECKING:
    from ledger.state import Contract
    from ledger.store import Ledger

TODAY = date(2026, 11, 22)
# Eleven in the evening in Shanghai and ten in the morning in New York: the same day in both.
CLOCK = time(15, 0, tzinfo=UTC)

FIT_OUT, FESTIVAL, FILM, CREATORS = "BW-2026-009", "BW-2026-014", "BW-2026-021", "BW-2026-030"
ADMIN, FINANCE = "anna.keller", "petra.vogt"
MANAGER, SECOND, THIRD = "sofia.berg", "lin.mei", "tom.hale"


def _terms(
    title: str, partner: str, person: str, currency: str, ceiling: int, **more: object
) -> Terms:
    """What all contracts of the brand have in common; amounts in whole units of the currency."""
    first_tier = 200_000 if currency == "CNY" else 25_000
    common = {
        "title": title,
        "client": "BrightWave",
        "partner": partner,
        "currency": currency,
        "timezone": "Asia/Shanghai",
        "ceiling_minor": ceiling * 100,
        "administrators": (ADMIN, THIRD),
        "roles": {
            "manager": (MANAGER, SECOND, THIRD),
            "finance": (FINANCE,),
            "partner": (person,),
        },
        "approval": (
            Tier(up_to_minor=first_tier * 100, quorum={"manager": 1}),
            Tier(quorum={"manager": 1, "finance": 1}),
        ),
        "payment": PaymentTerms(net_days=30),
        "late_penalty": LatePenalty(rate=canonical("0.1"), cap=canonical("10")),
    }
    return Terms(**(common | more))  # type: ignore[arg-type]


def _plan(
    id: str,
    title: str,
    stage: str,
    due: str,
    amount: int,
    *after: str,
    criteria: tuple[Criterion, ...] = (),
) -> MilestonePlan:
    return MilestonePlan(
        id=id,
        title=title,
        stage=stage,
        due=date.fromisoformat(f"2026-{due}"),
        amount_minor=amount * 100,
        depends_on=after,
        criteria=criteria,
    )


CONTRACTS: dict[str, tuple[Terms, tuple[MilestonePlan, ...]]] = {
    FIT_OUT: (
        _terms(
            "静安旗舰店装修 Flagship fit-out",
            "上海景和装饰 Jinghe Fit-out",
            "wang.jianguo",
            "CNY",
            2_000_000,
            signed_on=date(2026, 6, 8),
            calendars=("CN",),
            payment=PaymentTerms(net_days=20, days="business", roll="forward"),
        ),
        (
            _plan("M1", "测量与设计 Survey and design", "plan", "07-10", 180_000),
            _plan("M2", "消防报审 Fire approval", "plan", "08-14", 220_000, "M1"),
            _plan("M3", "拆除与隔墙 Demolition and walls", "build", "09-25", 310_000, "M2"),
            _plan("M4", "水电与暖通 Power, water, air", "build", "11-06", 540_000, "M3"),
            _plan("M5", "定制家具 Furniture", "build", "12-18", 620_000, "M2"),
        ),
    ),
    FESTIVAL: (
        _terms(
            "双十一 Double 11 launch",
            "杭州内容工坊 Hangzhou Content",
            "chen.yu",
            "CNY",
            1_300_000,
            signed_on=date(2026, 8, 3),
            early_bonus=EarlyBonus(rate=canonical("0.5"), cap=canonical("5")),
            quality_bonuses=(
                QualityBonus(
                    milestone="M4",
                    criterion="conversion_rate",
                    at_least="3%",
                    amount_minor=2_000_000,
                ),
            ),
        ),
        (
            _plan("M1", "创意方案 Concept", "plan", "08-21", 120_000),
            _plan("M2", "店铺搭建 Shop build", "build", "09-18", 300_000, "M1"),
            _plan("M3", "内容制作 Content", "build", "10-16", 180_000),
            _plan("M4", "直播活动 Live campaign", "run", "11-12", 400_000, "M2", "M3"),
            _plan("M5", "结案报告 Report", "close", "12-04", 100_000, "M4"),
        ),
    ),
    FILM: (
        _terms(
            'Campaign film "First Light"',
            "Harbor Street Films",
            "d.okafor",
            "USD",
            140_000,
            signed_on=date(2026, 8, 17),
            timezone="America/New_York",
            payment=PaymentTerms(net_days=15),
        ),
        (
            _plan("T", "Treatment", "plan", "09-04", 18_500),
            _plan("S", "Shoot, three days", "build", "10-09", 64_000, "T"),
            _plan("C", "Master and cut-downs", "close", "11-13", 47_500, "S"),
        ),
    ),
    CREATORS: (
        _terms(
            "达人直播 Creator livestreams",
            "成都星途 Startrack",
            "zhao.lei",
            "CNY",
            300_000,
            signed_on=date(2026, 10, 9),
            payment=PaymentTerms(net_days=15),
        ),
        (
            _plan("L1", "十月场 October series", "run", "10-30", 90_000),
            _plan("L2", "十一月场 November series", "run", "11-20", 90_000),
            _plan("L3", "十二月场 December series", "run", "12-18", 90_000),
        ),
    ),
}


@dataclass(frozen=True, slots=True)
class Act:
    """On a day (month-day) somebody does something; `named` is what later acts call its event."""

    day: str
    who: str
    contract: str
    intent: Intent | Callable[[dict[str, int]], Intent]
    named: str = ""


def _paid(contract: str, milestone: str, instructed: str, recorded: str) -> Iterator[Act]:
    name = f"{contract}/{milestone}"
    yield Act(instructed, FINANCE, contract, InstructPayment(milestone=milestone), name)
    yield Act(recorded, FINANCE, contract, lambda v: RecordPayment(instruction=v[name]))


def _submitted(day: str, who: str, contract: str, milestone: str, *results: Result) -> Act:
    return Act(day, who, contract, SubmitMilestone(milestone=milestone, results=results))


def _approved(day: str, who: str, contract: str, milestone: str) -> Act:
    return Act(day, who, contract, ApproveMilestone(milestone=milestone))


def _change(day: str, contract: str, milestone: str, due: str, amount: int, why: str) -> Act:
    revision = Revision(
        milestone=milestone, due=date.fromisoformat(f"2026-{due}"), amount_minor=amount * 100
    )
    order = ChangeOrder(revisions=(revision,), reason=why)
    return Act(day, MANAGER, contract, ProposeChange(content=order), f"{contract} change")


def _signatures() -> Iterator[Act]:
    for contract, (terms, plans) in CONTRACTS.items():
        assert terms.signed_on is not None
        intent = SignContract(contract=contract, terms=terms, milestones=plans)
        yield Act(f"{terms.signed_on:%m-%d}", ADMIN, contract, intent)


def _fit_out() -> Iterator[Act]:
    """Late, rejected once, with an open dispute, and a change order that waits for its approval."""
    yield _submitted("07-08", "wang.jianguo", FIT_OUT, "M1")
    yield _approved("07-13", MANAGER, FIT_OUT, "M1")
    yield from _paid(FIT_OUT, "M1", "08-07", "08-10")
    yield _submitted("08-26", "wang.jianguo", FIT_OUT, "M2")
    reason = "the sprinkler drawings lack the stamp"
    yield Act("08-31", SECOND, FIT_OUT, RejectSubmission(milestone="M2", reason=reason))
    yield _submitted("09-09", "wang.jianguo", FIT_OUT, "M2")
    yield _approved("09-11", SECOND, FIT_OUT, "M2")
    yield _approved("09-14", FINANCE, FIT_OUT, "M2")
    yield from _paid(FIT_OUT, "M2", "10-15", "10-16")
    yield Act("09-15", "wang.jianguo", FIT_OUT, StartMilestone(milestone="M3"))
    yield _submitted("09-29", "wang.jianguo", FIT_OUT, "M3")
    yield _approved("10-12", MANAGER, FIT_OUT, "M3")
    yield _approved("10-13", FINANCE, FIT_OUT, "M3")
    cracked = "lift lobby tiles cracked during demolition"
    claim = OpenDispute(milestone="M3", amount_minor=6_000_000, reason=cracked)
    yield Act("10-19", SECOND, FIT_OUT, claim, "tiles")
    photos = Evidence(uri="photos/lift-lobby.zip")
    yield Act(
        "10-21",
        "wang.jianguo",
        FIT_OUT,
        lambda v: AddDisputeEvidence(
            dispute=v["tiles"], evidence=(photos,), note="before and after"
        ),
    )
    yield Act("10-26", "wang.jianguo", FIT_OUT, StartMilestone(milestone="M4"))
    yield _change("11-17", FIT_OUT, "M4", "12-04", 575_000, "second air handling unit")


def _festival() -> Iterator[Act]:
    """Early, renegotiated, late and disputed in turn; the campaign waits for its second approval."""
    yield _submitted("08-18", "chen.yu", FESTIVAL, "M1")
    yield _approved("08-20", MANAGER, FESTIVAL, "M1")
    yield from _paid(FESTIVAL, "M1", "09-17", "09-18")
    yield _change("09-10", FESTIVAL, "M2", "09-25", 300_000, "platform audit took a week")
    approve = "BW-2026-014 change"
    yield Act("09-14", SECOND, FESTIVAL, lambda v: ApproveChange(proposal=v[approve]))
    yield _submitted("09-25", "chen.yu", FESTIVAL, "M2")
    yield _approved("09-28", MANAGER, FESTIVAL, "M2")
    yield _approved("10-08", FINANCE, FESTIVAL, "M2")
    yield from _paid(FESTIVAL, "M2", "11-05", "11-06")
    yield _submitted("10-20", "chen.yu", FESTIVAL, "M3")
    yield _approved("10-22", SECOND, FESTIVAL, "M3")
    claim = OpenDispute(
        milestone="M3", amount_minor=4_500_000, reason="two films reuse old footage"
    )
    yield Act("10-26", SECOND, FESTIVAL, claim, "footage")
    yield Act(
        "11-02",
        MANAGER,
        FESTIVAL,
        lambda v: ProposeChange(
            content=Resolution(
                milestone="M3", dispute=v["footage"], outcome="split", adjustment_minor=-2_000_000
            )
        ),
        "settlement",
    )
    # Neither who opened the dispute nor who proposed its end approves it: it takes a third.
    yield Act("11-03", THIRD, FESTIVAL, lambda v: ApproveChange(proposal=v["settlement"]))
    rate = Result(criterion="conversion_rate", measured="3.4%")
    yield _submitted("11-11", "chen.yu", FESTIVAL, "M4", rate)
    yield _approved("11-16", MANAGER, FESTIVAL, "M4")


def _film() -> Iterator[Act]:
    """In dollars: a payment that failed and went through, a bonus, and a delivery to be decided."""
    yield _submitted("09-03", "d.okafor", FILM, "T")
    yield _approved("09-08", MANAGER, FILM, "T")
    yield from _paid(FILM, "T", "09-22", "09-23")
    yield _submitted("10-09", "d.okafor", FILM, "S")
    yield _approved("10-12", SECOND, FILM, "S")
    yield _approved("10-14", FINANCE, FILM, "S")
    bonus = BonusProposal(milestone="S", amount_minor=250_000, reason="kept the storm day")
    yield Act("10-16", MANAGER, FILM, ProposeChange(content=bonus), "storm")
    yield Act("10-19", SECOND, FILM, lambda v: ApproveChange(proposal=v["storm"]))
    yield Act("10-28", FINANCE, FILM, InstructPayment(milestone="S"), "first try")
    failed = "beneficiary name does not match"
    yield Act(
        "10-29", FINANCE, FILM, lambda v: FailPayment(instruction=v["first try"], reason=failed)
    )
    yield from _paid(FILM, "S", "10-30", "11-02")
    yield _submitted("11-16", "d.okafor", FILM, "C")


def _creators() -> Iterator[Act]:
    """As it should be: on time, accepted at once, paid when due."""
    yield _submitted("10-29", "zhao.lei", CREATORS, "L1")
    yield _approved("11-02", MANAGER, CREATORS, "L1")
    yield from _paid(CREATORS, "L1", "11-16", "11-17")
    yield _submitted("11-19", "zhao.lei", CREATORS, "L2")
    yield _approved("11-20", SECOND, CREATORS, "L2")


def acts() -> list[Act]:
    """Everything that happened, in the order in which it did."""
    stories = (_signatures(), _fit_out(), _festival(), _film(), _creators())
    return sorted((act for story in stories for act in story), key=lambda act: act.day)


def play(ledger: Ledger[Contract]) -> int:
    """Records the portfolio in an empty SQLite ledger; returns the number of events.

    The times of recording are those of the story too, so two runs give the same log.
    """
    from ledger.store.perform import perform
    from ledger.store.recorder import LedgerRecorder

    recorder = ledger.recorder
    assert isinstance(recorder, LedgerRecorder)
    names: dict[str, int] = {}
    position = 0
    for number, act in enumerate(acts()):
        on = date.fromisoformat(f"2026-{act.day}")
        now = datetime.combine(on, CLOCK) + timedelta(seconds=number)
        recorder.clock = lambda now=now: now  # type: ignore[misc]
        intent = act.intent(names) if callable(act.intent) else act.intent
        context = Context(actor=act.who, now=now)
        outcome = perform(ledger, [(act.contract, intent)], context, origin="demo")
        names[act.named] = outcome.records[0].version
        position = outcome.records[-1].position
    return position
