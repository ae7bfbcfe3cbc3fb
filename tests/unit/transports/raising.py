"""Transports, each with a receiver that raises where the path says: `/WHERE/BEFORE`."""

from __future__ import annotations

import asyncio
import base64
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Protocol

from awaken.transports.dialer.dialing import make_dialer
from awaken.transports.hosted.aws_lambda import LambdaHandler
from awaken.transports.http2.engines import EngineName, make_engine
from awaken.transports.memory.dialer import MemoryDialer
from awaken.transports.server.server import Server, start_server

from tests.unit.transports.dialing import Caller
from tests.unit.transports.hosted.host import Host
from tests.unit.transports.receivers import Acceptor, Recorder
from tests.unit.transports.sockets import listening_socket

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from awaken.exchange import Dialer, Exchange

GOOD = "/nowhere/untouched"
LARGE = 2 * 1024 * 1024


class Unwinding(BaseException):
    """Like what unwinds handlers, this is not an Exception."""


class Raiser(Recorder):
    """Raises at one of its calls, its response before that untouched, started or ended; else it answers."""

    error: BaseException = Unwinding("a bug of a receiver")

    def __init__(self, exchange: Exchange) -> None:
        super().__init__(exchange)
        _, self.where, self.before = exchange.path.split("/")
        self._reach("accept")
        if self.where == "resume":
            exchange.start(200, [])
            while not exchange.is_write_paused:
                exchange.write(bytes(LARGE))

    def _note(self, call: str) -> None:
        super()._note(call)
        self._reach(call)

    def _reach(self, call: str) -> None:
        if call != self.where:
            return
        if self.before == "ended":
            self.answer()
        elif self.before == "started" and call != "resume":
            self.exchange.start(200, [])
        raise self.error

    def receive_end(self) -> None:
        super().receive_end()
        self.answer()


@dataclass(frozen=True)
class Answer:
    """What the peer has in the end."""

    status: int | None
    is_broken: bool = False


class Way(Protocol):
    """One transport with receivers behind it."""

    acceptor: Acceptor

    async def ask(self, path: str) -> Answer:
        """Send a whole request."""
        ...

    async def close(self) -> None:
        """Close everything."""
        ...


class OpenWay(Way, Protocol):
    """One transport with requests that stay open for a while."""

    async def begin(self, path: str) -> None:
        """Send a request without its end, and read nothing of its response."""
        ...

    async def answer(self) -> Answer:
        """Wait for what became of it."""
        ...

    async def take(self) -> None:
        """Read its response from now on."""
        ...

    async def drain(self) -> None:
        """Wind up the transport."""
        ...

    async def leave(self) -> None:
        """Give the request up, as its peer."""
        ...


class Dialed:
    """Through a dialer: over the network, or within the process."""

    def __init__(self, acceptor: Acceptor, dialer: Dialer, server: Server | None = None) -> None:
        self.acceptor = acceptor
        self.dialer = dialer
        self._server = server
        self._caller: Caller | None = None
        self._draining: asyncio.Task[None] | None = None

    @property
    def caller(self) -> Caller:
        assert self._caller is not None
        return self._caller

    async def ask(self, path: str) -> Answer:
        caller = Caller(self.dialer, path=path)
        caller.exchange.send(b"x")
        caller.exchange.end()
        return await _answer_of(caller)

    async def begin(self, path: str) -> None:
        self._caller = Caller(self.dialer, path=path, is_taking=False)
        self._caller.exchange.send(b"x")

    async def answer(self) -> Answer:
        return await _answer_of(self.caller)

    async def drain(self) -> None:
        if isinstance(self.dialer, MemoryDialer):
            self.dialer.drain()
        elif self._server is not None:
            self._draining = asyncio.create_task(self._server.close(timedelta(seconds=25)))

    async def leave(self) -> None:
        self.caller.exchange.disconnect()

    async def take(self) -> None:
        self.caller.is_taking = True
        self.caller.take()

    async def close(self) -> None:
        await self.dialer.close()
        if self._draining is not None:
            await self._draining
        elif self._server is not None:
            await self._server.close()


