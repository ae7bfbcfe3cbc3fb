"""Reading bodies of requests within limits: of one body, of all that are being read, and of the time that one takes.

All bodies that an interface reads share room in memory. When it is used up, the connections of all but the first wait,
so that the first is read to its end and makes room; a small body never waits. A body that arrives slowly loses its
place to those that wait.
"""

from __future__ import annotations

import asyncio
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from awaken.control.errors import TooLargeError, UnavailableError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from starlette.requests import Request

__all__ = ["ROOM_SIZE", "BodyRoom", "TooSlowError", "announced_size"]

#: Bytes of bodies that are being read at a time: eight of the largest.
ROOM_SIZE: Final = 256 * 1024 * 1024
#: Bytes of a body that need no room: what each connection buffers in any case.
_FREE_SIZE: Final = 64 * 1024
#: Seconds that a body may take, and bytes per second that it has to bring after that; those of Apache's mod_reqtimeout.
_PATIENCE_SECONDS: Final = 20.0
_RATE: Final = 500
#: Bytes per second that a body has to bring while others wait for its room, and seconds before it is held to that.
_RATE_IF_OTHERS_WAIT: Final = 1024 * 1024
_PATIENCE_IF_OTHERS_WAIT_SECONDS: Final = 5.0
#: Seconds that a body waits for room before it is refused, and between two looks at those that have it.
_WAITING_SECONDS: Final = 30.0
_LOOK_SECONDS: Final = 1.0


class TooSlowError(Exception):
    """The body did not arrive in time; the text says how much did."""


class BodyRoom:
    """The memory for bodies that one interface is reading. To be used on one event loop.

    Args:
        size: how many bytes.
    """

    def __init__(self, size: int = ROOM_SIZE) -> None:
        self._size = size
        self._used = 0
        #: Those that need room, the oldest first.
        self._bodies: dict[_Body, None] = {}
        self._waiting: set[asyncio.Event] = set()

    async def read(self, request: Request, limit: int) -> bytes:
        """Read the body of a request.

        Args:
            request: whose body has not been read.
            limit: its largest size in bytes.

        Raises:
            TooLargeError: it is larger; the rest was not read.
            TooSlowError: it takes too long.
            UnavailableError: there is no room for it.
            starlette.requests.ClientDisconnect: the client disconnected while sending.
        """
        size = announced_size(request)
        if size is not None and size > limit:
            raise _too_large(limit)
        with self._body() as body:
            try:
                async with body.deadline:
                    async for chunk in request.stream():
                        if body.size + len(chunk) > limit:
                            raise _too_large(limit)
                        if chunk:
                            await self._keep(body, chunk)
            except TimeoutError as error:
                raise TooSlowError(
                    f"{body.size} bytes of the body arrived within {time.monotonic() - body.started:.0f} s; send it "
                    "faster, or again later"
                ) from error
            return body.join()

    @contextmanager
    def _body(self) -> Iterator[_Body]:
        body = _Body()
        try:
            yield body
        finally:
            self._bodies.pop(body, None)
            self._used -= body.size
            for event in self._waiting:
                event.set()

    async def _keep(self, body: _Body, chunk: bytes) -> None:
        body.keep(chunk)
        self._used += len(chunk)
        if body.size <= _FREE_SIZE:
            return
        self._bodies.setdefault(body)
        if self._used > self._size and body is not self._first():
            await self._wait(body)

    async def _wait(self, body: _Body) -> None:
        event = asyncio.Event()
        self._waiting.add(event)
        began = time.monotonic()
        try:
            body.deadline.reschedule(None)
            while self._used > self._size and body is not self._first():
                if time.monotonic() - began > _WAITING_SECONDS:
                    raise UnavailableError(
                        f"{self._used} bytes of bodies are being read; send this one later"
                    )
                self._first().give_way()
                event.clear()
                try:
                    async with asyncio.timeout(_LOOK_SECONDS):
                        await event.wait()
                except TimeoutError:
                    continue
        finally:
            self._waiting.discard(event)
            body.add_pause(time.monotonic() - began)

    def _first(self) -> _Body:
        return next(iter(self._bodies))


class _Body:
    """What has arrived of one body."""

    def __init__(self) -> None:
        self.started = time.monotonic()
        self.size = 0
        self.deadline = asyncio.timeout(_PATIENCE_SECONDS)
        self._chunks: list[bytes] = []
        self._paused_s = 0.0

    def keep(self, chunk: bytes) -> None:
        self._chunks.append(chunk)
        self.size += len(chunk)
        self._plan_end()

    def add_pause(self, seconds: float) -> None:
        """Do not count time in which its connection was not read."""
        self._paused_s += seconds
        self._plan_end()

    def give_way(self) -> None:
        """End it if it is slow: others wait for its room."""
        took_s = time.monotonic() - self.started - self._paused_s
        if took_s > _PATIENCE_IF_OTHERS_WAIT_SECONDS and self.size < took_s * _RATE_IF_OTHERS_WAIT:
            self._end_at(0)

    def join(self) -> bytes:
        return self._chunks[0] if len(self._chunks) == 1 else b"".join(self._chunks)

    def _plan_end(self) -> None:
        self._end_at(self.started + self._paused_s + _PATIENCE_SECONDS + self.size / _RATE)

    def _end_at(self, moment: float) -> None:
        if self.deadline.expired():
            return  # it is being ended, which may take some turns
        remaining = max(0.0, moment - time.monotonic())
        self.deadline.reschedule(asyncio.get_running_loop().time() + remaining)


def announced_size(request: Request) -> int | None:
    """Return the size in bytes that the header of a request announces."""
    length = request.headers.get("content-length", "")
    # Servers have checked it; a number of thousands of digits would not even be one to Python.
    return int(length) if length.isascii() and length.isdecimal() and len(length) < 20 else None


def _too_large(limit: int) -> TooLargeError:
    return TooLargeError(f"the body exceeds the limit of {limit} bytes of this path")
