"""One attempt: an exchange with an endpoint, the machine that speaks on it, and the rows it turns into.

Bytes come, become effects, and the effects become rows in this turn's transaction; what the endpoint must hear of that
is told after the commit. The endpoint is asked to suspend by ending the request: at once over request/response, else
after a while without activity. When it does not react to that, the exchange is cut off.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from typing import TYPE_CHECKING, Final, Protocol
from urllib.parse import quote

from awaken import _core
from awaken.runtime.attempt_failure import AttemptFailure
from awaken.runtime.errors import CommandRefusedError, StoreError
from awaken.runtime.processor.open_attempts import Awaited
from awaken.runtime.tables.invocations import SuspensionPoint
from awaken.runtime.tables.results import from_core

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from contextlib import AbstractContextManager

    from awaken.control.operations import Failure, Success
    from awaken.exchange import Dialer, Outgoing
    from awaken.runtime.clock import Alarm, Clock
    from awaken.runtime.schema import HandlerSchema
    from awaken.runtime.tables.invocation_row import InvocationRow

__all__ = ["Attempt", "AttemptHost", "Opening"]

log = logging.getLogger("awaken.runtime")

#: How long an endpoint may keep its response open after the attempt is over.
_LINGER_MS: Final = 5_000
#: How much of an unexpected answer is shown.
_EXCERPT: Final = 500

#: Documented codes by what the endpoint answered instead of 200.
_REASONS: Final[Mapping[int, str]] = {
    413: "RT0019",
    415: "RT0015",
    429: "RT0023",
    502: "RT0010",
    503: "RT0023",
    504: "RT0010",
}


class AttemptHost(Protocol):
    """What an attempt needs of the runtime; all but `note_closed` write rows."""

    clock: Clock

    def atomic(self) -> AbstractContextManager[None]:
        """Return a context in which all rows are written, or none."""
        ...

    def store_command(self, attempt: Attempt, command: _core.RecordedCommand) -> None:
        """Store a command with its effects. Raises CommandRefusedError."""
        ...

    def store_run_result(self, attempt: Attempt, proposal: _core.RunProposed) -> None:
        """Store the result of a run."""
        ...

    def store_output(self, attempt: Attempt, result: Success | Failure) -> None:
        """Store a result whose End has not come yet."""
        ...

    def end(self, attempt: Attempt, result: Success | Failure | None) -> None:
        """Complete the invocation; None is a result that was stored before."""
        ...

    def suspend(self, attempt: Attempt, point: SuspensionPoint) -> None:
        """Suspend the invocation."""
        ...

    def fail(self, attempt: Attempt, failure: AttemptFailure) -> None:
        """Decide what follows."""
        ...

    def note_closed(self, attempt: Attempt) -> None:
        """Forget the attempt; another one may be opened."""
        ...


class Opening:
    """What an attempt begins with."""

    __slots__ = (
        "deployment_id",
        "entries",
        "handler",
        "idle_ms",
        "is_bidirectional",
        "row",
        "state",
        "version",
    )

    def __init__(
        self,
        row: InvocationRow,
        handler: HandlerSchema,
        deployment_id: str,
        version: int,
        entries: Sequence[tuple[int, bytes]],
        state: tuple[Sequence[tuple[str, bytes]], bool],
        *,
        idle_ms: int,
        is_bidirectional: bool,
    ) -> None:
        self.row = row
        self.handler = handler
        self.deployment_id = deployment_id
        self.version = version
        self.entries = entries
        self.state = state
        self.idle_ms = idle_ms
        self.is_bidirectional = is_bidirectional


class Attempt:
    """Drives one attempt from its request to its end.

    Args:
        host: where effects go.
        opening: what to send.
        dialer: opens the exchange.
        max_message_size: of frames from the endpoint, in bytes; None is the default.
    """

    def __init__(
        self, host: AttemptHost, opening: Opening, dialer: Dialer, max_message_size: int | None
    ) -> None:
        self.row = opening.row
        self.handler = opening.handler
        self.deployment_id = opening.deployment_id
        self.version = opening.version
        #: Whether this attempt has stored a command.
        self.has_progressed = False
        #: Whether it shall pause instead of suspending or backing off.
        self.is_pausing = False
        self.is_closed = False
        #: What the handler said last that it waits for.
        self.awaited: Awaited | None = None
        self._host = host
        self._known_entries = len(opening.entries)
        #: Index of the first journal entry the endpoint was not told.
        self._told = self._known_entries
        self._is_input_ended = False
        self._is_accepted = False
        self._is_pumping_soon = False
        self._unsent: deque[memoryview] = deque()
        self._is_end_sent = False
        self._output: Success | Failure | None = None
        self._answer = bytearray()
        self._last_activity_ms = host.clock.now_ms()
        self._alarm: Alarm | None = None
        size = _core.DEFAULT_MAX_RUNTIME_MESSAGE_SIZE if max_message_size is None else max_message_size
        self._machine = _core.InvokerMachine(self.version, max_message_size=size)
        media_type = _core.content_type(self.version)
        headers = {
            "content-type": media_type,
            "accept": media_type,
            "x-restate-invocation-id": self.row.id,
            "x-restate-cluster-name": "localcluster",
        }
        if self.row.key is not None:
            headers["x-restate-service-key"] = quote(self.row.key, safe="")
        self._content_type = media_type
        path = f"/invoke/{self.row.service}/{self.row.handler}"
        self._exchange: Outgoing = dialer.open("POST", path, headers, self._note_change)
        self._start(opening)

    def _start(self, opening: Opening) -> None:
        machine, row = self._machine, self.row
        state, is_partial = opening.state
        machine.start(
            row.id,
            known_entries=len(opening.entries),
            key=row.key or "",
            state=state,
            is_state_partial=is_partial,
            retry_count=row.failures_since_entry,
            duration_since_last_stored_entry_ms=opening.idle_ms,
            scope=row.scope,
            limit_key=row.limit_key,
            idempotency_key=row.idempotency_key,
        )
        for code, payload in opening.entries:
            machine.replay(code, payload)
        if not opening.is_bidirectional or self.handler.inactivity_timeout_ms == 0:
            self._end_input()
        else:
            self._arm()
        self._flush()

    # What the runtime tells.

    def tell(self, index: int, code: int, payload: bytes) -> None:
        """Tell the endpoint of a journal entry that is on disk."""
        if self.is_closed or index < self._told:
            return
        if self._machine.notify(code, payload):
            self._told = index + 1
            self._last_activity_ms = self._host.clock.now_ms()
            self._flush()

    def acknowledge(self, command_index: int) -> None:
        """Tell the endpoint that a command is on disk, because it asked for that."""
        if not self.is_closed:
            self._machine.acknowledge_command(command_index)
            self._flush()

    def ask_to_suspend(self, *, is_pausing: bool = False) -> None:
        """End the input, so that the endpoint suspends as soon as it waits."""
        self.is_pausing = self.is_pausing or is_pausing
        if not self.is_closed and not self._is_input_ended:
            self._end_input()
            self._rearm_for_abort()
            self._flush()

    def idle_ms(self) -> int | None:
        """Return for how long nothing was told either way; None of one that was asked to suspend already."""
        if self._is_input_ended or self.is_closed:
            return None
        return self._host.clock.now_ms() - self._last_activity_ms

    def abort(self) -> None:
        """Cut the exchange off. Nothing of it is stored any more."""
        if not self.is_closed:
            self._close()
            self._exchange.disconnect()
            self._release()

    # What the endpoint tells.

    def _note_change(self) -> None:
        if not self._is_pumping_soon:
            self._is_pumping_soon = True
            asyncio.get_running_loop().call_soon(self._pump)

    def _pump(self) -> None:
        self._is_pumping_soon = False
        data = self._exchange.take()
        if self.is_closed:
            self._release()
            return
        try:
            with self._host.atomic():
                self._receive(data)
        except StoreError:
            return  # the runtime was told before, and has cut every attempt off
        except Exception as error:
            log.exception("%s: attempt %d broke in the runtime", self.row.id, self.row.retry_count)
            self._break(error)
        self._flush()

    def _break(self, error: Exception) -> None:
        """Fail because of an error of ours; what it did before is taken back, and repeated."""
        try:
            with self._host.atomic():
                self._fail(
                    AttemptFailure(code=500, message=f"the runtime failed: {error!r}", reason="RT0000")
                )
        except StoreError:
            return
        except Exception:
            log.exception("%s: stuck until the next start", self.row.id)

    def _receive(self, data: bytes) -> None:
        exchange = self._exchange
        if not self._is_accepted and exchange.status is not None and not self._accept(data):
            return
        if data:
            self._last_activity_ms = self._host.clock.now_ms()
            self._machine.receive(data)
        if exchange.is_ended and self._is_accepted:
            self._machine.receive_end()
        while not self.is_closed and (effect := self._machine.take_effect()) is not None:
            self._handle(effect)
        if self._output is not None and not self.is_closed:
            self._host.store_output(self, self._output)
            self._output = None
        if exchange.is_reset and not self.is_closed:
            why = exchange.failure or "the stream was reset"
            self._fail(AttemptFailure(code=500, message=f"{self.deployment_id}: {why}", reason="RT0010"))

    def _accept(self, data: bytes) -> bool:
        """Look at the head of the answer; one that is none of the protocol is collected, and fails the attempt."""
        exchange = self._exchange
        content_type = next((value for name, value in exchange.headers if name == "content-type"), "")
        if exchange.status == 200 and content_type == self._content_type:
            self._is_accepted = True
            return True
        self._answer += data[: _EXCERPT - len(self._answer)]
        if exchange.is_ended or exchange.is_reset or len(self._answer) >= _EXCERPT:
            status = exchange.status or 0
            text = self._answer.decode(errors="replace")
            what = (
                f"unexpected content-type {content_type!r}"
                if status == 200
                else f"unexpected http status code: {status}"
            )
            self._fail(
                AttemptFailure(
                    code=500,
                    message=f"{what}, from {self.deployment_id}: {text}"
                    if text
                    else f"{what}, from {self.deployment_id}",
                    reason=_REASONS.get(status, "RT0012"),
                )
            )
        return False

    def _handle(self, effect: _core.Effect) -> None:
        if isinstance(effect, _core.RecordedCommand):
            self._store(effect)
            return
        match effect:
            case _core.RunProposed():
                self._host.store_run_result(self, effect)
            case _core.AwaitingOn(future_json):
                self.awaited = Awaited(self.row, self._host.clock.now_ms(), future_json)
            case _core.AttemptSuspended(completions, signals, _, future, future_json):
                # An endpoint that suspends unasked may not have read what was told last.
                first = self._told if self._is_input_ended else self._known_entries
                self._close()
                point = SuspensionPoint(future, future_json, completions, signals, first)
                self._host.suspend(self, point)
                self._release()
            case _core.AttemptEnded():
                self._close()
                self._host.end(self, self._output)
                self._release()
            case _core.AttemptFailed():
                self._fail(_failure_of(effect))

    def _store(self, command: _core.RecordedCommand) -> None:
        try:
            self._host.store_command(self, command)
        except CommandRefusedError as refusal:
            self._fail(
                AttemptFailure(
                    code=500,
                    message=str(refusal),
                    reason=refusal.reason,
                    command_index=command.index,
                    command_name=command.name or None,
                    command_type=type(command).__name__.removesuffix("Command"),
                )
            )
            return
        self.has_progressed = True
        if isinstance(command, _core.OutputCommand):
            self._output = from_core(command.result)

    def _fail(self, failure: AttemptFailure) -> None:
        if not self.is_closed:
            self._close()
        self._host.fail(self, failure)
        if not self._exchange.is_ended:
            self._exchange.disconnect()
        self._release()

    # The request, and time.

    def _end_input(self) -> None:
        self._is_input_ended = True
        self._machine.end_input()

    def _flush(self) -> None:
        """Send as much as the endpoint has given credit for, and the end behind it."""
        if self.is_closed:
            return
        if self._machine.is_output_pending():
            self._unsent.append(memoryview(self._machine.take_output()))
        while self._unsent and (credit := self._exchange.credit) > 0:
            chunk = self._unsent.popleft()
            if len(chunk) > credit:
                self._unsent.appendleft(chunk[credit:])
                chunk = chunk[:credit]
            self._exchange.send(bytes(chunk))
        if self._is_input_ended and not self._unsent and not self._is_end_sent:
            self._is_end_sent = True
            self._exchange.end()

    def _arm(self) -> None:
        due_ms = self._last_activity_ms + self.handler.inactivity_timeout_ms
        self._alarm = self._host.clock.call_at(due_ms, self._note_inactivity)

    def _note_inactivity(self) -> None:
        if self.is_closed or self._is_input_ended:
            return
        if self._host.clock.now_ms() < self._last_activity_ms + self.handler.inactivity_timeout_ms:
            self._arm()
        else:
            self.ask_to_suspend()

    def _rearm_for_abort(self) -> None:
        if self._alarm is not None:
            self._alarm.cancel()
        clock = self._host.clock
        self._alarm = clock.call_at(clock.now_ms() + self.handler.abort_timeout_ms, self._give_up)

    def _give_up(self) -> None:
        if self.is_closed:
            return
        message = (
            f"the handler neither suspended nor ended within {self.handler.abort_timeout_ms} ms after it was asked to; "
            "raise its abort timeout, or await durable operations more often"
        )
        try:
            self._fail(AttemptFailure(code=500, message=message, reason="RT0001"))
        except StoreError:
            return

    def _close(self) -> None:
        self.is_closed = True
        if self._alarm is not None:
            self._alarm.cancel()
            self._alarm = None
        self._host.note_closed(self)

    def _release(self) -> None:
        """End the request, let the response end by itself for a while, then cut it off."""
        exchange = self._exchange
        if not self._is_end_sent:
            self._is_end_sent = True
            exchange.end()
        if exchange.is_ended or exchange.is_reset:
            if self._alarm is not None:
                self._alarm.cancel()
                self._alarm = None
        elif self._alarm is None:
            clock = self._host.clock
            self._alarm = clock.call_at(clock.now_ms() + _LINGER_MS, exchange.disconnect)


def _failure_of(effect: _core.AttemptFailed) -> AttemptFailure:
    reason = "RT0007"
    if effect.is_violation or effect.code == 571:
        reason = "RT0012"
    elif effect.code == 570:
        reason = "RT0016"
    return AttemptFailure(
        code=effect.code,
        message=effect.message,
        reason=reason,
        stacktrace=effect.stacktrace,
        command_index=effect.related_command_index,
        command_name=effect.related_command_name,
        command_type=effect.related_command_type,
        delay_ms=effect.next_retry_delay_ms,
        behavior=effect.behavior,
    )
