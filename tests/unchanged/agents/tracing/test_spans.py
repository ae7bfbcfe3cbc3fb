"""Spans in handlers that replay, are retried and crash: each is reported once, and all are one tree."""

from __future__ import annotations

import asyncio
import importlib
import inspect
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import awaken
import pytest
from awaken.ext.tracing import RestateTracer, RestateTracerProvider
from awaken.telemetry import instrument
from awaken.testing import open_environment
from opentelemetry import trace
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

SHORTLY = timedelta(milliseconds=1)
CALLER = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


class Spans:
    """Spans that were reported."""

    def __init__(self) -> None:
        self._exporter = InMemorySpanExporter()
        self.inner = TracerProvider()
        self.inner.add_span_processor(SimpleSpanProcessor(self._exporter))
        self.provider = RestateTracerProvider(self.inner)
        self.tracer = self.provider.get_tracer("tests")

    def reported(self) -> list[ReadableSpan]:
        return list(self._exporter.get_finished_spans())

    def tree(self) -> set[str]:
        """Return `parent/child` for each span."""
        names = {span.get_span_context().span_id: span.name for span in self.reported()}  # type: ignore[union-attr]
        return {
            f"{names.get(span.parent.span_id, 'outside') if span.parent else 'nobody'}/{span.name}"
            for span in self.reported()
        }


@pytest.fixture
def spans() -> Spans:
    return Spans()


async def call(work: Callable[[awaken.Context], Awaitable[Any]], *, app: Any = None, **options: Any) -> Any:
    """Execute something in a handler that replays at every wait."""
    service = awaken.Service("Work")

    @service.handler()
    async def execute(ctx: awaken.Context) -> Any:
        return await work(ctx)

    application = awaken.app([service]) if app is None else app(awaken.app([service]))
    async with open_environment(application, **{"always_replay": True, **options}) as env:
        headers = {"traceparent": CALLER} if app is None else {}
        return await env.client.service_call(execute, None, headers=headers)


async def test_each_span_is_reported_once_and_the_tree_is_whole(spans: Spans) -> None:
    async def work(ctx: awaken.Context) -> None:
        with spans.tracer.start_as_current_span("outer"):
            with spans.tracer.start_as_current_span("before"):
                pass
            for n in range(3):
                with spans.tracer.start_as_current_span("waits", attributes={"n": n}):
                    await ctx.sleep(SHORTLY)
            with spans.tracer.start_as_current_span("after"):
                pass
            await ctx.sleep(SHORTLY)
        with spans.tracer.start_as_current_span("last"):
            pass

    await call(work)

    assert sorted(span.name for span in spans.reported()) == [
        "after",
        "before",
        "last",
        "outer",
        *["waits"] * 3,
    ]
    assert spans.tree() == {"outside/outer", "outer/before", "outer/waits", "outer/after", "outside/last"}
    assert [
        span.attributes["n"] for span in spans.reported() if span.name == "waits" and span.attributes
    ] == [0, 1, 2]
    contexts = [span.get_span_context() for span in spans.reported()]
    assert {f"{context.trace_id:032x}" for context in contexts if context} == {CALLER.split("-")[1]}
    assert all(span.status.status_code is trace.StatusCode.UNSET for span in spans.reported())


async def test_spans_in_runs_are_children_of_the_spans_around_them(spans: Spans) -> None:
    async def work(ctx: awaken.Context) -> None:
        def in_a_thread() -> None:
            with spans.tracer.start_as_current_span("in a thread"):
                pass

        async def in_a_run() -> None:
            with spans.tracer.start_as_current_span("in a run"):
                await asyncio.sleep(0)

        with spans.tracer.start_as_current_span("outer"):
            await ctx.run_typed("thread", in_a_thread)
            await ctx.run_typed("run", in_a_run)
            await ctx.sleep(SHORTLY)

    await call(work)
    assert sorted(span.name for span in spans.reported()) == ["in a run", "in a thread", "outer"]
    assert spans.tree() == {"outer/in a thread", "outer/in a run", "outside/outer"}


async def test_spans_of_tasks_side_by_side_do_not_mix(spans: Spans) -> None:
    async def work(ctx: awaken.Context) -> None:
        async def part(n: int) -> None:
            with spans.tracer.start_as_current_span(f"part {n}"):
                await ctx.sleep(SHORTLY * (5 - n))
                with spans.tracer.start_as_current_span(f"inside {n}"):
                    await ctx.sleep(SHORTLY)

        with spans.tracer.start_as_current_span("outer"):
            await asyncio.gather(*(part(n) for n in range(5)))

    await call(work)
    assert len(spans.reported()) == 11
    assert spans.tree() == {
        "outside/outer",
        *(f"outer/part {n}" for n in range(5)),
        *(f"part {n}/inside {n}" for n in range(5)),
    }


async def test_retry_reports_what_it_does_again_under_the_same_ids(spans: Spans) -> None:
    attempts: list[None] = []

    async def work(ctx: awaken.Context) -> None:
        with spans.tracer.start_as_current_span("done"):
            await ctx.run_typed("done", lambda: None)
        await ctx.sleep(SHORTLY)
        with spans.tracer.start_as_current_span("fails"):
            attempts.append(None)
            if len(attempts) < 3:
                raise OSError("cable")

    await call(work, retries=True, always_replay=False)
    names = [span.name for span in spans.reported()]
    assert (names.count("done"), names.count("fails")) == (1, 3)
    failed = [span for span in spans.reported() if span.name == "fails"]
    assert [span.status.status_code.name for span in failed] == ["ERROR", "ERROR", "UNSET"]
    assert len({span.get_span_context().span_id for span in failed}) == 1  # type: ignore[union-attr]


