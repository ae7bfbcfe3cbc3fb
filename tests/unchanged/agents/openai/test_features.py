"""What the framework offers beside models and tools, in handlers that suspend and replay at each wait."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import agents
import awaken
import pytest
from agents import (
    Agent,
    AgentOutputSchema,
    FunctionTool,
    GuardrailFunctionOutput,
    InputGuardrail,
    InputGuardrailTripwireTriggered,
    MaxTurnsExceeded,
    OutputGuardrail,
    RunConfig,
    WebSearchTool,
    function_tool,
    generation_span,
    handoff,
)
from agents.tracing import TracingProcessor
from awaken.errors import HttpError
from awaken.ext.openai import DurableRunner, durable_function_tool, restate_context
from openai.types.responses import (
    ResponseFunctionWebSearch,
    ResponseReasoningItem,
)
from openai.types.responses.response_function_web_search import ActionSearch
from openai.types.responses.response_reasoning_item import Summary
from pydantic import BaseModel

from tests.unchanged.agents.openai.handling import answer_of, nap, report_of
from tests.unchanged.agents.openai.scripted import ScriptedModel, calls, first_then_report, outputs, says

if TYPE_CHECKING:
    from collections.abc import Iterator


def napping(**options: Any) -> Agent[Any]:
    return Agent(
        name="A", model=ScriptedModel(first_then_report(calls("nap", label="it"))), tools=[nap], **options
    )


# ------------------------------------------------------------ guardrails


def guard(name: str, verdict: str) -> Any:
    """A guardrail that asks an agent of its own."""
    judge = Agent(name=name, model=ScriptedModel(lambda _: [says(verdict)]))

    async def check(context: Any, agent: Any, value: Any) -> GuardrailFunctionOutput:
        result = await DurableRunner.run(judge, str(value))
        return GuardrailFunctionOutput(output_info=verdict, tripwire_triggered=result.final_output == "bad")

    return check


@pytest.mark.parametrize("in_parallel", [True, False])
@pytest.mark.parametrize("verdict", ["good", "bad"])
async def test_input_guardrail(verdict: str, in_parallel: bool) -> None:
    agent = napping(input_guardrails=[InputGuardrail(guard("judge", verdict), run_in_parallel=in_parallel)])

    async def handle(ctx: awaken.Context) -> Any:
        try:
            return (await DurableRunner.run(agent, "go")).final_output
        except InputGuardrailTripwireTriggered as error:
            await ctx.sleep(timedelta(milliseconds=1))
            return f"refused: {error.guardrail_result.output.output_info}"

    assert await answer_of(handle) == ("it slept" if verdict == "good" else "refused: bad")


async def test_tripwire_that_nobody_catches_ends_the_invocation() -> None:
    agent = napping(output_guardrails=[OutputGuardrail(guard("judge", "bad"))])

    async def handle(ctx: awaken.Context) -> Any:
        return (await DurableRunner.run(agent, "go")).final_output

    with pytest.raises(HttpError, match="OutputGuardrailTripwireTriggered"):
        await answer_of(handle)


# ------------------------------------------------------------ limits and outputs


async def test_too_many_turns_end_the_invocation() -> None:
    model = ScriptedModel(lambda items: [calls("nap", f"c{len(items)}", label="x")])

    async def handle(ctx: awaken.Context) -> Any:
        await DurableRunner.run(Agent(name="A", model=model, tools=[nap]), "go", max_turns=3)

    with pytest.raises(HttpError, match=r"MaxTurnsExceeded: Max turns \(3\) exceeded"):
        await answer_of(handle)
    assert len(model.calls) == 3


async def test_too_many_turns_can_be_caught_or_handled() -> None:
    model = ScriptedModel(lambda items: [calls("nap", f"c{len(items)}", label="x")])
    agent = Agent(name="A", model=model, tools=[nap])

    async def catch(ctx: awaken.Context) -> Any:
        try:
            await DurableRunner.run(agent, "go", max_turns=2)
        except MaxTurnsExceeded:
            return "caught"

    async def handle(ctx: awaken.Context) -> Any:
        handlers: Any = {"max_turns": lambda data: agents.RunErrorHandlerResult(final_output="handled")}
        return (await DurableRunner.run(agent, "go", max_turns=2, error_handlers=handlers)).final_output

    assert await answer_of(catch) == "caught"
    assert await answer_of(handle) == "handled"


class Weather(BaseModel):
    city: str
    degrees: float


async def test_structured_output() -> None:
    def answer(items: list[Any]) -> Any:
        return (
            [says(Weather(city="Zürich", degrees=3.5).model_dump_json())]
            if outputs(items)
            else [calls("nap")]
        )

    agent = Agent(name="A", model=ScriptedModel(answer), tools=[nap], output_type=Weather)

    async def handle(ctx: awaken.Context) -> Any:
        weather = (await DurableRunner.run(agent, "go")).final_output_as(Weather)
        return [weather.city, weather.degrees]

    assert await answer_of(handle) == ["Zürich", 3.5]


async def test_output_that_does_not_fit_ends_the_invocation() -> None:
    kind = AgentOutputSchema(Weather, strict_json_schema=False)
    agent = Agent(name="A", model=ScriptedModel(lambda _: [says("it rains")]), output_type=kind)

    async def handle(ctx: awaken.Context) -> Any:
        await DurableRunner.run(agent, "go")

    with pytest.raises(HttpError, match="ModelBehaviorError"):
        await answer_of(handle)


async def test_reasoning_and_hosted_tools_are_part_of_answers() -> None:
    def answer(items: list[Any]) -> Any:
        if outputs(items):
            return [says(" ".join(item.get("type", item.get("role")) for item in items))]
        return [
            ResponseReasoningItem(
                id="rs_1",
                type="reasoning",
                summary=[Summary(type="summary_text", text="thinking…")],
                encrypted_content="opaque",
            ),
            ResponseFunctionWebSearch(
                id="ws_1",
                type="web_search_call",
                status="completed",
                action=ActionSearch(type="search", query="q"),
            ),
            calls("nap"),
        ]

    agent = Agent(name="A", model=ScriptedModel(answer), tools=[nap, WebSearchTool()])

    async def handle(ctx: awaken.Context) -> Any:
        return (await DurableRunner.run(agent, "go")).final_output

    assert await answer_of(handle) == "user reasoning web_search_call function_call function_call_output"


# ------------------------------------------------------------ handoffs and streams


async def test_handoff_may_use_the_context() -> None:
    noted: list[str] = []

    async def note(context: Any) -> None:
        await restate_context().run_typed("note", lambda: noted.append("handed over"))

    front = Agent(
        name="front",
        model=ScriptedModel(lambda _: [calls("transfer_to_a")]),
        handoffs=[handoff(napping(), on_handoff=note)],
    )

    async def handle(ctx: awaken.Context) -> Any:
        result = await DurableRunner.run(front, "go")
        return [result.last_agent.name, result.final_output]

    assert await answer_of(handle) == ["A", "it slept"]
    assert noted == ["handed over"]


async def test_streams_of_agents_that_are_tools_have_whole_answers() -> None:
    events: list[str] = []
    inner = napping()
    tool = inner.as_tool("inner", "", on_stream=lambda event: events.append(event["event"].type))

    assert await report_of([tool], calls("inner", input="x")) == "it slept"
    assert {"agent_updated_stream_event", "raw_response_event", "run_item_stream_event"} == set(events)


# ------------------------------------------------------------ tracing


class Spans(TracingProcessor):
    def __init__(self) -> None:
        self.ended: list[str] = []

    def on_trace_start(self, trace: Any) -> None: ...

    def on_trace_end(self, trace: Any) -> None: ...

    def on_span_start(self, span: Any) -> None: ...

    def on_span_end(self, span: Any) -> None:
        self.ended.append(span.span_data.type)

    def shutdown(self) -> None: ...

    def force_flush(self) -> None: ...


@pytest.fixture
def spans() -> Iterator[Spans]:
    spans = Spans()
    agents.set_tracing_disabled(False)
    agents.set_trace_processors([spans])
    yield spans
    agents.set_trace_processors([])


async def test_spans_of_models_are_not_repeated_by_replays(spans: Spans) -> None:
    class Traced(ScriptedModel):
        async def get_response(self, *args: Any, **kwargs: Any) -> Any:
            with generation_span(model="scripted"):
                return await super().get_response(*args, **kwargs)

    async def handle(ctx: awaken.Context) -> Any:
        agent = Agent(name="A", model=Traced(first_then_report(calls("nap", label="it"))), tools=[nap])
        result = await DurableRunner.run(agent, "go", run_config=RunConfig(workflow_name="test"))
        await ctx.sleep(timedelta(milliseconds=1))
        return result.final_output

    assert await answer_of(handle) == "it slept"
    assert spans.ended.count("generation") == 2
    assert {"agent", "function"} <= set(spans.ended)


# ------------------------------------------------------------ logs


@pytest.mark.parametrize("is_nested", [False, True])
@pytest.mark.parametrize("kind", [function_tool, durable_function_tool])
async def test_suspension_in_a_tool_is_silent(
    kind: Any, is_nested: bool, caplog: pytest.LogCaptureFixture
) -> None:
    """The framework makes a text for the model of the cancellation that ends a task; nobody can change that."""

    async def nap() -> str:
        """Sleep for a moment."""
        await restate_context().sleep(timedelta(milliseconds=1))
        return "slept"

    tool = kind(nap)
    worker = Agent(name="worker", model=ScriptedModel(first_then_report(calls("nap"))), tools=[tool])
    tools: list[Any] = [worker.as_tool("worker", "")] if is_nested else [tool]

    assert await report_of(tools, calls("worker", input="x") if is_nested else calls("nap")) == "slept"
    assert caplog.text == ""


# ------------------------------------------------------------ mistakes


async def test_durable_work_in_a_plain_tool_says_what_is_wrong() -> None:
    """The framework calls plain functions in threads, where nothing durable is possible."""

    @durable_function_tool
    def remember() -> str:
        """Remember."""
        restate_context().sleep(timedelta(seconds=1))
        return "remembered"

    with pytest.raises((awaken.TerminalError, HttpError), match="cannot sleep in the thread"):
        await report_of([remember], calls("remember"))


def test_durable_tools_are_tools_of_the_framework() -> None:
    assert isinstance(nap, FunctionTool)
