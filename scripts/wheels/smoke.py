"""Shows that an installed awaken works: a handler waits for an approval and a month, and is replayed.

Run it with the Python that has the package, in any folder: `python smoke.py [VERSION]`.
"""

from __future__ import annotations

import asyncio
import platform
import subprocess
import sys
from datetime import timedelta
from importlib import metadata
from pathlib import Path

import awaken
from awaken.testing import open_environment

expenses = awaken.Service("expenses")


@expenses.handler()
async def submit(ctx: awaken.Context, expense: str) -> str:
    """Pay an expense a month after somebody has approved it."""
    answer = await ctx.awakeable(type_hint=str, name="approve")
    await ctx.sleep(timedelta(days=30))
    return f"{expense}: {answer}"


async def pay() -> str:
    """Return what the handler returns."""
    async with open_environment(awaken.app([expenses]), always_replay=True) as env:
        sent = await env.client.service_send(submit, "a desk")
        await env.awakeable("approve").resolve("a yes")
        await env.settle()
        await env.advance(days=30)
        return await env.client.attach(sent.invocation_id)


def main() -> None:
    """Check the package, and print what it runs on."""
    version = metadata.version("awaken")
    if sys.argv[1:] not in ([], [version]):
        sys.exit(f"version {version} is installed, {sys.argv[1]} is wanted")
    if (paid := asyncio.run(pay())) != "a desk: a yes":
        sys.exit(f"the handler returned {paid!r}")
    command = [sys.executable, "-m", "awaken.cli", "--help"]
    if "serve" not in subprocess.run(command, capture_output=True, text=True, check=True).stdout:
        sys.exit("`awaken --help` names no `serve`")
    print(f"awaken {version} works on {platform.python_version()}, {platform.system()} {platform.machine()}")
    print(Path(awaken.__file__).parent)


if __name__ == "__main__":
    main()
