"""The embedded runtime: open a directory, start, stop, and what callers and operators may ask in between."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from awaken import _core
from awaken.control.errors import AlreadyInvokedError, NotFoundError, NotReadyError
from awaken.control.operations import Accepted
from awaken.runtime.admission import admit, check_size, due_ms
from awaken.runtime.clock import SystemClock
from awaken.runtime.errors import RuntimeClosedError, StoreError
from awaken.runtime.invoker.invoker import Invoker
from awaken.runtime.processor.processor import Processor
from awaken.runtime.query import Filter, Query, list_awakeables, take_snapshot
from awaken.runtime.settings import RuntimeSettings
from awaken.runtime.store import Store
from awaken.runtime.store.directory import Directory
from awaken.runtime.tables.deployments import DeploymentRows
from awaken.runtime.tables.invocation_row import completion_of
from awaken.runtime.tables.results import to_core

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Mapping, Sequence
    from typing import Self

    from awaken.control.operations import (
        AwakeablePage,
        AwakeableView,
        Change,
        Completion,
        Failure,
        Invocation,
        InvocationRequest,
    )
    from awaken.outcomes import AwakeableOutcome
    from awaken.runtime.clock import Alarm, Clock
    from awaken.runtime.events import Observer
    from awaken.runtime.schema import HandlerSchema, Schema
    from awaken.runtime.store.store import CommitProbe
    from awaken.runtime.supervisor import Supervisor
    from awaken.runtime.tables.invocation_row import InvocationRow

__all__ = ["Runtime"]

log = logging.getLogger("awaken.runtime")

#: After a failed write the runtime starts anew from its file, but not in a hot loop.
_RECOVERY_MS = 1_000


class Runtime:
    """An `awaken.control.operations.Operations` on one data directory. To be used on one running event loop.

    Args:
        directory: where the data is; it is made when missing.
        schema: given where deployments are kept, answers with what knows them; `Deployments`, as a rule.
        settings: limits and defaults.
        clock: what time it is.
        probe: watches commits, for tests.
        observer: told of every step of every invocation.
        supervisor: decides what becomes of failed attempts, for tests.

    Raises:
        DirectoryInUseError: another process has the directory.
        StoreError: it cannot be written, or a newer awaken wrote it.
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
    ) -> None:
        self.settings = settings if settings is not None else RuntimeSettings()
        self.clock: Clock = clock if clock is not None else SystemClock()
        self._directory = Directory(directory)
        try:
            self.store = Store(self._directory.database, on_failure=self._lose, probe=probe)
        except BaseException:
            self._directory.close()
            raise
        store = self.store
        self.schema = known = schema(DeploymentRows(store))
        self._processor = processor = Processor(
            store,
            self.clock,
            known,
            cleanup_interval_ms=self.settings.cleanup_interval_ms,
            observer=observer,
            supervisor=supervisor,
        )
        self._tables = processor.tables
        self._open_attempts = processor.open_attempts
        self._waiting_callers = processor.waiting_callers
        self._changes = processor.changes
        self._invoker = Invoker(processor, known, self.settings)
        self._query = Query(self.store.path, lambda: take_snapshot(known, self.awaited()))
        self._recovery: Alarm | None = None
        self._is_running = False

    # Life.

    async def start(self) -> None:
        """Go on with everything that was under way, and take requests."""
        self._is_running = True
        self._processor.resume_all()
        self._processor.cleaner.start()
        await self.store.committed()

    async def stop(self, grace_s: float = 5.0) -> None:
        """Let open attempts suspend for a while, then close. What was not done is done by the next start."""
        if self._is_running:
            self._is_running = False
            self._quiet()
            await self._invoker.drain(grace_s)
        self._close()
        self.store.close()

    def crash(self) -> None:
        """Stop as kill -9 does: nothing more is written or told. For tests."""
        self._is_running = False
        self._quiet()
        self._invoker.abort_all()
        self.store.abandon()
        self._close()

    @property
    def is_idle(self) -> bool:
        """Whether no attempt is open and nothing waits for a commit; only timers and requests can change that."""
        return self._open_attempts.is_idle and self.store.is_idle

    @property
    def is_at_rest(self) -> bool:
        """Whether nothing waits for a commit, and every open attempt has said what it waits for."""
        return self._open_attempts.is_at_rest and self.store.is_idle

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

    def _close(self) -> None:
        self._query.close()
        self._waiting_callers.fail(RuntimeClosedError("the runtime stops; ask again after its next start"))
        self._directory.close()

    def _lose(self, error: StoreError) -> None:
        """Forget everything that was believed since the last commit, and start anew from the file."""
        self._processor.scheduler.stop()
        self._invoker.abort_all()
        self._waiting_callers.fail(error)
        if self._is_running and self._recovery is None:
            self._recovery = self.clock.call_at(self.clock.now_ms() + _RECOVERY_MS, self._recover)

    def _recover(self) -> None:
        self._recovery = None
        try:
            self._processor.resume_all()
        except StoreError:
            return  # it was lost once more, and is tried again
        log.info("the runtime goes on from %s", self.store.path)

    # Callers.

    async def call(self, request: InvocationRequest) -> Completion:
        """Start an invocation, or find the one with the same idempotency key, and wait for its result."""
        handler, invocation_id, seq, existing = self._start(request)
        if existing is not None:
            if handler.is_workflow_run:
                raise AlreadyInvokedError(invocation_id)
            return await self._completion(existing)
        return await self._waiting_callers.wait(seq)

    async def send(self, request: InvocationRequest) -> Accepted:
        """Start an invocation and return when it is on disk."""
        execution_time_ms = due_ms(self.clock.now_ms(), request.delay_ms)
        _, invocation_id, _, existing = self._start(request, execution_time_ms)
        await self.store.committed()
        if existing is not None:
            is_waiting = existing.status == "scheduled"
            execution_time_ms = existing.scheduled_start_at if is_waiting else None
        return Accepted(invocation_id, existing is None, execution_time_ms)

    def _start(
        self, request: InvocationRequest, execution_time_ms: int | None = None
    ) -> tuple[HandlerSchema, str, int, InvocationRow | None]:
        self._check_running()
        handler = admit(self.schema, request)
        with self.store.atomic():
            return handler, *self._processor.invocation_start.start(
                handler,
                request.target.key,
                request.body,
                request.headers,
                idempotency_key=request.idempotency_key,
                execution_time_ms=execution_time_ms,
                scope=request.scope,
                limit_key=request.limit_key,
            )

    def clean(self) -> None:
        """Throw away what has expired, as happens every so often by itself."""
        while self._processor.cleaner.clean():
            pass

    def fail_hopeless(self) -> None:
        """Have callers fail whose invocation cannot go on, as the supervisor sees it."""
        self._waiting_callers.fail_hopeless()

    async def attach(self, invocation_id: str) -> Completion:
        """Wait for the result of an invocation."""
        self._check_running()
        return await self._completion(self._find(invocation_id))

    async def output(self, invocation_id: str) -> Completion:
        """Return the stored result."""
        row = self._find(invocation_id)
        if row.status != "completed":
            raise NotReadyError(f"invocation {invocation_id} has not completed yet")
        return await self._completion(row)

    def _find(self, invocation_id: str) -> InvocationRow:
        _core.parse_invocation_id(invocation_id)
        row = self._tables.invocations.find(invocation_id)
        if row is None:
            raise NotFoundError(f"there is no invocation {invocation_id}; its retention may be over")
        return row

    async def _completion(self, row: InvocationRow) -> Completion:
        if row.status == "completed":
            await self.store.committed()
            return completion_of(row)
        return await self._waiting_callers.wait(row.seq)

    async def resolve_awakeable(self, awakeable_id: str, value: bytes) -> AwakeableOutcome:
        """Give an awakeable its result."""
        check_size(value)
        return await self._complete_awakeable(awakeable_id, value)

    async def reject_awakeable(self, awakeable_id: str, failure: Failure) -> AwakeableOutcome:
        """Give an awakeable its failure."""
        return await self._complete_awakeable(awakeable_id, to_core(failure))

    async def _complete_awakeable(self, awakeable_id: str, result: bytes | _core.Failure) -> AwakeableOutcome:
        self._check_running()
        with self.store.atomic():
            outcome = self._processor.signals.complete_awakeable(awakeable_id, result)
        await self.store.committed()
        return outcome

    # Operators.

    async def cancel(self, invocation_id: str) -> Change:
        """Ask a handler to stop."""
        return await self._change(self._changes.cancel, invocation_id)

    async def kill(self, invocation_id: str) -> Change:
        """End an invocation and its children."""
        return await self._change(self._changes.kill, invocation_id)

    async def pause(self, invocation_id: str) -> Change:
        """Stop running it until it is resumed."""
        return await self._change(self._changes.pause, invocation_id)

    async def resume(self, invocation_id: str, deployment: str | None = None) -> Change:
        """Run it again."""
        return await self._change(self._changes.resume, invocation_id, deployment)

    async def purge(self, invocation_id: str) -> Change:
        """Forget a completed invocation."""
        return await self._change(self._changes.purge, invocation_id)

    async def purge_journal(self, invocation_id: str) -> Change:
        """Forget the journal of a completed invocation and keep its result."""
        return await self._change(self._changes.purge_journal, invocation_id)

    async def restart_as_new(
        self, invocation_id: str, keep_entries: int = 1, deployment: str | None = None
    ) -> str:
        """Start a new invocation with the input, and the first entries, of a completed one."""
        _core.parse_invocation_id(invocation_id)
        with self.store.atomic():
            new_id = self._changes.restart_as_new(invocation_id, keep_entries, deployment)
        await self.store.committed()
        return new_id

    async def edit_state(
        self, service: str, key: str, state: Mapping[str, bytes], version: str | None = None
    ) -> None:
        """Replace the whole state of a key."""
        self._check_running()
        with self.store.atomic():
            self._tables.inbox.edit(service, key, state, version)
        await self.store.committed()

    async def _change(
        self, operation: Callable[..., Change], invocation_id: str, *arguments: str | None
    ) -> Change:
        _core.parse_invocation_id(invocation_id)
        self._check_running()
        with self.store.atomic():
            change = operation(invocation_id, *arguments)
        await self.store.committed()
        return change

    async def ask(self, sql: str) -> list[dict[str, Any]]:
        """Return the rows that answer a question in SQL."""
        self._check_running()
        return await self._query.ask(sql)

    async def awakeables(
        self,
        *,
        service: str | None = None,
        key: str | None = None,
        invocation_id: str | None = None,
        limit: int = 100,
        after: str | None = None,
    ) -> AwakeablePage:
        """List the awakeables that handlers wait for, longest first."""
        self._check_running()
        if invocation_id is not None:
            _core.parse_invocation_id(invocation_id)
        wanted = Filter(service, key, invocation_id)
        return await self._query.awakeables(list(self._open_attempts.awaited()), wanted, limit, after)

    # What tests ask of a runtime in their own process.

    def invocation(self, invocation_id: str) -> Invocation:
        """Look at one invocation."""
        return self._changes.look_at(invocation_id)

    def pending_awakeables(self, limit: int = 1000) -> Sequence[AwakeableView]:
        """List the awakeables that handlers wait for, as of this moment."""
        awaited = list(self._open_attempts.awaited())
        return list_awakeables(self.store.fetch, awaited, Filter(), limit, None).awakeables

    def awaited(self) -> Sequence[tuple[str, str]]:
        """Return what handlers with an open attempt await, as far as they told: invocation and future, as JSON."""
        return [(awaited.row.id, awaited.future_json) for awaited in self._open_attempts.awaited()]

    def _check_running(self) -> None:
        if not self._is_running:
            raise RuntimeClosedError("the runtime is not running; start it first")
