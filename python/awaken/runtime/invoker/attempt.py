"""One attempt: an exchange with an endpoint, the machine that speaks on it, and the rows it turns into.

Received bytes become effects, and effects become rows in the current transaction; what the endpoint has to know of them
is sent after the commit. Ending the request asks the endpoint to suspend: at once over request/response, else after a
time without activity. If nothing comes from the endpoint for another time after that, the attempt has failed and the
exchange is closed: a dead endpoint must not hold an invocation and its key.

What arrives is turned into rows a slice at a time, in turns with the other attempts, and each slice is a savepoint of
its own. While an endpoint sends more than that, its bytes stay where they are, and its window closes. The journal is
written in slices, too, and as fast as the endpoint takes it.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Final

from awaken import _core
from awaken.runtime.errors import CommandRefusedError, TransactionLostError
from awaken.runtime.invoker import failures
from awaken.runtime.invoker.replay import Replay
from awaken.runtime.invoker.request_body import RequestBody
from awaken.runtime.invoker.response_body import ResponseBody
from awaken.runtime.invoker.response_head import ResponseHead
from awaken.runtime.invoker.unreached import UnreachedLog
from awaken.runtime.tables.invocations import SuspensionPoint
from awaken.runtime.tables.results import from_core

if TYPE_CHECKING:
    from collections.abc import Callable

    from awaken.control.operations import Failure, Success
    from awaken.exchange import Dialer
    from awaken.runtime.attempt_failure import AttemptFailure
    from awaken.runtime.clock import Alarm, Clock
    from awaken.runtime.invoker.attempt_rows import AttemptRows
    from awaken.runtime.invoker.deadlines import Deadlines
    from awaken.runtime.invoker.opening import Opening
    from awaken.runtime.processor.open_attempts import Awaited
    from awaken.timing.turns import Turns

__all__ = ["Attempt"]

log = logging.getLogger("awaken.runtime")
#: Of all runtimes of this process: ids of deployments are unique.
_unreached: Final = UnreachedLog()

#: What one slice of received bytes may cost. An effect costs 1, and takes about 60 us; so do 16 KiB.
_SLICE: Final = 32
_COST_SIZE: Final = 16 * 1024

#: How long an endpoint may keep its response open after the attempt has ended.
_LINGER_MS: Final = 5_000


class Attempt:
    """Drives one attempt from the request to its end.

    Args:
        rows: turns effects into rows.
        opening: what to send first.
        dialer: opens the exchange.
        clock: what time it is.
        deadlines: shared with the other attempts.
        turns: shared with the other attempts.
        max_message_size: bytes of the largest frame accepted from the endpoint; None is the default.
        on_close: called once when the attempt has ended, before its last rows are written.
    """

    def __init__(
        self,
        rows: AttemptRows,
        opening: Opening,
        dialer: Dialer,
        clock: Clock,
        deadlines: Deadlines,
        turns: Turns,
        *,
        max_message_size: int | None,
        on_close: Callable[[Attempt], None],
    ) -> None:
        #: What the handler last reported to wait for.
        self.awaited: Awaited | None = None
        self._rows = rows
        self._clock = clock
        self._deadlines = deadlines
        self._turns = turns
        self._on_close = on_close
        terms = opening.terms
        self._handler = opening.handler
        self._deployment_id = terms.deployment.deployment_id
        self._known_entries = opening.entry_count
        #: Index of the first journal entry that the endpoint has not been sent.
        self._unsent_from = self._known_entries
        self._is_closed = False
        self._is_input_ended = False
        self._is_pumping_soon = False
        self._output: Success | Failure | None = None
        self._last_activity_ms = clock.now_ms()
        self._alarm: Alarm | None = None
        size = _core.DEFAULT_MAX_RUNTIME_MESSAGE_SIZE if max_message_size is None else max_message_size
        self._machine = _core.InvokerMachine(terms.version, max_message_size=size)
        self._exchange = opening.send_head(dialer, self._note_change)
        # Like the server: in the official Python SDK, a frame wakes one of the tasks that wait, whatever is in it.
        self._exchange.is_joining = terms.is_own
        self._request = RequestBody(self._exchange)
        self._body = ResponseBody(self._exchange)
        self._response = ResponseHead(self._exchange, terms.content_type, self._deployment_id)
        self._replay = Replay(self._machine, self._request, opening.entry_count, opening.read_entries)
        #: Entries that were recorded during the replay, and have to wait for its end.
        self._later: list[tuple[int, int, bytes]] = []
        try:
            self._start(opening)
        except BaseException:
            self._is_closed = True  # nobody knows of it, and it must not be pumped
            self._exchange.disconnect()
            raise

    def _start(self, opening: Opening) -> None:
        machine, row = self._machine, opening.row
        state, is_partial = opening.state
        machine.start(
            row.id,
            known_entries=opening.entry_count,
            key=row.key or "",
            state=state,
            is_state_partial=is_partial,
            retry_count=row.failures_since_entry,
            duration_since_last_stored_entry_ms=opening.idle_ms,
            scope=row.scope,
            limit_key=row.limit_key,
            idempotency_key=row.idempotency_key,
        )
        self._continue_replay()
        if not opening.terms.deployment.is_bidirectional or self._handler.inactivity_timeout_ms == 0:
            self._end_input()
        else:
            self._wait_for_activity(self._handler.inactivity_timeout_ms, self._note_inactivity)
        self._flush()

    # To the endpoint.

    def send_entry(self, index: int, code: int, payload: bytes) -> None:
        """Send the endpoint a journal entry that is on disk."""
        if self._is_closed or index < self._unsent_from:
            return
        if not self._replay.is_complete:
            self._later.append((index, code, payload))
            return
        if self._machine.notify(code, payload):
            self._unsent_from = index + 1
            self._last_activity_ms = self._clock.now_ms()
            self._flush()

    def _continue_replay(self) -> int:
        """Write a slice of the journal, unless the endpoint is slower than that, and return what it cost."""
        if self._replay.is_complete or self._is_closed or self._request.is_behind:
            return 0
        self._last_activity_ms = self._clock.now_ms()
        cost = self._replay.write_slice()
        if not self._replay.is_complete:
            self._pump_later()
            return cost
        later, self._later = self._later, []
        for entry in later:
            self.send_entry(*entry)
        if self._is_input_ended:
            self._request.complete()
        return cost

    def _acknowledge(self, command_index: int) -> None:
        """Send the endpoint the acknowledgement that it asked for: the command is on disk."""
        if not self._is_closed:
            self._machine.acknowledge_command(command_index)
            self._flush()

    def ask_to_suspend(self, *, is_pausing: bool = False) -> None:
        """End the input, so that the endpoint suspends as soon as it waits."""
        self._rows.is_pausing = self._rows.is_pausing or is_pausing
        if not self._is_closed and not self._is_input_ended:
            self._end_input()
            self._flush()

    def idle_ms(self) -> int | None:
        """Return the milliseconds since something was sent or received; None once it was asked to suspend."""
        if self._is_input_ended or self._is_closed:
            return None
        return self._clock.now_ms() - self._last_activity_ms

    def held_size(self) -> int:
        """Return the bytes of its journal, and of what its endpoint sent, that are in memory."""
        later = sum(len(payload) for _, _, payload in self._later)
        return later + self._request.unsent_size + self._body.unread_size

    def abort(self) -> None:
        """Close the exchange at once. Nothing from it is stored any more."""
        if not self._is_closed:
            self._close()
            self._exchange.disconnect()
            self._release()

    # From the endpoint.

    def _note_change(self) -> None:
        if not self._is_pumping_soon:
            self._is_pumping_soon = True
            self._turns.do(self._pump)

    def _pump_later(self) -> None:
        if not self._is_pumping_soon:
            self._is_pumping_soon = True
            self._turns.add(self._pump)

    def _pump(self) -> int:
        self._is_pumping_soon = False
        if self._is_closed:
            self._body.discard()
            self._release()
            return 1
        cost = 0
        try:
            with self._rows.atomic():
                cost = self._receive()
            self._flush()
            cost += self._continue_replay()
        except TransactionLostError:
            return cost  # the store has notified the runtime, which has closed every attempt
        except Exception as error:
            row = self._rows.row
            log.exception("%s: attempt %d broke in the runtime", row.id, row.retry_count)
            self._break(error)
        if self._is_closed:
            self._body.discard()
        elif cost >= _SLICE:
            self._pump_later()
        self._flush()
        return cost

    def _break(self, error: Exception) -> None:
        """Fail the attempt because of an error in the runtime, which has taken back what was written with it."""
        self._rows.is_pin_due = False
        try:
            with self._rows.atomic():
                self._fail(failures.runtime_error(error))
        except TransactionLostError:
            return
        except Exception:
            log.exception("%s: stuck until the next start", self._rows.row.id)

    def _receive(self) -> int:
        """Turn a slice of what has arrived into rows. Returns what it cost: `_SLICE` or more if there may be more."""
        exchange = self._exchange
        piece = b""
        if not self._response.is_accepted and exchange.status is not None:
            piece = self._body.next_piece()
            failure = self._response.check(piece)
            if failure is not None:
                self._fail(failure)
            if not self._response.is_accepted:
                return 1
        cost = 0
        while not self._is_closed and cost < _SLICE:
            effect = self._machine.take_effect()
            if effect is not None:
                self._handle(effect)
                cost += 1
            elif piece or (piece := self._body.next_piece()):
                self._last_activity_ms = self._clock.now_ms()
                self._machine.receive(piece)
                cost += len(piece) // _COST_SIZE
                piece = b""
            else:
                self._note_end()
                break
        if not self._is_closed:
            self._rows.pin()
            if self._output is not None:
                self._rows.store_output(self._output)
                self._output = None
        return cost

    def _note_end(self) -> None:
        """Fail the attempt if nothing more can arrive: it has not ended."""
        exchange = self._exchange
        if exchange.is_ended and self._response.is_accepted:
            self._machine.receive_end()
            if (effect := self._machine.take_effect()) is not None:
                self._handle(effect)
        elif exchange.is_reset:
            why = exchange.failure or "the stream was reset"
            _unreached.note(self._deployment_id, why)
            self._fail(failures.broken_stream(self._deployment_id, why))

    def _handle(self, effect: _core.Effect) -> None:
        if isinstance(effect, _core.RecordedCommand):
            self._store(effect)
            return
        match effect:
            case _core.RunProposed():
                self._rows.store_run_result(effect)
            case _core.AwaitingOn(future_json):
                self.awaited = self._rows.note_awaited(future_json)
            case _core.AttemptSuspended(completions, signals, _, future, future_json):
                # An endpoint that suspends without being asked may not have read what was sent last.
                first = self._unsent_from if self._is_input_ended else self._known_entries
                self._close()
                point = SuspensionPoint(future, future_json, completions, signals, first)
                self._rows.suspend(point)
                self._release()
            case _core.AttemptEnded():
                self._close()
                self._rows.end(self._output)
                self._release()
            case _core.AttemptFailed():
                self._fail(failures.reported(effect))

    def _store(self, command: _core.RecordedCommand) -> None:
        try:
            self._rows.store_command(command, self._acknowledge)
        except CommandRefusedError as refusal:
            self._fail(failures.refused(command, refusal))
            return
        if isinstance(command, _core.OutputCommand):
            self._output = from_core(command.result)

    def _fail(self, failure: AttemptFailure) -> None:
        if not self._is_closed:
            self._close()
        self._rows.fail(failure)
        if not self._exchange.is_ended:
            self._exchange.disconnect()
        self._release()

    # The request, and timeouts.

    def _end_input(self) -> None:
        self._is_input_ended = True
        self._machine.end_input()
        if self._replay.is_complete:
            self._request.complete()
        self._last_activity_ms = self._clock.now_ms()
        self._wait_for_activity(self._handler.abort_timeout_ms, self._note_silence)

    def _flush(self) -> None:
        if self._is_closed:
            return
        if self._machine.is_output_pending():
            self._request.add(self._machine.take_output())
        self._request.flush()

    def _wait_for_activity(self, timeout_ms: int, on_timeout: Callable[[], None]) -> None:
        """Call back after this time from now, when something was sent or received; the callback looks for more."""
        if self._alarm is not None:
            self._alarm.cancel()
        self._alarm = self._deadlines.add(self._last_activity_ms, timeout_ms, on_timeout)

    def _wait_for_more(self, timeout_ms: int, on_timeout: Callable[[], None]) -> None:
        """Call back this time after the last activity, some time ago."""
        self._alarm = self._clock.call_at(self._last_activity_ms + timeout_ms, on_timeout)

    def _is_quiet_for(self, timeout_ms: int) -> bool:
        return self._clock.now_ms() >= self._last_activity_ms + timeout_ms

    def _note_inactivity(self) -> None:
        if self._is_closed or self._is_input_ended:
            return
        timeout_ms = self._handler.inactivity_timeout_ms
        if self._is_quiet_for(timeout_ms):
            self.ask_to_suspend()
        else:
            self._wait_for_more(timeout_ms, self._note_inactivity)

    def _note_silence(self) -> None:
        """Give the attempt up if nothing came since the input ended, or since the last frame, as the server does."""
        if self._is_closed:
            return
        timeout_ms = self._handler.abort_timeout_ms
        if not self._is_quiet_for(timeout_ms):
            self._wait_for_more(timeout_ms, self._note_silence)
            return
        if self._is_pumping_soon:
            self._turns.add(self._look_again)  # behind what has come, and waits for its turn as well
            return
        try:
            self._fail(failures.no_reaction(timeout_ms))
        except TransactionLostError:
            return

    def _look_again(self) -> int:
        self._note_silence()
        return 1

    def _close(self) -> None:
        self._is_closed = True
        if self._alarm is not None:
            self._alarm.cancel()
            self._alarm = None
        self._on_close(self)

    def _release(self) -> None:
        """End the request, give the response some time to end, then close the exchange."""
        exchange = self._exchange
        self._request.end()
        if exchange.is_ended or exchange.is_reset:
            if self._alarm is not None:
                self._alarm.cancel()
                self._alarm = None
        elif self._alarm is None:
            self._alarm = self._deadlines.add(self._clock.now_ms(), _LINGER_MS, exchange.disconnect)
