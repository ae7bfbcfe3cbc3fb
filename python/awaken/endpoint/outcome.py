"""Reports to the machine how a handler or a run failed. Nothing that user code raises escapes from here."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from awaken._core import Failure
from awaken.context import probe
from awaken.diagnostics import tracebacks
from awaken.endpoint import code_location, misuse
from awaken.errors import (
    RetryableError,
    SdkInternalBaseException,
    SdkInternalException,
    TerminalError,
    UsageError,
)
from awaken.timing import time_limits

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Iterable, Iterator

    from awaken._core import EndpointMachine
    from awaken.context.runs import RunFuture
    from awaken.endpoint.code_location import CodeLocation

log = logging.getLogger("awaken")

#: Longest message and stack trace in an Error frame, in characters. People read them.
MAX_MESSAGE = 8 * 1024
MAX_STACKTRACE = 32 * 1024

#: The largest code that the wire and HTTP have room for; anything else becomes 500.
LARGEST_CODE = 0xFFFF

#: Older versions of the protocol carry code and message of a failure only.
FIRST_VERSION_WITH_METADATA = 6


def fail_attempt(machine: EndpointMachine, error: BaseException, target: str, version: int) -> None:
    """Report that the handler failed: with a terminal failure, or to be retried.

    Args:
        machine: of the attempt; nothing happens when it is closed already.
        error: what the handler raised.
        target: the handler, for the log.
        version: of the invocation protocol.
    """
    try:
        report(machine, error, target, version)
    except BaseException as broken:  # the code of an error is user code too
        _report_broken(machine, error, broken)


def report(machine: EndpointMachine, error: BaseException, target: str, version: int) -> None:
    """Do what `fail_attempt` does, for an error that can be described."""
    if machine.is_closed():
        return
    culprit = _culprit(error)
    if isinstance(culprit, UsageError):
        location = code_location.raised(error)
        culprit = UsageError(f"{target} at {location}: {culprit.message}" if location else culprit.message)
        tracebacks.log_warning(
            log,
            "%s (%s): ended, because it would fail again: %s",
            target,
            machine.invocation_id,
            culprit.message,
            error=error,
        )
    if isinstance(culprit, TerminalError):
        if probe.watchers and isinstance(culprit, UsageError):
            _tell_watchers(probe.AttemptFailed(machine.invocation_id, error, None, is_final=True))
        try:
            machine.fail(failure(culprit, version))
        except SdkInternalException:  # the journal continues where the handler ended
            ending = f"the handler failed with {describe(culprit)}, and the journal continues: "
            explain(machine, target, code_location.raised(error), error, ending=ending)
        return
    tracebacks.log_warning(
        log, "%s (%s): attempt failed, to be retried", target, machine.invocation_id, error=error
    )
    if probe.watchers:
        is_asked_for = isinstance(culprit, RetryableError)
        _tell_watchers(probe.AttemptFailed(machine.invocation_id, error, None, is_asked_for))
    machine.retry(
        _code(culprit), describe(culprit), stacktrace(error), next_retry_delay_ms=_retry_delay_ms(culprit)
    )


def explain(
    machine: EndpointMachine,
    target: str,
    location: CodeLocation | None,
    error: BaseException | None = None,
    *,
    ending: str = "",
) -> None:
    """Say where in the handler the machine found an error, in its Error frame and in the log.

    Args:
        machine: of the attempt; nothing happens unless it closed with an error that has not left.
        target: the handler.
        location: the line of the handler.
        error: what was raised there.
        ending: goes before the machine's error.
    """
    if machine.error is None:
        return  # suspended, as most are; a traceback costs ten times what that does
    where = target if location is None else f"{target} at {location}"
    if not machine.explain(f"{where}: {ending}", "" if error is None else stacktrace(error)):
        return
    code, message = machine.error or (0, "")
    log.warning(
        "%s (%s): attempt failed [%d], to be retried: %s", target, machine.invocation_id, code, message
    )


def explain_tasks(machine: EndpointMachine, target: str, tasks: Iterable[asyncio.Task[Any]]) -> None:
    """Say which task of the handler issued what the machine refused, in its Error frame and in the log."""
    for task in tasks:
        error = task.exception() if task.done() and not task.cancelled() else None
        if isinstance(error, SdkInternalException):
            explain(machine, target, code_location.raised(error), error)


def fail_run(
    machine: EndpointMachine, run: RunFuture[Any], error: BaseException, elapsed_ms: int, version: int
) -> None:
    """Report that the closure of a run failed.

    Args:
        machine: of the attempt.
        run: the run.
        error: what the closure raised.
        elapsed_ms: how long this execution took, in milliseconds.
        version: of the invocation protocol.
    """
    try:
        report_run(machine, run, error, elapsed_ms, version)
    except BaseException as broken:  # the code of an error is user code too
        _report_broken(machine, error, broken)


def report_run(
    machine: EndpointMachine, run: RunFuture[Any], error: BaseException, elapsed_ms: int, version: int
) -> None:
    """Do what `fail_run` does, for an error that can be described."""
    culprit = _culprit(error)
    if run.is_called_wrongly(culprit):
        culprit = UsageError(
            f'run "{run.name}" cannot be executed: {culprit}; its arguments follow the options, as in '
            f'ctx.run_typed("{run.name}", function, RunOptions(), argument)'
        )
    if isinstance(culprit, UsageError):
        culprit = UsageError(f"{culprit.message} (asked for at {run.place})")
        tracebacks.log_warning(
            log,
            "%s: failed, because it would fail again: %s",
            machine.invocation_id,
            culprit.message,
            error=error,
        )
    if isinstance(culprit, TerminalError):
        if probe.watchers and isinstance(culprit, UsageError):
            _tell_watchers(probe.AttemptFailed(machine.invocation_id, error, run.name, is_final=True))
        machine.propose_run_failure(run.handle, failure(culprit, version))
        return
    gave_up = machine.retry_run(
        run.handle,
        _code(culprit),
        describe(culprit),
        stacktrace(error),
        attempt_duration_ms=elapsed_ms,
        policy=run.policy,
        next_retry_delay_ms=_retry_delay_ms(culprit),
    )
    if probe.watchers and not gave_up:
        is_asked_for = isinstance(culprit, RetryableError) or run.policy is not None
        _tell_watchers(probe.AttemptFailed(machine.invocation_id, error, run.name, is_asked_for))
    tracebacks.log_warning(
        log,
        'run "%s" (%s) failed, %s',
        run.name,
        machine.invocation_id,
        "its retries are used up" if gave_up else "to be retried",
        error=error,
    )


def _report_broken(machine: EndpointMachine, error: BaseException, broken: BaseException) -> None:
    """Report that something was raised that cannot be described.

    Args:
        machine: of the attempt; nothing happens when it is closed already.
        error: what the handler or the run raised.
        broken: what was raised while it was described.
    """
    if not machine.is_closed():
        text = f"{type(error).__name__}, which cannot be described: that raised {type(broken).__name__}"
        log.warning("%s: attempt failed, to be retried: %s", machine.invocation_id, text)
        machine.retry(500, text, "")


def _tell_watchers(failed: probe.AttemptFailed) -> None:
    for watcher in list(probe.watchers):
        watcher.note_failure(failed)


def failure(error: TerminalError, version: int) -> Failure:
    """Return the wire form of a terminal error, whatever its fields contain."""
    is_carried = isinstance(error.metadata, Mapping) and version >= FIRST_VERSION_WITH_METADATA
    metadata = error.metadata if is_carried and error.metadata is not None else {}
    return Failure(
        _code(error),
        printable(error.message, MAX_STACKTRACE),
        [(printable(key, MAX_MESSAGE), printable(value, MAX_MESSAGE)) for key, value in metadata.items()],
    )


def describe(error: BaseException) -> str:
    """Return the message of an error frame: the text of our own errors, the repr of others."""
    if isinstance(error, RetryableError):
        return printable(error.message, MAX_MESSAGE)
    try:
        text = repr(error)
    except BaseException as broken:  # a broken repr is user code too
        text = f"{type(error).__name__} (its repr raised {type(broken).__name__})"
    return printable(text, MAX_MESSAGE)


def stacktrace(error: BaseException) -> str:
    """Return the formatted traceback, its end when it is long."""
    return printable(tracebacks.format_error(error)[-MAX_STACKTRACE:], MAX_STACKTRACE)


def printable(value: object, limit: int) -> str:
    """Return text that UTF-8 can carry, cut to `limit` characters."""
    try:
        text = value if type(value) is str else str(value)
    except BaseException as broken:  # a broken str is user code too
        text = f"{type(value).__name__} (its str raised {type(broken).__name__})"
    return text[:limit].encode("utf-8", "backslashreplace").decode("utf-8")


def _culprit(error: BaseException) -> BaseException:
    """Return the error that decides how an attempt ends.

    A terminal, retryable or internal error decides for the errors that it caused. A group is terminal if all its
    members are; then its first error counts. One member that may succeed next time has the whole group retried, and one
    that only unwinds an attempt shows that the handler had not finished.
    """
    parts = list(_parts(error))
    for kind in (SdkInternalBaseException, RetryableError):
        for part in parts:
            if isinstance(part, kind):
                return _refused_delay(part) or part
    is_terminal = bool(parts) and all(isinstance(part, TerminalError) for part in parts)
    return parts[0] if is_terminal else error


def _parts(error: BaseException) -> Iterator[BaseException]:
    """Yield what decides in each member of nested groups, else the member: both causes and groups may be cyclic."""
    pending = [(error, error)]
    seen: set[int] = set()
    while pending and len(seen) < 1000:
        member, current = pending.pop(0)
        if id(current) in seen:
            yield member
            continue
        seen.add(id(current))
        if isinstance(current, (TerminalError, RetryableError, SdkInternalBaseException)):
            yield current
        elif isinstance(current, BaseExceptionGroup):
            pending[:0] = [(inner, inner) for inner in current.exceptions]
        elif current.__cause__ is not None:
            pending.insert(0, (member, current.__cause__))
        else:
            yield misuse.misuse_in(current) or member


def _code(error: BaseException) -> int:
    code = getattr(error, "status_code", 500) if isinstance(error, (TerminalError, RetryableError)) else 500
    if isinstance(code, int) and 0 <= code <= LARGEST_CODE:
        return int(code)
    log.warning("status code %s is not one of 0 to %d; 500 is sent", printable(code, 100), LARGEST_CODE)
    return 500


def _retry_delay_ms(error: BaseException) -> int | None:
    delay = error.retry_after if isinstance(error, RetryableError) else None
    return None if delay is None else time_limits.retry_delay(delay, "retry_after of RetryableError")


def _refused_delay(error: BaseException) -> UsageError | None:
    """Return what is wrong with the delay that an error asks for."""
    try:
        _retry_delay_ms(error)
    except UsageError as refusal:
        return refusal
    return None
