"""Runs execute in tasks of their own: what happens to the handler's tasks does not happen to them, and the reverse."""

from __future__ import annotations

import asyncio
import contextvars
import decimal
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import anyio
import awaken
import pytest
from awaken import errors
from awaken.errors import LocalProtocolError

from tests import frames
from tests.unit.endpoint.fakes import Call

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable


def call_of(handler: Any, **options: Any) -> Call:
    service = awaken.Service("S")
    service.handler(name="h")(handler)
    return Call(service, "h", **options)


class Slow:
    """A run's action that lets its wait be given up as soon as it executes, and then waits for its gate."""

    def __init__(self) -> None:
        self.gate = asyncio.Event()
        self.give_up: Callable[[], object] = lambda: None
        self.executions = 0
        self.ended_by: type[BaseException] | None = None

    async def __call__(self) -> int:
        self.executions += 1
        self.give_up()
        try:
            await self.gate.wait()
        except BaseException as error:
            self.ended_by = type(error)
            raise
        return 7


# Each waits until something that is not durable ends the wait, and raises TimeoutError then. No time has to pass for
# that: the run does what the clock would do.


async def by_timeout(future: Awaitable[Any], slow: Slow) -> Any:
    async with asyncio.timeout(None) as limit:
        slow.give_up = lambda: limit.reschedule(0)
        return await future


async def by_nested_timeouts(future: Awaitable[Any], slow: Slow) -> Any:
    async with asyncio.timeout(None) as outer, asyncio.timeout(3600):
        slow.give_up = lambda: outer.reschedule(0)
        return await future


async def by_wait_for(future: Awaitable[Any], slow: Slow) -> Any:
    return await asyncio.wait_for(future, 0.001)


async def by_wait_for_of_a_coroutine(future: Awaitable[Any], slow: Slow) -> Any:
    async def wait() -> Any:
        return await future

    return await asyncio.wait_for(wait(), 0.001)


async def by_anyio(future: Awaitable[Any], slow: Slow) -> Any:
    with anyio.fail_after(3600) as scope:

        def expire() -> None:
            scope.deadline = anyio.current_time()

        slow.give_up = expire
        return await future


async def by_anyio_cancel(future: Awaitable[Any], slow: Slow) -> Any:
    with anyio.CancelScope() as scope:
        slow.give_up = scope.cancel
        return await future
    raise TimeoutError


async def by_cancelling_the_task(future: Awaitable[Any], slow: Slow) -> Any:
    async def wait() -> Any:
        return await future

    task = asyncio.create_task(wait())
    slow.give_up = task.cancel
    try:
        return await task
    except asyncio.CancelledError:
        raise TimeoutError from None


async def by_cancelling_itself(future: Awaitable[Any], slow: Slow) -> Any:
    current = asyncio.current_task()
    assert current is not None
    slow.give_up = current.cancel
    try:
        return await future
    except asyncio.CancelledError:
        current.uncancel()
        raise TimeoutError from None


WAYS = [
    by_timeout,
    by_nested_timeouts,
    by_wait_for,
    by_wait_for_of_a_coroutine,
    by_anyio,
    by_anyio_cancel,
    by_cancelling_the_task,
    by_cancelling_itself,
]


@pytest.mark.parametrize("way", WAYS)
async def test_timeout_of_asyncio_raises_in_the_handler_and_the_run_goes_on(way: Any) -> None:
    slow = Slow()

    async def handler(ctx: awaken.Context) -> list[Any]:
        run = ctx.run_typed("slow", slow)
        with pytest.raises(TimeoutError):
            await way(run, slow)
        slow.gate.set()
        return [await run, await run, await asyncio.gather(run)]

    call = call_of(handler)
    call.send(frames.request())
    while "ProposeRunCompletion" not in call.answer:
        await asyncio.sleep(0.001)  # a timer of the loop
    call.send(frames.run_completion(1, b"7"))
    await call.until_ended()

    assert call.answer == ["Run", "ProposeRunCompletion", "Output", "End"]
    assert b"[7, 7, [7]]" in call.exchange.body
    assert slow.executions == 1


@pytest.mark.parametrize("way", WAYS)
async def test_run_that_was_given_up_ends_with_the_handler(way: Any) -> None:
    slow = Slow()

    async def handler(ctx: awaken.Context) -> str:
        try:
            return f"{await way(ctx.run_typed('slow', slow), slow)}"
        except TimeoutError as error:
            return type(error).__name__

    call = call_of(handler)
    call.send(frames.request())
    while not call.exchange.is_ended:
        await asyncio.sleep(0.001)  # a timer of the loop
    await call.settle()

    assert call.answer == ["Run", "Output", "End"]
    assert b'"TimeoutError"' in call.exchange.body
    if slow.executions:  # a timer of the loop may be faster than the start of a run
        assert slow.ended_by is asyncio.CancelledError


