"""Runs ASGI applications behind our own server: an exchange becomes a scope, `receive` and `send`.

This is for what is not hot: admin API, inbox and links. `transports.hosted.asgi` is the opposite, an endpoint under an
ASGI server that is not ours. One task serves one request. The body that has arrived waits in the request until the
application takes it, and the peer may send more only then; an application that writes faster than its peer reads waits
in `send`.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final
from urllib.parse import unquote

from awaken.transports.guard import logger

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Scope

    from awaken.exchange import AcceptServed, Receiver, ServedExchange

__all__ = ["Applications"]

#: An extension of the scope: its `event` is set when the server stops, for responses that would not end by themselves.
ENDING: Final = "awaken.ending"
_ASGI: Final = {"version": "3.0", "spec_version": "2.3"}
_FAILED: Final = b"Internal Server Error"
_DISCONNECT: Final = {"type": "http.disconnect"}


class Applications:
    """The requests of one server that ASGI applications answer."""

    def __init__(self) -> None:
        #: Host and port of the server.
        self.address: tuple[str, int] | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._is_ending = False

    def serve(self, app: ASGIApp, root_path: str = "") -> AcceptServed:
        """Return what accepts requests for an application.

        Args:
            app: the application; scopes of the type `http` are all it gets.
            root_path: prefix of the paths below which it is mounted.
        """

        def accept(exchange: ServedExchange) -> Receiver:
            request = _Request(exchange)
            scope = self._scope(exchange, root_path, request)
            task = asyncio.get_running_loop().create_task(self._run(app, scope, request))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
            return request

        return accept

    async def end(self) -> None:
        """Cancel the requests that still run, and wait for them."""
        self._is_ending = True
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)

    def _scope(self, exchange: ServedExchange, root_path: str, request: _Request) -> Scope:
        path = exchange.path
        return {
            "type": "http",
            "asgi": _ASGI,
            "http_version": exchange.http_version,
            "method": exchange.method,
            "scheme": "https" if exchange.is_tls else "http",
            "path": unquote(path) if "%" in path else path,
            "raw_path": path.encode("latin-1"),
            "query_string": exchange.query.encode("latin-1"),
            "root_path": root_path,
            "headers": [
                (name.encode("latin-1"), value.encode("latin-1")) for name, value in exchange.header_list
            ],
            "client": exchange.client,
            "server": self.address,
            "extensions": {ENDING: {"event": request.ending}},
        }

    async def _run(self, app: ASGIApp, scope: Scope, request: _Request) -> None:
        try:
            await app(scope, request.receive, request.send)
        except asyncio.CancelledError:
            request.fail()
            if not self._is_ending:
                raise
            # This is the outermost frame of a task that `end` has cancelled: nothing is left to unwind.
        except Exception:
            logger.exception("the application that answers %r raised", request)
            request.fail()
        else:
            if not request.is_over:
                logger.error("the application that answers %r returned without a complete response", request)
                request.fail()


class _Request:
    """One request as its exchange sees it, and as its application does."""

    def __init__(self, exchange: ServedExchange) -> None:
        self._exchange = exchange
        self._chunks: list[bytes] = []
        self._is_body_complete = False
        self._is_body_taken = False
        self._is_started = False
        #: Set when the server stops.
        self.ending = asyncio.Event()
        #: Whether the response is complete, or nobody waits for it any more.
        self.is_over = False
        self._wake_reader: asyncio.Future[None] | None = None
        self._wake_writer: asyncio.Future[None] | None = None

    # A receiver, for the exchange.

    def receive_data(self, data: bytes) -> None:
        """Keep a part of the body until the application takes it."""
        self._chunks.append(data)
        _wake(self._wake_reader)

    def receive_end(self) -> None:
        """Note that the body is complete."""
        self._is_body_complete = True
        _wake(self._wake_reader)

    def disconnect(self) -> None:
        """Tell the application that its peer is gone. It may finish what it does."""
        self.is_over = True
        self._chunks.clear()
        _wake(self._wake_reader)
        _wake(self._wake_writer)

    def resume_writing(self) -> None:
        """Let the application write on."""
        _wake(self._wake_writer)

    def drain(self) -> None:
        """Let the application finish; the server ends it when its grace period is over."""
        self.ending.set()

    # For the application.

    async def receive(self) -> Message:
        """Return the next part of the body, or that there is nothing to wait for any more."""
        while not self.is_over and not self._chunks and (self._is_body_taken or not self._is_body_complete):
            self._wake_reader = asyncio.get_running_loop().create_future()
            await self._wake_reader
        if self.is_over:
            return _DISCONNECT
        body, self._chunks = b"".join(self._chunks), []
        self._is_body_taken = self._is_body_complete
        self._exchange.acknowledge(len(body))
        return {"type": "http.request", "body": body, "more_body": not self._is_body_complete}

    async def send(self, message: Message) -> None:
        """Write a part of the response, and wait while the peer reads slower than it is written.

        Raises:
            RuntimeError: the message is not the one that is expected next.
        """
        if self.is_over:
            return  # as other servers do: the application need not know that its peer is gone
        expected = "http.response.body" if self._is_started else "http.response.start"
        if message["type"] != expected:
            raise RuntimeError(f"{expected} is expected next, and not {message['type']}")
        if not self._is_started:
            fields = message.get("headers", ())
            self._exchange.start(
                message["status"],
                [
                    (bytes(name).decode("latin-1").lower(), bytes(value).decode("latin-1"))
                    for name, value in fields
                ],
            )
            self._is_started = True
            return
        self._exchange.write(bytes(message.get("body", b"")))
        if not message.get("more_body", False):
            self.is_over = True
            self._exchange.end()
            _wake(self._wake_reader)
            return
        while not self.is_over and self._exchange.is_write_paused:
            self._wake_writer = asyncio.get_running_loop().create_future()
            await self._wake_writer

    def fail(self) -> None:
        """Answer that the application failed, or break its response off."""
        if self.is_over:
            return
        self.is_over = True
        if self._is_started:
            self._exchange.reset()
        else:
            self._is_started = True
            size = str(len(_FAILED))
            head = [("content-type", "text/plain; charset=utf-8"), ("content-length", size)]
            self._exchange.respond(500, head, _FAILED)

    def __repr__(self) -> str:
        return repr(self._exchange)


def _wake(sleeper: asyncio.Future[None] | None) -> None:
    if sleeper is not None and not sleeper.done():
        sleeper.set_result(None)
