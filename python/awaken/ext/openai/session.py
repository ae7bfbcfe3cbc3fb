"""The conversation of an agent in the state of a virtual object."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from agents.memory.session import SessionABC

from awaken.errors import UsageError
from awaken.ext.contexts import restate_object_context

if TYPE_CHECKING:
    from agents import TResponseInputItem

__all__ = ["RestateSession"]

#: Name of the state, as with the official SDK.
STATE = "items"


class RestateSession(SessionABC):
    """Keeps a conversation in the state `items` of the virtual object, or workflow, whose handler runs the agent.

    One key of the object is one conversation. It is read when it is first needed. What `DurableRunner.run` adds is
    written at once when the agent is done, or has failed for good, so that a retry finds what the first attempt found.
    Outside of it each change is written when it is made.

    Agents with one conversation have to run one after the other: of those that run side by side, what the last one
    writes replaces what the others wrote.

    Raises:
        UsageError: there is no current handler, or it has no state that it may write.
    """

    def __init__(self) -> None:
        self._context = restate_object_context()
        #: The key of the object.
        self.session_id = self._context.key()
        #: Whether changes wait for `flush`.
        self.is_held = False
        self._items: list[TResponseInputItem] | None = None
        self._is_changed = False

    async def get_items(self, limit: int | None = None) -> list[TResponseInputItem]:
        """Return the conversation, oldest item first.

        Args:
            limit: how many of the latest items to return; None for that of `session_settings`, or all.
        """
        items = await self._load()
        if limit is None and self.session_settings is not None:
            limit = self.session_settings.limit
        if limit is None:
            return list(items)
        return items[-limit:] if limit > 0 else []

    async def add_items(self, items: list[TResponseInputItem]) -> None:
        """Append items to the conversation."""
        if items:
            (await self._load()).extend(items)
            self._note_change()

    async def pop_item(self) -> TResponseInputItem | None:
        """Remove the latest item and return it, or None if there is none."""
        items = await self._load()
        if not items:
            return None
        item = items.pop()
        self._note_change()
        return item

    async def clear_session(self) -> None:
        """Remove the conversation, and the state."""
        self._context.clear(STATE)
        self._items = []
        self._is_changed = False

    def flush(self) -> None:
        """Write changes to the state, if there are any."""
        if self._is_changed:
            self._context.set(STATE, self._items)
            self._is_changed = False

    async def _load(self) -> list[TResponseInputItem]:
        if self._items is None:
            recorded: Any = await self._context.get(STATE)
            if not isinstance(recorded, list | None):
                raise UsageError(
                    f'the state "{STATE}" of this object is a {type(recorded).__name__}, not a conversation: '
                    "RestateSession needs this name for itself; give your own state another one"
                )
            self._items = cast("list[TResponseInputItem]", recorded or [])
        return self._items

    def _note_change(self) -> None:
        self._is_changed = True
        if not self.is_held:
            self.flush()
