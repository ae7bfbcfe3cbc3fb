"""A service of agents: one handler for each thing that an agent may do."""

from __future__ import annotations

import dataclasses
from datetime import timedelta
from typing import Any

from langchain.agents import create_agent
from langchain.agents.structured_output import ProviderStrategy, ToolStrategy
from langchain_core.messages import AIMessage, AIMessageChunk, BaseMessage, HumanMessage
from langchain_core.messages.tool import invalid_tool_call, tool_call_chunk
from pydantic import BaseModel

from tests.unchanged.agents.langchain.scripted import Scripted, Streamed, asks, call, says
from tests.unchanged.agents.langchain.sdk import RestateMiddleware, named, restate
from tests.unchanged.agents.langchain.tools import TOOLS

basics = restate.Service(named("Basics"))


def agent(*script: Any, notes: str = "", run_options: Any = None, **options: Any) -> Any:
    """Make an agent whose model follows a script."""
    given = options.pop("middleware", [])
    model = options.pop("model", Scripted)(script=list(script), notes=notes)
    return create_agent(
        model=model, tools=TOOLS, middleware=[*given, RestateMiddleware(run_options)], **options
    )


def question() -> Any:
    return {"messages": [{"role": "user", "content": "?"}]}


def texts(result: dict[str, Any]) -> list[str]:
    return [f"{message.type}: {message.content}" for message in result["messages"]]


async def ask(*script: Any, **options: Any) -> list[str]:
    return texts(await agent(*script, **options).ainvoke(question()))


@basics.handler()
async def basic(ctx: restate.Context, notes: str) -> list[str]:
    return await ask(asks(call("weather", city="Rome")), says("Take a hat."), notes=notes)


@basics.handler()
async def several(ctx: restate.Context, notes: str) -> list[str]:
    calls = [call("weather", f"c{number}", city=f"city {number}") for number in range(30)]
    return await ask(asks(*calls), says("Take a hat."), notes=notes)


@basics.handler()
async def naps(ctx: restate.Context, notes: str) -> list[str]:
    calls = [call("nap", name, ms=ms, label=name) for name, ms in (("a", 30), ("b", 10), ("c", 20))]
    return await ask(asks(*calls), says("Good morning."), notes=notes)


@basics.handler()
async def approval(ctx: restate.Context, notes: str) -> list[str]:
    calls = [
        call("weather", "c0", city="Oslo"),
        call("approve", "c1", question="hat?", notes=notes),
        call("approve", "c2", question="coat?", notes=notes),
    ]
    return await ask(asks(*calls), says("Done."), notes=notes)


@basics.handler()
async def fails(ctx: restate.Context, kind: str) -> list[str]:
    return await ask(asks(call("weather", "c0", city="Rome"), call("fail", "c1", kind=kind)), says("Done."))


@basics.handler()
async def recovers(ctx: restate.Context, kind: str) -> list[str]:
    try:
        return await ask(asks(call("fail", kind=kind)), says("Done."))
    except restate.TerminalError as error:
        again = await ask(asks(call("weather", city="Rome")), says("Sorry."))
        return [error.message, str(error.status_code), *again]


@basics.handler()
async def model_down(ctx: restate.Context, notes: str) -> list[str]:
    options = restate.RunOptions[Any](max_attempts=3, initial_retry_interval=timedelta(milliseconds=5))
    return await ask(ConnectionError("no model today"), notes=notes, run_options=options)


@basics.handler()
async def nonsense(ctx: restate.Context, notes: str) -> list[str]:
    return await ask(
        asks(call("no_such_tool", city="Rome")),
        asks(call("weather", town="Rome")),
        asks(call("ship", to={"street": 5}, parcel="a box")),
        says("I give up."),
        notes=notes,
    )


@basics.handler()
async def arguments(ctx: restate.Context, notes: str) -> list[str]:
    parcel = {"weight": 1.5, "labels": ["fragile", "größer", "箱"]}
    return await ask(
        asks(call("ship", to={"street": "Zürichstraße 🏠"}, parcel=parcel, tags={"a": [None, True]})),
        asks(call("numbers")),
        says("Shipped.\u2028\x00"),
        notes=notes,
    )


@basics.handler()
async def threads(ctx: restate.Context, notes: str) -> list[str]:
    return await ask(
        asks(call("blocking", "c1", label="a"), call("blocking", "c2", label="b")), says("."), notes=notes
    )


@basics.handler()
async def turns(ctx: restate.Context, count: int) -> int:
    script = [*(asks(call("weather", f"c{number}", city=str(number))) for number in range(count)), says(".")]
    result = await agent(*script).ainvoke(question(), {"recursion_limit": 5 * count + 10})
    return len(result["messages"])


