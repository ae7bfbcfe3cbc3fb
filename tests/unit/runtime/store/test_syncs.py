"""What waits for the disk, what does not, and what follows when the disk refuses."""

from __future__ import annotations

import asyncio
import errno
import os
import sqlite3
from functools import partial
from typing import TYPE_CHECKING

import pytest
import uvloop
from awaken import _core
from awaken.runtime.errors import CommitUnknownError, RuntimeClosedError, StoreError, TransactionLostError
from awaken.runtime.store import Store
from awaken.runtime.store.log_sync import LogSync
from awaken.runtime.store.threaded_log_sync import ThreadedLogSync

from tests.unit.runtime.store.held_log import HeldLog

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

INSERT = "INSERT INTO state (service, key, name, value) VALUES ('s', 'k', ?, x'')"
REFUSED = OSError(5, os.strerror(5))


class Opened:
    """A store, with its disk and what it reports."""

    def __init__(self, path: Path) -> None:
        self.log: HeldLog
        self.lost: list[StoreError] = []
        self.told: list[str] = []
        self.is_full = False
        self.store = Store(path, on_failure=self.lost.append, open_log=self._open_log, probe=self)

    def before_commit(self) -> None:
        if self.is_full:
            raise sqlite3.OperationalError("database or disk is full")

    def after_commit(self) -> None:
        pass

    def _open_log(self, path: Path) -> HeldLog:
        self.log = HeldLog(path)
        return self.log

    def write(self, name: str) -> asyncio.Future[None]:
        """Write, and return what waits for it."""
        self.store.write(INSERT, (name,))
        self.store.after_commit(lambda: self.told.append(name))
        return self.store.committed()

    async def sync_begun(self) -> None:
        begun = self.log.begun
        async with asyncio.timeout(5):
            while self.log.begun == begun:
                await asyncio.sleep(0)

    def names(self) -> list[str]:
        """What another process reads."""
        connection = sqlite3.connect(self.store.path)
        try:
            return [name for (name,) in connection.execute("SELECT name FROM state ORDER BY name")]
        finally:
            connection.close()


@pytest.fixture
async def opened(tmp_path: Path) -> Opened:
    return Opened(tmp_path / "db")


async def test_loop_goes_on_while_the_disk_works(opened: Opened) -> None:
    opened.log.is_held = True
    first = opened.write("first")
    await opened.sync_begun()
    assert opened.names() == ["first"], "committed"
    assert not first.done()
    assert not opened.store.is_synced

    others = [opened.write("second"), opened.write("third")]
    for _ in range(20):
        await asyncio.sleep(0)
    assert (opened.told, opened.names(), opened.log.begun) == ([], ["first"], 2)
    opened.log.end()
    await opened.sync_begun()

    assert opened.told == ["first"]
    assert first.done()
    assert not any(waiting.done() for waiting in others)
    opened.log.end()
    await asyncio.gather(*others)
    assert opened.told == ["first", "second", "third"]
    assert opened.log.begun == 3, "one when it was opened, and one for both"
    assert opened.store.is_synced
    opened.store.close()


async def test_sync_begins_when_what_waits_for_it_is_in_the_file(opened: Opened) -> None:
    await opened.write("a name that is easy to find")

    assert b"a name that is easy to find" in opened.log.contents[-1]
    opened.store.close()


async def test_what_is_asked_during_a_sync_waits_for_it(opened: Opened) -> None:
    opened.log.is_held = True
    opened.write("first")
    await opened.sync_begun()

    opened.store.after_commit(lambda: opened.told.append("asked later"))
    waiting = opened.store.committed()
    await asyncio.sleep(0)
    assert not waiting.done()
    opened.log.end()
    await waiting

    assert opened.told == ["first", "asked later"]
    opened.store.close()


async def test_what_nobody_waits_for_is_committed_a_little_later(opened: Opened) -> None:
    opened.store.write(INSERT, ("alone",))
    opened.store.after_commit(lambda: opened.told.append("alone"), is_urgent=False)
    for _ in range(20):
        await asyncio.sleep(0)
    assert opened.names() == []

    await opened.sync_begun()

    assert opened.names() == ["alone"]
    async with asyncio.timeout(5):
        while not opened.store.is_idle:
            await asyncio.sleep(0)
    assert opened.told == ["alone"]
    opened.store.close()


