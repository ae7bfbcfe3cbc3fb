"""A small application for the tests of hosts. What happens in it goes to stdout, which is the host's log."""

from __future__ import annotations

import asyncio

import awaken
from fastapi import FastAPI

waiter = awaken.Service("Waiter")


@waiter.handler()
async def wait(ctx: awaken.Context) -> str:
    """Wait for an awakeable."""
    _, future = ctx.awakeable(type_hint=str)
    try:
        return await future
    except asyncio.CancelledError:
        print("unwound wait", flush=True)
        raise


@waiter.handler()
async def act(ctx: awaken.Context) -> None:
    """Act forever."""

    async def action() -> None:
        print("acting", flush=True)
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            print("unwound act", flush=True)
            raise

    await ctx.run_typed("act", action)


@waiter.handler()
async def echo(ctx: awaken.Context, text: str) -> str:
    """Give back what came."""
    return text


app = awaken.app([waiter])
outer = FastAPI(lifespan=app.lifespan)
outer.mount("/durable", app)
