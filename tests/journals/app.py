"""An object that reads its whole journal, and reports how much memory that took."""

from __future__ import annotations

import hashlib
import sys
from pathlib import Path

import awaken
from awaken.serde import BytesSerde, Serde
from fastapi import FastAPI

from tests.journals.journal import pad

BYTES: Serde[bytes] = BytesSerde()
replayer = awaken.VirtualObject("Replayer")


def never() -> bytes:
    """Fail: recorded actions must not be executed again."""
    raise awaken.TerminalError("an action was executed")


@replayer.handler(input_serde=BYTES, output_serde=BYTES)
async def replay(ctx: awaken.ObjectContext, body: bytes) -> bytes:
    """Return a digest of everything in the journal."""
    headers = ctx.request().headers
    digest = hashlib.sha256(body)
    for _ in range(int(headers["x-count"])):
        value = await ctx.run_typed("action", never, awaken.RunOptions(serde=BYTES))
        digest.update(value)
    state = await ctx.get("state", BYTES)
    digest.update(state or b"")
    return pad(digest.hexdigest(), int(headers["x-output-size"]))


@replayer.handler(kind="shared")
async def peak(ctx: awaken.ObjectSharedContext) -> int:
    """Return `peak_size` of this process."""
    return peak_size()


def peak_size() -> int:
    """Return this process's peak memory in bytes since the last call; 0 if the platform does not count it."""
    if sys.platform != "linux":
        return 0
    status = Path("/proc/self/status").read_text()
    Path("/proc/self/clear_refs").write_text("5")
    return 1024 * int(status.partition("VmHWM:")[2].split()[0])


app = awaken.app([replayer])
outer = FastAPI(lifespan=app.lifespan)
outer.mount("/durable", app)
