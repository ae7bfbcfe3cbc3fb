"""How long others wait at the gRPC control plane while a thousand callers wait and a thousand watch.

`.venv/bin/python -m benches.grpc_load gateway` starts the real server, an endpoint and `awaken gateway`; `dev` and
`runtime` start the embedded runtime. It prints median, 99th percentile and maximum of health checks, of resolving an
awakeable that nobody waits for over gRPC, of lists and of sends: idle, and under each load.
"""

from __future__ import annotations

import argparse
import asyncio
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
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


ROUNDS = 100
WAIT = common_pb2.Target(service="Waiting", handler="wait")


class Load:
    """Calls that stay open, of a process of its own."""

    def __init__(self, address: str, waiting: int, watching: int) -> None:
        arguments = ["-m", "benches.grpc_callers", address, str(waiting), str(watching)]
        self._process = subprocess.Popen(
            [sys.executable, *arguments], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        assert self._process.stdout is not None
        self._process.stdout.readline()

    def end(self) -> str:
        """Leave, and return how many calls had ended before."""
        return self._process.communicate()[0].strip()


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
    for title, counts in ((f"{waiting} wait", (waiting, 0)), (f"{watching} watch", (0, watching))):
        load = await asyncio.to_thread(Load, setup.grpc, *counts)
        print(f"{title}, {memory(setup)}")
        await measure(title, setup.grpc)
        print(f"of these, ended early: {await asyncio.to_thread(load.end)}")
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
