"""Writes the effects of one attempt to the rows of its invocation, in the current transaction."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from awaken.control.futures import awaited_awakeables
from awaken.control.operations import Failure
from awaken.runtime.events import EventKind
from awaken.runtime.processor.open_attempts import Awaited

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager

    from awaken import _core
    from awaken.control.operations import Success
    from awaken.runtime.attempt_failure import AttemptFailure
    from awaken.runtime.invoker.opening import Opening
    from awaken.runtime.processor.processor import Processor
    from awaken.runtime.tables.invocations import SuspensionPoint

__all__ = ["AttemptRows"]


class AttemptRows:
    """Turns the effects of one attempt into rows.

    Args:
        processor: decides on the rows.
        opening: what the attempt began with.
    """

    def __init__(self, processor: Processor, opening: Opening) -> None:
        self._processor = processor
        self._handler = opening.handler
        self._deployment_id = opening.terms.deployment.deployment_id
        self._version = opening.terms.version
        #: The invocation as it was when the attempt began, and pinned once the first command is stored.
        self.row = opening.row
        #: Whether the attempt has stored a command.
        self.has_progressed = False
        #: Whether the invocation is to pause instead of suspending or backing off.
        self.is_pausing = False
        #: Whether it is pinned in `row`, but not yet in the table.
        self.is_pin_due = False
        self._recovered_ms = opening.recovered_ms
        self._opened_ms = 0
        if processor.measures is not None:
            self._opened_ms = processor.clock.now_ms()
            processor.measures.note_replay(opening.entry_count)
        #: When the handler first reported each awakeable that it waits for, by signal index, in UTC milliseconds.
        self._asked_ms: dict[int, int] = {}

    def atomic(self) -> AbstractContextManager[None]:
        """Return a context that keeps all rows of its block, or none if it raises."""
        return self._processor.store.atomic()

    def store_command(self, command: _core.RecordedCommand, acknowledge: Callable[[int], None]) -> None:
        """Store a command with its effects.

        Args:
            command: of the handler.
            acknowledge: called with its index after the commit, if the endpoint asks for that.

        Raises:
            CommandRefusedError: the command is not allowed; nothing was written.
        """
        row = self.row
        self._processor.commands.store(row, command)
        if row.deployment_id is None:
            self.is_pin_due = True
            self.row = row.pinned(self._deployment_id, self._version)
        if command.is_ack_requested:
            self._processor.store.after_commit(partial(acknowledge, command.index))
        self.has_progressed = True

    def store_run_result(self, proposal: _core.RunProposed) -> None:
        """Store the result of a run."""
        self._processor.commands.store_run_result(self.row, proposal)

    def store_output(self, result: Success | Failure) -> None:
        """Store the result of an attempt whose End message has not come yet."""
        self._processor.tables.invocations.set_result(self.row.seq, result)

    def pin(self) -> None:
        """Pin the invocation, if commands were stored and it has not ended with them."""
        if self.is_pin_due:
            self.is_pin_due = False
            self._processor.lifecycle.pin(self.row.seq, self._deployment_id, self._version)

    def end(self, result: Success | Failure | None) -> None:
        """Complete the invocation. None is the result that `store_output` has stored."""
        if result is None:
            self.pin()
            stored = self._processor.tables.invocations.read(self.row.seq)
            if stored is None:
                return
            result = self._processor.tables.invocations.take_result(stored)
        pinned = (self._deployment_id, self._version) if self.is_pin_due else None
        self.is_pin_due = False
        self._processor.endings.complete(self.row, result, pinned)
        self._measure(EventKind.FAILED if isinstance(result, Failure) else EventKind.SUCCEEDED)

    def note_awaited(self, future_json: str) -> Awaited:
        """Note what the handler reports to wait for.

        After a lost attempt, the handler asks again for what it had asked for before. If it has stored nothing new
        since, it had asked by the time of the last entry in its journal.
        """
        now = self._recovered_ms
        if now is None or self.has_progressed:
            now = self._processor.clock.now_ms()
        self._recovered_ms = None
        signals = awaited_awakeables(future_json)
        for signal in self._asked_ms.keys() - signals:
            if self._processor.tables.journal.has_signal(self.row.seq, signal):
                del self._asked_ms[signal]
        for signal in signals:
            self._asked_ms.setdefault(signal, now)
        # A copy: pages of awakeables are read on other threads.
        return Awaited(self.row, future_json, {signal: self._asked_ms[signal] for signal in signals})

    def suspend(self, point: SuspensionPoint) -> None:
        """Suspend the invocation, or pause it if an operator asked for that."""
        self.pin()
        self._processor.lifecycle.suspend(
            self.row, point, asked_ms=self._asked_ms, is_pausing=self.is_pausing
        )
        self._measure(EventKind.PAUSED if self.is_pausing else EventKind.SUSPENDED)

    def fail(self, failure: AttemptFailure) -> None:
        """Decide what follows the failure of the attempt."""
        self.pin()
        current = self._processor.tables.invocations.read(self.row.seq)
        if current is not None and current.status == "invoked":
            if self._asked_ms:
                self._processor.tables.awakeables.add(self.row.seq, self._asked_ms)
            outcome = self._processor.retries.fail_attempt(
                current,
                failure,
                self._handler.retry_policy,
                has_progressed=self.has_progressed,
                is_pausing=self.is_pausing,
                deployment_id=self._deployment_id,
            )
            self._measure(outcome, failure.reason)

    def _measure(self, outcome: EventKind, reason: str = "") -> None:
        measures = self._processor.measures
        if measures is not None:
            seconds = max(0, self._processor.clock.now_ms() - self._opened_ms) / 1000
            row = self.row
            measures.note_attempt(row.service, row.handler, self._deployment_id, outcome, seconds, reason)
