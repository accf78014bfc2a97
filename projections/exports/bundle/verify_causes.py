"""Who decided what a bundle's records say: the part of verify.py that looks at causes (`publish.py` joins them)."""

from __future__ import annotations

from typing import Any

from projections.exports.bundle.verify_formats import demand

# --- causes: an outcome rests on a decision of enough people, each of them there and still standing ---------------

# By which kinds of proposal an event is carried, and which of its fields must be the proposal's own.
CARRIED: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "ContractAmended": (("amendment",), ()),
    "MilestoneRevised": (("change-order", "amendment"), ()),
    "RoleGranted": (("role",), ("role", "person")),
    "RoleRevoked": (("role",), ("role", "person")),
    "BonusRevoked": (("bonus-revocation",), ("milestone", "bonus")),
    "PenaltyWaived": (("waiver",), ("milestone", "penalty")),
    "DisputeResolved": (("resolution",), ("milestone", "dispute", "outcome")),
    "AcceptanceReversed": (("reversal",), ("milestone", "acceptance")),
    "ClaimSetOff": (("set-off",), ()),
}


# Kinds of proposal that lead to more than one event.
SEVERAL = ("change-order", "amendment", "set-off", "termination")


class Subject:
    """A submission or a proposal that waits, with the approvals that stand: by person their role and digest."""

    def __init__(
        self, milestone: str, by: str, data: dict[str, Any], policy: dict[str, Any]
    ) -> None:
        self.milestone, self.by, self.data, self.policy = milestone, {by}, data, policy
        self.approvals: dict[str, tuple[int, str, str, dict[str, Any]]] = {}
        self.open = True

    def counted(self) -> dict[str, int]:
        """How many stand in each role, of those who approved what was approved last."""
        found: dict[str, int] = {}
        last = max(self.approvals.values(), default=None, key=lambda one: one[0])
        for _, role, digest, _ in self.approvals.values():
            if last is not None and digest == last[2]:
                found[role] = found.get(role, 0) + 1
        return found


