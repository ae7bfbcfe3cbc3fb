"""What an environment offers to a test."""

from __future__ import annotations

import asyncio
from contextvars import ContextVar
from datetime import timedelta
from typing import TYPE_CHECKING

import awaken
import pytest
from awaken.context import probe
from awaken.testing import NotThereError, open_environment

from tests.unit.testing import app
from tests.unit.testing.app import add, flaky, naps, sign, two

if TYPE_CHECKING:
    from awaken.testing import Environment

BRIEFLY = timedelta(seconds=0.05)


async def test_handler_is_called_and_its_state_is_there(env: Environment) -> None:
    assert await env.client.object_call(add, key="k", arg=2) == 2
    assert await env.client.object_call(add, key="k", arg=3) == 5

    assert env.state("Tally", "k") == {"total": 5}
    assert env.state("Tally", "other") == {}


async def test_awakeable_by_name_and_time_that_moves_on(env: Environment) -> None:
    sent = await env.client.service_send(sign, arg="lease")
    await env.awakeable("signature").resolve("Ada")
    await env.settle()
    assert env.invocation(sent.invocation_id).status != "completed"

    await env.advance(days=10)

    assert await env.client.attach(sent.invocation_id, type_hint=str) == "lease: Ada, 2"


async def test_rejected_awakeable_is_a_terminal_error(env: Environment) -> None:
    call = asyncio.create_task(env.client.service_call(sign, arg="lease"))
    await env.awakeable("signature").reject("no pen")

    with pytest.raises(awaken.HttpError, match="no pen"):
        await call


async def test_names_tell_awakeables_apart(env: Environment) -> None:
    call = asyncio.create_task(env.client.service_call(two, arg=None))

    await env.awakeable("second").resolve("b")
    await env.awakeable("first").resolve("a")

    assert await call == ["a", "b"]


async def test_several_that_fit_are_told(env: Environment) -> None:
    call = asyncio.create_task(env.client.service_call(two, arg=None))
    await env.awakeable("first").id()
    await env.awakeable("second").id()

    with pytest.raises(NotThereError, match="2 pending awakeables fit: 'first' of inv_"):
        await env.awakeable().resolve("x")
    call.cancel()


async def test_invocation_tells_same_names_apart(env: Environment) -> None:
    first = await env.client.service_send(sign, arg="one")
    second = await env.client.service_send(sign, arg="two")

    await env.awakeable("signature", invocation_id=second.invocation_id).resolve("Bob")
    await env.awakeable("signature", invocation_id=first.invocation_id).resolve("Ada")
    await env.advance(days=10)

    assert await env.client.attach(second.invocation_id, type_hint=str) == "two: Bob, 2"


async def test_each_timer_rings_before_the_next_is_set(env: Environment) -> None:
    call = asyncio.create_task(env.client.service_call(naps, arg=30))

    await env.settle()
    await env.advance(days=31)

    assert await call == 30


async def test_retries_follow_when_time_moves_on() -> None:
    async with open_environment(app.app, retries=True) as env:
        app.OUTSIDE.append(env.effects.record)
        call = asyncio.create_task(env.client.service_call(flaky, arg=None))
        await env.settle()

        await env.advance(minutes=5)

        assert await call == "at last"
        assert env.effects.outside_runs == {"try": 3}


async def test_crash_loses_nothing(env: Environment) -> None:
    app.OUTSIDE.append(env.effects.record)
    call = asyncio.create_task(env.client.service_call(sign, arg="lease"))
    await env.awakeable("signature").id()
    await env.crash()
    await env.awakeable("signature").resolve("Ada")
    await env.settle()
    await env.crash()
    await env.advance(days=10)

    assert await call == "lease: Ada, 2"
    assert env.effects.count("ask") == 1


async def test_disabled_retries_end_the_invocation() -> None:
    async with open_environment(app.app, disable_retries=True) as env:
        with pytest.raises(awaken.HttpError, match="not yet"):
            await env.client.service_call(flaky, arg=None)


