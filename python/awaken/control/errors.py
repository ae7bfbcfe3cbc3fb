"""Why a runtime refuses an operation, and the status each reason has over gRPC and over HTTP."""

from __future__ import annotations

from typing import ClassVar, Final

from awaken.outcomes import AwakeableOutcome, describe_outcome

__all__ = [
    "AlreadyInvokedError",
    "ConflictError",
    "GoneError",
    "InvalidRequestError",
    "NoAnswerError",
    "NotAllowedError",
    "NotFoundError",
    "NotReadyError",
    "NotSupportedError",
    "OperationError",
    "OverloadedError",
    "TooEarlyError",
    "TooLargeError",
    "UnavailableError",
    "UnexpectedAnswerError",
    "UnreachableError",
    "outcome_status",
    "refusal_of",
]


class OperationError(Exception):
    """An operation was refused, or is not possible; the text says why and what to do."""

    #: The name in `grpc.StatusCode`.
    grpc_status: ClassVar[str] = "INTERNAL"
    http_status: ClassVar[int] = 500


class InvalidRequestError(OperationError):
    """The request can never be accepted as it is."""

    grpc_status = "INVALID_ARGUMENT"
    http_status = 400


class NotSupportedError(InvalidRequestError):
    """There is no such operation for this kind of invocation."""

    http_status = 422


class NotFoundError(OperationError, LookupError):
    """There is no such handler or invocation, or the invocation is no longer kept."""

    grpc_status = "NOT_FOUND"
    http_status = 404


class NotReadyError(OperationError):
    """The invocation exists and has not completed yet."""

    grpc_status = "FAILED_PRECONDITION"
    http_status = 470


class ConflictError(OperationError):
    """The state of the invocation does not allow this; the text names the state."""

    grpc_status = "FAILED_PRECONDITION"
    http_status = 409


class AlreadyInvokedError(ConflictError):
    """The workflow's run was invoked before. Args: `invocation_id` of that run."""

    grpc_status = "ALREADY_EXISTS"

    def __init__(self, invocation_id: str) -> None:
        super().__init__(f"the workflow method was already invoked: {invocation_id}")
        self.invocation_id = invocation_id


class TooEarlyError(ConflictError):
    """The invocation has not started yet."""

    http_status = 425


class GoneError(ConflictError):
    """The runtime no longer keeps what this needs of the invocation."""

    http_status = 410


class TooLargeError(OperationError):
    """The body is larger than the runtime accepts."""

    grpc_status = "RESOURCE_EXHAUSTED"
    http_status = 413


class OverloadedError(OperationError):
    """The runtime accepts no more requests at the moment."""

    grpc_status = "RESOURCE_EXHAUSTED"
    http_status = 429


class UnavailableError(OperationError):
    """The runtime does not run, or cannot do its work; try again later."""

    grpc_status = "UNAVAILABLE"
    http_status = 503


class UnreachableError(UnavailableError):
    """Nothing answers at the address of a runtime.

    Args:
        interface: `ingress` or `admin API`.
        url: its address.
        reason: why the connection failed.
    """

    def __init__(self, interface: str, url: str, reason: str) -> None:
        super().__init__(f"the {interface} at {url} cannot be reached: {reason}")
        self.interface = interface
        self.url = url
        self.reason = reason


class NoAnswerError(OperationError):
    """The runtime did not answer in time; whether it did what was asked is not known."""

    grpc_status = "DEADLINE_EXCEEDED"
    http_status = 503


class NotAllowedError(OperationError):
    """The runtime asks for a token, or for another one than this process has.

    Over gRPC this is no UNAUTHENTICATED: whoever called the gateway has shown the right token for it.
    """

    http_status = 502


class UnexpectedAnswerError(OperationError):
    """What answers is not a runtime that this version of awaken knows."""


#: By HTTP status of an ingress or an admin API. 425 and 470 are the runtime's own: not started, not completed.
_REFUSALS: Final[dict[int, type[OperationError]]] = {
    400: InvalidRequestError,
    404: NotFoundError,
    408: UnavailableError,
    409: ConflictError,
    410: GoneError,
    413: TooLargeError,
    415: InvalidRequestError,
    422: InvalidRequestError,
    425: TooEarlyError,
    429: OverloadedError,
    470: NotReadyError,
    502: UnavailableError,
    503: UnavailableError,
    504: UnavailableError,
}

_OUTCOMES: Final = {
    AwakeableOutcome.ALREADY_COMPLETED: "ALREADY_EXISTS",
    AwakeableOutcome.UNKNOWN: "NOT_FOUND",
    AwakeableOutcome.GONE: "FAILED_PRECONDITION",
    AwakeableOutcome.INVALID: "FAILED_PRECONDITION",
}


def refusal_of(status: int, message: str) -> OperationError:
    """Return the error that an HTTP status of a runtime stands for."""
    # Whatever a runtime calls the caller's mistake is one, and no repetition helps.
    other = InvalidRequestError if 400 <= status < 500 else OperationError
    return _REFUSALS.get(status, other)(message)


def outcome_status(outcome: AwakeableOutcome, awakeable_id: str) -> tuple[str, str] | None:
    """Return the gRPC status and its text for an outcome that is an error there; None for the others."""
    status = _OUTCOMES.get(outcome)
    return None if status is None else (status, describe_outcome(outcome, awakeable_id))
