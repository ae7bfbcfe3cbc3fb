"""The spans and metrics of Pydantic AI in a handler that replays at every wait."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import awaken
import pytest
from awaken.ext.pydantic import RestateAgent, restate_context
from awaken.ext.tracing import RestateTracerProvider
from awaken.testing import open_environment
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from pydantic_ai import Agent, InstrumentationSettings
from pydantic_ai.capabilities import Instrumentation

from tests.unchanged.agents.pydantic.scripted import returned, scripted

AGENT = "invoke_agent looking"


@pytest.mark.parametrize("streams", [False, True])
@pytest.mark.parametrize("wraps", [False, True])
async def test_traces_and_metrics_have_no_replays(streams: bool, wraps: bool) -> None:
    exporter, reader = InMemorySpanExporter(), InMemoryMetricReader()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    settings = InstrumentationSettings(
        tracer_provider=RestateTracerProvider(provider), meter_provider=MeterProvider([reader])
    )
    calls = [("look", {"n": n}) for n in range(3)]
    looking: Agent[Any, Any] = Agent(
        scripted(calls, returned, count=lambda: None),
        name="looking",
        capabilities=[Instrumentation(settings)],
    )

    @looking.tool_plain
    async def look(n: int) -> int:
        if not wraps:
            await restate_context().sleep(timedelta(milliseconds=3 - n))
        return n

    async def ignore(run: Any, events: Any) -> None:
        pass

    agent = RestateAgent(looking, auto_wrap_tools=wraps, event_stream_handler=ignore if streams else None)
    service = awaken.Service("Looking")

    @service.handler()
    async def execute(ctx: awaken.Context) -> Any:
        return (await agent.run("?")).output

    async with open_environment(service, always_replay=True) as env:
        assert (await env.client.service_call(execute, None)).strip() == "0 | 1 | 2"

    spans = exporter.get_finished_spans()
    ids = {span.get_span_context().span_id: span.name for span in spans}  # type: ignore[union-attr]
    assert len(ids) == len(spans)
    tree = sorted((ids[span.parent.span_id] if span.parent else "", span.name) for span in spans)
    chat = next(name for name in ids.values() if name.startswith("chat"))
    assert tree[1:] == sorted([(AGENT, chat)] * 2 + [(AGENT, "execute_tool look")] * 3)
    assert tree[0] == ("", AGENT)
    assert all(span.status.status_code.name == "UNSET" for span in spans)
    [whole] = [span for span in spans if span.name == AGENT]
    assert whole.attributes
    assert "0 | 1 | 2" in str(whole.attributes["final_result"])

    metrics: Any = reader.get_metrics_data()
    [tokens] = [
        metric
        for resource in metrics.resource_metrics
        for scope in resource.scope_metrics
        for metric in scope.metrics
        if metric.name == "gen_ai.client.token.usage"
    ]
    assert {point.count for point in tokens.data.data_points} == {2}
