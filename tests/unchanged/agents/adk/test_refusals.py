"""What cannot be durable is refused, with a word on what to do instead."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import awaken
import pytest
from awaken.errors import UsageError
from awaken.ext.adk import restate_object_context
from awaken.testing import open_environment
from google.adk.agents import LiveRequestQueue, LlmAgent, RunConfig
from google.adk.agents.run_config import ToolThreadPoolConfig

from tests.unchanged.agents.adk.applications import SESSION, Application, agent, runner, say_all, user
from tests.unchanged.agents.adk.scripted import Scripted, say, use

if TYPE_CHECKING:
    from google.adk.models.base_llm import BaseLlm
    from google.adk.runners import Runner

pytestmark = pytest.mark.filterwarnings("ignore:.*EXPERIMENTAL.*:UserWarning")


async def refusal_of(handle: Any) -> str:
    application = Application(handle)
    async with open_environment(application.app, disable_retries=True) as env:
        with pytest.raises((UsageError, awaken.HttpError)) as refused:
            await application.call(env)
    return str(refused.value)


def started(running: Runner, ctx: awaken.ObjectContext, message: str) -> Any:
    return running.run(user_id=ctx.key(), session_id=SESSION, new_message=user(message))


async def test_blocking_run_is_refused() -> None:
    running = runner(agent(say("fine")))

    async def handle(ctx: awaken.ObjectContext, message: str) -> Any:
        return [event.author for event in started(running, ctx, message)]

    assert "Runner.run() starts a thread" in await refusal_of(handle)


async def test_durable_sessions_are_refused_in_the_action_of_a_run() -> None:
    running = runner(agent(say("fine")))

    async def handle(ctx: awaken.ObjectContext, message: str) -> Any:
        return await ctx.run_typed("agent", lambda: say_all(running, ctx, message))

    assert "InMemorySessionService" in await refusal_of(handle)


async def test_tools_in_threads_have_no_context_to_use() -> None:
    def work() -> str:
        """Work."""
        restate_object_context().set("worked", True)
        return "worked"

    running = runner(agent(use(("work", {})), say("never"), tools=[work]))
    config = RunConfig(tool_thread_pool_config=ToolThreadPoolConfig(max_workers=1))

    refusal = await refusal_of(lambda ctx, message: say_all(running, ctx, message, run_config=config))

    assert "in the thread" in refusal


async def test_live_mode_is_refused() -> None:
    running = runner(agent(say("fine")))

    async def handle(ctx: awaken.ObjectContext, message: str) -> Any:
        stream = running.run_live(
            user_id=ctx.key(), session_id=SESSION, live_request_queue=LiveRequestQueue()
        )
        return [event.author async for event in stream]

    assert "cannot run in live mode" in await refusal_of(handle)


async def test_models_are_not_asked_in_runs() -> None:
    running = runner(agent(say("fine")))

    async def handle(ctx: awaken.ObjectContext, message: str) -> Any:
        async def inner() -> list[str]:
            return await say_all(running, ctx, message)

        return await ctx.run_typed("all of it", inner)

    assert 'inside the run "all of it"' in await refusal_of(handle)


async def test_agent_that_chooses_its_model_itself_is_refused() -> None:
    class Choosing(LlmAgent):
        @property
        def canonical_model(self) -> BaseLlm:
            return Scripted(turns=[say("not durable")])

    running = runner(Choosing(name="choosing"))

    assert "set `model`" in await refusal_of(lambda ctx, message: say_all(running, ctx, message))
