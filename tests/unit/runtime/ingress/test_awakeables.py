"""Resolving and rejecting over HTTP."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from awaken import _core
from awaken.control.operations import Failure
from awaken.errors import InvalidIdError
from awaken.outcomes import AwakeableOutcome
from awaken.runtime.ingress import Ingress

from tests.unit.runtime.fakes import AWAKEABLE_ID, FakeOperations, registered
from tests.unit.runtime.serving import serving

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    import httpx


class ParsingOperations(FakeOperations):
    """Refuses ids as a runtime does."""

    async def resolve_awakeable(self, awakeable_id: str, value: bytes) -> AwakeableOutcome:
        _core.parse_awakeable_id(awakeable_id)
        return await super().resolve_awakeable(awakeable_id, value)

    async def reject_awakeable(self, awakeable_id: str, failure: Failure) -> AwakeableOutcome:
        _core.parse_awakeable_id(awakeable_id)
        return await super().reject_awakeable(awakeable_id, failure)


@pytest.fixture
def operations() -> FakeOperations:
    return ParsingOperations()


@pytest.fixture
async def client(operations: FakeOperations) -> AsyncIterator[httpx.AsyncClient]:
    async with serving(Ingress(operations, await registered())) as client:
        yield client


@pytest.mark.parametrize("path", ["awakeables", "a"])
@pytest.mark.parametrize("outcome", list(AwakeableOutcome))
async def test_accepted_with_the_outcome(
    client: httpx.AsyncClient, operations: FakeOperations, path: str, outcome: AwakeableOutcome
) -> None:
    operations.answer = outcome

    response = await client.post(f"/restate/{path}/{AWAKEABLE_ID}/resolve", content=b"\x00\xff")

    assert response.status_code == 202
    assert response.headers["x-awaken-outcome"] == outcome.value
    assert response.headers["access-control-allow-credentials"] == "true"
    assert response.json() == {"outcome": outcome.value}
    assert operations.asked == [("resolve", AWAKEABLE_ID, b"\x00\xff")]


@pytest.mark.parametrize(
    ("body", "message"),
    [(b"no", "no"), (b"", ""), (b'{"code": 1}', '{"code": 1}'), (b"\xff!", "\ufffd!")],
)
async def test_a_rejection_is_its_text(
    client: httpx.AsyncClient, operations: FakeOperations, body: bytes, message: str
) -> None:
    response = await client.post(f"/restate/awakeables/{AWAKEABLE_ID}/reject", content=body)

    assert response.status_code == 202
    assert operations.asked == [("reject", AWAKEABLE_ID, Failure(500, message))]


@pytest.mark.parametrize("ending", ["==", ""])
async def test_extra_segments_and_padding_do_not_matter(
    client: httpx.AsyncClient, operations: FakeOperations, ending: str
) -> None:
    response = await client.post(f"/restate/awakeables/{AWAKEABLE_ID}{ending}/resolve/extra")

    assert response.status_code == 202


async def test_the_older_prefix_is_accepted(client: httpx.AsyncClient, operations: FakeOperations) -> None:
    response = await client.post(f"/restate/awakeables/prom{AWAKEABLE_ID[4:]}/resolve")

    assert response.status_code == 202


@pytest.mark.parametrize(
    ("awakeable_id", "reason"),
    [
        ("garbage", "bad format"),
        ("%20", "bad format"),
        ("sign_1", "id doesn't match the expected type"),
        ("sign_1garbage", "id doesn't match the expected type"),
        (AWAKEABLE_ID[:-4], "id doesn't match the expected type"),
        (AWAKEABLE_ID + "AAAA", "id doesn't match the expected type"),
        ("inv_1gSt6v4GyGnv2W0vt2p4mNl9JM4N5LL3tr", "id doesn't match the expected type"),
        ("sign_2KWm2hOZDmMRFiu4_49ryuAlEQgn4gXRgAAAAEQ", "unrecognized codec version"),
        ("prom_2KWm2hOZDmMRFiu4_49ryuAlEQgn4gXRgAAAAEQ", "unrecognized codec version"),
        ("prom_1", "bad length"),
        ("prom_1garbage", "base62 decode error"),
        ("foo_1abc", "unrecognized resource type: foo"),
    ],
)
async def test_ids_that_do_not_parse(client: httpx.AsyncClient, awakeable_id: str, reason: str) -> None:
    response = await client.post(f"/restate/awakeables/{awakeable_id}/resolve")

    assert response.status_code == 400
    assert response.json() == {
        "code": 400,
        "message": f"bad awakeable id '{awakeable_id}': {reason}",
        "source": "ingress",
    }


async def test_refusals_of_the_parser_are_of_this_kind() -> None:
    with pytest.raises(InvalidIdError):
        _core.parse_awakeable_id("garbage")


@pytest.mark.parametrize("method", ["GET", "PUT", "PATCH", "DELETE", "HEAD"])
async def test_other_methods(client: httpx.AsyncClient, method: str) -> None:
    response = await client.request(method, f"/restate/awakeables/{AWAKEABLE_ID}/resolve")

    assert response.status_code == 405


@pytest.mark.parametrize(
    ("path", "status"),
    [("awakeables", 400), (f"awakeables/{AWAKEABLE_ID}", 400), (f"awakeables/{AWAKEABLE_ID}/complete", 404)],
)
async def test_other_paths(client: httpx.AsyncClient, path: str, status: int) -> None:
    response = await client.post(f"/restate/{path}")

    assert response.status_code == status


async def test_browsers_may_ask_first(client: httpx.AsyncClient) -> None:
    headers = {
        "origin": "http://app",
        "access-control-request-method": "POST",
        "access-control-request-headers": "x-a, x-b",
    }

    response = await client.options(f"/restate/awakeables/{AWAKEABLE_ID}/resolve", headers=headers)

    assert (response.status_code, response.content) == (200, b"")
    assert response.headers["access-control-allow-origin"] == "http://app"
    assert response.headers["access-control-allow-methods"] == "POST"
    assert response.headers["access-control-allow-headers"] == "x-a, x-b"
    assert response.headers["vary"] == (
        "origin, access-control-request-method, access-control-request-headers"
    )
