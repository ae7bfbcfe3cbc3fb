"""After a power failure, everything that was acknowledged is there, whatever the disk had written of the rest.

A disk writes sectors in any order. So the files after a failure are those of the last sync, with any sectors of what
was written since.
"""

from __future__ import annotations

import asyncio
import random
import sqlite3
from typing import TYPE_CHECKING, NamedTuple

import pytest
from awaken.runtime.store import Store

from tests.unit.runtime.store.held_log import HeldLog

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.slow

INSERT = "INSERT OR REPLACE INTO state (service, key, name, value) VALUES ('s', 'k', ?, ?)"
SECTOR = 512
IMAGES = 400


class Files(NamedTuple):
    """The database and its log, and the names that were acknowledged when they were synced."""

    database: bytes
    log: bytes
    acknowledged: frozenset[str] = frozenset()


def files_of(path: Path, acknowledged: frozenset[str] = frozenset()) -> Files:
    return Files(path.read_bytes(), path.with_name("db-wal").read_bytes(), acknowledged)


def mixed(before: bytes, after: bytes, chance: random.Random) -> bytes:
    """Return the content of a file that was synced before, and of which any sectors were written since."""
    kept = chance.random()
    size = max(len(before), len(after))
    image = bytearray()
    for at in range(0, size, SECTOR):
        old, new = before[at : at + SECTOR], after[at : at + SECTOR]
        sector = old if chance.random() < kept else new
        image += sector.ljust(min(SECTOR, size - at), b"\0")
    is_cut = chance.random() < 0.3
    return bytes(image[: chance.randrange(len(before), size + 1)] if is_cut else image)


def check(where: Path, image: Files) -> set[str]:
    """Open what the power failure left, and return the names in it."""
    where.write_bytes(image.database)
    where.with_name("db-wal").write_bytes(image.log)
    where.with_name("db-shm").unlink(missing_ok=True)
    connection = sqlite3.connect(where)
    try:
        connection.execute("PRAGMA synchronous = OFF")  # nothing here has to last
        names = {name for (name,) in connection.execute("SELECT name FROM state")}
        assert connection.execute("PRAGMA quick_check").fetchone() == ("ok",)
    finally:
        connection.close()
    missing = image.acknowledged - names
    assert not missing
    return names


async def work(store: Store, first: int, count: int, acknowledged: set[str], chance: random.Random) -> None:
    for number in range(first, first + count):
        name = f"{number:05}"
        size = chance.choice((10, 300, 5_000, 20_000))
        store.write(INSERT, (name, chance.randbytes(size)))
        store.after_commit(lambda name=name: acknowledged.add(name))  # type: ignore[misc]
        for _ in range(chance.randrange(4)):
            await asyncio.sleep(0)
    await store.committed()


@pytest.mark.parametrize("seed", range(3))
async def test_what_was_acknowledged_survives_any_order_of_writes(tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)
    acknowledged: set[str] = set()
    synced: list[Files] = []

    class Disk(HeldLog):
        """What a sync has brought to the disk is what was in the file when it began; its end acknowledges."""

        def end(self) -> None:
            content = self.contents[-1]
            super().end()
            synced.append(Files(database, content, frozenset(acknowledged)))

    Store(tmp_path / "db").close()
    store = Store(tmp_path / "db", open_log=Disk)
    database = (tmp_path / "db").read_bytes()
    await work(store, 0, 60, acknowledged, chance)
    last = files_of(tmp_path / "db")
    store.abandon()

    (tmp_path / "image").mkdir()
    kept = []
    for _ in range(IMAGES):
        before = chance.choice(synced)
        later = chance.choice([one for one in synced if len(one.log) >= len(before.log)] + [last])
        image = Files(database, mixed(before.log, later.log, chance), before.acknowledged)
        kept.append(len(check(tmp_path / "image" / "db", image)) - len(before.acknowledged))

    assert len(synced) > 5
    assert min(kept) == 0
    assert max(kept) > 0, "what was not acknowledged may be there"


@pytest.mark.parametrize("seed", range(3))
async def test_checkpoint_may_be_cut_off_anywhere(tmp_path: Path, seed: int) -> None:
    """Of the database, any sectors may be on the disk before SQLite syncs it: the log has them all."""
    chance = random.Random(seed)
    acknowledged: set[str] = set()
    store = Store(tmp_path / "db", open_log=HeldLog)
    await work(store, 0, 40, acknowledged, chance)
    before = files_of(tmp_path / "db")
    (copied,) = store.fetch("PRAGMA wal_checkpoint(PASSIVE)").fetchall()
    after = files_of(tmp_path / "db", frozenset(acknowledged))
    store.abandon()

    (tmp_path / "image").mkdir()
    assert copied[1] == copied[2] > 0
    assert before.log == after.log
    for _ in range(IMAGES // 2):
        database = mixed(before.database, after.database, chance)
        check(tmp_path / "image" / "db", Files(database, after.log, after.acknowledged))


@pytest.mark.parametrize("seed", range(3))
async def test_log_that_begins_anew_may_be_cut_off_anywhere(tmp_path: Path, seed: int) -> None:
    """SQLite syncs the new head of the log before it writes over what is behind it, also with `synchronous=NORMAL`."""
    chance = random.Random(seed)
    acknowledged: set[str] = set()
    store = Store(tmp_path / "db", open_log=HeldLog)
    await work(store, 0, 40, acknowledged, chance)
    store.fetch("PRAGMA wal_checkpoint(PASSIVE)").fetchall()
    before = files_of(tmp_path / "db", frozenset(acknowledged))
    await work(store, 100, 10, acknowledged, chance)
    after = files_of(tmp_path / "db")
    store.abandon()

    assert after.log[:32] != before.log[:32], "the log has begun anew"
    assert after.database == before.database
    (tmp_path / "image").mkdir()
    for number in range(IMAGES // 2):
        head = after.log[:32] if number else before.log[:32]
        changed = mixed(before.log[32:], after.log[32:], chance) if number else before.log[32:]
        check(tmp_path / "image" / "db", Files(before.database, head + changed, before.acknowledged))
