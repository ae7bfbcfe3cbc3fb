"""Bytes on a socket, for what no well-behaved client sends."""

from __future__ import annotations

import socket
from contextlib import contextmanager
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Iterator

PATIENCE_S = 10


@contextmanager
def connect(url: str, *, patience_s: float = PATIENCE_S) -> Iterator[socket.socket]:
    """Open a connection to the host and port of a URL."""
    parts = urlsplit(url)
    with socket.create_connection((parts.hostname, parts.port), timeout=patience_s) as connection:
        yield connection


def read_to_end(connection: socket.socket) -> bytes:
    """Return what arrives until the other side closes.

    Raises:
        TimeoutError: it neither sends nor closes.
    """
    received = bytearray()
    while chunk := connection.recv(65536):
        received += chunk
    return bytes(received)


def send_raw(url: str, request: bytes) -> bytes:
    """Send exactly these bytes on a connection of their own, and return everything that comes back."""
    with connect(url) as connection:
        connection.sendall(request)
        return read_to_end(connection)


def status_of(response: bytes) -> int:
    """Return the status of the first response in what came back."""
    return int(response.split(b" ", 2)[1])
