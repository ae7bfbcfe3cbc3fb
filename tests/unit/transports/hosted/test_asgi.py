"""Under an ASGI host: what the application receives, and what it sends."""

from __future__ import annotations

import asyncio
import os
import signal
from datetime import timedelta
from typing import Any

import pytest
from awaken.errors import LocalProtocolError
from awaken.transports import limits
from awaken.transports.hosted import asgi_exchange
from awaken.transports.hosted.asgi import AsgiServer

from tests.unit.transports.hosted.host import Host
from tests.unit.transports.receivers import Echo, Fountain, Greeter, Recorder


@pytest.fixture(autouse=True)
def _impatience(monkeypatch: pytest.MonkeyPatch) -> None:
    """Few of these requests end."""
    monkeypatch.setattr(asgi_exchange, "HALF_CLOSE_TIMEOUT", 0)


@pytest.fixture
def _patience(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asgi_exchange, "HALF_CLOSE_TIMEOUT", 5)


async def test_request_reaches_the_receiver_and_the_response_ends_with_its_last_frame() -> None:
    host = Host(Echo)
    host.start()
    host.send(b"one ")
    host.send(b"two", more=False)
    await host.finish()

    assert host.receiver.calls == ["data", "data", "end"]
    assert host.sent == [
        {"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/plain")]},
        {"type": "http.response.body", "body": b"one two", "more_body": False},
    ]


@pytest.mark.usefixtures("_patience")
async def test_last_frame_leaves_at_once_and_the_response_ends_when_the_peer_has_seen_it() -> None:
    """Hypercorn loses the connection, with all other streams on it, when the peer's end comes after ours."""
    host = Host(Greeter)
    host.start()
    await host.until(2)
    assert host.body == b"hello"
    assert host.sent[-1]["more_body"] is True

    host.send(b"thrown away")
    host.send(b"", more=False)
    await host.finish()

    assert host.sent[2:] == [{"type": "http.response.body", "body": b"", "more_body": False}]
    assert host.receiver.calls == []


async def test_response_ends_without_the_end_of_the_request() -> None:
    host = Host(Greeter)
    host.start()
    await host.finish()

    assert host.sent[-1] == {"type": "http.response.body", "body": b"", "more_body": False}


@pytest.mark.usefixtures("_patience")
async def test_peer_that_leaves_after_the_last_frame_is_not_waited_for() -> None:
    host = Host(Greeter)
    host.start()
    await host.until(2)
    host.events.put_nowait({"type": "http.disconnect"})
    await host.finish()

    assert len(host.sent) == 2
    assert host.receiver.calls == []


async def test_facts_of_the_request() -> None:
    host = Host(Recorder, path="/mount/invoke/S/h", root_path="/mount", method="POST", http_version="2.0")
    host.start()
    host.events.put_nowait({"type": "http.disconnect"})
    await host.finish()

    exchange = host.receiver.exchange
    assert (exchange.method, exchange.path, exchange.is_bidirectional) == ("POST", "/mount/invoke/S/h", True)
    assert exchange.headers == {"content-type": "a", "x-twice": "1"}


@pytest.mark.parametrize(
    ("version", "is_bidirectional"), [("1.0", False), ("1.1", False), ("2", True), ("3", True)]
)
async def test_http_1_is_not_bidirectional(version: str, is_bidirectional: bool) -> None:
    host = Host(Greeter, http_version=version)
    host.start()
    await host.finish()

    assert host.receiver.exchange.is_bidirectional is is_bidirectional


async def test_head_of_the_response_leaves_before_its_body() -> None:
    host = Host(Recorder)
    host.start()
    host.send(b"x")
    await asyncio.sleep(0)
    await host.receiver.wait_for("data")
    host.receiver.exchange.start(200, [])

    await host.until(2)

    assert host.sent[1] == {"type": "http.response.body", "body": b"", "more_body": True}
    host.receiver.exchange.end()
    await host.finish()


