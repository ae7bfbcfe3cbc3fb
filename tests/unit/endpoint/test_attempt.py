"""One attempt over a fake exchange: what the handler sees, and what leaves."""

from __future__ import annotations

import asyncio
import copy
import gc
import pickle
from datetime import date, timedelta
from typing import Any

import awaken
import pytest
from awaken.endpoint.attempt import Attempt
from awaken.errors import (
    InvocationCancelledError,
    RetryableError,
    SdkInternalBaseException,
    SuspendedException,
)

from tests import frames
from tests.unit.endpoint.fakes import Call


def service_with(handler: Any) -> awaken.Service:
    service = awaken.Service("S")
    service.handler(name="h")(handler)
    return service


async def test_greet_answers_with_one_write_and_ends() -> None:
    async def greet(ctx: awaken.Context, name: str) -> str:
        return f"Hello {name}!"

    call = Call(service_with(greet), "h")
    call.send(frames.request(b'"Bob"'))
    await call.until_ended()

    assert call.exchange.status == 200
    assert call.exchange.response_headers["content-type"] == "application/vnd.restate.invocation.v6"
    assert call.exchange.body.hex() == "0401000000000010720e0a0c2248656c6c6f20426f622122" + "0003000000000000"
    assert call.exchange.writes == 1


async def test_attempt_is_freed_at_its_end_without_the_garbage_collector() -> None:
    async def work(ctx: awaken.Context) -> list[int]:
        await ctx.run_typed("act", lambda: 1)
        return list(await asyncio.gather(ctx.signal("a"), ctx.signal("b")))

    service = service_with(work)
    run = (frames.run_command(1, "act"), frames.run_completion(1, b"1"))
    signals = [
        frames.frame(0xFBFF, frames.blob(3, name) + frames.blob(5, frames.value(b"1"))) for name in ("a", "b")
    ]
    gc.collect()
    gc.disable()
    try:
        before = attempts_alive()
        for sent in (
            [],
            [*run],
            [*run, *signals],
        ):  # one suspends in a run, one at the signals, one completes
            call = Call(service, "h")
            call.send(frames.request(b"", *sent))
            await call.settle()
            call.end_request()
            await call.until_ended()
            await call.settle()
        lost = Call(service, "h")
        lost.send(frames.request())
        await lost.settle()
        lost.receiver.disconnect()
        # A thread of a run keeps the run's context, and with it the attempt, until it has ended.
        await asyncio.get_running_loop().shutdown_default_executor()
        await lost.settle()
        del call, lost
        after = attempts_alive()
    finally:
        gc.enable()

    assert after == before


def attempts_alive() -> int:
    return sum(type(each) is Attempt for each in gc.get_objects())


async def test_handler_waits_for_an_awakeable_and_goes_on_in_the_same_attempt() -> None:
    seen: list[str] = []

    async def wait(ctx: awaken.Context) -> str:
        awakeable = ctx.awakeable(type_hint=str)
        identifier, future = awakeable
        assert identifier == awakeable.id
        assert future is awakeable.future
        seen.append(identifier)
        return await awakeable

    call = Call(service_with(wait), "h")
    call.send(frames.request())
    await call.settle()
    assert call.answer == []
    call.send(frames.signal(17, b'"yes"'))
    await call.until_answer("Output", "End")

    assert seen == ["sign_1sf902udLPZuGobB_hAWgaXlo1imYnqYVAAAAEQ"]
    assert call.exchange.body.endswith(b'"yes"' + bytes.fromhex("0003000000000000"))


async def test_handler_suspends_when_the_request_ends_and_unwinds() -> None:
    unwound: list[BaseException] = []

    async def wait(ctx: awaken.Context) -> str:
        try:
            return await ctx.awakeable(type_hint=str)
        except BaseException as error:
            unwound.append(error)
            raise

    call = Call(service_with(wait), "h")
    call.send(frames.request())
    call.end_request()
    await call.until_ended()

    assert call.exchange.body.hex() == "000100000000000412021101"
    assert isinstance(unwound[0], SdkInternalBaseException)


