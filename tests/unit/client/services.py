"""Handlers that clients call; nothing runs them."""

from __future__ import annotations

from dataclasses import dataclass

import awaken as restate

greeter = restate.Service("Greeter")
counter = restate.VirtualObject("Counter")
signup = restate.Workflow("Signup")


@dataclass
class Person:
    name: str
    age: int = 0


@greeter.handler()
async def greet(ctx: restate.Context, person: Person) -> Person:
    return person


@greeter.handler()
async def ping(ctx: restate.Context) -> str:
    return "pong"


@greeter.handler()
async def digest(ctx: restate.Context, data: bytes) -> bytes:
    return data


@greeter.handler(accept="text/*", input_serde=restate.serde.BytesSerde())
async def read(ctx: restate.Context, data: bytes) -> int:
    return len(data)


@counter.handler()
async def add(ctx: restate.ObjectContext, n: int) -> int:
    return n


@signup.main()
async def run(ctx: restate.WorkflowContext, email: str) -> bool:
    return bool(email)


@signup.handler()
async def status(ctx: restate.WorkflowSharedContext) -> str:
    return ""


retirement = restate.Workflow("Retirement")


@retirement.main()
async def retire(ctx: restate.WorkflowContext, name: str) -> dict[str, str]:
    return {}
