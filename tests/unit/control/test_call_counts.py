"""The gRPC server counts its calls by method and status."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import grpc
import grpc.aio
import pytest
import pytest_asyncio
from awaken.control.access import Group
from awaken.control.client import connect_control
from awaken.control.server import ControlServer, start_control_server
from awaken.control.v1 import awakeables_pb2
from awaken.metrics import instruments
from awaken.metrics.metrics import Metrics

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

ID = "sign_1gSt6v4GyGnv2W0vt2p4mNl9JM4N5LL3tAAAAEQ"


class Broken:
    """A runtime that fails at everything."""

    def __getattr__(self, name: str) -> Any:
        raise RuntimeError(f"nobody expects {name}")


@pytest.fixture
def metrics() -> Metrics:
    return Metrics()


@pytest_asyncio.fixture
async def server(metrics: Metrics) -> AsyncIterator[ControlServer]:
    runtime: Any = Broken()
    server = await start_control_server(runtime, metrics=metrics, tokens={"secret": {Group.READ}})
    yield server
    await server.close(0)


def counted(metrics: Metrics) -> dict[tuple[str, ...], float]:
    return {labels: cells[0] for labels, cells in metrics.snapshot()[instruments.GRPC_REQUESTS].items()}


@pytest.mark.parametrize(
    ("token", "code"),
    [("wrong", "UNAUTHENTICATED"), ("secret", "PERMISSION_DENIED")],
)
async def test_refused_calls_count(metrics: Metrics, server: ControlServer, token: str, code: str) -> None:
    async with connect_control(f"127.0.0.1:{server.port}", token=token) as control:
        with pytest.raises(grpc.RpcError):
            await control.resolve(ID, b"1")

    assert counted(metrics) == {("Awakeables/Resolve", code): 1}
    assert metrics.histogram(instruments.GRPC_DURATION).of("Awakeables/Resolve").count == 1


async def test_failed_streams_count(metrics: Metrics, server: ControlServer) -> None:
    async with connect_control(f"127.0.0.1:{server.port}", token="secret") as control:
        request = awakeables_pb2.WatchAwakeablesRequest()
        events = control.awakeables.Watch(request, metadata=[("authorization", "Bearer secret")])
        with pytest.raises(grpc.RpcError):
            await events.read()

    assert counted(metrics) == {("Awakeables/Watch", "INTERNAL"): 1}


async def test_methods_that_do_not_exist_share_a_label(metrics: Metrics, server: ControlServer) -> None:
    async with grpc.aio.insecure_channel(f"127.0.0.1:{server.port}") as channel:
        for name in ("One", "Two"):
            with pytest.raises(grpc.RpcError):
                await channel.unary_unary(f"/awaken.control.v1.Awakeables/{name}", bytes, bytes)(b"")

    assert counted(metrics) == {("other", "UNIMPLEMENTED"): 2}
