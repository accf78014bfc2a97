"""What the nouns of the ledger's own streams share: references by number."""

from __future__ import annotations

import re
from typing import Any

import click


class NumberType(click.ParamType[int]):
    """A thing by the number of its proposal in a stream: 3, #3 or ~signers#3."""

    name = "ref"

    def __init__(self, stream: str, says: str, listed_by: str) -> None:
        self.says, self.listed_by = says, listed_by
        self.pattern = re.compile(rf"(?:{stream})?#?(\d{{1,9}})", re.ASCII)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """The number, or InputInvalid."""
        from ledger.errors import InputInvalid

        if isinstance(value, int):
            return value
        found = self.pattern.fullmatch(value.strip())
        if found is None:
            raise InputInvalid(
                "reference-invalid",
                f"{value!r} names no {self.says}",
                hint=f"write its number, as in: {self.listed_by}",
            )
        return int(found[1])
