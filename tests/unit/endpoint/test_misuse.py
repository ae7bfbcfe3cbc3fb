"""Wrong use of the package ends an invocation at once and says what to write; the author's own errors are retried."""

from __future__ import annotations

import asyncio
import functools
import json
import math
from contextlib import nullcontext
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import awaken
import pytest
import restate
from awaken import RetryableError, RunOptions
from awaken.diagnostics import development
from awaken.errors import TerminalError, UsageError
from awaken.serde import Serde

from tests import frames
from tests.unit.endpoint.fakes import Call

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

plain = awaken.Service("Plain")
shop = awaken.VirtualObject("Shop")
DAY = timedelta(days=1)


@plain.handler()
async def greet(ctx: awaken.Context, name: str) -> str:
    return name


@shop.handler()
async def add(ctx: awaken.ObjectContext, item: str) -> None:
    pass


async def undecorated(ctx: awaken.Context) -> None:
    pass


async def act(number: int = 0) -> int:
    return number


def needs_one(number: int) -> int:
    return number


class Text(Serde[Any]):
    """A serde as beginners write it: without the bytes."""

    def deserialize(self, buf: bytes) -> Any:
        return json.loads(buf)

    def serialize(self, obj: Any) -> bytes:
        return json.dumps(obj)  # type: ignore[return-value]  # the mistake


async def outcome_of(
    body: Callable[[Any], Awaitable[Any]], *journal: bytes, is_developing: bool = True
) -> tuple[Call, str]:
    """Run a handler of a virtual object in development mode, and return what it ended with as text."""
    with development.enabled() if is_developing else nullcontext():
        return await _outcome_of(body, *journal)


async def _outcome_of(body: Callable[[Any], Awaitable[Any]], *journal: bytes) -> tuple[Call, str]:
    async def handler(ctx: awaken.ObjectContext) -> Any:
        return await body(ctx)

    service = awaken.VirtualObject("Obj")
    service.handler(name="h")(handler)
    call = Call(service, "h")
    call.send(frames.request(*journal, key="k"))
    for _ in range(1000):
        await asyncio.sleep(0)
        if call.exchange.is_ended or "ProposeRunCompletion" in call.answer:
            break
        if "to_thread" in body.__qualname__ or body.__name__ == "in_a_thread":
            await asyncio.sleep(0.001)
    return call, call.exchange.body.decode(errors="replace")


async def in_a_thread(ctx: Any) -> None:
    await asyncio.to_thread(ctx.sleep, DAY)


async def in_a_task_group(ctx: Any) -> None:
    async with asyncio.TaskGroup() as group:
        group.create_task(fails(lambda: ctx.set(5, "x")))


async def fails(operation: Callable[[], Any]) -> None:
    operation()


async def asks_later(ctx: Any) -> None:
    raise RetryableError("later", retry_after=timedelta.max)


async def loops_over_a_result(ctx: Any) -> list[Any]:
    return [item for item in ctx.get("cart")]  # noqa: C416  # a loop, as a beginner writes it


async def returns(value: Any) -> Any:
    return value