async def test_rejected_awakeable_raises_a_terminal_error_with_code_and_message() -> None:
    async def wait(ctx: awaken.Context) -> str:
        try:
            return await ctx.awakeable(type_hint=str)
        except awaken.TerminalError as error:
            return f"{error.status_code} {error.message}"

    call = Call(service_with(wait), "h")
    call.send(frames.request(b"", frames.rejection(17, 432, "no")))
    await call.until_ended()

    assert b'"432 no"' in call.exchange.body


async def test_payload_of_another_type_is_a_terminal_error_that_names_awakeable_and_type() -> None:
    async def wait(ctx: awaken.Context) -> date:
        return await ctx.awakeable(type_hint=date)

    call = Call(service_with(wait), "h")
    call.send(frames.request(b"", frames.signal(17, b'{"a": 1}')))
    await call.until_answer("Output", "End")

    assert b"awakeable sign_1sf902udLPZuGobB_hAWgaXlo1imYnqYVAAAAEQ" in call.exchange.body
    assert b"cannot read date" in call.exchange.body


async def test_run_is_executed_once_and_its_command_and_proposal_leave_together() -> None:
    executed: list[str] = []

    async def effect(name: str) -> str:
        executed.append(name)
        return name.upper()

    async def handler(ctx: awaken.Context) -> str:
        return await ctx.run_typed("r", effect, name="a")

    call = Call(service_with(handler), "h")
    call.send(frames.request())
    await call.until_answer("Run", "ProposeRunCompletion")
    assert call.exchange.writes == 1
    call.send(frames.run_completion(1, b'"A"'))
    await call.until_ended()
    assert call.answer == ["Run", "ProposeRunCompletion", "Output", "End"]

    replay = Call(service_with(handler), "h")
    replay.send(frames.request(b"", frames.run_command(1, "r"), frames.run_completion(1, b'"A"')))
    await replay.until_ended()
    assert replay.answer == ["Output", "End"]
    assert executed == ["a"]


async def test_plain_function_runs_in_a_thread() -> None:
    import threading

    def effect() -> str:
        return threading.current_thread().name

    async def handler(ctx: awaken.Context) -> str:
        return await ctx.run_typed("r", effect)

    call = Call(service_with(handler), "h")
    call.send(frames.request())
    while "ProposeRunCompletion" not in call.answer:
        await asyncio.sleep(0.001)  # a fake has no event
    proposal = frames.read(call.exchange.body)[1].payload
    assert b"MainThread" not in proposal


async def test_run_without_policy_fails_the_attempt_and_leaves_the_delay_to_the_runtime() -> None:
    async def effect() -> str:
        raise ValueError("boom")

    async def handler(ctx: awaken.Context) -> str:
        return await ctx.run_typed("charge", effect)

    call = Call(service_with(handler), "h")
    call.send(frames.request())
    await call.until_ended()

    assert call.answer == ["Run", "Error"]
    assert b"ValueError('boom')" in call.exchange.body
    assert b"charge" in frames.read(call.exchange.body)[1].payload


async def test_run_that_used_up_its_attempts_raises_a_terminal_error() -> None:
    async def effect() -> str:
        raise ValueError("boom")

    async def handler(ctx: awaken.Context) -> str:
        try:
            return await ctx.run_typed("r", effect, awaken.RunOptions(max_attempts=1))
        except awaken.TerminalError as error:
            return f"gave up: {error.message}"

    call = Call(service_with(handler), "h")
    call.send(frames.request())
    await call.until_answer("Run", "ProposeRunCompletion")
    failure = frames.number(1, 500) + frames.blob(2, "ValueError('boom')")
    call.send(frames.frame(0x8011, frames.number(1, 1) + frames.blob(6, failure)))
    await call.until_ended()

    assert b"gave up: ValueError('boom')" in call.exchange.body


class BrokenRepr(Exception):
    def __repr__(self) -> str:
        raise RuntimeError("no repr")

    __str__ = __repr__


def cyclic() -> Exception:
    first, second = ValueError("a"), ValueError("b")
    first.__cause__, second.__cause__ = second, first
    return first


