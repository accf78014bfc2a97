"""What an import came to, told: what is lost first and loudest, alike remarks together, with the step that helps."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from commands.imports.found import Reading, Severity, Skipped, Warned
from commands.imports.recording import Taken
from commands.output import visible
from ledger.counting import how_many
from ledger.errors import DifferencesFound, InputInvalid, LedgerError

SHOWN = 20  # groups, of each kind; JSON has them all
PLACES = 3
_WIDEST = 400

COLUMNS = ("kind", "place", "rule", "detail", "severity")
_WEIGHT = {"high": 0, "medium": 1, "low": 2}
_LOUD_PERCENT = 10


@dataclass(slots=True)
class Group:
    """Remarks that say the same of different places; `hint` is what would help with all of them."""

    kind: str
    rule: str
    severity: Severity
    column: str = ""
    remarks: list[tuple[str, str]] = field(default_factory=list)
    cells: list[str] = field(default_factory=list)

    @property
    def hint(self) -> str:
        from commands.imports.notation import suggested

        return suggested(self.rule, self.cells)


@dataclass(frozen=True, slots=True)
class Told:
    """An import's outcome: the form and source in words, what was read and what was recorded."""

    form: str
    source: str
    reading: Reading
    taken: Taken
    dry_run: bool

    @property
    def skipped(self) -> list[Skipped]:
        return [*self.reading.skipped, *self.taken.skipped]

    @property
    def warned(self) -> list[Warned]:
        return [*self.reading.warnings, *self.taken.warned]

    @property
    def left_out(self) -> int:
        """How many rows of sheets were left out."""
        return len(self.reading.skipped) if self.reading.rows else 0

    @property
    def lost(self) -> int:
        return self.reading.lost + len(self.taken.skipped)


def groups_of(told: Told) -> list[Group]:
    """The remarks together that share kind, rule and column, the gravest and then the largest groups first."""
    found: dict[tuple[str, ...], Group] = {}
    for one in told.skipped:
        alike = one.rule or one.reason.partition(":")[0]
        key = ("skipped", alike, one.column, one.severity)
        group = found.setdefault(key, Group("skipped", one.rule, one.severity, one.column))
        group.remarks.append((one.place, one.reason))
        group.cells.append(one.cell)
    for two in told.warned:
        key = ("warning", two.rule, "", two.severity)
        group = found.setdefault(key, Group("warning", two.rule, two.severity))
        group.remarks.append((two.place, two.detail))
    return sorted(found.values(), key=lambda one: (_WEIGHT[one.severity], one.kind))


def as_data(told: Told) -> dict[str, Any]:
    """The promised object, with every place; `groups` has the same in short."""
    return {
        "format": told.form,
        "source": told.source,
        "contracts": told.taken.contracts,
        "milestones": told.taken.milestones,
        "events": told.taken.events,
        "skipped": [
            {"place": s.place, "reason": s.reason, "severity": s.severity, "rule": s.rule or None}
            for s in told.skipped
        ],
        "warnings": [
            {"place": w.place, "rule": w.rule, "detail": w.detail, "severity": w.severity}
            for w in told.warned
        ],
        "dry_run": told.dry_run,
        "rows": {"read": told.reading.rows, "left_out": told.left_out},
        "lost": told.lost,
        "groups": [
            {
                "kind": g.kind,
                "rule": g.rule or None,
                "severity": g.severity,
                "column": g.column or None,
                "count": len(g.remarks),
                "example": {"place": g.remarks[0][0], "detail": g.remarks[0][1]},
                "hint": g.hint or None,
            }
            for g in groups_of(told)
        ],
    }


def as_rows(told: Told) -> list[dict[str, str]]:
    """A row per remark, for CSV and JSON lines."""
    skipped = (("skipped", s.place, s.rule, s.reason, s.severity) for s in told.skipped)
    warned = (("warning", w.place, w.rule, w.detail, w.severity) for w in told.warned)
    return [dict(zip(COLUMNS, one, strict=True)) for one in (*skipped, *warned)]


def as_pages(told: Told) -> Iterator[str]:
    """The same for people."""
    contracts, milestones = range(told.taken.contracts), range(told.taken.milestones)
    found = f"{how_many(len(contracts), 'contract')}, {how_many(len(milestones), 'milestone')}"
    yield f"{told.form}: {found} in {told.source}"
    yield _recorded(told.taken.events, told.dry_run)
    if loud := _loud(told):
        yield f"\n{loud}"
    groups = groups_of(told)
    skipped = [group for group in groups if group.kind == "skipped"]
    warned = [group for group in groups if group.kind == "warning"]
    if skipped:
        yield f"\n{len(told.skipped):,} skipped"
        for group in skipped[:SHOWN]:
            yield from _group(group)
        yield from _more(skipped, "kinds of skipped places")
    if warned:
        yield f"\n{how_many(len(told.warned), 'warning')}{_what_they_lost(told)}"
        for group in warned[:SHOWN]:
            yield f"{group.rule}, {how_many(len(group.remarks), 'time')} ({group.severity})"
            yield from _listed(group)
        yield from _more(warned, "kinds of warnings")


