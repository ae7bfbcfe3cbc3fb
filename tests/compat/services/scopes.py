"""Calls within a scope, which a server accepts only with the features for it."""

from __future__ import annotations

import json
from typing import Any

from tests.compat.sdk import named, restate

scoped = restate.Service(named("Scoped"))


@scoped.handler()
async def where(ctx: restate.Context, word: str) -> list[Any]:
    request = ctx.request()
    return [word, request.scope, request.limit_key]


@scoped.handler()
async def everywhere(ctx: restate.Context) -> list[Any]:
    tenant = ctx.scope("tenant")
    sent = tenant.service_send(where, "sent", limit_key="a")
    by_name = await ctx.generic_call(
        named("Scoped"), "where", json.dumps("by name").encode(), scope="tenant", limit_key="a/b"
    )
    return [
        await tenant.service_call(where, "called", "a/b"),
        await tenant.service_call(where, "without a key"),
        json.loads(by_name),
        await ctx.attach_invocation(await sent.invocation_id(), type_hint=list[Any]),
        await ctx.service_call(where, "outside"),
    ]
