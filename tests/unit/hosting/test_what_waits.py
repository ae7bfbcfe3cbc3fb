"""What waits for an answer, through every interface of a runtime: all of them show the same facts."""

from __future__ import annotations

import base64
import re
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import awaken
import httpx
import pytest_asyncio
from awaken import _core
from awaken.control.client import ControlClient, connect_control
from awaken.control.operations import AwakeableView, Target
from awaken.control.remote import RemoteOperations, connect_runtime
from awaken.control.server import start_control_server
from awaken.control.v1 import awakeables_pb2
from awaken.hosting.runtime_server import RuntimeServer
from awaken.inbox import create_inbox
from awaken.links import CallbackSettings, LinkSigner, configure_callbacks, name_of_type
from awaken.pages.times import write_iso
from awaken.testing import Environment, open_environment
from awaken.timing.timestamps import format_time

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    import pytest

ANYWHERE = ("127.0.0.1", 0)
KEY = base64.b64decode("bm90IGEgc2VjcmV0LCBmb3IgdGVzdHMgb2YgbGlua3Mh")

approvals = awaken.VirtualObject("Approvals")


@dataclass
class Decision:
    """What is asked for."""

    approved: bool


@approvals.handler()
async def decide(ctx: awaken.ObjectContext) -> bool:
    callback = ctx.callback(
        Decision, name="approve the desk", expires_in=timedelta(days=3), labels={"team": "red"}
    )
    return (await callback).approved


@approvals.handler(kind="shared")
async def sign(ctx: awaken.ObjectSharedContext) -> str:
    _, signature = ctx.awakeable(type_hint=str)
    return await signature


@dataclass
class Interfaces:
    """A runtime that waits for a decision about `desk`, and then for a signature, and all its interfaces."""

    environment: Environment
    decision: AwakeableView
    signature: AwakeableView
    admin: httpx.AsyncClient
    remote: RemoteOperations
    control: ControlClient
    inbox: httpx.AsyncClient


@pytest_asyncio.fixture(params=["running", "suspended"])
async def interfaces(request: pytest.FixtureRequest) -> AsyncIterator[Interfaces]:
    configure_callbacks(CallbackSettings("http://localhost/callbacks", LinkSigner({"test": KEY})))
    async with AsyncExitStack() as stack:
        environment = await stack.enter_async_context(open_environment(awaken.app([approvals])))
        runtime = environment.embedded.runtime
        server = RuntimeServer(
            environment.embedded.ingress,
            environment.embedded.admin,
            ingress_bind=ANYWHERE,
            admin_bind=ANYWHERE,
        )
        await server.open()
        stack.push_async_callback(server.close, 0)
        grpc = await start_control_server(runtime)
        stack.push_async_callback(grpc.close, 0)
        control = await stack.enter_async_context(connect_control(f"127.0.0.1:{grpc.port}"))
        remote = connect_runtime(server.ingress_url, server.admin_url)
        stack.push_async_callback(remote.close)
        admin = await stack.enter_async_context(httpx.AsyncClient(base_url=server.admin_url))
        # A page does not show moments of a clock that is ahead of its own.
        pages = httpx.ASGITransport(create_inbox(runtime, now_ms=lambda: environment.now_ms))
        inbox = await stack.enter_async_context(httpx.AsyncClient(transport=pages, base_url="http://inbox"))

        start_ms = environment.now_ms
        first = await environment.client.object_send(decide, key="desk", arg=None)
        await environment.settle()
        await environment.advance(seconds=30)
        second = await environment.client.object_send(sign, key="desk", arg=None)
        await environment.settle()
        if request.param == "suspended":
            await environment.advance(minutes=2)
        decision, signature = environment.pending_awakeables()
        assert start_ms <= (decision.since_ms or 0) < start_ms + 30_000 <= (signature.since_ms or 0)
        assert start_ms <= (decision.expires_at_ms or 0) - 3 * 86_400_000 <= (decision.since_ms or 0)
        assert decision == AwakeableView(
            awakeable_of(first.invocation_id),
            first.invocation_id,
            Target("Approvals", "decide", "desk"),
            request.param,
            decision.since_ms,
            name="approve the desk",
            type_name=name_of_type(Decision),
            labels={"team": "red"},
            expires_at_ms=decision.expires_at_ms,
            beside=("CompletionId 1",),
        )
        assert signature == AwakeableView(
            awakeable_of(second.invocation_id),
            second.invocation_id,
            Target("Approvals", "sign", "desk"),
            request.param,
            signature.since_ms,
        )
        yield Interfaces(environment, decision, signature, admin, remote, control, inbox)


