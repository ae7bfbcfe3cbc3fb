"""A caller for the tests of dialers: it waits for what an exchange becomes."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from awaken.exchange import Dialer, Outgoing


class Caller:
    """Opens one exchange, and collects its response."""

    def __init__(
        self,
        dialer: Dialer,
        method: str = "POST",
        path: str = "/invoke/S/h",
        headers: Mapping[str, str] | None = None,
        *,
        is_taking: bool = True,
    ) -> None:
        self.body = bytearray()
        self.is_taking = is_taking
        self.change_count = 0
        self._changed = asyncio.Event()
        self._is_opening = True
        self.exchange: Outgoing = dialer.open(method, path, headers or {}, self._on_change)
        self._is_opening = False

    def _on_change(self) -> None:
        assert not self._is_opening
        self.change_count += 1
        if self.is_taking:
            self.take()
        self._changed.set()

    def take(self) -> None:
        self.body += self.exchange.take()

    async def wait_until(self, is_true: Callable[[], bool]) -> None:
        async with asyncio.timeout(25):
            while not is_true():
                self._changed.clear()
                await self._changed.wait()

    async def response(self) -> tuple[int | None, bytes]:
        await self.wait_until(lambda: self.exchange.is_ended or self.exchange.is_reset)
        assert self.exchange.failure is None
        self.take()
        return self.exchange.status, bytes(self.body)

    async def failure(self) -> str:
        await self.wait_until(lambda: self.exchange.is_reset)
        assert self.exchange.failure is not None
        return self.exchange.failure

    async def send_all(self, data: bytes, *, is_last: bool = True) -> None:
        """Send as credit allows, and end unless more is to come."""
        rest = memoryview(data)
        while rest:
            await self.wait_until(lambda: self.exchange.credit > 0 or self.exchange.is_reset)
            size = self.exchange.credit
            self.exchange.send(bytes(rest[:size]))
            rest = rest[size:]
        if is_last:
            self.exchange.end()


async def call(
    dialer: Dialer, method: str = "POST", path: str = "/invoke/S/h", body: bytes = b""
) -> tuple[int | None, bytes]:
    caller = Caller(dialer, method, path)
    if body:
        caller.exchange.send(body)
    caller.exchange.end()
    return await caller.response()
