"""The official SDK's harness, on the embedded runtime."""

from __future__ import annotations

import awaken
import httpx
import pytest
from awaken import _core
from awaken.testing import open_environment

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


class Reversing(awaken.JournalValueCodec):
    def encode(self, buf: bytes) -> bytes:
        return b"reversed:" + buf[::-1]

    async def decode(self, buf: bytes) -> bytes:
        if not buf.startswith(b"reversed:"):
            raise ValueError("not reversed")
        return buf.removeprefix(b"reversed:")[::-1]


sealed = awaken.Service("Sealed")


@sealed.handler()
async def echo(ctx: awaken.Context, text: str) -> str:
    return text + await ctx.awakeable(type_hint=str, name="end")


async def test_clients_use_the_codec_of_the_application() -> None:
    application = awaken.app([sealed], journal_value_codec=Reversing())

    async with awaken.create_test_harness(application) as harness:
        sent = await harness.client.service_send(echo, arg="a")
        raw = _core.parse_invocation_id(sent.invocation_id)
        await harness.client.awakeable(_core.format_awakeable_id(raw, 17)).resolve("b")
        assert await harness.client.attach(sent.invocation_id) == "ab"
    async with open_environment(application) as environment:
        sent = await environment.client.service_send(echo, arg="a")
        await environment.awakeable("end").resolve("c")
        assert await environment.client.attach(sent.invocation_id) == "ac"
