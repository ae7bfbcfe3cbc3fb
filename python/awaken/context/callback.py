"""A callback: an awakeable with a signed link, a name and an expiry."""

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

#: How long a link opens something when its handler does not say.
DEFAULT_EXPIRY = timedelta(days=30)

#: What the journal calls the timer of a callback, before its description.
ENTRY_PREFIX = "callback "


@dataclass(frozen=True, slots=True)
class CallbackLink:
    """What a handler hands out: plain values, to be given to a run."""

    #: Completes the awakeable; to be treated as a password.
    url: str
    #: The awakeable's id, for those inside.
    id: str
    name: str
    expires_at: datetime


class Callback(Generic[T]):
    """Waits for what the holder of a link answers. It can be awaited, also several times."""

    __slots__ = ("future", "link")

    def __init__(
        self, link: CallbackLink, future: RestateDurableFuture[T], timer: RestateDurableSleepFuture
    ) -> None:
        #: To be handed out, inside of a run.
        self.link = link
        #: The durable result, to be combined with others.
        self.future: RestateDurableFuture[T] = CallbackFuture(link, future, timer)

    if not TYPE_CHECKING:  # type checkers know the attributes, and refuse others
        __getattr__ = refuse_attribute

    @property
    def url(self) -> str:
        """The address that completes it. Whoever has it can answer, so hand it out as you would a password."""
        return self.link.url

    @property
    def id(self) -> str:
        """The awakeable's id."""
        return self.link.id

    @property
    def expires_at(self) -> datetime:
        """From when on the link opens nothing."""
        return self.link.expires_at

    async def result(self) -> T:
        """Wait for the answer.

        Raises:
            TimeoutError: the link expired first. Not caught, it ends the invocation with code 408.
            TerminalError: the answer was a rejection.
        """
        return await self.future

    def __await__(self) -> Generator[Any, None, T]:
        return self.future.__await__()


class CallbackFuture(RestateDurableFuture[T]):
    """The answer to a callback, or the error that its link expired: what the journal has first."""

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
    """Return the entry name of a callback's timer: what the inventory tells of it is in the journal."""
    facts = {"index": index, "name": name, "type": type_name, "labels": dict(labels)}
    return ENTRY_PREFIX + json.dumps(facts, separators=(",", ":"), ensure_ascii=False)


def read_description(entry_name: str) -> dict[str, Any] | None:
    """Return the facts of a callback from its timer's entry name; None for another sleep."""
    if not entry_name.startswith(ENTRY_PREFIX):
        return None
    try:
        facts = json.loads(entry_name.removeprefix(ENTRY_PREFIX))
    except ValueError:
        return None
    return facts if isinstance(facts, dict) and isinstance(facts.get("index"), int) else None


def expiry_of(milliseconds: int) -> datetime:
    """Return a time on the wire as a datetime."""
    return datetime.fromtimestamp(milliseconds / 1000, UTC)
