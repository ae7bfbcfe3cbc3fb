"""Which awakeables become pending and cease to be, for all who watch: one list for each question."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Generic, TypeVar

from awaken.control import reads
from awaken.control.watching import Poll, Version

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Iterator, Mapping

    from awaken.control.operations import AwakeableView, Operations

__all__ = ["AwakeableFeed"]

#: What watchers get.
M = TypeVar("M")


class AwakeableFeed(Generic[M]):
    """The pending awakeables of a runtime, as long as somebody watches.

    Args:
        operations: the runtime.
        render: makes what watchers get of an event, once for all of them: whether the awakeable is pending now, and the
            awakeable.
    """

    def __init__(self, operations: Operations, render: Callable[[bool, AwakeableView], M]) -> None:
        self._operations = operations
        self._render = render
        self._lists: dict[tuple[str | None, str | None], _List[M]] = {}

    async def watch(self, service: str | None, key: str | None, interval: float) -> AsyncGenerator[M, None]:
        """Yield an event for each pending awakeable, and then for each that becomes pending or ceases to be.

        Args:
            service: only of this service.
            key: only of this key.
            interval: seconds between two looks, at most.

        Raises:
            OperationError: the runtime does not tell.
        """
        with self._list(service, key) as listed, listed.poll.watched(interval):
            seen = 0
            known: Mapping[str, _Entry[M]] = {}
            while True:
                number = await listed.version.after(seen)
                pending = listed.pending
                events = listed.events if number == seen + 1 else _differences(known, pending)
                seen, known = number, pending
                for is_pending, entry in events:
                    yield entry.event(is_pending)

    @contextmanager
    def _list(self, service: str | None, key: str | None) -> Iterator[_List[M]]:
        question = (service, key)
        if question not in self._lists:
            self._lists[question] = _List(self._operations, self._render, service, key)
        listed = self._lists[question]
        try:
            yield listed
        finally:
            if not listed.poll.is_watched:
                self._lists.pop(question, None)


class _Entry(Generic[M]):
    """One pending awakeable, and the events about it that were rendered."""

    __slots__ = ("_events", "_render", "_view")

    def __init__(self, view: AwakeableView, render: Callable[[bool, AwakeableView], M]) -> None:
        self._view = view
        self._render = render
        self._events: dict[bool, M] = {}

    def event(self, is_pending: bool) -> M:
        """Return the event that it became pending, or ceased to be."""
        if is_pending not in self._events:
            self._events[is_pending] = self._render(is_pending, self._view)
        return self._events[is_pending]


class _List(Generic[M]):
    """What is pending of one question."""

    def __init__(
        self,
        operations: Operations,
        render: Callable[[bool, AwakeableView], M],
        service: str | None,
        key: str | None,
    ) -> None:
        self._operations = operations
        self._render = render
        self._service = service
        self._key = key
        self.version = Version()
        self.pending: Mapping[str, _Entry[M]] = {}
        #: From the version before to this one: most watchers are there, and compare nothing.
        self.events: list[tuple[bool, _Entry[M]]] = []
        self.poll = Poll(self._look, self.version.fail)

    async def _look(self) -> None:
        before = self.pending
        pending = {}
        async for one in reads.list_awakeables(self._operations, self._service, self._key):
            pending[one.awakeable_id] = before.get(one.awakeable_id) or _Entry(one, self._render)
        events = _differences(before, pending)
        if events or not self.version.number:
            self.pending, self.events = pending, events
            self.version.grow()


def _differences(
    before: Mapping[str, _Entry[M]], after: Mapping[str, _Entry[M]]
) -> list[tuple[bool, _Entry[M]]]:
    gone = [(False, one) for name, one in before.items() if name not in after]
    return gone + [(True, one) for name, one in after.items() if name not in before]
