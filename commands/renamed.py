"""Words that once did what another does: refused, with the word that is left named."""

from __future__ import annotations

import click

# What was typed -> what is typed now.
COMMANDS: dict[str, str] = {
    "contract approve": "milestone approve",
    "contract reject": "milestone reject",
    "payment file": "payment write",
}
# (what was typed, on which commands) -> what is typed now, as a person reads it.
OPTIONS: dict[tuple[str, str], str] = {
    **{
        ("--why", command): "--error where it was never so; nothing where it happened since"
        for command in (
            *("milestone withdraw", "milestone reverse", "bonus revoke"),
            *("dispute withdraw", "payment reverse"),
        )
    },
    ("--reference", "payment record"): "--bank-reference",
    ("--reference", "payment refund"): "--bank-reference",
    ("--form", "payment write"): "FILE's ending: .xml for pain.001, or .csv",
    ("--until", "audit replay"): "--to",
    ("--until", "signer propose"): "--to",
    ("--check", "projections rebuild"): "mledger projections verify",
}


def told(problem: click.UsageError) -> tuple[str, str] | None:
    """What is said of a word that was given up, and what to type instead; None where it is none of these."""
    if problem.ctx is None:
        return None
    below = problem.ctx.command_path.partition(" ")[2]
    if isinstance(problem, click.NoSuchCommand):
        words = f"{below} {problem.command_name}".strip()
        if words in COMMANDS:
            return f"{words} is no word of its own any more", f"type mledger {COMMANDS[words]}"
    option = problem.option_name if isinstance(problem, click.NoSuchOption) else ""
    if now := OPTIONS.get((option, below)):
        return f"{option} is called otherwise now", f"type {now}"
    return None
