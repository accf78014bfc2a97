"""A contract as the text of a contract file, which `read_contract_file` reads back as equal."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import partial
from typing import Any

import yaml

from commands.imports.yaml_text import ABSENT
from commands.tables import HOSTILE
from ledger.money import display_minor
from ledger.terms import MilestonePlan, Terms
from ledger.terms_in_words import Written, as_written

_LINE_LENGTH_MAX = 80


def write_contract_file(terms: Terms, contract: str, milestones: Iterable[MilestonePlan]) -> str:
    """The YAML text of a contract: amounts "120,000.00", percentages "0.5%", all in its own words.

    Values that equal a default are written too, so that a reader sees every term; only what is
    empty, or by default says nothing, is left out. Control and bidirectional characters are escaped.
    """
    amount = partial(display_minor, currency=terms.currency)
    document = {
        "contract": contract,
        **as_written(terms, amount),
        "milestones": [as_written(plan, amount) for plan in milestones],
    }
    if not document["milestones"]:
        del document["milestones"]
    events = [
        yaml.StreamStartEvent(),
        yaml.DocumentStartEvent(explicit=False),
        *_events(document, flow=False),
        yaml.DocumentEndEvent(explicit=False),
        yaml.StreamEndEvent(),
    ]
    # Lines are never folded: where a text is broken, it must come back with its own breaks.
    text: str = yaml.emit(events, Dumper=_Indented, allow_unicode=True, width=1 << 30)
    return HOSTILE.sub(_escaped, text)


# --- YAML ----------------------------------------------------------------------------------------


class _Indented(yaml.SafeDumper):
    """Sets the items of a list further to the right than its key, as people write them."""

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
        super().increase_indent(flow, False)


def _events(node: Written, flow: bool) -> Iterator[yaml.Event]:
    """The node as YAML events, so that no resolver decides what looks like a number or a date."""
    flow = flow or _is_a_line_of_words(node)
    if isinstance(node, str):
        # Plain where the syntax allows it; what would be absent or deceptive if plain is quoted.
        plain = node not in ABSENT and not HOSTILE.search(node)
        style = '"' if HOSTILE.search(node) else None
        yield yaml.ScalarEvent(None, None, (plain, True), node, style=style)
    elif isinstance(node, list):
        yield yaml.SequenceStartEvent(None, None, implicit=True, flow_style=flow)
        for item in node:
            yield from _events(item, flow)
        yield yaml.SequenceEndEvent()
    else:
        yield yaml.MappingStartEvent(None, None, implicit=True, flow_style=flow)
        for key, value in node.items():
            yield from _events(key, flow)
            yield from _events(value, flow or key == "quorum")
        yield yaml.MappingEndEvent()


def _is_a_line_of_words(node: Written) -> bool:
    """Whether it is a short list of names, which people write on one line."""
    words = [part for part in node if isinstance(part, str)] if isinstance(node, list) else [" "]
    short = sum(len(word) + 2 for word in words) <= _LINE_LENGTH_MAX
    return short and len(words) == len(node) and not any(" " in word for word in words)


def _escaped(found: Any) -> str:
    if found[0] == "\n":
        return "\n"
    code = ord(found[0])
    return f"\\u{code:04X}" if code <= 0xFFFF else f"\\U{code:08X}"