@pytest.mark.parametrize(
    "error",
    [
        ValueError("x"),
        SystemExit(3),
        KeyboardInterrupt(),
        GeneratorExit(),
        StopIteration(),
        asyncio.CancelledError(),
        BrokenRepr(),
        cyclic(),
        ValueError("lone \ud800 surrogate"),
        RetryableError("later", retry_after=timedelta(seconds=1)),
        RetryableError("odd", status_code=-1),
        ExceptionGroup("g", [ValueError("x")]),
        awaken.SdkInternalBaseException("mine"),
    ],
    ids=lambda error: type(error).__name__,
)
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
async def test_any_exception_ends_its_own_attempt_with_an_error_frame(error: BaseException) -> None:
    async def handler(ctx: awaken.Context) -> None:
        raise error

    call = Call(service_with(handler), "h")
    call.send(frames.request())
    await call.until_ended()

    assert call.answer == ["Error"]


@pytest.mark.parametrize(
    "error",
    [ValueError("x"), SystemExit(3), KeyboardInterrupt(), BrokenRepr(), cyclic(), asyncio.CancelledError()],
    ids=lambda error: type(error).__name__,
)
async def test_any_exception_of_a_run_ends_its_own_attempt_with_an_error_frame(error: BaseException) -> None:
    async def effect() -> None:
        raise error

    async def handler(ctx: awaken.Context) -> None:
        await ctx.run_typed("r", effect)

    call = Call(service_with(handler), "h")
    call.send(frames.request())
    await call.until_ended()

    assert call.answer == ["Run", "Error"]


async def test_stop_iteration_of_a_plain_function_in_a_run_is_told() -> None:
    def effect() -> int:
        empty: list[int] = []
        return next(iter(empty))

    async def handler(ctx: awaken.Context) -> None:
        await ctx.run_typed("r", effect)

    call = Call(service_with(handler), "h")
    call.send(frames.request())
    while not call.exchange.is_ended:
        await asyncio.sleep(0.001)  # a fake has no event

    assert call.answer == ["Run", "Error"]
    assert b"effect raised StopIteration" in frames.read(call.exchange.body)[1].payload


@pytest.mark.parametrize("code", [-1, 2**40, "x", None])
async def test_terminal_error_with_an_impossible_code_still_ends_the_invocation(code: Any) -> None:
    async def handler(ctx: awaken.Context) -> None:
        raise awaken.TerminalError("bad \ud800", status_code=code, metadata={"k": 1})  # type: ignore[dict-item]

    call = Call(service_with(handler), "h")
    call.send(frames.request())
    await call.until_answer("Output", "End")

    assert b"bad " in call.exchange.body


async def test_terminal_error_with_metadata_on_version_5_ends_without_it() -> None:
    async def handler(ctx: awaken.Context) -> None:
        raise awaken.TerminalError("bad", metadata={"detail": "v"})

    call = Call(service_with(handler), "h", version=5)
    call.send(frames.request())
    await call.until_answer("Output", "End")

    assert b"bad" in call.exchange.body
    assert b"detail" not in call.exchange.body


async def test_terminal_error_as_a_cause_or_in_a_group_ends_the_invocation() -> None:
    async def caused(ctx: awaken.Context) -> None:
        raise ValueError("outer") from awaken.TerminalError("inner", 418)

    async def grouped(ctx: awaken.Context) -> None:
        raise ExceptionGroup("g", [awaken.TerminalError("inner", 418), awaken.TerminalError("other", 419)])

    for handler in (caused, grouped):
        call = Call(service_with(handler), "h")
        call.send(frames.request())
        await call.until_answer("Output", "End")
        assert b"inner" in call.exchange.body


async def test_reset_stream_cancels_the_handler_and_its_tasks() -> None:
    ended: list[str] = []

    async def child() -> None:
        try:
            await asyncio.sleep(60)
        finally:
            ended.append("child")

    async def handler(ctx: awaken.Context) -> None:
        task = asyncio.create_task(child())
        try:
            await asyncio.sleep(60)
        finally:
            ended.append("handler")
            del task

    call = Call(service_with(handler), "h")
    call.send(frames.request())
    await call.settle()
    call.receiver.disconnect()
    await call.settle()

    assert sorted(ended) == ["child", "handler"]
    assert call.exchange.body == b""


