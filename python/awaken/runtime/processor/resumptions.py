"""What suspended invocations wait for, and what of it has come, so that each notification is looked at once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from awaken import _core

if TYPE_CHECKING:
    from awaken.runtime.tables.invocation_row import InvocationRow
    from awaken.runtime.tables.journal import Journal

__all__ = ["Resumptions"]

#: How many invocations are remembered that have got a part of what they wait for; the rest is read again from its
#: journal. Each takes as much memory as its future, usually below 1 KiB.
_REMEMBERED: Final = 10_000


class _Remembered(NamedTuple):
    #: Where the next notification is appended, unless something was taken back.
    next_index: int
    unseen_from: int
    future: bytes
    resumption: _core.Resumption


class Resumptions:
    """Decides whether suspended invocations can continue.

    Anybody may send any number of signals to a suspended invocation. Without this, each of them would read all those
    before it: ten thousand took over a minute.

    Args:
        journal: the table.
    """

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._remembered: dict[int, _Remembered] = {}

    def can_resume(self, row: InvocationRow, index: int, code: int, payload: bytes) -> bool:
        """Return whether a suspended invocation can continue after a notification.

        Args:
            row: the invocation.
            index: of the notification in its journal, which ends with it.
            code: its type code.
            payload: as stored.
        """
        known = self._remembered.pop(row.seq, None)
        unseen_from, future = row.unseen_from or 0, row.future or b""
        if known is None or known[:3] != (index, unseen_from, future):
            resumption = _core.Resumption(future)
            for entry in self._journal.notifications_from(row.seq, unseen_from):
                resumption.add(*entry)
            is_changed = True
        else:
            resumption = known.resumption
            is_changed = resumption.add(code, payload)
        if is_changed and resumption.is_ready():
            return True
        if len(self._remembered) >= _REMEMBERED:
            del self._remembered[next(iter(self._remembered))]
        self._remembered[row.seq] = _Remembered(index + 1, unseen_from, future, resumption)
        return False