async def test_commit_waits_for_the_disk(opened: Opened) -> None:
    opened.log.is_held = True
    opened.write("first")
    await opened.sync_begun()
    opened.write("second")

    opened.store.commit()

    assert opened.told == ["first", "second"]
    assert opened.log.begun == 3
    opened.store.close()


async def test_refused_sync_is_told_as_unknown_and_the_file_counts(opened: Opened) -> None:
    opened.log.is_held = True
    opened.log.error = REFUSED
    unsynced = opened.write("unsynced")
    await opened.sync_begun()
    following = opened.write("following")

    opened.log.end()
    with pytest.raises(CommitUnknownError, match="Input/output error"):
        await unsynced
    with pytest.raises(CommitUnknownError):
        await following

    assert len(opened.lost) == 1
    assert opened.told == []
    assert opened.names() == ["unsynced"]
    opened.log.is_held, opened.log.error = False, None
    await opened.write("after")
    assert opened.told == ["after"]
    assert opened.names() == ["after", "unsynced"]
    opened.store.close()


async def test_nothing_is_told_as_kept_while_the_disk_refuses(opened: Opened) -> None:
    opened.log.error = REFUSED
    with pytest.raises(CommitUnknownError):
        await opened.write("unsynced")

    with pytest.raises(StoreError):
        await opened.store.committed()
    with pytest.raises(TransactionLostError, match="nothing of this was kept"):
        opened.write("refused")
    opened.store.after_commit(lambda: opened.told.append("never"))
    await asyncio.sleep(0.05)

    assert opened.told == []
    assert opened.names() == ["unsynced"]
    opened.log.error = None
    await opened.store.committed()
    opened.store.close()


async def test_log_is_written_anew_after_a_refused_sync(opened: Opened) -> None:
    """Linux takes the pages of a failed sync for written, so that the next one would do nothing for them."""
    opened.log.error = REFUSED
    with pytest.raises(CommitUnknownError):
        await opened.write("unsynced")
    log_path = opened.store.path.with_name("db-wal")
    before, at = log_path.read_bytes(), log_path.stat().st_mtime_ns
    opened.log.error = None

    await opened.store.committed()

    assert log_path.read_bytes() == before
    assert log_path.stat().st_mtime_ns > at
    opened.store.close()


async def test_log_is_written_anew_after_a_sync_that_was_waited_for(opened: Opened) -> None:
    opened.log.error = REFUSED
    unsynced = opened.write("unsynced")
    opened.store.commit()
    with pytest.raises(CommitUnknownError):
        await unsynced
    log_path = opened.store.path.with_name("db-wal")
    at = log_path.stat().st_mtime_ns
    opened.log.error = None

    opened.store.after_commit(lambda: opened.told.append("after"))
    async with asyncio.timeout(5):
        while not opened.told:
            await asyncio.sleep(0)

    assert opened.told == ["after"]
    assert log_path.stat().st_mtime_ns > at, "before anything was told"
    opened.store.close()


async def test_log_that_lost_a_commit_is_not_used_any_more(opened: Opened) -> None:
    await opened.write("synced")
    opened.log.error = REFUSED
    with pytest.raises(CommitUnknownError):
        await opened.write("unsynced")
    log_path = opened.store.path.with_name("db-wal")
    content = log_path.read_bytes()
    at = content.rindex(b"unsynced")
    log_path.write_bytes(
        content[:at] + bytes(8) + content[at + 8 :]
    )  # as if its page was read from the disk again
    opened.log.error = None

    with pytest.raises(TransactionLostError, match="restart the runtime"):
        opened.write("refused")
    with pytest.raises(StoreError, match="does not hold what was committed"):
        await opened.store.committed()
    opened.store.abandon()


async def test_lost_transaction_leaves_the_one_that_is_synced(opened: Opened) -> None:
    opened.log.is_held = True
    first = opened.write("first")
    await opened.sync_begun()
    second = opened.write("second")
    opened.is_full = True
    opened.store.after_commit(lambda: None)
    opened.log.end()

    await first
    with pytest.raises(TransactionLostError):
        await second
    assert opened.names() == ["first"]
    opened.store.close()


async def test_abandoned_store_tells_those_who_wait_for_the_disk(opened: Opened) -> None:
    opened.log.is_held = True
    first = opened.write("first")
    await opened.sync_begun()

    opened.store.abandon()

    with pytest.raises(RuntimeClosedError):
        await first
    assert opened.told == []
    assert opened.names() == ["first"], "as after kill -9"


