"""When handlers have come to rest."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

from awaken.testing.errors import NotThereError

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["settle"]

#: Turns of the loop without anything under way after which nothing more follows by itself. What crosses from the
#: runtime to a handler and back, through a commit, takes a few.
_QUIET_TURNS: Final = 25


async def settle(is_at_rest: Callable[[], bool], patience_s: float) -> None:
    """Turn the loop until every handler waits for the runtime, is suspended, or is done.

    Args:
        is_at_rest: whether nothing is under way at this moment.
        patience_s: seconds after which a handler that neither waits for the runtime nor ends is given up.

    Raises:
        NotThereError: a handler does something else for too long.
    """
    loop = asyncio.get_running_loop()
    deadline = loop.time() + patience_s
    quiet = 0
    while quiet < _QUIET_TURNS:
        quiet = quiet + 1 if is_at_rest() else 0
        if quiet:
            await asyncio.sleep(0)
        elif loop.time() > deadline:
            raise NotThereError(
                f"handlers did not come to rest within {patience_s:g} s; one waits for something outside of its "
                "journal, or a run takes long"
            )
        else:
            # Threads and sockets need the loop to look at them, and the time to work.
            await asyncio.sleep(0.0005)