#: What a handler does, and the error it gets.
MISUSES: dict[str, tuple[Callable[[Any], Any], str]] = {
    "state name": (lambda ctx: ctx.get(1), "the name of ctx.get is 1, of type int; give a str"),
    "state name to clear": (lambda ctx: ctx.clear(None), "the name of ctx.clear is None"),
    "tuple as a key": (
        lambda ctx: ctx.set("cart", {(1, 2): 3}),
        'cannot write state "cart", of type dict: ',
    ),
    "not a number": (
        lambda ctx: ctx.set("cart", [math.nan]),
        'cannot write state "cart", of type list at $[0]: nan is not a JSON number',
    ),
    "object": (
        lambda ctx: ctx.set("cart", object()),
        'cannot write state "cart", of type object: ',
    ),
    "serde of text": (
        lambda ctx: ctx.set("cart", 1, serde=Text()),
        'cannot write state "cart": Text.serialize returned a value of type str; a serde has to return bytes',
    ),
    "type as a serde": (lambda ctx: ctx.get("cart", int), "is the class int; write type_hint=int"),
    "value as a type": (
        lambda ctx: ctx.awakeable(type_hint=5),
        "the type_hint of ctx.awakeable is 5, of type int; give a type",
    ),
    "argument as options": (
        lambda ctx: ctx.run_typed("charge", act, 100),
        'the third argument of run "charge" is 100, of type int; options come before arguments',
    ),
    "coroutine as an action": (
        lambda ctx: ctx.run_typed("charge", act()),
        'run "charge" was given the coroutine of act(...), which was already called; give the function',
    ),
    "action without a name": (
        lambda ctx: ctx.run_typed(act),
        "missing 1 required positional argument: 'action'",
    ),
    "action as the name": (
        lambda ctx: ctx.run_typed(act, act),
        'its name comes first, as in ctx.run_typed(\\"act\\", act)'.replace("\\", ""),
    ),
    "value as an action": (
        lambda ctx: ctx.run_typed("charge", None),
        'the action of run "charge" is None, of type NoneType; give a function, without calling it',
    ),
    "attempts of a run": (
        lambda ctx: ctx.run_typed("charge", act, RunOptions(max_attempts="3")),  # type: ignore[arg-type]
        "max_attempts of RunOptions is of type str; give a whole number, zero or more",
    ),
    "interval of a run": (
        lambda ctx: ctx.run_typed("charge", act, RunOptions(initial_retry_interval=timedelta.max)),
        "initial_retry_interval of RunOptions is datetime.timedelta(",
    ),
    "sleep of text": (
        lambda ctx: ctx.sleep("1"),
        "the duration of ctx.sleep is '1', of type str; give a datetime.timedelta, or seconds",
    ),
    "sleep of a truth": (lambda ctx: ctx.sleep(True), "the duration of ctx.sleep is True, of type bool"),
    "sleep of nan": (lambda ctx: ctx.sleep(math.nan), "the duration of ctx.sleep is nan seconds"),
    "endless sleep": (lambda ctx: ctx.sleep(timedelta.max), "which ends after the year 9999"),
    "endless seconds": (lambda ctx: ctx.sleep(10**400), "which ends after the year 9999"),
    "endless timeout": (
        lambda ctx: ctx.timeout(math.inf),
        "is inf seconds; give a datetime.timedelta or finite seconds",
    ),
    "delay of text": (
        lambda ctx: ctx.service_send(greet, "x", send_delay="5"),
        "send_delay of a send to Plain/greet is '5', of type str",
    ),
    "endless delay": (
        lambda ctx: ctx.service_send(greet, "x", send_delay=timedelta.max),
        "send_delay of a send to Plain/greet is datetime.timedelta(",
    ),
    "endless retry": (asks_later, "retry_after of RetryableError is datetime.timedelta("),
    "key of a number": (
        lambda ctx: ctx.object_call(add, 5, "x"),
        "the key of Shop/add in object_call(handler, key, argument) is 5, of type int; give a str, as in str(value)",
    ),
    "missing key": (lambda ctx: ctx.object_call(add, "x"), "missing 1 required positional argument: 'arg'"),
    "call of an object without key": (
        lambda ctx: ctx.service_call(add, "x"),
        "Shop/add is a handler of a virtual object, and service_call gives no key; write object_call(",
    ),
    "call of a service with a key": (
        lambda ctx: ctx.object_send(greet, "k", "x"),
        "Plain/greet is a handler of a plain service, which has no keys; write service_send(greet, argument)",
    ),
    "call of a function": (
        lambda ctx: ctx.service_call(undecorated, None),
        "Handler not found: undecorated is not decorated as a handler",
    ),
    "call of a service": (
        lambda ctx: ctx.service_call(plain, None),
        "Handler not found: Plain is a service; pass one of its handlers (greet)",
    ),
    "call of a name": (
        lambda ctx: ctx.service_call("Plain", None),
        "Handler not found: a value of type str is not a handler",
    ),
    "argument of a call": (
        lambda ctx: ctx.service_call(greet, object()),
        "cannot write the argument of a call to Plain/greet, of type object",
    ),
    "text for bytes": (
        lambda ctx: ctx.generic_call("Plain", "greet", "x"),
        "the argument of Plain/greet is of type str; give bytes, as in json.dumps(value).encode()",
    ),
    "header of a number": (
        lambda ctx: ctx.service_call(greet, "x", headers={"n": 1}),
        "the header 'n' of a call to Plain/greet is of type int; names and values are text",
    ),
    "headers of pairs": (
        lambda ctx: ctx.service_call(greet, "x", headers=[("n", "1")]),
        "the headers of a call to Plain/greet is of type list; give a dict",
    ),
    "empty idempotency key": (
        lambda ctx: ctx.service_call(greet, "x", idempotency_key=""),
        "the idempotency_key of Plain/greet is empty",
    ),
    "limit without a scope": (
        lambda ctx: ctx.generic_send("Plain", "greet", b"", limit_key="l"),
        "limit_key 'l' needs a scope",
    ),
    "id of a number": (
        lambda ctx: ctx.cancel_invocation(5),
        "the invocation id of ctx.cancel_invocation is 5, of type int; give a str",
    ),
    "malformed id to cancel": (lambda ctx: ctx.cancel_invocation("inv_x"), "inv_x"),
    "malformed id to attach": (lambda ctx: ctx.attach_invocation("nope"), "nope"),
    "malformed id to resolve": (lambda ctx: ctx.resolve_awakeable("nope", 1), "nope"),
    "value of an awakeable": (
        lambda ctx: ctx.resolve_awakeable("sign_1x", {1, "a", None, object()}),
        "cannot write the value of awakeable sign_1x, of type set",
    ),
    "code of a rejection": (
        lambda ctx: ctx.reject_awakeable("sign_1x", "no", 70_000),
        "the failure_code of ctx.reject_awakeable is 70000, of type int; give a code between 0 and 65535",
    ),
    "no promise": (
        lambda ctx: ctx.promise("p"),
        "the context of Obj/h has no 'promise'; only a Workflow has promises",
    ),
    "no such method": (
        lambda ctx: ctx.slep(DAY),
        "the context of Obj/h has no 'slep'; did you mean ctx.sleep?",
    ),
    "combination with a value": (
        lambda ctx: awaken.select(one=ctx.get("n"), other=5),  # type: ignore[arg-type]
        "5 is not a durable future; combine other awaitables with the functions of asyncio itself",
    ),
    "combination of nothing": (lambda ctx: awaken.select(), "select needs at least one future"),
    "surrogate in a name": (lambda ctx: ctx.get("\ud800"), "UnicodeEncodeError: "),
    "sum with a result": (
        lambda ctx: ctx.get("n") + 1,
        'state "n" was used before it was awaited; write `await`',
    ),
    "sum with a result on the right": (
        lambda ctx: 1 + ctx.get("n"),
        'state "n" was used before it was awaited',
    ),
    "comparison of a result": (lambda ctx: ctx.get("n") > 1, 'state "n" was used before it was awaited'),
    "item of a result": (lambda ctx: ctx.get("n")["a"], 'state "n" was used before it was awaited'),
    "attribute of a result": (
        lambda ctx: ctx.service_call(greet, "x").upper(),
        "call Plain/greet was used before it was awaited; write `await` before the call that returned it",
    ),
    "loop over a result": (loops_over_a_result, 'state "cart" was used before it was awaited'),
    "length of a result": (lambda ctx: len(ctx.get("n")), "write `await` before the call that returned it"),
    "attribute of a promise": (
        lambda ctx: awaken.WorkflowContext.promise(ctx, "p").upper(),  # type: ignore[attr-defined]
        "write `await` before the call that returned it",
    ),
    "argument of a method": (
        lambda ctx: ctx.sleep(DAY, name="a", until="b"),
        "got an unexpected keyword argument 'until'; its parameters are (delta, name)",
    ),
    "json of a result": (
        lambda ctx: json.dumps(ctx.get("n")),
        "write `await` before the call that returned it",
    ),
    "result as state": (
        lambda ctx: ctx.set("m", {"n": ctx.get("n")}),
        "write `await` before the call that returned it",
    ),
    "result as a key": (
        lambda ctx: ctx.object_call(add, ctx.get("n"), "x"),
        "write `await` before the call that returned it",
    ),
    "coroutine as state": (
        lambda ctx: ctx.set("m", act()),
        "write `await` before the call that returned it",
    ),
    "command from a thread": (in_a_thread, "cannot sleep in the thread "),
    "command of a tool in a thread": (in_a_thread, "write `async def` for tools of agents"),
    "misuse in a task": (in_a_task_group, "the name of ctx.set is 5, of type int"),
}


