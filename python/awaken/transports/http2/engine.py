"""The interface between an HTTP/2 engine and the connection that drives it.

An engine is the server side of the protocol without I/O and without a clock: bytes in, events out, bytes out. It owns
flow control in both directions: it keeps what is written beyond the peer's window, and gives the peer credit only for
what is acknowledged. All engines behave the same behind this interface, which one suite of tests proves.
"""

from __future__ import annotations

from enum import IntEnum
from typing import TYPE_CHECKING, Protocol, TypeAlias

from awaken._core import (
    BodyEnded,
    BodyReceived,
    ConnectionFailed,
    Invocation,
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
    "Invocation",
    "PeerLeaving",
    "PingAcknowledged",
    "RequestReceived",
    "StreamClosed",
    "describe_code",
]


class ErrorCode(IntEnum):
    """Why a stream or a connection ends early (RFC 9113, section 7); only the codes that are used here."""

    NO_ERROR = 0x0
    PROTOCOL_ERROR = 0x1
    INTERNAL_ERROR = 0x2
    FRAME_SIZE_ERROR = 0x6
    REFUSED_STREAM = 0x7
    CANCEL = 0x8
    ENHANCE_YOUR_CALM = 0xB


def describe_code(code: int) -> str:
    """Return the name of an error code that a peer sent, or its number if it is not in `ErrorCode`."""
    try:
        return ErrorCode(code).name
    except ValueError:
        return f"error {code:#x}"


Event: TypeAlias = (
    Invocation
    | RequestReceived
    | BodyReceived
    | BodyEnded
    | StreamClosed
    | PingAcknowledged
    | PeerLeaving
    | ConnectionFailed
)


class Engine(Protocol):
    """The server side of one HTTP/2 connection. Calls for streams that are gone do nothing."""

    @property
    def stream_count(self) -> int:
        """How many streams are open, in either direction."""
        ...

    @property
    def begun_head(self) -> int:
        """The stream of a header block that has begun and is not complete, 0 if there is none."""
        ...

    @property
    def has_output(self) -> bool:
        """Whether `take_output` would return bytes."""
        ...

    @property
    def control_frame_count(self) -> int:
        """How many frames so far have cost work and carried nothing."""
        ...

    @property
    def reset_count(self) -> int:
        """The number of streams of the peer, so far, that were reset, malformed or refused."""
        ...

    def receive(self, data: bytes) -> Sequence[Event]:
        """Take bytes from the network. Never raises: an error of the peer is an event."""
        ...

    def send_headers(
        self, stream_id: int, status: int, headers: Sequence[tuple[str, str]], *, is_end: bool = False
    ) -> None:
        """Begin the response of a stream; names are lower case."""
        ...

    def send_data(self, stream_id: int, data: bytes, *, is_end: bool = False) -> None:
        """Append to the response. What exceeds the peer's window is kept until the window allows it."""
        ...

    def pending_size(self, stream_id: int) -> int:
        """Return how many bytes of this response wait for the peer's window."""
        ...

    def is_stalled(self, stream_id: int) -> bool:
        """Return whether more than `limits.BUFFER_HIGH` waited, and more than `limits.BUFFER_LOW` still waits."""
        ...

    def is_open(self, stream_id: int) -> bool:
        """Return whether the stream is open in either direction."""
        ...

    def acknowledge(self, stream_id: int, size: int) -> None:
        """Give the peer credit for `size` received bytes."""
        ...

    def reset(self, stream_id: int, code: ErrorCode) -> None:
        """End a stream early. There is no event for it."""
        ...

    def ping(self) -> None:
        """Send a PING, whose answer shows that the peer has received everything before it."""
        ...

    def go_away(self, *, is_final: bool, code: ErrorCode = ErrorCode.NO_ERROR) -> None:
        """Announce the end of the connection. After the final announcement new streams are refused."""
        ...

    def take_output(self) -> bytes:
        """Take bytes for the network: about `limits.OUTPUT_SIZE` at most; streams take turns."""
        ...

    def take_resumed(self) -> Sequence[int]:
        """Take the ids of streams that are no longer stalled."""
        ...
