"""A contract as its facts tell it so far: fact after fact is added, and its milestones answer for themselves."""

from __future__ import annotations

from collections.abc import Iterable

from projections.oracle.agreed import agreed_by
from projections.oracle.log import Fact, Json
from projections.oracle.milestones import Milestone
from projections.oracle.people import Office, appoint

# What is found by the fact that it is about, and the field that names that.
ABOUT = {
    "PaymentRecorded": "instruction",
    "PaymentFailed": "instruction",
    "PaymentReversed": "payment",
    "ApprovalGranted": "subject",
    "ApprovalWithdrawn": "approval",
}


class Contract:
    """One contract: its terms in force, its milestones, and the payments that name none of them."""

    def __init__(self, id: str, facts: Iterable[Fact] = ()) -> None:
        self.id = id
        self.facts: list[Fact] = []
        self.by_version: dict[int, Fact] = {}
        self.agreements: list[tuple[Fact, Json]] = []
        self.offices: list[Office] = []
        self.brought: dict[int, list[Fact]] = {}  # by the proposal that it was decided by
        self.binds_prices = False  # from the first release whose approvals do
        self.milestones: list[Milestone] = []
        self._by_name: dict[str, list[Fact]] = {}
        self._of: dict[tuple[str, int], list[Fact]] = {}
        self._with: dict[int, list[Fact]] = {}
        self._called: dict[str, list[Milestone]] = {}
        for fact in facts:
            self.add(fact)

    def add(self, fact: Fact) -> None:
        """What happens next."""
        self.facts.append(fact)
        self.by_version[fact.version] = fact
        self._by_name.setdefault(fact.name, []).append(fact)
        if fact.name in ("ContractSigned", "ContractAmended"):
            self.agreements.append((fact, agreed_by(self.terms, fact)))
        appoint(self.offices, fact)
        if fact.name != "ChangeRejected":
            self.brought.setdefault(fact.data.get("proposal", 0), []).append(fact)
        self.binds_prices = self.binds_prices or bool(fact.data.get("price"))
        if fact.name in ABOUT:
            about = (fact.name, fact.data.get(ABOUT[fact.name], 0))
            self._of.setdefault(about, []).append(fact)
        if fact.name == "PenaltyAssessed" or fact.data.get("kind") in ("early", "quality"):
            for version in fact.data.get("rests_on", ()):
                self._with.setdefault(version, []).append(fact)
        if fact.name == "MilestoneDefined":
            self._define(fact)
            return
        for milestone in self._about(fact):
            milestone.add(fact)
        if fact.name == "AcceptanceReversed":
            self._without_the_void()

    def named(self, name: str) -> list[Fact]:
        """All facts of that name so far."""
        return self._by_name.get(name, [])

    def of(self, name: str, version: int) -> list[Fact]:
        """The facts of that name about the fact of that version."""
        return self._of.get((name, version), [])

    def decided_with(self, acceptance: Fact) -> list[Fact]:
        """The bonuses and penalties that the clauses gave with an acceptance."""
        return self._with.get(acceptance.version, [])

    # --- what is agreed ---------------------------------------------------------------------------------

    @property
    def terms(self) -> Json:
        """What is agreed now; nothing before the signature."""
        return self.agreements[-1][1] if self.agreements else {}

    def terms_before(self, version: int) -> Json:
        """What was agreed last before the fact of that version."""
        before = [terms for fact, terms in self.agreements if fact.version < version]
        return before[-1] if before else {}

    def terms_of(self, one: Milestone) -> Json:
        """The terms that hold for a milestone: what was agreed last before it was accepted; else what is agreed now."""
        return self.terms_before(one.acceptance.version) if one.acceptance else self.terms

    @property
    def currency(self) -> str:
        return str(self.terms["currency"])

    @property
    def partner(self) -> str:
        return str(self.terms["partner"])

    # --- milestones -------------------------------------------------------------------------------------

    @property
    def heads(self) -> list[Milestone]:
        """The milestones that are nobody's remainder; by an advance or a settlement nothing is delivered."""
        delivered = [one for one in self.milestones if one.kind == "milestone"]
        return [milestone for milestone in delivered if milestone.parent is None]

    def find(self, name: str) -> Milestone:
        """The milestone that is called so now."""
        return [one for one in self._called[name] if not one.void][-1]

    def _define(self, fact: Fact) -> None:
        """A milestone begins; an earlier one of the same id has had its last fact."""
        of = self._called.get(fact.data.get("remainder_of", ""))
        one = Milestone(self, fact, of[-1] if of else None)
        self._called.setdefault(one.id, []).append(one)
        if one.parent is not None:
            (one.parent.void_remainders if one.void else one.parent.remainders).append(one)
            one.head.forget()
        if not one.void:
            self.milestones.append(one)

    def _about(self, fact: Fact) -> list[Milestone]:
        """The milestones that a fact names, or that an invoice, or the end of one, covers."""
        of = self.by_version[fact.data["invoice"]] if fact.name == "InvoiceRejected" else fact
        names = (fact.milestone, *(cover["milestone"] for cover in of.data.get("covers", ())))
        return [self._called[name][-1] for name in dict.fromkeys(names) if name in self._called]

    def _without_the_void(self) -> None:
        """With an acceptance what it left goes too."""
        for one in [one for one in self.milestones if one.void]:
            self.milestones.remove(one)
            if one.parent is not None:
                one.parent.remainders.remove(one)
                one.parent.void_remainders.append(one)
                one.head.forget()

    def closed_with(self, milestone: Milestone) -> bool:
        """A termination cancels what was open when it was declared and has not been accepted with it."""
        return milestone.acceptance is None and any(
            milestone.definition.version < fact.version for fact in self.named("ContractTerminated")
        )

    @property
    def unallocated(self) -> list[Fact]:
        """Payments that name no milestone, and what took them back."""
        found = [*self.named("PaymentRecorded"), *self.named("PaymentReversed")]
        alone = [fact for fact in found if not fact.milestone]
        return sorted(alone, key=lambda fact: fact.version)