@pytest.mark.parametrize("name", MISUSES)
async def test_misuse_ends_the_invocation_at_once_and_says_what_to_write(name: str) -> None:
    use, expected = MISUSES[name]

    async def body(ctx: Any) -> Any:
        result = use(ctx)
        return await result if asyncio.iscoroutine(result) else result

    if use is in_a_thread:
        body.__qualname__ = "to_thread"
    call, text = await outcome_of(body)

    assert call.answer[-2:] == ["Output", "End"], text
    assert expected in text
    if not name.startswith("malformed"):
        assert "Obj/h at " in text
        assert "test_misuse.py:" in text


@pytest.mark.parametrize("kind", ["handler", "run", "cause", "group"])
async def test_terminal_error_of_the_official_sdk_ends_the_invocation(kind: str) -> None:
    async def fail() -> None:
        raise restate.TerminalError("no hotel", 409)

    async def body(ctx: Any) -> None:
        match kind:
            case "run":
                await ctx.run_typed("book", fail, RunOptions(max_attempts=5))
            case "cause":
                try:
                    raise KeyError("hotel")
                except KeyError as error:
                    raise restate.TerminalError("no hotel") from error
            case "group":
                async with asyncio.TaskGroup() as group:
                    group.create_task(fail())
        await fail()

    call, text = await outcome_of(body)

    assert "Error" not in call.answer, text
    assert "TerminalError: no hotel; this class is of restate-sdk" in text
    assert "write `import awaken as restate`" in text


