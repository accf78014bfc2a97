"""What the rows say, measured: one module per metric with its query, its object and the milestones behind it.

A metric's module is asked as `on_time.on_time(select, …)` and `on_time.behind(select, …)`.
"""

from __future__ import annotations

from projections.metrics.answer import BY, EVER, Select, Window
from projections.metrics.definition import DEFINITIONS, Definition, definitions_markdown

__all__ = ["BY", "DEFINITIONS", "EVER", "Definition", "Select", "Window", "definitions_markdown"]
