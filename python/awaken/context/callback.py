"""Callbacks: awakeables with a signed link, a name and an expiry."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from awaken.context.futures import RestateDurableFuture
from awaken.context.unawaited import refuse_attribute
from awaken.errors import DeadlineError

if TYPE_CHECKING:
    from collections.abc import Generator, Mapping

    from awaken.context.futures import RestateDurableSleepFuture

__all__ = [
    "DEFAULT_EXPIRY",
    "ENTRY_PREFIX",
    "Callback",
    "CallbackLink",
    "describe_callback",
    "read_description",
]

T = TypeVar("T")

#: How long a link works by default.
DEFAULT_EXPIRY = timedelta(days=30)

#: Prefix of the entry name of a callback's timer; the description of the callback follows.
ENTRY_PREFIX = "callback "


@dataclass(frozen=True, slots=True)
class CallbackLink:
    """The link of a callback, as plain values that can be passed to a run."""

    #: The address that completes the awakeable. Treat it as a password.
    url: str
    #: The id of the awakeable, for services on the inside.
    id: str
    name: str
    expires_at: datetime


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


def describe_callback(name: str, index: int, type_name: str, labels: Mapping[str, str]) -> str:
    """Return the entry name of a callback's timer, which tells the inventory about the callback."""
    facts = {"index": index, "name": name, "type": type_name, "labels": dict(labels)}
    return ENTRY_PREFIX + json.dumps(facts, separators=(",", ":"), ensure_ascii=False)


def read_description(entry_name: str) -> dict[str, Any] | None:
    """Return the description of a callback from the entry name of its timer, or None for other timers."""
    if not entry_name.startswith(ENTRY_PREFIX):
        return None
    try:
        facts = json.loads(entry_name.removeprefix(ENTRY_PREFIX))
    except ValueError:
        return None
    return facts if isinstance(facts, dict) and isinstance(facts.get("index"), int) else None


def expiry_of(milliseconds: int) -> datetime:
    """Return UTC milliseconds as a datetime."""
    return datetime.fromtimestamp(milliseconds / 1000, UTC)
