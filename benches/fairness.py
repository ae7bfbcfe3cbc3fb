"""Measure what callers wait while somebody else floods the embedded runtime: `python -m benches.fairness --help`.

One caller greets without a pause, on a connection of its own. Rounds with a flood and rounds without one take turns, so
that both see the same machine. The floods come from an endpoint that does what no endpoint should.
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import httpx
import psutil
import typer
from rich.console import Console
from rich.table import Table

from benches.ingress_connection import Connection
from tests.e2e.embedded import EmbeddedRuntime
from tests.e2e.endpoint import ROOT, EndpointProcess
from tests.e2e.ingress import Client
from tests.e2e.processes import Process, free_port, is_listening
from tests.e2e.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import Sequence

#: What floods, and whether over HTTP/1.1.
FLOODS = {
    "commands, HTTP/2": ("commands", False),
    "commands, HTTP/1.1": ("commands", True),
    "100 Continue": ("continue", True),
    "chunks of a byte": ("chunks", True),
    "PING": ("pings", False),
    "SETTINGS": ("settings", False),
    "WINDOW_UPDATE": ("windows", False),
    "empty DATA": ("empty-data", False),
    "padding": ("padding", False),
    "CONTINUATION": ("trailers", False),
    "unknown frames": ("unknown", False),
}


def quantile(times: Sequence[float], share: float) -> float:
    """Return a quantile of seconds, in milliseconds."""
    return sorted(times)[min(len(times) - 1, int(len(times) * share))] * 1000


async def greet(url: str, seconds: float) -> list[float]:
    """Call without a pause, and return the duration of each call in seconds."""
    times = []
    async with Connection(url) as connection:
        end = time.perf_counter() + seconds
        while (start := time.perf_counter()) < end:
            if await connection.request("POST", "/Bench/greet", b'"Ada"') != "Hello Ada!":
                raise SystemExit("a wrong answer")
            times.append(time.perf_counter() - start)
    return times


def main(
    flood: Annotated[list[str] | None, typer.Option(help="Only these.")] = None,
    seconds: Annotated[float, typer.Option(help="Length of a round.")] = 3.0,
    rounds: Annotated[int, typer.Option(help="Rounds with a flood, and as many without.")] = 2,
    attackers: Annotated[int, typer.Option(help="Invocations that flood at the same time.")] = 1,
) -> None:
    """Measure the calls of others while an endpoint floods the runtime."""
    table = Table("flood", "p50 alone", "p99 alone", "p50", "p99", "max", "calls/s", "memory MiB")
    with ExitStack() as stack:
        directory = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        runtime = EmbeddedRuntime(directory, {"RESTATE_WORKER__INVOKER__RETRY_POLICY__MAX_INTERVAL": "200ms"})
        endpoint = EndpointProcess(directory, "benches.runtimes.app:app")
        port = free_port()
        hostile = Process(
            [sys.executable, "-m", "tests.doors.hostile", str(port)],
            log=directory / "hostile.log",
            cwd=ROOT,
            env={},
        )
        for process in (runtime, endpoint, hostile):
            stack.callback(process.kill)
            process.start()
        eventually(lambda: is_listening(port))
        with Client(runtime.ingress_url, runtime.admin_url) as client:
            client.register(endpoint.url, use_http_11=False)
        for label in flood or FLOODS:
            name, use_http_11 = FLOODS[label]
            uri = f"http://127.0.0.1:{port}/{'' if use_http_11 else 'h2-'}{name}"
            httpx.post(
                f"{runtime.admin_url}/deployments", json={"uri": uri, "use_http_11": use_http_11}, timeout=30
            ).raise_for_status()
            alone: list[float] = []
            flooded: list[float] = []
            memory = 0.0
            for _ in range(rounds):
                alone += asyncio.run(greet(runtime.ingress_url, seconds))
                ids = [
                    httpx.post(
                        f"{runtime.ingress_url}/{uri.rpartition('/')[2]}/{key}/run/send", json=1, timeout=60
                    ).json()["invocationId"]
                    for key in range(attackers)
                ]
                flooded += asyncio.run(greet(runtime.ingress_url, seconds))
                memory = max(memory, psutil.Process(runtime._process.pid).memory_info().rss / 2**20)
                for invocation in ids:
                    httpx.patch(f"{runtime.admin_url}/invocations/{invocation}/kill", timeout=120)
            row = [quantile(alone, 0.5), quantile(alone, 0.99)]
            row += [quantile(flooded, 0.5), quantile(flooded, 0.99), max(flooded) * 1000]
            table.add_row(
                label,
                *(f"{each:.1f}" for each in row),
                f"{len(flooded) / rounds / seconds:.0f}",
                f"{memory:.0f}",
            )
    Console().print(table)


if __name__ == "__main__":
    typer.run(main)
