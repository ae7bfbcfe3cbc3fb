"""The log is copied into the database beside the loop, begins anew, and does not grow without bound."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from typing import TYPE_CHECKING

import pytest
from awaken.runtime.store import Store, checkpoints
from awaken.runtime.store.checkpoints import Checkpoints

from tests.unit.runtime.store.held_log import HeldLog

if TYPE_CHECKING:
    from pathlib import Path

INSERT = "INSERT OR REPLACE INTO state (service, key, name, value) VALUES ('s', 'k', ?, ?)"
MEBIBYTE = 1 << 20


class _SlowDisk(HeldLog):
    """Ends a sync when it is told to, and keeps nothing of what it has synced."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self.is_held = True

    def _note(self) -> None:
        self.begun += 1


def content_of(path: Path) -> int:
    """Return how many rows are in the database file itself, without its log.

    Raises:
        sqlite3.DatabaseError: pages are being copied into it; without the log, which says what they were, half of
            them is no database.
    """
    connection = sqlite3.connect(f"{path.absolute().as_uri()}?immutable=1", uri=True)
    try:
        ((count,),) = connection.execute("SELECT COUNT(*) FROM state")
        return int(count)
    finally:
        connection.close()


def is_copied(path: Path, count: int) -> bool:
    """Return whether the file has all rows, during a checkpoint that writes into it."""
    try:
        return content_of(path) == count
    except sqlite3.DatabaseError:
        return False


@pytest.mark.slow
async def test_log_is_copied_beside_the_loop(tmp_path: Path) -> None:
    Store(tmp_path / "db").close()
    store = Store(tmp_path / "db")
    assert content_of(tmp_path / "db") == 0
    names = [(f"{number}", b"x") for number in range(2_500)]

    store.write_many(INSERT, names)
    await store.committed()
    async with asyncio.timeout(10):
        while not is_copied(tmp_path / "db", len(names)):
            await asyncio.sleep(0.01)

    assert content_of(tmp_path / "db") == len(names)
    assert "awaken-checkpoint_0" in {thread.name for thread in threading.enumerate()}
    store.close()
    assert "awaken-checkpoint_0" not in {thread.name for thread in threading.enumerate()}


@pytest.mark.slow
async def test_log_does_not_grow_while_commits_follow_each_other(tmp_path: Path) -> None:
    """No checkpoint on the thread ends without a commit in between; in the end the loop helps."""
    store = Store(tmp_path / "db")
    sizes: list[int] = []

    for _ in range(120):
        for name in range(16):
            store.write(INSERT, (f"{name}", bytes(64 * 1024)))
        await store.committed()
        sizes.append((tmp_path / "db-wal").stat().st_size)

    assert max(sizes) < 80 * MEBIBYTE
    assert sizes[-1] < sum(1 for _ in sizes) * MEBIBYTE, "of all that was written"
    store.close()
    assert content_of(tmp_path / "db") == 16


@pytest.mark.slow
async def test_log_does_not_grow_while_each_sync_ends_within_a_transaction(tmp_path: Path) -> None:
    """As under load that never pauses: whenever a sync ends, the next transaction is open already."""
    disk = _SlowDisk(tmp_path / "db-wal")
    store = Store(tmp_path / "db", open_log=lambda _: disk)
    size = 0

    for _ in range(200):
        for name in range(16):
            store.write(INSERT, (f"{name}", bytes(64 * 1024)))
        store.after_commit(lambda: None)
        begun = disk.begun
        while disk.begun == begun:
            await asyncio.sleep(0)
        store.write(INSERT, ("next", b""))
        disk.end()
        size = max(size, (tmp_path / "db-wal").stat().st_size)

    assert size < 100 * MEBIBYTE
    store.close()
    assert content_of(tmp_path / "db") == 17


@pytest.mark.slow
async def test_log_of_large_values_begins_anew(tmp_path: Path) -> None:
    """They fit into the file that the log has left, which does not grow then."""
    store = Store(tmp_path / "db")
    insert = "INSERT INTO payload (id, invocation, bytes) VALUES (?, 1, zeroblob(?))"
    value = bytes(28 * MEBIBYTE)
    sizes: list[int] = []

    for number in range(10):
        store.write(insert, (number, len(value)))
        store.write_blob("payload", "bytes", number, value)
        await store.committed()
        await asyncio.sleep(0.05)
        sizes.append((tmp_path / "db-wal").stat().st_size)

    assert max(sizes) < 100 * MEBIBYTE
    store.close()


@pytest.mark.slow
async def test_reader_that_stays_holds_up_neither_commits_nor_the_end(tmp_path: Path) -> None:
    store = Store(tmp_path / "db")
    store.write(INSERT, ("before", b""))
    await store.committed()
    reader = sqlite3.connect(tmp_path / "db", isolation_level=None)
    reader.execute("BEGIN")
    assert reader.execute("SELECT COUNT(*) FROM state").fetchone() == (1,)

    for number in range(40):
        store.write(INSERT, (f"{number}", bytes(MEBIBYTE)))
        await store.committed()

    assert reader.execute("SELECT COUNT(*) FROM state").fetchone() == (1,)
    reader.close()
    sizes = []
    for number in range(120):
        store.write(INSERT, (f"{number}", bytes(MEBIBYTE)))
        await store.committed()
        sizes.append((tmp_path / "db-wal").stat().st_size)
    assert max(sizes) < 120 * MEBIBYTE
    assert min(sizes) < 40 * MEBIBYTE, "it has begun anew"
    store.close()


async def test_store_is_abandoned_during_a_checkpoint(tmp_path: Path) -> None:
    store = Store(tmp_path / "db")
    store.write_many(INSERT, [(f"{number}", bytes(1_000)) for number in range(2_500)])
    await store.committed()

    store.abandon()

    again = Store(tmp_path / "db")
    assert again.fetch("SELECT COUNT(*) FROM state").fetchone() == (2_500,)
    again.close()


@pytest.mark.parametrize(
    ("rests", "is_too_long"),
    [
        ([0], False),
        ([30, 0], False),
        ([30, 2], True),
        ([30, 30, 30], True),
        ([2], True),
    ],
)
async def test_thread_copies_what_was_written_while_it_copied(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, rests: list[int], is_too_long: bool
) -> None:
    """The loop would wait for it otherwise; it copies only what is left then, and what is not worth another pass."""
    left = iter(rests)
    monkeypatch.setattr(checkpoints, "_copy", lambda _: (60 * MEBIBYTE, next(left) * MEBIBYTE))
    path = tmp_path / "db"
    path.touch()
    copying = Checkpoints(path, tmp_path / "db-wal")

    assert copying._run() == is_too_long

    assert list(left) == []
    copying.close()
    copying.release()
