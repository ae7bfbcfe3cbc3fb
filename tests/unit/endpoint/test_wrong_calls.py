"""Calls of the package that Python refuses end the invocation at once; the error says what to write instead."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import awaken
import pytest
import uvloop
from awaken import RunOptions, TerminalError
from awaken.context.awakeable import Awakeable
from awaken.errors import UsageError

from tests.unit.endpoint.test_misuse import act, greet, outcome_of

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

AT_ONCE = "takes effect at once; leave out `await`"
HAS_VALUE = "gives its value at once; leave out `await`"


class Refusal(TerminalError):
    """A terminal error of the author's, made as ours is."""


class Declined(TerminalError):
    """Another one, with a mistake in it."""

    def __init__(self) -> None:
        super().__init__("declined", code=402)  # type: ignore[call-arg]


class Holder:
    def __init__(self, ctx: Any) -> None:
        self.ctx = ctx


async def awaits_set(ctx: Any) -> None:
    await ctx.set("a", 1)


async def awaits_set_over_lines(ctx: Any) -> None:
    await ctx.set(
        "ä",
        {"ö": 1},
    )


async def awaits_set_of_a_holder(ctx: Any) -> None:
    holder = Holder(ctx)
    await holder.ctx.set("a", 1)


async def awaits_set_in_a_task(ctx: Any) -> None:
    async with asyncio.TaskGroup() as group:
        group.create_task(awaits_set(ctx))


async def awaits_set_in_a_closure(ctx: Any) -> None:
    async def inner() -> None:
        return await ctx.set("a", 1)  # type: ignore[no-any-return]

    await asyncio.gather(inner(), ctx.sleep(1))


async def awaits_set_of_the_current_context(ctx: Any) -> None:
    context: Any = awaken.extensions.current_context
    await context().set("a", 1)


async def sleeps_until_in_the_current_context(ctx: Any) -> None:
    context: Any = awaken.extensions.current_context
    await context().sleep(1, until="b")


async def awaits_clear(ctx: Any) -> None:
    await ctx.clear("a")


async def awaits_clear_all(ctx: Any) -> None:
    await ctx.clear_all()


async def awaits_uuid(ctx: Any) -> str:
    return "ü" + str(await ctx.uuid())


async def awaits_key(ctx: Any) -> None:
    if await ctx.key():
        return


async def awaits_request(ctx: Any) -> None:
    await ctx.request()


async def awaits_random(ctx: Any) -> None:
    await ctx.random()


async def awaits_cancelling(ctx: Any) -> None:
    await ctx.cancel_invocation("inv_15jzoiMNtZJl0lxvGsqv5RStD4BNzFyEOz")


async def awaits_a_send(ctx: Any) -> None:
    await ctx.service_send(greet, "x")


async def gathers_a_set(ctx: Any) -> None:
    await asyncio.gather(ctx.sleep(1), ctx.set("a", 1))


async def gathers_a_send(ctx: Any) -> None:
    await asyncio.gather(ctx.sleep(1), ctx.service_send(greet, "x"))


async def makes_a_task_of_a_set(ctx: Any) -> None:
    await asyncio.create_task(ctx.set("a", 1))


async def waits_for_a_set(ctx: Any) -> None:
    await asyncio.wait_for(ctx.set("a", 1), None)


async def raises_the_class_in_a_task(ctx: Any) -> None:
    await asyncio.create_task(raises_the_class(ctx))


async def awaits_a_handle(ctx: Any) -> None:
    handle = ctx.service_send(greet, "x")
    await handle


async def awaits_a_timeout(ctx: Any) -> None:
    await ctx.timeout(1)


async def enters_a_timeout_plainly(ctx: Any) -> None:
    with ctx.timeout(1):
        pass


async def awaits_the_id(ctx: Any) -> None:
    future, _ = ctx.awakeable()
    await future


async def raises_the_class(ctx: Any) -> None:
    raise TerminalError  # type: ignore[call-arg]


async def raises_the_class_of_the_module(ctx: Any) -> None:
    raise awaken.TerminalError from None  # type: ignore[call-arg]


async def raises_an_own_class(ctx: Any) -> None:
    raise Refusal  # type: ignore[call-arg]


async def raises_with_code(ctx: Any) -> None:
    raise TerminalError("x", code=404)  # type: ignore[call-arg]


async def raises_an_own_class_with_code(ctx: Any) -> None:
    raise Declined


async def awaits_a_method(ctx: Any) -> None:
    await ctx.sleep


async def draws_without_a_call(ctx: Any) -> None:
    ctx.random.randint(1, 6)


