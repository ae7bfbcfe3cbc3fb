"""Handlers that the runtime's tests run."""

from __future__ import annotations

import asyncio
from collections import Counter
from datetime import timedelta
from functools import partial

from awaken import (
    Context,
    InvocationRetryPolicy,
    ObjectContext,
    ObjectSharedContext,
    RetryableError,
    Service,
    TerminalError,
    VirtualObject,
    Workflow,
    WorkflowContext,
    WorkflowSharedContext,
)
from awaken.context.futures import RestateDurableFuture

echo = Service("Echo")
counter = VirtualObject("Counter")
approval = Workflow("Approval")


@echo.handler("echo")
async def echo_back(ctx: Context, value: str) -> str:
    return value


@echo.handler()
async def runs(ctx: Context, count: int) -> list[int]:
    return [await ctx.run_typed(f"run {index}", partial(int, index)) for index in range(count)]


@echo.handler()
async def nap(ctx: Context, milliseconds: int) -> str:
    await ctx.sleep(timedelta(milliseconds=milliseconds))
    return "rested"


@echo.handler()
async def wait(ctx: Context) -> str:
    _, result = ctx.awakeable(type_hint=str)
    return await result


@echo.handler()
async def refuse(ctx: Context) -> None:
    raise TerminalError("teapot", status_code=418, metadata={"k": "v"})


@echo.handler()
async def call_echo(ctx: Context, value: str) -> str:
    return await ctx.service_call(echo_back, arg=value)


@echo.handler()
async def call_wait(ctx: Context) -> str:
    return await ctx.service_call(wait, arg=None)


@echo.handler()
async def send_wait(ctx: Context) -> str:
    handle = ctx.service_send(wait, arg=None)
    invocation_id = await handle.invocation_id()
    await ctx.sleep(timedelta(days=1))
    return invocation_id


@echo.handler()
async def resolve(ctx: Context, awakeable_id: str) -> None:
    ctx.resolve_awakeable(awakeable_id, "from a handler")


@echo.handler()
async def attach(ctx: Context, invocation_id: str) -> str:
    return await ctx.attach_invocation(invocation_id, type_hint=str)


@counter.handler()
async def add(ctx: ObjectContext, amount: int) -> int:
    total = (await ctx.get("total", type_hint=int) or 0) + amount
    ctx.set("total", total)
    return total


@counter.handler()
async def add_then_wait(ctx: ObjectContext, amount: int) -> str:
    ctx.set("total", (await ctx.get("total", type_hint=int) or 0) + amount)
    _, result = ctx.awakeable(type_hint=str)
    return await result


@counter.handler(kind="shared")
async def total(ctx: ObjectSharedContext) -> int | None:
    return await ctx.get("total", type_hint=int)


@approval.main()
async def run(ctx: WorkflowContext) -> str:
    return await ctx.promise("decision", type_hint=str).value()


@approval.handler()
async def decide(ctx: WorkflowSharedContext, decision: str) -> None:
    await ctx.promise("decision", type_hint=str).resolve(decision)


@approval.handler()
async def peek(ctx: WorkflowSharedContext) -> str | None:
    return await ctx.promise("decision", type_hint=str).peek()


#: How often a handler of Failing was entered, by what the test called it.
ENTERED: Counter[str] = Counter()

failing = Service(
    "Failing",
    invocation_retry_policy=InvocationRetryPolicy(
        initial_interval=timedelta(milliseconds=100),
        exponentiation_factor=2.0,
        max_attempts=3,
        on_max_attempts="kill",
    ),
)
pausing = Service(
    "Pausing",
    invocation_retry_policy=InvocationRetryPolicy(
        initial_interval=timedelta(milliseconds=100), max_attempts=2, on_max_attempts="pause"
    ),
)
impatient = VirtualObject(
    "Impatient", inactivity_timeout=timedelta(seconds=1), abort_timeout=timedelta(seconds=2)
)

lazy = VirtualObject("Lazy", enable_lazy_state=True)

asking = Service("Asking")

#: All services; the handlers below are added before anyone reads the list.
SERVICES = (echo, counter, approval, failing, pausing, impatient, lazy, asking)


@asking.handler()
async def ask(ctx: Context) -> str:
    """Wait for two people."""
    verdict = await ctx.approve("Pay?", details="**ACME**", approvers=["ann", "bob"], quorum=2)
    return str(verdict.approved)


@failing.handler()
async def fail_until(ctx: Context, succeeding: int) -> str:
    """Fail before the attempt of this number."""
    ENTERED["fail_until"] += 1
    if ENTERED["fail_until"] < succeeding:
        raise ValueError(f"attempt {ENTERED['fail_until']}")
    return "at last"


@failing.handler()
async def echo_at_last(ctx: Context, value: str) -> str:
    ENTERED["echo_at_last"] += 1
    if ENTERED["echo_at_last"] == 1:
        raise ValueError("not at first")
    return value


