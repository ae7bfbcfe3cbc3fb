"""What a hostile or broken HTTP/2 peer can do: end its own connection, and nothing else."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING

import pytest
from awaken.transports import limits
from awaken.transports.http2.engine import ErrorCode
from h2.connection import ConnectionState
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

from tests.unit.transports.client import HEADERS, Response
from tests.unit.transports.receivers import Acceptor, Echo, Greeter, Recorder, wait_until

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from awaken.transports.server.http2_connection import Http2ServerConnection
    from awaken.transports.server.server import Server

    from tests.unit.transports.client import Client

    Start = Callable[..., Awaitable[Server]]
    Connect = Callable[..., Awaitable[Client]]


def send_frames(client: Client, *frames: Frame) -> None:
    client.flush()
    client.writer.write(b"".join(frame.serialize() for frame in frames))


def head(client: Client, stream_id: int, headers: list[tuple[str, str]] = HEADERS) -> HeadersFrame:
    frame = HeadersFrame(stream_id, client.h2.encoder.encode(headers))
    frame.flags.add("END_HEADERS")
    return frame


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


def the_connection(server: Server) -> Http2ServerConnection:
    (connection,) = server._connections
    return connection  # type: ignore[return-value]


async def test_connection_that_says_nothing_is_closed(start: Start) -> None:
    server = await start(Greeter)
    reader, writer = await asyncio.open_connection(*server.address)
    writer.write(b"PRI * HT")
    await writer.drain()
    await wait_until(lambda: bool(server.connection_count))

    the_connection(server).tick(asyncio.get_running_loop().time() + limits.OPENING_TIMEOUT + 1)

    with suppress(ConnectionError):
        assert await reader.read() == b""
    assert server.connection_count == 0
    writer.close()


async def test_idle_connection_is_closed_with_goaway(start: Start, connect: Connect) -> None:
    server = await start(Greeter)
    client = await connect(server.address)
    await client.response(client.request())
    now = asyncio.get_running_loop().time()

    the_connection(server).tick(now + limits.IDLE_TIMEOUT - 5)
    assert client.goaway_codes == []
    the_connection(server).tick(now + limits.IDLE_TIMEOUT + 5)
    the_connection(server).tick(now + limits.IDLE_TIMEOUT + 5 + 2 * limits.GOAWAY_TIMEOUT)
    await client.read_to_close()

    assert client.goaway_codes[0] == ErrorCode.NO_ERROR


@pytest.mark.parametrize("live", [0, 1])
@pytest.mark.parametrize("cut", ["within the frame", "before a continuation", "within a continuation"])
async def test_header_block_that_is_never_finished_ends_its_connection(
    start: Start, connect: Connect, cut: str, live: int
) -> None:
    acceptor = Acceptor()
    server = await start(acceptor)
    client = await connect(server.address)
    for _ in range(live):
        client.request(is_end=False)
        await acceptor.wait_for()
    block = client.h2.encoder.encode(HEADERS)
    begun = HeadersFrame(5, block[:10])
    data = begun.serialize()
    if cut == "within the frame":
        data = data[:-3]
    elif cut == "within a continuation":
        data += (
            ContinuationFrame(5, block[10:20]).serialize() + ContinuationFrame(5, block[20:]).serialize()[:-1]
        )
    client.writer.write(data)
    connection = the_connection(server)
    await wait_until(lambda: connection.engine.begun_head == 5)
    now = asyncio.get_running_loop().time()

    connection.tick(now + limits.OPENING_TIMEOUT - 5)
    assert not connection._is_closing
    connection.tick(now + limits.OPENING_TIMEOUT + 1)
    await client.read_to_close()

    assert client.goaway_codes == [ErrorCode.ENHANCE_YOUR_CALM]
    assert [receiver.calls for receiver in acceptor.receivers] == [["disconnect"]] * live


async def test_header_block_that_comes_in_pieces_is_served(start: Start, connect: Connect) -> None:
    server = await start(Greeter)
    client = await connect(server.address)
    frame = head(client, 1)
    client.responses[1] = Response()
    client.h2.get_next_available_stream_id()
    client.h2.send_headers(1, HEADERS, end_stream=True)
    client.h2.data_to_send()
    frame.flags.add("END_STREAM")
    data = frame.serialize()
    connection = the_connection(server)
    for byte in data[:-1]:
        client.writer.write(bytes([byte]))
    await wait_until(lambda: connection.engine.begun_head == 1)
    client.writer.write(data[-1:])

    assert (await client.response(1)).status == 200
    assert connection.engine.begun_head == 0
    connection.tick(asyncio.get_running_loop().time() + limits.OPENING_TIMEOUT + 1)
    assert not connection._is_closing


@pytest.mark.parametrize("is_answered_first", [True, False])
async def test_draining_connection_resets_answered_streams_whose_requests_stay_open(
    start: Start, connect: Connect, is_answered_first: bool
) -> None:
    acceptor = Acceptor()
    server = await start(acceptor)
    client = await connect(server.address)
    stream_id = client.request(is_end=False)
    receiver = await acceptor.wait_for()
    connection = the_connection(server)
    if is_answered_first:
        receiver.answer(body=b"done")
        await client.response(stream_id)
    # For h2, a client is closed once it has a GOAWAY.
    client.h2.clear_outbound_data_buffer = partial(  # type: ignore[method-assign]
        setattr, client.h2.state_machine, "state", ConnectionState.CLIENT_OPEN
    )
    closing = asyncio.ensure_future(server.close(timedelta(minutes=5)))
    await client.read_until(lambda: bool(client.goaway_codes))
    if not is_answered_first:
        receiver.answer(body=b"done")
        await client.response(stream_id)
    assert client.responses[stream_id].is_ended
    assert client.responses[stream_id].reset_code is None

    connection.tick(asyncio.get_running_loop().time() + limits.HALF_CLOSE_TIMEOUT + 1)
    await client.read_to_close()
    client.writer.close()
    await closing

    assert client.responses[stream_id].body == b"done"
    assert client.responses[stream_id].reset_code == ErrorCode.NO_ERROR


async def test_request_that_never_ends_is_reset_after_its_response(start: Start, connect: Connect) -> None:
    server = await start(Greeter)
    client = await connect(server.address)
    stream_id = client.request(is_end=False)
    await client.response(stream_id)
    client.responses[stream_id].is_ended = False

    the_connection(server).tick(asyncio.get_running_loop().time() + limits.DISCARD_TIMEOUT + 2)
    await client.read_until(lambda: client.responses[stream_id].reset_code is not None)

    assert client.responses[stream_id].reset_code == ErrorCode.NO_ERROR
    assert server.exchange_count == 0


class Shouter(Recorder):
    """Answers with more than any window, at once."""

    def receive_end(self) -> None:
        super().receive_end()
        self.answer(body=bytes(1_000_000))


async def test_response_that_is_never_read_is_reset(start: Start, connect: Connect) -> None:
    server = await start(Acceptor(Shouter))
    client = await connect(server.address, window=100, gives_credit=False)
    stream_id = client.request()
    await client.read_until(lambda: len(client.responses[stream_id].body) == 100)

    now = asyncio.get_running_loop().time()
    the_connection(server).tick(now + limits.STALL_TIMEOUT + 2)  # it had moved: by what was read
    the_connection(server).tick(now + 2 * limits.STALL_TIMEOUT + 4)
    await client.response(stream_id)

    assert client.responses[stream_id].reset_code == ErrorCode.CANCEL


async def test_connection_that_reads_nothing_is_aborted(start: Start, connect: Connect) -> None:
    acceptor = Acceptor(Shouter)
    server = await start(acceptor)
    client = await connect(server.address, window=2**30)
    client.h2.increment_flow_control_window(2**30)
    for _ in range(20):
        client.request()
    await acceptor.wait_for(20)
    connection = the_connection(server)
    await wait_until(lambda: connection.is_socket_paused)

    connection.tick(asyncio.get_running_loop().time() + limits.STALL_TIMEOUT + 2)
    await wait_until(lambda: not server.connection_count)

    assert server.exchange_count == 0
