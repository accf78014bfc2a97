"""A bank's entries matched with what was instructed: exactly one verdict for each; nothing is guessed.

All entries are looked at together, those that wait from before with those of the file, so that it does not matter in
which order they come: first debits that are a transfer's amount by themselves, then those that are it together, then
those that pay several; then what the bank rejects; then what came back. What is left is listed for a person.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Literal

from commands.bank import comparing
from commands.bank.claims import Back, Claim, Look, claimed, comes_back, contested
from commands.bank.comparing import Exactly
from commands.bank.doubts import (
    counted,
    denied,
    hopeless,
    is_small_charge,
    rejects_another,
    resembles,
    said,
    so_far,
)
from commands.bank.naming import NOBODY, Named, Payments, in_file, named_by, nearly, spared
from commands.bank.settling import Booking, Settlement, fail_all, reverse_all, settle
from commands.bank.transfers import Part
from ledger.events import BankEntry, BankVerdict
from ledger.money import display_minor

if TYPE_CHECKING:
    from ledger.store.request_digest import Request

# Sub-families of the bank transaction code that are charges and commissions, and SWIFT's own code for them.
_CHARGES = re.compile(r"/(CHRG|FEES|COMM|COME|COMI|COMT)(?: |$)|(?:^| )N?CHG(?:$|\W)")


@dataclass(frozen=True, slots=True)
class Verdict:
    """What entries come to: together they settle, fail or reverse exactly these payments; or one is listed.

    `verdict` None is listed: `finding` says why in a word, `says` in a sentence, `command` how a person settles it.
    `seen`: some of the payments came back before, and the entry is their debit. `about` is all that it names,
    `would` what is asked of the contracts if nothing contests it.
    """

    entries: tuple[BankEntry, ...]
    verdict: BankVerdict | None
    requests: tuple[Request, ...] = ()
    payments: tuple[str, ...] = ()
    remarks: tuple[tuple[str, str], ...] = ()
    finding: str = ""
    says: str = ""
    command: str = ""
    seen: bool = False
    about: Named = NOBODY
    would: tuple[Request, ...] = ()


Kind = Literal["debit", "charge", "credit", "rejected", "accepted", "listed"]


@dataclass(slots=True)
class Matcher:
    """Gives every entry its verdict, but to an acceptance that is no news; the parts move on as they are settled."""

    payments: Payments
    verdicts: list[Verdict] = field(default_factory=list)
    # Of the entries that contest each other, by their names: what they claim, and how people call them.
    _torn: dict[str, frozenset[str]] = field(default_factory=dict)
    _names: dict[str, str] = field(default_factory=dict)
    _would: dict[str, tuple[Request, ...]] = field(default_factory=dict)
    # The payments that debits name which settle nothing: money left, so it is not certain that they were not paid.
    _left: set[str] = field(default_factory=set)

    def plan(self, entries: Iterable[BankEntry]) -> list[Verdict]:
        """One verdict for every entry; together with those before it in the list."""
        by_kind: dict[Kind, list[Look]] = {}
        for entry in entries:
            about = named_by(entry, self.payments)
            self._names[entry.entry] = entry.reference
            by_kind.setdefault(self._kind(entry, about), []).append(Look(entry, about))
        for looks in by_kind.values():
            looks.sort(key=lambda look: look.order)
        left = self._debits(by_kind.get("debit", []))
        for look in (*left, *by_kind.get("listed", [])):
            if look.entry.side == "debit" and not look.entry.reversal:
                self._left |= look.about.key
        for look in by_kind.get("rejected", []):
            self._rejected(look)
        for look in by_kind.get("accepted", []):
            self._accepted(look)
        self._credits(by_kind.get("credit", []))
        for look in left:
            self._left_debit(look)
        for look in by_kind.get("charge", []):
            self._charge(look)
        return self.verdicts

    def _kind(self, entry: BankEntry, about: Named) -> Kind:
        """How an entry is looked at; what cannot be looked at is listed here."""
        if entry.side == "accepted":
            return "accepted"
        if (finding := hopeless(entry, about)) is not None:
            self._listed(entry, about, *finding)
            return "listed"
        if entry.side == "rejected":
            return "rejected"
        if _CHARGES.search(entry.code):
            return "charge"
        if not about.parts:
            self._unnamed(entry, "names no payment of this ledger")
            return "listed"
        if entry.side == "debit" and entry.reversal:
            says = f"takes a credit back (RvslInd): the money of {about.name} left again"
            self._listed(entry, about, "reversal", says)
            return "listed"
        return "debit" if entry.side == "debit" else "credit"

    def _unnamed(self, entry: BankEntry, says: str) -> None:
        """What names none of ours is for a person, with what its reference begins with."""
        begins, about = nearly(entry, self.payments)
        if not about.parts:
            self._listed(entry, about, "unrelated", f"{says}: {said(entry)}")
            return
        if entry.side == "debit":
            self._left |= about.key
        more, by = resembles(entry, begins, about)
        self._listed(entry, about, "similar", f"{says}: {more}", by)

    # --- debits --------------------------------------------------------------------------------

    def _debits(self, looks: list[Look]) -> list[Look]:
        """Settles what is exact, alone or together, and claimed by nothing else; gives what is left.

        What is settled may leave exactly what another debit is, so that is looked at again.
        """
        by_subject: dict[frozenset[str], list[Look]] = {}
        for look in looks:
            by_subject.setdefault(look.about.key, []).append(look)
        # What names one transfer before what names several.
        order = sorted(by_subject.items(), key=lambda item: (len(item[0]), sorted(item[0])))
        subjects, left = [some for _, some in order], list[Look]()
        while claims := [claim for some in subjects if (claim := claimed(some)) is not None]:
            torn = contested(claim.key for claim in claims)
            taken: set[frozenset[str]] = set()
            for claim in claims:
                if claim.key in torn or claim.key in taken:
                    continue
                taken.add(claim.key)
                self._settles(claim)
                subjects = [some for some in subjects if some is not claim.of]
                left += [look for look in claim.of if look not in claim.looks]
            if not taken:
                for claim in claims:
                    would = self._settlement(claim, [replace(part) for part in claim.parts])
                    for look in claim.looks:
                        self._torn[look.entry.entry] = claim.key
                        self._would[look.entry.entry] = tuple(would.requests)
                break
        return left + [look for some in subjects for look in some]

    def _settles(self, claim: Claim) -> None:
        """These parts are paid, and of those that are gone the debit is seen."""
        looks, parts, gone, exactly = claim.looks, claim.parts, claim.gone, claim.exactly
        remarks = exactly.remarks
        for part in gone:
            part.undone = True
        if gone:
            names = ", ".join(dict.fromkeys(part.transfer or part.reference for part in gone))
            says = f"{names} came back before it was booked: nothing is left to record of it"
            remarks = (*remarks, ("bank-undone", says))
        if not parts:
            self._takes(looks, "undone", Settlement(), gone, remarks)
            return
        settled = self._settlement(claim, parts)
        self._takes(looks, "settled", settled, [*parts, *gone], (*settled.remarks, *remarks))

    @staticmethod
    def _settlement(claim: Claim, parts: list[Part]) -> Settlement:
        looks, last = claim.looks, claim.looks[-1].entry
        if not parts:
            return Settlement()
        booking = Booking(
            last.booked_on,
            " ".join(dict.fromkeys(look.entry.reference for look in looks)),
            " ".join(look.entry.entry for look in looks),
            claim.exactly.fees_minor,
        )
        amount = sum(part.amount_minor for part in parts)
        return settle(looks[0].about.name, parts, amount, booking, claim.exactly.foreign)

    def _left_debit(self, look: Look) -> None:
        """A debit that settles nothing: a charge in words, or for a person."""
        entry, about = look.entry, look.about
        parts = about.having("instructed")
        if parts and len(parts) < len(about.parts) and len(about.transfers) > 1:
            says = (
                f"pays {about.name}, of which a part {so_far(about)}: what it pays is not certain"
            )
            self._listed(entry, about, "part-settled", says)
            return
        if not parts:
            if is_small_charge(entry, about):
                self._charge(look)
                return
            says = f"{about.name} {so_far(about)}: nothing is left to settle"
            self._listed(entry, about, "settled-before", says)
            return
        found = comparing.paid(entry, parts, about.name)
        if entry.entry in self._torn:
            says = f"pays {about.name} exactly, and so does {self._rivals(entry)} in part: which did is not certain"
            self._listed(entry, about, "contested", says)
            return
        if isinstance(found, Exactly):
            says = f"{counted(entry, about)}: what it pays is not certain"
            self._listed(entry, about, "count", says)
            return
        finding = "differs" if found.by_minor is None else "short" if found.by_minor < 0 else "over"
        partial = f"; {entry.partial}" if entry.partial else ""
        self._listed(entry, about, finding, found.why + partial, found.by_minor)

    # --- what the bank did not send, and what came back ------------------------------------------

    def _rejected(self, look: Look) -> None:
        entry = look.entry
        written = NOBODY if look.about.parts else in_file(entry, self.payments)
        named = written if written.parts else look.about
        about = named.without(spared(entry, self.payments))
        parts = about.having("instructed")
        if named.parts and not about.parts:
            # Of each that it holds the report says something by itself.
            self._takes((look,), "failed", Settlement(), ())
        elif not about.parts:
            self._unnamed(entry, "rejects what names no payment of this ledger")
        elif not parts or (len(parts) < len(about.parts) and not written.parts):
            says = f"is rejected, but {about.name} {so_far(about)}: it does not fail by that"
            self._listed(entry, about, "settled-before", says)
        elif written.parts:
            says = (
                f"rejects the file {entry.message} of {parts[0].run}: if it was written again since, the other"
                " file holds the same payments, so they do not fail by that"
            )
            self._listed(entry, about, "file-rejected", says)
        elif self._left & {part.reference for part in parts}:
            says = (
                f"is rejected, but a debit that waits names {about.name}: it does not fail by that"
            )
            self._listed(entry, about, "contested", says)
        elif (why := rejects_another(entry, look.about, parts)) is not None:
            self._listed(entry, about, "differs", why)
        else:
            reason = entry.reason or "rejected by the bank"
            failed = fail_all(parts, reason, entry.booked_on, entry.entry)
            self._takes((look,), "failed", failed, parts)

    def _accepted(self, look: Look) -> None:
        """What the bank calls under way or settled is news only of what stands as failed."""
        entry = look.entry
        named = look.about if look.about.parts else in_file(entry, self.payments)
        about = denied(entry, named.without(spared(entry, self.payments)))
        if about.parts:
            word = "under way" if entry.reason == "ACSP" else "settled"
            says = (
                f"calls {about.name} {word} ({entry.reason}), which stands as failed: ask the bank which it is,"
                " before a next run pays it again"
            )
            self._listed(entry, about, "contradiction", says)

    def _credits(self, looks: list[Look]) -> None:
        """Takes what gives back exactly what nothing else gives back as part of another sum; lists the rest."""
        while looks:
            claims = [(look, comes_back(look)) for look in looks]
            found = [(look, back) for look, back in claims if isinstance(back, Back)]
            sure = [(look, back) for look, back in found if back.paid or not back.key & self._left]
            torn = contested(back.key for _, back in sure)
            taken: set[frozenset[str]] = set()
            for look, back in sure:
                if back.key not in torn and back.key not in taken:
                    taken.add(back.key)
                    self._takes_back(look, back)
                    looks = [one for one in looks if one is not look]
            if not taken:
                self._torn |= {look.entry.entry: back.key for look, back in sure}
                break
        for look in looks:
            why = comes_back(look)
            if not isinstance(why, Back):
                self._listed(look.entry, look.about, *why)
            elif look.entry.entry in self._torn:
                says = (
                    f"gives {look.about.name} back, and so does {self._rivals(look.entry)} in part:"
                    " which of them did is not certain"
                )
                self._listed(look.entry, look.about, "contested", says)
            else:
                says = f"gives {look.about.name} back, of which a debit waits: settle that first"
                self._listed(look.entry, look.about, "contested", says)

    def _takes_back(self, look: Look, back: Back) -> None:
        entry, parts, found = look.entry, back.parts, back.exactly
        reason = entry.reason or "returned by the bank"
        if back.paid:
            settled = reverse_all(parts, reason, entry.entry, entry.booked_on, found.fees_minor)
            self._takes((look,), "reversed", settled, parts, (*settled.remarks, *found.remarks))
            return
        # The debit was never booked, or is undone before it is: it did not take place.
        failed = fail_all(parts, reason, entry.booked_on, entry.entry)
        self._takes((look,), "failed", failed, parts)

    def _rivals(self, entry: BankEntry) -> str:
        """The references of the entries that claim some of the same, for people."""
        own = self._torn[entry.entry]
        others = [name for name, key in self._torn.items() if key != own and key & own]
        return " and ".join(sorted(self._names[name] for name in others))

    def _charge(self, look: Look) -> None:
        """A charge pays nothing; one as large as what it names is not taken for one unseen."""
        entry, about = look.entry, look.about
        amount = f"{display_minor(entry.amount_minor or 0, entry.currency)} {entry.currency}"
        least = sum(comparing.amount(part) for part in about.parts)
        same = bool(about.parts) and about.parts[0].currency == entry.currency
        if same and (entry.amount_minor or 0) >= least:
            says = (
                f"is coded as a charge ({entry.code}), and is {amount}, no less than {about.name}"
            )
            self._listed(entry, about, "charge", says)
            return
        what = "a charge" if entry.side == "debit" else "a charge given back"
        of = f" for {about.name}" if about.parts else ""
        says = f"{amount} is {what} of the bank{of}, and pays nothing"
        self._takes((look,), "charge", Settlement(), about.parts, (("bank-charge", says),))

    # --- verdicts --------------------------------------------------------------------------------

    def _takes(
        self,
        looks: tuple[Look, ...],
        verdict: BankVerdict,
        settled: Settlement,
        parts: Iterable[Part],
        remarks: tuple[tuple[str, str], ...] = (),
    ) -> None:
        entries = tuple(look.entry for look in looks)
        payments = tuple(part.reference for part in parts)
        requests = tuple(settled.requests)
        seen = verdict == "settled" and len(requests) < len(payments)
        about = looks[0].about
        self.verdicts.append(
            Verdict(entries, verdict, requests, payments, remarks, seen=seen, about=about)
        )

    def _listed(
        self, entry: BankEntry, about: Named, finding: str, says: str, by: int | None = None
    ) -> None:
        from commands.bank.advising import command_for

        payments = tuple(part.reference for part in about.parts)
        command = command_for(entry, about, finding, by)
        would = self._would.get(entry.entry, ())
        self.verdicts.append(
            Verdict(
                (entry,), None, (), payments, (), finding, says, command, about=about, would=would
            )
        )
