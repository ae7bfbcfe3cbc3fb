"""The awakeables that handlers under test wait for, by name."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from awaken.testing.errors import NotThereError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from awaken.client import ClientAwakeable, RestateClient
    from awaken.context.probe import AwakeableCreated

__all__ = ["AwakeableUnderTest", "Awakeables"]


class Awakeables:
    """Remembers the awakeables that handlers created.

    Args:
        is_open: returns whether an invocation exists and has not completed, by its id.
        restarted: waits while the runtime is between a crash and its next start, when it cannot be asked.
        check: raises what the test should see instead of waiting longer.
        describe: returns what handlers are doing, for people.
        patience_s: seconds to wait for a handler to create one.
    """

    def __init__(
        self,
        is_open: Callable[[str], bool],
        restarted: Callable[[], Awaitable[None]],
        check: Callable[[], None],
        describe: Callable[[], str],
        patience_s: float,
    ) -> None:
        self._is_open = is_open
        self._restarted = restarted
        self._check = check
        self._describe = describe
        self._patience_s = patience_s
        self._pending: dict[str, AwakeableCreated] = {}
        self._done: set[str] = set()
        self._changed = asyncio.Event()

    def note_awakeable(self, created: AwakeableCreated) -> None:
        """Remember an awakeable. A replay creates it again, which changes nothing."""
        if created.awakeable_id not in self._done and created.awakeable_id not in self._pending:
            self._pending[created.awakeable_id] = created
            self._changed.set()

    def note_change(self) -> None:
        """Let waiting tests look again."""
        self._changed.set()

    @property
    def names(self) -> dict[str, str | None]:
        """Names of the awakeables that were created and not completed by the test, by id."""
        return {created.awakeable_id: created.name for created in self._pending.values()}

    def note_done(self, awakeable_id: str) -> None:
        """Forget an awakeable that was resolved or rejected."""
        self._done.add(awakeable_id)
        self._pending.pop(awakeable_id, None)

    def find(self, name: str | None, invocation_id: str | None) -> list[AwakeableCreated]:
        """Return the awakeables that the test has not completed yet, oldest first."""
        return [
            created
            for created in self._pending.values()
            if name in (None, created.name)
            and invocation_id in (None, created.invocation_id)
            and self._is_open(created.invocation_id)
        ]

    async def wait_for(self, name: str | None, invocation_id: str | None) -> AwakeableCreated:
        """Wait until exactly one fits.

        Raises:
            NotThereError: no handler creates it, or several fit.
            Exception: what a handler raised instead.
        """
        __tracebackhide__ = True
        loop = asyncio.get_running_loop()
        deadline = loop.time() + self._patience_s
        while True:
            await self._restarted()
            if found := self.find(name, invocation_id):
                break
            self._check()
            self._changed.clear()
            try:
                await asyncio.wait_for(self._changed.wait(), max(0, deadline - loop.time()))
            except TimeoutError:
                raise NotThereError(self._nothing(name, invocation_id)) from None
        if len(found) > 1:
            ids = ", ".join(f"{created.name!r} of {created.invocation_id}" for created in found)
            raise NotThereError(f"{len(found)} pending awakeables fit: {ids}; give a name, or invocation_id=")
        return found[0]

    def _nothing(self, name: str | None, invocation_id: str | None) -> str:
        wanted = "an awakeable" if name is None else f"an awakeable named {name!r}"
        if invocation_id is not None:
            wanted += f" of {invocation_id}"
        names = ", ".join(repr(created.name) for created in self.find(None, None)) or "none"
        return (
            f"no handler created {wanted} within {self._patience_s:g} s; pending are: {names}. "
            f"Handlers name them by ctx.awakeable(name=...). What handlers are doing:{self._describe()}"
        )


class AwakeableUnderTest:
    """An awakeable that a handler creates sooner or later; see `Environment.awakeable`."""

    def __init__(
        self, awakeables: Awakeables, client: RestateClient, name: str | None, invocation_id: str | None
    ) -> None:
        self._awakeables = awakeables
        self._client = client
        self._name = name
        self._invocation_id = invocation_id

    async def id(self) -> str:
        """Wait for the handler to create it, and return its id.

        Raises:
            NotThereError: no handler creates it, or several fit.
            Exception: what a handler raised instead.
        """
        __tracebackhide__ = True
        return (await self._find()).awakeable_id

    async def resolve(self, value: Any = None) -> None:
        """Wait for it, and give the handler its value. Raises as `id`, and SerdeError for a value of another type."""
        __tracebackhide__ = True
        found = await self._find()
        await self._at_client(found).resolve(value)
        self._awakeables.note_done(found.awakeable_id)

    async def reject(self, reason: str) -> None:
        """Wait for it, and give the handler a `TerminalError` with this reason. Raises as `id`."""
        __tracebackhide__ = True
        found = await self._find()
        await self._at_client(found).reject(reason)
        self._awakeables.note_done(found.awakeable_id)

    async def _find(self) -> AwakeableCreated:
        __tracebackhide__ = True
        return await self._awakeables.wait_for(self._name, self._invocation_id)

    def _at_client(self, found: AwakeableCreated) -> ClientAwakeable[Any]:
        return self._client.awakeable(found.awakeable_id, type_hint=found.type_hint)
