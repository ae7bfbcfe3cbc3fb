"""An exchange whose request is complete when it begins, and whose response leaves as a whole."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from awaken.transports.guard import NO_RECEIVER
from awaken.transports.response_order import check_open, check_unstarted

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from awaken.exchange import Receiver

__all__ = ["CollectedExchange"]


class CollectedExchange:
    """An exchange that collects its response."""

    #: False: the request is complete before the response begins.
    is_bidirectional = False
    #: False: everything written is collected.
    is_write_paused = False

    def __init__(self, method: str, path: str, headers: Mapping[str, str]) -> None:
        self.method = method
        self.path = path
        self.headers = headers
        self.status: int | None = None
        self.response_headers: Sequence[tuple[str, str]] = ()
        self.is_reset = False
        #: Set as soon as the request is accepted.
        self.receiver: Receiver = NO_RECEIVER
        self._chunks: list[bytes] = []
        self._over = asyncio.Event()

    @property
    def is_started(self) -> bool:
        """Whether the response has begun."""
        return self.status is not None

    @property
    def is_ended(self) -> bool:
        """Whether the response has ended, or the exchange was given up."""
        return self._over.is_set()

    @property
    def body(self) -> bytes:
        """The response body so far."""
        return b"".join(self._chunks)

    async def wait_over(self) -> None:
        """Wait until the response is ended or given up."""
        await self._over.wait()

    def start(self, status: int, headers: Sequence[tuple[str, str]]) -> None:
        """Begin the response. Once; headers have lower-case names."""
        check_unstarted(self, status)
        self.status = status
        self.response_headers = headers

    def write(self, data: bytes) -> None:
        """Append to the response body."""
        check_open(self, "write")
        if self.method != "HEAD":
            self._chunks.append(data)

    def end(self) -> None:
        """End the response."""
        check_open(self, "end")
        self._finish()

    def reset(self) -> None:
        """Give the exchange up."""
        if not self.is_ended:
            self.is_reset = True
            self._finish()

    def acknowledge(self, size: int) -> None:
        """Do nothing: the request is complete."""

    def _finish(self) -> None:
        self.receiver = NO_RECEIVER
        self._over.set()

    def __repr__(self) -> str:
        return f"<{self.method} {self.path} in an envelope>"
