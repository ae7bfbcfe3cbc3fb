"""What a handler starts and never awaits: errors name it, with the line that starts it."""

from __future__ import annotations

import asyncio
import gc
import logging
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import awaken
import pytest
from awaken.context import probe

from tests import frames
from tests.unit.endpoint.fakes import Call

if TYPE_CHECKING:
    from collections.abc import Iterator

HERE = Path(__file__)


class Losses:
    """A watcher that keeps what is lost."""

    def __init__(self) -> None:
        self.runs: list[probe.LostWork] = []

    def note_awakeable(self, created: probe.AwakeableCreated) -> None:
        pass

    def note_run(self, name: str, change: int) -> None:
        pass

    def note_failure(self, failed: probe.AttemptFailed) -> None:
        pass

    def note_lost(self, lost: probe.LostWork) -> None:
        self.runs.append(lost)


@pytest.fixture
def losses() -> Iterator[Losses]:
    watcher = Losses()
    probe.watchers.append(watcher)
    yield watcher
    probe.watchers.remove(watcher)


def call_of(handler: Any) -> Call:
    service = awaken.Service("S")
    service.handler(name="h")(handler)
    return Call(service, "h")


def send(address: str) -> None:
    raise AssertionError(f"it must not be sent to {address}")


async def test_run_that_is_never_awaited_is_logged_with_its_line(
    losses: Losses, caplog: pytest.LogCaptureFixture
) -> None:
    async def handler(ctx: awaken.Context) -> str:
        ctx.run_typed(
            "mail",
            send,
            address="ada@example.org",
        )
        return "done"

    call = call_of(handler)
    call.send(frames.request())
    await call.until_ended()

    assert call.answer == ["Run", "Output", "End"]
    line = handler.__code__.co_firstlineno + 1
    (lost,) = losses.runs
    assert (lost.subject, lost.place) == ('run "mail"', f"{HERE}:{line}")
    assert (lost.target, lost.invocation_id) == ("S/h", frames.INVOCATION_ID)
    (record,) = [r for r in caplog.records if r.levelno == logging.WARNING]
    assert f'the run "mail" at {HERE}:{line} was never awaited' in record.getMessage()
    assert "S/h" in record.getMessage()


@pytest.mark.parametrize(
    ("ask", "told"),
    [
        (
            lambda ctx: ctx.approve("Pay?"),
            'the approval "Pay?" at {} was never awaited, so nobody was asked; write',
        ),
        (
            lambda ctx: ctx.wait_for_callback(send, name="sign"),
            'the callback "sign" at {} was never awaited, so its link was never handed out; write',
        ),
    ],
    ids=["approval", "callback"],
)
@pytest.mark.parametrize("is_kept", [False, True])
async def test_question_that_is_never_awaited_is_told_like_a_run(
    ask: Any,
    told: str,
    is_kept: bool,
    losses: Losses,
    caplog: pytest.LogCaptureFixture,
    recwarn: pytest.WarningsRecorder,
) -> None:
    kept: list[Any] = []

    async def handler(ctx: awaken.Context) -> str:
        asked = ask(ctx)
        if is_kept:
            kept.append(asked)
        del asked
        return "paid"

    call = call_of(handler)
    call.send(frames.request())
    await call.until_ended()
    kept.clear()
    gc.collect()

    assert call.answer == ["Output", "End"]
    (lost,) = losses.runs
    assert (lost.target, lost.invocation_id) == ("S/h", frames.INVOCATION_ID)
    (record,) = [r for r in caplog.records if r.levelno == logging.WARNING]
    place = f"{HERE}:{ask.__code__.co_firstlineno}"
    assert told.format(place) in record.getMessage()
    assert [str(one.message) for one in recwarn] == []


async def test_task_that_never_started_asked_nobody(
    losses: Losses, recwarn: pytest.WarningsRecorder, caplog: pytest.LogCaptureFixture
) -> None:
    async def handler(ctx: awaken.Context) -> None:
        tasks = {asyncio.create_task(ctx.approve("Pay?"))}
        assert "coro=<Context.approve" in repr(tasks)

    call = call_of(handler)
    call.send(frames.request())
    await call.until_ended()
    await asyncio.sleep(0)
    gc.collect()

    assert call.answer == ["Output", "End"]
    assert [lost.subject for lost in losses.runs] == ['approval "Pay?"']
    assert ([str(one.message) for one in recwarn], len(caplog.records)) == ([], 1)


