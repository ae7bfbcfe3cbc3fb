"""One HTTP/1.1 request and its response as an exchange."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from awaken.errors import LocalProtocolError
from awaken.transports.guard import NO_RECEIVER, disconnect_quietly, logger
from awaken.transports.response_order import check_open, check_unstarted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from awaken._core import Http1Request
    from awaken.exchange import Receiver

__all__ = ["Http1Exchange"]


class _Connection(Protocol):
    """What an exchange needs of its connection."""

    is_socket_paused: bool

    @property
    def client(self) -> tuple[str, int] | None:
        """Host and port of the peer."""
        ...

    @property
    def is_tls(self) -> bool:
        """Whether the connection is encrypted."""
        ...

    def start(self, status: int, headers: Sequence[tuple[str, str]]) -> None:
        """Begin the response. Raises ValueError."""
        ...

    def write(self, data: bytes) -> None:
        """Append to its body. Raises ValueError."""
        ...

    def end(self) -> None:
        """End it. Raises ValueError."""
        ...

    def respond(self, status: int, headers: Sequence[tuple[str, str]], body: bytes, *, is_head: bool) -> None:
        """Write a whole response. Raises ValueError."""
        ...

    def note_waiting(self) -> None:
        """Call `resume_writing` of the receiver when the socket takes bytes again."""
        ...

    def note_ended(self) -> None:
        """Continue with what comes after this response."""
        ...

    def acknowledge(self, size: int) -> None:
        """Note that the receiver consumed `size` bytes."""
        ...

    def break_off(self) -> None:
        """Close at once."""
        ...


class Http1Exchange:
    """An exchange in HTTP/1.1. Its receiver is called no more once the exchange is ended or lost."""

    __slots__ = (
        "_body",
        "_connection",
        "_request",
        "headers",
        "is_ended",
        "is_lost",
        "is_started",
        "method",
        "path",
        "receiver",
    )

    def __init__(self, connection: _Connection, request: Http1Request) -> None:
        self.method = request.method
        self.path = request.path
        self.headers = request.headers
        self.is_started = False
        self.is_ended = False
        self.is_lost = False
        #: Set as soon as the request is accepted.
        self.receiver: Receiver = NO_RECEIVER
        self._connection = connection
        self._request = request
        self._body = request.body

    @property
    def query(self) -> str:
        """Query as sent, without the question mark; empty if there is none."""
        return self._request.query

    @property
    def header_list(self) -> Sequence[tuple[str, str]]:
        """Every header in order, with lower-case names."""
        return self._request.header_list

    @property
    def http_version(self) -> str:
        """Version of HTTP: 1.0 or 1.1."""
        return self._request.http_version

    @property
    def client(self) -> tuple[str, int] | None:
        """Host and port of the peer; None if its socket has none, or is gone."""
        return self._connection.client

    @property
    def is_tls(self) -> bool:
        """Whether the connection is encrypted."""
        return self._connection.is_tls

    @property
    def is_bidirectional(self) -> bool:
        """False: answer after the request is complete."""
        return False

    @property
    def is_write_paused(self) -> bool:
        """Whether the peer reads slower than you write; if so, `resume_writing` of the receiver follows."""
        if self._connection.is_socket_paused and not self.is_lost:
            self._connection.note_waiting()
            return True
        return False

    def take_body(self) -> bytes | None:
        """Take the request's body, if all of it has arrived; only while the exchange is being accepted."""
        body, self._body = self._body, None
        return body

    def start(self, status: int, headers: Sequence[tuple[str, str]]) -> None:
        """Begin the response. Once; headers have lower-case names."""
        if self.is_lost:
            return
        check_unstarted(self, status)
        try:
            self._connection.start(status, headers)
        except ValueError as error:
            raise self._misfit(error) from error
        self.is_started = True

    def write(self, data: bytes) -> None:
        """Append to the response body. Never blocks; watch `is_write_paused`."""
        if self.is_lost:
            return
        check_open(self, "write")
        if data and self.method != "HEAD":
            try:
                self._connection.write(data)
            except ValueError as error:
                raise self._misfit(error) from error

    def end(self) -> None:
        """End the response. The rest of the request, if any, is read and discarded."""
        if self.is_lost:
            return
        check_open(self, "end")
        self._finish()
        try:
            self._connection.end()
        except ValueError:
            logger.exception(
                "%r ended before it wrote what its content-length says; connection aborted", self
            )
            self.is_lost = True
            self._connection.break_off()
        else:
            self._connection.note_ended()

    def respond(self, status: int, headers: Sequence[tuple[str, str]], body: bytes) -> None:
        """Write a whole response, with its content-length."""
        if self.is_lost:
            return
        check_unstarted(self, status)
        try:
            self._connection.respond(status, headers, body, is_head=self.method == "HEAD")
        except ValueError as error:
            raise self._misfit(error) from error
        self.is_started = True
        self._finish()
        self._connection.note_ended()

    def reset(self) -> None:
        """Give the exchange up: the peer sees a broken connection."""
        if not self.is_lost and not self.is_ended:
            self.is_lost = True
            self._finish()
            self._connection.break_off()

    def acknowledge(self, size: int) -> None:
        """Let the peer send `size` bytes more, because as many were consumed."""
        if not self.is_lost and not self.is_ended:
            self._connection.acknowledge(size)

    def lose(self) -> None:
        """Note that the connection is gone, and disconnect the receiver."""
        if not self.is_lost and not self.is_ended:
            self.is_lost = True
            receiver, self.receiver = self.receiver, NO_RECEIVER
            disconnect_quietly(receiver)

    def _finish(self) -> None:
        self.is_ended = True
        self.receiver = NO_RECEIVER
        self._body = None

    def _misfit(self, error: ValueError) -> LocalProtocolError:
        return LocalProtocolError(f"{self} does not fit HTTP/1.1: {error}; reset it")

    def __repr__(self) -> str:
        return f"<{self.method} {self.path} over HTTP/1.1>"