@pytest.mark.parametrize("kind", ["handler", "run"])
async def test_callers_learn_no_path_and_the_log_has_it(kind: str, caplog: pytest.LogCaptureFixture) -> None:
    async def body(ctx: Any) -> None:
        if kind == "handler":
            ctx.set(5, "x")
        await ctx.run_typed("charge", lambda given: given, RunOptions())

    call, text = await outcome_of(body, is_developing=False)

    assert ("ProposeRunCompletion" if kind == "run" else "Output") in call.answer
    assert ".py" not in text
    assert "test_misuse.py:" in caplog.text


async def test_misuse_is_a_terminal_error_and_what_python_would_raise() -> None:
    async def body(ctx: Any) -> list[str]:
        caught = []
        for kind in (TerminalError, TypeError, ValueError, UsageError):
            try:
                ctx.set(5, "x")
            except kind as error:
                caught.append(type(error).__name__)
        try:
            return caught[0], ctx.nope  # type: ignore[return-value]
        except AttributeError:
            return [*caught, str(hasattr(ctx, "nope"))]

    _, text = await outcome_of(body)

    assert '["UsageError", "UsageError", "UsageError", "UsageError", "False"]' in text


class SealedText(Serde[Any]):
    """A serde that asks another service for its key."""

    def deserialize(self, buf: bytes) -> Any:
        return json.loads(buf)

    def serialize(self, obj: Any) -> bytes:
        raise ConnectionError("the key service does not answer")


async def test_serde_that_fails_for_now_is_tried_again() -> None:
    async def body(ctx: Any) -> None:
        ctx.set("cart", "x", serde=SealedText())

    call, text = await outcome_of(body)

    assert call.answer == ["Error"], text
    assert "the key service does not answer" in text


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ({(1, 2): 3}, "cannot write the result of Obj/h, of type dict: "),
        (object(), "cannot write the result of Obj/h, of type object: "),
        ({"a": math.inf}, "cannot write the result of Obj/h, of type dict at $.a: inf is not a JSON number"),
    ],
)
async def test_result_that_cannot_be_written_ends_the_invocation(value: object, expected: str) -> None:
    call, text = await outcome_of(lambda ctx: returns(value))

    assert call.answer == ["Output", "End"], text
    assert expected in text


@pytest.mark.parametrize(
    ("action", "arguments", "expected"),
    [
        (lambda: {(1, 2): 3}, (), 'cannot write the result of run "charge", of type dict: '),
        (object, (), 'cannot write the result of run "charge", of type object: '),
        (
            needs_one,
            (),
            'run "charge" cannot be executed: needs_one() missing 1 required positional argument',
        ),
        (act, (1, 2), 'run "charge" cannot be executed: act() takes from 0 to 1 positional arguments but 2'),
    ],
)
async def test_run_that_can_only_fail_again_fails_for_good(
    action: Callable[..., Any], arguments: tuple[Any, ...], expected: str
) -> None:
    async def body(ctx: Any) -> None:
        await ctx.run_typed("charge", action, RunOptions(), *arguments)

    body.__qualname__ = "to_thread"
    call, text = await outcome_of(body)

    assert call.answer == ["Run", "ProposeRunCompletion"], text
    assert expected in text
    assert "test_misuse.py:" in text


