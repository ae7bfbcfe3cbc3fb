"""Locks a file for this process, by the means of the system. The lock ends with the process, even with kill -9."""

from __future__ import annotations

import os
import tempfile
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from types import ModuleType

__all__ = ["take_lock"]


def take_lock(descriptor: int) -> bool:
    """Lock a file, unless another process has locked it.

    Returns:
        Whether it is locked now.

    Raises:
        OSError: its file system has no locks.
    """
    library = _library()
    try:
        library.lock(descriptor, library.LockFlags.EXCLUSIVE | library.LockFlags.NON_BLOCKING)
    except library.AlreadyLocked:
        return False
    except library.LockException as error:
        raise OSError(f"it cannot be locked: {error}") from error
    return True


def _library() -> ModuleType:
    """Import portalocker, which looks for a temporary directory then: read-only containers and full disks have none."""
    try:
        tempfile.gettempdir()
    except FileNotFoundError:
        tempfile.tempdir = os.curdir  # only the default of something that is not used here
        try:
            import portalocker
        finally:
            tempfile.tempdir = None
    else:
        import portalocker
    return portalocker
