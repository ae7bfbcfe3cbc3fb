"""How many files and connections this process may have open, and how many of them one address may use up.

A system lets a process open 1,024 files unless it asks for more. Whoever reaches one address, such as that of links,
could take all of them by connections that say nothing, and then nobody is answered on the others either.
"""

from __future__ import annotations

import resource
from contextlib import suppress
from typing import Final, Protocol

__all__ = ["Connection", "Connections", "allow_many_files", "most_connections"]

#: More are not asked for: each connection takes about 60 KB.
_MOST_FILES: Final = 65_536
#: The part of the files that one address may use. Three at most are served over HTTP, so that as much is left for the
#: database, for endpoints and for gRPC.
_PART: Final = 4


def allow_many_files() -> None:
    """Ask the system for as many open files as it grants."""
    given, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _MOST_FILES if most == resource.RLIM_INFINITY else min(most, _MOST_FILES)
    if wanted > given != resource.RLIM_INFINITY:
        with suppress(OSError, ValueError):  # some systems grant less than they say
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, most))


def most_connections() -> int:
    """Return how many connections one address may have."""
    given = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    return (_MOST_FILES if given == resource.RLIM_INFINITY else min(given, _MOST_FILES)) // _PART


class Connection(Protocol):
    """One connection."""

    def abort(self) -> None:
        """Close it at once."""
        ...


class Connections:
    """The connections of one address.

    A new one that finds no room takes that of the connection that has been silent for longest: a client sends its
    request at once. If all are being answered, the new one is closed.

    Args:
        most: how many there may be.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._open: set[Connection] = set()
        #: Those without a request that is being answered, the one that has been silent for longest first.
        self._silent: dict[Connection, None] = {}

    def add(self, connection: Connection) -> None:
        """Take a connection that was opened, and perhaps close one for it."""
        self._open.add(connection)
        self._silent[connection] = None
        if len(self._open) > self._most:
            leaving = next(iter(self._silent))
            self.remove(leaving)
            leaving.abort()

    def note(self, connection: Connection, *, is_silent: bool) -> None:
        """Note whether a request of a connection is being answered."""
        self._silent.pop(connection, None)
        if is_silent and connection in self._open:
            self._silent[connection] = None

    def remove(self, connection: Connection) -> None:
        """Note that a connection is closed."""
        self._open.discard(connection)
        self._silent.pop(connection, None)
