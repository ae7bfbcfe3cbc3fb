"""What all routes of the admin API have in common."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    import httpx

    from tests.unit.runtime.fakes import FakeOperations


@pytest.mark.parametrize("prefix", ["", "/v2", "/v3", "/v4"])
async def test_every_version_has_the_same_routes(client: httpx.AsyncClient, prefix: str) -> None:
    assert (await client.get(f"{prefix}/health")).content == b""
    version = (await client.get(f"{prefix}/version")).json()
    assert (version["min_admin_api_version"], version["max_admin_api_version"]) == (2, 4)
    assert version["ingress_endpoint"] == "http://127.0.0.1:8080/"
    assert {name for name, is_on in version["features"].items() if is_on} == {"protocol_v7"}
    assert version["features"]["vqueues"] is False
    assert (await client.get(f"{prefix}/cluster-health")).json()["cluster_name"] == "localcluster"
    asked = await client.post(
        f"{prefix}/query", json={"query": "SELECT 1"}, headers={"accept": "application/json"}
    )
    assert asked.json() == {"rows": []}
    assert (await client.get(f"{prefix}/services")).json() == {"services": []}
    assert (await client.get(f"{prefix}/deployments")).json() == {"deployments": []}
    assert (await client.get(f"{prefix}/awakeables")).json() == {"awakeables": []}


async def test_version_1_is_gone(client: httpx.AsyncClient) -> None:
    response = await client.get("/v1/services")

    assert response.status_code == 400
    assert response.text == (
        "Unsupported Admin API version V1. This server supports versions between V2 and V4."
    )


@pytest.mark.parametrize("path", ["/nothing", "/services/", "/v5/services", "/invocations/x/nothing"])
async def test_unknown_paths_are_bare(client: httpx.AsyncClient, path: str) -> None:
    response = await client.get(path)

    assert (response.status_code, response.content) == (404, b"")


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("GET", "/query", "POST"),
        ("OPTIONS", "/services", "GET, HEAD"),
        ("POST", "/invocations/inv_1/cancel", "PATCH"),
        ("PATCH", "/services/S/state", "POST"),
        ("PATCH", "/v3/services/S/handlers/h", "GET, HEAD"),
    ],
)
async def test_wrong_methods_are_told_the_right_ones(
    client: httpx.AsyncClient, method: str, path: str, allowed: str
) -> None:
    response = await client.request(method, path)

    assert (response.status_code, response.content) == (405, b"")
    assert sorted(response.headers["allow"].split(", ")) == allowed.split(", ")


async def test_what_breaks_is_told_to_the_log(
    client: httpx.AsyncClient, operations: FakeOperations, caplog: pytest.LogCaptureFixture
) -> None:
    operations.answer = RuntimeError("secret")

    response = await client.patch("/invocations/inv_1gSt6v4GyGnv2W0vt2p4mNl9JM4N5LL3tr/kill")

    assert response.status_code == 500
    assert "secret" not in response.text
    assert "secret" in caplog.text
