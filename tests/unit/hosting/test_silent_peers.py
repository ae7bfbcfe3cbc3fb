"""Peers that stay silent, send half a request, read nothing, or end their side of the connection early."""

from __future__ import annotations

import asyncio
import logging
from contextlib import AsyncExitStack, asynccontextmanager
from typing import TYPE_CHECKING

import pytest
from awaken.hosting.http_server import HttpServer
from awaken.transports import limits

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from starlette.types import Receive, Scope, Send

REQUEST = b"POST / HTTP/1.1\r\nhost: localhost\r\ncontent-length: 2\r\n\r\nhi"
HALF_A_HEAD = b"POST / HTTP/1.1\r\nhost: local"
SOON_S = 0.2
PATIENCE_S = 10


@pytest.fixture(autouse=True)
def look_often(monkeypatch: pytest.MonkeyPatch) -> None:
    """Check deadlines more often than once a second, so that these tests are quick."""
    monkeypatch.setattr("awaken.transports.server.server._TICK", SOON_S / 10)


class Desk:
    """Answers with the body when a test says so, and notes what it sees of its peers."""

    def __init__(self) -> None:
        self.size = 2
        self.may_answer = asyncio.Event()
        self.may_answer.set()
        self.is_asked = asyncio.Event()
        self.is_left = asyncio.Event()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.is_asked.set()
        if scope["path"] == "/refuse":
            await self._answer(send, 413, b"no")
            return
        while (await receive()).get("more_body"):
            pass
        left = asyncio.ensure_future(receive())
        answers = asyncio.ensure_future(self.may_answer.wait())
        await asyncio.wait((left, answers), return_when=asyncio.FIRST_COMPLETED)
        if left.done():
            self.is_left.set()
        else:
            await self._answer(send, 200, b"a" * self.size)
        left.cancel()
        answers.cancel()

    async def _answer(self, send: Send, status: int, body: bytes) -> None:
        headers = [(b"content-length", b"%d" % len(body))]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body[:1], "more_body": True})
        await send({"type": "http.response.body", "body": body[1:]})


@asynccontextmanager
async def serving(
    desk: Desk, *, connections: int | None = None
) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    server = HttpServer.of_application(desk, "127.0.0.1", 0, connections=connections)
    await server.start()
    reader, writer = await asyncio.open_connection(*server.address)
    try:
        yield reader, writer
    finally:
        writer.close()
        await server.stop(0)


async def everything(reader: asyncio.StreamReader) -> bytes:
    """Return what arrives until the server closes the connection."""
    return await asyncio.wait_for(reader.read(), PATIENCE_S)


async def test_connection_without_a_request_is_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "OPENING_TIMEOUT", SOON_S)
    async with serving(Desk()) as (reader, _):
        assert await everything(reader) == b""


@pytest.mark.parametrize("before", [b"", REQUEST], ids=["first", "second"])
async def test_half_a_head_is_answered_with_408(monkeypatch: pytest.MonkeyPatch, before: bytes) -> None:
    monkeypatch.setattr(limits, "OPENING_TIMEOUT", SOON_S)
    async with serving(Desk()) as (reader, writer):
        writer.write(before + HALF_A_HEAD)

        answer = await everything(reader)

    last = answer[answer.rindex(b"HTTP/1.1 ") :]
    assert last.startswith(b"HTTP/1.1 408 ")
    assert b"no complete request within 0.2 s" in last


async def test_head_that_arrives_byte_by_byte_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "OPENING_TIMEOUT", SOON_S)
    async with serving(Desk()) as (reader, writer):

        async def trickle() -> None:
            for _ in range(1000):
                writer.write(b"x")
                await asyncio.sleep(SOON_S / 10)

        trickling = asyncio.create_task(trickle())
        assert b" 408 " in await everything(reader)
        trickling.cancel()


