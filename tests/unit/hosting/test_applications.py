"""ASGI applications behind our own server, over both versions of HTTP."""

from __future__ import annotations

import asyncio
import logging
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import httpx
import pytest
import uvicorn
from awaken.hosting.http_server import HttpServer

from tests.unit.transports.receivers import wait_until

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from starlette.types import ASGIApp, Receive, Scope, Send

MIB = 1024 * 1024


class Noting:
    """Answers with its body, and keeps the scopes."""

    def __init__(self) -> None:
        self.scopes: list[Scope] = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.scopes.append(scope)
        body, more = b"", True
        while more:
            message = await receive()
            body += message["body"]
            more = message["more_body"]
        size = b"%d" % len(body)
        await send({"type": "http.response.start", "status": 200, "headers": [(b"Content-Length", size)]})
        await send({"type": "http.response.body", "body": body})


@asynccontextmanager
async def serving(app: ASGIApp) -> AsyncIterator[str]:
    server = HttpServer.of_application(app, "127.0.0.1", 0)
    await server.start()
    try:
        yield server.url
    finally:
        await server.stop(0)


@asynccontextmanager
async def serving_by_uvicorn(app: ASGIApp) -> AsyncIterator[str]:
    server = uvicorn.Server(uvicorn.Config(app, port=0, lifespan="off", log_config=None))
    running = asyncio.create_task(server.serve())
    await wait_until(lambda: server.started)
    host, port = server.servers[0].sockets[0].getsockname()
    try:
        yield f"http://{host}:{port}"
    finally:
        server.should_exit = True
        await running


def client_of(url: str, *, is_http2: bool = False) -> httpx.AsyncClient:
    return httpx.AsyncClient(base_url=url, http1=not is_http2, http2=is_http2, timeout=25)


@pytest.mark.parametrize("target", ["/", "/a%2Fb/%C3%A9?x=1&y=%20", "/plain?", "/a//b", "/a/../b", "/%ff"])
async def test_scope_is_that_of_uvicorn(target: str) -> None:
    scopes = []
    for serve in (serving, serving_by_uvicorn):
        app = Noting()
        async with serve(app) as url:
            port = int(url.rpartition(":")[2])
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            head = f"POST {target} HTTP/1.1\r\nHost: there\r\nX-Two: \xe9\r\nx-two: b\r\nContent-Length: 2\r\n\r\n"
            writer.write(head.encode("latin-1") + b"hi")
            await reader.readuntil(b"hi")
            (scope,) = app.scopes
            assert scope["client"] == writer.get_extra_info("sockname")
            assert scope["server"] == ("127.0.0.1", port)
            is_ours = serve is serving
            assert set(scope.get("extensions", {})) == ({"awaken.ending"} if is_ours else set())
            scopes.append(
                {
                    name: value
                    for name, value in scope.items()
                    if name not in ("client", "server", "asgi", "state", "extensions")
                }
            )
            writer.close()

    assert scopes[0] == scopes[1]


@pytest.mark.parametrize("is_http2", [False, True])
async def test_bodies_pass_both_ways(is_http2: bool) -> None:
    body = bytes(range(256)) * 4 * 1024 * 8
    app = Noting()
    async with serving(app) as url, client_of(url, is_http2=is_http2) as client:
        answers = [await client.post("/", content=each) for each in (b"", b"x", body)]

    assert [answer.content for answer in answers] == [b"", b"x", body]
    assert {answer.http_version for answer in answers} == {"HTTP/2" if is_http2 else "HTTP/1.1"}
    assert {scope["http_version"] for scope in app.scopes} == {"2" if is_http2 else "1.1"}
    assert all((b"host", url.removeprefix("http://").encode()) in scope["headers"] for scope in app.scopes)


async def test_a_hundred_requests_share_a_connection_of_http_2() -> None:
    app = Noting()
    async with serving(app) as url, client_of(url, is_http2=True) as client:
        answers = await asyncio.gather(*(client.post("/", content=b"%d" % n) for n in range(100)))

    assert [answer.content for answer in answers] == [b"%d" % n for n in range(100)]
    assert len({scope["client"] for scope in app.scopes}) == 1


@pytest.mark.parametrize("is_http2", [False, True])
async def test_head_has_the_length_and_no_body(is_http2: bool) -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"5")]})
        await send({"type": "http.response.body", "body": b"whole"})

    async with serving(app) as url, client_of(url, is_http2=is_http2) as client:
        answer = await client.head("/")
        again = await client.get("/")

    assert (answer.headers["content-length"], answer.content, again.content) == ("5", b"", b"whole")


class Flood:
    """Writes much more than any socket takes."""

    def __init__(self) -> None:
        self.written = 0
        self.is_done = asyncio.Event()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await send({"type": "http.response.start", "status": 200, "headers": []})
            for _ in range(64):
                await send({"type": "http.response.body", "body": bytes(MIB), "more_body": True})
                self.written += MIB
            await send({"type": "http.response.body"})
        finally:
            self.is_done.set()


