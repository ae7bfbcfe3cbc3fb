"""The body of an attempt's request, sent as fast as the endpoint gives credit."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from awaken.exchange import Outgoing

__all__ = ["RequestBody"]

#: Bytes that may wait for credit before the replay of a journal pauses: half a window, so that it never runs dry.
_UNSENT_SIZE: Final = 1024 * 1024


class RequestBody:
    """Sends bytes on an exchange, as its flow control allows."""

    def __init__(self, exchange: Outgoing) -> None:
        self._exchange = exchange
        self._unsent: deque[bytes | memoryview] = deque()
        self._unsent_size = 0
        self._is_complete = False
        self._is_end_sent = False

    @property
    def is_behind(self) -> bool:
        """Whether so much waits for credit that nothing should be added without need."""
        return self._unsent_size > _UNSENT_SIZE

    @property
    def unsent_size(self) -> int:
        """Bytes that wait for credit."""
        return self._unsent_size

    def add(self, data: bytes) -> None:
        """Add bytes, which the next `flush` sends."""
        self._unsent.append(data)
        self._unsent_size += len(data)

    def complete(self) -> None:
        """Note that nothing more is added; `flush` sends the end after the rest."""
        self._is_complete = True

    def flush(self) -> None:
        """Send as much as the credit allows, and the end if the body is complete."""
        while self._unsent and (credit := self._exchange.credit) > 0:
            chunk = self._unsent.popleft()
            if len(chunk) > credit:
                whole = memoryview(chunk)
                self._unsent.appendleft(whole[credit:])
                chunk = whole[:credit]
            self._unsent_size -= len(chunk)
            self._exchange.send(chunk if isinstance(chunk, bytes) else bytes(chunk))
        if self._is_complete and not self._unsent:
            self.end()

    def end(self) -> None:
        """Send the end now, without what has not been sent yet."""
        if not self._is_end_sent:
            self._is_end_sent = True
            self._exchange.end()
