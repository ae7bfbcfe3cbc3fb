"""What a handler can learn about its own invocation."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

__all__ = ["AttemptFinishedEvent", "Request"]


class AttemptFinishedEvent:
    """Tells a side effect that its attempt is over, so that it can stop.

    It is set when the handler ended, suspended or failed, and when the connection is lost; whatever the side effect
    gives after that is not journaled.
    """

    __slots__ = ("_event",)

    def __init__(self) -> None:
        self._event = asyncio.Event()

    def is_set(self) -> bool:
        """Tell whether the attempt is over. For any thread."""
        return self._event.is_set()

    async def wait(self) -> None:
        """Wait until the attempt is over. For the loop that runs the handler."""
        await self._event.wait()

    def set(self) -> None:
        """Note that the attempt is over."""
        self._event.set()


@dataclass(frozen=True, slots=True)
class Request:
    """The request that started this invocation."""

    #: Textual invocation id.
    id: str
    #: Headers of the caller, in order; of a repeated header the last value.
    headers: dict[str, str]
    #: Headers of this attempt's HTTP request.
    attempt_headers: dict[str, str]
    #: Raw input, as the runtime sent it: a journal value codec has not decoded it.
    body: bytes
    #: Set when this attempt is over.
    attempt_finished_event: AttemptFinishedEvent
    scope: str | None = None
    limit_key: str | None = None
    idempotency_key: str | None = None
