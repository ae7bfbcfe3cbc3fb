"""The request that started an invocation."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

__all__ = ["AttemptFinishedEvent", "Request"]


class AttemptFinishedEvent:
    """Lets a side effect find out that its attempt is over, so that it can stop.

    The event is set when the handler has ended, suspended or failed, and when the connection is lost. A result that the
    side effect returns later is not journaled.
    """

    __slots__ = ("_event",)

    def __init__(self) -> None:
        self._event = asyncio.Event()

    def is_set(self) -> bool:
        """Return whether the attempt is over. Thread-safe."""
        return self._event.is_set()

    async def wait(self) -> None:
        """Wait until the attempt is over. Only for the event loop of the handler."""
        await self._event.wait()

    def set(self) -> None:
        """Note that the attempt is over."""
        self._event.set()


@dataclass(frozen=True, slots=True)
class Request:
    """The request that started this invocation."""

    #: The invocation id.
    id: str
    #: Headers from the caller, in order. Of a repeated header, this has the last value.
    headers: dict[str, str]
    #: Headers of this attempt's HTTP request.
    attempt_headers: dict[str, str]
    #: Raw input, as the runtime sent it. A journal value codec has not decoded it.
    body: bytes
    #: Set when this attempt is over.
    attempt_finished_event: AttemptFinishedEvent
    scope: str | None = None
    limit_key: str | None = None
    idempotency_key: str | None = None
