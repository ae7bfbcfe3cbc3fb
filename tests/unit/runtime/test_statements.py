"""How many statements operations take, so that they do not become more unseen, and how many commits."""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import TYPE_CHECKING

import pytest
from awaken.runtime.tables.payloads import INLINE_SIZE
from awaken.testing.manual_clock import ManualClock

from tests.unit.runtime.harness import Harness, awakeable_of
from tests.unit.runtime.services import SERVICES

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable
    from pathlib import Path


class Counted:
    """A runtime whose statements are counted by their first word, COMMIT among them: each is followed by one sync."""

    def __init__(self, harness: Harness) -> None:
        self.harness = harness
        self.counts: Counter[str] = Counter()
        harness.runtime.store._connection.set_trace_callback(self._note)

    def _note(self, statement: str) -> None:
        self.counts[statement.split()[0]] += 1

    async def settled(self) -> None:
        async with asyncio.timeout(5):
            while not self.harness.runtime.store.is_idle:
                await asyncio.sleep(0)

    async def begin(self) -> None:
        await self.settled()
        self.counts.clear()

    async def take(self) -> dict[str, int]:
        """Return the counts of statements until all is committed."""
        await self.settled()
        return dict(self.counts)

    async def of(self, operation: Callable[[], Awaitable[object]]) -> dict[str, int]:
        """Repeat an operation, and return the counts with the fewest commits: a slow machine needs more of them."""
        taken = []
        for _ in range(10):
            await self.begin()
            await operation()
            taken.append(await self.take())
        return min(taken, key=lambda counts: counts["COMMIT"])


@pytest.fixture
async def counted(tmp_path: Path) -> AsyncIterator[Counted]:
    harness = Harness(tmp_path / "data", SERVICES, clock=ManualClock())
    await harness.start()
    await harness.call("Echo/echo", "first")
    yield Counted(harness)
    await harness.stop()


async def test_call_is_one_commit(counted: Counted) -> None:
    counts = await counted.of(lambda: counted.harness.call("Echo/echo", "x"))

    assert counts.pop("BEGIN") == counts.pop("COMMIT") == 1
    assert counts == {"INSERT": 3}, "a row, written once, and two entries"


async def test_large_values_are_written_once_and_not_read(counted: Counted) -> None:
    text = "x" * (2 * INLINE_SIZE)
    counts = await counted.of(lambda: counted.harness.call("Echo/echo", text))

    assert counts.pop("BEGIN") == counts.pop("COMMIT") <= 2
    assert counts["INSERT"] == 3 + 2, "two payloads"
    assert counts["UPDATE"] == 1
    assert not {"SELECT", "DELETE"} & set(counts)


async def test_send_and_what_it_runs(counted: Counted) -> None:
    counts = await counted.of(lambda: counted.harness.send("Echo/echo", "x"))

    assert counts.pop("BEGIN") == counts.pop("COMMIT") <= 2
    assert counts["INSERT"] == 3
    assert counts["UPDATE"] == 1
    assert "DELETE" not in counts


async def test_cycle_of_an_awakeable(counted: Counted) -> None:
    runtime = counted.harness.runtime

    async def cycle() -> None:
        invocation_id = await counted.harness.send("Echo/wait")
        while not runtime.awaited():
            await asyncio.sleep(0)
        await runtime.answer_rules(awakeable_of(invocation_id))
        await runtime.resolve_awakeable(awakeable_of(invocation_id), b'"resolved"')
        assert await counted.harness.result(invocation_id) == "resolved"

    counts = await counted.of(cycle)

    assert counts.pop("BEGIN") == counts.pop("COMMIT") == 3, "one for each response"
    assert counts == {"INSERT": 4, "UPDATE": 1}


async def test_each_run_is_two_entries_and_one_commit(counted: Counted) -> None:
    two = await counted.of(lambda: counted.harness.call("Echo/runs", 2))
    five = await counted.of(lambda: counted.harness.call("Echo/runs", 5))

    more = {word: five[word] - two.get(word, 0) for word in five if five[word] != two.get(word, 0)}
    assert more.pop("BEGIN") == more.pop("COMMIT") == 3
    assert more.pop("INSERT") == 6
    assert set(more) <= {"SAVEPOINT", "RELEASE"}
    assert five["UPDATE"] == 2, "pinned with the first command, and completed"
    assert not {"SELECT", "DELETE"} & set(five)


async def test_nothing_is_known_of_what_waited_before(counted: Counted) -> None:
    """After a restart, everything is looked for that an invocation may have left."""
    harness = counted.harness
    invocation_id = await harness.send("Echo/wait")
    await harness.until_waiting()
    await harness.stop()
    await harness.start()
    again = Counted(harness)
    await again.begin()

    await harness.runtime.resolve_awakeable(awakeable_of(invocation_id), b'"resolved"')
    assert await harness.result(invocation_id) == "resolved"

    assert (await again.take())["DELETE"] >= 4
    assert harness.rows("SELECT * FROM awakeable") == []


async def test_no_statement_builds_a_table_of_its_own(counted: Counted) -> None:
    """SQLite does for a list of values in a constraint, each time anew."""
    connection = counted.harness.runtime.store._connection
    statements: set[str] = set()
    connection.set_trace_callback(statements.add)
    invocation_id = await counted.harness.send("Echo/wait")
    await counted.harness.until_waiting()
    await counted.harness.runtime.resolve_awakeable(awakeable_of(invocation_id), b'"resolved"')
    await counted.harness.result(invocation_id)
    await counted.harness.call("Echo/runs", 2)
    connection.set_trace_callback(None)

    writing = {statement for statement in statements if statement.startswith(("INSERT", "UPDATE"))}
    assert len(writing) > 5
    for statement in writing:
        steps = connection.execute(f"EXPLAIN {statement}").fetchall()
        assert "OpenEphemeral" not in {step[1] for step in steps}, statement
