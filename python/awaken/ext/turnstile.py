"""Concurrent work that goes through one after the other, in the order in which it was asked for.

An agent's model may ask for several tools at once, and frameworks call them in tasks. The commands that tools issue are
part of the journal, so their order has to be the same on replay, whatever the tasks do:

    turnstile = Turnstile([call.id for call in calls])

    async def use_tool(call):
        await turnstile.wait_for(call.id)
        try:
            future = ctx.run_typed(call.name, tools[call.name], RunOptions(), call.arguments)
        except BaseException:
            turnstile.cancel_all_after(call.id)
            raise
        turnstile.allow_next_after(call.id)
        return await future
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from awaken.errors import SdkInternalException, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["Turnstile"]


class Turnstile:
    """Lets those with an id pass in the order of the ids, each when the one before allows it.

    The first one may pass at once. A turnstile belongs to one attempt of one handler.

    Args:
        ids: in order. An id that comes again counts where it came first.
    """

    def __init__(self, ids: Iterable[str]) -> None:
        self._places = {one: place for place, one in enumerate(dict.fromkeys(ids))}
        self._gates = [asyncio.Event() for _ in self._places]
        self._is_cancelled = False
        self._open(0, 1)

    async def wait_for(self, id: str) -> None:  # noqa: A002  # the name of the official SDK
        """Wait until this one may pass.

        Args:
            id: one of the ids.

        Raises:
            SdkInternalException: the turns were cancelled. It unwinds what the handler does at this place; do not
                catch it.
            UsageError: the turnstile does not have this id, so it would wait for ever.
        """
        place = self._places.get(id)
        if place is None:
            raise UsageError(
                f"Turnstile.wait_for({id!r}) would wait for ever: the turnstile was made for "
                f"{', '.join(map(repr, self._places)) or 'no ids'}"
            )
        await self._gates[place].wait()
        if self._is_cancelled:
            raise SdkInternalException(
                f"the turn of {id!r} was cancelled: what came before it failed, and this attempt with it"
            )

    def allow_next_after(self, id: str) -> None:  # noqa: A002
        """Let the one after this pass, now or when it comes. After the last one, and an unknown one, comes none."""
        place = self._places.get(id)
        if place is not None:
            self._open(place + 1, place + 2)

    def cancel_all_after(self, id: str) -> None:  # noqa: A002
        """Make `wait_for` raise: for those after this one at once, for others when their turn comes.

        Call this when the work of this one failed. If the turnstile does not have the id, all come after it.
        """
        self._is_cancelled = True
        self._open(self._places.get(id, -1) + 1)

    def cancel_all(self) -> None:
        """Make `wait_for` raise at once, for all."""
        self._is_cancelled = True
        self._open(0)

    def _open(self, start: int, end: int | None = None) -> None:
        for gate in self._gates[start:end]:
            gate.set()
