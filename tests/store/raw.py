"""Attacks on the log by a login that may record, in SQL of its own: what each does, and the guard that refuses it."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import psycopg

PLACE = "does not say who records it, when, or where it stands"
FOLLOWS = "records take the positions that the head has just been moved by"
STREAM = "is none that this login may go on with, or would get a gap in its versions"
NUMBERED = "streams are numbered one after the other"
UNNAMED = "has no record that names it"
KEYED = "a key names the records just made under it, and who made them"
SEALED = "a checkpoint goes with the seal at the head, and says so"
ALONE = "the head moves by the records that follow, and by no more"
TIME = "the time of recording is the server's"


@dataclass
class Raw:
    """A session that writes in SQL: what it claims, and records as it likes."""

    conn: psycopg.Connection[Any]

    def claim(self, count: int = 1) -> dict[str, Any]:
        """The right record for the first position claimed: version 3 of stream 1, by this session."""
        claimed = self.conn.execute(
            "UPDATE log_head SET position = position + %s, recorded_at = greatest(recorded_at,"
            " to_char(clock_timestamp() AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"'))"
            " RETURNING position, recorded_at, session_user",
            (count,),
        ).fetchone()
        assert claimed is not None
        return {
            "actor": "anybody",
            "authenticated_as": claimed[2],
            "correlation": None,
            "data": {"milestone": "M9"},
            "key": None,
            "origin": "raw",
            "position": claimed[0] - count + 1,
            "recorded_at": claimed[1],
            "stream": 1,
            "stream_id": "A",
            "type": "MilestoneStarted/1",
            "version": 3,
        }

    def insert(
        self, record: dict[str, Any], text: str = "", columns: Mapping[str, int] | None = None
    ) -> None:
        text = text or canonical(record)
        row = {name: record[name] for name in ("position", "stream", "version")} | dict(
            columns or {}
        )
        self.conn.execute(
            "INSERT INTO log VALUES (%s, %s, %s, %s)",
            (row["position"], row["stream"], row["version"], text),
        )

    def stream(self, number: int, name: str) -> None:
        self.conn.execute("INSERT INTO streams VALUES (%s, %s)", (number, name))

    def key(self, record: dict[str, Any], **other: Any) -> None:
        row = {
            "key": record["key"],
            "digest": "d",
            "actor": record["actor"],
            "stream": record["stream"],
            "first_version": record["version"],
            "last_version": record["version"],
            "first_position": record["position"],
            "last_position": record["position"],
        } | other
        self.conn.execute(
            "INSERT INTO keys VALUES (%s, %s, %s, %s, %s, %s, %s, %s)", list(row.values())
        )

    def run(self, statement: str) -> None:
        self.conn.execute(statement.encode())


def canonical(record: dict[str, Any]) -> str:
    return json.dumps(record, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


Attack = Callable[[Raw], None]


def says(**changes: Any) -> Attack:
    """A record that says something else than is so."""
    return lambda raw: raw.insert(
        raw.claim() | changes, columns={"position": 3, "stream": 1, "version": 3}
    )


def written(change: Callable[[str], str]) -> Attack:
    """A record whose text is not the one that the program writes."""

    def attack(raw: Raw) -> None:
        record = raw.claim()
        raw.insert(record, change(canonical(record)))

    return attack


def stands(**columns: int) -> Attack:
    """A right record in a row that says something else."""
    return lambda raw: raw.insert(raw.claim(), columns=columns)


def under_a_key(**other: Any) -> Attack:
    def attack(raw: Raw) -> None:
        record = raw.claim() | {"key": "k9"}
        raw.insert(record)
        raw.key(record, **other)

    return attack


def starts(number: int, name: str, **changes: Any) -> Attack:
    """A new stream with a first record."""

    def attack(raw: Raw) -> None:
        raw.stream(number, name)
        record = raw.claim() | {"stream": number, "stream_id": name, "version": 1} | changes
        raw.insert(record)

    return attack


def runs(*statements: str) -> Attack:
    def attack(raw: Raw) -> None:
        for statement in statements:
            raw.run(statement)

    return attack


def claims_two(raw: Raw) -> None:
    raw.insert(raw.claim(2))


def moves_alone(raw: Raw) -> None:
    raw.claim()


NOW_ALONE = """UPDATE log_head SET recorded_at = to_char(clock_timestamp() AT TIME ZONE 'UTC',
    'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')"""


def records_and_moves_the_time(raw: Raw) -> None:
    raw.insert(raw.claim())
    raw.run(NOW_ALONE)


def puts_off(raw: Raw) -> None:
    raw.run("SET CONSTRAINTS ALL DEFERRED")
    raw.claim()


def leaves_a_gap(raw: Raw) -> None:
    record = raw.claim(2)
    raw.insert(record | {"position": 4})


def inserts_twice(raw: Raw) -> None:
    record = raw.claim()
    raw.insert(record)
    raw.insert(record | {"position": 4, "version": 4})


def shadows(then: Attack) -> Attack:
    """Temporary tables and functions of the guards' names, and a search path that begins with them."""

    def attack(raw: Raw) -> None:
        raw.run("CREATE TEMP TABLE log_head AS SELECT 1 AS id, 10^12::bigint AS position, '' AS t")
        raw.run("CREATE TEMP TABLE log AS SELECT 10^12::bigint AS position, 1 AS stream")
        raw.run("CREATE TEMP TABLE streams AS SELECT 1::bigint AS stream, 'A' AS stream_id")
        raw.run("CREATE TEMP TABLE added AS SELECT * FROM log")
        raw.run(
            "CREATE FUNCTION pg_temp.to_json(text) RETURNS text LANGUAGE sql AS 'SELECT ''victim'''"
        )
        raw.run("SET search_path = pg_temp, public, pg_catalog")
        then(raw)

    return attack


