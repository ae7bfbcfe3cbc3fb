from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import pytest
import pytest_asyncio
from awaken.transports.http2.engines import EngineName
from awaken.transports.http2.engines import make_engine as make_engine_of
from awaken.transports.server.server import Server, start_server

from tests.unit.transports.client import Client
from tests.unit.transports.sockets import listening_socket

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

    from awaken.exchange import Accept
    from awaken.transports.http2.engine import Engine


@pytest.fixture(params=list(EngineName))
def make_engine(request: pytest.FixtureRequest) -> Callable[[], Engine]:
    """Every HTTP/2 engine there is: one suite for all."""
    return partial(make_engine_of, request.param)


@pytest_asyncio.fixture
async def start(make_engine: Callable[[], Engine]) -> AsyncIterator[Callable[..., Awaitable[Server]]]:
    """Starts servers on free ports of the loopback interface, and closes them after the test."""
    servers: list[Server] = []

    async def start_one(accept: Accept, **options: Any) -> Server:
        server = await start_server(accept, sock=listening_socket(), make_engine=make_engine, **options)
        servers.append(server)
        return server

    yield start_one
    for server in servers:
        await server.close()


@pytest_asyncio.fixture
async def connect() -> AsyncIterator[Callable[..., Awaitable[Client]]]:
    """Connects HTTP/2 clients, and closes them after the test."""
    clients: list[Client] = []

    async def connect_one(address: tuple[str, int], **options: Any) -> Client:
        client = await Client.connect(address, **options)
        clients.append(client)
        return client

    yield connect_one
    for client in clients:
        await client.close()
