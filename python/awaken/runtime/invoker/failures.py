"""The failures of attempts, each with the error code that the server documents."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from awaken.runtime.attempt_failure import AttemptFailure

if TYPE_CHECKING:
    from collections.abc import Sequence

    from awaken import _core
    from awaken.runtime.errors import CommandRefusedError
    from awaken.runtime.schema import Schema
    from awaken.runtime.tables.invocation_row import InvocationRow

__all__ = ["broken_stream", "no_deployment", "no_reaction", "refused", "reported", "runtime_error"]

#: Handlers or services that a message names.
_MOST_NAMED: Final = 10


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


def no_deployment(row: InvocationRow, schema: Schema) -> AttemptFailure:
    """Return the failure of an attempt for which no deployment, or no handler, is registered.

    Args:
        row: of the invocation.
        schema: what is registered.
    """
    if row.deployment_id is not None and schema.deployment(row.deployment_id) is None:
        message = (
            f"no deployment to run {row.id} on: {row.deployment_id}, which it is pinned to, was removed; move it to a "
            f"deployment that fits with `awaken invocations resume {row.id} --deployment latest`"
        )
    else:
        message = f"{_missing(row, schema)}; {_bring_back(schema)}"
    return AttemptFailure(code=500, message=message, reason="RT0011")


def _missing(row: InvocationRow, schema: Schema) -> str:
    """Say which handler is not registered, and what is."""
    service = schema.service(row.service)
    if service is not None:
        handlers = _list(sorted(service.handlers)) or "no handlers"
        return f"{row.service} has no handler {row.handler!r}, it has {handlers}"
    services = _list(sorted(each.name for each in schema.services())) or "nothing"
    return f"{row.service}/{row.handler} is not registered, registered is {services}"


def _bring_back(schema: Schema) -> str:
    """Say what to do; nobody registers the application that runs in the process of the runtime."""
    if all(deployment.uri.startswith("memory:") for deployment in schema.deployments()):
        return "bring it back into the application, or kill the invocation"
    return "register a deployment that has it, or kill the invocation"


def _list(names: Sequence[str]) -> str:
    more = len(names) - _MOST_NAMED
    return ", ".join(names[:_MOST_NAMED]) + (f" and {more} more" if more > 0 else "")


def runtime_error(error: Exception) -> AttemptFailure:
    """Return the failure of an attempt that ended by an error in the runtime itself."""
    return AttemptFailure(code=500, message=f"the runtime failed: {error!r}", reason="RT0000")
