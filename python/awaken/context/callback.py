"""Callbacks: awakeables with a signed link, a name and an expiry."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from awaken.context.futures import RestateDurableFuture
from awaken.context.unawaited import note_truth, refuse_attribute
from awaken.errors import DeadlineError

if TYPE_CHECKING:
    from collections.abc import Generator

    from awaken.context.futures import RestateDurableSleepFuture

__all__ = [
    "DEFAULT_EXPIRY",
    "Callback",
    "CallbackLink",
]

T = TypeVar("T")

#: How long a link works by default.
DEFAULT_EXPIRY = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class CallbackLink:
    """The link of a callback, as plain values that can be passed to a run. `str(link)` is its URL."""

    #: The address that completes the awakeable. Treat it as a password.
    url: str
    #: The id of the awakeable, for services on the inside.
    id: str
    name: str
    expires_at: datetime

    def __str__(self) -> str:
        return self.url


class Callback(Generic[T]):
    """Waits for the answer of the person who has the link. It can be awaited, more than once."""

    __slots__ = ("future", "link")

    def __init__(
        self, link: CallbackLink, future: RestateDurableFuture[T], timer: RestateDurableSleepFuture
    ) -> None:
        #: The link. Hand it out inside a run.
        self.link = link
        #: The durable result, which can be combined with others.
        self.future: RestateDurableFuture[T] = CallbackFuture(link, future, timer)

    if not TYPE_CHECKING:  # type checkers know the attributes and reject others
        __getattr__ = refuse_attribute

    def __bool__(self) -> bool:
        note_truth(self.future.subject, is_awaited=self.future.is_awaited)
        return True

    def __str__(self) -> str:
        return self.link.url

    @property
    def url(self) -> str:
        """The address that completes it. Anyone who has it can answer, so treat it as a password."""
        return self.link.url

    @property
    def id(self) -> str:
        """The id of the awakeable."""
        return self.link.id

    @property
    def expires_at(self) -> datetime:
        """When the link stops working."""
        return self.link.expires_at

    async def result(self) -> T:
        """Wait for the answer.

        Raises:
            TimeoutError: the link expired first. It ends the invocation with code 408 unless you catch it.
            TerminalError: the callback was rejected.
        """
        return await self.future

    def __await__(self) -> Generator[Any, None, T]:
        return self.future.__await__()


class CallbackFuture(RestateDurableFuture[T]):
    """The answer to a callback or the expiry of its link, whichever comes first in the journal."""

    __slots__ = ("_answer", "_link", "_timer")

    def __init__(
        self, link: CallbackLink, answer: RestateDurableFuture[T], timer: RestateDurableSleepFuture
    ) -> None:
        super().__init__(answer._driver, answer.handle, None, f'callback "{link.name}"')
        self._link = link
        self._answer = answer
        self._timer = timer

    def __await__(self) -> Generator[Any, None, T]:
        if not self.done():
            yield from self.park()
        return asyncio.Future.result(self)

    def _watch(self) -> None:
        self._answer.add_done_callback(self._take)
        self._timer.add_done_callback(self._take)

    def _unwatch(self) -> None:
        self._answer.remove_done_callback(self._take)
        self._timer.remove_done_callback(self._take)

    def _take(self, part: asyncio.Future[Any]) -> None:
        if self.done() or part.cancelled():
            return
        self._unwatch()
        error = part.exception()
        if error is None and part is self._timer:
            error = DeadlineError(
                f'callback "{self._link.name}" got no answer before {self._link.expires_at:%c} UTC'
            )
        if error is None:
            self.set_result(self._answer.result())
        else:
            self._reject(error)
        self._wake(None)


def expiry_of(milliseconds: int) -> datetime:
    """Return UTC milliseconds as a datetime."""
    return datetime.fromtimestamp(milliseconds / 1000, UTC)
