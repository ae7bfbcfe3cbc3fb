"""The endpoint's end of an exchange in one process."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Protocol

from awaken.errors import LocalProtocolError
from awaken.transports import limits
from awaken.transports.guard import NO_RECEIVER
from awaken.transports.response_order import check_unstarted

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from awaken.exchange import Receiver

__all__ = ["MemoryExchange"]


class _Caller(Protocol):
    """What an exchange needs of its caller's end."""

    status: int | None
    headers: Sequence[tuple[str, str]]
    is_ended: bool
    received_size: int
    credit: int

    def collect(self, data: bytes) -> None:
        """Keep bytes of the response until they are taken."""
        ...

    def fail(self, reason: str) -> None:
        """Note that the exchange failed."""
        ...

    def note_change(self) -> None:
        """Call `on_change` soon."""
        ...


class _NoCaller:
    """The caller of an exchange that is over."""

    status: int | None = None
    headers: Sequence[tuple[str, str]] = ()
    is_ended = True
    received_size = 0
    credit = 0

    def collect(self, data: bytes) -> None:
        pass

    def fail(self, reason: str) -> None:
        pass

    def note_change(self) -> None:
        pass


_NO_CALLER: Final = _NoCaller()


class MemoryExchange:
    """An `awaken.exchange.Exchange` whose peer is in this process."""

    __slots__ = (
        "_caller",
        "_is_response_ended",
        "headers",
        "is_bidirectional",
        "is_ended",
        "is_started",
        "method",
        "path",
        "receiver",
    )

    def __init__(
        self,
        caller: _Caller,
        method: str,
        path: str,
        headers: Mapping[str, str],
        *,
        is_bidirectional: bool,
    ) -> None:
        self.method = method
        self.path = path
        self.headers = headers
        self.is_bidirectional = is_bidirectional
        self.is_started = False
        #: Whether the exchange is over: its response has ended, or one of its ends gave it up.
        self.is_ended = False
        self.receiver: Receiver = NO_RECEIVER
        self._caller = caller
        self._is_response_ended = False

    @property
    def is_write_paused(self) -> bool:
        """Whether the caller takes the response slower than you write it."""
        return not self.is_ended and self._caller.received_size > limits.BUFFER_HIGH

    def start(self, status: int, headers: Sequence[tuple[str, str]]) -> None:
        """Begin the response. Once; headers have lower-case names."""
        if self.is_ended:
            return
        check_unstarted(self, status)
        self.is_started = True
        self._caller.status = status
        self._caller.headers = headers
        self._caller.note_change()

    def write(self, data: bytes) -> None:
        """Append to the response body."""
        self._check("write")
        if data and not self.is_ended and self.method != "HEAD":
            self._caller.collect(data)
            self._caller.note_change()

    def end(self) -> None:
        """End the response."""
        self._check("end")
        if not self.is_ended:
            caller = self._caller
            self._is_response_ended = True
            self.finish()
            caller.is_ended = True
            caller.note_change()

    def reset(self) -> None:
        """Give the exchange up: the caller sees a failure."""
        if not self.is_ended:
            caller = self._caller
            self.finish()
            caller.fail(f"the endpoint reset {self!r}")

    def acknowledge(self, size: int) -> None:
        """Let the caller send as many more bytes."""
        if not self.is_ended:
            caller = self._caller
            was_starved = caller.credit <= 0
            caller.credit += size
            if was_starved:  # a caller with credit has nothing to wait for, and looking again costs it
                caller.note_change()

    def finish(self) -> Receiver:
        """End the exchange, and return its receiver. It is called no more, nor is the caller, which refers to this."""
        self.is_ended = True
        self._caller = _NO_CALLER
        receiver, self.receiver = self.receiver, NO_RECEIVER
        return receiver

    def _check(self, what: str) -> None:
        if self._is_response_ended:
            raise LocalProtocolError(f"cannot {what} on {self!r}: its response is already ended")
        if not self.is_started and not self.is_ended:
            raise LocalProtocolError(f"cannot {what} on {self!r}: start the response first")

    def __repr__(self) -> str:
        return f"<{self.method} {self.path} in memory>"
