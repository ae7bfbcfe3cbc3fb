"""What type checkers know inside handlers: types flow through all operations. Mistakes, at the end, must be errors."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any, assert_type

import awaken as restate
from awaken.extensions import contextvar, current_context
from awaken.serde import BytesSerde, Serde

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable


@dataclass
class Order:
    item: str


greeter = restate.Service("Greeter")
counter = restate.VirtualObject("Counter")
signup = restate.Workflow("Signup")


@greeter.handler()
async def greet(ctx: restate.Context, order: Order) -> list[str]:
    return [order.item]


@greeter.handler()
async def tick(ctx: restate.Context) -> int:
    return 0


@counter.handler()
async def add(ctx: restate.ObjectContext, n: int) -> int:
    return n


@counter.handler(kind="shared")
async def read(ctx: restate.ObjectSharedContext, _: None) -> int:
    return 0


@signup.main()
async def run(ctx: restate.WorkflowContext, email: str) -> bool:
    return bool(email)


async def measure(order: Order, *, factor: float = 1.0) -> float:
    return len(order.item) * factor


def weigh(order: Order) -> int:
    return len(order.item)


@contextvar
@asynccontextmanager
async def database(name: str = "db") -> AsyncIterator[Order]:
    yield Order(name)


async def check_calls(ctx: restate.Context) -> None:
    assert_type(ctx.service_call(greet, Order("tea")), restate.RestateDurableCallFuture[list[str]])
    assert_type(await ctx.service_call(greet, Order("tea")), list[str])
    assert_type(await ctx.service_call(tick, None), int)
    assert_type(await ctx.object_call(add, key="k", arg=1), int)
    assert_type(await ctx.object_call(read, "k", None), int)
    assert_type(await ctx.workflow_call(run, "k", "a@b"), bool)
    assert_type(ctx.service_send(greet, Order("tea"), send_delay=timedelta(1)), restate.SendHandle)
    assert_type(await ctx.object_send(add, "k", 1).invocation_id(), str)
    assert_type(await ctx.generic_call("S", "h", b""), bytes)
    assert_type(await ctx.service_call(greet, Order("tea")).invocation_id(), str)


async def check_scopes(ctx: restate.Context) -> None:
    scope = ctx.scope("blue")
    assert_type(scope, restate.ScopedContext)
    assert_type(await scope.service_call(greet, Order("tea"), limit_key="l"), list[str])
    assert_type(await scope.object_call(add, "k", 1), int)
    assert_type(scope.workflow_send(run, "k", "a@b"), restate.SendHandle)


async def check_runs(ctx: restate.Context) -> None:
    assert_type(await ctx.run_typed("m", measure, order=Order("tea"), factor=2.0), float)
    assert_type(await ctx.run_typed("w", weigh, restate.RunOptions(max_attempts=3), Order("tea")), int)
    assert_type(await ctx.run("w", lambda: 1), int)
    assert_type(await ctx.time(), float)
    assert_type(await ctx.sleep(timedelta(1)), None)


async def check_results(ctx: restate.WorkflowContext, serde: Serde[Order]) -> None:
    identifier, future = ctx.awakeable(type_hint=Order)
    assert_type(identifier, str)
    assert_type(await future, Order)
    assert_type(await ctx.awakeable(serde), Order)
    assert_type(await ctx.awakeable(BytesSerde()), bytes)
    assert_type(await ctx.signal("s", type_hint=Order), Order)
    assert_type(await ctx.promise("p", type_hint=Order).value(), Order)
    assert_type(await ctx.promise("p", type_hint=Order).peek(), Order | None)
    assert_type(await ctx.promise("p", type_hint=Order), Order)
    assert_type(await ctx.attach_invocation("inv", type_hint=Order), Order)
    assert_type(await ctx.get("s", type_hint=Order), Order | None)
    assert_type(await ctx.get("s", serde), Order | None)
    assert_type(await ctx.state_keys(), list[str])
    assert_type(ctx.key(), str)


async def check_combinations(ctx: restate.Context) -> None:
    call, nap = ctx.service_call(greet, Order("tea")), ctx.sleep(timedelta(1))
    assert_type(await asyncio.gather(call, nap), tuple[list[str], None])
    assert_type(await restate.gather(call, nap), list[restate.RestateDurableFuture[Any]])
    match await restate.select(answer=call, timeout=nap):
        case ["answer", answer]:
            assert_type(answer, Any)
        case ["timeout", _]:
            ...
    async for future in restate.as_completed(call, nap):
        assert_type(future, restate.RestateDurableFuture[Any])


def check_extensions() -> None:
    assert_type(current_context(), restate.Context | None)
    assert_type(database.value, Order)
    restate.Service("S", invocation_context_managers=[database])


class Codec(restate.JournalValueCodec):
    def encode(self, buf: bytes) -> bytes:
        return buf

    async def decode(self, buf: bytes) -> bytes:
        return buf


async def provide() -> restate.JournalValueCodec:
    return Codec()


def check_endpoints(services: list[restate.Service | restate.VirtualObject | restate.Workflow]) -> None:
    restate.app(services, journal_value_codec=Codec())
    restate.app(services, "bidi", identity_keys=["publickeyv1_x"], journal_value_codec=provide)
    assert_type(restate.Endpoint().bind(greeter, counter, signup), restate.Endpoint)


# Mistakes. They are never run.


async def check_mistakes(ctx: restate.Context, shared: restate.ObjectSharedContext) -> None:
    # another argument than the handler takes
    ctx.service_call(greet, "tea")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    ctx.object_send(add, "k", "1")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    ctx.scope("s").service_call(greet, 1)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    # no key
    ctx.object_call(add, 1)  # type: ignore[call-arg, arg-type]  # pyright: ignore[reportCallIssue]
    # a result that is used as another type
    text: str = await ctx.service_call(tick, None)  # type: ignore[arg-type]  # pyright: ignore[reportAssignmentType]
    # a result that is used without being awaited
    ctx.service_call(tick, None) + 1  # type: ignore[operator]  # pyright: ignore[reportOperatorIssue, reportUnusedExpression]
    # other arguments than the closure takes
    ctx.run_typed("m", measure, Order("tea"))  # type: ignore[call-overload]  # pyright: ignore[reportCallIssue, reportArgumentType]
    # a value that may be absent
    count: Awaitable[int] = shared.get("n", type_hint=int)  # type: ignore[assignment]  # pyright: ignore[reportAssignmentType]
    # writing from a shared handler
    shared.set("n", 1)  # type: ignore[attr-defined]  # pyright: ignore[reportAttributeAccessIssue]
    # a promise outside of a workflow
    ctx.promise("p")  # type: ignore[attr-defined]  # pyright: ignore[reportAttributeAccessIssue]
    # an asyncio future among durable ones
    await restate.gather(asyncio.sleep(1))  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    # something that is not a codec
    restate.app([], journal_value_codec="rot13")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    del text, count
