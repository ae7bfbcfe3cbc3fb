"""Results of invocations and promises: as values, as columns, and as on the wire."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

from awaken import _core
from awaken.control.operations import Failure, Success

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = [
    "CANCELED",
    "KILLED",
    "NOT_FOUND",
    "PROMISE_TAKEN",
    "WORKFLOW_TAKEN",
    "from_columns",
    "from_core",
    "to_columns",
    "to_core",
]

#: When the runtime cancels before the handler has started. The handler's own message has two l.
CANCELED: Final = Failure(409, "canceled")
KILLED: Final = Failure(409, "killed")
NOT_FOUND: Final = Failure(404, "not found")
PROMISE_TAKEN: Final = Failure(409, "promise was already completed")
WORKFLOW_TAKEN: Final = Failure(409, "the workflow method was already invoked")


def to_core(result: Success | Failure) -> bytes | _core.Failure:
    """Return a result as the encoders of notifications take it."""
    if isinstance(result, Success):
        return result.value
    return _core.Failure(result.code, result.message, list(result.metadata.items()))


def from_core(result: bytes | _core.Failure | None) -> Success | Failure:
    """Return the result that a command carries; void is empty."""
    if isinstance(result, _core.Failure):
        return Failure(result.code, result.message, dict(result.metadata))
    return Success(b"" if result is None else result)


def from_columns(
    value: bytes | None,
    code: int | None,
    message: str | None,
    metadata: str | None,
    stacktrace: str | None = None,
) -> Success | Failure:
    """Return the result that a row holds."""
    if code is None:
        return Success(b"" if value is None else value)
    return Failure(code, message or "", _metadata(metadata), stacktrace)


def to_columns(result: Success | Failure) -> tuple[bytes | None, int | None, str | None, str | None]:
    """Return value, code, message and metadata, as a row holds them."""
    if isinstance(result, Success):
        return result.value, None, None, None
    return None, result.code, result.message, json.dumps(dict(result.metadata)) if result.metadata else None


def _metadata(text: str | None) -> Mapping[str, str]:
    return json.loads(text) if text else {}
