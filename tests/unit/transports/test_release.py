"""An exchange that is over releases its receiver, and thereby a journal, without waiting for the garbage collector."""

from __future__ import annotations

import gc
import weakref
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from awaken.transports.hosted.asgi import AsgiServer
from awaken.transports.memory.outgoing import MemoryOutgoing

from tests.unit.transports.dialing import Caller
from tests.unit.transports.raising import DIALED
from tests.unit.transports.receivers import Acceptor, Echo, Recorder, wait_until

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator

    from awaken.exchange import Exchange, Receiver
    from awaken.transports.server.server import Server


class Waiter(Recorder):
    """Answers nothing."""


class Watcher:
    """Accepts, and keeps no receiver alive."""

    def __init__(self, make: type[Recorder]) -> None:
        self._make = make
        self.receivers: list[weakref.ref[Recorder]] = []

    def __call__(self, exchange: Exchange) -> Receiver:
        receiver = self._make(exchange)
        self.receivers.append(weakref.ref(receiver))
        return receiver

    async def wait_released(self) -> None:
        await wait_until(lambda: bool(self.receivers) and all(ref() is None for ref in self.receivers))


@pytest.fixture(autouse=True)
def _without_collector() -> Iterator[None]:
    gc.disable()
    yield
    gc.enable()


@pytest.mark.parametrize("http2", [False, True])
async def test_answered_exchange_over_a_network_lets_go(
    start: Callable[..., Awaitable[Server]], http2: bool
) -> None:
    watcher = Watcher(Echo)
    host, port = (await start(watcher)).address

    async with httpx.AsyncClient(http1=not http2, http2=http2, trust_env=False) as client:
        for _ in range(2):
            answer = await client.post(f"http://{host}:{port}/x", content=b"echoed")
            assert answer.content == b"echoed"
        await watcher.wait_released()


@pytest.mark.parametrize("http2", [False, True])
async def test_lost_exchange_over_a_network_lets_go(
    start: Callable[..., Awaitable[Server]], http2: bool
) -> None:
    watcher = Watcher(Waiter)
    host, port = (await start(watcher)).address

    async with httpx.AsyncClient(http1=not http2, http2=http2, trust_env=False, timeout=0.2) as client:
        with pytest.raises(httpx.ReadTimeout):
            await client.post(f"http://{host}:{port}/x", content=b"lost")
    await watcher.wait_released()


async def test_answered_exchange_under_asgi_lets_go() -> None:
    watcher = Watcher(Echo)
    server = AsgiServer(watcher, timedelta(seconds=5))

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await server.serve(scope, receive, send)

    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test") as client:
        assert (await client.post("/x", content=b"echoed")).content == b"echoed"
    await watcher.wait_released()


@pytest.mark.parametrize("is_answered", [False, True])
async def test_exchange_in_memory_lets_go(is_answered: bool) -> None:
    watcher = Watcher(Echo)
    request = MemoryOutgoing(watcher, "POST", "/x", {})
    request.send(b"echoed")
    if is_answered:
        request.end()
        assert await request.read_all() == b"echoed"
    else:
        request.disconnect()
    await watcher.wait_released()


@pytest.mark.parametrize("ending", ["request first", "response first", "given up", "given up after its end"])
@pytest.mark.parametrize("way", DIALED)
async def test_dialed_exchange_lets_its_caller_go(way: str, ending: str) -> None:
    dialed = await DIALED[way](Acceptor(Recorder))
    caller = Caller(dialed.dialer, path="/x")
    caller.exchange.send(b"x")
    receiver = await dialed.acceptor.wait_for(1)
    if ending == "request first":
        caller.exchange.end()
        await receiver.wait_for("end")
    if ending != "given up":
        receiver.exchange.start(200, [])
        receiver.exchange.write(b"answer")
        receiver.exchange.end()
        assert await caller.response() == (200, b"answer")
    if ending == "response first":
        caller.exchange.end()
    elif ending != "request first":
        caller.exchange.disconnect()
    released = weakref.ref(caller)
    del caller

    await wait_until(lambda: released() is None)
    await dialed.close()
