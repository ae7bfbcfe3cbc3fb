"""HTTP/2 peers that are gone without closing: a lost network or machine ends no connection."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import TYPE_CHECKING, cast

from awaken.transports import limits
from h2 import events

from tests.unit.transports.receivers import Acceptor, Greeter, Recorder, wait_until

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from awaken.transports.server.http2_connection import Http2ServerConnection
    from awaken.transports.server.server import Server

    from tests.unit.transports.client import Client

    Start = Callable[..., Awaitable[Server]]
    Connect = Callable[..., Awaitable[Client]]

SILENT = limits.SILENCE_TIMEOUT + 1
GONE = limits.PING_TIMEOUT + 1


def the_connection(server: Server) -> Http2ServerConnection:
    (connection,) = server._connections
    return cast("Http2ServerConnection", connection)


def now() -> float:
    return asyncio.get_running_loop().time()


async def test_exchange_of_a_peer_that_is_gone_ends(start: Start, connect: Connect) -> None:
    acceptor = Acceptor(Recorder)
    server = await start(acceptor)
    client = await connect(server.address)
    client.request(b"waiting", is_end=False)
    receiver = await acceptor.wait_for(1)
    await receiver.wait_for("data")

    the_connection(server).tick(now() + SILENT)
    assert "disconnect" not in receiver.calls
    the_connection(server).tick(now() + SILENT + GONE)  # the client reads nothing, so it answers no PING

    await receiver.wait_for("disconnect")
    await wait_until(lambda: not server.connection_count)


async def test_exchange_of_a_peer_that_is_only_silent_goes_on(start: Start, connect: Connect) -> None:
    acceptor = Acceptor(Recorder)
    server = await start(acceptor)
    client = await connect(server.address)
    stream_id = client.request(b"waiting", is_end=False)
    receiver = await acceptor.wait_for(1)
    await receiver.wait_for("data")
    connection = the_connection(server)

    for turn in range(1, 4):
        connection.tick(now() + turn * SILENT)
        await client.read_until(partial(_has_pings, client, turn))
        client.send(stream_id, b"after the answer")  # so that the test knows when the answer has arrived
        await receiver.wait_received(7 + turn * 16)
        connection.tick(now() + turn * SILENT + GONE)

    assert "disconnect" not in receiver.calls
    assert server.exchange_count == 1


async def test_connection_without_exchanges_is_not_asked(start: Start, connect: Connect) -> None:
    server = await start(Greeter)
    client = await connect(server.address)
    await client.response(client.request())

    the_connection(server).tick(now() + SILENT)
    the_connection(server).tick(now() + SILENT + GONE)
    await client.response(client.request())

    assert _pings(client) == 0


async def test_answer_to_the_question_does_not_hurry_a_drain(start: Start, connect: Connect) -> None:
    acceptor = Acceptor(Recorder)
    server = await start(acceptor)
    client = await connect(server.address)
    stream_id = client.request(b"waiting", is_end=False)
    receiver = await acceptor.wait_for(1)
    await receiver.wait_for("data")
    connection = the_connection(server)

    connection.tick(now() + SILENT)
    await client.read_until(lambda: _pings(client) == 1)
    connection.drain()  # the answer is on its way
    client.send(stream_id, b" and here")
    await receiver.wait_received(16)
    client.request(b"sent before the client knew", is_end=False)

    await (await acceptor.wait_for(2)).wait_for("data")


def _has_pings(client: Client, count: int) -> bool:
    return _pings(client) == count


def _pings(client: Client) -> int:
    return sum(isinstance(event, events.PingReceived) for event in client.events)
