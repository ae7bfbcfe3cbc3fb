"""Runs attempts against deployments, so many at a time."""

from __future__ import annotations

import asyncio
import logging
from functools import partial
from typing import TYPE_CHECKING, Final

from awaken import _core
from awaken.runtime.attempt_failure import AttemptFailure
from awaken.runtime.errors import StoreError
from awaken.runtime.events import EventKind
from awaken.runtime.invoker.attempt import Attempt, Opening
from awaken.runtime.schema import RetryPolicy
from awaken.runtime.tables.results import from_columns

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from awaken.control.operations import Failure, Success
    from awaken.runtime.clock import Alarm
    from awaken.runtime.processor.open_attempts import OpenAttempt
    from awaken.runtime.processor.processor import Processor
    from awaken.runtime.schema import Deployment, HandlerSchema, Schema
    from awaken.runtime.settings import RuntimeSettings
    from awaken.runtime.tables.invocation_row import InvocationRow
    from awaken.runtime.tables.invocations import SuspensionPoint

__all__ = ["Invoker"]

log = logging.getLogger("awaken.runtime")

#: How long the next ones wait for a place before those that have one and only wait give it up.
_CROWDED_MS: Final = 50
#: Without activity for so long, an attempt that does not tell what it waits for is taken to wait.
_SILENT_MS: Final = 1_000

#: What endpoints of awaken say they are, in discovery.
_OWN_SDK = "awaken/"


