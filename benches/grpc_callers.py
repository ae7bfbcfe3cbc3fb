"""Calls that stay open at a gRPC control plane, in a process of their own: `ADDRESS WAITING WATCHING`.

It prints `open`, and, once its standard input ends, how calls ended that did so before.
"""

from __future__ import annotations

import asyncio
import sys
from collections import Counter
from contextlib import suppress
from typing import Any, Final

import grpc.aio
from awaken.control.client import ControlClient
from awaken.control.v1 import awakeables_pb2, common_pb2, invocations_pb2

CHANNELS: Final = 10
TARGET: Final = common_pb2.Target(service="Waiting", handler="wait")


async def _read(call: Any) -> None:
    with suppress(grpc.aio.AioRpcError, asyncio.CancelledError):
        async for _ in call:
            pass


async def main(address: str, waiting: int, watching: int) -> None:
    """Open the calls, and keep them."""
    # gRPC shares connections between channels of equal options.
    clients = [
        ControlClient(grpc.aio.insecure_channel(address, options=[("bench.number", number)]))
        for number in range(CHANNELS)
    ]
    calls: list[Any] = []
    for number in range(waiting):
        stub = clients[number % CHANNELS].invocations
        calls.append(stub.Invoke(invocations_pb2.InvokeRequest(target=TARGET)))
    for number in range(watching):
        stub = clients[number % CHANNELS].awakeables
        calls.append(stub.Watch(awakeables_pb2.WatchAwakeablesRequest()))
    readers = [asyncio.create_task(_read(call)) for call in calls[waiting:]]
    await asyncio.sleep(5)
    print("open", flush=True)
    await asyncio.to_thread(sys.stdin.read)
    ended = Counter([str(await call.details()) for call in calls if call.done()])
    print(dict(ended) or "none", flush=True)
    for call in calls:
        call.cancel()
    await asyncio.gather(*readers, return_exceptions=True)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3])))
