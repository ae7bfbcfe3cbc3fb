"""What operators may do to invocations: the rules of each operation for each status."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from awaken.control.errors import (
    ConflictError,
    InvalidRequestError,
    NotFoundError,
    TooEarlyError,
)
from awaken.control.operations import Change, Invocation
from awaken.runtime.processor.restarts import check_protocol

if TYPE_CHECKING:
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
        is_pinned = row.deployment_id is not None
        if row.status in ("suspended", "paused") and not is_pinned and deployment == "latest":
            return  # which is where it runs anyway
        if row.status not in ("suspended", "paused") or not is_pinned:
            raise ConflictError(
                f"The invocation '{row.id}' is still running or the deployment id is not pinned yet, "
                "deployment id cannot be changed."
            )
        if deployment == "latest":
            found = self._schema.latest_deployment(row.service)
        else:
            found = self._schema.deployment(deployment)
        if found is None:
            raise InvalidRequestError(
                f"The given deployment was not found when trying to resume the invocation '{row.id}'."
            )
        if row.service not in found.services:
            raise ConflictError(f"The deployment '{deployment}' has no service {row.service}")
        self._lifecycle.pin(row.seq, found.deployment_id, check_protocol(row, found))

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

    def look_at(self, invocation_id: str) -> Invocation:
        """Return an invocation as operators see it."""
        row = self.find(invocation_id)
        completion = self._tables.invocations.completion(row) if row.status == "completed" else None
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
