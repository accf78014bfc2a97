# ruff: noqa: T201 - a program of its own, which prints
"""The checks of verify.py, and how they are told: its last part (`publish.py` joins the five)."""

from __future__ import annotations

import argparse
import base64
import csv
import hashlib
import json
import re
import sys
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

from projections.exports.bundle.verify_formats import (
    Archive,
    Tree,
    Unreadable,
    Violated,
    check_signed,
    consistent,
    demand,
    leaf,
    parse_checkpoint,
    parse_checkpoints,
    parse_key,
    root_from,
    ssh_verify,
    unbase64,
)
from projections.exports.bundle.verify_records import (
    SEALS,
    Asked,
    Bundle,
    NotChecked,
    act_of,
    causes,
    files,
    records,
)
from projections.exports.bundle.verify_tables import totals

# --- checks: the log and its checkpoints ----------------------------------------------------------------------


def trust(bundle: Bundle) -> str:
    """A trusted key signed every checkpoint; a fingerprint picks the key out of the bundle."""
    keys = list(bundle.asked.keys)
    listed = bundle.archive.read("keys.txt").decode() if "keys.txt" in bundle.archive.infos else ""
    for wanted in bundle.asked.fingerprints:
        found = [
            k for k in listed.split() if hashlib.sha256(k.encode()).hexdigest() == wanted.lower()
        ]
        demand(bool(found), f"no key in the bundle has the fingerprint {wanted}")
        keys += map(parse_key, found)
    if not keys:
        raise NotChecked("no trusted key was given (--trusted-key)")
    demand(bool(bundle.checkpoints), "the bundle holds no checkpoint that the trusted key signed")
    for one in bundle.checkpoints:
        check_signed(one, keys)
    for one in bundle.asked.anchor or ():
        check_signed(one, keys, "the anchor's")
    bundle.trusted = True
    return f"{len(bundle.checkpoints)} checkpoints are signed by {', '.join(k.name for k in keys)}"


def consistency(bundle: Bundle) -> str:
    """Every checkpoint is of this ledger, and each goes on from those before it."""
    if not bundle.checkpoints:
        raise NotChecked("the log was not sealed: nothing but this bundle vouches for it")
    *earlier, last = bundle.checkpoints
    for one in bundle.checkpoints:
        other = f"the checkpoint at position {one.size} is of another ledger, {one.origin}"
        demand(one.origin == bundle.origin, other)
        if bundle.whole:
            altered = f"positions 1 to {one.size} are not those that were sealed"
            demand(bundle.roots.get(one.size) == one.root, altered)
    if not bundle.whole:
        told = {p["size"]: p["path"] for p in json.loads(bundle.archive.read("consistency.json"))}
        for one in earlier:
            good = consistent(one, last, [unbase64(step) for step in told[one.size]])
            demand(good, f"the last checkpoint does not go on from that at position {one.size}")
    return f"{len(bundle.checkpoints)} checkpoints of {bundle.origin}, the last at {last.size}"


def proofs(bundle: Bundle) -> str:
    """Every sealed record is in the tree of the last checkpoint, at its position."""
    if not bundle.checkpoints:
        raise NotChecked("there is no checkpoint to prove records against")
    if bundle.whole:
        return "the records are the whole log, so they give every root themselves"
    count = 0
    seal = leaf(bundle.archive.read("seal.json"))
    for position, hashed in [*bundle.leaves.items(), (bundle.sealed, seal)]:
        if position <= bundle.sealed:
            prove(bundle, position, hashed)
            count += 1
    return f"{count} records are under the checkpoint at position {bundle.sealed}"


def prove(bundle: Bundle, position: int, hashed: bytes) -> None:
    last = bundle.checkpoints[-1]
    text = bundle.archive.read(f"proofs/{position:09d}.tlog-proof").decode()
    top, _, note = text.partition("\n\n")
    header, index, *path = top.split("\n")
    form = header == "c2sp.org/tlog-proof@v1" and index == f"index {position - 1}"
    demand(form, f"the proof of position {position} is of another record")
    demand(parse_checkpoint(note) == last, f"position {position} has another checkpoint")
    found = root_from(hashed, position - 1, last.size, [unbase64(step) for step in path])
    demand(found == last.root, f"position {position} is not the record that was sealed")


