"""Shows that an installed awaken works.

A handler waits for an approval and a month, and is replayed; a question in SQL is answered, by a process of its own.

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
from tempfile import TemporaryDirectory

import awaken
import httpx
from awaken.hosting.embedded import EmbeddedRuntime
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


async def count(directory: Path) -> list[dict[str, int]]:
    """Return the rows of how many invocations a new runtime has."""
    async with (
        EmbeddedRuntime(directory) as embedded,
        httpx.AsyncClient(
            transport=httpx.ASGITransport(embedded.admin), base_url="http://localhost", timeout=60
        ) as client,
    ):
        answer = await client.post(
            "/query",
            json={"query": "SELECT count(*) AS n FROM sys_invocation"},
            headers={"accept": "application/json"},
        )
        answer.raise_for_status()
        return list(answer.json()["rows"])


def main() -> None:
    """Check the package, and print what it runs on."""
    version = metadata.version("awaken")
    if sys.argv[1:] not in ([], [version]):
        sys.exit(f"version {version} is installed, {sys.argv[1]} is wanted")
    if (paid := asyncio.run(pay())) != "a desk: a yes":
        sys.exit(f"the handler returned {paid!r}")
    with TemporaryDirectory() as directory:
        if (rows := asyncio.run(count(Path(directory) / "data"))) != [{"n": 0}]:
            sys.exit(f"the question in SQL was answered with {rows!r}")
    command = [sys.executable, "-m", "awaken.cli", "--help"]
    if "serve" not in subprocess.run(command, capture_output=True, text=True, check=True).stdout:
        sys.exit("`awaken --help` names no `serve`")
    print(f"awaken {version} works on {platform.python_version()}, {platform.system()} {platform.machine()}")
    print(Path(awaken.__file__).parent)


if __name__ == "__main__":
    main()
