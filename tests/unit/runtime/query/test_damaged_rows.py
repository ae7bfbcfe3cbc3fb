"""A stored value that cannot be read hides itself at most: every list, page and message still shows the rest."""

from __future__ import annotations

import asyncio
import json
import sqlite3
from typing import TYPE_CHECKING, Any, cast

import httpx
import pytest
from awaken.control import convert, reads
from awaken.control.awakeable_documents import describe_page, read_page
from awaken.control.errors import NotFoundError
from awaken.control.history import list_answers
from awaken.control.invocation_details import describe_invocation
from awaken.control.question_documents import find_documents
from awaken.control.questions import find_question
from awaken.inbox import create_inbox
from awaken.inbox.timeline.reading import read_part
from awaken.runtime.query import Filter, Query, take_snapshot

from tests.unit.runtime.harness import awakeable_of

if TYPE_CHECKING:
    from pathlib import Path

    from awaken.control.operations import AwakeablePage, Operations, StoredAnswerPage

    from tests.unit.runtime.harness import Harness

VIEWS = (
    *("sys_invocation", "sys_invocation_status", "sys_invocation_state", "sys_journal", "sys_journal_events"),
    *("sys_inbox", "sys_keyed_service_status", "sys_promise", "state"),
)
#: By type of the column; every row of a table gets another one of them.
DAMAGE = {
    "INTEGER": ("-1", "9223372036854775807", "-9223372036854775808", "253402300800000", "4294967296", "0"),
    "TEXT": (
        *("CAST(x'ff00fe' AS TEXT)", "''", "'x'", "'['", "'{\"a\":1}'", '\'{"Single":{"SignalIndex":"x"}}\''),
        *("printf('%.*c', 9000, '[')", "'1' || char(0) || '2'", "'[[[1]]]'", "'99999999999999999999999'"),
        *('\'{"Single":{"SignalIndex":99999999999999999999}}\'', "'invoked'", "'completed'", "'suspended'"),
    ),
    "BLOB": ("x''", "x'ff'", "x'0a'", "x'0affffffff0f'", "x'08ffffffffffffffffff01'", "zeroblob(2000)"),
}
#: Columns whose value decides which rows a view has, or to which others they belong.
DECISIVE = frozenset(
    (
        *(("invocation", "seq"), ("invocation", "status"), ("invocation", "last_failure")),
        *(("invocation", "kind"), ("invocation", "retry_count")),
        *(("journal", "invocation"), ("journal", "signal"), ("inbox", "invocation"), ("inbox", "seq")),
        *(("inbox", "service"), ("inbox", "key"), ("invocation", "kind"), ("journal_event", "invocation")),
    )
)


class Damaged:
    """The operations of a runtime that read, on a copy of its file with damage in one column."""

    def __init__(self, harness: Harness, path: Path) -> None:
        self._harness = harness
        self._query = Query(path, lambda: take_snapshot(harness.deployments, harness.runtime.awaited()))

    async def ask(self, sql: str) -> list[dict[str, Any]]:
        return await self._query.ask(sql)

    async def awakeables(
        self,
        *,
        service: str | None = None,
        key: str | None = None,
        invocation_id: str | None = None,
        limit: int = 100,
        after: str | None = None,
    ) -> AwakeablePage:
        wanted = Filter(service, key, invocation_id)
        return await self._query.awakeables([], wanted, limit, after)

    async def count_awakeables(self, most: int = 1000) -> int:
        return await self._query.count_awakeables([], most)

    async def stored_answers(
        self,
        *,
        service: str | None = None,
        key: str | None = None,
        limit: int = 50,
        after: str | None = None,
    ) -> StoredAnswerPage:
        return await self._query.stored_answers(Filter(service, key), limit, after)

    async def answer_rules(self, awakeable_id: str) -> Any:
        return await self._harness.runtime.answer_rules(awakeable_id)

    def codec_of(self, service: str) -> None:
        return None

    async def services(self) -> Any:
        return await self._harness.runtime.services()

    async def deployments(self) -> Any:
        return await self._harness.runtime.deployments()

    def close(self) -> None:
        self._query.close()


def tables(connection: sqlite3.Connection) -> list[tuple[str, str, str]]:
    """Return table, column and type of everything that is stored."""
    return connection.execute(
        "SELECT t.name, c.name, c.type FROM sqlite_schema AS t, pragma_table_info(t.name) AS c WHERE t.type = 'table'"
    ).fetchall()


def damage(connection: sqlite3.Connection, table: str, column: str, turn: int) -> None:
    """Write something unreadable into a column of every row."""
    values = DAMAGE[
        next(kind for found, name, kind in tables(connection) if (found, name) == (table, column))
    ]
    keys = [row[1] for row in connection.execute(f"PRAGMA table_info({table})") if row[5]]
    connection.execute(f"CREATE TEMP TABLE rows AS SELECT {', '.join(keys)} FROM {table}")
    same = " AND ".join(f"r.{key} IS {table}.{key}" for key in keys)
    cases = " ".join(f"WHEN {n} THEN {value}" for n, value in enumerate(values))
    number = f"(SELECT (r.rowid + {turn}) % {len(values)} FROM temp.rows AS r WHERE {same})"
    connection.execute("PRAGMA ignore_check_constraints = ON")
    connection.execute(f"UPDATE OR IGNORE {table} SET {column} = CASE {number} {cases} END")
    connection.execute("DROP TABLE temp.rows")


