"""The open transaction of the writing connection: its statements, its blocks, and rows that are written late.

A transaction begins with its first write. An exception in a block of `atomic` takes back only what that block wrote.
When the disk refuses a write, or SQLite takes the transaction back by itself, all of it is lost.
"""

from __future__ import annotations

import sqlite3
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any, Final

from awaken.runtime.errors import RuntimeClosedError, StoreError
from awaken.runtime.store.commit_group import CommitGroup
from awaken.runtime.store.late_rows import LateRows
from awaken.runtime.store.opening import explain
from awaken.runtime.store.savepoint import Savepoint

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from awaken.runtime.errors import TransactionLostError
    from awaken.runtime.store.late_rows import LateTable
    from awaken.runtime.store.pace import Pace

__all__ = ["FATAL_ERRORS", "Transaction"]

#: Errors of a statement or its values, rather than of the disk.
_OWN_ERRORS: Final = (
    sqlite3.IntegrityError,
    sqlite3.ProgrammingError,
    sqlite3.DataError,
    sqlite3.InterfaceError,
)
#: All others. SQLite may have taken the whole transaction back, as it does when it gets no memory.
FATAL_ERRORS: Final = (sqlite3.Error, MemoryError)

_TAKEN_BACK: Final = "SQLite has taken the transaction back"
_NOTHING: Sequence[Any] = ()