async def test_request_may_take_longer_than_its_head(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "OPENING_TIMEOUT", SOON_S)
    async with serving(Desk()) as (reader, writer):
        writer.write(REQUEST[:-1])
        await asyncio.sleep(2 * SOON_S)
        writer.write(REQUEST[-1:])

        assert await reader.readline() == b"HTTP/1.1 200 OK\r\n"


async def test_rest_of_a_refused_request_is_read_for_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "DISCARD_TIMEOUT", SOON_S)
    async with serving(Desk()) as (reader, writer):
        writer.write(b"POST /refuse HTTP/1.1\r\nhost: localhost\r\ncontent-length: 1000000\r\n\r\nhalf")

        assert (await everything(reader)).startswith(b"HTTP/1.1 413 ")


async def test_peer_that_reads_nothing_is_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "STALL_TIMEOUT", SOON_S)
    desk = Desk()
    desk.size = 64 * 1024 * 1024
    async with serving(desk) as (reader, writer):
        writer.write(REQUEST)
        await reader.readline()
        await asyncio.sleep(3 * SOON_S)

        assert len(await everything(reader)) < desk.size


@pytest.mark.slow
async def test_peer_that_reads_slowly_gets_all_of_its_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    stall_s = 1.0  # more than a busy machine keeps this test from reading
    monkeypatch.setattr(limits, "STALL_TIMEOUT", stall_s)
    desk = Desk()
    desk.size = 32 * 1024 * 1024
    async with serving(desk) as (reader, writer):
        writer.write(REQUEST)
        await reader.readuntil(b"\r\n\r\n")
        received = 0
        for tenth in range(1, 11):
            await asyncio.sleep(0.3 * stall_s)
            while received < desk.size * tenth // 10 and (part := await reader.read(desk.size)):
                received += len(part)

    assert received >= desk.size


async def test_half_closed_connection_gets_its_answer() -> None:
    desk = Desk()
    desk.may_answer.clear()
    async with serving(desk) as (reader, writer):
        writer.write(REQUEST)
        writer.write_eof()
        await desk.is_asked.wait()
        await asyncio.sleep(SOON_S)  # time in which it could be given up
        desk.may_answer.set()

        answer = await everything(reader)

    assert answer.startswith(b"HTTP/1.1 200 OK")
    assert answer.endswith(b"aa")
    assert not desk.is_left.is_set()


async def test_half_closed_connection_is_given_up_after_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("awaken.hosting.http_server._HALF_CLOSED_TIMEOUT", SOON_S)
    desk = Desk()
    desk.may_answer.clear()
    async with serving(desk) as (reader, writer):
        writer.write(REQUEST)
        writer.write_eof()

        assert await everything(reader) == b""
        await asyncio.wait_for(desk.is_left.wait(), PATIENCE_S)


@pytest.mark.parametrize(
    "part", [b"", HALF_A_HEAD, REQUEST[:-1]], ids=["nothing", "half a head", "half a body"]
)
async def test_half_closed_connection_with_half_a_request_is_closed(part: bytes) -> None:
    async with serving(Desk()) as (reader, writer):
        writer.write(part)
        writer.write_eof()

        assert b" 200 " not in await everything(reader)


async def test_answer_to_the_last_request_before_the_end_is_sent_to_each() -> None:
    async with serving(Desk()) as (reader, writer):
        writer.write(REQUEST + REQUEST)
        writer.write_eof()

        assert (await everything(reader)).count(b"HTTP/1.1 200 OK") == 2


CHUNKED = b" HTTP/1.1\r\nhost: localhost\r\ntransfer-encoding: chunked\r\n\r\n"
NO_CHUNK = b"no chunk\r\n"


async def test_body_that_is_not_http_is_refused_before_the_answer(caplog: pytest.LogCaptureFixture) -> None:
    desk = Desk()
    async with serving(desk) as (reader, writer):
        writer.write(
            b"POST /refuse" + CHUNKED + NO_CHUNK
        )  # one packet: the application answers into the refusal

        answer = await everything(reader)
        await asyncio.wait_for(desk.is_asked.wait(), PATIENCE_S)

    assert answer.count(b"HTTP/1.1 ") == 1
    assert answer.startswith(b"HTTP/1.1 400 ")
    assert not [record for record in caplog.records if record.exc_info]


