"""The socket of an HTTP/1.1 connection of a server: what leaves, how fast its peer reads, and how it is closed."""

from __future__ import annotations

import asyncio

from awaken.transports import limits
from awaken.transports.server.connection import client_of, is_encrypted

__all__ = ["Http1Socket"]


class Http1Socket(asyncio.Protocol):
    """What a connection knows of its socket. All that is written in a turn of the event loop leaves as one write."""

    def __init__(self) -> None:
        self.is_socket_paused = False
        self._loop = asyncio.get_running_loop()
        self._transport: asyncio.Transport | None = None
        self._output: list[bytes] = []
        self._output_size = 0
        self._is_flush_scheduled = False
        self._is_receiving = False  # who receives flushes at the end
        self._is_closing = False
        self._is_draining = False
        self._since = self._loop.time()  # when the current state began
        self._stalled_size = 0  # bytes in the socket's buffer when last looked at
        self._late_since = 0.0  # when bytes last came while closing

    @property
    def client(self) -> tuple[str, int] | None:
        """Host and port of the peer; None if its socket has none, or is gone."""
        return client_of(self._transport)

    @property
    def is_tls(self) -> bool:
        """Whether the connection is encrypted."""
        return is_encrypted(self._transport)

    def _put(self, data: bytes) -> None:
        self._output.append(data)
        self._note_output(len(data))

    def _note_output(self, size: int) -> None:
        self._output_size += size
        if self._output_size > limits.BUFFER_HIGH:
            self._flush()  # so that the socket can say that it is too much
        elif not self._is_flush_scheduled and not self._is_receiving:
            self._is_flush_scheduled = True
            self._loop.call_soon(self._flush)

    def _flush(self) -> None:
        self._is_flush_scheduled = False
        output = self._output
        if not output:
            return
        is_large = self._output_size > limits.BUFFER_HIGH
        self._output = []
        self._output_size = 0
        if self._transport is None:
            return
        if is_large:
            for part in output:  # not joined, which would copy it once more
                self._transport.write(part)
        else:
            self._transport.write(output[0] if len(output) == 1 else b"".join(output))

    def _is_stalled(self, now: float) -> bool:
        size = self._unread_size()
        if size < self._stalled_size:
            self._since = now  # slow, but it moves
        self._stalled_size = size
        return now - self._since > limits.STALL_TIMEOUT

    def _unread_size(self) -> int:
        return 0 if self._transport is None else self._transport.get_write_buffer_size()

    def _peer(self) -> object:
        return "a lost peer" if self._transport is None else self._transport.get_extra_info("peername")

    def _give_up_closing(self, now: float) -> None:
        if self._transport is None:
            return
        if self._unread_size():
            is_over = self._is_stalled(now)
        else:
            allowed = limits.LINGER_TIMEOUT if self._is_draining else limits.DISCARD_TIMEOUT
            is_over = now - self._late_since > limits.LINGER_TIMEOUT or now - self._since > allowed
        if is_over:
            self._transport.abort()