async def test_crash_loses_no_span_that_a_later_attempt_completes(spans: Spans) -> None:
    service = awaken.Service("Work")

    @service.handler()
    async def execute(ctx: awaken.Context) -> None:
        with spans.tracer.start_as_current_span("outer"):
            with spans.tracer.start_as_current_span("before"):
                await ctx.run_typed("before", lambda: None)
            await ctx.awakeable(name="gate")
            with spans.tracer.start_as_current_span("after"):
                pass

    async with open_environment(service) as env:
        sent = await env.client.service_send(execute, None)
        await env.awakeable("gate").id()
        await env.crash()
        await env.awakeable("gate").resolve(None)
        await env.client.attach(sent.invocation_id)
    assert spans.tree() == {"nobody/outer", "outer/before", "outer/after"}


async def test_without_traces_around_it_an_invocation_is_a_trace_of_its_own(spans: Spans) -> None:
    service = awaken.Service("Work")

    @service.handler()
    async def execute(ctx: awaken.Context) -> None:
        with spans.tracer.start_as_current_span("first"):
            await ctx.sleep(SHORTLY)
        with spans.tracer.start_as_current_span("second"):
            await ctx.sleep(SHORTLY)

    async with open_environment(service, always_replay=True) as env:
        await env.client.service_call(execute, None)
        await env.client.service_call(execute, None)
    traces = [span.get_span_context().trace_id for span in spans.reported()]  # type: ignore[union-attr]
    assert (len(traces), len(set(traces))) == (4, 2)


async def test_spans_are_children_of_the_spans_of_attempts(spans: Spans) -> None:
    async def work(ctx: awaken.Context) -> None:
        with spans.tracer.start_as_current_span("outer"):
            await ctx.run_typed("first", lambda: None)
            await ctx.sleep(SHORTLY)
            with spans.tracer.start_as_current_span("inner"):
                await ctx.run_typed("second", lambda: None)

    await call(work, app=lambda app: instrument(app, tracer_provider=spans.inner))
    assert {"attempt Work/execute/outer", "outer/inner", "inner/run second"} <= spans.tree()
    assert sum(span.name in ("outer", "inner") for span in spans.reported()) == 2


async def test_span_that_is_left_open_ends_with_the_handler(spans: Spans) -> None:
    async def work(ctx: awaken.Context) -> None:
        await ctx.sleep(SHORTLY)
        spans.tracer.start_span("left")

    await call(work)
    assert [span.name for span in spans.reported()] == ["left"]


async def test_terminal_error_is_in_the_spans_that_it_passed(spans: Spans) -> None:
    async def work(ctx: awaken.Context) -> None:
        with spans.tracer.start_as_current_span("outer"):
            await ctx.sleep(SHORTLY)
            raise awaken.TerminalError("no")

    with pytest.raises(awaken.HttpError):
        await call(work)
    assert [(span.name, span.status.status_code.name) for span in spans.reported()] == [("outer", "ERROR")]


def test_outside_of_handlers_spans_are_as_without_this_package(spans: Spans) -> None:
    with spans.tracer.start_as_current_span("outer"), spans.tracer.start_as_current_span("inner"):
        pass
    assert spans.tree() == {"nobody/outer", "outer/inner"}


def test_functions_can_be_decorated(spans: Spans) -> None:
    @spans.tracer.start_as_current_span("decorated")
    async def decorated() -> int:
        return 1

    assert asyncio.run(decorated()) == 1
    assert [span.name for span in spans.reported()] == ["decorated"]


def test_everything_else_is_that_of_the_provider(spans: Spans) -> None:
    assert spans.provider.resource is spans.inner.resource
    assert spans.provider.force_flush()
    assert isinstance(spans.tracer, trace.Tracer)


async def test_tracers_of_other_makers_work(spans: Spans) -> None:
    provider = RestateTracerProvider(trace.NoOpTracerProvider())
    tracer = provider.get_tracer("none")

    async def work(ctx: awaken.Context) -> str:
        with tracer.start_as_current_span("outer"):
            await ctx.sleep(SHORTLY)
        return "done"

    assert await call(work) == "done"


@pytest.mark.parametrize("name", ["RestateTracerProvider", "RestateTracer"])
def test_names_and_parameters_are_those_of_the_official_extension(name: str) -> None:
    ours, official = {"RestateTracer": RestateTracer}.get(name, RestateTracerProvider), _official(name)
    assert list(inspect.signature(ours).parameters) == list(inspect.signature(official).parameters)
    for method in ("start_span", "start_as_current_span") if name == "RestateTracer" else ():
        mine, theirs = (
            inspect.signature(getattr(one, method)).parameters.values() for one in (ours, official)
        )
        assert [(p.name, p.kind, p.default) for p in mine] == [(p.name, p.kind, p.default) for p in theirs]


def _official(name: str) -> Any:
    return getattr(importlib.import_module("restate.ext.tracing"), name)
