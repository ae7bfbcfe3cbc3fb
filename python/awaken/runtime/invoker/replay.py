"""The recorded entries that an attempt begins with, written a slice at a time."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from awaken import _core
    from awaken.runtime.invoker.request_body import RequestBody

__all__ = ["Replay"]

#: What one slice may cost: 1 for 16 entries or 16 KiB, which take about 50 us.
_SLICE: Final = 32
_COST_ENTRIES: Final = 16
_COST_SIZE: Final = 16 * 1024
#: Bytes of the largest payload that is copied behind the head of its frame.
_COPIED_SIZE: Final = 64 * 1024


class Replay:
    """Gives a machine the entries that were recorded when the attempt began.

    Each slice reads from the database what it writes. So a long journal is never in memory as a whole, and the slices
    of several attempts can take turns.

    Args:
        machine: that has been started.
        request: takes what the machine writes.
        count: of the entries.
        read: returns code and payload of the entries from an index on, lazily.
    """

    __slots__ = ("_count", "_machine", "_next", "_read", "_request")

    def __init__(
        self,
        machine: _core.InvokerMachine,
        request: RequestBody,
        count: int,
        read: Callable[[int], Generator[tuple[int, bytes]]],
    ) -> None:
        self._machine = machine
        self._request = request
        self._count = count
        self._read = read
        self._next = 0

    @property
    def is_complete(self) -> bool:
        """Whether all entries are written."""
        return self._next == self._count

    def write_slice(self) -> int:
        """Write some entries, and return what that cost."""
        size = 0
        first = self._next
        with closing(self._read(first)) as entries:
            for code, payload in entries:
                if len(payload) <= _COPIED_SIZE:
                    self._machine.replay(code, payload)
                elif self._machine.replay_head(code, payload):
                    self._request.add(self._machine.take_output())
                    self._request.add(payload)
                self._next += 1
                size += len(payload)
                cost = (self._next - first) // _COST_ENTRIES + size // _COST_SIZE
                if self.is_complete or cost >= _SLICE:
                    return cost
        raise LookupError(f"entry {self._next} of {self._count} is not in the journal any more")