@basics.handler()
async def heavy(ctx: restate.Context, size: int) -> int:
    def measure(messages: list[BaseMessage]) -> AIMessage:
        return says(str(len(messages[-1].content)))

    return int((await ask(asks(call("large", size=size)), measure))[-1].removeprefix("ai: "))


class Forecast(BaseModel):
    city: str
    degrees: float = 20


class Refusal(BaseModel):
    reason: str


@dataclasses.dataclass
class Note:
    text: str


@basics.handler()
async def structured(ctx: restate.Context, notes: str) -> list[Any]:
    wrong, right = call("Forecast", "c1", city=[]), call("Forecast", "c2", city="Rome")
    answers = [
        await agent(asks(right), response_format=Forecast).ainvoke(question()),
        await agent(asks(wrong), asks(right), response_format=ToolStrategy(Forecast)).ainvoke(question()),
        await agent(says('{"city": "Rome"}'), response_format=ProviderStrategy(Forecast)).ainvoke(question()),
    ]
    await ctx.sleep(timedelta(milliseconds=20))
    return [(repr(answer["structured_response"]), texts(answer)) for answer in answers]


KINDS: list[AIMessage] = [
    AIMessage(
        content=[
            {"type": "reasoning", "reasoning": "hm"},
            {"type": "text", "text": "héllo \u2028 🎉"},
            {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}},
        ],
        additional_kwargs={"refusal": None, "nested": {"a": [1, 2.5, None]}},
        response_metadata={"model_name": "m", "finish_reason": "stop"},
        usage_metadata={
            "input_tokens": 11,
            "output_tokens": 22,
            "total_tokens": 33,
            "input_token_details": {"cache_read": 5},
        },
        name="oracle",
        id="given",
        invalid_tool_calls=[invalid_tool_call(name="x", args="{bad", id="i", error="no JSON")],
    ),
    AIMessageChunk(
        content="half",
        id="chunk",
        chunk_position="last",
        tool_call_chunks=[tool_call_chunk(name="numbers", args="{}", id="z", index=0)],
    ),
    AIMessage(content="", id="empty"),
]


@basics.handler()
async def kinds(ctx: restate.Context, notes: str) -> list[Any]:
    seen = []
    for message in KINDS:
        result = await agent(message, says("end")).ainvoke(question())
        await ctx.sleep(timedelta(milliseconds=1))
        answer = result["messages"][1]
        seen.append((type(answer).__name__, answer == message, answer.model_dump(mode="json")))
    return seen


@basics.handler()
async def carried(ctx: restate.Context, notes: str) -> list[Any]:
    """Have every kind of answer in the journal when the wait begins."""
    forecast = asks(call("Forecast", "c2", city="Rome"))
    seen = [(await agent(message, says("end")).ainvoke(question()))["messages"][1] for message in KINDS]
    structured = [
        (await agent(*script, response_format=given).ainvoke(question()))["structured_response"]
        for given, *script in (
            (Forecast, forecast),
            (ToolStrategy(Forecast), asks(call("Forecast", "c1", city=[])), forecast),
            (ProviderStrategy(Forecast), says('{"city": "Rome"}')),
        )
    ]
    answer = await ask(
        asks(call("weather", "c0", city="Oslo"), call("approve", "c1", question="hat?", notes=notes)),
        says("Done."),
        notes=notes,
    )
    kinds = [(type(message).__name__, message.model_dump(mode="json")) for message in seen]
    return [kinds, [repr(one) for one in structured], answer]


@basics.handler()
async def updates(ctx: restate.Context, notes: str) -> list[str]:
    seen = []
    made = agent(asks(call("weather", city="Rome")), says("Take a hat."), model=Streamed, notes=notes)
    async for mode, part in made.astream(question(), stream_mode=["updates", "custom"]):
        seen += [f"{mode} {node}: {texts(update)}" for node, update in part.items()]
    return seen


@basics.handler()
async def tokens(ctx: restate.Context, notes: str) -> str:
    made = agent(asks(call("weather", city="Rome")), says("Take a hat."), model=Streamed, notes=notes)
    pieces = []
    async for message, _ in made.astream(question(), stream_mode="messages"):
        if message.type in ("ai", "AIMessageChunk"):
            pieces.append(message.text)
    return "".join(pieces)


@basics.handler()
async def events(ctx: restate.Context, notes: str) -> list[str]:
    made = agent(asks(call("weather", city="Rome")), says("Take a hat."), notes=notes)
    ends = [event async for event in made.astream_events(question(), version="v2")]
    return [event["name"] for event in ends if event["event"] in ("on_tool_end", "on_chat_model_end")]


@basics.handler()
async def blocked(ctx: restate.Context, notes: str) -> list[str]:
    return texts(agent(says("never"), notes=notes).invoke({"messages": [HumanMessage("?")]}))