async def test_plain_function_goes_on_when_its_wait_times_out() -> None:
    import threading

    gate = threading.Event()

    def slow() -> int:
        assert gate.wait(10)
        return 7

    async def handler(ctx: awaken.Context) -> int:
        run = ctx.run_typed("slow", slow)
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(run, 0.001)
        gate.set()
        return await run

    call = call_of(handler)
    call.send(frames.request())
    while "ProposeRunCompletion" not in call.answer:
        await asyncio.sleep(0.001)  # a thread and a timer
    call.send(frames.run_completion(1, b"7"))
    await call.until_ended()
    assert call.answer == ["Run", "ProposeRunCompletion", "Output", "End"]


async def test_next_run_executes_beside_the_one_that_was_given_up() -> None:
    slow = Slow()

    async def handler(ctx: awaken.Context) -> list[int]:
        first = ctx.run_typed("slow", slow)
        with pytest.raises(TimeoutError):
            await by_timeout(first, slow)
        second = await ctx.run_typed("quick", int)
        slow.gate.set()
        return [await first, second]

    call = call_of(handler)
    call.send(frames.request())
    while "ProposeRunCompletion" not in call.answer:
        await asyncio.sleep(0.001)  # a thread
    call.send(frames.run_completion(2, b"0"))
    await call.until_answer("Run", "Run", "ProposeRunCompletion", "ProposeRunCompletion")
    call.send(frames.run_completion(1, b"7"))
    await call.until_ended()
    assert b"[7, 0]" in call.exchange.body


async def test_handler_that_gave_a_run_up_suspends_without_it() -> None:
    slow = Slow()

    async def handler(ctx: awaken.Context) -> None:
        with pytest.raises(TimeoutError):
            await by_timeout(ctx.run_typed("slow", slow), slow)
        await ctx.sleep(timedelta(hours=1))

    call = call_of(handler)
    call.send(frames.request())
    call.end_request()
    await call.until_answer("Run", "Sleep", "Suspension")
    await call.settle()
    assert slow.ended_by is asyncio.CancelledError


@pytest.mark.parametrize("version", [5, 6, 7])
async def test_attempt_suspends_when_the_run_it_awaits_has_ended(version: int) -> None:
    slow = Slow()

    async def handler(ctx: awaken.Context) -> int:
        return await ctx.run_typed("slow", slow)

    call = call_of(handler, version=version)
    call.send(frames.request())
    await call.until(lambda: slow.executions == 1)
    call.end_request()
    await call.settle()
    assert call.answer == ["Run"]
    slow.gate.set()
    await call.until_answer("Run", "ProposeRunCompletion", "Suspension")


async def test_cancelled_invocation_is_told_while_its_run_executes() -> None:
    slow = Slow()

    async def handler(ctx: awaken.Context) -> list[Any]:
        run = ctx.run_typed("slow", slow)
        with pytest.raises(awaken.TerminalError, match="cancelled") as caught:
            await run
        slow.gate.set()
        return [caught.value.status_code, await run]

    call = call_of(handler)
    call.send(frames.request())
    await call.until(lambda: slow.executions == 1)
    call.send(frames.CANCEL)
    await call.until_answer("Run", "ProposeRunCompletion")
    call.send(frames.run_completion(1, b"7"))
    await call.until_ended()
    assert b"[409, 7]" in call.exchange.body


@pytest.mark.parametrize("error", [KeyboardInterrupt, SystemExit, GeneratorExit, asyncio.CancelledError])
@pytest.mark.parametrize("is_plain", [False, True])
async def test_whatever_a_run_raises_has_the_attempt_retried(
    error: type[BaseException], is_plain: bool
) -> None:
    def plain() -> None:
        raise error("out of a run")

    async def act() -> None:
        plain()

    async def handler(ctx: awaken.Context) -> None:
        try:
            await ctx.run_typed("bad", plain if is_plain else act)
        except Exception:  # the end of an attempt is not an Exception
            return

    call = call_of(handler)
    call.send(frames.request())
    while not call.exchange.is_ended:
        await asyncio.sleep(0.001)  # a thread
    assert call.answer == ["Run", "Error"]
    assert error.__name__.encode() in call.exchange.body


@pytest.mark.parametrize("error", [KeyboardInterrupt, SystemExit, GeneratorExit, ValueError])
async def test_run_that_fails_while_it_is_cancelled_harms_nothing(
    error: type[BaseException], caplog: pytest.LogCaptureFixture
) -> None:
    slow = Slow()

    async def act() -> None:
        try:
            await slow()
        finally:
            raise error("while it is cleaning up")

    async def handler(ctx: awaken.Context) -> None:
        await ctx.run_typed("bad", act)

    call = call_of(handler)
    call.send(frames.request())
    await call.until(lambda: slow.executions == 1)
    call.receiver.disconnect()
    await call.settle()
    assert slow.ended_by is asyncio.CancelledError
    assert not caplog.records


