"""The way to the bank and back: payment files out, statements in, and what they come to in the ledger."""
