"""What the commands of handlers do. One method for each type of command.

A command is checked before anything is written, because a refused command is not part of the journal.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from awaken import _core
from awaken.control.errors import InvalidRequestError
from awaken.errors import InvalidIdError
from awaken.outcomes import FIRST_AWAKEABLE, completion_name
from awaken.runtime.admission import check_key
from awaken.runtime.errors import CommandRefusedError
from awaken.runtime.tables.listeners import Listener
from awaken.runtime.tables.results import NOT_FOUND, WORKFLOW_TAKEN, to_core

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from awaken.runtime.clock import Clock
    from awaken.runtime.processor.event_feed import EventFeed
    from awaken.runtime.processor.invocation_start import InvocationStart
    from awaken.runtime.processor.lifecycle import Lifecycle
    from awaken.runtime.processor.promises import Promises
    from awaken.runtime.processor.scheduler import Scheduler
    from awaken.runtime.processor.signals import Signals
    from awaken.runtime.schema import HandlerSchema, Schema
    from awaken.runtime.tables.invocation_row import InvocationRow
    from awaken.runtime.tables.tables import Tables

__all__ = ["Commands"]

#: Error codes that the server documents.
_NOT_ALLOWED = "RT0017"
_UNKNOWN_CALLEE = "RT0018"
_UNDECODABLE = "RT0012"


class Commands:
    """Stores commands, and does what they ask for."""

    def __init__(
        self,
        clock: Clock,
        schema: Schema,
        tables: Tables,
        scheduler: Scheduler,
        lifecycle: Lifecycle,
        promises: Promises,
        signals: Signals,
        invocation_start: InvocationStart,
        events: EventFeed,
    ) -> None:
        self._clock = clock
        self._schema = schema
        self._tables = tables
        self._scheduler = scheduler
        self._lifecycle = lifecycle
        self._promises = promises
        self._signals = signals
        self._invocation_start = invocation_start
        self._events = events
        self._methods: Mapping[type, Callable[[InvocationRow, Any], None]] = {
            _core.GetLazyStateCommand: self._get_state,
            _core.GetLazyStateKeysCommand: self._get_state_keys,
            _core.SetStateCommand: self._set_state,
            _core.ClearStateCommand: self._clear_state,
            _core.ClearAllStateCommand: self._clear_all_state,
            _core.GetPromiseCommand: self._get_promise,
            _core.PeekPromiseCommand: self._peek_promise,
            _core.CompletePromiseCommand: self._complete_promise,
            _core.SleepCommand: self._sleep,
            _core.CallCommand: self._call,
            _core.OneWayCallCommand: self._send,
            _core.SendSignalCommand: self._send_signal,
            _core.AttachInvocationCommand: self._attach,
            _core.GetInvocationOutputCommand: self._get_output,
            _core.CompleteAwakeableCommand: self._complete_awakeable,
            _core.OutputCommand: self._output,
        }

    def store(self, row: InvocationRow, command: _core.RecordedCommand) -> None:
        """Store a new command of a running invocation, with its effects.

        Raises:
            CommandRefusedError: the command is not allowed; nothing was written.
        """
        method = self._methods.get(type(command))
        if method is None:
            self._append(row, command)
        else:
            method(row, command)

    def store_run_result(self, row: InvocationRow, proposal: _core.RunProposed) -> None:
        """Store the result of a run."""
        self._lifecycle.notify(row, proposal.code, proposal.payload)

    def _append(self, row: InvocationRow, command: _core.RecordedCommand) -> None:
        self._tables.journal.append(row.seq, command.code, command.payload)

    def _answer(
        self,
        row: InvocationRow,
        kind: str,
        completion_id: int,
        result: bytes | str | list[str] | _core.Failure | None,
    ) -> None:
        self._lifecycle.notify(row, *_core.encode_completion(kind, completion_id, result))

    def _output(self, row: InvocationRow, command: _core.OutputCommand) -> None:
        payload = command.payload
        self._tables.journal.append(row.seq, command.code, payload)
        if (offset := command.value_offset) is not None:
            self._tables.payloads.note_output(row.seq, len(payload), offset)

    # State.

    def _get_state(self, row: InvocationRow, command: _core.GetLazyStateCommand) -> None:
        key = _key(row, "read state")
        self._append(row, command)
        value = self._tables.state.get(row.service, key, command.key)
        self._answer(row, "GetLazyState", command.completion_id, value)

    def _get_state_keys(self, row: InvocationRow, command: _core.GetLazyStateKeysCommand) -> None:
        key = _key(row, "read state")
        self._append(row, command)
        names = self._tables.state.names(row.service, key)
        self._answer(row, "GetLazyStateKeys", command.completion_id, names)

    def _set_state(self, row: InvocationRow, command: _core.SetStateCommand) -> None:
        key = _writable_key(row)
        self._append(row, command)
        self._tables.state.set(row.service, key, command.key, command.value)

    def _clear_state(self, row: InvocationRow, command: _core.ClearStateCommand) -> None:
        key = _writable_key(row)
        self._append(row, command)
        self._tables.state.clear(row.service, key, command.key)

    def _clear_all_state(self, row: InvocationRow, command: _core.ClearAllStateCommand) -> None:
        key = _writable_key(row)
        self._append(row, command)
        self._tables.state.clear_all(row.service, key)

    # Promises.

    def _get_promise(self, row: InvocationRow, command: _core.GetPromiseCommand) -> None:
        self._check_workflow(row)
        self._append(row, command)
        self._promises.wait(row, command.key, command.completion_id)

    def _peek_promise(self, row: InvocationRow, command: _core.PeekPromiseCommand) -> None:
        self._check_workflow(row)
        self._append(row, command)
        self._promises.peek(row, command.key, command.completion_id)

    def _complete_promise(self, row: InvocationRow, command: _core.CompletePromiseCommand) -> None:
        self._check_workflow(row)
        self._append(row, command)
        self._promises.complete(row, command.key, command.completion_id, command.result)

    def _check_workflow(self, row: InvocationRow) -> None:
        service = self._schema.service(row.service)
        if row.kind != "workflow" and (service is None or service.kind != "workflow"):
            raise CommandRefusedError(
                f"{row.service}/{row.handler} cannot use promises, because {row.service} is not a workflow",
                _NOT_ALLOWED,
            )

    # Time, and other invocations.

    def _sleep(self, row: InvocationRow, command: _core.SleepCommand) -> None:
        self._append(row, command)
        self._scheduler.add(
            self._clock.from_wall(command.wake_up_time_ms), "sleep", row.seq, command.completion_id
        )

    def _call(self, row: InvocationRow, command: _core.CallCommand) -> None:
        handler, key = self._callee(command)
        self._append(row, command)
        invocation_id, seq, existing = self._invocation_start.start(
            handler,
            key,
            command.parameter,
            command.headers,
            idempotency_key=command.idempotency_key,
            scope=command.scope,
            limit_key=command.limit_key,
            caller=row,
        )
        self._answer(row, "CallInvocationId", command.invocation_id_completion_id, invocation_id)
        if existing is not None and handler.is_workflow_run:
            self._answer(row, "Call", command.completion_id, to_core(WORKFLOW_TAKEN))
        elif existing is not None and existing.status == "completed":
            self._answer(
                row, "Call", command.completion_id, to_core(self._tables.invocations.result(existing))
            )
        else:
            self._listen(row, seq, command.completion_id, "Call")

    def _send(self, row: InvocationRow, command: _core.OneWayCallCommand) -> None:
        handler, key = self._callee(command)
        self._append(row, command)
        invocation_id, _, _ = self._invocation_start.start(
            handler,
            key,
            command.parameter,
            command.headers,
            idempotency_key=command.idempotency_key,
            execution_time_ms=self._clock.from_wall(command.invoke_time_ms)
            if command.invoke_time_ms
            else None,
            scope=command.scope,
            limit_key=command.limit_key,
            caller=row,
        )
        self._answer(row, "CallInvocationId", command.invocation_id_completion_id, invocation_id)

    def _callee(
        self, command: _core.CallCommand | _core.OneWayCallCommand
    ) -> tuple[HandlerSchema, str | None]:
        target = f"{command.service}/{command.handler}"
        handler = self._schema.handler(command.service, command.handler)
        if handler is None:
            raise CommandRefusedError(
                f"cannot call {target}: no such handler is registered; add its service to awaken.app([...]), or "
                "register its deployment",
                _UNKNOWN_CALLEE,
            )
        try:
            check_key(command.key)
        except InvalidRequestError as error:
            raise CommandRefusedError(f"cannot call {target}: {error}", _NOT_ALLOWED) from error
        if command.key and not handler.is_keyed:
            raise CommandRefusedError(
                f"cannot call {target} with key {command.key!r}: {command.service} is a service and has no keys",
                _NOT_ALLOWED,
            )
        if command.idempotency_key == "":
            raise CommandRefusedError(f"cannot call {target} with an empty idempotency key", _NOT_ALLOWED)
        if command.limit_key is not None and command.scope is None:
            raise CommandRefusedError(f"cannot call {target} with a limit key and no scope", _NOT_ALLOWED)
        return handler, command.key if handler.is_keyed else None

    def _attach(self, row: InvocationRow, command: _core.AttachInvocationCommand) -> None:
        target = self._find(command.target)
        self._append(row, command)
        if target is None:
            self._answer(row, "AttachInvocation", command.completion_id, to_core(NOT_FOUND))
        elif target.status == "completed":
            result = to_core(self._tables.invocations.result(target))
            self._answer(row, "AttachInvocation", command.completion_id, result)
        else:
            self._listen(row, target.seq, command.completion_id, "AttachInvocation")

    def _get_output(self, row: InvocationRow, command: _core.GetInvocationOutputCommand) -> None:
        target = self._find(command.target)
        self._append(row, command)
        result: bytes | _core.Failure | None = None
        if target is None:
            result = to_core(NOT_FOUND)
        elif target.status == "completed":
            result = to_core(self._tables.invocations.result(target))
        self._answer(row, "GetInvocationOutput", command.completion_id, result)

    def _find(
        self, target: _core.InvocationTarget | _core.WorkflowTarget | _core.IdempotentTarget
    ) -> InvocationRow | None:
        match target:
            case _core.InvocationTarget(invocation_id):
                _check_id(invocation_id)
            case _core.WorkflowTarget(workflow, key, scope):
                invocation_id = _core.workflow_invocation_id(workflow, key, scope=scope)
            case _core.IdempotentTarget(service, handler, idempotency_key, key, scope):
                invocation_id = _core.idempotent_invocation_id(
                    service, handler, idempotency_key, key=key, scope=scope
                )
        return self._tables.invocations.find(invocation_id)

    def _listen(self, row: InvocationRow, target: int, completion_id: int, kind: str) -> None:
        self._tables.listeners.add(target, Listener(row.seq, completion_id, kind))

    # Signals.

    def _send_signal(self, row: InvocationRow, command: _core.SendSignalCommand) -> None:
        _check_id(command.invocation_id)
        self._append(row, command)
        outcome = self._signals.send(command.invocation_id, command.signal, command.result)
        if isinstance(command.signal, int) and command.signal >= FIRST_AWAKEABLE:
            is_rejection = isinstance(command.result, _core.Failure)
            self._events.note_completion("handler", completion_name(outcome, is_rejection=is_rejection))

    def _complete_awakeable(self, row: InvocationRow, command: _core.CompleteAwakeableCommand) -> None:
        self._append(row, command)
        outcome = self._signals.complete_awakeable(command.awakeable_id, command.result)
        is_rejection = isinstance(command.result, _core.Failure)
        self._events.note_completion("handler", completion_name(outcome, is_rejection=is_rejection))


def _check_id(invocation_id: str) -> None:
    try:
        _core.parse_invocation_id(invocation_id)
    except InvalidIdError as error:
        raise CommandRefusedError(str(error), _UNDECODABLE) from error


def _key(row: InvocationRow, what: str) -> str:
    if row.key is None:
        raise CommandRefusedError(
            f"{row.service}/{row.handler} cannot {what}, because {row.service} is a service and has no keys",
            _NOT_ALLOWED,
        )
    return row.key


def _writable_key(row: InvocationRow) -> str:
    key = _key(row, "write state")
    if row.kind == "shared":
        raise CommandRefusedError(
            f"{row.service}/{row.handler} cannot write state, because it is a shared handler",
            _NOT_ALLOWED,
        )
    return key
