"""What is counted of attempts and runs, for each way in which they end."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import awaken
import pytest
from awaken.metrics.instruments import (
    ATTEMPT_DURATION,
    ATTEMPTS,
    OPEN_ATTEMPTS,
    REPLAY_ENTRIES,
    RUN_DURATION,
    RUNS,
)
from awaken.metrics.metrics import Metrics

from tests import frames
from tests.unit.endpoint.fakes import FakeExchange

if TYPE_CHECKING:
    from collections.abc import Callable

V6 = "application/vnd.restate.invocation.v6"

service = awaken.Service("Counted")


@service.handler()
async def greet(ctx: awaken.Context) -> str:
    return "hello"


@service.handler()
async def refuse(ctx: awaken.Context) -> None:
    raise awaken.TerminalError("out of stock", 418)


@service.handler()
async def stumble(ctx: awaken.Context) -> None:
    raise ValueError("not yet")


@service.handler()
async def wait(ctx: awaken.Context) -> Any:
    return await ctx.awakeable()[1]


def buy() -> int:
    return 1


def give_up() -> None:
    raise awaken.TerminalError("out of stock", 418)


def break_down() -> None:
    raise ValueError("not yet")


@service.handler()
async def run_well(ctx: awaken.Context) -> int:
    return await ctx.run_typed("buy", buy)


@service.handler()
async def run_into_failure(ctx: awaken.Context) -> None:
    await ctx.run_typed("give up", give_up)


@service.handler()
async def run_again(ctx: awaken.Context) -> None:
    await ctx.run_typed("break", break_down)


@service.handler()
async def run_slowly(ctx: awaken.Context) -> None:
    await ctx.run_typed("sleep", asyncio.sleep, delay=3600)


class Counted:
    """A measured endpoint, and its attempts."""

    def __init__(self) -> None:
        self.metrics = Metrics()
        self.endpoint = awaken.Endpoint([service])
        self.endpoint.measure(self.metrics)
        self.exchange = FakeExchange("", {})
        self.receiver: Any = None

    async def attempt(self, handler: str, *body: bytes, ends: bool = True) -> None:
        self.exchange = FakeExchange(f"/invoke/Counted/{handler}", {"content-type": V6})
        self.receiver = self.endpoint.accept(self.exchange)
        self.receiver.receive_data(b"".join(body) or frames.request())
        if ends:
            self.receiver.receive_end()
            await self.until(lambda: self.exchange.is_ended)

    async def until(self, condition: Callable[[], bool]) -> None:
        async with asyncio.timeout(25):
            while not condition():
                await asyncio.sleep(0)

    @property
    def attempts(self) -> dict[tuple[str, ...], float]:
        return {
            labels[1:]: child.value
            for labels, child in self.metrics.counter(ATTEMPTS).children()
            if child.value
        }

    @property
    def runs(self) -> dict[tuple[str, ...], float]:
        return {labels[1:]: child.value for labels, child in self.metrics.counter(RUNS).children()}

    def open(self, handler: str) -> float:
        return self.metrics.read_gauge(OPEN_ATTEMPTS)["Counted", handler][0]


@pytest.fixture
def counted() -> Counted:
    return Counted()


async def test_handlers_begin_at_zero(counted: Counted) -> None:
    attempts = dict(counted.metrics.counter(ATTEMPTS).children())

    assert len(attempts) == 6 * len(service.handlers)
    assert attempts["Counted", "greet", "succeeded"].value == 0
    assert counted.open("greet") == 0


@pytest.mark.parametrize(
    ("handler", "outcome"),
    [("greet", "succeeded"), ("refuse", "failed"), ("stumble", "retried"), ("wait", "suspended")],
)
async def test_attempt_is_counted_by_its_outcome(counted: Counted, handler: str, outcome: str) -> None:
    await counted.attempt(handler)
    await counted.attempt(handler)

    assert counted.attempts == {(handler, outcome): 2}
    assert counted.metrics.histogram(ATTEMPT_DURATION).of("Counted", handler).count == 2
    assert counted.open(handler) == 0


async def test_other_code_than_recorded_is_a_mismatch(counted: Counted) -> None:
    await counted.attempt("greet", frames.request(b"", frames.run_command(1, "one")))

    assert counted.attempts == {("greet", "mismatch"): 1}


async def test_lost_stream_is_a_disconnect(counted: Counted) -> None:
    await counted.attempt("wait", ends=False)
    await counted.until(lambda: len(frames.names(counted.exchange.body)) > 0 or counted.open("wait") == 1)
    assert counted.open("wait") == 1

    counted.receiver.disconnect()

    assert counted.attempts == {("wait", "disconnected"): 1}
    assert counted.open("wait") == 0


async def test_bytes_that_are_no_journal_count_as_retried(counted: Counted) -> None:
    await counted.attempt("greet", b"\xff" * 16)

    assert counted.attempts == {("greet", "retried"): 1}


async def test_entries_of_the_journal_are_counted(counted: Counted) -> None:
    recorded = [frames.run_command(1, "buy"), frames.run_completion(1, b"1")]

    await counted.attempt("run_well", frames.request(b"", *recorded))

    replays = counted.metrics.histogram(REPLAY_ENTRIES).of("Counted", "run_well")
    assert counted.attempts == {("run_well", "succeeded"): 1}
    assert (replays.count, replays.cells[-1]) == (1, 3), "the input, the run and its completion"
    assert counted.runs == {}, "a replayed result is no execution"


@pytest.mark.parametrize(
    ("handler", "name", "outcome", "attempt"),
    [
        ("run_well", "buy", "succeeded", "suspended"),
        ("run_into_failure", "give up", "failed", "suspended"),
        ("run_again", "break", "retried", "retried"),
    ],
)
async def test_run_is_counted_by_its_outcome(
    counted: Counted, handler: str, name: str, outcome: str, attempt: str
) -> None:
    await counted.attempt(handler)

    assert counted.runs == {(handler, name, outcome): 1}
    assert counted.metrics.histogram(RUN_DURATION).of("Counted", handler, name).count == 1
    assert counted.attempts == {(handler, attempt): 1}, "its result has to be acknowledged first"


async def test_run_of_a_lost_attempt_is_cancelled(counted: Counted) -> None:
    await counted.attempt("run_slowly", ends=False)
    for _ in range(20):
        await asyncio.sleep(0)

    counted.receiver.disconnect()
    await counted.until(lambda: bool(counted.runs))

    assert counted.runs == {("run_slowly", "sleep", "cancelled"): 1}


async def test_second_measure_keeps_the_place_of_the_first(counted: Counted) -> None:
    assert counted.endpoint.measure(Metrics()) is counted.metrics


async def test_service_that_is_bound_later_is_measured_too(counted: Counted) -> None:
    later = awaken.Service("Later")

    @later.handler()
    async def hello(ctx: awaken.Context) -> str:
        return "hello"

    counted.endpoint.bind(later)

    assert counted.metrics.counter(ATTEMPTS).of("Later", "hello", "succeeded").value == 0
    assert ("Later", "hello") in counted.metrics.read_gauge(OPEN_ATTEMPTS)


def test_endpoint_that_is_not_measured_imports_no_metrics() -> None:
    import subprocess
    import sys

    code = (
        "import sys, awaken; awaken.app([awaken.Service('S')]).direct; print('awaken.metrics' in sys.modules)"
    )

    assert subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout == ("False\n")
