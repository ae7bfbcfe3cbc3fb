"""What type checkers know about handlers. The mistakes at the end must be errors."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, assert_type

from awaken.handler import Handler, handler_from_callable
from awaken.object import VirtualObject
from awaken.serde import BytesSerde, DefaultSerde, JsonSerde
from awaken.service import Service
from awaken.workflow import Workflow

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from awaken.context import (
        Context,
        ObjectContext,
        ObjectSharedContext,
        WorkflowContext,
        WorkflowSharedContext,
    )


@dataclass
class Order:
    item: str


greeter = Service("Greeter")
counter = VirtualObject("Counter")
signup = Workflow("Signup")


# Decorators give back what they were given.


@greeter.handler()
async def greet(ctx: Context, order: Order) -> list[str]:
    return [order.item]


@greeter.handler("other", input_serde=BytesSerde(), output_serde=JsonSerde())
async def bare(ctx: Context) -> None: ...


@counter.handler()
async def add(ctx: ObjectContext, n: int) -> int:
    return n


@counter.handler(kind="shared")
async def read(ctx: ObjectSharedContext) -> int:
    return 0


@signup.main()
async def run(ctx: WorkflowContext, email: str) -> bool:
    return bool(email)


@signup.handler()
async def status(ctx: WorkflowSharedContext) -> str:
    return ""


def check_handlers() -> None:
    takes_order: Callable[[Context, Order], Coroutine[Any, Any, list[str]]] = greet
    takes_int: Callable[[ObjectContext, int], Coroutine[Any, Any, int]] = add
    assert takes_order is not None
    assert takes_int is not None
    assert_type(handler_from_callable(greet), Handler[Any, list[str]])
    assert_type(handler_from_callable(read), Handler[Any, int])


async def check_calls(ctx: Context, main: WorkflowContext) -> None:
    assert_type(await greet(ctx, Order("tea")), list[str])
    assert_type(await run(main, "a@b"), bool)
    await greet(ctx, "tea")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]


async def reads(ctx: ObjectSharedContext) -> None: ...


async def looks(ctx: WorkflowSharedContext) -> None: ...


async def check_helpers(
    writer: ObjectContext, main: WorkflowContext, shared: WorkflowSharedContext, plain: Context
) -> None:
    """Functions that only read serve handlers of both kinds."""
    await reads(writer)
    await reads(main)
    await reads(shared)
    await looks(main)
    await reads(plain)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    await looks(writer)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]


def check_serdes() -> None:
    assert_type(DefaultSerde(Order), DefaultSerde[Order])
    assert_type(DefaultSerde(Order).deserialize(b""), Order | None)
    assert_type(DefaultSerde(list[Order]).deserialize(b""), list[Order] | None)
    assert_type(BytesSerde().deserialize(b""), bytes)


# Mistakes. They are never run: most are also refused when they are.


def check_mistakes() -> None:
    @greeter.handler()  # type: ignore[type-var]  # pyright: ignore[reportArgumentType]
    def plain(ctx: Context) -> int:
        return 1

    @greeter.handler()  # type: ignore[type-var]  # pyright: ignore[reportArgumentType]
    async def three(ctx: Context, a: int, b: int) -> None: ...

    @greeter.handler()  # type: ignore[type-var]  # pyright: ignore[reportArgumentType]
    async def of_an_object(ctx: ObjectContext) -> None: ...

    @counter.handler()  # type: ignore[type-var]  # pyright: ignore[reportArgumentType]
    async def of_a_workflow(ctx: WorkflowContext) -> None: ...

    @counter.handler(kind="workflow")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    async def wrong_kind(ctx: ObjectContext) -> None: ...
