"""The failures of attempts, each with the error code that the server documents."""

from __future__ import annotations

from typing import TYPE_CHECKING

from awaken.runtime.attempt_failure import AttemptFailure

if TYPE_CHECKING:
    from awaken import _core
    from awaken.runtime.errors import CommandRefusedError
    from awaken.runtime.tables.invocation_row import InvocationRow

__all__ = ["broken_stream", "no_deployment", "no_reaction", "refused", "reported", "runtime_error"]


def reported(effect: _core.AttemptFailed) -> AttemptFailure:
    """Return the failure that an endpoint has reported, or a violation of the protocol."""
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


def refused(command: _core.RecordedCommand, refusal: CommandRefusedError) -> AttemptFailure:
    """Return the failure of an attempt whose command is not allowed."""
    return AttemptFailure(
        code=500,
        message=str(refusal),
        reason=refusal.reason,
        command_index=command.index,
        command_name=command.name or None,
        command_type=type(command).__name__.removesuffix("Command"),
    )


def broken_stream(deployment_id: str, why: str) -> AttemptFailure:
    """Return the failure of an attempt whose stream was reset."""
    return AttemptFailure(code=500, message=f"{deployment_id}: {why}", reason="RT0010")


def no_reaction(timeout_ms: int) -> AttemptFailure:
    """Return the failure of an attempt that sent nothing more after it was asked to suspend."""
    message = (
        f"the endpoint sent nothing for {timeout_ms} ms (the abort timeout) after the request had ended, when the "
        "handler was to suspend or end; see whether the endpoint still runs, await durable operations more often, "
        "or raise the handler's abort timeout"
    )
    return AttemptFailure(code=500, message=message, reason="RT0001")


def no_deployment(row: InvocationRow) -> AttemptFailure:
    """Return the failure of an attempt for which no deployment is registered."""
    if row.deployment_id is None:
        why = f"{row.service}/{row.handler} is not registered; register an endpoint that has it"
    else:
        why = (
            f"{row.deployment_id}, which it is pinned to, was removed; move it to a deployment that fits with "
            f"`awaken invocations resume {row.id} --deployment latest`"
        )
    return AttemptFailure(
        code=500,
        message=f"no deployment to run {row.id} on: {why}",
        reason="RT0011",
    )


def runtime_error(error: Exception) -> AttemptFailure:
    """Return the failure of an attempt that ended by an error in the runtime itself."""
    return AttemptFailure(code=500, message=f"the runtime failed: {error!r}", reason="RT0000")
