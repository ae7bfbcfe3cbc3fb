"""Every answer of a model is in the journal, wherever the model comes from."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import awaken
import pytest
from agents import (
    Agent,
    ModelProvider,
    ModelSettings,
    RunConfig,
    RunContextWrapper,  # the framework reads annotations
    RunHooks,
    Runner,
    handoff,
)
from awaken.errors import HttpError, UsageError
from awaken.ext.openai import DurableRunner, durable_function_tool, restate_context

from tests.unchanged.agents.openai.handling import answer_of, nap
from tests.unchanged.agents.openai.scripted import ScriptedModel, calls, first_then_report, says

if TYPE_CHECKING:
    from agents import Model


class Provider(ModelProvider):
    def __init__(self, model: Model) -> None:
        self.model = model
        self.names: list[str | None] = []
        self.is_closed = False

    def get_model(self, model_name: str | None) -> Model:
        self.names.append(model_name)
        return self.model

    async def aclose(self) -> None:
        self.is_closed = True


@pytest.mark.parametrize(
    "place", ["agent", "run_config", "dict", "provider", "handoff", "handoff object", "tool"]
)
async def test_replays_ask_no_model(place: str) -> None:
    model = ScriptedModel(first_then_report(calls("nap", label="it")))
    front = ScriptedModel(lambda _: [calls("transfer_to_worker")])
    boss = ScriptedModel(first_then_report(calls("worker", "w", input="go")))
    worker = Agent(name="worker", tools=[nap], model=model)

    async def handle(ctx: awaken.Context) -> Any:
        plain: Agent[Any] = Agent(name="plain", tools=[nap])
        match place:
            case "agent":
                result = await DurableRunner.run(worker, "go")
            case "run_config":
                result = await DurableRunner.run(plain, "go", run_config=RunConfig(model=model))
            case "dict":
                result = await DurableRunner.run(plain, "go", run_config={"model_provider": Provider(model)})
            case "provider":
                result = await DurableRunner.run(
                    plain, "go", run_config=RunConfig(model_provider=Provider(model))
                )
            case "handoff":
                result = await DurableRunner.run(Agent(name="front", model=front, handoffs=[worker]), "go")
            case "handoff object":
                agent = Agent(name="front", model=front, handoffs=[handoff(worker)])
                result = await DurableRunner.run(agent, "go")
            case _:
                agent = Agent(name="boss", model=boss, tools=[worker.as_tool("worker", "Works.")])
                result = await DurableRunner.run(agent, "go")
        await ctx.sleep(timedelta(milliseconds=1))
        return result.final_output

    assert await answer_of(handle) == "it slept"
    assert len(model.calls) == 2
    assert len(front.calls) == (1 if place.startswith("handoff") else 0)
    assert len(boss.calls) == (2 if place == "tool" else 0)


async def test_provider_of_the_user_resolves_names_and_stays_open() -> None:
    provider = Provider(ScriptedModel(lambda _: [says("hello")]))

    async def handle(ctx: awaken.Context) -> Any:
        agent = Agent(name="A", model="house-model")
        result = await DurableRunner.run(agent, "hi", run_config=RunConfig(model_provider=provider))
        return result.final_output

    assert await answer_of(handle) == "hello"
    assert set(provider.names) == {"house-model"}
    assert not provider.is_closed


async def test_result_names_the_agents_of_the_user() -> None:
    model = ScriptedModel(lambda _: [says("mine")])
    worker = Agent(name="worker", model=model)
    front = Agent(
        name="front", model=ScriptedModel(lambda _: [calls("transfer_to_worker")]), handoffs=[worker]
    )

    async def handle(ctx: awaken.Context) -> bool:
        result = await DurableRunner.run(front, "hi")
        return result.last_agent is worker

    assert await answer_of(handle)


async def test_model_outside_of_durable_runs_is_the_users_own() -> None:
    model = ScriptedModel(lambda _: [says("hello")])
    agent = Agent(name="A", model=model)

    async def handle(ctx: awaken.Context) -> Any:
        return (await DurableRunner.run(agent, "hi")).final_output

    await answer_of(handle)
    asked = len(model.calls)
    result = await Runner.run(agent, "hi", run_config=RunConfig(tracing_disabled=True))

    assert result.final_output == "hello"
    assert len(model.calls) == asked + 1
    assert agent.model.calls is model.calls  # type: ignore[union-attr]


async def test_usage_survives_replays() -> None:
    model = ScriptedModel(first_then_report(calls("nap", label="it")))

    async def handle(ctx: awaken.Context) -> list[int]:
        result = await DurableRunner.run(Agent(name="A", model=model, tools=[nap]), "hi")
        await ctx.sleep(timedelta(milliseconds=1))
        spent = result.context_wrapper.usage
        return [
            spent.requests,
            spent.input_tokens,
            spent.input_tokens_details.cached_tokens,
            spent.output_tokens_details.reasoning_tokens,
            spent.total_tokens,
            len(spent.request_usage_entries),
        ]

    assert await answer_of(handle) == [2, 20, 6, 4, 30, 2]


async def test_model_settings_arrive() -> None:
    seen: list[float | None] = []

    class Seeing(ScriptedModel):
        async def get_response(self, *args: Any, **kwargs: Any) -> Any:
            seen.append(kwargs["model_settings"].temperature)
            return await super().get_response(kwargs["system_instructions"], kwargs["input"])

    async def handle(ctx: awaken.Context) -> None:
        agent = Agent(
            name="A", model=Seeing(lambda _: [says("x")]), model_settings=ModelSettings(temperature=0.2)
        )
        await DurableRunner.run(agent, "hi")
        await DurableRunner.run(
            agent, "hi", run_config=RunConfig(model_settings=ModelSettings(temperature=0.7))
        )

    await answer_of(handle)
    assert seen == [0.2, 0.7]


async def test_hooks_may_use_the_context() -> None:
    events: list[str] = []

    class Hooks(RunHooks[Any]):
        async def on_agent_start(self, context: Any, agent: Any) -> None:
            await restate_context().run_typed("start", lambda: events.append(f"start {agent.name}"))

        async def on_tool_end(self, context: Any, agent: Any, tool: Any, result: Any) -> None:
            await restate_context().run_typed("tool", lambda: events.append(f"{tool.name}: {result}"))

        async def on_llm_end(self, context: Any, agent: Any, response: Any) -> None:
            await restate_context().run_typed(
                "llm", lambda: events.append(f"llm {response.usage.total_tokens}")
            )

    model = ScriptedModel(first_then_report(calls("nap", label="it")))

    async def handle(ctx: awaken.Context) -> Any:
        return (
            await DurableRunner.run(Agent(name="A", model=model, tools=[nap]), "hi", hooks=Hooks())
        ).final_output

    assert await answer_of(handle) == "it slept"
    assert events == ["start A", "llm 15", "nap: it slept", "llm 15"]


@pytest.mark.parametrize("limit", [1, 3])
async def test_failing_model_is_retried_as_the_options_say(limit: int) -> None:
    def fail(_: Any) -> Any:
        raise ConnectionError("the model is away")

    model = ScriptedModel(fail)

    async def handle(ctx: awaken.Context) -> str:
        options: awaken.RunOptions[Any] = awaken.RunOptions(
            max_attempts=limit, initial_retry_interval=timedelta(milliseconds=1)
        )
        try:
            await DurableRunner.run(Agent(name="A", model=model), "hi", run_options=options)
        except awaken.TerminalError as error:
            return error.message
        return "no error"

    assert "the model is away" in await answer_of(handle)
    assert len(model.calls) == limit


async def test_failing_model_without_options_fails_the_attempt() -> None:
    failures = ["the model is away"]

    def fail_once(_: Any) -> Any:
        if failures:
            raise ConnectionError(failures.pop())
        return [says("back again")]

    async def handle(ctx: awaken.Context) -> Any:
        return (await DurableRunner.run(Agent(name="A", model=ScriptedModel(fail_once)), "hi")).final_output

    assert await answer_of(handle, retries=True) == "back again"


async def test_run_outside_of_a_handler_says_so() -> None:
    with pytest.raises(UsageError, match="outside of a handler"):
        await DurableRunner.run(Agent(name="A"), "hi")


async def test_session_without_state_says_so() -> None:
    async def handle(ctx: awaken.Context) -> None:
        await DurableRunner.run(Agent(name="A"), "hi", use_restate_session=True)

    with pytest.raises(UsageError, match="needs an exclusive handler of a virtual object"):
        await answer_of(handle)


@pytest.mark.parametrize("name", ["run_streamed", "run_sync"])
async def test_other_ways_to_run_are_refused(name: str) -> None:
    async def handle(ctx: awaken.Context) -> None:
        getattr(DurableRunner, name)(Agent(name="A"), "hi")

    with pytest.raises(UsageError, match=r"await\s+DurableRunner.run"):
        await answer_of(handle)


async def test_context_object_of_the_user_reaches_tools() -> None:
    @durable_function_tool
    async def who(wrapper: RunContextWrapper[dict[str, str]]) -> str:
        """Say who asks."""
        return wrapper.context["user"]

    model = ScriptedModel(first_then_report(calls("who")))

    async def handle(ctx: awaken.Context) -> Any:
        agent: Agent[Any] = Agent(name="A", model=model, tools=[who])
        return (await DurableRunner.run(agent, "hi", context={"user": "Zoë 👋"})).final_output

    assert await answer_of(handle) == "Zoë 👋"


async def test_failures_of_the_model_leave_one_answer() -> None:
    """A failing call leaves nothing in the journal but its one entry."""
    left = [10]

    def fail(_: Any) -> Any:
        left[0] -= 1
        if left[0]:
            raise ConnectionError("busy")
        return [says("at last")]

    async def handle(ctx: awaken.Context) -> Any:
        options: awaken.RunOptions[Any] = awaken.RunOptions(
            max_attempts=20,
            initial_retry_interval=timedelta(microseconds=100),
            max_retry_interval=timedelta(milliseconds=1),
        )
        return (
            await DurableRunner.run(Agent(name="A", model=ScriptedModel(fail)), "hi", run_options=options)
        ).final_output

    assert await answer_of(handle) == "at last"


async def test_terminal_error_of_the_model_is_the_callers() -> None:
    def refuse(_: Any) -> Any:
        raise awaken.TerminalError("no key", status_code=401)

    async def handle(ctx: awaken.Context) -> None:
        await DurableRunner.run(Agent(name="A", model=ScriptedModel(refuse)), "hi")

    with pytest.raises(HttpError, match="no key") as raised:
        await answer_of(handle)
    assert raised.value.status_code == 401


@pytest.mark.parametrize("runner", [Runner, DurableRunner])
async def test_agent_in_the_action_of_a_run_is_journaled_whole(runner: Any) -> None:
    """Also if its model became durable before, in a run of its own."""
    model = ScriptedModel(lambda items: [says(f"hello {len(items)}")])
    agent = Agent(name="A", model=model)

    async def whole() -> str:
        return str((await runner.run(agent, "hi")).final_output)

    @durable_function_tool
    async def delegate() -> str:
        """Delegate."""
        return await restate_context().run_typed("delegate", whole)

    boss = Agent(name="boss", model=ScriptedModel(first_then_report(calls("delegate"))), tools=[delegate])

    async def handle(ctx: awaken.Context) -> list[Any]:
        first = await DurableRunner.run(agent, "hi")
        second = await DurableRunner.run(boss, "go")
        await ctx.sleep(timedelta(milliseconds=1))
        return [first.final_output, second.final_output]

    assert await answer_of(handle) == ["hello 1", "hello 1"]
    assert len(model.calls) == 2
