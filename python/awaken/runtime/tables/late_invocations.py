"""How rows of invocations are written late: one that begins and succeeds within a transaction is written once.

Only what most invocations are is written like this: calls and sends of callers, of handlers without a key, with small
results. Their rows have so many columns without a value that it pays not to pass these.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from awaken.runtime.tables.completed_columns import completed_columns, completion_expiry, journal_expiry

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

__all__ = ["LATE_SIZE", "Begun", "LateInvocations", "Succeeded"]

#: Bytes of the largest value that is kept until it is written with others.
LATE_SIZE: Final = 16 * 1024


class Begun(NamedTuple):
    """A new invocation that a caller has started and that runs at once."""

    seq: int
    id: str
    service: str
    handler: str
    now_ms: int
    completion_retention_ms: int
    journal_retention_ms: int


class Succeeded(NamedTuple):
    """The end of an invocation."""

    seq: int
    now_ms: int
    value: bytes
    #: Where it is pinned to now, None if it was before.
    deployment_id: str | None
    protocol_version: int | None


_BEGIN: Final = (
    "INSERT INTO invocation (seq, id, status, service, handler, invoked_by, created_at, modified_at, running_at, "
    "last_start_at, retry_count, completion_retention_ms, journal_retention_ms) "
    "VALUES (?1, ?2, 'invoked', ?3, ?4, 'ingress', ?5, ?5, ?5, ?5, 1, ?6, ?7)"
)
_BEGIN_AND_SUCCEED: Final = (
    "INSERT INTO invocation (seq, id, status, service, handler, invoked_by, created_at, "  # noqa: S608 - of this package
    "modified_at, running_at, last_start_at, completed_at, retry_count, completion_retention_ms, "
    "journal_retention_ms, completion_expires_at, journal_expires_at, deployment_id, "
    "last_attempt_deployment_id, protocol_version, result_value) "
    "VALUES (?1, ?2, 'completed', ?3, ?4, 'ingress', ?5, ?9, ?5, ?5, ?9, 0, ?6, ?7, "
    f"{completion_expiry('?9', '?6')}, {journal_expiry('?9', '?7', '?6')}, ?11, ?11, ?12, ?10)"
)
_SUCCEED: Final = (
    f"UPDATE invocation SET {completed_columns('?2', '?4', '?5')}, "  # noqa: S608 - likewise
    "result_value = ?3, result_payload_id = NULL, result_offset = NULL, failure_code = NULL, failure_message = NULL, "
    "failure_metadata = NULL, failure_stacktrace = NULL WHERE seq = ?1"
)


class LateInvocations:
    """A `awaken.runtime.store.late_rows.LateTable` of what has begun and of what has succeeded."""

    def statements(
        self, rows: Sequence[Begun | Succeeded]
    ) -> Iterator[tuple[str, Sequence[tuple[int | str | bytes | None, ...]]]]:
        """Yield what writes each row once."""
        begun: dict[int, Begun] = {}
        whole: list[tuple[int | str | bytes | None, ...]] = []
        succeeded: list[Succeeded] = []
        for row in rows:
            if isinstance(row, Begun):
                begun[row.seq] = row
            elif (start := begun.pop(row.seq, None)) is not None:
                whole.append(start + row)
            else:
                succeeded.append(row)
        if begun:
            yield _BEGIN, list(begun.values())
        if whole:
            yield _BEGIN_AND_SUCCEED, whole
        if succeeded:
            yield _SUCCEED, succeeded
