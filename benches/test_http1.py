"""HTTP/1.1 without a network: what a small request and its answer cost, and a large body in each direction."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Final

from awaken.transports.guard import NO_RECEIVER
from awaken.transports.server.connection import Connections
from awaken.transports.server.http1_connection import Http1ServerConnection

if TYPE_CHECKING:
    from awaken.exchange import AcceptServed, Receiver, ServedExchange
    from pytest_benchmark.fixture import BenchmarkFixture

BODY: Final = b'"aaaaaaaaaaaaaaaaaa"'
ANSWER: Final = [
    ("content-type", "application/json"),
    ("x-restate-id", "inv_1dkkPaRrpMjf0EQZ1fiwpzVUMuX2NL8X8q"),
]
HEAD: Final = (
    b"POST /Greeter/greet HTTP/1.1\r\nhost: 127.0.0.1:8080\r\naccept: */*\r\naccept-encoding: gzip, deflate\r\n"
    b"connection: keep-alive\r\nuser-agent: python-httpx/0.28.1\r\ncontent-type: application/json\r\n"
    b"content-length: %d\r\n\r\n"
)
LARGE: Final = 30 * 1024 * 1024
PIECE: Final = 256 * 1024


class Sink(asyncio.Transport):
    """A socket that takes everything."""

    def __init__(self) -> None:
        super().__init__()
        self.size = 0

    def write(self, data: Any) -> None:
        self.size += len(data)

    def get_write_buffer_size(self) -> int:
        return 0

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        return default

    def pause_reading(self) -> None:
        raise AssertionError("what arrives is consumed at once")


class Streaming:
    """Consumes a body as it arrives, then answers in steps, as endpoints do."""

    def __init__(self, exchange: ServedExchange) -> None:
        self._exchange = exchange
        self._chunks: list[bytes] = []

    def receive_data(self, data: bytes) -> None:
        self._chunks.append(data)
        self._exchange.acknowledge(len(data))

    def receive_end(self) -> None:
        self._exchange.start(200, ANSWER)
        for chunk in self._chunks:
            self._exchange.write(chunk)
        self._exchange.end()

    def disconnect(self) -> None:
        raise AssertionError("nobody leaves")

    def resume_writing(self) -> None:
        raise AssertionError("nothing is paused")

    def drain(self) -> None:
        raise AssertionError("nothing stops")


def answer_at_once(exchange: ServedExchange) -> Receiver:
    assert exchange.take_body() == BODY
    exchange.respond(200, ANSWER, BODY)
    return NO_RECEIVER


def measure(benchmark: BenchmarkFixture, accept: AcceptServed, pieces: list[bytes]) -> int:
    """Serve the same request again and again on one connection; return the bytes of one answer."""

    async def run() -> int:
        sink = Sink()
        connection = Http1ServerConnection(accept, Connections())
        connection.connection_made(sink)

        def serve() -> None:
            for piece in pieces:
                connection.data_received(piece)

        serve()
        size = sink.size
        benchmark(serve)
        assert sink.size > size
        assert sink.size % size == 0
        return size

    return asyncio.run(run())


def test_small_request_answered_in_one_step(benchmark: BenchmarkFixture) -> None:
    size = measure(benchmark, answer_at_once, [HEAD % len(BODY) + BODY])
    assert len(BODY) < size < 200


def test_small_request_answered_in_steps(benchmark: BenchmarkFixture) -> None:
    size = measure(benchmark, Streaming, [HEAD % len(BODY) + BODY])
    assert len(BODY) < size < 200


def test_large_request_is_sent_back(benchmark: BenchmarkFixture) -> None:
    size = measure(benchmark, Streaming, [HEAD % LARGE, *[bytes(PIECE)] * (LARGE // PIECE)])
    assert size > LARGE
