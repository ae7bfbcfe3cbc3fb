"""Compare the embedded runtime with the real server: `python -m benches.runtimes --help`."""

from __future__ import annotations

import asyncio
import signal
import statistics
import sys
import tempfile
import time
from contextlib import AsyncExitStack, ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import psutil
import typer
from awaken import _core
from rich.console import Console
from rich.progress import track
from rich.table import Table

from benches.runtimes.client import Connection
from tests.e2e.embedded import EmbeddedRuntime
from tests.e2e.endpoint import EndpointProcess
from tests.e2e.ingress import Client
from tests.e2e.server import RestateServer

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from tests.e2e.runtime import Runtime, RuntimeFactory

APP = "benches.runtimes.app:app"
FACTORIES: dict[str, RuntimeFactory] = {"embedded": EmbeddedRuntime, "server": RestateServer}


@dataclass
class Measured:
    """One round: operations per second, and the duration of each in seconds."""

    rate: float
    times: list[float]


async def greet(connection: Connection) -> None:
    """Call a handler that does nothing durable; its input and output are."""
    if await connection.request("POST", "/Bench/greet", b'"Ada"') != "Hello Ada!":
        raise SystemExit("a wrong answer")


async def cycle(connection: Connection) -> None:
    """Create an awakeable, resolve it over HTTP, and wait for the handler to complete."""
    sent = await connection.request("POST", "/Bench/wait/send", b'"Ada"')
    invocation = sent["invocationId"]
    awakeable = _core.format_awakeable_id(_core.parse_invocation_id(invocation), 17)
    await connection.request("POST", f"/restate/awakeables/{awakeable}/resolve", b'"yes"')
    if await connection.request("GET", f"/restate/invocation/{invocation}/attach") != "Ada: yes":
        raise SystemExit("a wrong answer")


SCENARIOS: dict[str, tuple[Callable[[Connection], Awaitable[None]], int]] = {
    "greet, 1 caller": (greet, 1),
    "greet, 32 callers": (greet, 32),
    "awakeable cycle, 1 caller": (cycle, 1),
    "awakeable cycle, 32 callers": (cycle, 32),
}


async def measure(url: str, scenario: str, seconds: float) -> Measured:
    """Let callers repeat a scenario for some time, each on its own connection."""
    action, callers = SCENARIOS[scenario]
    times: list[float] = []

    async def call(connection: Connection, end: float) -> None:
        while (start := time.perf_counter()) < end:
            await action(connection)
            times.append(time.perf_counter() - start)

    async with AsyncExitStack() as stack:
        connections = [await stack.enter_async_context(Connection(url)) for _ in range(callers)]
        start = time.perf_counter()
        await asyncio.gather(*(call(connection, start + seconds) for connection in connections))
        return Measured(len(times) / (time.perf_counter() - start), times)


async def hold(runtime: Runtime, count: int) -> tuple[float, float, float]:
    """Keep awakeables pending, kill the runtime, start it again, and resolve one of them.

    Returns:
        Bytes of memory for each after the restart, seconds to start, seconds from resolving to the result.
    """
    empty = _memory(runtime)
    async with AsyncExitStack() as stack:
        connections = [await stack.enter_async_context(Connection(runtime.ingress_url)) for _ in range(32)]
        share = [len(part) for part in (range(count)[at::32] for at in range(32))]

        async def send(connection: Connection, times: int) -> str:
            sent = {}
            for _ in range(times):
                sent = await connection.request("POST", "/Bench/wait/send", b'"Ada"')
            return str(sent["invocationId"])

        last = await asyncio.gather(*map(send, connections, share))
    client = Client(runtime.ingress_url, runtime.admin_url)
    with client:
        client.wait_for_status(last[-1], ("suspended",))
    runtime.kill()
    start = time.perf_counter()
    runtime.start()
    started = time.perf_counter() - start
    held = _memory(runtime) - empty
    async with Connection(runtime.ingress_url) as connection:
        awakeable = _core.format_awakeable_id(_core.parse_invocation_id(last[0]), 17)
        start = time.perf_counter()
        await connection.request("POST", f"/restate/awakeables/{awakeable}/resolve", b'"yes"')
        await connection.request("GET", f"/restate/invocation/{last[0]}/attach")
        return held / count, started, time.perf_counter() - start


