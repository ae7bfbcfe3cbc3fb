"""An HTTP/2 server over the h2 state machine that does only what a test asks for."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from h2 import events
from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.settings import SettingCodes

if TYPE_CHECKING:
    from collections.abc import Callable


class PeerConnection(asyncio.Protocol):
    """One accepted connection, with everything that came on it."""

    def __init__(self, peer: Peer) -> None:
        self.peer = peer
        self.h2 = H2Connection(H2Configuration(client_side=False))
        self.events: list[events.Event] = []
        self.transport: asyncio.Transport | None = None
        self.is_lost = False
        self.write_sizes: list[int] = []

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        self.peer.connections.append(self)
        self.h2.initiate_connection()
        if self.peer.max_streams is not None:
            self.h2.update_settings({SettingCodes.MAX_CONCURRENT_STREAMS: self.peer.max_streams})
        if self.peer.has_settings:
            self.flush()
        self.peer.note()

    def data_received(self, data: bytes) -> None:
        self.write_sizes.append(len(data))
        self.events += self.h2.receive_data(data)
        if self.peer.has_settings:
            self.flush()
        self.peer.note()

    def connection_lost(self, exc: Exception | None) -> None:
        self.is_lost = True
        self.peer.note()

    def flush(self) -> None:
        assert self.transport is not None
        self.transport.write(self.h2.data_to_send())

    def seen(self, kind: type[events.Event]) -> list[events.Event]:
        return [event for event in self.events if isinstance(event, kind)]

    @property
    def requests(self) -> list[events.RequestReceived]:
        return [event for event in self.events if isinstance(event, events.RequestReceived)]

    def answer(self, stream_id: int, body: bytes = b"") -> None:
        self.h2.send_headers(stream_id, [(":status", "200")], end_stream=not body)
        if body:
            self.h2.send_data(stream_id, body, end_stream=True)
        self.flush()


class Peer:
    """A port, and the connections that came."""

    def __init__(self, *, max_streams: int | None = None, has_settings: bool = True) -> None:
        self.max_streams = max_streams
        self.has_settings = has_settings
        self.connections: list[PeerConnection] = []
        self.url = ""
        self._server: asyncio.Server | None = None
        self._changed = asyncio.Event()

    async def __aenter__(self) -> Peer:
        self._server = await asyncio.get_running_loop().create_server(
            lambda: PeerConnection(self), "127.0.0.1", 0
        )
        self.url = f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._server is not None
        self._server.close()
        for connection in self.connections:
            if connection.transport is not None:
                connection.transport.abort()

    def note(self) -> None:
        self._changed.set()

    async def wait_until(self, is_true: Callable[[], bool]) -> None:
        async with asyncio.timeout(25):
            while not is_true():
                self._changed.clear()
                await self._changed.wait()

    async def wait_requests(self, count: int) -> None:
        await self.wait_until(lambda: sum(len(c.requests) for c in self.connections) >= count)
