"""Starting completed invocations anew, with their input and the first entries of their journals."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Final

from awaken import _core
from awaken.control.errors import (
    ConflictError,
    GoneError,
    InvalidRequestError,
    NotSupportedError,
    TooEarlyError,
)
from awaken.control.operations import Success
from awaken.runtime.tables.invocations import NewInvocation

if TYPE_CHECKING:
    from collections.abc import Sequence

    from awaken.runtime.processor.lifecycle import Lifecycle
    from awaken.runtime.schema import Deployment, Schema
    from awaken.runtime.tables.invocation_row import InvocationRow
    from awaken.runtime.tables.tables import Tables

__all__ = ["Restarts", "check_protocol"]

#: The type code of an Output command.
_OUTPUT: Final = 0x0401
#: Code, payload and signal of an entry.
Entry = tuple[int, bytes, int | None]


class Restarts:
    """Starts copies of completed invocations, in the current transaction."""

    def __init__(self, schema: Schema, tables: Tables, lifecycle: Lifecycle) -> None:
        self._schema = schema
        self._tables = tables
        self._lifecycle = lifecycle

    def restart_as_new(self, row: InvocationRow, keep_entries: int, deployment: str | None) -> str:
        """Start a copy of a completed invocation, and return its id.

        Args:
            row: the invocation.
            keep_entries: how many entries to keep, with the input and besides the completions of those that are kept.
            deployment: where it goes on if more than the input is kept: the id of one, `keep` for where it was, None or
                `latest` for the one that serves new invocations.
        """
        if row.status in ("scheduled", "inboxed"):
            raise TooEarlyError(
                f"The invocation '{row.id}' cannot be restarted because it's not running yet."
            )
        if row.status != "completed":
            raise ConflictError(f"The invocation '{row.id}' is still running.")
        code_and_input = self._tables.journal.first(row.seq)
        if code_and_input is None:
            raise GoneError(
                f"The invocation '{row.id}' cannot be restarted because the input is not available. This indicates "
                "that the journal was already purged, or not retained at all."
            )
        if row.kind == "workflow":
            raise NotSupportedError(
                f"Restarting the invocation '{row.id}' is not supported. Restarting workflows is not supported, and "
                "restarting invocations created using the old service protocol."
            )
        kept = self._prefix(row, max(keep_entries, 1))
        handler = self._schema.handler(row.service, row.handler)
        if handler is None:
            raise ConflictError(f"The handler {row.service}/{row.handler} is not registered any more")
        target = self._target(row, deployment)
        version = check_protocol(row, target) if kept else None
        new_id = _core.random_invocation_id(os.urandom(24), row.service, key=row.key, scope=row.scope)
        seq = self._lifecycle.create(
            NewInvocation(
                invocation_id=new_id,
                handler=handler,
                key=row.key,
                input=code_and_input,
                invoked_by="restart_as_new",
                completion_retention_ms=row.completion_retention_ms,
                journal_retention_ms=row.journal_retention_ms,
                restarted_from=row.id,
                scope=row.scope,
                limit_key=row.limit_key,
            )
        )
        for code, payload, signal in kept:
            self._tables.journal.append(seq, code, payload, signal)
            if code == _OUTPUT:
                self._keep_result(row, seq, payload)
        if version is not None:
            self._lifecycle.pin(seq, target.deployment_id, version)
        return new_id

    def _keep_result(self, row: InvocationRow, seq: int, output: bytes) -> None:
        """Store the result with the Output that was appended just now: the attempt replays that, and stores none."""
        result = self._tables.invocations.result(row)
        if isinstance(result, Success) and output.endswith(result.value):
            self._tables.payloads.note_output(seq, len(output), len(output) - len(result.value))
        self._tables.invocations.set_result(seq, result)

    def _target(self, row: InvocationRow, deployment: str | None) -> Deployment:
        if deployment == "keep" and row.deployment_id is not None:
            deployment = row.deployment_id
        if deployment in (None, "latest", "keep"):
            found = self._schema.latest_deployment(row.service)
        else:
            found = self._schema.deployment(deployment)
        if found is None or row.service not in found.services:
            raise InvalidRequestError(
                f"The given deployment was not found when trying to restart as new the invocation '{row.id}'."
            )
        return found

    def _prefix(self, row: InvocationRow, keep_entries: int) -> list[Entry]:
        """Return the entries to keep after the input, which counts towards `keep_entries`.

        The completions of the commands among them are kept, too, wherever they are in the journal.

        Raises:
            InvalidRequestError: there are fewer, or a command has no completion.
        """
        if keep_entries == 1:
            return []
        kept = self._tables.journal.prefix(row.seq, keep_entries - 1)
        open_ids = _unanswered(kept)
        if open_ids:
            for code, payload in self._tables.journal.notifications_from(row.seq, keep_entries):
                answered = open_ids.intersection(_core.describe_entry(code, payload).completion_ids)
                if answered:
                    kept.append((code, payload, None))
                    open_ids -= answered
        if open_ids or len(kept) < keep_entries - 1:
            raise InvalidRequestError(
                f"The prefix of the journal '{row.id}' up to 'from' (included) contains some Commands without "
                "respective Completions."
            )
        return kept


def check_protocol(row: InvocationRow, deployment: Deployment) -> int:
    """Return the protocol version of an invocation. Raises ConflictError if the deployment does not speak it."""
    version = row.protocol_version or 0
    low, high = deployment.min_protocol_version, deployment.max_protocol_version
    if not low <= version <= high:
        raise ConflictError(
            f"The invocation '{row.id}' speaks protocol version {version}, and the deployment "
            f"'{deployment.deployment_id}' speaks {low} to {high}"
        )
    return version


def _unanswered(entries: Sequence[Entry]) -> set[int]:
    """Return the completion ids of commands that are not those of a notification, too."""
    asked: set[int] = set()
    answered: set[int] = set()
    for code, payload, _ in entries:
        entry = _core.describe_entry(code, payload)
        ids = answered if entry.name is None else asked  # notifications have no name
        ids.update(entry.completion_ids)
    return asked - answered
