"""Every kind of agent, and the services and modes of ADK, work in a handler."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest
from awaken.ext.adk import RestatePlugin, RestateSessionService, restate_context
from google.adk.agents import LlmAgent, LoopAgent, ParallelAgent, RunConfig, SequentialAgent
from google.adk.agents.run_config import StreamingMode  # type: ignore[attr-defined]  # where its users find it
from google.adk.apps import App
from google.adk.artifacts import InMemoryArtifactService
from google.adk.memory import InMemoryMemoryService
from google.adk.models.registry import LLMRegistry
from google.adk.planners import PlanReActPlanner
from google.adk.runners import Runner
from google.adk.sessions import InMemorySessionService
from google.adk.tools.agent_tool import AgentTool
from google.adk.tools.load_memory_tool import load_memory_tool
from google.adk.tools.tool_context import ToolContext  # noqa: TC002  # ADK reads the annotations of tools
from google.adk.workflow import START, JoinNode, Workflow
from google.genai import types
from pydantic import BaseModel

from tests.unchanged.agents.adk.applications import (
    APP,
    SESSION,
    WARNINGS_OF_AGENTS,
    agent,
    events_of,
    look_up,
    models,
    results_of,
    runner,
    said_by,
    say_all,
    user,
)
from tests.unchanged.agents.adk.scripted import Scripted, notes, say, use

if TYPE_CHECKING:
    from pathlib import Path

    import awaken

pytestmark = WARNINGS_OF_AGENTS


async def test_agents_in_a_sequence(calls: Path) -> None:
    root = SequentialAgent(
        name="all",
        sub_agents=[
            agent(
                use(("look_up", {"city": "Rome"})),
                say("one"),
                name="first",
                tools=[look_up],
                output_key="found",
            ),
            agent(lambda request: say(request.config.system_instruction), name="second"),
        ],
    )
    root.sub_agents[1].instruction = "Use {found}."  # type: ignore[attr-defined]

    (said,) = await said_by(root)

    assert said[0] == "one"
    assert "Use one." in said[1]
    assert models(calls) == [["first", 0], ["first", 1], ["second", 0]]


async def test_agents_side_by_side(calls: Path) -> None:
    root = ParallelAgent(
        name="all",
        sub_agents=[
            agent(use(("look_up", {"city": city})), say(city), name=city.lower(), tools=[look_up])
            for city in ("Rome", "Oslo", "Bern")
        ],
    )

    (said,) = await said_by(root)

    assert sorted(said) == ["Bern", "Oslo", "Rome"]
    assert len(models(calls)) == 6


async def test_agents_in_a_loop(calls: Path) -> None:
    async def finish(tool_context: ToolContext) -> str:
        """End the loop."""
        tool_context.actions.escalate = True
        return "done"

    rounds: list[Any] = [say("again"), use(("finish", {})), say("bye")]
    looping = agent(lambda request: rounds[sum(c.role == "model" for c in request.contents)], tools=[finish])

    (said,) = await said_by(LoopAgent(name="all", max_iterations=5, sub_agents=[looping]))

    assert said == ["again", "bye"]
    assert len(models(calls)) == 3


async def test_graph_of_agents_and_functions(calls: Path) -> None:
    async def prepare(node_input: types.Content) -> str:
        return await restate_context().run_typed("prepare", lambda: "a topic")

    def collect(node_input: dict[str, Any]) -> str:
        return " and ".join(str(node_input[name]) for name in sorted(node_input))

    first = agent(say("pros"), name="pro", mode="single_turn")
    second = agent(say("cons"), name="con", mode="single_turn")
    join = JoinNode(name="join")
    graph = Workflow(name="graph", edges=[(START, prepare, (first, second), join, collect)])

    async def handle(ctx: awaken.ObjectContext, message: str) -> Any:
        return [event.output for event in await events_of(runner(graph), ctx, message) if event.output]

    (outputs,) = await results_of(handle)

    assert outputs[-1] == "cons and pros"
    assert sorted(models(calls)) == [["con", 0], ["pro", 0]]


async def test_agent_as_a_tool_of_another(calls: Path) -> None:
    helper = agent(use(("look_up", {"city": "Rome"})), say("Rome it is"), name="helper", tools=[look_up])
    asking = [("helper", {"request": "one"}), ("helper", {"request": "two"})]

    (said,) = await said_by(agent(use(*asking), say("done"), tools=[AgentTool(helper)]))

    assert said == ["done"]
    assert models(calls) == [["agent", 0], *[["helper", 0], ["helper", 1]] * 2, ["agent", 1]]


async def test_transfer_stays_for_the_next_turn(calls: Path) -> None:
    expert = agent(say("I know"), name="expert", description="knows")
    triage = agent(use(("transfer_to_agent", {"agent_name": "expert"})), name="triage", sub_agents=[expert])

    assert await said_by(triage, "one", "two") == [["I know"], ["I know"]]
    assert models(calls) == [["triage", 0], ["expert", 0], ["expert", 0]]


async def test_structured_answer_and_planner(calls: Path) -> None:
    class City(BaseModel):
        name: str
        size: int

    structured = agent(say('{"name": "Rome", "size": 3}'), output_schema=City, output_key="city")
    planning = agent(say("/*PLANNING*/ think /*FINAL_ANSWER*/ 42"), planner=PlanReActPlanner())

    async def handle(ctx: awaken.ObjectContext, message: str) -> Any:
        running = runner(structured)
        await events_of(running, ctx, message)
        session = await running.session_service.get_session(app_name=APP, user_id="ada", session_id=SESSION)
        assert session is not None
        return [session.state["city"], await say_all(runner(planning), ctx, message, session="other")]

    ((city, said),) = await results_of(handle)

    assert city == {"name": "Rome", "size": 3}
    assert said[-1] == " 42"


async def test_artifacts_and_memory() -> None:
    async def keep(tool_context: ToolContext) -> int:
        """Keep a file."""
        return await tool_context.save_artifact(
            "a.png", types.Part.from_bytes(data=b"\x00\xff", mime_type="image/png")
        )

    root = agent(
        use(("keep", {}), ("load_memory", {"query": "tea"})), say("kept"), tools=[keep, load_memory_tool]
    )
    artifacts, memory = InMemoryArtifactService(), InMemoryMemoryService()
    running = Runner(
        app=App(name=APP, root_agent=root, plugins=[RestatePlugin()]),
        session_service=RestateSessionService(),
        artifact_service=artifacts,
        memory_service=memory,
    )

    async def handle(ctx: awaken.ObjectContext, message: str) -> Any:
        said = await say_all(running, ctx, message)
        session = await running.session_service.get_session(app_name=APP, user_id="ada", session_id=SESSION)
        assert session is not None
        await memory.add_session_to_memory(session)
        return said

    assert await results_of(handle, "tea") == [["kept"]]
    found = await memory.search_memory(app_name=APP, user_id="ada", query="tea")
    assert found.memories[0].content.parts[0].text == "tea"  # type: ignore[index]
    part = await artifacts.load_artifact(app_name=APP, user_id="ada", session_id=SESSION, filename="a.png")
    assert part is not None
    assert part.inline_data is not None
    assert part.inline_data.data == b"\x00\xff"


async def test_streaming_gives_whole_answers(calls: Path) -> None:
    parts = [say("hel", partial=True), say("lo", partial=True), say("hello")]
    streaming = RunConfig(streaming_mode=StreamingMode.SSE)
    running = runner(agent(parts))

    async def handle(ctx: awaken.ObjectContext, message: str) -> Any:
        return await say_all(running, ctx, message, run_config=streaming)

    assert await results_of(handle) == [["hello"]]
    assert notes(calls) == [["model", "agent", 0, False]]


async def test_ids_repeat_and_do_not_use_those_of_the_handler() -> None:
    seen: list[list[str]] = []

    async def wait(tool_context: ToolContext) -> str:
        """Wait."""
        seen.append([tool_context.function_call_id or "", tool_context.invocation_id])
        await restate_context().run_typed("wait", lambda: None)
        return "waited"

    running = runner(agent(use(("wait", {})), say("done"), tools=[wait]))

    async def handle(ctx: awaken.ObjectContext, message: str) -> Any:
        events = await events_of(running, ctx, message)
        seen.append([event.id for event in events])
        return str(ctx.uuid())

    async def alone(ctx: awaken.ObjectContext, message: str) -> Any:
        return str(ctx.uuid())

    assert await results_of(handle) == await results_of(alone)
    first, *others = [each for each in seen if len(each) == 2]
    assert len(others) > 1
    assert all(each == first for each in others)


async def test_ids_repeat_in_agents_that_run_at_the_same_time() -> None:
    seen: list[set[str]] = []

    async def handle(ctx: awaken.ObjectContext, message: str) -> Any:
        running = runner(agent(say("fine")))
        both = await asyncio.gather(
            *(events_of(running, ctx, message, session=name) for name in ("one", "two"))
        )
        seen.append({event.id for events in both for event in events})
        await ctx.run_typed("wait", lambda: None)

    await results_of(handle)

    assert len(seen) == 2
    assert seen[0] == seen[1]


class Registered(Scripted):
    """A model that agents name."""

    turns: list[Any] = [say("registered")]  # noqa: RUF012  # a field of pydantic

    @classmethod
    def supported_models(cls) -> list[str]:
        return ["registered-.*"]


async def test_model_that_is_named_and_inherited(calls: Path) -> None:
    LLMRegistry.register(Registered)
    child = LlmAgent(name="child", description="knows", disallow_transfer_to_parent=True)
    parent = LlmAgent(name="parent", model="registered-1", sub_agents=[child])

    assert await said_by(parent) == [["registered"]]
    assert await said_by(SequentialAgent(name="all", sub_agents=[parent])) == [["registered"]]
    assert models(calls) == [["registered-1", 0]] * 2


async def test_model_of_an_agent_stays_as_it_is() -> None:
    model = Scripted(turns=[say("fine")])
    root = agent()
    root.model = model
    running = runner(root)

    async def handle(ctx: awaken.ObjectContext, message: str) -> Any:
        both = await asyncio.gather(
            say_all(running, ctx, message, session="one"), say_all(running, ctx, message, session="two")
        )
        assert root.model is model
        return both

    assert await results_of(handle) == [[["fine"], ["fine"]]]
    with pytest.raises(RuntimeError, match="outside of a handler"):
        async for _ in Runner(
            app=App(name=APP, root_agent=root, plugins=[RestatePlugin()]),
            session_service=InMemorySessionService(),
            auto_create_session=True,
        ).run_async(user_id="ada", session_id="x", new_message=user("hi")):
            pass
