"""The HTTP server of the embedded runtime's APIs."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

import httpx
import pytest
from awaken.hosting.http_server import HttpServer

if TYPE_CHECKING:
    from starlette.types import Receive, Scope, Send


async def answer(scope: Scope, receive: Receive, send: Send) -> None:
    status = int(scope["path"].strip("/"))
    await send({"type": "http.response.start", "status": status, "headers": [(b"content-length", b"2")]})
    await send({"type": "http.response.body", "body": b"ok"})


class Waiting:
    """Answers when a test says so."""

    def __init__(self) -> None:
        self.is_asked = asyncio.Event()
        self.may_answer = asyncio.Event()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.is_asked.set()
        await self.may_answer.wait()
        await answer(scope, receive, send)


async def test_serves_any_status_on_a_kept_connection() -> None:
    server = HttpServer.of_application(answer, "127.0.0.1", 0)
    await server.start()
    host, port = server.address
    async with httpx.AsyncClient(base_url=f"http://{host}:{port}") as client:
        statuses = [(await client.get(f"/{status}")).status_code for status in (200, 418, 470, 600, 999)]
        await server.stop()

        with pytest.raises(httpx.ConnectError):
            await client.get("/200")
    assert statuses == [200, 418, 470, 600, 999]


async def test_open_requests_may_end() -> None:
    app = Waiting()
    server = HttpServer.of_application(app, "127.0.0.1", 0)
    await server.start()
    host, port = server.address
    async with httpx.AsyncClient(base_url=f"http://{host}:{port}") as client:
        request = asyncio.create_task(client.get("/200"))
        await app.is_asked.wait()
        stopping = asyncio.create_task(server.stop())
        await asyncio.sleep(0)
        app.may_answer.set()

        assert (await request).status_code == 200
        await stopping


async def test_requests_that_go_on_are_dropped(caplog: pytest.LogCaptureFixture) -> None:
    app = Waiting()
    server = HttpServer.of_application(app, "127.0.0.1", 0)
    await server.start()
    host, port = server.address
    async with httpx.AsyncClient(base_url=f"http://{host}:{port}") as client:
        request = asyncio.create_task(client.get("/200"))
        await app.is_asked.wait()

        await server.stop(grace_s=0.0)

        with pytest.raises(httpx.TransportError):
            await request
    assert [record for record in caplog.records if record.levelno >= logging.WARNING] == []


async def test_an_address_in_use_is_an_error() -> None:
    server = HttpServer.of_application(answer, "127.0.0.1", 0)
    await server.start()

    with pytest.raises(OSError, match="address already in use"):
        await HttpServer.of_application(answer, *server.address).start()
    await server.stop()


async def test_stopping_what_never_started_is_fine() -> None:
    server = HttpServer.of_application(answer, "127.0.0.1", 0)
    await server.stop()
    with pytest.raises(RuntimeError, match="start the server first"):
        _ = server.address
