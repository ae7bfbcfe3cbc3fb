"""A block of writes that is kept or taken back as a whole."""

from __future__ import annotations

from typing import Protocol

__all__ = ["Savepoint"]


class _Owner(Protocol):
    def enter_savepoint(self, block: Savepoint) -> None: ...

    def leave_savepoint(self, block: Savepoint, *, is_kept: bool) -> None: ...


class Savepoint:
    """One block; see `Store.atomic`. It costs nothing before it writes."""

    __slots__ = ("_owner", "callback_count", "is_within", "late_end", "lost_count")

    def __init__(self, owner: _Owner) -> None:
        self._owner = owner
        #: Whether its first write was within a transaction; None before that.
        self.is_within: bool | None = None
        #: How many callbacks waited for a commit, where late rows ended, and how many transactions had been lost, when
        #: it began.
        self.callback_count = 0
        self.late_end = 0
        self.lost_count = 0

    def __enter__(self) -> None:
        self._owner.enter_savepoint(self)

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        self._owner.leave_savepoint(self, is_kept=kind is None)
