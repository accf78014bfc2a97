"""What the records of a bundle say: the third part of verify.py (`publish.py` joins the five)."""

from __future__ import annotations

import base64
import hashlib
import json
from typing import Any, NamedTuple

from projections.exports.bundle.verify_causes import Causes
from projections.exports.bundle.verify_formats import (
    Archive,
    Checkpoint,
    Key,
    Tree,
    Unreadable,
    Violated,
    demand,
    leaf,
    parse_checkpoints,
    unbase64,
)

# --- records: what they say, and what they add up to ----------------------------------------------------------

FORMAT = "mledger-bundle/1"
SEALS, SIGNERS = "~seals", "~signers"
LOSSES = "losses.jsonl"

# Which field of a correction names its target: an error is corrected from the day of its target on.
TARGETS = {
    "MilestoneSubmitted": "corrects",
    "ApprovalWithdrawn": "approval",
    "AcceptanceReversed": "acceptance",
    "BonusRevoked": "bonus",
    "DisputeWithdrawn": "dispute",
    "PaymentReversed": "payment",
}
UNDIVIDED = "BIF BYR CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF"
DECIMALS = dict.fromkeys(UNDIVIDED.split(), 0)
DECIMALS.update(dict.fromkeys(["BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"], 3), CLF=4, UYW=4)


class NotChecked(Exception):
    """There is nothing to check with; says why."""


class Asked(NamedTuple):
    """What whoever verifies trusts: keys, fingerprints of keys, an anchor's checkpoints, signers' lines."""

    keys: list[Key]
    fingerprints: list[str]
    anchor: list[Checkpoint] | None
    signers: str | None


class Milestone:
    """What the records leave a milestone at: amounts in minor units; `gone` if cancelled or void.

    `releases` are those of its retention, by version: what became payable, and what was paid of it.
    """

    def __init__(self) -> None:
        self.posted = self.paid = self.gone = 0
        self.accepted, self.remainder = False, ""
        self.priced = True
        self.releases: dict[int, list[int]] = {}
        self.title = self.stage = ""
        self.kind, self.due = "milestone", None
        self.steps: dict[str, int] = {}

    def net(self) -> int:
        return self.posted if self.accepted else 0

    def pays(self, release: int, amount: int) -> None:
        if release in self.releases:
            self.releases[release][1] += amount
        else:
            self.paid += amount

    def payables(self) -> list[tuple[str, int | None, int, int | None]]:
        """Kind, net, paid and outstanding of the milestone itself and of each release; None for an unknown amount."""
        owed = self.net() - self.paid if self.accepted else 0
        known = self.priced or not self.accepted
        found = [("", self.net() if known else None, self.paid, owed if known else None)]
        for amount, paid in self.releases.values():
            found.append(("retention", amount, paid, amount - paid))
        return found

    def parts(self) -> dict[str, int]:
        """What its lines add up to, as the schedule names the sums."""
        left = dict(self.steps)
        gross, bonus, tax = (left.pop(step, 0) for step in ("gross", "bonus", "tax"))
        penalty, retention = -left.pop("penalty", 0), -left.pop("retention", 0)
        return {
            "gross": gross,
            "bonus": bonus,
            "penalty": penalty,
            "credit": 0,
            "tax": tax,
            "retention": retention,
            "adjustment": sum(left.values()),
        }


def fits(told: tuple[object, ...], proven: tuple[object, ...], imported: bool) -> bool:
    """Whether figures are those of the records; of imported history some may be left unknown."""
    return all(map(lambda one, other: one == other or (imported and one is None), told, proven))


