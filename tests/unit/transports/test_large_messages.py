"""Messages larger than any window, on every transport: they arrive whole, and back-pressure limits what piles up."""

from __future__ import annotations

import asyncio
import json
import random
import zlib
from functools import cache, partial
from typing import TYPE_CHECKING

import awaken
import pytest
import pytest_asyncio
from awaken.exchange import WINDOW
from awaken.transports.dialer.dialing import make_dialer
from awaken.transports.http2.engines import EngineName, make_engine
from awaken.transports.memory.dialer import MemoryDialer
from awaken.transports.server.server import start_server

from tests import frames
from tests.unit.transports.dialing import Caller
from tests.unit.transports.receivers import wait_until

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from awaken.exchange import Dialer

V6 = {"content-type": "application/vnd.restate.invocation.v6"}
MB = 1_000_000
SIZES = [3 * MB, 8 * MB, 31 * MB]
#: Over HTTP/2, the engine reads invocations into machines, or every one is an exchange.
BIDIRECTIONAL = ["memory", "rust", "rust-exchange", "h2"]

scale = awaken.VirtualObject("Scale")
gates: dict[str, asyncio.Event] = {}


def checksum(value: bytes | None) -> int:
    return zlib.crc32(value or b"")


async def never() -> bytes:
    raise AssertionError("the run is recorded")


@scale.handler()
async def weigh(ctx: awaken.ObjectContext, body: bytes) -> list[int]:
    """Give the checksums of everything that has bytes."""
    result = await ctx.run_typed("r", never)
    _, future = ctx.awakeable(type_hint=bytes)
    signal = await future
    state = await ctx.get("s", type_hint=bytes)
    return [checksum(value) for value in (body, state, result, signal)]


@scale.handler()
async def busy(ctx: awaken.ObjectContext) -> list[int]:
    """Wait for something that is not durable, then for three awakeables."""
    await gates[ctx.key()].wait()
    return [checksum(await ctx.awakeable(type_hint=bytes)[1]) for _ in range(3)]


@scale.handler()
async def repeat(ctx: awaken.ObjectContext, size: int) -> bytes:
    """Put large values on every way out: a run, state, a call, a promise to come, and the result."""

    async def produce() -> bytes:
        return content(size)

    value = await ctx.run_typed("produce", produce)
    ctx.set("s", value)
    ctx.generic_send("Scale", "weigh", value, key="other")
    return value


@cache
def content(size: int) -> bytes:
    return random.Random(size).randbytes(size)