def by_the_wrong_name(raw: Raw) -> None:
    head = raw.conn.execute(
        "UPDATE public.log_head SET position = position + 1, recorded_at = to_char(clock_timestamp()"
        " AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"') RETURNING position, recorded_at"
    ).fetchone()
    assert head is not None
    text = (
        '{"actor":"victim","authenticated_as":"victim","correlation":null,"data":{},"key":null,'
        f'"origin":"","position":{head[0]},"recorded_at":"{head[1]}","stream":1,"stream_id":"A",'
        '"type":"MilestoneStarted/1","version":3}'
    )
    raw.conn.execute("INSERT INTO public.log VALUES (3, 1, 3, %s)", (text,))


ATTACKS: dict[str, tuple[Attack, str]] = {
    "another's name": (says(authenticated_as="victim"), PLACE),
    "no name": (says(authenticated_as=""), PLACE),
    "another position": (says(position=4), PLACE),
    "another version": (says(version=4), PLACE),
    "another stream": (says(stream=2), PLACE),
    "another stream's name": (says(stream_id="B"), PLACE),
    "an earlier time": (says(recorded_at="2020-01-01T00:00:00.000000Z"), PLACE),
    "a later time": (says(recorded_at="2999-01-01T00:00:00.000000Z"), PLACE),
    "another's name said a second time": (
        written(lambda text: text.replace(',"key"', ',"authenticated_as":"victim","key"')),
        PLACE,
    ),
    "another's name said a second time, in disguise": (
        written(lambda text: text.replace(',"key"', ',"authenticated\\u005fas":"victim","key"')),
        PLACE,
    ),
    "the own name only in the payload": (
        written(
            lambda text: text.replace('"authenticated_as":', '"authenticated_by":').replace(
                '"milestone":"M9"', '"authenticated_as":"x"'
            )
        ),
        PLACE,
    ),
    "the own name inside the actor's": (
        written(
            lambda text: text.replace('"anybody"', '"any\\",\\"authenticated_as\\":\\"body"')[:-1]
        ),
        "invalid input syntax",
    ),
    "no JSON": (written(lambda text: text.replace('"M9"', "M9")), "invalid input syntax"),
    "a text that only ends like a record": (
        written(lambda text: text.replace('{"milestone":"M9"}', '{"milestone":"M9"')),
        "invalid input syntax",
    ),
    "another column of position": (stands(position=4), FOLLOWS),
    "a column of position taken before": (stands(position=2), "duplicate key"),
    "another column of version": (stands(version=4), STREAM),
    "a version taken before": (stands(version=2), "duplicate key"),
    "version 0": (stands(version=0), STREAM),
    "a negative version": (stands(version=-1), STREAM),
    "another column of stream": (stands(stream=2), STREAM),
    "a stream that is not there": (stands(stream=9), STREAM),
    "fewer records than claimed": (claims_two, FOLLOWS),
    "a gap": (leaves_a_gap, FOLLOWS),
    "more records than claimed": (inserts_twice, FOLLOWS),
    "a record without a claim": (
        runs("INSERT INTO log SELECT 3, 1, 3, record FROM log WHERE position = 1"),
        FOLLOWS,
    ),
    "a key of another act": (under_a_key(key="k8"), KEYED),
    "a key of somebody else": (under_a_key(actor="victim"), KEYED),
    "a key of an earlier record": (under_a_key(first_position=1, first_version=1), KEYED),
    "a key of another stream": (under_a_key(stream=2), KEYED),
    "a key of another version": (under_a_key(last_version=2), KEYED),
    "a key beyond the head": (under_a_key(last_position=9), KEYED),
    "a key of nothing": (runs("INSERT INTO keys VALUES ('j', 'd', 'a', 1, 1, 2, 1, 2)"), KEYED),
    "a stream's number left out": (starts(9, "C"), NUMBERED),
    "a stream named otherwise than its record": (starts(2, "C", stream_id="D"), PLACE),
    "a stream without a record": (runs("INSERT INTO streams VALUES (2, 'C')"), UNNAMED),
    "a stream numbered 0": (runs("INSERT INTO streams VALUES (0, 'C')"), NUMBERED),
    "the head moved by one": (runs("UPDATE log_head SET position = position + 1"), TIME),
    "the head moved by one, at a time": (moves_alone, ALONE),
    "the head moved far": (
        runs(
            "UPDATE log_head SET position = 10^12, recorded_at = to_char(clock_timestamp() AT TIME"
            " ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"')"
        ),
        ALONE,
    ),
    "the head's time far ahead": (
        runs("UPDATE log_head SET recorded_at = '2999-01-01T00:00:00.000000Z'"),
        ALONE,
    ),
    "the head's time alone, to now": (runs(NOW_ALONE), ALONE),
    "the head's time alone, behind a record": (records_and_moves_the_time, ALONE),
    "the head moved to where it stands": (runs("UPDATE log_head SET position = position"), ALONE),
    "the head moved at a time far ahead": (
        runs(
            "UPDATE log_head SET position = position + 1, recorded_at ="
            " '2999-01-01T00:00:00.000000Z'"
        ),
        TIME,
    ),
    "the head's time in another form": (
        runs("UPDATE log_head SET position = position + 1, recorded_at = '2999-01-01T00:00Z'"),
        TIME,
    ),
    "the head moved at an early time": (
        runs("UPDATE log_head SET position = position + 1, recorded_at = recorded_at"),
        TIME,
    ),
    "a checkpoint of nothing": (
        runs("INSERT INTO log_checkpoints VALUES (2, 'note', '')"),
        SEALED,
    ),
    "a checkpoint beyond the head": (
        runs("INSERT INTO log_checkpoints VALUES (99, 'note', '')"),
        SEALED,
    ),
    "shadows, and another's name": (shadows(by_the_wrong_name), PLACE),
    "shadows, and the head moved": (
        shadows(runs("UPDATE public.log_head SET position = 10^12")),
        TIME,
    ),
    "shadows, and a stream": (
        shadows(runs("INSERT INTO public.streams VALUES (7, 'C')")),
        NUMBERED,
    ),
    "guards put off to the commit": (puts_off, ALONE),
}
