"""How long others wait at the gRPC control plane while a thousand callers wait and a thousand watch.

`.venv/bin/python -m benches.grpc_load gateway` starts the real server, an endpoint and `awaken gateway`; `dev` and
`runtime` start the embedded runtime. It prints median, 99th percentile and maximum of health checks, of resolving an
awakeable that nobody waits for over gRPC, of lists and of sends: idle, and under each load.
"""

from __future__ import annotations

import argparse
import asyncio
import tempfile
import time
from contextlib import ExitStack, suppress
from pathlib import Path
from statistics import quantiles
from typing import TYPE_CHECKING, Any

import grpc.aio
from awaken import _core
from awaken.control.client import connect_control
from awaken.control.v1 import awakeables_pb2, common_pb2, invocations_pb2
from grpc_health.v1 import health_pb2, health_pb2_grpc

from tests.doors.setups import ServerWithEndpoint, Setup

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from awaken.control.client import ControlClient

ROUNDS = 100
CHANNELS = 10
WAIT = common_pb2.Target(service="Waiting", handler="wait")


class Load:
    """Calls that stay open, spread over some channels."""

    def __init__(self, address: str) -> None:
        self._channels = [connect_control_alone(address, number) for number in range(CHANNELS)]
        self._calls: list[Any] = []
        self._readers: list[asyncio.Task[None]] = []

    async def wait(self, count: int) -> None:
        """Begin calls that wait for their handlers."""
        for number in range(count):
            stub = self._channels[number % CHANNELS].invocations
            self._calls.append(stub.Invoke(invocations_pb2.InvokeRequest(target=WAIT)))

    async def watch(self, count: int) -> None:
        """Begin streams of awakeables."""
        for number in range(count):
            stub = self._channels[number % CHANNELS].awakeables
            call = stub.Watch(awakeables_pb2.WatchAwakeablesRequest())
            self._calls.append(call)
            self._readers.append(asyncio.create_task(_read(call)))

    async def end(self) -> None:
        """Leave."""
        for call in self._calls:
            call.cancel()
        await asyncio.gather(*self._readers, return_exceptions=True)
        for channel in self._channels:
            await channel.close()

    def failures(self) -> list[str]:
        """Return how calls ended that should be open."""
        return [str(call.done() and call) for call in self._calls if call.done()]


def connect_control_alone(address: str, number: int) -> ControlClient:
    """Return a client with a connection of its own, which gRPC shares between channels of equal options."""
    from awaken.control.client import ControlClient

    return ControlClient(grpc.aio.insecure_channel(address, options=[("bench.number", number)]))


async def _read(call: Any) -> None:
    with suppress(grpc.aio.AioRpcError, asyncio.CancelledError):
        async for _ in call:
            pass


async def measure(title: str, address: str) -> None:
    """Print how long each kind of call takes."""
    async with connect_control(address) as control, grpc.aio.insecure_channel(address) as channel:
        health = health_pb2_grpc.HealthStub(channel)
        await timed(title, "health", lambda: health.Check(health_pb2.HealthCheckRequest(), timeout=30))

        async def resolve() -> None:
            sent = await control.invocations.Send(invocations_pb2.SendRequest(target=WAIT))
            awakeable = _core.format_awakeable_id(_core.parse_invocation_id(sent.invocation_id), 17)
            began = time.perf_counter()
            while True:
                try:
                    await control.resolve(awakeable, b"1", timeout=30)
                    break
                except grpc.aio.AioRpcError as error:
                    if error.code() is not grpc.StatusCode.FAILED_PRECONDITION:
                        raise
            resolving.append(time.perf_counter() - began)

        resolving: list[float] = []
        await timed(
            title,
            "send",
            lambda: control.invocations.Send(
                invocations_pb2.SendRequest(
                    target=common_pb2.Target(service="Greeter", handler="greet"), body=b'"x"'
                )
            ),
        )
        for _ in range(ROUNDS):
            await resolve()
        show(title, "resolve", resolving)
        await timed(
            title,
            "list",
            lambda: control.awakeables.List(awakeables_pb2.ListAwakeablesRequest(page_size=10), timeout=60),
            ROUNDS // 5,
        )


async def timed(title: str, what: str, call: Callable[[], Awaitable[Any]], rounds: int = ROUNDS) -> None:
    """Call again and again, and print how long it took."""
    taken = []
    for _ in range(rounds):
        began = time.perf_counter()
        await call()
        taken.append(time.perf_counter() - began)
    show(title, what, taken)


def show(title: str, what: str, taken: list[float]) -> None:
    """Print one line."""
    cuts = quantiles(taken, n=100, method="inclusive")
    numbers = "  ".join(f"{value * 1000:9.1f}" for value in (cuts[49], cuts[98], max(taken)))
    print(f"{title:<28}{what:<10}{numbers} ms", flush=True)


async def run(setup: Setup, waiting: int, watching: int) -> None:
    """Measure idle, with callers, with watchers, and after all have left."""
    print(f"{setup.kind:<38}{'p50':>9}  {'p99':>9}  {'max':>9}")
    await measure("idle", setup.grpc)
    load = Load(setup.grpc)
    await load.wait(waiting)
    await asyncio.sleep(5)
    print(f"{waiting} wait, {len(load.failures())} ended, {memory(setup)}")
    await measure(f"{waiting} wait", setup.grpc)
    await load.end()
    await measure("after they left", setup.grpc)
    load = Load(setup.grpc)
    await load.watch(watching)
    await asyncio.sleep(5)
    print(f"{watching} watch, {len(load.failures())} ended, {memory(setup)}")
    await measure(f"{watching} watch", setup.grpc)
    await load.end()
    await measure("after they left", setup.grpc)


def memory(setup: Setup) -> str:
    """Return the resident memory and open files of the process."""
    folder = Path("/proc") / str(setup.process.pid)
    lines = dict(line.split(":", 1) for line in (folder / "status").read_text().splitlines())
    return f"{lines['VmRSS'].strip()} resident, {len(list((folder / 'fd').iterdir()))} files"


def main() -> None:
    """Read the arguments, and run."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("kind", choices=("dev", "runtime", "gateway"))
    parser.add_argument("--waiting", type=int, default=1000)
    parser.add_argument("--watching", type=int, default=1000)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as directory, ExitStack() as stack:
        folder = Path(directory)
        server = stack.enter_context(ServerWithEndpoint(folder)) if given.kind == "gateway" else None
        setup = stack.enter_context(Setup(given.kind, folder, server=server))
        asyncio.run(run(setup, given.waiting, given.watching))


if __name__ == "__main__":
    main()
