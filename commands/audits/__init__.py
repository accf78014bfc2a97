"""What an auditor asks of the log, one module per question."""
