"""What holds however much waits: no statement of the runtime looks at all rows, and what waits is not in memory."""

from __future__ import annotations

import gc
import re
import sqlite3
import tracemalloc
from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest
from awaken import _core
from awaken.approvals import Via
from awaken.control import reads
from awaken.control.answering import Answerer, answer_question
from awaken.control.history import list_answers
from awaken.control.operations import STATUSES
from awaken.control.question_documents import find_documents
from awaken.control.questions import find_question
from awaken.inbox.timeline.reading import read_part, read_value
from awaken.runtime.query.awakeables import Filter
from awaken.runtime.query.connection import Connection
from awaken.runtime.query.snapshot import Snapshot
from awaken.runtime.query.stored_answers import list_stored_answers
from awaken.testing.manual_clock import ManualClock

from benches.scale.multiply import multiply
from tests.unit.runtime.harness import Harness, InvocationFailed, awakeable_of
from tests.unit.runtime.services import SERVICES

if TYPE_CHECKING:
    from pathlib import Path

#: Steps of plans that look at many rows, and may: each begins at one end of an index, and stops early.
ALLOWED = (
    "SCAN timer USING COVERING INDEX timer_due",  # the first one
    "SCAN invocation USING INDEX invocation_invoked",  # of those that run, at the start
    "SCAN json_each VIRTUAL TABLE INDEX 1:",  # the arguments of the statement
    "SCAN CONSTANT ROW",
    "SCAN deployment",
)


def plan(connection: sqlite3.Connection, statement: str) -> list[str]:
    return [str(row[3]) for row in connection.execute(f"EXPLAIN QUERY PLAN {statement}")]


async def live(harness: Harness) -> None:
    """Do a bit of everything that handlers, callers and operators do."""
    runtime = harness.runtime
    assert await harness.call("Echo/echo", "a", idempotency_key="k") == "a"
    assert await harness.call("Echo/echo", "a", idempotency_key="k") == "a"
    assert await harness.call("Echo/runs", 3) == [0, 1, 2]
    assert await harness.call("Echo/call_echo", "b") == "b"
    assert await harness.call("Counter/k/add", 2) == 2
    with pytest.raises(InvocationFailed):
        await harness.call("Echo/refuse")
    napping = await harness.send("Echo/nap", 10)
    await harness.until(lambda: runtime.is_at_rest)
    harness.advance(20)
    assert await harness.result(napping) == "rested"
    scheduled = await harness.send("Echo/echo", "c", delay_ms=10)
    harness.advance(20)
    assert await harness.result(scheduled) == "c"
    waiting, cancelled, killed = [await harness.send("Echo/wait") for _ in range(3)]
    await harness.until_waiting(3)
    await harness.stop()  # which suspends them
    await harness.start()
    trace(harness)
    await harness.runtime.resolve_awakeable(awakeable_of(waiting), b'"yes"')
    assert await harness.result(waiting) == "yes"
    await harness.runtime.cancel(cancelled)
    with pytest.raises(InvocationFailed):
        await harness.result(cancelled)
    await harness.runtime.kill(killed)
    await harness.runtime.purge(waiting)
    harness.advance(10 * 86_400_000)
    harness.runtime.clean()
    harness.runtime.crash()
    await harness.start()


STATEMENTS: set[str] = set()


def trace(harness: Harness) -> None:
    for cursor in (harness.runtime.store.fetch("SELECT 1"), harness.runtime.store.write("SELECT 1")):
        cursor.connection.set_trace_callback(STATEMENTS.add)


async def test_no_statement_of_the_runtime_looks_at_all_rows(harness: Harness) -> None:
    # given
    STATEMENTS.clear()
    trace(harness)

    # when
    await live(harness)

    # then
    asked = {one for one in STATEMENTS if re.match(r"\s*(SELECT|INSERT|UPDATE|DELETE|WITH)\b", one)}
    assert len(asked) > 100
    with sqlite3.connect(harness.runtime.store.path) as connection:
        steps = {step: one for one in asked for step in plan(connection, one)}
    assert {step: one for step, one in steps.items() if step.startswith("SCAN") and step not in ALLOWED} == {}
    assert {step: one for step, one in steps.items() if step.startswith("USE TEMP")} == {}


async def test_lists_of_the_runtime_look_at_what_they_show(harness: Harness) -> None:
    # given
    waiting = await harness.send("Echo/wait")
    await harness.until_waiting()
    await harness.runtime.store.committed()
    asked: list[str] = []

    class Asking:
        async def ask(self, sql: str) -> list[dict[str, object]]:
            asked.append(sql)
            return await harness.runtime.ask(sql)

        def codec_of(self, service: str) -> None:
            return None

    # when
    await reads.list_invocations(Asking())
    await reads.list_invocations(Asking(), list(STATUSES))
    await reads.find_invocation(Asking(), waiting)
    await reads.find_invocations(Asking(), [waiting])
    await reads.list_entries(Asking(), waiting)
    await read_part(Asking(), waiting, "Echo", 1, None)  # type: ignore[arg-type]
    await read_value(Asking(), waiting, 0, 1_000)  # type: ignore[arg-type]
    await reads.find_description(Asking(), waiting, 17)

    # then
    connection = Connection(harness.runtime.store.path, timeout_s=5)
    nothing = Snapshot((), (), ())
    plans = {sql: dict(connection.answer(f"EXPLAIN {sql}", nothing).rows)["physical_plan"] for sql in asked}
    connection.close()
    scans = {step: sql for sql, text in plans.items() for step in text.split("\n") if step.startswith("SCAN")}
    assert list(scans) == ["SCAN i USING INDEX invocation_by_age"]
    sorts = {sql for sql, text in plans.items() if "USE TEMP B-TREE FOR ORDER BY" in text.split("\n")}
    assert all("FROM sys_journal_events" in sql for sql in sorts)  # an invocation has a hundred at most


