"""Why the control plane says no, each with its gRPC status; values, so that nothing here needs grpcio."""

from __future__ import annotations

from enum import Enum
from typing import Final

__all__ = ["ControlError", "Reason", "reason_of_status"]


class Reason(Enum):
    """The gRPC statuses that the control plane answers with, by their names in `grpc.StatusCode`."""

    INVALID_ARGUMENT = "INVALID_ARGUMENT"
    NOT_FOUND = "NOT_FOUND"
    ALREADY_EXISTS = "ALREADY_EXISTS"
    FAILED_PRECONDITION = "FAILED_PRECONDITION"
    RESOURCE_EXHAUSTED = "RESOURCE_EXHAUSTED"
    DEADLINE_EXCEEDED = "DEADLINE_EXCEEDED"
    UNAVAILABLE = "UNAVAILABLE"
    INTERNAL = "INTERNAL"


class ControlError(Exception):
    """An operation was refused, or is not possible.

    Args:
        reason: the status.
        message: what happened, with values, and what to do.
    """

    def __init__(self, reason: Reason, message: str) -> None:
        super().__init__(message)
        self.reason = reason
        self.message = message


#: By HTTP status of an ingress or an admin API. 425 and 470 are the runtime's own: not started, not completed.
_REASONS: Final = {
    400: Reason.INVALID_ARGUMENT,
    404: Reason.NOT_FOUND,
    405: Reason.INTERNAL,
    409: Reason.FAILED_PRECONDITION,
    410: Reason.FAILED_PRECONDITION,
    413: Reason.RESOURCE_EXHAUSTED,
    415: Reason.INVALID_ARGUMENT,
    422: Reason.INVALID_ARGUMENT,
    425: Reason.FAILED_PRECONDITION,
    429: Reason.RESOURCE_EXHAUSTED,
    470: Reason.FAILED_PRECONDITION,
    502: Reason.UNAVAILABLE,
    503: Reason.UNAVAILABLE,
    504: Reason.UNAVAILABLE,
}


def reason_of_status(status: int) -> Reason:
    """Return what an HTTP status of the runtime means for a caller of the control plane."""
    return _REASONS.get(status, Reason.INTERNAL)
