"""What an auditor looks for in the fold of each contract: rule.py says what a rule is, every.py has them all."""
