"""Every public exception, including those the compiled core raises.

There are two families. Exceptions that your code may catch derive from `Exception`. Exceptions that unwind a handler
whose attempt is over (suspension, a lost connection, a protocol error) derive from `BaseException`, so that a plain
`except Exception` cannot swallow them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import timedelta

__all__ = [
    "AttemptClosedError",
    "DeadlineError",
    "DisconnectedException",
    "HttpError",
    "InvalidIdError",
    "InvocationCancelledError",
    "JournalMismatchError",
    "LocalProtocolError",
    "NotReadyError",
    "RemoteProtocolError",
    "RetryableError",
    "SdkInternalBaseException",
    "SdkInternalException",
    "SerdeError",
    "SuspendedException",
    "TerminalError",
    "UnknownAttributeError",
    "UnsupportedFeatureError",
    "UsageError",
    "is_internal_exception",
]


class TerminalError(Exception):
    """Ends the invocation with a failure that its caller sees; it is not retried.

    Args:
        message: what happened, for the caller.
        status_code: HTTP-like code; the status of the ingress's response.
        metadata: extra facts for the caller (protocol version 6 and later).
    """

    def __init__(self, message: str, status_code: int = 500, metadata: dict[str, str] | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.status_code = status_code
        self.metadata = metadata


class InvocationCancelledError(TerminalError):
    """Somebody cancelled the invocation. The await at which the handler hears of it raises this, once.

    Let it propagate, after compensations if there are any. Code that turns errors into values, such as an agent
    framework that reports a failed tool to its model, would hide the cancellation.
    """

    def __init__(self, message: str = "cancelled") -> None:
        super().__init__(message, status_code=409)


class InvalidIdError(TerminalError, ValueError):
    """An invocation or awakeable id is malformed. Retries cannot fix that, so the invocation is not retried."""

    def __init__(self, message: str) -> None:
        super().__init__(message, status_code=400)


class UsageError(TerminalError, TypeError, ValueError):
    """You use this package in a way that fails in every attempt, so the invocation is not retried.

    Examples are a value without a JSON form, an argument of the wrong type, and a durable result that was not awaited.
    """

    def __init__(self, message: str) -> None:
        super().__init__(message)


class UnknownAttributeError(UsageError, AttributeError):
    """A context or a durable result does not have this attribute, in this attempt or any other."""


class DeadlineError(TerminalError, TimeoutError):
    """A durable deadline passed. It has passed in every replay, so the invocation is not retried."""

    def __init__(self, message: str) -> None:
        super().__init__(message, status_code=408)


class SerdeError(ValueError):
    """A value cannot be written as bytes, or bytes cannot be read as the requested type.

    Trying again gives the same result, so raise a terminal error instead for a payload that comes from outside.

    Args:
        action: `read` or `write`.
        type_name: the requested type, or the type of the value.
        reason: what is wrong.
        path: where in the payload, from the root `$`; empty if unknown.
    """

    def __init__(self, action: str, type_name: str, reason: str, path: str = "") -> None:
        where = f" at {path}" if path not in ("", "$") else ""
        super().__init__(f"cannot {action} {type_name}{where}: {reason}")
        self.action = action
        self.type_name = type_name
        self.reason = reason
        self.path = path


class RetryableError(Exception):
    """Fails this attempt and asks for another one.

    Args:
        message: what happened, for operators.
        status_code: HTTP-like code, shown by the admin API.
        retry_after: delay before the next attempt, as a duration or in seconds; None leaves it to the runtime's retry
            policy.
    """

    def __init__(
        self, message: str, status_code: int = 500, retry_after: timedelta | float | None = None
    ) -> None:
        super().__init__(message)
        self.message = message
        self.status_code = status_code
        self.retry_after = retry_after


class HttpError(Exception):
    """A client received an error response.

    Args:
        status_code: status of the HTTP response.
        message: what happened, in the words of the handler or of the server.
        body: the response as text.
        code: code of the failure; it differs from the status if HTTP cannot express it.
        metadata: extra facts of a terminal error.
        source: `invocation` if the handler failed, `ingress` if the request was refused, empty if unknown.
        invocation_id: id of the invocation whose outcome this is.
        stacktrace: stack trace of the last attempt, if retries were exhausted.
    """

    def __init__(
        self,
        status_code: int,
        message: str,
        body: str | None = None,
        *,
        code: int | None = None,
        metadata: dict[str, str] | None = None,
        source: str = "",
        invocation_id: str | None = None,
        stacktrace: str | None = None,
    ) -> None:
        super().__init__(f"HTTP {status_code}: {message}")
        self.status_code = status_code
        self.message = message
        self.body = body
        self.code = status_code if code is None else code
        self.metadata = metadata or {}
        self.source = source
        self.invocation_id = invocation_id
        self.stacktrace = stacktrace


class NotReadyError(HttpError):
    """The invocation exists but has no result yet; ask again later, or attach to wait for it."""


class RemoteProtocolError(Exception):
    """The peer broke the protocol."""


class LocalProtocolError(UsageError):
    """This process broke the protocol: the operation is not possible here, or not with this value."""


class SdkInternalBaseException(BaseException):
    """Base of exceptions that unwind a handler whose attempt is over. Let them propagate; clean up with `finally`."""


class SuspendedException(SdkInternalBaseException):
    """The attempt is suspended; the handler runs again when what it awaits is available."""


class SdkInternalException(SdkInternalBaseException):
    """The attempt ended with an error frame."""


class JournalMismatchError(SdkInternalException):
    """The handler issued another command than its journal holds: recorded and attempted differ."""


class UnsupportedFeatureError(SdkInternalException):
    """The feature needs a newer version of the invocation protocol than the runtime negotiated."""


class AttemptClosedError(SdkInternalException):
    """The attempt was already over when the handler issued another command."""


class DisconnectedException(SdkInternalBaseException):
    """The stream was reset or the connection lost; nothing that this attempt does has an effect any more."""


def is_internal_exception(e: BaseException) -> bool:
    """Return whether this exception, or a cause of it, only unwinds a handler whose attempt is over."""
    seen: set[int] = set()
    current: BaseException | None = e
    while current is not None and id(current) not in seen:
        if isinstance(current, SdkInternalBaseException):
            return True
        seen.add(id(current))
        current = current.__cause__
    return False
