"""What the attempts of one event loop have written leaves once per turn of it, in one callback for all of them."""

from __future__ import annotations

from contextvars import Context
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import asyncio

__all__ = ["Flushes"]


class Flushed(Protocol):
    """The stream of an attempt."""

    def flush_as_planned(self) -> None:
        """Hand over what was written."""
        ...


class Flushes:
    """The flushes that are planned on one loop.

    Args:
        loop: whose next turn flushes.
    """

    __slots__ = ("_context", "_planned", "loop")

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.loop = loop
        self._planned: list[Flushed] = []
        #: Of no handler: what flushes is of several.
        self._context = Context()

    def plan(self, stream: Flushed) -> None:
        """Flush a stream in the next turn of the loop."""
        if not self._planned:
            self.loop.call_soon(self._flush, context=self._context)
        self._planned.append(stream)

    def _flush(self) -> None:
        planned, self._planned = self._planned, []
        for stream in planned:
            try:
                stream.flush_as_planned()
            except (SystemExit, KeyboardInterrupt):
                raise
            except BaseException as error:  # of one stream: the others go on
                what = {"message": f"flushing {stream!r} failed", "exception": error}
                self.loop.call_exception_handler(what)
