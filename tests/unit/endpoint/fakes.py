"""An exchange without a network: it keeps what the endpoint writes, and delivers what the test sends."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import awaken

from tests import frames

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from awaken.exchange import Receiver
    from awaken.service.definition import Definition


class FakeExchange:
    """Implements Exchange."""

    def __init__(
        self, path: str, headers: dict[str, str], *, method: str = "POST", is_bidirectional: bool = True
    ) -> None:
        self.method = method
        self.path = path
        self.headers = headers
        self.is_bidirectional = is_bidirectional
        self.is_write_paused = False
        self.status: int | None = None
        self.response_headers: dict[str, str] = {}
        self.body = b""
        self.writes = 0
        self.acknowledged = 0
        self.is_ended = False
        self.is_reset = False

    def start(self, status: int, headers: Sequence[tuple[str, str]]) -> None:
        assert self.status is None
        self.status, self.response_headers = status, dict(headers)

    def write(self, data: bytes) -> None:
        assert self.status is not None
        assert not self.is_ended
        self.body += data
        self.writes += 1

    def end(self) -> None:
        assert self.status is not None
        assert not self.is_ended
        self.is_ended = True

    def reset(self) -> None:
        self.is_reset = True

    def acknowledge(self, size: int) -> None:
        self.acknowledged += size


class Call:
    """One invocation of a service's handler, seen from the runtime."""

    def __init__(
        self,
        service: Definition,
        handler: str,
        *,
        version: int = 6,
        is_bidirectional: bool = True,
        **options: Any,
    ) -> None:
        content_type = f"application/vnd.restate.invocation.v{version}"
        self.exchange = FakeExchange(
            f"/invoke/{service.name}/{handler}",
            {"content-type": content_type},
            is_bidirectional=is_bidirectional,
        )
        self.receiver: Receiver = awaken.app([service], **options).accept(self.exchange)

    def send(self, *data: bytes) -> None:
        self.receiver.receive_data(b"".join(data))

    def end_request(self) -> None:
        self.receiver.receive_end()

    @property
    def answer(self) -> list[str]:
        """Names of the messages answered so far."""
        return frames.names(self.exchange.body)

    async def until(self, condition: Callable[[], bool]) -> None:
        """Turn the loop until the condition holds, at most some thousand times."""
        for _ in range(5000):
            if condition():
                return
            await asyncio.sleep(0)
        raise AssertionError(f"it never came; the answer so far is {self.answer}")

    async def until_answer(self, *names: str) -> None:
        """Turn the loop until the answer consists of these messages."""
        await self.until(lambda: self.answer == list(names))

    async def until_ended(self) -> None:
        """Turn the loop until the response is ended."""
        await self.until(lambda: self.exchange.is_ended)

    async def settle(self) -> None:
        """Turn the loop as often as any pending work needs."""
        for _ in range(100):
            await asyncio.sleep(0)