async def test_exchange_that_reports_its_end_at_once_unwinds_the_handler_once() -> None:
    seen: list[type[BaseException]] = []

    async def handler(ctx: awaken.Context) -> None:
        try:
            await ctx.awakeable()
        except BaseException as error:
            seen.append(type(error))
            raise

    call = Call(service_with(handler), "h")
    call.exchange.end = call.receiver.disconnect  # type: ignore[method-assign]
    call.send(frames.request())
    await call.settle()
    call.end_request()
    await call.settle()

    assert seen == [SuspendedException]


async def test_journal_mismatch_tells_recorded_and_attempted() -> None:
    async def handler(ctx: awaken.Context) -> None:
        await ctx.sleep(timedelta(seconds=1), name="nap")

    call = Call(service_with(handler), "h")
    call.send(frames.request(b"", frames.run_command(1, "charge")))
    await call.until_answer("Error")

    assert b"recorded run" in call.exchange.body
    assert b"charge" in call.exchange.body
    assert b"attempted sleep" in call.exchange.body


async def test_gather_over_a_run_and_a_sleep_completes_live_and_on_replay() -> None:
    async def effect() -> int:
        return 1

    async def handler(ctx: awaken.Context) -> list[Any]:
        return list(await asyncio.gather(ctx.run_typed("r", effect), ctx.sleep(timedelta(seconds=1))))

    live = Call(service_with(handler), "h")
    live.send(frames.request())
    await live.until_answer("Run", "Sleep", "ProposeRunCompletion")
    live.send(frames.run_completion(1, b"1"), frames.sleep_completion(2))
    await live.until_ended()
    assert b"[1, null]" in live.exchange.body

    replay = Call(service_with(handler), "h")
    replay.send(
        frames.request(
            b"",
            frames.run_command(1, "r"),
            frames.sleep_command(2),
            frames.run_completion(1, b"1"),
            frames.sleep_completion(2),
        )
    )
    await replay.until_answer("Output", "End")


async def test_task_group_issues_commands_in_an_order_that_replays() -> None:
    async def handler(ctx: awaken.Context) -> str:
        order: list[str] = []

        async def branch(name: str, seconds: int) -> None:
            await ctx.sleep(timedelta(seconds=seconds), name=name)
            order.append(name)
            await ctx.sleep(timedelta(seconds=seconds), name=f"{name} again")

        async with asyncio.TaskGroup() as group:
            group.create_task(branch("a", 1))
            group.create_task(branch("b", 1))
        return " ".join(order)

    live = Call(service_with(handler), "h")
    live.send(frames.request())
    await live.until_answer("Sleep", "Sleep")
    live.send(frames.sleep_completion(2), frames.sleep_completion(1))
    await live.until(lambda: len(live.answer) == 4)
    recorded = [frame.payload for frame in frames.read(live.exchange.body)]
    live.send(frames.sleep_completion(3), frames.sleep_completion(4))
    await live.until_ended()
    assert b'"b a"' in live.exchange.body

    replay = Call(service_with(handler), "h")
    journal = [
        *(frames.frame(0x040C, payload) for payload in recorded[:2]),
        frames.sleep_completion(2),
        frames.sleep_completion(1),
        *(frames.frame(0x040C, payload) for payload in recorded[2:]),
    ]
    replay.send(frames.request(b"", *journal, frames.sleep_completion(3), frames.sleep_completion(4)))
    await replay.until_answer("Output", "End")
    assert b'"b a"' in replay.exchange.body


async def test_together_suspends_on_everything_awaited() -> None:
    async def handler(ctx: awaken.Context) -> None:
        await asyncio.gather(ctx.awakeable().future, ctx.awakeable().future)

    call = Call(service_with(handler), "h")
    call.send(frames.request())
    call.end_request()
    await call.until_answer("Suspension")
    assert call.exchange.body.hex() == "0001000000000005" + "1203011112"