@failing.handler()
async def fail_with_delay(ctx: Context, times: int) -> str:
    ENTERED["fail_with_delay"] += 1
    if ENTERED["fail_with_delay"] <= times:
        raise RetryableError("not yet", retry_after=timedelta(milliseconds=700))
    return "at last"


@pausing.handler()
async def fail_until_fixed(ctx: Context) -> str:
    ENTERED["fail_until_fixed"] += 1
    if "fixed" not in ENTERED:
        raise ValueError("broken")
    return "repaired"


@impatient.handler("wait")
async def wait_impatiently(ctx: ObjectContext) -> str:
    _, result = ctx.awakeable(type_hint=str)
    return await result


@impatient.handler()
async def hang(ctx: ObjectContext) -> str:
    """Do something that is not durable, forever."""
    ENTERED["hang"] += 1
    await asyncio.get_running_loop().create_future()
    return "never"


@impatient.handler()
async def either(ctx: ObjectContext) -> str:
    """Wait for the first of two awakeables, and then for the second."""
    _, first = ctx.awakeable(type_hint=str)
    _, second = ctx.awakeable(type_hint=str)
    return await first + await second


@echo.handler()
async def call_stranger(ctx: Context) -> bytes:
    return await ctx.generic_call("Stranger", "hello", b"")


@echo.handler()
async def call_key(ctx: Context, size: int) -> int | None:
    return await ctx.object_call(total, key="k" * size, arg=None)


@echo.handler()
async def call_and_send_wait(ctx: Context) -> str:
    ctx.service_send(wait, arg=None)
    return await ctx.service_call(call_wait, arg=None)


@impatient.handler(kind="shared")
async def set_from_shared(ctx: ObjectSharedContext) -> None:
    ObjectContext.set(ctx, "total", 1)  # type: ignore[arg-type]


@counter.handler()
async def everything(ctx: ObjectContext, amount: int) -> list[int | str | None]:
    """Use each kind of durable operation once."""
    before = await ctx.get("total", type_hint=int) or 0
    ctx.set("total", before + amount)
    rolled = await ctx.run_typed("roll", partial(int, 4))
    await ctx.sleep(timedelta(seconds=10))
    echoed = await ctx.service_call(echo_back, arg="hello")
    ctx.object_send(add, key="other", arg=amount)
    ctx.service_send(echo_back, arg="later", send_delay=timedelta(seconds=20))
    _, awaited = ctx.awakeable(type_hint=str)
    return [before, rolled, echoed, await awaited, await ctx.get("total", type_hint=int)]


@lazy.handler()
async def use_state(ctx: ObjectContext) -> list[list[str]]:
    ctx.set("a", "1")
    ctx.set("b", "2")
    ctx.set("c", "3")
    before = list(await ctx.state_keys())
    ctx.clear("b")
    after = list(await ctx.state_keys())
    value = await ctx.get("c", type_hint=str)
    missing = await ctx.get("b", type_hint=str)
    ctx.clear_all()
    return [before, after, [str(value), str(missing)], list(await ctx.state_keys())]


@echo.handler()
async def signalled(ctx: Context) -> list[str]:
    """Wait for two signals of one name."""
    return [await ctx.signal("news", type_hint=str), await ctx.signal("news", type_hint=str)]


@echo.handler()
async def signal(ctx: Context, invocation_id: str) -> None:
    ctx.resolve_signal(invocation_id, "news", "first")
    ctx.resolve_signal(invocation_id, "news", "second")


@echo.handler()
async def promise_outside(ctx: Context) -> None:
    await WorkflowContext.promise(ctx, "decision").value()  # type: ignore[arg-type]


@approval.handler()
async def deny(ctx: WorkflowSharedContext, reason: str) -> None:
    await ctx.promise("decision", type_hint=str).reject(reason, code=451)


@echo.handler()
async def count_around_a_wait(ctx: Context) -> str:
    await ctx.object_call(add, key="shared", arg=1)
    _, result = ctx.awakeable(type_hint=str)
    answer = await result
    ctx.object_send(add, key="shared", arg=1)
    return answer


@echo.handler()
async def sleep_until(ctx: Context, wake_up_ms: int) -> None:
    """Request any time that the protocol can express, as SDKs do that do not check it."""
    driver = ctx._driver
    handle = driver.issue("sleep").sleep(wake_up_ms)
    await RestateDurableFuture(driver, handle, None, "sleep")


@echo.handler()
async def send_until(ctx: Context, invoke_time_ms: int) -> None:
    """Send at any time that the protocol can express."""
    ctx._driver.issue("send").send("Echo", "nap", b"1", invoke_time_ms=invoke_time_ms)


@echo.handler()
async def retry_in(ctx: Context, delay_ms: int) -> None:
    """Fail with any delay that the protocol can express."""
    ctx._driver.issue("fail")
    ctx._driver.machine.retry(500, "later", "", next_retry_delay_ms=delay_ms)
    await ctx.sleep(timedelta(0))
