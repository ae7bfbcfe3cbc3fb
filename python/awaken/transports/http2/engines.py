"""The HTTP/2 engines there are: the compiled core's, and the h2 package's as the reference beside it."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from awaken._core import Http2Engine
from awaken.transports import limits

if TYPE_CHECKING:
    from awaken.transports.http2.engine import Engine

__all__ = ["EngineName", "make_engine", "make_h2_engine", "make_rust_engine"]


class EngineName(StrEnum):
    """Which engine serves HTTP/2."""

    #: The compiled core's: a tenth of the CPU.
    RUST = "rust"
    #: The h2 package's: the reference, and the way out should the other one ever be wrong.
    H2 = "h2"


def make_engine(name: EngineName) -> Engine:
    """Return an engine of this name for one connection."""
    return make_h2_engine() if name is EngineName.H2 else make_rust_engine()


def make_h2_engine() -> Engine:
    """Return an engine over the h2 package for one connection."""
    from awaken.transports.http2.h2_server import H2ServerEngine  # only who asks for it pays for its import

    return H2ServerEngine()


def make_rust_engine() -> Engine:
    """Return an engine of the compiled core for one connection."""
    return Http2Engine(
        streams=limits.STREAMS,
        stream_window=limits.STREAM_WINDOW,
        connection_window=limits.CONNECTION_WINDOW,
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
