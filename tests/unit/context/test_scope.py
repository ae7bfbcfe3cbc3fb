"""Scopes and limit keys of calls and sends."""

# The SDK is an argument here, and its decorators are untyped.
# mypy: disable-error-code="untyped-decorator"

from __future__ import annotations

from datetime import timedelta
from typing import Any

import awaken
import pytest
import restate

from tests import frames
from tests.official import answer_of
from tests.unit.endpoint.fakes import Call


def scoped(sdk: Any) -> Any:
    """Return a service that calls and sends within a scope in every way, for one of the two SDKs."""
    service, thing, flow = sdk.Service("Scoped"), sdk.VirtualObject("Thing"), sdk.Workflow("Flow")

    @thing.handler()
    async def poke(ctx: Any, value: int) -> int:
        return value

    @flow.main()
    async def run(ctx: Any, value: int) -> int:
        return value

    @service.handler()
    async def plain(ctx: Any, value: int) -> int:
        return value

    @service.handler()
    async def everything(ctx: Any) -> None:
        scope = ctx.scope("blue")
        scope.service_call(plain, 1, "limit", "idempotent", {"a": "b"})
        scope.object_call(poke, "k", 2, limit_key="limit")
        scope.workflow_call(run, "k", 3)
        scope.service_send(plain, 4, None, "limit", "idempotent", {"a": "b"})
        scope.object_send(poke, "k", 5, limit_key="limit")
        scope.workflow_send(run, "k", 6, idempotency_key="idempotent")
        ctx.generic_call("S", "h", b"7", "k", "idempotent", {"a": "b"}, "red", "limit")
        ctx.generic_send("S", "h", b"8", "k", None, "idempotent", {"a": "b"}, "red", "limit")
        await ctx.awakeable()[1]

    return service


async def test_scoped_commands_are_those_of_the_official_sdk() -> None:
    call = Call(scoped(awaken), "everything", version=7)
    call.send(frames.request())
    call.end_request()
    await call.until_ended()
    expected = await answer_of(
        restate.app([scoped(restate)]), "Scoped", "everything", frames.request(), version=7
    )

    assert call.answer == [*["Call"] * 3, *["OneWayCall"] * 3, "Call", "OneWayCall", "Suspension"]
    assert frames.read(call.exchange.body)[:-1] == frames.read(expected)[: len(call.answer) - 1]


async def test_scope_needs_version_7() -> None:
    call = Call(scoped(awaken), "everything", version=6)
    call.send(frames.request())
    await call.until_ended()

    assert call.answer == ["Error"]
    assert b"needs protocol version 7" in call.exchange.body


@pytest.mark.parametrize("method", ["generic_call", "generic_send"])
async def test_limit_key_without_a_scope_is_refused_at_once(method: str) -> None:
    service = awaken.Service("S")

    @service.handler()
    async def handler(ctx: awaken.Context) -> str:
        with pytest.raises(ValueError, match="limit_key 'l' needs a scope"):
            getattr(ctx, method)("S", "h", b"", limit_key="l")
        return "refused"

    call = Call(service, "handler", version=7)
    call.send(frames.request())
    await call.until_answer("Output", "End")
    assert b"refused" in call.exchange.body


async def test_delay_of_a_scoped_send_is_a_time() -> None:
    service = awaken.Service("S")

    @service.handler()
    async def handler(ctx: awaken.Context) -> None:
        ctx.scope("blue").service_send(handler, None, timedelta(hours=1))

    call = Call(service, "handler", version=7)
    call.send(frames.request())
    await call.until_answer("OneWayCall", "Output", "End")
    delayed = frames.read(call.exchange.body)[0].payload
    assert b"blue" in delayed
    assert b"\x20" in delayed  # field 4, invoke_time
