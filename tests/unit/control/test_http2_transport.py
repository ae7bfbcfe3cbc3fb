"""Requests that wait: many on one connection, and what happens where HTTP/2 is not spoken."""

from __future__ import annotations

import asyncio
import gc
import re
import socket
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from awaken.control.errors import OverloadedError
from awaken.control.http2_transport import Http2Transport
from awaken.hosting.applications import Applications
from awaken.transports.server.connection import Connections
from awaken.transports.server.http1_connection import Http1ServerConnection
from awaken.transports.server.server import start_server

from tests.unit.transports.receivers import Recorder, wait_until

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from awaken.exchange import Exchange
    from awaken.transports.server.server import Server
    from starlette.types import Receive, Scope, Send


class Runtime:
    """Answers its health, and other requests when a test says so."""

    def __init__(self) -> None:
        self.waiting: list[Waiting] = []

    def __call__(self, exchange: Exchange) -> Recorder:
        if exchange.path == "/restate/health":
            healthy = Recorder(exchange)
            healthy.answer()
            return healthy
        self.waiting.append(Waiting(exchange))
        return self.waiting[-1]


class Waiting(Recorder):
    """A request that waits."""

    def receive_data(self, data: bytes) -> None:
        super().receive_data(data)
        self.exchange.acknowledge(len(data))


@asynccontextmanager
async def serving() -> AsyncIterator[tuple[Runtime, Server]]:
    runtime = Runtime()
    server = await start_server(runtime)
    try:
        yield runtime, server
    finally:
        await server.close()


@asynccontextmanager
async def serving_http1(
    app: Http1App, host: str = "127.0.0.1", port: int = 0
) -> AsyncIterator[tuple[str, int]]:
    """Serve HTTP/1.1 only, as the port of a proxy may."""
    applications = Applications()
    accept, connections = applications.serve(app), Connections()
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Http1ServerConnection(accept, connections), host, port)
    try:
        yield server.sockets[0].getsockname()
    finally:
        server.close()
        for connection in connections:
            connection.abort()
        await applications.end()


@asynccontextmanager
async def calling(address: tuple[str, int], **options: Any) -> AsyncIterator[httpx.AsyncClient]:
    url = "http://{}:{}".format(*address)
    transport = Http2Transport(url, **options)
    async with httpx.AsyncClient(base_url=url, transport=transport, timeout=None) as client:
        yield client


async def test_many_requests_wait_on_few_connections() -> None:
    async with serving() as (runtime, server), calling(server.address) as client:
        calls = [asyncio.create_task(client.post(f"/Desk/sign/{n}", content=b"x" * n)) for n in range(500)]
        await wait_until(lambda: len(runtime.waiting) == 500 and runtime.waiting[-1].calls[-1:] == ["end"])

        connections = server.connection_count
        for one in runtime.waiting:
            one.answer(body=one.exchange.path.encode())

        answers = await asyncio.gather(*calls)
        assert [answer.text for answer in answers] == [f"/Desk/sign/{n}" for n in range(500)]
        assert [len(one.received) for one in runtime.waiting] == list(range(500))
        assert connections < 20


async def test_whoever_leaves_is_forgotten_at_once() -> None:
    async with serving() as (runtime, server), calling(server.address) as client:
        calls = [asyncio.create_task(client.get("/Desk/sign")) for _ in range(3)]
        await wait_until(lambda: len(runtime.waiting) == 3)

        calls[1].cancel()
        await runtime.waiting[1].wait_for("disconnect")

        for position in (0, 2):
            runtime.waiting[position].answer(body=b"there")
            assert (await calls[position]).text == "there"


async def test_query_headers_and_body_arrive() -> None:
    async with serving() as (runtime, server), calling(server.address) as client:
        call = asyncio.create_task(client.post("/a%2Fb?delay=1", content=b"x", headers={"X-Who": "me"}))
        await wait_until(lambda: bool(runtime.waiting))
        await runtime.waiting[0].wait_for("end")

        exchange = runtime.waiting[0].exchange
        runtime.waiting[0].answer(418)
        assert (await call).status_code == 418
        assert exchange.path == "/a%2Fb"
        assert exchange.headers["x-who"] == "me"
        assert "connection" not in exchange.headers


async def test_a_lost_connection_is_told_apart_from_none() -> None:
    async with serving() as (runtime, server), calling(server.address) as client:
        call = asyncio.create_task(client.get("/Desk/sign"))
        await wait_until(lambda: bool(runtime.waiting))
        runtime.waiting[0].exchange.reset()
        with pytest.raises(httpx.ReadError):
            await call

        await server.close()
        with pytest.raises(httpx.ConnectError):
            await client.get("/Desk/sign")


class Http1App:
    """Answers `/wait` once its caller has left, and everything else at once."""

    def __init__(self) -> None:
        self.waiting = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["path"] == "/wait":
            self.waiting += 1
            while (await receive())["type"] != "http.disconnect":
                pass
            self.waiting -= 1
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"over HTTP/1.1"})


async def test_a_runtime_behind_http_1_gets_a_connection_for_each_call_up_to_a_bound() -> None:
    app = Http1App()
    async with serving_http1(app) as address, calling(address, sockets=3) as client:
        assert (await client.get("/now")).text == "over HTTP/1.1"
        calls = [asyncio.create_task(client.get("/wait")) for _ in range(3)]
        await wait_until(lambda: app.waiting == 3)

        with pytest.raises(
            OverloadedError, match=r"3 requests wait at 127.0.0.1, which speaks HTTP/1.1 only"
        ):
            await client.get("/now")
        calls[0].cancel()
        await wait_until(lambda: app.waiting == 2)
        assert (await client.get("/now")).text == "over HTTP/1.1"

        for call in calls:
            call.cancel()
        await wait_until(lambda: app.waiting == 0)


async def test_the_next_runtime_at_an_address_may_speak_another_protocol() -> None:
    async with serving() as (runtime, server):
        address = server.address
        async with calling(address) as client:
            call = asyncio.create_task(client.get("/Desk/sign"))
            await wait_until(lambda: bool(runtime.waiting))
            runtime.waiting[0].answer()
            await call
            await server.close()
            async with serving_http1(Http1App(), *address):
                with pytest.raises(httpx.ConnectError):
                    await client.get("/now")
                assert (await client.get("/now")).text == "over HTTP/1.1"


async def test_callers_that_leave_before_the_protocol_is_known_leave_no_error_behind(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        async with calling(silent.getsockname(), probe_timeout_s=0.05) as client:
            call = asyncio.create_task(client.get("/Desk/sign"))
            await asyncio.sleep(0)
            call.cancel()
            await asyncio.wait([call])

            with pytest.raises(httpx.ConnectError):  # it asks again, and waits for the answer
                await client.get("/Desk/sign")
    gc.collect()
    assert "never retrieved" not in caplog.text


async def test_what_accepts_and_never_answers_is_reported_to_all_at_once() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        async with calling(silent.getsockname(), probe_timeout_s=0.2) as client:
            calls = [asyncio.create_task(client.get("/Desk/sign")) for _ in range(50)]

            failures = await asyncio.gather(*calls, return_exceptions=True)

    assert {type(failure) for failure in failures} == {httpx.ConnectError}
    assert re.search("does not answer GET /restate/health within 0.2 s", str(failures[0]))
