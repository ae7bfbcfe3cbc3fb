"""A read-only connection, with the server's tables as views."""

from __future__ import annotations

import sqlite3
import time
from importlib.resources import files
from typing import TYPE_CHECKING, Any, Final

import msgspec

from awaken.control.errors import OperationError
from awaken.runtime.query.awakeables import list_awakeables
from awaken.runtime.query.functions import add_functions
from awaken.runtime.query.limits import limit_connection
from awaken.runtime.query.translate import translate

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from awaken.control.operations import AwakeablePage
    from awaken.runtime.processor.open_attempts import Awaited
    from awaken.runtime.query.awakeables import Filter
    from awaken.runtime.query.snapshot import Snapshot

__all__ = ["Connection", "QueryError"]

_TABLES: Final = """
CREATE TEMP TABLE registered_service (name TEXT, revision INTEGER, public INTEGER, ty TEXT, deployment_id TEXT);
CREATE TEMP TABLE registered_deployment (
    id TEXT, endpoint TEXT, created_at INTEGER, min_protocol_version INTEGER, max_protocol_version INTEGER,
    sdk_version TEXT, services TEXT
);
CREATE TEMP TABLE awaited (id TEXT, future_json TEXT);
ATTACH ':memory:' AS information_schema;
CREATE TABLE information_schema.tables (
    table_catalog TEXT, table_schema TEXT, table_name TEXT, table_type TEXT
);
CREATE TABLE information_schema.columns (
    table_catalog TEXT, table_schema TEXT, table_name TEXT, column_name TEXT, ordinal_position INTEGER,
    is_nullable TEXT, data_type TEXT
);
"""
#: Virtual machine steps between two checks of the deadline.
_STEPS: Final = 10_000
_BOOLEANS: Final = frozenset(("completed", "public", "in_flight"))
_LISTS: Final = frozenset(("suspended_waiting_for_completions", "suspended_waiting_for_signals", "services"))
#: Of the largest partition key, which has 64 bits.
_PARTITION_KEY_DIGITS: Final = 20
_NO_CHANGES: Final = "only questions are answered, not changes made"
_READING: Final = frozenset((sqlite3.SQLITE_SELECT, sqlite3.SQLITE_FUNCTION, sqlite3.SQLITE_RECURSIVE))


class QueryError(OperationError):
    """A query cannot be answered.

    Args:
        message: why.
        is_misread: whether the text is not a query in SQL at all, or would change something.
        is_limited: whether it takes more than a query may.
    """

    def __init__(self, message: str, *, is_misread: bool = False, is_limited: bool = False) -> None:
        super().__init__(message)
        self.is_misread = is_misread
        self.is_limited = is_limited


