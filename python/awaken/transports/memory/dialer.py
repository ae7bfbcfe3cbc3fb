"""Calls an endpoint in the same process, without a network."""

from __future__ import annotations

import contextvars
from typing import TYPE_CHECKING

from awaken.transports.guard import NO_RECEIVER
from awaken.transports.memory.outgoing import MemoryOutgoing

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from awaken.exchange import Accept, Exchange, Receiver

__all__ = ["MemoryDialer"]


class MemoryDialer:
    """An `awaken.exchange.Dialer` to an `Accept`, such as an endpoint's. Make and use it on one running loop.

    Args:
        accept: given each request, within `open`.
        is_bidirectional: whether a response may come before its request is complete.
    """

    def __init__(self, accept: Accept, *, is_bidirectional: bool = True) -> None:
        self._accept = accept
        self._is_bidirectional = is_bidirectional
        # For `on_change`: a context variable that one handler sets must not reach the next one.
        self._context = contextvars.copy_context()
        self._open: set[MemoryOutgoing] = set()
        self._is_closed = False

    @property
    def exchange_count(self) -> int:
        """How many exchanges are live."""
        return len(self._open)

    def open(
        self, method: str, path: str, headers: Mapping[str, str], on_change: Callable[[], None]
    ) -> MemoryOutgoing:
        """Begin a request at once; the endpoint has received it when this returns."""
        exchange = MemoryOutgoing(
            _refuse if self._is_closed else self._accept,
            method,
            path.partition("?")[0],
            headers,
            is_bidirectional=self._is_bidirectional,
            on_change=on_change,
            on_over=self._open.discard,
            context=self._context,
        )
        if not exchange.is_over:
            self._open.add(exchange)
        return exchange

    def drain(self) -> None:
        """Ask the receivers of open exchanges to wind up: the process is about to stop."""
        for exchange in list(self._open):
            exchange.drain()

    async def close(self) -> None:
        """Open exchanges fail, and so do later ones."""
        self._is_closed = True
        for exchange in list(self._open):
            exchange.disconnect()
        self._open.clear()


def _refuse(exchange: Exchange) -> Receiver:
    exchange.reset()
    return NO_RECEIVER
