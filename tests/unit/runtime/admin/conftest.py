"""An admin API over fakes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import httpx
import pytest
from awaken.runtime.admin import make_admin

from tests.unit.runtime.fakes import CannedEndpoint, FakeOperations, FakeQuestions, Network, make_deployments

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from awaken.runtime.deployments import Deployments


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
    admin = make_admin(
        operations,
        deployments,
        questions=FakeQuestions(),
        ingress_url=lambda: "http://127.0.0.1:8080/",
        features=frozenset(("protocol_v7",)),
    )
    transport = httpx.ASGITransport(admin, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://admin") as client:
        yield client
