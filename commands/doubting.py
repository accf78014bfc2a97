"""What a contract file may not mean as it stands, said beside what was recorded."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ledger.terms import ContractDocument


def warned(document: ContractDocument) -> list[dict[str, str]]:
    """Says what the file may not mean as it stands; the same for programs."""
    from commands.imports.contract_warnings import document_warnings
    from commands.terminal import say

    found = document_warnings(document)
    for doubt in found:
        say(f"warning: {doubt.says}")
        say(f"hint: {doubt.hint}")
    return [doubt.as_object() for doubt in found]
