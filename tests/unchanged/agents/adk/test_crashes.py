"""No crash changes what an agent says, what its session has, or how often anything happens."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from awaken import RunOptions
from awaken.ext.adk import RestateEventSummarizer, RestatePlugin, restate_context, restate_object_context
from awaken.testing import crash_everywhere
from google.adk.agents import ParallelAgent
from google.adk.apps.app import EventsCompactionConfig

from tests.unchanged.agents.adk.applications import Application, agent, runner, say_all
from tests.unchanged.agents.adk.scripted import Scripted, say, use
from tests.unchanged.agents.crashes import CRASHES_LEAVE_WORK

if TYPE_CHECKING:
    import awaken
    from awaken.testing import Environment

pytestmark = [
    *CRASHES_LEAVE_WORK,
    pytest.mark.slow,
    pytest.mark.timeout(90),
    pytest.mark.filterwarnings("ignore:.*EXPERIMENTAL.*:UserWarning"),
    pytest.mark.filterwarnings("ignore:ParallelAgent is deprecated:DeprecationWarning"),
]


async def look_up(city: str) -> str:
    """Look at a city twice."""
    ctx = restate_context()

    async def look(
        word: str,
    ) -> str:  # not in a thread: agents side by side would go on in another order each time
        return word

    first = await ctx.run_typed(f"first {city}", look, RunOptions(), f"{city} is")
    return f"{first} {await ctx.run_typed(f'second {city}', look, RunOptions(), 'big')}"


async def approve(what: str) -> str:
    """Ask a person."""
    ctx = restate_context()
    return await ctx.awakeable(type_hint=str, name=what)


async def count_up() -> int:
    """Add one to a number in the state of the key."""
    ctx = restate_object_context()
    number = (await ctx.get("number", type_hint=int) or 0) + 1
    ctx.set("number", number)
    return number


CITIES = [("look_up", {"city": city}) for city in ("Rome", "Oslo", "Bern")]


def approving(*, concurrent_tools: bool) -> Application:
    researcher = agent(
        use(*CITIES, ("approve", {"what": "trip"}), ("count_up", {})),
        say("Booked."),
        tools=[look_up, approve, count_up],
    )

    async def handle(ctx: awaken.ObjectContext, message: str) -> list[str]:
        plugins = [RestatePlugin(concurrent_tools=concurrent_tools)]
        return await say_all(runner(researcher, plugins=plugins), ctx, message)

    return Application(handle)


@pytest.mark.parametrize("concurrent_tools", [False, True])
@pytest.mark.parametrize("always_replay", [False, True])
async def test_tools_of_one_turn(concurrent_tools: bool, always_replay: bool) -> None:
    application = approving(concurrent_tools=concurrent_tools)

    @crash_everywhere(app=application.app, always_replay=always_replay, max_positions=8)
    async def scenario(env: Environment) -> Any:
        sent = await application.send(env)
        await env.awakeable("trip").resolve("yes")
        return await env.client.attach(sent)

    await scenario()


async def test_agents_side_by_side_and_a_summary() -> None:
    branches = ParallelAgent(
        name="both",
        sub_agents=[
            agent(use(CITIES[0]), say("Rome."), name="one", tools=[look_up]),
            agent(use(CITIES[1]), say("Oslo."), name="two", tools=[look_up]),
        ],
    )
    compaction = EventsCompactionConfig(
        compaction_interval=1,
        overlap_size=0,
        summarizer=RestateEventSummarizer.from_llm(Scripted(model="summary", turns=[say("Short.")])),
    )

    async def handle(ctx: awaken.ObjectContext, message: str) -> list[str]:
        return await say_all(runner(branches, events_compaction_config=compaction), ctx, message)

    application = Application(handle)

    @crash_everywhere(app=application.app, max_positions=10)
    async def scenario(env: Environment) -> Any:
        said = await application.call(env)
        assert "compaction" in str(env.state("Chat", "ada")["session_store::chat"]["events"][-1])
        return said

    await scenario()
