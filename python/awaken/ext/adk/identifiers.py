"""Ids that ADK draws inside of a handler: the same ones in every attempt."""

from __future__ import annotations

import random
import uuid
from typing import TYPE_CHECKING

from awaken.context.extensions import get_extension_data, set_extension_data
from awaken.ext.contexts import is_in_run

try:
    from google.adk.platform import uuid as platform_uuid
except ImportError:  # old releases draw them from the operating system
    platform_uuid = None  # type: ignore[assignment]

if TYPE_CHECKING:
    from awaken.context.context import Context

__all__ = ["Ids", "ids_for_run", "repeat_ids"]

_KEY = "awaken.ext.adk.ids"


class Ids:
    """Draws ids from a generator of its own: those of `ctx.random()` and `ctx.uuid()` stay as they are.

    Args:
        seed: of the generator.
        is_for_run: whether they are for one execution of a run. Other runs do not draw from it, since a replay does
            not execute them.
    """

    def __init__(self, seed: str, *, is_for_run: bool = False) -> None:
        self._random = random.Random(seed)  # noqa: S311  # repeatable on purpose
        self._is_for_run = is_for_run

    def __call__(self) -> str:
        """Return the next id."""
        if is_in_run() and not self._is_for_run:
            return str(uuid.uuid4())
        return str(uuid.UUID(int=self._random.getrandbits(128), version=4))

    def install(self) -> None:
        """Have ADK draw its ids here, in this task and those that it starts."""
        if platform_uuid is not None:
            platform_uuid.set_id_provider(self)


def repeat_ids(context: Context) -> Ids:
    """Have the ids of events, invocations and calls of tools repeat when this handler is replayed.

    Args:
        context: of the handler; what its tasks and functions draw from now on repeats.
    """
    ids: Ids | None = get_extension_data(context, _KEY)
    if ids is None:
        ids = Ids(context.request().id)
        set_extension_data(context, _KEY, ids)
    ids.install()  # in each task that begins with ADK
    return ids


def ids_for_run(context: Context) -> Ids:
    """Return what draws the ids in a run that begins now; the run has to install it."""
    return Ids(repeat_ids(context)(), is_for_run=True)
