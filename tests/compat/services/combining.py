"""The combinators."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

from tests.compat.sdk import named, restate
from tests.e2e.services.outside import record

combining = restate.Service(named("Combining"))

SOON = timedelta(milliseconds=50)
NEVER = timedelta(hours=1)


async def after(milliseconds: int) -> int:
    await asyncio.sleep(milliseconds / 1000)
    return milliseconds


@combining.handler()
async def gathered(ctx: restate.Context) -> list[Any]:
    futures: list[Any] = [ctx.run_typed(f"part {n}", after, milliseconds=n) for n in (20, 1, 10)]
    futures.append(ctx.sleep(SOON))
    done = await restate.gather(*futures)
    return [len(done), [await future for future in futures]]


@combining.handler()
async def nothing_gathered(ctx: restate.Context) -> list[Any]:
    return [await restate.gather(), list(await restate.wait_completed())]


@combining.handler()
async def selected(ctx: restate.Context) -> str:
    _, never = ctx.awakeable()
    match await restate.select(answer=never, timeout=ctx.sleep(SOON)):
        case ["answer", value]:
            return f"answer {value}"
        case ["timeout", _]:
            return "timeout"
    raise AssertionError("select gave something else")


@combining.handler()
async def selected_failure(ctx: restate.Context, effects: str) -> dict[str, Any]:
    id_, future = ctx.awakeable()
    await ctx.run_typed("hand out", record, path=effects, word="id", value=id_)
    try:
        await restate.select(answer=future, timeout=ctx.sleep(NEVER))
    except restate.TerminalError as error:
        return {"message": error.message, "code": error.status_code}
    raise AssertionError("it was resolved")


@combining.handler()
async def waited(ctx: restate.Context) -> list[int]:
    quick = ctx.sleep(SOON)
    slow = ctx.sleep(NEVER)
    done, pending = await restate.wait_completed(quick, slow)
    return [len(done), len(pending)]


@combining.handler()
async def completed_in_order(ctx: restate.Context, effects: str) -> list[Any]:
    first_id, first = ctx.awakeable()
    second_id, second = ctx.awakeable()
    await ctx.run_typed("hand out", record, path=effects, word="ids", value=f"{first_id} {second_id}")
    return [await future async for future in restate.as_completed(first, second)]


@combining.handler()
async def foreign(ctx: restate.Context) -> None:
    """Give a combinator something that a context did not make."""
    stranger: Any = asyncio.get_running_loop().create_future()
    await restate.gather(stranger)
