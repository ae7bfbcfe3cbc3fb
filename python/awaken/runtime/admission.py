"""Checks requests before they become invocations, whether they come over HTTP or from this process."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final
from urllib.parse import quote

from awaken.control.errors import InvalidRequestError, NotFoundError, TooLargeError
from awaken.timing.time_limits import LAST_MS

if TYPE_CHECKING:
    from awaken.control.operations import InvocationRequest
    from awaken.runtime.schema import HandlerSchema, Schema, ServiceSchema

__all__ = [
    "MAX_BODY_SIZE",
    "MAX_KEY_SIZE",
    "admit",
    "check_access",
    "check_key",
    "check_size",
    "due_ms",
    "find_handler",
    "find_service",
]

#: Largest body in bytes, as on the server.
MAX_BODY_SIZE: Final = 32 * 1024 * 1024

#: Largest key in bytes, percent-encoded. Attempts send it in a header, and endpoints accept heads of 64 KiB: one with a
#: longer key would be refused with 431 for ever. The server's ingress accepts paths of 64 KiB.
MAX_KEY_SIZE: Final = 64_000

#: Characters of a key that is too long that are shown.
_SHOWN_KEY: Final = 40


def admit(schema: Schema, request: InvocationRequest) -> HandlerSchema:
    """Check a request, and return its handler.

    Raises:
        NotFoundError: there is no such service or handler.
        InvalidRequestError: the handler is not public or does not accept this request, or the key is too long.
        TooLargeError: the body is too large.
    """
    target = request.target
    service = find_service(schema, target.service)
    handler = find_handler(service, target.handler)
    if (target.key is None) is not (service.kind == "service"):
        wrong = "has no keys" if target.key is not None else "needs a key"
        raise InvalidRequestError(f"the {service.kind} '{service.name}' {wrong}")
    check_key(target.key or "")
    check_access(service, handler, request.idempotency_key)
    check_size(request.body)
    content_type = next((value for name, value in request.headers if name == "content-type"), None)
    _check_input(handler, content_type, request.body)
    return handler


def find_service(schema: Schema, name: str) -> ServiceSchema:
    """Return a service. Raises NotFoundError."""
    service = schema.service(name)
    if service is None:
        raise NotFoundError(
            f"service '{name}' not found, make sure to register the service before calling it."
        )
    return service


def find_handler(service: ServiceSchema, name: str) -> HandlerSchema:
    """Return a handler. Raises NotFoundError."""
    handler = service.handlers.get(name)
    if handler is None:
        raise NotFoundError(
            f"the service '{service.name}' exists, but the handler '{name}' was not found, check that the "
            "handler exists in the latest registered service version."
        )
    return handler


def check_access(service: ServiceSchema, handler: HandlerSchema, idempotency_key: str | None) -> None:
    """Check what can be checked before the body is read. Raises InvalidRequestError."""
    if not (service.is_public and handler.is_public):
        raise InvalidRequestError("the invoked service is not public")
    if idempotency_key is not None and handler.is_workflow_run:
        raise InvalidRequestError(
            "cannot use the idempotency key with workflow handlers. The handler invocation will already be "
            "idempotent by the workflow key itself."
        )


def check_key(key: str) -> None:
    """Raise InvalidRequestError for a key above `MAX_KEY_SIZE`."""
    # Characters of a key that is far too long are not worth encoding.
    size = len(key) if len(key) > MAX_KEY_SIZE else len(quote(key, safe="", errors="replace"))
    if size > MAX_KEY_SIZE:
        raise InvalidRequestError(
            f"the key {key[:_SHOWN_KEY]!r}... has {size} bytes or more when it is percent-encoded, and the limit is "
            f"{MAX_KEY_SIZE}; use a hash of it as the key, and pass the rest in the body"
        )


def check_size(body: bytes) -> None:
    """Raise TooLargeError for a body above `MAX_BODY_SIZE`."""
    if len(body) > MAX_BODY_SIZE:
        raise TooLargeError(f"the body of {len(body)} bytes exceeds the limit of {MAX_BODY_SIZE} bytes")


def due_ms(now_ms: int, delay_ms: int | None) -> int | None:
    """Return when a delayed request is due; None if it is not delayed. Raises InvalidRequestError."""
    if delay_ms is None:
        return None
    if delay_ms < 0:
        raise InvalidRequestError(f"the delay of {delay_ms} ms is negative")
    if now_ms + delay_ms > LAST_MS:
        raise InvalidRequestError(
            f"the delay of {delay_ms} ms ends after the year 9999, the last one of dates"
        )
    return now_ms + delay_ms


def _check_input(handler: HandlerSchema, content_type: str | None, body: bytes) -> None:
    """Check a body against the input that a handler declared: its type and presence; it is not parsed."""
    declared = handler.input
    accepted = declared.content_type
    if declared.is_none or accepted is None:
        if body or content_type is not None:
            shown = "None" if content_type is None else f'Some("{content_type}")'
            raise _refused(
                f"Expected body and content-type to be empty, but wasn't with content-type '{shown}'"
            )
        return
    if content_type is None and not body and not declared.is_required:
        return
    if content_type is None:
        raise _refused("Empty content-type")
    # With a schema, an empty body is not a valid document; without one, it may be a value like any other.
    if not body and (declared.is_required or declared.json_schema is not None):
        raise _refused("Empty body not allowed")
    if not _matches(content_type.partition(";")[0].strip(), accepted):
        raise _refused(f"Content-type '{content_type}' does not match '{accepted}'")


def _matches(content_type: str, accepted: str) -> bool:
    if accepted == "*/*":
        return True
    if accepted.endswith("/*"):
        return content_type.startswith(accepted[:-1])
    return content_type == accepted


def _refused(reason: str) -> InvalidRequestError:
    return InvalidRequestError(f"input validation error: {reason}")
