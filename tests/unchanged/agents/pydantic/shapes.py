"""Applications like those that the official examples show, for either SDK: only the imports differ.

Models and tools write what they do to the file whose path is the request, because replays and processes come and go.
"""

from __future__ import annotations

import asyncio
import importlib
from contextvars import ContextVar
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel
from pydantic_ai import Agent, DeferredToolRequests, DeferredToolResults, ModelMessage, ModelRetry, RunContext

from tests.compat.sdk import PACKAGE, named, restate
from tests.e2e.services.outside import record
from tests.unchanged.agents.pydantic.scripted import returned, scripted

if TYPE_CHECKING:
    from collections.abc import AsyncIterable

    from awaken.ext import pydantic as ext
else:
    ext = importlib.import_module(f"{PACKAGE}.ext.pydantic")

#: The file of this invocation.
outside: ContextVar[str] = ContextVar("outside")


def model(*script: Any) -> Any:
    return scripted(*script, count=lambda: record(outside.get(), "model"))


def act(word: str, value: object = "") -> str:
    record(outside.get(), word, value)
    return f"{word} {value}"


agents = restate.Service(named("Agents"))

# ------------------------------------------------------------ an agent with a durable tool

weather = Agent(model([("look", {"city": "Zürich"})], returned), name="weather")


@weather.tool_plain
async def look(city: str) -> str:
    """Look out of the window."""
    return await ext.restate_context().run_typed("look", act, restate.RunOptions(), "look", city)


weather_agent = ext.RestateAgent(weather)


@agents.handler()
async def basic(ctx: restate.Context, path: str) -> str:
    outside.set(path)
    return (await weather_agent.run("How is it outside?")).output


@agents.handler()
async def streaming(ctx: restate.Context, path: str) -> str:
    """Publish the events of an agent."""
    outside.set(path)

    async def publish(run: RunContext[object], events: AsyncIterable[Any]) -> None:
        async for event in events:
            record(path, "event", type(event).__name__)

    return (await ext.RestateAgent(weather, event_stream_handler=publish).run("How is it outside?")).output


# ------------------------------------------------------------ a person decides

claims = Agent(model([("approve", {"amount": 3000})], returned), name="claims", deps_type=str)


@claims.tool
async def approve(run: RunContext[str], amount: int) -> str:
    """Ask a person."""
    ctx = ext.restate_context()
    name, decision = ctx.awakeable(type_hint=str)
    await ctx.run_typed("request review", act, restate.RunOptions(), "gate", name)
    return f"{run.deps}: {await decision}"


claims_agent = ext.RestateAgent(claims)


@agents.handler()
async def human(ctx: restate.Context, path: str) -> str:
    outside.set(path)
    return (await claims_agent.run("A claim of 3000", deps="reviewer")).output


# ------------------------------------------------------------ tools side by side

DELAYS_MS = {"a": 60, "b": 5, "c": 30}
offices = Agent(model([("ask", {"office": office}) for office in DELAYS_MS], returned), name="offices")


@offices.tool_plain
async def ask(office: str) -> str:
    """Ask an office twice."""
    ctx = ext.restate_context()
    delay_ms = DELAYS_MS[office]

    async def letter() -> str:
        await asyncio.sleep(delay_ms / 1000)
        return act("letter", office)

    first = await ctx.run_typed(f"first {office}", letter)
    await ctx.sleep(timedelta(milliseconds=delay_ms))
    return first + "," + await ctx.run_typed(f"second {office}", letter)


@agents.handler()
async def parallel(ctx: restate.Context, path: str) -> str:
    outside.set(path)
    return (await ext.RestateAgent(offices).run("Ask everybody")).output


plain_tools = Agent(model([("fetch", {"n": n}) for n in range(3)], returned), name="plain")


@plain_tools.tool_plain
async def fetch(n: int) -> dict[str, int]:
    """Fetch a number."""
    await asyncio.sleep(0.03 / (n + 1))
    act("fetch", n)
    return {"n": n}


@agents.handler()
async def wrapped(ctx: restate.Context, path: str) -> str:
    outside.set(path)
    return (await ext.RestateAgent(plain_tools, auto_wrap_tools=True).run("Fetch everything")).output


# ------------------------------------------------------------ several agents