def own_mistake(_: Any) -> None:
    raise TypeError("the author's own")


def own_call(_: Any) -> None:
    needs_one()  # type: ignore[call-arg]


class Callback:
    """A class of the author's own, with the name of one of ours."""


class Context:
    """Another one."""

    def __init__(self, user: str) -> None:
        self.user = user

    def charge(self, amount: int) -> None:
        pass


def own_coroutine(_: Any) -> None:
    coroutine = act()
    try:
        coroutine + 1  # type: ignore[operator]
    finally:
        coroutine.close()


def own_coroutine_attribute(_: Any) -> None:
    coroutine = act()
    try:
        _ = coroutine.amount  # type: ignore[attr-defined]
    finally:
        coroutine.close()


#: Errors that a deploy can fix, some of them with texts like those of misuse.
MISTAKES: dict[str, Callable[[Any], Any]] = {
    "own error": own_mistake,
    "own call": own_call,
    "number": lambda ctx: int("x"),
    "json": lambda ctx: json.loads("{"),
    "own coroutine": own_coroutine,
    "attribute of an own coroutine": own_coroutine_attribute,
    "no coroutine": lambda ctx: asyncio.get_running_loop().create_task(None),  # type: ignore[arg-type]
    "own Callback": lambda ctx: Callback()["a"],  # type: ignore[index]
    "attribute of an own Callback": lambda ctx: Callback().url,  # type: ignore[attr-defined]
    "attribute that is missing in a module": lambda ctx: json.Callback,  # type: ignore[attr-defined]
    "own Context": lambda ctx: Context(),  # type: ignore[call-arg]
    "method of an own Context": lambda ctx: Context("ada").charge(),  # type: ignore[call-arg]
}


@pytest.mark.parametrize("mistake", MISTAKES.values(), ids=MISTAKES)
async def test_mistake_of_the_author_is_tried_again(mistake: Callable[[Any], None]) -> None:
    async def body(ctx: Any) -> None:
        mistake(ctx)

    call, text = await outcome_of(body)

    assert call.answer == ["Error"], text


def passing_on(function: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(function)
    def wrapper(*arguments: Any) -> Any:
        return function(*arguments)

    return wrapper


@pytest.mark.parametrize(
    "action",
    [lambda: int("x"), lambda: needs_one(), passing_on(needs_one)],  # type: ignore[call-arg]
)
async def test_mistake_of_the_author_in_a_run_is_tried_again(action: Callable[[], int]) -> None:
    async def body(ctx: Any) -> None:
        await ctx.run_typed("charge", action)

    body.__qualname__ = "to_thread"
    call, text = await outcome_of(body)

    await call.until(lambda: call.answer[-1:] == ["Error"])
    assert "ProposeRunCompletion" not in call.answer, text


def wake_up_of(sleep: frames.Frame) -> int:
    at_ms = frames.fields(sleep.payload).get(1, 0)
    assert isinstance(at_ms, int)
    return at_ms


async def test_numbers_are_seconds() -> None:
    async def body(ctx: Any) -> None:
        ctx.sleep(0.5)
        ctx.sleep(timedelta(seconds=0.5))
        ctx.sleep(-3)
        ctx.service_send(greet, "x", send_delay=1)
        await ctx.run_typed("charge", act, RunOptions(max_duration=5, initial_retry_interval=0.1))

    call, text = await outcome_of(body)

    assert call.answer == ["Sleep", "Sleep", "Sleep", "OneWayCall", "Run", "ProposeRunCompletion"], text
    wake_ups = [wake_up_of(frame) for frame in frames.read(call.exchange.body)[:3]]
    assert wake_ups[0] > 1_700_000_000_000
    assert abs(wake_ups[0] - wake_ups[1]) < 5000
    assert 0 < wake_ups[2] < wake_ups[0]


async def test_sleep_in_the_past_is_over_at_once() -> None:
    async def body(ctx: Any) -> None:
        ctx.sleep(timedelta.min)

    call, _ = await outcome_of(body)

    assert wake_up_of(frames.read(call.exchange.body)[0]) == 0
