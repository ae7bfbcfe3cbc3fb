from __future__ import annotations

import asyncio
import json
import os
import sqlite3
from importlib import resources
from typing import TYPE_CHECKING

import pytest
from awaken.runtime.errors import RuntimeClosedError, StoreError
from awaken.runtime.store import Store
from awaken.runtime.tables.tables import Tables
from awaken.testing.manual_clock import ManualClock

from tests.unit.runtime.store.held_log import HeldLog

if TYPE_CHECKING:
    from pathlib import Path

MIGRATIONS = sorted(
    (
        file
        for file in (resources.files("awaken.runtime.store") / "migrations").iterdir()
        if file.name[:4].isdigit()
    ),
    key=lambda file: file.name,
)
INSERT = "INSERT INTO state (service, key, name, value) VALUES ('s', 'k', ?, x'')"


class Probe:
    """Counts commits, and lets one fail on demand."""

    def __init__(self) -> None:
        self.commits = 0
        self.is_disk_full = False

    def before_commit(self) -> None:
        if self.is_disk_full:
            raise sqlite3.OperationalError("database or disk is full")

    def after_commit(self) -> None:
        self.commits += 1


def names(path: Path) -> list[str]:
    with sqlite3.connect(path) as connection:
        rows = connection.execute("SELECT name FROM state ORDER BY name").fetchall()
    connection.close()
    return [row[0] for row in rows]


async def test_one_turn_is_one_commit(tmp_path: Path) -> None:
    probe = Probe()
    store = Store(tmp_path / "db", probe=probe)
    notified: list[list[str]] = []

    store.write(INSERT, ("a",))
    store.after_commit(lambda: notified.append(names(tmp_path / "db")))
    store.write(INSERT, ("b",))
    assert names(tmp_path / "db") == []
    await store.committed()

    assert notified == [["a", "b"]]
    assert probe.commits == 1
    store.close()


async def test_what_is_told_after_a_commit_may_write_again(tmp_path: Path) -> None:
    store = Store(tmp_path / "db")
    store.write(INSERT, ("a",))

    def write_more() -> None:
        store.write(INSERT, ("b",))

    store.after_commit(write_more)
    await store.committed()
    await store.committed()

    assert names(tmp_path / "db") == ["a", "b"]
    store.close()


async def test_failed_commit_tells_everybody_and_keeps_nothing(tmp_path: Path) -> None:
    probe = Probe()
    lost: list[StoreError] = []
    notified: list[str] = []
    store = Store(tmp_path / "db", on_failure=lost.append, probe=probe)
    store.write(INSERT, ("before",))
    await store.committed()

    probe.is_disk_full = True
    store.write(INSERT, ("lost",))
    store.after_commit(lambda: notified.append("lost"))
    with pytest.raises(StoreError, match="disk is full"):
        await store.committed()
    probe.is_disk_full = False
    store.write(INSERT, ("after",))
    await store.committed()

    assert len(lost) == 1
    assert notified == []
    assert names(tmp_path / "db") == ["after", "before"]
    store.close()


async def test_wrong_statement_leaves_the_turn_alone(tmp_path: Path) -> None:
    store = Store(tmp_path / "db")
    store.write(INSERT, ("a",))

    with pytest.raises(sqlite3.IntegrityError):
        store.write(INSERT, ("a",))
    await store.committed()

    assert names(tmp_path / "db") == ["a"]
    store.close()
    with pytest.raises(RuntimeClosedError):
        store.write(INSERT, ("b",))


@pytest.mark.parametrize("is_first", [True, False])
async def test_step_that_fails_takes_back_its_own(tmp_path: Path, is_first: bool) -> None:
    store = Store(tmp_path / "db")
    notified: list[str] = []
    if not is_first:
        store.write(INSERT, ("before",))
        store.after_commit(lambda: notified.append("before"))

    def fail() -> None:
        with store.atomic():
            store.write(INSERT, ("taken back",))
            store.after_commit(lambda: notified.append("taken back"))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    with store.atomic():
        store.write(INSERT, ("kept",))
        store.after_commit(lambda: notified.append("kept"))
    await store.committed()

    expected = ["kept"] if is_first else ["before", "kept"]
    assert names(tmp_path / "db") == notified == expected
    store.close()


