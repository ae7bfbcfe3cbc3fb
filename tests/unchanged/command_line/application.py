"""What the command line looks at: one application with something in every state that an invocation can have."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import awaken as restate
from awaken import TerminalError

NEVER = timedelta(days=1)
AT_ONCE = timedelta(0)
PATIENT = restate.InvocationRetryPolicy(initial_interval=NEVER, max_interval=NEVER)

greeter = restate.Service(
    "Greeter", "Greets people.\n\nIn several languages.", {"team": "welcome", "tier": "1"}
)
account = restate.VirtualObject("Account", "Money, by owner.", enable_lazy_state=True)
signup = restate.Workflow("Signup")
backstage = restate.Service("Backstage", ingress_private=True)


@greeter.handler(metadata={"since": "2026"})
async def greet(ctx: restate.Context, name: str) -> str:
    return f"Hello {name}"


@greeter.handler()
async def refuse(ctx: restate.Context, reason: str) -> None:
    raise TerminalError(reason, 418)


@greeter.handler()
async def nap(ctx: restate.Context) -> None:
    await ctx.sleep(NEVER, name="siesta")


@greeter.handler(inactivity_timeout=AT_ONCE)
async def ask(ctx: restate.Context) -> str:
    """Wait for an answer, suspended and pinned to a deployment by its run."""
    await ctx.run_typed("look up", lambda: "found")
    _, answer = ctx.awakeable(type_hint=str)
    return await answer


@greeter.handler(invocation_retry_policy=PATIENT)
async def stumble(ctx: restate.Context) -> None:
    """Fail, and wait a day before the next attempt."""
    raise ValueError("fell over")


@greeter.handler(invocation_retry_policy=PATIENT)
async def trip(ctx: restate.Context) -> None:
    """Fail in a run."""

    def boom() -> None:
        raise ValueError("a stone")

    await ctx.run_typed("walk", boom)


@greeter.handler(
    invocation_retry_policy=restate.InvocationRetryPolicy(max_attempts=1, on_max_attempts="pause")
)
async def give_up(ctx: restate.Context) -> None:
    """Fail, and stay paused."""
    await ctx.run_typed("look up", lambda: "found")
    raise ValueError("nothing to say")


@greeter.handler(ingress_private=True)
async def whisper(ctx: restate.Context, name: str) -> str:
    return f"psst, {name}"


@greeter.handler(inactivity_timeout=AT_ONCE)
async def tour(ctx: restate.Context, name: str) -> str:
    """Record an entry of nearly every kind, then wait."""
    greeting = await ctx.run_typed("look up", lambda: f"Dear {name}")
    await ctx.service_call(whisper, arg=name)
    await ctx.object_call(deposit, key="carol", arg=5)
    ctx.object_send(deposit, key="carol", arg=6)
    ctx.service_send(greet, arg=name, send_delay=NEVER)
    await ctx.sleep(timedelta(milliseconds=100), name="breath")
    ctx.resolve_awakeable("sign_1KWm2hOZDmMRFiu4_49ryuAlEQgn4gXRgAAAAEQ", "late")
    await ctx.object_call(hold, key="dave", arg=None)
    return greeting


@account.handler()
async def deposit(ctx: restate.ObjectContext, amount: int) -> int:
    balance = (await ctx.get("balance", type_hint=int) or 0) + amount
    ctx.set("balance", balance)
    return balance


@account.handler()
async def write(ctx: restate.ObjectContext, values: dict[str, Any]) -> None:
    for name, value in values.items():
        ctx.set(name, value)


@account.handler()
async def write_bytes(ctx: restate.ObjectContext) -> None:
    ctx.set("raw", bytes(range(250, 256)), serde=restate.serde.BytesSerde())


@account.handler()
async def fill(ctx: restate.ObjectContext, size: int) -> None:
    """Write a journal that is too long to be shown, and a value that is too long for a line."""
    for number in range(size):
        ctx.set(f"number-{number % 10}", number)
    ctx.set("text", "äöü'\"\\ " * size)


@account.handler(inactivity_timeout=AT_ONCE)
async def hold(ctx: restate.ObjectContext) -> str:
    """Keep the object until somebody answers."""
    _, answer = ctx.awakeable(type_hint=str)
    return await answer


@account.handler(invocation_retry_policy=PATIENT)
async def stumble_over(ctx: restate.ObjectContext) -> None:
    raise ValueError("fell over")


@account.handler(kind="shared")
async def balance(ctx: restate.ObjectSharedContext) -> int | None:
    return await ctx.get("balance", type_hint=int)


@signup.main(inactivity_timeout=AT_ONCE, workflow_retention=timedelta(days=3))
async def run(ctx: restate.WorkflowContext, email: str) -> str:
    ctx.set("email", email)
    return await ctx.promise("confirmed", type_hint=str).value()


@signup.handler()
async def confirm(ctx: restate.WorkflowSharedContext, how: str) -> None:
    await ctx.promise("confirmed", type_hint=str).resolve(how)


@backstage.handler()
async def prepare(ctx: restate.Context) -> None:
    return None


app = restate.app([greeter, account, signup, backstage])


def _annexe(
    kind: type[restate.Service] | type[restate.VirtualObject],
) -> restate.Service | restate.VirtualObject:
    service = kind("Annexe")

    @service.handler()
    async def enter(ctx: Any, name: str) -> str:
        return f"{name} came in"

    return service


#: A deployment of its own, which scenarios register and change, and one where its service is of another type.
annexe = restate.app([_annexe(restate.Service)])
changed_annexe = restate.app([_annexe(restate.VirtualObject)])