def heads(bundle: Bundle) -> str:
    """By the seal, which holds where every stream ended, no contract has later events than these."""
    if not bundle.checkpoints:
        raise NotChecked("there is no seal to tell where contracts end")
    text = bundle.archive.read("seal.json")
    seal = json.loads(text)
    placed = (seal["stream_id"], seal["position"]) == (SEALS, bundle.sealed)
    in_log = not bundle.whole or bundle.leaves.get(bundle.sealed) == leaf(text)
    demand(placed and in_log, f"seal.json is not the seal at position {bundle.sealed}")
    root, count = unbase64(seal["data"]["root"]), seal["data"]["streams"]
    ended = {s.name: s for s in bundle.streams.values() if s.sealed_head}
    if bundle.whole:
        tree = Tree()
        for one in sorted(ended.values(), key=lambda one: one.number):
            tree.append(leaf(one.sealed_head))
        demand((tree.size, tree.root()) == (count, root), "the seal saw streams end otherwise")
    told = [] if bundle.whole else json.loads(bundle.archive.read("heads.json"))
    for head in told:
        name, line = head["line"].rsplit("\n", 3)[0], head["line"].encode()
        path = [unbase64(step) for step in head["path"]]
        in_seal = root_from(leaf(line), head["stream"] - 1, count, path) == root
        demand(in_seal, f"the seal does not hold the end of {name} that heads.json tells")
        theirs = ended.pop(name).sealed_head if name in ended else b""
        version, position, _ = head["line"].rsplit("\n", 3)[1:]
        ends = f"by the seal the last event of {name} is version {version} at position {position}"
        demand(theirs == line, f"{ends}, and the bundle has another")
    for name in [] if bundle.whole else ended:
        raise Violated(f"nothing proves where {name} ends: heads.json does not tell")
    return f"none of their events up to position {bundle.sealed} is left out"


def losses(bundle: Bundle) -> str:
    """What a seal gave up as lost, told for ever; that seal was signed as any other."""
    signed = {one.size for one in bundle.checkpoints}
    told = list[str]()
    for (size, _), (position, actor, reason) in bundle.losses.items():
        what = f"the checkpoint at position {size} was given up at position {position}"
        demand(position in signed, f"{what}, and no signed checkpoint covers the seal that says so")
        told.append(f"{what} by {actor}: {reason}")
    return "; ".join(told) or "no checkpoint was given up"


def anchor(bundle: Bundle) -> str:
    """What was kept elsewhere is what the bundle holds, but for what was given up."""
    anchor = bundle.asked.anchor
    if anchor is None:
        raise NotChecked("no anchor was given (--anchor)")
    demand(bool(anchor), "the anchor holds no checkpoint")
    ours = {one.size: one.root for one in bundle.checkpoints}
    standing = [one for one in anchor if (one.size, one.root) not in bundle.losses]
    for one in anchor:
        demand(one.origin == bundle.origin, f"the anchor is of another ledger, {one.origin}")
    known = bundle.manifest["known_at"]["position"]
    for one in standing:
        if one.size <= known:  # of these a bundle holds every one
            theirs = f"positions 1 to {one.size} are not those that the anchor knows"
            same = ours.get(one.size) == one.root
            demand(same, f"{theirs}, and no seal of the bundle gives them up as lost")
            bundle.proven_until = max(bundle.proven_until, one.size)
    later = max([one.size for one in standing], default=0) - known
    left_out = "which the bundle leaves out, or the ledger has lost"
    beyond = f"; it goes on for {later} positions, {left_out}" if later > 0 else ""
    given_up = len(anchor) - len(standing)
    but = f", but for {given_up} of its checkpoints, given up as lost" if given_up else ""
    return f"agrees up to position {bundle.proven_until}{but}{beyond}"