class Causes:
    """One contract's decisions, followed record by record; what has no cause is not taken.

    It asks for no rule of price or day: an approval is by somebody who holds its role and neither submitted nor
    proposed; an acceptance and what a proposal carries have the head count that the policy, or the proposal, names.
    """

    def __init__(self) -> None:
        self.imported, self.judged = False, 0
        self.policy: dict[str, Any] = {}
        self.people: set[tuple[str, str]] = set()
        self.subjects: dict[int, Subject] = {}
        self.pending: dict[str, int] = {}
        self.accepted: dict[str, int] = {}
        self.instructed: dict[int, tuple[str, bool]] = {}
        self.paid: dict[int, bool] = {}
        self.disputes: dict[int, tuple[str, bool]] = {}
        self.pricing = (
            0,
            0,
        )  # an acceptance, and the version of the last event that its price led to
        # The proposal that takes effect, the version of its last event so far, and who recorded it.
        self.carried = (0, 0, "")

    def take(self, record: dict[str, Any]) -> None:
        kind, version, data = record["type"].partition("/")[0], record["version"], record["data"]
        at = f"position {record['position']} ({kind}, {record['stream_id']}#{version})"
        if kind == "ContractSigned":
            demand(version == 1, f"{at} signs a contract that exists")
            self.imported = bool(data.get("imported"))
        told = self.imported and record["origin"].partition(":")[0] == "import"
        goes_on = self.carried[1:] == (version - 1, record["actor"])
        if not goes_on:
            self.carried = 0, 0, ""
        if not told:
            self.judge(kind, version, data, record["actor"], at)
        self.follow(kind, version, data, record["actor"])
        if data.get("proposal") and kind != "ChangeRejected":
            self.carried = data["proposal"], version, record["actor"]
        elif goes_on:
            self.carried = self.carried[0], version, record["actor"]

    # -- what must stand before

    def judge(self, kind: str, version: int, data: dict[str, Any], actor: str, at: str) -> None:
        if kind == "ApprovalGranted":
            self.approval(data, actor, at)
        elif kind == "MilestoneAccepted":
            self.acceptance(data, at)
        elif kind in CARRIED or (data.get("proposal") and kind != "ChangeRejected"):
            self.proposed(kind, data, at)
        elif kind in ("BonusAwarded", "PenaltyAssessed"):
            self.priced_along(version, data, at)
        elif kind in ("PaymentInstructed", "RetentionReleased", "PaymentRefunded"):
            demand(data["milestone"] in self.accepted, f"{at}: {data['milestone']} is not accepted")
            self.by_finance(actor, at)
        elif kind in ("PaymentRecorded", "PaymentFailed"):
            waits = (data.get("milestone", ""), True)
            demand(
                self.instructed.get(data.get("instruction", 0)) == waits,
                f"{at}: nothing was instructed",
            )
            self.by_finance(actor, at)
        elif kind == "PaymentReversed":
            demand(
                self.paid.get(data["payment"], False),
                f"{at}: nothing was paid by #{data['payment']}",
            )
            self.by_finance(actor, at)
        else:
            return
        self.judged += 1

    def priced_along(self, version: int, data: dict[str, Any], at: str) -> None:
        """What a clause gives or takes is written with the acceptance itself."""
        acceptance, last = self.pricing
        along = self.accepted.get(data["milestone"]) == acceptance and version == last + 1
        demand(along and acceptance in data.get("rests_on", ()), f"{at} rests on no acceptance")
        demand(data.get("kind") != "discretionary", f"{at} rests on no proposal")
        self.pricing = acceptance, version

    def by_finance(self, actor: str, at: str) -> None:
        demand(("finance", actor) in self.people, f"{at}: {actor} is not finance")

    def approval(self, data: dict[str, Any], actor: str, at: str) -> None:
        one = self.subjects.get(data["subject"])
        demand(
            one is not None and one.open,
            f"{at} is of #{data['subject']}, which does not wait for it",
        )
        assert one is not None
        demand(
            one.milestone == data.get("milestone", ""), f"{at} is of another milestone's submission"
        )
        held = (data["role"], actor) in self.people
        demand(held, f"{at}: {actor} does not hold the role {data['role']}")
        apart = not one.policy.get("separation", True) or actor not in one.by
        demand(apart, f"{at}: {actor} submitted or proposed it")

    def acceptance(self, data: dict[str, Any], at: str) -> None:
        """By the approvals of its submission; at the end of a contract by those of the termination."""
        proposal = self.carried[0]
        if proposal and self.subjects[proposal].data["content"]["type"] == "termination":
            return
        one = self.subjects.get(data.get("submission", 0))
        waits = one is not None and one.open and one.milestone == data["milestone"]
        demand(waits, f"{at} accepts no submission of {data['milestone']} that waits")
        assert one is not None
        counted = one.counted()
        demand(bool(counted), f"{at} rests on no approval")
        given = max(one.approvals.values(), key=lambda one: one[0])[3]
        same = given.get("accepted_minor") == data.get("accepted_minor")
        demand(same, f"{at} accepts another part than was approved")
        if "price" in given:  # else its bonus, and with it the tier, takes the clauses to tell
            bonus = sum(line["amount_minor"] for line in given["price"] if line["step"] == "bonus")
            enough(tier(one.policy, data["accepted_minor"] + bonus), counted, at)

    def proposed(self, kind: str, data: dict[str, Any], at: str) -> None:
        number = data.get("proposal", 0)
        one = self.subjects.get(number)
        demand(one is not None and "content" in one.data, f"{at} rests on no proposal")
        assert one is not None
        content = one.data["content"]
        begun = number == self.carried[0] and content["type"] in SEVERAL
        demand(one.open or begun, f"{at} rests on #{number}, which was decided before")
        kinds, same = CARRIED.get(kind, ((content["type"],), ()))
        demand(content["type"] in kinds, f"{at} is not what the proposal #{number} is about")
        for name in same:
            demand(content.get(name) == data.get(name), f"{at}: {name} is not the proposal's")
        enough(one.data["quorum"], one.counted(), at)

    # -- what stands after

    def follow(self, kind: str, version: int, data: dict[str, Any], actor: str) -> None:
        name = data.get("milestone", "")
        number = data.get("proposal", 0)
        if kind != "ChangeRejected":
            self.close(number)
        if kind in ("ContractSigned", "ContractAmended"):
            self.agreed(data)
        elif kind in ("RoleGranted", "RoleRevoked"):
            change = self.people.add if kind == "RoleGranted" else self.people.discard
            change((data["role"], data["person"]))
        elif kind == "MilestoneSubmitted":
            self.submitted(name, version, data, actor)
        elif kind == "ChangeProposed":
            self.subjects[version] = Subject("", actor, data, self.policy)
        elif kind == "ApprovalGranted" and data["subject"] in self.subjects:
            given = version, data["role"], data["digest"], data
            self.subjects[data["subject"]].approvals[actor] = given
        elif kind == "ApprovalWithdrawn" and data["subject"] in self.subjects:
            one = self.subjects[data["subject"]]
            one.approvals = {p: a for p, a in one.approvals.items() if a[0] != data["approval"]}
        elif kind in ("SubmissionRejected", "ChangeRejected"):
            self.close(data.get("submission", 0) or number)
        elif kind == "MilestoneAccepted":
            self.accepted[name], self.pricing = version, (version, version)
            self.close(data.get("submission", 0))
        elif kind == "AcceptanceReversed":
            self.accepted.pop(name, None)
            if (waits := self.pending.get(name)) is not None:
                self.subjects[waits].open, self.subjects[waits].approvals = True, {}
        else:
            self.money(kind, version, data, name)

    def submitted(self, name: str, version: int, data: dict[str, Any], actor: str) -> None:
        one = self.subjects[version] = Subject(name, actor, data, self.policy)
        if data.get("corrects") in self.subjects:
            before = self.subjects[data["corrects"]]
            before.open, one.policy = False, before.policy
            one.by |= before.by
        self.pending[name] = version

    def money(self, kind: str, version: int, data: dict[str, Any], name: str) -> None:
        if kind == "PaymentInstructed":
            self.instructed[version] = name, True
        elif kind in ("PaymentRecorded", "PaymentFailed"):
            self.instructed[data.get("instruction", 0)] = name, False
            self.paid[version] = kind == "PaymentRecorded"
        elif kind == "PaymentRefunded":
            self.paid[version] = True
        elif kind == "PaymentReversed":
            self.paid[data["payment"]] = False

    def close(self, number: int) -> None:
        if number in self.subjects:
            self.subjects[number].open = False

    def agreed(self, data: dict[str, Any]) -> None:
        """The policy and the people of new terms; of an amendment those that it changes."""
        terms, changes = data["terms"], data.get("changes")
        now = dict(self.policy)
        for name in ("approval", "separation"):
            if changes is None or name in changes:
                now[name] = terms.get(name)
        self.policy = now
        for role in {*terms["roles"], *(role for role, _ in self.people)} | {"administrator"}:
            name = "administrators" if role == "administrator" else f"roles.{role}"
            if changes is None or name in changes:
                listed = (
                    terms["administrators"]
                    if role == "administrator"
                    else terms["roles"].get(role, ())
                )
                self.people = {one for one in self.people if one[0] != role}
                self.people |= {(role, person) for person in listed}


def tier(policy: dict[str, Any], amount: int) -> dict[str, int]:
    """The head count by role that an amount needs."""
    for one in policy["approval"]:
        if one.get("up_to_minor") is None or amount <= one["up_to_minor"]:
            return dict(one["quorum"])
    return {}


def enough(quorum: dict[str, int], counted: dict[str, int], at: str) -> None:
    """Refuses an outcome that fewer decided than must, or that nobody could."""
    lacking = {
        role: n - counted.get(role, 0) for role, n in quorum.items() if n > counted.get(role, 0)
    }
    told = ", ".join(f"{n} {role}" for role, n in sorted(lacking.items()))
    demand(bool(quorum) and not lacking, f"{at} lacks approvals: {told or 'no tier is for it'}")
