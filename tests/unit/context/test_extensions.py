"""What libraries around handlers use: the current context, values of context managers, data kept with an attempt."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import awaken
import pytest
from awaken.extensions import contextvar, current_context
from awaken.server_context import clear_extension_data, get_extension_data, set_extension_data

from tests import frames
from tests.unit.endpoint.fakes import Call

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


def service_with(handler: Any, **options: Any) -> awaken.Service:
    service = awaken.Service("S", **options)
    service.handler(name="h")(handler)
    return service


def test_outside_a_handler_there_is_no_context() -> None:
    assert current_context() is None
    assert awaken.server_context.current_context() is None


async def test_context_is_the_handlers_also_in_tasks_runs_and_threads() -> None:
    seen: list[awaken.Context | None] = []

    def in_thread() -> None:
        seen.append(current_context())

    async def in_task() -> None:
        seen.append(current_context())

    async def handler(ctx: awaken.Context) -> None:
        seen.extend([ctx, current_context()])
        await asyncio.create_task(in_task())
        await ctx.run_typed("task", in_task)
        await ctx.run_typed("thread", in_thread)

    call = Call(service_with(handler), "h")
    call.send(frames.request())
    await call.until_answer("Run", "ProposeRunCompletion")
    call.send(frames.run_completion(1, b""))
    while call.answer.count("ProposeRunCompletion") < 2:
        await asyncio.sleep(0.001)  # a fake has no event
    call.send(frames.run_completion(2, b""))
    await call.until_ended()

    assert seen[0] is not None
    assert seen == [seen[0]] * 5
    assert current_context() is None


async def test_value_of_a_context_manager_is_there_while_it_surrounds_the_handler() -> None:
    events: list[str] = []

    @contextvar
    @asynccontextmanager
    async def resource() -> AsyncIterator[str]:
        """Give a name."""
        events.append(f"enter {current_context() is not None}")
        yield "resource"
        events.append("leave")

    async def handler(ctx: awaken.Context) -> str:
        events.append(resource.value)
        return resource.value

    call = Call(service_with(handler, invocation_context_managers=[resource]), "h")
    call.send(frames.request())
    await call.until_answer("Output", "End")

    assert b'"resource"' in call.exchange.body
    assert events == ["enter True", "resource", "leave"]
    assert resource.__doc__ == "Give a name."
    with pytest.raises(LookupError, match=r"resource has no value here.*invocation_context_managers"):
        _ = resource.value


class Closing:
    def __init__(self, closed: list[str], name: str) -> None:
        self.closed, self.name = closed, name

    def __close__(self) -> None:
        self.closed.append(self.name)
        if self.name == "broken":
            raise ValueError(self.name)


async def test_data_is_kept_with_the_attempt_and_closed_at_its_end() -> None:
    closed: list[str] = []

    async def handler(ctx: awaken.Context) -> Any:
        for name in ("broken", "kept", "cleared"):
            set_extension_data(ctx, name, Closing(closed, name))
        set_extension_data(ctx, "plain", 1)
        clear_extension_data(ctx, "cleared")
        clear_extension_data(ctx, "never there")
        found = [get_extension_data(ctx, "plain"), get_extension_data(ctx, "cleared")]
        await ctx.awakeable()
        return found

    call = Call(service_with(handler), "h")
    call.send(frames.request())
    await call.settle()
    assert closed == []
    call.send(frames.signal(17, b""))
    await call.until_answer("Output", "End")

    assert b"[1, null]" in call.exchange.body
    assert closed == ["broken", "kept"]


async def test_data_is_closed_when_the_connection_is_lost() -> None:
    closed: list[str] = []

    async def handler(ctx: awaken.Context) -> None:
        set_extension_data(ctx, "kept", Closing(closed, "kept"))
        await ctx.awakeable()

    call = Call(service_with(handler), "h")
    call.send(frames.request())
    await call.settle()
    call.receiver.disconnect()
    await call.until(lambda: closed != [])

    assert closed == ["kept"]


async def test_attempt_finished_event_is_set_when_the_attempt_is_over_however_it_ends() -> None:
    events: list[awaken.context.AttemptFinishedEvent] = []

    async def handler(ctx: awaken.Context) -> None:
        event = ctx.request().attempt_finished_event
        assert event is ctx.request().attempt_finished_event
        events.append(event)
        await ctx.awakeable()

    async def started() -> Call:
        call = Call(service_with(handler), "h")
        call.send(frames.request())
        await call.settle()
        assert not events[-1].is_set()
        return call

    (await started()).send(frames.signal(17, b""))
    await events[-1].wait()
    (await started()).end_request()
    await events[-1].wait()
    (await started()).receiver.disconnect()
    await events[-1].wait()

    assert len(events) == 3
