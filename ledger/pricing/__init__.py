"""The clauses that price a milestone, one module each, and their order: the milestone so far → lines."""
