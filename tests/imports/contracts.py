"""Contract files for tests: a sound one by hand, and sound documents of every shape."""

from __future__ import annotations

import string
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from hypothesis import strategies as st

from ledger.measured import bounds_in_conflict
from ledger.money import canonical
from ledger.terms import (
    AdvanceRecovery,
    ContractDocument,
    Criterion,
    Delegation,
    Disincentive,
    DisputeRules,
    EarlyBonus,
    EarlyPayment,
    EarlyStep,
    InvoicePolicy,
    LateDamages,
    LatePenalty,
    MilestonePlan,
    PayeePolicy,
    PaymentTerms,
    QualityBonus,
    QualityTier,
    Retention,
    RetentionRelease,
    Tax,
    TerminationClause,
    Tier,
)
from ledger.written import measure_text

SOUND = """\
contract: C-1
client: Brand
partner: Studio
currency: CNY
timezone: Asia/Shanghai
signed_on: 2026-08-03
ceiling: 600,000.00
administrators: [ann, bob]
roles:
  manager: [ann, cyd]
  finance: [dan]
approval:
  - up_to: 200,000.00
    quorum: {manager: 1}
  - quorum: {manager: 1, finance: 1}
late_penalty:
  rate: 0.1%
  cap: 10%
milestones:
  - id: M1
    due: 2026-08-21
    amount: 120,000.00
  - id: M2
    due: 2026-09-18
    amount: 300,000.00
    depends_on: [M1]
  - id: M3
    due: 2026-10-16
    amount: 180,000.00
"""


def changed(old: str, new: str) -> str:
    assert SOUND.count(old) == 1, old
    return SOUND.replace(old, new)


TEXT = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), min_size=1, max_size=30
)
ODD = st.sampled_from(
    ["~", "null", "NO", "- a", "a: b", "#x", "a\nb ", " x\n\n y", "é\u202e", "1,0"]
)
WORDS = TEXT | ODD
IDS = st.text(string.ascii_letters + string.digits + "._-:,'\"!*&%@[]{} 双", min_size=1).map(
    str.strip
)
NAMES = IDS.filter(bool)
# Names that no id is: any letters and signs that can be seen, spaces within, and what YAML reads as something else.
SEEN = st.text(
    st.characters(exclude_categories=["C", "Z"]), min_size=1, max_size=30
) | st.sampled_from(["~", "null", "NO", "- a", "a: b", "#x", "1,0", "双 十一", "O'Neill & Co."])
PERCENTS = st.decimals(0, 100, places=3).map(canonical)
MEASURES = st.builds(
    lambda number, unit: measure_text(f"{number}{unit}"),
    st.decimals(-1000, 1000, places=2),
    st.sampled_from(["", "%", " days", " MΩ"]),
)
MINORS = st.integers(0, 10**12)
DAYS = st.dates(date(2000, 1, 1), date(2100, 1, 1))


# --- the clauses on money ------------------------------------------------------------------------

RATES = PERCENTS.filter(bool)
CAPS = st.none() | PERCENTS
EXCUSED = st.integers(0, 9)
PAYMENTS = (
    st.builds(
        PaymentTerms,
        net_days=st.integers(0, 365),
        days=st.sampled_from(["calendar", "business"]),
        roll=st.sampled_from(["none", "forward"]),
        after=st.sampled_from(["approval", "invoice", "month-end"]),
        until=st.sampled_from(["day", "month-end"]),
        discount=st.none() | st.builds(EarlyPayment, rate=RATES, days=st.integers(0, 90)),
    )
    | st.builds(
        PaymentTerms,
        day_of_next_month=st.integers(1, 31),
        discount=st.builds(EarlyPayment, rate=RATES, day_of_next_month=st.integers(1, 31)),
    )
    | st.builds(
        PaymentTerms,
        net_days=st.integers(0, 365),
        days=st.sampled_from(["calendar", "business"]),
        day_of_next_month=st.integers(1, 31),
        days_first=st.just(True),
    )
)
BY_DAY_OR_TABLE = st.builds(lambda rate: {"rate": rate}, RATES) | st.builds(
    lambda days: {"table": tuple(EarlyStep(days=day, rate=Decimal(1)) for day in days)},
    st.lists(st.integers(1, 99), min_size=1, max_size=3, unique=True),
)
EARLY = st.builds(
    lambda how, **more: EarlyBonus(**how, **more),
    BY_DAY_OR_TABLE,
    cap=PERCENTS,
    contract_cap=CAPS,
    disincentive=st.none() | st.builds(Disincentive, rate=PERCENTS, cap=CAPS),
)
RELEASES = st.integers(1, 99).flatmap(
    lambda share: st.tuples(
        *(
            st.builds(
                RetentionRelease,
                share=st.just(Decimal(part)),
                after=st.sampled_from(["acceptance", "completion"]),
                days=st.integers(0, 730),
            )
            for part in (share, 100 - share)
        )
    )
)
RETENTIONS = st.builds(
    Retention, rate=PERCENTS, limit=CAPS, release=st.just(()) | RELEASES
) | st.builds(Retention, rate=PERCENTS, until=PERCENTS, then=PERCENTS)
CLAUSES: dict[str, st.SearchStrategy[Any]] = {
    "payment": st.none() | PAYMENTS,
    "early_bonus": st.none() | EARLY,
    "retention": st.none() | RETENTIONS,
    "advance": st.none()
    | st.builds(AdvanceRecovery, rate=RATES, base=st.sampled_from(["gross", "net"])),
    "tax": st.none()
    | st.builds(Tax, vat=PERCENTS, withholding=PERCENTS, base=st.sampled_from(["net", "gross"])),
    "invoices": st.none()
    | st.builds(InvoicePolicy, required=st.booleans(), tolerance_minor=MINORS),
    "payees": st.none()
    | st.builds(PayeePolicy, required=st.booleans(), hold_days=st.integers(0, 30)),
    "termination": st.none() | st.builds(TerminationClause, fee=PERCENTS),
}
LATENESS: list[dict[str, st.SearchStrategy[Any]]] = [
    {},
    {
        "late_penalty": st.builds(
            LatePenalty,
            rate=PERCENTS,
            cap=CAPS,
            base=st.sampled_from(["part", "milestone"]),
            excused_days=EXCUSED,
        )
    },
    {
        "late_damages": st.builds(
            LateDamages, per_day_minor=MINORS, cap_minor=st.none() | MINORS, excused_days=EXCUSED
        )
    },
]


