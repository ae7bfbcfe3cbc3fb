"""Every public exception, including those the compiled core raises.

Two families, kept apart on purpose. What user code may catch derives from `Exception`. What unwinds a handler
whose attempt is over (suspension, a lost connection, a protocol error) derives from `BaseException`, so that a
plain `except Exception` cannot swallow it.
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
    """End the invocation with a failure that its caller sees; it is not retried.

    Args:
        message: what happened, for the caller.
        status_code: HTTP-like code; the status of the ingress answer.
        metadata: extra facts for the caller (protocol version 6 and later).
    """

    def __init__(self, message: str, status_code: int = 500, metadata: dict[str, str] | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.status_code = status_code
        self.metadata = metadata


class InvalidIdError(TerminalError, ValueError):
    """An invocation or awakeable id does not parse. It never will, so the invocation is not retried."""

    def __init__(self, message: str) -> None:
        super().__init__(message, status_code=400)


class UsageError(TerminalError, TypeError, ValueError):
    """This package is used in a way that fails in every attempt, so the invocation is not retried.

    For example a value that has no JSON form, an argument of the wrong type, or a durable result that was not awaited.
    """

    def __init__(self, message: str) -> None:
        super().__init__(message)


class UnknownAttributeError(UsageError, AttributeError):
    """A context or a durable result has no such attribute, in this attempt and in every other."""


class DeadlineError(TerminalError, TimeoutError):
    """A durable deadline passed. It has passed in every replay, so the invocation is not retried."""

    def __init__(self, message: str) -> None:
        super().__init__(message, status_code=408)


class SerdeError(ValueError):
    """A value cannot be written as bytes, or bytes cannot be read as the type that was asked for.

    Trying again gives the same result, so a payload that came from outside has to become a terminal error.

    Args:
        action: `read` or `write`.
        type_name: the type asked for, or the type of the value.
        reason: what does not fit.
        path: where in the payload, from the root `$`; empty when the place is not known.
    """

    def __init__(self, action: str, type_name: str, reason: str, path: str = "") -> None:
        where = f" at {path}" if path not in ("", "$") else ""
        super().__init__(f"cannot {action} {type_name}{where}: {reason}")
        self.action = action
        self.type_name = type_name
        self.reason = reason
        self.path = path


class RetryableError(Exception):
    """Fail this attempt and ask for another one.

    Args:
        message: what happened, for operators.
        status_code: HTTP-like code, shown by the admin API.
        retry_after: delay before the next attempt, as a duration or in seconds; the runtime's retry policy decides
            when it is None.
    """

    def __init__(
        self, message: str, status_code: int = 500, retry_after: timedelta | float | None = None
    ) -> None:
        super().__init__(message)
        self.message = message
        self.status_code = status_code
        self.retry_after = retry_after


class HttpError(Exception):
    """A client got an answer that says no.

    Args:
        status_code: of the HTTP answer.
        message: what happened, in the words of the handler or of the server.
        body: the answer as text.
        code: of the failure; it differs from the status where HTTP cannot express it.
        metadata: extra facts of a terminal error.
        source: `invocation` when the handler failed, `ingress` when the request was refused, empty when unknown.
        invocation_id: of the invocation whose outcome this is.
        stacktrace: of the last attempt, when retries were exhausted.
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
    """The invocation is there and has no result yet; ask again, or attach to wait for it."""


class RemoteProtocolError(Exception):
    """The peer broke the protocol."""


class LocalProtocolError(UsageError):
    """This process broke the protocol: an operation that is not possible here, or with this value."""


class SdkInternalBaseException(BaseException):
    """Base of what unwinds a handler whose attempt is over. Let it pass; clean up with `finally`."""


class SuspendedException(SdkInternalBaseException):
    """The attempt is suspended; the handler runs again when what it awaits is there."""


class SdkInternalException(SdkInternalBaseException):
    """The attempt ended with an error frame."""


class JournalMismatchError(SdkInternalException):
    """The handler asked for something else than its journal has: recorded and attempted differ."""


class UnsupportedFeatureError(SdkInternalException):
    """The feature needs a newer version of the invocation protocol than the runtime negotiated."""


class AttemptClosedError(SdkInternalException):
    """The attempt was already over when the handler asked for more."""


class DisconnectedException(SdkInternalBaseException):
    """The stream was reset or the connection was lost; nothing this attempt does counts any more."""


def is_internal_exception(e: BaseException) -> bool:
    """Tell whether this exception, or a cause of it, only unwinds a handler whose attempt is over."""
    seen: set[int] = set()
    current: BaseException | None = e
    while current is not None and id(current) not in seen:
        if isinstance(current, SdkInternalBaseException):
            return True
        seen.add(id(current))
        current = current.__cause__
    return False