async def test_questions_and_their_history_look_at_what_they_show(harness: Harness) -> None:
    # given
    asking = await harness.send("Asking/ask")
    await harness.until_waiting()
    runtime, question = harness.runtime, awakeable_of(asking)
    answerer = Answerer("ann", (), Via.INBOX, harness.now_ms())
    assert (await answer_question(runtime, question, b'{"approved":true}', answerer)).is_applied
    await harness.until_waiting()
    asked: list[str] = []

    class Asking:
        async def ask(self, sql: str) -> list[dict[str, object]]:
            asked.append(sql)
            return await runtime.ask(sql)

        def __getattr__(self, name: str) -> Any:
            return getattr(runtime, name)

    operations: Any = Asking()

    # when
    found = await find_question(operations, question)
    documents = await find_documents(operations, (await runtime.awakeables()).awakeables)
    history = await list_answers(operations)

    # then
    assert (len(found.answers), len(documents), len(history.answers)) == (1, 1, 1)
    connection = Connection(runtime.store.path, timeout_s=5)
    nothing = Snapshot((), (), ())
    for sql in asked:
        text = dict(connection.answer(f"EXPLAIN {sql}", nothing).rows)["physical_plan"]
        assert not [step for step in text.split("\n") if step.startswith("SCAN")], sql
    connection.close()
    statements: list[tuple[str, tuple[Any, ...]]] = []

    def fetch(sql: str, values: tuple[Any, ...]) -> list[tuple[Any, ...]]:
        statements.append((sql, values))
        return runtime.store.fetch(sql, values).fetchall()

    for wanted in (Filter(), Filter("Asking"), Filter("Asking", "k")):
        list_stored_answers(fetch, wanted, 50, "1.2.3")
    with sqlite3.connect(runtime.store.path) as stored:
        steps = {
            row[3]
            for sql, values in statements
            for row in stored.execute(f"EXPLAIN QUERY PLAN {sql}", values)
        }
    assert all(step.startswith("SEARCH") for step in steps), steps


TABLES = (
    "invocation",
    "journal",
    "awakeable",
    "timer",
    "journal_event",
    "inbox",
    "listener",
    "promise_waiter",
)
DAY_MS = 86_400_000


async def fill(directory: Path, target: str, count: int) -> tuple[Harness, str]:
    """Let some invocations wait, and stop. Returns the runtime and the id of the last one."""
    harness = Harness(directory, SERVICES, clock=ManualClock())
    await harness.start()
    argument = DAY_MS if target == "Echo/nap" else None
    sent = [await harness.send(target, argument) for _ in range(count)]
    await harness.until(lambda: harness.runtime.is_at_rest)
    await harness.stop()
    return harness, sent[-1]


def rows_without_identity(harness: Harness) -> dict[str, Counter[tuple[object, ...]]]:
    """Count the rows of each table by all that is neither a number of a row, an id nor a time."""

    def shown(name: str) -> str:
        if name == "payload":
            return "iif(code = 0x040C, length(payload), payload)"  # a Sleep command has a time
        is_own = name in ("seq", "id", "invocation", "since", "due") or name.endswith(
            ("_at", "deployment_id")
        )
        return f"{name} IS NULL" if is_own else name

    with sqlite3.connect(harness.runtime.store.path) as connection:
        names = {
            table: [row[1] for row in connection.execute(f"PRAGMA table_info({table})")] for table in TABLES
        }
        return {
            table: Counter(
                connection.execute(f"SELECT {', '.join(map(shown, names[table]))} FROM {table}").fetchall()
            )
            for table in TABLES
        }


@pytest.mark.parametrize("target", ["Echo/wait", "Echo/nap"])
async def test_copies_of_an_invocation_are_what_the_runtime_writes(target: str, tmp_path: Path) -> None:
    # given
    real, _ = await fill(tmp_path / "real", target, 20)
    copied, original = await fill(tmp_path / "copied", target, 1)

    # when
    multiply(copied.runtime.store.path, original, 19)

    # then
    assert rows_without_identity(copied) == rows_without_identity(real)
    with sqlite3.connect(copied.runtime.store.path) as connection:
        assert connection.execute("SELECT count(DISTINCT id), max(seq) FROM invocation").fetchone() == (
            20,
            20,
        )
        ids = [_core.parse_invocation_id(one) for (one,) in connection.execute("SELECT id FROM invocation")]
        assert len(set(ids)) == 20
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)


@pytest.mark.slow
async def test_what_waits_is_not_in_memory(tmp_path: Path) -> None:
    async def held_by(directory: Path, count: int) -> int:
        harness, waiting = await fill(directory, "Echo/wait", 1)
        multiply(harness.runtime.store.path, waiting, count)
        multiply(harness.runtime.store.path, waiting, count)
        tracemalloc.start()
        await harness.start()
        gc.collect()
        held, _ = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        with sqlite3.connect(harness.runtime.store.path) as connection:
            (copy,) = connection.execute("SELECT id FROM invocation ORDER BY seq DESC LIMIT 1").fetchone()
        await harness.runtime.resolve_awakeable(awakeable_of(copy), b'"yes"')
        assert await harness.result(copy) == "yes"
        await harness.stop()
        return held

    # when
    await held_by(tmp_path / "warm", 1)
    few = await held_by(tmp_path / "few", 10)
    many = await held_by(tmp_path / "many", 10_000)

    # then
    assert (many - few) / 20_000 < 4
