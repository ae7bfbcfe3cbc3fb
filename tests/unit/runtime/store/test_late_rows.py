"""Rows that are written together are there for whoever reads, and are taken back with the block that wrote them."""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING

import pytest
from awaken.runtime.errors import StoreError, TransactionLostError
from awaken.runtime.store import Store

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

INSERT = "INSERT INTO state (service, key, name, value) VALUES ('s', 'k', ?, x'')"


class Names:
    """Notes how often it is asked for statements."""

    def __init__(self) -> None:
        self.groups: list[list[str]] = []

    def statements(self, rows: Sequence[str]) -> Iterator[tuple[str, Sequence[tuple[str]]]]:
        self.groups.append(list(rows))
        yield INSERT, [(row,) for row in rows]


class TooMuch(Names):
    """What SQLite does when it gets no memory."""

    def statements(self, rows: Sequence[str]) -> Iterator[tuple[str, Sequence[tuple[str]]]]:
        raise MemoryError


def read(store: Store) -> list[str]:
    return [name for (name,) in store.fetch("SELECT name FROM state ORDER BY name").fetchall()]


def committed(path: Path) -> list[str]:
    connection = sqlite3.connect(path)
    rows = connection.execute("SELECT name FROM state ORDER BY name").fetchall()
    connection.close()
    return [name for (name,) in rows]


async def test_they_are_written_together_with_the_commit(tmp_path: Path) -> None:
    store, names = Store(tmp_path / "db"), Names()
    told: list[list[str]] = []
    for name in "abc":
        store.write_late(names, name)
    store.after_commit(lambda: told.append(committed(tmp_path / "db")))
    assert not store.is_synced
    await store.committed()

    assert names.groups == [["a", "b", "c"]]
    assert told == [["a", "b", "c"]]
    store.close()


async def test_nothing_but_they_needs_a_commit(tmp_path: Path) -> None:
    store, names = Store(tmp_path / "db"), Names()
    store.write_late(names, "a")
    store.close()

    assert committed(tmp_path / "db") == ["a"]


async def test_whoever_reads_or_writes_finds_them(tmp_path: Path) -> None:
    store, names = Store(tmp_path / "db"), Names()
    store.write_late(names, "a")
    assert read(store) == ["a"]
    store.write_late(names, "b")
    store.write("UPDATE state SET name = name || '+'")
    store.write_late(names, "c")
    store.write_many("UPDATE state SET name = name || ?", [("1",), ("2",)])

    assert read(store) == ["a+12", "b+12", "c12"]
    assert names.groups == [["a"], ["b"], ["c"]]
    store.close()


@pytest.mark.parametrize("reads", ["never", "before", "within", "within the inner"])
async def test_block_that_fails_takes_back_its_own(tmp_path: Path, reads: str) -> None:
    store, names = Store(tmp_path / "db"), Names()

    def outer() -> None:
        with store.atomic():
            store.write_late(names, "outer")
            with pytest.raises(ZeroDivisionError):
                inner()
            store.write_late(names, "outer, later")
            if reads == "within":
                assert read(store) == ["before", "outer", "outer, later"]
            raise KeyError

    def inner() -> None:
        with store.atomic():
            store.write_late(names, "inner")
            if reads == "within the inner":
                assert read(store) == ["before", "inner", "outer"]
            store.write_late(names, "inner, later")
            raise ZeroDivisionError

    store.write_late(names, "before")
    if reads == "before":
        assert read(store) == ["before"]
    with pytest.raises(KeyError):
        outer()
    with store.atomic():
        store.write_late(names, "kept")
    store.write_late(names, "after")
    await store.committed()

    assert committed(tmp_path / "db") == ["after", "before", "kept"]
    store.close()


async def test_block_that_begins_the_transaction_and_fails_leaves_nothing(tmp_path: Path) -> None:
    store, names = Store(tmp_path / "db"), Names()

    def fail() -> None:
        with store.atomic():
            store.write(INSERT, ("written",))
            store.write_late(names, "late")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    store.write_late(names, "after")
    await store.committed()

    assert committed(tmp_path / "db") == ["after"]
    store.close()


@pytest.mark.parametrize("by", ["commit", "read", "write"])
async def test_row_that_is_refused_loses_the_transaction(tmp_path: Path, by: str) -> None:
    lost: list[StoreError] = []
    store, names = Store(tmp_path / "db", on_failure=lost.append), Names()
    store.write_late(names, "kept")
    await store.committed()
    store.write_late(names, "with it")
    store.write_late(names, "kept")

    if by == "commit":
        with pytest.raises(StoreError, match="UNIQUE"):
            await store.committed()
    elif by == "read":
        with pytest.raises(TransactionLostError, match="UNIQUE"):
            read(store)
    else:
        with pytest.raises(TransactionLostError, match="UNIQUE"):
            store.write(INSERT, ("another",))
    store.write_late(names, "after")
    await store.committed()

    assert len(lost) == 1
    with pytest.raises(sqlite3.IntegrityError, match="UNIQUE"):
        store.write_late(names, "kept")  # from now on only this one
    await store.committed()
    assert len(lost) == 1
    assert committed(tmp_path / "db") == ["after", "kept"]
    store.close()


@pytest.mark.parametrize("by", ["commit", "block"])
async def test_rows_that_no_memory_is_left_for_lose_the_transaction(tmp_path: Path, by: str) -> None:
    """They are of others than who asks for them to be written: the transaction must not go on without them."""
    store, names = Store(tmp_path / "db"), Names()
    told: list[str] = []

    def read_in_a_block() -> None:
        with store.atomic():
            read(store)

    store.write(INSERT, ("before",))
    store.write_late(TooMuch(), "late")
    store.after_commit(lambda: told.append("late"))
    if by == "commit":
        with pytest.raises(StoreError, match="no memory"):
            await store.committed()
    else:
        with pytest.raises(TransactionLostError, match="no memory"):
            read_in_a_block()
    store.write_late(names, "after")
    await store.committed()

    assert told == []
    assert committed(tmp_path / "db") == ["after"]
    store.close()


async def test_blocks_of_a_lost_transaction_leave_nothing_to_the_next_one(tmp_path: Path) -> None:
    """The inner block cannot begin, because a row of the outer one is refused; the outer one has begun by then."""
    store, names = Store(tmp_path / "db"), Names()

    def lose() -> None:
        with store.atomic():
            store.write_late(names, "twice")
            with store.atomic():
                read(store)

    def fail() -> None:
        with store.atomic():
            store.write_late(others, "late")
            read(store)
            raise ZeroDivisionError

    store.write_late(names, "twice")
    await store.committed()
    with pytest.raises(TransactionLostError, match="UNIQUE"):
        lose()
    store._is_late_refused = False  # rows are late again
    others = Names()
    store.write_late(others, "before")
    with pytest.raises(ZeroDivisionError):
        fail()
    await store.committed()

    assert committed(tmp_path / "db") == ["before", "twice"]
    assert others.groups == [["before"], ["late"]], "the row of the block was written within it"
    store.close()


async def test_abandoned_rows_are_not_there(tmp_path: Path) -> None:
    store, names = Store(tmp_path / "db"), Names()
    store.write_late(names, "a")
    store.abandon()

    assert committed(tmp_path / "db") == []