def _loud(told: Told) -> str:
    """That much of a sheet is missing, where it is."""
    read, left_out = told.reading.rows, told.left_out
    if not read or 100 * left_out < _LOUD_PERCENT * read:
        return ""
    much = "most of it is" if 2 * left_out > read else "that part is"
    much = "all of it is" if left_out == read else much
    share = (200 * left_out + read) // (2 * read)
    return f"ATTENTION: {left_out:,} of {read:,} rows ({share} %) are left out: {much} not in the ledger"


def _what_they_lost(told: Told) -> str:
    dropped = sum(w.severity == "high" for w in told.reading.warnings)
    changed = sum(w.severity == "medium" for w in told.reading.warnings)
    says = [f"{dropped:,} with a value dropped"] if dropped else []
    says += [f"{changed:,} taken otherwise than written"] if changed else []
    return f": {', '.join(says)}" if says else "; nothing was left out for them"


def _group(group: Group) -> Iterator[str]:
    if len(group.remarks) > PLACES:
        what = group.rule or group.remarks[0][1].partition(":")[0]
        column = f" in column {group.column}" if group.column else ""
        yield f"{visible(what)}{visible(column)}, {how_many(len(group.remarks), 'time')}"
    yield from _listed(group)
    if group.hint:
        yield f"  hint: in a map, {visible(group.hint)}"


def _listed(group: Group) -> Iterator[str]:
    """The first few of many remarks."""
    for place, detail in group.remarks[:PLACES]:
        text = f"{place}: {detail}"
        cut = len(text) > _WIDEST
        yield f"  {visible(text[:_WIDEST])}{'… (--json has it whole)' if cut else ''}"
    if len(group.remarks) > PLACES:
        yield f"  and {len(group.remarks) - PLACES:,} more: --json lists them all"


def _more(groups: Sequence[Group], what: str) -> Iterator[str]:
    if len(groups) > SHOWN:
        yield f"and {len(groups) - SHOWN:,} more {what}: --json lists them all"


def _recorded(events: int, dry_run: bool) -> str:
    if not events:
        return "nothing new to record"
    outcome = "would be recorded (dry run)" if dry_run else "recorded"
    return f"{how_many(events, 'event')} {outcome}"


# --- the answer to a program -------------------------------------------------------------------------


def held_back(reading: Reading, strict: bool) -> bool:
    """Whether --strict lets nothing be recorded: something is lost, or would be taken otherwise than written."""
    return strict and bool(reading.lost or reading.changed)


def problem_of(told: Told, *, strict: bool) -> LedgerError | None:
    """The error to end with: nothing is recorded, or not all of the source; None where all is well."""
    wrong: list[Skipped | Warned] = [one for one in told.skipped if one.severity == "high"]
    wrong += [one for one in told.reading.warnings if one.severity == "high"]
    if strict:
        wrong += [w for w in told.reading.warnings if w.severity == "medium"]
    if strict and (wrong or held_back(told.reading, strict)):
        return _nothing(told, wrong, "with --strict")
    if told.skipped and not told.taken.contracts:
        return _nothing(told, told.skipped, "there is nothing else")
    if wrong:
        return _not_all(told, wrong)
    return None


def _nothing(told: Told, wrong: Sequence[Skipped | Warned], why: str) -> InputInvalid:
    strict = why == "with --strict"
    lost = [one for one in wrong if one.severity != "medium"]
    says = f"{how_many(len(lost), 'place')} of {told.source} cannot be taken over"
    if not lost:
        says = f"{how_many(len(wrong), 'place')} of {told.source} would be taken otherwise than written"
    return InputInvalid(
        "import-skipped",
        f"{says}: nothing is recorded ({why})",
        place=wrong[0].place if wrong else "",
        hint="correct them, or record the rest without --strict" if strict else "correct them",
    )


def _not_all(told: Told, wrong: Sequence[Skipped | Warned]) -> DifferencesFound:
    rows, places = told.left_out, how_many(len(wrong), "place")
    says = f"{places} of {told.source} cannot be taken over"
    if rows:
        says = f"{rows:,} of {how_many(told.reading.rows, 'row')} of {told.source} are left out"
    rest = "would be recorded" if told.dry_run else "is recorded"
    return DifferencesFound(
        "import-incomplete",
        f"{says}; the rest {rest}",
        place=wrong[0].place,
        hint="correct them and import the same again: what is recorded is not recorded twice",
        facts={"lost": told.lost, "rows": told.reading.rows, "left_out": rows},
    )
