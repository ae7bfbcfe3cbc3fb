"""Limits of what a peer may ask of one connection, each with the precedent it follows."""

from __future__ import annotations

from typing import Final

from awaken.exchange import WINDOW

__all__ = [
    "BUFFER_HIGH",
    "BUFFER_LOW",
    "CHUNK_EXTENSIONS_SIZE",
    "CONNECTION_WINDOW",
    "CONTROL_FRAME_BURST",
    "CONTROL_FRAME_RATE",
    "DECODED_HEADERS_SIZE",
    "DISCARD_SIZE",
    "DISCARD_TIMEOUT",
    "GOAWAY_TIMEOUT",
    "HALF_CLOSE_TIMEOUT",
    "HEADERS_COUNT",
    "HEADERS_SIZE",
    "HTTP1_BODY_SIZE",
    "IDLE_TIMEOUT",
    "INFORMATIONAL_BURST",
    "INFORMATIONAL_RATE",
    "LINGER_TIMEOUT",
    "MAX_FRAME_SIZE",
    "OPENING_TIMEOUT",
    "OUTPUT_SIZE",
    "PARTIAL_FRAMES_SIZE",
    "PING_TIMEOUT",
    "PIPELINE_SIZE",
    "REFUSAL_BURST",
    "REFUSAL_RATE",
    "RESET_BURST",
    "RESET_RATE",
    "SILENCE_TIMEOUT",
    "SLICE",
    "STALL_TIMEOUT",
    "STREAMS",
    "STREAM_WINDOW",
    "UNSENT_SIZE",
    "RateLimit",
]

#: Streams open at once. The runtime uses at most 128 of a connection; nghttpd and hyper default to 100 to
#: 200, and a proxy in front may join many runtimes on one connection.
STREAMS: Final = 1024

#: Initial window of a stream, in bytes; receivers rely on it.
STREAM_WINDOW: Final = WINDOW

#: Window of a connection, in bytes: enough for eight full streams. The runtime offers 5 MiB.
CONNECTION_WINDOW: Final = 16 * 1024 * 1024

#: Largest frame taken, in bytes: the protocol's default, which the runtime uses as well.
MAX_FRAME_SIZE: Final = 16 * 1024

#: Size of a header list we announce, counted as RFC 9113 6.5.2 does; a larger one is answered with 431.
#: 64 KiB is the default of nghttp2 and of the h2 package.
HEADERS_SIZE: Final = 64 * 1024

#: Size at which decoding a header list stops, and the connection is closed: a block that unpacks to more is a bomb.
DECODED_HEADERS_SIZE: Final = 4 * HEADERS_SIZE

#: Fields in one request; Apache httpd and hyper stop at 100, and the runtime forwards headers of its callers.
HEADERS_COUNT: Final = 256

#: Bytes that may arrive without completing a frame that has a meaning. A header block of 64 CONTINUATION frames of the
#: largest size fits, the most that the h2 package joins.
PARTIAL_FRAMES_SIZE: Final = 66 * (MAX_FRAME_SIZE + 9)

#: Streams the peer may reset at once, and per second (rapid reset, CVE-2023-44487): the defaults of nghttp2.
RESET_BURST: Final = 1000
RESET_RATE: Final = 33.0

#: Frames that cost work and carry nothing (PING, SETTINGS, PRIORITY, empty DATA), at once and per second: the
#: defaults of nghttp2 for suspicious frames.
CONTROL_FRAME_BURST: Final = 10_000
CONTROL_FRAME_RATE: Final = 330.0

#: Responses of status 1xx that an HTTP/1.1 endpoint may send before its answer, at once and per second. Go's client
#: takes five; an endpoint that shows with a 102 now and then that it still works may do so for as long as it likes.
INFORMATIONAL_BURST: Final = 100
INFORMATIONAL_RATE: Final = 1.0