def _memory(runtime: Runtime) -> int:
    port = int(runtime.ingress_url.rpartition(":")[2])
    for connection in psutil.net_connections("tcp"):
        if connection.laddr and connection.laddr.port == port and connection.status == psutil.CONN_LISTEN:
            return int(psutil.Process(connection.pid).memory_info().rss)
    raise SystemExit(f"nothing listens on {port}")


def show(results: dict[tuple[str, str], list[Measured]], console: Console) -> None:
    """Print medians, and the ratio between the runtimes in each round."""
    table = Table("scenario", "runtime", "per second", "p50 ms", "p99 ms", "embedded / server")
    for scenario in SCENARIOS:
        for name in FACTORIES:
            rounds = results[scenario, name]
            times = sorted(one for each in rounds for one in each.times)
            pairs = zip(results[scenario, "embedded"], results[scenario, "server"], strict=True)
            ratio = statistics.median(mine.rate / theirs.rate for mine, theirs in pairs)
            table.add_row(
                *(scenario, name, f"{statistics.median(each.rate for each in rounds):,.0f}"),
                *(f"{times[int(len(times) * part)] * 1000:.1f}" for part in (0.5, 0.99)),
                f"{ratio:.2f}" if name == "embedded" else "",
            )
    console.print(table)


def main(
    rounds: Annotated[int, typer.Option(min=1, help="Rounds of each scenario on each runtime.")] = 5,
    seconds: Annotated[float, typer.Option(min=0.1, help="Length of a round.")] = 2.0,
    pending: Annotated[
        int, typer.Option(min=0, help="How many awakeables to keep pending in the last part; 0 for none.")
    ] = 10_000,
) -> None:
    """Compare the embedded runtime with the real server, with the same endpoint code behind both."""
    console = Console()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("stopped by SIGTERM"))
    with tempfile.TemporaryDirectory(prefix="awaken-bench-") as name, ExitStack() as stack:
        runtimes: dict[str, Runtime] = {}
        for kind, make in FACTORIES.items():
            folder = Path(name) / kind
            folder.mkdir()
            runtimes[kind] = make(folder, {})
            endpoint = EndpointProcess(folder, APP)
            stack.callback(runtimes[kind].kill)
            stack.callback(endpoint.kill)
            runtimes[kind].start()
            endpoint.start()
            with Client(runtimes[kind].ingress_url, runtimes[kind].admin_url) as client:
                client.register(endpoint.url, use_http_11=False)
        results: dict[tuple[str, str], list[Measured]] = {}
        order = [(scenario, kind) for _ in range(rounds) for scenario in SCENARIOS for kind in runtimes]
        for scenario, kind in track(order, "measuring", console=console):
            url = runtimes[kind].ingress_url
            if (scenario, kind) not in results:
                asyncio.run(measure(url, scenario, seconds / 2))  # warm up
            results.setdefault((scenario, kind), []).append(asyncio.run(measure(url, scenario, seconds)))
        show(results, console)
        if pending:
            folder = Path(name) / "pending"
            folder.mkdir()
            runtime = EmbeddedRuntime(folder, {"RESTATE_WORKER__INVOKER__INACTIVITY_TIMEOUT": "0s"})
            endpoint = EndpointProcess(folder, APP)
            stack.callback(runtime.kill)
            stack.callback(endpoint.kill)
            runtime.start()
            endpoint.start()
            with Client(runtime.ingress_url, runtime.admin_url) as client:
                client.register(endpoint.url, use_http_11=False)
            each, started, resolved = asyncio.run(hold(runtime, pending))
            console.print(
                f"{pending:,} pending awakeables in one file, after kill -9: {each:,.0f} bytes of memory each, "
                f"started in {started:.2f} s (the process included), one resolved and its handler complete in "
                f"{resolved * 1000:.1f} ms"
            )


if __name__ == "__main__":
    typer.run(main)
