"""The seam between transports and endpoints: one HTTP request and its response as two byte streams.

A transport makes an `Exchange` as soon as a request's headers have arrived, and passes it to an `Accept` callable,
which returns a `Receiver` for the rest of the request. A runtime, on the other side, asks a `Dialer` for an `Outgoing`.
Everything is a plain call on the thread of the event loop: no queue, no task and no future per frame. Transports write
to the network once per turn of the loop.

Most requests of an endpoint are invocations over HTTP/2, and most of those have nothing unusual about them. There is a
shorter way for them (`DirectInvocations`): the HTTP/2 engine reads the request into the machine of the attempt, and
the endpoint hears of it when the journal is complete. The exchange is then an `Invocation` of the compiled core, and
everything else is as described here.

Exceptions. Neither a `Receiver`, nor an `Accept`, nor an `on_change` may raise. If one does all the same, that is a
bug, and every transport contains it in the same way (`awaken.transports.guard`):

- Only this exchange fails; its connection, and every other exchange, continue.
- The peer receives a response with status 500, or a failed stream if the response had already begun: a reset stream in
  HTTP/2, a broken connection in HTTP/1.1. A response that had already ended stands. A caller whose `on_change` raised
  gives the exchange up, so its peer sees a reset request.
- The receiver gets one last call, `disconnect`; an `on_change` gets one last call too, with `is_reset` set. Neither is
  called any more if the exchange was over already.
- The logger `awaken.transports` has one record at ERROR, with the exchange and the traceback.

This applies to every exception, since those that unwind handlers are no `Exception` and must not unwind a connection
either, but for `KeyboardInterrupt` and `SystemExit`: they are meant for the process and propagate.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from awaken._core import Invocation, InvocationRoutes

__all__ = [
    "WINDOW",
    "Accept",
    "AcceptServed",
    "Dialer",
    "DirectInvocations",
    "Exchange",
    "InvocationReceiver",
    "Outgoing",
    "Receiver",
    "ServedExchange",
    "direct_invocations",
]

#: Bytes of a request that may be unacknowledged, on every transport: as many as the runtime itself offers, so that a
#: replay arrives without round trips. A receiver that waits for more than what is left of it has to acknowledge first.
WINDOW: Final = 2 * 1024 * 1024


class Exchange(Protocol):
    """One request as a transport offers it: the facts of the request, and the response to write."""

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
        """Lower-case names; the first value of a header that is repeated."""
        ...

    @property
    def is_bidirectional(self) -> bool:
        """Whether request and response can flow at the same time (HTTP/2)."""
        ...

    @property
    def is_write_paused(self) -> bool:
        """Whether the peer reads slower than you write; if so, wait for `Receiver.resume_writing`."""
        ...

    def start(self, status: int, headers: Sequence[tuple[str, str]]) -> None:
        """Begin the response. Once; headers have lower-case names."""
        ...

    def write(self, data: bytes) -> None:
        """Append to the response body. Never blocks; watch `is_write_paused`."""
        ...

    def end(self) -> None:
        """End the response, in the same frame as the last write. The request may still be open."""
        ...

    def reset(self) -> None:
        """Give the exchange up: the peer sees a failed stream."""
        ...

    def acknowledge(self, size: int) -> None:
        """Let the peer send `size` bytes more, because as many were consumed."""
        ...


class ServedExchange(Exchange, Protocol):
    """An exchange of our own server: it knows more of its request, and can answer in one step.

    Endpoints need none of this, since other hosts cannot give it to them.
    """

    @property
    def query(self) -> str:
        """Query as sent, without the question mark; empty if there is none."""
        ...

    @property
    def header_list(self) -> Sequence[tuple[str, str]]:
        """Every header in order, with lower-case names. Over HTTP/2 a repeated one is there once, as in `headers`."""
        ...

    @property
    def http_version(self) -> str:
        """Version of HTTP: 1.0, 1.1 or 2."""
        ...

    @property
    def client(self) -> tuple[str, int] | None:
        """Host and port of the peer; None if its socket has none, or is gone."""
        ...

    @property
    def is_tls(self) -> bool:
        """Whether the connection is encrypted."""
        ...

    def take_body(self) -> bytes | None:
        """Take the request's body, if all of it has arrived; only while the exchange is being accepted.

        After that the receiver gets neither data nor the end of the request, and nothing is left to acknowledge. If it
        returns None, which it always may, the body follows through the receiver.
        """
        ...

    def respond(self, status: int, headers: Sequence[tuple[str, str]], body: bytes) -> None:
        """Write a whole response: the same as `start`, `write` and `end`, and cheaper."""
        ...


class Receiver(Protocol):
    """The rest of one request, as it arrives. None of these may raise; see the module for what happens if one does."""

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
        """Note that `Exchange.is_write_paused` became False."""
        ...

    def drain(self) -> None:
        """Wind up: the process is about to stop. End or suspend as soon as possible."""
        ...


class InvocationReceiver(Receiver, Protocol):
    """The receiver of an exchange whose request the transport reads into a machine."""

    def receive_fed(self, unacknowledged: int) -> None:
        """Note that the machine received something, or the end of the request.

        Args:
            unacknowledged: bytes of the request whose flow-control credit is not given back.
        """
        ...


class DirectInvocations(Protocol):
    """The invocations of an endpoint that transports may read into machines themselves."""

    @property
    def routes(self) -> InvocationRoutes:
        """Which requests they are."""
        ...

    def begin(self, invocation: Invocation) -> InvocationReceiver:
        """Begin an attempt, like `Accept`. The journal is complete, or the machine closed because of an error."""
        ...


def direct_invocations(accept: AcceptServed) -> DirectInvocations | None:
    """Return what the endpoint of this `accept` offers to transports that read invocations themselves.

    A function around it, or one of another kind of object, is called with every exchange.
    """
    direct: DirectInvocations | None = getattr(getattr(accept, "__self__", None), "direct", None)
    return direct


class Outgoing(Protocol):
    """The caller's end of an exchange: a request being sent, and the part of its response that has arrived."""

    #: Whether what is sent within one turn of the loop may share frames of HTTP/2, which costs less. If not, what each
    #: `send` is given begins a frame of its own.
    is_joining: bool

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
        """How many bytes may be sent now without being kept in memory. If none, `on_change` tells when some may."""
        ...

    @property
    def is_ended(self) -> bool:
        """Whether the response is complete; the last of its body may still have to be taken."""
        ...

    @property
    def is_reset(self) -> bool:
        """Whether the exchange failed: reset, refused, or its connection lost. `failure` says how."""
        ...

    @property
    def failure(self) -> str | None:
        """Why the exchange failed, in a sentence for people; None unless it failed."""
        ...

    def send(self, data: bytes) -> None:
        """Send body bytes. What exceeds `credit` is kept in memory: ask first if that matters."""
        ...

    def end(self) -> None:
        """End the request. The response may still be open."""
        ...

    def disconnect(self) -> None:
        """Give the exchange up: the peer sees a reset stream."""
        ...

    def take(self) -> bytes:
        """Take the part of the response body that is there, and so let the peer send more."""
        ...


class Dialer(Protocol):
    """Opens exchanges with one endpoint, over the network or within the process."""

    def open(
        self, method: str, path: str, headers: Mapping[str, str], on_change: Callable[[], None]
    ) -> Outgoing:
        """Begin a request at once, without waiting for a connection; failures show in the exchange.

        Args:
            method: upper-case method.
            path: path and query below the endpoint's URL.
            headers: lower-case names.
            on_change: called when a property of the exchange may have changed or data has arrived. Never called within
                `open`. It must not raise; see the module.
        """
        ...

    async def close(self) -> None:
        """Close the connections; open exchanges fail."""
        ...


if TYPE_CHECKING:
    #: Given an exchange, returns the receiver of the rest of its request.
    Accept = Callable[[Exchange], Receiver]
    #: The same for exchanges of our own server; an `Accept` is one as well.
    AcceptServed = Callable[[ServedExchange], Receiver]
else:
    Accept = AcceptServed = object
