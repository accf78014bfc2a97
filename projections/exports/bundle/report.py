"""report.html: what a bundle says, for people: contracts, schedule, explanations, approvals, exceptions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ledger.events import Record
from ledger.money import display_minor
from ledger.state import Contract, Milestone
from ledger.statements import signature_of
from projections.derive import schedule
from projections.exception_rules.rule import Exceptional
from projections.explain import Explanation, explain
from projections.exports.bundle.page import END, HEAD, facts, table, text
from projections.exports.bundle.source import Source
from projections.exports.bundle.tables import SUMS, sum_known

# Beyond so many contracts a page would choke a browser; the tables have them all.
MOST_EXPLAINED = 100
_EVENTS_SHOWN = 12
_AMOUNTS = ("gross", "bonus", "penalty", "adjustment", *SUMS)
_ALWAYS = ("net", "paid", "outstanding", "payable")


def report(
    source: Source,
    sealed: int,
    exceptions: Sequence[Exceptional],
    unchecked: Mapping[tuple[str, str], int],
) -> Iterator[str]:
    """The page, a piece at a time; `sealed` is the last position that proofs cover.

    `unchecked` counts, per rule and reason, what could not be checked for lack of data.
    """
    yield HEAD.format(title=f"Audit report {text(source.ledger_id)}")
    yield from _top(source, sealed)
    yield from _totals(source)
    yield from _exceptions(exceptions, unchecked)
    for number, (records, state) in enumerate(source.contracts(), 1):
        if number > MOST_EXPLAINED:
            yield "<h2>Further contracts</h2>\n"
            yield f"<p>Only the first {MOST_EXPLAINED} contracts are explained here;"
            yield " schedule.csv and price-lines.csv have all of them.</p>\n"
            break
        yield from _contract(records, state, source)
    yield END


def _top(source: Source, sealed: int) -> Iterator[str]:
    yield "<h1>Audit report</h1>\n"
    about = "all contracts" if source.names is None else ", ".join(source.names)
    position = f"{source.until}, recorded {source.recorded_at}" if source.until else "0: no event"
    seal = f"up to position {sealed}" if sealed else "not sealed: nothing proves these records"
    as_of = source.as_of if source.as_of is not None else "everything recorded, whatever its day"
    pairs = [("Ledger", source.ledger_id), ("Contracts", about), ("Log position", position)]
    yield facts([*pairs, ("Facts as of", as_of), ("Metrics as of", source.today), ("Sealed", seal)])
    yield '<p class="soft">This page is for reading. What it says can be checked with verify.py, which reads the'
    yield " records themselves: README.txt tells how. Positions are places in the log. A dispute, proposal or"
    yield " payment is named CONTRACT#VERSION.</p>\n"
    if not source.authenticating:
        yield '<p class="soft">Actors are claims: this database does not authenticate them.'
        yield " Signatures, where there are any, do.</p>\n"


def _totals(source: Source) -> Iterator[str]:
    sums: dict[str, dict[str, list[int | None]]] = {}
    count = 0
    for _, state in source.contracts():
        count += 1
        for row in _schedule(state):
            found = sums.setdefault(row["currency"], {name: [] for name in SUMS})
            for name in SUMS:
                found[name].append(row[f"{name}_minor"])
    yield f"<h2>Totals of {count} contract{'' if count == 1 else 's'}</h2>\n"
    rows = [[c, *(_amount(sum_known(s[n]), c) for n in SUMS)] for c, s in sorted(sums.items())]
    yield from table(("currency", *SUMS), rows, numbers=SUMS)


def _exceptions(
    found: Sequence[Exceptional], unchecked: Mapping[tuple[str, str], int]
) -> Iterator[str]:
    yield "<h2>Exceptions</h2>\n"
    if found:
        yield "<p>What broke a rule, and what weakens the proof that the others were kept.</p>\n"
        columns = ("severity", "rule", "where", "detail", "events")
        rows = [
            (x.severity, x.rule, x.milestone or x.contract, x.detail, _some(x.events))
            for x in found
        ]
        yield from table(columns, rows, whole=("severity", "rule"))
    else:
        yield "<p>None: no rule that is looked at was broken.</p>\n"
    if unchecked:
        yield '<p class="soft">Not checked, for lack of data:</p>\n<ul class="soft">\n'
        for (rule, reason), count in sorted(unchecked.items()):
            yield f"<li>{text(rule)}: {text(reason)} ({count})</li>\n"
        yield "</ul>\n"


def _some(events: Sequence[int]) -> str:
    more = len(events) - _EVENTS_SHOWN
    return " ".join(map(str, events[:_EVENTS_SHOWN])) + (f" and {more} more" if more > 0 else "")


# --- one contract ----------------------------------------------------------------------------------


def _contract(records: Sequence[Record], state: Contract, source: Source) -> Iterator[str]:
    terms = state.terms
    yield f"<h2>{text(state.id)}{' – ' if terms.title else ''}{text(terms.title)}</h2>\n"
    value = None
    if state.value_minor is not None:
        value = f"{display_minor(state.value_minor, terms.currency)} {terms.currency}"
    yield facts(
        [
            ("Client", terms.client),
            ("Partner", terms.partner),
            ("Ceiling", value),
            ("Status", state.standing + (" (imported)" if state.imported else "")),
            ("Signed on", terms.signed_on),
            ("Time zone", terms.timezone),
            (
                "Events",
                f"{len(records)}, positions {records[0].position} to {records[-1].position}",
            ),
        ]
    )
    if not terms.separation:
        yield '<p class="alarm">Separation of duties is off: one person may submit, approve and pay.</p>\n'
    yield from _schedule_of(state)
    for milestone in state.milestones.values():
        if milestone.status != "void":
            told = explain(records, milestone.id, source.as_of)
            if told is not None:
                yield from _milestone(told)
    yield from _signatures(records)


def _schedule(state: Contract) -> Iterator[Mapping[str, Any]]:
    for row in schedule.MODEL.rows(state):
        yield dict(zip(schedule.MODEL.names, row, strict=True))


def _schedule_of(state: Contract) -> Iterator[str]:
    """The schedule; a column in which nothing stands is left out."""
    rows, currency = list(_schedule(state)), state.terms.currency
    used = [n for n in _AMOUNTS if n in _ALWAYS or any(row[f"{n}_minor"] for row in rows)]
    body = [
        [
            f"{row['milestone'] or '(naming none)'} {row['title'] or ''}".rstrip(),
            row["status"],
            row["due_on"],
            *(_amount(row[f"{name}_minor"], currency) for name in used),
        ]
        for row in rows
    ]
    sums = [_amount(sum_known(row[f"{n}_minor"] for row in rows), currency) for n in used]
    columns = ("milestone", "status", "due on", *used)
    yield f"<h3>Schedule, in {text(currency)}</h3>\n"
    total = ["total", "", "", *sums]
    yield from table(columns, body, numbers=used, whole=("due on", "status"), sums=[total])


def _amount(minor: int | None, currency: str) -> str:
    return "unknown" if minor is None else display_minor(minor, currency)


def _milestone(told: Explanation) -> Iterator[str]:
    milestone, currency = told.milestone, told.currency
    title = f" {milestone.plan.title}" if milestone.plan.title else ""
    yield f"<h3>{text(told.contract.id)}/{text(milestone.id)}{text(title)}</h3>\n"
    yield f"<p>{text('; '.join(_standing(milestone, currency)))}</p>\n"
    if told.lines:
        rows = [
            (
                f"{x.step}, {x.clause}",
                display_minor(x.amount_minor, currency),
                x.calculation,
                _some(x.events),
            )
            for x in told.lines
        ]
        net = ("net", display_minor(milestone.net_minor, currency), "sum of the lines", "")
        yield from table(
            ("line", currency, "calculation", "events"), rows, numbers=(currency,), sums=[net]
        )
    if told.moved:
        movements = [
            (
                x.kind,
                x.reference,
                display_minor(x.amount_minor, currency),
                x.on,
                x.status,
                x.ended_on,
                _some(x.events),
            )
            for x in told.moved
        ]
        columns = ("payment or claim", "reference", currency, "on", "status", "ended on", "events")
        yield from table(
            columns, movements, numbers=(currency,), whole=("on", "ended on", "status")
        )
    if told.approvals:
        given = [
            (
                a.subject,
                a.actor,
                a.role,
                a.on,
                a.authenticated_as,
                a.recorded_at,
                "yes" if a.counts else "no",
                a.position,
            )
            for a in told.approvals
        ]
        heads = ("approved", "by", "as", "on", "login", "recorded at", "counts", "event")
        yield from table(heads, given, numbers=("event",), whole=("on", "recorded at"))
    for one in told.differences:
        said = f"{one.step}, {one.clause} at position {one.position}: {one.detail}"
        yield f'<p class="alarm">Differs from its clause: {text(said)}</p>\n'


def _standing(milestone: Milestone, currency: str) -> Iterator[str]:
    now, first = milestone.current, milestone.baselines[0]
    originally = f" (originally {first.due})" if first.due != now.due else ""
    yield f"due {now.due}{originally}" if now.due else "no due date"
    yield f"planned {_amount(now.amount_minor, currency)} {currency}"
    acceptance = milestone.acceptance
    if acceptance is None:
        yield milestone.progress
        return
    if acceptance.submission is not None and acceptance.submission.on is not None:
        yield f"submitted {acceptance.submission.on}"
    yield f"accepted {acceptance.on or 'on an unknown day'}"
    if acceptance.payment_due:
        yield f"payment due {acceptance.payment_due}"


def _signatures(records: Sequence[Record]) -> Iterator[str]:
    rows = [
        (r.position, f"{r.stream_id}#{r.version}", r.actor, r.data.on, found.key)
        for r in records
        if (found := signature_of(r.data)) is not None
    ]
    if rows:
        yield "<h3>Signed acts</h3>\n"
        columns = ("event", "reference", "by", "on", "key")
        yield from table(columns, rows, numbers=("event",), whole=("on",))
