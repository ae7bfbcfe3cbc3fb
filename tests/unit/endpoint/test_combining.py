"""awaken's combinators accept everything that can be awaited durably, and name what cannot."""

from __future__ import annotations

import asyncio
import contextlib
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import awaken
import pytest
from awaken.links import CallbackSettings, LinkSigner, configure_callbacks

from tests import frames
from tests.unit.endpoint.fakes import Call

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator

YES = frames.signal(17, b'"yes"')
EXPIRED = frames.sleep_completion(1)


@pytest.fixture(autouse=True)
def _links() -> Iterator[None]:
    configure_callbacks(CallbackSettings("http://links.test", LinkSigner({"test": b"k" * 32})))
    yield
    configure_callbacks(None)


async def by_await(ctx: awaken.Context, callback: Any) -> Any:
    return await callback


async def by_select(ctx: awaken.Context, callback: Any) -> Any:
    match await awaken.select(other=ctx.sleep(timedelta(days=1)), answer=callback):
        case ["answer", answer]:
            return answer
        case _:
            raise AssertionError


async def by_gather(ctx: awaken.Context, callback: Any) -> Any:
    [future] = await awaken.gather(callback)
    return await future


async def by_wait_completed(ctx: awaken.Context, callback: Any) -> Any:
    [future], [_] = await awaken.wait_completed(ctx.sleep(timedelta(days=1)), callback)
    return await future


async def by_as_completed(ctx: awaken.Context, callback: Any) -> Any:
    async for future in awaken.as_completed(callback):
        return await future
    raise AssertionError


async def by_asyncio_gather(ctx: awaken.Context, callback: Any) -> Any:
    return (await asyncio.gather(callback))[0]


async def by_asyncio_wait(ctx: awaken.Context, callback: Any) -> Any:
    done, _ = await asyncio.wait([callback.future])
    return done.pop().result()


async def by_asyncio_as_completed(ctx: awaken.Context, callback: Any) -> Any:
    [first] = asyncio.as_completed([callback])
    return await first


async def in_time(ctx: awaken.Context, callback: Any) -> Any:
    async with ctx.timeout(timedelta(days=1)):
        return await callback


async def given_up_before(ctx: awaken.Context, callback: Any) -> Any:
    """Wait for nothing for a while, and then for all of it."""
    task = asyncio.create_task(by_await(ctx, callback))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    return await callback


WAYS = [
    by_await,
    by_select,
    by_gather,
    by_wait_completed,
    by_as_completed,
    by_asyncio_gather,
    by_asyncio_wait,
    by_asyncio_as_completed,
    in_time,
    given_up_before,
]


def call_of(handler: Any, **options: Any) -> Call:
    service = awaken.Service("S")
    service.handler(name="h")(handler)
    return Call(service, "h", **options)


def waiting(way: Callable[..., Any], again: bool = True) -> Any:
    async def handler(ctx: awaken.Context) -> str:
        callback = ctx.callback(str, name="approve")
        try:
            answers = [await way(ctx, callback)]
        except TimeoutError as error:
            return f"{error}"
        return " ".join([*answers, await callback, await callback.result()])

    return handler


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(
    ("completion", "answer"),
    [(YES, b"yes yes yes"), (EXPIRED, b'callback \\"approve\\" got no answer before')],
    ids=["answered", "expired"],
)
async def test_callback_is_awaited_in_every_way_live_and_on_replay(
    way: Any, completion: bytes, answer: bytes
) -> None:
    live = call_of(waiting(way))
    live.send(frames.request())
    await live.settle()
    live.send(completion)
    await live.until_ended()

    recorded = [frame for frame in frames.read(live.exchange.body) if frame.name == "Sleep"]
    journal = [frames.frame(0x040C, sleep.payload) for sleep in recorded]
    replay = call_of(waiting(way))
    replay.send(frames.request(b"", *journal, completion))
    await replay.until_ended()

    for call in (live, replay):
        assert answer in call.exchange.body
        assert call.answer[-2:] == ["Output", "End"]


async def test_answer_that_comes_first_counts_though_the_link_expired_since() -> None:
    call = call_of(waiting(by_await))
    call.send(frames.request())
    await call.until_answer("Sleep")
    call.send(YES, EXPIRED)
    await call.until_ended()
    assert b"yes yes yes" in call.exchange.body


async def test_promise_of_a_workflow_is_combined() -> None:
    workflow = awaken.Workflow("W")

    @workflow.main(name="h")
    async def h(ctx: awaken.WorkflowContext) -> Any:
        return await awaken.select(
            promise=ctx.promise("p", type_hint=str), sleep=ctx.sleep(timedelta(days=1))
        )

    call = Call(workflow, "h")
    call.send(frames.request(key="k"))
    await call.until_answer("Sleep", "GetPromise")
    call.send(frames.frame(0x8009, frames.number(1, 2) + frames.blob(5, frames.value(b'"kept"'))))
    await call.until_ended()
    assert b'["promise", "kept"]' in call.exchange.body


async def never() -> None:
    raise AssertionError


def numbers() -> AsyncIterator[int]:
    async def generate() -> AsyncIterator[int]:
        yield 1

    return generate()


@pytest.mark.parametrize(
    ("make", "expected"),
    [
        (lambda ctx: ctx.generic_send("T", "h", b""), "a send has no result to wait for"),
        (lambda ctx: never(), "never"),
        (lambda ctx: asyncio.get_running_loop().create_future(), "is not a durable future"),
        (lambda ctx: numbers(), "is not a durable future"),
        (lambda ctx: None, "None is not a durable future"),
    ],
    ids=["send", "coroutine", "future", "generator", "none"],
)
async def test_what_has_no_durable_result_is_named(make: Any, expected: str) -> None:
    async def handler(ctx: awaken.Context) -> str:
        with pytest.raises(awaken.TerminalError) as caught:
            await awaken.select(one=ctx.sleep(timedelta(0)), other=make(ctx))
        return caught.value.message

    call = call_of(handler)
    call.send(frames.request())
    await call.until_ended()
    assert expected.encode() in call.exchange.body


async def test_future_that_was_cancelled_is_not_awaited_after_as_completed() -> None:
    executed: list[str] = []

    async def act() -> None:
        executed.append("act")

    service = awaken.Service("Cancelled")

    @service.handler()
    async def handle(ctx: awaken.Context) -> None:
        first = ctx.awakeable(type_hint=str).future
        await first
        run = ctx.run_typed("act", act)
        completing: Any = awaken.as_completed(first, run)
        async with contextlib.aclosing(completing):
            await anext(completing)
            run.cancel()
        await ctx.sleep(timedelta(seconds=1))

    call = Call(service, "handle")
    call.send(frames.request(b"", YES))
    await call.settle()
    call.send(frames.sleep_completion(2))
    await call.until_ended()

    assert executed == []
