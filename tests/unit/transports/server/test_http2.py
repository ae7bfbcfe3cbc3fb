"""HTTP/2 over real sockets, driven by a client that does only what a test says."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from awaken.errors import LocalProtocolError
from awaken.transports.http2.engine import ErrorCode
from h2 import events
from hyperframe.frame import DataFrame, Frame, GoAwayFrame, PingFrame

from tests.unit.transports.client import HEADERS, Client, Response
from tests.unit.transports.receivers import Acceptor, Echo, Greeter

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from awaken.transports.server.server import Server

    Start = Callable[..., Awaitable[Server]]
    Connect = Callable[..., Awaitable[Client]]


async def test_request_reaches_the_receiver_and_its_answer_the_client(start: Start, connect: Connect) -> None:
    acceptor = Acceptor(Echo)
    server = await start(acceptor)
    client = await connect(server.address)

    stream_id = client.request(b"body", headers=[("x-key", "a"), ("x-key", "b")])
    response = await client.response(stream_id)

    assert (response.status, bytes(response.body)) == (200, b"body")
    exchange = acceptor.receivers[0].exchange
    assert (exchange.method, exchange.path, exchange.is_bidirectional) == ("POST", "/invoke/S/h", True)
    assert exchange.headers["x-key"] == "a"
    assert exchange.headers["host"] == "test"
    assert acceptor.receivers[0].calls == ["data", "end"]


async def test_path_comes_without_its_query(start: Start, connect: Connect) -> None:
    acceptor = Acceptor(Greeter)
    server = await start(acceptor)
    client = await connect(server.address)

    await client.response(client.request(base=[*HEADERS[:3], (":path", "/discover?a=b?c")]))

    assert acceptor.receivers[0].exchange.path == "/discover"


async def test_writes_of_one_turn_become_one_frame(start: Start, connect: Connect) -> None:
    acceptor = Acceptor()
    server = await start(acceptor)
    client = await connect(server.address)
    stream_id = client.request(is_end=False)
    exchange = (await acceptor.wait_for()).exchange

    exchange.start(200, [])
    for _ in range(100):
        exchange.write(b"0123456789")
    exchange.end()
    response = await client.response(stream_id)

    assert (bytes(response.body), response.frames) == (b"0123456789" * 100, 1)


async def test_both_directions_flow_at_the_same_time(start: Start, connect: Connect) -> None:
    acceptor = Acceptor()
    server = await start(acceptor)
    client = await connect(server.address)
    stream_id = client.request(b"ping", is_end=False)
    receiver = await acceptor.wait_for()
    await receiver.wait_received(4)

    receiver.exchange.start(200, [])
    receiver.exchange.write(b"pong")
    await client.read_until(lambda: client.responses[stream_id].body == b"pong")
    client.send(stream_id, b"more", is_end=True)
    await receiver.wait_for("end")
    receiver.exchange.end()

    assert (await client.response(stream_id)).is_ended
    assert receiver.received == b"pingmore"


async def test_request_that_outlives_its_response_is_let_finish(start: Start, connect: Connect) -> None:
    acceptor = Acceptor(Greeter)
    server = await start(acceptor)
    client = await connect(server.address)

    stream_id = client.request(is_end=False)
    response = await client.response(stream_id)
    client.send(stream_id, b"late", is_end=True)
    await client.response(client.request())  # everything before has been handled by now

    assert response.reset_code is None
    assert not client.saw(events.StreamReset)
    assert acceptor.receivers[0].calls == []
    assert server.exchange_count == 0


async def test_reset_by_the_peer_disconnects_once(start: Start, connect: Connect) -> None:
    acceptor = Acceptor()
    server = await start(acceptor)
    client = await connect(server.address)
    stream_id = client.request(b"x", is_end=False)
    receiver = await acceptor.wait_for()

    client.h2.reset_stream(stream_id, ErrorCode.CANCEL)
    client.flush()
    await receiver.wait_for("disconnect")
    receiver.exchange.start(200, [])
    receiver.exchange.write(b"discarded")
    receiver.exchange.end()
    receiver.exchange.reset()
    await client.close()
    await server.close()

    assert receiver.calls == ["data", "disconnect"]


async def test_lost_connection_disconnects_every_receiver_once(start: Start, connect: Connect) -> None:
    acceptor = Acceptor()
    server = await start(acceptor)
    client = await connect(server.address)
    for _ in range(3):
        client.request(is_end=False)
    await acceptor.wait_for(3)

    await client.close()
    for receiver in acceptor.receivers:
        await receiver.wait_for("disconnect")

    assert [receiver.calls for receiver in acceptor.receivers] == [["disconnect"]] * 3
    assert server.connection_count == 0


async def test_reset_by_us_is_seen_by_the_peer_only(start: Start, connect: Connect) -> None:
    acceptor = Acceptor()
    server = await start(acceptor)
    client = await connect(server.address)
    stream_id = client.request(is_end=False)
    receiver = await acceptor.wait_for()

    receiver.exchange.start(200, [])
    receiver.exchange.reset()
    response = await client.response(stream_id)

    assert response.reset_code == ErrorCode.INTERNAL_ERROR
    assert receiver.calls == []


async def test_head_gets_headers_and_no_body(start: Start, connect: Connect) -> None:
    server = await start(Greeter)
    client = await connect(server.address)

    response = await client.response(client.request(base=[(":method", "HEAD"), *HEADERS[1:]]))

    assert (response.status, bytes(response.body)) == (200, b"")


async def test_padding_is_no_body(start: Start, connect: Connect) -> None:
    acceptor = Acceptor(Echo)
    server = await start(acceptor)
    client = await connect(server.address)
    stream_id = client.request(is_end=False)

    client.h2.send_data(stream_id, b"padded", end_stream=True, pad_length=200)
    client.flush()

    assert bytes((await client.response(stream_id)).body) == b"padded"


async def test_trailers_end_the_request(start: Start, connect: Connect) -> None:
    acceptor = Acceptor(Echo)
    server = await start(acceptor)
    client = await connect(server.address)
    stream_id = client.request(b"body", is_end=False)

    client.h2.send_headers(stream_id, [("x-checksum", "1")], end_stream=True)
    client.flush()

    assert bytes((await client.response(stream_id)).body) == b"body"


@pytest.mark.slow
async def test_thousand_concurrent_streams_are_all_answered(start: Start, connect: Connect) -> None:
    acceptor = Acceptor(Echo)
    server = await start(acceptor)
    client = await connect(server.address)

    streams = [client.request(b"%d" % number, is_end=False) for number in range(1000)]
    await acceptor.wait_for(1000)
    assert server.exchange_count == 1000
    for stream_id in reversed(streams):
        client.send(stream_id, b"!", is_end=True)
    await client.read_until(lambda: all(response.is_ended for response in client.responses.values()))

    bodies = [bytes(client.responses[stream_id].body) for stream_id in streams]
    assert bodies == [b"%d!" % number for number in range(1000)]
    assert server.exchange_count == 0


async def test_body_in_single_bytes_arrives_whole(start: Start, connect: Connect) -> None:
    acceptor = Acceptor(Echo)
    server = await start(acceptor)
    client = await connect(server.address)
    body = bytes(range(256)) * 4

    stream_id = client.request(is_end=False)
    for value in body:
        client.h2.send_data(stream_id, bytes([value]))
    client.h2.end_stream(stream_id)
    client.flush()

    assert bytes((await client.response(stream_id)).body) == body


async def test_bytes_of_the_network_may_come_one_by_one(start: Start, connect: Connect) -> None:
    server = await start(Echo)
    client = await connect(server.address)
    client.h2.send_headers(1, HEADERS)
    client.h2.send_data(1, b"slow", end_stream=True)
    client.responses[1] = Response()

    for value in client.h2.data_to_send():
        client.writer.write(bytes([value]))
        await asyncio.sleep(0)

    assert bytes((await client.response(1)).body) == b"slow"


async def test_misuse_of_an_exchange_raises(start: Start, connect: Connect) -> None:
    acceptor = Acceptor()
    server = await start(acceptor)
    client = await connect(server.address)
    client.request(is_end=False)
    exchange = (await acceptor.wait_for()).exchange

    with pytest.raises(LocalProtocolError, match=r"cannot write on <POST /invoke/S/h on stream 1>: start"):
        exchange.write(b"x")
    exchange.start(200, [])
    with pytest.raises(LocalProtocolError, match="already started"):
        exchange.start(200, [])
    exchange.end()
    with pytest.raises(LocalProtocolError, match=r"cannot end on .*: its response is already ended"):
        exchange.end()


async def test_goaway_of_the_client_lets_its_requests_finish(start: Start, connect: Connect) -> None:
    acceptor = Acceptor(Echo)
    server = await start(acceptor)
    client = await connect(server.address)
    stream_id = client.request(b"before", is_end=False)
    await acceptor.wait_for()

    # A GOAWAY frame by hand, since h2 sends nothing after its own.
    client.writer.write(b"\x00\x00\x08\x07\x00\x00\x00\x00\x00" + bytes(8))
    client.send(stream_id, b"+after", is_end=True)
    await client.read_until(lambda: client.responses[stream_id].is_over)
    await client.read_to_close()

    assert bytes(client.responses[stream_id].body) == b"before+after"


async def test_drain_says_goaway_and_closes_after_the_last_stream(start: Start, connect: Connect) -> None:
    acceptor = Acceptor()
    server = await start(acceptor)
    client = await connect(server.address)
    stream_id = client.request(is_end=False)
    receiver = await acceptor.wait_for()

    closing = asyncio.create_task(server.close(timedelta(seconds=5)))
    await receiver.wait_for("drain")
    receiver.answer(body=b"wound up")
    with pytest.raises(OSError, match=r"."):
        await asyncio.open_connection(*server.address)
    await _drive_until_closed(client, stream_id)
    await closing

    assert bytes(client.responses[stream_id].body) == b"wound up"
    assert receiver.calls == ["drain"]
    assert client.goaway_codes[0] == ErrorCode.NO_ERROR


async def _drive_until_closed(client: Client, stream_id: int) -> None:
    """Read on, also after GOAWAY, which for h2 is the end; and finish the request once it is answered."""
    buffer = b""
    async with asyncio.timeout(25):
        while data := await client.reader.read(65536):
            buffer += data
            while len(buffer) >= 9:
                frame, length = Frame.parse_frame_header(memoryview(buffer[:9]))
                if len(buffer) < 9 + length:
                    break
                frame.parse_body(memoryview(buffer[9 : 9 + length]))
                buffer = buffer[9 + length :]
                _answer_frame(client, frame, stream_id)
    await client.close()


def _answer_frame(client: Client, frame: object, stream_id: int) -> None:
    if isinstance(frame, PingFrame) and "ACK" not in frame.flags:
        client.writer.write(b"\x00\x00\x08\x06\x01\x00\x00\x00\x00" + frame.opaque_data)
    elif isinstance(frame, GoAwayFrame):
        client.goaway_codes.append(frame.error_code)
    elif isinstance(frame, DataFrame):
        client.responses[stream_id].body += frame.data
        if "END_STREAM" in frame.flags:
            client.responses[stream_id].is_ended = True
            client.writer.write(b"\x00\x00\x00\x00\x01" + stream_id.to_bytes(4, "big"))
