"""How many files and connections this process may have open, and how many of them one address may use up.

A system lets a process open 1,024 files unless it asks for more. Whoever reaches one address, such as that of links,
could take all of them by connections that say nothing, and then nobody is answered on the others either.
"""

from __future__ import annotations

from typing import Final

from awaken.transports.open_files import allow_open_files, open_file_limit

__all__ = ["allow_many_files", "most_connections"]

#: More are not asked for: each connection takes about 60 KB.
_MOST_FILES: Final = 65_536
#: The part of the files that one address may use. Three at most are served over HTTP, so that as much is left for the
#: database, for endpoints and for gRPC.
_PART: Final = 4


def allow_many_files() -> None:
    """Ask the system for as many open files as it grants."""
    allow_open_files(_MOST_FILES)


def most_connections() -> int:
    """Return how many connections one address may have."""
    return min(open_file_limit() or _MOST_FILES, _MOST_FILES) // _PART
