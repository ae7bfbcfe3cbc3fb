"""Large payloads are stored apart from the journal, and once; everything that reads them finds them."""

from __future__ import annotations

import asyncio
import json
import sqlite3
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import pytest
from awaken.runtime.errors import StoreError, TransactionLostError
from awaken.runtime.processor import cleaner
from awaken.runtime.query import Filter, Query, take_snapshot
from awaken.runtime.store import Store
from awaken.runtime.store.backup import back_up
from awaken.runtime.store.check import check_directory
from awaken.runtime.tables.fresh import FreshInvocations
from awaken.runtime.tables.payloads import INLINE_SIZE
from awaken.runtime.tables.tables import Tables
from awaken.testing.manual_clock import ManualClock

from tests.unit.runtime.harness import Harness, awakeable_of
from tests.unit.runtime.services import SERVICES
from tests.unit.runtime.test_crashes import Snapshots

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

#: Three pages of overflow above the limit.
LARGE = "x" * (INLINE_SIZE + 12_000)
#: Of the message around a value, at most.
HEAD = 100


@pytest.fixture
async def harness(tmp_path: Path) -> AsyncIterator[Harness]:
    harness = Harness(tmp_path / "data", SERVICES, clock=ManualClock())
    await harness.start()
    yield harness
    await harness.stop()


async def ask(harness: Harness, sql: str) -> list[dict[str, Any]]:
    await harness.runtime.store.committed()
    query = Query(harness.runtime.store.path, lambda: take_snapshot(harness.deployments))
    try:
        return await query.ask(sql)
    finally:
        query.close()


def payloads(harness: Harness) -> list[tuple[int, int]]:
    return harness.rows("SELECT invocation, length(bytes) FROM payload ORDER BY id")


async def test_input_and_output_are_stored_once(harness: Harness) -> None:
    assert await harness.call("Echo/echo", LARGE) == LARGE

    (input_size, output_size) = (size for _, size in payloads(harness))
    assert len(LARGE) < input_size < len(LARGE) + HEAD + 100
    assert len(LARGE) < output_size < len(LARGE) + HEAD
    assert harness.rows("SELECT length(payload), payload_id IS NULL FROM journal") == [(0, 0), (0, 0)]
    ((value, offset, result),) = harness.rows(
        "SELECT result_value, result_offset, substr(bytes, result_offset + 1) FROM invocation "
        "JOIN payload ON payload.id = result_payload_id"
    )
    assert value is None
    assert 0 < offset < HEAD
    assert json.loads(result) == LARGE


async def test_small_values_are_in_their_rows(harness: Harness) -> None:
    text = "x" * (INLINE_SIZE - 1_000)
    assert await harness.call("Echo/echo", text) == text

    assert payloads(harness) == []
    assert harness.rows("SELECT result_payload_id, length(result_value) FROM invocation") == [
        (None, len(text) + 2)
    ]


async def test_result_is_found_later_and_after_a_restart(harness: Harness) -> None:
    invocation_id = await harness.send("Echo/echo", LARGE, idempotency_key="once")
    assert await harness.result(invocation_id) == LARGE

    assert await harness.call("Echo/echo", LARGE, idempotency_key="once") == LARGE
    assert await harness.call("Echo/attach", invocation_id) == LARGE
    await harness.stop()
    await harness.start()
    assert await harness.result(invocation_id) == LARGE


async def test_result_outlives_its_journal(harness: Harness) -> None:
    invocation_id = await harness.send("Echo/echo", LARGE, idempotency_key="once")
    await harness.result(invocation_id)

    await harness.runtime.purge_journal(invocation_id)

    assert len(payloads(harness)) == 1, "that of the output"
    assert harness.rows("SELECT * FROM journal") == []
    assert await harness.result(invocation_id) == LARGE
    assert await harness.call("Echo/echo", LARGE, idempotency_key="once") == LARGE
    await harness.runtime.purge(invocation_id)
    assert payloads(harness) == []


async def test_payloads_expire_with_their_invocation(harness: Harness) -> None:
    kept = await harness.send("Echo/wait")
    await harness.until_waiting()
    await harness.call("Echo/echo", LARGE)
    await harness.call("Echo/call_echo", LARGE)
    assert len(payloads(harness)) == 2 + 6, "two of each echo, four of the caller"

    harness.advance(86_400_000 + 3_600_000)

    await harness.until(lambda: len(harness.rows("SELECT * FROM invocation")) == 1)
    assert payloads(harness) == []
    assert harness.rows("SELECT id FROM invocation") == [(kept,)]


