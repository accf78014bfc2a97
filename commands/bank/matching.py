"""A bank's entries matched with what was instructed: exactly one verdict for each; nothing is guessed.

All entries are looked at together, those that wait from before with those of the file, so that it does not matter in
which order they come: first debits that are a transfer's amount by themselves, then those that are it together, then
those that pay several; then what the bank rejects; then what came back. What is left is listed for a person.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING, Literal

from commands.bank import comparing
from commands.bank.comparing import Differs, Exactly
from commands.bank.doubts import (
    counted,
    counts,
    found_in_words,
    hopeless,
    is_small_charge,
    plain,
    rejects_another,
    said,
    so_far,
)
from commands.bank.naming import Named, Payments, named_by, spared
from commands.bank.settling import Booking, Settlement, fail_all, reverse_all, settle
from commands.bank.sums import fewest
from commands.bank.transfers import Part, in_order_of_due_date
from ledger.events import BankEntry, BankVerdict
from ledger.money import display_minor

if TYPE_CHECKING:
    from ledger.store.asked import Request

# Sub-families of the bank transaction code that are charges and commissions, and SWIFT's own code for them.
_CHARGES = re.compile(r"/(CHRG|FEES|COMM|COME|COMI|COMT)(?: |$)|(?:^| )N?CHG(?:$|\W)")


@dataclass(frozen=True, slots=True)
class Verdict:
    """What entries come to: together they settle, fail or reverse exactly these payments; or one is listed.

    `verdict` None is listed: `finding` says why in a word, `says` in a sentence, `command` how a person settles it.
    `seen`: some of the payments came back before, and the entry is their debit.
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


Kind = Literal["debit", "charge", "credit", "rejected", "listed"]


@dataclass(slots=True)
class _Look:
    """An entry that is still to be given its verdict, with what it names."""

    entry: BankEntry
    about: Named

    @property
    def order(self) -> tuple[date, str]:
        return (self.entry.booked_on or date.max, self.entry.entry)