async def test_cancellation_raises_at_the_await_and_can_be_compensated() -> None:
    async def handler(ctx: awaken.Context) -> str:
        _, future = ctx.awakeable(type_hint=str)
        try:
            return await future
        except awaken.TerminalError as error:
            return f"{error.status_code} {error.message}, then " + await future

    call = Call(service_with(handler), "h")
    call.send(frames.request())
    await call.settle()
    call.send(frames.CANCEL)
    await call.settle()
    call.send(frames.signal(17, b'"resolved"'))
    await call.until_ended()
    assert b"409 cancelled, then resolved" in call.exchange.body


async def test_cancellation_differs_from_a_conflict() -> None:
    async def handler(ctx: awaken.Context) -> str:
        try:
            await ctx.awakeable().future
        except InvocationCancelledError as error:
            return f"told from a conflict, with status {error.status_code}"
        return "not cancelled"

    call = Call(service_with(handler), "h")
    call.send(frames.request())
    await call.settle()
    call.send(frames.CANCEL)
    await call.until_ended()
    assert b"told from a conflict, with status 409" in call.exchange.body


def test_cancellation_can_be_copied() -> None:
    # Frameworks take errors to other processes, and keep copies of them.
    error = InvocationCancelledError()

    for other in (copy.copy(error), pickle.loads(pickle.dumps(error))):
        assert (type(other), other.status_code, other.message) == (InvocationCancelledError, 409, "cancelled")


async def test_cancellation_reaches_a_gather() -> None:
    async def handler(ctx: awaken.Context) -> str:
        try:
            await asyncio.gather(ctx.awakeable().future, ctx.sleep(timedelta(days=1)))
        except awaken.TerminalError as error:
            return error.message
        return "not cancelled"

    call = Call(service_with(handler), "h")
    call.send(frames.request())
    await call.settle()
    call.send(frames.CANCEL)
    await call.until_ended()
    assert b'"cancelled"' in call.exchange.body


async def test_command_inside_a_run_is_refused_at_once() -> None:
    async def handler(ctx: awaken.Context) -> None:
        async def effect() -> None:
            await ctx.sleep(timedelta(seconds=1))

        await ctx.run_typed("charge", effect)

    call = Call(service_with(handler), "h")
    call.send(frames.request())
    await call.until_answer("Run", "ProposeRunCompletion")
    assert b'cannot sleep inside the run "charge" of S/h' in call.exchange.body


async def test_swallowed_suspension_is_named(caplog: pytest.LogCaptureFixture) -> None:
    async def handler(ctx: awaken.Context) -> str:
        try:
            return await ctx.awakeable(type_hint=str)
        except BaseException:
            return "swallowed"

    call = Call(service_with(handler), "h")
    call.send(frames.request())
    call.end_request()
    await call.settle()

    assert call.answer == ["Suspension"]
    assert "find the `except BaseException`" in caplog.text


async def test_drain_suspends_a_waiting_handler_with_the_request_open() -> None:
    async def handler(ctx: awaken.Context) -> None:
        await ctx.awakeable()

    call = Call(service_with(handler), "h")
    call.send(frames.request())
    await call.settle()
    call.receiver.drain()
    await call.until_answer("Suspension")
    assert call.exchange.is_ended


async def test_drain_before_the_journal_is_there_suspends_once_the_handler_waits() -> None:
    async def handler(ctx: awaken.Context) -> None:
        await ctx.awakeable()

    call = Call(service_with(handler), "h")
    call.send(frames.start(2), frames.input_command())
    call.receiver.drain()
    assert not call.exchange.is_ended
    call.send(frames.signal(99, b"1"))
    await call.until_answer("Suspension")
    assert call.exchange.is_ended


async def test_drain_lets_a_busy_handler_reach_its_next_await_whatever_arrives() -> None:
    gate = asyncio.Event()

    async def handler(ctx: awaken.Context) -> None:
        await gate.wait()
        await ctx.awakeable()

    call = Call(service_with(handler), "h")
    call.send(frames.request())
    await call.settle()
    call.receiver.drain()
    late = frames.signal(17, b"1")
    call.send(late)
    gate.set()
    await call.until_answer("Suspension")
    assert call.exchange.acknowledged == len(frames.request()) + len(late)


