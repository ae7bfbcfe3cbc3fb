"""An admin API over fakes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import httpx
import pytest
from awaken.runtime.admin import make_admin
from starlette.responses import PlainTextResponse

from tests.unit.runtime.fakes import CannedEndpoint, FakeOperations, Network, make_deployments

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from awaken.runtime.deployments import Deployments
    from starlette.requests import Request
    from starlette.responses import Response


@pytest.fixture
def operations() -> FakeOperations:
    return FakeOperations()


@pytest.fixture
def network() -> Network:
    return Network(one=CannedEndpoint(), two=CannedEndpoint())


@pytest.fixture
def deployments(network: Network) -> Deployments:
    return make_deployments(network.dial)


@pytest.fixture
async def client(operations: FakeOperations, deployments: Deployments) -> AsyncIterator[httpx.AsyncClient]:
    async def query(_request: Request) -> Response:
        return PlainTextResponse("asked")

    admin = make_admin(
        operations,
        deployments,
        query,
        ingress_url=lambda: "http://127.0.0.1:8080/",
        features=frozenset(("protocol_v7",)),
    )
    transport = httpx.ASGITransport(admin, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://admin") as client:
        yield client
