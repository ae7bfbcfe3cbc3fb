"""Bodies of requests within limits: of one body, of all that are being read, and of the time that one takes.

All bodies that an interface reads share room in memory. When it is used up, the connections of all but the first wait,
so that the first is read to its end and makes room; a small body never waits. A body that arrives slowly loses its
place to those that wait.

A `Body` is told what arrives, and costs neither a task nor a timer of its own: one timer of its room looks at all that
are incomplete.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

from awaken.control.errors import TooLargeError, UnavailableError

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.requests import Request

__all__ = ["ROOM_SIZE", "Body", "BodyRoom", "TooSlowError", "announced_size"]

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
        #: Those that are incomplete.
        self._open: dict[Body, None] = {}
        #: Those of them that need room, the oldest first.
        self._large: dict[Body, None] = {}
        #: Those of them that wait for it.
        self._waiting: dict[Body, None] = {}
        self._timer: asyncio.TimerHandle | None = None

    def begin(self, limit: int, on_room: Callable[[], None], on_failure: Callable[[Exception], None]) -> Body:
        """Begin a body, which has to leave in the end.

        Args:
            limit: its largest size in bytes.
            on_room: called when a body that had to wait may be read on.
            on_failure: called once if it is given up, with a TooSlowError or an UnavailableError; it has to leave then.
        """
        loop = asyncio.get_running_loop()
        body = Body(self, limit, loop.time(), on_room, on_failure)
        self._open[body] = None
        self._look_by(loop, body.ends_at)
        return body

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
        size = announced_size(request.headers.get("content-length"))
        if size is not None and size > limit:
            raise _too_large(limit)
        has_room = asyncio.Event()
        deadline = asyncio.timeout(None)
        failures: list[Exception] = []

        def fail(error: Exception) -> None:
            failures.append(error)
            deadline.reschedule(0.0)

        body = self.begin(limit, has_room.set, fail)
        try:
            async with deadline:
                async for chunk in request.stream():
                    if chunk and not body.keep(chunk):
                        has_room.clear()
                        await has_room.wait()
        except TimeoutError:
            raise failures[0] from None
        finally:
            body.leave()
        return body.join()

    def take(self, body: Body, size: int) -> bool:
        """Count what has arrived of a body; return whether it may be read on."""
        self._used += size
        if body.size <= _FREE_SIZE:
            return True
        self._large.setdefault(body)
        if self._used <= self._size or body is next(iter(self._large)):
            return True
        loop = asyncio.get_running_loop()
        if body not in self._waiting:
            self._waiting[body] = None
            body.begin_to_wait(loop.time())
            next(iter(self._large)).give_way(loop.time())
        self._look_by(loop, loop.time() + _LOOK_SECONDS)
        return False

    def leave(self, body: Body) -> None:
        """Give the room of a body to others."""
        if body not in self._open:
            return
        del self._open[body]
        self._used -= body.size
        self._large.pop(body, None)
        self._waiting.pop(body, None)
        if self._waiting:
            self._let_in()

    def _let_in(self) -> None:
        """Read those on that have waited for room, if there is some."""
        now = asyncio.get_running_loop().time()
        for body in list(self._waiting):
            if self._used > self._size and body is not next(iter(self._large)):
                continue
            del self._waiting[body]
            body.end_waiting(now)

    def _look_by(self, loop: asyncio.AbstractEventLoop, moment: float) -> None:
        if self._timer is not None:
            if self._timer.when() <= moment:
                return
            self._timer.cancel()
        self._timer = loop.call_at(moment, self._look)

    def _look(self) -> None:
        """Give up what is too slow, and what has waited too long."""
        self._timer = None
        loop = asyncio.get_running_loop()
        now = loop.time()
        for body in list(self._waiting):
            if now - body.waits_since > _WAITING_SECONDS:
                body.fail(
                    UnavailableError(f"{self._used} bytes of bodies are being read; send this one later")
                )
        if self._waiting:
            next(iter(self._large)).give_way(now)
        for body in [one for one in self._open if one not in self._waiting and one.ends_at <= now]:
            body.give_up(now)
        looks = [one.ends_at for one in self._open if not one.is_failed and one not in self._waiting]
        if self._waiting:
            looks.append(now + _LOOK_SECONDS)
        if looks:
            self._look_by(loop, min(looks))


class Body:
    """What has arrived of one body; made by `BodyRoom.begin`."""

    __slots__ = (
        "_chunks",
        "_limit",
        "_on_failure",
        "_on_room",
        "_paused_s",
        "_room",
        "_started",
        "ends_at",
        "is_failed",
        "size",
        "waits_since",
    )

    def __init__(
        self,
        room: BodyRoom,
        limit: int,
        now: float,
        on_room: Callable[[], None],
        on_failure: Callable[[Exception], None],
    ) -> None:
        self.size = 0
        #: When it is too slow, unless more arrives.
        self.ends_at = now + _PATIENCE_SECONDS
        self.waits_since = 0.0
        self.is_failed = False
        self._room = room
        self._limit = limit
        self._started = now
        self._on_room = on_room
        self._on_failure = on_failure
        self._chunks: list[bytes] = []
        self._paused_s = 0.0

    def keep(self, chunk: bytes) -> bool:
        """Take a part of it; return whether it may be read on. If not, `on_room` is called later.

        Raises:
            TooLargeError: with this part, it is larger than its limit.
        """
        size = len(chunk)
        if self.size + size > self._limit:
            raise _too_large(self._limit)
        self._chunks.append(chunk)
        self.size += size
        self._plan_end()
        return self._room.take(self, size)

    def leave(self) -> None:
        """Give its room to others: it is complete, or nobody wants it any more."""
        self._room.leave(self)

    def join(self) -> bytes:
        """Return what has arrived."""
        return self._chunks[0] if len(self._chunks) == 1 else b"".join(self._chunks)

    # For its room.

    def begin_to_wait(self, now: float) -> None:
        """Note that its connection is not read for a while."""
        self.waits_since = now

    def end_waiting(self, now: float) -> None:
        """Read on, and do not count the time in which its connection was not read."""
        self._paused_s += now - self.waits_since
        self._plan_end()
        self._on_room()

    def give_way(self, now: float) -> None:
        """Give it up if it is slow: others wait for its room."""
        took_s = now - self._started - self._paused_s
        if took_s > _PATIENCE_IF_OTHERS_WAIT_SECONDS and self.size < took_s * _RATE_IF_OTHERS_WAIT:
            self.give_up(now)

    def give_up(self, now: float) -> None:
        """Give it up because it is slow."""
        self.fail(
            TooSlowError(
                f"{self.size} bytes of the body arrived within {now - self._started:.0f} s; send it faster, or again "
                "later"
            )
        )

    def fail(self, error: Exception) -> None:
        """Give it up. Its room is taken until it leaves."""
        if not self.is_failed:
            self.is_failed = True
            self._on_failure(error)

    def _plan_end(self) -> None:
        self.ends_at = self._started + self._paused_s + _PATIENCE_SECONDS + self.size / _RATE


def announced_size(length: str | None) -> int | None:
    """Return the size in bytes that a `content-length` announces; None if it is none."""
    # Servers have checked it; a number of thousands of digits would not even be one to Python.
    is_number = length is not None and length.isascii() and length.isdecimal() and len(length) < 20
    return int(length) if length is not None and is_number else None


def _too_large(limit: int) -> TooLargeError:
    return TooLargeError(f"the body exceeds the limit of {limit} bytes of this path")
