"""One suite for every way to call an endpoint: in memory, over HTTP/2 and over HTTP/1.1, against our own server."""

from __future__ import annotations

import asyncio
import socket
from typing import TYPE_CHECKING

import pytest
import pytest_asyncio
from awaken.errors import LocalProtocolError
from awaken.transports import limits
from awaken.transports.dialer.dialing import make_dialer
from awaken.transports.memory.dialer import MemoryDialer
from awaken.transports.server.server import start_server

from tests.unit.transports.dialing import Caller, call
from tests.unit.transports.receivers import Acceptor, Echo, Fountain, Greeter, Recorder, wait_until

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

    from awaken.exchange import Accept, Dialer

Dial = "Callable[[Accept], Awaitable[Dialer]]"


@pytest.fixture(params=["memory", "http2", "http1"])
def way(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest_asyncio.fixture
async def dial(way: str) -> AsyncIterator[Callable[[Accept], Awaitable[Dialer]]]:
    """Serves what is given, and dials it."""
    closers = []

    async def dial_one(accept: Accept) -> Dialer:
        if way == "memory":
            memory = MemoryDialer(accept)
            closers.append(memory.close)
            return memory
        server = await start_server(accept)
        dialer = make_dialer("http://{}:{}".format(*server.address), use_http_11=way == "http1")
        closers.extend([server.close, dialer.close])
        return dialer

    yield dial_one
    for close in reversed(closers):
        await close()


async def test_request_and_response_pass(dial: Callable[[Accept], Awaitable[Dialer]]) -> None:
    acceptor = Acceptor(Echo)
    dialer = await dial(acceptor)
    caller = Caller(dialer, "POST", "/invoke/S/h", {"x-restate-invocation-id": "inv_1", "accept": "text/x"})

    caller.exchange.send(b"one ")
    caller.exchange.send(b"two")
    caller.exchange.end()

    assert await caller.response() == (200, b"one two")
    assert ("content-type", "text/plain") in caller.exchange.headers
    exchange = acceptor.receivers[0].exchange
    assert (exchange.method, exchange.path) == ("POST", "/invoke/S/h")
    assert exchange.headers["x-restate-invocation-id"] == "inv_1"
    assert {"user-agent", "content-length", "accept-encoding"}.isdisjoint(exchange.headers)


async def test_get_has_no_body(dial: Callable[[Accept], Awaitable[Dialer]]) -> None:
    acceptor = Acceptor(Echo)
    dialer = await dial(acceptor)

    assert await call(dialer, "GET", "/discover") == (200, b"")

    receiver = acceptor.receivers[0]
    assert receiver.calls == ["end"]
    assert "transfer-encoding" not in receiver.exchange.headers


async def test_large_bodies_pass_within_credit(dial: Callable[[Accept], Awaitable[Dialer]]) -> None:
    dialer = await dial(Acceptor(Echo))
    body = bytes(range(256)) * 40_000  # five times a stream's window
    caller = Caller(dialer)

    await caller.send_all(body)

    status, echoed = await caller.response()
    assert status == 200
    assert echoed == body


async def test_credit_ends_when_nobody_reads(way: str, dial: Callable[[Accept], Awaitable[Dialer]]) -> None:
    acceptor = Acceptor(Recorder)  # acknowledges nothing
    dialer = await dial(acceptor)
    caller = Caller(dialer)
    sent = 0

    async with asyncio.timeout(25):
        while sent < limits.STREAM_WINDOW:
            size = min(caller.exchange.credit, 256 * 1024)
            caller.exchange.send(bytes(size))
            sent += size
            await asyncio.sleep(0)
    caller.exchange.send(bytes(32 * 1024 * 1024))  # HTTP/1.1 has only the buffers of the sockets

    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert caller.exchange.credit <= 0
    receiver = acceptor.receivers[0]
    if way != "memory":
        await receiver.wait_received(limits.STREAM_WINDOW)
    if way == "http2":
        assert len(receiver.received) == limits.STREAM_WINDOW
    receiver.exchange.acknowledge(len(receiver.received))
    if way == "http2":
        await receiver.wait_received(2 * limits.STREAM_WINDOW)


async def test_slow_caller_pauses_the_endpoint(dial: Callable[[Accept], Awaitable[Dialer]]) -> None:
    class LargeFountain(Fountain):
        size = 24 * 1024 * 1024

    acceptor = Acceptor(LargeFountain)
    dialer = await dial(acceptor)
    caller = Caller(dialer, "GET", "/", is_taking=False)
    caller.exchange.end()
    await wait_until(lambda: caller.exchange.status == 200)

    fountain = acceptor.receivers[0]
    assert isinstance(fountain, Fountain)
    assert fountain.written < fountain.size
    assert not caller.exchange.is_ended
    caller.is_taking = True
    caller.take()

    status, body = await caller.response()
    assert (status, len(body)) == (200, fountain.size)
    assert "resume" in fountain.calls


async def test_answers_that_nobody_takes_do_not_stop_the_next_exchange(
    way: str, dial: Callable[[Accept], Awaitable[Dialer]]
) -> None:
    # The most of an answer that comes without being taken; over HTTP/1.1 its last byte is the one that stops reading.
    size = limits.STREAM_WINDOW + (way == "http1")

    class Block(Recorder):
        def receive_end(self) -> None:
            self.exchange.start(200, [("content-length", str(size))])
            self.exchange.write(bytes(size))
            self.exchange.end()

    dialer = await dial(Acceptor(Block))

    for _ in range(10):  # more than fits into the window of a connection
        caller = Caller(dialer, is_taking=False)
        caller.exchange.end()
        await caller.wait_until(lambda exchange=caller.exchange: exchange.is_ended)  # type: ignore[misc]

    assert len((await call(dialer))[1]) == size


async def test_many_exchanges_at_once(dial: Callable[[Accept], Awaitable[Dialer]]) -> None:
    dialer = await dial(Acceptor(Echo))

    answers = await asyncio.gather(*(call(dialer, body=b"%d" % number) for number in range(300)))

    assert answers == [(200, b"%d" % number) for number in range(300)]


async def test_answer_may_come_before_the_request_ends(
    dial: Callable[[Accept], Awaitable[Dialer]],
) -> None:
    dialer = await dial(Acceptor(Greeter))
    caller = Caller(dialer)
    caller.exchange.send(b"first")

    assert await caller.response() == (200, b"hello")
    caller.exchange.end()

    assert await call(dialer, body=b"x") == (200, b"hello")


async def test_reset_by_the_endpoint_is_a_failure(dial: Callable[[Accept], Awaitable[Dialer]]) -> None:
    acceptor = Acceptor()
    dialer = await dial(acceptor)
    caller = Caller(dialer)
    caller.exchange.send(b"x")
    receiver = await acceptor.wait_for()
    receiver.exchange.start(200, [])
    receiver.exchange.write(b"half")
    await caller.wait_until(lambda: bytes(caller.body) == b"half")

    receiver.exchange.reset()

    assert await caller.failure()
    assert not caller.exchange.is_ended
    assert (caller.exchange.status, caller.exchange.credit if caller.exchange.credit < 0 else 0) == (200, 0)


async def test_disconnect_reaches_the_endpoint(dial: Callable[[Accept], Awaitable[Dialer]]) -> None:
    acceptor = Acceptor()
    dialer = await dial(acceptor)
    caller = Caller(dialer)
    caller.exchange.send(b"x")
    receiver = await acceptor.wait_for()
    await receiver.wait_received(1)

    caller.exchange.disconnect()
    caller.exchange.disconnect()

    await receiver.wait_for("disconnect")
    assert await caller.failure() == "given up by the caller"


async def test_closing_fails_what_is_open_and_what_comes(
    dial: Callable[[Accept], Awaitable[Dialer]],
) -> None:
    acceptor = Acceptor()
    dialer = await dial(acceptor)
    caller = Caller(dialer)
    caller.exchange.send(b"x")
    receiver = await acceptor.wait_for()

    await dialer.close()

    assert await caller.failure()
    await receiver.wait_for("disconnect")
    assert await Caller(dialer).failure()


async def test_sending_after_the_end_is_our_mistake(dial: Callable[[Accept], Awaitable[Dialer]]) -> None:
    dialer = await dial(Acceptor())
    caller = Caller(dialer)
    caller.exchange.end()
    caller.exchange.end()

    with pytest.raises(LocalProtocolError, match="cannot send 4 bytes"):
        caller.exchange.send(b"more")


async def test_nothing_listens(way: str) -> None:
    if way == "memory":
        return
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    dialer = make_dialer(f"http://127.0.0.1:{port}", use_http_11=way == "http1")

    caller = Caller(dialer)

    assert await caller.failure() == (f"127.0.0.1:{port}: cannot connect: Connection refused (os error 111)")
    await dialer.close()


async def test_unknown_host_is_a_failure(way: str) -> None:
    if way == "memory":
        return
    dialer = make_dialer("http://nowhere.invalid:9080", use_http_11=way == "http1")

    assert (await Caller(dialer).failure()).startswith("nowhere.invalid:9080: cannot connect: ")
    await dialer.close()


@pytest.mark.parametrize("url", ["", "/x", "localhost:9080", "ftp://host/"])
def test_relative_url_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match="is not an absolute URL"):
        make_dialer(url)


async def test_path_and_query_of_the_url_surround_the_request(way: str) -> None:
    if way == "memory":
        return
    acceptor = Acceptor(Echo)
    server = await start_server(acceptor)
    url = "http://{}:{}/deep/er/?key=1".format(*server.address)
    dialer = make_dialer(url, use_http_11=way == "http1")

    caller = Caller(dialer, "GET", "/discover")
    caller.exchange.end()
    await caller.response()

    assert acceptor.receivers[0].exchange.path == "/deep/er/discover"
    await dialer.close()
    await server.close()