@agents.handler()
async def expert(ctx: restate.Context, path: str) -> str:
    """Answer as a remote agent."""
    outside.set(path)
    return (await ext.RestateAgent(Agent(model("remote advice"), name="expert")).run("Advise")).output


local_expert = ext.RestateAgent(Agent(model("local advice"), name="local"))
desk = Agent(model([("call_expert", {}), ("ask_local", {})], returned), name="desk")


@desk.tool_plain
async def call_expert() -> str:
    """Ask an agent in another service."""
    return await ext.restate_context().service_call(expert, arg=outside.get())


@desk.tool
async def ask_local(run: RunContext[object]) -> str:
    """Ask an agent in this handler."""
    return (await local_expert.run("Advise", usage=run.usage)).output


@agents.handler()
async def several(ctx: restate.Context, path: str) -> str:
    outside.set(path)
    return (await ext.RestateAgent(desk).run("Who knows?")).output


# ------------------------------------------------------------ results with a structure


class City(BaseModel):
    """A city."""

    name: str
    people: int


def give_city(messages: list[ModelMessage]) -> Any:
    return [("final_result", {"name": "Bern", "people": -1 if len(messages) == 1 else 134_000})]


cities = Agent(model(give_city), name="cities", output_type=City)


@cities.output_validator
def validate(city: City) -> City:
    if city.people < 0:
        raise ModelRetry("nobody has negative inhabitants")
    return city


@agents.handler()
async def structured(ctx: restate.Context, path: str) -> dict[str, Any]:
    outside.set(path)
    result = await ext.RestateAgent(cities).run("Which city?")
    return {**result.output.model_dump(), "requests": result.usage.requests}


# ------------------------------------------------------------ calls that wait for an approval

careful = Agent(
    model([("delete", {"file": "a"})], returned), name="careful", output_type=[str, DeferredToolRequests]
)


@careful.tool_plain(requires_approval=True)
async def delete(file: str) -> str:
    """Delete a file."""
    return act("deleted", file)


careful_agent = ext.RestateAgent(careful)


@agents.handler()
async def deferred(ctx: restate.Context, path: str) -> str:
    outside.set(path)
    first = await careful_agent.run("Clean up")
    assert isinstance(first.output, DeferredToolRequests)
    name, decision = ctx.awakeable(type_hint=bool)
    await ctx.run_typed("request approval", act, restate.RunOptions(), "gate", name)
    approvals: dict[str, Any] = {call.tool_call_id: await decision for call in first.output.approvals}
    second = await careful_agent.run(
        message_history=first.all_messages(), deferred_tool_results=DeferredToolResults(approvals=approvals)
    )
    return str(second.output)


# ------------------------------------------------------------ errors

fragile = Agent(model([("fail", {"how": how}) for how in ("retry", "terminal")], returned), name="fragile")


@fragile.tool_plain(retries=3)
async def fail(how: str) -> str:
    """Fail in one way or the other."""
    if how == "retry":
        raise ModelRetry("not like this")
    raise restate.TerminalError("closed", 418)


@agents.handler()
async def failing(ctx: restate.Context, path: str) -> str:
    outside.set(path)
    try:
        return (await ext.RestateAgent(fragile).run("Try")).output
    except restate.TerminalError as error:
        return f"{error.status_code} {error.message}"


broken = Agent(model(lambda messages: 1 / 0), name="broken")


@agents.handler()
async def down(ctx: restate.Context, path: str) -> str:
    """Ask a model that never answers."""
    outside.set(path)
    await ext.RestateAgent(broken, run_options=restate.RunOptions(max_attempts=2)).run("Hello?")
    return "never"


# ------------------------------------------------------------ a chat in an object

chats = restate.VirtualObject(named("Chats"))
MESSAGES: Any = ext.PydanticTypeAdapter(list[ModelMessage])
chatty = ext.RestateAgent(Agent(model(lambda messages: f"answer {(len(messages) + 1) // 2}"), name="chatty"))


@chats.handler()
async def say(ctx: restate.ObjectContext, path: str) -> str:
    outside.set(path)
    history = await ctx.get("messages", serde=MESSAGES)
    result = await chatty.run("And now?", message_history=history)
    ctx.set("messages", result.all_messages(), serde=MESSAGES)
    await ctx.sleep(timedelta(milliseconds=20))
    return result.output


app = restate.app([agents, chats])
