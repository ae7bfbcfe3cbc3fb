"""A server over HTTP/1.1 on a thread of its own, so that blocking clients can call it; it counts its connections."""

from __future__ import annotations

import asyncio
import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable, Iterator


class Site:
    """Answers as the last part of a request's path says.

    `echo` the body of the request; `number` which connection this is, from 0; `farewell` the same, and closes it;
    `break` closes it without an answer; `half` sends one half of a body, then waits; `wait` waits, then is an `echo`.
    What waits goes on after `let_go`.
    """

    def __init__(self) -> None:
        #: Of each connection, in the order in which they were opened: whether it is open.
        self.is_open: list[bool] = []
        #: The targets of all requests.
        self.targets: list[str] = []
        self.url = ""
        self._loop = asyncio.new_event_loop()
        self._gate = asyncio.Event()
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def open(self) -> int:
        """How many connections are open."""
        return sum(self.is_open)

    def let_go(self) -> None:
        """Let all go on that wait."""
        self._loop.call_soon_threadsafe(self._gate.set)

    def wait_until(self, is_true: Callable[[], bool]) -> None:
        """Poll for a condition, blocking."""
        end = time.monotonic() + 20
        while not is_true():
            assert time.monotonic() < end, (self.is_open, self.targets)
            time.sleep(0.002)

    @contextmanager
    def serving(self, tls: ssl.SSLContext | None = None) -> Iterator[Site]:
        """Serve until the end of the block."""
        ready = threading.Event()
        thread = threading.Thread(target=self._loop.run_until_complete, args=(self._serve(ready, tls),))
        thread.start()
        assert ready.wait(10)
        try:
            yield self
        finally:
            self._loop.call_soon_threadsafe(lambda: [task.cancel() for task in self._tasks])
            self._loop.call_soon_threadsafe(self._serving.cancel)
            thread.join()
            self._loop.close()

    async def _serve(self, ready: threading.Event, tls: ssl.SSLContext | None) -> None:
        server = await asyncio.start_server(self._accept, "127.0.0.1", 0, ssl=tls, backlog=2_000)
        host, port = server.sockets[0].getsockname()
        self.url = f"{'http' if tls is None else 'https'}://{host}:{port}"
        self._serving = asyncio.ensure_future(asyncio.Event().wait())
        ready.set()
        await asyncio.wait([self._serving])
        server.close()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        number = len(self.is_open)
        self.is_open.append(True)
        try:
            while await self._answer(number, reader, writer):
                pass
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass  # a client that has enough, or the end of the test
        finally:
            writer.transport.abort()
            # The socket closes in the next turn, and clients on other threads may look before that.
            self._loop.call_soon(self._note_closed, number)
            self._tasks.discard(task)

    def _note_closed(self, number: int) -> None:
        self.is_open[number] = False

    async def _answer(self, number: int, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        """Answer one request; False ends the connection."""
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        target = head.split(" ")[1]
        self.targets.append(target)
        fields = dict(line.lower().split(": ", 1) for line in head.split("\r\n")[1:] if line)
        body = await reader.readexactly(int(fields.get("content-length", 0)))
        how = target.rsplit("/", 1)[1]
        if how == "break":
            return False
        if how in ("number", "farewell"):
            body = str(number).encode()
        if how == "wait" and not await self._gone_on(reader):
            return False
        start = f"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {len(body)}\r\n\r\n"
        writer.write(start.encode())
        if how == "half":
            writer.write(body[: len(body) // 2])
            if not await self._gone_on(reader):
                return False
            body = body[len(body) // 2 :]
        writer.write(body)
        await writer.drain()
        return how != "farewell"

    async def _gone_on(self, reader: asyncio.StreamReader) -> bool:
        """Wait for the gate; False if the client closes the connection before."""
        opened = asyncio.ensure_future(self._gate.wait())
        closed = asyncio.ensure_future(reader.read(1))
        try:
            await asyncio.wait([opened, closed], return_when=asyncio.FIRST_COMPLETED)
            return not closed.done()
        finally:
            opened.cancel()
            closed.cancel()
            await asyncio.wait([opened, closed])