async def asks_before_it_fails(ctx: awaken.Context) -> None:
    ctx.approve("Pay?")  # type: ignore[unused-coroutine]
    raise awaken.TerminalError("no")


async def asks_before_it_waits(ctx: awaken.Context) -> None:
    later = ctx.approve("Pay?")
    await ctx.sleep(timedelta(days=1))
    await later


@pytest.mark.parametrize("handler", [asks_before_it_fails, asks_before_it_waits])
async def test_question_of_a_handler_that_did_not_get_to_it_is_not_told(
    handler: Any, losses: Losses, recwarn: pytest.WarningsRecorder
) -> None:
    call = call_of(handler)
    call.send(frames.request())
    call.end_request()
    await call.until_ended()
    gc.collect()

    assert losses.runs == []
    assert [str(one.message) for one in recwarn] == []


async def test_deprecated_run_and_time_are_named_by_the_line_of_the_handler(losses: Losses) -> None:
    async def handler(ctx: awaken.Context) -> None:
        ctx.run("old", send, args=("ada@example.org",))
        ctx.time()

    call = call_of(handler)
    call.send(frames.request())
    await call.until_ended()

    first = handler.__code__.co_firstlineno + 1
    assert [(lost.subject, lost.place) for lost in losses.runs] == [
        ('run "old"', f"{HERE}:{first}"),
        ('run "timestamp"', f"{HERE}:{first + 1}"),
    ]


async def test_run_that_is_lost_on_replay_is_told_by_the_attempt_that_ends(losses: Losses) -> None:
    async def handler(ctx: awaken.Context) -> None:
        ctx.run_typed("mail", send, address="ada@example.org")
        await ctx.sleep(timedelta(seconds=1))

    suspended = call_of(handler)
    suspended.send(frames.request())
    suspended.end_request()
    await suspended.until_answer("Run", "Sleep", "Suspension")
    assert losses.runs == []

    resumed = call_of(handler)
    journal = frames.run_command(1, "mail"), frames.sleep_command(2), frames.sleep_completion(2)
    resumed.send(frames.request(b"", *journal))
    await resumed.until_ended()
    assert [lost.subject for lost in losses.runs] == ['run "mail"']


async def awaited(ctx: awaken.Context) -> None:
    await ctx.run_typed("quick", int)


async def gathered(ctx: awaken.Context) -> None:
    await asyncio.gather(ctx.run_typed("quick", int), ctx.run_typed("quick", int))


async def late(ctx: awaken.Context) -> None:
    run = ctx.run_typed("quick", int)
    await ctx.run_typed("quick", int)
    await run


async def in_a_task(ctx: awaken.Context) -> None:
    async def work() -> None:
        await ctx.run_typed("quick", int)

    await asyncio.create_task(work())


async def outrun(ctx: awaken.Context) -> None:
    """Another result comes first; the run was waited for all the same."""
    await awaken.select(first=ctx.awakeable(), second=ctx.run_typed("quick", int))


async def failed(ctx: awaken.Context) -> None:
    """What comes before it fails, so the handler does not get to await it."""
    ctx.run_typed("later", int)
    raise awaken.TerminalError("no")


async def sent(ctx: awaken.Context) -> None:
    """None of these needs an await to take effect."""
    ctx.generic_send("T", "h", b"")
    ctx.generic_call("T", "h", b"")
    ctx.sleep(timedelta(seconds=1))
    ctx.awakeable()


@pytest.mark.parametrize("handler", [awaited, gathered, late, in_a_task, outrun, failed, sent])
async def test_nothing_is_told_of_what_is_not_lost(handler: Any, losses: Losses) -> None:
    service = awaken.Service("S")
    service.handler(name="h")(handler)
    call = Call(service, "h", version=5)  # runs complete without an ack
    call.send(frames.request(), frames.signal(17, b"1"))
    done = 0
    while not call.exchange.is_ended:
        await call.settle()
        for frame in frames.read(call.exchange.body)[done:]:
            done += 1
            if frame.name == "ProposeRunCompletion":
                completion = frames.fields(frame.payload)[1]
                assert isinstance(completion, int)
                call.send(frames.run_completion(completion, b"0"))

    assert call.answer[-1] == "End"
    assert losses.runs == []