#: Lines of the log about peers that break their protocol, at once and per second: enough to see one's own mistakes.
REFUSAL_BURST: Final = 20
REFUSAL_RATE: Final = 0.2

#: Frames (in HTTP/1.1: parts of a response) from all connections with one endpoint that are read in one turn of the
#: loop. One takes 20 to 50 us, so that a flood leaves most of the time to others, and what a busy endpoint sends in a
#: turn is still read at once.
SLICE: Final = 64

#: Bytes of answers (to PING, SETTINGS, frames of streams that are gone) that an endpoint may leave unread. They are 9
#: to 17 bytes each; a peer that reads at all never comes near it.
UNSENT_SIZE: Final = 1024 * 1024

#: Response bytes held for a slow peer at which a writer has to pause, and may continue: asyncio's own marks.
BUFFER_HIGH: Final = 64 * 1024
BUFFER_LOW: Final = 16 * 1024

#: Bytes written to the socket in one turn of the loop; the rest waits, so that streams take turns.
OUTPUT_SIZE: Final = 256 * 1024

#: Bytes that a peer may still send on a stream whose response has ended, and seconds it may take. The runtime ends its
#: request at once, and itself gives a response 5 s to end.
DISCARD_SIZE: Final = 2 * STREAM_WINDOW
DISCARD_TIMEOUT: Final = 15.0

#: Seconds for a peer to end its request after our last frame, when we are about to stop. The runtime does so at once,
#: and itself gives a response 5 s to end.
HALF_CLOSE_TIMEOUT: Final = 1.0

#: Seconds for a TLS handshake, the first request, the head of the next one in HTTP/1.1, and a header block in HTTP/2.
#: Apache's mod_reqtimeout allows 20 to 40 s for a head.
OPENING_TIMEOUT: Final = 20.0

#: Seconds a connection may be idle. The runtime closes idle connections after 5 min, and has to be the first to do so:
#: a request that crosses with our closing is a failed attempt.
IDLE_TIMEOUT: Final = 10 * 60.0

#: Seconds in which a peer has to take at least some of what waits for it; nginx's send_timeout.
STALL_TIMEOUT: Final = 60.0

#: Seconds without a byte from a peer that has open streams, after which we send a PING, and seconds it may take to
#: answer. The runtime sends one after 40 to 48 s itself, and waits 20 s: only one that is gone is silent for longer.
SILENCE_TIMEOUT: Final = 60.0
PING_TIMEOUT: Final = 20.0

#: Seconds between announcing that a connection ends and refusing its new streams, if the peer does not answer the PING.
GOAWAY_TIMEOUT: Final = 1.0

#: Seconds for the peer to close after us; nginx's lingering_timeout is 5 s.
LINGER_TIMEOUT: Final = 2.0

#: Bytes of later requests taken while an HTTP/1.1 request is answered.
PIPELINE_SIZE: Final = 64 * 1024

#: Largest HTTP/1.1 request body, in bytes: more than any journal, which the runtime limits (32 MiB for a message).
HTTP1_BODY_SIZE: Final = 1024 * 1024 * 1024

#: Bytes that the chunks of an HTTP/1.1 body may carry beside their size and their data; hyper's limit.
CHUNK_EXTENSIONS_SIZE: Final = 16 * 1024


class RateLimit:
    """A token bucket.

    Args:
        burst: how many events may happen at once.
        rate: how many more may happen per second.
    """

    __slots__ = ("_burst", "_level", "_rate", "_seen")

    def __init__(self, burst: int, rate: float) -> None:
        self._burst = burst
        self._rate = rate
        self._level = float(burst)
        self._seen: float | None = None

    def take(self, count: int, now: float) -> bool:
        """Count `count` events at `now` (seconds of a monotonic clock); return whether they are within the limit."""
        if self._seen is not None:
            self._level = min(float(self._burst), self._level + (now - self._seen) * self._rate)
        self._seen = now
        self._level -= count
        return self._level >= 0