@dataclass(slots=True)
class Matcher:
    """Gives every entry its verdict; the parts move on as they are settled."""

    payments: Payments
    verdicts: list[Verdict] = field(default_factory=list)

    def plan(self, entries: Iterable[BankEntry]) -> list[Verdict]:
        """One verdict for every entry; together with those before it in the list."""
        by_kind: dict[Kind, list[_Look]] = {}
        for entry in entries:
            about = named_by(entry, self.payments)
            by_kind.setdefault(self._kind(entry, about), []).append(_Look(entry, about))
        for looks in by_kind.values():
            looks.sort(key=lambda look: look.order)
        left = self._debits(by_kind.get("debit", []))
        for look in by_kind.get("rejected", []):
            self._rejected(look)
        for look in by_kind.get("credit", []):
            self._credit(look)
        for look in left:
            self._left_debit(look)
        for look in by_kind.get("charge", []):
            self._charge(look)
        return self.verdicts

    def _kind(self, entry: BankEntry, about: Named) -> Kind:
        """How an entry is looked at; what cannot be looked at is listed here."""
        if (finding := hopeless(entry, about)) is not None:
            self._listed(entry, about, *finding)
            return "listed"
        if entry.side == "rejected":
            return "rejected"
        if _CHARGES.search(entry.code):
            return "charge"
        if not about.parts:
            says = "names no payment of this ledger"
            self._listed(entry, about, "unrelated", f"{says}: {said(entry)}")
            return "listed"
        if entry.side == "debit" and entry.reversal:
            says = f"takes a credit back (RvslInd): the money of {about.name} left again"
            self._listed(entry, about, "reversal", says)
            return "listed"
        return "debit" if entry.side == "debit" else "credit"

    # --- debits --------------------------------------------------------------------------------

    def _debits(self, looks: list[_Look]) -> list[_Look]:
        """Settles what is exact, alone or together; gives what is left."""
        by_subject: dict[frozenset[str], list[_Look]] = {}
        for look in looks:
            by_subject.setdefault(look.about.key, []).append(look)
        left: list[_Look] = []
        # What names one transfer before what names several.
        for _, some in sorted(by_subject.items(), key=lambda item: (len(item[0]), sorted(item[0]))):
            left += self._of_subject(some)
        return left

    def _of_subject(self, looks: list[_Look]) -> list[_Look]:
        """Settles what one debit, or several together, pay exactly; gives the debits that are left."""
        about = looks[0].about
        waits = about.having("instructed")
        # What a credit failed before its debit was seen: the debit is still to come, and pays nothing any more.
        gone = [part for part in about.having("failed") if part.ended_by and not part.undone]
        for dead in ([], gone):
            parts = in_order_of_due_date([*waits, *dead])
            partly = len(about.transfers) > 1 and len(parts) < len(about.parts)
            if not parts or partly or (dead is gone and not gone):
                continue
            found = _alone(looks, parts) or _together(looks, parts)
            if found is not None and not (dead and waits and found[1].foreign):
                self._settles(found[0], waits, dead, found[1])
                return [look for look in looks if look not in found[0]]
        return looks

    def _settles(
        self, looks: tuple[_Look, ...], parts: list[Part], gone: list[Part], exactly: Exactly
    ) -> None:
        """These parts are paid, and of those that are gone the debit is seen."""
        about, last = looks[0].about, looks[-1].entry
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
        booking = Booking(
            last.booked_on,
            " ".join(dict.fromkeys(look.entry.reference for look in looks)),
            " ".join(look.entry.entry for look in looks),
            exactly.fees_minor,
        )
        amount = sum(part.amount_minor for part in parts)
        settled = settle(about.name, parts, amount, booking, exactly.foreign)
        self._takes(looks, "settled", settled, [*parts, *gone], (*settled.remarks, *remarks))

    def _left_debit(self, look: _Look) -> None:
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
        if isinstance(found, Exactly):
            says = f"{counted(entry, about)}: what it pays is not certain"
            self._listed(entry, about, "count", says)
            return
        finding = "differs" if found.by_minor is None else "short" if found.by_minor < 0 else "over"
        partial = f"; {entry.partial}" if entry.partial else ""
        self._listed(entry, about, finding, found.why + partial, found.by_minor)

    # --- what the bank did not send, and what came back ------------------------------------------

    def _rejected(self, look: _Look) -> None:
        entry = look.entry
        about = look.about.without(spared(entry))
        parts = about.having("instructed")
        if not about.parts:
            says = f"rejects what names no payment of this ledger: {said(entry)}"
            self._listed(entry, about, "unrelated", says)
        elif not parts or len(parts) < len(about.parts):
            says = f"is rejected, but {about.name} {so_far(about)}: it does not fail by that"
            self._listed(entry, about, "settled-before", says)
        elif (why := rejects_another(entry, look.about, parts)) is not None:
            self._listed(entry, about, "differs", why)
        else:
            reason = entry.reason or "rejected by the bank"
            failed = fail_all(parts, reason, entry.booked_on, entry.entry)
            self._takes((look,), "failed", failed, parts)

    def _credit(self, look: _Look) -> None:
        entry, about = look.entry, look.about
        reason = entry.reason or "returned by the bank"
        paid = about.having("paid")
        parts = paid or about.having("instructed")
        if not parts:
            says = f"{about.name} {so_far(about)}: nothing is left to give back"
            self._listed(entry, about, "settled-before", says)
            return
        found = comparing.returned(entry, parts, about.name)
        if isinstance(found, Differs):
            alone = [
                p for p in parts if isinstance(comparing.returned(entry, [p], about.name), Exactly)
            ]
            if len(alone) != 1 or len(parts) == 1:
                same = ", of which several payments are that amount" if len(alone) > 1 else ""
                self._listed(entry, about, "returned", found.why + same, found.by_minor)
                return
            parts = alone
            again = comparing.returned(entry, parts, about.name)
            assert isinstance(again, Exactly)
            found = again
        if not counts(entry, about):
            self._listed(
                entry, about, "count", f"{counted(entry, about)}: what came back is not certain"
            )
            return
        if paid:
            back = reverse_all(parts, reason, entry.entry, entry.booked_on, found.fees_minor)
            self._takes((look,), "reversed", back, parts, (*back.remarks, *found.remarks))
        elif found.fees_minor:
            says = (
                f"{found_in_words(found, parts)}, but the debit of {about.name} is not booked yet"
            )
            self._listed(entry, about, "returned", says)
        else:
            # The debit was never booked, or is undone before it is: it did not take place.
            failed = fail_all(parts, reason, entry.booked_on, entry.entry)
            self._takes((look,), "failed", failed, parts)

    def _charge(self, look: _Look) -> None:
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
        looks: tuple[_Look, ...],
        verdict: BankVerdict,
        settled: Settlement,
        parts: Iterable[Part],
        remarks: tuple[tuple[str, str], ...] = (),
    ) -> None:
        entries = tuple(look.entry for look in looks)
        payments = tuple(part.reference for part in parts)
        requests = tuple(settled.requests)
        seen = verdict == "settled" and len(requests) < len(payments)
        self.verdicts.append(Verdict(entries, verdict, requests, payments, remarks, seen=seen))

    def _listed(
        self, entry: BankEntry, about: Named, finding: str, says: str, by: int | None = None
    ) -> None:
        from commands.bank.advising import command_for

        payments = tuple(part.reference for part in about.parts)
        command = command_for(entry, about, finding, by)
        self.verdicts.append(Verdict((entry,), None, (), payments, (), finding, says, command))


def _alone(looks: list[_Look], parts: list[Part]) -> tuple[tuple[_Look, ...], Exactly] | None:
    """The first debit that pays the parts exactly."""
    about = looks[0].about
    for look in looks:
        exactly = comparing.paid(look.entry, parts, about.name)
        if isinstance(exactly, Exactly) and counts(look.entry, about):
            return (look,), exactly
    return None


def _together(looks: list[_Look], parts: list[Part]) -> tuple[tuple[_Look, ...], Exactly] | None:
    """Several debits that add up to exactly what was instructed: the fewest that do."""
    told = comparing.told_abroad(parts)
    currency = told.currency if told else parts[0].currency
    whole = told.minor if told else sum(part.amount_minor for part in parts)
    single = [look for look in looks if plain(look.entry, currency)]
    chosen = fewest([look.entry.amount_minor or 0 for look in single], whole)
    if len(chosen) < 2:
        return None
    some = tuple(single[index] for index in chosen)
    foreign = comparing.booked_abroad(currency, whole, some[-1].entry) if told else None
    return some, Exactly(0, foreign)
