"""Attach, output and lookup."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from awaken import _core
from awaken.control.errors import NotFoundError, NotReadyError
from awaken.control.operations import Completion, Success, Target
from awaken.runtime.ingress import Ingress

from tests.unit.runtime.fakes import INVOCATION_ID, NOW_MS, FakeOperations, registered
from tests.unit.runtime.serving import serving

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    import httpx

IDEMPOTENT_ID = _core.idempotent_invocation_id("Svc", "echo", "k 1")
IDEMPOTENT_OBJECT_ID = _core.idempotent_invocation_id("Obj", "incr", "k", key="a/b")
WORKFLOW_ID = _core.workflow_invocation_id("Wf", "a/b")


@pytest.fixture
def operations() -> FakeOperations:
    operations = FakeOperations()
    operations.answer = Completion(INVOCATION_ID, Target("Svc", "echo"), Success(b"1"), NOW_MS)
    return operations


@pytest.fixture
async def client(operations: FakeOperations) -> AsyncIterator[httpx.AsyncClient]:
    async with serving(Ingress(operations, await registered())) as client:
        yield client


@pytest.mark.parametrize("wish", ["attach", "output"])
@pytest.mark.parametrize(
    ("path", "invocation_id"),
    [
        (f"invocation/{INVOCATION_ID}/WISH", INVOCATION_ID),
        (f"WISH/{INVOCATION_ID}", INVOCATION_ID),
        ("invocation/Svc/echo/k%201/WISH", IDEMPOTENT_ID),
        ("invocation/Obj/a%2Fb/incr/k/WISH", IDEMPOTENT_OBJECT_ID),
        ("workflow/Wf/a%2Fb/WISH", WORKFLOW_ID),
    ],
)
async def test_paths(
    client: httpx.AsyncClient, operations: FakeOperations, wish: str, path: str, invocation_id: str
) -> None:
    response = await client.get(str(client.base_url).rstrip("/") + "/restate/" + path.replace("WISH", wish))

    assert response.status_code == 200
    assert response.content == b"1"
    assert response.headers["x-restate-id"] == INVOCATION_ID
    assert response.headers["idempotency-expires"] == "2026-11-24T21:16:40.123+00:00"
    assert operations.asked == [(wish, invocation_id)]


TARGETS: list[tuple[dict[str, Any], str]] = [
    ({"target": "invocation", "invocationId": INVOCATION_ID}, INVOCATION_ID),
    ({"target": "workflow", "workflowName": "Wf", "workflowKey": "a/b"}, WORKFLOW_ID),
    (
        {"target": "idempotentInvocation", "service": "Svc", "handler": "echo", "idempotencyKey": "k 1"},
        IDEMPOTENT_ID,
    ),
    (
        {
            "target": "idempotentInvocation",
            "service": "Obj",
            "key": "a/b",
            "handler": "incr",
            "idempotencyKey": "k",
        },
        IDEMPOTENT_OBJECT_ID,
    ),
]


@pytest.mark.parametrize(("target", "invocation_id"), TARGETS)
async def test_targets_in_the_body(
    client: httpx.AsyncClient, operations: FakeOperations, target: dict[str, Any], invocation_id: str
) -> None:
    assert (await client.post("/restate/attach", json=target)).status_code == 200
    assert (await client.post("/restate/output", json=target)).status_code == 200
    looked_up = await client.post("/restate/lookup", json=target)

    assert operations.asked == [("attach", invocation_id), ("output", invocation_id)]
    assert looked_up.json() == {"invocationId": invocation_id}


@pytest.mark.parametrize(
    "body", [b"", b"{", b"1", b'{"target":"x"}', b'{"target":"invocation","invocationId":1}']
)
async def test_bodies_that_name_no_target(client: httpx.AsyncClient, body: bytes) -> None:
    for path in ("attach", "output", "lookup"):
        response = await client.post(f"/restate/{path}", content=body)

        assert response.status_code == 500
        assert response.json()["message"].startswith("cannot read body: invalid request body: ")


async def test_not_done_yet(client: httpx.AsyncClient, operations: FakeOperations) -> None:
    operations.answer = NotReadyError()

    response = await client.get(f"/restate/invocation/{INVOCATION_ID}/output")

    assert response.status_code == 470
    assert response.json() == {
        "code": 470,
        "message": "the invocation exists but has not completed yet",
        "source": "ingress",
    }


async def test_unknown_invocations(client: httpx.AsyncClient, operations: FakeOperations) -> None:
    operations.answer = NotFoundError()

    output = await client.get(f"/restate/invocation/{INVOCATION_ID}/output")
    attach = await client.get(f"/restate/invocation/{INVOCATION_ID}/attach")

    assert (output.status_code, attach.status_code) == (404, 404)
    assert output.json() == {"code": 404, "message": "invocation not found", "source": "ingress"}
    assert attach.json() == {"code": 404, "message": "not found", "source": "invocation"}
    assert attach.headers["x-restate-id"] == INVOCATION_ID


@pytest.mark.parametrize(
    ("path", "status", "message"),
    [
        ("invocation/garbage/output", 400, "bad invocation id 'garbage': bad format"),
        ("invocation/inv_2x/attach", 400, "bad invocation id 'inv_2x': unrecognized codec version"),
        ("attach/inv_1x", 400, "bad invocation id 'inv_1x': bad length"),
        ("invocation/NoSvc/echo/k/output", 404, "service 'NoSvc' not found"),
        ("workflow/NoWf/k/output", 404, "service 'NoWf' not found"),
        (f"invocation/{INVOCATION_ID}/other", 404, "not found"),
        (f"invocation/{INVOCATION_ID}", 400, "bad path, expected either /restate/invocation/"),
        ("workflow/Wf/output", 400, "bad path, expected either /restate/workflow/"),
        ("workflow/Wf/k/other", 404, "not found"),
    ],
)
async def test_refusals(client: httpx.AsyncClient, path: str, status: int, message: str) -> None:
    response = await client.get(f"/restate/{path}")

    assert response.status_code == status
    assert response.json()["message"].startswith(message)


async def test_other_methods(client: httpx.AsyncClient) -> None:
    assert (await client.post(f"/restate/invocation/{INVOCATION_ID}/output")).status_code == 405
    assert (await client.get("/restate/attach")).status_code == 405
    assert (await client.get("/restate/lookup")).status_code == 405
    assert (await client.post("/restate/health")).status_code == 405


async def test_health_lists_the_services(client: httpx.AsyncClient) -> None:
    response = await client.get("/restate/health")

    assert response.status_code == 200
    assert sorted(response.json()["services"]) == ["Obj", "Svc", "Wf"]
