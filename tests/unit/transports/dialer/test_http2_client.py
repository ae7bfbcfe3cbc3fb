"""How an HTTP/2 caller reacts to peers that follow the protocol, and to peers that break it."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from awaken.transports.dialer import http2_requests
from awaken.transports.dialer.http2_dialer import Http2Dialer
from h2 import events
from h2.errors import ErrorCodes

from tests.unit.transports.dialing import Caller
from tests.unit.transports.h2_peer import Peer, PeerConnection
from tests.unit.transports.receivers import wait_until

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    import pytest
    from awaken.transports.dialer.http2_connection import Http2ClientConnection


@asynccontextmanager
async def dialed(**options: Any) -> AsyncIterator[tuple[Peer, Http2Dialer]]:
    async with Peer(**options) as peer:
        dialer = Http2Dialer(peer.url)
        try:
            yield peer, dialer
        finally:
            await dialer.close()


async def opened(peer: Peer, dialer: Http2Dialer) -> tuple[Caller, PeerConnection, Http2ClientConnection]:
    """One call that the peer has seen, its connection, and our end of it."""
    caller = Caller(dialer)
    caller.exchange.send(b"x")
    await peer.wait_requests(1)
    (ours,) = dialer._pool
    return caller, peer.connections[0], ours


async def test_head_is_what_the_server_sends_and_nothing_else() -> None:
    async with dialed() as (peer, dialer):
        caller = Caller(dialer, headers={"accept": "application/x", "x-restate-invocation-id": "inv_1"})
        caller.exchange.end()
        await peer.wait_requests(1)

        assert list(peer.connections[0].requests[0].headers or ()) == [
            (b":method", b"POST"),
            (b":scheme", b"http"),
            (b":authority", peer.url.removeprefix("http://").encode()),
            (b":path", b"/invoke/S/h"),
            (b"accept", b"application/x"),
            (b"x-restate-invocation-id", b"inv_1"),
        ]


async def test_what_one_turn_sends_is_one_write() -> None:
    async with dialed() as (peer, dialer):
        await opened(peer, dialer)
        connection = peer.connections[0]
        connection.write_sizes.clear()
        frames_before = len(connection.seen(events.DataReceived))

        callers = [Caller(dialer) for _ in range(5)]
        for caller in callers:
            for piece in (b"a", b"b", b"c"):
                caller.exchange.send(piece)
            caller.exchange.end()
        await peer.wait_requests(6)
        await peer.wait_until(lambda: len(connection.seen(events.StreamEnded)) == 5)

        assert len(connection.write_sizes) == 1
        frames = connection.seen(events.DataReceived)[frames_before:]
        assert [getattr(frame, "data", None) for frame in frames] == [b"abc"] * 5


async def test_sends_that_are_not_joined_are_frames_of_one_write() -> None:
    async with dialed() as (peer, dialer):
        caller, connection, _ours = await opened(peer, dialer)
        connection.write_sizes.clear()

        caller.exchange.is_joining = False
        for piece in (b"a", b"bc", b"d"):
            caller.exchange.send(piece)
        caller.exchange.end()
        await peer.wait_until(lambda: bool(connection.seen(events.StreamEnded)))

        assert len(connection.write_sizes) == 1
        frames = connection.seen(events.DataReceived)
        assert [getattr(frame, "data", None) for frame in frames] == [b"x", b"a", b"bc", b"d"]


async def test_connection_is_left_when_seventy_percent_are_used() -> None:
    async with dialed(max_streams=10) as (peer, dialer):
        _first, connection, _ours = await opened(peer, dialer)
        for _ in range(13):
            Caller(dialer).exchange.send(b"x")
        await peer.wait_requests(7)

        await peer.wait_requests(14)
        assert len(connection.requests) == 7
        assert sum(len(other.requests) for other in peer.connections) == 14


async def test_connection_is_left_when_the_peer_may_count_its_requests(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(http2_requests, "_MOST_REQUESTS", 5)
    async with dialed() as (peer, dialer):
        first, _connection, _ours = await opened(peer, dialer)
        for _ in range(7):
            Caller(dialer).exchange.send(b"x")
        await peer.wait_requests(8)

        assert [len(connection.requests) for connection in peer.connections] == [5, 3]
        assert not first.exchange.is_reset


async def test_calls_before_the_settings_respect_them_all_the_same() -> None:
    async with dialed(max_streams=1) as (peer, dialer):
        for _ in range(4):
            Caller(dialer).exchange.send(b"x")

        await peer.wait_requests(4)

        assert [len(connection.requests) for connection in peer.connections] == [1, 1, 1, 1]


async def test_peer_that_takes_no_streams_is_a_failure() -> None:
    async with dialed(max_streams=0) as (_peer, dialer):
        assert "MAX_CONCURRENT_STREAMS is 0" in await Caller(dialer).failure()


async def test_refused_stream_is_a_failure_and_the_connection_goes_on() -> None:
    async with dialed() as (peer, dialer):
        caller, connection, _ = await opened(peer, dialer)
        connection.h2.reset_stream(1, ErrorCodes.REFUSED_STREAM)
        connection.flush()

        assert (await caller.failure()).endswith("the endpoint reset the stream: REFUSED_STREAM")
        assert caller.exchange.credit == 0
        other = Caller(dialer)
        other.exchange.end()
        await peer.wait_requests(2)
        connection.answer(3, b"fine")
        assert await other.response() == (200, b"fine")
        assert len(peer.connections) == 1


async def test_reset_with_no_error_after_the_response_changes_nothing() -> None:
    async with dialed() as (peer, dialer):
        caller, connection, ours = await opened(peer, dialer)
        connection.h2.send_headers(1, [(":status", "200")])
        connection.h2.send_data(1, b"done", end_stream=True)
        connection.h2.reset_stream(1, ErrorCodes.NO_ERROR)
        connection.flush()

        assert await caller.response() == (200, b"done")
        caller.exchange.end()
        await wait_until(lambda: ours.exchange_count == 0)
        assert not caller.exchange.is_reset


async def test_goaway_fails_what_it_refuses_and_leaves_the_rest() -> None:
    async with dialed() as (peer, dialer):
        kept, connection, _ = await opened(peer, dialer)
        refused = Caller(dialer)
        refused.exchange.send(b"x")
        await peer.wait_requests(2)

        goaway = b"\x00\x00\x08\x07\x00\x00\x00\x00\x00" + (1).to_bytes(4) + (0).to_bytes(4)
        assert connection.transport is not None
        connection.transport.write(goaway)

        assert (await refused.failure()).endswith("the endpoint is leaving: GOAWAY NO_ERROR")
        later = Caller(dialer)
        later.exchange.end()
        await peer.wait_until(lambda: len(peer.connections) == 2 and bool(peer.connections[1].requests))
        connection.answer(1, b"kept")
        assert await kept.response() == (200, b"kept")
        kept.exchange.end()
        await peer.wait_until(lambda: connection.is_lost)


async def test_lost_connection_fails_its_calls_with_the_reason() -> None:
    async with dialed() as (peer, dialer):
        caller, connection, _ = await opened(peer, dialer)
        assert connection.transport is not None
        connection.transport.abort()

        failure = await caller.failure()

        address = peer.url.removeprefix("http://")
        assert failure.startswith(f"{address}: the connection was lost: ")
        again = Caller(dialer)
        again.exchange.end()
        await peer.wait_requests(2)
        peer.connections[1].answer(1, b"new")
        assert await again.response() == (200, b"new")


async def test_ping_keeps_a_connection_and_finds_a_dead_one() -> None:
    async with dialed() as (peer, dialer):
        caller, connection, ours = await opened(peer, dialer)
        now = asyncio.get_running_loop().time()

        ours.tick(now + 49)
        await peer.wait_until(lambda: bool(connection.seen(events.PingReceived)))
        await wait_until(lambda: not ours._keep_alive.is_waiting)
        ours.tick(now + 70)
        assert not caller.exchange.is_reset

        peer.has_settings = False  # it answers nothing any more
        ours.tick(now + 98)
        ours.tick(now + 119)
        assert "no answer to a PING within 20 s" in await caller.failure()


async def test_idle_connection_is_closed_with_goaway() -> None:
    async with dialed() as (peer, dialer):
        caller, connection, ours = await opened(peer, dialer)
        caller.exchange.end()
        connection.answer(1)
        await caller.response()
        await wait_until(lambda: ours.exchange_count == 0)

        ours.tick(asyncio.get_running_loop().time() + 301)

        await peer.wait_until(lambda: connection.is_lost)
        assert connection.seen(events.ConnectionTerminated)
        assert dialer.connection_count == 0


async def test_silent_peer_is_given_up() -> None:
    async with dialed(has_settings=False) as (peer, dialer):
        caller = Caller(dialer)
        await peer.wait_until(lambda: bool(peer.connections))
        (ours,) = dialer._pool

        ours.tick(asyncio.get_running_loop().time() + 11)

        assert "did not begin to speak HTTP/2 within 10 s" in await caller.failure()


async def test_http1_only_peer_is_named() -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        writer.write(b"HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n")
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    dialer = Http2Dialer(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}")

    assert (
        "answered in HTTP/1.1; if it speaks nothing else, register it for that"
        in await Caller(dialer).failure()
    )
    await dialer.close()
    server.close()


async def test_broken_protocol_fails_the_calls_of_its_connection() -> None:
    async with dialed() as (peer, dialer):
        caller, connection, _ = await opened(peer, dialer)
        assert connection.transport is not None
        connection.transport.write(b"\x00\x00\x00\x00\x00\x00\x00\x00\x00")  # DATA on stream 0

        assert "the endpoint broke HTTP/2: " in await caller.failure()


async def test_giving_up_what_waits_leaves_no_trace() -> None:
    async with dialed(has_settings=False) as (peer, dialer):
        caller = Caller(dialer)
        await peer.wait_until(lambda: bool(peer.connections))
        caller.exchange.disconnect()
        (ours,) = dialer._pool

        assert ours.exchange_count == 0
        assert await caller.failure() == "given up by the caller"


async def test_response_head_without_status_is_refused() -> None:
    async with dialed() as (peer, dialer):
        caller, connection, _ = await opened(peer, dialer)
        block = connection.h2.encoder.encode([("content-type", "text/plain")])
        assert connection.transport is not None
        connection.transport.write(
            len(block).to_bytes(3) + b"\x01\x04" + (1).to_bytes(4) + block
        )  # HEADERS, END_HEADERS

        assert (await caller.failure()).endswith(
            "the endpoint broke HTTP/2: the head of the response is malformed"
        )


async def test_memory_of_streams_is_given_back() -> None:
    async with dialed() as (peer, dialer):
        await opened(peer, dialer)
        connection = peer.connections[0]
        (ours,) = dialer._pool
        for number in range(1, 400):
            caller = Caller(dialer)
            caller.exchange.end()
            await peer.wait_requests(number + 1)
            connection.answer(2 * number + 1, b"x")
            await caller.response()

        assert ours.exchange_count == 1
        assert ours.engine.stream_count == 1
        assert len(ours._requests._begun) == 1


async def test_header_that_cannot_be_sent_fails_its_exchange_only() -> None:
    async with dialed() as (peer, dialer):
        wrong = Caller(dialer, headers={"x-name": "a\nb"})
        right = Caller(dialer)
        right.exchange.end()
        await peer.wait_requests(1)

        assert 'header text "a\\nb" cannot be sent' in await wrong.failure()
        peer.connections[0].answer(1, b"fine")
        assert await right.response() == (200, b"fine")
