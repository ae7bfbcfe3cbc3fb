"""The seam: one HTTP request and its response as two byte streams.

A transport builds an `Exchange` when a request's headers are there, and hands it to an `Accept` callable, which answers
with a `Receiver` for the rest of the request. Everything is a plain call on the event loop's thread: no queue, no
task, no future for a frame. Transports write to the network once per turn of the loop.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

__all__ = ["WINDOW", "Accept", "Dialer", "Exchange", "Outgoing", "Receiver"]

#: Bytes of a request that may be unacknowledged, the same on every transport: what the runtime offers itself, so that a
#: replay arrives without round trips. A receiver that waits for more than is left of it has to acknowledge first.
WINDOW: Final = 2 * 1024 * 1024


class Exchange(Protocol):
    """What a transport offers for one request. The request's facts, and the response side."""

    @property
    def method(self) -> str:
        """Upper-case method."""
        ...

    @property
    def path(self) -> str:
        """Path as sent, without the query."""
        ...

    @property
    def headers(self) -> Mapping[str, str]:
        """Lower-case names; of a repeated header the first value."""
        ...

    @property
    def is_bidirectional(self) -> bool:
        """Whether request and response can flow at the same time (HTTP/2)."""
        ...

    @property
    def is_write_paused(self) -> bool:
        """Whether the peer reads slower than we write; produce nothing more before `resume_writing`."""
        ...

    def start(self, status: int, headers: Sequence[tuple[str, str]]) -> None:
        """Begin the response. Once; headers have lower-case names."""
        ...

    def write(self, data: bytes) -> None:
        """Append to the response body. Never blocks; watch `is_write_paused`."""
        ...

    def end(self) -> None:
        """End the response, in the same breath as the last write. The request may still be open."""
        ...

    def reset(self) -> None:
        """Give the exchange up without ending it properly: the peer sees a failed stream."""
        ...

    def acknowledge(self, size: int) -> None:
        """Tell that `size` bytes of the request were consumed, so that the peer may send as many more."""
        ...


class Receiver(Protocol):
    """The rest of one request, told by the transport. None of these may raise."""

    def receive_data(self, data: bytes) -> None:
        """Take body bytes; give their flow-control credit back with `Exchange.acknowledge`."""
        ...

    def receive_end(self) -> None:
        """Note that the request body is complete."""
        ...

    def disconnect(self) -> None:
        """Note that the stream was reset or the connection lost. Nothing can be written any more."""
        ...

    def resume_writing(self) -> None:
        """Note that `is_write_paused` became False."""
        ...

    def drain(self) -> None:
        """Wind up: the process is about to stop. End or suspend as soon as possible."""
        ...


class Outgoing(Protocol):
    """The caller's end of an exchange: a request being sent, and its response as far as it came."""

    @property
    def status(self) -> int | None:
        """The response's status, None before its head."""
        ...

    @property
    def headers(self) -> Sequence[tuple[str, str]]:
        """The response's headers, with lower-case names."""
        ...

    @property
    def credit(self) -> int:
        """How many bytes may be sent now without being kept in memory."""
        ...

    @property
    def is_ended(self) -> bool:
        """Whether the response is complete; what came of it may still have to be taken."""
        ...

    @property
    def is_reset(self) -> bool:
        """Whether the exchange failed: reset, refused, or its connection lost. `failure` tells how."""
        ...

    @property
    def failure(self) -> str | None:
        """Why the exchange failed, for people; None as long as it did not."""
        ...

    def send(self, data: bytes) -> None:
        """Send body bytes, beyond `credit` as well: whoever cares asks first."""
        ...

    def end(self) -> None:
        """End the request. The response may still be open."""
        ...

    def disconnect(self) -> None:
        """Give the exchange up: the peer sees a reset stream."""
        ...

    def take(self) -> bytes:
        """Take what there is of the response body, and so let the peer send more."""
        ...


class Dialer(Protocol):
    """Opens exchanges with one endpoint, over whatever network it is reached by."""

    def open(
        self, method: str, path: str, headers: Mapping[str, str], on_change: Callable[[], None]
    ) -> Outgoing:
        """Begin a request at once, without waiting for a connection; failures show in the exchange.

        Args:
            method: upper-case method.
            path: path and query below the endpoint's URL.
            headers: lower-case names.
            on_change: called whenever any property of the exchange may have changed, or data came. Never within `open`.
        """
        ...

    async def close(self) -> None:
        """Close the connections; open exchanges fail."""
        ...


if TYPE_CHECKING:
    #: Given an exchange, answers with the receiver of the rest of its request.
    Accept = Callable[[Exchange], Receiver]
else:
    Accept = object
