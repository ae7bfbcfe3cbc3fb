"""Runs attempts against deployments, at most `max_open_attempts` at once."""

from __future__ import annotations

import asyncio
import logging
from functools import partial
from typing import TYPE_CHECKING, Final

from awaken.runtime.errors import TransactionLostError
from awaken.runtime.events import EventKind
from awaken.runtime.invoker import failures
from awaken.runtime.invoker.attempt import Attempt
from awaken.runtime.invoker.attempt_rows import AttemptRows
from awaken.runtime.invoker.deadlines import Deadlines
from awaken.runtime.invoker.opening import Openings
from awaken.runtime.schema import RetryPolicy
from awaken.timing.turns import Turns

if TYPE_CHECKING:
    from awaken.runtime.attempt_failure import AttemptFailure
    from awaken.runtime.clock import Alarm
    from awaken.runtime.processor.open_attempts import OpenAttempt
    from awaken.runtime.processor.processor import Processor
    from awaken.runtime.schema import HandlerSchema, Schema
    from awaken.runtime.settings import RuntimeSettings
    from awaken.runtime.tables.invocation_row import InvocationRow

__all__ = ["Invoker"]

log = logging.getLogger("awaken.runtime")

#: What attempts may cost together in one turn of the event loop: about 2 ms of what endpoints have sent. A call passes
#: through some fifteen turns.
_TURN: Final = 32
#: How many attempts are opened in a turn. One takes 0.2 ms, more with a long journal.
_OPENED_AT_ONCE: Final = 16
#: How long due attempts wait for room before open ones that only wait are asked to suspend.
_CROWDED_MS: Final = 50
#: An attempt that does not report what it waits for is taken to wait after this time without activity.
_SILENT_MS: Final = 1_000


class Invoker:
    """Opens attempts when they are due, and makes room for them.

    Args:
        processor: knows which attempts are due, and turns their effects into rows.
        schema: the registered deployments.
        settings: the limits.
    """

    def __init__(self, processor: Processor, schema: Schema, settings: RuntimeSettings) -> None:
        self._processor = processor
        self._clock = processor.clock
        self._schema = schema
        self._settings = settings
        self._openings = Openings(schema, processor.tables, processor.clock, settings)
        self._open_attempts = processor.open_attempts
        self._room_alarm: Alarm | None = None
        self._deadlines = Deadlines(self._clock)
        self._turns = Turns(_TURN)
        self._is_opening_soon = False
        self._open_attempts.when_due(self._open_more)

    async def drain(self, grace_s: float) -> None:
        """Open no more attempts, ask the open ones to suspend, and close those that do not within `grace_s` seconds."""
        await self._open_attempts.drain(grace_s)
        self._forget_room()

    def abort_all(self) -> None:
        """Close every attempt at once. What is not stored by then will be repeated."""
        self._open_attempts.abort_all()
        self._forget_room()

    def _forget_room(self) -> None:
        if self._room_alarm is not None:
            self._room_alarm.cancel()
            self._room_alarm = None

    # Opening.

    def _open_more(self) -> None:
        """Open what is due, as far as there is room: some now, or in the next turn if some were opened just now."""
        if not self._is_opening_soon:
            self._is_opening_soon = True
            asyncio.get_running_loop().call_soon(self._open_some)

    def _open_some(self) -> None:
        self._is_opening_soon = False
        attempts = self._open_attempts
        opened = 0
        while attempts.due_count and len(attempts) < self._settings.max_open_attempts:
            if opened == _OPENED_AT_ONCE:
                self._open_more()
                return
            opened += 1
            self._try(attempts.take_due())
        if attempts.due_count and self._room_alarm is None:
            self._room_alarm = self._clock.call_at(self._clock.now_ms() + _CROWDED_MS, self._make_room)

    def _make_room(self) -> None:
        """Ask attempts that wait to suspend, the longest idle first, so that due ones can run."""
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

    def _try(self, invocation: int) -> None:
        """Open an attempt; whatever is wrong with it, those behind it are opened, too."""
        try:
            is_early = self._open_attempts.take_early(invocation)
            if is_early and self._processor.tables.journal.count(invocation) > 1:
                self._open_attempts.dispatch(
                    invocation
                )  # it has got more than its input, which has to be on disk
                return
            row = self._processor.tables.invocations.read(invocation)
            if row is None or row.status != "invoked" or row.next_retry_at is not None:
                return
            if not self._open_attempts.is_open(invocation):
                self._open(row)
        except TransactionLostError:
            return  # the store has notified the runtime
        except Exception:
            log.exception("the row of invocation %d cannot be read: stuck until the next start", invocation)

    def _open(self, row: InvocationRow) -> None:
        deployment = self._openings.deployment(row)
        handler = self._openings.handler(row, deployment)
        dialer = None if deployment is None else self._schema.dialer(deployment.deployment_id)
        if handler is None or deployment is None or dialer is None:
            self._fail_soon(row, handler, failures.no_deployment(row, self._schema))
            return
        self._processor.events.note(row, EventKind.ATTEMPT, str(row.retry_count))
        is_recovered = self._open_attempts.take_recovered(row.seq)
        try:
            opening = self._openings.read(row, handler, deployment, is_recovered=is_recovered)
            attempt = Attempt(
                AttemptRows(self._processor, opening),
                opening,
                dialer,
                self._clock,
                self._deadlines,
                self._turns,
                max_message_size=self._settings.max_message_size,
                on_close=partial(self._open_attempts.remove, row.seq),
            )
        except TransactionLostError:
            raise
        except Exception as error:
            log.exception("%s: cannot open an attempt on %s", row.id, deployment.deployment_id)
            self._fail_soon(row, handler, failures.runtime_error(error))
        else:
            self._open_attempts.add(row.seq, attempt)

    def _fail_soon(self, row: InvocationRow, handler: HandlerSchema | None, failure: AttemptFailure) -> None:
        """Fail in the next turn: this may run among the callbacks after a commit, where nothing may write."""
        asyncio.get_running_loop().call_soon(self._fail_unopened, row, handler, failure)

    def _fail_unopened(
        self, row: InvocationRow, handler: HandlerSchema | None, failure: AttemptFailure
    ) -> None:
        policy = RetryPolicy(max_attempts=None) if handler is None else handler.retry_policy
        try:
            current = self._processor.tables.invocations.read(row.seq)
            if current is not None and current.status == "invoked":
                outcome = self._processor.retries.fail_attempt(current, failure, policy, has_progressed=False)
                if (measures := self._processor.measures) is not None:
                    deployment = current.deployment_id or ""
                    measures.note_attempt(row.service, row.handler, deployment, outcome, 0.0, failure.reason)
        except TransactionLostError:
            return  # the store has notified the runtime