@pytest.fixture(params=[*BIDIRECTIONAL, "http1"])
def way(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest_asyncio.fixture
async def dialer(way: str) -> AsyncIterator[Dialer]:
    accept = awaken.app([scale]).accept
    if way == "memory":
        memory = MemoryDialer(accept)
        yield memory
        await memory.close()
        return
    engine = EngineName.H2 if way == "h2" else EngineName.RUST
    if way == "rust-exchange":
        server = await start_server(lambda exchange: accept(exchange))
    else:
        server = await start_server(accept, make_engine=partial(make_engine, engine))
    network = make_dialer("http://{}:{}".format(*server.address), use_http_11=way == "http1")
    yield network
    await network.close()
    await server.close()


def output_of(body: bytes) -> bytes:
    *_, output, end = frames.read(body)
    assert (output.name, end.name) == ("Output", "End")
    value = frames.fields(output.payload)[14]
    assert isinstance(value, bytes)
    inner = frames.fields(value)[1]
    assert isinstance(inner, bytes)
    return inner


@pytest.mark.slow
@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("place", ["input", "state", "run", "recorded signal"])
async def test_journal_larger_than_the_window_starts_the_handler(
    dialer: Dialer, place: str, size: int
) -> None:
    def at(name: str) -> bytes:
        return content(size if name == place else 10)

    journal = [frames.run_command(1, "r"), frames.run_completion(1, at("run"))]
    request = frames.request(
        at("input"), *journal, frames.signal(17, at("recorded signal")), key="k", state={"s": at("state")}
    )
    caller = Caller(dialer, "POST", "/invoke/Scale/weigh", V6)

    await caller.send_all(request)
    status, body = await caller.response()

    assert status == 200
    assert json.loads(output_of(body)) == [
        zlib.crc32(at(name)) for name in ("input", "state", "run", "recorded signal")
    ]


@pytest.mark.slow
@pytest.mark.parametrize("way", BIDIRECTIONAL, indirect=True)
@pytest.mark.parametrize("size", SIZES)
async def test_result_larger_than_the_window_reaches_a_waiting_handler(dialer: Dialer, size: int) -> None:
    caller = Caller(dialer, "POST", "/invoke/Scale/weigh", V6)
    await caller.send_all(
        frames.request(
            b"", frames.run_command(1, "r"), frames.run_completion(1, b""), key="k", state={"s": b""}
        ),
        is_last=False,
    )
    await caller.wait_until(lambda: caller.exchange.status == 200)

    await caller.send_all(frames.signal(17, content(size)))
    _, body = await caller.response()

    assert json.loads(output_of(body)) == [0, 0, 0, checksum(content(size))]


@pytest.mark.parametrize("way", BIDIRECTIONAL, indirect=True)
@pytest.mark.parametrize("first", [WINDOW // 2 - 100, WINDOW // 2, WINDOW - 1000, WINDOW - 9, WINDOW - 1])
async def test_message_that_has_begun_arrives_while_the_handler_is_busy(dialer: Dialer, first: int) -> None:
    gates["k"] = asyncio.Event()
    caller = Caller(dialer, "POST", "/invoke/Scale/busy", V6)
    await caller.send_all(frames.request(key="k"), is_last=False)
    around = len(frames.signal(17, content(first))) - first
    values = [content(first - around), content(3 * MB), b""]
    messages = b"".join(frames.signal(17 + index, value) for index, value in enumerate(values))

    await caller.send_all(messages[: first + 8 + 3 * MB], is_last=False)
    gates["k"].set()
    await caller.send_all(messages[first + 8 + 3 * MB :])
    _, body = await caller.response()

    assert json.loads(output_of(body)) == [checksum(value) for value in values]


@pytest.mark.parametrize("way", BIDIRECTIONAL, indirect=True)
@pytest.mark.parametrize("size", [30_000, 600_000, 3 * MB])
async def test_whole_messages_pile_up_to_a_bound_while_the_handler_is_busy(dialer: Dialer, size: int) -> None:
    gate = gates["k"] = asyncio.Event()
    caller = Caller(dialer, "POST", "/invoke/Scale/busy", V6)
    await caller.send_all(frames.request(key="k"), is_last=False)
    flood = b"".join(frames.signal(17 + index, content(size)) for index in range(24 * MB // size))
    sent = 0

    def push() -> int:
        nonlocal sent
        size = min(caller.exchange.credit, len(flood) - sent)
        if size > 0:
            caller.exchange.send(flood[sent : sent + size])
            sent += size
        return sent

    await wait_until(lambda: push() >= WINDOW)
    for _ in range(50):  # more would come by now
        await asyncio.sleep(0.001)
        push()
    assert sent <= WINDOW // 2 + WINDOW + size + 100

    gate.set()
    await wait_until(lambda: caller.exchange.is_ended or push() == len(flood))
    _, body = await caller.response()
    assert json.loads(output_of(body)) == [checksum(content(size))] * 3


@pytest.mark.slow
@pytest.mark.parametrize("size", SIZES)
async def test_large_values_leave_towards_a_peer_that_reads_slowly(dialer: Dialer, size: int) -> None:
    caller = Caller(dialer, "POST", "/invoke/Scale/repeat", V6, is_taking=False)
    value = content(size)
    recorded = [frames.run_command(1, "produce"), frames.run_completion(1, value)]
    await caller.send_all(frames.request(str(size).encode(), *recorded, key="k"))

    while not (caller.exchange.is_ended or caller.exchange.is_reset):
        before = len(caller.body)
        caller.take()
        if len(caller.body) == before:
            await asyncio.sleep(0)
    _, body = await caller.response()

    state, sent, output, end = frames.read(body)
    assert (state.name, sent.name, output.name, end.name) == ("SetState", "OneWayCall", "Output", "End")
    assert all(value in frame.payload for frame in (state, sent, output))
