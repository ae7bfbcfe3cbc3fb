"""What is served behind the interfaces under attack."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import awaken as restate
from awaken.context.callback import CallbackLink  # noqa: TC002 -- annotations are read at run time


@dataclass
class Verdict:
    """What a person answers."""

    approved: bool
    amount: int
    comment: str = ""


#: Bytes of a line.
LINE = 100

greeter = restate.Service("Greeter")
waiting = restate.Service("Waiting")
keeper = restate.VirtualObject("Keeper")
talker = restate.Service("Talker")
logger = logging.getLogger("talker")


@greeter.handler()
async def greet(ctx: restate.Context, name: str) -> str:
    """Answer at once."""
    return f"hello {name}"


@greeter.handler()
async def headers(ctx: restate.Context) -> dict[str, str]:
    """Answer with the headers that arrived."""
    return dict(ctx.request().headers)


@greeter.handler()
async def fail(ctx: restate.Context, reason: str) -> None:
    """Fail for good, with this reason."""
    raise restate.TerminalError(reason)


@waiting.handler()
async def wait(ctx: restate.Context) -> Any:
    """Answer with what resolves the first awakeable of this invocation."""
    return await ctx.awakeable().future


@waiting.handler()
async def nap(ctx: restate.Context, seconds: float) -> str:
    """Sleep."""
    await ctx.sleep(timedelta(seconds=seconds))
    return "woken"


@waiting.handler()
async def ask(ctx: restate.Context, path: str) -> bool:
    """Write the URL of a link into a file, and answer with what is said there."""

    def hand_out(link: CallbackLink) -> None:
        Path(path).write_text(link.url)

    return await ctx.wait_for_callback(hand_out, bool, name="approve?", labels={"team": "red"})


@waiting.handler()
async def judge(ctx: restate.Context, request: dict[str, Any]) -> str:
    """Write the URL of a link into a file, and wait for a verdict, for a limited time if asked to."""
    path, seconds = Path(request["path"]), request.get("seconds", 3600)
    try:
        callback = ctx.callback(Verdict, name=request.get("name", "Pay?"), expires_in=seconds)
    except restate.TerminalError as error:
        return f"refused: {error}"
    await ctx.run_typed("hand out", path.write_text, data=f"{callback.id} {callback.url}")
    try:
        verdict = await callback
    except TimeoutError:
        return "too late"
    return f"{verdict.approved} {verdict.amount} {verdict.comment}"


@waiting.handler(inactivity_timeout=timedelta(0))
async def busy(ctx: restate.Context, entries: int) -> Any:
    """Fill the journal, and wait for an awakeable."""
    for number in range(entries):
        ctx.sleep(timedelta(days=1), name=f"timer {number}")
    return await ctx.awakeable().future


@waiting.handler(inactivity_timeout=timedelta(0))
async def disguise(ctx: restate.Context, names: list[str]) -> Any:
    """Wait for an awakeable beside timers with these names, and be listed at once."""
    for name in names:
        ctx.sleep(timedelta(days=1), name=name)
    return await ctx.awakeable().future


@keeper.handler()
async def put(ctx: restate.ObjectContext, value: Any) -> None:
    """Store a value."""
    ctx.set("value", value)


@keeper.handler()
async def get(ctx: restate.ObjectContext) -> Any:
    """Answer with the stored value."""
    return await ctx.get("value")


@keeper.handler()
async def hold(ctx: restate.ObjectContext) -> Any:
    """Keep the key until the first awakeable of this invocation is resolved."""
    return await ctx.awakeable().future


@talker.handler()
async def talk(ctx: restate.Context, size: int) -> int:
    """Print so many bytes, in numbered lines."""
    for number, _ in enumerate(range(0, size, LINE)):
        print(f"line {number} ".ljust(LINE - 1, "."))
    return size


@talker.handler()
async def log(ctx: restate.Context, size: int) -> int:
    """Log so many bytes."""
    for _ in range(0, size, LINE):
        logger.info("x" * LINE)
    return size


@talker.handler()
async def log_key(ctx: restate.Context, key: str) -> None:
    """Log what a caller sent."""
    logger.info("key %s", key)


@talker.handler(name="fail")
async def fail_talking(ctx: restate.Context, reason: str) -> None:
    """Fail for good, with this reason."""
    raise restate.TerminalError(reason)


app = restate.app([greeter, waiting, keeper, talker])
