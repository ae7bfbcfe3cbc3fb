"""SQLite takes the whole transaction back if it gets no memory; the store notices, and keeps none of it."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

#: The limit is of the process, and stays.
PROGRAM = """
import asyncio, sys
from pathlib import Path
from awaken.runtime.errors import StoreError
from awaken.runtime.store import Store

INSERT = "INSERT INTO state (service, key, name, value) VALUES ('s', 'k', ?, zeroblob(?))"

def fill(store):
    for number in range(200):
        store.write(INSERT, (f"large {number}", 100_000))

def read(store):
    store.fetch("SELECT randomblob(50000000) FROM state").fetchall()

def read_and_go_on(store):
    try:
        store._connection.execute("SELECT randomblob(50000000) FROM state").fetchall()
    except MemoryError:
        pass

def before(store):
    if sys.argv[2] == "nothing":
        read_and_go_on(store)

def nothing(store):
    pass

async def main():
    lost, told = [], []
    store = Store(Path(sys.argv[1]), on_failure=lost.append)
    store.write(INSERT, ("before", 1))
    store.after_commit(lambda: told.append("before"))
    store._connection.execute("PRAGMA hard_heap_limit = 3000000")
    try:
        before(store)
        with store.atomic():
            store.write(INSERT, ("within", 1))
            globals()[sys.argv[2]](store)
    except StoreError as error:
        print(type(error).__name__, str(error).partition(": ")[2])
    store.write(INSERT, ("after", 1))
    await store.committed()
    print(len(lost), told)
    store.close()

asyncio.run(main())
"""


@pytest.mark.parametrize("what", ["fill", "read", "read_and_go_on", "nothing"])
def test_transaction_is_lost_as_a_whole(tmp_path: Path, what: str) -> None:
    program = [sys.executable, "-c", PROGRAM, str(tmp_path / "db"), what]
    ended = subprocess.run(program, capture_output=True, text=True, timeout=60, check=False)
    with sqlite3.connect(tmp_path / "db") as connection:
        names = [name for (name,) in connection.execute("SELECT name FROM state ORDER BY name")]
    connection.close()

    assert ended.returncode == 0, ended.stderr
    first, second = ended.stdout.splitlines()
    assert first.startswith("TransactionLostError")
    assert ("no memory left" if what in ("fill", "read") else "SQLite has taken") in first
    assert second == "1 []"
    assert names == ["after"]