def awakeable_of(invocation_id: str) -> str:
    return _core.format_awakeable_id(_core.parse_invocation_id(invocation_id), 17)


async def test_admin_api_lists_it(interfaces: Interfaces) -> None:
    listed = (await interfaces.admin.get("/awakeables")).json()

    decision, signature = interfaces.decision, interfaces.signature
    assert listed == {
        "awakeables": [
            {
                "id": decision.awakeable_id,
                "invocation": decision.invocation_id,
                "service": "Approvals",
                "handler": "decide",
                "key": "desk",
                "status": decision.status,
                "since": format_time(decision.since_ms or 0),
                "name": "approve the desk",
                "type": decision.type_name,
                "labels": {"team": "red"},
                "expires_at": format_time(decision.expires_at_ms or 0),
                "beside": ["CompletionId 1"],
            },
            {
                "id": signature.awakeable_id,
                "invocation": signature.invocation_id,
                "service": "Approvals",
                "handler": "sign",
                "key": "desk",
                "status": signature.status,
                "since": format_time(signature.since_ms or 0),
            },
        ]
    }


async def test_admin_api_lists_what_is_asked_for(interfaces: Interfaces) -> None:
    async def ids(**wanted: Any) -> list[str]:
        answer = (await interfaces.admin.get("/awakeables", params=wanted)).json()
        return [one["id"] for one in answer["awakeables"]]

    both = [interfaces.decision.awakeable_id, interfaces.signature.awakeable_id]
    first = (await interfaces.admin.get("/awakeables", params={"limit": 1})).json()

    assert await ids(service="Approvals", key="desk") == both
    assert await ids(service="Strangers") == await ids(key="chair") == []
    assert await ids(invocation=interfaces.signature.invocation_id) == both[1:]
    assert [one["id"] for one in first["awakeables"]] == both[:1]
    assert await ids(limit=1, after=first["next"]) == both[1:]
    assert (await interfaces.admin.get("/awakeables", params={"after": "x"})).status_code == 400


async def test_remote_operations_list_it(interfaces: Interfaces) -> None:
    first = await interfaces.remote.awakeables(limit=1)
    second = await interfaces.remote.awakeables(limit=1, after=first.next)

    assert (*first.awakeables, *second.awakeables) == (interfaces.decision, interfaces.signature)
    assert second.next is None


async def test_grpc_lists_and_gets_it(interfaces: Interfaces) -> None:
    listed = [one async for one in interfaces.control.pending_awakeables("Approvals")]
    got = await interfaces.control.get_awakeable(interfaces.decision.awakeable_id)

    assert [message_facts(one) for one in listed] == [facts(interfaces.decision), facts(interfaces.signature)]
    assert got == listed[0]


async def test_inbox_shows_it(interfaces: Interfaces) -> None:
    listed = (await interfaces.inbox.get("/")).text
    asked = (await interfaces.inbox.get(f"/awakeables/{interfaces.decision.awakeable_id}")).text

    times = [
        f'<time datetime="{write_iso(one.since_ms or 0)}"'
        for one in (interfaces.decision, interfaces.signature)
    ]
    assert listed.index(times[0]) < listed.index(times[1])
    for text in (listed, asked):
        shown = re.sub("<[^>]+>", "", text)  # the service is more prominent than its handler
        assert "approve the desk" in shown
        assert "Approvals/decide" in shown
        assert "team: red" in shown
        assert times[0] in text
    assert "answer: Decision" in listed
    assert 'name="do" value="yes"' in asked, "the only yes or no is two buttons"


def facts(one: AwakeableView) -> dict[str, Any]:
    return {
        "id": one.awakeable_id,
        "invocation": one.invocation_id,
        "target": (one.target.service, one.target.handler, one.target.key),
        "since": one.since_ms,
        "name": one.name or "",
        "type": one.type_name or "",
        "labels": dict(one.labels),
        "expires_at": one.expires_at_ms or 0,
    }


def message_facts(one: awakeables_pb2.Awakeable) -> dict[str, Any]:
    assert one.state == awakeables_pb2.Awakeable.STATE_PENDING
    return {
        "id": one.id,
        "invocation": one.invocation_id,
        "target": (one.target.service, one.target.handler, one.target.key),
        "since": one.since.ToMilliseconds(),
        "name": one.name,
        "type": one.type_name,
        "labels": dict(one.labels),
        "expires_at": one.expires_at.ToMilliseconds(),
    }
