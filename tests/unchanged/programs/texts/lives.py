"""Workflows, chats and context managers."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import restate
from restate.extensions import contextvar, current_context

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

# ---------------------------------------------------------------- 24: a workflow with several people

reviews = restate.Workflow("LifeReviews")


@reviews.main()
async def run(ctx: restate.WorkflowContext, people: list[str]) -> dict[str, Any]:
    votes = {name: ctx.promise(f"vote-{name}", type_hint=bool) for name in people}
    result: dict[str, Any] = {}
    for name, vote in votes.items():
        try:
            result[name] = await vote.value()
        except restate.TerminalError as error:
            result[name] = error.message
        ctx.set("votes", result)
    return result


@reviews.handler()
async def vote(ctx: restate.WorkflowSharedContext, ballot: list[Any]) -> Any:
    name, value = ballot
    promise = ctx.promise(f"vote-{name}", type_hint=bool)
    if await promise.peek() is not None:
        return "voted before"
    if value is None:
        await promise.reject(f"{name} abstains")
    else:
        await promise.resolve(value)
    return ctx.key()[-1]


# ---------------------------------------------------------------- 25: a chat with a memory

chats = restate.VirtualObject("LifeChats")


@chats.handler()
async def say(ctx: restate.ObjectContext, text: str) -> str:
    history = await ctx.get("history", type_hint=list[str]) or []

    async def think() -> str:
        return f"{len(history) + 1}: {text[::-1]}"

    answer = await ctx.run_typed("think", think)
    ctx.set("history", [*history, text, answer])
    return answer


@chats.handler(kind="shared")
async def recall(ctx: restate.ObjectSharedContext) -> list[str]:
    return await ctx.get("history", type_hint=list[str]) or []


# ---------------------------------------------------------------- 26: resources around handlers


@contextvar
@asynccontextmanager
async def connection() -> AsyncIterator[str]:
    yield "connected"


managed = restate.Service("LifeManaged", invocation_context_managers=[connection])


@managed.handler()
async def use(ctx: restate.Context) -> list[Any]:
    return [connection.value, current_context() is ctx]


SERVICES = [reviews, chats, managed]
