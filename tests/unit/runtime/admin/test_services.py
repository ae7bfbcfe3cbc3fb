"""`/services`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from awaken.control.errors import ConflictError

if TYPE_CHECKING:
    import httpx
    from awaken.runtime.deployments import Deployments

    from tests.unit.runtime.fakes import FakeOperations


@pytest.fixture(autouse=True)
async def _registered(deployments: Deployments) -> None:
    await deployments.register("http://one")


async def test_listing(client: httpx.AsyncClient) -> None:
    services = (await client.get("/services")).json()["services"]
    handlers = (await client.get("/services/Obj/handlers")).json()["handlers"]
    handler = (await client.get("/services/Obj/handlers/get_")).json()

    assert sorted(service["name"] for service in services) == ["Obj", "Svc", "Wf"]
    assert {each["name"]: each["ty"] for each in handlers} == {"incr": "Exclusive", "get_": "Shared"}
    assert handler["input_description"] == "none"


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("NoSuch", "The requested service 'NoSuch' does not exist"),
        ("NoSuch/handlers", "The requested service 'NoSuch' does not exist"),
        ("Svc/handlers/nosuch", "The requested handler 'nosuch' on service 'Svc' does not exist"),
    ],
)
async def test_what_does_not_exist(client: httpx.AsyncClient, path: str, message: str) -> None:
    response = await client.get(f"/services/{path}")

    assert response.status_code == 404
    assert response.json() == {"message": message, "restate_code": None}


async def test_changing(client: httpx.AsyncClient) -> None:
    response = await client.patch(
        "/services/Svc",
        json={
            "public": False,
            "idempotency_retention": "2s",
            "inactivity_timeout": "PT1M",
            "retry_policy": 3,
        },
    )

    assert response.status_code == 200
    service = response.json()
    assert (service["public"], service["idempotency_retention"]) == (False, "2s")
    assert (service["inactivity_timeout"], service["revision"]) == ("1m", 1)
    assert not any(handler["public"] for handler in service["handlers"])


async def test_changes_that_are_refused(client: httpx.AsyncClient) -> None:
    retention = await client.patch("/services/Svc", json={"workflow_completion_retention": "1s"})
    unknown = await client.patch("/services/NoSuch", json={"public": True})
    duration = await client.patch("/services/Svc", json={"abort_timeout": "10"})

    assert (retention.status_code, retention.json()["message"]) == (
        400,
        "modifying retention time for service type Service is unsupported",
    )
    assert (unknown.status_code, unknown.json()["message"]) == (
        404,
        "not found in the schema registry: service with name 'NoSuch'",
    )
    assert duration.status_code == 422
    assert duration.text.startswith("Failed to deserialize the JSON body into the target type: ")


async def test_replacing_state(client: httpx.AsyncClient, operations: FakeOperations) -> None:
    response = await client.post(
        "/services/Obj/state",
        json={"object_key": "k", "new_state": {"a": [50, 255], "b": "é"}, "version": "v"},
    )

    assert (response.status_code, response.content) == (202, b"")
    assert operations.asked == [("state", "Obj", "k", {"a": b"2\xff", "b": "é".encode()}, "v")]


async def test_state_of_a_scope_is_refused(client: httpx.AsyncClient, operations: FakeOperations) -> None:
    response = await client.post(
        "/services/Obj/state", json={"object_key": "k", "new_state": {}, "scope": "s"}
    )

    assert (response.status_code, operations.asked) == (400, [])


@pytest.mark.parametrize(
    ("service", "state", "status"),
    [
        ("Wf", {"a": []}, 202),
        ("Svc", {"a": []}, 400),
        ("NoSuch", {"a": []}, 404),
        ("NoSuch", {}, 202),
        ("Obj", {"a": [256]}, 422),
    ],
)
async def test_whose_state_may_be_replaced(
    client: httpx.AsyncClient, service: str, state: dict[str, Any], status: int
) -> None:
    body = {"object_key": "k", "new_state": state}

    assert (await client.post(f"/services/{service}/state", json=body)).status_code == status


async def test_state_of_another_version_is_not_replaced(
    client: httpx.AsyncClient, operations: FakeOperations
) -> None:
    operations.answer = ConflictError("another version")

    response = await client.post(
        "/services/Obj/state", json={"object_key": "k", "new_state": {}, "version": "v"}
    )

    assert response.status_code == 409
    assert response.json() == {"message": "another version", "restate_code": None}
