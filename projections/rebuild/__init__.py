"""Rows follow events: catch-up after a write, full rebuild on the resting side, and the comparison of the two."""
