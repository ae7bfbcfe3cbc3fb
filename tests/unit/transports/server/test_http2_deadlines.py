"""How long an HTTP/2 peer may take: to speak, to finish a head, to end its request, and to read its response."""

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
from hyperframe.frame import (
    ContinuationFrame,
    HeadersFrame,
)

from tests.unit.transports.client import HEADERS, Response, head
from tests.unit.transports.receivers import Acceptor, Greeter, Recorder, wait_until

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from awaken.transports.server.http2_connection import Http2ServerConnection
    from awaken.transports.server.server import Server

    from tests.unit.transports.client import Client

    Start = Callable[..., Awaitable[Server]]
    Connect = Callable[..., Awaitable[Client]]


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