class Stream:
    """A stream of records, one contract's mostly: where it ends, and what it adds up to."""

    def __init__(self, name: str, number: int) -> None:
        self.name, self.number, self.version, self.currency = name, number, 0, ""
        self.partner = ""
        self.positions: set[int] = set()
        self.instructed: dict[int, tuple[str, int, int]] = {}
        self.sealed_head = b""
        self.imported = False
        self.milestones: dict[str, Milestone] = {}
        self.lines: list[tuple[str, str, str, int, int, str]] = []
        self.payments: dict[int, tuple[str, int, int]] = {}
        self.dates: dict[int, str | None] = {}
        self.left_out: set[int] = set()

    def counts(self, kind: str, version: int, data: dict[str, Any], as_of: str | None) -> bool:
        """Whether a fact acts on a day: not if it begins to later, nor if it rests on one that does."""
        on = data.get("on")
        if data.get("why") == "error":
            on = self.dates.get(data.get(TARGETS.get(kind, ""), 0), on)
        self.dates[version] = on
        if (as_of and on and on > as_of) or self.left_out.intersection(data.get("rests_on", ())):
            self.left_out.add(version)
        return version not in self.left_out

    def add(self, kind: str, version: int, position: int, data: dict[str, Any]) -> None:
        """What a fact changes in the totals."""
        self.currency = data["terms"]["currency"] if "terms" in data else self.currency
        self.partner = data["terms"]["partner"] if "terms" in data else self.partner
        self.positions.add(position)
        self.imported = self.imported or bool(data.get("imported"))
        name = data.get("milestone", "")
        if not name and not kind.startswith("Payment"):
            return
        one = self.milestones.setdefault(name, Milestone())
        if kind == "AcceptanceReversed" and not one.accepted:
            return
        for line in data.get("lines", ()):
            if kind != "RetentionReleased":
                one.posted += line["amount_minor"]
                one.steps[line["step"]] = one.steps.get(line["step"], 0) + line["amount_minor"]
            amount, on = line["amount_minor"], self.dates.get(version) or ""
            self.lines.append((name, line["step"], line["clause"], amount, position, on))
        if kind == "MilestoneDefined":
            one.title, one.stage, one.kind = (data.get(n, "") for n in ("title", "stage", "kind"))
        elif kind == "PaymentInstructed":
            asked = data["amount_minor"] + data.get("discount_minor", 0)
            self.instructed[version] = name, data.get("release", 0), asked
        elif kind in ("PaymentRecorded", "PaymentFailed"):
            self.instructed.pop(data.get("instruction", 0), None)
        if kind == "MilestoneAccepted":
            one.due = data.get("payment_due")
            one.accepted, one.gone, one.remainder = True, 0, data.get("remainder", "")
            one.priced = data.get("accepted_minor") is not None
        elif kind == "AcceptanceReversed":
            one.accepted, one.gone, one.releases = False, 0, {}
            if one.remainder:
                self.milestones[one.remainder].gone = version
        elif kind == "SubmissionRejected":
            one.gone = 0
        elif kind == "MilestoneCancelled":
            one.gone = version
        elif (kind == "MilestoneRevised" and one.gone in data.get("rests_on", ())) or (
            kind == "MilestoneSubmitted" and not one.accepted and not data.get("corrects")
        ):
            one.gone = 0
        elif kind == "PaymentRecorded":
            self.payments[version] = name, data.get("release", 0), data["amount_minor"]
            one.pays(*self.payments[version][1:])
        elif kind == "PaymentRefunded":
            self.payments[version] = name, data.get("release", 0), -data["amount_minor"]
            one.pays(*self.payments[version][1:])
        elif kind == "RetentionReleased":
            one.releases[version] = [data["amount_minor"], 0]
        elif kind == "PaymentReversed" and data["payment"] in self.payments:
            name, release, amount = self.payments[data["payment"]]
            self.milestones[name].pays(release, -amount)


def act_of(record: dict[str, Any]) -> str:
    """What a signed record does: an approval, a payment, or a change of a partner's account."""
    kind = record["type"]
    return "payment" if kind[:7] == "Payment" else "payee" if kind[:5] == "Payee" else "approval"


class Signer:
    """A person's registered key, from its approval to its revocation, each a position of the log."""

    def __init__(self, data: dict[str, Any]) -> None:
        self.person, self.text = data["person"], data["key"]
        self.key = base64.b64decode(self.text.split()[1])
        self.since, self.until = data["valid_from"], data.get("valid_until") or "9999-12-31"
        self.approved, self.revoked, self.revoked_on = 0, 0, "9999-12-31"

    def counts(self, day: str, position: int) -> bool:
        """Whether it counted on a day, as the log knew it at a position."""
        known = 0 < self.approved < position and self.since <= day <= self.until
        return known and (not 0 < self.revoked < position or day < self.revoked_on)


