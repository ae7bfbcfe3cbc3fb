"""What an HTTP/2 engine is to the connection that drives it.

An engine is the server side of the protocol without I/O and without a clock: bytes in, events out, bytes out.
It owns flow control in both directions: what is written beyond the peer's window it keeps, what is received
it gives credit for only when told. Any two engines behave the same behind this interface, and one suite of
tests proves it.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import TYPE_CHECKING, Protocol, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = [
    "BodyEnded",
    "BodyReceived",
    "ConnectionFailed",
    "Engine",
    "ErrorCode",
    "Event",
    "PeerLeaving",
    "PeerReady",
    "PingAcknowledged",
    "RequestReceived",
    "ResponseReceived",
    "StreamClosed",
]


class ErrorCode(IntEnum):
    """Why a stream or a connection ends early (RFC 9113, section 7); those this side uses."""

    NO_ERROR = 0x0
    PROTOCOL_ERROR = 0x1
    INTERNAL_ERROR = 0x2
    FRAME_SIZE_ERROR = 0x6
    REFUSED_STREAM = 0x7
    CANCEL = 0x8
    ENHANCE_YOUR_CALM = 0xB


@dataclass(slots=True)
class RequestReceived:
    """The head of a request is there, checked; names are lower case, of a repeated one the first value."""

    stream_id: int
    method: str
    path: str
    headers: dict[str, str]


@dataclass(slots=True)
class BodyReceived:
    """Bytes of a request's body. Their credit is given back by `Engine.acknowledge`."""

    stream_id: int
    data: bytes


@dataclass(slots=True)
class BodyEnded:
    """The peer has sent everything on this stream."""

    stream_id: int


@dataclass(slots=True)
class StreamClosed:
    """The stream was reset, by the peer or because it broke the protocol. Nothing more comes or goes."""

    stream_id: int
    #: Why, as an `ErrorCode` or a number that is none.
    code: int


@dataclass(slots=True)
class PingAcknowledged:
    """The peer answered a PING, so it has seen everything sent before."""


@dataclass(slots=True)
class PeerLeaving:
    """The peer opens no more streams on this connection, or takes none above `last_stream_id`."""

    last_stream_id: int = 0
    code: int = 0
    detail: str = ""


@dataclass(slots=True)
class PeerReady:
    """The peer's first settings are there, so it is known how many streams it takes."""


@dataclass(slots=True)
class ResponseReceived:
    """The head of a response is there; names are lower case."""

    stream_id: int
    status: int
    headers: list[tuple[str, str]]


@dataclass(slots=True)
class ConnectionFailed:
    """The peer broke the protocol; the output ends with GOAWAY, and after it the connection is closed."""

    reason: str


Event: TypeAlias = (
    RequestReceived
    | BodyReceived
    | BodyEnded
    | StreamClosed
    | PingAcknowledged
    | PeerLeaving
    | PeerReady
    | ResponseReceived
    | ConnectionFailed
)


class Engine(Protocol):
    """The server side of one HTTP/2 connection. Calls on streams that are gone do nothing."""

    @property
    def stream_count(self) -> int:
        """How many streams are open, in either direction."""
        ...

    @property
    def has_output(self) -> bool:
        """Whether `take_output` would answer with bytes."""
        ...

    @property
    def control_frame_count(self) -> int:
        """How many frames so far cost work and carried nothing."""
        ...

    @property
    def reset_count(self) -> int:
        """How many streams so far the peer opened for nothing: reset, malformed or refused."""
        ...

    def receive(self, data: bytes) -> Sequence[Event]:
        """Take bytes of the network. Never raises: what the peer did wrong is an event."""
        ...

    def send_headers(
        self, stream_id: int, status: int, headers: Sequence[tuple[str, str]], *, is_end: bool = False
    ) -> None:
        """Begin the response of a stream; names are lower case."""
        ...

    def send_data(self, stream_id: int, data: bytes, *, is_end: bool = False) -> None:
        """Append to the response. What the peer's window does not allow is kept until it does."""
        ...

    def pending_size(self, stream_id: int) -> int:
        """How many bytes of this response wait for the peer's window."""
        ...

    def is_stalled(self, stream_id: int) -> bool:
        """Whether more waited than `limits.BUFFER_HIGH`, and still more waits than `limits.BUFFER_LOW`."""
        ...

    def is_open(self, stream_id: int) -> bool:
        """Whether the stream is open in either direction."""
        ...

    def acknowledge(self, stream_id: int, size: int) -> None:
        """Give back the credit of `size` received bytes."""
        ...

    def reset(self, stream_id: int, code: ErrorCode) -> None:
        """End a stream early. No event tells it."""
        ...

    def ping(self) -> None:
        """Ask the peer for a sign that it has seen everything so far."""
        ...

    def go_away(self, *, is_final: bool, code: ErrorCode = ErrorCode.NO_ERROR) -> None:
        """Announce the end of the connection. After the final word new streams are refused."""
        ...

    def take_output(self) -> bytes:
        """Take bytes for the network: at most about `limits.OUTPUT_SIZE`, streams taking turns."""
        ...

    def take_resumed(self) -> Sequence[int]:
        """Take the ids of streams that stopped being stalled."""
        ...
