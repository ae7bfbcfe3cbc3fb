"""Waits until handlers have come to rest."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

from awaken.testing.errors import NotThereError

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["settle", "stays_at_rest"]

#: After this many turns of the loop without activity, nothing more will follow: going from the runtime to a
#: handler and back, through a commit, takes a few turns.
_QUIET_TURNS: Final = 25


async def settle(
    is_at_rest: Callable[[], bool],
    patience_s: float,
    *,
    check: Callable[[], None] = lambda: None,
    describe: Callable[[], str] = lambda: "",
) -> None:
    """Wait until every handler waits for the runtime, is suspended, or is done.

    Args:
        is_at_rest: returns whether nothing is in progress right now.
        patience_s: seconds to wait for a handler that neither waits for the runtime nor ends.
        check: called in every turn of the loop; its exceptions propagate.
        describe: returns what is in progress, for the error.

    Raises:
        NotThereError: a handler does not come to rest in time.
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
            # Give threads and sockets time to work, and let the loop poll them.
            await asyncio.sleep(0.0005)
    check()


async def stays_at_rest(is_at_rest: Callable[[], bool]) -> bool:
    """Return whether nothing happens for some turns of the loop."""
    for _ in range(_QUIET_TURNS):
        if not is_at_rest():
            return False
        await asyncio.sleep(0)
    return True
