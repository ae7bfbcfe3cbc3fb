"""Receivers for the tests of transports: they record their calls, and answer in a simple way."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from awaken.exchange import Exchange


async def wait_until(is_true: Callable[[], bool]) -> None:
    """Poll for a condition that has no event."""
    async with asyncio.timeout(25):
        while not is_true():
            await asyncio.sleep(0.002)


class Recorder:
    """Records every call; subclasses answer."""

    def __init__(self, exchange: Exchange) -> None:
        self.exchange = exchange
        self.calls: list[str] = []
        self.received = bytearray()
        self.changed = asyncio.Event()

    def _note(self, call: str) -> None:
        self.calls.append(call)
        self.changed.set()

    async def wait_for(self, call: str) -> None:
        async with asyncio.timeout(25):
            while call not in self.calls:
                self.changed.clear()
                await self.changed.wait()

    async def wait_received(self, size: int) -> None:
        async with asyncio.timeout(25):
            while len(self.received) < size:
                self.changed.clear()
                await self.changed.wait()

    def receive_data(self, data: bytes) -> None:
        self.received += data
        self._note("data")

    def receive_end(self) -> None:
        self._note("end")

    def disconnect(self) -> None:
        self._note("disconnect")

    def resume_writing(self) -> None:
        self._note("resume")

    def drain(self) -> None:
        self._note("drain")

    def answer(self, status: int = 200, body: bytes = b"") -> None:
        self.exchange.start(status, [("content-type", "text/plain")])
        if body:
            self.exchange.write(body)
        self.exchange.end()


class Echo(Recorder):
    """Answers with the request's body once it is complete."""

    def receive_data(self, data: bytes) -> None:
        super().receive_data(data)
        self.exchange.acknowledge(len(data))

    def receive_end(self) -> None:
        super().receive_end()
        self.answer(body=bytes(self.received))


class Greeter(Recorder):
    """Responds at once to any request."""

    def __init__(self, exchange: Exchange) -> None:
        super().__init__(exchange)
        self.answer(body=b"hello")


class Fountain(Recorder):
    """Writes a large body as fast as it may."""

    size = 4 * 1024 * 1024
    piece = 32 * 1024

    def __init__(self, exchange: Exchange) -> None:
        super().__init__(exchange)
        self.written = 0
        exchange.start(200, [])
        self._pour()

    def resume_writing(self) -> None:
        super().resume_writing()
        self._pour()

    def _pour(self) -> None:
        while self.written < self.size and not self.exchange.is_write_paused:
            self.exchange.write(b"x" * self.piece)
            self.written += self.piece
        if self.written >= self.size:
            self.exchange.end()


class Acceptor:
    """An `Accept` that remembers the receivers it made."""

    def __init__(self, make: type[Recorder] = Recorder) -> None:
        self._make = make
        self.receivers: list[Recorder] = []
        self._changed = asyncio.Event()

    def __call__(self, exchange: Exchange) -> Recorder:
        receiver = self._make(exchange)
        self.receivers.append(receiver)
        self._changed.set()
        return receiver

    async def wait_for(self, count: int = 1) -> Recorder:
        async with asyncio.timeout(25):
            while len(self.receivers) < count:
                self._changed.clear()
                await self._changed.wait()
        return self.receivers[count - 1]
