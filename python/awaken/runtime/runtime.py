"""The embedded runtime: opens a data directory, starts, stops, and recovers from lost writes."""

from __future__ import annotations

import contextlib
import logging
from typing import TYPE_CHECKING

from awaken.runtime.clock import SystemClock
from awaken.runtime.errors import RuntimeClosedError, StoreError, TransactionLostError
from awaken.runtime.invoker.invoker import Invoker
from awaken.runtime.load import Load, read_load
from awaken.runtime.processor.processor import Processor
from awaken.runtime.query import (
    BacklogReading,
    Filter,
    Query,
    StandingReader,
    list_awakeables,
    take_snapshot,
)
from awaken.runtime.runtime_operations import RuntimeOperations
from awaken.runtime.settings import RuntimeSettings
from awaken.runtime.store import Store
from awaken.runtime.store.directory import Directory
from awaken.runtime.store.threaded_log_sync import open_log_sync
from awaken.runtime.tables.deployments import DeploymentRows

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Sequence
    from pathlib import Path
    from typing import Self

    from awaken.control.operations import AwakeableView, Invocation
    from awaken.runtime.clock import Alarm, Clock
    from awaken.runtime.events import Observer
    from awaken.runtime.measures import Measures
    from awaken.runtime.schema import Schema
    from awaken.runtime.store.commit_probe import CommitProbe
    from awaken.runtime.store.log_sync import LogSync
    from awaken.runtime.supervisor import Supervisor

__all__ = ["Runtime"]

log = logging.getLogger("awaken.runtime")

#: How long after a failed write the runtime continues from its file.
_RECOVERY_MS = 1_000


