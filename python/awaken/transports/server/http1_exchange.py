"""One HTTP/1.1 request and its response as an exchange."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Final, Protocol

import h11

from awaken.errors import LocalProtocolError
from awaken.transports.guard import NO_RECEIVER, disconnect_quietly, logger
from awaken.transports.response_order import check_open, check_unstarted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from awaken.exchange import Receiver

__all__ = ["Http1Exchange"]

_REASONS: Final = {status.value: status.phrase.encode() for status in HTTPStatus}


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

    @property
    def is_last(self) -> bool:
        """Whether this response is the last one, and has to say so."""
        ...

    def send(self, event: h11.Event) -> None:
        """Write an event with the next flush. Raises h11.LocalProtocolError."""
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
        "_connection",
        "header_list",
        "headers",
        "http_version",
        "is_ended",
        "is_lost",
        "is_started",
        "method",
        "path",
        "query",
        "receiver",
    )

    def __init__(
        self,
        connection: _Connection,
        method: str,
        path: str,
        query: str,
        http_version: str,
        headers: dict[str, str],
        header_list: list[tuple[str, str]],
    ) -> None:
        self.method = method
        self.path = path
        self.query = query
        self.http_version = http_version
        self.headers = headers
        self.header_list = header_list
        self.is_started = False
        self.is_ended = False
        self.is_lost = False
        #: Set as soon as the request is accepted.
        self.receiver: Receiver = NO_RECEIVER
        self._connection = connection

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

    def start(self, status: int, headers: Sequence[tuple[str, str]]) -> None:
        """Begin the response. Once; headers have lower-case names."""
        if self.is_lost:
            return
        check_unstarted(self, status)
        self.is_started = True
        # Bytes, because h11 takes text in ASCII only.
        fields = [(name.encode("ascii"), value.encode("latin-1")) for name, value in headers]
        if self._connection.is_last:
            fields.append((b"connection", b"close"))
        self._send(h11.Response(status_code=status, headers=fields, reason=_REASONS.get(status, b"")))

    def write(self, data: bytes) -> None:
        """Append to the response body. Never blocks; watch `is_write_paused`."""
        if self.is_lost:
            return
        check_open(self, "write")
        if data and self.method != "HEAD":
            self._send(h11.Data(data=data))

    def end(self) -> None:
        """End the response. The rest of the request, if any, is read and discarded."""
        if self.is_lost:
            return
        check_open(self, "end")
        self.is_ended = True
        self.receiver = NO_RECEIVER
        try:
            self._connection.send(h11.EndOfMessage())
        except h11.LocalProtocolError:
            logger.exception(
                "%r ended before it wrote what its content-length says; connection aborted", self
            )
            self.is_lost = True
            self._connection.break_off()
        else:
            self._connection.note_ended()

    def respond(self, status: int, headers: Sequence[tuple[str, str]], body: bytes) -> None:
        """Write a whole response."""
        self.start(status, headers)
        self.write(body)
        self.end()

    def take_body(self) -> bytes | None:
        """Return None: the body follows through the receiver."""
        return None

    def reset(self) -> None:
        """Give the exchange up: the peer sees a broken connection."""
        if not self.is_lost and not self.is_ended:
            self.is_lost = self.is_ended = True
            self.receiver = NO_RECEIVER
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

    def _send(self, event: h11.Event) -> None:
        try:
            self._connection.send(event)
        except h11.LocalProtocolError as error:
            raise LocalProtocolError(f"{self} does not fit HTTP/1.1: {error}; reset it") from error

    def __repr__(self) -> str:
        return f"<{self.method} {self.path} over HTTP/1.1>"
