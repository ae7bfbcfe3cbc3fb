"""A read-only connection, with the server's tables as views."""

from __future__ import annotations

import contextlib
import sqlite3
import time
from importlib.resources import files
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from awaken.runtime.query.awakeables import count_awakeables, list_awakeables
from awaken.runtime.query.errors import QueryError
from awaken.runtime.query.functions import add_functions
from awaken.runtime.query.kinds import COLUMNS, Kind, Type
from awaken.runtime.query.limits import limit_connection
from awaken.runtime.query.rendering import row_renderer
from awaken.runtime.query.stored_answers import list_stored_answers

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from awaken.control.operations import AwakeablePage, StoredAnswerPage
    from awaken.runtime.processor.open_attempts import Awaited
    from awaken.runtime.query.awakeables import Filter
    from awaken.runtime.query.snapshot import Snapshot

__all__ = ["Answered", "Connection"]

_TABLES: Final = """
CREATE TEMP TABLE registered_service (name TEXT, revision INTEGER, public INTEGER, ty TEXT, deployment_id TEXT);
CREATE TEMP TABLE registered_deployment (
    id TEXT, endpoint TEXT, created_at INTEGER, min_protocol_version INTEGER, max_protocol_version INTEGER,
    sdk_version TEXT, services TEXT
);
CREATE TEMP TABLE awaited (id TEXT, future_json TEXT);
"""
#: Virtual machine steps between two checks of the deadline.
_STEPS: Final = 10_000
#: Of columns that statements of this package compute.
_COMPUTED: Final = Type(Kind.NULL)
_PLAN: Final = (("plan_type", Type(Kind.TEXT)), ("plan", Type(Kind.TEXT)))
_NO_CHANGES: Final = "only questions are answered, not changes made"
_READING: Final = frozenset((sqlite3.SQLITE_SELECT, sqlite3.SQLITE_FUNCTION, sqlite3.SQLITE_RECURSIVE))


class Answered(NamedTuple):
    """What a question is answered with."""

    #: Names and types. Names may repeat.
    columns: Sequence[tuple[str, Type]]
    #: Values as SQLite stores them.
    rows: Iterator[tuple[Any, ...]]


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
        self._fault: Exception | None = None
        self._knows_dialect = False
        self._connection = sqlite3.connect(
            f"{path.absolute().as_uri()}?mode=ro", uri=True, isolation_level=None, check_same_thread=False
        )
        # One row with text that is not UTF-8 does not fail the query.
        self._connection.text_factory = _decode
        self._connection.executescript("PRAGMA temp_store = MEMORY; PRAGMA case_sensitive_like = ON")
        add_functions(self._connection)
        self._connection.executescript(_TABLES)
        self._create_views()
        if is_limited:
            limit_connection(self._connection)
        self._connection.set_authorizer(self._authorize)
        self._connection.set_progress_handler(self._is_late, _STEPS)

    def ask(self, statement: str, snapshot: Snapshot) -> list[dict[str, Any]]:
        """Return the rows that a statement of this package selects; columns without a value are left out.

        Raises:
            QueryError: it takes too long.
        """
        with self._answering(snapshot):
            cursor = self._connection.execute(statement)
            names = [column[0] for column in cursor.description]
            show = row_renderer([(name, COLUMNS.get(name, _COMPUTED)) for name in names])
            return [show(values) for values in self._rows(cursor)]

    def answer(self, text: str, snapshot: Snapshot) -> Answered:
        """Begin to answer a question in the server's dialect. Its rows are to be read before the next question.

        Raises:
            QueryError: it is not a question, names something that does not exist, or takes too much. Reading its rows
                may raise it as well.
        """
        # Reading SQL takes a library that the runtime's own statements do without.
        from awaken.runtime.query.dialect_connection import add_dialect
        from awaken.runtime.query.translate import translate

        if not self._knows_dialect:
            self._knows_dialect = True
            add_dialect(self._connection, self._views, self._keep_fault)
        self._fault = None
        question = translate(text)
        if question.is_explained:
            return Answered(_PLAN, self._explained(question.statement, snapshot))
        return Answered(question.columns, self._answered(question.statement, snapshot))

    def _answered(self, statement: str, snapshot: Snapshot) -> Iterator[tuple[Any, ...]]:
        with self._answering(snapshot):
            yield from self._rows(self._connection.execute(statement))

    def _explained(self, statement: str, snapshot: Snapshot) -> Iterator[tuple[Any, ...]]:
        with self._answering(snapshot):
            steps = self._connection.execute(f"EXPLAIN QUERY PLAN {statement}").fetchall()
            yield ("logical_plan", statement)
            yield ("physical_plan", "\n".join(step[3] for step in steps))

    @contextlib.contextmanager
    def _answering(self, snapshot: Snapshot) -> Iterator[None]:
        self._deadline = time.monotonic() + self._timeout_s
        self._load(snapshot)
        self._is_open_to_all = False
        self._refused = None
        try:
            yield
        except (sqlite3.Error, sqlite3.Warning) as error:
            raise self._explain(error) from error
        finally:
            self._is_open_to_all = True

    def _rows(self, cursor: sqlite3.Cursor) -> Iterator[tuple[Any, ...]]:
        for values in cursor:
            yield values
            if self._is_late():
                raise self._late()

    def list_awakeables(
        self, awaited: Sequence[Awaited], wanted: Filter, limit: int, after: str | None
    ) -> AwakeablePage:
        """List pending awakeables; see `awaken.runtime.query.awakeables`.

        Raises:
            InvalidRequestError: `after` is not from a page before.
            QueryError: it takes too long.
        """
        with self._reading():
            return list_awakeables(self._connection.execute, awaited, wanted, limit, after)

    def count_awakeables(self, awaited: Sequence[Awaited], most: int) -> int:
        """Count pending awakeables; see `awaken.runtime.query.awakeables`. Raises QueryError if it takes too long."""
        with self._reading():
            return count_awakeables(self._connection.execute, awaited, most)

    def list_stored_answers(self, wanted: Filter, limit: int, after: str | None) -> StoredAnswerPage:
        """List results of awakeables; see `awaken.runtime.query.stored_answers`. Raises as `list_awakeables`."""
        with self._reading():
            return list_stored_answers(self._connection.execute, wanted, limit, after)

    @contextlib.contextmanager
    def _reading(self) -> Iterator[None]:
        self._deadline = time.monotonic() + self._timeout_s
        self._refused = None
        try:
            yield
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

    def _create_views(self) -> None:
        self._connection.executescript((files("awaken.runtime.query") / "views.sql").read_text())
        found = self._connection.execute("SELECT name FROM sqlite_temp_schema WHERE type = 'view'")
        self._views = frozenset(name for (name,) in found)

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

    def _keep_fault(self, error: Exception) -> None:
        """Remember why a function failed: SQLite reports only that it did."""
        self._fault = error

    def _explain(self, error: sqlite3.Error | sqlite3.Warning) -> QueryError:
        fault, self._fault = self._fault, None
        if fault is not None:
            return fault if isinstance(fault, QueryError) else QueryError(f"Execution error: {fault}")
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