async def asks_a_send_for_its_result(ctx: Any) -> None:
    ctx.service_send(greet, "x").result()


async def raises_with_msg(ctx: Any) -> None:
    raise awaken.TerminalError(msg="x")  # type: ignore[call-arg]


async def raises_retryable_with_delay(ctx: Any) -> None:
    raise awaken.RetryableError("x", delay=3)  # type: ignore[call-arg]


async def limits_retries(ctx: Any) -> None:
    await ctx.run_typed("charge", act, RunOptions(retries=3))  # type: ignore[call-arg]


async def selects_without_names(ctx: Any) -> None:
    await awaken.select(ctx.sleep(1))  # type: ignore[call-arg]


async def waits_for_an_awakeable(ctx: Any) -> None:
    await asyncio.wait([ctx.awakeable()])


async def limits_the_future_of_an_awakeable(ctx: Any) -> None:
    _, future = ctx.awakeable()
    await future.result(timeout=5)


async def limits_it_by_position(ctx: Any) -> None:
    _, future = ctx.awakeable()
    await future.result(5)


async def limits_a_sleep(ctx: Any) -> None:
    await ctx.sleep(5).result(timeout=5)


async def misspells_the_id(ctx: Any) -> None:
    ctx.awakeable().idd  # noqa: B018


async def sleeps_until(ctx: Any) -> None:
    await ctx.sleep(timedelta(days=1), until="b")


async def returns_a_send(ctx: Any) -> Any:
    return ctx.service_send(greet, "x")


async def returns_sends(ctx: Any) -> Any:
    return {"started": [ctx.service_send(greet, "x")]}


async def stores_an_awakeable(ctx: Any) -> None:
    ctx.set("a", ctx.awakeable())


async def sends_an_awakeable(ctx: Any) -> None:
    ctx.generic_send("Plain", "greet", b"", headers={"a": "b"})
    ctx.service_send(greet, {"reply to": ctx.awakeable()})


async def resolves_an_awakeable_by_itself(ctx: Any) -> None:
    ctx.resolve_awakeable(ctx.awakeable(), 1)


async def makes_a_task_of_a_call(ctx: Any) -> None:
    await asyncio.create_task(ctx.service_call(greet, "x"))


async def makes_a_task_of_a_call_in_a_group(ctx: Any) -> None:
    async with asyncio.TaskGroup() as group:
        group.create_task(ctx.service_call(greet, "x"))


async def makes_a_task_of_an_awakeable(ctx: Any) -> None:
    await asyncio.create_task(ctx.awakeable())


async def completes_a_generator(ctx: Any) -> None:
    for first in asyncio.as_completed(act(number) for number in range(3)):
        await first


async def waits_for_one(ctx: Any) -> None:
    await asyncio.wait(ctx.sleep(1))


async def asks_for_a_result(ctx: Any) -> Any:
    return ctx.get("a").result()


async def asks_for_an_exception(ctx: Any) -> Any:
    return ctx.sleep(1).exception()


async def limits_by_nothing(ctx: Any) -> None:
    async with ctx.timeout(None):
        pass


async def limits_an_awakeable_by_text(ctx: Any) -> None:
    await ctx.awakeable().result(timeout="1")


