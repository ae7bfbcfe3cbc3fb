"""Keyed state: the same handlers with the state in the request, and with state fetched on demand."""

from __future__ import annotations

from typing import Any

import awaken as restate
from awaken import TerminalError

eager = restate.VirtualObject("Shelf")
lazy = restate.VirtualObject("LazyShelf", enable_lazy_state=True)


def _declare(shelf: restate.VirtualObject) -> None:
    @shelf.handler()
    async def put(ctx: restate.ObjectContext, items: dict[str, Any]) -> None:
        for name, item in items.items():
            ctx.set(name, item)

    @shelf.handler()
    async def take(ctx: restate.ObjectContext, name: str) -> Any:
        item: Any = await ctx.get(name)
        ctx.clear(name)
        return item

    @shelf.handler()
    async def tip_over(ctx: restate.ObjectContext) -> None:
        ctx.clear_all()

    @shelf.handler()
    async def rearrange(ctx: restate.ObjectContext) -> list[Any]:
        """Read what this very invocation wrote and cleared."""
        before = await ctx.get("a", type_hint=str)
        ctx.set("a", "changed")
        changed = await ctx.get("a", type_hint=str)
        ctx.clear("a")
        cleared = await ctx.get("a", type_hint=str)
        ctx.clear_all()
        ctx.set("b", "last")
        return [before, changed, cleared, sorted(await ctx.state_keys()), await ctx.get("c")]

    @shelf.handler()
    async def put_and_fail(ctx: restate.ObjectContext, items: dict[str, Any]) -> None:
        for name, item in items.items():
            ctx.set(name, item)
        raise TerminalError("dropped it")

    @shelf.handler(kind="shared")
    async def look(ctx: restate.ObjectSharedContext, name: str) -> Any:
        return await ctx.get(name)

    @shelf.handler(kind="shared")
    async def names(ctx: restate.ObjectSharedContext) -> list[str]:
        return sorted(await ctx.state_keys())

    @shelf.handler(kind="shared")
    async def label(ctx: restate.ObjectSharedContext) -> str:
        return ctx.key()


_declare(eager)
_declare(lazy)
