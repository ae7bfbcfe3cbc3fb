"""The sockets that workers listen on."""

from __future__ import annotations

import asyncio
import socket

from awaken.hosting.workers import open_sockets


async def test_accepted_connections_send_small_answers_at_once() -> None:
    (listening,) = open_sockets("127.0.0.1", 0, 1)
    accepted: asyncio.Future[int] = asyncio.get_running_loop().create_future()

    def note(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        sock = writer.get_extra_info("socket")
        accepted.set_result(sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))
        writer.close()

    async with await asyncio.start_server(note, sock=listening):
        _, writer = await asyncio.open_connection(*listening.getsockname())

        assert await accepted == 1

        writer.close()