async def test_handlers_that_never_rest_are_told() -> None:
    async with open_environment(app.app, patience=BRIEFLY) as env:
        await env.client.service_send(app.stuck, arg=None)
        with pytest.raises(NotThereError, match="handlers did not come to rest within"):
            await env.settle()


async def test_missing_awakeable_is_told() -> None:
    async with open_environment(app.app, patience=BRIEFLY) as env:
        with pytest.raises(NotThereError, match="no handler created an awakeable named 'nobody'"):
            await env.awakeable("nobody").resolve(1)


async def test_patience_in_seconds() -> None:
    async with open_environment(app.app, patience=0.2) as env:
        with pytest.raises(NotThereError, match=r"within 0\.2 s"):
            await env.awakeable("nobody").resolve(1)

    with pytest.raises(ValueError, match="the patience of open_environment"):
        async with open_environment(app.app, patience=0):
            raise AssertionError("it opened")


async def test_result_that_was_kept_long_enough_is_explained() -> None:
    async with open_environment(app.app) as env:
        sent = await env.client.service_send(naps, arg=1)
        await env.advance(days=5)
        with pytest.raises(awaken.HttpError, match="404") as caught:
            await env.client.attach(sent.invocation_id)

    assert (
        f"{sent.invocation_id} has ended, and its result was kept only for its retention"
        in caught.value.__notes__[0]
    )


async def test_centuries_pass_at_once(env: Environment) -> None:
    started = env.now_ms
    await env.advance(days=365 * 1000)

    assert env.now_ms - started >= 365 * 1000 * 86_400_000


async def test_key_of_a_call_is_free_again_after_its_retention(env: Environment) -> None:
    for expected, hours in ((2, 0), (2, 23), (4, 2)):
        await env.advance(timedelta(hours=hours))
        assert await env.client.object_call(add, key="k", arg=2, idempotency_key="once") == expected


async def test_time_does_not_go_back_or_beyond_dates(env: Environment) -> None:
    with pytest.raises(ValueError, match="cannot advance by -1 day, 0:00:00: time does not go back"):
        await env.advance(days=-1)
    with pytest.raises(ValueError, match=r"the duration of advance is .*, which ends after the year 9999"):
        await env.advance(days=10**7)


async def test_nothing_is_left_behind() -> None:
    async with open_environment(app.app):
        assert len(probe.watchers) == 1

    assert probe.watchers == []


async def test_what_is_no_application_is_refused() -> None:
    with pytest.raises(TypeError, match="a int is not an application; give what"):
        async with open_environment(42):
            pass
    with pytest.raises(ValueError, match="the list of services is empty"):
        async with open_environment([]):
            pass


async def test_context_variables_of_a_handler_do_not_reach_the_next_one() -> None:
    variable: ContextVar[str] = ContextVar("variable", default="unset")
    service = awaken.Service("S")

    async def act() -> None:
        variable.set("by a run")

    @service.handler()
    async def callee(ctx: awaken.Context) -> str:
        await ctx.run_typed("act", act)
        return variable.get()

    @service.handler()
    async def caller(ctx: awaken.Context) -> list[str]:
        variable.set("by the caller")
        called = await ctx.service_call(callee, None)
        await ctx.sleep(timedelta(0))
        return [variable.get(), called]

    async with open_environment(service, always_replay=True) as environment:
        for _ in range(2):
            assert await environment.client.service_call(caller, None) == ["by the caller", "unset"]


async def test_run_may_call_another_handler_through_the_client() -> None:
    service = awaken.Service("S")

    @service.handler()
    async def inner(ctx: awaken.Context) -> int:
        return await ctx.run_typed("seven", lambda: 7)

    @service.handler()
    async def outer(ctx: awaken.Context) -> int:
        async def ask() -> int:
            return await environment.client.service_call(inner, None)

        return await ctx.run_typed("ask", ask)

    async with open_environment(service) as environment:
        assert await environment.client.service_call(outer, None) == 7
