"""Runs programs of durable operations; `tests/peers/programs.py` makes them.

A program is a list of operations, each a list of its name and its arguments. Its result is the list of what each
operation gave. What fails with a terminal error gives the error's text; `fail` ends the program.
"""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import awaken as restate

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

interpreter = restate.VirtualObject("Interpreter")
flow = restate.Workflow("Flow")
helper = restate.Service("Helper")

Program = list[list[Any]]

#: Invocations and places in them that have stumbled already.
_stumbled: set[tuple[str, int]] = set()


@interpreter.handler()
async def execute(ctx: restate.ObjectContext, program: Program) -> list[Any]:
    return await _execute(ctx, program)


@flow.main()
async def run(ctx: restate.WorkflowContext, program: Program) -> list[Any]:
    return await _execute(ctx, program)


@helper.handler()
async def echo(ctx: restate.Context, value: Any) -> Any:
    return value


@helper.handler()
async def refuse(ctx: restate.Context, reason: str) -> None:
    raise restate.TerminalError(reason, status_code=422)


@helper.handler()
async def wait_for_ever(ctx: restate.Context, value: Any) -> Any:
    return await ctx.awakeable(type_hint=str)


async def _execute(ctx: Any, program: Program) -> list[Any]:
    results: list[Any] = []
    for number, (name, *arguments) in enumerate(program):
        if name == "fail":
            raise restate.TerminalError(str(arguments[0]), status_code=418)
        if name == "stumble":
            _stumble(ctx, number)
            results.append(None)
            continue
        try:
            results.append(await _OPERATIONS[name](ctx, *arguments))
        except restate.TerminalError as error:
            results.append(f"failed with {error.status_code}: {error.message}")
    return results


def _stumble(ctx: Any, number: int) -> None:
    """Fail retryably, the first time that an invocation comes here."""
    place = (ctx.request().id, number)
    if place not in _stumbled:
        _stumbled.add(place)
        raise RuntimeError(f"stumbled at operation {number}")


# What ends by itself: `together` may start any of these.


async def _run(ctx: Any, name: str, value: Any) -> Any:
    return await ctx.run_typed(name, lambda: value)


async def _run_in_vain(ctx: Any, name: str, reason: str) -> Any:
    def fail() -> None:
        raise restate.TerminalError(reason, status_code=409)

    return await ctx.run_typed(name, fail)


async def _sleep(ctx: Any, milliseconds: int, name: str) -> str:
    await ctx.sleep(timedelta(milliseconds=milliseconds), name)
    return "slept"


async def _call(ctx: Any, value: Any) -> Any:
    return await ctx.service_call(echo, value)


async def _call_in_vain(ctx: Any, reason: str) -> Any:
    return await ctx.service_call(refuse, reason)


async def _call_object(ctx: Any, key: str, program: Program) -> Any:
    return await ctx.object_call(execute, f"{ctx.key()}.{key}", program)


async def _resolve_own(ctx: Any, value: Any) -> Any:
    awakeable = ctx.awakeable(type_hint=Any)
    ctx.resolve_awakeable(awakeable.id, value)
    return await awakeable


async def _reject_own(ctx: Any, reason: str, code: int) -> Any:
    awakeable = ctx.awakeable(type_hint=Any)
    ctx.reject_awakeable(awakeable.id, reason, code)
    return await awakeable


async def _await_outside(ctx: Any) -> Any:
    return await ctx.awakeable(type_hint=Any)


# What is requested here and continues elsewhere.


async def _send(ctx: Any, value: Any, delay_ms: int) -> Any:
    ctx.service_send(echo, value, send_delay=timedelta(milliseconds=delay_ms) if delay_ms else None)


async def _send_and_attach(ctx: Any, value: Any) -> Any:
    sent = ctx.service_send(echo, value)
    return await ctx.attach_invocation(await sent.invocation_id(), type_hint=Any)


async def _send_and_cancel(ctx: Any, value: Any) -> Any:
    sent = ctx.service_send(wait_for_ever, value)
    identifier = await sent.invocation_id()
    ctx.cancel_invocation(identifier)
    return await ctx.attach_invocation(identifier, type_hint=Any)


async def _together(ctx: Any, operations: Program) -> list[Any]:
    started = [_OPERATIONS[name](ctx, *arguments) for name, *arguments in operations]
    answers = await asyncio.gather(*started, return_exceptions=True)
    return [str(answer) if isinstance(answer, restate.TerminalError) else answer for answer in answers]


# State, and promises of workflows.


async def _get(ctx: Any, name: str) -> Any:
    return await ctx.get(name, type_hint=Any)


async def _keys(ctx: Any) -> list[str]:
    return sorted(await ctx.state_keys())


async def _set(ctx: Any, name: str, value: Any) -> None:
    ctx.set(name, value)


async def _clear(ctx: Any, name: str) -> None:
    ctx.clear(name)


async def _clear_all(ctx: Any) -> None:
    ctx.clear_all()


async def _promise_resolve(ctx: Any, name: str, value: Any) -> None:
    await ctx.promise(name, type_hint=Any).resolve(value)


async def _promise_reject(ctx: Any, name: str, reason: str) -> None:
    await ctx.promise(name, type_hint=Any).reject(reason, 410)


async def _promise_peek(ctx: Any, name: str) -> Any:
    return await ctx.promise(name, type_hint=Any).peek()


async def _promise_await(ctx: Any, name: str, value: Any) -> Any:
    """Resolve it, which fails when it was completed before, and await it."""
    promise = ctx.promise(name, type_hint=Any)
    try:
        await promise.resolve(value)
    except restate.TerminalError as error:
        return [f"failed with {error.status_code}", await promise.value()]
    return await promise.value()


_OPERATIONS: dict[str, Callable[..., Awaitable[Any]]] = {
    "run": _run,
    "run in vain": _run_in_vain,
    "sleep": _sleep,
    "call": _call,
    "call in vain": _call_in_vain,
    "call object": _call_object,
    "resolve own": _resolve_own,
    "reject own": _reject_own,
    "await outside": _await_outside,
    "send": _send,
    "send and attach": _send_and_attach,
    "send and cancel": _send_and_cancel,
    "together": _together,
    "get": _get,
    "keys": _keys,
    "set": _set,
    "clear": _clear,
    "clear all": _clear_all,
    "resolve promise": _promise_resolve,
    "reject promise": _promise_reject,
    "peek promise": _promise_peek,
    "await promise": _promise_await,
}

app = restate.app([interpreter, flow, helper])
