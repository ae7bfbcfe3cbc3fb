from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
from awaken.transports.limits import RateLimit
from awaken.transports.server.connection import Connections
from awaken.transports.server.listener import Listener
from awaken.transports.server.server import start_server

from tests.unit.transports.receivers import Greeter, wait_until


async def test_address_tells_the_port_that_was_found() -> None:
    server = await start_server(Greeter, port=0)

    host, port = server.address

    assert host == "127.0.0.1"
    assert port > 0
    assert server.sockets[0].getsockname() == (host, port)
    await server.close()


async def test_taken_port_is_an_error() -> None:
    server = await start_server(Greeter)

    with pytest.raises(OSError, match="address already in use"):
        await start_server(Greeter, port=server.address[1])
    await server.close()


async def test_closing_does_not_wait_for_connections_without_work() -> None:
    server = await start_server(Greeter)
    _, writer = await asyncio.open_connection(*server.address)
    await wait_until(lambda: server.connection_count == 1)

    async with asyncio.timeout(25):
        await server.close(timedelta(seconds=30))

    assert server.connection_count == 0
    writer.close()


async def test_connection_that_comes_during_the_drain_is_drained() -> None:
    connections = Connections()
    drained: list[Listener] = []

    class Late(Listener):
        def drain(self) -> None:
            drained.append(self)

    connections.drain()
    late = Late(Greeter, connections)
    connections.add(late)
    await wait_until(lambda: drained != [])

    assert drained == [late]


def test_rate_limit_allows_a_burst_and_then_the_rate() -> None:
    limit = RateLimit(burst=10, rate=2.0)

    assert limit.take(10, now=100.0)
    assert not limit.take(1, now=100.0)
    assert not limit.take(1, now=100.5)
    assert limit.take(1, now=102.0)
    assert limit.take(10, now=1000.0)
    assert not limit.take(1, now=1000.0)
