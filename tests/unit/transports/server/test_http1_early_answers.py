"""Answers before the end of a request: no client sends its next one on a connection that is about to be closed."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest
from awaken.transports import limits

from tests.unit.transports.receivers import Greeter, Recorder
from tests.unit.transports.server.test_http1 import Peer, talk

if TYPE_CHECKING:
    from awaken.exchange import Exchange

NEXT = b"GET / HTTP/1.1\r\nHost: t\r\n\r\n"
CLOSE = b"connection: close"


class Refusal(Recorder):
    """Answers at once with a length."""

    def __init__(self, exchange: Exchange) -> None:
        super().__init__(exchange)
        exchange.start(413, [("content-length", "2")])
        exchange.write(b"no")
        exchange.end()


async def head_of_answer(peer: Peer) -> bytes:
    answer = await peer.read_until(b"\r\n\r\nno")
    return answer.lower()


def post(*lines: bytes) -> bytes:
    return b"\r\n".join([b"POST / HTTP/1.1", b"Host: t", *lines, b"", b""])


@pytest.mark.parametrize("size", [0, 1, 100_000, limits.DISCARD_SIZE])
async def test_connection_is_kept_if_the_rest_is_bounded(size: int) -> None:
    async with talk(Refusal) as peer:
        peer.send(post(b"Content-Length: %d" % size))
        assert CLOSE not in await head_of_answer(peer)

        peer.send(bytes(size) + NEXT)

        assert (await head_of_answer(peer)).startswith(b"http/1.1 413 ")


@pytest.mark.parametrize(
    "lines",
    [
        (b"Content-Length: %d" % (limits.DISCARD_SIZE + 1),),
        (b"Transfer-Encoding: chunked",),
        (b"Content-Length: 5", b"Expect: 100-continue"),  # the body may never come
    ],
    ids=["large", "chunked", "expectation"],
)
async def test_answer_says_that_the_connection_ends_if_the_rest_is_not(lines: tuple[bytes, ...]) -> None:
    async with talk(Refusal) as peer:
        peer.send(post(*lines))

        assert CLOSE in await head_of_answer(peer)
        assert await peer.read_all() == b""


async def test_client_that_sends_all_of_a_large_request_reads_its_answer() -> None:
    size = 32 * 1024 * 1024
    async with talk(Refusal) as peer:
        peer.send(post(b"Content-Length: %d" % size))
        for _ in range(32):
            peer.send(bytes(1024 * 1024))
            async with asyncio.timeout(25):
                await peer.writer.drain()

        assert CLOSE in await head_of_answer(peer)
        assert await peer.read_all() == b""


async def test_client_that_sends_for_ever_after_its_answer_is_cut_off(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("awaken.transports.server.server._TICK", 0.02)
    monkeypatch.setattr(limits, "DISCARD_TIMEOUT", 0.2)
    async with talk(Refusal) as peer:
        peer.send(post(b"Transfer-Encoding: chunked"))
        await head_of_answer(peer)

        with pytest.raises(ConnectionError):
            await asyncio.wait_for(send_for_ever(peer), 25)


async def send_for_ever(peer: Peer) -> None:
    while True:
        peer.send(b"1\r\nx\r\n")
        await peer.writer.drain()
        await asyncio.sleep(0.01)


async def test_streaming_of_both_sides_needs_no_new_connection_for_bounded_requests() -> None:
    async with talk(Greeter) as peer:
        peer.send(post(b"Content-Length: 3") + b"abc" + NEXT)

        for _ in range(2):
            assert CLOSE not in (await peer.read_until(b"0\r\n\r\n")).lower()
