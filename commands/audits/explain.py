"""`mledger audit explain`: why a milestone is worth what it is worth, line by line, down to the events."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

from commands.audits.stream import History, history
from commands.known import not_found
from commands.options import Moment, Output
from commands.output import Column, Table, exact, number
from commands.reference_names import MilestoneName
from commands.reports.frame import money, shown
from commands.session import CLAIMS
from commands.settings import Settings
from commands.tables import Carried
from ledger.errors import IntegrityViolated
from ledger.recorded import PARTS, not_recorded
from ledger.state import Milestone
from projections.derive.schedule import figures_of
from projections.explain import Explanation, explain
from projections.judged import missed_in_words, unearned_in_words
from projections.recompute import Differs
from projections.views.schedule import UNKNOWN

COLUMNS = ("milestone", "step", "clause", "amount", "currency", "calculation", "events")
_FIGURES = ("net", "held", "instructed", "paid", "outstanding", "payable")
_KEPT = ("retained", "released", "recovered", "tax")
_OF_RELEASE = ("amount", "held", "instructed", "paid", "outstanding", "payable")


def show(settings: Settings, output: Output, moment: Moment, name: MilestoneName) -> None:
    """Prints the explanation; raises IntegrityViolated where a stored line is not what its clause gives."""
    past = history(settings, output, moment, name.contract)
    told = explain(past.records, name.milestone, moment.as_of, past.log)
    if told is None:
        everything = explain(past.records, name.milestone)
        raise _unknown(past, name, later=everything is not None)
    rows = [{"milestone": str(name), **line} for line in _lines(told)]
    data = {"milestone": str(name), **_data(told), **past.moment()}
    output.emit(data, rows=rows, columns=COLUMNS, people=_people(told, past, str(name)))
    if told.differences:
        raise _violated(told, name)


def _unknown(past: History, name: MilestoneName, later: bool) -> Exception:
    if later:
        hint = f"it was defined after {past.as_of}; leave --as-of out, or give a later day"
        problem = not_found("milestone", str(name), [], hint)
        problem.message = f"{name} did not exist yet on {past.as_of}"
        return problem
    known = {f"{name.contract}/{m}" for r in past.records if (m := _defined(r.data))}
    return not_found(
        "milestone", str(name), sorted(known), f"mledger contract show {name.contract}"
    )


def _defined(data: Any) -> str | None:
    return data.milestone if type(data).__name__ == "MilestoneDefined" else None


def _violated(told: Explanation, name: MilestoneName) -> IntegrityViolated:
    first = told.differences[0]
    stored, reckoned = _both(told, first)
    differs = f"is {stored}, reckoned {reckoned} ({first.detail})" if stored else first.detail
    return IntegrityViolated(
        "line-differs",
        f"{len(told.differences)} stored line(s) of {name} differ from their clauses; the first:"
        f" {first.step}, {first.clause} at position {first.position}{' ' if stored else ': '}{differs}",
        hint="the log was altered, or was written by a faulty release: mledger audit verify",
        facts={"differences": [_difference(told, d) for d in told.differences]},
    )


# --- for programs ----------------------------------------------------------------------------------


def _lines(told: Explanation) -> list[dict[str, Any]]:
    return [
        {
            "step": line.step,
            "clause": line.clause,
            "amount": money(line.amount_minor, told.currency),
            "calculation": line.calculation,
            "events": line.events,
        }
        for line in told.lines
    ]


def _data(told: Explanation) -> dict[str, Any]:
    milestone, currency = told.milestone, told.currency
    figures = {name: money(minor, currency) for name, minor in _known(told).items()}
    figures |= {name: money(getattr(milestone, f"{name}_minor"), currency) for name in _KEPT}
    return {
        "lines": _lines(told),
        **figures,
        "title": milestone.plan.title,
        "status": milestone.progress,
        "due_on": milestone.acceptance.payment_due if milestone.acceptance else None,
        "inferred": ["submitted_on"] if _inferred(milestone) else [],
        "not_recorded": _not_recorded(told),
        "releases": [
            {
                "reference": release.reference,
                "calculation": release.calculation,
                "due_on": release.due_on,
                **{n: money(getattr(release, f"{n}_minor"), currency) for n in _OF_RELEASE},
                "events": release.events,
            }
            for release in told.releases
        ],
        "moved": [
            {
                "kind": m.kind,
                "reference": m.reference,
                "amount": money(m.amount_minor, currency),
                "on": m.on,
                "status": m.status,
                "ended_on": m.ended_on,
                "abroad": m.abroad or None,
                "events": m.events,
            }
            for m in told.moved
        ],
        "approvals": [asdict(approval) for approval in told.approvals],
        "missed": [one._asdict() for one in told.missed],
        "unearned": [
            {
                "criterion": one.criterion,
                "measured": one.measured or None,
                "at_least": one.at_least,
                "amount": money(one.amount_minor, currency),
                "earned": money(one.earned_minor, currency),
            }
            for one in told.unearned
        ],
        "lines_checked": told.checked,
        "due_dates_checked": told.dues_checked,
        "differences": [_difference(told, d) for d in told.differences],
    }


def _known(told: Explanation) -> dict[str, int | None]:
    """Net, held, instructed, paid, outstanding and payable: None where no source tells of it."""
    found = figures_of(told.contract, told.milestone)
    return {name: found[name] for name in _FIGURES}


def _not_recorded(told: Explanation) -> list[str]:
    missing = not_recorded(told.contract, told.milestone)
    return [part for part in PARTS if part in missing]


def _inferred(milestone: Milestone) -> bool:
    """Whether an import derived the day of the delivery that was accepted."""
    acceptance = milestone.acceptance
    return acceptance is not None and bool(acceptance.submission and acceptance.submission.inferred)


def _difference(told: Explanation, d: Any) -> dict[str, Any]:
    return {
        "step": d.step,
        "clause": d.clause,
        "stored": money(d.stored_minor, told.currency),
        "reckoned": money(d.reckoned_minor, told.currency),
        "detail": d.detail,
        "position": d.position,
    }


# --- for people ------------------------------------------------------------------------------------


def _people(told: Explanation, past: History, name: str) -> Iterator[Table | str]:
    yield _heading(told, name)
    yield ""
    if told.lines:
        yield _price(told)
    else:
        yield _not_accepted(told)
    yield from _judged(told)
    if told.milestone.retained_minor or told.releases:
        yield ""
        yield _retention(told)
    if told.approvals:
        yield ""
        yield _approvals(told)
    yield from _verdict(told)
    footer = past.footer()
    yield from footer if told.approvals else [line for line in footer if line != CLAIMS]


def _judged(told: Explanation) -> Iterator[str]:
    """What was measured and misses a required criterion, or earns nothing: a price says only what it holds."""
    said = [missed_in_words(one) for one in told.missed]
    said += [unearned_in_words(one, told.currency) for one in told.unearned]
    if said:
        yield ""
        yield from said


def _heading(told: Explanation, name: str) -> str:
    milestone = told.milestone
    title = f" {milestone.plan.title}" if milestone.plan.title else ""
    said = [milestone.progress]
    acceptance = milestone.acceptance
    if acceptance is not None:
        submission = acceptance.submission
        if submission is not None and submission.on is not None:
            mark = " (inferred)" if _inferred(milestone) else ""
            said.insert(0, f"submitted {submission.on}{mark}")
        said[-1] = f"accepted {acceptance.on or 'on an unknown day'}"
        if acceptance.payment_due:
            said.append(f"payment due {acceptance.payment_due}")
    originally, now = milestone.baselines[0].due, milestone.current.due
    due = f"due {now}" if now else "no due date"
    moved = f" (originally {originally})" if originally != now else ""
    return f"{name}{title}\n{due}{moved}\n{', '.join(said)}"


def _not_accepted(told: Explanation) -> str:
    if told.milestone.acceptance is not None:
        return "accepted, but for how much is unknown: its source told no amount"
    planned = told.milestone.current.amount_minor
    amount = (
        f"{shown(planned, told.currency)} {told.currency}" if planned is not None else "unknown"
    )
    return f"nothing is owed before acceptance; planned: {amount}"


def _price(told: Explanation) -> Table:
    """The lines, and below them how net becomes what is payable."""
    columns: list[Column | str] = [exact("line"), number(told.currency), "calculation", "events"]
    rows = [
        (
            f"{line.step}, {line.clause}",
            _signed(told, line.amount_minor),
            line.calculation,
            _places(line),
        )
        for line in told.lines
    ]
    return Carried(columns, rows, list(_below(told)))


def _below(told: Explanation) -> Iterator[tuple[object, ...]]:
    milestone, known = told.milestone, _known(told)
    yield ("net", _sum(told, known["net"]), "sum of the lines", "")
    own = [one for one in told.moved if not one.release]
    for one in own:
        if one.kind == "payment" and one.status == "paid":
            says = f"{one.reference} on {one.on or 'an unknown day'}"
            says += f", {one.abroad}" if one.abroad else ""
            yield ("paid", _signed(told, -one.amount_minor), says, _places(one))
        elif one.kind == "refund" and one.status == "refunded":
            says = f"{one.reference} on {one.on or 'an unknown day'}, paid back by the partner"
            yield ("refunded", _signed(told, one.amount_minor), says, _places(one))
        elif one.kind in ("payment", "refund") and one.status in ("failed", "reversed"):
            amount = _signed(told, one.amount_minor)
            says = f"{one.reference} of {amount}, {one.status} {one.ended_on or ''}".rstrip()
            name = "not paid" if one.kind == "payment" else "not refunded"
            yield (name, _signed(told, 0), says, _places(one))
    if known["paid"] is None:
        yield ("paid", UNKNOWN, "no source tells whether it was paid", "")
    yield ("outstanding", _sum(told, known["outstanding"]), "net less paid", "")
    claims = [m for m in told.moved if m.kind == "dispute" and m.status == "open"]
    if claims or milestone.held_minor:
        said = ", ".join(f"{m.reference} for {_signed(told, m.amount_minor)}" for m in claims)
        places = " ".join(_places(m) for m in claims)
        yield ("held", _signed(told, -milestone.held_minor), f"disputed: {said}", places)
    for one in own:
        if one.kind == "payment" and one.status == "instructed":
            says = f"{one.reference} on {one.on}"
            says += f", {one.abroad}" if one.abroad else ""
            yield ("instructed", _signed(told, -one.amount_minor), says, _places(one))
            if one.discount_minor:
                amount = _signed(told, -one.discount_minor)
                says = f"the discount of {one.reference}, kept for it until it is paid or fails"
                yield ("discount", amount, says, _places(one))
    yield ("payable", _sum(told, known["payable"]), "now, never below zero", "")


def _retention(told: Explanation) -> Table:
    """What was retained, what of it was released and paid, and what is still kept."""
    milestone = told.milestone
    columns: list[Column | str] = [exact("retention"), number(told.currency)]
    columns += ["calculation", "events"]
    retained = _signed(told, milestone.retained_minor)
    rows: list[tuple[object, ...]] = [("retained", retained, "by the line above", "")]
    for release in told.releases:
        due = f"; payment due {release.due_on}" if release.due_on else ""
        says = f"{release.reference}: {release.calculation}{due}"
        rows.append(("released", _signed(told, release.amount_minor), says, _places(release)))
        if release.held_minor:
            held = _signed(told, -release.held_minor)
            rows.append(("held", held, f"disputed, of {release.reference}", ""))
    for one in told.moved:
        if one.release and one.status in ("paid", "instructed"):
            says = f"{one.reference} on {one.on or 'an unknown day'}"
            rows.append((one.status, _signed(told, -one.amount_minor), says, _places(one)))
        elif one.release and one.status == "refunded":
            says = f"{one.reference} on {one.on or 'an unknown day'}, paid back by the partner"
            rows.append((one.status, _signed(told, one.amount_minor), says, _places(one)))
    kept = milestone.retained_minor - milestone.released_minor
    payable = sum(release.payable_minor for release in told.releases)
    totals = [("kept", _signed(told, kept), "retained less released", "")]
    if told.releases:
        totals.append(("payable", _signed(told, payable), "released and payable now", ""))
    return Carried(columns, rows, totals)


def _signed(told: Explanation, minor: int) -> str:
    return shown(minor, told.currency)


def _sum(told: Explanation, minor: int | None) -> str:
    """An amount that adds up to what is owed; a mark where a part of it is not known."""
    return UNKNOWN if minor is None else _signed(told, minor)


def _places(of: Any) -> str:
    return " ".join(map(str, of.events))


def _approvals(told: Explanation) -> Table:
    columns: list[Column | str] = [exact("approved"), exact("by"), exact("as"), exact("on")]
    columns += ["recorded by", "part", exact("counts"), number("event")]
    rows = [
        (a.subject, a.actor, a.role, a.on, a.authenticated_as, a.part, a.counts, a.position)
        for a in told.approvals
    ]
    some = any(a.part for a in told.approvals)
    useless = () if some else ("part",)
    return Table(columns, rows, useless=useless, gives_way=("recorded by", "counts"))


def _verdict(told: Explanation) -> Iterator[str]:
    for d in told.differences:
        where = f"{d.step}, {d.clause} at position {d.position}"
        stored, reckoned = _both(told, d)
        both = f"stored {stored}, reckoned {reckoned}: " if stored else ""
        yield f"\nDIFFERS: {where}: {both}{d.detail}"
    if not told.differences and told.checked:
        lines = (
            "1 automatic line agrees"
            if told.checked == 1
            else f"{told.checked} automatic lines agree"
        )
        due = "; the due date agrees" if told.dues_checked else ""
        yield f"\nreckoned again from the clauses: {lines}{due}"


def _both(told: Explanation, d: Differs) -> tuple[str, str]:
    """The amounts of a line that differs; nothing where it is a date."""
    if d.stored_minor is None and d.reckoned_minor is None:
        return "", ""
    stored, reckoned = (
        "none" if minor is None else shown(minor, told.currency)
        for minor in (d.stored_minor, d.reckoned_minor)
    )
    return stored, reckoned