class Transaction(ABC):
    """What is read and written between two commits.

    Args:
        path: the database file.
        connection: to it; the only one that writes.
        pace: is told of each write.
    """

    def __init__(self, path: Path, connection: sqlite3.Connection, pace: Pace) -> None:
        self.path = path
        self._connection = connection
        self._pace = pace
        self._is_writing = False
        self._is_closed = False
        #: What waits for the open transaction, or for the next turn.
        self._group = CommitGroup()
        #: Bytes that `write_blob` has written so far.
        self._blob_size = 0
        self._on_taken_back: list[Callable[[], None]] = []
        self._lost_count = 0
        #: Blocks of `atomic` that have not written yet, outermost first.
        self._unopened: list[Savepoint] = []
        #: Rows of the open transaction that SQLite has not got yet.
        self._late = LateRows()
        #: Whether one of them was wrong, which is a bug of ours.
        self._is_late_refused = False

    @abstractmethod
    def _ensure_sound(self) -> None:
        """Make sure that the log may be written. Raises TransactionLostError if the disk refuses that."""

    @abstractmethod
    def _lose(self, why: str) -> TransactionLostError:
        """Drop the open transaction, and everything that waits for it."""

    def fetch(self, statement: str, values: Sequence[Any] = _NOTHING) -> sqlite3.Cursor:
        """Execute a statement that reads; it sees what was written in this turn.

        Raises:
            StoreError: the file cannot be read.
            sqlite3.Error: the statement or its values are wrong.
        """
        if self._late:
            self._write_late()
        try:
            return self._connection.execute(statement, values)
        except _OWN_ERRORS:
            raise
        except (sqlite3.DatabaseError, MemoryError) as error:
            why = explain(error, self.path)
            if self._is_taken_back():
                raise self._lose(why) from error
            raise StoreError(f"cannot read {self.path}: {why}") from error

    def read_blob(self, table: str, column: str, row: int, offset: int) -> bytes:
        """Return the value of a column of bytes from an offset on.

        Raises:
            StoreError: there is no such row, or it is shorter, or the file cannot be read.
        """
        try:
            with self._connection.blobopen(table, column, row, readonly=True) as blob:
                blob.seek(offset)
                return blob.read()
        except sqlite3.DatabaseError as error:
            raise StoreError(
                f"cannot read {table} {row} of {self.path}: {explain(error, self.path)}"
            ) from error
        except ValueError as error:
            raise StoreError(f"{table} {row} of {self.path} is shorter than {offset} bytes") from error

    def write(self, statement: str, values: Sequence[Any] = _NOTHING) -> sqlite3.Cursor:
        """Execute a statement in this turn's transaction. Rows of RETURNING have to be fetched at once.

        Raises:
            StoreError: the transaction is lost, with everything that was written in it before.
            sqlite3.Error: the statement or its values are wrong, and it had no effect.
        """
        try:
            if not self._is_writing or self._unopened or self._late:
                self._prepare()
            self._pace.write_count += 1
            return self._connection.execute(statement, values)
        except _OWN_ERRORS:
            raise
        except FATAL_ERRORS as error:
            raise self._lose(explain(error, self.path)) from error

    def write_blob(self, table: str, column: str, row: int, value: bytes) -> None:
        """Fill a column of bytes that was written in this turn as zeros; SQLite copies such a value once, not thrice.

        Raises:
            StoreError: the transaction is lost, with everything that was written in it before.
        """
        try:
            with self._connection.blobopen(table, column, row) as blob:
                blob.write(value)
                self._blob_size += len(value)
        except FATAL_ERRORS as error:
            raise self._lose(explain(error, self.path)) from error

    def write_many(self, statement: str, rows: Sequence[Sequence[Any]]) -> None:
        """Execute a statement for each row. Raises StoreError as `write` does."""
        try:
            if not self._is_writing or self._unopened or self._late:
                self._prepare()
            self._pace.write_count += len(rows)
            self._connection.executemany(statement, rows)
        except _OWN_ERRORS:
            raise
        except FATAL_ERRORS as error:
            raise self._lose(explain(error, self.path)) from error

    def write_late(self, table: LateTable, row: Any) -> None:
        """Write a row in this turn's transaction, with others of its kind: before anything else is read or written.

        The row must be one that the table takes: if it is refused, the transaction is lost with it. After that, rows
        are written at once, so that only who writes a wrong one fails.

        Args:
            table: knows how its rows are written.
            row: given to it.

        Raises:
            StoreError: the transaction is lost, with everything that was written in it before.
        """
        if self._is_late_refused:
            for statement, rows in table.statements([row]):
                self.write_many(statement, rows)
            return
        if not self._is_writing:
            try:
                self._begin()
            except FATAL_ERRORS as error:
                raise self._lose(explain(error, self.path)) from error
        self._pace.write_count += 1
        self._late.add(table, row)

    def atomic(self) -> Savepoint:
        """Return a context that keeps all writes and `after_commit` callbacks of its block, or none if it raises."""
        return Savepoint(self)

    def when_taken_back(self, callback: Callable[[], None]) -> None:
        """Call back whenever something was taken back that had been written, at once: what is known may be wrong."""
        self._on_taken_back.append(callback)

    def enter_savepoint(self, block: Savepoint) -> None:
        """Begin a block of `atomic`."""
        block.callback_count = len(self._group.callbacks)
        block.late_end = self._late.end
        block.lost_count = self._lost_count
        self._unopened.append(block)

    def leave_savepoint(self, block: Savepoint, *, is_kept: bool) -> None:
        """End a block of `atomic`."""
        if block.is_within is None:
            self._unopened.pop()
        if block.lost_count != self._lost_count:
            return  # the transaction of the block is lost already
        if self._is_taken_back():
            lost = self._lose(_TAKEN_BACK)
            if is_kept:
                raise lost
            return
        if not is_kept:
            self._note_taken_back()
            del self._group.callbacks[block.callback_count :]
            self._late.cut(block.late_end)
            if block.is_within is not None:
                self._connection.execute("ROLLBACK TO atomic" if block.is_within else "ROLLBACK")
                self._is_writing = block.is_within
        if block.is_within:
            self._connection.execute("RELEASE atomic")

    def _is_taken_back(self) -> bool:
        """Whether SQLite has ended the open transaction by itself, because of an error."""
        return self._is_writing and not self._is_closed and not self._connection.in_transaction

    def _prepare(self) -> None:
        """Begin a transaction if none is open, and the blocks that have not written yet; write what is late."""
        if self._is_taken_back():
            raise self._lose(_TAKEN_BACK)
        is_within = self._is_writing
        if not is_within:
            self._begin()
        while self._unopened:
            block = self._unopened[0]
            self._pass_on(block.late_end)
            if is_within:
                self._connection.execute("SAVEPOINT atomic")
            block.is_within = is_within
            del self._unopened[0]  # one at a time: the next one may not come that far
            is_within = True
        self._pass_on(self._late.end)

    def _pass_on(self, position: int) -> None:
        """Write the late rows before a position. They are of others than who asks for it: all is lost, or nothing."""
        if not self._late:
            return
        try:
            for statement, rows in self._late.take(position):
                self._connection.executemany(statement, rows)
        except (*_OWN_ERRORS, ValueError, OverflowError) as error:
            self._is_late_refused = True
            raise self._lose(str(error)) from error
        except FATAL_ERRORS as error:
            raise self._lose(explain(error, self.path)) from error
        except Exception as error:
            raise self._lose(repr(error)) from error

    def _write_late(self) -> None:
        try:
            self._prepare()
        except FATAL_ERRORS as error:
            raise self._lose(explain(error, self.path)) from error

    def _begin(self) -> None:
        if self._is_closed:
            raise RuntimeClosedError(f"{self.path} is closed; start the runtime again")
        self._ensure_sound()
        self._connection.execute("BEGIN IMMEDIATE")
        self._is_writing = True
        self._pace.note_begin()

    def _forget_all(self) -> None:
        """Take back everything since the last commit, as far as SQLite has not done it."""
        self._is_writing = False
        self._late.cut(0)
        self._lost_count += 1
        self._note_taken_back()
        if self._connection.in_transaction:
            self._connection.execute("ROLLBACK")

    def _note_taken_back(self) -> None:
        for callback in self._on_taken_back:
            callback()