@st.composite
def documents(draw: st.DrawFn) -> ContractDocument:
    """Contract documents in which everything is sound, and anything else is possible."""
    signed_on = draw(DAYS)
    people = draw(st.lists(NAMES, min_size=2, max_size=5, unique=True))
    roles = draw(
        st.dictionaries(
            NAMES.filter(lambda name: name != "administrator"),
            st.lists(st.sampled_from(people), min_size=1, unique=True).map(tuple),
            min_size=1,
            max_size=3,
        )
    )
    quorums = st.sampled_from(sorted(roles)).map(lambda role: {role: 1})
    bounds = sorted(draw(st.lists(MINORS, max_size=3, unique=True)))
    milestones = draw(plans(signed_on))
    ids = [plan.id for plan in milestones]
    required = {criterion.name for plan in milestones for criterion in plan.criteria}
    paid = {
        "milestone": st.sampled_from(ids or ["-"]),
        "criterion": WORDS.filter(lambda name: name not in required),
    }
    bonuses = st.builds(QualityBonus, at_least=MEASURES, amount_minor=MINORS, **paid) | st.builds(
        QualityBonus, tiers=tiers(), **paid
    )
    known = st.sampled_from(people)
    return draw(
        st.builds(
            ContractDocument,
            contract=NAMES.filter(lambda name: name[0] != "~"),
            title=st.just("") | WORDS,
            client=SEEN,
            partner=SEEN,
            currency=st.sampled_from(["CNY", "JPY", "KWD", "USD"]),
            timezone=st.sampled_from(["Asia/Shanghai", "UTC", "+08:00"]),
            signed_on=st.just(signed_on),
            ceiling_minor=st.none() | st.integers(10**13, 10**14),
            rounding=st.sampled_from(["half-up", "half-even"]),
            separation=st.booleans(),
            backdating_days=st.integers(0, 36500),
            cut_off=st.sampled_from(["", "00:00", "18:30"]),
            calendars=st.sampled_from([(), ("CN",), ("CN", "US-NY")]),
            extra_holidays=st.lists(DAYS, max_size=2).map(tuple),
            administrators=st.just(tuple(people)),
            roles=st.just(roles),
            delegations=st.lists(
                st.builds(Delegation, of=known, to=known, since=st.none() | DAYS)
            ).map(tuple),
            approval=st.tuples(
                *(st.builds(Tier, quorum=quorums, up_to_minor=st.just(bound)) for bound in bounds),
                st.builds(Tier, quorum=quorums),
            ),
            quality_bonuses=st.lists(
                bonuses, max_size=2 if ids else 0, unique_by=lambda bonus: bonus.criterion
            ).map(tuple),
            disputes=st.builds(DisputeRules, open_within_days=st.none() | st.integers(0, 99)),
            milestones=st.just(milestones),
            **CLAUSES,
            **draw(st.sampled_from(LATENESS)),
        )
    )


def tiers() -> st.SearchStrategy[tuple[QualityTier, ...]]:
    """Tiers of one bonus in one unit, ascending in threshold and amount."""
    steps = st.lists(st.integers(0, 10**6), min_size=1, max_size=3, unique=True).map(sorted)
    return st.builds(
        lambda thresholds, unit: tuple(
            QualityTier(at_least=measure_text(f"{each} {unit}".strip()), amount_minor=place * 100)
            for place, each in enumerate(thresholds, start=1)
        ),
        steps,
        st.sampled_from(["", "%", "days"]),
    )


@st.composite
def plans(draw: st.DrawFn, signed_on: date) -> tuple[MilestonePlan, ...]:
    ids = draw(st.lists(NAMES, max_size=4, unique=True))
    criteria = st.builds(
        Criterion, name=SEEN, at_least=st.none() | MEASURES, at_most=st.none() | MEASURES
    ).filter(lambda one: not bounds_in_conflict(one))
    return tuple(
        draw(
            st.builds(
                MilestonePlan,
                id=st.just(name),
                title=st.just("") | WORDS,
                stage=st.just("") | WORDS,
                owner=st.just("") | SEEN,
                due=st.integers(0, 900).map(lambda days: signed_on + timedelta(days)),
                amount_minor=MINORS,
                deliverables=st.lists(WORDS, max_size=3).map(tuple),
                criteria=st.lists(criteria, max_size=2, unique_by=lambda one: one.name).map(tuple),
                depends_on=st.lists(st.sampled_from(ids[:index] or ["-"]), unique=True).map(
                    lambda names, index=index: tuple(names) if index else ()  # type: ignore[misc]
                ),
            )
        )
        for index, name in enumerate(ids)
    )
