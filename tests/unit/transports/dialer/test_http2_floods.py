"""Endpoints that flood an HTTP/2 connection: it is read in turns, and ended where the rate is absurd."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, cast

import pytest
from awaken.transports import limits
from awaken.transports.dialer import http2_requests
from awaken.transports.dialer.http2_dialer import Http2Dialer
from h2 import events
from h2.errors import ErrorCodes
from hyperframe.frame import (
    ContinuationFrame,
    DataFrame,
    HeadersFrame,
    PingFrame,
    SettingsFrame,
    WindowUpdateFrame,
)

from tests.unit.transports.dialing import Caller
from tests.unit.transports.h2_peer import Peer, PeerConnection
from tests.unit.transports.receivers import wait_until

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from awaken.transports.dialer.http2_connection import Http2ClientConnection


@asynccontextmanager
async def opened() -> AsyncIterator[tuple[Caller, PeerConnection, Http2ClientConnection, Http2Dialer]]:
    """A call whose response has begun, the peer's end of its connection, and ours."""
    async with Peer() as peer:
        dialer = Http2Dialer(peer.url)
        try:
            caller = Caller(dialer)
            caller.exchange.send(b"x")
            await peer.wait_requests(1)
            connection = peer.connections[0]
            connection.h2.send_headers(1, [(":status", "200")])
            connection.flush()
            await caller.wait_until(lambda: caller.exchange.status == 200)
            (ours,) = dialer._pool
            yield caller, connection, ours, dialer
        finally:
            await dialer.close()


def write(connection: PeerConnection, data: bytes) -> None:
    assert connection.transport is not None
    connection.transport.write(data)


@pytest.mark.parametrize(
    "flood",
    [
        pytest.param(PingFrame(0, b"12345678").serialize(), id="PING"),
        pytest.param(SettingsFrame(0, {4: 65_535}).serialize(), id="SETTINGS"),
        pytest.param(DataFrame(1, b"").serialize(), id="empty DATA"),
        pytest.param(DataFrame(1, b"", flags=["PADDED"], pad_length=2).serialize(), id="padding"),
        pytest.param(b"\0\0\0\xee\0\0\0\0\0", id="unknown"),
    ],
)
async def test_frames_without_use_end_the_connection(flood: bytes) -> None:
    async with opened() as (caller, connection, _, _):
        write(connection, flood * (limits.CONTROL_FRAME_BURST + 1000))

        failure = await caller.failure()

        assert (
            "the endpoint broke HTTP/2: the peer sent more than 10000 frames without use too fast" in failure
        )
        await wait_until(lambda: bool(connection.seen(events.ConnectionTerminated)))
        (goaway,) = connection.seen(events.ConnectionTerminated)
        assert cast("events.ConnectionTerminated", goaway).error_code == ErrorCodes.ENHANCE_YOUR_CALM


@pytest.mark.parametrize(
    "flood",
    [
        pytest.param(
            HeadersFrame(1, b"\x88").serialize() + ContinuationFrame(1, b"").serialize() * 70, id="empty"
        ),
        pytest.param(
            HeadersFrame(1, bytes(16_000)).serialize() + ContinuationFrame(1, bytes(16_000)).serialize() * 70,
            id="large",
        ),
    ],
)
async def test_header_block_without_end_ends_the_connection(flood: bytes) -> None:
    async with opened() as (caller, connection, _, _):
        write(connection, flood)

        assert "the endpoint broke HTTP/2" in await caller.failure()


async def test_window_updates_without_end_are_read_in_turns() -> None:
    async with opened() as (caller, connection, ours, dialer):
        write(connection, WindowUpdateFrame(1, 1).serialize() * 20_000)
        write(connection, DataFrame(1, b"after", flags=["END_STREAM"]).serialize())

        await caller.wait_until(lambda: caller.exchange.is_ended)

        assert bytes(caller.body) == b"after"
        assert not ours.is_closed
        assert ours in dialer._pool