async def test_failing_run_unwinds_its_handler_with_an_error_of_the_attempt() -> None:
    seen: list[type[BaseException] | None] = []

    async def act() -> None:
        raise ValueError("no")

    async def handler(ctx: awaken.Context) -> None:
        try:
            await ctx.run_typed("bad", act)
        except BaseException as error:
            seen.append(type(error))
            raise

    call = call_of(handler)
    call.send(frames.request())
    await call.until_answer("Run", "Error")
    await call.until_ended()
    assert seen == [errors.AttemptClosedError]


async def test_handler_that_waits_elsewhere_is_ended_by_the_failure_of_its_run() -> None:
    slow = Slow()

    async def act() -> None:
        await slow()
        raise ValueError("no")

    async def handler(ctx: awaken.Context) -> None:
        with pytest.raises(TimeoutError):
            await by_timeout(ctx.run_typed("bad", act), slow)
        slow.gate.set()
        await asyncio.sleep(3600)

    call = call_of(handler)
    call.send(frames.request())
    await call.until_ended()
    assert call.answer == ["Run", "Error"]


variable: contextvars.ContextVar[str] = contextvars.ContextVar("variable", default="unset")


async def test_what_a_run_sets_in_its_context_stays_there() -> None:
    async def act() -> list[Any]:
        seen = [variable.get(), decimal.getcontext().prec]
        variable.set("by the run")
        decimal.setcontext(decimal.Context(prec=3))
        await asyncio.sleep(0)
        return [*seen, variable.get(), decimal.getcontext().prec]

    async def handler(ctx: awaken.Context) -> list[Any]:
        variable.set("by the handler")
        decimal.setcontext(decimal.Context(prec=9))
        inside = await ctx.run_typed("leaky", act)
        return [inside, variable.get(), decimal.getcontext().prec]

    live = call_of(handler)
    live.send(frames.request())
    await live.until_answer("Run", "ProposeRunCompletion")
    proposal = frames.read(live.exchange.body)[1].payload
    assert b'["by the handler", 9, "by the run", 3]' in proposal
    live.send(frames.run_completion(1, b"[]"))
    await live.until_ended()

    replay = call_of(handler)
    replay.send(frames.request(b"", frames.run_command(1, "leaky"), frames.run_completion(1, b"[]")))
    await replay.until_ended()
    for call in (live, replay):
        assert b'[[], "by the handler", 9]' in call.exchange.body


async def test_run_is_the_current_task_of_what_it_calls() -> None:
    seen: list[asyncio.Task[Any] | None] = []

    async def act() -> str:
        seen.append(asyncio.current_task())
        try:
            async with asyncio.timeout(0):
                await asyncio.sleep(3600)
        except TimeoutError:
            pass
        with anyio.move_on_after(0):
            await anyio.sleep(3600)
        async with asyncio.TaskGroup() as group:
            group.create_task(asyncio.sleep(0))
        return "alive"

    async def handler(ctx: awaken.Context) -> None:
        seen.append(asyncio.current_task())
        await ctx.run_typed("busy", act)

    call = call_of(handler)
    call.send(frames.request())
    await call.until_answer("Run", "ProposeRunCompletion")
    assert b'"alive"' in call.exchange.body
    assert seen[0] is not seen[1]
    call.receiver.disconnect()


async def test_run_that_awaits_a_durable_result_is_refused() -> None:
    caught: list[Exception] = []

    async def handler(ctx: awaken.Context) -> None:
        awakeable = ctx.awakeable()

        async def act() -> None:
            for wait in (awakeable, asyncio.wait([awakeable.future])):
                try:
                    await wait
                except LocalProtocolError as error:
                    caught.append(error)

        await ctx.run_typed("curious", act)

    call = call_of(handler)
    call.send(frames.request())
    await call.until_answer("Run", "ProposeRunCompletion")
    call.receiver.disconnect()
    await call.settle()
    texts = [str(error) for error in caught]
    assert len(texts) == 2
    for text in texts:
        assert 'inside the run "curious" of S/h' in text
        assert "await awakeable sign_1" in text


class GatedCodec(awaken.JournalValueCodec):
    """Changes nothing, and takes its time to read."""

    def __init__(self, gate: asyncio.Event) -> None:
        self.gate = gate
        self.decoding = 0

    def encode(self, buf: bytes) -> bytes:
        return buf

    async def decode(self, buf: bytes) -> bytes:
        self.decoding += 1
        await self.gate.wait()
        return buf


async def test_result_whose_decoding_was_not_waited_for_is_there_later() -> None:
    codec = GatedCodec(asyncio.Event())

    async def handler(ctx: awaken.Context) -> list[str]:
        future = ctx.awakeable(type_hint=str).future
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.001):
                await future
        codec.gate.set()
        return [await future, await future]

    call = call_of(handler, journal_value_codec=codec)
    call.send(frames.request(b"", frames.signal(17, b'"yes"')))
    while not call.exchange.is_ended:
        await asyncio.sleep(0.001)  # a timer of the loop
    assert b'["yes", "yes"]' in call.exchange.body
    assert codec.decoding == 1
