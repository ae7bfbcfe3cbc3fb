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

from awaken._core import (
    BodyEnded,
    BodyReceived,
    ConnectionFailed,
    PeerLeaving,
    PingAcknowledged,
    RequestReceived,
    StreamClosed,
)

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
    "describe_code",
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


def describe_code(code: int) -> str:
    """Return the name of an error code of the peer, or its number if it is none of `ErrorCode`."""
    try:
        return ErrorCode(code).name
    except ValueError:
        return f"error {code:#x}"


@dataclass(slots=True)
class PeerReady:
    """The peer's first settings are there, so it is known how many streams it takes."""


@dataclass(slots=True)
class ResponseReceived:
    """The head of a response is there; names are lower case."""

    stream_id: int
    status: int
    headers: list[tuple[str, str]]


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
    def begun_head(self) -> int:
        """The stream of a header block that has begun and is not complete, 0 while there is none."""
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
