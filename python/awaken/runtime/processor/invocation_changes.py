"""What operators may do to invocations: the rules of each operation for each status."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Literal

from awaken import _core
from awaken.control.errors import ConflictError, GoneError, NotFoundError, TooEarlyError
from awaken.control.operations import Change, Invocation
from awaken.runtime.tables.invocation_row import completion_of
from awaken.runtime.tables.invocations import NewInvocation

if TYPE_CHECKING:
    from collections.abc import Sequence

    from awaken.runtime.processor.endings import Endings
    from awaken.runtime.processor.lifecycle import Lifecycle
    from awaken.runtime.processor.open_attempts import OpenAttempts
    from awaken.runtime.processor.scheduler import Scheduler
    from awaken.runtime.schema import Schema
    from awaken.runtime.tables.invocation_row import InvocationRow
    from awaken.runtime.tables.tables import Tables

__all__ = ["InvocationChanges"]

Status = Literal["scheduled", "pending", "running", "backing-off", "suspended", "paused", "completed"]


class InvocationChanges:
    """Changes invocations for operators. Each method writes in the current transaction, and does not wait for it."""

    def __init__(
        self,
        schema: Schema,
        tables: Tables,
        scheduler: Scheduler,
        lifecycle: Lifecycle,
        endings: Endings,
        open_attempts: OpenAttempts,
    ) -> None:
        self._schema = schema
        self._tables = tables
        self._scheduler = scheduler
        self._lifecycle = lifecycle
        self._endings = endings
        self._open_attempts = open_attempts

    def find(self, invocation_id: str) -> InvocationRow:
        """Return an invocation. Raises NotFoundError."""
        row = self._tables.invocations.find(invocation_id)
        if row is None:
            raise NotFoundError(f"The requested invocation '{invocation_id}' does not exist")
        return row

    def cancel(self, invocation_id: str) -> Change:
        """Ask the handler of an invocation to stop."""
        row = self.find(invocation_id)
        _refuse_completed(row)
        return Change.REQUESTED if self._endings.cancel(row) else Change.DONE

    def kill(self, invocation_id: str) -> Change:
        """End an invocation and its children at once."""
        row = self.find(invocation_id)
        _refuse_completed(row)
        self._endings.kill(row)
        return Change.DONE

    def pause(self, invocation_id: str) -> Change:
        """Stop running an invocation until it is resumed."""
        row = self.find(invocation_id)
        if row.status not in ("invoked", "suspended", "paused"):
            raise ConflictError(f"The invocation '{invocation_id}' is not running, cannot be paused.")
        if row.status in ("suspended", "paused"):
            return Change.DONE
        # Without an open attempt it pauses at once. The answer is the same, as it is on the server.
        if row.next_retry_at is not None or not self._open_attempts.pause(row.seq):
            self._lifecycle.pause(row)
        return Change.REQUESTED

    def resume(self, invocation_id: str, deployment: str | None) -> Change:
        """Run an invocation again: at once if it is backing off."""
        row = self.find(invocation_id)
        if row.status in ("scheduled", "inboxed"):
            raise TooEarlyError(
                f"The invocation '{invocation_id}' is either inboxed or scheduled, cannot be resumed."
            )
        if row.status == "completed":
            raise ConflictError(f"The invocation '{invocation_id}' is completed, cannot be resumed.")
        if deployment is not None and deployment != "keep":
            self._move(row, deployment)
        if row.status in ("suspended", "paused"):
            self._lifecycle.invoke(row.seq)
        elif row.next_retry_at is not None:
            self._scheduler.remove(row.seq, "retry")
            self._lifecycle.retry_now(row)
        return Change.DONE

    def _move(self, row: InvocationRow, deployment: str) -> None:
        if row.status not in ("suspended", "paused") or row.deployment_id is None:
            raise ConflictError(
                f"The invocation '{row.id}' is still running or the deployment id is not pinned yet, "
                "deployment id cannot be changed."
            )
        if deployment == "latest":
            found = self._schema.latest_deployment(row.service)
        else:
            found = self._schema.deployment(deployment)
        if found is None or row.service not in found.services:
            raise ConflictError(
                f"The deployment '{deployment}' does not exist, or has no service {row.service}"
            )
        version = row.protocol_version or 0
        if not found.min_protocol_version <= version <= found.max_protocol_version:
            raise ConflictError(
                f"The invocation '{row.id}' speaks protocol version {version}, and the deployment "
                f"'{found.deployment_id}' speaks {found.min_protocol_version} to {found.max_protocol_version}"
            )
        self._lifecycle.pin(row.seq, found.deployment_id, version)

    def purge(self, invocation_id: str) -> Change:
        """Delete a completed invocation."""
        row = self.find(invocation_id)
        _require_completed(row)
        self._endings.erase(row)
        return Change.DONE

    def purge_journal(self, invocation_id: str) -> Change:
        """Delete the journal of a completed invocation."""
        row = self.find(invocation_id)
        _require_completed(row)
        self._endings.erase_journal(row.seq)
        return Change.DONE

    def restart_as_new(self, invocation_id: str, keep_entries: int, deployment: str | None) -> str:
        """Start a copy of a completed invocation, and return its id."""
        row = self.find(invocation_id)
        if row.status in ("scheduled", "inboxed"):
            raise TooEarlyError(
                f"The invocation '{invocation_id}' cannot be restarted because it's not running yet."
            )
        if row.status != "completed":
            raise ConflictError(f"The invocation '{invocation_id}' is still running.")
        if row.kind == "workflow":
            raise ConflictError(
                f"Restarting workflows is not supported: '{invocation_id}' is the run of {row.service}"
            )
        entries = self._tables.journal.entries(row.seq)
        if not entries:
            raise GoneError(
                f"The invocation '{invocation_id}' cannot be restarted because the input is not available: "
                "its journal was purged or not kept."
            )
        kept = self._prefix(row, max(keep_entries, 1))
        handler = self._schema.handler(row.service, row.handler)
        if handler is None:
            raise ConflictError(f"The handler {row.service}/{row.handler} is not registered any more")
        target = row.deployment_id if deployment in (None, "keep") else deployment
        if target == "latest":
            latest = self._schema.latest_deployment(row.service)
            target = None if latest is None else latest.deployment_id
        if target is not None and deployment is not None and self._schema.deployment(target) is None:
            raise ConflictError(f"The deployment '{target}' does not exist")
        new_id = _core.random_invocation_id(os.urandom(24), row.service, key=row.key, scope=row.scope)
        seq = self._lifecycle.create(
            NewInvocation(
                invocation_id=new_id,
                handler=handler,
                key=row.key,
                input=entries[0],
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
        if kept and target is not None and row.protocol_version is not None:
            self._lifecycle.pin(seq, target, row.protocol_version)
        return new_id

    def _prefix(self, row: InvocationRow, keep_entries: int) -> list[tuple[int, bytes, int | None]]:
        """Return the entries to keep after the input, which counts towards `keep_entries`.

        Raises ConflictError if there are fewer, or if a command would be kept without its completion.
        """
        rows = self._tables.journal.prefix(row.seq, keep_entries - 1)
        if len(rows) < keep_entries - 1 or not _is_answered(rows):
            raise ConflictError(
                f"The prefix of the journal of '{row.id}' contains some Commands without respective Completions."
            )
        return rows

    def look_at(self, invocation_id: str) -> Invocation:
        """Return an invocation as operators see it."""
        row = self.find(invocation_id)
        completion = completion_of(row) if row.status == "completed" else None
        return Invocation(
            row.id,
            row.target,
            _status(row),
            row.created_at,
            row.modified_at,
            row.retry_count if row.status == "invoked" else None,
            row.last_failure,
            None if completion is None else completion.result,
        )


def _is_answered(entries: Sequence[tuple[int, bytes, int | None]]) -> bool:
    """Whether every completion id of a command is that of a notification, too."""
    asked: set[int] = set()
    answered: set[int] = set()
    for code, payload, _ in entries:
        entry = _core.describe_entry(code, payload)
        ids = answered if entry.name is None else asked  # notifications have no name
        ids.update(entry.completion_ids)
    return asked <= answered


def _status(row: InvocationRow) -> Status:
    match row.status:
        case "inboxed":
            return "pending"
        case "invoked":
            return "running" if row.next_retry_at is None else "backing-off"
        case "scheduled" | "suspended" | "paused" | "completed" as status:
            return status
    raise AssertionError(f"{row.id} has the unknown status {row.status}")


def _refuse_completed(row: InvocationRow) -> None:
    if row.status == "completed":
        raise ConflictError(f"The invocation '{row.id}' was already completed.")


def _require_completed(row: InvocationRow) -> None:
    if row.status != "completed":
        raise ConflictError(f"The invocation '{row.id}' is not yet completed.")