class Connection:
    """Answers queries, one at a time, on any thread.

    Args:
        path: the runtime's database file.
        timeout_s: seconds that one query may take.
        is_limited: whether what it takes is limited; the bound on memory holds for the whole process.
    """

    def __init__(self, path: Path, *, timeout_s: float, is_limited: bool = False) -> None:
        self._timeout_s = timeout_s
        self._deadline = 0.0
        self._is_ending = False
        self._snapshot: Snapshot | None = None
        self._views: frozenset[str] = frozenset()
        self._is_open_to_all = True
        self._refused: str | None = None
        self._connection = sqlite3.connect(
            f"{path.absolute().as_uri()}?mode=ro", uri=True, isolation_level=None, check_same_thread=False
        )
        # One row with text that is not UTF-8 does not fail the query.
        self._connection.text_factory = _decode
        self._connection.execute("PRAGMA temp_store = MEMORY")
        add_functions(self._connection)
        self._connection.executescript(_TABLES)
        self._connection.executescript((files("awaken.runtime.query") / "views.sql").read_text())
        self._describe_views()
        if is_limited:
            limit_connection(self._connection)
        self._connection.set_authorizer(self._authorize)
        self._connection.set_progress_handler(self._is_late, _STEPS)

    def ask(self, question: str, snapshot: Snapshot) -> list[dict[str, Any]]:
        """Return the rows of a query; see `rows`."""
        return list(self.rows(question, snapshot))

    def rows(self, question: str, snapshot: Snapshot) -> Iterator[dict[str, Any]]:
        """Yield the rows of a query; columns without a value are left out.

        Raises:
            QueryError: it is not a query, names something that does not exist, or takes too much.
        """
        if "\0" in question:
            raise QueryError("the query contains a null character", is_misread=True)
        read = translate(question)
        if not read.statement:
            raise QueryError("Error during planning: No SQL statements were provided", is_misread=True)
        if not read.is_asking:
            raise QueryError(_NO_CHANGES, is_misread=True)
        self._deadline = time.monotonic() + self._timeout_s
        self._load(snapshot)
        self._is_open_to_all = False
        self._refused = None
        try:
            cursor = self._connection.execute(read.statement)
            names = [column[0] for column in cursor.description]
            booleans = _BOOLEANS | read.booleans
            for values in cursor:
                yield _row(names, values, booleans)
                if self._is_late():
                    raise self._late()
        except (sqlite3.Error, sqlite3.Warning) as error:
            raise self._explain(error) from error
        finally:
            self._is_open_to_all = True

    def list_awakeables(
        self, awaited: Sequence[Awaited], wanted: Filter, limit: int, after: str | None
    ) -> AwakeablePage:
        """List pending awakeables; see `awaken.runtime.query.awakeables`.

        Raises:
            InvalidRequestError: `after` is not from a page before.
            QueryError: it takes too long.
        """
        self._deadline = time.monotonic() + self._timeout_s
        self._refused = None
        try:
            return list_awakeables(self._connection.execute, awaited, wanted, limit, after)
        except sqlite3.Error as error:
            raise self._explain(error) from error

    def interrupt(self) -> None:
        """End the running query, and each one that starts later, from any thread."""
        self._is_ending = True
        self._connection.interrupt()

    def close(self) -> None:
        """Close it; no query may be running."""
        self._connection.close()

    def _load(self, snapshot: Snapshot) -> None:
        """Write what only the runtime's memory knows into tables."""
        before = self._snapshot
        execute, many = self._connection.execute, self._connection.executemany
        if before is None or before.services != snapshot.services:
            execute("DELETE FROM temp.registered_service")
            many("INSERT INTO temp.registered_service VALUES (?, ?, ?, ?, ?)", snapshot.services)
        if before is None or before.deployments != snapshot.deployments:
            execute("DELETE FROM temp.registered_deployment")
            many("INSERT INTO temp.registered_deployment VALUES (?, ?, ?, ?, ?, ?, ?)", snapshot.deployments)
        if before is None or before.awaited != snapshot.awaited:
            execute("DELETE FROM temp.awaited")
            many("INSERT INTO temp.awaited VALUES (?, ?)", snapshot.awaited)
        self._snapshot = snapshot

    def _describe_views(self) -> None:
        execute = self._connection.execute
        names = [name for (name,) in execute("SELECT name FROM sqlite_temp_schema WHERE type = 'view'")]
        self._views = frozenset(names)
        for name in names:
            execute("INSERT INTO information_schema.tables VALUES ('restate', 'public', ?, 'VIEW')", (name,))
            execute(
                "INSERT INTO information_schema.columns "
                "SELECT 'restate', 'public', ?1, name, cid, 'YES', 'Utf8' FROM pragma_table_info(?1)",
                (name,),
            )

    def _authorize(
        self, action: int, table: str | None, column: str | None, database: str | None, view: str | None
    ) -> int:
        if self._is_open_to_all or action in _READING:
            return sqlite3.SQLITE_OK
        if action == sqlite3.SQLITE_READ:
            # The store's own tables are only seen through the views, whose columns are stable.
            # Counting rows reads no column, and is not attributed to a view.
            is_stored = database == "main" and table not in self._views and view not in self._views
            if not (is_stored and column):
                return sqlite3.SQLITE_OK
            self._refused = f"table '{table}' not found"
            return sqlite3.SQLITE_DENY
        self._refused = _NO_CHANGES
        return sqlite3.SQLITE_DENY

    def _is_late(self) -> bool:
        return self._is_ending or time.monotonic() > self._deadline

    def _late(self) -> QueryError:
        return QueryError(
            f"the question took longer than {self._timeout_s:g} s; add conditions or a LIMIT", is_limited=True
        )

    def _explain(self, error: sqlite3.Error | sqlite3.Warning) -> QueryError:
        if self._refused is not None:
            return QueryError(self._refused, is_misread=self._refused == _NO_CHANGES)
        code = getattr(error, "sqlite_errorcode", None)
        if code == sqlite3.SQLITE_INTERRUPT:
            return self._late()
        if code == sqlite3.SQLITE_TOOBIG or isinstance(error, sqlite3.DataError):
            return QueryError(f"{error}: a value, or the statement, is too large", is_limited=True)
        # SQLite has one code for what it cannot read and for what it does not find, and clients get different
        # statuses for the two: only the text tells them apart.
        text = str(error)
        is_misread = "syntax error" in text or "incomplete input" in text or "unrecognized token" in text
        return QueryError(text, is_misread=is_misread)


def _decode(text: bytes) -> str:
    return text.decode(errors="replace")


def _row(names: list[str], values: tuple[Any, ...], booleans: frozenset[str]) -> dict[str, Any]:
    return {
        name: _value(name, value, booleans)
        for name, value in zip(names, values, strict=True)
        if value is not None
    }


def _value(name: str, value: Any, booleans: frozenset[str]) -> Any:
    if isinstance(value, bytes):
        return value.hex()
    if name in booleans and value in (0, 1):
        return bool(value)
    if isinstance(value, str):
        try:
            if name in _LISTS:
                return msgspec.json.decode(value, type=list[str | int])
            if name == "partition_key" and len(value) <= _PARTITION_KEY_DIGITS:
                return int(value)
        except ValueError:  # shown as it is stored: one bad row does not fail the query
            return value
    return value
