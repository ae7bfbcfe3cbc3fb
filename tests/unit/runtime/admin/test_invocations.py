"""`/invocations`: the status of each response."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from awaken.control.errors import ConflictError, GoneError, InvalidRequestError, NotFoundError, TooEarlyError
from awaken.control.operations import Change, StoredAnswer, StoredAnswerPage
from awaken.errors import InvalidIdError
from awaken.runtime.errors import RuntimeClosedError, StoreError

from tests.unit.runtime.fakes import INVOCATION_ID, FakeOperations

if TYPE_CHECKING:
    import httpx
    from awaken.runtime.deployments import Deployments

BATCH = "/internal/invocations_batch_operations/{}"
OPERATIONS = ["cancel", "kill", "pause", "resume", "purge", "purge-journal"]


@pytest.mark.parametrize("operation", OPERATIONS)
@pytest.mark.parametrize(("change", "status"), [(Change.DONE, 200), (Change.REQUESTED, 202)])
async def test_done_or_requested(
    client: httpx.AsyncClient, operations: FakeOperations, operation: str, change: Change, status: int
) -> None:
    operations.answer = change

    response = await client.patch(f"/invocations/{INVOCATION_ID}/{operation}")

    assert (response.status_code, response.content) == (status, b"")
    assert operations.asked[0][:2] == (operation, INVOCATION_ID)


@pytest.mark.parametrize("operation", [*OPERATIONS, "restart-as-new"])
@pytest.mark.parametrize(
    ("error", "status", "message"),
    [
        (NotFoundError("x"), 404, f"The requested invocation '{INVOCATION_ID}' does not exist"),
        (TooEarlyError("not yet"), 425, "not yet"),
        (GoneError("gone"), 410, "gone"),
        (StoreError("disk full"), 503, "disk full"),
        (RuntimeClosedError("stopped"), 503, "stopped"),
        (ConflictError("completed"), 409, "completed"),
    ],
)
async def test_refusals(
    client: httpx.AsyncClient,
    operations: FakeOperations,
    operation: str,
    error: Exception,
    status: int,
    message: str,
) -> None:
    operations.answer = error

    response = await client.patch(f"/invocations/{INVOCATION_ID}/{operation}")

    assert response.status_code == status
    assert response.json() == {"message": message, "restate_code": None}


@pytest.mark.parametrize("operation", [*OPERATIONS, "restart-as-new"])
async def test_bad_ids(client: httpx.AsyncClient, operations: FakeOperations, operation: str) -> None:
    response = await client.patch(f"/invocations/garbage/{operation}")

    assert response.status_code == 400
    assert response.json()["message"] == ("The request field 'invocation_id' is invalid. Reason: bad format")
    assert operations.asked == []


async def test_resuming_elsewhere(
    client: httpx.AsyncClient, operations: FakeOperations, deployments: Deployments
) -> None:
    deployment_id = (await deployments.register("http://one")).record.deployment_id
    path = f"/invocations/{INVOCATION_ID}/resume"

    for deployment in (deployment_id, "latest", "keep"):
        assert (await client.patch(path, params={"deployment": deployment})).status_code == 200
    refused = await client.patch(path, params={"deployment": "dp_1unknown"})

    assert [asked[2] for asked in operations.asked] == [deployment_id, "latest", "keep"]
    assert refused.status_code == 400


async def test_restarting(client: httpx.AsyncClient, operations: FakeOperations) -> None:
    path = f"/invocations/{INVOCATION_ID}/restart-as-new"

    plain = await client.patch(path)
    prefix = await client.patch(path, params={"from": "2", "deployment": "latest"})
    bad = await client.patch(path, params={"from": "abc"})

    assert plain.json() == {"new_invocation_id": INVOCATION_ID}
    assert prefix.status_code == 200
    assert [asked[2:] for asked in operations.asked] == [(1, None), (3, "latest")]
    assert bad.status_code == 400
    assert bad.text.startswith("Failed to deserialize query string: ")


@pytest.mark.parametrize(
    ("query", "operation"), [("", "cancel"), ("?mode=kill", "kill"), ("?mode=purge", "purge")]
)
async def test_the_older_route_accepts_everything(
    client: httpx.AsyncClient, operations: FakeOperations, query: str, operation: str
) -> None:
    operations.answer = NotFoundError("x")

    response = await client.delete(f"/invocations/{INVOCATION_ID}{query}")

    assert response.status_code == 202
    assert operations.asked == [(operation, INVOCATION_ID)]
    assert (await client.delete(f"/invocations/{INVOCATION_ID}?mode=x")).status_code == 400


async def test_answers_are_asked_for(client: httpx.AsyncClient, operations: FakeOperations) -> None:
    operations.answer = StoredAnswerPage((StoredAnswer(INVOCATION_ID, 4, 17, 1000, 90),), "1.2.3")

    response = await client.get("/answers", params={"service": "Obj", "limit": "2", "after": "9.9.9"})
    refused = await client.get("/answers", params={"limit": "x"})
    operations.answer = InvalidRequestError("no page token")
    strange = await client.get("/answers", params={"after": "x"})

    at = "1970-01-01T00:00:01.000Z"
    answer = {"invocation": INVOCATION_ID, "index": 4, "signal": 17, "at": at, "size": 90}
    wanted = {"service": "Obj", "key": None, "limit": 2, "after": "9.9.9"}
    assert response.json() == {"answers": [answer], "next": "1.2.3"}
    assert operations.asked[0] == ("stored_answers", wanted)
    assert (refused.status_code, strange.status_code) == (400, 400)


async def test_pending_awakeables_are_asked_for(
    client: httpx.AsyncClient, operations: FakeOperations
) -> None:
    asked = {"service": "Obj", "key": "k", "invocation": INVOCATION_ID, "limit": "2", "after": "1.2.17"}

    response = await client.get("/awakeables", params=asked)
    refused = await client.get("/awakeables", params={"limit": "x"})
    operations.answer = InvalidRequestError("no page token")
    strange = await client.get("/awakeables", params={"after": "x"})
    operations.answer = InvalidIdError("no invocation id")
    malformed = await client.get("/awakeables", params={"invocation": "x"})

    wanted = {"service": "Obj", "key": "k", "invocation_id": INVOCATION_ID, "limit": 2, "after": "1.2.17"}
    assert response.json() == {"awakeables": []}
    assert operations.asked[0] == ("awakeables", wanted)
    assert (refused.status_code, strange.status_code) == (400, 400)
    assert strange.json()["message"] == "no page token"
    assert (malformed.status_code, malformed.json()["message"]) == (400, "no invocation id")


async def test_many_at_once(client: httpx.AsyncClient, operations: FakeOperations) -> None:
    operations.answer = ConflictError(f"The invocation '{INVOCATION_ID}' was already completed. Purge it.")

    response = await client.post(BATCH.format("kill"), json={"invocation_ids": [INVOCATION_ID] * 2})

    assert response.status_code == 200
    error = f"Invocation '{INVOCATION_ID}' was already completed"
    assert response.json() == {
        "succeeded": [],
        "failed": [{"invocation_id": INVOCATION_ID, "error": error}] * 2,
    }


async def test_many_of_a_runtime_that_stops(client: httpx.AsyncClient, operations: FakeOperations) -> None:
    operations.answer = StoreError("disk full")

    response = await client.post(BATCH.format("resume"), json={"invocation_ids": [INVOCATION_ID]})

    assert (response.status_code, response.json()["message"]) == (503, "disk full")


@pytest.mark.parametrize("deployment", ["keep", "Latest", "dp_13l2xBZsoZUnMZvj054Qkhk"])
async def test_many_on_a_deployment(
    client: httpx.AsyncClient, operations: FakeOperations, deployment: str
) -> None:
    body = {"invocation_ids": [INVOCATION_ID], "deployment": deployment}

    response = await client.post(BATCH.format("restart-as-new"), json=body)

    assert response.json() == {
        "succeeded": [{"old_invocation_id": INVOCATION_ID, "new_invocation_id": INVOCATION_ID}],
        "failed": [],
    }
    asked = deployment.lower() if deployment == "Latest" else deployment
    assert operations.asked == [("restart-as-new", INVOCATION_ID, 1, asked)]
