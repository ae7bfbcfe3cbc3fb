from __future__ import annotations

import asyncio

import pytest
from awaken.errors import LocalProtocolError, RemoteProtocolError
from awaken.transports import limits
from awaken.transports.memory.outgoing import MemoryOutgoing

from tests.unit.transports.receivers import Acceptor, Echo, Fountain, Greeter


async def test_request_and_response_pass() -> None:
    acceptor = Acceptor(Echo)
    request = MemoryOutgoing(acceptor, "POST", "/invoke/S/h", {"x": "1"})

    request.send(b"one ")
    request.send(b"two")
    request.end()

    assert await request.read_all() == b"one two"
    assert (request.status, dict(request.headers)) == (200, {"content-type": "text/plain"})
    assert acceptor.receivers[0].exchange.headers["x"] == "1"
    assert acceptor.receivers[0].calls == ["data", "data", "end"]


async def test_credit_is_given_back_only_by_acknowledging() -> None:
    acceptor = Acceptor()
    request = MemoryOutgoing(acceptor, "POST", "/")

    request.send(bytes(1000))
    assert request.credit == limits.STREAM_WINDOW - 1000
    acceptor.receivers[0].exchange.acknowledge(600)

    assert request.credit == limits.STREAM_WINDOW - 400


async def test_credit_is_announced_to_a_caller_that_had_none() -> None:
    acceptor = Acceptor()
    announced: list[int] = []
    request = MemoryOutgoing(acceptor, "POST", "/", on_change=lambda: announced.append(request.credit))
    exchange = acceptor.receivers[0].exchange

    request.send(bytes(1000))
    exchange.acknowledge(1000)
    await asyncio.sleep(0)
    assert announced == []

    request.send(bytes(limits.STREAM_WINDOW))
    assert request.credit == 0
    exchange.acknowledge(500)
    exchange.acknowledge(200)
    await asyncio.sleep(0)
    assert announced == [700]


async def test_writer_pauses_until_the_response_is_taken() -> None:
    acceptor = Acceptor(Fountain)
    request = MemoryOutgoing(acceptor, "GET", "/")
    fountain = acceptor.receivers[0]

    assert fountain.exchange.is_write_paused
    assert request.received_size <= limits.BUFFER_HIGH + Fountain.piece
    body = await request.read_all()

    assert len(body) == Fountain.size
    assert "resume" in fountain.calls


async def test_reading_waits_for_the_response() -> None:
    acceptor = Acceptor()
    changes: list[int | None] = []
    request = MemoryOutgoing(acceptor, "GET", "/", on_change=lambda: changes.append(request.status))
    reading = asyncio.create_task(request.read())
    await asyncio.sleep(0)

    acceptor.receivers[0].answer(body=b"now")

    assert await reading == b"now"
    assert await request.read() == b""
    assert changes == [200]


async def test_disconnect_comes_once_and_silences_the_exchange() -> None:
    acceptor = Acceptor()
    request = MemoryOutgoing(acceptor, "POST", "/")

    request.disconnect()
    request.disconnect()
    request.drain()
    acceptor.receivers[0].exchange.start(200, [])
    acceptor.receivers[0].exchange.write(b"x")
    acceptor.receivers[0].exchange.end()

    assert acceptor.receivers[0].calls == ["disconnect"]
    assert request.status is None


async def test_reset_is_an_error_to_the_reader_after_what_was_written() -> None:
    acceptor = Acceptor()
    request = MemoryOutgoing(acceptor, "POST", "/")
    exchange = acceptor.receivers[0].exchange

    exchange.start(200, [])
    exchange.write(b"half")
    exchange.reset()

    assert await request.read() == b"half"
    with pytest.raises(RemoteProtocolError, match="reset before its response ended"):
        await request.read()


async def test_receiver_hears_nothing_after_its_response() -> None:
    acceptor = Acceptor(Greeter)
    request = MemoryOutgoing(acceptor, "POST", "/")

    request.send(b"late")
    request.end()
    request.disconnect()

    assert acceptor.receivers[0].calls == []
    with pytest.raises(LocalProtocolError, match="cannot send 4 bytes: the request is already ended"):
        request.send(b"more")


async def test_misuse_of_the_exchange_raises() -> None:
    acceptor = Acceptor()
    MemoryOutgoing(acceptor, "POST", "/p")
    exchange = acceptor.receivers[0].exchange

    with pytest.raises(LocalProtocolError, match="cannot write on <POST /p in memory>: start the response"):
        exchange.write(b"x")
    exchange.start(200, [])
    exchange.end()
    with pytest.raises(LocalProtocolError, match="already ended"):
        exchange.end()