@pytest.mark.parametrize("is_http2", [False, True])
async def test_application_waits_for_a_peer_that_does_not_read(is_http2: bool) -> None:
    app = Flood()
    received = 0
    async with (
        serving(app) as url,
        client_of(url, is_http2=is_http2) as client,
        client.stream("GET", "/") as answer,
    ):
        await wait_until(lambda: app.written > 0)
        await asyncio.sleep(0.2)
        assert app.written < 32 * MIB
        async for piece in answer.aiter_bytes():
            received += len(piece)

    assert received == 64 * MIB


@pytest.mark.parametrize("is_http2", [False, True])
async def test_application_may_finish_when_its_peer_is_gone(is_http2: bool) -> None:
    app = Flood()
    async with serving(app) as url:
        async with client_of(url, is_http2=is_http2) as client, client.stream("GET", "/"):
            await wait_until(lambda: app.written > 0)
        await asyncio.wait_for(app.is_done.wait(), 25)

    assert app.written == 64 * MIB


@pytest.mark.parametrize("is_http2", [False, True])
async def test_body_that_is_not_taken_is_not_read_on(is_http2: bool) -> None:
    may_take = asyncio.Event()
    sent = 0

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await may_take.wait()
        size, more = 0, True
        while more:
            message = await receive()
            size += len(message["body"])
            more = message["more_body"]
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"%d" % size})

    async def body() -> AsyncIterator[bytes]:
        nonlocal sent
        for _ in range(64 * 64):
            yield bytes(MIB // 64)
            sent += MIB // 64

    async with serving(app) as url, client_of(url, is_http2=is_http2) as client:
        call = asyncio.create_task(client.post("/", content=body()))
        await wait_until(lambda: sent > 0)
        await asyncio.sleep(0.2)
        assert sent < 32 * MIB
        may_take.set()

        assert (await call).content == b"%d" % (64 * MIB)


async def failing_at_once(scope: Scope, receive: Receive, send: Send) -> None:
    raise ValueError("a bug")


async def failing_later(scope: Scope, receive: Receive, send: Send) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"half", "more_body": True})
    raise ValueError("a bug")


async def leaving(scope: Scope, receive: Receive, send: Send) -> None:
    """Return without an answer."""


async def confused(scope: Scope, receive: Receive, send: Send) -> None:
    await send({"type": "http.response.body", "body": b"first"})


@pytest.mark.parametrize("is_http2", [False, True])
@pytest.mark.parametrize("app", [failing_at_once, leaving, confused])
async def test_application_that_fails_is_answered_with_500(
    app: ASGIApp, is_http2: bool, caplog: pytest.LogCaptureFixture
) -> None:
    async with serving(app) as url, client_of(url, is_http2=is_http2) as client:
        answers = [await client.post("/x", content=b"y") for _ in range(2)]

    assert [(answer.status_code, answer.text) for answer in answers] == [(500, "Internal Server Error")] * 2
    assert [record.levelno for record in caplog.records] == [logging.ERROR] * 2
    assert "POST /x" in caplog.text


@pytest.mark.parametrize("is_http2", [False, True])
async def test_response_of_an_application_that_fails_is_broken_off(
    is_http2: bool, caplog: pytest.LogCaptureFixture
) -> None:
    async with serving(failing_later) as url, client_of(url, is_http2=is_http2) as client:
        with pytest.raises(httpx.RemoteProtocolError):
            await client.get("/")

    assert "a bug" in caplog.text


@pytest.mark.parametrize("is_http2", [False, True])
@pytest.mark.parametrize(
    ("status", "headers"), [(99, []), (100, []), (103, []), (1000, []), (200, [(b"a", b"b\r\nc: d")])]
)
async def test_head_that_cannot_be_sent_is_answered_with_500(
    status: int, headers: list[tuple[bytes, bytes]], is_http2: bool
) -> None:
    async def wrong(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body"})

    async with serving(wrong) as url, client_of(url, is_http2=is_http2) as client:
        answer = await client.get("/")

    assert (answer.status_code, answer.text) == (500, "Internal Server Error")


async def test_applications_end_before_stopping_returns(caplog: pytest.LogCaptureFixture) -> None:
    steps: list[str] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        steps.append("begun")
        try:
            await asyncio.Event().wait()
        finally:
            await asyncio.sleep(0.01)
            steps.append("ended")

    server = HttpServer.of_application(app, "127.0.0.1", 0)
    await server.start()
    async with client_of(server.url) as client:
        call: asyncio.Task[Any] = asyncio.create_task(client.get("/"))
        await wait_until(lambda: bool(steps))

        await server.stop(0)

        assert steps == ["begun", "ended"]
        with pytest.raises(httpx.TransportError):
            await call
    assert [record for record in caplog.records if record.levelno >= logging.WARNING] == []
