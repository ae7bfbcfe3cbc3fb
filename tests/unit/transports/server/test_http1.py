"""HTTP/1.1 on the same port, driven by raw bytes."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager, suppress
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from awaken.errors import LocalProtocolError
from awaken.transports import limits
from awaken.transports.server.http1_connection import Http1ServerConnection
from awaken.transports.server.server import Server, start_server

from tests.unit.transports.raising import Raiser
from tests.unit.transports.receivers import Acceptor, Echo, Fountain, Greeter, Recorder, wait_until
from tests.unit.transports.sockets import listening_socket, open_connection

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from awaken.exchange import AcceptServed, Exchange, ServedExchange


class Peer:
    def __init__(self, server: Server, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.server = server
        self.reader = reader
        self.writer = writer

    @property
    def connection(self) -> Http1ServerConnection:
        (connection,) = self.server._connections
        return connection  # type: ignore[return-value]

    def send(self, data: bytes) -> None:
        self.writer.write(data)

    async def read_until(self, end: bytes) -> bytes:
        async with asyncio.timeout(25):
            return await self.reader.readuntil(end)

    async def read_all(self) -> bytes:
        async with asyncio.timeout(25):
            return await self.reader.read()


@asynccontextmanager
async def talk(accept: AcceptServed) -> AsyncIterator[Peer]:
    server = await start_server(accept, sock=listening_socket())
    peer = Peer(server, *await open_connection(server.address))
    try:
        yield peer
    finally:
        peer.writer.close()
        with suppress(ConnectionError):
            await peer.writer.wait_closed()
        await server.close()


class Whole(Recorder):
    """Answers in one step."""

    def __init__(self, exchange: ServedExchange) -> None:
        super().__init__(exchange)
        exchange.respond(200, [], b"whole")


GET = b"GET /discover?x=1 HTTP/1.1\r\nHost: test\r\n\r\n"


def post(body: bytes, *extra: bytes) -> bytes:
    head = [b"POST /invoke/S/h HTTP/1.1", b"Host: test", b"Content-Length: %d" % len(body), *extra]
    return b"\r\n".join(head) + b"\r\n\r\n" + body


async def test_get_is_answered_in_chunks_and_the_connection_kept() -> None:
    acceptor = Acceptor(Echo)
    async with talk(acceptor) as peer:
        for _ in range(2):
            peer.send(GET)
            answer = await peer.read_until(b"0\r\n\r\n")
            assert answer.startswith(b"HTTP/1.1 200 ")
            assert b"transfer-encoding: chunked" in answer.lower()

    exchange = acceptor.receivers[0].exchange
    assert (exchange.method, exchange.path, exchange.is_bidirectional) == ("GET", "/discover", False)
    assert exchange.headers["host"] == "test"
    assert [receiver.calls for receiver in acceptor.receivers] == [["end"], ["end"]]


async def test_chunked_request_arrives_whole() -> None:
    acceptor = Acceptor(Echo)
    async with talk(acceptor) as peer:
        peer.send(b"POST / HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n")
        await (await acceptor.wait_for()).wait_received(5)
        peer.send(b"6\r\n world\r\n0\r\nX-Trailer: 1\r\n\r\n")
        assert b"hello world" in await peer.read_until(b"0\r\n\r\n")


async def test_path_in_absolute_form_is_understood() -> None:
    acceptor = Acceptor(Greeter)
    async with talk(acceptor) as peer:
        peer.send(b"GET http://host:1/a/b?c HTTP/1.1\r\nHost: host\r\n\r\n")
        await peer.read_until(b"0\r\n\r\n")
    assert acceptor.receivers[0].exchange.path == "/a/b"


async def test_pipelined_requests_are_answered_in_order() -> None:
    acceptor = Acceptor()
    async with talk(acceptor) as peer:
        peer.send(post(b"one") + post(b"two") + GET)
        first = await acceptor.wait_for()
        await first.wait_for("end")
        assert len(acceptor.receivers) == 1
        for number in range(3):
            receiver = await acceptor.wait_for(number + 1)
            await receiver.wait_for("end")
            receiver.answer(body=b"answer %d" % number)
            assert b"answer %d" % number in await peer.read_until(b"0\r\n\r\n")
    assert [bytes(receiver.received) for receiver in acceptor.receivers] == [b"one", b"two", b""]


async def test_pipelining_is_bounded() -> None:
    acceptor = Acceptor()
    async with talk(acceptor) as peer:
        peer.send(GET)
        await (await acceptor.wait_for()).wait_for("end")
        flood = GET * 2000
        sent = 0
        with suppress(TimeoutError):
            async with asyncio.timeout(0.2):
                while sent < 64 * 1024 * 1024:
                    peer.send(flood)
                    sent += len(flood)
                    await peer.writer.drain()
        assert peer.connection.engine.ahead_size <= limits.PIPELINE_SIZE + 512 * 1024
        peer.writer.transport.abort()


class Giant(Recorder):
    """Answers at once with much more than was asked."""

    size = 100_000

    def __init__(self, exchange: Exchange) -> None:
        super().__init__(exchange)
        self.answer(body=b"x" * self.size)


async def test_pipelined_requests_are_answered_as_fast_as_the_answers_are_read() -> None:
    count = 1000
    acceptor = Acceptor(Giant)
    async with talk(acceptor) as peer:
        peer.send(GET * count)
        await acceptor.wait_for()
        await asyncio.sleep(0.05)
        assert len(acceptor.receivers) < count / 2

        received = 0
        while received < count * Giant.size:
            received += len(await peer.reader.read(1024 * 1024))
        assert len(acceptor.receivers) == count


async def test_old_client_that_asks_for_it_keeps_its_connection() -> None:
    request = b"GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"
    acceptor = Acceptor(Whole)
    async with talk(acceptor) as peer:
        for _ in range(2):
            peer.send(request)
            assert b"connection: keep-alive" in await peer.read_until(b"\r\n\r\nwhole")
        peer.send(request.replace(b"keep-alive", b"x"))
        assert b"connection: close" in await peer.read_all()


async def test_body_that_is_there_is_taken_with_its_request() -> None:
    exchanges = []

    def accept(exchange: ServedExchange) -> Recorder:
        receiver = Recorder(exchange)
        exchanges.append((exchange.take_body(), exchange.take_body(), receiver))
        return receiver

    async with talk(accept) as peer:
        peer.send(post(b"whole"))
        await wait_until(lambda: len(exchanges) == 1)
        body, again, receiver = exchanges[0]
        assert (body, again, receiver.calls) == (b"whole", None, [])
        receiver.answer()
        await peer.read_until(b"0\r\n\r\n")

        head, _, rest = post(b"in two parts").partition(b"\r\n\r\n")
        peer.send(head + b"\r\n\r\n")
        await wait_until(lambda: len(exchanges) == 2)
        peer.send(rest)
        body, _, receiver = exchanges[1]
        await receiver.wait_for("end")
        assert (body, bytes(receiver.received)) == (None, b"in two parts")


async def test_expectation_of_100_is_met() -> None:
    acceptor = Acceptor(Echo)
    async with talk(acceptor) as peer:
        head, _, body = post(b"body", b"Expect: 100-continue").partition(b"\r\n\r\n")
        peer.send(head + b"\r\n\r\n")
        assert (await peer.read_until(b"\r\n\r\n")).startswith(b"HTTP/1.1 100 ")
        peer.send(body)
        assert b"body" in await peer.read_until(b"0\r\n\r\n")


async def test_head_gets_no_body() -> None:
    async with talk(Greeter) as peer:
        peer.send(b"HEAD / HTTP/1.1\r\nHost: t\r\nConnection: close\r\n\r\n")
        answer = await peer.read_all()
    assert answer.startswith(b"HTTP/1.1 200 ")
    assert answer.endswith(b"\r\n\r\n")
    assert b"hello" not in answer


async def test_http_1_0_is_answered_until_close() -> None:
    async with talk(Greeter) as peer:
        peer.send(b"GET / HTTP/1.0\r\n\r\n")
        answer = await peer.read_all()
    assert answer.endswith(b"\r\n\r\nhello")


async def test_upgrade_to_h2c_is_ignored() -> None:
    async with talk(Greeter) as peer:
        peer.send(
            b"GET / HTTP/1.1\r\nHost: t\r\nConnection: Upgrade, HTTP2-Settings\r\n"
            b"Upgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n\r\n"
        )
        assert (await peer.read_until(b"0\r\n\r\n")).startswith(b"HTTP/1.1 200 ")


async def test_answer_before_the_end_of_the_request_leaves_the_connection_usable() -> None:
    acceptor = Acceptor(Greeter)
    async with talk(acceptor) as peer:
        head, _, body = post(b"x" * 100_000).partition(b"\r\n\r\n")
        peer.send(head + b"\r\n\r\n")
        assert b"hello" in await peer.read_until(b"0\r\n\r\n")
        peer.send(body + GET)
        assert b"hello" in await peer.read_until(b"0\r\n\r\n")
    assert [receiver.calls for receiver in acceptor.receivers] == [[], []]


@pytest.mark.parametrize(
    ("request_bytes", "status"),
    [
        (b"GET / HTTP/1.1\r\nbad header line\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\n\r\n", 400),
        (b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: x\r\n\r\n", 400),
        (b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip\r\n\r\n", 501),
        (b"GET / HTTP/1.1\r\nHost: a\r\nX: " + b"v" * (2 * limits.HEADERS_SIZE), 431),
        (b"GET / HTTP/1.1\r\nHost: a\r\n" + b"X: v\r\n" * limits.HEADERS_COUNT + b"\r\n", 431),
        (b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999999\r\n\r\n", 413),
    ],
)
async def test_bad_request_is_refused_and_the_connection_closed(request_bytes: bytes, status: int) -> None:
    acceptor = Acceptor()
    async with talk(acceptor) as peer:
        peer.send(request_bytes)
        answer = await peer.read_all()
    assert answer.startswith(b"HTTP/1.1 %d " % status)
    assert b"connection: close" in answer.lower()
    assert acceptor.receivers == []


async def test_refusal_quotes_what_was_sent_as_text() -> None:
    async with talk(Acceptor()) as peer:
        peer.send(b"GET / HTTP/1.1\r\nbad header line\r\n\r\n")
        assert (await peer.read_all()).endswith(b"400 Bad Request: illegal header line: 'bad header line'\n")


async def test_what_is_not_http_at_all_is_closed_without_an_answer() -> None:
    async with talk(Greeter) as peer:
        peer.send(b"EHLO mail.example\r\n")
        assert await peer.read_all() == b""


async def test_broken_chunk_disconnects_the_receiver() -> None:
    acceptor = Acceptor()
    async with talk(acceptor) as peer:
        peer.send(b"POST / HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n")
        assert (await peer.read_all()).startswith(b"HTTP/1.1 400 ")
    assert acceptor.receivers[0].calls == ["disconnect"]


async def test_head_that_comes_too_slowly_is_answered_with_408() -> None:
    async with talk(Greeter) as peer:
        peer.send(b"GET / HTTP/1.1\r\nHost:")
        await wait_until(
            lambda: any(isinstance(each, Http1ServerConnection) for each in peer.server._connections)
        )
        peer.connection.tick(asyncio.get_running_loop().time() + limits.OPENING_TIMEOUT + 1)
        assert (await peer.read_all()).startswith(b"HTTP/1.1 408 ")


async def test_lost_connection_disconnects_once() -> None:
    acceptor = Acceptor()
    async with talk(acceptor) as peer:
        peer.send(post(b"x"))
        receiver = await acceptor.wait_for()
        await receiver.wait_for("end")
        peer.writer.close()
        await receiver.wait_for("disconnect")
        receiver.exchange.start(200, [])
        receiver.exchange.write(b"discarded")
        receiver.exchange.end()
    assert receiver.calls == ["data", "end", "disconnect"]


async def test_reset_breaks_the_response_off() -> None:
    acceptor = Acceptor()
    async with talk(acceptor) as peer:
        peer.send(GET)
        receiver = await acceptor.wait_for()
        receiver.exchange.start(200, [])
        receiver.exchange.write(b"half")
        receiver.exchange.reset()
        answer = b""
        with suppress(ConnectionError):
            answer = await peer.read_all()
    assert not answer.endswith(b"0\r\n\r\n")
    assert "disconnect" not in receiver.calls


async def test_connection_continues_after_a_receiver_that_raises() -> None:
    failing = GET.replace(b"/discover?x=1", b"/end/untouched")
    async with talk(Acceptor(Raiser)) as peer:
        for request, status in ((failing, b"500"), (failing, b"500"), (GET.replace(b"?x=1", b"/-"), b"200")):
            peer.send(request)
            assert (await peer.read_until(b"\r\n\r\n")).startswith(b"HTTP/1.1 " + status)


async def test_response_that_breaks_its_content_length_is_logged_and_broken_off(
    caplog: pytest.LogCaptureFixture,
) -> None:
    acceptor = Acceptor()
    async with talk(acceptor) as peer:
        peer.send(GET)
        exchange = (await acceptor.wait_for()).exchange
        exchange.start(200, [("content-length", "5")])
        exchange.write(b"abc")
        with pytest.raises(LocalProtocolError, match=r"<GET /discover over HTTP/1.1> does not fit HTTP/1.1"):
            exchange.write(b"defgh")
        exchange.end()
        with suppress(ConnectionError):
            assert (await peer.read_all()).endswith(b"abc")
    assert "ended before it wrote what its content-length says" in caplog.text


class Forgetful(Recorder):
    """Raises when all is said."""

    def receive_end(self) -> None:
        super().receive_end()
        self.answer(body=b"complete")
        raise ValueError("after the end")


async def test_receiver_that_raises_after_its_response_leaves_the_connection_usable(
    caplog: pytest.LogCaptureFixture,
) -> None:
    acceptor = Acceptor(Forgetful)
    async with talk(acceptor) as peer:
        for _ in range(2):
            peer.send(post(b"x"))
            assert b"complete" in await peer.read_until(b"0\r\n\r\n")
    assert [receiver.calls for receiver in acceptor.receivers] == [["data", "end"], ["data", "end"]]
    assert "after the end" in caplog.text


@pytest.mark.slow
async def test_reading_stops_while_nothing_is_acknowledged() -> None:
    acceptor = Acceptor()
    async with talk(acceptor) as peer:
        size = 32 * 1024 * 1024
        peer.send(b"POST / HTTP/1.1\r\nHost: t\r\nContent-Length: %d\r\n\r\n" % size)
        receiver = await acceptor.wait_for()
        transport = peer.connection._transport
        assert transport is not None
        sent = 0
        while transport.is_reading():
            assert sent < size
            peer.send(bytes(65536))
            sent += 65536
            await asyncio.sleep(0)
        assert limits.STREAM_WINDOW < len(receiver.received) < limits.STREAM_WINDOW + 1024 * 1024

        acknowledged = 0
        while len(receiver.received) < size:
            receiver.exchange.acknowledge(len(receiver.received) - acknowledged)
            acknowledged = len(receiver.received)
            if sent < size:
                peer.send(bytes(65536))
                sent += 65536
            await asyncio.sleep(0)
        await receiver.wait_for("end")


async def test_writer_pauses_for_a_peer_that_reads_nothing() -> None:
    acceptor = Acceptor(Fountain)
    async with talk(acceptor) as peer:
        peer.send(GET)
        receiver = await acceptor.wait_for()
        assert isinstance(receiver, Fountain)
        assert receiver.exchange.is_write_paused
        assert receiver.written < Fountain.size

        body = b""
        while not body.endswith(b"0\r\n\r\n"):
            body += await peer.reader.read(65536)

        assert body.count(b"x") == Fountain.size
        assert "resume" in receiver.calls


async def test_drain_closes_idle_connections_and_lets_a_response_finish() -> None:
    acceptor = Acceptor()
    async with talk(acceptor) as peer:
        idle_reader, idle_writer = await asyncio.open_connection(*peer.server.address)
        idle_writer.write(GET)
        (await acceptor.wait_for()).answer()
        await idle_reader.readuntil(b"0\r\n\r\n")
        peer.send(GET)
        receiver = await acceptor.wait_for(2)

        closing = asyncio.create_task(peer.server.close(timedelta(seconds=5)))
        await receiver.wait_for("drain")
        assert await idle_reader.read() == b""
        idle_writer.close()
        receiver.answer(body=b"wound up")
        answer = await peer.read_all()
        peer.writer.close()
        await closing

    assert b"wound up" in answer
    assert b"connection: close" in answer.lower()
