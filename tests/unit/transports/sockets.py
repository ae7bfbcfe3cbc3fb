"""Connections with small buffers of known size, instead of the kernel's defaults.

A kernel that takes megabytes hides whether a writer pauses, and lets a test of it pass or fail by the machine.
"""

from __future__ import annotations

import asyncio
import socket
from typing import Final

#: Bytes of each socket's buffers, in each direction. Linux doubles the number for its own accounting.
BUFFER_SIZE: Final = 64 * 1024


def listening_socket() -> socket.socket:
    """Return a socket bound to a free loopback port; connections it accepts inherit its buffers."""
    listener = _narrow(socket.socket())
    listener.bind(("127.0.0.1", 0))
    return listener


async def open_connection(address: tuple[str, int]) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """Connect to an address of the loopback interface."""
    sock = _narrow(socket.socket())
    sock.setblocking(False)
    try:
        await asyncio.get_running_loop().sock_connect(sock, address)
    except BaseException:
        sock.close()
        raise
    return await asyncio.open_connection(sock=sock)


def _narrow(sock: socket.socket) -> socket.socket:
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, BUFFER_SIZE)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, BUFFER_SIZE)
    # As asyncio does for sockets of its own; otherwise small frames wait 40 ms for an acknowledgement.
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return sock