async def test_many_bytes_expire_in_several_transactions(
    harness: Harness, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Others wait for the loop while pages are freed."""
    monkeypatch.setattr(cleaner, "_BATCH_SIZE", 3 * len(LARGE))
    for _ in range(5):
        await harness.call("Echo/echo", LARGE)

    processor = harness.runtime._processor
    later = ManualClock(harness.now_ms() + 86_400_000)
    cleaning = cleaner.Cleaner(harness.runtime.store, processor.tables, later, processor.endings, 1)

    assert cleaning.delete()
    assert len(payloads(harness)) == 10 - 4
    assert cleaning.delete()
    assert len(payloads(harness)) == 10 - 8
    assert not cleaning.delete()
    assert payloads(harness) == []
    assert harness.rows("SELECT * FROM invocation") == []


async def test_answer_of_an_awakeable(harness: Harness) -> None:
    invocation_id = await harness.send("Echo/wait")
    await harness.until_waiting()
    await harness.runtime.resolve_awakeable(awakeable_of(invocation_id), json.dumps(LARGE).encode())
    assert await harness.result(invocation_id) == LARGE

    await harness.runtime.store.committed()
    query = Query(harness.runtime.store.path, lambda: take_snapshot(harness.deployments))
    (answer,) = (await query.stored_answers(Filter(), 10, None)).answers
    query.close()
    assert len(LARGE) < answer.size < len(LARGE) + HEAD


async def test_tables_show_payloads_wherever_they_are(harness: Harness) -> None:
    await harness.call("Echo/echo", LARGE)
    await harness.call("Echo/echo", "small")

    rows = await ask(harness, "SELECT * FROM sys_journal ORDER BY raw_length")

    assert [row["entry_type"] for row in rows].count("Command: Output") == 2
    small, large = rows[0], rows[-1]
    assert small["raw_length"] < 100 < len(LARGE) < large["raw_length"]
    assert len(large["raw"]) >= large["raw_length"]
    assert large["entry_json"].count(",120") > len(LARGE) // 2, "the bytes, as numbers"
    assert "120,120" not in large["entry_lite_json"]
    assert await ask(harness, "SELECT count(*) AS n FROM sys_journal") == [{"n": 4}]


async def test_restart_as_new_has_payloads_of_its_own(harness: Harness) -> None:
    invocation_id = await harness.send("Echo/call_echo", LARGE)
    assert await harness.result(invocation_id) == LARGE
    whole = await harness.runtime.restart_as_new(invocation_id)
    part = await harness.runtime.restart_as_new(invocation_id, keep_entries=4)
    assert await harness.result(whole) == await harness.result(part) == LARGE

    await harness.runtime.purge(invocation_id)
    await harness.runtime.purge(whole)

    assert await harness.result(part) == LARGE
    copied = await ask(harness, f"SELECT entry_json FROM sys_journal WHERE id = '{part}'")
    assert all("entry_json" in row for row in copied)


@pytest.mark.parametrize("is_known", [True, False], ids=["at once", "after a crash"])
async def test_result_that_was_stored_before_the_end_is_not_stored_again(
    harness: Harness, *, is_known: bool
) -> None:
    invocation_id = await harness.send("Echo/echo", LARGE)
    assert await harness.result(invocation_id) == LARGE

    copy = await harness.runtime.restart_as_new(invocation_id, keep_entries=2)
    if not is_known:
        with suppress(LookupError), harness.runtime.store.atomic():
            raise LookupError("what was noted in memory is not used any more")
    assert await harness.result(copy) == LARGE

    assert len(payloads(harness)) == 4, "input and output, twice"
    await harness.runtime.purge_journal(copy)
    assert await harness.result(copy) == LARGE
    assert len(payloads(harness)) == 3


async def test_attempt_after_a_restart_reads_the_journal(harness: Harness) -> None:
    """The input is not in memory any more."""
    invocation_id = await harness.send("Failing/echo_at_last", LARGE)
    await harness.until_status(invocation_id, "backing-off")
    await harness.stop()
    await harness.start()

    assert await harness.result(invocation_id) == LARGE


class Output:
    """The output of invocation 7, whose message has something before the value, and may have more behind it."""

    def __init__(self, path: Path, *, before: bytes = b"", after: bytes = b"") -> None:
        self.is_end = not after
        self.store = Store(path)
        self.tables = Tables(self.store, ManualClock())
        self.value = LARGE.encode()
        self.payload = before + self.value + after

    def append(self) -> None:
        self.tables.journal.append(7, 0x0401, self.payload)
        if self.is_end:
            self.tables.payloads.note_output(7, len(self.payload), len(self.payload) - len(self.value))

    def result(self) -> tuple[bytes, int]:
        """Place the result; return the payload that it is in, and the offset."""
        value, payload_id, offset = self.tables.payloads.place(7, self.value)
        assert value is None
        assert payload_id is not None
        assert offset is not None
        return self.tables.payloads.read(payload_id), offset

    def count(self) -> int:
        ((count,),) = self.store.fetch("SELECT count(*) FROM payload")
        return int(count)


async def test_result_is_the_end_of_the_output(tmp_path: Path) -> None:
    output = Output(tmp_path / "db", before=b"head")
    output.append()

    assert output.result() == output.result() == (b"head" + output.value, 4)
    assert output.count() == 1
    output.store.close()


async def test_result_that_is_not_the_end_of_the_output(tmp_path: Path) -> None:
    output = Output(tmp_path / "db", after=b"name")
    output.append()

    assert output.result() == (output.value, 0)
    assert output.count() == 2
    output.store.close()


async def test_output_that_was_taken_back(tmp_path: Path) -> None:
    """Its number may be given to another payload."""
    output = Output(tmp_path / "db", before=b"head")
    block = output.store.atomic()
    block.__enter__()
    output.append()
    block.__exit__(ZeroDivisionError, None, None)

    output.tables.payloads.add(7, b"another")
    assert output.result() == (output.value, 0)
    assert output.count() == 2
    output.store.close()


async def test_payload_that_cannot_be_written_takes_its_transaction_with_it(tmp_path: Path) -> None:
    store = Store(tmp_path / "db")
    tables = Tables(store, ManualClock())
    tables.payloads.add(7, b"one")

    with pytest.raises(TransactionLostError):
        store.write_blob("payload", "bytes", 99, b"no such row")

    assert store.fetch("SELECT * FROM payload").fetchall() == []
    store.close()


async def test_input_is_in_memory_until_an_attempt_takes_it(tmp_path: Path) -> None:
    store = Store(tmp_path / "db")
    fresh = FreshInvocations(store)
    fresh.keep_large_input(1, 0x0400, b"one")
    fresh.keep_large_input(2, 0x0400, b"two")

    assert fresh.take_large_input(1) is None, "only the last one is"
    assert fresh.take_large_input(2) == (0x0400, b"two")
    assert fresh.take_large_input(2) is None
    fresh.keep_large_input(3, 0x0400, b"three")
    fresh.forget(3)
    assert fresh.take_large_input(3) is None
    fresh.keep_large_input(4, 0x0400, b"four")
    block = store.atomic()
    block.__enter__()
    block.__exit__(ZeroDivisionError, None, None)
    fresh.get(4)
    assert fresh.take_large_input(4) is None, "its row may be gone"
    store.close()


async def test_missing_payloads_are_told(harness: Harness) -> None:
    invocation_id = await harness.send("Echo/echo", LARGE)
    await harness.result(invocation_id)
    await harness.stop()
    path = harness.runtime.store.path
    assert check_directory(path.parent).problems == []
    with sqlite3.connect(path) as connection:
        connection.execute("DELETE FROM payload")
        connection.execute("INSERT INTO payload (id, invocation, bytes) VALUES (99, 98, x'00')")
    connection.close()

    report = check_directory(path.parent)

    assert report.is_damaged
    assert report.problems == [
        "payload: 2 entries of journals name a payload that is missing, first that of invocation 1",
        "payload: 1 results are in a payload that is missing or shorter, first that of invocation 1",
        "payload: 1 payloads are of invocations that are gone, first of 98",
    ]
    await harness.start()
    with pytest.raises(StoreError, match="payload"):
        await harness.result(invocation_id)
    with pytest.raises(StoreError, match="is missing"):
        await harness.runtime.restart_as_new(invocation_id)
    (first, *_) = await ask(harness, "SELECT * FROM sys_journal")
    assert first["entry_type"] == "Unreadable"


async def test_no_commit_leaves_payloads_that_nobody_deletes(tmp_path: Path) -> None:
    snapshots = Snapshots(tmp_path / "data", tmp_path / "snapshots")
    harness = Harness(tmp_path / "data", SERVICES, clock=ManualClock(), probe=snapshots)
    await harness.start()
    invocation_id = await harness.send("Echo/call_echo", LARGE)
    await harness.result(invocation_id)
    await harness.runtime.purge_journal(invocation_id)
    await harness.runtime.purge(invocation_id)
    await harness.stop()

    counts = []
    for directory in snapshots.taken:
        Store(directory / "awaken.sqlite").close()  # reads the log
        report = check_directory(directory)
        assert report.problems == []
        counts.append(report.rows["payload"])
    assert max(counts) > 2
    assert counts[-1] == 2, "those of the callee"


async def test_copy_has_them(harness: Harness, tmp_path: Path) -> None:
    invocation_id = await harness.send("Echo/echo", LARGE)
    await harness.result(invocation_id)

    back_up(harness.directory, tmp_path / "copy")

    assert check_directory(tmp_path / "copy").rows["payload"] == 2
    again = Harness(tmp_path / "copy", SERVICES, clock=ManualClock())
    await again.start()
    assert await again.result(invocation_id) == LARGE
    await again.stop()


async def test_rows_of_an_earlier_version_are_read(tmp_path: Path) -> None:
    """Whatever their size: they stay where they are."""
    path = tmp_path / "db"
    store = Store(path)
    store.write(
        "INSERT INTO invocation (seq, id, status, service, handler, invoked_by, created_at, modified_at, "
        "completion_retention_ms, journal_retention_ms, result_value) "
        "VALUES (7, 'inv_1', 'completed', 'S', 'h', 'ingress', 1, 2, 3, 4, zeroblob(100000))"
    )
    store.write(
        "INSERT INTO journal (invocation, idx, code, payload, appended_at) VALUES (7, 0, 1024, zeroblob(100000), 1)"
    )
    tables = Tables(store, ManualClock())

    row = tables.invocations.read(7)
    assert row is not None
    assert row.result_value == bytes(100_000)
    assert tables.journal.first(7) == (1024, bytes(100_000))
    tables.payloads.delete_all_but_result(7)
    await asyncio.sleep(0)
    store.close()