#: What a handler does, and the error it gets.
WRONG: dict[Callable[[Any], Awaitable[Any]], str] = {
    awaits_set: f"ctx.set {AT_ONCE}",
    awaits_set_over_lines: f"ctx.set {AT_ONCE}",
    awaits_set_of_a_holder: f"holder.ctx.set {AT_ONCE}",
    awaits_set_in_a_task: f"ctx.set {AT_ONCE}",
    awaits_set_in_a_closure: f"ctx.set {AT_ONCE}",
    awaits_set_of_the_current_context: f"context().set {AT_ONCE}",
    sleeps_until_in_the_current_context: "; its parameters are (delta, name)",
    awaits_clear: f"ctx.clear {AT_ONCE}",
    awaits_clear_all: f"ctx.clear_all {AT_ONCE}",
    awaits_cancelling: f"ctx.cancel_invocation {AT_ONCE}",
    awaits_uuid: f"ctx.uuid {HAS_VALUE}",
    awaits_key: f"ctx.key {HAS_VALUE}",
    awaits_request: f"ctx.request {HAS_VALUE}",
    awaits_random: f"ctx.random {HAS_VALUE}",
    awaits_a_send: (
        "ctx.service_send takes effect at once (`await handle.invocation_id()` gives the id of what it started); "
        "leave out `await`"
    ),
    gathers_a_set: "ctx.set takes effect at once",
    gathers_a_send: "ctx.service_send takes effect at once",
    makes_a_task_of_a_set: "ctx.set takes effect at once",
    waits_for_a_set: "ctx.set takes effect at once",
    raises_the_class_in_a_task: "TerminalError is raised without its arguments",
    awaits_a_handle: "handle is a send, which needs no `await`; `await handle.invocation_id()` gives the id",
    awaits_a_timeout: "ctx.timeout bounds a block; write `async with ctx.timeout(...):`",
    enters_a_timeout_plainly: "a timeout bounds a block of awaits; write `async with ctx.timeout(...):`",
    awaits_the_id: "future is the id of an awakeable; the id comes first: `id, future = ctx.awakeable()`",
    raises_the_class: 'TerminalError is raised without its arguments; write raise TerminalError("...")',
    raises_the_class_of_the_module: 'is raised without its arguments; write raise awaken.TerminalError("...")',
    raises_an_own_class: 'Refusal is raised without its arguments; write raise Refusal("...")',
    raises_with_code: "; write status_code instead of code",
    raises_an_own_class_with_code: "; write status_code instead of code",
    awaits_a_method: "ctx.sleep is a method: call it, as in ctx.sleep(...)",
    draws_without_a_call: "random is a method: call it, as in random()",
    asks_a_send_for_its_result: "SendHandle has no 'result'; a send has no result, only an id: give the id of what",
    raises_with_msg: "; its parameters are (message, status_code, metadata)",
    raises_retryable_with_delay: "; its parameters are (message, status_code, retry_after)",
    limits_retries: "; its parameters are (serde, type_hint, max_attempts, ",
    selects_without_names: "; give each future a name, as in awaken.select(first=...)",
    waits_for_an_awakeable: "asyncio takes its durable future, which is its `.future`",
    limits_the_future_of_an_awakeable: (
        "; keep the awakeable instead of its parts: `decision = ctx.awakeable()`, `decision.id`, "
    ),
    limits_it_by_position: "; keep the awakeable instead of its parts",
    limits_a_sleep: "; bound the wait for it with `async with ctx.timeout(...):`",
    misspells_the_id: "Awakeable has no 'idd'; did you mean id?",
    stores_an_awakeable: "; give its `.id`, or await it for its result",
    sends_an_awakeable: "; give its `.id`, or await it for its result",
    resolves_an_awakeable_by_itself: "; give its `.id`, or await it for its result",
    makes_a_task_of_a_call: (
        "call Plain/greet cannot become a task, and needs none to make progress; wait for several with asyncio.gather"
    ),
    makes_a_task_of_a_call_in_a_group: "call Plain/greet cannot become a task, and needs none to make progress; ",
    makes_a_task_of_an_awakeable: "a value of type Awakeable cannot become a task, and needs none to make progress; ",
    completes_a_generator: "; give it a list",
    waits_for_one: "; give asyncio.wait a list, even for one future",
    asks_for_a_result: 'state "a" has no result yet; write `await`',
    asks_for_an_exception: "sleep has no result yet; write `await`",
    limits_by_nothing: "the limit of ctx.timeout is None, of type NoneType; ",
    limits_an_awakeable_by_text: "is '1', of type str; give a datetime.timedelta",
    sleeps_until: "; its parameters are (delta, name)",
}


@pytest.mark.parametrize("body", WRONG, ids=lambda body: body.__name__)
async def test_wrong_call_ends_the_invocation_at_once_and_says_what_to_write(
    body: Callable[[Any], Awaitable[Any]],
) -> None:
    call, text = await outcome_of(body)

    assert call.answer[-2:] == ["Output", "End"], text
    assert WRONG[body] in text
    assert "Obj/h at " in text
    assert "test_wrong_calls.py:" in text


def raises_in_a_run() -> None:
    raise TerminalError  # type: ignore[call-arg]


async def test_class_raised_in_a_run_fails_the_run_for_good() -> None:
    async def to_thread(ctx: Any) -> None:
        await ctx.run_typed("charge", raises_in_a_run)

    call, text = await outcome_of(to_thread)

    assert call.answer == ["Run", "ProposeRunCompletion"], text
    assert "TerminalError is raised without its arguments" in text


@pytest.mark.parametrize(
    ("call", "method"),
    [
        ("object_call(1)", "Context.object_call"),
        ("run_typed()", "Context.run_typed"),
        ("awakeable(1, 2, 3)", "Context.awakeable"),
        ("key(1)", "ObjectContext.key"),
        ("get()", "ObjectContext.get"),
        ("set()", "ObjectContext.set"),
    ],
)
async def test_wrong_call_from_code_without_source_names_the_help_of_a_public_class(
    call: str, method: str
) -> None:
    scope: dict[str, Any] = {}
    exec(compile(f"async def body(ctx):\n    ctx.{call}\n", "generated.py", "exec"), scope)

    _, text = await outcome_of(scope["body"])

    assert f"TypeError: {method}() " in text
    assert f"; see help(awaken.{method})" in text


