"""What the runtime has in memory at one moment, in numbers."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from pathlib import Path

    from awaken.runtime.processor.processor import Processor

__all__ = ["Load", "read_load"]


class Load(NamedTuple):
    """The numbers."""

    open_attempts: int
    #: Invocations that an attempt will be opened for as soon as there is room.
    ready: int
    #: Seconds since the first of them became ready; 0 if none is.
    ready_s: float
    #: Seconds since the first timer was due that was not handled yet; 0 if none is.
    late_s: float
    #: Requests that wait for results.
    callers: int
    #: What waits for the next commit, or for its sync.
    commits: int
    #: Bytes of journals and answers that open attempts hold.
    held_size: int
    #: Bytes of the database and of its write-ahead log.
    database_size: int
    log_size: int
    #: Bytes that are free where the database is; None if the system does not tell.
    disk_free: int | None


def read_load(processor: Processor) -> Load:
    """Return the numbers; call this on the loop."""
    attempts, path = processor.open_attempts, processor.store.path
    return Load(
        len(attempts),
        attempts.due_count,
        attempts.due_s,
        processor.scheduler.late_ms / 1000,
        processor.waiting_callers.request_count,
        processor.store.waiting_count,
        sum(attempt.held_size() for attempt in attempts),
        _size(path),
        _size(path.with_name(f"{path.name}-wal")),
        _free(path),
    )


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0


def _free(path: Path) -> int | None:
    try:
        return shutil.disk_usage(path).free
    except OSError:
        return None