async def test_unread_input_is_left_to_the_host() -> None:
    host = Host(Recorder)
    host.start()
    piece = bytes(limits.STREAM_WINDOW // 4)
    for _ in range(12):
        host.send(piece)
    await asyncio.sleep(0)
    await host.receiver.wait_received(limits.STREAM_WINDOW)
    for _ in range(20):
        await asyncio.sleep(0)

    assert host.events.qsize() == 8
    host.receiver.exchange.acknowledge(limits.STREAM_WINDOW)
    await host.receiver.wait_received(2 * limits.STREAM_WINDOW)
    assert host.events.qsize() == 4
    host.receiver.answer()
    await host.finish()


async def test_writer_pauses_while_the_host_does_not_take_more() -> None:
    host = Host(Fountain)
    host.may_send.clear()
    host.start()
    for _ in range(20):
        await asyncio.sleep(0)
    written = host.receiver.written

    assert written <= limits.BUFFER_HIGH + Fountain.piece
    assert host.receiver.exchange.is_write_paused
    host.may_send.set()
    await host.finish()
    assert len(host.body) == Fountain.size


async def test_departure_of_the_peer_disconnects_once_and_nothing_is_sent_any_more() -> None:
    host = Host(Recorder)
    host.start()
    host.events.put_nowait({"type": "http.disconnect"})
    await host.finish()

    assert host.receiver.calls == ["disconnect"]
    host.receiver.answer()
    assert host.sent == []


async def test_host_that_gives_up_cancels_the_handler() -> None:
    host = Host(Recorder)
    task = host.start()
    host.send(b"x")
    await asyncio.sleep(0)
    await host.receiver.wait_for("data")

    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task

    assert host.receiver.calls == ["data", "disconnect"]


async def test_host_that_cannot_send_is_a_departure() -> None:
    host = Host(Greeter)

    async def fail(message: dict[str, Any]) -> None:
        raise ConnectionResetError("gone")

    async with asyncio.timeout(25):
        await host.server.serve(host.scope, host.events.get, fail)

    assert host.receiver.exchange.is_lost


async def test_host_that_cannot_receive_is_a_departure() -> None:
    host = Host(Recorder)

    async def fail() -> dict[str, Any]:
        raise RuntimeError("broken host")

    async with asyncio.timeout(25):
        await host.server.serve(host.scope, fail, host._send)

    assert host.receiver.calls == ["disconnect"]


async def test_what_is_given_up_breaks_the_response_off() -> None:
    host = Host(Recorder)
    host.start()
    await asyncio.sleep(0)
    host.receiver.exchange.start(200, [])
    host.receiver.exchange.write(b"half")
    await host.until(2)
    host.receiver.exchange.reset()

    with pytest.raises(LocalProtocolError, match="given up"):
        await host.finish()

    assert host.sent[-1]["more_body"] is True


async def test_head_has_no_body() -> None:
    host = Host(Greeter, method="HEAD")
    host.start()
    await host.finish()

    assert (host.sent[0]["status"], host.body) == (200, b"")


async def test_misuse_raises() -> None:
    host = Host(Recorder)
    host.start()
    await asyncio.sleep(0)
    exchange = host.receiver.exchange
    with pytest.raises(LocalProtocolError, match="start the response first"):
        exchange.write(b"x")
    exchange.start(200, [])
    with pytest.raises(LocalProtocolError, match="already started"):
        exchange.start(200, [])
    exchange.end()
    with pytest.raises(LocalProtocolError, match="already ended"):
        exchange.write(b"x")
    await host.finish()


# ------------------------------------------------------------ the host's own


async def test_signals_stay_the_hosts() -> None:
    """The official SDK, after a request, takes the handling of SIGTERM away from its host."""
    loop = asyncio.get_running_loop()
    terminated = asyncio.Event()
    loop.add_signal_handler(signal.SIGTERM, terminated.set)
    try:
        host = Host(Echo)
        lifespan = Lifespan(host.server)
        await lifespan.announce("startup")
        host.start()
        host.send(b"x", more=False)
        await host.finish()

        os.kill(os.getpid(), signal.SIGTERM)
        async with asyncio.timeout(25):
            await terminated.wait()
        assert host.body == b"x"

        await lifespan.announce("shutdown")
        await lifespan.task
    finally:
        loop.remove_signal_handler(signal.SIGTERM)


# ------------------------------------------------------------ lifespan


class Winding(Recorder):
    """Ends when it is asked to wind up."""

    def drain(self) -> None:
        super().drain()
        self.answer(body=b"wound up")


class Lifespan:
    """The lifespan scope of a host."""

    def __init__(self, server: AsgiServer) -> None:
        self.events: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self.sent: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self.task = asyncio.create_task(server.serve({"type": "lifespan"}, self.events.get, self.sent.put))

    async def announce(self, what: str) -> str:
        self.events.put_nowait({"type": f"lifespan.{what}"})
        async with asyncio.timeout(25):
            answer = await self.sent.get()
        return str(answer["type"])


def test_startup_fails_where_asyncio_does_not_run() -> None:
    """Under Trio, each request would fail instead, with an error that names neither."""

    async def receive() -> dict[str, Any]:
        return {"type": "lifespan.startup"}

    async def send(event: dict[str, Any]) -> None:
        sent.append(event)

    sent: list[dict[str, Any]] = []
    serving = AsgiServer(Echo, timedelta()).serve({"type": "lifespan"}, receive, send)
    with pytest.raises(StopIteration):
        serving.send(None)

    [event] = sent
    assert event["type"] == "lifespan.startup.failed"
    assert "choose asyncio or uvloop" in event["message"]


async def test_lifespan_is_spoken_and_shutdown_drains_what_runs() -> None:
    """The official SDK makes hosts log a lifespan error on each start."""
    host = Host(Winding)
    lifespan = Lifespan(host.server)
    assert await lifespan.announce("startup") == "lifespan.startup.complete"
    host.start()
    await asyncio.sleep(0)

    assert await lifespan.announce("shutdown") == "lifespan.shutdown.complete"

    assert host.body == b"wound up"
    await host.finish()
    await lifespan.task


async def test_shutdown_does_not_wait_for_ever(caplog: pytest.LogCaptureFixture) -> None:
    host = Host(Recorder, grace=0)
    lifespan = Lifespan(host.server)
    host.start()
    await asyncio.sleep(0)

    assert await lifespan.announce("shutdown") == "lifespan.shutdown.complete"

    assert host.receiver.calls == ["drain"]
    assert "1 exchanges did not end" in caplog.text
    host.receiver.answer()
    await host.finish()


async def test_websockets_are_closed_and_unknown_scopes_refused() -> None:
    server = AsgiServer(Recorder, timedelta(seconds=1))
    events: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
    sent: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
    events.put_nowait({"type": "websocket.connect"})

    await server.serve({"type": "websocket"}, events.get, sent.put)

    assert sent.get_nowait() == {"type": "websocket.close", "code": 1008}
    with pytest.raises(NotImplementedError, match="carrier pigeon"):
        await server.serve({"type": "carrier pigeon"}, events.get, sent.put)
