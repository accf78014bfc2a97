"""The versions of the rules: history is judged by those that were in force when it was recorded.

Which they were is read off the log itself. A version holds from the first record in a form that only it writes: from
then on nothing older is recorded, for one ledger is written by one release at a time. What stands beyond that record in
an older form is a finding.

| version | in force | what it has that the one before had not |
| --- | --- | --- |
| 1 | the first release | |
| 2 | from the first ChangeProposed/2, approval with a price, refund or entry of the bank | proposals as patches; \
approvals bound to the price; later lines under the terms of what they adjust; released parts apart; the tiers of one \
bonus pay the highest; the rules of `LATER`; what adds nothing is permitted above the ceiling |
"""

from __future__ import annotations

FIRST, CURRENT = 1, 2

# Texts that only records of version 2 have: in a record every quote of a value is escaped.
MARKS = (
    '"type":"ChangeProposed/2"',
    '"type":"PaymentRefunded/1"',
    '"type":"BankEntryBooked/1"',
    '"price":[{"amount_minor":',
)

# Rules that version 1 had not: what they alone refuse was permitted then.
LATER = frozenset(
    {
        "criterion-measured-once",
        "delivery-not-to-come",
        "measured-criterion-known",
        "measured-in-its-unit",
        "one-moment-of-delivery",
        "proposal-not-outdated",
        "signed-on-its-day",
    }
)
