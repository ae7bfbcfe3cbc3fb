"""Counts the answers of a port by their status."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from awaken.metrics import instruments

if TYPE_CHECKING:
    from collections.abc import Sequence

    from awaken.exchange import AcceptServed, Receiver, ServedExchange
    from awaken.metrics.metrics import Metrics

__all__ = ["count_answers"]


def count_answers(accept: AcceptServed, metrics: Metrics, port: str) -> AcceptServed:
    """Return what passes requests on, and counts how they are answered.

    Args:
        accept: called with each request.
        metrics: where to count.
        port: what is served, a value of the label of this name.
    """
    counters = _Counters(metrics, port)

    def counted(exchange: ServedExchange) -> Receiver:
        return accept(cast("ServedExchange", _Counted(exchange, counters)))

    return counted


class _Counters:
    """Counters of one port."""

    def __init__(self, metrics: Metrics, port: str) -> None:
        self._family = metrics.counter(instruments.HTTP_REQUESTS)
        self._port = port

    def count(self, status: int) -> None:
        self._family.of(self._port, str(status)).add()


class _Counted:
    """An exchange that notes the status of its answer."""

    __slots__ = ("_counters", "_exchange")

    def __init__(self, exchange: ServedExchange, counters: _Counters) -> None:
        self._exchange = exchange
        self._counters = counters

    def start(self, status: int, headers: Sequence[tuple[str, str]]) -> None:
        self._exchange.start(status, headers)
        self._counters.count(status)

    def respond(self, status: int, headers: Sequence[tuple[str, str]], body: bytes) -> None:
        self._exchange.respond(status, headers, body)
        self._counters.count(status)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._exchange, name)

    def __repr__(self) -> str:
        return repr(self._exchange)
