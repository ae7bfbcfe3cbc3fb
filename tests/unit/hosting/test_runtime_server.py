"""A runtime that listens on real sockets: from a call to a query about it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import httpx
import pytest
from awaken.hosting.runtime_server import RuntimeServer
from awaken.runtime.admin import Admin
from awaken.runtime.ingress import Ingress

if TYPE_CHECKING:
    from tests.unit.runtime.harness import Harness


def serve(harness: Harness, admin_bind: tuple[str, int]) -> RuntimeServer:
    ingress = Ingress(harness.runtime, harness.deployments)
    admin = Admin(harness.runtime, harness.deployments)
    return RuntimeServer(ingress, admin, ingress_bind=("127.0.0.1", 0), admin_bind=admin_bind)


async def test_callers_and_operators_enter(harness: Harness) -> None:
    server = serve(harness, ("127.0.0.1", 0))
    await server.open()
    async with (
        httpx.AsyncClient(base_url=server.ingress_url) as ingress,
        httpx.AsyncClient(base_url=server.admin_url) as admin,
    ):
        sent = await ingress.post("/Echo/wait/send")
        (pending,) = await harness.until_waiting()
        listed = (await admin.get("/awakeables")).json()["awakeables"]
        question = "SELECT last_awaiting_on_future_json AS future FROM sys_invocation"
        asked = await admin.post("/query", json={"query": question}, headers={"accept": "application/json"})
        resolved = await ingress.post(f"/restate/awakeables/{pending.awakeable_id}/resolve", content=b'"yes"')
        again = await ingress.post(f"/restate/awakeables/{pending.awakeable_id}/resolve", content=b'"no"')
        answer = await ingress.get(f"/restate/invocation/{sent.json()['invocationId']}/attach")
        failed = await ingress.post("/Echo/refuse")
        version = (await admin.get("/version")).json()
    await server.close()

    assert [each["id"] for each in listed] == [pending.awakeable_id]
    assert "17" in asked.json()["rows"][0]["future"]
    assert (resolved.status_code, resolved.headers["x-awaken-outcome"]) == (202, "applied")
    assert (again.status_code, again.headers["x-awaken-outcome"]) == (202, "already-completed")
    assert answer.json() == "yes"
    assert (failed.status_code, failed.json()["metadata"]) == (418, {"k": "v"})
    assert version["ingress_endpoint"] == f"{server.ingress_url}/"
    assert version["features"]["protocol_v7"]


async def test_none_is_open_when_one_cannot_be(harness: Harness) -> None:
    first = serve(harness, ("127.0.0.1", 0))
    await first.open()
    taken = ("127.0.0.1", int(first.admin_url.rpartition(":")[2]))
    second = serve(harness, taken)

    with pytest.raises(OSError, match="address already in use"):
        await second.open()

    async with httpx.AsyncClient() as client:
        with pytest.raises(httpx.ConnectError):
            await client.get(second.ingress_url)
    await first.close()