@pytest.fixture
async def waiting(harness: Harness) -> tuple[Harness, list[str]]:
    """A runtime with some of everything."""
    done = [await harness.send("Echo/echo", str(n), idempotency_key=str(n)) for n in range(6)]
    failed = await harness.send("Echo/refuse")
    for invocation_id in (*done, await harness.send("Counter/k/add", 1)):
        await harness.result(invocation_id)
    await harness.until_status(failed, "completed")
    suspended = [await harness.send(f"Impatient/{n}/either") for n in range(6)]
    await harness.send("Impatient/1/wait")
    await harness.send("Echo/nap", 1_000_000, delay_ms=1_000_000)
    await harness.send("Approval/w/run")
    nap = await harness.send("Echo/nap", 1_000_000)
    await harness.until_waiting(len(suspended))
    harness.advance(1_000)  # their inactivity timeout
    for invocation_id in suspended:
        await harness.until_status(invocation_id, "suspended")
    asking = [await harness.send("Asking/ask") for _ in range(2)]
    await harness.until_waiting(len(suspended) + len(asking))
    for invocation_id in asking:
        await harness.runtime.resolve_awakeable(awakeable_of(invocation_id), b'{"approved":true}')
    await harness.until_waiting(len(suspended) + len(asking))
    failing = await harness.send("Failing/fail_until", 99)
    await harness.until_status(failing, "backing-off")
    await harness.runtime.store.committed()
    return harness, [done[0], asking[0], suspended[0], suspended[1], nap, failing]


async def everything(operations: Damaged, ids: list[str]) -> dict[str, int]:
    """Use every interface that reads rows; return how many rows each view has."""
    counts = {}
    for view in VIEWS:
        rows = await operations.ask(f"SELECT * FROM {view}")
        json.dumps(rows)
        counts[view] = len(rows)
    for row in await reads.list_invocations(operations):
        convert.invocation(row)
    page = await operations.awakeables()
    assert len(read_page(json.loads(json.dumps(describe_page(page)))).awakeables) == len(page.awakeables)
    for one in page.awakeables:
        convert.awakeable(one)
    await find_documents(operations, page.awakeables)  # type: ignore[arg-type]
    await operations.count_awakeables()
    history = await list_answers(operations)  # type: ignore[arg-type]
    counts["answers"] = len(history.answers)
    for invocation_id in ids:
        for entry in await reads.list_entries(operations, invocation_id):
            convert.entry(entry)
        await read_part(operations, invocation_id, "Echo", 100, None)  # type: ignore[arg-type]
        await reads.is_stored_result(operations, invocation_id, 17, b"", asyncio.Lock())
        try:
            await describe_invocation(operations, invocation_id)
            await reads.find_awakeable(operations, awakeable_of(invocation_id))  # type: ignore[arg-type]
            await find_question(operations, awakeable_of(invocation_id))  # type: ignore[arg-type]
        except NotFoundError:
            continue
    return counts


class Current:
    """The operations of the copy that is looked at, for one inbox: its templates are compiled once."""

    def __init__(self) -> None:
        self.operations: Damaged | None = None
        self.inbox = create_inbox(cast("Operations", self))

    def __getattr__(self, name: str) -> Any:
        return getattr(self.operations, name)


async def pages(current: Current, operations: Damaged, ids: list[str]) -> None:
    """Read every page of the inbox."""
    current.operations = operations
    transport = httpx.ASGITransport(current.inbox)
    async with httpx.AsyncClient(transport=transport, base_url="http://inbox") as client:
        assert (await client.get("/")).status_code == 200
        for path in (
            "/?q=x&age=1h&mine=1&person=y",
            "/history",
            "/invocations",
            "/state?service=Keeper",
            "/state/key?service=Keeper&key=a",
            "/deployments",
        ):
            assert (await client.get(path)).status_code == 200
        for invocation_id in ids:
            entry = f"/invocations/{invocation_id}/entries/0"
            for path in (
                f"/invocations/{invocation_id}",
                f"/awakeables/{awakeable_of(invocation_id)}",
                entry,
            ):
                assert (await client.get(path)).status_code in {200, 404, 409}


@pytest.mark.slow
@pytest.mark.timeout(120)
async def test_damage_in_any_column_hides_no_other_row(
    waiting: tuple[Harness, list[str]], tmp_path: Path
) -> None:
    harness, ids = waiting
    whole = tmp_path / "whole.db"
    with sqlite3.connect(harness.runtime.store.path) as stored, sqlite3.connect(whole) as copy:
        stored.backup(copy)
    copy.close()
    operations = Damaged(harness, whole)
    expected = await everything(operations, ids)
    assert expected["answers"] == 2
    operations.close()
    failures = []
    current = Current()

    for table, column, kind in tables(stored):
        (rows,) = stored.execute(f"SELECT count(*) FROM {table}").fetchone()
        for turn in range(0, len(DAMAGE[kind]) if rows else 0, max(1, rows)):
            path = tmp_path / f"{table}-{column}-{turn}.db"
            path.write_bytes(whole.read_bytes())
            with sqlite3.connect(path, isolation_level=None) as connection:
                damage(connection, table, column, turn)
            connection.close()
            operations = Damaged(harness, path)
            try:
                counts = await everything(operations, ids)
                await pages(current, operations, ids)
                if counts != expected and (table, column) not in DECISIVE:
                    lost = {view: n for view, n in counts.items() if n != expected[view]}
                    failures.append(f"{table}.{column} {turn}: {lost} rows instead of {expected}")
            except Exception as error:
                failures.append(f"{table}.{column} {turn}: {type(error).__name__}: {error}"[:300])
            operations.close()
            path.unlink()

    stored.close()
    assert not failures, "\n".join(failures)
