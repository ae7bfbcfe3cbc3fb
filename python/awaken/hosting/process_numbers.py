"""The numbers of a process that serves an endpoint: its port, its event loop, and whether it is ready."""

from __future__ import annotations

import asyncio
import os
from typing import TYPE_CHECKING, Final

from awaken import _core
from awaken.hosting.loop_lag import LoopLag
from awaken.hosting.metrics_server import MetricsServer
from awaken.hosting.server_numbers import measure_server
from awaken.metrics import instruments

if TYPE_CHECKING:
    import socket

    from awaken.hosting.readiness import Readiness
    from awaken.metrics.metrics import Metrics
    from awaken.metrics.shared_cells import SharedCells
    from awaken.transports.server.server import Server

__all__ = ["ProcessNumbers"]

#: Seconds between two times at which a worker writes its gauges where others read them.
_INTERVAL: Final = 1.0
#: Seconds between two times at which gauges that ask a database are brought up to date for a meter of OpenTelemetry,
#: which cannot wait for that.
_REFRESH_INTERVAL: Final = 10.0


class ProcessNumbers:
    """Shows the numbers of one process, on a port of its own or to the process that has it.

    Args:
        metrics: the numbers.
        readiness: whether this process is ready.
        port: where they are shown, a socket that listens; None if another process shows those in `cells`.
        cells: the memory of this worker; None without workers.
        refresh_interval: seconds, of gauges that ask a database, while OpenTelemetry has a meter.
    """

    def __init__(
        self,
        metrics: Metrics,
        readiness: Readiness,
        port: socket.socket | None = None,
        cells: SharedCells | None = None,
        refresh_interval: float = _REFRESH_INTERVAL,
    ) -> None:
        self._metrics = metrics
        self._readiness = readiness
        self._cells = cells
        if cells is not None:
            metrics.move(cells)
            cells.note_turn()
            cells.pid = os.getpid()
        self._server = None if port is None else MetricsServer.of_process(metrics, readiness.unready, port)
        self._lag: LoopLag | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._refresh_interval = refresh_interval
        self._refreshing: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Show numbers from now on. The endpoint does not serve yet."""
        metrics, readiness = self._metrics, self._readiness
        metrics.gauge(instruments.READY, lambda: [((), float(readiness.unready() is None))])
        metrics.gauge(instruments.DRAINING, lambda: [((), float(readiness.is_draining))])
        self._lag = LoopLag(metrics)
        if _export_to_opentelemetry(metrics):
            self._refreshing = asyncio.get_running_loop().create_task(self._refresh())
        if self._server is not None:
            await self._server.start()
        self._publish()

    def watch(self, server: Server) -> None:
        """Count the connections of the endpoint, whose port is open."""
        measure_server(self._metrics, server, "endpoint")
        self.publish()

    def publish(self) -> None:
        """Let others see at once what has changed."""
        if self._cells is not None:
            self._cells.publish(
                {instrument: self._metrics.read_gauge(instrument) for instrument in self._metrics.gauges()}
            )

    async def stop(self) -> None:
        """Show nothing more."""
        if self._timer is not None:
            self._timer.cancel()
        if self._refreshing is not None:
            self._refreshing.cancel()
            await asyncio.wait([self._refreshing])
        if self._lag is not None:
            self._lag.stop()
        self.publish()
        if self._server is not None:
            await self._server.stop()

    def _publish(self) -> None:
        if self._cells is not None:
            self._cells.note_turn()
            self.publish()
            self._timer = asyncio.get_running_loop().call_later(_INTERVAL, self._publish)

    async def _refresh(self) -> None:
        while True:
            await asyncio.sleep(self._refresh_interval)
            await self._metrics.refresh()


def _export_to_opentelemetry(metrics: Metrics) -> bool:
    """Give the numbers to the meter of OpenTelemetry, if the application has set a global one up.

    Returns:
        Whether a meter has them, this one or one of the application.
    """
    try:
        from awaken.metrics.opentelemetry import export, is_exported, is_set_up
    except ImportError:
        return False
    if is_set_up():
        export(metrics, _core.__version__)
    return is_exported(metrics)