async def test_slow_peer_stops_the_handler_until_it_reads() -> None:
    async def effect() -> int:
        return 1

    reached: list[int] = []

    async def handler(ctx: awaken.Context) -> None:
        for number in range(3):
            await ctx.run_typed("r", effect)
            reached.append(number)

    call = Call(service_with(handler), "h")
    call.exchange.is_write_paused = True
    call.send(frames.request(b"", frames.run_command(1, "r"), frames.run_completion(1, b"1")))
    await call.settle()
    assert reached == []
    call.exchange.is_write_paused = False
    call.receiver.resume_writing()
    await call.settle()
    assert reached == [0]


async def test_credit_comes_back_for_every_byte() -> None:
    async def handler(ctx: awaken.Context) -> None:
        await ctx.awakeable()

    call = Call(service_with(handler), "h")
    data = frames.request()
    call.send(data)
    await call.settle()
    assert call.exchange.acknowledged == len(data)


async def test_unread_input_keeps_its_credit_while_the_handler_is_busy() -> None:
    gate = asyncio.Event()

    async def handler(ctx: awaken.Context) -> None:
        await gate.wait()
        await ctx.awakeable()

    call = Call(service_with(handler), "h")
    call.send(frames.request())
    await call.settle()
    before = call.exchange.acknowledged
    flood = frames.signal(99, b"x" * 600_000)
    for _ in range(4):
        call.send(flood)
    assert call.exchange.acknowledged - before < 2 * len(flood)
    gate.set()
    await call.settle()
    assert call.exchange.acknowledged - before == 4 * len(flood)


async def test_one_way_peer_is_answered_only_when_its_request_is_through() -> None:
    async def greet(ctx: awaken.Context, name: str) -> str:
        return name

    call = Call(service_with(greet), "h", is_bidirectional=False)
    call.send(frames.request(b'"x"'))
    await call.settle()
    assert call.exchange.status is None
    call.end_request()
    await call.until_answer("Output", "End")
    assert call.exchange.is_ended


async def test_broken_frames_are_answered_with_an_error_frame() -> None:
    async def handler(ctx: awaken.Context) -> None:
        raise AssertionError

    for data in (frames.frame(0x0000, b"\xff\xff"), frames.input_command(), frames.frame(0x03FF)):
        call = Call(service_with(handler), "h")
        call.send(data)
        await call.until_answer("Error")
        assert call.exchange.is_ended


async def test_request_that_ends_early_is_answered_with_an_error_frame() -> None:
    async def handler(ctx: awaken.Context) -> None:
        raise AssertionError

    call = Call(service_with(handler), "h")
    call.send(frames.start(3))
    call.end_request()
    await call.until_answer("Error")
    assert call.exchange.is_ended


async def test_unparsable_input_fails_the_invocation() -> None:
    async def handler(ctx: awaken.Context, number: int) -> None:
        raise AssertionError

    call = Call(service_with(handler), "h")
    call.send(frames.request(b"{bad"))
    await call.until_answer("Output", "End")
    assert b"Unable to parse an input argument" in call.exchange.body


async def test_malformed_awakeable_id_raises_before_anything_is_journaled() -> None:
    async def handler(ctx: awaken.Context) -> str:
        try:
            ctx.resolve_awakeable("garbage", 1)
        except ValueError as error:
            return str(error)
        return "accepted"

    call = Call(service_with(handler), "h")
    call.send(frames.request())
    await call.until_answer("Output", "End")
    assert b"garbage" in call.exchange.body


async def test_thousands_of_replayed_runs_leave_the_loop_to_others() -> None:
    async def effect() -> int:
        raise AssertionError("replayed")

    turns = 0

    async def handler(ctx: awaken.Context) -> int:
        return sum([await ctx.run_typed("r", effect) for _ in range(2000)])

    journal = []
    for number in range(1, 2001):
        journal += [frames.run_command(number, "r"), frames.run_completion(number, b"1")]
    call = Call(service_with(handler), "h")
    call.send(frames.request(b"", *journal))
    while not call.exchange.is_ended:
        turns += 1
        await asyncio.sleep(0)
    assert call.answer == ["Output", "End"]
    assert b"2000" in call.exchange.body
    assert turns > 3
