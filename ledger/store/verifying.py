"""`verify`: everything that can be known about the log from its bytes, in one pass and flat memory.

Two things the database cannot say about itself: whether a signature is by the right key, and whether the end of the
log is its end. For the first a trusted key is needed, for the second an anchor, a copy of checkpoints kept elsewhere.
"""

from __future__ import annotations

from base64 import b64encode
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from typing import cast

from sqlalchemy import Engine

from ledger.errors import IntegrityViolated
from ledger.proof.checkpoints import SignedCheckpoint, origin_of, read
from ledger.proof.heads import Heads, StreamHead
from ledger.proof.merkle import Frontier, leaf_hashes
from ledger.proof.notes import NoteInvalid, VerifierKey
from ledger.store.canonical import Stored
from ledger.store.checking import Check, Records, uncollected
from ledger.store.database import reading
from ledger.store.guards import check_guards
from ledger.store.losses import Loss, Mark, losses, mark_of
from ledger.store.reading import head
from ledger.store.soundness import Places, check_orders, check_tables
from ledger.store.tail import (
    SEALS,
    CheckpointRow,
    Columns,
    checkpoint_rows,
    sections,
)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What was found. `proven_until` is the last position that a trusted anchor covers, 0 without one;
    `not_checked` says what could not be looked at, and why.
    """

    events: int
    root: bytes
    sealed_until: int
    proven_until: int
    checks: list[Check]
    not_checked: dict[str, str]

    @property
    def ok(self) -> bool:
        """Whether nothing was found that does not hold."""
        return all(check.ok for check in self.checks)


@dataclass(slots=True)
class _Sealed:
    """The tree as it grows, against the checkpoints that speak of it; `end` is the last position seen."""

    stored: dict[int, CheckpointRow]
    names: dict[int, str]
    given_up: dict[Mark, Loss]
    seal_stream: int = 0
    end: int = 0
    roots: dict[int, bytes] = field(default_factory=dict)
    frontiers: dict[int, str] = field(default_factory=dict)
    seals: list[int] = field(default_factory=list)
    frontier: Frontier = field(default_factory=Frontier)
    heads: Heads = field(default_factory=Heads)
    # By stream: position, version and leaf hash of its last record, since the heads were last looked at.
    ends: dict[int, tuple[int, int, bytes]] = field(default_factory=dict)
    checkpoints: Check = field(
        default_factory=lambda: Check("checkpoints", "every root is that of the records below it")
    )
    seal_heads: Check = field(
        default_factory=lambda: Check("seals", "every seal holds the heads of all streams")
    )

    def __post_init__(self) -> None:
        # The number of the stream of seals; 0 if there is none.
        self.seal_stream = next((n for n, name in self.names.items() if name == SEALS), 0)


def verify(
    engine: Engine,
    keys: Collection[VerifierKey] = (),
    anchor: Sequence[SignedCheckpoint] | None = None,
    advance: Callable[[int], None] = lambda count: None,
) -> Verdict:
    """Judges the whole log; `advance` is told how many records were read.

    `keys` are trusted because the caller says so. What is wrong is told in the verdict, not raised, be it that the
    database cannot read its own pages.
    """
    checks, without = check_tables(engine)
    not_checked = {"engine": without} if without else {}
    try:
        tree, ledger_id, found, undigested = _read(engine, anchor or (), advance)
    except IntegrityViolated as damaged:
        if checks[0].ok:
            checks[0].report(f"{damaged.message}; {damaged.hint}")
        not_checked["records"] = "they cannot all be read"
        return Verdict(0, Frontier().root(), 0, 0, checks, not_checked)
    checks += found
    if undigested:
        not_checked["digests"] = (
            f"the records of {undigested} idempotency key(s), of an earlier release, do not say for which request"
        )
    origin = origin_of(ledger_id)
    signed = _checkpoints(tree, origin)
    checks += [tree.checkpoints, tree.seal_heads]
    if keys:
        checks.append(_signatures(signed, origin, keys))
    else:
        not_checked["signatures"] = "no trusted key was given (--trusted-key)"
    proven = 0
    if anchor is None:
        not_checked["anchor"] = "no anchor was given (--anchor)"
    else:
        standing = [one for one in anchor if mark_of(one) not in tree.given_up]
        check = _anchor(tree, standing, origin, keys)
        checks.append(check)
        if check.ok and keys:
            proven = max((one.checkpoint.size for one in standing), default=0)
    if tree.given_up:
        checks.append(Check("losses", _told(tree.given_up)))
    sealed = max(tree.stored, default=0)
    root = tree.frontier.root()
    return Verdict(tree.frontier.size, root, sealed, proven, checks, not_checked)


def _read(
    engine: Engine, anchor: Sequence[SignedCheckpoint], advance: Callable[[int], None]
) -> tuple[_Sealed, str, list[Check], int]:
    """The tree over the whole log, the ledger's id, what its records, orders and guards say, and how many keys lack
    a digest in their records.
    """
    with reading(engine) as conn:
        now = head(conn)
        records, places = Records(conn), Places()
        stored = {row.size: row for row in checkpoint_rows(conn)}
        tree = _Sealed(stored, records.names, losses(conn))
        bounds = sorted({*tree.stored, *(one.checkpoint.size for one in anchor)})
        with uncollected():
            for rows in sections(conn):
                columns = cast("Columns", tuple(zip(*rows, strict=True)))
                places.add(*columns[:3])
                _grow(tree, bounds, columns, records.section(rows, columns))
                advance(len(rows))
            orders = check_orders(conn, places)
        checks = [*records.end(), orders, check_guards(conn)]
        return tree, now.ledger_id, checks, records.undigested


def _told(given_up: dict[Mark, Loss]) -> str:
    """Every loss that was accepted, told for ever."""
    return "; ".join(
        f"the anchored checkpoint at position {size} was given up at position {loss.position} by {loss.actor}:"
        f" {loss.reason}"
        for (size, _), loss in given_up.items()
    )


# --- the tree --------------------------------------------------------------------------------------


def _grow(
    tree: _Sealed, bounds: Sequence[int], columns: Columns, records: Sequence[Stored]
) -> None:
    """Adds rows to the tree; stops at every seal and at every size that a checkpoint speaks of."""
    positions, numbers, versions, texts = columns
    leaves = leaf_hashes(texts)
    sealing = tree.seal_stream
    seals = {i for i, number in enumerate(numbers) if number == sealing} if sealing else set()
    first, last = bisect_left(bounds, positions[0]), bisect_right(bounds, positions[-1])
    stops = {bisect_right(positions, size) for size in bounds[first:last]}
    start = 0
    for stop in sorted({*seals, *stops, len(leaves)}):
        tree.frontier.extend(leaves[start:stop])
        ends = zip(positions[start:stop], versions[start:stop], leaves[start:stop], strict=True)
        tree.ends.update(zip(numbers[start:stop], ends, strict=True))
        start = stop
        if stop in stops:
            tree.roots[positions[stop - 1]] = tree.frontier.root()
        if stop in seals:
            _seal(tree, positions[stop], records[stop])
    tree.end = positions[-1]


def _seal(tree: _Sealed, position: int, record: Stored) -> None:
    """A seal holds the heads before it; the checkpoint stores the frontier before it."""
    tree.seals.append(position)
    for number in sorted(tree.ends):
        if 0 < number <= len(tree.heads) + 1:
            last, version, leaf = tree.ends[number]
            tree.heads.put(number, StreamHead(tree.names.get(number, ""), version, last, leaf))
    tree.ends.clear()
    held = (record.data.get("streams"), record.data.get("root"))
    if held != (len(tree.heads), b64encode(tree.heads.root()).decode()):
        tree.seal_heads.report(
            f"the seal at position {position} holds {held[0]} streams that ended otherwise than the"
            f" {len(tree.heads)} streams before it do now"
        )
    tree.frontiers[position] = b64encode(tree.frontier.hashes()).decode()


# --- checkpoints and anchor ---------------------------------------------------------------------------


def _checkpoints(tree: _Sealed, origin: str) -> list[tuple[int, SignedCheckpoint]]:
    """Every stored checkpoint against the tree; those that could be read."""
    check, readable = tree.checkpoints, []
    for row in tree.stored.values():
        try:
            one = read(row.note.encode())
        except NoteInvalid as problem:
            check.report(f"the checkpoint at position {row.size} cannot be read: {problem}")
            continue
        readable.append((row.size, one))
        if one.checkpoint.size != row.size or one.checkpoint.origin != origin:
            said = f"{one.checkpoint.size} records of {one.checkpoint.origin}"
            check.report(f"the checkpoint at position {row.size} of {origin} speaks of {said}")
        elif row.size not in tree.seals and row.size <= tree.end:
            check.report(f"the checkpoint at position {row.size} has no seal there")
        elif one.checkpoint.root == tree.roots.get(row.size) and (
            row.frontier != tree.frontiers.get(row.size)
        ):
            check.report(f"the frontier stored with position {row.size} is not the tree's")
    _roots(tree, [one for size, one in readable if one.checkpoint.size == size], check)
    for position in tree.seals:
        if position not in tree.stored:
            check.report(f"the checkpoint of the seal at position {position} is missing")
    return readable


def _roots(tree: _Sealed, signed: Sequence[SignedCheckpoint], check: Check) -> None:
    """The roots of checkpoints against those of the records; of those that differ the first says where."""
    good = 0
    holding = {
        one.checkpoint.size
        for one in signed
        if tree.roots.get(one.checkpoint.size) == one.checkpoint.root
    }
    for one in sorted(signed, key=lambda one: one.checkpoint.size):
        size, root = one.checkpoint.size, one.checkpoint.root
        if size > tree.end:
            check.report(
                f"a checkpoint covers positions 1 to {size}, and the log ends at position {tree.end}:"
                f" positions {tree.end + 1} to {size} were cut off"
            )
        elif tree.roots.get(size) == root:
            good = size
        elif size in holding:
            check.report(
                f"there are two checkpoints at position {size}, and one of them is of a copy of this log that went on"
                " by itself"
            )
        else:
            check.report(
                f"positions 1 to {size} are not those that were sealed: what was altered lies in"
                f" positions {good + 1} to {size}"
            )
            return


def _signatures(
    signed: Sequence[tuple[int, SignedCheckpoint]], origin: str, keys: Collection[VerifierKey]
) -> Check:
    trusted = ", ".join(f"{key.name} ({key.key_id.hex()})" for key in keys)
    check = Check("signatures", f"{len(signed)} checkpoints are signed by {trusted}")
    for size, one in signed:
        try:
            one.check(origin, keys)
        except NoteInvalid as problem:
            check.report(f"the checkpoint at position {size}: {problem}")
    return check


def _anchor(
    tree: _Sealed,
    anchor: Sequence[SignedCheckpoint],
    origin: str,
    keys: Collection[VerifierKey],
) -> Check:
    check = Check("anchor", "the log goes on from every checkpoint of the anchor")
    if not anchor:
        check.report("the anchor holds no checkpoint")
    for one in anchor:
        size = one.checkpoint.size
        try:
            if keys:
                one.check(origin, keys)
            elif one.checkpoint.origin != origin:
                raise NoteInvalid(f"it is of another log, {one.checkpoint.origin}, not of {origin}")
        except NoteInvalid as problem:
            check.report(f"the anchor's checkpoint at position {size}: {problem}")
    _roots(tree, [one for one in anchor if one.checkpoint.origin == origin], check)
    return check
