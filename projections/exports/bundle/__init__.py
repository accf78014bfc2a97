"""The audit bundle: one archive with which a stranger checks a ledger, and the program that checks it."""