async def test_what_follows_a_commit_goes_on_beside_what_fails(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    store = Store(tmp_path / "db")
    notified: list[str] = []
    store.after_commit(lambda: notified.append(str(1 // 0)))
    store.after_commit(lambda: notified.append("notified"))
    store.write(INSERT, ("a",))
    await store.committed()

    assert notified == ["notified"]
    assert "a callback after a commit failed" in caplog.text
    store.close()


async def test_abandoned_turn_is_not_there(tmp_path: Path) -> None:
    store = Store(tmp_path / "db")
    store.write(INSERT, ("kept",))
    await store.committed()
    store.write(INSERT, ("lost",))
    store.abandon()

    assert names(tmp_path / "db") == ["kept"]


async def test_abandoning_tells_those_who_wait(tmp_path: Path) -> None:
    store = Store(tmp_path / "db")
    store.write(INSERT, ("lost",))
    waiting = store.committed()

    store.abandon()

    with pytest.raises(RuntimeClosedError):
        await waiting


async def test_turns_that_go_on_writing_share_a_commit_but_not_for_good(tmp_path: Path) -> None:
    probe = Probe()
    store = Store(tmp_path / "db", probe=probe, open_log=HeldLog)
    committed_after: list[int] = []

    for number in range(20):
        store.write(INSERT, (f"{number:02}",))
        store.after_commit(lambda: None)
        await asyncio.sleep(0)
        committed_after.append(probe.commits)
    await store.committed()

    assert committed_after[1] == 0
    assert committed_after[-1] >= 2
    assert len(names(tmp_path / "db")) == 20
    store.close()


async def test_store_is_durable_by_its_settings(tmp_path: Path) -> None:
    store = Store(tmp_path / "db")

    assert store.fetch("PRAGMA journal_mode").fetchone() == ("wal",)
    assert store.fetch("PRAGMA synchronous").fetchone() == (1,), "the store syncs the log itself"
    assert store.fetch("PRAGMA wal_autocheckpoint").fetchone() == (0,), "and has it copied on a thread"
    store.close()


@pytest.mark.parametrize("version", range(1, len(MIGRATIONS)))
async def test_file_of_an_earlier_version_is_upgraded(tmp_path: Path, version: int) -> None:
    with sqlite3.connect(tmp_path / "db") as connection:
        for number, script in enumerate(MIGRATIONS[:version], 1):
            connection.executescript(f"{script.read_text()}\nPRAGMA user_version = {number};")
        unseen_from = "news_from" if version < 3 else "unseen_from"
        connection.execute(
            "INSERT INTO invocation (seq, id, status, service, handler, invoked_by, created_at, modified_at, "
            f"completion_retention_ms, journal_retention_ms, future, {unseen_from}) "
            "VALUES (7, 'inv_1', 'suspended', 'S', 'h', 'ingress', 1, 2, 3, 4, x'05', 6)"
        )
        connection.execute("INSERT INTO awakeable (invocation, signal, since) VALUES (7, 17, 2)")
        connection.execute(
            "INSERT INTO invocation (seq, id, status, service, handler, invoked_by, created_at, modified_at, "
            "completion_retention_ms, journal_retention_ms, last_failure, last_failure_code) "
            "VALUES (8, 'inv_2', 'paused', 'S', 'h', 'ingress', 1, 2, 3, 4, '[500 Internal] no luck', 'RT0007')"
        )
    connection.close()

    store = Store(tmp_path / "db")

    row = Tables(store, ManualClock()).invocations.read(7)
    assert row is not None
    assert (row.id, row.status, row.future, row.unseen_from) == ("inv_1", "suspended", b"\x05", 6)
    assert store.fetch("SELECT invocation, signal, since, is_awaited FROM awakeable").fetchall() == [
        (7, 17, 2, 1)
    ]
    if version < 4:  # what was known of failures
        ((invocation, at, event),) = store.fetch(
            "SELECT invocation, appended_at, event_json FROM journal_event"
        )
        assert (invocation, at, json.loads(event)) == (
            8,
            2,
            {
                "ty": "Paused",
                "last_failure": {
                    "error_code": 500,
                    "error_message": "[500 Internal] no luck",
                    "restate_doc_error_code": "RT0007",
                },
            },
        )
    assert store.fetch("PRAGMA user_version").fetchone() == (len(MIGRATIONS),)
    store.close()


async def test_newer_schema_is_refused(tmp_path: Path) -> None:
    Store(tmp_path / "db").close()
    with sqlite3.connect(tmp_path / "db") as connection:
        connection.execute("PRAGMA user_version = 99")
    connection.close()

    with pytest.raises(StoreError, match="schema version 99"):
        Store(tmp_path / "db")


async def test_what_is_no_database_is_refused(tmp_path: Path) -> None:
    (tmp_path / "db").write_bytes(b"no database at all, and long enough to tell" * 100)

    with pytest.raises(StoreError, match="cannot open"):
        Store(tmp_path / "db")


async def test_damaged_file_says_what_to_do(tmp_path: Path) -> None:
    store = Store(tmp_path / "db")
    store.write_many(INSERT, [(f"{number}" * 3000,) for number in range(200)])
    store.close()
    content = bytearray((tmp_path / "db").read_bytes())
    content[4096:] = os.urandom(len(content) - 4096)
    (tmp_path / "db").write_bytes(content)

    with pytest.raises(StoreError, match=r"SQLITE_CORRUPT.*awaken check --data-dir"):
        Store(tmp_path / "db").fetch("SELECT name FROM state").fetchall()


async def test_what_was_deleted_is_given_back_to_the_disk(tmp_path: Path) -> None:
    store = Store(tmp_path / "db")
    for batch in range(10):
        store.write_many(INSERT, [(f"{batch} {number} " + "x" * 4000,) for number in range(400)])
        store.commit()
    store.fetch("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    size = store.path.stat().st_size
    store.write("DELETE FROM state")
    assert store.shrink(), "not in the middle of a transaction"
    store.commit()

    while store.shrink():
        pass

    store.close()
    assert size > 16_000_000
    assert store.path.stat().st_size < 5_000_000  # what stays free for the next writes


async def test_file_that_cannot_shrink_is_rewritten_when_it_is_opened(tmp_path: Path) -> None:
    Store(tmp_path / "db").close()
    connection = sqlite3.connect(tmp_path / "db", isolation_level=None)
    connection.executescript("PRAGMA auto_vacuum = NONE; VACUUM;")
    connection.execute(INSERT, ("kept",))
    assert connection.execute("PRAGMA auto_vacuum").fetchone() == (0,)
    connection.close()

    store = Store(tmp_path / "db")

    assert store.fetch("PRAGMA auto_vacuum").fetchone() == (2,)
    assert names(tmp_path / "db") == ["kept"]
    store.close()


async def test_probe_may_abandon_instead_of_a_commit(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    class Crash:
        def before_commit(self) -> None:
            store.abandon()

        def after_commit(self) -> None:
            raise AssertionError("nothing was committed")

    path = tmp_path / "crashing.sqlite"
    Store(path).close()
    store = Store(path, probe=Crash())
    store.write("INSERT INTO deployment (id, created_at, document) VALUES ('dp_1', 1, '{}')")
    notified: list[str] = []
    store.after_commit(lambda: notified.append("committed"))

    store.commit()

    assert notified == []
    assert caplog.records == []
    again = Store(path)
    assert again.fetch("SELECT id FROM deployment").fetchall() == []
    again.close()


@pytest.mark.parametrize("writes_before", [True, False])
async def test_block_within_a_block_is_taken_back_alone(tmp_path: Path, writes_before: bool) -> None:
    store = Store(tmp_path / "db")
    notified: list[str] = []

    def fail() -> None:
        with store.atomic(), store.atomic():
            store.after_commit(lambda: notified.append("taken back"))
            store.write(INSERT, ("taken back",))
            raise ZeroDivisionError

    with store.atomic():
        if writes_before:
            store.write(INSERT, ("outer",))
        with pytest.raises(ZeroDivisionError):
            fail()
        with store.atomic():
            store.after_commit(lambda: notified.append("kept"))
        store.write(INSERT, ("after",))
    await store.committed()

    assert names(tmp_path / "db") == (["after", "outer"] if writes_before else ["after"])
    assert notified == ["kept"]
    store.close()


async def test_block_that_fails_during_a_sync_takes_its_callbacks_back(tmp_path: Path) -> None:
    store = Store(tmp_path / "db")
    notified: list[str] = []
    store.write(INSERT, ("before",))
    store.after_commit(lambda: notified.append("before"))
    while names(tmp_path / "db") == []:
        await asyncio.sleep(0)

    def fail() -> None:
        with store.atomic():
            store.after_commit(lambda: notified.append("taken back"))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    store.after_commit(lambda: notified.append("after"))
    store.write(INSERT, ("after",))
    await store.committed()

    assert notified == ["before", "after"]
    store.close()
