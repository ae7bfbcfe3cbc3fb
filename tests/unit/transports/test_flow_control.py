"""Credit for received bytes, and waiting for peers that read slowly: memory stays bounded in both directions."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from awaken.transports import limits
from awaken.transports.http2.engine import ErrorCode
from h2 import events

from tests.unit.transports.receivers import Acceptor, Echo, Fountain, Greeter, wait_until

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from awaken.transports.server.http2_connection import Http2ServerConnection
    from awaken.transports.server.server import Server

    from tests.unit.transports.client import Client
    from tests.unit.transports.receivers import Recorder

    Start = Callable[..., Awaitable[Server]]
    Connect = Callable[..., Awaitable[Client]]

FRAME = bytes(16_384)


async def open_stream(start: Start, connect: Connect) -> tuple[Client, int, Recorder]:
    """Begin a request to a receiver that acknowledges nothing on its own."""
    acceptor = Acceptor()
    server = await start(acceptor)
    client = await connect(server.address)
    stream_id = client.request(is_end=False)
    receiver = await acceptor.wait_for()
    return client, stream_id, receiver


async def fill_window(client: Client, stream_id: int) -> int:
    """Send as much as the stream's window allows; answer how much that was."""
    sent = 0
    while size := min(client.send_window(stream_id), len(FRAME)):
        client.send(stream_id, FRAME[:size])
        sent += size
        await client.writer.drain()
    return sent


async def settle(client: Client) -> None:
    """Wait until the server has handled everything sent before, and we have read its answers."""
    count = sum(isinstance(event, events.PingAckReceived) for event in client.events)
    client.h2.ping(b"settling")
    client.flush()
    await client.read_until(
        lambda: sum(isinstance(event, events.PingAckReceived) for event in client.events) > count
    )


async def test_window_opens_only_when_bytes_are_acknowledged(start: Start, connect: Connect) -> None:
    client, stream_id, receiver = await open_stream(start, connect)

    assert await fill_window(client, stream_id) == limits.STREAM_WINDOW
    await receiver.wait_received(limits.STREAM_WINDOW)
    await settle(client)
    assert client.send_window(stream_id) == 0

    receiver.exchange.acknowledge(limits.STREAM_WINDOW)
    await client.read_until(lambda: client.send_window(stream_id) == limits.STREAM_WINDOW)


async def test_acknowledging_more_than_was_received_opens_no_more(start: Start, connect: Connect) -> None:
    client, stream_id, receiver = await open_stream(start, connect)
    await fill_window(client, stream_id)
    await receiver.wait_received(limits.STREAM_WINDOW)

    receiver.exchange.acknowledge(10 * limits.STREAM_WINDOW)
    receiver.exchange.acknowledge(10 * limits.STREAM_WINDOW)
    await settle(client)

    assert client.send_window(stream_id) == limits.STREAM_WINDOW


async def test_credit_comes_in_few_updates(start: Start, connect: Connect) -> None:
    server = await start(Echo)
    client = await connect(server.address)
    stream_id = client.request(is_end=False)

    for _ in range(512):  # 8 MiB, four windows
        while client.send_window(stream_id) < len(FRAME):
            await client.read_once()
        client.send(stream_id, FRAME)
    await settle(client)

    updates = [event for event in client.events if isinstance(event, events.WindowUpdated)]
    assert len([event for event in updates if event.stream_id == stream_id]) == 8
    assert len([event for event in updates if not event.stream_id]) == 2  # at the start, and after half of it


async def test_peer_that_has_run_out_gets_credit_however_little(start: Start, connect: Connect) -> None:
    client, stream_id, receiver = await open_stream(start, connect)
    await fill_window(client, stream_id)
    await receiver.wait_received(limits.STREAM_WINDOW)

    receiver.exchange.acknowledge(7)
    await client.read_until(lambda: client.send_window(stream_id) == 7)

    client.send(stream_id, FRAME[:6])
    await receiver.wait_received(limits.STREAM_WINDOW + 6)
    receiver.exchange.acknowledge(1)
    await client.read_until(lambda: client.send_window(stream_id) > 1)
    assert client.send_window(stream_id) == 2


async def test_credit_that_was_kept_comes_once_the_peer_runs_out(start: Start, connect: Connect) -> None:
    client, stream_id, receiver = await open_stream(start, connect)
    client.send(stream_id, FRAME)
    await receiver.wait_received(len(FRAME))
    receiver.exchange.acknowledge(len(FRAME))
    await settle(client)
    assert client.send_window(stream_id) == limits.STREAM_WINDOW - len(FRAME)

    while client.send_window(stream_id):
        client.send(stream_id, FRAME)
        await settle(client)

    await receiver.wait_received(limits.STREAM_WINDOW + len(FRAME))


async def test_receivers_that_take_nothing_leave_room_for_other_streams(
    start: Start, connect: Connect
) -> None:
    acceptor = Acceptor()
    server = await start(acceptor)
    client = await connect(server.address)
    for number in range(20):  # together more than twice the connection's window
        stream_id = client.request(is_end=False)
        receiver = await acceptor.wait_for(number + 1)
        sent = 0
        while sent < limits.STREAM_WINDOW:
            await client.read_until(lambda: client.send_window(stream_id) > 0)  # noqa: B023  # awaited here
            sent += await fill_window(client, stream_id)
            await receiver.wait_received(sent)
        assert len(receiver.received) == limits.STREAM_WINDOW


