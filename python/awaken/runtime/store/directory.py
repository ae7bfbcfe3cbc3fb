"""The data directory: owned by one process at a time, and readable only by its user.

It holds payloads and the key that signs links. A directory that is made here is closed to other users and ignored by
git. One that was there before keeps its mode, since it may hold more than ours; the files made here are closed to other
users in any case. Windows has no such modes: there, they get the access rights of the directory that they are in.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Final, Self

from awaken.runtime.errors import DirectoryInUseError, StoreError
from awaken.runtime.store.file_lock import take_lock

__all__ = [
    "DATABASE",
    "LINK_KEY",
    "LINK_KEY_SIZE",
    "SHARED_MEMORY",
    "UNFINISHED_COPY",
    "WRITE_AHEAD_LOG",
    "Directory",
    "check_finished",
]

#: Names of the files. SQLite adds two of its own beside the database.
DATABASE: Final = "awaken.sqlite"
LINK_KEY: Final = "callback.key"
WRITE_AHEAD_LOG: Final = f"{DATABASE}-wal"
SHARED_MEMORY: Final = f"{DATABASE}-shm"
#: Name of the database in a backup until the backup is complete.
UNFINISHED_COPY: Final = f"{DATABASE}.partial"
#: Bytes of the key.
LINK_KEY_SIZE: Final = 32
_LOCK: Final = "lock"
#: Where the number of the process is that has the lock. Windows lets nobody else read what is locked.
_OWNER: Final = _LOCK if sys.platform != "win32" else "owner"
_IGNORE: Final = ".gitignore"
_OURS: Final = frozenset((DATABASE, WRITE_AHEAD_LOG, SHARED_MEMORY, LINK_KEY, _LOCK, _OWNER, _IGNORE))

#: Bytes of it that are read.
_OWNER_SIZE: Final = 32
_FILE_MODE: Final = 0o600
_DIRECTORY_MODE: Final = 0o700


class Directory:
    """Owns a data directory until it is closed. The lock ends with the process, even with kill -9.

    Raises:
        DirectoryInUseError: another process uses it.
        StoreError: it cannot be created or written, its database was removed, or it is an unfinished backup.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = Path(path)
        try:
            self.path.mkdir(mode=_DIRECTORY_MODE, parents=True, exist_ok=True)
            self._lock = os.open(self.path / _LOCK, os.O_RDWR | os.O_CREAT, _FILE_MODE)
        except OSError as error:
            raise self._unusable(error) from error
        try:
            self._take()
            self._check_complete()
            self._close_to_others()
        except BaseException:
            os.close(self._lock)
            raise

    @property
    def database(self) -> Path:
        """The path of the database file."""
        return self.path / DATABASE

    def close(self) -> None:
        """Release it."""
        os.close(self._lock)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _take(self) -> None:
        try:
            is_taken = take_lock(self._lock)
        except OSError as error:
            raise StoreError(
                f"cannot use {self.path / _LOCK}: {error}; choose a data directory on a file system with locks"
            ) from error
        if not is_taken:
            raise DirectoryInUseError(
                f"{self.path} is in use by process {self._owner()}; stop that one, or choose another directory"
            )

    def _owner(self) -> str:
        try:
            owner = (self.path / _OWNER).read_bytes()[:_OWNER_SIZE]
        except OSError:  # it is about to be written
            owner = b""
        return owner.decode(errors="replace").strip() or "unknown"

    def _check_complete(self) -> None:
        """Refuse to start empty where something was stored before.

        The key comes after the first database, and what is in the write-ahead log is lost without its database.
        """
        check_finished(self.path)
        if self.database.exists() and self.database.stat().st_size:
            return
        for name in (LINK_KEY, WRITE_AHEAD_LOG):
            path = self.path / name
            if path.exists() and path.stat().st_size:
                raise StoreError(
                    f"{self.database} is missing or empty, but {path} is there, so data was stored here before; "
                    f"restore the database from a backup, or remove {path} to start without data"
                )

    def _close_to_others(self) -> None:
        try:
            self._write(_OWNER, f"{os.getpid()}\n".encode())
            # Before SQLite makes it: its other files get the mode of the database.
            os.close(os.open(self.database, os.O_RDWR | os.O_CREAT, _FILE_MODE))
            names = {entry.name for entry in self.path.iterdir()}
            for name in names & _OURS:
                os.chmod(self.path / name, _FILE_MODE)
            if names <= _OURS and _IGNORE not in names:
                (self.path / _IGNORE).write_text("# Data of one machine, and the key that signs links.\n*\n")
        except OSError as error:
            raise self._unusable(error) from error

    def _write(self, name: str, content: bytes) -> None:
        descriptor = os.open(self.path / name, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, _FILE_MODE)
        try:
            os.write(descriptor, content)
        finally:
            os.close(descriptor)

    def _unusable(self, error: OSError) -> StoreError:
        return StoreError(
            f"cannot use {self.path} as data directory: {error.strerror} ({error.filename or self.path}); choose "
            "another one, or make it writable and free some space"
        )


def check_finished(path: Path) -> None:
    """Refuse a directory that a backup was making when it was killed. Raises StoreError."""
    copy = path / UNFINISHED_COPY
    if copy.exists():
        raise StoreError(
            f"{path} is an unfinished copy: {copy} is there, so `awaken backup` was killed before it was complete, or "
            "still runs; "
            f"once it does not run, remove {path}, and use another backup or make a new one"
        )
