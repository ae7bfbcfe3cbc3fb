"""`/deployments`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import httpx
import pytest
from awaken.runtime.admin import make_admin

from tests.unit.runtime.fakes import (
    CannedEndpoint,
    DictStore,
    FakeOperations,
    FakeQuestions,
    make_deployments,
    manifest,
)

if TYPE_CHECKING:
    from tests.unit.runtime.fakes import Network


async def register(client: httpx.AsyncClient, prefix: str = "", **body: Any) -> httpx.Response:
    return await client.post(f"{prefix}/deployments", json={"uri": "http://one"} | body)


async def test_registering(client: httpx.AsyncClient) -> None:
    response = await register(client, unknown="ignored", metadata={"a": "b"})

    assert response.status_code == 201
    answer = response.json()
    assert response.headers["location"] == f"deployments/{answer['id']}"
    assert answer["sdk_version"] == "fake/1.0"
    assert (answer["min_protocol_version"], answer["max_protocol_version"]) == (5, 7)
    services = {service["name"]: service for service in answer["services"]}
    assert {name: service["ty"] for name, service in services.items()} == {
        "Svc": "Service",
        "Obj": "VirtualObject",
        "Wf": "Workflow",
    }
    assert services["Svc"]["handlers"][0] == {
        "name": "echo",
        "public": True,
        "input_description": "JSON string",
        "output_description": "application/json",
        "input_json_schema": {"type": "string"},
        "retry_policy": {"max_attempts": None},
    }
    assert [handler["public"] for handler in services["Svc"]["handlers"]] == [True, True, True, True, False]
    del services["Wf"]["handlers"]
    assert services["Wf"] == {
        "name": "Wf",
        "ty": "Workflow",
        "deployment_id": answer["id"],
        "revision": 1,
        "public": True,
        "idempotency_retention": "1d",
        "workflow_completion_retention": "1d",
        "journal_retention": "1d",
        "inactivity_timeout": "1m",
        "abort_timeout": "10m",
        "enable_lazy_state": False,
        "retry_policy": {
            "initial_interval": "500ms",
            "exponentiation_factor": 2.0,
            "max_attempts": 70,
            "max_interval": "1m",
            "on_max_attempts": "Pause",
        },
    }


@pytest.mark.parametrize(
    ("prefix", "body", "status", "revision"),
    [
        ("", {}, 200, 1),
        ("/v3", {"force": False}, 200, 1),
        ("/v4", {"use_http_11": True}, 200, 1),
        ("", {"force": True}, 200, 2),
        ("/v2", {}, 201, 2),
        ("/v2", {"force": False}, 409, 1),
    ],
)
async def test_registering_again(
    client: httpx.AsyncClient, prefix: str, body: dict[str, Any], status: int, revision: int
) -> None:
    first = await register(client)

    response = await register(client, prefix, **body)

    assert response.status_code == status
    if status == 409:
        message = f"Conflict: deployment {first.json()['id']} already exists"
        assert response.json() == {"message": message, "restate_code": None}
    else:
        assert response.json()["id"] == first.json()["id"]
    service = (await client.get("/services/Svc")).json()
    assert service["revision"] == revision


async def test_a_dry_run(client: httpx.AsyncClient) -> None:
    response = await register(client, dry_run=True)

    assert response.status_code == 201
    assert (await client.get("/deployments")).json() == {"deployments": []}


@pytest.mark.parametrize(
    ("body", "status", "text"),
    [
        ({}, 422, "data did not match any variant of untagged enum RegisterDeploymentRequest"),
        ({"uri": ""}, 422, "data did not match any variant of untagged enum RegisterDeploymentRequest"),
        ({"uri": 3}, 422, "Failed to deserialize the JSON body into the target type: "),
    ],
)
async def test_bodies_of_another_shape(
    client: httpx.AsyncClient, body: dict[str, Any], status: int, text: str
) -> None:
    response = await client.post("/deployments", json=body)

    assert response.status_code == status
    assert response.headers["content-type"] == "text/plain; charset=utf-8"
    assert text in response.text


async def test_bodies_that_are_no_json(client: httpx.AsyncClient) -> None:
    bad = await client.post("/deployments", content=b"{", headers={"content-type": "application/json"})
    untyped = await client.post("/deployments", content=b"{}")

    assert bad.status_code == 400
    assert bad.text.startswith("Failed to parse the request body as JSON: ")
    assert untyped.status_code == 415
    assert untyped.text == "Expected request with `Content-Type: application/json`"


async def test_refusals(client: httpx.AsyncClient, network: Network) -> None:
    relative = await register(client, uri="/x")
    foreign = await register(client, uri="ftp://one/")
    lambda_ = await client.post("/deployments", json={"arn": "x"})
    nobody = await register(client, uri="http://nobody")
    await register(client)
    network.endpoints["http://two/"] = CannedEndpoint(
        body=manifest([{"name": "Svc", "ty": "WORKFLOW", "handlers": []}])
    )
    changed = await register(client, uri="http://two")

    assert relative.status_code == 400
    assert relative.json() == {
        "message": "The request field 'uri' is invalid. Reason: The provided uri /x is not absolute, only absolute "
        "URIs can be used.",
        "restate_code": None,
    }
    assert foreign.status_code == 400
    assert foreign.json()["message"].endswith(
        "The provided uri ftp://one/ has scheme ftp; endpoints speak http or https."
    )
    assert lambda_.status_code == 400
    assert lambda_.json()["message"].startswith("The request field 'arn' is invalid.")
    assert (nobody.status_code, nobody.json()["restate_code"]) == (500, "META0003")
    assert (changed.status_code, changed.json()["restate_code"]) == (409, "META0006")
    assert changed.json()["message"] == (
        "[META0006] detected a new service revision for 'Svc' changing the service type from previous revision, "
        "service, to workflow; insist with breaking, or give it another name."
    )


async def test_listing_and_showing(client: httpx.AsyncClient) -> None:
    deployment_id = (await register(client, additional_headers={"a": "b"})).json()["id"]

    (listed,) = (await client.get("/deployments")).json()["deployments"]
    shown = (await client.get(f"/deployments/{deployment_id}")).json()

    assert listed["services"] == [{"name": name, "revision": 1} for name in ("Svc", "Obj", "Wf")]
    assert listed["created_at"].startswith("2026-11-24T21:16:40.")
    for answer in (listed, shown):
        assert answer["id"] == deployment_id
        assert answer["uri"] == "http://one/"
        assert (answer["protocol_type"], answer["http_version"]) == ("BidiStream", "HTTP/2.0")
        assert answer["additional_headers"] == {"a": "b"}
        assert "metadata" not in answer
    assert shown["services"][0]["handlers"][0]["name"] == "echo"


async def test_names_of_headers_are_lower_case(client: httpx.AsyncClient, network: Network) -> None:
    headers = {"Authorization": "Bearer x", "X": "a", "x": "b"}

    path = f"/deployments/{(await register(client, additional_headers=headers)).json()['id']}"

    lower = {"authorization": "Bearer x", "x": "b"}
    assert (await client.get(path)).json()["additional_headers"] == lower
    assert network.endpoints["http://one/"].requests[-1][2].items() >= lower.items()
    changed = await client.patch(path, json={"additional_headers": headers})
    assert changed.json()["additional_headers"] == lower


@pytest.mark.parametrize("name", ["Content-Length", "transfer-encoding", "Connection", "te"])
async def test_headers_that_frame_a_request_are_refused(client: httpx.AsyncClient, name: str) -> None:
    refused = await register(client, additional_headers={name: "1"})

    assert refused.status_code == 422
    assert f": {name.lower()} cannot be added" in refused.text


async def test_over_http_11(client: httpx.AsyncClient, network: Network) -> None:
    network.endpoints["http://one/"].body = manifest(
        [{"name": "S", "ty": "SERVICE", "handlers": [{"name": "h", "inactivityTimeout": 200}]}]
    )
    deployment_id = (await register(client, use_http_11=True)).json()["id"]

    shown = (await client.get(f"/deployments/{deployment_id}")).json()

    assert (shown["protocol_type"], shown["http_version"]) == ("RequestResponse", "HTTP/1.1")
    assert shown["services"][0]["inactivity_timeout"] == "0s"
    remarks = shown["services"][0]["handlers"][0]["info"]
    assert [(each["code"], "inactivity_timeout 200ms" in each["message"]) for each in remarks] == [
        ("RT0021", True)
    ]


@pytest.mark.parametrize("field", ["auth", "assume_role_arn"])
async def test_authentication_that_is_not_there_is_refused(client: httpx.AsyncClient, field: str) -> None:
    asked: dict[str, Any] = {field: {"GoogleIdToken": {}}}

    refused = await register(client, **asked)

    assert refused.status_code == 400
    assert refused.json()["message"].startswith(
        f"The request field '{field}' is invalid. Reason: the embedded"
    )
    assert (await client.get("/deployments")).json() == {"deployments": []}


async def test_changing(client: httpx.AsyncClient) -> None:
    deployment_id = (await register(client)).json()["id"]
    path = f"/deployments/{deployment_id}"

    assert (await client.patch(path, json={})).json()["uri"] == "http://one/"
    assert (await client.patch(path, json={"use_http_11": True})).json()["http_version"] == "HTTP/2.0"
    headers = {"additional_headers": {"x": "y"}}
    assert (await client.patch(path, json=headers)).json()["additional_headers"] == {"x": "y"}
    moved = (await client.patch(path, json={"uri": "http://two"})).json()
    assert (moved["uri"], moved["services"][0]["revision"]) == ("http://two/", 1)
    failed = await client.patch(path, json={"uri": "http://nobody", "overwrite": True})
    assert (failed.status_code, failed.json()["restate_code"]) == (500, "META0003")
    put = await client.put(path, json={})
    assert (put.status_code, put.json()["message"]) == (
        405,
        "PUT deployment is deprecated, use PATCH instead",
    )


async def test_removing(client: httpx.AsyncClient) -> None:
    deployment_id = (await register(client)).json()["id"]
    path = f"/deployments/{deployment_id}"

    assert (await client.delete(path)).status_code == 501
    assert (await client.delete(path, params={"force": "true"})).status_code == 202
    again = await client.delete(path, params={"force": "true"})

    assert again.status_code == 404
    assert again.json()["message"] == (
        f"not found in the schema registry: deployment with id '{deployment_id}'"
    )
    assert (await client.get("/services")).json() == {"services": []}


async def test_unknown_deployments(client: httpx.AsyncClient) -> None:
    unknown = await client.get("/deployments/dp_144y0gEisadKx3byY29wvG9")
    garbage = await client.get("/deployments/garbage")

    assert unknown.status_code == 404
    assert unknown.json()["message"] == (
        "The requested deployment 'dp_144y0gEisadKx3byY29wvG9' does not exist"
    )
    assert garbage.status_code == 400
    assert garbage.text == "Invalid URL: Cannot parse `deployment` with value `garbage`: bad format"


async def test_deployment_that_cannot_be_read_is_shown_as_such(network: Network) -> None:
    store = DictStore()
    before = make_deployments(network.dial, store)
    one = (await before.register("http://one")).record.deployment_id
    two = (await before.register("http://two")).record.deployment_id
    store.documents[one] = store.documents[one].replace('"protocolMode"', '"mode"')
    admin = make_admin(
        FakeOperations(),
        make_deployments(network.dial, store),
        questions=FakeQuestions(),
        ingress_url=lambda: "http://127.0.0.1:8080/",
    )

    async with httpx.AsyncClient(transport=httpx.ASGITransport(admin), base_url="http://admin") as client:
        listed = (await client.get("/deployments")).json()
        shown = await client.get(f"/deployments/{one}")
        services = await client.get("/services")
        removed = await client.delete(f"/deployments/{one}?force=true")
        left = (await client.get("/deployments")).json()

    assert [each["id"] for each in listed["deployments"]] == [two]
    (unreadable,) = listed["unreadable"]
    assert unreadable["id"] == one
    assert "unknown field `mode`" in unreadable["reason"]
    assert (shown.status_code, "cannot be read" in shown.json()["message"]) == (500, True)
    assert (services.status_code, removed.status_code) == (200, 202)
    assert "unreadable" not in left