async def test_disk_that_refuses_from_the_start(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="Input/output error"):
        Store(tmp_path / "db", open_log=HeldLog.refusing)


@pytest.mark.parametrize("open_log", [LogSync, ThreadedLogSync])
async def test_thread_syncs_the_file_and_reports(tmp_path: Path, open_log: type[LogSync]) -> None:
    store = Store(tmp_path / "db", open_log=open_log)
    told: list[int] = []

    for number in range(50):
        store.write(INSERT, (f"{number}",))
        store.after_commit(lambda number=number: told.append(number))  # type: ignore[misc]
        if number % 7 == 0:
            await store.committed()
    await store.committed()

    assert told == list(range(50))
    store.close()


@pytest.mark.parametrize("open_log", [LogSync, ThreadedLogSync])
async def test_closed_store_keeps_no_file_open_and_no_thread(tmp_path: Path, open_log: type[LogSync]) -> None:
    def open_files() -> int:
        return len(os.listdir("/dev/fd"))

    before = open_files()
    store = Store(tmp_path / "db", open_log=open_log)
    store.write(INSERT, ("name",))
    await store.committed()
    assert open_files() > before

    store.close()

    async with asyncio.timeout(5):  # the thread ends a little later
        while open_files() > before:
            await asyncio.sleep(0.01)


async def test_store_that_cannot_be_opened_keeps_no_file_open(tmp_path: Path) -> None:
    Store(tmp_path / "db").close()
    before = len(os.listdir("/dev/fd"))
    kept = []

    for _ in range(3):
        with pytest.raises(StoreError) as raised:
            Store(tmp_path / "db", open_log=HeldLog.refusing)
        kept.append(raised.value)

    assert len(os.listdir("/dev/fd")) <= before


class _Unsupporting:
    """A `FileSync` on a disk of macOS that knows no F_FULLFSYNC."""

    def __init__(self, path: Path) -> None:
        pass

    def begin(self) -> None:
        pass

    def take_result(self) -> int:
        return errno.ENOTSUP


async def test_disk_without_full_syncs_is_synced_as_far_as_it_can_be(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_core, "FileSync", _Unsupporting)
    synced: list[int] = []
    monkeypatch.setattr(os, "fsync", lambda file: synced.append(file.fileno()))
    (tmp_path / "log").write_bytes(b"x")

    assert LogSync(tmp_path / "log").sync_now() is None
    assert len(synced) == 1

    (tmp_path / "log").unlink()
    assert isinstance(LogSync(tmp_path / "log").sync_now(), FileNotFoundError)


@pytest.mark.parametrize("open_log", [LogSync, ThreadedLogSync])
@pytest.mark.parametrize("new_loop", [asyncio.new_event_loop, uvloop.new_event_loop])
def test_commit_waits_for_a_sync_that_has_begun(
    tmp_path: Path, new_loop: Callable[[], asyncio.AbstractEventLoop], open_log: type[LogSync]
) -> None:
    """Loops may make what they watch non-blocking, as uvloop does."""
    lost: list[StoreError] = []
    told: list[int] = []

    async def write_and_commit() -> None:
        store = Store(tmp_path / "awaken.db", on_failure=lost.append, open_log=open_log)
        for number in range(50):
            store.write(INSERT, (f"{number}",))
            store.after_commit(partial(told.append, number))
            if number % 2:
                await asyncio.sleep(0)
                await asyncio.sleep(0)  # a sync has begun, and may not have ended
            store.commit()
            assert told[-1] == number
        store.close()

    with asyncio.Runner(loop_factory=new_loop) as runner:
        runner.run(write_and_commit())

    assert lost == []
    assert told == list(range(50))


async def test_thread_of_python_reports_what_the_disk_refuses(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "log").write_bytes(b"x")
    log = ThreadedLogSync(tmp_path / "log")
    told: list[OSError | None] = []

    def refuse(_file: object) -> None:
        raise REFUSED

    monkeypatch.setattr(os, "fsync", refuse)
    log.begin(told.append)
    assert log.wait() is REFUSED
    log.begin(told.append)
    async with asyncio.timeout(5):
        while not told:
            await asyncio.sleep(0)

    assert told == [REFUSED], "the first one was waited for"
    assert log.sync_now() is REFUSED
    log.close()
