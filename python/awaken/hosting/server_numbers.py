"""The connections and requests of one port, as gauges."""

from __future__ import annotations

from typing import TYPE_CHECKING

from awaken.metrics import instruments

if TYPE_CHECKING:
    from collections.abc import Callable

    from awaken.metrics.metrics import Metrics
    from awaken.transports.server.server import Server

__all__ = ["measure_server"]


def measure_server(metrics: Metrics, server: Server, port: str) -> Callable[[], None]:
    """Show how many connections and requests a server has from now on, and return what ends that.

    Args:
        metrics: the numbers of this process.
        server: the open port.
        port: what is served there, a value of the label of this name.
    """

    def read(index: int) -> list[tuple[tuple[str, ...], float]]:
        return [((port, version), counts[index]) for version, counts in server.counts().items()]

    removers = [
        metrics.gauge(instruments.CONNECTIONS, lambda: read(0)),
        metrics.gauge(instruments.REQUESTS, lambda: read(1)),
    ]

    def remove() -> None:
        for one in removers:
            one()

    return remove
