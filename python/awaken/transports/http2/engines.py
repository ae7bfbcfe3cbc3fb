"""The HTTP/2 engines: those of the compiled core, and one over the h2 package as the reference of a server."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from awaken._core import Http2ClientEngine, Http2Engine
from awaken.transports import limits

if TYPE_CHECKING:
    from awaken.transports.http2.engine import Engine

__all__ = ["EngineName", "make_client_engine", "make_engine", "make_h2_engine", "make_rust_engine"]


class EngineName(StrEnum):
    """The engine that serves HTTP/2."""

    #: That of the compiled core; takes a tenth of the CPU.
    RUST = "rust"
    #: Over the h2 package: the reference, and the alternative should the other one have a bug.
    H2 = "h2"


def make_engine(name: EngineName) -> Engine:
    """Return a new engine of this name, for one connection."""
    return make_h2_engine() if name is EngineName.H2 else make_rust_engine()


def make_h2_engine() -> Engine:
    """Return a new engine over the h2 package, for one connection."""
    from awaken.transports.http2.h2_server_engine import H2ServerEngine  # takes time to import

    return H2ServerEngine()


def make_rust_engine(
    stream_window: int = limits.STREAM_WINDOW, connection_window: int = limits.CONNECTION_WINDOW
) -> Engine:
    """Return a new engine of the compiled core, for one connection.

    Args:
        stream_window: bytes of a request that may be unacknowledged.
        connection_window: the same of all requests of the connection.
    """
    return Http2Engine(
        streams=limits.STREAMS,
        stream_window=stream_window,
        connection_window=connection_window,
        max_frame_size=limits.MAX_FRAME_SIZE,
        headers_size=limits.HEADERS_SIZE,
        headers_count=limits.HEADERS_COUNT,
        decoded_headers_size=limits.DECODED_HEADERS_SIZE,
        header_block_size=limits.PARTIAL_FRAMES_SIZE,
        output_size=limits.OUTPUT_SIZE,
        buffer_high=limits.BUFFER_HIGH,
        buffer_low=limits.BUFFER_LOW,
        discard_size=limits.DISCARD_SIZE,
    )


def make_client_engine() -> Http2ClientEngine:
    """Return a new engine of the compiled core for the calling side of one connection."""
    return Http2ClientEngine(
        stream_window=limits.STREAM_WINDOW,
        connection_window=limits.CONNECTION_WINDOW,
        max_frame_size=limits.MAX_FRAME_SIZE,
        headers_size=limits.HEADERS_SIZE,
        headers_count=limits.HEADERS_COUNT,
        decoded_headers_size=limits.DECODED_HEADERS_SIZE,
        header_block_size=limits.PARTIAL_FRAMES_SIZE,
        output_size=limits.OUTPUT_SIZE,
    )
