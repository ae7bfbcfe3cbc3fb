"""Clients that ask for much, and do not read it."""

from __future__ import annotations

import asyncio
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from awaken.hosting.http_server import HttpServer
from awaken.runtime.admin.query import QueryRoute
from awaken.runtime.admin.reading import Bodies
from awaken.runtime.bodies import BodyRoom
from awaken.transports import limits
from starlette.applications import Starlette
from starlette.routing import Route

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pytest

BODY = b'{"query":"SELECT 1"}'
REQUEST = (
    b"POST /query HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n"
    % len(BODY)
)
PATIENCE_S = 20


class Questions:
    """Answers with more than any socket buffers."""

    def __init__(self) -> None:
        self.untaken_size = 0
        self.is_taken = asyncio.Event()

    async def answer(self, sql: str, *, is_arrow: bool = False) -> bytes:
        return b"[" + b"1," * 20_000_000 + b"1]"

    @contextmanager
    def untaken(self, size: int) -> Iterator[None]:
        self.untaken_size = size
        yield
        self.untaken_size = 0
        self.is_taken.set()


async def test_answer_that_nobody_reads_is_forgotten_without_a_traceback(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(limits, "STALL_TIMEOUT", 0.2)
    questions = Questions()
    route = QueryRoute(questions, Bodies(BodyRoom()))
    app: Any = Starlette(routes=[Route("/query", route.answer, methods=["POST"])])
    server = HttpServer.of_application(app, "127.0.0.1", 0)
    await server.start()
    _, writer = await asyncio.open_connection(*server.address, limit=1000)

    writer.write(REQUEST + BODY)
    await asyncio.wait_for(questions.is_taken.wait(), PATIENCE_S)

    assert questions.untaken_size == 0
    assert caplog.messages == []
    writer.close()
    await server.stop(0)
