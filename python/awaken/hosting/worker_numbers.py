"""The numbers of all workers, shown by a process beside them.

The parent makes memory for each worker, and lets nobody wait: it serves nothing itself, because it forks. So one more
process has the port of `--metrics` and reads all memories; it is replaced like a worker when it dies. A worker whose
event loop is blocked, or that is dead, holds up nobody who asks for numbers. So this process looks at when the loop of
each worker last came round: of itself, it would call an endpoint healthy that hangs.
"""

from __future__ import annotations

import asyncio
import os
import time
from functools import partial
from typing import TYPE_CHECKING, Final

from prometheus_client.process_collector import ProcessCollector
from prometheus_client.registry import Collector

from awaken.hosting.event_loop import run_in_loop
from awaken.hosting.metrics_server import MetricsServer
from awaken.hosting.process_numbers import ProcessNumbers
from awaken.metrics import instruments
from awaken.metrics.metrics import Metrics
from awaken.metrics.shared_cells import SharedCells
from awaken.metrics.snapshot import merge

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable, Iterable, Sequence

    from prometheus_client.core import Metric

    from awaken.hosting.readiness import Readiness
    from awaken.metrics.snapshot import Snapshot

__all__ = ["WorkerNumbers"]

#: Seconds between two looks whether the parent is still there, once it has said that the workers wind up.
_PATIENCE: Final = 0.1
#: Bytes of what the parent counts.
_SMALL: Final = 64 * 1024


class WorkerNumbers:
    """What parent, workers and the process with the port have in common. Make it in the parent.

    Args:
        metrics: what the workers record into, once they have been forked.
        readiness: whether this endpoint is ready, apart from its workers.
        count: how many workers there are.
        port: a socket that listens, where the numbers are shown.
        longest_turn: seconds after which a worker whose event loop has not come round is taken to hang.
    """

    def __init__(
        self,
        metrics: Metrics,
        readiness: Readiness,
        count: int,
        port: socket.socket,
        *,
        longest_turn: float = 60.0,
    ) -> None:
        self._metrics = metrics
        self._readiness = readiness
        self._cells = [SharedCells() for _ in range(count)]
        self._port = port
        self._longest_turn = longest_turn
        self._own = SharedCells(_SMALL)
        #: Asked here: a child that begins after the death of its parent would ask for its foster parent.
        self._parent = os.getpid()
        self._restarts = Metrics(self._own).counter(instruments.WORKER_RESTARTS).of()

    def begin_worker(self, index: int) -> ProcessNumbers:
        """Return what shows the numbers of this worker, in its process."""
        self._port.close()
        return ProcessNumbers(self._metrics, self._readiness, cells=self._cells[index])

    def note_death(self, index: int, *, is_replaced: bool) -> None:
        """Note, in the parent, that a worker has ended."""
        self._cells[index].release()
        if is_replaced:
            self._restarts.add()

    def attend(self, watch: Callable[[asyncio.Event], None]) -> None:
        """Serve the numbers of all workers, in a process beside them."""
        run_in_loop(self.show(watch))

    async def show(self, watch: Callable[[asyncio.Event], None]) -> None:
        """Serve the numbers of all, until the parent is gone.

        Args:
            watch: sets an event when the workers wind up.
        """
        draining = asyncio.Event()
        watch(draining)

        def unready() -> str | None:
            if draining.is_set():
                return "draining"
            ready = merge(map(self._snapshot, self._cells)).get(instruments.READY, {})
            if any(value for (value,) in ready.values()):
                return None
            return self._unhealthy() or "starting"

        server = MetricsServer(
            self._take, unready, self._port, [_WorkerProcesses(self._cells)], self._unhealthy
        )
        await server.start()
        await draining.wait()
        # The parent kills this process when the last worker has ended; no event says that it was killed itself.
        while os.getppid() == self._parent:  # noqa: ASYNC110
            await asyncio.sleep(_PATIENCE)
        await server.stop()

    def _unhealthy(self) -> str | None:
        """Return `stuck` if every worker that is alive hangs: one that turns serves, and others are replaced."""
        alive = [cells for cells in self._cells if cells.pid]
        return "stuck" if alive and all(_turn_age(cells) > self._longest_turn for cells in alive) else None

    async def _take(self) -> Snapshot:
        snapshot = merge(map(self._snapshot, (*self._cells, self._own)))
        alive = sum(1 for cells in self._cells if cells.pid)
        return {**snapshot, instruments.WORKERS: {(): (alive,)}}

    def _snapshot(self, cells: SharedCells) -> Snapshot:
        """Return the numbers of a worker; of one that hangs it is not true any more that it is ready."""
        snapshot = cells.snapshot()
        if cells.pid:
            age = _turn_age(cells)
            snapshot[instruments.EVENT_LOOP_AGE] = {(): (age,)}
            if age > self._longest_turn and instruments.READY in snapshot:
                snapshot[instruments.READY] = {(): (0.0,)}
        return snapshot


def _turn_age(cells: SharedCells) -> float:
    return max(0.0, time.monotonic() - cells.turned_at)


class _WorkerProcesses(Collector):
    """CPU, memory and files of all workers, with their numbers as a label: each process counts from 0 again."""

    def __init__(self, workers: Sequence[SharedCells]) -> None:
        self._workers = workers

    def collect(self) -> Iterable[Metric]:
        """Return the numbers of those that are alive; a metric has the samples of all of them."""
        metrics: dict[str, Metric] = {}
        for index, cells in enumerate(self._workers):
            if not cells.pid:
                continue
            for metric in ProcessCollector(pid=partial(getattr, cells, "pid"), registry=None).collect():
                samples = [
                    sample._replace(labels={**sample.labels, "worker": str(index)})
                    for sample in metric.samples
                ]
                metric.samples = []
                metrics.setdefault(metric.name, metric).samples.extend(samples)
        return metrics.values()
