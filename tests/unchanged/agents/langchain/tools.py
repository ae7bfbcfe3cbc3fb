"""Tools that the agents of these tests use."""

from __future__ import annotations

import asyncio
import threading
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from langchain_core.tools import tool
from pydantic import BaseModel

from tests.e2e.services.outside import record
from tests.unchanged.agents.langchain.sdk import exceptions, restate, restate_context


@tool
async def weather(city: str) -> str:
    """Look up the weather."""

    async def look_up() -> str:
        return f"sunny in {city}"

    return await restate_context().run_typed(f"weather in {city}", look_up)


@tool
async def approve(question: str, notes: str) -> str:
    """Ask a person."""
    context = restate_context()
    awakeable_id, answer = context.awakeable(type_hint=str)

    async def ask() -> None:
        record(notes, "asked", awakeable_id)

    await context.run_typed(f"ask {question}", ask)
    return f"{question}: {await answer}"


@tool
async def nap(ms: int, label: str) -> str:
    """Sleep, then do something."""
    await restate_context().sleep(timedelta(milliseconds=ms), name=label)

    async def wake() -> str:
        return f"slept {label}"

    return await restate_context().run_typed(f"wake {label}", wake)


@tool
async def fail(kind: str) -> str:
    """Fail, in one of several ways."""
    if kind == "terminal":
        raise restate.TerminalError("not in this house", status_code=418)
    if kind == "retryable":
        raise exceptions.RetryableError("come back later", retry_after=timedelta(milliseconds=10))
    if kind == "group":
        raise ExceptionGroup("several", [ValueError("one"), KeyError("two")])
    if kind == "run":

        async def refuse() -> None:
            raise restate.TerminalError("the run refused", status_code=404)

        await restate_context().run_typed("refuse", refuse)
    if kind == "cancelled":
        raise asyncio.CancelledError
    if kind == "stop":
        raise StopAsyncIteration
    raise ValueError(f"cannot {kind}")


@tool
def blocking(label: str) -> str:
    """Run in a thread, with the context at hand but not used."""
    on_loop = threading.current_thread() is threading.main_thread()
    return f"{label}: {restate_context().request().id.startswith('inv_')}, on the loop: {on_loop}"


@tool
async def large(size: int) -> str:
    """Return a text of this many characters."""

    async def produce() -> str:
        return "é" * size

    return await restate_context().run_typed("produce", produce)


class Address(BaseModel):
    street: str
    number: int = 1


@dataclass
class Parcel:
    weight: float
    labels: list[str]


@tool
async def ship(to: Address, parcel: Parcel, tags: dict[str, Any] | None = None) -> str:
    """Ship a parcel."""
    return f"{type(to).__name__} {to.street} {to.number} / {type(parcel).__name__} {parcel} / {tags}"


@tool
async def numbers() -> list[Any]:
    """Return a value that is no text."""
    return [1, None, {"a": "ü"}]


TOOLS = [weather, approve, nap, fail, blocking, large, ship, numbers]
