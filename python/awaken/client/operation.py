"""One request and what its response means, as values; nothing here sends anything.

The asynchronous and the synchronous client share all of this: they turn a `Request` into bytes on a connection and
give the `Reply` back.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from awaken.client.credentials import ADVICE, is_refused
from awaken.errors import HttpError, NotReadyError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

__all__ = ["Operation", "Reply", "Request", "check"]

T = TypeVar("T")

#: The ingress has the invocation, but not its result.
_NOT_READY = 470


@dataclass(frozen=True, slots=True)
class Request:
    """What to send.

    Args:
        method: of HTTP.
        url: absolute, percent-encoded.
        headers: besides those of the client.
        body: raw bytes.
        is_repeatable: whether receiving it twice is the same as receiving it once.
    """

    method: str
    url: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    is_repeatable: bool = False


@dataclass(frozen=True, slots=True)
class Reply:
    """The response; names of headers are in lower case."""

    status_code: int
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Operation(Generic[T]):
    """A request, and how its successful response is read.

    Args:
        request: what to send.
        read: turns the response into the result.
        is_value: whether the response's body is a value that a codec has to decode first.
    """

    request: Request
    read: Callable[[Reply], T]
    is_value: bool = False

    def finish(self, reply: Reply, decoded: bytes | None = None) -> T:
        """Return the result of a reply that `check` let pass; `decoded` replaces its body."""
        return self.read(reply if decoded is None else replace(reply, body=decoded))


def check(reply: Reply) -> None:
    """Raise if the response is an error.

    Raises:
        NotReadyError: the invocation has not ended yet.
        HttpError: any other error. A handler may fail with any code, even 200; then the header says so.
    """
    if 200 <= reply.status_code < 300 and "x-restate-error-source" not in reply.headers:
        return
    text = reply.body.decode(errors="replace")
    facts = _facts(text)
    message = str(facts.get("message") or text or "the answer gives no reason")
    if is_refused(reply.status_code, reply.headers):
        message = f"{message}; give the client a token, or {ADVICE}"
    kind = NotReadyError if reply.status_code == _NOT_READY else HttpError
    raise kind(
        reply.status_code,
        message,
        text,
        code=_code(facts, reply.status_code),
        metadata=_metadata(facts),
        source=str(facts.get("source") or reply.headers.get("x-restate-error-source") or ""),
        invocation_id=reply.headers.get("x-restate-id"),
        stacktrace=facts.get("stacktrace"),
    )


def _facts(text: str) -> dict[str, Any]:
    try:
        facts: Any = json.loads(text)
    except ValueError:
        return {}
    return facts if isinstance(facts, dict) else {}


def _code(facts: dict[str, Any], status_code: int) -> int:
    code = facts.get("code")
    return code if isinstance(code, int) else status_code


def _metadata(facts: dict[str, Any]) -> dict[str, str]:
    metadata = facts.get("metadata")
    return metadata if isinstance(metadata, dict) else {}
