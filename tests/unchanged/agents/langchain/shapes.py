"""Agents in the shapes that applications have: chats, agents that call agents, workflows, graphs of their own."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any, TypedDict

from langchain.agents import create_agent
from langchain.agents.middleware import HumanInTheLoopMiddleware
from langchain_core.messages import AIMessage, AnyMessage, HumanMessage, messages_from_dict, messages_to_dict
from langchain_core.tools import tool
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.graph import END, START, StateGraph
from langgraph.graph.message import add_messages
from langgraph.types import Command

from tests.e2e.services.outside import record
from tests.unchanged.agents.langchain.basics import agent, ask, question, texts
from tests.unchanged.agents.langchain.scripted import Scripted, asks, call, says
from tests.unchanged.agents.langchain.sdk import (
    RestateMiddleware,
    named,
    restate,
    restate_context,
    restate_object_context,
)
from tests.unchanged.agents.langchain.tools import approve

# ---------------------------------------------------------------- a chat: the history is the state of an object

chat = restate.VirtualObject(named("Chat"))


@tool
async def remember(fact: str) -> str:
    """Remember a fact about the user."""
    context = restate_object_context()
    facts = await context.get("facts", type_hint=list[str]) or []
    context.set("facts", [*facts, fact])
    return f"{len(facts) + 1} facts"


@chat.handler()
async def message(ctx: restate.ObjectContext, text: str) -> str:
    history: list[Any] = messages_from_dict(await ctx.get("history", type_hint=list[dict[str, Any]]) or [])
    script = [asks(call("remember", "c1", fact="likes tea")), says("Noted."), says("Tea, as always.")]
    made = create_agent(Scripted(script=script), [remember], middleware=[RestateMiddleware()])
    result = await made.ainvoke({"messages": [*history, HumanMessage(text, id=str(ctx.uuid()))]})
    ctx.set("history", messages_to_dict(result["messages"]))
    return str(result["messages"][-1].text)


@chat.handler(kind="shared")
async def history(ctx: restate.ObjectSharedContext) -> list[str]:
    stored = messages_from_dict(await ctx.get("history", type_hint=list[dict[str, Any]]) or [])
    return texts({"messages": stored})


# ---------------------------------------------------------------- agents that use agents

experts = restate.Service(named("Experts"))


@experts.handler()
async def consult(ctx: restate.Context, topic: str) -> str:
    return (await ask(asks(call("weather", city=topic)), says(f"{topic} is fine")))[-1]


@tool
async def local_expert(topic: str) -> str:
    """Ask an agent in the same handler."""
    calls = [call("weather", f"c{number}", city=f"{topic} {number}") for number in range(2)]
    return (await ask(asks(*calls), says(f"{topic} is good")))[-1]


@tool
async def remote_expert(topic: str) -> str:
    """Ask an agent that is a service of its own."""
    return await restate_context().service_call(consult, arg=topic)


supervisors = restate.Service(named("Supervisors"))


@supervisors.handler()
async def delegate(ctx: restate.Context, notes: str) -> list[str]:
    calls = [
        call("local_expert", "c1", topic="Rome"),
        call("remote_expert", "c2", topic="Oslo"),
        call("local_expert", "c3", topic="Bern"),
    ]
    model = Scripted(script=[asks(*calls), says("Decided.")], notes=notes)
    made = create_agent(model, [local_expert, remote_expert], middleware=[RestateMiddleware()])
    return texts(await made.ainvoke(question()))


@supervisors.handler()
async def crowd(ctx: restate.Context, notes: str) -> list[list[str]]:
    def one(name: str) -> Any:
        calls = [call("weather", f"c{number}", city=f"{name} {number}") for number in range(2)]
        return ask(asks(*calls), says(name), notes=notes)

    return list(await asyncio.gather(*(one(name) for name in "ABC")))


@supervisors.handler()
async def panel(ctx: restate.Context, topics: list[str]) -> list[str]:
    opinions = await restate.gather(*(ctx.service_call(consult, arg=topic) for topic in topics))
    said = [await opinion for opinion in opinions]
    return [*said, *(await ask(says(f"{len(said)} opinions")))[-1:]]


@supervisors.handler()
async def relay(ctx: restate.Context, notes: str) -> str:
    draft = (await ask(says("A draft."), notes=notes))[-1]
    review = (await ask(asks(call("weather", city="Rome")), says("A review."), notes=notes))[-1]
    return f"{draft} {review}"


# ---------------------------------------------------------------- a person decides, through an interrupt of the graph


@supervisors.handler()
async def reviewed(ctx: restate.Context, notes: str) -> list[str]:
    made = agent(
        asks(call("weather", "c1", city="Rome"), call("weather", "c2", city="Oslo")),
        says("Done."),
        notes=notes,
        middleware=[HumanInTheLoopMiddleware(interrupt_on={"weather": True})],
        checkpointer=InMemorySaver(),
    )
    config = {"configurable": {"thread_id": ctx.request().id}}
    result = await made.ainvoke(question(), config)
    while "__interrupt__" in result:
        awakeable_id, decisions = ctx.awakeable(type_hint=list[dict[str, Any]])

        async def ask_person(awakeable_id: str = awakeable_id) -> None:
            record(notes, "asked", awakeable_id)

        await ctx.run_typed("ask", ask_person)
        result = await made.ainvoke(Command(resume={"decisions": await decisions}), config)
    return texts(result)


# ---------------------------------------------------------------- a workflow around an agent

trips = restate.Workflow(named("Trips"))


@trips.main()
async def run(ctx: restate.WorkflowContext, notes: str) -> list[str]:
    plan = await ask(asks(call("weather", city="Rome")), says("Go on Monday."), notes=notes)
    ctx.set("plan", plan[-1])
    record(notes, "asked", ctx.key())
    answer = await ctx.promise("answer", type_hint=str).value()
    return [plan[-1], *(await ask(says(f"You said {answer}."), notes=notes))]


@trips.handler()
async def answer(ctx: restate.WorkflowSharedContext, text: str) -> str | None:
    await ctx.promise("answer", type_hint=str).resolve(text)
    return await ctx.get("plan", type_hint=str)


# ---------------------------------------------------------------- a graph without an agent

graphs = restate.Service(named("Graphs"))


class Draft(TypedDict):
    messages: Annotated[list[AnyMessage], add_messages]
    notes: str
    grade: int


async def write(state: Draft) -> dict[str, Any]:
    model = Scripted(script=[says("bad"), says("good")], notes=state["notes"])

    async def call_model() -> Any:
        return await model.ainvoke(state["messages"])

    options = restate.RunOptions[Any](type_hint=AIMessage)
    answer = await restate_context().run_typed("write", call_model, options)
    return {"messages": [answer]}


async def grade(state: Draft) -> dict[str, Any]:
    text = state["messages"][-1].text

    async def look() -> int:
        return 1 if text == "good" else 0

    return {"grade": await restate_context().run_typed(f"grade {text}", look)}


async def confirm(state: Draft) -> dict[str, Any]:
    result = await approve.ainvoke({"question": "publish?", "notes": state["notes"]})
    return {"messages": [HumanMessage(result)]}


def look(state: Draft) -> dict[str, Any]:
    """Run in a thread."""
    return {"notes": state["notes"]}


def choose(state: Draft) -> str:
    return "confirm" if state["grade"] else "write"


def _graph() -> Any:
    graph = StateGraph(Draft)
    for node in (write, grade, confirm):
        graph.add_node(node.__name__, node)
    graph.add_node("look", look)
    graph.add_edge(START, "write")
    graph.add_edge("write", "grade")
    graph.add_edge("write", "look")
    graph.add_conditional_edges("grade", choose)
    graph.add_edge("confirm", END)
    return graph.compile()


@graphs.handler()
async def publish(ctx: restate.Context, notes: str) -> list[str]:
    return texts(await _graph().ainvoke({"messages": [HumanMessage("Write!")], "notes": notes, "grade": 0}))


SERVICES = [chat, experts, supervisors, trips, graphs]