class Bundle:
    """A bundle under examination: each check says what holds, raises Violated or NotChecked."""

    def __init__(self, archive: Archive, asked: Asked) -> None:
        self.archive, self.asked = archive, asked
        self.manifest: dict[str, Any] = json.loads(archive.read("manifest.json"))
        if self.manifest.get("format") != FORMAT:
            raise Unreadable(f"manifest.json is not of the form {FORMAT}")
        self.whole = self.manifest["scope"] == "all"
        self.origin = f"mledger/{self.manifest['ledger_id']}"
        self.streams: dict[str, Stream] = {}
        self.causes: dict[str, Causes] = {}
        self.undecided = ""
        self.leaves: dict[int, bytes] = {}
        self.roots: dict[int, bytes] = {}
        self.signed: list[dict[str, Any]] = []
        self.signers: dict[int, Signer] = {}
        self.payees: dict[int, dict[str, Any]] = {}
        # Checkpoints that a seal gave up, by size and root: where, by whom and why.
        self.losses: dict[tuple[int, bytes], tuple[int, str, str]] = {}
        self.checkpoints: list[Checkpoint] = []
        if "checkpoints.txt" in archive.infos:
            self.checkpoints = parse_checkpoints(archive.read("checkpoints.txt"))
        self.sealed = self.checkpoints[-1].size if self.checkpoints else 0
        self.trusted, self.proven_until = False, 0

    def listed_signers(self) -> list[str]:
        """The lines of allowed_signers, if the bundle has any."""
        if "allowed_signers" not in self.archive.infos:
            return []
        return self.archive.read("allowed_signers").decode().splitlines()

    def take(self, record: dict[str, Any], hashed: bytes) -> None:
        name, version, position = record["stream_id"], record["version"], record["position"]
        stream = self.streams.setdefault(name, Stream(name, record["stream"]))
        stream.version += 1
        gap = f"version {stream.version} of {name} is missing before position {position}"
        demand(version == stream.version and record["stream"] == stream.number, gap)
        if position < self.sealed:
            coded = base64.b64encode(hashed).decode()
            stream.sealed_head = f"{name}\n{version}\n{position}\n{coded}".encode()
        kind, data = record["type"].partition("/")[0], record["data"]
        if name[:1] != "~" and not self.undecided:
            try:
                self.causes.setdefault(name, Causes()).take(record)
            except Violated as problem:
                self.undecided = str(problem)
            except (LookupError, TypeError, AttributeError, ValueError) as problem:
                self.undecided = f"position {position} fits nothing before it: {problem!r}"
        if name == SIGNERS:
            self.register(kind, version, position, data)
        elif name[:1] != "~" and stream.counts(kind, version, data, self.manifest["as_of"]):
            stream.add(kind, version, position, data)
        if kind == "PayeeProposed":
            self.payees[version] = data
        if name == SEALS:
            self.give_up(record)
        if "signature" in data:
            self.signed.append(record)

    def give_up(self, record: dict[str, Any]) -> None:
        """What a seal says is lost."""
        for one in record["data"].get("lost", ()):
            told = record["position"], record["actor"], record["data"]["reason"]
            self.losses[one["size"], unbase64(one["root"])] = told

    def stated(self, record: dict[str, Any]) -> dict[str, Any]:
        """What the statement of a signed record has to say, as far as the record itself tells."""
        data, act = record["data"], act_of(record)
        said = {"act": act, "by": record["actor"], "ledger": self.manifest["ledger_id"]}
        said.update(nonce=data["signature"]["nonce"], on=data.get("on"))
        if act == "payee":
            proposal = data.get("proposal", 0)
            proposed = self.payees.get(proposal, {}) if proposal else data
            paid = {name: proposed.get(name) for name in ("account", "partner")}
            text = json.dumps(paid, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
            said.update(proposal=proposal, step="approve" if proposal else "propose")
            said.update(partner=paid["partner"], digest=hashlib.sha256(text.encode()).hexdigest())
            return said
        said["contract"] = record["stream_id"]
        if act == "approval":
            said.update(digest=data["digest"], role=data["role"])
        return said

    def register(self, kind: str, version: int, position: int, data: dict[str, Any]) -> None:
        if kind == "SignerProposed":
            self.signers[version] = Signer(data)
        elif kind == "SignerApproved":
            self.signers[data["proposal"]].approved = position
        elif kind == "SignerRevoked":
            one = self.signers[data["proposal"]]
            one.revoked, one.revoked_on = position, data["on"]


# --- checks: each says what holds, or raises Violated or NotChecked -------------------------------------------


def files(bundle: Bundle) -> str:
    """Every file is listed with its hash, and every listed file is there."""
    listed = bundle.manifest["files"]
    there = set(bundle.archive.infos) - {"manifest.json"}
    for name in sorted(there ^ set(listed)):
        raise Violated(f"{name} is {'not listed' if name in there else 'missing'}")
    for name, said in sorted(listed.items()):
        same = bundle.archive.sha256(name) == said["sha256"]
        demand(same, f"{name} is not what manifest.json lists: its SHA-256 differs")
    return f"{len(listed)} files are those of manifest.json, byte for byte"


def records(bundle: Bundle) -> str:
    """Positions ascend, versions have no gap, and no contract asked for is missing."""
    number = last = 0
    sizes, tree = {one.size for one in bundle.checkpoints}, Tree()
    for number, line in enumerate(bundle.archive.lines("records.jsonl"), 1):
        record = json.loads(line)
        position = record["position"]
        follows = position == last + 1 if bundle.whole else position > last
        demand(follows, f"line {number} is position {position}, after position {last}")
        last = position
        hashed = leaf(line.rstrip(b"\n"))
        if bundle.whole:
            tree.append(hashed)
            if position in sizes:
                bundle.roots[position] = tree.root()
        if position == bundle.sealed or not bundle.whole:
            bundle.leaves[position] = hashed
        bundle.take(record, hashed)
    if LOSSES in bundle.archive.infos:
        for line in bundle.archive.lines(LOSSES):
            record = json.loads(line)
            demand(record["stream_id"] == SEALS, f"{LOSSES} holds a record that is no seal")
            bundle.leaves[record["position"]] = leaf(line.rstrip(b"\n"))
            bundle.give_up(record)
    until = bundle.manifest["known_at"]["position"]
    short = f"the records end at position {last}, and the manifest says {until}"
    demand(last == until if bundle.whole else last <= until, short)
    for name in [] if bundle.whole else bundle.manifest["scope"]:
        demand(name in bundle.streams, f"the contract {name} has no record")
    return f"{number} records of {len(bundle.streams)} streams, versions without a gap"


def causes(bundle: Bundle) -> str:
    """Every outcome rests on decisions that stand before it, by enough people who held the roles."""
    demand(not bundle.undecided, bundle.undecided)
    count = sum(one.judged for one in bundle.causes.values())
    return f"{count} outcomes rest on what was decided before them, by enough people"
