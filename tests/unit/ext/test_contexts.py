"""The ambient context, which agents' tools ask for."""

from __future__ import annotations

import asyncio

import awaken
import pytest
from awaken.errors import UsageError
from awaken.ext.contexts import restate_context, restate_object_context
from awaken.testing import open_environment

tools = awaken.Service("Tools")
carts = awaken.VirtualObject("Carts")


async def draw() -> str:
    return str(restate_context().uuid())


async def remember(item: str) -> None:
    restate_object_context().set("item", item)


@tools.handler()
async def in_tasks(ctx: awaken.Context) -> bool:
    first = await asyncio.create_task(draw())
    return first != str(ctx.uuid())


@tools.handler()
async def without_key(ctx: awaken.Context) -> None:
    await remember("pen")


@carts.handler()
async def exclusive(ctx: awaken.ObjectContext) -> None:
    await remember("pen")


@carts.handler(kind="shared")
async def shared(ctx: awaken.ObjectSharedContext) -> None:
    await remember("pen")


async def test_handlers_context_is_found_in_what_it_calls() -> None:
    async with open_environment(awaken.app([tools, carts])) as env:
        assert await env.client.service_call(in_tasks, None)
        await env.client.object_call(exclusive, "ada", None)
        assert env.state("Carts", "ada") == {"item": "pen"}


async def test_state_needs_an_exclusive_handler() -> None:
    async with open_environment(awaken.app([tools, carts])) as env:
        with pytest.raises(UsageError, match="type Context"):
            await env.client.service_call(without_key, None)
        with pytest.raises(UsageError, match="type ObjectSharedContext"):
            await env.client.object_call(shared, "ada", None)


def test_outside_of_handlers_there_is_none() -> None:
    with pytest.raises(UsageError, match="outside of a handler"):
        restate_context()
