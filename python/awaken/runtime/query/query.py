"""`POST /query`: questions in SQL, answered beside the runtime, on threads and connections of their own."""

from __future__ import annotations

import asyncio
import contextlib
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, Final

import msgspec
from starlette.responses import PlainTextResponse, Response

from awaken.runtime.query.connection import Connection, QueryError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from starlette.requests import Request

    from awaken.runtime.query.snapshot import Snapshot

__all__ = ["Query"]

#: Questions that are answered at a time.
_THREADS: Final = 2
_TIMEOUT_SECONDS: Final = 30.0


class _Asked(msgspec.Struct):
    query: str


class Query:
    """Answers questions about a runtime.

    Args:
        path: its database file, which exists.
        snapshot: what only its memory knows.
        timeout_s: seconds that one question may take.
    """

    def __init__(
        self, path: Path, snapshot: Callable[[], Snapshot], *, timeout_s: float = _TIMEOUT_SECONDS
    ) -> None:
        self._path = path
        self._snapshot = snapshot
        self._timeout_s = timeout_s
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="awaken-query")
        self._idle: list[Connection] = []
        self._all: list[Connection] = []

    async def answer(self, request: Request) -> Response:
        """Answer one request."""
        content_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        if content_type != "application/json":
            return PlainTextResponse("Expected request with `Content-Type: application/json`", 415)
        try:
            question = msgspec.json.decode(await request.body(), type=_Asked).query
        except msgspec.ValidationError as error:
            return PlainTextResponse(
                f"Failed to deserialize the JSON body into the target type: {error}", 422
            )
        except msgspec.DecodeError as error:
            return PlainTextResponse(f"Failed to parse the request body as JSON: {error}", 400)
        try:
            body: Any = {"rows": await self.ask(question)}
        except QueryError as error:
            status = 400 if error.is_misread else 500
            return _answer(status, {"message": f"Datafusion error: {error}"})
        return _answer(200, body)

    async def ask(self, question: str) -> list[dict[str, Any]]:
        """Return the rows that answer a question. Raises QueryError."""
        return await asyncio.get_running_loop().run_in_executor(
            self._threads, self._ask, question, self._snapshot()
        )

    def close(self) -> None:
        """End what is being answered, and close."""
        self._threads.shutdown(wait=False, cancel_futures=True)
        for connection in list(self._all):
            connection.interrupt()
        self._threads.shutdown()
        for connection in self._all:
            connection.close()
        self._all.clear()
        self._idle.clear()

    def _ask(self, question: str, snapshot: Snapshot) -> list[dict[str, Any]]:
        with self._connection() as connection:
            return connection.ask(question, snapshot)

    @contextlib.contextmanager
    def _connection(self) -> Iterator[Connection]:
        try:
            connection = self._idle.pop()
        except IndexError:
            connection = Connection(self._path, timeout_s=self._timeout_s)
            self._all.append(connection)
        try:
            yield connection
        finally:
            self._idle.append(connection)


def _answer(status: int, body: Any) -> Response:
    return Response(msgspec.json.encode(body), status, media_type="application/json")
