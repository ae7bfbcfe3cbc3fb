"""How many files and sockets the system lets this process have open."""

from __future__ import annotations

import sys
from contextlib import suppress

if sys.platform != "win32":
    import resource

__all__ = ["allow_open_files", "open_file_limit"]


def open_file_limit() -> int | None:
    """Return how many files, sockets among them, this process may have open.

    Returns:
        None without a limit, as on Windows, which knows none for sockets.
    """
    if sys.platform != "win32":
        given = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
        return None if given == resource.RLIM_INFINITY else given
    return None


def allow_open_files(most: int) -> None:
    """Ask the system for a higher limit.

    Args:
        most: is enough; the system may grant less.
    """
    if sys.platform != "win32":
        given, grantable = resource.getrlimit(resource.RLIMIT_NOFILE)
        wanted = most if grantable == resource.RLIM_INFINITY else min(grantable, most)
        if wanted > given != resource.RLIM_INFINITY:
            with suppress(OSError, ValueError):  # some systems grant less than they say
                resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, grantable))
