"""What a hostile party does meanwhile, over and over. Every attack is bounded in time and size."""

from __future__ import annotations

import socket
import time
from contextlib import ExitStack, suppress
from typing import TYPE_CHECKING

import grpc
import httpx
from awaken.control.v1 import (
    awakeables_pb2,
    awakeables_pb2_grpc,
    common_pb2,
    invocations_pb2,
    invocations_pb2_grpc,
)

from tests.doors.sockets import connect

if TYPE_CHECKING:
    import random
    from collections.abc import Callable

    from tests.doors.setups import Setup

__all__ = ["ATTACKS"]

HOLD_S = 1.0
CONNECTIONS = 100
HOSTILE_SQL = (
    "SELECT hex(randomblob(1000000000))",
    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT COUNT(1) FROM n",
    "SELECT replace(hex(zeroblob(10000000)), '0', 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa')",
    "ATTACH '/tmp/x' AS x",
    "DELETE FROM sys_invocation",
    "(" * 10_000,
)


def hold_connections(setup: Setup, _: random.Random) -> None:
    """Open many connections, and send nothing, or half of something."""
    with ExitStack() as stack:
        for url in setup.own_urls:
            for number in range(CONNECTIONS):
                connection = stack.enter_context(connect(url))
                connection.sendall(b"POST / HTTP/1.1\r\nhost: localhost\r\ncontent-"[: number % 46])
        time.sleep(HOLD_S)


def send_noise(setup: Setup, chance: random.Random) -> None:
    """Send random bytes to every port."""
    for url in (*setup.own_urls, f"http://{setup.grpc}"):
        with connect(url) as connection:
            connection.sendall(chance.randbytes(chance.choice((1, 100, 100_000))))
            connection.shutdown(socket.SHUT_WR)
            connection.recv(1000)


def ask_hostile_questions(setup: Setup, chance: random.Random) -> None:
    """Send a statement that takes memory or time, or changes something."""
    if setup.kind != "gateway":  # that of a gateway is the server's
        httpx.post(
            f"{setup.admin_url}/query", json={"query": chance.choice(HOSTILE_SQL)}, timeout=5, verify=False
        )


def send_large_bodies(setup: Setup, _: random.Random) -> None:
    """Send more than any route takes."""
    for url in setup.own_urls:
        httpx.post(
            f"{url}/services/Keeper/state", content=iter([b"x" * 1_000_000] * 64), timeout=10, verify=False
        )


def come_from_another_page(setup: Setup, _: random.Random) -> None:
    """Send what a browser sends for a page of another site."""
    for url in setup.own_urls:
        for headers in ({"host": "evil.example"}, {"origin": "https://evil.example"}):
            httpx.post(f"{url}/Counter/key0/add", content=b"1", headers=headers, timeout=5, verify=False)


def confuse_the_control_plane(setup: Setup, chance: random.Random) -> None:
    """Send arguments over gRPC that mean nothing."""
    with grpc.insecure_channel(setup.grpc) as channel:
        awakeables = awakeables_pb2_grpc.AwakeablesStub(channel)  # type: ignore[no-untyped-call]
        invocations = invocations_pb2_grpc.InvocationsStub(channel)  # type: ignore[no-untyped-call]
        name = chance.choice("\n/ \0")
        target = common_pb2.Target(service="..", handler=name)
        with suppress(grpc.RpcError):
            awakeables.Resolve(awakeables_pb2.ResolveRequest(id=f"sign_1{name}" * 1000), timeout=5)
        with suppress(grpc.RpcError):
            awakeables.List(awakeables_pb2.ListAwakeablesRequest(page_token="x" * 100_000), timeout=5)
        with suppress(grpc.RpcError):
            invocations.Invoke(invocations_pb2.InvokeRequest(target=target), timeout=5)


def watch_and_leave(setup: Setup, _: random.Random) -> None:
    """Open many watches, and drop them."""
    with grpc.insecure_channel(setup.grpc) as channel:
        stub = awakeables_pb2_grpc.AwakeablesStub(channel)  # type: ignore[no-untyped-call]
        watches = [stub.Watch(awakeables_pb2.WatchAwakeablesRequest()) for _ in range(CONNECTIONS)]
        time.sleep(HOLD_S)
        for watch in watches:
            watch.cancel()


def wait_and_leave(setup: Setup, _: random.Random) -> None:
    """Ask for answers that do not come, and leave."""
    with grpc.insecure_channel(setup.grpc) as channel:
        stub = invocations_pb2_grpc.InvocationsStub(channel)  # type: ignore[no-untyped-call]
        request = invocations_pb2.InvokeRequest(
            target=common_pb2.Target(service="Waiting", handler="nap"), body=b"2"
        )
        calls = [stub.Invoke.future(request, timeout=30) for _ in range(CONNECTIONS)]
        time.sleep(HOLD_S)
        for call in calls:
            call.cancel()


ATTACKS: tuple[Callable[[Setup, random.Random], None], ...] = (
    hold_connections,
    send_noise,
    ask_hostile_questions,
    send_large_bodies,
    come_from_another_page,
    confuse_the_control_plane,
    watch_and_leave,
    wait_and_leave,
)
