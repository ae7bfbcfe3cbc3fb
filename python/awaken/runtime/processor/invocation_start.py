"""How invocations start: by requests of callers, and by calls and sends of handlers."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from awaken import _core
from awaken.runtime.tables.invocations import NewInvocation

if TYPE_CHECKING:
    from collections.abc import Sequence

    from awaken.runtime.processor.lifecycle import Lifecycle
    from awaken.runtime.schema import HandlerSchema
    from awaken.runtime.tables.invocation_row import InvocationRow
    from awaken.runtime.tables.tables import Tables

__all__ = ["InvocationStart"]


class InvocationStart:
    """Starts invocations, or finds the one that an earlier request with the same key started."""

    def __init__(self, tables: Tables, lifecycle: Lifecycle) -> None:
        self._tables = tables
        self._lifecycle = lifecycle

    def start(
        self,
        handler: HandlerSchema,
        key: str | None,
        body: bytes,
        headers: Sequence[tuple[str, str]],
        *,
        idempotency_key: str | None = None,
        execution_time_ms: int | None = None,
        scope: str | None = None,
        limit_key: str | None = None,
        caller: InvocationRow | None = None,
    ) -> tuple[str, int, InvocationRow | None]:
        """Start an invocation.

        Returns:
            Its id, the number of its row, and the row itself if the invocation existed already.
        """
        invocation_id = self._id(handler, key, idempotency_key, scope)
        if handler.is_workflow_run or idempotency_key is not None:
            existing = self._tables.invocations.find(invocation_id)
            if existing is not None:
                return invocation_id, existing.seq, existing
        completion_ms, journal_ms = _retention(handler, idempotency_key, is_ingress=caller is None)
        new = NewInvocation(
            invocation_id=invocation_id,
            handler=handler,
            key=key,
            input=_core.encode_input(headers, body),
            body=body,
            invoked_by="ingress" if caller is None else "service",
            completion_retention_ms=completion_ms,
            journal_retention_ms=journal_ms,
            execution_time_ms=execution_time_ms,
            idempotency_key=idempotency_key,
            scope=scope,
            limit_key=limit_key,
            invoked_by_id=None if caller is None else caller.id,
            invoked_by_target=None if caller is None else str(caller.target),
        )
        return invocation_id, self._lifecycle.create(new), None

    @staticmethod
    def _id(handler: HandlerSchema, key: str | None, idempotency_key: str | None, scope: str | None) -> str:
        if handler.is_workflow_run:
            return _core.workflow_invocation_id(handler.service, key or "", scope=scope)
        if idempotency_key is not None:
            return _core.idempotent_invocation_id(
                handler.service, handler.name, idempotency_key, key=key, scope=scope
            )
        return _core.random_invocation_id(os.urandom(24), handler.service, key=key, scope=scope)


def _retention(handler: HandlerSchema, idempotency_key: str | None, *, is_ingress: bool) -> tuple[int, int]:
    """Return for how many milliseconds result and journal are kept."""
    if handler.is_workflow_run:
        completion = handler.workflow_retention_ms
    elif is_ingress or idempotency_key is not None:
        completion = handler.idempotency_retention_ms
    else:
        completion = handler.journal_retention_ms
    return completion, min(handler.journal_retention_ms, completion)
