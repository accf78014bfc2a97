"""Live names for the shell's TAB, and for "did you mean": the read models, asked through the driver.

Only on SQLite, where that takes milliseconds: connecting to a server would keep a person waiting.
Whatever goes wrong, there is just nothing to offer. SQLAlchemy is never imported here.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import click
    from click.shell_completion import CompletionItem

MOST = 100
SECONDS = 0.08

# What is offered for each kind of name: the name, and what a shell may show beside it. {side} is
# the side of the read models that serves; a name begins with what was typed so far, :typed.
_NAMES = {
    "contracts": "SELECT contract AS name, title AS says FROM contracts_{side}",
    "milestones": "SELECT contract || '/' || milestone AS name, title || ', ' || status AS says"
    " FROM milestones_{side}",
    "subjects": "SELECT reference AS name, title AS says FROM inbox_{side} WHERE task = 'approve'",
    "proposals": "SELECT reference AS name, title AS says FROM inbox_{side}"
    " WHERE task = 'approve' AND instr(reference, '#')",
    "disputes": "SELECT contract || '#' || version AS name, milestone AS says FROM disputes_{side}"
    " WHERE status = 'open'",
    "instructed": "SELECT contract || '#' || version AS name, milestone AS says"
    " FROM payments_{side} WHERE status = 'instructed'",
    "settled": "SELECT contract || '#' || version AS name, milestone AS says"
    " FROM payments_{side} WHERE status = 'instructed'"
    " UNION SELECT transfer, partner FROM settlements_{side} WHERE status = 'instructed' AND transfer <> ''",
    "paid": "SELECT contract || '#' || version AS name, milestone AS says FROM payments_{side}"
    " WHERE status IN ('paid', 'refunded')",
    "invoices": "SELECT DISTINCT contract || '#' || version AS name, number AS says"
    " FROM invoices_{side} WHERE status = 'received'",
    "anything": "SELECT contract AS name, title AS says FROM contracts_{side}"
    " UNION ALL SELECT contract || '/' || milestone, title || ', ' || status FROM milestones_{side}"
    " UNION ALL SELECT contract || '#' || version, 'payment of ' || milestone FROM payments_{side}"
    " UNION ALL SELECT contract || '#' || version, 'dispute of ' || milestone FROM disputes_{side}"
    " UNION ALL SELECT reference, title FROM inbox_{side} WHERE instr(reference, '#')",
    "bonuses": "SELECT contract || '#' || version AS name, milestone || ', ' || kind AS says"
    " FROM bonuses_{side} WHERE status = 'awarded'",
    "penalised": "SELECT contract || '/' || milestone AS name, kind AS says FROM bonuses_{side}"
    " WHERE status = 'assessed'",
    "payables": "SELECT CASE kind WHEN 'retention' THEN contract || '#' || ordinal"
    " ELSE contract || '/' || milestone END AS name, kind || ', ' || title AS says"
    " FROM schedule_{side} WHERE payable_minor > 0 AND milestone IS NOT NULL",
    "retained": "SELECT contract || '/' || milestone AS name, title AS says FROM retentions_{side}"
    " WHERE retained_minor > released_minor",
    "partners": "SELECT partner AS name, '' AS says FROM contracts_{side}",
    "parties": "SELECT partner AS name, '' AS says FROM contracts_{side} UNION SELECT client, '' FROM contracts_{side}",
    "roles": "SELECT key AS name, '' AS says FROM ({signed}) JOIN json_each(record, '$.data.terms.roles')"
    " UNION SELECT role, '' FROM inbox_{side}",
    "people": "SELECT json_extract(record, '$.actor') AS name, '' AS says FROM ({recent})"
    " UNION SELECT value, '' FROM inbox_{side} JOIN json_each(people)"
    " UNION SELECT atom, '' FROM ({signed}) JOIN json_tree(record, '$.data.terms')"
    " WHERE atom <> '' AND (path = '$.data.terms.administrators' OR path GLOB '$.data.terms.roles.*')",
    "types": "SELECT substr(type, 1, instr(type, '/') - 1) AS name, '' AS says"
    " FROM (SELECT json_extract(record, '$.type') AS type FROM ({recent}))",
    "rules": "SELECT rule AS name, count(*) || ' found' AS says FROM findings_{side} GROUP BY rule",
}
# Where no read model tells it, the log does: of a large one only its end and the contracts signed last.
_LOG = {
    "signed": "SELECT record FROM (SELECT stream FROM contracts_{side} ORDER BY stream DESC LIMIT 500)"
    " JOIN log USING (stream) WHERE version = 1",
    "recent": "SELECT record FROM log ORDER BY position DESC LIMIT 2000",
}
_OFFERED = (
    "SELECT DISTINCT name, says FROM ({names}) WHERE substr(name, 1, length(:typed)) = :typed"
    " ORDER BY name LIMIT :most"
)
_OWNERS = (
    "SELECT contract || '/' || milestone, '' FROM milestones_{side}"
    " WHERE milestone = :typed COLLATE NOCASE ORDER BY 1 LIMIT 3"
)


def complete(ctx: click.Context, kind: str, typed: str) -> list[CompletionItem]:
    """The names of a kind that begin with what was typed."""
    from click.shell_completion import CompletionItem

    query = _OFFERED.replace("{names}", _NAMES[kind])
    for name, part in _LOG.items():
        query = query.replace(f"{{{name}}}", part)
    return [CompletionItem(name, help=says or None) for name, says in _ask(ctx, query, typed)]


def offering(
    kind: str,
) -> Callable[[click.Context, click.Parameter, str], list[CompletionItem]]:
    """The names of a kind, as the callback of an option or argument."""

    def offered(ctx: click.Context, _param: click.Parameter, typed: str) -> list[CompletionItem]:
        return complete(ctx, kind, typed)

    return offered


partners = offering("partners")


def owners(ctx: click.Context, milestone: str) -> list[str]:
    """Up to three full names of milestones with this id."""
    return [name for name, _ in _ask(ctx, _OWNERS, milestone)]


def _ask(ctx: click.Context, query: str, typed: str) -> list[tuple[str, str]]:
    from commands.settings import resolve
    from ledger.errors import LedgerError

    deadline = time.monotonic() + SECONDS
    try:
        given = ctx.meta.get("commands.options.given", {})
        database = resolve(database=given.get("database"), actor=given.get("actor")).database
        if not database.startswith("sqlite:///"):
            return []
        file = Path(database.removeprefix("sqlite:///").partition("?")[0]).expanduser().absolute()
        with closing(sqlite3.connect(f"{file.as_uri()}?mode=ro", uri=True, timeout=SECONDS)) as db:
            db.set_progress_handler(lambda: time.monotonic() > deadline, 10_000)
            (side,) = db.execute("SELECT side FROM serving WHERE side IN ('a', 'b')").fetchone()
            found = db.execute(query.replace("{side}", side), {"typed": typed, "most": MOST})
            return found.fetchall()
    except (sqlite3.Error, OSError, ValueError, TypeError, LedgerError):
        return []
