"""The port of `--metrics`: numbers, and whether the process lives and is ready."""

from __future__ import annotations

from typing import TYPE_CHECKING

from prometheus_client.process_collector import ProcessCollector

from awaken.hosting.access_rules import rules_for
from awaken.hosting.allowed_pages import AllowedPages
from awaken.hosting.applications import Applications
from awaken.hosting.http_server import HttpServer
from awaken.hosting.page_guard import guard_pages
from awaken.metrics.asgi import MetricsApp

if TYPE_CHECKING:
    import socket
    from collections.abc import Awaitable, Callable, Sequence

    from prometheus_client.registry import Collector

    from awaken.metrics.metrics import Metrics
    from awaken.metrics.snapshot import Snapshot

__all__ = ["MetricsServer"]


class MetricsServer:
    """One open port with numbers.

    Args:
        take: awaited for each scrape, returns the numbers.
        unready: returns why requests should go elsewhere, or None.
        where: host and port, or a socket that listens already.
        processes: the numbers of processes; None shows those of this one.
        unhealthy: returns why what is shown should be restarted, or None.
    """

    def __init__(
        self,
        take: Callable[[], Awaitable[Snapshot]],
        unready: Callable[[], str | None],
        where: tuple[str, int] | socket.socket,
        processes: Sequence[Collector] | None = None,
        unhealthy: Callable[[], str | None] = lambda: None,
    ) -> None:
        if processes is None:
            processes = [ProcessCollector(registry=None)]
        self._app = MetricsApp(take, unready, processes, unhealthy)
        applications = Applications()
        host, port = where if isinstance(where, tuple) else where.getsockname()[:2]
        # Prometheus calls a container by any name, and whoever reaches a wide address reads what is there. On loopback,
        # only pages of browsers come from elsewhere, under names that were made to lead here.
        rules = rules_for("port of numbers", host, AllowedPages(), is_reading_safe=True)
        if rules.is_any_address:
            rules = rules_for("port of numbers", host, AllowedPages(is_any_host=True), is_reading_safe=True)
        self._server = HttpServer(
            guard_pages(applications.serve(self._app), rules),
            host,
            port,
            applications=applications,
            sock=None if isinstance(where, tuple) else where,
        )

    @classmethod
    def of_process(
        cls,
        metrics: Metrics,
        unready: Callable[[], str | None],
        where: tuple[str, int] | socket.socket,
    ) -> MetricsServer:
        """Return a server of the numbers of this process; the arguments are those of the class."""

        async def take() -> Snapshot:
            await metrics.refresh()
            return metrics.snapshot()

        return cls(take, unready, where)

    @property
    def url(self) -> str:
        """The URL of the numbers, once the port is open."""
        return f"{self._server.url}/metrics"

    async def start(self) -> None:
        """Listen.

        Raises:
            OSError: the address is taken, or does not belong to this machine.
        """
        await self._server.start()

    async def stop(self) -> None:
        """Close the port."""
        await self._server.stop(0)
        self._app.close()
