"""Calls within a scope, on a server that supports scopes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import awaken
import pytest

from tests.compat.conftest import serve
from tests.compat.serving import SDKS, Serving

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.compat.side import Side
    from tests.e2e.ingress import Client


@pytest.fixture(scope="module", params=SDKS)
def side(
    request: pytest.FixtureRequest, modern_client: Client, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Side]:
    sdk = str(request.param)
    with serve(
        request, modern_client, Serving(sdk, f"Scopes{sdk.title()}", tmp_path_factory.mktemp(sdk))
    ) as side:
        yield side


def test_scope_and_limit_key_reach_the_callee(side: Side) -> None:
    assert side.call("Scoped/everywhere") == [
        ["called", "tenant", "a/b"],
        ["without a key", "tenant", None],
        ["by name", "tenant", "a/b"],
        ["sent", "tenant", "a"],
        ["outside", None, None],
    ]


async def test_client_calls_within_a_scope(side: Side) -> None:
    service = awaken.Service(f"{side.serving.prefix}Scoped")

    @service.handler()
    async def where(ctx: awaken.Context, word: str) -> list[Any]:
        raise NotImplementedError

    async with awaken.create_client(str(side.client.ingress.base_url)) as client:
        tenant = client.scope("tenant")
        called = await tenant.service_call(where, "called", limit_key="a/b")
        sent = await tenant.service_send(where, "sent", limit_key="a")
        joined = await client.attach(sent.invocation_id)
        by_name = await client.generic_call(
            service.name, "where", b'"by name"', scope="tenant", limit_key="a"
        )

    assert called == ["called", "tenant", "a/b"]
    assert joined == ["sent", "tenant", "a"]
    assert by_name == b'["by name", "tenant", "a"]'
