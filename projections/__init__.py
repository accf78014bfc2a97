"""What follows from the log. Imports ledger, never commands."""
