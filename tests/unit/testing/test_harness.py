"""The official SDK's harness, on the embedded runtime."""

from __future__ import annotations

import awaken
import httpx
import pytest

from tests.unit.testing.app import add, app


@pytest.mark.parametrize("always_replay", [False, True])
async def test_harness_has_ports_and_a_client(always_replay: bool) -> None:
    async with awaken.create_test_harness(app, always_replay=always_replay) as harness:
        assert await harness.client.object_call(add, key="k", arg=2) == 2
        async with httpx.AsyncClient(trust_env=False) as http:
            answer = await http.post(f"{harness.ingress_url}/Tally/k/add", json=3)
            services = await http.get(f"{harness.admin_api_url}/services")

    assert answer.json() == 5
    assert {service["name"] for service in services.json()["services"]} == {"Desk", "Tally"}


def test_blocking_harness_is_deprecated_and_works() -> None:
    with pytest.warns(DeprecationWarning, match="use create_test_harness"):
        harness = awaken.test_harness(app)
    with harness, harness.ingress_client() as client:
        assert client.post("/Tally/k/add", json=2).json() == 2


def test_blocking_harness_tells_why_it_does_not_start() -> None:
    with pytest.warns(DeprecationWarning, match="use create_test_harness"):
        harness = awaken.test_harness(42)
    with pytest.raises(TypeError, match="is not an application"), harness:
        pass
