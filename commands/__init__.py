"""How people reach the ledger: the command line."""
