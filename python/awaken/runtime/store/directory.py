"""The data directory, owned by one process at a time."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path
from typing import Self

from awaken.runtime.errors import DirectoryInUseError, StoreError

__all__ = ["Directory"]

_DATABASE = "awaken.sqlite"
_LOCK = "lock"


class Directory:
    """Owns a data directory until it is closed. The lock ends with the process, even with kill -9.

    Raises:
        DirectoryInUseError: another process uses it.
        StoreError: it cannot be created or written.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = Path(path)
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            self._lock = os.open(self.path / _LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        except OSError as error:
            raise StoreError(
                f"cannot use {self.path} as data directory: {error.strerror}; choose another one, or make it writable"
            ) from error
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            owner = os.read(self._lock, 32).decode(errors="replace").strip()
            os.close(self._lock)
            raise DirectoryInUseError(
                f"{self.path} is in use by process {owner or 'unknown'}; stop that one, or choose another directory"
            ) from error
        os.ftruncate(self._lock, 0)
        os.pwrite(self._lock, f"{os.getpid()}\n".encode(), 0)

    @property
    def database(self) -> Path:
        """The path of the database file."""
        return self.path / _DATABASE

    def close(self) -> None:
        """Release it."""
        os.close(self._lock)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