# --- checks: signatures ---------------------------------------------------------------------------------------

SIGNER = re.compile(
    r'(?:"([^"]*)"|(\S+))[ \t]+(?:((?:[^\s"]|"[^"]*")+)[ \t]+)?((?:ssh|ecdsa)-\S+) (\S+)'
)
OPTION = re.compile(r'([a-z-]+)="([^"]*)"')


def allowed(text: str, person: str, key: bytes, namespace: str, day: str) -> bool:
    """Whether a file of allowed signers lets a person's key sign there, at noon of a day."""
    noon = day.replace("-", "") + "120000"
    for line in text.splitlines():
        found = SIGNER.match(line.strip())
        if not found or line.startswith("#") or base64.b64decode(found[5]) != key:
            continue
        said = dict(OPTION.findall((found[3] or "").lower()))
        after, before = said.get("valid-after", "0"), said.get("valid-before", "9")
        timely = after.rstrip("z").ljust(14, "0") <= noon <= before.rstrip("z").ljust(14, "0")
        named = person in (found[1] or found[2]).split(",")
        if named and timely and namespace in said.get("namespaces", namespace).split(","):
            return True
    return False


def signatures(bundle: Bundle) -> str:
    """Every signature covers the act that its record tells, by a key that was registered and valid then."""
    used, unknown = set[tuple[str, str]](), 0
    for record in bundle.signed:
        at = f"the signature at position {record['position']}"
        key, good = signature(bundle, record, at)
        demand(good is not False, f"{at} does not cover its statement")
        unknown += good is None
        registered(bundle, record, key, at)
        nonce = (record["stream_id"], record["data"]["signature"]["nonce"])
        demand(nonce not in used, f"{at} was used before: its nonce is not new")
        used.add(nonce)
    for line in bundle.listed_signers():
        found = SIGNER.match(line)
        person = (found[1] or found[2]) if found else line
        known = [
            s.person
            for s in bundle.signers.values()
            if found and s.text == found[0][-len(s.text) :]
        ]
        demand(person in known, f"allowed_signers names a key of {person} that no record registers")
    if not bundle.signed:
        return "no record is signed"
    others = (
        f"; of {unknown} with RSA or ECDSA keys only the key: use ssh-keygen" if unknown else ""
    )
    return f"{len(bundle.signed)} signatures by keys registered and valid then{others}"


def signature(bundle: Bundle, record: dict[str, Any], at: str) -> tuple[bytes, bool | None]:
    """The statement in the bundle says what the record says; then the signature over it."""
    data, said = record["data"], record["data"]["signature"]
    name = f"signatures/{record['position']:09d}.json"
    message = bundle.archive.read(name)
    same_text = bundle.archive.read(f"{name}.sig").decode() == said["armored"]
    demand(same_text, f"{name}.sig is not the signature in the record")
    told, wanted = json.loads(message), bundle.stated(record)
    for field, value in wanted.items():
        demand(told[field] == value, f"{at} is for another {field}: {told[field]!r}, not {value!r}")
    if wanted["act"] != "payee":
        payment, subject = wanted["act"] == "payment", told["subject"]
        demand(payment or subject["version"] == data["subject"], f"{at} is for another subject")
        amount = data.get("amount_minor" if payment else "accepted_minor")
        same = subject["milestone"] == data.get("milestone", "")
        demand(same and amount in (None, told["amount"]["minor"]), f"{at} is for another amount")
    return ssh_verify(said["armored"], message, f"{wanted['act']}@mledger")