class Runtime(RuntimeOperations):
    """The embedded runtime on one data directory. To be used on one running event loop.

    Args:
        directory: where the data is; it is created if it is missing.
        schema: called with the table of deployments, returns what looks them up; usually `Deployments`.
        settings: limits and defaults.
        clock: what time it is.
        probe: watches commits, for tests.
        observer: receives every event of every invocation.
        supervisor: decides on failed attempts, for tests.
        open_log: opens what syncs the write-ahead log, for tests.
        measures: receives numbers; None takes none.

    Raises:
        DirectoryInUseError: another process uses the directory.
        StoreError: it cannot be written, or was written by a newer awaken.
    """

    def __init__(
        self,
        directory: str | os.PathLike[str],
        schema: Callable[[DeploymentRows], Schema],
        *,
        settings: RuntimeSettings | None = None,
        clock: Clock | None = None,
        probe: CommitProbe | None = None,
        observer: Observer | None = None,
        supervisor: Supervisor | None = None,
        open_log: Callable[[Path], LogSync] = open_log_sync,
        measures: Measures | None = None,
    ) -> None:
        self.settings = settings if settings is not None else RuntimeSettings()
        self.clock: Clock = clock if clock is not None else SystemClock()
        self._directory = Directory(directory)
        try:
            self.store = Store(
                self._directory.database,
                on_failure=self._lose,
                probe=probe,
                open_log=open_log,
                measures=measures,
            )
        except BaseException:
            self._directory.close()
            raise
        self.schema = schema(DeploymentRows(self.store))
        processor = Processor(
            self.store,
            self.clock,
            self.schema,
            cleanup_interval_ms=self.settings.cleanup_interval_ms,
            observer=observer,
            supervisor=supervisor,
            measures=measures,
        )
        query = Query(
            self.store.path,
            lambda: take_snapshot(self.schema, self.awaited()),
            committed=self._committed,
        )
        super().__init__(processor, self.schema, query)
        if measures is not None:
            self.on_completion = measures.note_completion
        self._invoker = Invoker(processor, self.schema, self.settings)
        self._recovery: Alarm | None = None
        attempts = processor.open_attempts
        self._standing = StandingReader(
            self.store.path,
            lambda: list(attempts.awaited()),
            self.clock.now_ms,
        )

    async def start(self) -> None:
        """Continue everything that was running, and accept requests."""
        self._is_running = True
        self._processor.resume_all()
        self._processor.cleaner.start()
        await self.store.committed()

    async def stop(self, grace_s: float = 5.0) -> None:
        """Stop running attempts, and close. The next start continues what is not done.

        Args:
            grace_s: how many seconds open attempts may take to suspend; those that do not are repeated.
        """
        if self._is_running:
            self._is_running = False
            self._quiet()
            await self._invoker.drain(grace_s)
        self._close()
        self.store.close()

    def crash(self) -> None:
        """Stop as kill -9 does: nothing more is written or sent. For tests."""
        self._is_running = False
        self._quiet()
        self._invoker.abort_all()
        self._standing.close()
        self._query.close()
        self.store.abandon()
        self._close()

    @property
    def is_idle(self) -> bool:
        """Whether no attempt is open and nothing waits for a commit; only timers and requests can change that."""
        return self._processor.open_attempts.is_idle and self.store.is_idle

    @property
    def is_at_rest(self) -> bool:
        """Whether nothing waits for a commit, and every open attempt has reported what it waits for."""
        return self._processor.open_attempts.is_at_rest and self.store.is_idle

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    def _quiet(self) -> None:
        self._processor.scheduler.stop()
        self._processor.cleaner.stop()
        if self._recovery is not None:
            self._recovery.cancel()
            self._recovery = None

    async def _committed(self) -> None:
        # What the disk refuses is not shown; the others see what there is.
        with contextlib.suppress(StoreError):
            await self.store.committed()

    def dismiss_callers(self) -> None:
        """Tell those who wait for a result that this runtime stops, and that they have to ask again."""
        self._processor.waiting_callers.fail(
            RuntimeClosedError("the runtime is stopping; ask again after its next start")
        )

    def _close(self) -> None:
        self._standing.close()
        self._query.close()
        self.dismiss_callers()
        self._directory.close()

    def _lose(self, error: StoreError) -> None:
        """Drop everything in memory after a transaction was lost, and continue from the file a little later."""
        self._processor.scheduler.stop()
        self._invoker.abort_all()
        self._processor.waiting_callers.fail(error)
        if self._is_running and self._recovery is None:
            self._recovery = self.clock.call_at(self.clock.now_ms() + _RECOVERY_MS, self._recover)

    def _recover(self) -> None:
        self._recovery = None
        try:
            self._processor.resume_all()
        except TransactionLostError:
            return  # `_lose` has scheduled the next try
        except Exception:
            log.exception("the runtime cannot continue from %s; it tries again", self.store.path)
            self._recovery = self.clock.call_at(self.clock.now_ms() + _RECOVERY_MS, self._recover)
            return
        log.info("the runtime continues from %s", self.store.path)

    def backlog(self) -> BacklogReading:
        """Begin to count what waits at this moment. Close what is returned. Raises sqlite3.Error."""
        return BacklogReading(self.store.path)

    # For those who watch it.

    @property
    def is_ready(self) -> bool:
        """Whether it takes requests: it has continued what was open, and does not stop or recover."""
        return self._is_running and self._recovery is None

    @property
    def standing(self) -> StandingReader:
        """What is counted in the store, on a thread."""
        return self._standing

    def load(self) -> Load:
        """Return what is in memory at this moment."""
        return read_load(self._processor)

    # For tests in this process.

    def clean(self) -> None:
        """Delete what has expired now, as the runtime does at regular intervals."""
        while self._processor.cleaner.delete():
            pass

    def fail_hopeless(self) -> None:
        """Fail the callers whose invocations cannot continue, according to the supervisor."""
        self._processor.waiting_callers.fail_hopeless()

    def invocation(self, invocation_id: str) -> Invocation:
        """Return one invocation as operators see it. Raises NotFoundError."""
        return self._processor.changes.look_at(invocation_id)

    def pending_awakeables(self, limit: int = 1000) -> Sequence[AwakeableView]:
        """List the awakeables that handlers wait for, as of this moment."""
        awaited = list(self._processor.open_attempts.awaited())
        return list_awakeables(self.store.fetch, awaited, Filter(), limit, None).awakeables

    def awaited(self) -> Sequence[tuple[str, str]]:
        """Return what handlers with an open attempt have reported to wait for: invocation id, and future as JSON."""
        return [(awaited.row.id, awaited.future_json) for awaited in self._processor.open_attempts.awaited()]