class Invoker:
    """Opens attempts, and is the host of each."""

    def __init__(
        self,
        processor: Processor,
        schema: Schema,
        settings: RuntimeSettings,
    ) -> None:
        self.clock = processor.clock
        self._processor = processor
        self._store = processor.store
        self._schema = schema
        self._tables = processor.tables
        self._settings = settings
        self._open_attempts = processor.open_attempts
        self._room_alarm: Alarm | None = None
        self._open_attempts.when_due(self._open_more)

    async def drain(self, grace_s: float) -> None:
        """Open no more attempts, ask the open ones to suspend, and cut off those that do not in time."""
        await self._open_attempts.drain(grace_s)
        self._forget_room()

    def abort_all(self) -> None:
        """Cut every attempt off; what they told before is stored, or repeated."""
        self._open_attempts.abort_all()
        self._forget_room()

    def _forget_room(self) -> None:
        if self._room_alarm is not None:
            self._room_alarm.cancel()
            self._room_alarm = None

    # Opening.

    def _open_more(self) -> None:
        attempts = self._open_attempts
        while attempts.due_count and len(attempts) < self._settings.max_open_attempts:
            self._try_to_open(attempts.take_due())
        if attempts.due_count and self._room_alarm is None:
            self._room_alarm = self.clock.call_at(self.clock.now_ms() + _CROWDED_MS, self._make_room)

    def _make_room(self) -> None:
        """Ask those to suspend that wait, longest first, so that those that are due can run."""
        self._room_alarm = None
        attempts = self._open_attempts
        if not attempts.due_count:
            return
        waiting: list[tuple[int, OpenAttempt]] = []
        for attempt in attempts:
            idle_ms = attempt.idle_ms()
            if idle_ms is not None and idle_ms >= (0 if attempt.awaited is not None else _SILENT_MS):
                waiting.append((idle_ms, attempt))
        waiting.sort(key=lambda item: -item[0])
        for _, attempt in waiting[: attempts.due_count]:
            attempt.ask_to_suspend()
        self._open_more()

    def _try_to_open(self, invocation: int) -> None:
        row = self._tables.invocations.read(invocation)
        if row is None or row.status != "invoked" or row.next_retry_at is not None:
            return
        if self._open_attempts.is_open(invocation):
            return
        handler = self._schema.handler(row.service, row.handler)
        deployment = self._deployment(row, handler)
        dialer = None if deployment is None else self._schema.dialer(deployment.deployment_id)
        handler = self._pinned_handler(row, deployment) or handler
        if handler is None or deployment is None or dialer is None:
            missing = row.deployment_id or f"{row.service}/{row.handler}"
            failure = AttemptFailure(
                code=500,
                message=f"no deployment to run {row.id} on: {missing} is not registered; register it, "
                "or resume the invocation with another deployment",
                reason="RT0011",
            )
            self._fail_soon(row, handler, failure)
            return
        self._processor.events.note(row, EventKind.ATTEMPT, str(row.retry_count))
        last_ms = self._tables.journal.last_appended_ms(invocation)
        opening = Opening(
            row,
            handler,
            deployment.deployment_id,
            row.protocol_version or self._version(deployment),
            self._tables.journal.entries(invocation),
            self._eager_state(row, handler),
            idle_ms=0 if last_ms is None else max(0, self.clock.now_ms() - last_ms),
            is_bidirectional=deployment.is_bidirectional,
        )
        try:
            attempt = Attempt(self, opening, dialer, self._settings.max_message_size)
            self._open_attempts.add(invocation, attempt)
        except Exception as error:
            log.exception("%s: cannot open an attempt on %s", row.id, deployment.deployment_id)
            failure = AttemptFailure(code=500, message=f"the runtime failed: {error!r}", reason="RT0000")
            self._fail_soon(row, handler, failure)

    def _fail_soon(self, row: InvocationRow, handler: HandlerSchema | None, failure: AttemptFailure) -> None:
        """Fail, but not now: this may be the middle of what follows a commit, when nothing writes."""
        asyncio.get_running_loop().call_soon(self._fail_unopened, row, handler, failure)

    def _deployment(self, row: InvocationRow, handler: HandlerSchema | None) -> Deployment | None:
        if row.deployment_id is not None:
            return self._schema.deployment(row.deployment_id)
        return None if handler is None else self._schema.latest_deployment(row.service)

    def _pinned_handler(self, row: InvocationRow, deployment: Deployment | None) -> HandlerSchema | None:
        if row.deployment_id is None or deployment is None:
            return None
        service = deployment.services.get(row.service)
        return None if service is None else service.handlers.get(row.handler)

    def _version(self, deployment: Deployment) -> int:
        newest = self._settings.max_protocol_version
        if newest is None:
            is_own = (deployment.sdk_version or "").startswith(_OWN_SDK)
            newest = _core.MAX_PROTOCOL_VERSION if is_own else min(6, _core.MAX_PROTOCOL_VERSION)
        return max(min(newest, deployment.max_protocol_version), deployment.min_protocol_version)

    def _eager_state(
        self, row: InvocationRow, handler: HandlerSchema
    ) -> tuple[list[tuple[str, bytes]], bool]:
        if row.key is None:
            return [], False
        return self._tables.state.eager(handler, row.key, self._settings.max_eager_state_size)

    def _fail_unopened(
        self, row: InvocationRow, handler: HandlerSchema | None, failure: AttemptFailure
    ) -> None:
        policy = RetryPolicy(max_attempts=None) if handler is None else handler.retry_policy
        try:
            current = self._tables.invocations.read(row.seq)
            if current is not None and current.status == "invoked":
                self._processor.retries.fail_attempt(current, failure, policy, has_progressed=False)
        except StoreError:
            return  # the runtime was told before

    # What attempts tell.

    def atomic(self) -> AbstractContextManager[None]:
        """Return a context in which all rows are written, or none."""
        return self._store.atomic()

    def store_command(self, attempt: Attempt, command: _core.RecordedCommand) -> None:
        """Store a command with its effects. Raises CommandRefusedError."""
        row = attempt.row
        self._processor.commands.store(row, command)
        if row.deployment_id is None:
            self._processor.lifecycle.pin(row.seq, attempt.deployment_id, attempt.version)
            attempt.row = row._replace(deployment_id=attempt.deployment_id, protocol_version=attempt.version)
        if command.is_ack_requested:
            self._store.after_commit(partial(attempt.acknowledge, command.index))

    def store_run_result(self, attempt: Attempt, proposal: _core.RunProposed) -> None:
        """Store the result of a run."""
        self._processor.commands.store_run_result(attempt.row, proposal)

    def store_output(self, attempt: Attempt, result: Success | Failure) -> None:
        """Store a result whose End has not come yet."""
        self._tables.invocations.set_result(attempt.row.seq, result)

    def end(self, attempt: Attempt, result: Success | Failure | None) -> None:
        """Complete the invocation."""
        row = attempt.row
        if result is None:
            stored = self._tables.invocations.read(row.seq)
            if stored is None:
                return
            result = from_columns(
                stored.result_value, stored.failure_code, stored.failure_message, stored.failure_metadata
            )
        self._processor.endings.complete(row, result)

    def suspend(self, attempt: Attempt, point: SuspensionPoint) -> None:
        """Suspend the invocation."""
        self._processor.lifecycle.suspend(attempt.row, point, is_pausing=attempt.is_pausing)

    def fail(self, attempt: Attempt, failure: AttemptFailure) -> None:
        """Decide what follows a failed attempt."""
        current = self._tables.invocations.read(attempt.row.seq)
        if current is not None and current.status == "invoked":
            self._processor.retries.fail_attempt(
                current,
                failure,
                attempt.handler.retry_policy,
                has_progressed=attempt.has_progressed,
                is_pausing=attempt.is_pausing,
                deployment_id=attempt.deployment_id,
            )

    def note_closed(self, attempt: Attempt) -> None:
        """Forget an attempt, and open others in its place."""
        self._open_attempts.remove(attempt.row.seq, attempt)