def registered(bundle: Bundle, record: dict[str, Any], key: bytes, at: str) -> None:
    """The key was its actor's, approved before, valid on the day of the act and on that of the recording."""
    actor, position = record["actor"], record["position"]
    theirs = [s for s in bundle.signers.values() if (s.person, s.key) == (actor, key)]
    demand(any(0 < s.approved < position for s in theirs), f"{at} is by an unknown key of {actor}")
    recorded = record["recorded_at"][:10]  # in UTC, like every day of a key
    on = record["data"].get("on") or recorded
    timely = all(any(s.counts(day, position) for s in theirs) for day in (on, recorded))
    demand(timely, f"{at} is by a key of {actor} that is not valid on {on}")
    ended = all(s.revoked_on < recorded for s in theirs if s.approved)
    demand(not ended, f"{at} is by a key of {actor} that was revoked as of before")
    if bundle.asked.signers is not None:
        known = allowed(bundle.asked.signers, actor, key, f"{act_of(record)}@mledger", on)
        demand(known, f"{at} is by a key that the trusted signers do not allow {actor} on {on}")


# --- the program ----------------------------------------------------------------------------------------------

CHECKS: tuple[Callable[[Bundle], str], ...] = (
    *(files, records, trust, consistency, proofs, heads, losses, anchor),
    *(signatures, causes, totals),
)
DAMAGED = (zipfile.BadZipFile, zlib.error, EOFError, OSError, NotImplementedError)
SENSELESS = (ValueError, LookupError, TypeError, AttributeError, RecursionError, csv.Error)


def shown(text: object) -> str:
    """Text that cannot deceive a reader: what is not printable is escaped."""
    return "".join(c if c.isprintable() else ascii(c)[1:-1] for c in str(text))


def examine(bundle: Bundle) -> int:
    """Runs the checks, tells each on a line, then the verdict; the exit code."""
    failed = list[str]()
    for check in CHECKS:
        name = check.__name__
        try:
            if "records" in failed and check is not trust:
                raise NotChecked("the records do not hold")
            says, mark = check(bundle), "holds"
        except NotChecked as reason:
            says, mark = str(reason), "unknown"
        except Violated as problem:
            says, mark = str(problem), "VIOLATED"
        except SENSELESS as problem:
            says, mark = f"no sense can be made of it: {problem!r}", "VIOLATED"
        failed += [name] if mark == "VIOLATED" else []
        print(f"{mark:<9}{name}: {shown(says)}")
    known = bundle.manifest["known_at"]["position"]
    proven = bundle.proven_until if bundle.trusted and not failed else 0
    print(f"\n{bundle.origin}, position {known}, {bundle.manifest['known_at']['recorded_at']}")
    print(f"integrity: {'VIOLATED: ' + ', '.join(failed) if failed else 'no fault found'}")
    later = f"; {known - proven} later positions are not" if known > proven else ""
    why = "it takes a trusted key, and an anchor that knows the bundle's checkpoint"
    why = "not everything holds" if failed else why
    up_to = f"proven up to position {proven}{later}"
    print(f"completeness: {up_to if proven else f'unproven ({why})'}")
    return 5 if failed else 0


def main() -> int:
    parser = argparse.ArgumentParser(prog="verify.py", description="Verify an audit bundle.")
    parser.add_argument("bundle", help="the bundle, a zip file; nothing of it is unpacked")
    parser.add_argument("--trusted-key", action="append", default=[], metavar="KEY")
    parser.add_argument("--trusted-key-fingerprint", action="append", default=[], metavar="SHA256")
    parser.add_argument("--anchor", metavar="FILE", help="checkpoints that were kept elsewhere")
    parser.add_argument("--trusted-signers", metavar="FILE", help="in allowed_signers form")
    given = parser.parse_args()
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(encoding="utf-8", errors="backslashreplace")  # type: ignore[union-attr]
    try:
        keys = [parse_key(text) for text in given.trusted_key]
        anchored = parse_checkpoints(Path(given.anchor).read_bytes()) if given.anchor else None
        lines = Path(given.trusted_signers).read_text("utf-8") if given.trusted_signers else None
        asked = Asked(keys, given.trusted_key_fingerprint, anchored, lines)
        return examine(Bundle(Archive(given.bundle), asked))
    except (Unreadable, *DAMAGED, *SENSELESS, Violated) as problem:
        print(f"cannot be read: {shown(problem)}", file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main())