async def test_body_that_is_not_http_is_refused_while_it_is_read(caplog: pytest.LogCaptureFixture) -> None:
    desk = Desk()
    async with serving(desk) as (reader, writer):
        writer.write(b"POST /" + CHUNKED)
        await desk.is_asked.wait()
        writer.write(NO_CHUNK)

        assert (await everything(reader)).startswith(b"HTTP/1.1 400 ")

    assert not [record for record in caplog.records if record.exc_info]


async def test_body_that_is_not_http_after_the_answer_ends_the_connection(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async with serving(Desk()) as (reader, writer):
        writer.write(b"POST /refuse" + CHUNKED)
        assert b" 413 " in await reader.readuntil(b"\r\n\r\nno")
        writer.write(NO_CHUNK)

        assert await everything(reader) == b""

    assert not [record for record in caplog.records if record.exc_info]


@pytest.mark.parametrize("protocol", [b"h2c", b"websocket"])
async def test_offer_of_another_protocol_is_passed_over(
    caplog: pytest.LogCaptureFixture, protocol: bytes
) -> None:
    offer = b"\r\nconnection: upgrade\r\nupgrade: " + protocol + b"\r\ncontent-length"
    async with serving(Desk()) as (reader, writer):
        writer.write(REQUEST.replace(b"\r\ncontent-length", offer))

        assert await reader.readline() == b"HTTP/1.1 200 OK\r\n"

    assert caplog.records == []


async def test_what_is_not_http_is_no_warning_of_the_server(caplog: pytest.LogCaptureFixture) -> None:
    async with serving(Desk()) as (reader, writer):
        writer.write(b"\x16\x03\x01\x02\x00 a client of https\r\n\r\n")

        assert b" 400 " in await everything(reader)

    assert [record for record in caplog.records if record.levelno >= logging.WARNING] == []


async def test_the_connection_that_was_silent_for_longest_makes_room() -> None:
    desk = Desk()
    async with serving(desk, connections=3) as (silent, writer), AsyncExitStack() as stack:
        address = writer.get_extra_info("peername")
        others = [await _connect(stack, address) for _ in range(2)]
        for reader, to_server in others:  # have been answered, and may have other requests
            to_server.write(REQUEST)
            assert await reader.readline() == b"HTTP/1.1 200 OK\r\n"

        latest, to_server = await _connect(stack, address)

        assert await _until_closed(silent) == b""
        to_server.write(REQUEST)
        assert await latest.readline() == b"HTTP/1.1 200 OK\r\n"


async def test_requests_that_are_answered_keep_their_connections() -> None:
    desk = Desk()
    desk.may_answer.clear()
    async with serving(desk, connections=2) as (first, writer), AsyncExitStack() as stack:
        address = writer.get_extra_info("peername")
        second, to_server = await _connect(stack, address)
        for busy in (writer, to_server):
            desk.is_asked.clear()
            busy.write(REQUEST)
            await asyncio.wait_for(desk.is_asked.wait(), PATIENCE_S)

        for _ in range(5):
            latest, _writer = await _connect(stack, address)
            assert await _until_closed(latest) == b""

        desk.may_answer.set()
        for reader in (first, second):
            assert await reader.readline() == b"HTTP/1.1 200 OK\r\n"


async def _connect(
    stack: AsyncExitStack, address: tuple[str, int]
) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    reader, writer = await asyncio.open_connection(*address)
    stack.callback(writer.close)
    return reader, writer


async def _until_closed(reader: asyncio.StreamReader) -> bytes:
    try:
        return await everything(reader)
    except ConnectionResetError:
        return b""
