"""What a handler can learn about its own invocation."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Request"]


@dataclass(frozen=True, slots=True)
class Request:
    """The request that started this invocation."""

    #: Textual invocation id.
    id: str
    #: Headers of the caller, in order; of a repeated header the last value.
    headers: dict[str, str]
    #: Headers of this attempt's HTTP request.
    attempt_headers: dict[str, str]
    #: Raw input.
    body: bytes
    scope: str | None = None
    limit_key: str | None = None
    idempotency_key: str | None = None