async def test_connection_credit_survives_receivers_that_never_acknowledge(
    start: Start, connect: Connect
) -> None:
    acceptor = Acceptor()
    server = await start(acceptor)
    client = await connect(server.address)

    for number in range(12):  # 24 MiB through a connection window of 16 MiB
        stream_id = client.request(is_end=False)
        receiver = await acceptor.wait_for(number + 1)
        while receiver_room := limits.STREAM_WINDOW - len(receiver.received):
            size = min(client.send_window(stream_id), len(FRAME), receiver_room)
            if size:
                client.send(stream_id, FRAME[:size])
                await receiver.wait_received(len(receiver.received) + size)
            else:
                await client.read_once()
        if number % 2:
            client.h2.reset_stream(stream_id)
            client.flush()
            await receiver.wait_for("disconnect")
        else:
            receiver.answer()
            await client.response(stream_id)

    assert all(len(receiver.received) == limits.STREAM_WINDOW for receiver in acceptor.receivers)


async def test_bytes_after_the_response_are_thrown_away_up_to_a_bound(start: Start, connect: Connect) -> None:
    acceptor = Acceptor(Greeter)
    server = await start(acceptor)
    client = await connect(server.address)
    stream_id = client.request(is_end=False)
    await client.response(stream_id)

    sent = 0
    while client.responses[stream_id].reset_code is None:
        size = min(client.send_window(stream_id), len(FRAME))
        if size and sent <= limits.DISCARD_SIZE:
            client.send(stream_id, FRAME[:size])
            sent += size
        else:
            await client.read_once()

    assert client.responses[stream_id].reset_code == ErrorCode.NO_ERROR
    assert sent > limits.DISCARD_SIZE
    assert acceptor.receivers[0].calls == []


async def test_writer_pauses_for_a_closed_window_and_resumes(start: Start, connect: Connect) -> None:
    acceptor = Acceptor(Fountain)
    server = await start(acceptor)
    client = await connect(server.address, window=10_000, gives_credit=False)
    stream_id = client.request()
    fountain = await acceptor.wait_for()
    assert isinstance(fountain, Fountain)
    await client.read_until(lambda: len(client.responses[stream_id].body) == 10_000)
    await settle(client)

    assert fountain.exchange.is_write_paused
    assert fountain.written <= 10_000 + limits.BUFFER_HIGH + 2 * fountain.piece
    assert buffered(server, stream_id) <= limits.BUFFER_HIGH + 2 * fountain.piece

    client.gives_credit = True
    client.h2.increment_flow_control_window(10_000, stream_id)
    client.h2.increment_flow_control_window(10_000)
    client.flush()
    while not client.responses[stream_id].is_over:
        received = len(client.responses[stream_id].body)
        await client.read_once()
        more = len(client.responses[stream_id].body) - received
        if more and not client.responses[stream_id].is_over:
            client.h2.increment_flow_control_window(more, stream_id)
            client.flush()

    assert len(client.responses[stream_id].body) == Fountain.size
    assert "resume" in fountain.calls


@pytest.mark.slow
async def test_writer_pauses_for_a_peer_that_reads_nothing(start: Start, connect: Connect) -> None:
    acceptor = Acceptor(Fountain)
    server = await start(acceptor)
    client = await connect(server.address, window=2**30)
    client.h2.increment_flow_control_window(2**30)
    streams = [client.request() for _ in range(8)]
    await acceptor.wait_for(8)
    await wait_until(lambda: all(receiver.exchange.is_write_paused for receiver in acceptor.receivers))

    written = sum(f.written for f in acceptor.receivers if isinstance(f, Fountain))
    # One output for the connection, and its high mark for each stream; the kernel takes some as well.
    assert written < 2 * 1024 * 1024
    total = sum(buffered(server, stream_id) for stream_id in streams)
    assert total <= 8 * (limits.BUFFER_HIGH + 2 * Fountain.piece)
    transport = http2_connection(server)._transport
    assert transport is not None
    assert transport.get_write_buffer_size() <= 2 * limits.OUTPUT_SIZE

    await client.read_until(lambda: all(client.responses[s].is_ended for s in streams))
    assert all(len(client.responses[s].body) == Fountain.size for s in streams)


async def test_streams_with_much_to_say_take_turns(start: Start, connect: Connect) -> None:
    acceptor = Acceptor(Fountain)
    server = await start(acceptor)
    client = await connect(server.address, window=2**30)
    client.h2.increment_flow_control_window(2**30)
    streams = [client.request() for _ in range(4)]

    await client.read_until(lambda: any(client.responses[s].is_ended for s in streams))

    shares = [len(client.responses[s].body) for s in streams]
    assert min(shares) > Fountain.size // 2


async def test_short_answer_overtakes_a_long_one(start: Start, connect: Connect) -> None:
    acceptor = Acceptor(Fountain)
    server = await start(acceptor)
    client = await connect(server.address, window=0)
    slow = client.request()
    await acceptor.wait_for()
    await settle(client)
    fast = client.request()

    client.h2.increment_flow_control_window(Fountain.size, fast)
    client.flush()
    await client.response(fast)

    assert not client.responses[slow].body


async def test_smaller_window_setting_holds_back_and_a_larger_one_releases(
    start: Start, connect: Connect
) -> None:
    client, stream_id, receiver = await open_stream(start, connect)
    client.h2.update_settings({4: 0})
    client.flush()
    await settle(client)

    receiver.answer(body=b"held back")
    await settle(client)
    assert not client.responses[stream_id].body
    client.h2.update_settings({4: 65_535})
    client.flush()

    assert bytes((await client.response(stream_id)).body) == b"held back"


def http2_connection(server: Server) -> Http2ServerConnection:
    (connection,) = server._connections
    return connection  # type: ignore[return-value]


def buffered(server: Server, stream_id: int) -> int:
    """How many response bytes of a stream the server holds in memory."""
    return http2_connection(server).engine.pending_size(stream_id)