async def _answer_of(caller: Caller) -> Answer:
    exchange = caller.exchange
    await caller.wait_until(lambda: exchange.is_ended or exchange.is_reset)
    return Answer(None, is_broken=True) if exchange.is_reset else Answer(exchange.status)


class _Asgi:
    """Under an ASGI host, one host for each request."""

    def __init__(self, acceptor: Acceptor) -> None:
        self.acceptor = acceptor
        self._host: Host | None = None

    @property
    def host(self) -> Host:
        assert self._host is not None
        return self._host

    async def ask(self, path: str) -> Answer:
        other = _Asgi(self.acceptor)
        await other.begin(path)
        return await other.answer()

    async def begin(self, path: str) -> None:
        self._host = Host(self.acceptor, path=path)
        self.host.may_send.clear()
        self.host.start()
        self.host.send(b"x")

    async def answer(self) -> Answer:
        self.host.may_send.set()
        self.host.send(b"", more=False)
        assert self.host.task is not None
        async with asyncio.timeout(25):
            await asyncio.wait([self.host.task])
        if self.host.task.exception() is not None:
            return Answer(None, is_broken=True)
        return Answer(self.host.sent[0]["status"])

    async def drain(self) -> None:
        self.host.may_send.set()
        await self.host.server.drain()

    async def leave(self) -> None:
        self.host.may_send.set()
        self.host.events.put_nowait({"type": "http.disconnect"})

    async def take(self) -> None:
        self.host.may_send.set()

    async def close(self) -> None:
        if self._host is not None and self._host.task is not None:
            await self.leave()
            await asyncio.wait([self._host.task])


class _Lambda:
    """In an AWS Lambda function, which has no requests that are open."""

    def __init__(self, acceptor: Acceptor) -> None:
        self.acceptor = acceptor
        self._handler = LambdaHandler(acceptor)

    async def ask(self, path: str) -> Answer:
        event = {"path": path, "httpMethod": "POST", "body": base64.b64encode(b"x").decode()}
        result = await asyncio.to_thread(self._handler, {**event, "isBase64Encoded": True})
        is_broken = "given up" in result["body"]
        return Answer(None, is_broken=True) if is_broken else Answer(result["statusCode"])

    async def close(self) -> None:
        pass


async def _over_network(acceptor: Acceptor, *, engine: EngineName, use_http_11: bool) -> Dialed:
    server = await start_server(acceptor, sock=listening_socket(), make_engine=partial(make_engine, engine))
    dialer = make_dialer("http://{}:{}".format(*server.address), use_http_11=use_http_11)
    return Dialed(acceptor, dialer, server)


async def _in_memory(acceptor: Acceptor) -> Dialed:
    return Dialed(acceptor, MemoryDialer(acceptor))


async def _under_asgi(acceptor: Acceptor) -> _Asgi:
    return _Asgi(acceptor)


async def _in_lambda(acceptor: Acceptor) -> _Lambda:
    return _Lambda(acceptor)


#: Transports that are reached by a dialer of ours.
DIALED: dict[str, Callable[[Acceptor], Awaitable[Dialed]]] = {
    "http2": partial(_over_network, engine=EngineName.RUST, use_http_11=False),
    "http2-h2": partial(_over_network, engine=EngineName.H2, use_http_11=False),
    "http1": partial(_over_network, engine=EngineName.RUST, use_http_11=True),
    "memory": _in_memory,
}
OPEN: dict[str, Callable[[Acceptor], Awaitable[OpenWay]]] = {**DIALED, "asgi": _under_asgi}
WAYS: dict[str, Callable[[Acceptor], Awaitable[Way]]] = {**OPEN, "lambda": _in_lambda}
