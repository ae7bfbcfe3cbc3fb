"""Spans of attempts and runs: who their parent is, what they say, and that a replay adds none of a run."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import awaken
import pytest
from awaken.telemetry import instrument
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind, StatusCode

from tests import frames
from tests.unit.endpoint.fakes import FakeExchange

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from opentelemetry.sdk.trace import ReadableSpan

TRACE, SPAN = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
OTHER_TRACE = "1af7651916cd43dd8448eb211c80319c"
PARENT = f"00-{TRACE}-{SPAN}-01"
V6 = "application/vnd.restate.invocation.v6"

service = awaken.Service("Traced")


async def double(number: int) -> int:
    with trace.get_tracer("test").start_as_current_span("inside"):
        return 2 * number


def fail() -> None:
    raise awaken.TerminalError("out of stock", 418)


def break_down() -> None:
    raise ValueError("not yet")


@service.handler()
async def two_runs(ctx: awaken.Context) -> int:
    return await ctx.run_typed("one", double, number=1) + await ctx.run_typed("two", double, number=2)


@service.handler()
async def together(ctx: awaken.Context) -> list[int]:
    return list(
        await asyncio.gather(ctx.run_typed("one", double, number=1), ctx.run_typed("two", double, number=2))
    )


@service.handler()
async def waiting(ctx: awaken.Context) -> Any:
    return await ctx.awakeable()[1]


@service.handler()
async def failing(ctx: awaken.Context) -> None:
    await ctx.run_typed("buy", fail)


@service.handler()
async def breaking(ctx: awaken.Context) -> None:
    break_down()


@service.handler()
async def breaking_run(ctx: awaken.Context) -> None:
    await ctx.run_typed("buy", break_down)


@service.handler()
async def calling(ctx: awaken.Context, headers: dict[str, str]) -> None:
    ctx.service_send(two_runs, None, headers=headers)
    ctx.service_call(two_runs, None, headers=headers)


class Traces:
    """An instrumented endpoint, and what it exported."""

    def __init__(self, provider: TracerProvider, exporter: InMemorySpanExporter) -> None:
        self.exporter = exporter
        self.endpoint = instrument(awaken.Endpoint([service]), tracer_provider=provider)
        self.exchange = FakeExchange("", {})
        self.receiver: Any = None

    async def attempt(
        self, handler: str, *body: bytes, headers: dict[str, str] | None = None, ends: bool = True
    ) -> bytes:
        self.exchange = FakeExchange(f"/invoke/Traced/{handler}", {"content-type": V6, **(headers or {})})
        self.receiver = self.endpoint.accept(self.exchange)
        self.receiver.receive_data(b"".join(body) or frames.request())
        if ends:
            self.receiver.receive_end()
            await self.until(lambda: self.exchange.is_ended)
            await self.until(lambda: bool(self.named("attempt")))
        return self.exchange.body

    async def until(self, condition: Callable[[], bool]) -> None:
        async with asyncio.timeout(25):
            while not condition():
                await asyncio.sleep(0)

    def named(self, prefix: str) -> list[ReadableSpan]:
        return [span for span in self.exporter.get_finished_spans() if span.name.startswith(prefix)]

    @property
    def last(self) -> ReadableSpan:
        return self.named("attempt")[-1]


@pytest.fixture
def traces() -> Iterator[Traces]:
    exporter = InMemorySpanExporter()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    yield Traces(provider, exporter)
    provider.shutdown()


def parent_of(span: ReadableSpan) -> tuple[str, str]:
    assert span.parent is not None
    return f"{span.parent.trace_id:032x}", f"{span.parent.span_id:016x}"


def own(span: ReadableSpan) -> tuple[str, str]:
    context = span.get_span_context()
    assert context is not None
    return f"{context.trace_id:032x}", f"{context.span_id:016x}"


async def test_attempt_tells_what_ran_and_how_it_ended(traces: Traces) -> None:
    await traces.attempt("two_runs")

    span = traces.last
    assert (span.name, span.kind) == ("attempt Traced/two_runs", SpanKind.SERVER)
    assert span.attributes == {
        "restate.invocation.id": frames.INVOCATION_ID,
        "restate.invocation.target": "Traced/two_runs",
        "awaken.attempt": 1,
        "awaken.outcome": "suspended",  # the second run waits for the ack of the first
    }
    assert span.status.status_code is StatusCode.UNSET


@pytest.mark.parametrize("name", ["traceparent", "TraceParent"])
async def test_parent_is_the_runtime_else_the_caller(traces: Traces, name: str) -> None:
    of_caller = frames.start() + frames.input_command(headers=[(name, PARENT)])

    await traces.attempt("waiting", of_caller, headers={"traceparent": f"00-{OTHER_TRACE}-{SPAN}-01"})
    assert parent_of(traces.last) == (OTHER_TRACE, SPAN)
    traces.exporter.clear()
    await traces.attempt("waiting", of_caller)
    assert parent_of(traces.last) == (TRACE, SPAN)
    traces.exporter.clear()
    await traces.attempt("waiting")
    assert traces.last.parent is None


async def test_malformed_parent_is_none(traces: Traces) -> None:
    await traces.attempt("waiting", headers={"traceparent": "00-nonsense"})

    assert traces.last.parent is None


@pytest.mark.parametrize("handler", ["two_runs", "together"])
async def test_executed_runs_are_children_of_their_attempt(traces: Traces, handler: str) -> None:
    recorded = [
        *(frames.run_command(1, "one"), frames.run_command(2, "two")),
        *(frames.run_completion(1, b"2"), frames.run_completion(2, b"4")),
    ]
    await traces.attempt(handler)
    first = {span.name for span in traces.named("run")}
    assert first == ({"run one"} if handler == "two_runs" else {"run one", "run two"})
    for span in traces.named("run"):
        assert parent_of(span) == own(traces.last)
        assert span.attributes is not None
        assert span.attributes["restate.invocation.id"] == frames.INVOCATION_ID
    traces.exporter.clear()

    if handler == "together":
        await traces.attempt(handler, frames.request(b"", *recorded))

        assert [span.name for span in traces.exporter.get_finished_spans()] == ["attempt Traced/together"]
        assert (traces.last.attributes or {})["awaken.outcome"] == "succeeded"


async def test_replayed_run_has_no_span(traces: Traces) -> None:
    await traces.attempt(
        "two_runs", frames.request(b"", frames.run_command(1, "one"), frames.run_completion(1, b"2"))
    )

    assert [span.name for span in traces.named("run")] == ["run two"]


@pytest.mark.parametrize(
    ("handler", "outcome", "expected"),
    [("breaking", "retried", "not yet"), ("breaking_run", "retried", None)],
)
async def test_failure_is_told_with_its_exception(
    traces: Traces, handler: str, outcome: str, expected: str | None
) -> None:
    await traces.attempt(handler)

    assert (traces.last.attributes or {})["awaken.outcome"] == outcome
    span = traces.last if expected else traces.named("run")[-1]
    assert span.status.status_code is StatusCode.ERROR
    assert "not yet" in (span.status.description or "")
    assert [event.name for event in span.events] == ["exception"]


async def test_journal_that_does_not_match_is_told(traces: Traces) -> None:
    await traces.attempt("two_runs", frames.request(b"", frames.run_command(1, "renamed")))

    assert (traces.last.attributes or {})["awaken.outcome"] == "retried"
    assert traces.last.status.status_code is StatusCode.ERROR
    assert 'recorded name "renamed"' in (traces.last.status.description or "")


async def test_terminal_failure_of_a_run_is_told_and_fails_the_attempt(traces: Traces) -> None:
    refused = frames.frame(
        0x8011, frames.number(1, 1) + frames.blob(6, frames.number(1, 418) + frames.blob(2, "out of stock"))
    )
    await traces.attempt("failing")
    assert traces.named("run buy")[0].status.status_code is StatusCode.ERROR
    traces.exporter.clear()

    await traces.attempt("failing", frames.request(b"", frames.run_command(1, "buy"), refused))

    assert [span.name for span in traces.exporter.get_finished_spans()] == ["attempt Traced/failing"]
    assert (traces.last.attributes or {})["awaken.outcome"] == "failed"
    assert traces.last.status.description == "out of stock"


async def test_lost_attempt_ends_its_span(traces: Traces) -> None:
    await traces.attempt("waiting", ends=False)
    await asyncio.sleep(0)
    traces.receiver.disconnect()
    await traces.until(lambda: bool(traces.named("attempt")))

    assert (traces.last.attributes or {})["awaken.outcome"] == "disconnected"


async def test_attempt_that_is_lost_before_its_handler_begins_has_no_span(traces: Traces) -> None:
    await traces.attempt("waiting", ends=False)
    traces.receiver.disconnect()
    for _ in range(10):
        await asyncio.sleep(0)

    assert traces.exporter.get_finished_spans() == ()


async def test_calls_carry_the_attempt_on_and_replay_whatever_they_carried(traces: Traces) -> None:
    body = await traces.attempt("calling", frames.request(b'{"a": "1"}'))

    send, call = frames.read(body)[:2]
    trace_id, span_id = own(traces.last)
    for command in (send, call):
        assert f"00-{trace_id}-{span_id}-".encode() in command.payload
    recorded = [frames.frame(code, command.payload) for code, command in ((0x040E, send), (0x040D, call))]

    replayed = await traces.attempt("calling", frames.request(b'{"a": "1"}', *recorded))
    untraced = FakeExchange("/invoke/Traced/calling", {"content-type": V6})
    awaken.Endpoint([service]).accept(untraced).receive_data(frames.request(b'{"a": "1"}', *recorded))
    await traces.until(lambda: untraced.is_ended)

    assert frames.names(replayed) == frames.names(untraced.body) == ["Output", "End"]


async def test_call_keeps_the_traceparent_that_the_handler_gives(traces: Traces) -> None:
    body = await traces.attempt("calling", frames.request(f'{{"TraceParent": "{PARENT}"}}'.encode()))

    for command in frames.read(body)[:2]:
        assert command.payload.count(b"00-") == 1
        assert PARENT.encode() in command.payload


def test_what_is_no_endpoint_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_LAMBDA_FUNCTION_NAME", "traced")

    with pytest.raises(TypeError, match="LambdaHandler"):
        instrument(awaken.app([service]))


def test_missing_opentelemetry_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "opentelemetry", None)

    with pytest.raises(ImportError, match=r"awaken\[otel\]"):
        instrument(awaken.Endpoint([service]))


def test_nothing_of_it_is_loaded_before_it_is_asked_for() -> None:
    code = (
        "import sys, awaken; awaken.app([awaken.Service('S')]); "
        "print([name for name in sys.modules if 'telemetry' in name])"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout

    assert found.strip() == "[]"
