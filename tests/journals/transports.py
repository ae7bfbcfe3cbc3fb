"""Every transport to an endpoint: one call replays a journal through it and returns the frames of the response."""

from __future__ import annotations

import asyncio
import base64
import sys
from functools import partial
from typing import TYPE_CHECKING, Protocol

from awaken import _core
from awaken.transports.dialer.dialing import make_dialer
from awaken.transports.hosted.aws_lambda import LambdaHandler
from awaken.transports.memory.dialer import MemoryDialer

from tests import frames
from tests.hosts import HOSTS, Host, HostKind
from tests.journals.app import app, peak
from tests.journals.journal import END, LARGEST
from tests.unit.transports.dialing import Caller

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    from awaken.exchange import Dialer

V6 = _core.content_type(6)
#: The event of a Lambda function may have 6 MB, and contains the body in base64 and other fields.
LAMBDA_SIZE = 4_499_000
#: How long one journal may take.
ANSWER_TIMEOUT_S = 40


class Transport(Protocol):
    """One transport to `app`."""

    @property
    def largest(self) -> int:
        """Bytes of the largest journal that fits through."""
        ...

    def replay(self, pieces: Iterable[memoryview], handler: str = "replay") -> bytes:
        """Send a journal in these pieces and return the response."""
        ...

    def peak(self) -> int:
        """Return the endpoint process's peak memory since the last call; 0 if unknown."""
        ...

    def close(self) -> None:
        """Stop the endpoint."""
        ...


class MemoryTransport:
    """The endpoint in the caller's process."""

    largest = LARGEST

    def replay(self, pieces: Iterable[memoryview], handler: str = "replay") -> bytes:
        return _run(lambda: MemoryDialer(app.accept), pieces, handler, is_bidirectional=True)

    def peak(self) -> int:
        return 0  # the caller's memory is in it

    def close(self) -> None:
        pass


class LambdaTransport:
    """The handler of a Lambda function."""

    largest = LAMBDA_SIZE

    def __init__(self) -> None:
        self._handler = LambdaHandler(app.accept)

    def replay(self, pieces: Iterable[memoryview], handler: str = "replay") -> bytes:
        body = base64.b64encode(b"".join(pieces)).decode()
        event = {
            "path": f"/invoke/Replayer/{handler}",
            "httpMethod": "POST",
            "headers": {"content-type": V6, "accept": V6},
            "body": body,
            "isBase64Encoded": True,
        }
        answer = self._handler(event)
        assert answer["statusCode"] == 200, answer["body"]
        assert len(body) < 6_000_000
        assert len(answer["body"]) < 6_000_000
        return base64.b64decode(answer["body"])

    def peak(self) -> int:
        return 0  # the caller's memory is in it

    def close(self) -> None:
        pass


class NetworkTransport:
    """A server process."""

    largest = LARGEST

    def __init__(self, kind: HostKind, directory: Path) -> None:
        self._kind = kind
        self._host = Host(kind, "tests.journals.app:app", "tests.journals.app:outer", directory)
        self._host.start()

    def replay(self, pieces: Iterable[memoryview], handler: str = "replay") -> bytes:
        is_http2 = self._kind.is_http2
        dial = partial(make_dialer, self._host.url, use_http_11=not is_http2)
        pieces = _at_least(self._kind.smallest_frame, pieces)
        return _run(dial, pieces, handler, is_bidirectional=is_http2)

    def peak(self) -> int:
        answer = self.replay([memoryview(frames.request(key="k"))], peak.__name__)
        (output, _) = frames.read(answer)
        return int(bytes(frames.fields(bytes(frames.fields(output.payload)[14]))[1]))

    def close(self) -> None:
        self._host.kill()


def _at_least(size: int, pieces: Iterable[memoryview]) -> Iterator[memoryview]:
    """Join pieces until each but the last has a number of bytes."""
    held = b""
    for piece in pieces:
        if not held and len(piece) >= size:
            yield piece
            continue
        held += piece
        if len(held) >= size:
            yield memoryview(held)
            held = b""
    if held:
        yield memoryview(held)


def _run(
    dial: Callable[[], Dialer], pieces: Iterable[memoryview], handler: str, *, is_bidirectional: bool
) -> bytes:
    answer: list[bytes] = []

    async def run() -> None:  # not its result: asyncio.run takes the repr of what the task returned
        answer.append(await _replay(dial(), pieces, handler, is_bidirectional=is_bidirectional))

    asyncio.run(run())
    return answer[0]


async def _replay(
    dialer: Dialer, pieces: Iterable[memoryview], handler: str, *, is_bidirectional: bool
) -> bytes:
    """Send as a runtime does: within the credit, and ending the request after the last frame if the transport can."""
    caller = Caller(dialer, "POST", f"/invoke/Replayer/{handler}", {"content-type": V6, "accept": V6})
    exchange = caller.exchange
    try:
        async with asyncio.timeout(ANSWER_TIMEOUT_S):
            for piece in pieces:
                rest = piece
                while rest and not exchange.is_ended:
                    await caller.wait_until(
                        lambda: exchange.credit > 0 or exchange.is_ended or exchange.is_reset
                    )
                    assert exchange.failure is None, exchange.failure
                    size = min(exchange.credit, len(rest))
                    exchange.send(bytes(rest[:size]))
                    rest = rest[size:]
                await asyncio.sleep(0)  # what one turn of the loop sends may leave as one
            if is_bidirectional:
                await caller.wait_until(lambda: caller.body.endswith(END) or exchange.is_reset)
            exchange.end()
            status, body = await caller.response()
    finally:
        await dialer.close()
    assert status == 200, body
    return body


def _serve(*options: str, is_http2: bool = True) -> HostKind:
    command = [sys.executable, "-m", "awaken.cli", "serve", "{app}", "--bind", "127.0.0.1:{port}", *options]
    return HostKind("awaken", command, is_http2=is_http2)


_NETWORK = {
    "rust": _serve("--http2-engine", "rust"),
    "h2": _serve("--http2-engine", "h2"),
    "http1": _serve(is_http2=False),
    **{name: HOSTS[name] for name in ("hypercorn", "granian", "uvicorn")},
}
TRANSPORTS = ("memory", "lambda", *_NETWORK)


def open_transport(name: str, directory: Path) -> Transport:
    """Open one of `TRANSPORTS`."""
    if name == "memory":
        return MemoryTransport()
    return LambdaTransport() if name == "lambda" else NetworkTransport(_NETWORK[name], directory)