@pytest.mark.parametrize("body", [returns_a_send, returns_sends])
async def test_handler_that_returns_a_send_is_told_to_return_the_id(
    body: Callable[[Any], Awaitable[Any]],
) -> None:
    call, text = await outcome_of(body)

    assert call.answer == ["OneWayCall", "Output", "End"], text
    assert "; give the id of what it started, which is `await handle.invocation_id()`" in text


LARGE = "x" * 33_816_576


def gives_much() -> str:
    return LARGE


async def returns_much(ctx: Any) -> str:
    return LARGE


async def runs_much(ctx: Any) -> None:
    await ctx.run_typed("much", gives_much)


async def stores_much(ctx: Any) -> None:
    ctx.set("cart", LARGE)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (returns_much, "the result of Obj/h cannot be sent: "),
        (runs_much, 'the result of run "much" of Obj/h cannot be sent: '),
        (stores_much, "Obj/h at "),
    ],
)
async def test_value_that_is_too_large_is_named(body: Callable[[Any], Awaitable[Any]], expected: str) -> None:
    async def in_time(ctx: Any) -> Any:
        return await body(ctx)

    if body is runs_much:
        in_time.__qualname__ = "to_thread"
    _, text = await outcome_of(in_time)

    assert expected in text
    assert "the peer accepts 33816575; store the value elsewhere and send a reference" in text


def test_wrong_call_through_uvloop_tells_the_line_of_the_author() -> None:
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        _, text = runner.run(outcome_of(makes_a_task_of_a_call))

    assert "uvloop/" not in text
    assert f"{__file__}:{makes_a_task_of_a_call.__code__.co_firstlineno + 1}: " in text


def gives_none() -> None:
    pass


class Store:
    """The author's own, with a method of the name of ours."""

    def set(self, name: str, value: int) -> None:
        pass


class Own(TerminalError):
    """An error of the author's with arguments of its own."""

    def __init__(self, code: int) -> None:
        super().__init__("own", code)


async def awaits_an_own_function(ctx: Any) -> None:
    await gives_none()  # type: ignore[func-returns-value, misc]


async def awaits_an_own_method(ctx: Any) -> None:
    ctx = Store()
    await ctx.set("a", 1)


async def gathers_an_own_method(ctx: Any) -> None:
    await asyncio.gather(Store().set("a", 1))  # type: ignore[call-overload, func-returns-value]


async def awaits_a_number(ctx: Any) -> None:
    number = 1
    await number  # type: ignore[misc]


async def awaits_text(ctx: Any) -> None:
    text = "sign_of_the_times"
    await text  # type: ignore[misc]


async def raises_an_error_with_arguments(ctx: Any) -> None:
    raise Own  # type: ignore[call-arg]


async def calls_an_own_class_wrongly(ctx: Any) -> None:
    raise Own(1, 2)  # type: ignore[call-arg]


async def fails_in_an_argument(ctx: Any) -> None:
    ctx.set("a", "1" + 1)  # type: ignore[operator]


@pytest.mark.parametrize(
    "body",
    [
        *(gathers_an_own_method, awaits_an_own_function, awaits_an_own_method, awaits_a_number, awaits_text),
        *(raises_an_error_with_arguments, calls_an_own_class_wrongly, fails_in_an_argument),
    ],
)
async def test_wrong_call_of_what_the_author_wrote_is_tried_again(
    body: Callable[[Any], Awaitable[Any]],
) -> None:
    call, text = await outcome_of(body)

    assert call.answer[-1] == "Error", text


async def test_what_takes_effect_at_once_still_gives_none() -> None:
    async def body(ctx: Any) -> Any:
        return [ctx.set("a", 1), ctx.clear("a"), type(ctx.uuid()).__name__, ctx.key()]

    _, text = await outcome_of(body)

    assert '[null, null, "UUID", "k"]' in text


def test_awakeable_has_no_attribute_of_a_future_for_those_who_ask() -> None:
    awakeable: Any = Awakeable("sign_1", None)  # type: ignore[arg-type]

    assert not asyncio.isfuture(awakeable)
    assert not hasattr(awakeable, "add_done_callback")
    with pytest.raises(UsageError):
        awakeable.add_done_callback  # noqa: B018