async def test_resets_of_our_own_streams_are_no_flood(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http2_requests, "_MOST_REQUESTS", 10_000)  # all on one connection
    async with opened() as (_, connection, ours, dialer):
        for count in range(61, 1261, 60):
            callers = [Caller(dialer) for _ in range(60)]
            for each in callers:
                each.exchange.send(b"x")
            await connection.peer.wait_requests(count)
            for request in connection.requests[-60:]:
                connection.h2.reset_stream(request.stream_id or 0, ErrorCodes.REFUSED_STREAM)
            connection.flush()
            for each in callers:
                assert "REFUSED_STREAM" in await each.failure()

        assert not ours.is_closed


async def test_many_small_frames_before_the_end_of_a_connection_are_all_read() -> None:
    """Those that still wait for their turn when the socket is gone."""
    async with opened() as (caller, connection, ours, _):
        write(connection, DataFrame(1, b"x").serialize() * 5000)
        write(connection, DataFrame(1, b"", flags=["END_STREAM"]).serialize())
        assert connection.transport is not None
        connection.transport.close()

        await caller.wait_until(lambda: caller.exchange.is_ended)

        caller.take()
        assert len(caller.body) == 5000
        assert caller.change_count > 5000 / limits.SLICE / 2
        await wait_until(lambda: ours.is_closed)


async def test_other_calls_are_answered_during_a_flood() -> None:
    async with opened() as (_, connection, _, dialer):
        flood = WindowUpdateFrame(1, 1).serialize() * 1000
        answered = 0
        for _ in range(20):
            write(connection, flood)
            seen = len(connection.requests)
            other = Caller(dialer)
            other.exchange.end()
            await wait_until(lambda seen=seen: len(connection.requests) > seen)  # type: ignore[misc]
            connection.answer(connection.requests[-1].stream_id or 0, b"hello")
            assert await other.response() == (200, b"hello")
            answered += 1
        assert answered == 20


async def test_peer_that_does_not_read_what_answers_it_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "CONTROL_FRAME_BURST", 10_000_000)  # as if it were slow
    async with opened() as (caller, connection, ours, _):
        assert connection.transport is not None
        connection.transport.pause_reading()
        ours.pause_writing()

        for _ in range(60):
            write(connection, PingFrame(0, b"12345678").serialize() * 2000)
            await wait_until(
                lambda: connection.transport is None or not connection.transport.get_write_buffer_size()
            )
            if ours.is_closed:
                break

        await wait_until(lambda: ours.is_closed)
        assert "it does not read what answers its frames" in await caller.failure()


async def test_body_without_end_on_a_stream_that_we_reset_ends_the_connection() -> None:
    async with opened() as (caller, connection, ours, dialer):
        other = Caller(dialer)
        other.exchange.send(b"x")
        await connection.peer.wait_requests(2)
        caller.exchange.disconnect()

        frame = DataFrame(1, bytes(16_000)).serialize()
        for _ in range(limits.STREAM_WINDOW // 16_000 + 2):
            write(connection, frame)

        assert "DATA exceeds the window of stream 1" in await other.failure()
        assert ours.is_closed


async def test_small_frames_in_flight_when_we_reset_their_stream_are_no_flood() -> None:
    async with opened() as (caller, connection, ours, dialer):
        caller.exchange.disconnect()
        write(connection, DataFrame(1, b"x").serialize() * (limits.CONTROL_FRAME_BURST + 1000))

        other = Caller(dialer)
        other.exchange.end()
        await connection.peer.wait_requests(2)
        connection.answer(3, b"fine")

        assert await other.response() == (200, b"fine")
        assert not ours.is_closed


async def test_next_connection_serves_what_comes_after_a_flood() -> None:
    async with opened() as (caller, connection, _, dialer):
        write(connection, PingFrame(0, b"12345678").serialize() * 20_000)
        await caller.failure()
        peer = connection.peer

        task_caller = Caller(dialer)
        task_caller.exchange.end()
        await peer.wait_requests(2)
        peer.connections[-1].answer(1, b"again")

        assert await task_caller.response() == (200, b"again")
