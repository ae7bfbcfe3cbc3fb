"""What a hostile or broken HTTP/2 peer can do: end its own connection, and nothing else."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest
from awaken.transports import limits
from awaken.transports.http2.engine import ErrorCode
from h2.errors import ErrorCodes
from hyperframe.frame import (
    ContinuationFrame,
    DataFrame,
    Frame,
    HeadersFrame,
    PingFrame,
    PriorityFrame,
    RstStreamFrame,
    SettingsFrame,
)

from tests.unit.transports.client import HEADERS, head, send_frames
from tests.unit.transports.receivers import Acceptor, Echo, Greeter

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from awaken.transports.server.server import Server

    from tests.unit.transports.client import Client

    Start = Callable[..., Awaitable[Server]]
    Connect = Callable[..., Awaitable[Client]]


async def is_served(server: Server, connect: Connect) -> bool:
    """Whether the server still answers a new connection."""
    client = await connect(server.address)
    return (await client.response(client.request(b"x"))).status == 200


@pytest.mark.parametrize(
    "headers",
    [
        [*HEADERS, ("Upper", "case")],
        [*HEADERS, ("bad name", "x")],
        [*HEADERS, ("", "x")],
        [*HEADERS, ("x", "new\nline")],
        [*HEADERS, ("x", "nul\0")],
        [*HEADERS, ("connection", "close")],
        [*HEADERS, ("te", "gzip")],
        [*HEADERS, (":late", "x")],
        [*HEADERS, ("x", "y"), (":path", "/")],
        [*HEADERS, (":path", "/twice")],
        [*HEADERS[:3]],
        [*HEADERS[1:]],
        [HEADERS[0], *HEADERS[2:]],
        [*HEADERS[:3], (":path", "")],
        [*HEADERS[:3], (":path", "no-slash")],
        [(":method", "CONNECT"), *HEADERS[1:]],
    ],
)
async def test_malformed_request_fails_its_stream_only(
    start: Start, connect: Connect, headers: list[tuple[str, str]]
) -> None:
    acceptor = Acceptor(Echo)
    server = await start(acceptor)
    client = await connect(server.address)

    malformed = await client.response(client.request(b"x", base=headers))
    well_formed = await client.response(client.request(b"y"))

    assert malformed.reset_code == ErrorCode.PROTOCOL_ERROR
    assert bytes(well_formed.body) == b"y"
    assert len(acceptor.receivers) == 1


async def test_malformed_trailers_disconnect_the_receiver(start: Start, connect: Connect) -> None:
    acceptor = Acceptor()
    server = await start(acceptor)
    client = await connect(server.address)
    stream_id = client.request(b"x", is_end=False)

    client.h2.send_headers(stream_id, [(":path", "/")], end_stream=True)
    client.flush()

    assert (await client.response(stream_id)).reset_code == ErrorCode.PROTOCOL_ERROR
    assert acceptor.receivers[0].calls == ["data", "disconnect"]


@pytest.mark.slow
@pytest.mark.parametrize(
    "extra",
    [
        [("x-large", "v" * limits.HEADERS_SIZE)],
        [(f"x-{number}", "v") for number in range(limits.HEADERS_COUNT)],
    ],
)
async def test_too_large_head_is_answered_with_431(
    start: Start, connect: Connect, extra: list[tuple[str, str]]
) -> None:
    acceptor = Acceptor()
    server = await start(acceptor)
    client = await connect(server.address)

    refused = await client.response(client.request(b"x", headers=extra))

    assert refused.status == 431
    assert acceptor.receivers == []
    assert server.exchange_count == 0


async def test_header_bomb_ends_the_connection(start: Start, connect: Connect) -> None:
    server = await start(Greeter)
    client = await connect(server.address)
    # One field of 4 KiB enters the table; each further byte unpacks to it again.
    client.request(headers=[("x-bomb", "v" * 3500)] * 200)

    await client.read_to_close()

    assert client.goaway_codes == [ErrorCode.ENHANCE_YOUR_CALM]
    assert await is_served(server, connect)


async def test_flood_of_continuations_ends_the_connection(start: Start, connect: Connect) -> None:
    server = await start(Greeter)
    client = await connect(server.address)
    first = HeadersFrame(1, b"\x00" * 10)

    send_frames(client, first, *[ContinuationFrame(1, b"") for _ in range(1000)])
    await client.read_to_close()

    assert client.goaway_codes
    assert await is_served(server, connect)


async def test_endless_frame_ends_the_connection_before_it_fills_memory(
    start: Start, connect: Connect
) -> None:
    server = await start(Greeter)
    client = await connect(server.address)
    sent = 0

    client.writer.write((2**24 - 1).to_bytes(3, "big") + b"\x00\x00\x00\x00\x00\x01")
    try:
        while sent < 2**24 and not client.writer.is_closing():
            client.writer.write(bytes(65_536))
            sent += 65_536
            await client.writer.drain()
            await asyncio.sleep(0)
            if server.connection_count == 0:
                break
    except ConnectionError:
        pass

    assert sent < 8 * limits.PARTIAL_FRAMES_SIZE
    assert await is_served(server, connect)


@pytest.mark.slow
async def test_rapid_reset_ends_the_connection(start: Start, connect: Connect) -> None:
    acceptor = Acceptor()
    server = await start(acceptor)
    client = await connect(server.address)

    for number in range(limits.RESET_BURST + 500):
        stream_id = 2 * number + 1
        reset = RstStreamFrame(stream_id)
        reset.error_code = ErrorCode.CANCEL
        send_frames(client, head(client, stream_id), reset)
    await client.read_to_close()

    assert client.goaway_codes == [ErrorCode.ENHANCE_YOUR_CALM]
    assert all(receiver.calls == ["disconnect"] for receiver in acceptor.receivers)


def ping() -> Frame:
    frame = PingFrame(0)
    frame.opaque_data = b"flooding"
    return frame


def settings() -> Frame:
    return SettingsFrame(0, {4: 65_535})


def priority() -> Frame:
    return PriorityFrame(99, depends_on=0)


def empty_data() -> Frame:
    return DataFrame(1, b"")


@pytest.mark.slow
@pytest.mark.parametrize("make_frame", [ping, settings, priority, empty_data])
async def test_flood_of_frames_without_use_ends_the_connection(
    start: Start, connect: Connect, make_frame: Callable[[], Frame]
) -> None:
    server = await start(Acceptor())
    client = await connect(server.address)
    client.request(is_end=False)

    flood = make_frame().serialize() * (limits.CONTROL_FRAME_BURST + 2000)
    client.writer.write(flood)
    await client.read_to_close()

    assert client.goaway_codes == [ErrorCode.ENHANCE_YOUR_CALM]
    assert await is_served_by(connect, await start(Echo))


async def is_served_by(connect: Connect, server: Server) -> bool:
    return await is_served(server, connect)


async def test_streams_beyond_the_limit_are_refused_one_by_one(start: Start, connect: Connect) -> None:
    acceptor = Acceptor()
    server = await start(acceptor)
    client = await connect(server.address)
    assert client.h2.remote_settings.max_concurrent_streams == limits.STREAMS

    send_frames(client, *[head(client, 2 * number + 1) for number in range(limits.STREAMS + 3)])
    refused: list[int] = []
    buffer = b""
    async with asyncio.timeout(25):
        while len(refused) < 3:
            data = await client.reader.read(65536)
            assert data, "the connection was closed"
            buffer += data
            while len(buffer) >= 9:
                frame, length = Frame.parse_frame_header(memoryview(buffer[:9]))
                if len(buffer) < 9 + length:
                    break
                frame.parse_body(memoryview(buffer[9 : 9 + length]))
                buffer = buffer[9 + length :]
                if isinstance(frame, RstStreamFrame):
                    refused.append(frame.error_code)

    assert refused == [ErrorCode.REFUSED_STREAM] * 3
    assert len(acceptor.receivers) == limits.STREAMS
    assert server.exchange_count == limits.STREAMS


async def test_protocol_error_disconnects_every_receiver(start: Start, connect: Connect) -> None:
    acceptor = Acceptor()
    server = await start(acceptor)
    client = await connect(server.address)
    client.request(is_end=False)
    receiver = await acceptor.wait_for()

    client.writer.write(b"\x00\x00\x01\x00\x00\x00\x00\x00\x00x")  # DATA on stream 0
    await client.read_to_close()

    assert client.goaway_codes == [ErrorCode.PROTOCOL_ERROR]
    assert receiver.calls == ["disconnect"]


async def test_more_data_than_the_window_ends_the_connection(start: Start, connect: Connect) -> None:
    acceptor = Acceptor()
    server = await start(acceptor)
    client = await connect(server.address)
    client.request(is_end=False)
    receiver = await acceptor.wait_for()
    count = limits.STREAM_WINDOW // limits.MAX_FRAME_SIZE + 1

    for _ in range(count):
        send_frames(client, DataFrame(1, bytes(limits.MAX_FRAME_SIZE)))
        await client.writer.drain()
    await client.read_to_close()

    assert client.goaway_codes == [ErrorCodes.FLOW_CONTROL_ERROR]
    assert len(receiver.received) <= limits.STREAM_WINDOW
    assert receiver.calls[-1] == "disconnect"
