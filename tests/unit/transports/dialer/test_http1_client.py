"""How an HTTP/1.1 caller reacts to endpoints that answer oddly: which connections are used again, and which are not."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import pytest
from awaken.transports import limits
from awaken.transports.dialer.http1_dialer import Http1Dialer

from tests.unit.transports.dialing import Caller, call
from tests.unit.transports.receivers import wait_until

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

HEAD = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n"
END = b"0\r\n\r\n"


def plain(body: bytes, *headers: bytes) -> bytes:
    return b"\r\n".join([b"HTTP/1.1 200 OK", b"content-length: %d" % len(body), *headers, b"", body])


def chunk(body: bytes) -> bytes:
    return b"%x\r\n%s\r\n" % (len(body), body)


class Connection(asyncio.Protocol):
    """Answers each complete request with what the script says."""

    def __init__(self, peer: Peer) -> None:
        self.peer = peer
        self.request_count = 0
        self.is_lost = False
        self.has_ended = False
        self.received = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        self.peer.connections.append(self)

    def data_received(self, data: bytes) -> None:
        self.received += data
        while (end := self.received.find(END)) >= 0:
            self.received = self.received[end + len(END) :]
            self.request_count += 1
            self.peer.answer(self)

    def eof_received(self) -> None:
        self.has_ended = True

    def connection_lost(self, exc: Exception | None) -> None:
        self.is_lost = True


class Peer:
    """A port, the connections that came, and how requests are answered."""

    def __init__(self, answer: Callable[[Connection], None]) -> None:
        self.answer = answer
        self.connections: list[Connection] = []

    @property
    def request_counts(self) -> list[int]:
        return [connection.request_count for connection in self.connections]


@asynccontextmanager
async def dialed(answer: bytes | Callable[[Connection], None]) -> AsyncIterator[tuple[Peer, Http1Dialer]]:
    def write(connection: Connection) -> None:
        assert isinstance(answer, bytes)
        connection.transport.write(answer)

    peer = Peer(write if isinstance(answer, bytes) else answer)
    server = await asyncio.get_running_loop().create_server(lambda: Connection(peer), "127.0.0.1", 0)
    dialer = Http1Dialer("http://{}:{}".format(*server.sockets[0].getsockname()))
    try:
        yield peer, dialer
    finally:
        await dialer.close()
        for connection in peer.connections:
            connection.transport.abort()
        server.close()
        await server.wait_closed()


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(plain(b"hello"), id="content-length"),
        pytest.param(HEAD + chunk(b"hel") + chunk(b"lo") + END, id="chunked"),
        pytest.param(HEAD + chunk(b"hello") + b"0\r\nx-sum: 1\r\nx-more: 2\r\n\r\n", id="trailers"),
        pytest.param(b"HTTP/1.1 100 Continue\r\n\r\n" + plain(b"hello"), id="100 before"),
        pytest.param(b"HTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\n" * 99 + plain(b"hello"), id="99 hints"),
        pytest.param(HEAD + chunk(b"hello;"[:5]).replace(b"5\r", b"5;name=value\r") + END, id="extension"),
    ],
)
async def test_complete_response_leaves_its_connection_for_the_next(answer: bytes) -> None:
    async with dialed(answer) as (peer, dialer):
        for _ in range(3):
            assert await call(dialer) == (200, b"hello")

        assert peer.request_counts == [3]


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(plain(b"hello", b"connection: close"), id="connection: close"),
        pytest.param(plain(b"hello").replace(b"1.1", b"1.0"), id="HTTP/1.0"),
        pytest.param(plain(b"hello") + b"HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nevil", id="one more"),
        pytest.param(plain(b"hello") + b"x", id="trailing byte"),
        pytest.param(HEAD + chunk(b"hello") + END + END, id="one more end"),
    ],
)
async def test_connection_that_cannot_be_trusted_is_not_used_again(answer: bytes) -> None:
    async with dialed(answer) as (peer, dialer):
        for _ in range(3):
            assert await call(dialer) == (200, b"hello")

        assert peer.request_counts == [1, 1, 1]
        await wait_until(lambda: all(each.is_lost or each.has_ended for each in peer.connections))


async def test_body_that_ends_with_its_connection_is_complete() -> None:
    def answer(connection: Connection) -> None:
        connection.transport.write(b"HTTP/1.1 200 OK\r\n\r\nhello")
        connection.transport.write_eof()

    async with dialed(answer) as (peer, dialer):
        for _ in range(3):
            assert await call(dialer) == (200, b"hello")
        assert peer.request_counts == [1, 1, 1]


@pytest.mark.parametrize(
    ("answer", "text"),
    [
        (HEAD + chunk(b"hello"), "the connection was lost"),
        (plain(b"hello")[:-1], "the connection was lost"),
        (HEAD + b"xyz\r\n", "broke HTTP/1.1"),
        (b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\ncontent-length: 6\r\n\r\nhello", "broke HTTP/1.1"),
        (b"HTTP/1.1 200 OK\r\ncontent-length: -1\r\n\r\nhello", "broke HTTP/1.1"),
        (b"HTTP/1.1 200 OK\r\nx: " + bytes(limits.HEADERS_SIZE + 1), "broke HTTP/1.1"),
        (b"HTTP/1.1 101 Switching Protocols\r\n\r\n", "broke HTTP/1.1"),
        (b"\x00\x01\x02\r\n\r\n", "broke HTTP/1.1"),
        (b"", "the connection was lost"),
    ],
)
async def test_broken_response_fails_its_exchange_only(answer: bytes, text: str) -> None:
    def write(connection: Connection) -> None:
        if len(connection.peer.connections) == 1:
            connection.transport.write(answer)
            connection.transport.write_eof()
        else:
            connection.transport.write(plain(b"hello"))

    async with dialed(write) as (_, dialer):
        caller = Caller(dialer)
        caller.exchange.end()

        assert text in await caller.failure()
        assert await call(dialer) == (200, b"hello")


@pytest.mark.parametrize("size", [limits.STREAM_WINDOW + 1, 16 * 1024 * 1024, 31 * 1024 * 1024])
@pytest.mark.parametrize("is_taking", [True, False])
async def test_large_responses_leave_connections_that_read(size: int, is_taking: bool) -> None:
    """A response above the window stops the reading; the next exchange must not wait for what nobody reads."""
    body = bytes(size)

    def answer(connection: Connection) -> None:
        connection.transport.write(plain(body))

    async with dialed(answer) as (_, dialer):
        for _ in range(3):
            caller = Caller(dialer, is_taking=is_taking)
            caller.exchange.end()
            if not is_taking:
                await caller.wait_until(lambda exchange=caller.exchange: exchange.status == 200)  # type: ignore[misc]
                caller.is_taking = True
                caller.take()
            status, received = await caller.response()
            assert (status, len(received)) == (200, size)


@pytest.mark.parametrize("sent", [b"", HEAD, HEAD + chunk(b"half"), HEAD + chunk(bytes(4 * 1024 * 1024))])
async def test_exchange_that_is_given_up_takes_its_connection_with_it(sent: bytes) -> None:
    def answer(connection: Connection) -> None:
        connection.transport.write(sent if len(connection.peer.connections) == 1 else plain(b"hello"))

    async with dialed(answer) as (peer, dialer):
        caller = Caller(dialer, is_taking=False)
        caller.exchange.end()
        await wait_until(lambda: peer.request_counts == [1])
        if sent:
            await caller.wait_until(lambda: caller.exchange.status == 200)

        caller.exchange.disconnect()

        assert await call(dialer) == (200, b"hello")
        await wait_until(lambda: peer.connections[0].is_lost)
        assert peer.request_counts == [1, 1]


async def test_response_before_the_request_has_ended_waits_for_that() -> None:
    async with dialed(b"") as (peer, dialer):
        early = Caller(dialer)
        early.exchange.send(b"first")
        await wait_until(lambda: bool(peer.connections and peer.connections[0].received))
        peer.answer = lambda connection: None
        peer.connections[0].transport.write(plain(b"early"))
        await early.wait_until(lambda: early.exchange.is_ended)

        peer.answer = lambda connection: connection.transport.write(plain(b"other"))
        assert await call(dialer) == (200, b"other")
        assert len(peer.connections) == 2
        early.exchange.end()
        assert await early.response() == (200, b"early")


async def test_connection_that_the_peer_closes_between_two_calls_costs_none_of_them() -> None:
    async with dialed(plain(b"hello")) as (peer, dialer):
        assert await call(dialer) == (200, b"hello")

        peer.connections[0].transport.close()
        await wait_until(lambda: dialer.connection_count == 0)

        assert await call(dialer) == (200, b"hello")
        assert peer.request_counts == [1, 1]


@pytest.mark.parametrize("data", [b"", b"HTTP/1.1 408 Request Timeout\r\ncontent-length: 0\r\n\r\n", b"x"])
async def test_call_that_crosses_with_the_closing_gets_another_connection(data: bytes) -> None:
    async with dialed(plain(b"hello")) as (peer, dialer):
        assert await call(dialer) == (200, b"hello")
        (ours,) = dialer._pool

        caller = Caller(dialer)  # begins in this turn, and is sent in the next
        caller.exchange.send(b"x")
        caller.exchange.end()
        if data:
            ours.data_received(data)
        else:
            ours.eof_received()

        assert await caller.response() == (200, b"hello")
        assert len(peer.connections) == 2


@pytest.mark.parametrize("data", [b"", b"HTTP/1.1 408 Request Timeout\r\ncontent-length: 0\r\n\r\n", b"x"])
async def test_call_that_crosses_with_a_closing_that_waits_for_its_turn_gets_another_connection(
    data: bytes,
) -> None:
    async with dialed(plain(b"hello")) as (peer, dialer):
        assert await call(dialer) == (200, b"hello")
        (ours,) = dialer._pool
        for _ in range(20):  # other connections of the endpoint are busy
            dialer._turns.add(lambda: limits.SLICE)

        if data:
            ours.data_received(data)
        else:
            ours.eof_received()

        assert await call(dialer) == (200, b"hello")
        assert len(peer.connections) == 2


async def test_bytes_on_an_idle_connection_answer_nobody() -> None:
    async with dialed(plain(b"hello")) as (peer, dialer):
        assert await call(dialer) == (200, b"hello")

        peer.connections[0].transport.write(plain(b"evil"))
        await wait_until(lambda: dialer.connection_count == 0)

        assert await call(dialer) == (200, b"hello")


async def test_flood_of_interim_responses_is_ended() -> None:
    async with dialed(b"HTTP/1.1 100 Continue\r\n\r\n" * 100_000) as (_, dialer):
        caller = Caller(dialer)
        caller.exchange.end()

        assert "more than 100 responses of status 100 too fast" in await caller.failure()


@pytest.mark.parametrize("is_closing", [False, True])
async def test_many_small_chunks_are_read_in_turns(is_closing: bool) -> None:
    """Also those that are left when the peer has closed already."""
    count = 30_000

    def answer(connection: Connection) -> None:
        connection.transport.write(HEAD + chunk(b"x") * count + END)
        if is_closing:
            connection.transport.close()

    async with dialed(answer) as (_, dialer):
        caller = Caller(dialer)
        caller.exchange.end()

        status, body = await caller.response()

        assert (status, len(body)) == (200, count)
        assert caller.change_count > count / limits.SLICE / 2


async def test_reading_continues_after_the_turns_have_caught_up() -> None:
    async with dialed(HEAD + chunk(b"x") * 1000 + END) as (peer, dialer):
        for _ in range(5):
            assert await call(dialer) == (200, b"x" * 1000)

        assert peer.request_counts == [5]
