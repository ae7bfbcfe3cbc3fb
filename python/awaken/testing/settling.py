"""When handlers have come to rest."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

from awaken.testing.errors import NotThereError

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["settle", "stays_at_rest"]

#: Turns of the loop without anything under way after which nothing more follows by itself. What crosses from the
#: runtime to a handler and back, through a commit, takes a few.
_QUIET_TURNS: Final = 25


async def settle(
    is_at_rest: Callable[[], bool],
    patience_s: float,
    *,
    check: Callable[[], None] = lambda: None,
    describe: Callable[[], str] = lambda: "",
) -> None:
    """Turn the loop until every handler waits for the runtime, is suspended, or is done.

    Args:
        is_at_rest: whether nothing is under way at this moment.
        patience_s: seconds after which a handler that neither waits for the runtime nor ends is given up.
        check: called in every turn; what it raises ends this.
        describe: tells what is under way.

    Raises:
        NotThereError: a handler does something else for too long.
    """
    __tracebackhide__ = True
    loop = asyncio.get_running_loop()
    deadline = loop.time() + patience_s
    quiet = 0
    while quiet < _QUIET_TURNS:
        check()
        quiet = quiet + 1 if is_at_rest() else 0
        if quiet:
            await asyncio.sleep(0)
        elif loop.time() > deadline:
            raise NotThereError(
                f"handlers did not come to rest within {patience_s:g} s; one waits for something outside of its "
                f"journal, or a run takes long{describe()}"
            )
        else:
            # Threads and sockets need the loop to look at them, and the time to work.
            await asyncio.sleep(0.0005)
    check()


async def stays_at_rest(is_at_rest: Callable[[], bool]) -> bool:
    """Return whether nothing comes under way for some turns of the loop."""
    for _ in range(_QUIET_TURNS):
        if not is_at_rest():
            return False
        await asyncio.sleep(0)
    return True
