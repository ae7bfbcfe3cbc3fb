"""What the end of an invocation changes in its row, whatever it came to; as parts of SQL statements."""

from __future__ import annotations

from awaken.timing.time_limits import LAST_MS

__all__ = ["completed_columns", "completion_expiry", "journal_expiry"]


def completion_expiry(now: str, retention: str) -> str:
    """Return when a result expires, from expressions of the time and of how long results are kept."""
    return f"min({now} + {retention}, {LAST_MS})"


def journal_expiry(now: str, retention: str, completion_retention: str) -> str:
    """Return when a journal expires; NULL if it is deleted with the result, and so needs no index."""
    return f"iif({retention} < {completion_retention}, min({now} + {retention}, {LAST_MS}), NULL)"


def completed_columns(now: str, deployment_id: str, protocol_version: str) -> str:
    """Return the assignments of an UPDATE, without those of the result.

    Args:
        now: an expression of the time.
        deployment_id: one of where it is pinned to now, NULL if it was before.
        protocol_version: likewise.
    """
    return (
        f"status = 'completed', completed_at = {now}, modified_at = {now}, "
        f"deployment_id = coalesce({deployment_id}, deployment_id), "
        f"protocol_version = coalesce({protocol_version}, protocol_version), "
        f"last_attempt_deployment_id = coalesce({deployment_id}, last_attempt_deployment_id), "
        f"completion_expires_at = {completion_expiry(now, 'completion_retention_ms')}, "
        f"journal_expires_at = {journal_expiry(now, 'journal_retention_ms', 'completion_retention_ms')}, "
        "retry_count = 0, counted_failures = 0, next_retry_at = NULL, last_failure = NULL, last_failure_code = NULL, "
        "last_failure_stacktrace = NULL, future = NULL, future_json = NULL, waiting_completions = NULL, "
        "waiting_signals = NULL, unseen_from = NULL"
    )
