"""Calls an endpoint in the same process, without a network."""

from __future__ import annotations

import asyncio
import contextvars
from typing import TYPE_CHECKING

from awaken.transports.memory.exchange import MemoryOutgoing
from awaken.transports.server.connection import logger

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from awaken.exchange import Accept, Exchange, Receiver

__all__ = ["MemoryDialer"]


class MemoryDialer:
    """An `awaken.exchange.Dialer` to an `Accept`, such as an endpoint's. To be made and used on one running loop.

    Args:
        accept: given each request, within `open`.
        is_bidirectional: whether a response may come before its request is complete.
    """

    def __init__(self, accept: Accept, *, is_bidirectional: bool = True) -> None:
        self._accept = accept
        self._is_bidirectional = is_bidirectional
        self._loop = asyncio.get_running_loop()
        #: In which changes are announced: what a handler sets in its own must not reach the next one.
        self.context = contextvars.copy_context()
        self._open: set[MemoryOutgoing] = set()
        self._is_closed = False

    @property
    def exchange_count(self) -> int:
        """How many exchanges are live."""
        return len(self._open)

    def open(
        self, method: str, path: str, headers: Mapping[str, str], on_change: Callable[[], None]
    ) -> MemoryOutgoing:
        """Begin a request at once; the endpoint has it before this returns."""
        notice = _Notice(self, on_change)
        path = path.partition("?")[0]
        accept = _refuse if self._is_closed else self._guarded_accept
        request = MemoryOutgoing(
            accept, method, path, headers, is_bidirectional=self._is_bidirectional, on_change=notice.note
        )
        notice.request = request
        if request.is_ended or request.is_reset:
            notice.note()
        else:
            self._open.add(request)
        return request

    def drain(self) -> None:
        """Tell the endpoint that the process is about to stop."""
        for request in list(self._open):
            request.drain()

    async def close(self) -> None:
        """Open exchanges fail, and so do later ones."""
        self._is_closed = True
        for request in list(self._open):
            request.disconnect()
        self._open.clear()

    def forget(self, request: MemoryOutgoing) -> None:
        """Strike off an exchange that is over."""
        self._open.discard(request)

    def _guarded_accept(self, exchange: Exchange) -> Receiver:
        try:
            return self._accept(exchange)
        except Exception:
            logger.exception("accepting %s %s raised; its exchange is reset", exchange.method, exchange.path)
            return _refuse(exchange)


class _Notice:
    """Tells of changes in the next turn of the loop, once for all that came until then."""

    __slots__ = ("_dialer", "_is_due", "_loop", "_on_change", "request")

    def __init__(self, dialer: MemoryDialer, on_change: Callable[[], None]) -> None:
        self.request: MemoryOutgoing | None = None
        self._dialer = dialer
        self._on_change = on_change
        self._is_due = False
        self._loop = asyncio.get_running_loop()

    def note(self) -> None:
        if not self._is_due:
            self._is_due = True
            self._loop.call_soon(self._tell, context=self._dialer.context)

    def _tell(self) -> None:
        self._is_due = False
        request = self.request
        if request is not None and (request.is_ended or request.is_reset):
            self._dialer.forget(request)
        try:
            self._on_change()
        except Exception:
            logger.exception("on_change of a request in memory raised; it must not")


class _Nobody:
    """The receiver of an exchange that is over already."""

    def receive_data(self, data: bytes) -> None:
        """Hear nothing."""

    def receive_end(self) -> None:
        """Hear nothing."""

    def disconnect(self) -> None:
        """Hear nothing."""

    def resume_writing(self) -> None:
        """Hear nothing."""

    def drain(self) -> None:
        """Hear nothing."""


def _refuse(exchange: Exchange) -> Receiver:
    exchange.reset()
    return _Nobody()
