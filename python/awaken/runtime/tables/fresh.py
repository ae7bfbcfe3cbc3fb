"""What is known of invocations that this process has created, and that have run since without a rest.

Most invocations begin and end within a moment. Of those, nothing need be read that was written just now, and nothing be
deleted that was never there. Of all others, among them those of the process before, nothing is known, and the tables
are asked. What is known is dropped as soon as anything was taken back.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

    from awaken.runtime.store import Store
    from awaken.runtime.tables.invocation_row import InvocationRow

__all__ = ["FreshInvocation", "FreshInvocations"]

#: How many invocations are remembered; of more than that, the oldest are forgotten.
_REMEMBERED: Final = 4_096
#: Bytes of the largest input that is remembered until the attempt begins.
_LARGEST_INPUT: Final = 16 * 1024


class FreshInvocation:
    """What is known of one invocation. Each table notes here what it adds for it."""

    __slots__ = (
        "entry_count",
        "has_awakeables",
        "has_listeners",
        "has_payloads",
        "has_promise_waiters",
        "has_timers",
        "id",
        "input",
        "is_listening",
        "last_appended_ms",
        "row",
        "signals",
    )

    def __init__(self, row: InvocationRow) -> None:
        self.id = row.id
        #: The row as it is in the table; None if it has changed since it was written.
        self.row: InvocationRow | None = row
        #: Code and payload of the first entry, until there are more.
        self.input: tuple[int, bytes] | None = None
        self.entry_count = 0
        self.last_appended_ms = 0
        #: Indexes of the signals in its journal.
        self.signals: set[int] = set()
        self.has_timers = False
        self.has_payloads = False
        self.has_awakeables = False
        self.has_promise_waiters = False
        #: Whether others wait for its result.
        self.has_listeners = False
        #: Whether it waits for the result of others.
        self.is_listening = False

    @property
    def is_alone(self) -> bool:
        """Whether it waits for nothing that others have, and nobody waits for it."""
        return not (
            self.has_timers
            or self.has_awakeables
            or self.has_promise_waiters
            or self.has_listeners
            or self.is_listening
        )

    def note_entry(self, code: int, payload: bytes, now_ms: int, signal: int | None) -> int:
        """Note an entry that is appended, and return its index."""
        index = self.entry_count
        is_kept = index == 0 and len(payload) <= _LARGEST_INPUT
        self.input = (code, payload) if is_kept else None
        self.entry_count = index + 1
        self.last_appended_ms = now_ms
        if signal is not None:
            self.signals.add(signal)
        return index


class FreshInvocations:
    """By the numbers of their rows."""

    def __init__(self, store: Store) -> None:
        self._known: dict[int, FreshInvocation] = {}
        self._seqs: dict[str, int] = {}  # by their ids
        #: Returns what is known of an invocation; None if it has to be read. Asked often: nothing is between.
        self.get: Callable[[int], FreshInvocation | None] = self._known.get
        store.when_taken_back(self._forget_all)
        #: The last large input, until an attempt takes it: invocation, code and payload.
        self._large_input: tuple[int, int, bytes] | None = None

    def add(self, row: InvocationRow) -> None:
        """Remember an invocation whose row has just been written."""
        if len(self._known) >= _REMEMBERED:
            self.forget(next(iter(self._known)))
        self._known[row.seq] = FreshInvocation(row)
        self._seqs[row.id] = row.seq

    def row(self, invocation_id: str) -> InvocationRow | None:
        """Return the row of an invocation by its id; None if it has to be read."""
        seq = self._seqs.get(invocation_id)
        fresh = None if seq is None else self.get(seq)
        return None if fresh is None else fresh.row

    def forget(self, seq: int) -> None:
        """Forget an invocation, which has ended, rests, or has failed."""
        fresh = self._known.pop(seq, None)
        if fresh is not None:
            del self._seqs[fresh.id]
        if self._large_input is not None and self._large_input[0] == seq:
            self._large_input = None

    def _forget_all(self) -> None:
        self._known.clear()
        self._seqs.clear()
        self._large_input = None

    def keep_large_input(self, seq: int, code: int, payload: bytes) -> None:
        """Remember the input of an invocation that runs at once, instead of the one before."""
        self._large_input = (seq, code, payload)

    def take_large_input(self, seq: int) -> tuple[int, bytes] | None:
        """Return code and payload of an input, and forget it: the attempt that takes it has it from then on."""
        if self._large_input is None or self._large_input[0] != seq:
            return None
        _, code, payload = self._large_input
        self._large_input = None
        return code, payload
