"""Reports to the machine how a handler or a run failed. Nothing that user code raises escapes from here.

A terminal failure reaches callers. Files and lines of this machine are none of their business: the log has them, and
only in development mode does the failure.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from awaken.context import probe
from awaken.diagnostics import development, tracebacks
from awaken.endpoint import code_location, error_fields
from awaken.endpoint.culprit import culprit_of
from awaken.errors import (
    RetryableError,
    SdkInternalException,
    TerminalError,
    UsageError,
)

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Iterable

    from awaken._core import EndpointMachine
    from awaken.context.run_action import Run
    from awaken.endpoint.code_location import CodeLocation

log = logging.getLogger("awaken")


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
    culprit = culprit_of(error)
    if isinstance(culprit, UsageError):
        location = code_location.raised(error)
        located = f"{target} at {location}: {culprit.message}" if location else culprit.message
        tracebacks.log_warning(
            log,
            "%s (%s): ended, because it would fail again: %s",
            target,
            machine.invocation_id,
            located,
            error=error,
        )
        culprit = UsageError(located if development.is_enabled() else f"{target}: {culprit.message}")
    if isinstance(culprit, TerminalError):
        if probe.watchers and isinstance(culprit, UsageError):
            _tell_watchers(probe.AttemptFailed(machine.invocation_id, error, None, is_final=True))
        try:
            machine.fail(error_fields.failure(culprit, version))
        except SdkInternalException:  # the journal continues where the handler ended
            ending = f"the handler failed with {error_fields.describe(culprit)}, and the journal continues: "
            explain(machine, target, code_location.raised(error), error, ending=ending)
        return
    tracebacks.log_warning(
        log, "%s (%s): attempt failed, to be retried", target, machine.invocation_id, error=error
    )
    if probe.watchers:
        is_asked_for = isinstance(culprit, RetryableError)
        _tell_watchers(probe.AttemptFailed(machine.invocation_id, error, None, is_asked_for))
    machine.retry(
        error_fields.code(culprit),
        error_fields.describe(culprit),
        error_fields.stacktrace(error),
        next_retry_delay_ms=error_fields.retry_delay_ms(culprit),
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
    if not machine.explain(f"{where}: {ending}", "" if error is None else error_fields.stacktrace(error)):
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


def fail_run(machine: EndpointMachine, run: Run, error: BaseException, elapsed_ms: int, version: int) -> bool:
    """Report that the closure of a run failed, and return whether it is retried.

    Args:
        machine: of the attempt.
        run: the run.
        error: what the closure raised.
        elapsed_ms: how long this execution took, in milliseconds.
        version: of the invocation protocol.
    """
    try:
        return report_run(machine, run, error, elapsed_ms, version)
    except BaseException as broken:  # the code of an error is user code too
        _report_broken(machine, error, broken)
        return True


def report_run(
    machine: EndpointMachine, run: Run, error: BaseException, elapsed_ms: int, version: int
) -> bool:
    """Do what `fail_run` does, for an error that can be described."""
    culprit = culprit_of(error)
    if run.is_called_wrongly(culprit):
        culprit = UsageError(
            f'run "{run.name}" cannot be executed: {culprit}; its arguments follow the options, as in '
            f'ctx.run_typed("{run.name}", function, RunOptions(), argument)'
        )
    if isinstance(culprit, UsageError):
        located = f"{culprit.message} (asked for at {run.place})"
        tracebacks.log_warning(
            log,
            "%s: failed, because it would fail again: %s",
            machine.invocation_id,
            located,
            error=error,
        )
        culprit = UsageError(located if development.is_enabled() else culprit.message)
    if isinstance(culprit, TerminalError):
        if probe.watchers and isinstance(culprit, UsageError):
            _tell_watchers(probe.AttemptFailed(machine.invocation_id, error, run.name, is_final=True))
        machine.propose_run_failure(run.handle, error_fields.failure(culprit, version))
        return False
    gave_up = machine.retry_run(
        run.handle,
        error_fields.code(culprit),
        error_fields.describe(culprit),
        error_fields.stacktrace(error),
        attempt_duration_ms=elapsed_ms,
        policy=run.policy,
        next_retry_delay_ms=error_fields.retry_delay_ms(culprit),
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
    return not gave_up


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
